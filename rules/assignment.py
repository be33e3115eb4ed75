"""Who judges what: the draw of panels (rules R1 and R2). Who may not is in `rules.conflicts`.

The draw is exact (see `rules.panel_flow`). In order of weight it fills seats, avoids reviewers who do not fit the
topic, and balances loads against the better fit. What is still equal is decided by a hash of seed and ids, so
the order of the input changes nothing.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rules import lots
from rules.conflicts import barred, bars, unit_key
from rules.flow_network import Mask, Numbers
from rules.panel_flow import ANY_TOPIC, EXACT, FIRST_LEVEL, JITTER_BITS, NO_MATCH, Pairs, solve

__all__ = ["Need", "Panelist", "Plan", "barred", "bars", "fit", "given_back", "plan", "seed_for"]

_ALL_PAIRS = 400_000
"""Up to so many pairs of entry and reviewer all are considered; above, a sample per entry."""
_MORE_PAIRS = 1_000_000
"""So many pairs are added at most for entries that the sample leaves short."""
_PAIRS_AT_ONCE = 500_000
_FIRST_LEVEL_LENGTH = 3


@dataclass(frozen=True)
class Panelist:
    """A reviewer as the draw sees one."""

    id: str
    unit: str
    disciplines: tuple[str, ...]
    capacity: int
    """Entries at most, those already taken included."""


@dataclass(frozen=True)
class Need:
    """An entry that needs reviewers."""

    entry: str
    seats: int
    """How many more reviewers it needs."""
    unit: str
    """The unit behind the entry."""
    topic: str | None
    """What the reviewers' disciplines must cover; None if anybody can judge."""
    barred: frozenset[str]
    """Ids of reviewers who may not: a conflict of interest, recused, or on the panel already."""
    panel_units: frozenset[str] = frozenset()
    """Units that the panel has already; nobody else of them is drawn."""


@dataclass(frozen=True)
class Plan:
    """The panels drawn."""

    pairs: tuple[tuple[str, str], ...]
    """Entry and reviewer, sorted."""
    short: Mapping[str, int]
    """Entry -> seats that stay empty; only entries with such seats."""


def seed_for(seed: int, *names: str) -> int:
    """A seed for one occasion, derived from the edition's: the same occasion, the same draw."""
    return int.from_bytes(hashlib.blake2b("\x1f".join((str(seed), *names)).encode(), digest_size=6).digest())


def given_back(entries: Iterable[str], *, keep: int, seed: int) -> tuple[str, ...]:
    """Which of the entries in a reviewer's hands leave them if only so many may stay; chance decides, by the seed."""
    return tuple(sorted(entries, key=lambda one: (seed_for(seed, one), one))[max(0, keep) :])


def fit(topic: str | None, disciplines: Iterable[str]) -> int:
    """How well a reviewer fits an entry, as the draw weighs it (rule R1): EXACT, FIRST_LEVEL, NO_MATCH, or ANY_TOPIC if none is asked.

    Args:
        topic: What the reviewer's disciplines should cover; None if anybody can judge.
        disciplines: Codes, classes or fields of the reviewer.
    """
    code = unit_key(topic or "")
    if not code:
        return ANY_TOPIC
    own = [unit_key(text) for text in disciplines]
    if code in own:
        return EXACT
    return FIRST_LEVEL if _first_level(code) in map(_first_level, own) else NO_MATCH


