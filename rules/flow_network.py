"""Networks with integer costs: the cheapest flow, what is still open after it, and the choice among equally cheap flows.

The only place that knows the solver (ortools). All numbers are integers, so a solution is exact and the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Block = tuple[Numbers, Numbers, Numbers, Numbers]
"""Arcs: tails, heads, widths and costs."""


class NoFlow(Exception):
    """The network has no flow that takes all supplies to their demands, or its numbers are too large; the text is the solver's."""


@dataclass(frozen=True)
class Network:
    """Arcs as columns, and what nodes give (above zero) or take (below)."""

    tail: Numbers
    head: Numbers
    width: Numbers
    cost: Numbers
    supply: Numbers
    """By node; sums to zero."""

    @staticmethod
    def of(blocks: Sequence[Block], supply: Numbers) -> Network:
        """Join blocks of arcs; their order stays."""
        tail, head, width, cost = (np.concatenate(column) for column in zip(*blocks, strict=True))
        return Network(tail, head, width, cost, supply)


def arcs(tail: Numbers | int, head: Numbers | int, width: Numbers | int, *, cost: Numbers | int = 0) -> Block:
    """Arcs of which some columns may be one number."""
    made = np.broadcast_arrays(*(np.atleast_1d(np.asarray(one, dtype=np.int64)) for one in (tail, head, width, cost)))
    return made[0], made[1], made[2], made[3]


def cheapest(network: Network) -> Numbers:
    """By arc, the flow of least total cost that meets all supplies.

    Raises:
        NoFlow: there is none, or costs times nodes exceed 63 bits.
    """
    from ortools.graph.python import min_cost_flow  # 18 MB, which a web process or an engine that draws nothing can do without

    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(network.tail, network.head, network.width, network.cost)
    nodes = np.arange(len(network.supply))
    solver.set_nodes_supplies(nodes, network.supply)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise NoFlow(status.name)
    return np.asarray(solver.flows(arcs), dtype=np.int64)


def cheapest_by_lot(network: Network, lots: Numbers, *, then: Numbers | None = None) -> Numbers:
    """Of all the cheapest flows the one with the least sum of lots: costs decide first, whatever the lots are.

    With `then`, a second cost by arc decides before the lots do, and never against the first.

    Arcs whose reduced cost is not zero carry the same in every cheapest flow (complementary slackness), so they are
    fixed and the second choice is made among the others alone.

    Args:
        network: As for `cheapest`.
        lots: By arc, a whole number from zero.
        then: By arc, a whole number.

    Raises:
        NoFlow: as for `cheapest`.
    """
    flow = cheapest(network)
    height = _potentials(network, flow)
    free = network.cost + height[network.tail] - height[network.head] == 0
    fixed = np.where(free, 0, flow)
    supply = network.supply - _net_out(network, fixed)
    second = lots if then is None else then
    rest = Network(network.tail[free], network.head[free], network.width[free], second[free], supply)
    flow[free] = cheapest(rest) if then is None else cheapest_by_lot(rest, lots[free])
    return flow


def reaching(network: Network, flow: Numbers, goal: int) -> Mask:
    """The nodes from which more could still flow to a node: the smallest side of a narrowest cut."""
    tail, head = _open_arcs(network, flow)[:2]
    reached = np.zeros(len(network.supply), dtype=bool)
    reached[goal] = True
    while (further := tail[reached[head] & ~reached[tail]]).size:
        reached[further] = True
    return reached


def part_of(network: Network, flow: Numbers, inside: Mask) -> Network:
    """The network among some nodes, with what flows over the border as supplies."""
    within = inside[network.tail] & inside[network.head]
    supply = np.where(inside, network.supply - _net_out(network, np.where(within, 0, flow)), 0)
    return Network(network.tail[within], network.head[within], network.width[within], network.cost[within], supply)


def components(network: Network, among: Mask) -> Numbers:
    """By node, the least number of a node to which it is joined by arcs among the given nodes."""
    label = np.arange(len(network.supply), dtype=np.int64)
    within = among[network.tail] & among[network.head]
    tail, head = network.tail[within], network.head[within]
    while (apart := label[tail] != label[head]).any():
        tail, head = tail[apart], head[apart]
        least = np.minimum(label[tail], label[head])
        np.minimum.at(label, label[tail], least)
        np.minimum.at(label, label[head], least)
        while not np.array_equal(label, label[label]):
            label = label[label]
    return label


def _net_out(network: Network, flow: Numbers) -> Numbers:
    out = np.zeros(len(network.supply), dtype=np.int64)
    np.add.at(out, network.tail, flow)
    np.subtract.at(out, network.head, flow)
    return out


def _open_arcs(network: Network, flow: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Where more could flow, or flow be taken back: tails, heads and costs."""
    more, less = flow < network.width, flow > 0
    return (
        np.concatenate([network.tail[more], network.head[less]]),
        np.concatenate([network.head[more], network.tail[less]]),
        np.concatenate([network.cost[more], -network.cost[less]]),
    )


def _potentials(network: Network, flow: Numbers) -> Numbers:
    """By node, the cost of the cheapest way to it over open arcs (Bellman and Ford); ends because the flow is cheapest."""
    tail, head, cost = _open_arcs(network, flow)
    order = np.argsort(head, kind="stable")
    tail, head, cost = tail[order], head[order], cost[order]
    nodes, first = np.unique(head, return_index=True)
    height = np.zeros(len(network.supply), dtype=np.int64)
    while True:
        found = np.minimum.reduceat(height[tail] + cost, first) if len(first) else height[nodes]
        lower = found < height[nodes]
        if not lower.any():
            return height
        height[nodes[lower]] = found[lower]
