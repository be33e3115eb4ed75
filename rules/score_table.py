"""Scores as a table of entries by reviewers, most of it empty, in an order that depends on nothing but the scores.

Entries and reviewers are numbered by a digest of what surrounds them, names only decide between those that nothing else tells
apart. So neither the order of the rows nor new names change a sum, a draw or a mark.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]

_ROUNDS = 3


class Score(NamedTuple):
    """What one reviewer gave one entry; a pair that is left out is a missing score, never a 0 (rule S4)."""

    entry: str
    reviewer: str
    value: Decimal


class Sums:
    """Adds up, for every target, what its sources hold: always in the same order, for many columns at once."""

    def __init__(self, target: Numbers, source: Numbers, count: int) -> None:
        sizes = np.bincount(target, minlength=count)
        self._order = np.argsort(-sizes, kind="stable")
        self._back = np.argsort(self._order, kind="stable")
        by_target = np.argsort(target, kind="stable")
        first = (np.cumsum(sizes) - sizes)[self._order]
        # The first score of every target, then the second of those that have two, and so on: few long steps instead of many short ones.
        falling = sizes[self._order]
        self._rows = [by_target[first[: np.count_nonzero(falling > nth)] + nth] for nth in range(int(sizes.max(initial=0)))]
        self._sources = [source[rows] for rows in self._rows]

    def __call__(self, values: Floats, weights: Floats | None = None) -> Floats:
        """Sums of shape (targets, columns). `values` has a row per source; `weights` one number per score, 1 if left out."""
        total = np.zeros((len(self._order), *values.shape[1:]))
        for rows, sources in zip(self._rows, self._sources, strict=True):
            part = values[sources]
            if weights is not None:
                part *= weights[rows].reshape(-1, *[1] * (values.ndim - 1))
            total[: len(rows)] += part
        return total[self._back]


class ScoreTable:
    """All scores of one ranking.

    Args:
        scores: In any order, each pair of entry and reviewer at most once; at least one.
    """

    def __init__(self, scores: Iterable[Score]) -> None:
        given = sorted(scores)
        entries, reviewers = _in_order(given)
        self.entries: tuple[str, ...] = tuple(entries)
        """Ids by number."""
        self.reviewers: tuple[str, ...] = tuple(reviewers)
        """Ids by number."""
        number = {entry: at for at, entry in enumerate(self.entries)}, {reviewer: at for at, reviewer in enumerate(self.reviewers)}
        rows = sorted((number[0][one.entry], number[1][one.reviewer], one.value) for one in given)
        self.entry: Numbers = np.array([row[0] for row in rows], dtype=np.intp)
        """Number of the entry of every score."""
        self.reviewer: Numbers = np.array([row[1] for row in rows], dtype=np.intp)
        """Number of the reviewer of every score."""
        self.value: Floats = np.array([float(row[2]) for row in rows])
        """The scores."""
        self.exact: Mapping[str, tuple[Decimal, ...]] = _by_entry(given)
        """Entry -> its scores."""
        self.alike: Numbers = _alike(self.entries, given)
        """The same number for entries to which the same reviewers gave the same scores."""
        every = np.arange(len(rows), dtype=np.intp)
        self.sum_by_entry = Sums(self.entry, every, len(self.entries))
        self.sum_by_reviewer = Sums(self.reviewer, every, len(self.reviewers))
        self.reviewers_to_entries = Sums(self.entry, self.reviewer, len(self.entries))
        self.entries_to_reviewers = Sums(self.reviewer, self.entry, len(self.reviewers))

    def __len__(self) -> int:
        return len(self.value)

    def by_id(self, values: Floats) -> dict[str, float]:
        """Entry -> value, from an array by number."""
        return dict(zip(self.entries, values.tolist(), strict=True))


def _by_entry(scores: Iterable[Score]) -> dict[str, tuple[Decimal, ...]]:
    found: dict[str, list[Decimal]] = defaultdict(list)
    for one in scores:
        found[one.entry].append(one.value)
    return {entry: tuple(values) for entry, values in found.items()}


def _alike(entries: Sequence[str], scores: Iterable[Score]) -> Numbers:
    sheets: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for one in scores:
        sheets[one.entry].append((one.reviewer, one.value))
    numbers: dict[tuple[tuple[str, Decimal], ...], int] = {}
    return np.array([numbers.setdefault(tuple(sorted(sheets[entry])), len(numbers)) for entry in entries], dtype=np.intp)


def _in_order(scores: Sequence[Score]) -> tuple[list[str], list[str]]:
    """Entries and reviewers by a digest of their scores, of their partners' scores, and so on for some rounds."""
    entries = dict.fromkeys((one.entry for one in scores), b"")
    reviewers = dict.fromkeys((one.reviewer for one in scores), b"")
    texts = {one.value: f"{one.value.normalize():f}".encode() for one in scores}
    for _ in range(_ROUNDS):
        entries = _digests(((one.entry, reviewers[one.reviewer], texts[one.value]) for one in scores), b"entry")
        reviewers = _digests(((one.reviewer, entries[one.entry], texts[one.value]) for one in scores), b"reviewer")
    return sorted(entries, key=lambda one: (entries[one], one)), sorted(reviewers, key=lambda one: (reviewers[one], one))


def _digests(parts: Iterable[tuple[str, bytes, bytes]], what: bytes) -> dict[str, bytes]:
    found: dict[str, list[bytes]] = defaultdict(list)
    for key, partner, text in parts:
        found[key].append(partner + b"\x1f" + text)
    return {key: hashlib.blake2b(what + b"\x1e".join(sorted(lines)), digest_size=16).digest() for key, lines in found.items()}
