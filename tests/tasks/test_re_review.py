"""Ties on the cut line: a further round among the tied, then the chain, then a lot whose seed was published (rules L2, S8)."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from models import tables as t
from models.errors import NotAllowed
from models.process import Process
from models.shortlists import Tie, TieStep
from tasks import editions, failpoints, ranking_report, re_review, recusing, reopening, results, stages
from tests import builders
from tests.tasks.conftest import people
from tests.tasks.driving import ON_SQLITE, Season
from tests.tasks.test_ranking_rule import declare
from tests.tasks.test_scoring import all_score, panels

KEYS = ("A01", "A02", "A03", "A04", "A05")
MARKS = {"A01": 90, "A02": 80, "A03": 70, "A04": 70, "A05": 60}


def begun(season: Season, name: str = "again", keys: tuple[str, ...] = KEYS, *, least: int = 3, **cut: Any) -> Season:
    """Another edition whose list has three places; its review is open, and an entry needs at least so many scores."""
    changed = builders.a_stage_change("shortlisting", **cut)["stages"]
    scoring = {**changed[1], "aggregate": {"min_valid": least}}
    process = builders.a_process(name=name, stages=[changed[0], scoring, *changed[2:]])
    made = Season(season.installed, season.clock, builders.keep(season.database, builders.an_edition(process)))
    people(made)
    made.put(reviewers=[builders.a_reviewer(f"R{number}") for number in range(10, 16)])
    made.local("2026-04-01 08:00").advance()
    made.hand_in([builders.an_entry(key, nominator="N01" if at < 5 else "N02") for at, key in enumerate(keys)])
    made.local("2026-06-01 00:00").advance()
    return made


def keys_of(season: Season) -> dict[str, str]:
    """Code, and id, of an entry -> its key."""
    return {name: one.key for one in season.entries() for name in (one.code, one.id)}


def listed(season: Season) -> list[str]:
    keys = keys_of(season)
    with season.database.read() as store:
        found = store.shortlist(season.id)
    assert found is not None
    return sorted(keys[item.entry] for item in found[0].items)


def in_keys(season: Season, tie: Tie) -> Tie:
    """A tie with keys for codes, which are drawn by lot."""
    keys = keys_of(season)

    def told(codes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(keys[code] for code in codes))

    steps = [TieStep(one.link, {keys[code]: text for code, text in one.printed.items()}, tuple(map(told, one.after))) for one in tie.steps]
    return replace(tie, tied=told(tie.tied), steps=tuple(steps), left=told(tie.left))


def ties_of(season: Season) -> tuple[Tie, ...]:
    with season.database.read() as store:
        return tuple(in_keys(season, one) for one in store.grounds(season.id)[1].ties)


def lots_of(season: Season, *keys: str) -> dict[str, str]:
    """Key -> lot, as anybody can compute it."""
    codes = {one.key: one.code for one in season.entries()}
    return {key: hashlib.sha256(f"7\n{season.id}\n{codes[key]}".encode()).hexdigest() for key in keys}


def newly(season: Season) -> list[tuple[str, str]]:
    """(entry, reviewer) of the re-review."""
    return [(key, code) for key, codes in panels(season, number=1).items() for code in codes]


def test_the_tied_are_reviewed_again_and_cut_by_all_their_sheets(season: Season) -> None:
    again = begun(season, ties="re_review", re_review={"panel": 2, "days": 4})
    all_score(again, MARKS)
    before = panels(again)
    assert again.advance() == f"{again.id}: scoring is open, until 2026-06-04T16:10:00+00:00"
    opened = again.events("ReReviewOpened")
    assert [(one["round"], len(one["entries"]), one["marks"], one["expired"]) for _, one in opened] == [(1, 2, "all", 0)]
    pairs = newly(again)
    assert sorted(key for key, _ in pairs) == ["A03", "A03", "A04", "A04"]
    assert all(code not in before[key] for key, code in pairs)
    assert again.addressees("review_more") == sorted({code.lower() for _, code in pairs})
    assert {one.params["instead"] for one in again.mails("review_more")} == {True}
    with again.database.read() as store:
        found = ranking_report.report(store, store.edition(again.id))
    assert (found.sheets, found.signed) == (15, 15)  # the new ones are in no mark
    for code in {one for _, one in pairs}:
        again.give(code, {key: 65 if key == "A03" else 75 for key, other in pairs if other == code})
    again.advance()
    assert listed(again) == ["A01", "A02", "A04"]
    with again.database.read() as store:
        marks = {keys_of(again)[one.entry]: (str(one.mark), one.valid) for one in store.standings(again.id, 1)}
    assert marks["A04"] == marks["A03"] == ("70.00", 3)
    # (3 x 70 + 2 x 65) / 5 without the highest and the lowest is 68.33, and 71.67 for the other.
    step = TieStep("re_review", {"A03": "68.33", "A04": "71.67"}, (("A04",), ("A03",)))
    assert ties_of(again) == (Tie("paper", "list", Decimal("70.00"), ("A03", "A04"), (step,), (), ""),)
    made = again.events("ShortlistMade")[0][1]
    assert sorted(made["ties"][0]["steps"][0]["printed"].values()) == ["68.33", "71.67"]


def test_a_re_review_that_was_cut_off_goes_on_without_a_second_draw_or_mail(season: Season) -> None:
    again = begun(season, ties="re_review")
    all_score(again, MARKS)
    lease = again.lease()
    assert re_review.send_tied.fn(lease, 1)
    first = again.snapshot()
    assert not re_review.send_tied.fn(lease, 1)
    assert again.snapshot() == first


def test_a_sheet_that_is_opened_while_it_is_looked_at_who_is_tied_keeps_the_round_closed(
    season: Season, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = begun(season, ties="re_review")
    all_score(again, MARKS)
    entry, signer = next(one.id for one in again.entries() if one.key == "A03"), panels(again)["A03"][0]

    def open_it(point: str) -> None:
        if point == "re_review.before":
            reopening.reopen(again.id, 1, f"{again.id}/r/{signer}", [entry], "核对", admin="admin@example.org")

    monkeypatch.setattr("tasks.stages.failpoint", open_it)
    assert again.advance() == f"{again.id}: sheets of scoring changed while it was looked at who is tied; nothing was written"
    assert (again.events("ReReviewOpened"), again.mails("review_more"), again.states()) == ([], [], {"scoring": "open"})


@pytest.mark.slow
@pytest.mark.parametrize("where", ["before", "uncommitted", "after"])
def test_an_engine_that_dies_at_the_step_draws_and_mails_once(season: Season, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    again = begun(season, ties="re_review")
    all_score(again, MARKS)
    monkeypatch.setattr(failpoints, "_ORDERS", {f"re_review.{where}": "raise"})
    monkeypatch.setattr(failpoints, "_SEEN", Counter())
    with pytest.raises(failpoints.InjectedFailure):
        again.advance()
    for _ in range(2):
        again.advance()
    assert len(again.events("ReReviewOpened")) == 1
    pairs = newly(again)
    assert len(pairs) == 4
    assert again.addressees("review_more") == sorted({code.lower() for _, code in pairs})
    for code in {one for _, one in pairs}:
        again.give(code, {key: 65 if key == "A03" else 75 for key, other in pairs if other == code})
    again.advance()
    assert listed(again) == ["A01", "A02", "A04"]


def test_whoever_is_still_tied_is_left_to_the_committee(season: Season) -> None:
    again = begun(season, ties="re_review")
    all_score(again, MARKS)
    again.advance()
    again.local("2026-07-01 00:00").advance()  # nobody has signed
    assert listed(again) == ["A01", "A02", "A03", "A04"]
    step = TieStep("re_review", {}, (("A03", "A04"),))
    assert ties_of(again) == (Tie("paper", "list", Decimal("70.00"), ("A03", "A04"), (step,), ("A03", "A04"), "committee"),)


@ON_SQLITE
def test_what_was_not_signed_before_counts_no_more_and_what_was_stays_locked(season: Season) -> None:
    again = begun(season, least=2, ties="re_review")
    late = panels(again)["A01"][0]
    all_score(again, MARKS, without=(late,))
    held = [key for key, codes in panels(again).items() if late in codes]
    again.local("2026-06-21 00:10")
    again.advance()
    assert again.events("ReReviewOpened")[0][1]["expired"] == len(held)
    assert all(late not in codes for key, codes in panels(again).items() if key in held and (key, late) not in newly(again))
    entry = next(one.id for one in again.entries() if one.key == "A01")
    signed = f"{again.id}/r/" + next(code for code in panels(again, number=0)["A01"] if code != late)
    locked = "the sheets that decided who is tied stay locked; only sheets of round 1"
    with pytest.raises(NotAllowed, match=locked):
        reopening.reopen(again.id, 1, signed, [entry], "核对", admin="admin@example.org")
    with again.database.write() as store:  # asked for by one of two admins before the round opened
        was = {one.entry: one.revision for one in store.sheets(again.id, 1, reviewer=signed) if one.entry == entry}
        store.append(again.id, "ReopeningAsked", actor="admin:a@example.org", position=1, reviewer=signed, reason="核对", sheets=was)
        (asked,) = reopening.waiting(store, again.id, 1)
    with pytest.raises(NotAllowed, match=locked):
        reopening.confirm(again.id, 1, signed, asked.number, admin="b@example.org")


@ON_SQLITE
def test_nobody_is_replaced_in_a_further_round_however_many_were_late_before(season: Season) -> None:
    again = begun(season, least=2, ties="re_review", re_review={"panel": 1, "days": 4})
    late = panels(again)["A03"][0]
    all_score(again, MARKS, without=(late,))
    again.local("2026-06-21 00:10").advance()
    ids = {one.key: one.id for one in again.entries()}
    before = panels(again)
    pairs = newly(again)
    for key, code in pairs:
        builders.accept(again.database, again.id, f"{again.id}/r/{code}")
        recusing.recuse(again.id, 1, f"{again.id}/r/{code}", ids[key], reason="relative")
    assert len(before["A03"]) == 3  # two that are signed, and the new one
    assert panels(again) == {key: [code for code in codes if (key, code) not in pairs] for key, codes in before.items()}
    assert {one["reason"].rpartition("; ")[2] for _, one in again.events("SubstitutesDrawn")} == {
        "nobody is replaced while the tied are reviewed again"
    }


@ON_SQLITE
def test_by_a_rule_that_changed_nobody_is_reviewed_again(season: Season) -> None:
    again = begun(season, ties="re_review", re_review={"panel": 2, "days": 4})
    all_score(again, MARKS)
    with again.database.read() as store:
        process = store.edition(again.id).process
    changed = process.model_dump(mode="json", exclude_unset=True)
    changed["stages"][1]["aggregate"]["places"] = 1
    declare(again, Process.model_validate(changed))
    again.advance()
    assert (again.states(), again.events("ReReviewOpened"), again.mails("review_more")) == ({"scoring": "blocked"}, [], [])
    assert "scoring.aggregate.places: was 2, is 1" in (again.run("scoring").blocked or "")
    declare(again, process)
    with again.database.write() as store:
        editions.retry(store, again.id, actor="admin:admin@example.org")
    again.clock.advance(minutes=5)
    again.advance()
    assert (again.states(), len(again.events("ReReviewOpened"))) == ({"scoring": "open"}, 1)


@ON_SQLITE
def test_nobody_is_tied_on_the_line_and_the_review_just_closes(season: Season) -> None:
    again = begun(season, ties="re_review")
    all_score(again, MARKS | {"A04": 69, "A01": 80})
    again.advance()
    assert again.events("ReReviewOpened") == []
    assert listed(again) == ["A01", "A02", "A03"]
    assert ties_of(again) == ()


def test_a_chain_parts_by_what_is_printed_and_ends_in_a_lot_that_anybody_can_repeat(season: Season) -> None:
    drawn = begun(season, "lots", tie_break=["raw_mean", "criterion:originality", "spread", "lot"])
    seed = [payload for _, payload in drawn.events("LotSeedPublished")]
    assert seed == [{"stage": "scoring", "seed": 7, "award": drawn.id}]
    all_score(drawn, MARKS)
    drawn.advance()
    lots = lots_of(drawn, "A03", "A04")
    first = min(lots, key=lambda key: lots[key])
    assert listed(drawn) == ["A01", "A02", first]
    (tie,) = ties_of(drawn)
    assert [(one.link, one.printed) for one in tie.steps] == [
        ("raw_mean", {"A03": "70.00", "A04": "70.00"}),
        ("criterion:originality", {"A03": "40.00", "A04": "40.00"}),
        ("spread", {"A03": "0.00", "A04": "0.00"}),
        ("lot", lots),
    ]
    assert (tie.left, tie.then) == ((), "")


@ON_SQLITE
def test_a_link_before_the_re_review_spares_it(season: Season) -> None:
    spared = begun(season, "spared", ties="re_review", tie_break=["criterion:originality", "re_review", "lot"])
    for code in sorted({code for codes in panels(spared).values() for code in codes}):
        mine = [key for key, codes in panels(spared).items() if code in codes]
        spared.give(code, {key: (30, 20, 20) if key == "A04" else (31, 20, 19) if key == "A03" else MARKS[key] for key in mine})
    spared.advance()
    assert spared.events("ReReviewOpened") == []
    assert listed(spared) == ["A01", "A02", "A03"]


@ON_SQLITE
def test_nobody_is_free_for_a_further_round_and_the_chain_goes_on(season: Season) -> None:
    process = builders.a_process(name="few", **builders.a_stage_change("shortlisting", ties="re_review", tie_break=["re_review", "lot"]))
    few = Season(season.installed, season.clock, builders.keep(season.database, builders.an_edition(process)))
    few.put(nominators=[builders.a_nominator("N01")], reviewers=[builders.a_reviewer(f"R0{number}") for number in range(1, 4)])
    few.local("2026-04-01 08:00").advance()
    few.hand_in([builders.an_entry(key) for key in KEYS])
    few.local("2026-06-01 00:00").advance()
    all_score(few, MARKS)
    few.advance()
    assert few.events("ReReviewOpened") == []
    assert len(listed(few)) == 3
    assert [one.link for one in ties_of(few)[0].steps] == ["re_review", "lot"]


@ON_SQLITE
def test_the_last_seat_goes_by_the_chain_too(season: Season) -> None:
    """Three places, two seats: the list needs no chain, the second seat does."""
    seats = begun(season, "seats", keys=("A01", "A02", "A03"), tie_break=["lot"])
    all_score(seats, {"A01": 90, "A02": 80, "A03": 80})
    seats.advance()
    assert listed(seats) == ["A01", "A02", "A03"]
    with seats.database.read() as store:
        allotted = results.allot(store, seats.edition)
    lots = lots_of(seats, "A02", "A03")
    first, second = sorted(lots, key=lambda key: lots[key])
    assert [keys_of(seats)[one.entry] for one in allotted.awards] == ["A01", first]
    assert tuple(in_keys(seats, one) for one in allotted.ties) == (
        Tie("paper", "seats", Decimal("80.00"), ("A02", "A03"), (TieStep("lot", lots, ((first,), (second,))),), (), ""),
    )


def test_the_deadline_of_the_round_is_the_declared_number_of_days(season: Season) -> None:
    again = begun(season, ties="re_review", re_review={"days": 9})
    all_score(again, MARKS)
    again.advance()
    run = again.run("scoring")
    assert (run.state, run.round) == ("open", 1)
    assert run.closes_at == season.clock.now + timedelta(days=9)
    assert not stages.is_done(again.id, 1, "compute_marks")


@ON_SQLITE
def test_the_new_marks_alone_decide_where_that_is_declared(season: Season) -> None:
    again = begun(season, ties="re_review", re_review={"marks": "new"})
    all_score(again, MARKS)
    again.advance()
    pairs = newly(again)
    for code in {one for _, one in pairs}:
        again.give(code, {key: 75 if key == "A03" else 65 for key, other in pairs if other == code})
    again.advance()
    assert listed(again) == ["A01", "A02", "A03"]
    assert ties_of(again)[0].steps == (TieStep("re_review", {"A03": "75.00", "A04": "65.00"}, (("A03",), ("A04",))),)


@ON_SQLITE
def test_recommendations_and_top_marks_are_read_from_the_sheets(season: Season) -> None:
    changed = builders.a_stage_change("shortlisting", tie_break=["top_marks:70", "recommended", "committee"])["stages"]
    asked = {"name": "recommended", "title": {"zh": "是否推荐", "en": "Recommended"}, "max": 1, "informative": True}
    scoring = {**changed[1], "criteria": [*builders.CRITERIA, asked]}
    process = builders.a_process(name="named", stages=[changed[0], scoring, *changed[2:]])
    named = Season(season.installed, season.clock, builders.keep(season.database, builders.an_edition(process)))
    people(named)
    named.local("2026-04-01 08:00").advance()
    named.hand_in([builders.an_entry(key) for key in KEYS])
    named.local("2026-06-01 00:00").advance()
    all_score(named, MARKS)
    ids = {one.key: one.id for one in named.entries()}
    with named.database.write() as store:
        for key, said in (("A03", ["1", "1", "0"]), ("A04", ["1", "0", "0"])):
            pairs = [one for one in store.assignments(named.id, 1) if one.entry == ids[key]]
            for pair, mark in zip(pairs, said, strict=True):
                sheet = store.sheet(pair)
                assert sheet is not None
                marks = {**{name: str(one) for name, one in sheet.marks.items()}, "recommended": mark}
                store.connection.execute(t.SHEETS.update().where(t.SHEETS.c.assignment == pair.id).values(marks=marks))
    named.advance()
    assert listed(named) == ["A01", "A02", "A03"]
    assert [(one.link, one.printed) for one in ties_of(named)[0].steps] == [
        ("top_marks:70", {"A03": "3", "A04": "3"}),
        ("recommended", {"A03": "66.67", "A04": "33.33"}),
    ]
