"""Editions, their stages, leases, steps, deadlines and the outbox: what the engine lives on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import tables as t
from models.edition import Deadline, Edition, EditionState, Lease, RunState, StageRun, Wake
from models.errors import LeaseLost, NotFound
from models.process import Process
from models.stores.base import MICROSECOND, StoreBase


class EditionStore(StoreBase):
    """Reads and writes of editions and of what drives them."""

    # -- editions ---------------------------------------------------------------------------------------------------

    def add_edition(self, edition: Edition, declaration: dict[str, Any]) -> None:
        """Keep a new edition with its planned stages and their deadlines.

        Raises:
            sqlalchemy.exc.IntegrityError: an edition of that id exists.
        """
        self._run(
            t.EDITIONS.insert().values(
                id=edition.id, process=edition.process.name, label=edition.label, declaration=declaration,
                declaration_hash=edition.declaration_hash, state=edition.state, version=edition.version, rehearsal=edition.rehearsal,
                seed=edition.seed, clock_offset=edition.clock_offset // MICROSECOND, created_at=edition.created_at,
            )  # fmt: skip
        )
        for run in edition.stages:
            self._run(
                t.STAGE_RUNS.insert().values(
                    edition=edition.id, position=run.position, state="planned", opens_at=run.opens_at, closes_at=run.closes_at,
                    requested=False, round=0, attempts=0,
                )  # fmt: skip
            )
            if run.opens_at is not None:
                self.set_deadline(edition.id, run.position, "opens", run.opens_at)

    def edition_ids(self, state: EditionState | None = None) -> tuple[str, ...]:
        """Ids of all editions, or of those in a state, oldest first."""
        query = sa.select(t.EDITIONS.c.id).order_by(t.EDITIONS.c.created_at, t.EDITIONS.c.id)
        if state is not None:
            query = query.where(t.EDITIONS.c.state == state)
        return tuple(row.id for row in self._all(query))

    def unfinished(self) -> tuple[str, ...]:
        """Ids of editions with a stage that is not closed and without an engine that holds them now."""
        runs, lease = t.STAGE_RUNS.c, t.LEASES.c
        held = sa.select(lease.edition).where(lease.until > self.real_now, lease.owner != "")
        rows = self._all(
            sa.select(runs.edition)
            .join(t.EDITIONS, t.EDITIONS.c.id == runs.edition)
            .where(runs.state != "closed", t.EDITIONS.c.state != "cancelled", runs.edition.not_in(held))
            .distinct()
        )
        return tuple(sorted(row.edition for row in rows))

    def edition(self, edition_id: str) -> Edition:
        """The edition with all its stages.

        Raises:
            NotFound: there is none of that id.
        """
        row = self._one(sa.select(t.EDITIONS).where(t.EDITIONS.c.id == edition_id))
        if row is None:
            known = ", ".join(self.edition_ids()) or "none"
            raise NotFound(f"there is no edition {edition_id!r}; known editions: {known}")
        process = _process(row.declaration_hash, row.declaration)
        runs = self._all(sa.select(t.STAGE_RUNS).where(t.STAGE_RUNS.c.edition == edition_id).order_by(t.STAGE_RUNS.c.position))
        return Edition(
            id=row.id, label=row.label, process=process, declaration_hash=row.declaration_hash, state=row.state, version=row.version,
            rehearsal=row.rehearsal, seed=row.seed, clock_offset=row.clock_offset * MICROSECOND, created_at=row.created_at,
            stages=tuple(_stage_run(run, process) for run in runs),
        )  # fmt: skip

    def editions(self, state: EditionState | None = None) -> tuple[Edition, ...]:
        """All editions, or those in a state, oldest first."""
        return tuple(self.edition(one) for one in self.edition_ids(state))

    def set_edition_state(self, lease: Lease, state: EditionState) -> None:
        """Change the state of an edition that the caller holds."""
        self._run(t.EDITIONS.update().where(t.EDITIONS.c.id == lease.edition).values(state=state))

    def set_clock(self, edition_id: str, offset: timedelta) -> None:
        """Set how far the edition's own clock is ahead of real time (rehearsals only)."""
        changed = self._run(
            t.EDITIONS.update().where(t.EDITIONS.c.id == edition_id, t.EDITIONS.c.rehearsal).values(clock_offset=offset // MICROSECOND)
        )
        if not changed:
            raise NotFound(f"{edition_id} is not a rehearsal; only a rehearsal's clock can be moved")

    # -- stages -----------------------------------------------------------------------------------------------------

    def move_stage(self, lease: Lease, run: StageRun, state: RunState, *, version: int) -> int:
        """Compare-and-set a stage from the state that was read to a new one. Yields the edition's new version.

        Raises:
            LeaseLost: the stage or the edition's version is not what was read.
        """
        edition = t.EDITIONS.c
        bumped = self._run(
            t.EDITIONS.update().where(edition.id == lease.edition, edition.version == version).values(version=version + 1)
        )
        table = t.STAGE_RUNS.c
        values: dict[str, Any] = {"state": state}
        now = self.edition_now(lease.edition)
        if state == "open":
            values |= {"opened_at": now, "attempts": 0, "blocked": None}
        if state == "closed":
            values |= {"closed_at": now, "attempts": 0, "blocked": None}
        moved = self._run(
            t.STAGE_RUNS.update()
            .where(table.edition == lease.edition, table.position == run.position, table.state == run.state)
            .values(**values)
        )
        if not (bumped and moved):
            raise LeaseLost(f"{lease.edition}: stage {run.name} is no longer {run.state}, or another engine has moved on")
        if state == "closed":
            self.finish_deadlines(lease.edition, run.position)
        return version + 1

    def lock_stage(self, edition_id: str, position: int, *, to_change: bool = False) -> StageRun:
        """The stage as it stands, kept from changing until this transaction ends; `to_change` keeps out others who would keep it, too."""
        table = t.STAGE_RUNS
        process = self._one(sa.select(t.EDITIONS.c.declaration_hash, t.EDITIONS.c.declaration).where(t.EDITIONS.c.id == edition_id))
        row = self._one(
            sa.select(table).where(table.c.edition == edition_id, table.c.position == position).with_for_update(read=not to_change)
        )
        if row is None or process is None:
            raise NotFound(f"there is no stage {position} in {edition_id}")
        return _stage_run(row, _process(process.declaration_hash, process.declaration))

    def request_close(self, edition_id: str, position: int) -> None:
        """Note that an admin wants the stage closed now."""
        table = t.STAGE_RUNS.c
        self._run(t.STAGE_RUNS.update().where(table.edition == edition_id, table.position == position).values(requested=True))

    def extend_stage(self, edition_id: str, position: int, closes_at: datetime) -> None:
        """Set a new deadline; a stage that was closing or blocked opens again for its people."""
        table = t.STAGE_RUNS.c
        here = (table.edition == edition_id, table.position == position)
        self._run(t.STAGE_RUNS.update().where(*here).values(closes_at=closes_at, attempts=0, blocked=None, requested=False))
        self._run(t.STAGE_RUNS.update().where(*here, table.state == "closing").values(state="open"))
        state = self._scalar(sa.select(table.state).where(*here))
        if state == "open":
            self.set_deadline(edition_id, position, "closes", closes_at)

    def reopen_stage(self, edition_id: str, position: int) -> None:
        """Let a stage that was closing take answers again."""
        table = t.STAGE_RUNS.c
        here = (table.edition == edition_id, table.position == position)
        self._run(t.STAGE_RUNS.update().where(*here, table.state == "closing").values(state="open"))

    def next_round(self, edition_id: str, position: int, number: int) -> None:
        """Note that the stage has been sent out again for the n-th time."""
        table = t.STAGE_RUNS.c
        self._run(t.STAGE_RUNS.update().where(table.edition == edition_id, table.position == position).values(round=number, requested=False))

    def note_failure(self, lease: Lease, position: int, cause: str, *, limit: int) -> bool:
        """Count a failed try; at the limit the stage is blocked. Yields whether it is blocked now."""
        table = t.STAGE_RUNS.c
        here = (table.edition == lease.edition, table.position == position)
        attempts = int(self._scalar(sa.select(table.attempts).where(*here)) or 0) + 1
        blocked = attempts >= limit
        self._run(t.STAGE_RUNS.update().where(*here).values(attempts=attempts, blocked=cause if blocked else None))
        return blocked

    def unblock(self, edition_id: str, position: int) -> None:
        """Let the engine try a blocked stage again."""
        table = t.STAGE_RUNS.c
        self._run(
            t.STAGE_RUNS.update().where(table.edition == edition_id, table.position == position).values(attempts=0, blocked=None)
        )

    # -- leases and steps -------------------------------------------------------------------------------------------

    def take_lease(self, edition_id: str, owner: str, until: datetime) -> Lease | None:
        """Become the edition's one writer; None if another engine is. Each taking raises the epoch."""
        self._insert_new(t.LEASES, [{"edition": edition_id, "owner": "", "epoch": 0, "until": self.real_now}])
        table = t.LEASES.c
        taken = self._run(
            t.LEASES.update()
            .where(table.edition == edition_id, sa.or_(table.until <= self.real_now, table.owner == ""))
            .values(owner=owner, epoch=table.epoch + 1, until=until)
        )
        if not taken:
            return None
        return Lease(edition_id, owner, int(self._scalar(sa.select(table.epoch).where(table.edition == edition_id))))

    def keep_lease(self, lease: Lease, until: datetime) -> None:
        """Prove, inside the writing transaction, that the lease is still ours, and lengthen it.

        Raises:
            LeaseLost: another engine has taken over.
        """
        table = t.LEASES.c
        if not self._run(
            t.LEASES.update().where(table.edition == lease.edition, table.epoch == lease.epoch, table.owner == lease.owner).values(until=until)
        ):
            raise LeaseLost(f"{lease.edition}: epoch {lease.epoch} has ended; another engine holds the edition")

    def lease_until(self, edition_id: str) -> datetime | None:
        """Until when an engine holds an edition; None if no lease is in force."""
        table = t.LEASES.c
        return self._scalar(  # type: ignore[no-any-return]
            sa.select(table.until).where(table.edition == edition_id, table.owner != "", table.until > self.real_now)
        )

    def give_back(self, lease: Lease) -> None:
        """End the lease at once; nothing happens if it is no longer ours."""
        table = t.LEASES.c
        self._run(
            t.LEASES.update().where(table.edition == lease.edition, table.epoch == lease.epoch).values(owner="", until=self.real_now)
        )

    def step_done(self, edition_id: str, position: int, name: str) -> bool:
        """Whether a step of a stage has been committed before."""
        table = t.STEPS.c
        return self._one(sa.select(table.name).where(table.edition == edition_id, table.position == position, table.name == name)) is not None

    def mark_step(self, lease: Lease, position: int, name: str) -> None:
        """Note a step as done, in the transaction of its effects."""
        self._run(
            t.STEPS.insert().values(edition=lease.edition, position=position, name=name, at=self.edition_now(lease.edition), epoch=lease.epoch)
        )

    # -- deadlines --------------------------------------------------------------------------------------------------

    def set_deadline(self, edition_id: str, position: int, kind: str, at: datetime) -> None:
        """Set or move a deadline: the row before it counts as done."""
        table = t.DEADLINES.c
        here = (table.edition == edition_id, table.position == position, table.kind == kind)
        version = int(self._scalar(sa.select(sa.func.max(table.version)).where(*here)) or 0) + 1
        self._run(t.DEADLINES.update().where(*here, table.done_at.is_(None)).values(done_at=self.real_now))
        self._run(t.DEADLINES.insert().values(edition=edition_id, position=position, kind=kind, at=at, version=version))

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


_PROCESSES: dict[str, Process] = {}


def _process(declaration_hash: str, declaration: dict[str, Any]) -> Process:
    """The declaration as a value; kept, since a hash never means anything else."""
    if declaration_hash not in _PROCESSES:
        _PROCESSES[declaration_hash] = Process.model_validate(declaration)
    return _PROCESSES[declaration_hash]


def _stage_run(row: Row[Any], process: Process) -> StageRun:
    return StageRun(
        edition=row.edition, position=row.position, declared=process.stages[row.position], state=row.state, opens_at=row.opens_at,
        closes_at=row.closes_at, opened_at=row.opened_at, closed_at=row.closed_at, requested=row.requested, round=row.round,
        attempts=row.attempts, blocked=row.blocked,
    )  # fmt: skip


def _deadline(row: Row[Any]) -> Deadline:
    return Deadline(row.id, row.edition, row.position, row.kind, row.at)
