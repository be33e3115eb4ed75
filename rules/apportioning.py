"""Small groups are merged, seats are shared within bounds, and entries are chosen within bounds (rules R7 and L1)."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from models.errors import Fault, InputError


@dataclass(frozen=True, slots=True)
class Merger:
    """One small group that went into another."""

    group: str
    into: str
    entries: int
    """Its entries when it was merged, those of groups merged into it before included."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Groups after the small ones were merged."""

    sizes: Mapping[str, int]
    """Group that is left -> entries."""
    where: Mapping[str, str]
    """Every group -> the group in which its entries compete now."""
    mergers: tuple[Merger, ...]
    """In the order in which they happened; for the minutes."""
    small: tuple[str, ...]
    """Groups that are still too small because no neighbour is named for them."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many seats a group has at least and at most."""

    lower: int = 0
    upper: int | None = None
    """None = as many as there are."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who was chosen within the bounds of the groups."""

    entries: tuple[str, ...]
    """By mark, the highest first; equal marks by id."""
    tied: tuple[str, ...]
    """Entries that share the mark on a line and are too many for it: none of them was chosen, `rules.ties` goes on."""
    open_seats: int
    """Seats that are left for those, or that nobody can fill."""


def merge_small(sizes: Mapping[str, int], least: int, neighbours: Mapping[str, str]) -> Merged:
    """Merge groups with fewer entries than `least` into their neighbours (rule R7).

    The smallest group goes first, equal ones by name, until every group is large enough. A neighbour that has been merged itself
    stands for the group it went into. Groups without entries are merged too, but need no neighbour.

    Args:
        sizes: Group -> eligible entries.
        least: The declared `min_group`.
        neighbours: Group -> the group it goes into if it is too small.

    Raises:
        InputError: a neighbour is not among the groups, or is the group itself.
    """
    _check_neighbours(sizes, neighbours)
    now, where = dict(sizes), {group: group for group in sizes}
    mergers: list[Merger] = []
    while True:
        movable = [group for group in now if now[group] < least and _target(group, where, neighbours) is not None]
        if not movable:
            break
        group = min(movable, key=lambda one: (now[one], one))
        into = _target(group, where, neighbours)
        assert into is not None  # noqa: S101 - for the type checker; see `movable`
        mergers.append(Merger(group, into, now[group]))
        now[into] += now.pop(group)
        where = {one: into if at == group else at for one, at in where.items()}
    small = tuple(sorted(group for group, size in now.items() if 0 < size < least))
    return Merged(now, where, tuple(mergers), small)


def share_within(seats: int, weights: Mapping[str, int], bounds: Mapping[str, Bounds]) -> dict[str, int]:
    """Share seats out by weight, within bounds (rule R7).

    Every group begins with its lower bound; each further seat goes to the group that lags most behind its exact share and is below its
    upper bound; equal lags go to the larger weight, then by key. Of all shares within the bounds this is the nearest to the exact ones
    (least squares), and without bounds it is the largest remainder. A group without weight gets its lower bound.

    Args:
        seats: All seats.
        weights: Group -> eligible entries.
        bounds: Group -> bounds; a group left out has none.

    Raises:
        InputError: the lower bounds add up to more than the seats, or the upper ones to less.
    """
    total = sum(weights.values())
    limits = {group: _limit(bounds.get(group, Bounds()), seats if weight else 0) for group, weight in weights.items()}
    _check_bounds(seats, limits)
    shares = {group: lower for group, (lower, _) in limits.items()}
    # In units of one seat times all weights, so that no share is ever rounded.
    lags = [
        (shares[group] * total - seats * weights[group], -weights[group], group) for group in weights if shares[group] < limits[group][1]
    ]
    heapq.heapify(lags)
    for _ in range(seats - sum(shares.values())):
        lag, weight, group = heapq.heappop(lags)
        shares[group] += 1
        if shares[group] < limits[group][1]:
            heapq.heappush(lags, (lag + total, weight, group))
    return shares


def choose_within(marks: Mapping[str, Decimal], groups: Mapping[str, str], seats: int, bounds: Mapping[str, Bounds]) -> Chosen:
    """Choose entries by mark so that every group keeps its bounds (rule L1).

    From the best downwards everybody is chosen who leaves enough seats for the lower bounds of all groups and whose group is below its
    upper one; for groups that do not overlap no other choice is better at any place. Equal marks are treated alike: where they are too
    many for a line, none of them is chosen, and their seats stay open.

    Args:
        marks: Entry -> mark as printed.
        groups: Entry -> group.
        seats: How many are chosen at most.
        bounds: Group -> bounds; a group left out has none. A group with fewer entries than its lower bound cannot fill it, and the
            seats are free for the others.

    Raises:
        InputError: the lower bounds add up to more than the seats.
    """
    sizes = Counter(groups[entry] for entry in marks)
    limits = {group: _limit(bounds.get(group, Bounds()), size) for group, size in sizes.items()}
    limits = {group: (min(lower, sizes[group]), upper) for group, (lower, upper) in limits.items()}
    _check_lower(seats, limits)
    hall = _Hall(limits, seats - sum(lower for lower, _ in limits.values()))
    for _, block in groupby(sorted(marks, key=lambda one: (-marks[one], one)), key=lambda one: marks[one]):
        by_group: dict[str, list[str]] = {}
        for entry in block:
            by_group.setdefault(groups[entry], []).append(entry)
        hall.let_in(by_group)
    return Chosen(tuple(hall.chosen), tuple(hall.tied), seats - len(hall.chosen))


