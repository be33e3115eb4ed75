"""The draw of a plain instance, solved exactly (rules R1 and R2); `jinbang assign` is this and a file.

source -> reviewer          up to the least load at no cost, above it dearly: least loads first, where seats allow
reviewer -> (entry, unit)   at most `per_unit` of a unit; the cost is what the affinity lacks
(entry, unit) -> (entry, group) -> entry -> sink
source -> entry             an empty seat, dearer than anything else
Bundles that could not bind are left out. What is still equal is decided by lots of seed and ids (`rules.lots`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.errors import Fault, InputError, JinbangError
from models.instances import BEST, Instance
from rules import lots
from rules.flow_network import Block, Mask, Network, NoFlow, Numbers, arcs, cheapest_by_lot
from rules.panel_caps import Bundles, Seating

SOURCE, SINK, FIRST_REVIEWER = 0, 1, 2
LOT_BITS = lots.BITS
Pair = tuple[str, str]


@dataclass(frozen=True)
class Drawn:
    """The panels."""

    pairs: tuple[Pair, ...]
    """Entry and reviewer, sorted, those that were kept included."""
    short: Mapping[str, int]
    """Entry -> seats that stay empty; only entries with such seats."""
    below: Mapping[str, int]
    """Reviewer -> entries that are lacking to the least load; only such reviewers."""
    affinity: int
    """Sum over all pairs."""


def draw(instance: Instance, *, seed: int, kept: Sequence[Pair] = ()) -> Drawn:
    """Draw the panels of an instance.

    In this order, each before all of the next: as many seats as possible are filled; least loads are met as far as
    possible; the sum of affinities is as high as possible; the sum of lots is as low as possible. The order of the
    instance's lists changes nothing.

    Args:
        instance: What is allowed.
        seed: Decides among what is still equal.
        kept: Pairs of an earlier draw that stay as they are, all of them allowed (`still_allowed`).

    Raises:
        InputError: the kept pairs break a limit of the instance.
        JinbangError: the instance is too large for one draw.
    """
    problem = Problem(instance, kept)
    chosen = problem.solved(seed)
    entry, reviewer = problem.entry[chosen], problem.reviewer[chosen]
    found = [(problem.entries[row], problem.people[who]) for row, who in zip(entry.tolist(), reviewer.tolist(), strict=True)]
    empty = problem.needs - np.bincount(entry, minlength=len(problem.entries))
    lacking = problem.low - np.bincount(reviewer, minlength=len(problem.people))
    return Drawn(
        tuple(sorted([*found, *kept])),
        {one: gap for one, gap in zip(problem.entries, empty.tolist(), strict=True) if gap > 0},
        {one: gap for one, gap in zip(problem.people, lacking.tolist(), strict=True) if gap > 0},
        int(problem.affinity[chosen].sum()) + problem.kept_affinity,
    )


def still_allowed(instance: Instance, earlier: Iterable[Pair]) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """Pairs of an earlier draw that the instance still allows, and those that it does not: left, recused, taken out."""
    allowed = {(entry, reviewer) for entry, reviewer, _ in instance.pairs}
    pairs = sorted(set(earlier))
    return tuple(one for one in pairs if one in allowed), tuple(one for one in pairs if one not in allowed)


class Problem:
    """An instance in positions of sorted ids, less what is kept."""

    def __init__(self, instance: Instance, kept: Sequence[Pair] = ()) -> None:
        pool = sorted(instance.reviewers, key=lambda one: one.id)
        sizes = instance.sizes()
        self.entries, self.people = sorted(instance.entries), [one.id for one in pool]
        self.row = {one: at for at, one in enumerate(self.entries)}
        self.column = {one: at for at, one in enumerate(self.people)}
        self.needs = _whole([sizes[one] for one in self.entries])
        self.low, self.high = _whole([one.min for one in pool]), _whole([one.max for one in pool])
        self.unit_names = [one.unit for one in pool]
        first: dict[str, int] = {}
        self.unit = _whole([at if one.unit is None else first.setdefault(one.unit, at) for at, one in enumerate(pool)])
        groups = {one: at for at, one in enumerate(sorted(instance.groups))}
        self.group = _whole([groups[one.group] if one.group is not None else -1 for one in pool])
        self.group_names = sorted(instance.groups)
        self.group_limits = _whole([instance.groups[one] for one in self.group_names])
        self.lifted = {self.row[entry] * len(pool) + first[unit] for entry, unit in instance.together}
        self._take(instance)
        self.per_unit = instance.per_unit
        self.seated: Counter[int] = Counter()
        """Entry and group, as one number -> how many of the group are kept there."""
        self.units_seated: Counter[int] = Counter()
        """Entry and unit, as one number -> how many of the unit are kept there."""
        self.kept_affinity = 0
        self._keep(kept)

    def _take(self, instance: Instance) -> None:
        entry, reviewer = (
            _whole([self.row[one] for one, _, _ in instance.pairs]),
            _whole([self.column[one] for _, one, _ in instance.pairs]),
        )
        order = np.lexsort((reviewer, entry))
        self.entry, self.reviewer = entry[order], reviewer[order]
        self.affinity = _whole([pair[2] for pair in instance.pairs])[order]

    def _keep(self, kept: Sequence[Pair]) -> None:
        """Take kept pairs out of seats, loads and what is allowed."""
        if not kept:
            return
        rows, columns = _whole([self.row[one] for one, _ in kept]), _whole([self.column[one] for _, one in kept])
        units = rows * len(self.people) + self.unit[columns]
        self.needs = self.needs - np.bincount(rows, minlength=len(self.entries))
        load = np.bincount(columns, minlength=len(self.people))
        self.low, self.high = np.maximum(0, self.low - load), self.high - load
        grouped = self.group[columns] >= 0
        self.seated = Counter((rows[grouped] * max(1, len(self.group_names)) + self.group[columns[grouped]]).tolist())
        self.units_seated = Counter(units.tolist())
        self._check_kept(self.units_seated)
        same = np.isin(self.entry * len(self.people) + self.reviewer, rows * len(self.people) + columns)
        self.kept_affinity = int(self.affinity[same].sum())
        full = [key for key, count in self.units_seated.items() if count >= self.per_unit and key not in self.lifted]
        taken = np.isin(self.pair_unit, full) | same
        self.entry, self.reviewer, self.affinity = self.entry[~taken], self.reviewer[~taken], self.affinity[~taken]

    def _check_kept(self, units: Counter[int]) -> None:
        faults = [
            Fault(f"{-gap} more reviewers are kept for entry {one!r} than it needs", "take lines out, or raise per_entry")
            for one, gap in zip(self.entries, self.needs.tolist(), strict=True)
            if gap < 0
        ]
        for one, room in zip(self.people, self.high.tolist(), strict=True):
            if room < 0:
                faults.append(Fault(f"{-room} more entries are kept for reviewer {one!r} than max allows", "take lines out, or raise max"))
        for key, count in sorted(units.items()):
            if count > self.per_unit and key not in self.lifted:
                entry, unit = self.entries[key // len(self.people)], self.unit_names[key % len(self.people)]
                faults.append(
                    Fault(f"{count} of the unit {unit!r} are kept for entry {entry!r}", "take lines out, or allow it in together")
                )
        for key, count in sorted(self.seated.items()):
            entry, group = self.entries[key // len(self.group_names)], key % len(self.group_names)
            if count > self.group_limits[group]:
                said = f"{count} of the group {self.group_names[group]!r} are kept for entry {entry!r}"
                faults.append(Fault(said, "take lines out, or raise its limit in groups"))
        if faults:
            raise InputError(faults)

    @property
    def pair_unit(self) -> Numbers:
        """By pair, entry and unit as one number."""
        return self.entry * len(self.people) + self.unit[self.reviewer]

    @cached_property
    def bundles(self) -> Bundles:
        """The nodes between reviewers and entries."""
        there = {"units_there": self.units_seated, "groups_there": self.seated}
        seating = Seating(self.unit, self.group, self.group_limits, self.per_unit, lifted=self.lifted, **there)
        return Bundles(self.entry, self.reviewer, seating, self.entry_nodes)

    @property
    def entry_nodes(self) -> Numbers:
        """By entry, its node."""
        return FIRST_REVIEWER + len(self.people) + np.arange(len(self.entries))

    @property
    def reviewer_nodes(self) -> Numbers:
        """By reviewer, the node."""
        return FIRST_REVIEWER + np.arange(len(self.people))

    def inner(self) -> list[Block]:
        """The arcs from reviewers to the sink: pairs first, in their order, then units, groups, seats."""
        made, nodes = self.bundles, self.entry_nodes
        return [
            arcs(FIRST_REVIEWER + self.reviewer, made.pair_head, 1, cost=BEST - self.affinity),
            *made.arcs(),
            arcs(nodes, SINK, self.needs),
        ]

    def supply(self) -> Numbers:
        """All seats, from the source to the sink."""
        supply = np.zeros(self.bundles.nodes, dtype=np.int64)
        supply[SOURCE], supply[SINK] = self.needs.sum(), -self.needs.sum()
        return supply

    def solved(self, seed: int) -> Mask:
        """Which pairs are drawn."""
        # A cheaper flow differs by a ring that passes each reviewer once, so it gains less affinity than one lacking load costs.
        lacking = BEST * (len(self.people) + 1)
        people, nodes = self.reviewer_nodes, self.entry_nodes
        blocks = [
            *self.inner(),
            arcs(SOURCE, people, self.low),
            arcs(SOURCE, people, self.high - self.low, cost=lacking),
            arcs(SOURCE, nodes, self.needs, cost=2 * lacking + 1),
        ]
        network = Network.of(blocks, self.supply())
        lot = np.zeros_like(network.cost)
        by_entry, by_reviewer = lots.hashes(seed, "entry", self.entries), lots.hashes(seed, "reviewer", self.people)
        lot[: len(self.entry)] = lots.mixed(by_entry[self.entry] ^ by_reviewer[self.reviewer], bits=LOT_BITS)
        try:
            return cheapest_by_lot(network, lot)[: len(self.entry)] > 0
        except NoFlow as why:
            size = f"{len(self.entries)} entries among {len(self.people)} reviewers"
            raise JinbangError(f"{size} are too many for one draw ({why}); draw them in parts") from None


def _whole(values: Sequence[int]) -> Numbers:
    return np.array(values, dtype=np.int64)
