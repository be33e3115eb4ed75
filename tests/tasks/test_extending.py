"""An extended submission is told to those who were called; links live with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from models.edition import Edition
from tasks import editions, submission, witnesses
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock

OPEN = builders.NOW.replace(month=5, day=10)


def opened(installed: Installation, clock: Clock) -> Edition:
    clock.now = OPEN
    process = builders.a_process(**builders.a_stage_change("submission", opinions=1))
    kept = builders.keep(installed.database, builders.an_edition(process), at="submission")
    builders.put(
        installed.database, kept.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")], entries=[builders.an_entry()]
    )
    with installed.database.write() as store:
        store.set_entry_states({f"{kept.id}/e/A01": "submitted"})
        submission.invite(store, kept, kept.stages[0])
    return kept


def extend(installed: Installation, edition: Edition, closes: datetime) -> None:
    with installed.database.write() as store:
        editions.extend(store, edition.id, "submission", closes, actor="cli")


def told(installed: Installation, edition: Edition) -> list[tuple[str, str]]:
    with installed.database.read() as store:
        return [(one.to_address, one.params["closes"]) for one in store.mails(edition.id) if one.template == "call_extended"]


def test_every_nominator_is_told_once_per_extension(installed: Installation, clock: Clock) -> None:
    edition = opened(installed, clock)
    closes = datetime.fromisoformat("2026-06-05T16:00:00+00:00")
    extend(installed, edition, closes)
    extend(installed, edition, closes)
    first = closes.isoformat()
    assert told(installed, edition) == [("n01@example.org", first), ("n02@example.org", first)]
    clock.advance(days=1)
    extend(installed, edition, closes + timedelta(days=2))
    assert len(told(installed, edition)) == 4


def test_links_of_those_who_confirm_live_longer_too(installed: Installation, clock: Clock) -> None:
    edition = opened(installed, clock)
    asked = witnesses.name_person(edition.id, f"{edition.id}/n/N01", "A01", "expert", "赵汉江", "渭北大学", "zhao@example.org")
    closes = datetime.fromisoformat("2026-06-30T16:00:00+00:00")
    extend(installed, edition, closes)
    with installed.database.read() as store:
        grant = store.grant_of(edition.id, "witness", asked.id)
    assert grant is not None
    assert grant.expires_at == closes + timedelta(days=installed.settings.nominator_link_days)


def test_the_call_says_the_period_the_quota_and_what_is_asked(installed: Installation, clock: Clock) -> None:
    edition = opened(installed, clock)
    with installed.database.read() as store:
        call = next(one for one in store.mails(edition.id) if one.template == "call_opened")
    assert [(line["title"]["zh"], line["max"]) for line in call.params["quota"]] == [("学术论文", 5), ("科普美术", 3)]
    assert call.params["opens"] is not None
    assert call.params["closes"] == "2026-05-31T16:00:00+00:00"
    assert [one["zh"] for one in call.params["asks"]] == ["由 1 名专家凭专用链接署名出具意见"]
