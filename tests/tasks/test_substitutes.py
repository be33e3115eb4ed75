"""Reserves: drawn in the same transaction, by the same rules, with nobody else moved."""

from __future__ import annotations

from typing import Any

import pytest

from models.edition import Edition
from models.reviewing import DeclaredConflict
from notifications import render
from tasks import inviting, recusing, reviewing
from tasks.installation import Installation
from tests import builders
from tests.builders import NOW
from tests.tasks.test_inviting import FULL, R01, accept, entry, in_hand, seed


@pytest.fixture
def edition(installed: Installation) -> Edition:
    kept = seed(installed)
    accept(kept)
    accept(kept, f"{kept.id}/r/R02")
    return kept


def drawn(installed: Installation, edition: Edition) -> list[dict[str, Any]]:
    with installed.database.read() as store:
        return [dict(event.payload) for event in store.events(edition.id) if event.type == "SubstitutesDrawn"]


def panels(installed: Installation, edition: Edition) -> set[tuple[str, str]]:
    with installed.database.read() as store:
        return {(one.entry[-3:], one.reviewer[-3:]) for one in store.assignments(edition.id, 1) if not one.recused}


def test_the_reserve_takes_the_entry_and_nobody_else_is_moved(installed: Installation, edition: Edition) -> None:
    before = panels(installed, edition)
    recusing.recuse(edition.id, 1, R01, entry("A01"), reason="self")
    (event,) = drawn(installed, edition)
    ((of, reviewer),) = event["pairs"]
    code = reviewer[-3:]
    assert (of, code in ("R03", "R04")) == (entry("A01"), True)
    assert panels(installed, edition) == before - {("A01", "R01")} | {("A01", code)}
    assert (event["seats"], event["empty"], event["round"]) == (1, 0, 0)
    assert event["reason"] == (
        f"A01 left R01 (stepped back: self); {code} takes A01: drawn by the seed among those without a conflict and with room, "
        "the least loaded first"
    )


def test_the_reserve_gets_a_link_and_one_mail_and_is_asked_before_anything_is_shown(installed: Installation, edition: Edition) -> None:
    recusing.recuse(edition.id, 1, R01, entry("A01"), reason="self")
    ((_, reviewer),) = drawn(installed, edition)[0]["pairs"]
    with installed.database.read() as store:
        told = [(mail.template, mail.person, mail.params["count"]) for mail in store.mails(edition.id)]
        assert told == [("review_invitation", reviewer, 1)]
        assert store.grant_of(edition.id, "reviewer", reviewer) is not None
    assert in_hand(installed, edition, reviewer[-3:]) == {"A01": False}


def test_who_has_entries_already_is_asked_for_more_each_time(installed: Installation, edition: Edition) -> None:
    with installed.database.write() as store:  # only R02 is free for what R01 gives back
        for code in ("R03", "R04"):
            store.put_invitation(inviting.Invitation(edition.id, 1, f"{edition.id}/r/{code}", "declined", reason="出差", answered_at=NOW))
    new = [builders.an_entry(code) for code in ("A05", "A06")]
    builders.put(installed.database, edition.id, entries=new, pairs=[(one.key, "R01") for one in new])
    for code in ("A05", "A06"):
        recusing.recuse(edition.id, 1, R01, entry(code), reason="self")
    assert set(in_hand(installed, edition, "R02")) == {"A01", "A02", "A03", "A04", "A05", "A06"}
    with installed.database.read() as store:
        mails = store.mails(edition.id)
    assert [(mail.template, mail.params["count"]) for mail in mails] == [("review_more", 1)] * 2
    for one in mails:
        told = render.render(one, link="https://example.org/l/x", base_url="https://example.org", sender="o@example.org", zone="UTC")
        for part in ("plain", "html"):
            body = told.get_body((part,))
            assert body is not None
            text = body.get_content()
            assert "因评审安排调整" in text
            assert "数量不足" not in text
            assert "R01" not in text


def test_the_same_leaving_draws_the_same_reserve(installed: Installation, edition: Edition) -> None:
    recusing.recuse(edition.id, 1, R01, entry("A01"), reason="self")
    again = builders.keep(
        installed.database,
        builders.an_edition(edition.process, id="sample-again", label="again"),
        at="scoring",
    )
    builders.put(
        installed.database, again.id, nominators=[builders.a_nominator()],
        reviewers=[builders.a_reviewer(code) for code in ("R01", "R02", "R03", "R04")],
        entries=[builders.an_entry(code) for code in ("A01", "A02", "A03", "A04")],
        pairs=[(f"A0{n}", "R01") for n in (1, 2, 3)] + [(f"A0{n}", "R02") for n in (1, 2, 3, 4)],
    )  # fmt: skip
    recusing.recuse(again.id, 1, f"{again.id}/r/R01", f"{again.id}/e/A01", reason="self")
    assert panels(installed, again) == panels(installed, edition)


def test_declared_conflicts_declined_reviewers_and_own_limits_are_heeded(installed: Installation, edition: Edition) -> None:
    builders.put(
        installed.database,
        edition.id,
        reviewers=[builders.a_reviewer(code) for code in ("R05", "R06")] + [builders.a_reviewer("R07", unit="A01大学")],
        entries=[builders.an_entry("A09")],
        pairs=[("A09", "R05")],
    )
    with installed.database.write() as store:
        store.add_conflicts([DeclaredConflict(edition.id, entry("A01"), f"{edition.id}/r/R03", "relative", "", NOW)])
    inviting.decline(edition.id, 1, f"{edition.id}/r/R04", reason="出差")
    accept(edition, f"{edition.id}/r/R05", limit=1)
    recusing.recuse(edition.id, 1, R01, entry("A01"), reason="self")
    assert drawn(installed, edition)[-1]["pairs"] == [[entry("A01"), f"{edition.id}/r/R06"]]


def test_if_nobody_is_left_the_record_says_so_and_the_engine_looks(installed: Installation, edition: Edition) -> None:
    for code in ("R03", "R04"):
        inviting.decline(edition.id, 1, f"{edition.id}/r/{code}", reason="出差")
    recusing.recuse(edition.id, 1, R01, entry("A01"), reason="self")
    (event,) = drawn(installed, edition)
    assert (event["pairs"], event["empty"]) == ([], 1)
    assert event["reason"] == "A01 left R01 (stepped back: self); nobody is free for A01, the stage's top_up decides at the deadline"
    with installed.database.read() as store:
        assert store.waiting_wakes() == 1


def test_a_panel_that_is_still_full_gets_no_reserve(installed: Installation, edition: Edition) -> None:
    builders.put(installed.database, edition.id, pairs=[("A01", "R03")])  # drawn later, because somebody was silent
    reviewing.save_sheets(edition.id, 1, f"{edition.id}/r/R03", {entry("A01"): (FULL, "", 0)})
    recusing.recuse(edition.id, 1, R01, entry("A01"), reason="self")
    (event,) = drawn(installed, edition)
    assert (event["pairs"], event["empty"]) == ([], 0)
    assert event["reason"] == "A01 left R01 (stepped back: self); their panels are still full"
