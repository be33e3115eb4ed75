"""The flow of least cost behind the draw of panels, solved exactly (rules R1 and R2).

source -> reviewer          one arc per entry of load, each dearer than the one before: balance
reviewer -> (entry, unit)   at most one reviewer of a unit per entry, where several are possible
(entry, unit) -> entry      or reviewer -> entry directly; the cost says how well they fit
source -> entry             an empty seat, dearer than anything else: a shortage is counted, never an error
entry -> sink
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.errors import JinbangError
from rules.flow_network import Mask, Network, NoFlow, Numbers, arcs, cheapest

EXACT, FIRST_LEVEL, ANY_TOPIC, NO_MATCH = 1000, 600, 500, 0
"""How well a reviewer fits an entry: the same code, the same first level, no topic asked, neither."""
JITTER_BITS = 20
"""Costs are whole multiples of 2 to this power; the hash that breaks ties fills the space between them."""
_LOAD_STEP = 200
"""Each entry that a reviewer already has costs this much: an exact fit is worth a load higher by two."""
_UNFIT = 20_000
"""Surcharge of a reviewer who does not fit: more than any usual difference of loads."""
_EMPTY = 2_000_000
"""An empty seat: more than any number of reviewers that would have to change."""
_SPARE_LEVELS = 8
_SOURCE, _SINK, _FIRST_REVIEWER = 0, 1, 2


@dataclass(frozen=True)
class Pairs:
    """Pairs that are allowed, as columns: positions of entry and reviewer, fit, and the hash that breaks ties."""

    entry: Numbers
    reviewer: Numbers
    fit: Numbers
    jitter: Numbers

    def where(self, mask: Mask) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.entry[mask], self.reviewer[mask], self.fit[mask], self.jitter[mask])

    @staticmethod
    def joined(parts: Sequence[Pairs]) -> Pairs:
        """All pairs of several parts."""
        columns = ("entry", "reviewer", "fit", "jitter")
        return Pairs(*(np.concatenate([getattr(part, column) for part in parts]) for column in columns))


def solve(pairs: Pairs, *, seats: Numbers, loads: Numbers, room: Numbers, units: Numbers) -> Mask:
    """Which pairs are drawn.

    Args:
        pairs: What is allowed.
        seats: By entry, the open seats.
        loads: By reviewer, the entries already taken.
        room: By reviewer, the entries that may still come.
        units: By reviewer, a number below the number of reviewers that is equal within a unit.
    """
    reviewers, entries = len(loads), len(seats)
    nodes = _FIRST_REVIEWER + reviewers + np.arange(entries)
    fit_cost = EXACT - pairs.fit + np.where(pairs.fit == NO_MATCH, _UNFIT, 0)
    unit_nodes, entry_behind, heads = _unit_nodes(pairs, nodes, units)
    who, width, load = load_arcs(int(seats.sum()), loads, room)
    supply = np.zeros(_FIRST_REVIEWER + reviewers + entries + len(unit_nodes), dtype=np.int64)
    supply[_SOURCE], supply[_SINK] = seats.sum(), -seats.sum()
    blocks = [
        arcs(_FIRST_REVIEWER + pairs.reviewer, heads, 1, cost=(fit_cost << JITTER_BITS) + pairs.jitter),
        arcs(unit_nodes, entry_behind, 1),
        arcs(_SOURCE, _FIRST_REVIEWER + who, width, cost=(load * _LOAD_STEP) << JITTER_BITS),
        arcs(_SOURCE, nodes, seats, cost=_EMPTY << JITTER_BITS),
        arcs(nodes, _SINK, seats),
    ]
    try:
        return cheapest(Network.of(blocks, supply))[: len(pairs.entry)] > 0
    except NoFlow as why:
        raise JinbangError(f"{entries} entries among {reviewers} reviewers are too many for one draw ({why}); draw them in parts") from None


def _unit_nodes(pairs: Pairs, nodes: Numbers, units: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Bundle the candidates of one unit: a node for each entry and unit with several, the entry behind it, and each pair's head."""
    keys, group, count = np.unique(pairs.entry * len(units) + units[pairs.reviewer], return_inverse=True, return_counts=True)
    several = count > 1
    number = _FIRST_REVIEWER + len(units) + len(nodes) + np.cumsum(several) - 1
    heads = np.where(several[group], number[group], nodes[pairs.entry])
    return number[several], nodes[keys[several] // len(units)], heads


def load_arcs(seats: int, loads: Numbers, room: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Reviewer, width and load of each arc from the source: single entries well beyond the mean, then the rest at once."""
    mean = -(-(seats + int(loads.sum())) // len(loads))
    singles = np.clip(2 * mean + _SPARE_LEVELS - loads, 0, room)
    who = np.repeat(np.arange(len(loads)), singles)
    load = loads[who] + np.arange(len(who)) - np.repeat(np.cumsum(singles) - singles, singles)
    more = np.nonzero(room > singles)[0]
    width = np.concatenate([np.ones_like(who), (room - singles)[more]])
    return np.concatenate([who, more]), width, np.concatenate([load, (loads + singles)[more]])
