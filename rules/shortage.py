"""Why seats stay empty, and what would fill them: exact, from a narrowest cut of the network of the draw (rules R1 and R2).

Entries that need more than the reviewers whom they can use have left form a gap (Hall's theorem). It is found by walking
back from the empty seats over whatever could still be moved, so limits of units and groups are respected.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.instances import Instance
from rules.flow_network import Mask, Network, Numbers, arcs, cheapest, components, part_of, reaching
from rules.panel_flow import load_arcs
from rules.panel_instance import FIRST_REVIEWER, SINK, SOURCE, Pair, Problem


@dataclass(frozen=True)
class Choice:
    """How the choice for one entry narrows down."""

    entry: str
    wanted: int
    allowed: int
    """Reviewers who may judge it, those already kept left out."""
    units: int
    """Of how many units; who belongs to none counts as one."""
    free: int
    """Of the allowed, how many are not among the exhausted reviewers of the gap."""


@dataclass(frozen=True)
class Gap:
    """Entries whose seats cannot all be filled, whatever is drawn, and why."""

    entries: tuple[str, ...]
    wanted: int
    """Seats of these entries, without those that are kept."""
    reviewers: tuple[str, ...]
    """Reviewers who serve nobody but these entries, and are exhausted."""
    room: int
    """Entries that these reviewers can take in all."""
    others: int
    """Seats filled from outside of these reviewers: as many as the allowed pairs, units and groups permit."""
    short: int
    """`wanted - room - others`: seats that stay empty."""
    choices: tuple[Choice, ...]
    raises: Mapping[str, int]
    """Remedy: reviewer -> how many more entries each would have to take; as evenly as possible."""
    raised: int
    """How many of the empty seats that would fill."""
    more: int
    """Remedy: so many further reviewers who may judge these entries and share no unit fill all seats."""
    more_load: int
    """Entries that each of these takes at most: the median of the pool."""


@dataclass(frozen=True)
class Shortage:
    """All that is short."""

    short: int
    gaps: tuple[Gap, ...]
    """Those with most empty seats first."""
    together: tuple[Pair, ...]
    """Remedy: entry and unit of which more than one would have to sit on the panel; as few as possible."""
    together_fills: int
    """How many of the empty seats that would fill."""


def explain(instance: Instance, *, kept: Sequence[Pair] = ()) -> Shortage | None:
    """Why a draw of the instance must leave seats empty; None if it need not.

    Which entries form a gap depends on the instance alone, not on which of several draws was made.

    Args:
        instance: As for `panel_instance.draw`.
        kept: As for `panel_instance.draw`.
    """
    problem = Problem(instance, kept)
    network, flow, empty = _fullest(problem)
    if not empty.any():
        return None
    blocked = reaching(network, flow, SINK)
    blocked[SINK] = False
    gaps = _Gaps(problem, network, flow, empty, blocked, _usual_load(instance))
    together, fills = _together(problem, blocked, int(empty.sum()))
    return Shortage(int(empty.sum()), gaps.found(), together, fills)


def waterfall(pool: Collection[str], barred: Mapping[str, Collection[str]]) -> tuple[tuple[str, int], ...]:
    """How many of a pool are left for an entry after each reason in turn.

    Args:
        pool: Ids of the reviewers.
        barred: Reason -> who is out for it, in the order in which reasons should be told.
    """
    left, steps = set(pool), []
    for reason, out in barred.items():
        left -= set(out)
        steps.append((reason, len(left)))
    return tuple(steps)


def _fullest(problem: Problem) -> tuple[Network, Numbers, Numbers]:
    """The network without its empty seats, a flow that fills as many as possible, and the empty ones by entry."""
    nodes = problem.entry_nodes
    inner = [(tail, head, width, np.zeros_like(width)) for tail, head, width, _ in problem.inner()]
    given = [*inner, arcs(SOURCE, problem.reviewer_nodes, problem.high)]
    whole = Network.of([*given, arcs(SOURCE, nodes, problem.needs, cost=1)], problem.supply())
    flow = cheapest(whole)
    empty, flow = flow[-len(nodes) :], flow[: -len(nodes)]
    seats = sum(len(block[0]) for block in inner[:-1]) + np.arange(len(nodes))
    flow[seats] -= empty
    supply = problem.supply()
    supply[[SOURCE, SINK]] -= np.array([1, -1]) * empty.sum()
    return Network.of(given, supply), flow, empty


class _Gaps:
    """The blocked part of the network, fallen apart into gaps."""

    def __init__(self, problem: Problem, network: Network, flow: Numbers, empty: Numbers, blocked: Mask, load: int) -> None:
        self.problem, self.network, self.blocked, self.load = problem, network, blocked, load
        rows = np.nonzero(blocked[problem.entry_nodes])[0]
        self.rows, self.who = rows, np.nonzero(blocked[problem.reviewer_nodes])[0]
        label = components(network, blocked)
        names, numbers = np.unique(label[blocked], return_inverse=True)
        self.count = len(names)
        self.gap = np.full(len(blocked), -1, dtype=np.int64)
        self.gap[blocked] = numbers
        self.gap_of_row, self.gap_of_who = self.gap[problem.entry_nodes[rows]], self.gap[problem.reviewer_nodes[self.who]]
        self.empty = empty[rows]
        self.short = self._sums(self.gap_of_row, self.empty)
        self.wanted = self._sums(self.gap_of_row, problem.needs[rows])
        self.room = self._sums(self.gap_of_who, problem.high[self.who])
        self.part = self._part(flow)

    def _sums(self, gaps: Numbers, values: Numbers) -> Numbers:
        sums = np.zeros(self.count, dtype=np.int64)
        np.add.at(sums, gaps, values)
        return sums

    def _part(self, flow: Numbers) -> Network:
        """What is blocked and the sink, with every seat in demand and what comes from outside as supply; the rest must be added."""
        inside = self.blocked.copy()
        inside[SINK] = True
        part = part_of(self.network, flow, inside)
        supply = part.supply.copy()
        supply[SINK] = -self.wanted.sum()
        return Network(part.tail, part.head, part.width, np.zeros_like(part.cost), supply)

    def found(self) -> tuple[Gap, ...]:
        """All gaps, told with their remedies."""
        more, raises = self._more(), self._raises()
        choices = self._choices()
        entries, people = self.problem.entries, self.problem.people
        gaps = []
        for one in range(self.count):
            rows, who = self.rows[self.gap_of_row == one].tolist(), self.who[self.gap_of_who == one].tolist()
            wanted, room, short = int(self.wanted[one]), int(self.room[one]), int(self.short[one])
            raised = {people[at]: raises[at] for at in who if raises.get(at)}
            gaps.append(
                Gap(
                    entries=tuple(entries[row] for row in rows),
                    wanted=wanted,
                    reviewers=tuple(people[at] for at in who),
                    room=room,
                    others=wanted - room - short,
                    short=short,
                    choices=tuple(choices[row] for row in rows),
                    raises=raised,
                    raised=sum(raised.values()),
                    more=int(more[one]),
                    more_load=self.load,
                )
            )
        return tuple(sorted(gaps, key=lambda gap: (-gap.short, gap.entries)))

    def _choices(self) -> dict[int, Choice]:
        problem, rows = self.problem, len(self.problem.entries)
        allowed = np.bincount(problem.entry, minlength=rows)
        units = np.bincount(np.unique(problem.pair_unit) // max(1, len(problem.people)), minlength=rows)
        free = np.bincount(problem.entry[~self.blocked[FIRST_REVIEWER + problem.reviewer]], minlength=rows)
        return {
            row: Choice(problem.entries[row], int(problem.needs[row]), int(allowed[row]), int(units[row]), int(free[row]))
            for row in self.rows.tolist()
        }

    def _raises(self) -> dict[int, int]:
        """Reviewer -> how many more entries, so that as many seats as possible are filled, and as evenly as possible."""
        if not len(self.who):
            return {}
        total = int(self.short.sum())
        who, width, level = load_arcs(total, np.zeros_like(self.who), np.full_like(self.who, total))
        giver = len(self.part.supply)
        added = [arcs(giver, FIRST_REVIEWER + self.who[who], width, cost=level), arcs(giver, SINK, total, cost=2 * int(level.max()) + 1)]
        flow = self._with(added, np.array([total]))[: len(who)]
        raises = np.bincount(who, weights=flow, minlength=len(self.who)).astype(int)
        return dict(zip(self.who.tolist(), raises.tolist(), strict=True))

    def _more(self) -> Numbers:
        """By gap, how many further reviewers fill all seats: least n such that no entry needs more than n of them.

        n reviewers with a load of L fill any seats of which no entry has more than n, and that are n L at most.
        """
        most = np.zeros(self.count, dtype=np.int64)
        np.maximum.at(most, self.gap_of_row, self.empty)
        least = np.ones(self.count, dtype=np.int64)
        enough = most.copy()
        while (open_ := least < enough).any():
            tried = (least + enough) // 2
            fills = self._left_over(tried) == 0
            enough, least = np.where(open_ & fills, tried, enough), np.where(open_ & ~fills, tried + 1, least)
        return np.maximum(enough, -(-self.short // self.load))

    def _left_over(self, most: Numbers) -> Numbers:
        """By gap, the seats that stay empty if no entry gets more new reviewers than so many."""
        givers = len(self.part.supply) + np.arange(self.count)
        nodes = self.problem.entry_nodes[self.rows]
        added = [arcs(givers, SINK, self.short, cost=1), arcs(givers[self.gap_of_row], nodes, most[self.gap_of_row])]
        return self._with(added, self.short)[: self.count]

    def _with(self, added: list[tuple[Numbers, Numbers, Numbers, Numbers]], supply: Numbers) -> Numbers:
        """What flows over added arcs."""
        part = self.part
        whole = Network.of([*added, (part.tail, part.head, part.width, part.cost)], np.concatenate([part.supply, supply]))
        return cheapest(whole)


def _together(problem: Problem, blocked: Mask, short: int) -> tuple[tuple[Pair, ...], int]:
    """The fewest entries and units of a gap where several of the unit would have to sit, and how many seats that fills."""
    made, nodes = problem.bundles, problem.entry_nodes
    rows = made.unit_key // max(1, len(problem.people))
    here = np.nonzero(blocked[nodes[rows]])[0]
    if not len(here):
        return (), 0
    dear = problem.bundles.nodes + 1
    wider = arcs(made.unit_node[here], made.unit_head[here], made.unit_count[here] - made.unit_width[here], cost=1)
    inner = [(tail, head, width, np.zeros_like(width)) for tail, head, width, _ in problem.inner()]
    given = [wider, *inner, arcs(SOURCE, problem.reviewer_nodes, problem.high), arcs(SOURCE, nodes, problem.needs, cost=dear)]
    flow = cheapest(Network.of(given, problem.supply()))
    lifted = made.unit_key[here[flow[: len(here)] > 0]]
    width = len(problem.people)
    pairs = sorted((problem.entries[key // width], problem.unit_names[key % width] or "") for key in lifted.tolist())
    return tuple(pairs), short - int(flow[-len(nodes) :].sum())


def _usual_load(instance: Instance) -> int:
    loads = [one.max for one in instance.reviewers]
    return max(1, int(np.median(loads))) if loads else max(1, len(instance.entries))