def check_places(places: int, groups: Collection[str], bounds: Mapping[str, Bounds], *, pool: str) -> None:
    """See that so many places can be given within the bounds of the groups that compete for them.

    Raises:
        InputError: the lower bounds add up to more than the places, or the upper ones to less.
    """
    least = sum(bounds[group].lower for group in groups if group in bounds)
    if least > places:
        what = f"the groups of {pool} have at least {least} places together, but there are {places}"
        zh = f"“{pool}”各组的下限合计 {least} 个，而只有 {places} 个名额；请降低 group_bounds 的下限，或增加名额"
        raise InputError([Fault(what, "lower the lower bounds in group_bounds, or raise the number of places", zh=zh)])
    uppers = [bounds[group].upper if group in bounds else None for group in groups]
    limited = [upper for upper in uppers if upper is not None]
    if len(limited) == len(uppers) and sum(limited) < places:
        what = f"the groups of {pool} have at most {sum(limited)} places together, but there are {places}"
        zh = f"“{pool}”各组的上限合计 {sum(limited)} 个，而有 {places} 个名额；请提高 group_bounds 的上限，或减少名额"
        raise InputError([Fault(what, "raise the upper bounds in group_bounds, or lower the number of places", zh=zh)])


class _Hall:
    """Seats while entries are let in from the best downwards."""

    def __init__(self, limits: Mapping[str, tuple[int, int]], free: int) -> None:
        self.limits = limits
        self.free = free
        """Seats that no group's lower bound claims."""
        self.taken = dict.fromkeys(limits, 0)
        """Seats by group, those included that are kept for entries that are tied."""
        self.chosen: list[str] = []
        self.tied: list[str] = []

    def let_in(self, block: Mapping[str, Sequence[str]]) -> None:
        """Let in entries with the same mark, by group."""
        room = {group: min(len(some), self.limits[group][1] - self.taken[group]) for group, some in block.items()}
        own = {group: max(0, self.limits[group][0] - self.taken[group]) for group in block}
        wanted = {group: max(0, room[group] - own[group]) for group in block}
        short = sum(wanted.values()) > self.free
        for group, some in block.items():
            seats = room[group]
            if short and wanted[group]:
                seats = own[group] + (self.free and 1)  # a seat may come to anyone of them, so they are tied
            if seats >= len(some) and not (short and wanted[group]):
                self.chosen += some
            elif seats > 0:
                self.tied += some
            self.taken[group] += min(room[group], own[group]) if short and wanted[group] else room[group]
        self.free = 0 if short else self.free - sum(wanted.values())


def _target(group: str, where: Mapping[str, str], neighbours: Mapping[str, str]) -> str | None:
    """The group into which a group goes; None if it has no neighbour, or is where its neighbour went."""
    neighbour = neighbours.get(group)
    into = None if neighbour is None else where[neighbour]
    return None if into == group else into


def _limit(bound: Bounds, most: int) -> tuple[int, int]:
    upper = most if bound.upper is None else min(bound.upper, most)
    return bound.lower, max(bound.lower, upper)


def _check_neighbours(sizes: Mapping[str, int], neighbours: Mapping[str, str]) -> None:
    faults = [
        Fault(
            f"small group {group} would be merged into {into}, which is no other group",
            f"name one of {', '.join(sorted(sizes))}",
            zh=f"小组“{group}”要并入的“{into}”不是另一个组；请从 {'、'.join(sorted(sizes))} 中选择",
        )
        for group, into in sorted(neighbours.items())
        if group in sizes and (into not in sizes or into == group)
    ]
    if faults:
        raise InputError(faults)


def _check_lower(seats: int, limits: Mapping[str, tuple[int, int]]) -> None:
    least = sum(lower for lower, _ in limits.values())
    if least > seats:
        zh = f"各组的下限合计 {least} 个，而只有 {seats} 个名额；请降低下限"
        raise InputError(
            [Fault(f"the groups have at least {least} seats together, but there are {seats}", "lower the lower bounds", zh=zh)]
        )


def _check_bounds(seats: int, limits: Mapping[str, tuple[int, int]]) -> None:
    _check_lower(seats, limits)
    most = sum(upper for _, upper in limits.values())
    if most < seats:
        remedy = "raise the upper bounds, or lower the number of seats"
        zh = f"各组的上限合计 {most} 个，而有 {seats} 个名额；请提高上限，或减少名额"
        raise InputError([Fault(f"the groups have at most {most} seats together, but there are {seats}", remedy, zh=zh)])
