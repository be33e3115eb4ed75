"""Reserves of an entry: drawn beforehand, in an order; when a seat becomes free the first who still fits steps in (rule R4)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from rules import assignment, draw_records, lots
from rules.conflicts import unit_key
from rules.draw_records import Asked
from rules.panel_terms import Need, Panelist, Plan

Pair = tuple[str, str]
Unfit = Literal["gone", "conflict", "unit", "group", "full", "seat"]
"""Why a reserve is passed over: no longer to be drawn at all, a conflict of interest that is known now, a colleague on the panel, a
group of units that is full there, no room for one more entry, or needed for a seat of another entry that would stay empty."""


@dataclass(frozen=True)
class Called:
    """Who steps in."""

    pairs: tuple[Pair, ...]
    """Entry and reviewer, sorted."""
    passed: tuple[tuple[str, str, Unfit], ...]
    """Entry, and reserve who would have been next, and why not; in the order in which they were looked at."""


def drawn(document: Mapping[str, Any]) -> Plan:
    """Draw reserves: as any draw, but the pairs of an entry stand in the order in which its reserves step in.

    Who fits better comes first, then who shares more keywords, then chance by the lots of the draw.
    """
    asked, plan = draw_records.read(document), draw_records.solved(document)
    needs, people = {one.entry: one for one in asked.needs}, {one.id: one for one in asked.people}
    lot = _lots(asked, plan.pairs)

    def place(pair: Pair) -> tuple[str, int, int, int]:
        need, who = needs[pair[0]], people[pair[1]]
        shared = min(asked.terms.keywords, len(set(need.keywords) & set(who.keywords)))
        return need.entry, -assignment.fit(need.topic, who.disciplines, asked.terms.neighbours), -shared, lot[pair]

    return Plan(tuple(sorted(plan.pairs, key=place)), plan.short)


def _lots(asked: Asked, pairs: Sequence[Pair]) -> dict[Pair, int]:
    of_entry = lots.hashes(asked.seed, "entry", [entry for entry, _ in pairs])
    of_person = lots.hashes(asked.seed, "reviewer", [who for _, who in pairs])
    return dict(zip(pairs, lots.mixed(of_entry ^ of_person, bits=lots.BITS).tolist(), strict=True))


def call(asked: Asked, waiting: Mapping[str, Sequence[str]]) -> Called:
    """Fill open seats from the reserves of their entries, entry by entry in the order of their codes.

    No seat stays empty for it that a draw of all of them would fill: a reserve who is needed for that is passed over.

    Args:
        asked: The open seats, and who could be drawn for them now.
        waiting: Entry -> its reserves, the first one first; none of them has or had the entry.
    """
    seats, most = sum(max(0, one.seats) for one in asked.needs), -1
    seated: tuple[Pair, ...] = ()
    passed: dict[Pair, Unfit] = {}
    needed: dict[Pair, Unfit] = {}
    while True:
        next_ones = {entry: [who for who in some if (entry, who) not in needed] for entry, some in waiting.items()}
        called = _first(asked, next_ones, seated)
        passed |= {(entry, who): why for entry, who, why in called.passed}
        borne: Sequence[Pair] = called.pairs
        filled = _filled(asked, (*seated, *called.pairs)) if called.pairs else seats
        if filled < seats:
            most = _filled(asked, ()) if most < 0 else most
            borne = called.pairs if filled == most else _bearable(asked, seated, called.pairs, most)
        seated = (*seated, *borne)
        if len(borne) == len(called.pairs):
            break
        # Whoever comes next in the order of such an entry is asked before anybody is drawn for it.
        needed |= {pair: "seat" for pair in called.pairs if pair not in set(borne)}
    said = {pair: why for pair, why in passed.items() if pair not in needed and pair not in set(seated)} | needed
    return Called(tuple(sorted(seated)), tuple((*pair, why) for pair, why in said.items()))


def unfit(asked: Asked, waiting: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Unfit]]:
    """Entry -> its reserves who could not step in as things are, and why; entries without such reserves are left out.

    Args:
        asked: One seat of each entry, and who could be drawn for it now.
        waiting: Entry -> its reserves.
    """
    people = {one.id: one for one in asked.people}
    found: dict[str, dict[str, Unfit]] = defaultdict(dict)
    for need in asked.needs:
        for who in waiting.get(need.entry, ()):
            if why := _unfit(asked, need, need.panel_units, people.get(who), asked.taken.get(who, 0)):
                found[need.entry][who] = why
    return dict(found)


def _first(asked: Asked, waiting: Mapping[str, Sequence[str]], seated: Sequence[Pair]) -> Called:
    """The first reserves who fit beside those that are `seated` already, whatever that leaves for others."""
    people, there = {one.id: one for one in asked.people}, _by_entry(seated)
    loads = Counter(asked.taken) + Counter(who for _, who in seated)
    pairs: list[Pair] = []
    passed: list[tuple[str, str, Unfit]] = []
    for need in sorted(asked.needs, key=lambda one: one.entry):
        mine = there[need.entry]
        units, open_seats = [*need.panel_units, *(people[who].unit for who in mine)], need.seats - len(mine)
        for who in waiting.get(need.entry, ()):
            if open_seats <= 0:
                break
            if who in mine:
                continue
            if why := _unfit(asked, need, units, people.get(who), loads[who]):
                passed.append((need.entry, who, why))
                continue
            pairs.append((need.entry, who))
            units.append(people[who].unit)
            loads[who] += 1
            open_seats -= 1
    return Called(tuple(sorted(pairs)), tuple(passed))


def _bearable(asked: Asked, borne: Sequence[Pair], pairs: Sequence[Pair], most: int) -> Sequence[Pair]:
    """Those of some pairs, the first ones first, beside which as many seats can be filled as without any; `borne` are seated already."""
    if _filled(asked, (*borne, *pairs)) == most:
        return pairs
    if len(pairs) == 1:
        return ()
    half = len(pairs) // 2
    first = _bearable(asked, borne, pairs[:half], most)
    return (*first, *_bearable(asked, (*borne, *first), pairs[half:], most))


def _by_entry(pairs: Sequence[Pair]) -> defaultdict[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for entry, who in pairs:
        found[entry].append(who)
    return found


def _filled(asked: Asked, seated: Sequence[Pair]) -> int:
    """How many of the seats can be filled if some pairs are."""
    people, there = {one.id: one for one in asked.people}, _by_entry(seated)
    needs = [
        replace(
            one, seats=one.seats - len(mine), barred=one.barred | frozenset(mine),
            panel_units=(*one.panel_units, *(people[who].unit for who in mine)),
        )
        for one in asked.needs
        for mine in (there[one.entry],)
    ]  # fmt: skip
    taken = Counter(asked.taken) + Counter(who for _, who in seated)
    terms = replace(asked.terms, mode="plain")  # how many seats are filled does not depend on it
    plan = assignment.plan(
        [one for one in needs if one.seats > 0], asked.people, seed=asked.seed, unit_matters=asked.unit_matters, taken=taken, terms=terms
    )
    return len(seated) + len(plan.pairs)


def _unfit(asked: Asked, need: Need, units: Sequence[str], who: Panelist | None, load: int) -> Unfit | None:
    """What keeps a reserve from the panel on which these units sit."""
    if who is None:
        return "gone"
    unit, there = unit_key(who.unit), Counter(map(unit_key, units))
    if who.id in need.barred or (asked.unit_matters and unit and unit == unit_key(need.unit)):
        return "conflict"
    if unit and there[unit] >= asked.terms.per_unit:
        return "unit"
    for group in asked.terms.groups:
        keys = set(map(unit_key, group.units))
        if unit in keys and sum(there[one] for one in keys) >= group.at_most:
            return "group"
    return "full" if load >= who.capacity else None
