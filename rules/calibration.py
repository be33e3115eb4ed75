"""Marks from which the leniency of reviewers is taken out, as far as the scores prove it.

score = common level + quality of the entry + leniency of the reviewer + noise, the last three normal around 0. Their variances are
estimated from the scores themselves (REML), qualities and leniencies by the best linear prediction given those (BLUP). Where reviewers are
equally strict nothing is corrected; where an entry has few scores its mark stays closer to the common level.
docs/decisions/0018-calibration.md says what was weighed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rules.mixed_model import Equations, Solution
from rules.score_table import Floats, ScoreTable

NONE = 1e-4
"""A variance below this share of the noise's counts as none: it moves no mark that anybody would print."""
_LARGEST = 1e6
_NO_LENIENCY = 1e15
_DIGITS = 6
_ROUNDS = 80
_STEP = 2.0
_SHORTEST = 1e-3
_RIDGE, _FLAT = 1e-4, 1e-9
_DONE, _DONE_WILD = 1e-7, 1e-5
_WILD = 4.0
"""Degrees of freedom of the noise where wild scores are expected; SCORING's choice, and common in the literature."""


class Components(NamedTuple):
    """Where the differences between scores come from: three variances, in squared points."""

    quality: float
    leniency: float
    """0 where the scores show none."""
    noise: float

    @property
    def shares(self) -> tuple[float, float, float]:
        """Of quality, leniency and noise in their sum; all 0 where all scores are equal."""
        total = sum(self)
        return (self.quality / total, self.leniency / total, self.noise / total) if total else (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Calibration:
    """What the scores say about entries and reviewers."""

    table: ScoreTable
    components: Components
    level: float
    """The common level, in points."""
    quality: Floats
    """By number of the entry, in points above the common level."""
    leniency: Floats
    """By number of the reviewer, in points. For the secretary alone: no committee is shown how strict somebody was."""
    equations: Equations
    """As they were solved; uncertainty comes from the same."""

    @property
    def marks(self) -> dict[str, float]:
        """Entry -> calibrated mark, in points."""
        return self.table.by_id(self.level + self.quality)

    @property
    def leniencies(self) -> dict[str, float]:
        """Reviewer -> leniency, in points; for the secretary alone."""
        return dict(zip(self.table.reviewers, self.leniency.tolist(), strict=True))


def calibrate(table: ScoreTable, *, wild: bool = False) -> Calibration:
    """Estimate qualities and leniencies.

    The two ratios of variances are rounded to six significant digits before marks follow from them, so that whoever has the scores and
    the ratios gets the same marks on any machine.

    Args:
        table: The scores; a higher one is better.
        wild: Expect wild scores, and give a score the less weight the farther it is from what it should be (Student's t, 4 degrees).
    """
    center = float(np.mean(table.value))
    scores = (table.value - center)[:, None]
    weights = np.ones(len(table))
    if table.value.min() == table.value.max():  # there is nothing to estimate
        equations = Equations(table, weights, 1.0, 1 / NONE)
        flat = np.zeros(len(table.entries)), np.zeros(len(table.reviewers))
        return Calibration(table, Components(0.0, 0.0, 0.0), center, *flat, equations)
    ratios, weights = _ratios(table, scores, wild=wild)
    on_quality, on_leniency = (1 / _rounded(ratio) for ratio in ratios)
    if on_leniency >= 1 / NONE:  # none at all, so that equal means stay equal marks
        on_leniency = _NO_LENIENCY
    equations = Equations(table, weights, on_quality, on_leniency)
    found = equations.solve(scores)
    components = _components(equations, found, _noise(equations, scores, found))
    return Calibration(table, components, center + float(found.level[0]), found.quality[:, 0], found.leniency[:, 0], equations)


def _ratios(table: ScoreTable, scores: Floats, *, wild: bool) -> tuple[tuple[float, float], Floats]:
    """Variances of quality and of leniency by that of the noise, and the weights of the scores.

    Newton's steps with the average information on the logarithms of both ratios, cut to a factor of e squared.
    """
    lowest, highest = np.log(1 / _LARGEST), np.log(1 / NONE)
    at = np.array([0.0, 1.0])  # noise / quality, noise / leniency
    weights = np.ones(len(table))
    longest, before = _STEP, np.zeros(2)
    for _ in range(_ROUNDS):
        equations = Equations(table, weights, *np.exp(at).tolist())
        found = equations.solve(scores)
        slope, bend = _slope(equations, scores, found)
        step = _newton(slope, bend, (at < highest) | (slope > 0))
        if float(step @ before) < 0:  # the last step went too far
            longest = max(longest / 2, _SHORTEST)
        step = np.clip(step, -longest, longest)
        before = step
        after = np.clip(at + step, lowest, highest)
        moved = float(np.abs(after - at).max())
        at = after
        if wild:
            left = equations.residuals(scores, found)[:, 0] ** 2 / _noise(equations, scores, found)
            new = (_WILD + 1) / (_WILD + left)
            moved, weights = max(moved, float(np.abs(new - weights).max())), new
        # Scores without any noise would go on for ever.
        if moved < (_DONE_WILD if wild else _DONE) or at.min() <= lowest:
            break
    quality, leniency = np.exp(-at).tolist()
    return (quality, leniency), weights


def _components(equations: Equations, found: Solution, noise: float) -> Components:
    """The three variances. Where there is no noise, what is predicted is known, and varies as it does."""
    bare = min(equations.on_quality, equations.on_leniency) < 1.01 / _LARGEST
    parts = (found.quality, equations.on_quality), (found.leniency, equations.on_leniency)
    quality, leniency = (
        0.0 if on >= 1 / NONE else float((part**2).sum()) / max(len(part) - 1, 1) if bare else noise / on for part, on in parts
    )
    return Components(quality, leniency, noise)


def _slope(equations: Equations, scores: Floats, found: Solution) -> tuple[Floats, Floats]:
    """First derivatives of -2 log REML by the logarithms of the two ratios, and the average information."""
    table, on = equations.table, np.array([equations.on_quality, equations.on_leniency])
    counts = np.array([len(table.entries), len(table.reviewers)])
    noise = _noise(equations, scores, found)
    squares = on * np.array([float((found.quality**2).sum()), float((found.leniency**2).sum())]) / noise
    slope = squares - counts + on * np.array(equations.traces())
    parts = np.hstack([found.quality[table.entry], found.leniency[table.reviewer]])
    left = equations.residuals(parts, equations.solve(parts, precision=1e-8))
    bend = parts.T @ (equations.weights[:, None] * left) / noise - np.outer(squares, squares) / max(len(table) - 1, 1)
    return slope, bend


def _newton(slope: Floats, bend: Floats, free: npt.NDArray[np.bool_]) -> Floats:
    step = np.zeros(2)
    # Where scores cannot tell two variances apart, the slope along their ridge is the dust of rounding, and nobody walks there.
    chosen = np.flatnonzero(free & (np.abs(slope) > _FLAT))
    if chosen.size:
        inner = bend[np.ix_(chosen, chosen)]
        inner = inner + np.eye(chosen.size) * max(_RIDGE * float(np.trace(inner)), _FLAT)
        step[chosen] = -np.linalg.solve(inner, slope[chosen])
    return step


def _noise(equations: Equations, scores: Floats, found: Solution) -> float:
    left = equations.weights[:, None] * equations.residuals(scores, found)
    smallest = np.finfo(np.float64).tiny
    return max(float((scores * left).sum()) / max(len(scores) - 1, 1), smallest)


def _rounded(ratio: float) -> float:
    return float(f"{ratio:.{_DIGITS - 1}e}")
