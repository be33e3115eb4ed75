"""All that is known to stand between an edition's reviewers and entries, and what it means for the draw (rules R3 and N7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from models.edition import Edition, Entry, Reviewer
from models.relations import RELATIONS, ConflictDecision
from models.reviewing import DeclaredConflict
from models.stages import ScoringStage
from models.store import Store
from rules import calendar, conflicts, relations
from rules.relations import By, Found
from rules.units import Units

FORM = ("self", "same_unit", "nominator")


@dataclass(frozen=True)
class Known:
    """The conflicts of interest among some reviewers and entries, in one scoring stage."""

    stage: ScoringStage
    units: Units
    found: Found
    """The declared relations, hard and soft."""
    signed: By
    """Who signed an opinion for one entry judges none (rule N7)."""
    stepped_back: By
    """What reviewers declared themselves; it holds whatever the stage declares."""
    avoided: By
    """Granted requests of nominators."""
    decisions: Mapping[tuple[str, str], ConflictDecision]

    @cached_property
    def soft(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """(entry, reviewer) -> the soft relations between them."""
        pairs: dict[tuple[str, str], tuple[str, ...]] = {}
        for relation in RELATIONS:
            if relation in self.stage.soft_conflicts:
                for entry, some in self.found.by.get(relation, {}).items():
                    for reviewer in some:
                        pairs[entry, reviewer] = (*pairs.get((entry, reviewer), ()), relation)
        return pairs

    @cached_property
    def waiting(self) -> frozenset[tuple[str, str]]:
        """Pairs of which the office has still to say whether they are allowed; until then they are not drawn."""
        asked = {pair for pair, some in self.soft.items() if relations.undecided(some, self.decisions.get(pair))}
        return frozenset(asked - set(_pairs(self._always)))

    @cached_property
    def _always(self) -> By:
        """What forbids without asking."""
        hard = [of for relation, of in self.found.by.items() if relation in self.stage.conflicts]
        return _joined([self.signed, *hard, self.stepped_back, self.avoided])

    def causes(self) -> dict[str, By]:
        """What forbids pairs, by cause, in the order in which a pair is counted; causes that cannot occur are left out."""
        found: dict[str, By] = {"signer": self.signed}
        for relation in RELATIONS:
            if relation in self.stage.conflicts or relation in FORM:
                found[relation] = self.found.by.get(relation, {}) if relation in self.stage.conflicts else {}
        found["declared"] = self.stepped_back
        if self.stage.avoid_requests:
            found["avoided"] = self.avoided
        if self.stage.soft_conflicts or self.decisions:
            found["decided"] = _by_entry(pair for pair, one in self.decisions.items() if one.verdict == "bar")
            found["undecided"] = _by_entry(self.waiting)
        return found

    def bars(self) -> By:
        """Entry id -> ids of the reviewers who may not judge it."""
        return _joined(self.causes().values())


def look(store: Store, edition: Edition, stage: ScoringStage, entries: Sequence[Entry], reviewers: Sequence[Reviewer]) -> Known:
    """Gather what is known about some entries and reviewers.

    Args:
        store: An open transaction.
        edition: The edition.
        stage: The scoring stage; its declaration says which relations matter.
        entries: The entries.
        reviewers: The reviewers.
    """
    units = Units(store.unit_names(edition.id))
    asked = relations.Question(
        edition.process, entries, reviewers, store.nominators(edition.id), units, store.told_relations(edition.id),
        year=closing_year(edition), within=stage.coauthor_within_years,
    )  # fmt: skip
    ids = {one.id for one in reviewers}
    decisions = {pair: one for pair, one in store.conflict_decisions(edition.id).items() if pair[1] in ids}
    signed = conflicts.bars(entries, reviewers, (), (), signers(store, edition))
    return Known(
        stage, units, relations.find(asked, {*stage.conflicts, *stage.soft_conflicts}), signed, _declared(store.conflicts(edition.id), ids),
        relations.avoided(asked, store.avoidances(edition.id)), decisions,
    )  # fmt: skip


def signers(store: Store, edition: Edition) -> dict[str, list[str]]:
    """Entry id -> names and e-mail addresses of the experts who signed an opinion for it (rule N7)."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in store.confirmations(edition.id):
        if one.kind == "expert" and one.state == "given":
            found[one.entry] += [one.name, one.email]
    return found


def closing_year(edition: Edition) -> int:
    """The year in which an edition's nominations close, from which years of joint papers are counted back."""
    closes = edition.stages[0].closes_at or edition.created_at
    return calendar.to_local(closes, edition.process.time_zone).year


def _declared(declared: Sequence[DeclaredConflict], reviewers: set[str]) -> By:
    return _by_entry((one.entry, one.reviewer) for one in declared if one.reviewer in reviewers)


def _pairs(by: By) -> Iterator[tuple[str, str]]:
    return ((entry, reviewer) for entry, some in by.items() for reviewer in some)


def _by_entry(pairs: Iterable[tuple[str, str]]) -> By:
    found: dict[str, set[str]] = defaultdict(set)
    for entry, reviewer in pairs:
        found[entry].add(reviewer)
    return {entry: frozenset(some) for entry, some in found.items()}


def _joined(parts: Iterable[By]) -> By:
    found: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        for entry, some in part.items():
            found[entry] |= some
    return {entry: frozenset(some) for entry, some in found.items()}
