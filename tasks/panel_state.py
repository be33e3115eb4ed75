"""Everything that a change of panels is judged by, read once: who has what, what has been begun, who may not, how well they fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from models.edition import Assignment, Edition, Entry, EntryState, Reviewer, StageRun
from models.errors import NotAllowed, TooLate
from models.store import Store
from rules.checked_forms import is_sealed
from rules.conflicts import unit_key
from rules.relations import By
from tasks import drawing, known_conflicts, panel_sizes, ranking_report, rounds, unsigned

Pair = tuple[str, str]
"""Code of an entry and code of a reviewer."""
_REVIEWED: tuple[EntryState, ...] = ("eligible", "assigned")
_TO_COME: tuple[EntryState, ...] = ("submitted", "correction", "eligible", "assigned")
"""States of entries that may be reviewed when the stage opens."""


class Sealed(NotAllowed):
    """Nobody but its nominator may see an entry yet, so nothing can be asked about one by its code."""


@dataclass(frozen=True, slots=True)
class Fits:
    """How well panels fit their entries."""

    total: int
    """Sum over all seats, each from 0 to 1000."""
    worst: int
    """Mean over the seats of the entry that is worst off, rounded down; an empty seat counts 0."""
    entry: str
    """Code of that entry, the first of several; empty if there is none."""
    shared: int = 0
    """Keywords in common over all seats, as far as they count."""


def states_of(run: StageRun) -> tuple[EntryState, ...]:
    """States of the entries that are reviewed in a scoring stage, or may be if it is still to come."""
    return _TO_COME if run.state == "planned" else _REVIEWED


def sealed(store: Store, edition: Edition) -> bool:
    """Whether nobody but their nominators may see entries yet."""
    return is_sealed(edition.stages[0], store.edition_now(edition.id))


class State:
    """The panels of the latest scoring stage."""

    def __init__(self, store: Store, edition_id: str, *, ahead: bool = False) -> None:
        """Read it; with `ahead` the stage may be one that will be opened, and its entries those that have not been refused."""
        self.store, self.edition = store, store.edition(edition_id)
        self.run, self.stage = panel_sizes.stage_of(self.edition) if ahead else ranking_report.stage_of(self.edition)
        states = states_of(self.run)
        # Classified entries are not reviewed online: the committee deals with them.
        listed = (one for one in store.entries(edition_id, *states) if not one.classified)
        placed = (panel_sizes.grouped(one, self.edition.process) for one in listed) if states is _TO_COME else listed
        self.entries: dict[str, Entry] = {one.code: one for one in sorted(placed, key=lambda one: one.code)}
        self.people: dict[str, Reviewer] = {one.code: one for one in store.reviewers(edition_id)}
        self.code_of = {one.id: code for code, one in self.entries.items()} | {one.id: code for code, one in self.people.items()}
        self.assignments: dict[Pair, Assignment] = {}
        for one in store.assignments(edition_id, self.run.position):
            if one.entry in self.code_of and one.reviewer in self.code_of:
                self.assignments[self.code_of[one.entry], self.code_of[one.reviewer]] = one
        self.held = {pair for pair, one in self.assignments.items() if not one.recused}
        sheets = store.sheets(edition_id, self.run.position)
        self.begun = {(self.code_of.get(one.entry, ""), self.code_of.get(one.reviewer, "")) for one in sheets}
        self.signed = {(self.code_of.get(one.entry, ""), self.code_of.get(one.reviewer, "")) for one in sheets if one.signed_at}
        self.counts = Counter(entry for entry, _ in self.held)
        self.loads = Counter(who for _, who in self.held)
        self.sizes = panel_sizes.look(store, self.run)
        self._closed = unsigned.closed_entries(store, self.run, self.sizes)
        self._answers = {one.reviewer: one for one in store.invitations(edition_id, self.run.position)}

    def resized(self, size: int | None, entries: Iterable[str]) -> State:
        """The same with another size of some panels, by code; None = as declared."""
        other = copy(self)
        other.sizes = self.sizes.with_(size, *(self.entries[code].id for code in entries))
        other._closed = unsigned.closed_entries(self.store, self.run, other.sizes)
        return other

    @property
    def is_drawn(self) -> bool:
        """Whether the engine's first draw is done, so that what is empty from now on is filled by other draws."""
        return self.run.state == "open" or self.store.step_done(self.edition.id, self.run.position, "draw:0")

    def refuse_if_over(self, *, ahead: bool = False) -> None:
        """Refuse to change panels of a stage that is not being reviewed; with `ahead` one that will be opened is let pass.

        Raises:
            NotAllowed: the stage is neither open nor about to open, or the tied are being reviewed again.
            Sealed: what is handed in is sealed until its deadline.
            TooLate: the deadline and its grace have passed.
        """
        run = self.run
        if ahead and run.state == "planned":
            if sealed(self.store, self.edition):
                raise Sealed(f"{self.edition.id}: entries are sealed until the deadline of nominations; set sizes after it")
            return
        if run.state not in ("opening", "open"):
            raise NotAllowed(f"{run.name} is {run.state}; panels can be changed from its opening until its deadline. Extend it first")
        if run.state == "open" and run.cutoff is not None and self.store.edition_now(self.edition.id) >= run.cutoff:
            raise TooLate(f"the review ended at {run.cutoff.isoformat()}; extend {run.name} before changing its panels")
        if rounds.re_review_of(self.store, run) is not None:
            raise NotAllowed(f"{run.name}: entries on the cut line are being reviewed again, so panels stay as they are")

    def is_closed(self, entry: str) -> bool:
        """Whether the unsigned sheets of an entry were closed, so that its empty seats need nobody."""
        return self.entries[entry].id in self._closed

    # -- what is asked of a draw ------------------------------------------------------------------------------------

    def wanted(self, entry: str) -> int:
        """How many reviewers an entry should have."""
        return self.sizes.of(self.entries[entry])

    def open_seats(self, counts: Mapping[str, int] | None = None) -> dict[str, int]:
        """Code of each entry whose panel is not full -> empty seats; an entry whose unsigned sheets were closed needs no more.

        Args:
            counts: Reviewers of panels as they might be, by code; as they are if left out.
        """
        held = self.counts if counts is None else counts
        gaps = {code: self.wanted(code) - held.get(code, 0) for code, one in self.entries.items() if one.id not in self._closed}
        return {code: gap for code, gap in gaps.items() if gap > 0}

    def left_by_somebody(self) -> set[str]:
        """Codes of the entries that somebody has left."""
        return {entry for (entry, _), one in self.assignments.items() if one.recused}

    def movable(self) -> set[Pair]:
        """What is in hand and has not been begun."""
        return self.held - self.begun

    def question(self, seats: Mapping[str, int], movable: Iterable[Pair] = ()) -> drawing.Question:
        """What a draw of some seats is asked."""
        by_id = {self.entries[code].id: count for code, count in seats.items()}
        moving = {(self.assignments[pair].entry, self.assignments[pair].reviewer) for pair in movable}
        return drawing.question(self.store, self.edition, self.run, by_id, tuple(self.entries.values()), moving)

    def known(self, pairs: Iterable[Pair]) -> set[Pair]:
        """Those of some pairs that name an entry and a reviewer that there are."""
        return {one for one in pairs if one[0] in self.entries and one[1] in self.people}

    # -- how panels are judged --------------------------------------------------------------------------------------

    def fit(self, pair: Pair) -> int:
        """How well a reviewer fits an entry."""
        return drawing.fit_of(self.people[pair[1]], self.entries[pair[0]], self.stage)

    def shared(self, pair: Pair) -> int:
        """How many keywords a reviewer shares with an entry, as far as they count."""
        return drawing.shared_of(self.people[pair[1]], self.entries[pair[0]], self.stage)

    def fits(self, held: Iterable[Pair]) -> Fits:
        """How well some panels fit."""
        sums, sizes = dict.fromkeys(self.entries, 0), Counter[str]()
        pairs = tuple(held)
        for pair in pairs:
            sums[pair[0]] += self.fit(pair)
            sizes[pair[0]] += 1
        means = {code: Fraction(total, max(self.wanted(code), sizes[code])) for code, total in sums.items()}
        worst = min(means, key=lambda code: (means[code], code), default="")
        return Fits(sum(sums.values()), int(means[worst]) if worst else 0, worst, sum(map(self.shared, pairs)))

    def capacity(self, code: str) -> int:
        """How many entries a reviewer takes at most."""
        person = self.people[code]
        return drawing.capacity(person, self.stage, self._answers.get(person.id))

    def has_declined(self, code: str) -> bool:
        """Whether a reviewer said no to the whole stage."""
        return drawing.declined(self._answers.get(self.people[code].id))

    @cached_property
    def _known(self) -> known_conflicts.Known:
        return known_conflicts.look(self.store, self.edition, self.stage, tuple(self.entries.values()), tuple(self.people.values()))

    @cached_property
    def _causes(self) -> dict[str, By]:
        return self._known.causes()

    def conflict(self, pair: Pair) -> str:
        """What forbids a pair, as `known_conflicts.Known.causes` names it; empty if nothing does."""
        entry, reviewer = self.entries[pair[0]].id, self.people[pair[1]].id
        return next((cause for cause, by in self._causes.items() if reviewer in by.get(entry, ())), "")

    def unit(self, code: str) -> str:
        """The unit of a reviewer, as the draw compares it."""
        return unit_key(self._known.units.head(self.people[code].unit))

    def group(self, code: str) -> int | None:
        """Position of the declared group of units to which a reviewer belongs."""
        groups = (at for at, one in enumerate(self.stage.draw.groups) if self.unit(code) in self._group_units[at])
        return next(groups, None) if self.unit(code) else None

    @cached_property
    def _group_units(self) -> list[set[str]]:
        return [{unit_key(self._known.units.head(name)) for name in one.units} for one in self.stage.draw.groups]

    @cached_property
    def taken_by_office(self) -> set[Pair]:
        """What the office has taken out of somebody's hands, and may give back."""
        events = self.store.events(self.edition.id, "PanelsChanged")
        off = [pair for one in events if one.payload["position"] == self.run.position for pair in one.payload["off"]]
        found = {(self.code_of.get(entry, ""), self.code_of.get(who, "")) for entry, who in off}
        return {pair for pair in found if pair in self.assignments and self.assignments[pair].recused}
