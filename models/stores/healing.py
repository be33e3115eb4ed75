"""What is kept of reviewers who do not answer, do not begin, or cannot be reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

import sqlalchemy as sa

from models import deciding_tables
from models import tables as t
from models.healing import Watch
from models.stores.base import StoreBase


class InHand(NamedTuple):
    """One entry in a reviewer's hands, without what is on its sheet."""

    assignment: str
    entry: str
    reviewer: str
    cleared_at: datetime | None
    """When the reviewer saw no conflict in it; None while it waits for an answer."""
    saved_at: datetime | None
    """When its sheet was saved last; None before the first save."""
    signed_at: datetime | None


class HealingStore(StoreBase):
    """Reads and writes of watches, and of mails that could not be delivered."""

    def watch(self, edition: str, position: int, reviewer: str) -> Watch:
        """What is kept of one reviewer; an empty watch if nothing is."""
        table = deciding_tables.WATCHES.c
        here = (table.edition == edition, table.position == position, table.reviewer == reviewer)
        row = self._one(sa.select(deciding_tables.WATCHES).where(*here))
        return Watch(edition, position, reviewer) if row is None else Watch(**row._asdict())

    def watches(self, edition: str, position: int) -> dict[str, Watch]:
        """Reviewer id -> what is kept of all those of whom anything is."""
        table = deciding_tables.WATCHES
        rows = self._all(sa.select(table).where(table.c.edition == edition, table.c.position == position))
        return {row.reviewer: Watch(**row._asdict()) for row in rows}

    def put_watch(self, watch: Watch) -> None:
        """Keep it in place of what was kept before."""
        self._upsert(deciding_tables.WATCHES, asdict(watch), ["edition", "position", "reviewer"])

    def in_hand(self, edition: str, position: int, *, reviewer: str | None = None) -> tuple[InHand, ...]:
        """Everything that is in somebody's hands, or in one reviewer's, by entry and reviewer."""
        pair, sheet = t.ASSIGNMENTS.c, t.SHEETS.c
        query = (
            sa.select(pair.id.label("assignment"), pair.entry, pair.reviewer, pair.cleared_at, sheet.saved_at, sheet.signed_at)
            .select_from(t.ASSIGNMENTS.outerjoin(t.SHEETS, sheet.assignment == pair.id))
            .where(pair.edition == edition, pair.position == position, ~pair.recused)
        )
        rows = self._all(query if reviewer is None else query.where(pair.reviewer == reviewer))
        return tuple(sorted((InHand._make(row) for row in rows), key=lambda one: (one.entry, one.reviewer)))

    def mail_is_on_its_way(self, edition: str, person: str, templates: Iterable[str]) -> bool:
        """Whether a mail of these kinds to a person is still to be handed to the mail server."""
        table = t.MAILS.c
        here = (table.edition == edition, table.person == person, table.template.in_(list(templates)))
        return self._one(sa.select(table.id).where(*here, table.state.in_(["pending", "deferred", "sending"]))) is not None

    def put_address(self, reviewer: str, email: str) -> None:
        """Correct the address of a reviewer."""
        self._run(t.REVIEWERS.update().where(t.REVIEWERS.c.id == reviewer).values(email=email))

    def send_elsewhere(self, edition: str, person: str, address: str, templates: Iterable[str]) -> int:
        """Send what did not reach a person to another address, and nothing more to the wrong one. Yields how many mails that are."""
        table = t.MAILS.c
        here = (table.edition == edition, table.person == person, table.state.not_in(["sent", "superseded"]))
        lost = self._all(sa.select(t.MAILS).where(*here, table.template.in_(list(templates))).order_by(table.created_at))
        self._run(
            t.MAILS.update().where(*here).values(
                state="superseded", reply="the address was corrected", claimed_by=None, claimed_until=None
            )
        )  # fmt: skip
        fresh = {"to_address": address, "state": "pending", "attempt": 0, "next_at": self.real_now, "reply": "", "claimed_by": None,
                 "claimed_until": None, "began_at": None, "sent_at": None}  # fmt: skip
        added = self._insert_new(t.MAILS, [row._asdict() | fresh | {"id": str(uuid4())} for row in lost])
        if added:
            self.wake(edition, "mail")
        return added
