"""How sure a ranking is: chances of being selected, expected ranks, and the entries that the scores cannot tell apart.

A draw invents qualities, leniencies and noise of the estimated sizes, calibrates the invented scores and looks how far it is off. That is
how far our own marks may be off; marks that are off by so much are selected from by the whole rule of the award, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Literal

import numpy as np
import numpy.typing as npt

from models.declared import Words
from rules.calibration import Calibration
from rules.score_table import Floats, Numbers
from rules.scoring import half_up

Flags = npt.NDArray[np.bool_]
Selection = Callable[[Floats], Flags]
"""A whole rule of selection: qualities by number of the entry, higher is better -> who is selected."""
Zone = Literal["clear", "discussion", "clear_no"]

_AT_ONCE = 64
_DRAWN = 1e-5
"""Precision of a draw's equations; what is drawn is a thousand times less certain."""
_CHANCE_PLACES, _RANK_PLACES = 3, 2
_LIKELY = 0.9


@dataclass(frozen=True)
class Chance:
    """How sure the place of one entry is."""

    selected: Decimal | None
    """Share of draws in which the rule selects it; None where nothing is selected."""
    expected_rank: Decimal
    """Mean of its rank over all draws, from 1."""
    likely_ranks: tuple[int, int]
    """Best and worst rank in nine draws of ten."""


@dataclass(frozen=True)
class Bands:
    """All entries in three bands, and where the line runs in the middle one."""

    zones: Mapping[str, Zone]
    """Entry -> band."""
    entries: tuple[str, ...]
    """Those for discussion, by expected rank, then by id."""
    seats: int
    """So many of them can be selected: the line runs below as many. The clear ones have the other seats."""
    total: int
    """Seats altogether."""

    @property
    def sentence(self) -> Words:
        """What is printed above the list."""
        count, place = len(self.entries), self.total
        if not count:
            return Words(zh=f"这些评分足以确定前{place}名", en=f"These scores tell clearly who is among the first {place}.")
        left = f"{self.seats} of the places {'is' if self.seats == 1 else 'are'} left for"
        if count == 1:
            zh = f"这些评分不能确定第{place}名前后的1项是否入围，尚有{self.seats}个名额，请评委会讨论"
            return Words(zh=zh, en=f"With these scores it is open whether one entry is among the first {place}; {left} it.")
        return Words(
            zh=f"这些评分在第{place}名前后无法区分{count}项，其中尚有{self.seats}个名额，请评委会讨论",
            en=f"With these scores {count} entries cannot be told apart around place {place}; {left} them.",
        )


def best(count: int) -> Selection:
    """The rule that takes so many with the highest qualities."""

    def select(quality: Floats) -> Flags:
        chosen = np.zeros(len(quality), dtype=np.bool_)
        chosen[np.argpartition(-quality, min(count, len(quality)) - 1)[:count]] = True
        return chosen

    return select


def best_of_groups(groups: Sequence[str], seats: Mapping[str, int]) -> Selection:
    """The rule that fills the seats of every group from that group.

    Args:
        groups: By number of the entry.
        seats: Group -> seats; a group left out has none.
    """
    members = {group: np.array([at for at, name in enumerate(groups) if name == group], dtype=np.intp) for group in sorted(set(groups))}

    def select(quality: Floats) -> Flags:
        chosen = np.zeros(len(quality), dtype=np.bool_)
        for group, numbers in members.items():
            if count := seats.get(group, 0):
                chosen[numbers[best(count)(quality[numbers])]] = True
        return chosen

    return select


def best_within(
    pools: Sequence[str], seats: Mapping[str, int], groups: Sequence[str], bounds: Mapping[str, tuple[int, int | None]]
) -> Selection:
    """The rule that fills the seats of every pool so that each of its groups keeps its bounds: the lower ones first, then by quality.

    Args:
        pools: By number of the entry.
        seats: Pool -> seats; a pool left out has none.
        groups: By number of the entry; a group lies within one pool.
        bounds: Group -> at least and at most, None = as many as there are; a group left out has no bounds.
    """
    members: dict[str, dict[str, list[int]]] = {}
    for at, (pool, group) in enumerate(zip(pools, groups, strict=True)):
        members.setdefault(pool, {}).setdefault(group, []).append(at)

    def select(quality: Floats) -> Flags:
        chosen = np.zeros(len(quality), dtype=np.bool_)
        for pool, parts in members.items():
            sure: list[int] = []
            rest: list[int] = []
            for group, numbers in parts.items():
                lower, upper = bounds.get(group, (0, None))
                ordered = sorted(numbers, key=lambda at: (-quality[at], at))
                sure += ordered[:lower]
                rest += ordered[lower:upper]
            rest.sort(key=lambda at: (-quality[at], at))
            chosen[sure + rest[: max(0, seats.get(pool, 0) - len(sure))]] = True
        return chosen

    return select


