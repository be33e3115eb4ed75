"""From what a reviewer types to the ranking: exact decimals, half up, rounded once (rules S1 to S5, S8)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from itertools import groupby
from typing import Literal, NamedTuple

from models.declared import Words
from models.edition import Entry, Standing
from models.errors import Fault, InputError
from models.process import decimal_text
from models.sheets import Criterion, Distribution
from models.stages import Aggregate, Flags

RefusalCode = Literal["not_a_number", "out_of_range", "off_step"]

_FULL = Fraction(100)
_EXACT = Context(prec=200, traps=[Inexact])
"""Adds marks without rounding; what would not fit is loud."""
_LONGEST = 24
_SHOWN = 20
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
# Phones type 。 where a point is meant.
_AS_TYPED = str.maketrans("０１２３４５６７８９．。｡＋－−", "0123456789...+--")


class MarkRefused(InputError):
    """What was typed is no mark of this criterion."""

    def __init__(self, code: RefusalCode, criterion: Criterion, text: str) -> None:
        self.code = code
        """`not_a_number`, `out_of_range` or `off_step`; pages choose their sentence by it."""
        self.criterion = criterion
        self.text = text
        """As it was typed."""
        highest, step = decimal_text(criterion.max), decimal_text(criterion.step)
        what = {
            "not_a_number": "is not a number",
            "out_of_range": f"lies outside 0 to {highest}",
            "off_step": f"is not a multiple of {step}",
        }[code]
        shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
        remedy = f"enter a number from 0 to {highest} in steps of {step}"
        super().__init__([Fault(f"{shown!r} {what}", remedy, field=criterion.name)])


def number_in(text: str) -> Decimal | None:
    """The plain decimal number that a person typed, full-width digits included; None if it is none.

    Exponents, thousands separators, words, infinities and texts of more than 24 characters are no numbers.
    """
    # The length is looked at before anything else: a megabyte must be refused at once.
    if len(text) > 4 * _LONGEST:
        return None
    typed = text.strip().translate(_AS_TYPED)
    if len(typed) > _LONGEST or not _NUMBER.fullmatch(typed):
        return None
    return Decimal(typed) + 0  # so that "-0" is 0


def read_mark(text: str, criterion: Criterion) -> Decimal:
    """Read one mark as it was typed into a form (rule S1).

    Full-width digits, `。` as the decimal point and spaces around the number are accepted. The result has
    as many decimal places as the criterion's step.

    Raises:
        MarkRefused: not a number, below 0 or above the maximum, or not a multiple of the step.
    """
    mark = number_in(text)
    if mark is None:
        raise MarkRefused("not_a_number", criterion, text)
    if not 0 <= mark <= criterion.max:
        raise MarkRefused("out_of_range", criterion, text)
    if mark % criterion.step:
        raise MarkRefused("off_step", criterion, text)
    return mark.quantize(Decimal(1).scaleb(-_places(criterion.step)))


def half_up(value: Fraction, places: int) -> Decimal:
    """Round an exact value once, halves away from zero (rule S3)."""
    scaled = abs(value) * 10**places + Fraction(1, 2)
    digits = scaled.numerator // scaled.denominator
    return Decimal(digits if value >= 0 else -digits).scaleb(-places)


def total(criteria: Iterable[Criterion], marks: Mapping[str, Decimal], skipped: Collection[str] = ()) -> Fraction | None:
    """The total of one sheet, of 100 (rule S1). Informative criteria do not count.

    A criterion answered "not applicable" is left out, and the others are scaled up to 100; so it changes no mean.

    Args:
        criteria: The sheet.
        marks: Marks given so far.
        skipped: Criteria answered "not applicable".

    Returns:
        Exact; None if nothing that counts has been answered.
    """
    counted = [one for one in criteria if not one.informative and one.name not in skipped]
    answered = [one for one in counted if one.name in marks]
    if not answered:
        return None
    possible = _weighed((one.max, one.weight) for one in counted)
    points = _weighed((marks[one.name], one.weight) for one in answered)
    if not possible:
        return None
    return points if possible == _FULL else points * _FULL / possible


def _weighed(given: Iterable[tuple[Decimal, Fraction | None]]) -> Fraction:
    """The exact sum of numbers, each times its weight. Decimals are added as such: a fraction for each takes ten times as long."""
    plain, rest = Decimal(0), Fraction(0)
    for number, weight in given:
        if weight is None:
            plain = _EXACT.add(plain, number)
        else:
            rest += Fraction(number) * weight
    return Fraction(plain) + rest if rest else Fraction(plain)


def missing(criteria: Iterable[Criterion], marks: Mapping[str, Decimal], skipped: Collection[str] = ()) -> tuple[str, ...]:
    """Names of the criteria that a sheet still needs before it can be signed; informative ones may stay empty."""
    return tuple(one.name for one in criteria if not one.informative and one.name not in marks and one.name not in skipped)


Total = Decimal | Fraction
"""A total of one sheet, exact."""


class Offer(NamedTuple):
    """A mark that is offered as a button beside the number field."""

    mark: Decimal
    text: Words | None
    """What an entry is like that deserves it; None where the declaration has no anchors."""


def offers(criterion: Criterion, shares: Iterable[Fraction]) -> tuple[Offer, ...]:
    """The marks that are offered for a criterion: its anchors (rule S1), else shares of its highest mark rounded to its step."""
    if criterion.anchors:
        return tuple(Offer(anchor.mark, anchor.text) for anchor in criterion.anchors)
    steps = (half_up(share * Fraction(criterion.max) / Fraction(criterion.step), 0) for share in shares)
    marks = dict.fromkeys(half_up(Fraction(number) * Fraction(criterion.step), _places(criterion.step)) for number in steps)
    return tuple(Offer(mark, None) for mark in marks)


def over_limit(totals: Sequence[Total], distribution: Distribution | None, *, locked: Sequence[Total] = ()) -> bool:
    """Whether one reviewer gives more high totals than the declaration allows (rule S6).

    Who signed few sheets, when the guard left them free, and then got more of them can lower only the new ones: the guard asks
    for no more than that none of those is high.

    Args:
        totals: Totals of the reviewer's sheets so far, exact.
        distribution: The guard; None = free.
        locked: Those of the totals that are signed.
    """
    if distribution is None or len(totals) < distribution.sheets_min:
        return False
    high = high_totals(totals, distribution)
    return high > Fraction(distribution.share) * len(totals) and high > high_totals(locked, distribution)


def high_totals(totals: Iterable[Total], distribution: Distribution) -> int:
    """How many totals the guard of the distribution counts as high."""
    return sum(Fraction(total) >= Fraction(distribution.above) for total in totals)


def aggregate(totals: Sequence[Total], rule: Aggregate) -> Decimal | None:
    """The mark of one entry from the totals of its reviewers (rules S2 to S4).

    Args:
        totals: Totals of signed sheets, in any order. A missing sheet is left out, never a 0.
        rule: Method, when to trim, how many are needed, decimal places.

    Returns:
        The mark, exact until it is rounded half up at the end; None if there are fewer than `rule.min_valid`.
    """
    if not totals or len(totals) < rule.min_valid:
        return None
    ordered = sorted(map(_exact, totals))
    match rule.method:
        case "mean":
            exact = _mean(ordered)
        case "trimmed_mean":
            exact = _mean(ordered[1:-1] if len(ordered) >= rule.trim_min else ordered)
        case "median":
            exact = _median(ordered)
        case _:  # its marks follow from all sheets of the stage; see `rules.marking`
            raise AssertionError(rule.method)
    return half_up(exact, rule.places)


def is_divergent(totals: Sequence[Total], flags: Flags) -> bool:
    """Whether the reviewers of one entry are far apart (rule S5): in their span, or one of them from the median."""
    if len(totals) < 2:
        return False
    ordered = sorted(map(_exact, totals))
    middle = _median(ordered)
    spread = ordered[-1] - ordered[0]
    distance = max(ordered[-1] - middle, middle - ordered[0])
    return spread >= Fraction(flags.spread) or distance >= Fraction(flags.distance)


def divergent(totals: Mapping[str, Total], flags: Flags) -> tuple[str, ...]:
    """Whose totals make an entry divergent (rule S5): those too far from the median, else the highest and the lowest.

    Args:
        totals: Reviewer -> total of one entry.
        flags: When an entry counts as divergent.

    Returns:
        By name; nobody if the entry is not divergent.
    """
    if not is_divergent(list(totals.values()), flags):
        return ()
    exact = {name: Fraction(total) for name, total in totals.items()}
    middle = _median(sorted(exact.values()))
    far = [name for name, total in exact.items() if abs(total - middle) >= Fraction(flags.distance)]
    ends = {min(exact.values()), max(exact.values())}
    return tuple(sorted(far or (name for name, total in exact.items() if total in ends)))


def standings(
    entries: Sequence[Entry], totals: Mapping[str, Sequence[Total]], rule: Aggregate, flags: Flags,
    marks: Mapping[str, Decimal] | None = None,
) -> tuple[Standing, ...]:  # fmt: skip
    """Rank entries within their groups by the mark as it is printed: 1, 2, 2, 4 (rule S8).

    Args:
        entries: Entries with their group.
        totals: Entry id -> totals of its signed sheets. Entries with too few are left out; see `lacking`.
        rule: How totals become a mark.
        flags: When an entry counts as divergent.
        marks: Entry id -> mark as printed, where it does not follow from the entry's own totals alone; entries without one are left out.

    Returns:
        By group name, place, entry code.
    """
    found = {entry.id: aggregate(totals.get(entry.id, ()), rule) for entry in entries} if marks is None else marks
    marked = [(entry, mark) for entry in entries if (mark := found.get(entry.id)) is not None]
    marked.sort(key=lambda pair: (pair[0].group, -pair[1], pair[0].code))
    ranked: list[Standing] = []
    for _, members in groupby(marked, key=lambda pair: pair[0].group):
        place, before = 0, None
        for position, (entry, mark) in enumerate(members, start=1):
            place, before = (place if mark == before else position), mark
            ranked.append(_standing(entry, mark, totals[entry.id], rule, flags, place))
    return tuple(ranked)


def lacking(entries: Iterable[Entry], totals: Mapping[str, Sequence[Total]], rule: Aggregate) -> tuple[str, ...]:
    """Ids of the entries that need another reviewer (rule S4), by entry code."""
    short = [entry for entry in entries if len(totals.get(entry.id, ())) < rule.min_valid]
    return tuple(entry.id for entry in sorted(short, key=lambda entry: entry.code))


def _standing(entry: Entry, mark: Decimal, totals: Sequence[Total], rule: Aggregate, flags: Flags, place: int) -> Standing:
    return Standing(
        entry=entry.id,
        group=entry.group,
        mark=mark,
        valid=len(totals),
        mean=half_up(_mean([*map(_exact, totals)]), rule.places),
        spread=half_up(_exact(max(totals)) - _exact(min(totals)), rule.places),
        flagged=is_divergent(totals, flags),
        place=place,
    )


def _exact(total: Total) -> Fraction:
    return total if isinstance(total, Fraction) else Fraction(total)


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _median(ordered: Sequence[Fraction]) -> Fraction:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _places(step: Decimal) -> int:
    exponent = step.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
