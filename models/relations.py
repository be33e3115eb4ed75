"""What may stand between a reviewer and an entry (rule R3): relations, names of units, decisions, and whom a nominator asks to avoid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from models.declared import Misfit

Relation = Literal[
    "self", "coauthor", "same_unit", "nominator", "supervisor", "relative", "dispute", "recent_coauthor", "project", "office", "declared"
]
RELATIONS: tuple[Relation, ...] = get_args(Relation)
"""In the order in which a pair is counted; a pair with several counts once."""
TOLD: tuple[Relation, ...] = ("same_unit", "supervisor", "relative", "dispute", "recent_coauthor", "project", "office")
"""Those that an imported list may tell."""
Verdict = Literal["allow", "bar"]
AvoidanceState = Literal["asked", "granted", "refused"]
BY_RULE = "rule"
"""Who decided on a request where the declaration grants all."""


@dataclass(frozen=True, slots=True)
class UnitName:
    """One name of a unit, as an edition's table of units knows it."""

    name: str
    legal: str
    """The unit's own name; the same as `name` unless this is an alias."""
    head: str
    """The unit at the top of it: the legal unit that conflicts of interest go by."""


@dataclass(frozen=True, slots=True)
class ToldRelation:
    """What a list says about a reviewer and a person, a unit or an entry."""

    id: str
    edition: str
    reviewer: str
    """Id."""
    relation: Relation
    entry: str
    """Id of the entry; empty if it is a person or a unit."""
    person: str
    """Name of the person; empty if it is a whole unit, or an entry."""
    unit: str
    """The person's unit, or the whole unit."""
    year: int | None
    """Of the latest joint paper or project; None = not said, and then it counts."""
    note: str
    file: str
    """The list that says so."""
    at: datetime


@dataclass(frozen=True, slots=True)
class ConflictDecision:
    """What the office decided about a reviewer and an entry; a later decision stands in its place."""

    edition: str
    entry: str
    reviewer: str
    verdict: Verdict
    relations: tuple[str, ...]
    """What was known then; a relation that comes up later is asked about anew."""
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Avoidance:
    """Somebody who shall not judge a nominator's entries, at the nominator's request."""

    id: str
    edition: str
    nominator: str
    """Id."""
    name: str
    unit: str
    reason: str
    state: AvoidanceState
    asked_at: datetime
    decision: str
    """Why it was granted or refused."""
    by: str
    """Who decided: an admin's address, or `BY_RULE`; empty if nobody has."""
    decided_at: datetime | None


def misfits(conflicts: Sequence[str], soft: Sequence[str], years: int | None, requests: int, grants: str) -> Iterator[Misfit]:
    """Yield what makes no sense among the declared relations of a scoring stage."""
    for name, listed in (("conflicts", conflicts), ("soft_conflicts", soft)):
        if again := sorted({one for one in listed if listed.count(one) > 1}):
            yield Misfit(f"{', '.join(again)} stands twice; name it once", name)
    if both := sorted(set(conflicts) & set(soft)):
        yield Misfit(f"{', '.join(both)} stands in conflicts too, which forbid without asking; keep it in one of the two", "soft_conflicts")
    if "declared" in soft:
        yield Misfit("who declares a conflict has given the entry back, there is nothing to decide; drop `declared` here", "soft_conflicts")
    named = "recent_coauthor" in (*conflicts, *soft)
    if named and years is None:
        yield Misfit("recent_coauthor needs to know how far back; add coauthor_within_years", "coauthor_within_years")
    if years is not None and not named:
        yield Misfit("nothing asks for recent_coauthor; add it to conflicts or soft_conflicts, or drop this", "coauthor_within_years")
    if grants == "automatic" and not requests:
        yield Misfit("nobody may ask to avoid anybody; add avoid_requests or drop this", "avoid_grants")
