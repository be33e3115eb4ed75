"""Everything in one reviewer's hands, read at once."""

from __future__ import annotations

from collections import namedtuple
from typing import Any, NamedTuple

import sqlalchemy as sa

from models import tables as t
from models.edition import Assignment, Entry, ScoreSheet
from models.stores.base import StoreBase
from models.stores.people import entry_of
from models.stores.prepared import Prepared
from models.stores.scoring import sheet_of


class Held(NamedTuple):
    """One entry in a reviewer's hands."""

    assignment: Assignment
    entry: Entry
    sheet: ScoreSheet | None
    """None before the first save."""


class HandStore(StoreBase):
    """The read behind each page of a reviewer."""

    def held(self, edition: str, position: int, reviewer: str) -> tuple[Held, ...]:
        """All entries of a reviewer in a stage, recused ones included, by code."""
        rows = _HELD.all(self.connection, {"edition": edition, "position": position, "reviewer": reviewer})
        return tuple(sorted(map(_held, rows), key=lambda one: one.entry.code))


def _row_of(table: sa.Table) -> Any:
    return namedtuple("Row", table.c.keys())


_PAIR_ROW, _ENTRY_ROW, _SHEET_ROW = _row_of(t.ASSIGNMENTS), _row_of(t.ENTRIES), _row_of(t.SHEETS)
_ENTRY_AT = len(t.ASSIGNMENTS.c)
_SHEET_AT = _ENTRY_AT + len(t.ENTRIES.c)
_HELD = Prepared(
    # Numbered labels: the three tables share names.
    sa.select(*(column.label(f"c{number}") for number, column in enumerate((*t.ASSIGNMENTS.c, *t.ENTRIES.c, *t.SHEETS.c))))
    .select_from(t.ASSIGNMENTS)
    .join(t.ENTRIES, t.ENTRIES.c.id == t.ASSIGNMENTS.c.entry)
    .outerjoin(t.SHEETS, t.SHEETS.c.assignment == t.ASSIGNMENTS.c.id)
    .where(
        t.ASSIGNMENTS.c.edition == sa.bindparam("edition"),
        t.ASSIGNMENTS.c.position == sa.bindparam("position"),
        t.ASSIGNMENTS.c.reviewer == sa.bindparam("reviewer"),
    )
)


def _held(row: Any) -> Held:
    pair = Assignment(**_PAIR_ROW._make(row[:_ENTRY_AT])._asdict())
    sheet = _SHEET_ROW._make(row[_SHEET_AT:])
    entry = entry_of(_ENTRY_ROW._make(row[_ENTRY_AT:_SHEET_AT]))
    return Held(pair, entry, None if sheet.assignment is None else sheet_of(sheet, pair.entry, pair.reviewer))
