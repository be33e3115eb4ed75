"""From scores to a printed ranking by one of eight methods (rules S2, S3, S8).

Mean, trimmed mean and median are computed by `rules.scoring` in exact decimals; what goes by the order is exact too. Calibrated marks are
rounded to nine places, and then once more, half up, to what is printed: the ninth place is far above what two machines may differ in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import get_args

from models.stages import ALONE as ALONE
from models.stages import Aggregate
from models.stages import Method as Method
from rules import normalising, scoring
from rules.calibration import Calibration, calibrate
from rules.score_table import Score, ScoreTable

VERSION = 1
"""Rises when the same sheets would give another mark by the same declaration; it is part of what is frozen before the review."""
METHODS: tuple[Method, ...] = get_args(Method)
CALIBRATED: tuple[Method, ...] = ("calibrated", "calibrated_robust", "calibrated_scaled")

_DUST = 9


@dataclass(frozen=True, slots=True)
class Place:
    """One line of a ranking."""

    rank: int
    """1, 2, 2, 4: by the mark as it is printed (rule S8)."""
    entry: str
    valid: int
    """Number of its scores."""
    mean: Decimal
    """Its plain mean, always shown beside the mark."""
    mark: Decimal


def turned(scores: Iterable[Score]) -> list[Score]:
    """The same scores with the sign changed: what a method works on where a lower score is better."""
    return [one._replace(value=-one.value) for one in scores]


def exact_marks(totals: Mapping[str, tuple[Decimal, ...]], rule: Aggregate) -> dict[str, Decimal]:
    """Entry -> mark by mean, trimmed mean or median (rules S2 and S3); an entry with fewer than `rule.min_valid` scores has none."""
    return {entry: mark for entry, values in totals.items() if (mark := scoring.aggregate(values, rule)) is not None}


def calibrated_marks(calibration: Calibration, places: int) -> dict[str, Decimal]:
    """Entry -> calibrated mark, rounded half up."""
    return {entry: scoring.half_up(Fraction(f"{mark:.{_DUST}f}"), places) for entry, mark in calibration.marks.items()}


def calibration_by(method: Method, scores: Sequence[Score]) -> Calibration:
    """The calibration that a method goes by; the plain one for those that are none.

    Args:
        method: Any; `calibrated_robust` expects wild scores, `calibrated_scaled` brings the spreads of reviewers together first.
        scores: At least one; a higher one is better.
    """
    if method == "calibrated_scaled":
        scores = normalising.same_spread(scores)
    return calibrate(ScoreTable(scores), wild=method == "calibrated_robust")


def borda_marks(scores: Iterable[Score], places: int) -> dict[str, Decimal]:
    """Entry -> of a hundred other entries of the same reviewer, how many it beats; ties count half; the mean over its reviewers.

    Reviewers who scored one entry compare nothing. Where an entry has only such reviewers, its mark is 50: nothing is known.
    """
    points: dict[str, list[Fraction]] = defaultdict(list)
    for sheet in _sheets(scores):
        beaten = normalising.beaten(one.value for one in sheet)
        for one in sheet:
            points[one.entry] += [100 * beaten[one.value] / (len(sheet) - 1)] if len(sheet) > 1 else []
    return {entry: scoring.half_up(sum(some, Fraction(0)) / len(some) if some else Fraction(50), places) for entry, some in points.items()}


def rank_sum_marks(scores: Iterable[Score], places: int) -> dict[str, Decimal]:
    """Entry -> the mean of its places on the lists of its reviewers, counted from below, ties in the middle.

    The last on a list of 20 has 1, the first 20. Where everybody scored everything, the order is that of the sum of places (名次和); it is
    turned round so that more is better as with every other mark, and divided by the number of sheets so that a missing one costs nothing
    (rule S4). A first place on a long list is worth more than one on a short list; `borda_marks` makes them equal.
    """
    points: dict[str, list[Fraction]] = defaultdict(list)
    for sheet in _sheets(scores):
        beaten = normalising.beaten(one.value for one in sheet)
        for one in sheet:
            points[one.entry].append(beaten[one.value] + 1)
    return {entry: scoring.half_up(sum(some, Fraction(0)) / len(some), places) for entry, some in points.items()}


def _sheets(scores: Iterable[Score]) -> Iterable[list[Score]]:
    lists: dict[str, list[Score]] = defaultdict(list)
    for one in scores:
        lists[one.reviewer].append(one)
    return lists.values()


def ranking(totals: Mapping[str, tuple[Decimal, ...]], marks: Mapping[str, Decimal], *, mean_places: int) -> tuple[Place, ...]:
    """Order by mark, the highest first; equal marks share a rank and stand by id.

    Args:
        totals: Entry -> its scores.
        marks: Entry -> mark as printed; entries without one are left out.
        mean_places: Decimal places of the plain mean.
    """
    means = exact_marks(totals, Aggregate(method="mean", min_valid=1, places=mean_places))
    found: list[Place] = []
    for position, entry in enumerate(sorted(marks, key=lambda one: (-marks[one], one)), start=1):
        mark = marks[entry]
        rank = found[-1].rank if found and found[-1].mark == mark else position
        found.append(Place(rank, entry, len(totals[entry]), means[entry], mark))
    return tuple(found)


def ranks(marks: Mapping[str, Decimal]) -> dict[str, int]:
    """Entry -> rank, 1, 2, 2, 4 (rule S8)."""
    counts = Counter(marks.values())
    rank_of, above = dict[Decimal, int](), 1
    for mark in sorted(counts, reverse=True):
        rank_of[mark] = above
        above += counts[mark]
    return {entry: rank_of[mark] for entry, mark in marks.items()}
