"""Everything in one reviewer's hands, read at once."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from models import tables as t
from models.edition import Assignment, Entry, ScoreSheet
from models.reviewing import Invitation
from models.stores.prepared import Prepared
from models.stores.reviewing import ReviewingStore
from models.stores.scoring import sheet_of


class Held(NamedTuple):
    """One entry in a reviewer's hands."""

    assignment: Assignment
    entry: Entry
    sheet: ScoreSheet | None
    """None before the first save."""


class _NotRead(Mapping[str, Any]):
    """Stands where an entry's answers would, in a list that leaves them out."""

    def __getitem__(self, name: str) -> Any:
        raise self._unread()

    def __iter__(self) -> Iterator[str]:
        raise self._unread()

    def __len__(self) -> int:
        raise self._unread()

    def _unread(self) -> RuntimeError:
        return RuntimeError("what is in a reviewer's hands is read without the entries' answers; read those with store.form_of(entry id)")


class Hands(NamedTuple):
    """What one reviewer has been given in one stage, and has said about it."""

    at: datetime
    """Real time of the look."""
    held: tuple[Held, ...]
    """Recused entries included, by code."""
    conflicts: frozenset[str]
    """Ids of entries that the reviewer has left for a conflict of interest."""
    invitation: Invitation


class HandStore(ReviewingStore):
    """The read behind each page of a reviewer."""

    def hands(self, edition: str, position: int, reviewer: str) -> Hands:
        """Everything of a reviewer in a stage."""
        held = self.held(edition, position, reviewer)
        left = any(one.assignment.recused for one in held)  # whoever declares a conflict is recused in the same transaction
        return Hands(
            at=self.real_now,
            held=held,
            conflicts=frozenset(one.entry for one in self.conflicts(edition, reviewer=reviewer)) if left else frozenset(),
            invitation=self.invitation(edition, position, reviewer),
        )

    def held(self, edition: str, position: int, reviewer: str) -> tuple[Held, ...]:
        """All entries of a reviewer in a stage, recused ones included, by code. Their answers (`fields`) are not read: see `form_of`."""
        held = _HELD.all(self.connection, {"reviewer": reviewer})
        here = [one for one in held if (one.assignment.edition, one.assignment.position) == (edition, position)]
        return tuple(sorted(here, key=lambda one: one.entry.code))

    def form_of(self, entry: str) -> Mapping[str, Any]:
        """The answers of an entry's form; none if there is no such entry."""
        row = _ANSWERS.first(self.connection, {"entry": entry})
        return {} if row is None else dict(row.fields)


def _row_of(columns: Sequence[sa.Column[Any]]) -> Any:
    return namedtuple("Row", [column.name for column in columns])


_ENTRY_COLUMNS = [column for column in t.ENTRIES.c if column.name != "fields"]
_PAIR_ROW, _ENTRY_ROW, _SHEET_ROW = _row_of([*t.ASSIGNMENTS.c]), _row_of(_ENTRY_COLUMNS), _row_of([*t.SHEETS.c])
_ENTRY_AT = len(t.ASSIGNMENTS.c)
_SHEET_AT = _ENTRY_AT + len(_ENTRY_COLUMNS)
_NOT_READ = _NotRead()


def _held(row: Any) -> Held:
    pair = Assignment(**_PAIR_ROW._make(row[:_ENTRY_AT])._asdict())
    values = _ENTRY_ROW._make(row[_ENTRY_AT:_SHEET_AT])._asdict()
    entry = Entry(**{**values, "reasons": tuple(values["reasons"]), "fields": _NOT_READ})
    sheet = _SHEET_ROW._make(row[_SHEET_AT:])
    return Held(pair, entry, None if sheet.assignment is None else sheet_of(sheet, pair.entry, pair.reviewer))


_HELD = Prepared(
    # Numbered labels: the three tables share names.
    sa.select(*(column.label(f"c{number}") for number, column in enumerate((*t.ASSIGNMENTS.c, *_ENTRY_COLUMNS, *t.SHEETS.c))))
    .select_from(t.ASSIGNMENTS)
    .join(t.ENTRIES, t.ENTRIES.c.id == t.ASSIGNMENTS.c.entry)
    .outerjoin(t.SHEETS, t.SHEETS.c.assignment == t.ASSIGNMENTS.c.id)
    # A reviewer belongs to one edition, and is given few entries in all its stages; a database that were asked for the stage as well
    # would rather look through all assignments of that stage.
    .where(t.ASSIGNMENTS.c.reviewer == sa.bindparam("reviewer")),
    make=_held,
    kept=4096,
)
_ANSWERS = Prepared(sa.select(t.ENTRIES.c.fields).where(t.ENTRIES.c.id == sa.bindparam("entry")), kept=1024)