def chances(
    calibration: Calibration, selection: Selection | None, *, draws: int, seed: int, alike: Numbers | None = None
) -> dict[str, Chance]:
    """Chances and expected ranks of all entries; the same seed gives the same ones on every machine.

    Args:
        calibration: What the scores say.
        selection: The whole rule of the award; None if nobody is selected.
        draws: How many.
        seed: Published before the scores are opened.
        alike: By number of the entry, the same number for entries that the rule cannot tell apart if their scores are the same; they
            share their chance. None: every entry has its own.
    """
    count = len(calibration.table.entries)
    chosen, ranks = np.zeros(count), np.empty((count, draws), dtype=np.int32)
    order = np.arange(1, count + 1, dtype=np.int32)
    for number, quality in enumerate(_qualities(calibration, draws, seed)):
        ranks[np.argsort(-quality, kind="stable"), number] = order
        if selection is not None:
            chosen += selection(quality)
    means = _shared(ranks.sum(axis=1, dtype=np.int64).astype(np.float64), calibration.table.alike)
    if alike is not None:
        chosen = _shared(chosen, alike)
    edge = int(draws * (1 - _LIKELY) / 2)
    ranks.partition((edge, draws - 1 - edge), axis=1)
    return {
        entry: Chance(
            None if selection is None else _printed(share, draws, _CHANCE_PLACES),
            _printed(mean, draws, _RANK_PLACES),
            (int(first), int(last)),
        )
        for entry, share, mean, first, last in zip(
            calibration.table.entries, chosen, means, ranks[:, edge], ranks[:, draws - 1 - edge], strict=True
        )
    }


def bands(chances: Mapping[str, Chance], seats: int, *, clear: Decimal) -> Bands:
    """Sort entries into bands by their chance as it is printed.

    Args:
        chances: Of all entries, with a selection.
        seats: How many the rule selects.
        clear: The chance from which an entry is clearly selected; it is clearly not from 1 - `clear` downwards.
    """
    zones = {entry: _zone(chance.selected, clear) for entry, chance in chances.items() if chance.selected is not None}
    within = sorted((chances[entry].expected_rank, entry) for entry, zone in zones.items() if zone == "discussion")
    sure = sum(zone == "clear" for zone in zones.values())
    return Bands(zones, tuple(entry for _, entry in within), max(0, min(seats, len(chances)) - sure), seats)


def _zone(selected: Decimal, clear: Decimal) -> Zone:
    return "clear" if selected >= clear else "clear_no" if selected <= 1 - clear else "discussion"


def _qualities(calibration: Calibration, draws: int, seed: int) -> Iterator[Floats]:
    """Qualities as they may really be, one array by number for each draw."""
    errors = _errors(calibration, (draws + 1) // 2, seed)
    # An error is as likely as its opposite: with both, half as many panels are invented, and chances scatter less.
    both = (calibration.quality + sign * error for error in errors for sign in (1.0, -1.0))
    return islice(both, draws)


def _errors(calibration: Calibration, count: int, seed: int) -> Iterator[Floats]:
    """How far calibration is off on invented panels, one array by number for each."""
    bits = np.random.PCG64(seed)
    equations, table, components = calibration.equations, calibration.table, calibration.components
    sizes = len(table.entries), len(table.reviewers), len(table)
    for start in range(0, count, _AT_ONCE):
        width = min(_AT_ONCE, count - start)
        if not any(components):  # all scores are the same: nothing tells one entry from another
            yield from _normal(bits, sizes[0], width).T
            continue
        quality = _normal(bits, sizes[0], width) / np.sqrt(equations.on_quality)
        leniency = _normal(bits, sizes[1], width) / np.sqrt(equations.on_leniency)
        scores = _normal(bits, sizes[2], width) / np.sqrt(equations.weights)[:, None]
        scores += quality[table.entry]
        scores += leniency[table.reviewer]
        off = quality - equations.solve(scores, precision=_DRAWN).quality
        yield from np.ascontiguousarray(np.sqrt(components.noise) * off.T)


def _normal(bits: np.random.PCG64, rows: int, columns: int) -> Floats:
    """Standard normal numbers (Box and Muller). The generator's bits are the same in every release of its library; its normals are not."""
    count = rows * columns
    raw = bits.random_raw(count + count % 2)
    uniform = ((raw >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
    half = len(uniform) // 2
    length, angle = np.sqrt(-2.0 * np.log(uniform[:half])), 2.0 * np.pi * uniform[half:]
    return np.concatenate([length * np.cos(angle), length * np.sin(angle)])[:count].reshape(rows, columns)


def _shared(values: Floats, alike: Numbers) -> Floats:
    means: Floats = (np.bincount(alike, weights=values) / np.bincount(alike))[alike]
    return means


def _printed(total: float, draws: int, places: int) -> Decimal:
    # Sums over entries that are alike were divided by their number; nine digits undo the dust of that division.
    return half_up(Fraction(f"{total:.9f}") / draws, places)
