"""What was drawn and computed comes out again; whatever was changed behind the engine's back is found."""

from __future__ import annotations

import zlib

import pytest
import sqlalchemy as sa

from models import deciding_tables, tables
from models.errors import NotFound
from rules.draw_records import canonical
from tasks import recomputing, recusing
from tests import builders
from tests.tasks.driving import ON_SQLITE, Season
from tests.tasks.test_panel_changes import make, manual
from tests.tasks.test_scoring import all_score, opened


def lines(season: Season, stage: str | None = None) -> list[str]:
    return [one.line() for one in recomputing.recompute(season.id, stage)]


def kinds(season: Season) -> list[str]:
    names = [one.what.partition(" (") for one in recomputing.recompute(season.id)]
    return [detail.partition(",")[0] if head.startswith("draw") else head for head, _, detail in names]


def free_for(season: Season, entry: str) -> list[str]:
    """Codes of reviewers who have never had an entry."""
    with season.database.read() as store:
        had = {one.reviewer for one in store.assignments(season.id, 1) if one.entry == entry}
        return sorted(one.code for one in store.reviewers(season.id) if one.id not in had)


@pytest.fixture
def scored(season: Season) -> Season:
    """Drawn, left once, changed by hand once, scored and computed."""
    season.put(reviewers=[builders.a_reviewer(f"R1{number}") for number in range(3)])
    opened(season)
    with season.database.read() as store:
        pair = store.assignments(season.id, 1)[0]
        code = store.entries_by_id([pair.entry])[pair.entry].code
    builders.accept(season.database, season.id, pair.reviewer)
    recusing.recuse(season.id, 1, pair.reviewer, pair.entry, reason="relative")
    make(manual(put=((code, free_for(season, pair.entry)[0]),)), reason="增加一位")
    all_score(season, {"A01": 90, "A02": 80, "A03": 70})
    season.advance()
    return season


def test_everything_comes_out_again(scored: Season) -> None:
    assert kinds(scored) == ["first", "substitute", "panels", "frozen rule", "marks and places"]
    assert {one.rpartition(": ")[2] for one in lines(scored)} == {"same"}
    assert lines(scored, "scoring") == lines(scored)
    with pytest.raises(NotFound, match="no scoring stage nothing"):
        recomputing.recompute(scored.id, "nothing")


def differing(season: Season) -> list[str]:
    return [one.what.split(" (")[0].split(" ")[0] for one in recomputing.recompute(season.id) if not one.same]


def test_a_planted_seat_in_the_record_is_found(scored: Season) -> None:
    with scored.database.write() as store:
        kept = store.draws(scored.id)[0]
        seats = [*map(list, kept.made.result["pairs"])]
        seats[0] = [seats[0][0], "R99"]
        changed = zlib.compress(canonical({**kept.made.result, "pairs": seats}))
        store.connection.execute(sa.update(deciding_tables.DRAWS).where(deciding_tables.DRAWS.c.id == kept.id).values(result=changed))
    found = recomputing.recompute(scored.id)[0]
    assert not found.same
    assert "their digest differs" in found.differences[0]
    assert any(one.endswith("went to R99, and would not now") for one in found.differences)


@ON_SQLITE
@pytest.mark.parametrize(
    ("column", "damage"),
    [("question", b"\x00"), ("question", zlib.compress(b'{"version": 1, "needs": 3}')), ("result", zlib.compress(b"[]"))],
)
def test_a_damaged_record_is_told_and_the_rest_is_still_compared(scored: Season, column: str, damage: bytes) -> None:
    with scored.database.write() as store:
        kept = store.draws(scored.id)[0]
        draws = deciding_tables.DRAWS
        store.connection.execute(sa.update(draws).where(draws.c.id == kept.id).values({column: damage}))
    first, *rest = recomputing.recompute(scored.id)
    assert "its digest differs" in first.line() or "their digest differs" in first.line()
    assert [one.what.split(" (")[0] for one in rest] == [f"draw {kept.id + 1}", "panels", "frozen rule", "marks and places"]


def test_a_planted_reviewer_on_a_panel_is_found(scored: Season) -> None:
    entry = next(one for one in scored.entries() if one.key == "A03")
    free = free_for(scored, entry.id)
    with scored.database.write() as store:
        store.add_assignments(scored.id, 1, [(entry.id, f"{scored.id}/r/{free[0]}")], number=0)
    assert differing(scored) == ["panels"]


def test_a_rule_that_was_changed_after_it_was_frozen_is_found(scored: Season) -> None:
    with scored.database.write() as store:
        kept = store.frozen_rule(scored.id, 1)
        assert kept is not None
        rules = deciding_tables.FROZEN_RULES
        store.connection.execute(sa.update(rules).values(rule={**kept.rule, "awards": 99}))
    (found,) = [one for one in recomputing.recompute(scored.id) if not one.same]
    assert found.what == "frozen rule"
    assert found.differences[0] == "it is no longer what was frozen (its digest differs)"
    assert found.differences[1].startswith("awards: was 99, is ")
    with scored.database.write() as store:
        store.connection.execute(sa.delete(rules))
    assert "and is gone" in next(one for one in lines(scored) if "frozen rule" in one)


def test_a_planted_mark_is_found(scored: Season) -> None:
    with scored.database.write() as store:
        chosen = tables.STANDINGS.c.entry == store.standings(scored.id, 1)[-1].entry
        store.connection.execute(sa.update(tables.STANDINGS).where(chosen).values(mark="99.00"))
    (found,) = [one for one in recomputing.recompute(scored.id) if not one.same]
    assert found.line().startswith(
        "scoring: marks and places (3 entries): DIFFERS: the stored marks are no longer those that were recorded"
    )
    assert found.differences[1].endswith("had 99.00 (place 3), now 70.00 (place 3)")


def test_a_changed_sheet_is_found(scored: Season) -> None:
    with scored.database.write() as store:
        sheet = store.sheets(scored.id, 1, signed=True)[0]
        marks = dict.fromkeys(sheet.marks, "1")
        store.connection.execute(sa.update(tables.SHEETS).where(tables.SHEETS.c.assignment == sheet.assignment).values(marks=marks))
    assert differing(scored) == ["marks"]
