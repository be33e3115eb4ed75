"""Synthetic people for rehearsals: what they would do, as a function of a seed and of stable names.

Each entry has a hidden true quality, each reviewer a leniency; a mark is quality + leniency + noise, heaped on fives.
The same seed gives the same people, whoever asks and however often, so that an interrupted rehearsal goes on as it began.
Shares and spreads: docs/decisions/0007-rehearsal.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from statistics import NormalDist

from models.edition import Award, Entry
from models.sheets import Criterion
from rules import scoring

_STANDARD = NormalDist()
_2_64 = 2**64


@dataclass(frozen=True, slots=True)
class Temper:
    """How synthetic people behave."""

    quality_mean: float = 80.0
    """Of 100."""
    quality_spread: float = 6.0
    leniency_spread: float = 3.0
    noise_spread: float = 3.5
    outliers: float = 0.03
    """Share of marks that are far too low."""
    outlier_points: float = 20.0
    silent: float = 0.04
    """Share of reviewers who never answer."""
    idle: float = 0.03
    """Share of reviewers who accept and then score nothing; only where a stage replaces them (`silent_days`)."""
    recusals: float = 0.01
    """Share of assignments that a reviewer gives back."""
    declines: float = 0.01
    """Share of reviewers who decline the invitation."""
    heaping: float = 0.4
    """Share of totals that are rounded to fives."""
    absent: float = 0.1
    """Share of committee members who never answer."""
    sent_back: float = 0.08
    """Share of entries that form checkers send back to be corrected."""
    uncorrected: float = 0.15
    """Share of those that their nominators never correct."""
    struck: float = 0.02
    """Share of listed entries to which a committee member does not agree."""


def chance(seed: int, *names: str) -> float:
    """A number in (0, 1) that depends on nothing but the seed and the names."""
    digest = hashlib.blake2b("\x1f".join((str(seed), *names)).encode(), digest_size=8).digest()
    return (int.from_bytes(digest) + 0.5) / _2_64


def normal(seed: int, *names: str) -> float:
    """A standard normal number that depends on nothing but the seed and the names."""
    return _STANDARD.inv_cdf(chance(seed, *names))


def quality(seed: int, entry: str, temper: Temper) -> float:
    """The hidden true quality of an entry, of 100."""
    return min(98.0, max(50.0, temper.quality_mean + temper.quality_spread * normal(seed, "quality", entry)))


def marks(seed: int, entry: str, reviewer: str, sheet: Sequence[Criterion], temper: Temper) -> dict[str, Decimal]:
    """What a reviewer gives an entry, criterion by criterion, within range and step."""
    total = quality(seed, entry, temper) + temper.leniency_spread * normal(seed, "leniency", reviewer)
    total += temper.noise_spread * normal(seed, "noise", entry, reviewer)
    if chance(seed, "outlier", entry, reviewer) < temper.outliers:
        total -= temper.outlier_points
    if chance(seed, "heaping", entry, reviewer) < temper.heaping:
        total = 5 * round(total / 5)
    return _spread_over(min(100.0, max(0.0, total)), sheet)


def lowered(given: Mapping[str, Decimal], sheet: Sequence[Criterion], below: Decimal) -> dict[str, Decimal]:
    """The same marks with as little taken away as brings their total under a limit: what a person does whom rule S6 stops."""
    fewer = dict(given)
    for criterion in sorted((one for one in sheet if not one.informative), key=lambda one: (-one.max, one.name)):
        while fewer.get(criterion.name, Decimal(0)) >= criterion.step and (scoring.total(sheet, fewer) or 0) >= below:
            fewer[criterion.name] -= criterion.step
    return fewer


def _spread_over(total: float, sheet: Sequence[Criterion]) -> dict[str, Decimal]:
    """Share a total out over the criteria in proportion to their maxima.

    The last one that counts takes the rest, so that the sum is exact to a step; informative ones stand outside it.
    """
    share = Decimal(str(total)) / 100
    given = {one.name: min(one.max, (share * one.max / one.step).quantize(Decimal(1), ROUND_HALF_UP) * one.step) for one in sheet}
    counted = [one for one in sheet if not one.informative]
    last = counted[-1]
    whole = sum((one.max for one in counted), Decimal(0))
    left = (share * whole).quantize(last.step, ROUND_HALF_UP) - sum((given[one.name] for one in counted[:-1]), Decimal(0))
    given[last.name] = min(last.max, max(Decimal(0), (left / last.step).quantize(Decimal(1), ROUND_HALF_UP) * last.step))
    return given


def precision(seed: int, entries: Sequence[Entry], awards: Sequence[Award], temper: Temper) -> float:
    """Share of awards that went to the truly best: of each group as many as it has awards."""
    given: dict[str, set[str]] = {}
    for award in awards:
        given.setdefault(award.group, set()).add(award.entry)
    hits = 0
    for group, winners in given.items():
        ranked = sorted((one for one in entries if one.group == group), key=lambda one: (-quality(seed, one.key, temper), one.key))
        hits += len(winners & {one.id for one in ranked[: len(winners)]})
    return hits / len(awards) if awards else 0.0


def sittings(seed: int, reviewer: str, entries: Sequence[str], count: int) -> Mapping[int, tuple[str, ...]]:
    """In which of `count` sittings a reviewer scores which entries; the last sitting ends with signing."""
    first = min(count - 1, int(chance(seed, "prompt", reviewer) ** 1.5 * count))
    spread: dict[int, list[str]] = {number: [] for number in range(first, count)}
    for place, entry in enumerate(entries):
        pause = 0 if place < len(entries) // 2 or first == count - 1 else 1
        spread[first + pause].append(entry)
    return {number: tuple(some) for number, some in spread.items() if some}
