"""Unsigned sheets at a deadline after which the review goes on: closed where enough is there, open where scores are lacking (R8, S4)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from models.errors import NotFound
from models.reviewing import Invitation
from notifications import messages, preview
from notifications.render import render
from tasks import asking_back, draw_report, failpoints, panel_changes, reviewing, signing
from tasks.panel_changes import Wish
from tests.tasks.driving import ON_SQLITE, Season
from tests.tasks.test_healing import FULL, panels, sent, started

ENDS = datetime(2026, 6, 25, 16, 10, tzinfo=UTC)
"""Five days after the deadline and its grace."""


class Cast(NamedTuple):
    """Who sits on the two entries, of which A01 gets enough scores and A02 does not."""

    season: Season
    both: str
    """Signs neither of both entries."""
    late: str
    """Signs A02 too late."""
    quick: str
    """Signs everything in time."""
    other: str
    """Signs A01, and is the only one who is free for A02."""

    @property
    def codes(self) -> dict[str, str]:
        return {one.key: one.code for one in self.season.entries()}

    def closed(self) -> list[tuple[str, Any, Any, datetime | None]]:
        """Whose sheets were closed: of which entries, how many stay open, and until when."""
        mails = self.season.mails("review_closed")
        return [(one.to_address[:3], one.params["codes"], one.params["left"], moment(one.params["until"])) for one in mails]

    def told_longer(self) -> list[tuple[str, Any, Any]]:
        """Who else was told of the new deadline: how many sheets, how many days."""
        mails = [one for one in self.season.mails("review_reminder") if moment(one.params["closes"]) == ENDS]
        return [(one.to_address[:3], one.params["missing"], one.params["days_left"]) for one in mails]


def moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def deadline(season: Season) -> Cast:
    """The deadline is about to come: A01 has two scores of three, which is enough; A02 has one."""
    made = started(season, panel=3, reviewers=4, aggregate={"min_valid": 2}, top_up={"rounds": 1, "days": 5})
    held = panels(made)
    both, quick = sorted(set(held["A01"]) & set(held["A02"]))
    (other,), (late,) = (set(held[key]) - {both, quick} for key in ("A01", "A02"))
    made.give(quick, {"A01": 90, "A02": 80}).give(other, {"A01": 70})
    for code, key in ((both, "A01"), (late, "A02")):
        made.give(code, {key: 60}, sign=False)
    made.local("2026-06-20 23:00").advance()  # the reminders before the deadline
    sent(made).local("2026-06-21 00:10")
    return Cast(made, both, late, quick, other)


def test_sheets_of_entries_with_enough_scores_close_at_the_deadline_and_those_of_short_entries_stay_open(season: Season) -> None:
    cast = deadline(season)
    cast.season.advance()
    assert {key: set(codes) for key, codes in panels(cast.season).items()} == {
        "A01": {cast.quick, cast.other}, "A02": {cast.both, cast.late, cast.quick, cast.other},
    }  # fmt: skip
    assert cast.closed() == [(cast.both.lower(), [cast.codes["A01"]], 1, ENDS)]
    assert cast.told_longer() == [(cast.late.lower(), 1, 5)]
    assert cast.season.addressees("review_more") == [cast.other.lower()]
    ((_, told),) = cast.season.events("SheetsExpired")
    assert (told["round"], [entry for entry, _ in told["pairs"]]) == (0, [f"{cast.season.id}/e/{cast.codes['A01']}"])
    ids = {one.key: one.id for one in cast.season.entries()}
    with pytest.raises(NotFound):
        reviewing.save_sheets(cast.season.id, 1, f"{cast.season.id}/r/{cast.both}", {ids["A01"]: (FULL, "", 1)})
    with cast.season.database.read() as store:
        versions = store.versions_of_reviewer(cast.season.id, 1, f"{cast.season.id}/r/{cast.both}")
        links = store.grants(cast.season.id, "reviewer")
    assert [one.reason for some in versions.values() for one in some] == ["expired"]
    assert min(links[f"{cast.season.id}/r/{who}"].expires_at for who in (cast.both, cast.late)) > ENDS


def test_who_was_late_may_sign_until_the_further_round_ends_and_it_counts(season: Season) -> None:
    cast = deadline(season)
    cast.season.advance()
    cast.season.local("2026-06-24 12:00").give(cast.both, {"A02": 60}).give(cast.other, {"A02": 70})
    signing.sign(cast.season.id, 1, f"{cast.season.id}/r/{cast.late}", "专家" + cast.late)
    cast.season.advance()
    assert cast.season.states() == {"shortlisting": "open"}
    keys = {one.id: one.key for one in cast.season.entries()}
    with cast.season.database.read() as store:
        assert {keys[one.entry]: (str(one.mark), one.valid) for one in store.standings(cast.season.id, 1)} == {
            "A01": ("80.00", 2), "A02": ("67.50", 4),
        }  # fmt: skip
    assert len(cast.season.mails("review_closed")) == 1


@ON_SQLITE
def test_what_is_not_signed_by_then_either_is_closed_and_told_once(season: Season) -> None:
    cast = deadline(season)
    cast.season.advance()
    cast.season.local("2026-06-24 12:00").give(cast.other, {"A02": 70})
    cast.season.local("2026-06-26 00:21").advance()
    assert cast.season.states() == {"shortlisting": "open"}
    code = [cast.codes["A02"]]
    late = sorted((who.lower(), code, 0, None) for who in (cast.both, cast.late))
    assert cast.closed() == [(cast.both.lower(), [cast.codes["A01"]], 1, ENDS), *late]


@ON_SQLITE
def test_empty_seats_of_closed_entries_need_nobody(season: Season) -> None:
    cast = deadline(season)
    cast.season.advance()
    for mode in ("top_up", "resolve", "balanced"):
        found = panel_changes.preview(cast.season.id, Wish(mode))
        assert (mode, [entry for entry, _ in found.put if entry == cast.codes["A01"]], found.empty) == (mode, [], 0)
    who = f"{cast.season.id}/r/{cast.both}"
    with cast.season.database.write() as store:
        assert draw_report.report(store, store.edition(cast.season.id)).short == ()
        store.put_invitation(Invitation(cast.season.id, 1, who, "accepted"))
        lost = [one.entry for one in store.assignments(cast.season.id, 1, reviewer=who)]
        store.append(cast.season.id, "ReviewerLapsed", actor="engine", stage="scoring", position=1, reviewer=who, given_back=lost)
        assert asking_back.give_back(store, cast.season.id, 1, who) == ()


@ON_SQLITE
def test_a_closed_entry_that_loses_a_score_needs_somebody_again(season: Season) -> None:
    cast = deadline(season)
    cast.season.advance()
    with cast.season.database.write() as store:
        a01 = f"{cast.season.id}/e/{cast.codes['A01']}"
        lost = next(one for one in store.assignments(cast.season.id, 1, reviewer=f"{cast.season.id}/r/{cast.quick}") if one.entry == a01)
        store.recuse(lost.id)
        short = draw_report.report(store, store.edition(cast.season.id)).short
    assert [(one.entry.code, one.held, one.wanted) for one in short] == [(cast.codes["A01"], 1, 3)]
    assert panel_changes.preview(cast.season.id, Wish("top_up")).put == ((cast.codes["A01"], cast.late),)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["before", "uncommitted", "after"])
def test_an_engine_that_dies_at_the_deadline_closes_and_mails_once(season: Season, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = deadline(season)
    monkeypatch.setattr(failpoints, "_ORDERS", {f"draw.{where}": "raise"})
    monkeypatch.setattr(failpoints, "_SEEN", Counter())
    with pytest.raises(failpoints.InjectedFailure):
        cast.season.advance()
    for _ in range(2):
        cast.season.advance()
    assert len(cast.season.events("SheetsExpired")) == 1
    assert (cast.closed(), cast.told_longer()) == ([(cast.both.lower(), [cast.codes["A01"]], 1, ENDS)], [(cast.late.lower(), 1, 5)])


@pytest.mark.parametrize(
    ("locale", "closed", "open_"),
    [("zh_CN", "已有足够的有效评分", "2 项申报的有效评分尚不足"), ("en", "enough valid scores", "2 more entries")],
)
def test_the_mail_says_what_is_closed_and_what_may_still_be_signed(locale: str, closed: str, open_: str) -> None:
    edition = preview.example_edition()
    run = edition.run_of("scoring")
    new = messages.review_closed(edition, run, preview.example_reviewer(), ["L0042"], [], left=2, until=run.closes_at, locale=locale)
    mail = render(
        preview.as_row(new), link="https://example.org/x", base_url="https://example.org", sender="a@example.org", zone="Asia/Shanghai"
    )
    for part in ("plain", "html"):
        body = mail.get_body((part,))
        assert body is not None
        text = body.get_content().replace("<strong>", "").replace("</strong>", "")
        assert (closed in text, open_ in text) == (True, True)
