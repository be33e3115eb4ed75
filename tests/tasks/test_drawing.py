"""The draw on what is stored: what a stage declares reaches it, and what it was asked is kept."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from models.errors import LeaseLost
from rules import draw_records
from tasks import drawing, scoring
from tests import builders
from tests.tasks.driving import Season
from tests.tasks.test_scoring import opened, panels

GROUPS = {"units": ["R01大学", "R02大学", "R03大学"], "at_most": 1}


def declared(season: Season, name: str = "other", **stage: Any) -> Season:
    """Another edition of the same people, whose scoring stage declares something more."""
    process = builders.a_process(name=name, **builders.a_stage_change("scoring", panel=3, aggregate={"min_valid": 1}, **stage))
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
