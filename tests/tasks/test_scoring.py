"""Scoring: panels without conflicts, further reviewers for what lacks marks, exact marks, absence that is never a zero."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from models.errors import NotEnoughReviewers
from models.submitting import Confirmation
from tasks import editions, recusing, scoring, stages
from tests import builders
from tests.tasks.driving import ON_SQLITE, Season

PAPERS = ["A01", "A02", "A03"]


def opened(season: Season, *keys: str) -> Season:
    """The scoring is open for these papers, all of N01."""
    season.local("2026-04-01 08:00").advance()
    season.hand_in([builders.an_entry(key) for key in keys or PAPERS])
    season.local("2026-06-01 00:00").advance()
    return season


def panels(season: Season, *, number: int | None = None) -> dict[str, list[str]]:
    """Entry key -> codes of the reviewers who hold it."""
    keys = {one.id: one.key for one in season.entries()}
    found: dict[str, list[str]] = {key: [] for key in keys.values()}
    with season.database.read() as store:
        for pair in store.assignments(season.id, 1):
            if not pair.recused and number in (None, pair.round):
                found[keys[pair.entry]].append(pair.reviewer.rpartition("/")[2])
    return found


def all_score(season: Season, marks: dict[str, int], *, without: tuple[str, ...] = ()) -> None:
    """Everybody gives an entry the same total and signs, except some."""
    holders: dict[str, list[str]] = {}
    for key, codes in panels(season).items():
        for code in codes:
            holders.setdefault(code, []).append(key)
    for code, keys in holders.items():
        if code not in without:
            season.give(code, {key: marks[key] for key in keys})


# -- the draw ----------------------------------------------------------------------------------------------------------


def test_every_entry_gets_a_panel_of_free_reviewers_with_even_loads(season: Season) -> None:
    season.put(
        reviewers=[
            builders.a_reviewer("R01", unit="A01大学"),
            builders.a_reviewer("R02", name="甲一"),
            builders.a_reviewer("R03", max_load=1),
        ]
    )
    opened(season)
    drawn = panels(season)
    assert {key: len(codes) for key, codes in drawn.items()} == dict.fromkeys(PAPERS, 3)
    assert "R01" not in drawn["A01"]  # the same unit
    assert all("R02" not in codes for codes in drawn.values())  # an author of each
    loads = Counter(code for codes in drawn.values() for code in codes)
    assert loads["R03"] <= 1
    assert max(loads.values()) <= 3
    assert season.entry_states() == dict.fromkeys(PAPERS, "assigned")


@ON_SQLITE
def test_the_same_seed_draws_the_same_panels_and_says_so(season: Season) -> None:
    opened(season)
    first = panels(season)
    other = builders.keep(season.database, builders.an_edition(builders.a_process(name="again")))
    twin = Season(season.installed, season.clock, other).local("2026-03-20 09:00")
    twin.put(nominators=[builders.a_nominator("N01")], reviewers=[builders.a_reviewer(f"R0{number}") for number in range(1, 7)])
    assert panels(opened(twin)) == first
    (_, drawn), (_, again) = season.events("PanelsDrawn")[0], twin.events("PanelsDrawn")[0]
    assert (drawn["seats"], drawn["seed"], drawn["empty"]) == (again["seats"], again["seed"], again["empty"]) == (9, 7, 0)


@ON_SQLITE
def test_drawn_reviewers_are_invited_with_their_number_and_a_link_that_outlives_the_deadline(season: Season) -> None:
    opened(season)
    loads = Counter(code.lower() for codes in panels(season).values() for code in codes)
    assert {one.to_address.partition("@")[0]: one.params["count"] for one in season.mails("review_invitation")} == loads
    with season.database.read() as store:
        grants = store.grants(season.id, "reviewer")
    assert len(grants) == len(loads)
    assert {one.expires_at for one in grants.values()} == {season.run("scoring").cutoff + timedelta(days=2)}  # type: ignore[operator]


@ON_SQLITE
def test_a_shortage_names_entries_seats_and_remedies_and_keeps_nothing(season: Season) -> None:
    with season.database.write() as store:
        store.put_reviewers(season.id, [builders.a_reviewer(f"R0{number}", unit="A01大学") for number in range(1, 6)])
    opened(season, "A01")
    assert season.states() == {"scoring": "blocked"}
    blocked = season.run("scoring").blocked
    assert blocked is not None
    code = season.entries()[0].code
    lines = blocked.splitlines()
    assert lines[0] == f"sample-2026: 1 of 1 entries would have fewer than 3 reviewers ({code})."
    assert lines[1:3] == ["2 seats must stay empty, in 1 separate gap:", f"1. 1 entry, 3 seats: 1 can be filled, 2 cannot: {code}"]
    assert "   - add 2 reviewers of different units who may judge these entries, each up to 40 entries, which fills all seats" in lines
    with season.database.read() as store:
        because = editions.why_blocked(store, season.edition)
    assert because is not None
    assert (because.en, because.zh.splitlines()[:2], because.zh.splitlines()[-1]) == (
        blocked, [f"1 项申报中有 1 项不足 3 位专家（{code}）。", "2 个评审席位无法安排，涉及 1 组互不相关的申报项："],
        "按其中一种办法处理后重试。",
    )  # fmt: skip
    (mail,) = season.mails("stage_blocked")
    assert mail.params["reason"] == because.zh
    assert (panels(season), season.mails("review_invitation")) == ({"A01": []}, [])
    season.put(reviewers=[builders.a_reviewer(f"R1{number}") for number in range(3)])
    with season.database.write() as store:
        editions.retry(store, season.id, actor="admin")
    season.advance()
    assert len(panels(season)["A01"]) == 3
    assert season.states() == {"scoring": "open"}


# -- marks ---------------------------------------------------------------------------------------------------------------


def test_marks_are_exact_and_half_up_as_calculated_by_hand(season: Season) -> None:
    changes = builders.a_stage_change("scoring", panel=5)
    edition = builders.keep(season.database, builders.an_edition(builders.a_process(name="exact", **changes)))
    exact = Season(season.installed, season.clock, edition).local("2026-03-20 09:00")
    exact.put(nominators=[builders.a_nominator("N01")], reviewers=[builders.a_reviewer(f"R0{number}") for number in range(1, 6)])
    opened(exact, "A01", "A02", "A03", "A04")
    by_hand = {
        "A01": (100, 100, 100, 0, 0),  # 100 and 0 dropped: 200/3
        "A02": (90, 90, 80, 70, 60),  # 80
        "A03": (88, 88, 88, 88, 88),
        "A04": (70, 71, 72, 70, 99),  # 71
    }
    for place, code in enumerate(("R01", "R02", "R03", "R04", "R05")):
        exact.give(code, {key: totals[place] for key, totals in by_hand.items()})
    exact.advance()
    keys = {one.id: one.key for one in exact.entries()}
    with exact.database.read() as store:
        standings = store.standings(exact.id, 1)
    assert [(keys[one.entry], str(one.mark), one.place, one.valid) for one in standings] == [
        ("A03", "88.00", 1, 5), ("A02", "80.00", 2, 5), ("A04", "71.00", 3, 5), ("A01", "66.67", 4, 5),
    ]  # fmt: skip
    assert {keys[one.entry]: (str(one.mean), int(one.spread), one.flagged) for one in standings} == {
        "A01": ("60.00", 100, True), "A02": ("78.00", 30, True), "A03": ("88.00", 0, False), "A04": ("76.40", 29, True),
    }  # fmt: skip
    (_, computed), *rest = exact.events("MarksComputed")
    assert rest == []
    assert (computed["entries"], computed["flagged"]) == (4, 3)


@ON_SQLITE
def test_a_sheet_that_is_not_signed_is_absent_and_never_a_zero(season: Season) -> None:
    season.put(reviewers=[builders.a_reviewer(f"R0{number}") for number in range(1, 7)])
    changes = builders.a_stage_change("scoring", panel=3, aggregate={"min_valid": 2})
    edition = builders.keep(season.database, builders.an_edition(builders.a_process(name="absent", **changes)))
    other = Season(season.installed, season.clock, edition).local("2026-03-20 09:00")
    other.put(nominators=[builders.a_nominator("N01")], reviewers=[builders.a_reviewer(f"R0{number}") for number in range(1, 4)])
    opened(other, "A01", "A02")
    other.give("R01", {"A01": 80, "A02": 60}).give("R02", {"A01": 90, "A02": 70}).give("R03", {"A01": 10, "A02": 10}, sign=False)
    other.local("2026-06-21 00:10").advance()
    with other.database.read() as store:
        marks = {one.entry[-1]: (str(one.mark), one.valid) for one in store.standings(other.id, 1)}
    assert sorted(marks.values()) == [("65.00", 2), ("85.00", 2)]


@ON_SQLITE
def test_a_recused_sheet_is_absent(season: Season) -> None:
    opened(season, "A01")
    held = panels(season)["A01"]
    entry = season.entries()[0].id
    season.give(held[0], {"A01": 80}).give(held[1], {"A01": 90}).give(held[2], {"A01": 0}, sign=False)
    recusing.recuse(season.id, 1, f"{season.id}/r/{held[2]}", entry, reason="cooperation")
    (fresh,) = set(panels(season)["A01"]) - set(held)  # a reserve is drawn at once
    season.give(fresh, {"A01": 70})
    season.advance()
    with season.database.read() as store:
        (standing,) = store.standings(season.id, 1)
    assert (str(standing.mark), standing.valid) == ("80.00", 3)


# -- further reviewers -----------------------------------------------------------------------------------------------------


def test_further_reviewers_are_drawn_for_lacking_entries_only_and_get_some_days(season: Season) -> None:
    opened(season)
    silent = panels(season)["A01"][0]
    all_score(season, dict.fromkeys(PAPERS, 80), without=(silent,))
    lacking = sorted(key for key, codes in panels(season).items() if silent in codes)
    before = panels(season)
    season.local("2026-06-21 00:10")
    season.advance()
    fresh = panels(season, number=1)
    assert sorted(key for key, codes in fresh.items() if codes) == lacking
    assert all(len(codes) <= 1 for codes in fresh.values())
    assert all(not set(codes) & set(before[key]) for key, codes in fresh.items())
    run = season.run("scoring")
    assert (run.state, run.round, run.closes_at) == ("open", 1, season.clock.now + timedelta(days=5))
    assert season.addressees("review_more") == sorted(code.lower() for codes in fresh.values() for code in codes)
    (_, extended) = season.events("StageExtended")[0]
    assert extended["lacking"] == len(lacking)
    with season.database.read() as store:
        kinds = sorted(one.kind for one in store.open_deadlines(season.id, 1))
        ends = {one.expires_at for one in store.grants(season.id, "reviewer").values()}
    assert kinds == ["closes", "remind:0", "remind:2"]
    assert ends == {run.cutoff + timedelta(days=2)}  # type: ignore[operator]
    for code, keys in {codes[0]: key for key, codes in fresh.items() if codes}.items():
        season.give(code, {keys: 90})
    season.give(silent, dict.fromkeys(lacking, 70))  # who was late may still sign
    season.advance()
    assert season.states() == {"shortlisting": "open"}


@ON_SQLITE
def test_after_the_last_round_the_stage_is_blocked_and_says_which_entries_lack_marks(season: Season) -> None:
    opened(season)
    season.local("2026-06-21 00:10").advance()  # nobody has scored: a further round
    season.clock.advance(days=6)
    season.advance()
    assert season.states() == {"scoring": "blocked"}
    blocked = season.run("scoring").blocked or ""
    codes = ", ".join(sorted(one.code for one in season.entries()))
    assert blocked == (
        f"sample-2026: 3 entries have fewer than 3 signed score sheets ({codes}); "
        "extend scoring so that their reviewers can sign, or import further reviewers and retry"
    )
    with season.database.write() as store:
        editions.extend(store, season.id, "scoring", season.clock.now + timedelta(days=2), actor="admin")
    assert season.states() == {"scoring": "open"}
    all_score(season, dict.fromkeys(PAPERS, 80))
    season.advance()
    assert season.entry_states()["A01"] in ("shortlisted", "not_shortlisted")


@ON_SQLITE
def test_a_retry_draws_further_reviewers_once_more(season: Season) -> None:
    opened(season, "A01")
    entry = season.entries()[0].id
    while held := panels(season)["A01"]:  # the three of the panel, and each reserve drawn for one of them, step back
        reviewer = f"{season.id}/r/{held[0]}"
        builders.accept(season.database, season.id, reviewer)
        recusing.recuse(season.id, 1, reviewer, entry, reason="cooperation")
    season.local("2026-06-21 00:10").advance()
    assert season.states() == {"scoring": "blocked"}
    with season.database.write() as store:  # nobody is left to draw from: a retry says so again
        editions.retry(store, season.id, actor="admin")
    season.advance()
    assert season.states() == {"scoring": "blocked"}
    season.put(reviewers=[builders.a_reviewer(f"R1{number}") for number in range(3)])
    with season.database.write() as store:
        editions.retry(store, season.id, actor="admin")
    season.advance()
    assert season.states() == {"scoring": "open"}
    assert panels(season)["A01"] == ["R10", "R11", "R12"]
    all_score(season, {"A01": 80})
    season.advance()
    assert season.entry_states() == {"A01": "shortlisted"}


@ON_SQLITE
def test_reminders_go_to_reviewers_with_unsigned_sheets_and_say_how_many(season: Season) -> None:
    opened(season)
    first = panels(season)["A01"][0]
    season.give(first, {key: 80 for key, codes in panels(season).items() if first in codes})
    season.local("2026-06-14 00:00").advance()
    loads = Counter(code.lower() for codes in panels(season).values() for code in codes if code != first)
    assert {one.to_address.partition("@")[0]: one.params["missing"] for one in season.mails("review_reminder")} == loads
    with season.database.write() as store:  # an admin's own reminder, three days later
        season.clock.advance(days=3)
    with season.database.write() as store:
        assert editions.remind(store, season.id, actor="admin") == len(loads)
    season.local("2026-06-21 00:10").advance()
    assert {one.state for one in season.mails("review_reminder")} == {"pending"}  # the stage goes on for the further reviewers


@ON_SQLITE
def test_steps_done_three_times_change_nothing_after_the_first(season: Season) -> None:
    opened(season)
    lease = season.lease()
    for step in (scoring.draw_panels, scoring.invite_reviewers):
        once = season.snapshot()
        step.fn(lease, 1)
        assert season.snapshot() == once
    scoring.remind_reviewers.fn(lease, 1, 7, "remind:7:x")
    once = season.snapshot()
    scoring.remind_reviewers.fn(lease, 1, 7, "remind:7:x")
    assert season.snapshot() == once
    assert scoring.send_out_again.fn(lease, 1) is True
    once = season.snapshot()
    assert [scoring.send_out_again.fn(lease, 1) for _ in range(2)] == [False, False]
    assert season.snapshot() == once
    with pytest.raises(NotEnoughReviewers):
        scoring.compute_marks.fn(lease, 1)
    assert season.snapshot() == once
    all_score(season, dict.fromkeys(PAPERS, 80))
    stages.begin_closing.fn(lease, 1)
    scoring.compute_marks.fn(lease, 1)
    once = season.snapshot()
    for _ in range(2):
        scoring.compute_marks.fn(lease, 1)
    assert season.snapshot() == once


@ON_SQLITE
def test_marks_are_the_sum_of_the_criteria(season: Season) -> None:
    opened(season, "A01")
    for code, parts in zip(panels(season)["A01"], ((40, 30, 30), (20, 10, 5), (0, 0, 0)), strict=True):
        season.give(code, {"A01": parts})
    season.advance()
    with season.database.read() as store:
        assert [one.mark for one in store.standings(season.id, 1)] == [Decimal("45.00")]


def test_who_signed_an_opinion_for_one_paper_is_drawn_for_none(season: Season) -> None:
    season.put(reviewers=[builders.a_reviewer("R01", name="王谷雨"), builders.a_reviewer("R02", name="赵清明")])
    asked = datetime(2026, 4, 2, tzinfo=UTC)
    signed = Confirmation(
        "sample-2026/e/A01/w/1",
        season.id,
        f"{season.id}/e/A01",
        "expert",
        "王 谷雨",
        "",
        "w1@example.org",
        "given",
        "好",
        "王谷雨",
        asked,
        asked,
    )
    refused = replace(signed, id="sample-2026/e/A01/w/2", name="赵清明", state="refused")
    season.local("2026-04-01 08:00").advance()
    season.hand_in([builders.an_entry(key) for key in PAPERS])
    with season.database.write() as store:
        entry = next(one.id for one in season.entries() if one.key == "A01")
        for one in (signed, refused):
            store.put_confirmation(replace(one, entry=entry, id=f"{entry}/w/{one.id[-1]}"))
    season.local("2026-06-01 00:00").advance()
    drawn = {code for codes in panels(season).values() for code in codes}
    assert "R01" not in drawn
    assert "R02" in drawn