def plan(
    needs: Sequence[Need],
    panelists: Sequence[Panelist],
    *,
    seed: int,
    unit_matters: bool,
    taken: Mapping[str, int] | None = None,
) -> Plan:
    """Draw a panel for every entry (rules R1 and R2).

    Nobody judges where they are barred, more than their capacity allows, or beside somebody of their own unit.
    As many seats as possible are filled; reviewers who do not fit the topic are drawn only where a seat would
    stay empty without them. Loads, with what is already taken, are balanced. The same seed and ids give the
    same plan in whatever order they come.

    With more than 400,000 pairs of entry and reviewer each entry considers a sample of its candidates drawn by the
    seed, and entries that the sample leaves short consider everybody, or everybody who has room left.

    Args:
        needs: Entries with their open seats; ids must differ.
        panelists: The pool; ids must differ.
        seed: The edition's seed, or one derived from it for a later round.
        unit_matters: Reviewers of the entry's own unit are barred.
        taken: Reviewer id -> entries already taken; none if left out.
    """
    entries = sorted(needs, key=lambda need: need.entry)
    pool = sorted(panelists, key=lambda panelist: panelist.id)
    if not entries or not pool:
        return Plan((), {need.entry: need.seats for need in entries if need.seats > 0})
    draw = _Draw(entries, pool, seed, unit_matters, taken or {})
    sampled = len(entries) * len(pool) > _ALL_PAIRS
    candidates = draw.candidates(range(len(entries)), among=draw.room > 0, sampled=sampled)
    chosen = draw.solved(candidates)
    if sampled and (wider := draw.widened(candidates, chosen)):
        candidates = wider
        chosen = draw.solved(candidates)
    return draw.as_plan(candidates.where(chosen))


