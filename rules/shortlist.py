"""Who goes to the committee, and who gets a seat (rules R7, L1, L2, V6)."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, groupby
from math import ceil

from models.edition import Award, ShortlistItem, Standing
from models.errors import JinbangError
from models.process import Process
from models.stages import ShortlistingStage
from rules import eligibility


@dataclass(frozen=True)
class Allotment:
    """Who gets which award."""

    awards: tuple[Award, ...]
    """By group in declared order, then by place."""
    vacant: int
    """Seats that stay empty; a normal outcome (rule V6)."""
    tied: tuple[str, ...]
    """Entries that share the mark of a group's last seat and are too many for it; none of them has a seat."""


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
    """
    groups = eligibility.groups_of(process)
    if unknown := sorted(set(eligible) - set(groups)):
        raise JinbangError(
            f"{process.name}: entries compete in {', '.join(unknown)}, but the groups are {', '.join(groups)}; check the form again"
        )
    if process.awards is not None:
        return _share(process.awards, groups, eligible)
    shares: dict[str, int] = {}
    for one in process.classes:
        shares |= _share(one.awards or 0, [group for group in groups if eligibility.class_of(group, process) == one.name], eligible)
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
    """The entries that go to the committee, in the order of the standings (rules L1 and L2).

    `ratio` and `top_share` cut every group, `counts` every class, `min_score` asks for a mark. Entries that
    share the mark on the line all stay in (`include_all`) or all stay out (`exclude_all`).
    """
    pools: dict[str, list[Standing]] = defaultdict(list)
    for standing in standings:
        pools[pool_of(standing.group, stage, process)].append(standing)
    kept = {one.entry for name, pool in pools.items() for one in _upper_part(pool, places(name, len(pool), seats, stage), stage)}
    return tuple(ShortlistItem(one.entry, one.group, one.place, one.mark) for one in standings if one.entry in kept)


def pool_of(group: str, stage: ShortlistingStage, process: Process) -> str:
    """Among whom an entry competes for the list: its class where `counts` cuts, else its group (rule L1)."""
    return eligibility.class_of(group, process) if stage.counts else group


def places(pool: str, size: int, seats: Mapping[str, int], stage: ShortlistingStage) -> int:
    """How many of a pool go to the committee, ties aside (rule L1); all of them where only a mark is asked for.

    Args:
        pool: As `pool_of` names it.
        size: Entries in it.
        seats: Group -> seats.
        stage: The declaration of the cut.
    """
    if stage.counts:
        return stage.counts.get(pool, 0)
    if stage.ratio is not None:
        return ceil(seats.get(pool, 0) * Fraction(stage.ratio))
    if stage.top_share is not None:
        return ceil(size * stage.top_share)
    return size


def allot(items: Sequence[ShortlistItem], seats: Mapping[str, int], process: Process) -> Allotment:
    """Give the seats of every group to its entries in order of place (rules V5 and V6).

    An exact tie is never decided by an id. Entries that share a mark and are too many for the seats that are
    left all stay without, nobody below passes them, and those seats are vacant. Entries that share a mark
    across the line of a tier all get the lower tier; the higher one then stays below its quota, and the lower
    one goes above its own by as much.

    Args:
        items: The shortlist without the entries that were voted out; the order among equal places is kept.
        seats: Group -> seats.
        process: The declaration with its tiers.
    """
    by_group: dict[str, list[ShortlistItem]] = defaultdict(list)
    for item in items:
        by_group[item.group].append(item)
    tiers = tier_seats(process, seats)
    awards: list[Award] = []
    tied: list[str] = []
    for group in eligibility.groups_of(process):
        filled, room = 0, seats.get(group, 0)
        for block in _blocks(by_group[group]):
            if filled + len(block) > room:
                tied += [item.entry for item in block] if filled < room else []
                break
            filled += len(block)
            tier = _tier_at(filled, tiers[group])
            awards += [Award(item.entry, group, tier, item.place) for item in block]
    return Allotment(tuple(awards), sum(seats.values()) - len(awards), tuple(tied))


def _share(number: int, groups: Sequence[str], eligible: Mapping[str, int]) -> dict[str, int]:
    if len(groups) == 1:
        return {groups[0]: number}
    return largest_remainder(number, {group: eligible.get(group, 0) for group in groups})


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


def _upper_part(pool: Sequence[Standing], places: int, stage: ShortlistingStage) -> list[Standing]:
    if stage.min_score is not None:
        return [one for one in pool if one.mark >= stage.min_score]
    if places >= len(pool):
        return list(pool)
    if places <= 0:
        return []
    marks: list[Decimal] = sorted((one.mark for one in pool), reverse=True)
    line, below = marks[places - 1], marks[places]
    if line == below and stage.ties == "exclude_all":
        return [one for one in pool if one.mark > line]
    return [one for one in pool if one.mark >= line]


def _blocks(items: Sequence[ShortlistItem]) -> Iterator[list[ShortlistItem]]:
    """The entries in order of place; those with the same mark together."""
    for _, block in groupby(sorted(items, key=lambda item: item.place), key=lambda item: item.mark):
        yield list(block)


def _tier_at(position: int, tiers: Mapping[str, int]) -> str:
    """The tier in which the seat at a position, counted from 1, lies."""
    return next(name for name, line in zip(tiers, accumulate(tiers.values()), strict=True) if position <= line)
