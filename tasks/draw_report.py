"""What came of the draw of an edition's latest scoring stage, for the office: loads, empty seats and why, conflicts, reserves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from models.declared import Words
from models.edition import Assignment, Edition, Entry, Reviewer, StageRun
from models.events import Event
from models.stages import ScoringStage
from models.store import Store
from rules import shortage
from rules.conflicts import unit_key
from tasks import drawing, joined_later, known_conflicts, panel_sizes, ranking_report, reserves, shortages, unsigned
from tasks.joined_later import Joined

Reason = str
"""`declined`, a cause of `known_conflicts.Known.causes`, `had`, `panel_unit` or `full`."""


@dataclass(frozen=True, slots=True)
class Round:
    """One draw, as it was recorded."""

    number: int
    at: datetime
    seed: int
    seats: int
    empty: int
    digest: str
    kind: str = ""
    """Of a draw that the office asked for: its mode; `reserve`: of reserves, who sit nowhere yet."""


@dataclass(frozen=True, slots=True)
class Load:
    """One reviewer."""

    person: Reviewer
    held: int
    """Entries in hand."""
    capacity: int
    """Entries at most."""
    declined: bool
    least: int
    """Entries that the person should have, as far as they take so many."""


@dataclass(frozen=True, slots=True)
class Short:
    """An entry with fewer reviewers than asked."""

    entry: Entry
    held: int
    wanted: int
    """Reviewers that it should have."""
    steps: tuple[tuple[Reason, int], ...]
    """How many of all reviewers are left for it after each reason in turn."""


@dataclass(frozen=True)
class Report:
    """What the office sees."""

    run: StageRun
    stage: ScoringStage
    rounds: tuple[Round, ...]
    """Empty before the first draw."""
    loads: tuple[Load, ...]
    """Everybody who is not struck off, by code."""
    covered: Mapping[int, int]
    """Reviewers on the panel -> entries; entries without any are counted once panels are drawn."""
    short: tuple[Short, ...]
    """By code; before the first draw those that no draw could serve."""
    gaps: tuple[Words, ...]
    """Why seats stay empty and what would fill them, line by line."""
    pairs: int
    """Pairs of an entry and a reviewer who is not struck off."""
    forbidden: Mapping[Reason, int]
    """Conflict of interest -> pairs that it forbids; a pair with several counts once, by the first."""
    waiting: tuple[tuple[str, str], ...]
    """Entry and reviewer, by code, of pairs that are not drawn because the office has not decided about them."""
    fits: Mapping[int, int]
    """Level of fit, as `rules.assignment.fit` says it -> seats."""
    joined: tuple[Joined, ...]
    """Who came later, in the order of the events."""
    wanted: tuple[int, ...]
    """Reviewers that entries should have, each number once; ascending."""
    sharing: int = 0
    """Seats whose reviewers share keywords with the entry."""
    shared: int = 0
    """Keywords that they share in all, as far as they count."""
    spare: Mapping[int, int] = field(default_factory=dict)
    """Reserves who could step in now -> entries that have so many; empty unless reserves were drawn."""
    own_sizes: int = 0
    """Entries for which the office has set a size."""

    @property
    def drawn(self) -> bool:
        """Whether there are panels."""
        return bool(self.covered)

    @property
    def below(self) -> tuple[Load, ...]:
        """Who has fewer entries than should be; only once there are panels."""
        return tuple(one for one in self.loads if self.drawn and not one.declined and one.held < one.least)

    @property
    def reserves(self) -> tuple[Load, ...]:
        """Who has nothing in hand and could take something."""
        return tuple(one for one in self.loads if not one.held and not one.declined and one.capacity)


def report(store: Store, edition: Edition) -> Report:
    """Look at the latest scoring stage.

    Why seats stay empty is told by the reviewers and limits as they are now, and only until the stage has closed.

    Raises:
        NotFound: no scoring stage has been opened.
    """
    run, stage = ranking_report.stage_of(edition)
    look = _Look(store, edition, run, stage)
    events = store.events(edition.id, "PanelsDrawn", "ReservesDrawn", "PanelsChanged")
    rounds = [_round(one, run) for one in events if one.payload["stage"] == run.name and "seed" in one.payload]
    drawn = bool(look.panels)
    short, gaps = look.shortage() if run.state != "closed" else ((), ())
    if run.state == "closed":
        short = tuple(look.short(one) for one in look.entries if look.gaps[one.id])
    return Report(
        run, stage,
        rounds=tuple(rounds),
        loads=look.loads(),
        covered=dict(sorted(Counter(look.sizes[one.id] for one in look.entries).items())) if drawn else {},
        short=short,
        gaps=gaps,
        pairs=len(look.entries) * len(look.people),
        forbidden=look.forbidden(),
        waiting=look.waiting(),
        fits=look.fits(),
        joined=joined_later.joined(store, edition, run, look.assignments),
        wanted=tuple(sorted(set(look.wanted.values()) or {stage.panel})),
        sharing=sum(n > 0 for n in look.shared()), shared=sum(look.shared()), spare=look.spare(),
        own_sizes=sum(one.id in look.panel_sizes.own for one in look.entries),
    )  # fmt: skip


def _round(event: Event, run: StageRun) -> Round:
    said = event.payload
    if event.type in ("PanelsDrawn", "ReservesDrawn"):
        kind = "reserve" if event.type == "ReservesDrawn" else ""
        return Round(said["round"], event.at, said["seed"], said["seats"], said["empty"], said["digest"], kind)
    return Round(run.round, event.at, int(said["seed"]), len(said["put"]), said["empty"], said["digest"], said["mode"])


class _Look:
    """Entries, reviewers and panels of one stage, read once."""

    def __init__(self, store: Store, edition: Edition, run: StageRun, stage: ScoringStage) -> None:
        self.store, self.edition, self.run, self.stage = store, edition, run, stage
        self.assignments = store.assignments(edition.id, run.position)
        self.panels: tuple[Assignment, ...] = tuple(one for one in self.assignments if not one.recused)
        # Classified entries are not reviewed online, and draws leave them out.
        whole = (one for one in store.entries(edition.id) if one.state not in ranking_report.OUT and not one.classified)
        self.entries = tuple(sorted(whole, key=lambda one: one.code))
        self.everybody = store.reviewers(edition.id)
        self.people = tuple(sorted((one for one in self.everybody if one.active), key=lambda one: one.code))
        self.sizes = Counter(one.entry for one in self.panels)
        self.panel_sizes = panel_sizes.look(store, run)
        self.wanted = {one.id: self.panel_sizes.of(one) for one in self.entries}
        closed = unsigned.closed_entries(store, run, self.panel_sizes)
        self.gaps = {entry: 0 if entry in closed else max(0, wanted - self.sizes[entry]) for entry, wanted in self.wanted.items()}
        self.known = known_conflicts.look(store, edition, stage, self.entries, self.people)
        self.bars = self.known.causes()

    def loads(self) -> tuple[Load, ...]:
        """Everybody with load and capacity."""
        held = Counter(one.reviewer for one in self.panels)
        answers = {one.reviewer: one for one in self.store.invitations(self.edition.id, self.run.position)}
        return tuple(
            Load(one, held[one.id], most, drawing.declined(answers.get(one.id)), min(most, drawing.least(one, self.stage)))
            for one in self.people
            for most in (drawing.capacity(one, self.stage, answers.get(one.id)),)
        )

    def spare(self) -> dict[int, int]:
        """Entries by how many reserves they have left."""
        if not self.store.drawn_pairs(self.edition.id, self.run.position, "reserve"):
            return {}
        there = reserves.waiting(self.store, self.edition, self.run, self.entries)
        out = reserves.unfit(self.store, self.edition, self.run, self.entries, there)
        return dict(sorted(Counter(len(there.get(one.code, ())) - len(out.get(one.code, ())) for one in self.entries).items()))

    def forbidden(self) -> dict[Reason, int]:
        """Pairs by the first conflict that holds."""
        counts: dict[Reason, int] = dict.fromkeys(self.bars, 0)
        for entry in self.entries:
            out: frozenset[str] = frozenset()
            for relation, by in self.bars.items():
                counts[relation] += len(by.get(entry.id, frozenset()) - out)
                out |= by.get(entry.id, frozenset())
        return counts

    def waiting(self) -> tuple[tuple[str, str], ...]:
        """Pairs about which the office has still to decide."""
        entries, people = {one.id: one.code for one in self.entries}, {one.id: one.code for one in self.people}
        return tuple(sorted((entries[entry], people[who]) for entry, who in self.known.waiting))

    def fits(self) -> dict[int, int]:
        """Seats by how well their reviewers fit."""
        return dict(Counter(drawing.fit_of(who, entry, self.stage) for entry, who in self._pairs()))

    def shared(self) -> list[int]:
        """By seat, the keywords in common."""
        return [drawing.shared_of(who, entry, self.stage) for entry, who in self._pairs()] if self.stage.draw.keywords else []

    def _pairs(self) -> list[tuple[Entry, Reviewer]]:
        people, entries = {one.id: one for one in self.everybody}, {one.id: one for one in self.entries}
        return [(entries[one.entry], people[one.reviewer]) for one in self.panels if one.entry in entries]

    def short(self, entry: Entry, steps: tuple[tuple[Reason, int], ...] = ()) -> Short:
        """An entry with empty seats."""
        return Short(entry, self.sizes[entry.id], self.wanted[entry.id], steps)

    def shortage(self) -> tuple[tuple[Short, ...], tuple[Words, ...]]:
        """Entries with empty seats, and the gaps in words."""
        open_seats = {entry: gap for entry, gap in self.gaps.items() if gap}
        if not open_seats:
            return (), ()
        asked = drawing.question(self.store, self.edition, self.run, open_seats, self.entries)
        found = shortages.explained(self.store, self.edition, self.stage, self.entries, self.panels, asked)
        # Panels stay drawn where others are short; before the first draw only those are short whom no draw could serve.
        named = {entry for gap in found.gaps for entry in gap.entries} if found else set()
        wanted = set(open_seats) if self.panels else {one.id for one in self.entries if one.code in named}
        short = tuple(self.short(one, self._steps(one, asked)) for one in self.entries if one.id in wanted)
        return short, shortages.told(found)

    def _steps(self, entry: Entry, asked: drawing.Question) -> tuple[tuple[Reason, int], ...]:
        codes = {one.id: one.code for one in self.people}
        drawable = {one.id for one in asked.panelists}
        there = Counter(unit_key(one) for need in asked.needs if need.entry == entry.code for one in need.panel_units)
        units = {unit for unit, count in there.items() if unit and count >= self.stage.per_unit}
        out: dict[Reason, set[str]] = {"declined": set(codes.values()) - drawable}
        out |= {cause: {codes[one] for one in by.get(entry.id, ())} for cause, by in self.bars.items()}
        out["had"] = {codes[one.reviewer] for one in self.assignments if one.entry == entry.id and one.reviewer in codes}
        out["panel_unit"] = {one.code for one in self.people if unit_key(asked.units[one.code]) in units}
        out["full"] = {one.id for one in asked.panelists if asked.taken.get(one.id, 0) >= one.capacity}
        left = shortage.waterfall(set(codes.values()), {str(reason): some for reason, some in out.items()})
        return tuple(zip(out, (number for _, number in left), strict=True))
