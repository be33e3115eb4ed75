"""Made-up panels for the tests of calibration: qualities, leniencies and noise that are functions of the seed and of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rules.score_table import Score
from rules.simulation import chance, normal


def scores(rows: Mapping[str, Mapping[str, int | str]]) -> list[Score]:
    """Entry -> reviewer -> score."""
    return [Score(entry, reviewer, Decimal(value)) for entry, given in rows.items() for reviewer, value in given.items()]


def a_panel(
    entries: int, reviewers: int, each: int, *, quality: float = 10, leniency: float = 5, noise: float = 8, seed: int = 1
) -> list[Score]:
    """Whole scores around 60; every entry is given to `each` reviewers at random, loads alike."""
    found: list[Score] = []
    load = dict.fromkeys((f"r{number}" for number in range(reviewers)), 0)
    for number in range(entries):
        entry = f"e{number}"
        for reviewer in sorted(load, key=lambda one: (load[one], chance(seed, "draw", entry, one)))[:each]:
            load[reviewer] += 1
            value = 60 + true_quality(entry, quality, seed) + leniency * normal(seed, "leniency", reviewer)
            found.append(Score(entry, reviewer, Decimal(round(value + noise * normal(seed, "noise", entry, reviewer)))))
    return found


def true_quality(entry: str, spread: float = 10, seed: int = 1) -> float:
    return spread * normal(seed, "quality", entry)


def renamed(some: Sequence[Score]) -> list[Score]:
    """The same scores under names that sort the other way round."""
    entries, reviewers = (sorted({one[at] for one in some}, reverse=True) for at in (0, 1))
    new = {name: f"x{number:05}" for names in (entries, reviewers) for number, name in enumerate(names)}
    return [Score(new[one.entry], new[one.reviewer], one.value) for one in some]


def new_names(some: Sequence[Score]) -> dict[str, str]:
    """Entry -> its name after `renamed`."""
    return {name: f"x{number:05}" for number, name in enumerate(sorted({one.entry for one in some}, reverse=True))}
