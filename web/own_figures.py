"""A reviewer's own totals as figures and as a small picture, to help scoring evenly; never those of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from models.stages import ScoringStage
from rules import scoring
from web.sheets import Card

_LOWEST_BAND, _BAND = 50, 10
HEIGHT, BAR, GAP = 60, 44, 8
"""Units of the picture: height of the longest bar, width of a bar, space between two."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One band of totals."""

    title: str
    """Such as 80–89."""
    count: int
    left: int
    top: int
    height: int


@dataclass(frozen=True, slots=True)
class OwnFigures:
    """What one reviewer has given so far, over the sheets with all marks."""

    count: int
    mean: Decimal | None
    bars: tuple[Bar, ...]
    high: int
    """Totals that the guard of the distribution counts; 0 without a guard."""
    most: int
    """So many of them are allowed among the sheets in hand; 0 without a guard."""
    above: Decimal | None
    over: bool
    """Whether the guard (rule S6) would refuse the signature over the sheets done so far."""

    @property
    def width(self) -> int:
        """Width of the picture."""
        return len(self.bars) * (BAR + GAP) - GAP


def of(cards: Sequence[Card], stage: ScoringStage) -> OwnFigures:
    """Figures of the sheets that have all their marks."""
    totals = totals_of(cards)
    guard = stage.distribution
    return OwnFigures(
        count=len(totals),
        mean=scoring.half_up(sum(totals, Fraction(0)) / len(totals), 1) if totals else None,
        bars=_bars(totals),
        high=scoring.high_totals(totals, guard) if guard else 0,
        most=int(Fraction(guard.share) * len(cards)) if guard else 0,
        above=guard.above if guard and len(cards) >= guard.sheets_min else None,
        over=scoring.over_limit(totals, guard, locked=locked_totals(cards)),
    )


def totals_of(cards: Iterable[Card]) -> list[Fraction]:
    """Exact totals of the sheets that have all their marks."""
    return [total for card in cards if card.missing == 0 and (total := card.exact_total) is not None]


def locked_totals(cards: Iterable[Card]) -> list[Fraction]:
    """Those of the sheets that are signed."""
    return totals_of(card for card in cards if card.state == "signed")


def _bars(totals: Iterable[Fraction]) -> tuple[Bar, ...]:
    counts = dict.fromkeys(range(_LOWEST_BAND, 100, _BAND), 0)
    for total in totals:
        counts[min(90, max(_LOWEST_BAND, int(total) // _BAND * _BAND))] += 1
    longest = max(counts.values()) or 1
    bars = []
    for place, (band, count) in enumerate(counts.items()):
        height = round(HEIGHT * count / longest)
        title = f"<{_LOWEST_BAND + _BAND}" if band == _LOWEST_BAND else f"{band}–{100 if band == 90 else band + _BAND - 1}"
        bars.append(Bar(title, count, place * (BAR + GAP), HEIGHT - height, height))
    return tuple(bars)
