"""Editions and their stages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import tables as t
from models.edition import Edition, EditionState, Lease, RunState, StageRun
from models.errors import LeaseLost, NotFound
from models.process import Process
from models.stores.base import MICROSECOND
from models.stores.driving import DrivingStore


class EditionStore(DrivingStore):
    """Reads and writes of editions and of their stages."""

    # -- editions ---------------------------------------------------------------------------------------------------

    def add_edition(self, edition: Edition, declaration: dict[str, Any]) -> None:
        """Keep a new edition with its planned stages and their deadlines.

        Raises:
            sqlalchemy.exc.IntegrityError: an edition of that id exists.
        """
        self._run(
            t.EDITIONS.insert().values(
                id=edition.id,
                process=edition.process.name,
                label=edition.label,
                declaration=declaration,
                declaration_hash=edition.declaration_hash,
                state=edition.state,
                version=edition.version,
                rehearsal=edition.rehearsal,
                seed=edition.seed,
                clock_offset=edition.clock_offset // MICROSECOND,
                created_at=edition.created_at,
            )
        )
        for run in edition.stages:
            self._run(
                t.STAGE_RUNS.insert().values(
                    edition=edition.id,
                    position=run.position,
                    state="planned",
                    opens_at=run.opens_at,
                    closes_at=run.closes_at,
                    requested=False,
                    round=0,
                    attempts=0,
                )
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
        bumped = self._run(t.EDITIONS.update().where(edition.id == lease.edition, edition.version == version).values(version=version + 1))
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
        self._run(
            t.STAGE_RUNS.update().where(table.edition == edition_id, table.position == position).values(round=number, requested=False)
        )

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
        self._run(t.STAGE_RUNS.update().where(table.edition == edition_id, table.position == position).values(attempts=0, blocked=None))


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
