"""Scores brought onto one scale for all reviewers before they become marks (rule S7, and the scaled calibration).

Standard deviations divide by one less than the number of scores. They are irrational, so everything is computed with fifty digits and
rounded to six places: the same scores give the same result on every machine, in whichever order they come.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import NamedTuple

from models.stages import Normalise
from rules import scoring
from rules.score_table import Score

PLACES = 6
"""Decimal places to which what is computed from several scores is rounded."""
_DIGITS = 50
_PRIOR = 8
"""Scores that the common spread counts for beside a reviewer's own: docs/decisions/0019-marks-in-a-process.md."""


class _Spread(NamedTuple):
    """Of some scores."""

    size: int
    mean: Fraction
    squares: Fraction
    """Sum of squared distances from the mean."""

    @property
    def variance(self) -> Fraction:
        return self.squares / (self.size - 1) if self.size > 1 else Fraction(0)


def normalised(scores: Sequence[Score], how: Normalise, groups: Mapping[str, str]) -> list[Score]:
    """Totals as they enter the marks (rule S7).

    Args:
        scores: Of the entries whose score sheets have the same criteria; each pair of entry and reviewer at most once.
        how: `none`; `zscore_by_reviewer`: see `zscores`; `rank_in_group`: see `ranked`.
        groups: Entry -> group in which it competes.
    """
    match how:
        case "none":
            return list(scores)
        case "zscore_by_reviewer":
            return zscores(scores)
        case "rank_in_group":
            return ranked(scores, groups)


def zscores(scores: Sequence[Score]) -> list[Score]:
    """Give all reviewers the mean and the standard deviation of all scores together.

    A score becomes overall mean + (score - the reviewer's mean) / the reviewer's deviation x overall deviation. Reviewers with fewer than
    two scores, or whose scores are all the same, have no deviation to divide by: their scores keep their distance from the overall mean,
    which is to say that they stay as they are.
    """
    if not scores:
        return []
    every, own = _spread([one.value for one in scores]), _by_reviewer(scores)

    def turned(one: Score) -> Fraction:
        mine = own[one.reviewer]
        if not mine.squares:
            return Fraction(one.value)
        return every.mean + (Fraction(one.value) - mine.mean) * _root(every.variance / mine.variance)

    return [one._replace(value=scoring.half_up(turned(one), PLACES)) for one in scores]


def ranked(scores: Sequence[Score], groups: Mapping[str, str]) -> list[Score]:
    """Keep of each reviewer's list the order within every group alone.

    A score becomes, of a hundred other entries of the same group on the same list, how many it beats: 100 for the best, 0 for the last,
    ties half, 50 for an entry that is alone.
    """
    lists: dict[tuple[str, str], list[Score]] = defaultdict(list)
    for one in scores:
        lists[one.reviewer, groups[one.entry]].append(one)
    shares = {at: beaten([one.value for one in some]) for at, some in lists.items()}
    sizes = {at: len(some) for at, some in lists.items()}

    def turned(one: Score) -> Fraction:
        at = one.reviewer, groups[one.entry]
        return 100 * shares[at][one.value] / (sizes[at] - 1) if sizes[at] > 1 else Fraction(50)

    return [one._replace(value=scoring.half_up(turned(one), PLACES)) for one in scores]


def beaten(values: Iterable[Decimal]) -> dict[Decimal, Fraction]:
    """Value -> how many of the others on the same list it beats; ties count half."""
    counts = Counter(values)
    below, found = 0, dict[Decimal, Fraction]()
    for value in sorted(counts):
        found[value] = below + Fraction(counts[value] - 1, 2)
        below += counts[value]
    return found


def same_spread(scores: Sequence[Score]) -> list[Score]:
    """Bring the spreads of reviewers together and leave their means where they are: what the scaled calibration begins with.

    A reviewer's variance is taken to be (8 c + (n - 1) v) / (8 + n - 1), with v the variance of the n scores and c the variance within
    reviewers, pooled over all: few scores prove little about a spread. Distances from the reviewer's mean are then divided by its root,
    and multiplied by that of c.
    """
    own = _by_reviewer(scores)
    degrees = sum(one.size - 1 for one in own.values())
    common = sum((one.squares for one in own.values()), Fraction(0)) / degrees if degrees else Fraction(0)
    if not common:
        return list(scores)
    factors = {name: _root(common * (_PRIOR + one.size - 1) / (_PRIOR * common + one.squares)) for name, one in own.items()}
    return [
        one._replace(value=scoring.half_up(mine.mean + (Fraction(one.value) - mine.mean) * factors[one.reviewer], PLACES))
        for one in scores
        for mine in (own[one.reviewer],)
    ]


def _by_reviewer(scores: Iterable[Score]) -> dict[str, _Spread]:
    lists: dict[str, list[Decimal]] = defaultdict(list)
    for one in scores:
        lists[one.reviewer].append(one.value)
    return {name: _spread(values) for name, values in lists.items()}


def _spread(values: Sequence[Decimal]) -> _Spread:
    mean = sum(map(Fraction, values), Fraction(0)) / len(values)
    return _Spread(len(values), mean, sum(((Fraction(one) - mean) ** 2 for one in values), Fraction(0)))


def _root(value: Fraction) -> Fraction:
    with localcontext(prec=_DIGITS):
        return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())
