"""Leases, steps, deadlines and the outbox: what drives editions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import tables as t
from models.edition import Deadline, Lease, Wake
from models.errors import LeaseLost
from models.stores.base import StoreBase
from models.stores.prepared import Prepared

_LEASE = t.LEASES.c
_TAKE = Prepared(
    t.LEASES.update()
    .where(_LEASE.edition == sa.bindparam("of"), sa.or_(_LEASE.until <= sa.bindparam("now"), _LEASE.owner == sa.bindparam("nobody")))
    .values(owner=sa.bindparam("taker"), epoch=_LEASE.epoch + 1, until=sa.bindparam("end"))
)
_HELD = (_LEASE.edition == sa.bindparam("of"), _LEASE.epoch == sa.bindparam("by"))
_LENGTHEN = Prepared(t.LEASES.update().where(*_HELD, _LEASE.owner == sa.bindparam("holder")).values(until=sa.bindparam("end")))
_GIVE_BACK = Prepared(t.LEASES.update().where(*_HELD).values(owner=sa.bindparam("nobody"), until=sa.bindparam("now")))
_EPOCH = Prepared(sa.select(_LEASE.epoch).where(_LEASE.edition == sa.bindparam("of")))
_DONE = ("edition", "position", "name", "at", "epoch")
_MARK = Prepared(t.STEPS.insert().inline().values({name: sa.bindparam(name) for name in _DONE}))

_DUE = t.DEADLINES.c
_OF_ONE_KIND = (_DUE.edition == sa.bindparam("of"), _DUE.position == sa.bindparam("stage"), _DUE.kind == sa.bindparam("sort"))
_LAST_VERSION = Prepared(sa.select(sa.func.max(_DUE.version).label("version")).where(*_OF_ONE_KIND))
_REPLACED = Prepared(t.DEADLINES.update().where(*_OF_ONE_KIND, _DUE.done_at.is_(None)).values(done_at=sa.bindparam("now")))
_SET = ("edition", "position", "kind", "at", "version")
_DEADLINE = Prepared(t.DEADLINES.insert().inline().values({name: sa.bindparam(name) for name in _SET}))


class DrivingStore(StoreBase):
    """Reads and writes of what drives editions."""

    # -- leases and steps -------------------------------------------------------------------------------------------

    def take_lease(self, edition_id: str, owner: str, until: datetime) -> Lease | None:
        """Become the edition's one writer; None if another engine is. Each taking raises the epoch."""
        self._insert_new(t.LEASES, [{"edition": edition_id, "owner": "", "epoch": 0, "until": self.real_now}])
        given = {"of": edition_id, "now": self.real_now, "nobody": "", "taker": owner, "end": until}
        if not _TAKE.change(self.connection, given):
            return None
        return Lease(edition_id, owner, int(_EPOCH.first(self.connection, {"of": edition_id}).epoch))

    def keep_lease(self, lease: Lease, until: datetime) -> None:
        """Prove, inside the writing transaction, that the lease is still ours, and lengthen it.

        Raises:
            LeaseLost: another engine has taken over.
        """
        held = {"of": lease.edition, "by": lease.epoch, "holder": lease.owner, "end": until}
        if not _LENGTHEN.change(self.connection, held):
            raise LeaseLost(f"{lease.edition}: epoch {lease.epoch} has ended; another engine holds the edition")

    def lease_until(self, edition_id: str) -> datetime | None:
        """Until when an engine holds an edition; None if no lease is in force."""
        table = t.LEASES.c
        return self._scalar(  # type: ignore[no-any-return]
            sa.select(table.until).where(table.edition == edition_id, table.owner != "", table.until > self.real_now)
        )

    def give_back(self, lease: Lease) -> None:
        """End the lease at once; nothing happens if it is no longer ours."""
        _GIVE_BACK.change(self.connection, {"of": lease.edition, "by": lease.epoch, "nobody": "", "now": self.real_now})

    def step_done(self, edition_id: str, position: int, name: str) -> bool:
        """Whether a step of a stage has been committed before."""
        table = t.STEPS.c
        return (
            self._one(sa.select(table.name).where(table.edition == edition_id, table.position == position, table.name == name)) is not None
        )

    def mark_step(self, lease: Lease, position: int, name: str) -> None:
        """Note a step as done, in the transaction of its effects."""
        done = {"edition": lease.edition, "position": position, "name": name, "at": self.edition_now(lease.edition), "epoch": lease.epoch}
        _MARK.change(self.connection, done)

    # -- deadlines --------------------------------------------------------------------------------------------------

    def set_deadline(self, edition_id: str, position: int, kind: str, at: datetime) -> None:
        """Set or move a deadline: the row before it counts as done."""
        here = {"of": edition_id, "stage": position, "sort": kind}
        version = int(_LAST_VERSION.first(self.connection, here).version or 0) + 1
        _REPLACED.change(self.connection, {**here, "now": self.real_now})
        row = {"edition": edition_id, "position": position, "kind": kind, "at": at, "version": version}
        _DEADLINE.change(self.connection, row)

    def bring_forward(self, edition_id: str, position: int, kind: str, at: datetime) -> None:
        """Let a deadline of a kind come at this moment, unless one of that kind comes earlier anyway."""
        table = t.DEADLINES.c
        here = (table.edition == edition_id, table.position == position, table.kind == kind, table.done_at.is_(None))
        waiting = self._one(sa.select(table.at).where(*here))
        if waiting is None or waiting.at > at:
            self.set_deadline(edition_id, position, kind, at)

    def open_deadlines(self, edition_id: str, position: int | None = None) -> tuple[Deadline, ...]:
        """Deadlines not yet dealt with, earliest first."""
        table = t.DEADLINES
        query = sa.select(table).where(table.c.edition == edition_id, table.c.done_at.is_(None)).order_by(table.c.at, table.c.id)
        if position is not None:
            query = query.where(table.c.position == position)
        return tuple(_deadline(row) for row in self._all(query))

    def finish_deadlines(self, edition_id: str, position: int, *, until: datetime | None = None, kind: str | None = None) -> None:
        """Note deadlines of a stage as dealt with: all, those up to a moment, or those of a kind."""
        table = t.DEADLINES.c
        statement = t.DEADLINES.update().where(table.edition == edition_id, table.position == position, table.done_at.is_(None))
        if until is not None:
            statement = statement.where(table.at <= until)
        if kind is not None:
            statement = statement.where(table.kind == kind)
        self._run(statement.values(done_at=self.real_now))

    def unmirrored_deadlines(self) -> tuple[Deadline, ...]:
        """Deadlines of live editions that are not yet shown as scheduled runs."""
        table, edition = t.DEADLINES, t.EDITIONS.c
        rows = self._all(
            sa.select(table)
            .join(t.EDITIONS, edition.id == table.c.edition)
            .where(edition.state == "running", ~edition.rehearsal, table.c.done_at.is_(None), table.c.mirrored_at.is_(None))
            .where(table.c.at > self.real_now)
            .order_by(table.c.id)
        )
        return tuple(_deadline(row) for row in rows)

    def mark_mirrored(self, deadline_id: int) -> None:
        """Note that a deadline is shown as a scheduled run."""
        self._run(t.DEADLINES.update().where(t.DEADLINES.c.id == deadline_id).values(mirrored_at=self.real_now))

    def forget_mirrored(self) -> None:
        """Note that no deadline is shown any more: the server that showed them has lost its database."""
        self._run(t.DEADLINES.update().where(t.DEADLINES.c.done_at.is_(None)).values(mirrored_at=None))

    # -- the outbox, from the relay's side ----------------------------------------------------------------------------

    def claim_wakes(self, until: datetime, *, limit: int, edition: str | None = None) -> tuple[Wake, ...]:
        """Take outbox rows that nobody is handling, of all editions or one; a claim that runs out can be taken again."""
        table = t.OUTBOX.c
        free = sa.or_(table.claimed_until.is_(None), table.claimed_until <= self.real_now)
        query = sa.select(t.OUTBOX).where(table.relayed_at.is_(None), free).order_by(table.id).limit(limit)
        if edition is not None:
            query = query.where(table.edition == edition)
        rows = self._all(query.with_for_update(skip_locked=True))
        for row in rows:
            self._run(t.OUTBOX.update().where(table.id == row.id).values(claimed_until=until))
        return tuple(Wake(row.id, row.edition, row.topic) for row in rows)

    def wake_keys(self, wakes: Iterable[int]) -> dict[int, str]:
        """What makes an outbox row the same row for the Prefect server: its number alone would not do.

        Numbers come again after a restore, and in a second installation on the same server; the server would then take a new
        row for one that it knows, and nobody would be woken.
        """
        table = t.OUTBOX.c
        rows = self._all(sa.select(table.id, table.edition, table.created_at).where(table.id.in_(list(wakes))))
        return {row.id: f"outbox:{row.id}:{row.edition}:{row.created_at.timestamp():.6f}" for row in rows}

    def release_wakes(self, wakes: Iterable[int]) -> None:
        """Give back outbox rows that were claimed and not relayed."""
        table = t.OUTBOX.c
        self._run(t.OUTBOX.update().where(table.id.in_(list(wakes)), table.relayed_at.is_(None)).values(claimed_until=self.real_now))

    def mark_relayed(self, wake_id: int, flow_run: str) -> None:
        """Note that the flow run for an outbox row exists."""
        self._run(t.OUTBOX.update().where(t.OUTBOX.c.id == wake_id).values(relayed_at=self.real_now, flow_run=flow_run))

    def waiting_wakes(self) -> int:
        """Outbox rows without a flow run."""
        return int(self._scalar(sa.select(sa.func.count()).select_from(t.OUTBOX).where(t.OUTBOX.c.relayed_at.is_(None))) or 0)

    # -- engines ----------------------------------------------------------------------------------------------------

    def beat(self, engine: str, *, swept: bool = False) -> None:
        """Note that an engine is alive, and whether it has just swept."""
        row = {"id": engine, "started_at": self.real_now, "seen_at": self.real_now}
        self._insert_new(t.ENGINES, [row])
        values: dict[str, Any] = {"seen_at": self.real_now}
        if swept:
            values["swept_at"] = self.real_now
        self._run(t.ENGINES.update().where(t.ENGINES.c.id == engine).values(**values))

    def engines(self) -> Sequence[tuple[str, datetime, datetime | None]]:
        """Engines with the time of their last sign of life and last sweep."""
        return [(row.id, row.seen_at, row.swept_at) for row in self._all(sa.select(t.ENGINES).order_by(t.ENGINES.c.seen_at.desc()))]


def _deadline(row: Row[Any]) -> Deadline:
    return Deadline(row.id, row.edition, row.position, row.kind, row.at)
