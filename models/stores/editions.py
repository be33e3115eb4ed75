"""Editions and their stages."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from models import earlier
from models import tables as t
from models.edition import Edition, EditionState, Lease, RunState, StageRun
from models.errors import LeaseLost, NoEdition, NotFound
from models.process import Process
from models.stores.base import MICROSECOND
from models.stores.driving import DrivingStore
from models.stores.prepared import Prepared

_PROCESSES: dict[str, Process] = {}
_KEPT = 256
_EDITION = Prepared(
    sa.select(*(column for column in t.EDITIONS.c if column.name != "declaration")).where(t.EDITIONS.c.id == sa.bindparam("edition")),
    kept=_KEPT,
)
_RUNS = Prepared(
    sa.select(t.STAGE_RUNS).where(t.STAGE_RUNS.c.edition == sa.bindparam("edition")).order_by(t.STAGE_RUNS.c.position), kept=_KEPT
)
_RUN = (
    sa.select(t.STAGE_RUNS, t.EDITIONS.c.declaration_hash, t.EDITIONS.c.clock_offset)
    .join(t.EDITIONS, t.EDITIONS.c.id == t.STAGE_RUNS.c.edition)
    .where(t.STAGE_RUNS.c.edition == sa.bindparam("edition"), t.STAGE_RUNS.c.position == sa.bindparam("position"))
)
_RUN_TO_KEEP = Prepared(_RUN.with_for_update(read=True, of=t.STAGE_RUNS), kept=_KEPT)
_RUN_TO_CHANGE = Prepared(_RUN.with_for_update(of=t.STAGE_RUNS))
_BUMP = Prepared(
    t.EDITIONS.update()
    .where(t.EDITIONS.c.id == sa.bindparam("edition"), t.EDITIONS.c.version == sa.bindparam("read"))
    .values(version=sa.bindparam("next"))
)
_MOVE = (
    t.STAGE_RUNS.update()
    .where(
        t.STAGE_RUNS.c.edition == sa.bindparam("of"),
        t.STAGE_RUNS.c.position == sa.bindparam("stage"),
        t.STAGE_RUNS.c.state == sa.bindparam("read"),
    )
    .values(state=sa.bindparam("new"))
)
_ARRIVED: dict[str, Any] = {"attempts": 0, "blocked": None}
_MOVES: dict[str, Prepared] = {
    "open": Prepared(_MOVE.values(opened_at=sa.bindparam("now"), **_ARRIVED)),
    "closed": Prepared(_MOVE.values(closed_at=sa.bindparam("now"), **_ARRIVED)),
}
_MOVE_ON = Prepared(_MOVE)


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
        fresh = {"edition": edition.id, "state": "planned", "requested": False, "round": 0, "attempts": 0}
        rows = [{**fresh, "position": run.position, "opens_at": run.opens_at, "closes_at": run.closes_at} for run in edition.stages]
        self._run(t.STAGE_RUNS.insert(), rows)
        for run in edition.stages:
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
            NoEdition: there is none of that id.
        """
        row = _EDITION.first(self.connection, {"edition": edition_id})
        if row is None:
            known = ", ".join(self.edition_ids()) or "none"
            raise NoEdition(f"there is no edition {edition_id!r}; known editions: {known}")
        self._process(edition_id, row.declaration_hash)
        self._offsets[edition_id] = row.clock_offset * MICROSECOND
        return _edition(row, tuple(_RUNS.all(self.connection, {"edition": edition_id})))

    def _process(self, edition_id: str, declaration_hash: str) -> Process:
        """The declaration as a value; read once in a process's life, since a hash never means anything else."""
        if declaration_hash not in _PROCESSES:
            declaration = self._scalar(sa.select(t.EDITIONS.c.declaration).where(t.EDITIONS.c.id == edition_id))
            _PROCESSES[declaration_hash] = Process.model_validate(earlier.upgraded(declaration))
        return _PROCESSES[declaration_hash]

    def editions(self, state: EditionState | None = None) -> tuple[Edition, ...]:
        """All editions, or those in a state, oldest first."""
        return tuple(self.edition(one) for one in self.edition_ids(state))

    def set_edition_state(self, lease: Lease, state: EditionState) -> None:
        """Change the state of an edition that the caller holds."""
        self._run(t.EDITIONS.update().where(t.EDITIONS.c.id == lease.edition).values(state=state))

    def set_clock(self, edition_id: str, offset: timedelta) -> None:
        """Set how far the edition's own clock is ahead of real time (rehearsals only)."""
        self._offsets.pop(edition_id, None)
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
        bumped = _BUMP.change(self.connection, {"edition": lease.edition, "read": version, "next": version + 1})
        where = {"of": lease.edition, "stage": run.position, "read": run.state, "new": state}
        if state in _MOVES:
            where["now"] = self.edition_now(lease.edition)
        moved = _MOVES.get(state, _MOVE_ON).change(self.connection, where)
        if not (bumped and moved):
            raise LeaseLost(f"{lease.edition}: stage {run.name} is no longer {run.state}, or another engine has moved on")
        if state == "closed":
            self.finish_deadlines(lease.edition, run.position)
        return version + 1

    def lock_stage(self, edition_id: str, position: int, *, to_change: bool = False) -> StageRun:
        """The stage as it stands, kept from changing until this transaction ends; `to_change` keeps out others who would keep it, too."""
        wanted = _RUN_TO_CHANGE if to_change else _RUN_TO_KEEP
        row = wanted.first(self.connection, {"edition": edition_id, "position": position})
        if row is None:
            raise NotFound(f"there is no stage {position} in {edition_id}")
        self._offsets[edition_id] = row.clock_offset * MICROSECOND
        return _stage_run(row, self._process(edition_id, row.declaration_hash))

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


@lru_cache(_KEPT)
def _edition(row: Any, runs: tuple[Any, ...]) -> Edition:
    """What the rows say; made once as long as they stay the same, since every page asks."""
    process = _PROCESSES[row.declaration_hash]
    return Edition(
        id=row.id, label=row.label, process=process, declaration_hash=row.declaration_hash, state=row.state, version=row.version,
        rehearsal=row.rehearsal, seed=row.seed, clock_offset=row.clock_offset * MICROSECOND, created_at=row.created_at,
        stages=tuple(_stage_run(run, process) for run in runs),
    )  # fmt: skip


def _stage_run(row: Any, process: Process) -> StageRun:
    return StageRun(
        edition=row.edition, position=row.position, declared=process.stages[row.position], state=row.state, opens_at=row.opens_at,
        closes_at=row.closes_at, opened_at=row.opened_at, closed_at=row.closed_at, requested=row.requested, round=row.round,
        attempts=row.attempts, blocked=row.blocked,
    )  # fmt: skip
