"""What an edition must do next: a function of what is stored and of its own clock.

Nothing else decides. Whoever wakes the engine, and however often, the answer is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.edition import Deadline, Edition, StageRun


@dataclass(frozen=True, slots=True)
class Situation:
    """One edition at one moment."""

    edition: Edition
    now: datetime
    """By the edition's own clock."""
    ready: bool
    """Everyone whom the open stage waits for has acted."""
    reminders: tuple[Deadline, ...]
    """Reminders of the open stage that have come and are not dealt with."""
    seen: int
    """Number of the latest event; a later one means that somebody acted after this was read."""
    held: bool = False
    """The deadline has passed, but people still have something to settle before the open stage can close."""
    dues: tuple[Deadline, ...] = ()
    """What the open stage must settle by itself now: rows of a kind `due:…` that have come."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open this stage, or go on opening it."""

    run: StageRun


@dataclass(frozen=True, slots=True)
class Remind:
    """Remind those who have not acted; of several reminders that have come only the last is sent."""

    run: StageRun
    due: Deadline


@dataclass(frozen=True, slots=True)
class Settle:
    """Do what a moment within the stage asks for, such as refusing an entry that was not corrected in time."""

    run: StageRun
    due: Deadline


@dataclass(frozen=True, slots=True)
class Close:
    """Close this stage, or go on closing it."""

    run: StageRun


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`, or before somebody acts."""

    run: StageRun
    until: datetime | None
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """All stages are closed."""


Step = Open | Remind | Settle | Close | Wait | Finished


def next_step(situation: Situation) -> Step:
    """The one thing to do now.

    A stage opens when the one before has closed and its `opens` has come; it closes when its people are done, when an
    admin asked for it, or at its deadline with its grace. Where people have something to settle after the deadline, it stays
    open until they have. A blocked stage waits for a person.
    """
    edition, now = situation.edition, situation.now
    run = edition.current
    if run is None or edition.state == "cancelled":
        return Finished()
    if run.blocked is not None:
        return Wait(run, None, blocked=True)
    if run.state in ("planned", "opening"):
        if run.state == "planned" and run.opens_at is not None and now < run.opens_at and not run.requested:
            return Wait(run, run.opens_at)
        return Open(run)
    if run.state == "closing":
        return Close(run)
    if situation.dues:
        return Settle(run, min(situation.dues, key=lambda one: (one.at, one.id)))
    if situation.held:
        return Wait(run, None)
    if situation.ready or run.requested:
        return Close(run)
    if run.cutoff is not None and now >= run.cutoff and not run.waits_for_admin:
        return Close(run)
    if due := _latest(situation.reminders, before=run.cutoff):
        return Remind(run, due)
    return Wait(run, None if run.waits_for_admin else run.cutoff)


def _latest(reminders: Sequence[Deadline], *, before: datetime | None) -> Deadline | None:
    in_time = [one for one in reminders if before is None or one.at <= before]
    return max(in_time, key=lambda one: (one.at, one.id), default=None)
