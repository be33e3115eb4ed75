"""Who stands how to which entry, by all that is known: forms, the table of units, and lists of relations (rule R3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.edition import Entry, Nominator, Reviewer
from models.process import Process
from models.relations import RELATIONS, Avoidance, ConflictDecision, Relation, ToldRelation
from models.subjects import fields_of
from rules.conflicts import addresses_of, bars, name_key, names_in, unit_key
from rules.units import Units

By = Mapping[str, frozenset[str]]
"""Entry id -> ids of reviewers."""
_BY_FORM = ("self", "same_unit", "nominator")


@dataclass(frozen=True)
class Question:
    """What a search for relations goes by."""

    process: Process
    entries: Sequence[Entry]
    reviewers: Sequence[Reviewer]
    nominators: Sequence[Nominator]
    units: Units
    told: Sequence[ToldRelation] = ()
    year: int = 0
    """The year in which nominations close."""
    within: int | None = None
    """A joint paper counts for so many years."""


@dataclass(frozen=True)
class Found:
    """Every pair between whom a relation holds."""

    by: Mapping[Relation, By]
    """Only relations that were asked about; `declared` is never among them."""
    said: Mapping[tuple[Relation, str, str], ToldRelation]
    """(relation, entry, reviewer) -> the line of a list that says so, where a list does."""


def find(asked: Question, wanted: Collection[str]) -> Found:
    """Look for some relations among all pairs."""
    by: dict[Relation, dict[str, set[str]]] = {one: defaultdict(set) for one in RELATIONS if one in wanted and one != "declared"}
    for relation in by:
        if relation in _BY_FORM:
            found = bars(asked.entries, asked.reviewers, asked.nominators, (relation,), unit_of=asked.units.key)
            by[relation] = defaultdict(set, {entry: set(some) for entry, some in found.items() if some})
    if "coauthor" in by:
        for entry, reviewer in _coauthors(asked):
            by["coauthor"][entry].add(reviewer)
    said = {}
    for relation, entry, one in _told(asked, by):
        by[relation][entry].add(one.reviewer)
        said[relation, entry, one.reviewer] = one
    return Found({relation: {entry: frozenset(some) for entry, some in of.items()} for relation, of in by.items()}, said)


def people_named(process: Process, entry: Entry) -> Iterator[tuple[str, str]]:
    """Everybody whom an entry names, with the unit where the form gives one: the subject, people, and texts that identify.

    Which fields those are, the declaration says: fields of kind `people`, and short texts marked `identifying`.
    """
    if process.class_named(entry.class_name).subject == "person":
        yield entry.title, entry.unit
    for field in fields_of(process, entry.class_name):
        value = entry.fields.get(field.name)
        if field.kind == "people" and isinstance(value, (list, tuple)):
            yield from (_of_row(one) for one in value)
        elif field.kind == "people" or (field.kind == "text" and field.identifying):
            yield from ((name, "") for name in names_in(value))


def _of_row(one: Any) -> tuple[str, str]:
    return (str(one.get("name", "")), str(one.get("unit") or "")) if isinstance(one, Mapping) else (str(one), "")


def _coauthors(asked: Question) -> Iterator[tuple[str, str]]:
    """Entry and reviewer where the form names the reviewer with the reviewer's unit, or with none, or gives the same address."""
    by_name, by_email = defaultdict(list), defaultdict(list)
    for who in asked.reviewers:
        by_name[name_key(who.name)].append(who)
        by_email[unit_key(who.email)].append(who)
    for entry in asked.entries:
        yield from ((entry.id, who.id) for address in addresses_of(entry) for who in by_email.get(address, ()))
        for name, unit in people_named(asked.process, entry):
            for who in by_name.get(name_key(name), ()) if name_key(name) else ():
                if not unit or not who.unit or asked.units.same(unit, who.unit):
                    yield entry.id, who.id


def _told(asked: Question, wanted: Collection[str]) -> Iterator[tuple[Relation, str, ToldRelation]]:
    """What lists say, by the entries that it concerns."""
    known = {one.id for one in asked.reviewers}
    lines = [one for one in asked.told if one.relation in wanted and one.reviewer in known and _counts(asked, one)]
    if not lines:
        return
    ids = {one.id for one in asked.entries}
    of_unit, of_person = defaultdict(list), defaultdict(list)
    for entry in asked.entries:
        of_unit[asked.units.key(entry.unit)].append(entry.id)
        for name, unit in people_named(asked.process, entry):
            of_person[name_key(name)].append((entry.id, unit))
    for line in lines:
        if line.entry:
            yield from ((line.relation, line.entry, line) for _ in range(line.entry in ids))
        elif line.person:
            # Without a unit on either side the name decides: rather a seat too many left empty than a conflict on a panel.
            for entry_id, unit in of_person.get(name_key(line.person), ()):
                if not unit or not line.unit or asked.units.same(unit, line.unit):
                    yield line.relation, entry_id, line
        else:
            yield from ((line.relation, entry_id, line) for entry_id in of_unit.get(asked.units.key(line.unit), ()))


def _counts(asked: Question, line: ToldRelation) -> bool:
    """A joint paper counts for some years; one without a year always does."""
    if line.relation != "recent_coauthor" or line.year is None or asked.within is None:
        return True
    return asked.year - line.year <= asked.within


def avoided(asked: Question, requests: Iterable[Avoidance]) -> By:
    """Whom granted requests of nominators keep from their entries: by name and unit, both as they are compared (rule R3)."""
    found: dict[str, set[str]] = defaultdict(set)
    own: dict[str, list[str]] = defaultdict(list)
    for entry in asked.entries:
        own[entry.nominator].append(entry.id)
    for one in requests:
        if one.state == "granted":
            who = {person.id for person in meant(one, asked.reviewers, asked.units)}
            for entry_id in own.get(one.nominator, ()):
                found[entry_id] |= who
    return {entry: frozenset(some) for entry, some in found.items() if some}


def meant(request: Avoidance, reviewers: Iterable[Reviewer], units: Units) -> tuple[Reviewer, ...]:
    """The reviewers of the pool whom a request names."""
    name = name_key(request.name)
    return tuple(one for one in reviewers if name_key(one.name) == name and units.same(one.unit, request.unit))


def undecided(soft: Collection[str], decision: ConflictDecision | None) -> bool:
    """Whether the office has still to say something about a pair with these soft relations.

    A decision holds for what was known then: a relation that came up later is asked about anew.
    """
    if decision is None:
        return bool(soft)
    return decision.verdict == "allow" and not set(soft) <= set(decision.relations)
