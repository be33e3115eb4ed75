"""The linear equations behind calibration: score = common level + quality of the entry + leniency of the reviewer + noise.

Entries are eliminated by hand, because their block is diagonal; what remains has one unknown per reviewer. Up to `DIRECT`
reviewers it is solved at once, above by conjugate gradients, whose cost grows with the number of scores alone.
Sources: Henderson's mixed-model equations; average information REML (Gilmour, Thompson and Cullis 1995); traces by random
signs (Hutchinson 1990). docs/decisions/0018-calibration.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rules.score_table import Floats, ScoreTable

DIRECT = 64
"""Reviewers up to which the equations are solved directly."""
EXACT = 256
"""Reviewers up to which traces are exact."""
PROBES = 32
"""Columns of random signs from which traces are estimated above that."""
_SIGNS_SEED = 20_130_801
_MOST_ROUNDS = 2_000


class Solution(NamedTuple):
    """What the equations say for columns of scores; arrays by number, one column per column of scores."""

    level: Floats
    quality: Floats
    """By entry: how far above the common level, shrunk towards it where scores are few."""
    leniency: Floats
    """By reviewer: how much too high, shrunk towards 0."""


class Equations:
    """The equations for given ratios of variances.

    Args:
        table: The scores.
        weights: One per score; the noise of a score has the variance noise / weight.
        noise_to_quality: Variance of the noise by the variance of qualities, above 0.
        noise_to_leniency: Variance of the noise by the variance of leniencies, above 0.
    """

    def __init__(self, table: ScoreTable, weights: Floats, noise_to_quality: float, noise_to_leniency: float) -> None:
        self.table, self.weights = table, weights
        self.on_quality, self.on_leniency = noise_to_quality, noise_to_leniency
        self._by_entry = table.sum_by_entry(weights)
        self._by_reviewer = table.sum_by_reviewer(weights)
        self._pivot = self._by_entry + noise_to_quality
        total = float(self._by_entry.sum()) - float((self._by_entry**2 / self._pivot).sum())
        own = self._by_reviewer + noise_to_leniency - table.sum_by_reviewer(weights**2 / self._pivot[table.entry])
        self._diagonal = np.concatenate([[total], own])
        self._dense = self._matrix() if len(table.reviewers) <= DIRECT else None

    def _spread(self, unknowns: Floats) -> Floats:
        """What level and leniencies add to the weighted sums of the entries."""
        return self._by_entry[:, None] * unknowns[:1] + self.table.reviewers_to_entries(unknowns[1:], self.weights)

    def _gather(self, entries: Floats) -> Floats:
        """The transpose of `_spread`."""
        return np.vstack([self._by_entry[None] @ entries, self.table.entries_to_reviewers(entries, self.weights)])

    def _times(self, unknowns: Floats) -> Floats:
        level, own = unknowns[:1], unknowns[1:]
        plain = np.vstack(
            [
                self._by_entry.sum() * level + self._by_reviewer[None] @ own,
                self._by_reviewer[:, None] * level + (self._by_reviewer + self.on_leniency)[:, None] * own,
            ]
        )
        return plain - self._gather(self._spread(unknowns) / self._pivot[:, None])

    def _matrix(self) -> Floats:
        return self._times(np.eye(1 + len(self.table.reviewers)))

    def _unknowns(self, right: Floats, precision: float) -> Floats:
        if self._dense is not None:
            return np.linalg.solve(self._dense, right).astype(np.float64, copy=False)
        return self._conjugate_gradients(right, precision)

    def _conjugate_gradients(self, right: Floats, precision: float) -> Floats:
        found = np.zeros_like(right)
        rest = right.copy()
        scaled = rest / self._diagonal[:, None]
        direction = scaled.copy()
        size = _dots(rest, scaled)
        aim = size * precision**2
        for _ in range(_MOST_ROUNDS):
            if not (size > aim).any():
                break
            image = self._times(direction)
            step = _ratio(size, _dots(direction, image))
            found += step * direction
            rest -= step * image
            scaled = rest / self._diagonal[:, None]
            before, size = size, _dots(rest, scaled)
            direction = scaled + _ratio(size, before) * direction
        return found

    def solve(self, scores: Floats, *, precision: float = 1e-12) -> Solution:
        """Calibrate columns of scores, of shape (scores, columns)."""
        weighted = scores * self.weights[:, None]
        entries = self.table.sum_by_entry(weighted)
        right = np.vstack([weighted.sum(axis=0, keepdims=True), self.table.sum_by_reviewer(weighted)])
        unknowns = self._unknowns(right - self._gather(entries / self._pivot[:, None]), precision)
        quality = (entries - self._spread(unknowns)) / self._pivot[:, None]
        return Solution(unknowns[0], quality, unknowns[1:])

    def residuals(self, scores: Floats, solution: Solution) -> Floats:
        """What is left of the scores; the noise as it was estimated."""
        return scores - solution.level - solution.quality[self.table.entry] - solution.leniency[self.table.reviewer]

    def traces(self) -> tuple[float, float]:
        """Traces of the inverse of the whole matrix over its entries and over its reviewers."""
        count = len(self.table.reviewers)
        exact = count <= EXACT
        probes = np.eye(count) if exact else _signs(count, PROBES)
        right = np.zeros((1 + count, 1 + probes.shape[1]))
        right[0, 0] = 1.0
        right[1:, 1:] = probes
        inverse = self._unknowns(right, 1e-8)
        twice = self._spread(right) / self._pivot[:, None] ** 2
        parts = (twice * self._spread(inverse)).sum(axis=0)
        share = 1.0 if exact else 1.0 / PROBES
        over_entries = float((1.0 / self._pivot).sum()) + float(parts[0]) + share * float(parts[1:].sum())
        return over_entries, share * float((probes * inverse[1:, 1:]).sum())


def _dots(one: Floats, other: Floats) -> Floats:
    dots: Floats = (one * other).sum(axis=0)
    return dots


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _signs(rows: int, columns: int) -> Floats:
    raw = np.random.PCG64(_SIGNS_SEED).random_raw(rows * columns)
    return np.where(raw >> np.uint64(63), 1.0, -1.0).reshape(rows, columns)