class _Draw:
    """One draw: ids become positions in sorted order, pairs become arrays."""

    def __init__(self, entries: Sequence[Need], pool: Sequence[Panelist], seed: int, unit_matters: bool, taken: Mapping[str, int]) -> None:
        self.entries, self.pool, self.unit_matters = entries, pool, unit_matters
        self.seats = np.array([max(0, need.seats) for need in entries], dtype=np.int64)
        self.loads = np.array([taken.get(one.id, 0) for one in pool], dtype=np.int64)
        self.room = np.maximum(0, np.array([one.capacity for one in pool], dtype=np.int64) - self.loads)
        self.position = {one.id: index for index, one in enumerate(pool)}
        self.units, self.members = _units_of(pool)
        self.entry_hash = lots.hashes(seed, "entry", [need.entry for need in entries])
        self.reviewer_hash = lots.hashes(seed, "reviewer", [one.id for one in pool])
        self._fits: dict[str | None, Numbers] = {}
        self._codes: dict[str, list[int]] = defaultdict(list)
        self._first_levels: dict[str, list[int]] = defaultdict(list)
        for index, one in enumerate(pool):
            for text in one.disciplines:
                code = unit_key(text)
                self._codes[code].append(index)
                self._first_levels[_first_level(code)].append(index)

    def candidates(self, rows: Sequence[int], *, among: Mask, sampled: bool) -> Pairs:
        """The allowed pairs of some entries with some reviewers: all of them, or the seeded best of each level of fit."""
        step = max(1, _PAIRS_AT_ONCE // len(self.pool))
        return Pairs.joined([self._block(rows[at : at + step], among, sampled) for at in range(0, len(rows), step)])

    def widened(self, candidates: Pairs, chosen: Mask) -> Pairs | None:
        """The candidates, with everybody for the entries that were left short; None if that cannot help."""
        short = self._short_of_seats(candidates.entry[chosen])
        free = self.room > np.bincount(candidates.reviewer[chosen], minlength=len(self.pool))
        if not short or not free.any():
            return None
        # Where a large pool is exhausted nearly all entries are short; then only who has room left can help.
        among = self.room > 0 if len(short) * len(self.pool) <= _MORE_PAIRS else free
        short = short[: max(1, _MORE_PAIRS // int(among.sum()))]
        everybody = self.candidates(short, among=among, sampled=False)
        added = ~np.isin(self._keys(everybody), self._keys(candidates))
        return Pairs.joined([candidates, everybody.where(added)])

    def _keys(self, pairs: Pairs) -> Numbers:
        return pairs.entry * len(self.pool) + pairs.reviewer

    def _block(self, rows: Sequence[int], among: Mask, sampled: bool) -> Pairs:
        index = np.array(rows, dtype=np.int64)
        fit = np.stack([self._fit(self.entries[row].topic) for row in rows])
        jitter = lots.mixed(self.entry_hash[index, None] ^ self.reviewer_hash[None, :], bits=JITTER_BITS)
        allowed = np.broadcast_to(among, fit.shape).copy()
        for at, row in enumerate(rows):
            allowed[at, list(self._barred(self.entries[row]))] = False
        if sampled:
            allowed &= self._sample(np.where(allowed, fit, -1), jitter, self.seats[index])
        line, reviewer = np.nonzero(allowed)
        return Pairs(index[line], reviewer, fit[line, reviewer], jitter[line, reviewer])

    def _sample(self, fit: Numbers, jitter: Numbers, seats: Numbers) -> Mask:
        """For each entry, those of least hash within each level of fit; few of those who do not fit."""
        order = np.argsort(-fit * (1 << JITTER_BITS) + jitter, axis=1, kind="stable")
        ranked = np.take_along_axis(fit, order, axis=1)
        keep = np.zeros_like(ranked, dtype=bool)
        for level in (EXACT, FIRST_LEVEL, ANY_TOPIC, NO_MATCH):
            here = ranked == level
            most = seats + 3 if level == NO_MATCH else 6 * seats + 10
            keep |= here & (np.cumsum(here, axis=1) <= most[:, None])
        chosen = np.zeros_like(keep)
        np.put_along_axis(chosen, order, keep, axis=1)
        return chosen

    def _barred(self, need: Need) -> Iterator[int]:
        yield from (self.position[one] for one in need.barred if one in self.position)
        units = {unit_key(unit) for unit in need.panel_units} | ({unit_key(need.unit)} if self.unit_matters else set())
        for unit in units - {""}:
            yield from self.members.get(unit, ())

    def _fit(self, topic: str | None) -> Numbers:
        if topic not in self._fits:
            code = unit_key(topic or "")
            fit = np.full(len(self.pool), NO_MATCH if code else ANY_TOPIC, dtype=np.int64)
            if code:
                fit[self._first_levels.get(_first_level(code), [])] = FIRST_LEVEL
                fit[self._codes.get(code, [])] = EXACT
            self._fits[topic] = fit
        return self._fits[topic]

    def solved(self, pairs: Pairs) -> Mask:
        """Which pairs are drawn."""
        return solve(pairs, seats=self.seats, loads=self.loads, room=self.room, units=self.units)

    def _short_of_seats(self, filled: Numbers) -> list[int]:
        """Positions of the entries with empty seats."""
        return [int(row) for row in np.nonzero(np.bincount(filled, minlength=len(self.entries)) < self.seats)[0]]

    def as_plan(self, drawn: Pairs) -> Plan:
        """The drawn pairs by id."""
        missing = self.seats - np.bincount(drawn.entry, minlength=len(self.entries))
        pairs = sorted((self.entries[row].entry, self.pool[who].id) for row, who in zip(drawn.entry, drawn.reviewer, strict=True))
        return Plan(tuple(pairs), {need.entry: int(gap) for need, gap in zip(self.entries, missing, strict=True) if gap > 0})


def _units_of(pool: Sequence[Panelist]) -> tuple[Numbers, dict[str, list[int]]]:
    """A number per reviewer, equal within a unit, and the members of each unit; without a unit everybody is alone."""
    members: dict[str, list[int]] = defaultdict(list)
    numbers = np.arange(len(pool), dtype=np.int64)
    for index, one in enumerate(pool):
        if unit := unit_key(one.unit):
            members[unit].append(index)
            numbers[index] = members[unit][0]
    return numbers, members


def _first_level(code: str) -> str:
    return code[:_FIRST_LEVEL_LENGTH] if code[:_FIRST_LEVEL_LENGTH].isdigit() else code
