"""Reserves of an entry: drawn beforehand, in an order; when a seat becomes free the first who still fits steps in (rule R4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rules import assignment, draw_records, lots
from rules.conflicts import unit_key
from rules.draw_records import Asked
from rules.panel_terms import Need, Panelist, Plan

Pair = tuple[str, str]
Unfit = Literal["gone", "conflict", "unit", "group", "full"]
"""Why a reserve is passed over: no longer to be drawn at all, a conflict of interest that is known now, a colleague on the panel, a
group of units that is full there, no room for one more entry."""


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

    Args:
        asked: The open seats, and who could be drawn for them now.
        waiting: Entry -> its reserves, the first one first; none of them has or had the entry.
    """
    people = {one.id: one for one in asked.people}
    loads = Counter(asked.taken)
    pairs: list[Pair] = []
    passed: list[tuple[str, str, Unfit]] = []
    for need in sorted(asked.needs, key=lambda one: one.entry):
        units, open_seats = list(need.panel_units), need.seats
        for who in waiting.get(need.entry, ()):
            if open_seats <= 0:
                break
            if why := _unfit(asked, need, units, people.get(who), loads[who]):
                passed.append((need.entry, who, why))
                continue
            pairs.append((need.entry, who))
            units.append(people[who].unit)
            loads[who] += 1
            open_seats -= 1
    return Called(tuple(sorted(pairs)), tuple(passed))


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
