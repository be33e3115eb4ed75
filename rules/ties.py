"""Ties on what is printed are broken by the statutes' order, then by a lot whose seed was published; every step is kept (rules S8, L2).

A measure parts entries by what is printed of it, never by digits behind; an entry's id decides nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from models.errors import Fault, InputError
from rules.scoring import Total, half_up

Blocks = tuple[tuple[str, ...], ...]
"""Entries by merit, the best first; those that are still tied stand together, by id."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One link of a chain of tie-breaks."""

    name: str
    """As the statutes and the minutes call it."""
    values: Mapping[str, Decimal]
    """Entry -> value as it is printed."""
    lower_first: bool = False
    """The lower value goes first, as with the spread of the scores."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one measure or the lot did."""

    name: str
    printed: Mapping[str, str]
    """Entry -> what was compared, for the entries that were still tied."""
    after: Blocks
    """How they stood afterwards."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A tie and how far it was broken."""

    order: Blocks
    steps: tuple[Step, ...]
    """In the order in which they were taken; a step that parted nobody is kept too."""

    @property
    def open(self) -> tuple[tuple[str, ...], ...]:
        """Entries that are still tied: the committee votes on them, or lots are drawn."""
        return tuple(block for block in self.order if len(block) > 1)


def settle(tied: Iterable[str], chain: Sequence[Measure]) -> Settled:
    """Break a tie by a chain of measures, each for those whom the ones before left tied.

    Raises:
        InputError: a measure has no value for an entry that it must compare.
    """
    blocks: Blocks = (tuple(sorted(tied)),)
    steps: list[Step] = []
    for measure in chain:
        compared = [entry for block in blocks if len(block) > 1 for entry in block]
        if not compared:
            break
        if lacking := [entry for entry in compared if entry not in measure.values]:
            remedy = "give a value for each, or leave the measure out of the chain"
            raise InputError([Fault(f"{measure.name} has no value for {', '.join(lacking)}", remedy, field=measure.name)])
        blocks = tuple(part for block in blocks for part in _parted(block, measure))
        steps.append(Step(measure.name, {entry: str(measure.values[entry]) for entry in compared}, blocks))
    return Settled(blocks, tuple(steps))


def draw_lots(settled: Settled, *, seed: int, award: str) -> Settled:
    """Order those who are still tied by lot, the last resort.

    An entry's lot is the SHA-256 of seed, award and entry, each on a line of its own; the lowest goes first. Whoever knows the
    seed, published beforehand, can draw them again with any tool.

    Args:
        settled: What the chain left open.
        seed: Published before the scores were opened.
        award: Id of the edition and the group, so that one seed serves several lots without repeating them.
    """
    if not settled.open:
        return settled
    lots = {entry: lot(seed, award, entry) for block in settled.open for entry in block}
    order = tuple(part for block in settled.order for part in (_by_lot(block, lots) if len(block) > 1 else (block,)))
    return Settled(order, (*settled.steps, Step("lot", lots, order)))


def lot(seed: int, award: str, entry: str) -> str:
    """The lot of one entry, 64 hexadecimal digits."""
    return hashlib.sha256(f"{seed}\n{award}\n{entry}".encode()).hexdigest()


def places(settled: Settled, first: int) -> dict[str, int]:
    """Entry -> place, from the place that the tie held; those who are still tied share theirs (rule S8)."""
    found: dict[str, int] = {}
    for block in settled.order:
        found |= dict.fromkeys(block, first + len(found))
    return found


# -- measures that statutes name ---------------------------------------------------------------------------------------


def mean_of(name: str, totals: Mapping[str, Sequence[Total]], *, digits: int) -> Measure:
    """The mean of a criterion's marks, or of whole totals (`raw_mean`), as printed."""
    return Measure(name, {entry: half_up(_mean(values), digits) for entry, values in totals.items() if values})


def share_recommended(recommended: Mapping[str, Sequence[bool]], *, digits: int) -> Measure:
    """Of a hundred reviewers, how many recommend the entry."""
    shares = {entry: 100 * Fraction(sum(said), len(said)) for entry, said in recommended.items() if said}
    return Measure("recommended", {entry: half_up(share, digits) for entry, share in shares.items()})


def top_scores(totals: Mapping[str, Sequence[Total]], *, least: Total) -> Measure:
    """How many totals reach `least`, which is included."""
    return Measure("top_scores", {entry: Decimal(sum(Fraction(one) >= Fraction(least) for one in all_)) for entry, all_ in totals.items()})


def spread(totals: Mapping[str, Sequence[Total]], *, digits: int) -> Measure:
    """Highest less lowest total; who is judged more alike goes first."""
    spans = {entry: Fraction(max(values)) - Fraction(min(values)) for entry, values in totals.items() if values}
    return Measure("spread", {entry: half_up(span, digits) for entry, span in spans.items()}, lower_first=True)


def _parted(block: tuple[str, ...], measure: Measure) -> Blocks:
    if len(block) == 1:
        return (block,)
    sign = 1 if measure.lower_first else -1
    ordered = sorted(block, key=lambda entry: (sign * measure.values[entry], entry))
    return tuple(tuple(part) for _, part in groupby(ordered, key=lambda entry: measure.values[entry]))


def _by_lot(block: tuple[str, ...], lots: Mapping[str, str]) -> Blocks:
    return tuple((entry,) for entry in sorted(block, key=lambda one: lots[one]))


def _mean(values: Sequence[Total]) -> Fraction:
    return sum((Fraction(value) for value in values), Fraction(0)) / len(values)
