"""What was drawn and computed comes out again; whatever was changed behind the engine's back is found."""

from __future__ import annotations

import zlib
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from models import deciding_tables, tables
from models.errors import NotFound
from models.reviewing import Written
from rules.draw_records import canonical
from tasks import recomputing, recusing, reopening, reviewing, signing
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
    assert kinds(scored) == ["first", "substitute", "panels", "frozen rule", "sheets", "marks and places"]
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
    assert [one.what.split(" (")[0] for one in rest] == [f"draw {kept.id + 1}", "panels", "frozen rule", "sheets", "marks and places"]


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


def test_a_mark_that_is_no_number_is_told(scored: Season) -> None:
    with scored.database.write() as store:
        store.connection.execute(sa.update(tables.STANDINGS).where(tables.STANDINGS.c.position == 1).values(mark="ten"))
    (found,) = [one for one in recomputing.recompute(scored.id) if not one.same]
    assert found.differences == ("the stored marks cannot be read any more (InvalidOperation)",)


def plant(season: Season, number: int = 0, **values: Any) -> str:
    """Change a signed sheet behind the engine's back. Yields edition, entry and reviewer as they are told."""
    with season.database.write() as store:
        sheet = store.sheets(season.id, 1, signed=True)[number]
        store.connection.execute(sa.update(tables.SHEETS).where(tables.SHEETS.c.assignment == sheet.assignment).values(**values))
        entry, reviewer = store.entries_by_id([sheet.entry])[sheet.entry].code, store.reviewer(sheet.reviewer).code
    return f"{season.id} {entry}, {reviewer}: "


def sheets_line(season: Season) -> tuple[str, ...]:
    (found,) = [one for one in recomputing.recompute(season.id) if one.what.startswith("sheets")]
    return found.differences


ONES = {"originality": "1", "rigour": "1", "value": "1"}


def test_a_changed_sheet_is_found(scored: Season) -> None:
    """Every one, and by name."""
    planted = [plant(scored, number, marks=ONES) for number in range(6)]
    assert differing(scored) == ["sheets", "marks"]
    line = next(one for one in lines(scored) if "sheets" in one)
    assert [one for one in planted if f"{one}the marks are not those that were saved" not in line] == []


def test_whatever_else_was_changed_on_a_sheet_is_found(scored: Season) -> None:
    rest = "comments, criteria left out, or the fatal flaw are not those that were saved (their digest differs)"
    changes: list[tuple[dict[str, Any], str]] = [
        ({"comment": "改过的意见"}, rest),
        ({"skipped": ["value"]}, rest),
        ({"revision": 7}, "it is revision 7, recorded was 1"),
        ({"signed_at": None}, "it was signed, and is not signed any more"),
        ({"marks": {"originality": "ten"}}, "the sheet cannot be read any more (InvalidOperation)"),
        ({"marks": [3]}, "the sheet cannot be read any more (AttributeError)"),
    ]
    with scored.database.read() as store:
        first = store.sheets(scored.id, 1, signed=True)[0].assignment
        sheets = tables.SHEETS
        kept = store.connection.execute(sa.select(sheets).where(sheets.c.assignment == first)).one()._asdict()
    assert sheets_line(scored) == ()
    for values, told in changes:
        where = plant(scored, **values)
        assert sheets_line(scored) == (where + told,)
        assert "sheets" in differing(scored)
        with scored.database.write() as store:
            store.connection.execute(sa.update(sheets).where(sheets.c.assignment == first).values(**kept))
    assert sheets_line(scored) == ()


def test_a_sheet_that_is_gone_is_found(scored: Season) -> None:
    where = plant(scored, comment="")
    with scored.database.write() as store:
        sheet = store.sheets(scored.id, 1, signed=True)[0]
        store.connection.execute(sa.delete(tables.SHEETS).where(tables.SHEETS.c.assignment == sheet.assignment))
    assert sheets_line(scored) == (f"{where}a sheet was saved (revision 1), and is gone",)


