"""Invitations, declared conflicts, signatures, and earlier versions of sheets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import tables as t
from models.edition import Assignment, ScoreSheet
from models.reviewing import DeclaredConflict, Invitation, SheetVersion
from models.stores.base import StoreBase
from models.stores.prepared import Prepared
from models.stores.scoring import sheet_of

_INVITATION = Prepared(
    sa.select(t.INVITATIONS).where(
        t.INVITATIONS.c.edition == sa.bindparam("edition"),
        t.INVITATIONS.c.position == sa.bindparam("position"),
        t.INVITATIONS.c.reviewer == sa.bindparam("reviewer"),
    ),
    make=lambda row: Invitation(**row._asdict()),
    kept=4096,
)
_OF_EDITION = sa.select(t.CONFLICTS).where(t.CONFLICTS.c.edition == sa.bindparam("edition"))
_CONFLICTS, _OWN_CONFLICTS = Prepared(_OF_EDITION), Prepared(_OF_EDITION.where(t.CONFLICTS.c.reviewer == sa.bindparam("reviewer")))


class ReviewingStore(StoreBase):
    """Reads and writes of what a reviewer answers besides the marks."""

    def invitation(self, edition: str, position: int, reviewer: str) -> Invitation:
        """What a reviewer answered; an unanswered one if nothing was."""
        found: Invitation | None = _INVITATION.first(self.connection, {"edition": edition, "position": position, "reviewer": reviewer})
        return found or Invitation(edition, position, reviewer)

    def invitations(self, edition: str, position: int) -> tuple[Invitation, ...]:
        """All answers of a stage, by reviewer; who has not answered is missing."""
        table = t.INVITATIONS
        rows = self._all(sa.select(table).where(table.c.edition == edition, table.c.position == position))
        return tuple(sorted((Invitation(**row._asdict()) for row in rows), key=lambda one: one.reviewer))

    def put_invitation(self, invitation: Invitation) -> None:
        """Keep an answer in place of an earlier one."""
        self._upsert(t.INVITATIONS, asdict(invitation), ["edition", "position", "reviewer"])

    def clear_assignments(self, assignments: Iterable[str], at: datetime) -> int:
        """Note that the reviewer sees no conflict in these entries; earlier notes stay. Yields how many are new."""
        table, ids, new = t.ASSIGNMENTS.c, sorted(assignments), 0
        for start in range(0, len(ids), 500):
            some = table.id.in_(ids[start : start + 500])
            new += self._run(t.ASSIGNMENTS.update().where(some, table.cleared_at.is_(None)).values(cleared_at=at))
        return new

    def panels_of(self, position: int, entries: Iterable[str]) -> tuple[Assignment, ...]:
        """All assignments of some entries in a stage, recused ones included, by entry and reviewer."""
        table, ids = t.ASSIGNMENTS, sorted(entries)
        found: list[Assignment] = []
        for start in range(0, len(ids), 500):
            query = sa.select(table).where(table.c.position == position, table.c.entry.in_(ids[start : start + 500]))
            found += [Assignment(**row._asdict()) for row in self._all(query)]
        return tuple(sorted(found, key=lambda one: (one.entry, one.reviewer)))

    def signed_sheets_of(self, position: int, entries: Iterable[str]) -> tuple[ScoreSheet, ...]:
        """Signed sheets of some entries that count (not recused), by entry and reviewer."""
        pair, wanted = t.ASSIGNMENTS.c, sorted(set(entries))
        counts = (pair.position == position, ~pair.recused, t.SHEETS.c.signed_at.is_not(None))
        query = sa.select(t.SHEETS, pair.entry, pair.reviewer).join(t.ASSIGNMENTS, pair.id == t.SHEETS.c.assignment).where(*counts)
        rows: list[Any] = []
        for start in range(0, len(wanted), 500):
            rows += self._all(query.where(pair.entry.in_(wanted[start : start + 500])))
        return tuple(sorted((sheet_of(row, row.entry, row.reviewer) for row in rows), key=lambda one: (one.entry, one.reviewer)))

    def signatures(self, edition: str, position: int) -> frozenset[tuple[str, int]]:
        """Assignments whose sheets are signed and count, each with the revision that was signed; without reading the sheets."""
        pair, sheet = t.ASSIGNMENTS.c, t.SHEETS.c
        rows = self._all(
            sa.select(pair.id, sheet.revision)
            .join(t.SHEETS, sheet.assignment == pair.id)
            .where(pair.edition == edition, pair.position == position, ~pair.recused, sheet.signed_at.is_not(None))
        )
        return frozenset((row.id, row.revision) for row in rows)

    def entry_units(self, edition: str) -> dict[str, str]:
        """Entry id -> its unit, of all entries that have passed the form check."""
        table = t.ENTRIES.c
        rows = self._all(sa.select(table.id, table.unit).where(table.edition == edition, table.state.not_in(("submitted", "ineligible"))))
        return {row.id: row.unit for row in rows}

    def add_conflicts(self, conflicts: Iterable[DeclaredConflict]) -> int:
        """Keep declared conflicts; what was declared before stays as it is. Yields how many are new."""
        return self._insert_new(t.CONFLICTS, [asdict(one) for one in conflicts])

    def conflicts(self, edition: str, *, reviewer: str | None = None) -> tuple[DeclaredConflict, ...]:
        """All declared conflicts of an edition, or those of one reviewer, by entry and reviewer."""
        rows = (_CONFLICTS if reviewer is None else _OWN_CONFLICTS).all(self.connection, {"edition": edition, "reviewer": reviewer})
        return tuple(sorted((DeclaredConflict(**row._asdict()) for row in rows), key=lambda one: (one.entry, one.reviewer)))

    def keep_version(self, sheet: ScoreSheet, *, actor: str, reason: str, at: datetime) -> None:
        """Keep a sheet as it is now, before it is changed by an office's decision (rule S9)."""
        content = {
            "marks": {name: str(mark) for name, mark in sheet.marks.items()}, "comment": sheet.comment, "advice": sheet.advice,
            "skipped": list(sheet.skipped), "fatal": sheet.fatal, "keyed_by": sheet.keyed_by, "signed_as": sheet.signed_as,
            "signed_at": sheet.signed_at.isoformat() if sheet.signed_at else None, "signature": sheet.signature,
        }  # fmt: skip
        row = {"assignment": sheet.assignment, "revision": sheet.revision, "content": content, "actor": actor, "reason": reason, "at": at}
        self._insert_new(t.SHEET_VERSIONS, [row])

    def sheet_versions(self, assignment: str) -> tuple[SheetVersion, ...]:
        """Earlier versions of a sheet, oldest first."""
        table = t.SHEET_VERSIONS
        rows = self._all(sa.select(table).where(table.c.assignment == assignment).order_by(table.c.revision))
        return tuple(SheetVersion(**row._asdict()) for row in rows)

    def versions_of_reviewer(self, edition: str, position: int, reviewer: str) -> dict[str, tuple[SheetVersion, ...]]:
        """Assignment id -> earlier versions of its sheet, oldest first; assignments without any are left out."""
        table, pair = t.SHEET_VERSIONS, t.ASSIGNMENTS.c
        rows = self._all(
            sa.select(table)
            .join(t.ASSIGNMENTS, pair.id == table.c.assignment)
            .where(pair.edition == edition, pair.position == position, pair.reviewer == reviewer)
            .order_by(table.c.revision)
        )
        found: dict[str, tuple[SheetVersion, ...]] = {}
        for row in rows:
            found[row.assignment] = (*found.get(row.assignment, ()), SheetVersion(**row._asdict()))
        return found

    def reopen_sheet(self, assignment: str) -> None:
        """Unlock a signed sheet; its revision rises, so that a page that shows the signed one is stale."""
        table = t.SHEETS
        self._run(
            table.update()
            .where(table.c.assignment == assignment)
            .values(signed_at=None, signed_as=None, signature="", revision=table.c.revision + 1)
        )
