"""The flow of least cost behind the engine's draw of panels, solved exactly (rules R1 and R2).

source -> reviewer          one arc per entry of load, each dearer than the one before: balance
reviewer -> (entry, unit)   at most so many reviewers of a unit per entry, where more are possible
(entry, unit) -> (entry, group) -> entry    likewise of a group of units; the first arc's cost says how well they fit
source -> entry             an empty seat, dearer than anything else: a shortage is counted, never an error
entry -> sink
What is still equal is decided by shared keywords and then by lots, which never outweigh a cost (`rules.flow_network.cheapest_by_lot`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.errors import JinbangError
from rules import lots
from rules.flow_network import Mask, Network, NoFlow, Numbers, arcs, cheapest_by_lot
from rules.panel_caps import Bundles, Seating

EXACT, FIRST_LEVEL, ANY_TOPIC, NEIGHBOUR, NO_MATCH = 1000, 600, 500, 300, 0
"""How well a reviewer fits an entry: the same code, the same first level, no topic asked, a declared neighbour, none of these."""
LEVELS = (EXACT, FIRST_LEVEL, ANY_TOPIC, NEIGHBOUR, NO_MATCH)
LOT_BITS = lots.BITS
LOAD_STEP = 200
"""Each entry that a reviewer already has costs this much: an exact fit is worth a load higher by two."""
KEPT = 4_000
"""What a pair that stays as it is saves when panels are drawn anew: four exact fits, or a load higher by twenty."""
LACKING = 10_000
"""Each entry beyond the least load costs this much more: least loads come before fit and balance, and after `UNFIT`."""
UNFIT = 20_000
"""Surcharge of a reviewer who does not fit: more than any usual difference of loads."""
EMPTY = 1 << 31
"""An empty seat. A better flow differs by rings that pass each reviewer once, so tens of thousands of changes cannot outweigh it."""
_SPARE_LEVELS = 8
_SOURCE, _SINK, _FIRST_REVIEWER = 0, 1, 2


@dataclass(frozen=True)
class Pairs:
    """Pairs that are allowed, as columns: positions of entry and reviewer, fit, what decides among equals, whether it is kept."""

    entry: Numbers
    reviewer: Numbers
    fit: Numbers
    lot: Numbers
    kept: Mask
    shared: Numbers
    """Keywords that the two have in common, as far as they count."""

    def where(self, mask: Mask) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.entry[mask], self.reviewer[mask], self.fit[mask], self.lot[mask], self.kept[mask], self.shared[mask])

    @staticmethod
    def joined(parts: Sequence[Pairs]) -> Pairs:
        """All pairs of several parts."""
        columns = ("entry", "reviewer", "fit", "lot", "kept", "shared")
        return Pairs(*(np.concatenate([getattr(part, column) for part in parts]) for column in columns))

    @property
    def cost(self) -> Numbers:
        """What each pair costs."""
        lacks = np.where(self.fit == NO_MATCH, UNFIT, 0) - np.where(self.kept, KEPT, 0)
        return np.asarray(EXACT - self.fit + lacks, dtype=np.int64)


@dataclass(frozen=True)
class Limits:
    """What a draw must keep to."""

    seats: Numbers
    """By entry, the open seats."""
    loads: Numbers
    """By reviewer, the entries already taken."""
    room: Numbers
    """By reviewer, the entries that may still come."""
    least: Numbers
    """By reviewer, the entries that should be had in the end, as far as topics and seats allow."""
    seating: Seating

    def without(self, pairs: Pairs) -> Limits:
        """What is left after some pairs have been drawn."""
        people, groups = len(self.loads), self.seating.groups
        load = np.bincount(pairs.reviewer, minlength=people)
        units, there = dict(self.seating.units_there), dict(self.seating.groups_there)
        for row, who in zip(pairs.entry.tolist(), pairs.reviewer.tolist(), strict=True):
            unit = row * people + int(self.seating.unit[who])
            units[unit] = units.get(unit, 0) + 1
            if (group := int(self.seating.group[who])) >= 0:
                there[row * groups + group] = there.get(row * groups + group, 0) + 1
        seats = self.seats - np.bincount(pairs.entry, minlength=len(self.seats))
        seating = replace(self.seating, units_there=units, groups_there=there)
        return Limits(seats, self.loads + load, self.room - load, self.least, seating)


def solve(pairs: Pairs, limits: Limits) -> Mask:
    """Which pairs are drawn: those of least cost, among equals those that share most keywords, and then those of the least sum of lots.

    Raises:
        JinbangError: the draw is too large.
    """
    seats, reviewers, entries = limits.seats, len(limits.loads), len(limits.seats)
    nodes = _FIRST_REVIEWER + reviewers + np.arange(entries)
    made = Bundles(pairs.entry, pairs.reviewer, limits.seating, nodes)
    who, width, load = load_arcs(int(seats.sum()), limits.loads, limits.room, least=limits.least)
    supply = np.zeros(made.nodes, dtype=np.int64)
    supply[_SOURCE], supply[_SINK] = seats.sum(), -seats.sum()
    blocks = [
        arcs(_FIRST_REVIEWER + pairs.reviewer, made.pair_head, 1, cost=pairs.cost),
        *made.arcs(),
        arcs(_SOURCE, _FIRST_REVIEWER + who, width, cost=load_cost(load, limits.least[who])),
        arcs(_SOURCE, nodes, seats, cost=EMPTY),
        arcs(nodes, _SINK, seats),
    ]
    network = Network.of(blocks, supply)
    lot = np.zeros_like(network.cost)
    lot[: len(pairs.lot)] = pairs.lot
    then = None
    if pairs.shared.any():
        then = np.zeros_like(network.cost)
        then[: len(pairs.shared)] = -pairs.shared
    try:
        return cheapest_by_lot(network, lot, then=then)[: len(pairs.entry)] > 0
    except NoFlow as why:
        raise JinbangError(f"{entries} entries among {reviewers} reviewers are too many for one draw ({why}); draw them in parts") from None


def load_cost(load: Numbers, least: Numbers) -> Numbers:
    """What one more entry costs a reviewer who has so many."""
    return np.asarray(load * LOAD_STEP + np.where(load >= least, LACKING, 0), dtype=np.int64)


def load_arcs(seats: int, loads: Numbers, room: Numbers, *, least: Numbers | int = 0) -> tuple[Numbers, Numbers, Numbers]:
    """Reviewer, width and load of each arc from the source: single entries well beyond the mean and the least, then the rest at once."""
    mean = -(-(seats + int(loads.sum())) // len(loads))
    singles = np.clip(np.maximum(2 * mean + _SPARE_LEVELS, least) - loads, 0, room)
    who = np.repeat(np.arange(len(loads)), singles)
    load = loads[who] + np.arange(len(who)) - np.repeat(np.cumsum(singles) - singles, singles)
    more = np.nonzero(room > singles)[0]
    width = np.concatenate([np.ones_like(who), (room - singles)[more]])
    return np.concatenate([who, more]), width, np.concatenate([load, (loads + singles)[more]])
