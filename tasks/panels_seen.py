"""Who sits where in the latest scoring stage, with the state of each sheet; for the office alone (R-18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from models.edition import Assignment, Edition, Entry, Reviewer, ScoreSheet, StageRun
from models.stages import ScoringStage
from models.store import Store
from rules.panel_flow import EXACT
from rules.reserves import Unfit
from tasks import drawing, panel_sizes, ranking_report, reserves, reviewing, unsigned
from tasks.panel_sizes import Own

SheetState = Literal["new", "draft", "complete", "signed", "left"]
"""Not begun; begun; nothing lacks but the signature; signed; no longer in the reviewer's hands."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A reviewer who sits on a panel, or has left it."""

    reviewer: Reviewer
    fit: int
    """As `rules.assignment.fit` says it."""
    shared: int
    """Keywords in common with the entry, as far as they count."""
    state: SheetState


@dataclass(frozen=True, slots=True)
class Panel:
    """The reviewers of one entry."""

    entry: Entry
    seats: tuple[Seat, ...]
    """Those who sit there by code, then those who left."""
    size: int
    """How many there should be."""
    topical: bool
    """Whether anything is asked of the reviewers' disciplines."""
    reserves: tuple[Reviewer, ...] = ()
    """Who steps in when a seat becomes free, the first one first."""
    unfit: Mapping[str, Unfit] = field(default_factory=dict)
    """Code of a reserve who could not step in as things are -> why."""
    own: Own | None = None
    """What the office has set as size of this panel alone."""
    closed: bool = False
    """Whether its unsigned sheets were closed: its empty seats need nobody (`tasks.unsigned`)."""

    @property
    def held(self) -> tuple[Seat, ...]:
        """Those who sit there."""
        return tuple(one for one in self.seats if one.state != "left")

    @property
    def empty(self) -> int:
        """Empty seats that somebody should fill."""
        return 0 if self.closed else max(0, self.size - len(self.held))

    @property
    def lacks_exact(self) -> bool:
        """Whether a discipline is asked for, and nobody there has it exactly."""
        return self.topical and all(one.fit != EXACT for one in self.held)


@dataclass(frozen=True, slots=True)
class Seen:
    """All panels of a stage."""

    run: StageRun
    stage: ScoringStage
    panels: tuple[Panel, ...]
    """By code of the entry."""

    @property
    def wanted(self) -> tuple[int, ...]:
        """Reviewers that entries should have, each number once; ascending."""
        return tuple(sorted({one.size for one in self.panels} or {self.stage.panel}))


def seen(store: Store, edition: Edition) -> Seen:
    """Read the panels of the latest scoring stage; entries that no draw serves are left out.

    Raises:
        NotFound: no scoring stage has been opened.
    """
    run, stage = ranking_report.stage_of(edition)
    people = {one.id: one for one in store.reviewers(edition.id)}
    sheets = {one.assignment: one for one in store.sheets(edition.id, run.position)}
    pairs: dict[str, list[Assignment]] = defaultdict(list)
    for pair in store.assignments(edition.id, run.position):
        pairs[pair.entry].append(pair)
    whole = (one for one in store.entries(edition.id) if one.state not in ranking_report.OUT and not one.classified)

    def seat(entry: Entry, pair: Assignment) -> Seat:
        who = people[pair.reviewer]
        state = _state(stage, entry, pair, sheets.get(pair.id))
        return Seat(who, drawing.fit_of(who, entry, stage), drawing.shared_of(who, entry, stage), state)

    panels, entries, of_code = [], sorted(whole, key=lambda one: one.code), {one.code: one for one in people.values()}
    waiting = reserves.waiting(store, edition, run, entries)
    spare = {code: tuple(map(of_code.__getitem__, some)) for code, some in waiting.items()}
    unfit = reserves.unfit(store, edition, run, entries, waiting)
    sizes = panel_sizes.look(store, run)
    closed = unsigned.closed_entries(store, run, sizes)
    for entry in entries:
        seats = sorted((seat(entry, pair) for pair in pairs[entry.id]), key=lambda one: (one.state == "left", one.reviewer.code))
        topical = drawing.topic(entry, stage) is not None
        there, out, own = spare.get(entry.code, ()), unfit.get(entry.code, {}), sizes.own.get(entry.id)
        panels.append(Panel(entry, tuple(seats), sizes.of(entry), topical, there, out, own, entry.id in closed))
    return Seen(run, stage, tuple(panels))


def _state(stage: ScoringStage, entry: Entry, pair: Assignment, sheet: ScoreSheet | None) -> SheetState:
    if pair.recused:
        return "left"
    if sheet is None:
        return "new"
    if sheet.signed_at is not None:
        return "signed"
    return "complete" if reviewing.is_complete(stage.sheet_of(entry.class_name), sheet) else "draft"
