"""What came of the draw of an edition's latest scoring stage, for the office: loads, empty seats and why, conflicts, reserves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from models.declared import Words
from models.edition import Assignment, Edition, Entry, Reviewer, StageRun
from models.instances import Instance, PoolMember
from models.stages import ScoringStage
from models.store import Store
from rules import assignment, shortage, shortage_words
from rules.conflicts import unit_key
from tasks import drawing, joined_later, ranking_report
from tasks.joined_later import Joined

Reason = Literal["declined", "signer", "self", "same_unit", "nominator", "declared", "had", "panel_unit", "full"]
RELATIONS: tuple[Reason, ...] = ("signer", "self", "same_unit", "nominator", "declared")
"""Conflicts of interest, in the order in which a pair is counted; a pair with several counts once."""


@dataclass(frozen=True, slots=True)
class Round:
    """One draw, as it was recorded."""

    number: int
    at: datetime
    seed: int
    seats: int
    empty: int
    digest: str


@dataclass(frozen=True, slots=True)
class Load:
    """One reviewer."""

    person: Reviewer
    held: int
    """Entries in hand."""
    capacity: int
    """Entries at most."""
    declined: bool


@dataclass(frozen=True, slots=True)
class Short:
    """An entry with fewer reviewers than asked."""

    entry: Entry
    held: int
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
    """Conflict of interest -> pairs that it forbids."""
    fits: Mapping[int, int]
    """Level of fit, as `rules.assignment.fit` says it -> seats."""
    joined: tuple[Joined, ...]
    """Who came later, in the order of the events."""

    @property
    def drawn(self) -> bool:
        """Whether there are panels."""
        return bool(self.covered)

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
    events = store.events(edition.id, "PanelsDrawn")
    rounds = [one for one in events if one.payload["stage"] == run.name]
    drawn = bool(look.panels)
    short, gaps = look.shortage() if run.state != "closed" else ((), ())
    if run.state == "closed":
        short = tuple(Short(one, look.sizes[one.id], ()) for one in look.entries if look.sizes[one.id] < stage.panel)
    return Report(
        run, stage,
        rounds=tuple(
            Round(one.payload["round"], one.at, one.payload["seed"], one.payload["seats"], one.payload["empty"], one.payload["digest"])
            for one in rounds
        ),
        loads=look.loads(),
        covered=dict(sorted(Counter(look.sizes[one.id] for one in look.entries).items())) if drawn else {},
        short=short,
        gaps=gaps,
        pairs=len(look.entries) * len(look.people),
        forbidden=look.forbidden(),
        fits=look.fits(),
        joined=joined_later.joined(store, edition, run, look.assignments),
    )  # fmt: skip


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
        self.bars = self._bars()

    def loads(self) -> tuple[Load, ...]:
        """Everybody with load and capacity."""
        held = Counter(one.reviewer for one in self.panels)
        answers = {one.reviewer: one for one in self.store.invitations(self.edition.id, self.run.position)}
        return tuple(
            Load(one, held[one.id], drawing.capacity(one, self.stage, answers.get(one.id)), drawing.declined(answers.get(one.id)))
            for one in self.people
        )

    def _bars(self) -> dict[Reason, Mapping[str, frozenset[str]]]:
        """Conflict of interest -> entry id -> ids of the reviewers whom it forbids."""
        nominators, signed = self.store.nominators(self.edition.id), drawing.signers(self.store, self.edition)
        found: dict[Reason, Mapping[str, frozenset[str]]] = {"signer": assignment.bars(self.entries, self.people, nominators, (), signed)}
        for relation in RELATIONS[1:4]:
            asked = tuple(one for one in self.stage.conflicts if one == relation)
            found[relation] = assignment.bars(self.entries, self.people, nominators, asked)
        declared: dict[str, set[str]] = defaultdict(set)
        for one in self.store.conflicts(self.edition.id):
            declared[one.entry].add(one.reviewer)
        active = {one.id for one in self.people}
        found["declared"] = {one.id: frozenset(declared[one.id] & active) for one in self.entries}
        return found

    def forbidden(self) -> dict[Reason, int]:
        """Pairs by the first conflict that holds."""
        counts: dict[Reason, int] = dict.fromkeys(RELATIONS, 0)
        for entry in self.entries:
            out: frozenset[str] = frozenset()
            for relation in RELATIONS:
                counts[relation] += len(self.bars[relation][entry.id] - out)
                out |= self.bars[relation][entry.id]
        return counts

    def fits(self) -> dict[int, int]:
        """Seats by how well their reviewers fit."""
        people, entries = {one.id: one for one in self.everybody}, {one.id: one for one in self.entries}
        pairs = ((entries[one.entry], people[one.reviewer]) for one in self.panels if one.entry in entries)
        return dict(Counter(assignment.fit(drawing.topic(entry, self.stage), who.disciplines) for entry, who in pairs))

    def shortage(self) -> tuple[tuple[Short, ...], tuple[Words, ...]]:
        """Entries with empty seats, and the gaps in words."""
        open_seats = {one.id: self.stage.panel - self.sizes[one.id] for one in self.entries if self.sizes[one.id] < self.stage.panel}
        if not open_seats:
            return (), ()
        asked = drawing.question(self.store, self.edition, self.run, open_seats, self.entries)
        instance, kept = self._instance(asked)
        found = shortage.explain(instance, kept=kept)
        # Panels stay drawn where others are short; before the first draw only those are short whom no draw could serve.
        named = {entry for gap in found.gaps for entry in gap.entries} if found else set()
        wanted = set(open_seats) if self.panels else {one.id for one in self.entries if one.code in named}
        short = tuple(Short(one, self.sizes[one.id], self._steps(one, asked)) for one in self.entries if one.id in wanted)
        # Several of a unit on one panel is no choice that a declaration offers.
        return short, tuple(shortage_words.told(replace(found, together=(), together_fills=0))) if found else ()

    def _instance(self, asked: drawing.Question) -> tuple[Instance, list[tuple[str, str]]]:
        """The engine's own question as an instance, and the panels that stay as they are."""
        codes, people = {one.id: one.code for one in self.entries}, {one.id: one.code for one in self.everybody}
        kept = [(codes[one.entry], people[one.reviewer]) for one in self.panels if one.entry in codes]
        load, seats = Counter(who for _, who in kept), Counter(entry for entry, _ in kept)
        # Entries that were withdrawn since take up room too.
        free = {one.id: max(one.capacity - asked.taken.get(one.id, 0), 0) + load[one.id] for one in asked.panelists}
        # Who declined or was struck off keeps what is in hand, and takes no more.
        most = {one.code: free.get(one.code, load[one.code]) for one in self.everybody if one.code in free or load[one.code]}
        unit = {one.code: unit_key(one.unit) or None for one in self.everybody}
        colleagues = Counter((entry, unit[who]) for entry, who in kept)
        # What the store holds needs no second look at its form.
        members = [PoolMember.model_construct(id=who, unit=unit[who], max=limit) for who, limit in most.items()]
        wanted = {one.entry: one.seats + seats[one.entry] for one in asked.needs}
        instance = Instance.model_construct(
            per_entry={**dict.fromkeys(codes.values(), 0), **seats, **wanted},
            entries=list(codes.values()),
            reviewers=members,
            pairs=[(need.entry, who, 0) for need in asked.needs for who in self._allowed(need, asked.panelists)],
            together=[(entry, name) for (entry, name), count in colleagues.items() if name and count > 1],
        )
        return instance, kept

    def _allowed(self, need: assignment.Need, pool: Sequence[assignment.Panelist]) -> Iterable[str]:
        units = {unit_key(one) for one in need.panel_units} | ({unit_key(need.unit)} if "same_unit" in self.stage.conflicts else set())
        return (one.id for one in pool if one.id not in need.barred and (not (own := unit_key(one.unit)) or own not in units))

    def _steps(self, entry: Entry, asked: drawing.Question) -> tuple[tuple[Reason, int], ...]:
        codes = {one.id: one.code for one in self.people}
        drawable = {one.id for one in asked.panelists}
        units = {unit_key(one) for need in asked.needs if need.entry == entry.code for one in need.panel_units} - {""}
        out: dict[Reason, set[str]] = {"declined": set(codes.values()) - drawable}
        out |= {relation: {codes[one] for one in self.bars[relation][entry.id]} for relation in RELATIONS}
        out["had"] = {codes[one.reviewer] for one in self.assignments if one.entry == entry.id and one.reviewer in codes}
        out["panel_unit"] = {one.code for one in self.people if unit_key(one.unit) in units}
        out["full"] = {one.id for one in asked.panelists if asked.taken.get(one.id, 0) >= one.capacity}
        left = shortage.waterfall(set(codes.values()), {str(reason): some for reason, some in out.items()})
        return tuple(zip(out, (number for _, number in left), strict=True))
