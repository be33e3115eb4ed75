"""Invitations, declared conflicts, and earlier versions of sheets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from models import tables as t
from models.edition import ScoreSheet
from models.reviewing import DeclaredConflict, Invitation, SheetVersion
from models.stores.base import StoreBase


class ReviewingStore(StoreBase):
    """Reads and writes of what a reviewer answers besides the marks."""

    def invitation(self, edition: str, position: int, reviewer: str) -> Invitation:
        """What a reviewer answered; an unanswered one if nothing was."""
        table = t.INVITATIONS
        row = self._one(sa.select(table).where(table.c.edition == edition, table.c.position == position, table.c.reviewer == reviewer))
        return Invitation(edition, position, reviewer) if row is None else Invitation(**row._asdict())

    def invitations(self, edition: str, position: int) -> tuple[Invitation, ...]:
        """All answers of a stage, by reviewer; who has not answered is missing."""
        table = t.INVITATIONS
        rows = self._all(sa.select(table).where(table.c.edition == edition, table.c.position == position))
        return tuple(sorted((Invitation(**row._asdict()) for row in rows), key=lambda one: one.reviewer))

    def put_invitation(self, invitation: Invitation) -> None:
        """Keep an answer in place of an earlier one."""
        self._upsert(t.INVITATIONS, asdict(invitation), ["edition", "position", "reviewer"])

    def add_conflicts(self, conflicts: Iterable[DeclaredConflict]) -> int:
        """Keep declared conflicts; what was declared before stays as it is. Yields how many are new."""
        return self._insert_new(t.CONFLICTS, [asdict(one) for one in conflicts])

    def conflicts(self, edition: str) -> tuple[DeclaredConflict, ...]:
        """All declared conflicts of an edition, by entry and reviewer."""
        rows = self._all(sa.select(t.CONFLICTS).where(t.CONFLICTS.c.edition == edition))
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

    def reopen_sheet(self, assignment: str) -> None:
        """Unlock a signed sheet; its revision rises, so that a page that shows the signed one is stale."""
        table = t.SHEETS
        self._run(
            table.update()
            .where(table.c.assignment == assignment)
            .values(signed_at=None, signed_as=None, signature="", revision=table.c.revision + 1)
        )
