"""Pictures of numbers as lines of SVG: where bars, dots and lines stand, in whole units. Each page shows the same in a table too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

HEIGHT, BAR, GAP = 120, 34, 10
"""Of the histogram: the longest bar, the width of a bar, the space between two."""
WIDTH, MIDDLE = 240, 12
"""Of the dot plot: from the lowest to the highest number, and the height of the dots' line."""
_MOST_BARS = 24
_ROUND = 10

Number = Decimal | Fraction | int


@dataclass(frozen=True, slots=True)
class Bar:
    """Reviewers with loads from `first` to `last`."""

    first: int
    last: int
    full: int
    """Those of them who can take no more."""
    free: int
    room: int
    """How many more entries the others could take together."""
    left: int
    full_height: int
    free_height: int

    @property
    def count(self) -> int:
        """All of them."""
        return self.full + self.free

    @property
    def title(self) -> str:
        """Such as 3, or 4–6."""
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


def histogram(loads: Iterable[tuple[int, int]]) -> tuple[Bar, ...]:
    """Bars of loads from the least to the greatest, those who are full at the bottom of each; no more than two dozen bars.

    Args:
        loads: Entries in hand, and entries at most, of every reviewer.
    """
    given = list(loads)
    if not given:
        return ()
    wide = -(-(max(held for held, _ in given) - min(held for held, _ in given) + 1) // _MOST_BARS)
    full = Counter(held // wide for held, most in given if held >= most)
    free = Counter(held // wide for held, most in given if held < most)
    room = Counter[int]()
    for held, most in given:
        room[held // wide] += max(0, most - held)
    bands = range(min(full | free), max(full | free) + 1)
    longest = max((full + free).values())
    return tuple(
        Bar(
            at * wide, at * wide + wide - 1, full[at], free[at], room[at], (at - bands.start) * (BAR + GAP),
            _part(full[at], longest), _part(full[at] + free[at], longest) - _part(full[at], longest),
        )
        for at in bands
    )  # fmt: skip


def _part(count: int, longest: int) -> int:
    return -(-HEIGHT * count // longest)


@dataclass(frozen=True, slots=True)
class Scale:
    """What the two ends of all dot plots of a page stand for, in points."""

    low: int
    high: int

    def at(self, number: Number) -> int:
        """Where a number stands; what lies outside stands at the end."""
        span = Fraction(number) - self.low
        return max(0, min(WIDTH, round(span * WIDTH / (self.high - self.low))))


def scale(numbers: Iterable[Number]) -> Scale:
    """A scale of round ends that holds all numbers."""
    given = [Fraction(one) for one in numbers]
    if not given:
        return Scale(0, 100)
    low, high = int(min(given) // _ROUND) * _ROUND, int(-(-max(given) // _ROUND)) * _ROUND
    return Scale(low, high if high > low else low + _ROUND)


@dataclass(frozen=True, slots=True)
class Dots:
    """One entry's totals, the mark that decides, an interval, and the line of its list."""

    dots: tuple[tuple[int, int], ...]
    """Place from the left and how many lie there already, so that equal totals stand above each other."""
    start: int
    end: int
    mark: int | None
    """None where there is no mark, or it is on another scale than totals."""
    line: int | None


def dots(totals: Sequence[Fraction], interval: tuple[Decimal, Decimal], mark: Decimal | None, line: Decimal | None, on: Scale) -> Dots:
    """Place one entry's numbers on the scale."""
    seen, placed = Counter[int](), []
    for place in map(on.at, totals):
        placed.append((place, seen[place]))
        seen[place] += 1
    start, end = (on.at(one) for one in interval)
    mark_at, line_at = (None if one is None else on.at(one) for one in (mark, line))
    return Dots(tuple(placed), start, end, mark_at, line_at)
