"""Everything in one reviewer's hands, read at once."""

from __future__ import annotations

from collections import namedtuple
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from models import tables as t
from models.edition import Assignment, Entry, ScoreSheet
from models.reviewing import Invitation
from models.stores.people import entry_of
from models.stores.prepared import Prepared
from models.stores.reviewing import ReviewingStore
from models.stores.scoring import sheet_of


class Held(NamedTuple):
    """One entry in a reviewer's hands."""

    assignment: Assignment
    entry: Entry
    sheet: ScoreSheet | None
    """None before the first save."""


class Hands(NamedTuple):
    """What one reviewer has been given in one stage, and has said about it."""

    at: datetime
    """Real time of the look."""
    held: tuple[Held, ...]
    """Recused entries included, by code."""
    conflicts: frozenset[str]
    """Ids of entries in which the reviewer has declared a conflict."""
    invitation: Invitation


class HandStore(ReviewingStore):
    """The read behind each page of a reviewer."""

    def hands(self, edition: str, position: int, reviewer: str) -> Hands:
        """Everything of a reviewer in a stage."""
        return Hands(
            at=self.real_now,
            held=self.held(edition, position, reviewer),
            conflicts=frozenset(one.entry for one in self.conflicts(edition, reviewer=reviewer)),
            invitation=self.invitation(edition, position, reviewer),
        )

    def held(self, edition: str, position: int, reviewer: str) -> tuple[Held, ...]:
        """All entries of a reviewer in a stage, recused ones included, by code."""
        entries = {one.id: one for one in _ENTRIES.all(self.connection, {"reviewer": reviewer})}
        pairs = _PAIRS.all(self.connection, {"reviewer": reviewer})
        held = [Held(pair, entries[pair.entry], sheet) for pair, sheet in pairs if (pair.edition, pair.position) == (edition, position)]
        return tuple(sorted(held, key=lambda one: one.entry.code))


def _row_of(table: sa.Table) -> Any:
    return namedtuple("Row", table.c.keys())


_PAIR_ROW, _SHEET_ROW = _row_of(t.ASSIGNMENTS), _row_of(t.SHEETS)
_SHEET_AT = len(t.ASSIGNMENTS.c)
_KEPT = 4096
"""Rows that are remembered by each process; a large edition has some thousand assignments."""


def _pair_with_sheet(row: Any) -> tuple[Assignment, ScoreSheet | None]:
    pair = Assignment(**_PAIR_ROW._make(row[:_SHEET_AT])._asdict())
    sheet = _SHEET_ROW._make(row[_SHEET_AT:])
    return pair, None if sheet.assignment is None else sheet_of(sheet, pair.entry, pair.reviewer)


# A reviewer belongs to one edition, and has been given few entries in all its stages; a database that were asked for a stage as well
# would rather look through all assignments of that stage.
_OF_REVIEWER = t.ASSIGNMENTS.c.reviewer == sa.bindparam("reviewer")
_ENTRIES = Prepared(
    sa.select(t.ENTRIES).join(t.ASSIGNMENTS, t.ASSIGNMENTS.c.entry == t.ENTRIES.c.id).where(_OF_REVIEWER), make=entry_of, kept=_KEPT
)
_PAIRS = Prepared(
    # Numbered labels: the two tables share names.
    sa.select(*(column.label(f"c{number}") for number, column in enumerate((*t.ASSIGNMENTS.c, *t.SHEETS.c))))
    .select_from(t.ASSIGNMENTS)
    .outerjoin(t.SHEETS, t.SHEETS.c.assignment == t.ASSIGNMENTS.c.id)
    .where(_OF_REVIEWER),
    make=_pair_with_sheet,
    kept=_KEPT,
)
