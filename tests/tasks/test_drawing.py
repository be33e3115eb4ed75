"""The draw on what is stored: what a stage declares reaches it, and what it was asked is kept."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from models.errors import LeaseLost
from rules import draw_records
from tasks import draw_report, drawing, editions, late_entries, panel_changes, panels_seen, recomputing, recusing, scoring
from tasks.panel_changes import Wish
from tests import builders
from tests.tasks.driving import Season
from tests.tasks.test_scoring import opened, panels

GROUPS = {"units": ["R01大学", "R02大学", "R03大学"], "at_most": 1}


def declared(season: Season, name: str = "other", **stage: Any) -> Season:
    """Another edition of the same people, whose scoring stage declares something more."""
    changes = {"panel": 3, "aggregate": {"min_valid": 1}} | stage
    process = builders.a_process(name=name, **builders.a_stage_change("scoring", **changes))
    edition = builders.keep(season.database, builders.an_edition(process))
    made = Season(season.installed, season.clock, edition).local("2026-03-20 09:00")
    made.put(nominators=[builders.a_nominator()], reviewers=[builders.a_reviewer(f"R0{number}") for number in range(1, 7)])
    return made


def test_groups_of_units_and_the_mode_are_obeyed_and_kept(season: Season) -> None:
    made = opened(declared(season, min_load=1, per_unit=1, draw={"mode": "balanced", "groups": [GROUPS]}))
    for panel in panels(made).values():
        assert sum(code in ("R01", "R02", "R03") for code in panel) <= 1
    with made.database.read() as store:
        (kept,) = store.draws(made.id, 1)
    assert kept.made.question["terms"] == {
        "per_unit": 1, "groups": [[GROUPS["units"], 1]], "min_load": 1, "neighbours": {}, "mode": "balanced",
    }  # fmt: skip
    assert (kept.made.kind, kept.made.actor, kept.made.solver) == ("first", "engine", drawing.solver())


def test_several_of_a_unit_may_sit_together_where_that_is_declared(season: Season) -> None:
    for name, per_unit in (("one", 1), ("two", 2)):
        made = declared(season, name, per_unit=per_unit)
        made.put(reviewers=[builders.a_reviewer(f"R0{number}", unit="同一大学") for number in range(1, 7)])
        opened(made, "A01")
        assert len(panels(made)["A01"]) == per_unit


def test_who_shares_keywords_is_drawn_and_the_record_replays_it(season: Season) -> None:
    made = declared(season, draw={"keywords": "title_en", "keywords_at_most": 2})
    made.put(reviewers=[builders.a_reviewer(f"R0{number}", keywords=("ＡＩ ", "x")[: number // 4 * 2]) for number in range(1, 7)])
    made.local("2026-04-01 08:00").advance()
    entry = builders.an_entry("A01")
    made.hand_in([builders.an_entry("A01", fields={**entry.fields, "title_en": "ai；rock burst;X"})])
    made.local("2026-06-01 00:00").advance()
    assert panels(made) == {"A01": ["R04", "R05", "R06"]}
    with made.database.read() as store:
        (kept,) = store.draws(made.id, 1)
    assert kept.made.question["keywords"] == {
        "at_most": 2, "needs": {made.entries()[0].code: ["ai", "rock burst", "x"]}, "panelists": {f"R0{n}": ["ai", "x"] for n in (4, 5, 6)},
    }  # fmt: skip
    replayed = recomputing.recompute(made.id)
    assert ("(first" in replayed[0].what, {one.same for one in replayed}) == (True, {True})


ART = builders.an_entry("B01", class_name="artwork")


def sized(season: Season, **stage: Any) -> Season:
    """Papers have panels of two, works of art of four; one of each is handed in."""
    changes: dict[str, Any] = {"panel": 2, "panel_by_class": {"artwork": 4}} | stage
    made = declared(season, **changes)
    made.local("2026-04-01 08:00").advance()
    made.hand_in([builders.an_entry("A01"), ART])
    made.local("2026-06-01 00:00").advance()
    return made


def sizes(season: Season) -> dict[str, int]:
    return {key: len(codes) for key, codes in panels(season).items()}


def test_a_panel_has_the_size_of_its_class_and_so_has_the_report(season: Season) -> None:
    made = sized(season, panel=2)
    assert sizes(made) == {"A01": 2, "B01": 4}
    with made.database.read() as store:
        edition = store.edition(made.id)
        found, seen = draw_report.report(store, edition), panels_seen.seen(store, edition)
    assert (found.wanted, found.covered, found.short) == ((2, 4), {2: 1, 4: 1}, ())
    assert (seen.wanted, sorted((one.size, one.empty) for one in seen.panels)) == ((2, 4), [(2, 0), (4, 0)])


def test_who_leaves_is_replaced_up_to_the_size_of_the_class(season: Season) -> None:
    made = sized(season)
    ids = {one.key: one.id for one in made.entries()}
    for key in ("A01", "B01"):
        who = f"{made.id}/r/{panels(made)[key][0]}"
        builders.accept(made.database, made.id, who)
        recusing.recuse(made.id, 1, who, ids[key], reason="relative")
    assert sizes(made) == {"A01": 2, "B01": 4}
    with made.database.write() as store:  # the office takes two off the work of art
        for pair in [one for one in store.assignments(made.id, 1) if one.entry == ids["B01"] and not one.recused][:2]:
            store.recuse(pair.id)
    seen = panel_changes.preview(made.id, Wish("top_up"))
    code = {one.key: one.code for one in made.entries()}["B01"]
    assert ({entry for entry, _ in seen.put}, seen.empty_before) == ({code}, 2)


def test_further_reviewers_come_up_to_the_size_of_the_class(season: Season) -> None:
    made = sized(season, aggregate={"min_valid": 2})
    made.give(next(code for code in panels(made)["B01"] if code not in panels(made)["A01"]), {"B01": 80})
    made.local("2026-06-21 01:00").advance()
    assert sizes(made) == {"A01": 4, "B01": 6}  # three scores are missing to four, and two reviewers are free


def test_an_entry_that_joins_late_gets_a_panel_of_the_size_of_its_class(season: Season) -> None:
    made = sized(season)
    builders.put(made.database, made.id, entries=[builders.an_entry("B09", class_name="artwork")])
    with made.database.write() as store:
        store.set_entry_states({f"{made.id}/e/B09": "ineligible"})
    assert late_entries.admit(made.id, "B09", "异议成立", actor="admin:a@example.org") == 4


@pytest.mark.parametrize(("least", "loads"), [(None, {1, 2}), (3, {3})])
def test_a_least_load_of_ones_own_goes_before_the_stages(season: Season, least: int | None, loads: set[int]) -> None:
    made = declared(season, panel=2, min_load=1)
    made.put(reviewers=[builders.a_reviewer("R01", min_load=least)])
    opened(made, "A01", "A02", "A03", "A04")
    held = Counter(code for codes in panels(made).values() for code in codes)
    assert {held["R01"]} <= loads
    with made.database.read() as store:
        (kept,) = store.draws(made.id, 1)
        found = draw_report.report(store, store.edition(made.id))
    assert kept.made.question.get("least") == (None if least is None else {"R01": least})
    assert {one.person.code: one.least for one in found.loads} == dict.fromkeys(held, 1) | {"R01": least or 1}
    assert (found.below, {one.same for one in recomputing.recompute(made.id)}) == ((), {True})


def test_what_is_kept_draws_the_same_again(season: Season) -> None:
    opened(season)
    with season.database.read() as store:
        (kept,) = store.draws(season.id)
        drawn = Counter((one.entry, one.reviewer) for one in store.assignments(season.id, 1))
        codes = {one.code: one.id for one in store.entries(season.id)} | {one.code: one.id for one in store.reviewers(season.id)}
    again = draw_records.solved(kept.made.question)
    assert Counter((codes[entry], codes[who]) for entry, who in again.pairs) == drawn
    assert draw_records.result(again) == kept.made.result


def test_panels_that_the_office_changes_while_others_are_drawn_stop_the_draw(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    season.local("2026-04-01 08:00").advance()
    season.hand_in([builders.an_entry("A01")])
    season.go("scoring")
    with season.database.write() as store:
        store.set_entry_states({one.id: "eligible" for one in season.entries()})
    real = drawing.draw

    def meanwhile(*given: Any, **more: Any) -> Any:
        drawn = real(*given, **more)
        with season.database.write() as store:
            store.add_assignments(season.id, 1, [(season.entries()[0].id, f"{season.id}/r/R01")], number=0)
        return drawn

    monkeypatch.setattr(drawing, "draw", meanwhile)
    with pytest.raises(LeaseLost, match="were changed while others were drawn"):
        scoring.draw_panels.fn(season.lease(), 1)
    assert panels(season) == {"A01": ["R01"]}
    monkeypatch.undo()


def test_a_draw_waits_for_a_change_of_panels_that_is_just_being_kept(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    season.local("2026-04-01 08:00").advance()
    season.hand_in([builders.an_entry("A01")])
    season.go("scoring")
    entry = season.entries()[0].id
    with season.database.write() as store:
        store.set_entry_states({entry: "eligible"})
    real, written = drawing.draw, threading.Event()

    def change() -> None:
        with season.database.write() as store:
            store.lock_stage(season.id, 1, to_change=True)
            store.add_assignments(season.id, 1, [(entry, f"{season.id}/r/R01")], number=0)
            written.set()
            time.sleep(0.2)

    office = threading.Thread(target=change)

    def meanwhile(*given: Any, **more: Any) -> Any:
        drawn = real(*given, **more)
        office.start()
        assert written.wait(10)
        return drawn

    monkeypatch.setattr(drawing, "draw", meanwhile)
    with pytest.raises(LeaseLost, match="were changed while others were drawn"):
        scoring.draw_panels.fn(season.lease(), 1)
    office.join()
    assert panels(season) == {"A01": ["R01"]}


@pytest.mark.parametrize("act", ["panels", "extended"])
def test_further_reviewers_are_not_drawn_from_what_is_no_longer_so(season: Season, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    opened(season, "A01")
    real, at_first = drawing.draw, season.run("scoring").closes_at
    later = season.clock.now + timedelta(days=90)
    free = next(code for code in ("R01", "R02", "R03", "R04", "R05", "R06") if code not in panels(season)["A01"])

    def meanwhile(*given: Any, **more: Any) -> Any:
        drawn = real(*given, **more)
        with season.database.write() as store:
            if act == "panels":
                store.add_assignments(season.id, 1, [(season.entries()[0].id, f"{season.id}/r/{free}")], number=0)
            else:
                editions.extend(store, season.id, "scoring", later, actor="cli")
        return drawn

    monkeypatch.setattr(drawing, "draw", meanwhile)
    with pytest.raises(LeaseLost, match="were changed while others were drawn"):
        scoring.send_out_again.fn(season.lease(), 1)
    assert (season.run("scoring").round, season.run("scoring").closes_at) == (0, later if act == "extended" else at_first)
    assert season.mails("review_more") == []
