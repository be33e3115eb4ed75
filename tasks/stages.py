"""How a stage moves: begun, done step by step, finished; each step and the mark that it is done are one transaction.

A process that dies between two steps leaves a stage in `opening` or `closing`; the next one skips what is marked and goes on.
Every transaction proves that the lease is still held, so an engine that slept too long writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from models.edition import Edition, Lease, StageRun
from models.errors import LeaseLost
from models.store import Store
from tasks import reply_dates
from tasks.action import action
from tasks.failpoints import failpoint
from tasks.installation import database, settings


def lease_end(store: Store) -> datetime:
    """Until when a lease that is taken or proved now holds."""
    return store.real_now + timedelta(seconds=settings().lease_seconds)


SETTLING = frozenset({"check_forms", "compute_marks", "release_list", "count", "publish"})
"""Steps of a closing stage by which what its people did is taken as it stands. After one of them nobody can add to it."""


@contextmanager
def held(lease: Lease) -> Iterator[Store]:
    """A writing transaction of the edition's one writer.

    Raises:
        LeaseLost: another engine has taken over; nothing was written.
    """
    with database().write() as store:
        store.keep_lease(lease, lease_end(store))
        yield store


@contextmanager
def step(lease: Lease, position: int, name: str) -> Iterator[Store | None]:
    """A transaction for one step of a stage; None if the step is done already."""
    point = name.split(":")[0]
    failpoint(f"{point}.before")
    with held(lease) as store:
        if store.step_done(lease.edition, position, name):
            yield None
            return
        if name in SETTLING and store.lock_stage(lease.edition, position).state != "closing":
            raise LeaseLost(f"{lease.edition}: the stage was opened again while it was being closed; nothing was written")
        yield store
        store.mark_step(lease, position, name)
        failpoint(f"{point}.uncommitted")
    failpoint(f"{point}.after")


def is_done(edition: str, position: int, name: str) -> bool:
    """Whether a step was done before, so that its costly preparation can be skipped."""
    with database().read() as store:
        return store.step_done(edition, position, name)


def is_settled(store: Store, edition: str, position: int) -> bool:
    """Whether what the people of a stage did has been taken as it stands, so that the stage can no longer be opened again."""
    return any(store.step_done(edition, position, name) for name in SETTLING)


def look(lease: Lease, position: int) -> tuple[Edition, StageRun]:
    """The edition and one of its stages as they stand."""
    with database().read() as store:
        edition = store.edition(lease.edition)
    return edition, edition.stages[position]


@action
def begin_opening(lease: Lease, position: int) -> None:
    """Move a stage from planned to opening."""
    with held(lease) as store:
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        if run.state == "planned":
            store.move_stage(lease, run, "opening", version=edition.version)
            if run.requested:
                store.next_round(lease.edition, position, run.round)  # the wish to open early is fulfilled
    failpoint("begin_opening.after")


@action
def finish_opening(lease: Lease, position: int) -> None:
    """Move a stage to open, and set its deadline and reminders."""
    failpoint("finish_opening.before")
    with held(lease) as store:
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        if run.state != "opening":
            return
        store.move_stage(lease, run, "open", version=edition.version)
        store.finish_deadlines(edition.id, position, kind="opens")
        set_deadlines(store, run)
        store.append(edition.id, "StageOpened", actor="engine", stage=run.name)
    failpoint("finish_opening.after")


def set_deadlines(store: Store, run: StageRun) -> None:
    """Write the rows that will wake the engine for this stage: its reminders and its deadline with grace."""
    if run.closes_at is None or run.cutoff is None:
        return
    now = store.edition_now(run.edition)
    for days in getattr(run.declared, "remind_days_before", ()):
        at = run.closes_at - timedelta(days=days)
        if days == 0:
            at -= timedelta(hours=run.declared.last_call_hours)
        if at > now:
            store.set_deadline(run.edition, run.position, f"remind:{days}", at)
    store.set_deadline(run.edition, run.position, "closes", run.cutoff)
    reply_dates.look_again(store, run)


@action
def begin_closing(lease: Lease, position: int) -> None:
    """Move a stage from open to closing: from now on its people's pages only show."""
    failpoint("begin_closing.before")
    with held(lease) as store:
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        if run.state == "open":
            store.move_stage(lease, run, "closing", version=edition.version)
    failpoint("begin_closing.after")


@action
def finish_closing(lease: Lease, position: int) -> None:
    """Move a stage to closed; mails of it that have become pointless are not sent."""
    failpoint("finish_closing.before")
    with held(lease) as store:
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        if run.state != "closing":
            return
        store.move_stage(lease, run, "closed", version=edition.version)
        for what in ("reminder", "reply", "begin"):
            store.supersede_mails(edition.id, f"{run.name}:{what}:")
        store.append(edition.id, "StageClosed", actor="engine", stage=run.name)
    failpoint("finish_closing.after")
