"""Limits on who sits together on a panel, as nodes between reviewers and entries: so many of a unit, so many of a group of units.

The limits of an entry nest - a unit lies in one group or in none - so a flow obeys them exactly. Bundles that could not bind are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from rules.flow_network import Block, Numbers, arcs


@dataclass(frozen=True)
class Seating:
    """What may sit together. Entry and unit are one number, entry times reviewers plus unit; entry and group likewise."""

    unit: Numbers
    """By reviewer, a number below the number of reviewers that is equal within a unit."""
    group: Numbers
    """By reviewer, the number of the group; -1 = none."""
    group_limits: Numbers
    """By group, how many of it may sit on one panel."""
    per_unit: int = 1
    """How many of a unit may sit on one panel."""
    units_there: Mapping[int, int] = field(default_factory=dict)
    """Entry and unit -> how many of the unit sit there already."""
    groups_there: Mapping[int, int] = field(default_factory=dict)
    """Entry and group -> how many of the group sit there already."""
    lifted: Collection[int] = ()
    """Entry and unit where any number may sit."""

    @property
    def groups(self) -> int:
        """The factor of an entry in `groups_there`."""
        return max(1, len(self.group_limits))


class Bundles:
    """A node for each entry and unit, and each entry and group, of which more are allowed than may sit together."""

    def __init__(self, entry: Numbers, reviewer: Numbers, seating: Seating, entry_nodes: Numbers) -> None:
        """Bundle pairs, given as positions of entry and reviewer; the entries' nodes come last before those that are made here."""
        people, groups = len(seating.unit), seating.groups
        keys, of_pair, count = np.unique(entry * people + seating.unit[reviewer], return_inverse=True, return_counts=True)
        width = np.maximum(0, seating.per_unit - _looked_up(seating.units_there, keys))
        bound = (count > width) & ~np.isin(keys, np.array(sorted(seating.lifted), dtype=np.int64))
        row, group = keys // max(1, people), seating.group[keys % max(1, people)] if people else keys
        first = int(entry_nodes[-1]) + 1 if len(entry_nodes) else 2 + people
        number = first + np.cumsum(bound) - 1
        first += int(bound.sum())

        grouped = np.nonzero(group >= 0)[0]
        both, of_unit = np.unique(row[grouped] * groups + group[grouped], return_inverse=True)
        limits = np.maximum(0, seating.group_limits[both % groups] - _looked_up(seating.groups_there, both)) if len(both) else both
        offered = np.bincount(of_unit, weights=count[grouped], minlength=len(both)).astype(np.int64)
        binding = offered > limits
        target = entry_nodes[row]
        group_number = first + np.cumsum(binding) - 1
        target[grouped] = np.where(binding[of_unit], group_number[of_unit], target[grouped])

        self.pair_head = np.where(bound[of_pair], number[of_pair], target[of_pair])
        self.unit_node, self.unit_head, self.unit_key = number[bound], target[bound], keys[bound]
        self.unit_count, self.unit_width = count[bound], width[bound]
        self.group_node, self.group_width = group_number[binding], limits[binding]
        self.group_head = entry_nodes[both[binding] // groups]
        self.nodes = first + int(binding.sum())

    def arcs(self) -> list[Block]:
        """The arcs of units, and those of groups."""
        return [arcs(self.unit_node, self.unit_head, self.unit_width), arcs(self.group_node, self.group_head, self.group_width)]


def _looked_up(there: Mapping[int, int], keys: Numbers) -> Numbers:
    if not there:
        return np.zeros_like(keys)
    return np.array([there.get(key, 0) for key in keys.tolist()], dtype=np.int64)
