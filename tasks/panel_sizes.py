"""How many reviewers an entry should have: as declared, or as the office has set it for single entries (rule R2; decision 0026).

What the office has set is an event and nothing else: of those about an entry and a scoring stage the last one counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from models.edition import Edition, Entry, StageRun
from models.errors import JinbangError, NotYet
from models.events import Event
from models.process import Process
from models.stages import ScoringStage
from models.store import Store
from rules import eligibility


@dataclass(frozen=True, slots=True)
class Own:
    """The size of one entry's panel that the office has set."""

    size: int
    at: datetime | None = None
    """None while it is only looked at."""
    actor: str = ""
    reason: str = ""
    seq: int = 0
    """Number of its event."""


@dataclass(frozen=True)
class Sizes:
    """The sizes of all panels of a stage."""

    stage: ScoringStage
    own: Mapping[str, Own]
    """Entry id -> what the office has set; entries that have the declared size are left out."""

    def of(self, entry: Entry) -> int:
        """How many reviewers an entry should have."""
        own = self.own.get(entry.id)
        return self.declared(entry) if own is None else own.size

    def declared(self, entry: Entry) -> int:
        """How many it should have by the declaration, as its class and group are now."""
        return self.stage.panel_of(entry.class_name, entry.group)

    def with_(self, size: int | None, *entries: str) -> Sizes:
        """The same with another size of some entries, by id; None = as declared."""
        rest = {entry: own for entry, own in self.own.items() if entry not in entries}
        return replace(self, own=rest if size is None else rest | {entry: Own(size) for entry in entries})


def look(store: Store, run: StageRun, *, before: int | None = None) -> Sizes:
    """The sizes of a scoring stage as they are now, or as they were before an event of that number."""
    stage = run.declared
    assert isinstance(stage, ScoringStage)  # noqa: S101 - narrows the type; callers have a scoring stage
    own: dict[str, Own] = {}
    for one in changes(store, run):
        if before is not None and one.seq >= before:
            break
        for entry in one.payload["entries"]:
            own.pop(entry, None)
            if one.payload["size"] is not None:
                own[entry] = Own(int(one.payload["size"]), one.at, one.actor, one.payload["reason"], one.seq)
    return Sizes(stage, own)


def grouped(entry: Entry, process: Process) -> Entry:
    """An entry in the group to which its form belongs, where the form check has not put it into one yet."""
    if entry.group or entry.classified:
        return entry
    try:
        return replace(entry, group=eligibility.group_of(entry.fields, entry.class_name, process))
    except JinbangError:
        return entry  # the form check will find that it belongs to no group


def changes(store: Store, run: StageRun) -> tuple[Event, ...]:
    """All that the office has set and taken back in a stage, the first one first."""
    return tuple(one for one in store.events(run.edition, "PanelSizeSet") if one.payload["position"] == run.position)


def allowed(stage: ScoringStage) -> tuple[int, int] | None:
    """The least and the greatest size that the office may set; None if it may set none."""
    if not stage.draw.single_at_most:
        return None
    return stage.aggregate.min_valid, max(stage.draw.single_at_most, stage.largest_panel)


def stage_of(edition: Edition) -> tuple[StageRun, ScoringStage]:
    """The scoring stage whose sizes can be set: the one that is on, else the next one, else the last that was.

    Raises:
        NotYet: the process has no scoring stage.
    """
    opened = edition.last_of("scoring")
    run = next((one for one in edition.stages if one.declared.kind == "scoring" and one.state == "planned"), opened)
    if opened is not None and opened.state != "closed":
        run = opened
    if run is None or not isinstance(run.declared, ScoringStage):
        raise NotYet(f"{edition.id} has no scoring stage")
    return run, run.declared
