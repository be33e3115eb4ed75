"""What the office does with entries before the review: checks, corrections, confirmations, duplicates, earlier winners."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import submission_tables as t
from models.edition import EntryState
from models.errors import NotFound
from models.stores.base import StoreBase
from models.submitting import Check, Confirmation, Correction, Duplicate, Finding, Laureate
from models.tables import ENTRIES


class CheckingStore(StoreBase):
    """Reads and writes of the form check."""

    def add_check(self, check: Check) -> None:
        """Keep what a form checker said."""
        self._run(t.CHECKS.insert().values(**asdict(check)))

    def checks(self, edition: str, *, entry: str | None = None) -> tuple[Check, ...]:
        """What form checkers said, the earliest first."""
        query = sa.select(t.CHECKS).where(t.CHECKS.c.edition == edition)
        query = query if entry is None else query.where(t.CHECKS.c.entry == entry)
        found = [Check(**{**row._asdict(), "findings": _findings(row)}) for row in self._all(query)]
        return tuple(sorted(found, key=lambda one: (one.at, one.id)))

    def put_correction(self, correction: Correction) -> None:
        """Keep that an entry was sent back, or what became of it."""
        self._upsert(t.CORRECTIONS, {**asdict(correction), "fields": list(correction.fields)}, ["entry", "turn"])

    def corrections(self, edition: str, *, entry: str | None = None) -> tuple[Correction, ...]:
        """Entries that were sent back, by entry and turn."""
        query = sa.select(t.CORRECTIONS).where(t.CORRECTIONS.c.edition == edition)
        query = query if entry is None else query.where(t.CORRECTIONS.c.entry == entry)
        found = [Correction(**{**row._asdict(), "fields": tuple(row.fields), "findings": _findings(row)}) for row in self._all(query)]
        return tuple(sorted(found, key=lambda one: (one.entry, one.turn)))

    def set_outcome(self, entry: str, state: EntryState, reasons: Iterable[str]) -> None:
        """Move one entry to a state, and keep why."""
        self._run(ENTRIES.update().where(ENTRIES.c.id == entry).values(state=state, reasons=list(reasons)))

    # -- third parties ----------------------------------------------------------------------------------------------

    def put_confirmation(self, confirmation: Confirmation) -> None:
        """Keep what is asked of somebody, or what was answered."""
        self._upsert(t.CONFIRMATIONS, asdict(confirmation), ["id"])

    def confirmation(self, confirmation_id: str) -> Confirmation:
        """What is asked of somebody.

        Raises:
            NotFound: there is none of that id.
        """
        row = self._one(sa.select(t.CONFIRMATIONS).where(t.CONFIRMATIONS.c.id == confirmation_id))
        if row is None:
            raise NotFound("there is no such request for a confirmation")
        return Confirmation(**row._asdict())

    def confirmations(self, edition: str, *, entry: str | None = None) -> tuple[Confirmation, ...]:
        """What is asked of people outside the nominating units, by id."""
        query = sa.select(t.CONFIRMATIONS).where(t.CONFIRMATIONS.c.edition == edition)
        query = query if entry is None else query.where(t.CONFIRMATIONS.c.entry == entry)
        return tuple(sorted((Confirmation(**row._asdict()) for row in self._all(query)), key=lambda one: one.id))

    # -- duplicates and earlier winners -----------------------------------------------------------------------------

    def add_duplicates(self, found: Iterable[Duplicate]) -> int:
        """Keep pairs that are new; pairs that are known stay as they are. Yields how many are new."""
        return self._insert_new(t.DUPLICATES, [asdict(one) for one in found])

    def duplicates(self, edition: str) -> tuple[Duplicate, ...]:
        """Pairs that may be the same, by their entries."""
        rows = self._all(sa.select(t.DUPLICATES).where(t.DUPLICATES.c.edition == edition))
        return tuple(sorted((Duplicate(**row._asdict()) for row in rows), key=lambda one: (one.first, one.second)))

    def decide_duplicate(self, duplicate: Duplicate, *, by: str, reason: str, at: datetime, state: str, archived: str = "") -> None:
        """Keep what the office decided about a pair, in place of an earlier decision."""
        table = t.DUPLICATES
        pair = (table.c.first == duplicate.first) & (table.c.second == duplicate.second)
        self._run(table.update().where(pair).values(state=state, archived=archived, by=by, reason=reason, at=at))

    def put_laureates(self, new: Iterable[Laureate]) -> int:
        """Keep earlier winners; those that are known stay. Yields how many are new."""
        return self._insert_new(t.LAUREATES, [asdict(one) for one in new])

    def laureates(self, process: str) -> tuple[Laureate, ...]:
        """Earlier winners of a process, by edition and title."""
        rows = self._all(sa.select(t.LAUREATES).where(t.LAUREATES.c.process == process))
        return tuple(sorted((Laureate(**row._asdict()) for row in rows), key=lambda one: (one.label, one.title, one.id)))


def _findings(row: Any) -> tuple[Finding, ...]:
    return tuple(Finding(**one) for one in row.findings)
