"""Who goes to the committee, and who gets a seat (rules R7, L1, L2, V6)."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, groupby

from models.edition import Award, ShortlistItem, Standing
from models.errors import JinbangError
from models.process import Groups, Process
from models.shortlists import Then, Tie
from models.stages import ShortlistingStage
from models.tie_breaks import bounds_by_group
from rules import apportioning, cutting, eligibility
from rules.apportioning import Bounds
from rules.parting import Block, Evidence, Parting

SEATS = "seats"
"""Name of the line below the last seat."""


@dataclass(frozen=True)
class Allotment:
    """Who gets which award."""

    awards: tuple[Award, ...]
    """By group in declared order, then by place."""
    vacant: int
    """Seats that stay empty; a normal outcome (rule V6)."""
    tied: tuple[str, ...]
    """Entries that share the mark of a group's last seat and are too many for it; none of them has a seat."""
    ties: tuple[Tie, ...] = ()
    """Ties across a line, and how the chain broke them."""


@dataclass(frozen=True)
class Changes:
    """How a later version of a shortlist differs from the one before (rule L3)."""

    added: tuple[ShortlistItem, ...]
    """In the order of the later version."""
    removed: tuple[ShortlistItem, ...]
    """In the order of the earlier version."""
    altered: tuple[tuple[ShortlistItem, ShortlistItem], ...]
    """The same entry with another group, place or mark: before and after, in the order of the later version."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.altered)


def changes(before: Sequence[ShortlistItem], after: Sequence[ShortlistItem]) -> Changes:
    """Compare two versions of a shortlist. One that was sent is never changed; a change makes the next version (rule L3)."""
    earlier, later = {item.entry: item for item in before}, {item.entry: item for item in after}
    return Changes(
        added=tuple(item for item in after if item.entry not in earlier),
        removed=tuple(item for item in before if item.entry not in later),
        altered=tuple((earlier[item.entry], item) for item in after if item.entry in earlier and earlier[item.entry] != item),
    )


def largest_remainder(seats: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Share seats out by weight, exactly (rule R7).

    Whole shares first, then the largest remainders; equal remainders go to the larger weight, then by key.
    A weight of zero gets nothing; without any weight nobody does.
    """
    total = sum(weights.values())
    if not total:
        return dict.fromkeys(weights, 0)
    shares = {key: seats * weight // total for key, weight in weights.items()}
    left = seats - sum(shares.values())
    for key in sorted(weights, key=lambda one: (-(seats * weights[one] % total), -weights[one], one))[:left]:
        shares[key] += 1
    return shares


def seats(process: Process, eligible: Mapping[str, int]) -> dict[str, int]:
    """Seats of every competing group, by its number of eligible entries (rule R7).

    Seats of the process are shared over all groups; seats of a class over the groups of that class. A group
    that shares with nobody has them all.

    Args:
        process: The declaration.
        eligible: Group -> eligible entries; a group left out has none.

    Raises:
        JinbangError: `eligible` names a group that the process does not have.
        InputError: the seats cannot be shared within the declared bounds.
    """
    groups = eligibility.groups_of(process)
    if unknown := sorted(set(eligible) - set(groups)):
        raise JinbangError(
            f"{process.name}: entries compete in {', '.join(unknown)}, but the groups are {', '.join(groups)}; check the form again",
            zh=f"有申报项归入了不存在的组别（{'、'.join(unknown)}），现有组别为 {'、'.join(groups)}；请重新核对形式审查",
        )
    if process.awards is not None:
        return _share(process.awards, groups, eligible, process.groups)
    shares: dict[str, int] = {}
    for one in process.classes:
        own = [group for group in groups if eligibility.class_of(group, process) == one.name]
        shares |= _share(one.awards or 0, own, eligible, process.groups)
    return shares


def tier_seats(process: Process, seats: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """How many awards of each tier a group has: group -> tier name -> number.

    Every group's tiers add up to its seats, and every tier to its quota where the seats add up to the total.
    Tiers are filled from the top: each time as many seats as the tier's quota go to the groups that lag most
    behind their exact share of all tiers so far; equal lags go to the larger group, then by name.

    Without tiers there is one, without a name.
    """
    if not process.tiers:
        return {group: {"": number} for group, number in seats.items()}
    total = sum(seats.values())
    lines = [min(line, total) for line in accumulate(tier.quota for tier in process.tiers)]
    lines[-1] = total
    reached = dict.fromkeys(seats, 0)
    table: dict[str, dict[str, int]] = {group: {} for group in seats}
    for tier, line in zip(process.tiers, lines, strict=True):
        before = dict(reached)
        _catch_up(reached, line, seats)
        for group in seats:
            table[group][tier.name] = reached[group] - before[group]
    return table


def cut(standings: Sequence[Standing], seats: Mapping[str, int], stage: ShortlistingStage, process: Process) -> tuple[ShortlistItem, ...]:
    """The entries that go to the committee while nothing but marks is looked at: ties stay as they are. See `cutting.cut`."""
    return cutting.cut(standings, seats, stage, process).items


def allot(
    items: Sequence[ShortlistItem], seats: Mapping[str, int], process: Process, *, chain: Sequence[str] = (),
    evidence: Evidence | None = None,
) -> Allotment:  # fmt: skip
    """Give the seats of every group to its entries in order of place (rules V5, V6 and S8).

    Where the last seat, or the line of a tier, runs between entries with the same mark, the chain parts them. An exact tie is never
    decided by an id: those whom the chain leaves tied and who are too many for the seats that are left all stay without, nobody below
    passes them, and those seats are vacant. Entries that stay tied across the line of a tier all get the lower tier; the higher one
    then stays below its quota, and the lower one goes above its own by as much.

    Args:
        items: The shortlist without the entries that were voted out; the order among equal places is kept.
        seats: Group -> seats.
        process: The declaration with its tiers.
        chain: Links that part the tied; none = nothing does.
        evidence: What they are parted by.
    """
    by_group: dict[str, list[ShortlistItem]] = defaultdict(list)
    for item in items:
        by_group[item.group].append(item)
    tiers = tier_seats(process, seats)
    found = [
        _Seating(group, by_group[group], seats[group], tiers[group], Parting(chain, evidence, pool=group, marks=_marks(by_group[group])))
        for group in eligibility.groups_of(process)
        if group in seats
    ]
    awards = tuple(award for one in found for award in one.awards)
    tied = tuple(entry for one in found for entry in one.tied)
    return Allotment(awards, sum(seats.values()) - len(awards), tied, tuple(tie for one in found for tie in one.ties))


class _Seating:
    """Seats of one group, given from the best downwards."""

    def __init__(self, group: str, items: Sequence[ShortlistItem], room: int, tiers: Mapping[str, int], parting: Parting) -> None:
        self.room, self.tiers = room, tiers
        self.awards: list[Award] = []
        self.tied: tuple[str, ...] = ()
        known = {item.entry: item for item in items}
        waiting = [Block(tuple(item.entry for item in block)) for block in reversed(list(_blocks(items)))]
        left: dict[tuple[str, ...], Then] = {}
        while waiting:
            block = waiting.pop()
            filled, line = len(self.awards), self._line(len(block.entries))
            if filled >= room:
                break
            if line and parting.can_part(block):
                waiting += reversed(parting.part(block, line=line))
                continue
            if line:
                parting.stop(block, line=line)
                left[block.entries] = "vacant" if line == SEATS else "lower_tier"
            if line == SEATS:
                self.tied = block.entries
                break
            tier = _tier_at(filled + len(block.entries), tiers)
            self.awards += [Award(entry, group, tier, known[entry].place) for entry in block.entries]
        self.ties = parting.ties(left) if parting.evidence is not None else ()

    def _line(self, size: int) -> str:
        """The line that would run through so many further entries; empty if none does."""
        filled = len(self.awards)
        if filled < self.room < filled + size:
            return SEATS
        if filled + size > self.room:
            return ""
        first, last = (_tier_at(at, self.tiers) for at in (filled + 1, filled + size))
        return first if first != last else ""


def _marks(items: Sequence[ShortlistItem]) -> dict[str, Decimal]:
    return {item.entry: item.mark for item in items}


def _share(number: int, groups: Sequence[str], eligible: Mapping[str, int], declared: Groups | None) -> dict[str, int]:
    if len(groups) == 1:
        return {groups[0]: number}
    weights = {group: eligible.get(group, 0) for group in groups}
    bounds = bounds_by_group(declared.bounds, groups) if declared else {}
    if not bounds or not any(weights.values()):
        return largest_remainder(number, weights)
    # A group that was merged into another, or has no entries, has no seat to be kept for it.
    return apportioning.share_within(number, weights, {group: Bounds(*bounds[group]) for group in bounds if weights[group]})


def _catch_up(reached: dict[str, int], line: int, seats: Mapping[str, int]) -> None:
    """Raise what the groups have reached until it adds up to `line`, whoever lags most first."""
    total = sum(seats.values())
    # Rounding each line by itself could take a seat back from a group that a higher tier gave it.
    lags = [(reached[group] * total - number * line, -number, group) for group, number in seats.items() if number]
    heapq.heapify(lags)
    for _ in range(line - sum(reached.values())):
        lag, size, group = heapq.heappop(lags)
        reached[group] += 1
        if reached[group] < seats[group]:
            heapq.heappush(lags, (lag + total, size, group))


def _blocks(items: Sequence[ShortlistItem]) -> Iterator[list[ShortlistItem]]:
    """The entries in order of place; those with the same mark together."""
    for _, block in groupby(sorted(items, key=lambda item: item.place), key=lambda item: item.mark):
        yield list(block)


def _tier_at(position: int, tiers: Mapping[str, int]) -> str:
    """The tier in which the seat at a position, counted from 1, lies."""
    return next(name for name, line in zip(tiers, accumulate(tiers.values()), strict=True) if position <= line)