def test_of_a_sheet_whose_comments_nobody_recorded_it_is_said_that_only_the_marks_were_compared(season: Season) -> None:
    """As the version before left it: its events tell of the marks alone."""
    opened(season)
    with season.database.write() as store:
        bare, whole = store.assignments(season.id, 1)[:2]
        first = Written({"value": Decimal(9)}, "好", "", (), "")
        for revision in (1, 2):
            store.save_sheet(bare, first, revision=revision - 1)
            sheets = {bare.entry: {"revision": revision, "marks": reviewing.marks_digest(first.marks)}}
            store.append(season.id, "SheetSaved", actor=f"reviewer:{bare.reviewer}", position=1, sheets=sheets)
        entry, who = store.entries_by_id([bare.entry])[bare.entry].code, store.reviewer(bare.reviewer).code
    told = "scoring: sheets ({n} kept): same as far as it was recorded; of {n} only the marks, since the version that saved them "
    told += f"recorded no comments, criteria left out or fatal flaw: {entry} {who}"
    assert [one for one in lines(season) if "sheets" in one] == [told.format(n=1)]
    with season.database.write() as store:
        sheet = store.sheet(bare)
        assert sheet is not None
        store.keep_version(sheet, actor=f"reviewer:{bare.reviewer}", reason="declined", at=store.edition_now(season.id))
    (line,) = [one for one in lines(season) if "sheets" in one]
    assert line.endswith(f"same as far as it was recorded; of 2 only the marks, since the version that saved them recorded no comments, "
                         f"criteria left out or fatal flaw: {entry} {who}, {entry} {who} (revision 2)")  # fmt: skip
    builders.accept(season.database, season.id, whole.reviewer)
    reviewing.save_sheets(season.id, 1, whole.reviewer, {whole.entry: ({"value": "8"}, "", 0)})
    assert [one.unrecorded.count(entry) for one in recomputing.recompute(season.id) if one.what.startswith("sheets")] == [2]
    with season.database.write() as store:
        store.connection.execute(sa.update(tables.SHEETS).where(tables.SHEETS.c.assignment == bare.id).values(revision=7))
    (line,) = [one for one in lines(season) if "sheets" in one]
    assert ("it is revision 7, recorded was 2" in line, "only the marks" in line) == (True, True)


def test_other_comments_of_an_earlier_version_are_found(season: Season) -> None:
    opened(season)
    with season.database.read() as store:
        one = store.assignments(season.id, 1)[0]
    all_score(season, {"A01": 90, "A02": 80, "A03": 70})
    with season.database.write() as store:
        sheet = store.sheet(one)
        assert sheet is not None
        store.keep_version(replace(sheet, comment="别的话"), actor="x", reason="x", at=store.edition_now(season.id))
    (told,) = sheets_line(season)
    assert told.endswith("an earlier version (revision 1) has other comments, criteria left out, or fatal flaw than were saved")


def test_a_sheet_that_nobody_saved_is_found(season: Season) -> None:
    opened(season)
    with season.database.write() as store:
        pair = store.assignments(season.id, 1)[0]
        store.save_sheet(pair, Written({"value": Decimal(9)}, "", "", (), ""), revision=0)
        where = f"{season.id} {store.entries_by_id([pair.entry])[pair.entry].code}, {store.reviewer(pair.reviewer).code}: "
    assert sheets_line(season) == (f"{where}there is a sheet that nobody saved",)


@ON_SQLITE
def test_an_earlier_version_that_is_no_document_is_told(scored: Season) -> None:
    """PostgreSQL takes none."""
    where = plant(scored, comment="")
    with scored.database.write() as store:
        sheet = store.sheets(scored.id, 1, signed=True)[0].assignment
        order = "INSERT INTO sheet_versions (assignment, revision, content, actor, reason, at) VALUES (?, 9, 'ten', 'x', 'x', ?)"
        store.connection.exec_driver_sql(order, (sheet, "2026-05-01 00:00:00.000000"))
    assert sheets_line(scored) == (f"{where}its earlier versions cannot be read any more (JSONDecodeError)",)


def test_sheets_that_were_opened_again_or_left_are_the_same_until_an_earlier_version_is_planted(season: Season) -> None:
    opened(season)
    with season.database.read() as store:
        one, other = [pair for pair in store.assignments(season.id, 1) if pair.reviewer == store.assignments(season.id, 1)[0].reviewer][:2]
        code = store.reviewer(one.reviewer).code
    all_score(season, {"A01": 90, "A02": 80, "A03": 70})
    reopening.reopen(season.id, 1, one.reviewer, [one.entry], "核对", admin="admin@example.org")
    assert sheets_line(season) == ()
    full = dict.fromkeys(ONES, "30")
    reviewing.save_sheets(season.id, 1, one.reviewer, {one.entry: (full, "改", 2)})
    assert sheets_line(season) == ()
    signing.sign(season.id, 1, one.reviewer, f"专家{code}")
    assert sheets_line(season) == ()
    reopening.reopen(season.id, 1, one.reviewer, [other.entry], "核对", admin="admin@example.org")
    recusing.recuse(season.id, 1, one.reviewer, other.entry, reason="relative")
    assert sheets_line(season) == ()
    with season.database.write() as store:  # what was kept cannot be changed or deleted; something can be put beside it
        kept = store.sheet_versions(one.id)[0]
        store.connection.execute(sa.insert(tables.SHEET_VERSIONS).values(**{**asdict(kept), "revision": 3, "content": {"marks": ONES}}))
        store.connection.execute(sa.insert(tables.SHEET_VERSIONS).values(**{**asdict(kept), "revision": 9}))
    differing, unsaved = sheets_line(season)
    assert "an earlier version (revision 3) is not what was saved" in differing
    assert unsaved.endswith("there is an earlier version (revision 9) that nobody saved")
