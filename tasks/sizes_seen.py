"""The sizes of single panels for the office: which are set, by whom and why, and what was set before (rule R2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.edition import Edition, Entry, StageRun
from models.stages import ScoringStage
from models.store import Store
from tasks import panel_sizes, panel_state
from tasks.panel_sizes import Own


@dataclass(frozen=True, slots=True)
class Line:
    """An entry whose panel has a size of its own."""

    entry: Entry
    own: Own
    declared: int
    held: int
    """Reviewers who sit there."""
    reviewed: bool
    """Whether it is among those that are reviewed, or may be; else nothing can be set for it now."""


@dataclass(frozen=True, slots=True)
class Change:
    """One act of the office."""

    at: datetime
    actor: str
    entries: tuple[str, ...]
    """Codes."""
    size: int | None
    """None: as declared again."""
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What is set in the scoring stage that is on, or comes next."""

    run: StageRun
    stage: ScoringStage
    lines: tuple[Line, ...]
    """By code."""
    changes: tuple[Change, ...]
    """The latest first."""
    sealed: bool
    """Nobody but its nominator may see an entry yet; so nothing is shown, and nothing can be set."""

    @property
    def allowed(self) -> tuple[int, int] | None:
        """The least and the greatest size that may be set; None if the declaration allows none."""
        return panel_sizes.allowed(self.stage)

    @property
    def changeable(self) -> bool:
        """Whether the stage is still to come, or on."""
        return self.run.state in ("planned", "opening", "open") and not self.sealed


def seen(store: Store, edition: Edition) -> Seen:
    """Read what is set.

    Raises:
        NotYet: the process has no scoring stage.
    """
    run, stage = panel_sizes.stage_of(edition)
    if panel_state.sealed(store, edition):
        return Seen(run, stage, (), (), True)
    sizes = panel_sizes.look(store, run)
    entries = {one.id: panel_sizes.grouped(one, edition.process) for one in store.entries(edition.id)}
    sitting = [one.entry for one in store.panels_of(run.position, sizes.own) if not one.recused]
    reviewed = panel_state.states_of(run)
    lines = [
        Line(one, sizes.own[one.id], sizes.declared(one), sitting.count(one.id), one.state in reviewed and not one.classified)
        for one in entries.values()
        if one.id in sizes.own
    ]
    changes = [
        Change(
            one.at, one.actor, tuple(sorted(entries[entry].code for entry in one.payload["entries"] if entry in entries)),
            one.payload["size"], one.payload["reason"],
        )
        for one in panel_sizes.changes(store, run)
    ]  # fmt: skip
    return Seen(run, stage, tuple(sorted(lines, key=lambda one: one.entry.code)), tuple(reversed(changes)), False)
