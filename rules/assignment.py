"""Who judges what: the draw of panels (rules R1 and R2). Who may not is in `rules.conflicts`.

The draw is exact (see `rules.panel_flow`). In order of weight it fills seats, avoids reviewers who do not fit the topic, meets
least loads, keeps what an earlier draw gave, and balances loads against the better fit. What is still equal is decided by shared
keywords, and then by lots of seed and ids, so the order of the input changes nothing. A balanced draw raises the worst panel first
(`rules.panel_fair`).
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from rules import lots
from rules.conflicts import barred, bars, unit_key
from rules.flow_network import Mask, Numbers
from rules.panel_caps import Seating
from rules.panel_fair import balanced
from rules.panel_flow import ANY_TOPIC, EXACT, FIRST_LEVEL, LEVELS, LOT_BITS, NEIGHBOUR, NO_MATCH, Limits, Pairs, solve
from rules.panel_terms import NO_TERMS, Group, Need, Panelist, Plan, Terms

__all__ = ["Group", "Need", "Panelist", "Plan", "Terms", "barred", "bars", "fit", "given_back", "plan", "seed_for"]

_ALL_PAIRS = 400_000
"""Up to so many pairs of entry and reviewer all are considered; above, a sample per entry."""
_MORE_PAIRS = 1_000_000
"""So many pairs are added at most for entries that the sample leaves short."""
_PAIRS_AT_ONCE = 500_000
_FIRST_LEVEL_LENGTH = 3


def seed_for(seed: int, *names: str) -> int:
    """A seed for one occasion, derived from the edition's: the same occasion, the same draw."""
    return int.from_bytes(hashlib.blake2b("\x1f".join((str(seed), *names)).encode(), digest_size=6).digest())


def given_back(entries: Iterable[str], *, keep: int, seed: int) -> tuple[str, ...]:
    """Which of the entries in a reviewer's hands leave them if only so many may stay; chance decides, by the seed."""
    return tuple(sorted(entries, key=lambda one: (seed_for(seed, one), one))[max(0, keep) :])


def fit(topic: str | None, disciplines: Iterable[str], neighbours: Mapping[str, tuple[str, ...]] = NO_TERMS.neighbours) -> int:
    """How well a reviewer fits an entry, as the draw weighs it (rule R1): one of `panel_flow.LEVELS`.

    Args:
        topic: What the reviewer's disciplines should cover; None if anybody can judge.
        disciplines: Codes, classes or fields of the reviewer.
        neighbours: As in `Terms`.
    """
    code = unit_key(topic or "")
    if not code:
        return ANY_TOPIC
    own = [unit_key(text) for text in disciplines]
    if code in own:
        return EXACT
    first_levels = {_first_level(one) for one in own}
    if _first_level(code) in first_levels:
        return FIRST_LEVEL
    return NO_MATCH if first_levels.isdisjoint(map(unit_key, neighbours.get(_first_level(code), ()))) else NEIGHBOUR


def plan(
    needs: Sequence[Need],
    panelists: Sequence[Panelist],
    *,
    seed: int,
    unit_matters: bool,
    taken: Mapping[str, int] | None = None,
    terms: Terms = NO_TERMS,
) -> Plan:
    """Draw a panel for every entry (rules R1 and R2).

    Nobody judges where they are barred, more than their capacity allows, or beside more of their own unit or group
    than the terms allow. As many seats as possible are filled; reviewers who do not fit the topic are drawn only where
    a seat would stay empty without them. Loads, with what is already taken, are balanced. The same seed and ids give
    the same plan in whatever order they come.

    With more than 400,000 pairs of entry and reviewer each entry considers a sample of its candidates drawn by the
    seed, and entries that the sample leaves short consider everybody, or everybody who has room left.

    Args:
        needs: Entries with their open seats; ids must differ.
        panelists: The pool; ids must differ.
        seed: The edition's seed, or one derived from it for a later round.
        unit_matters: Reviewers of the entry's own unit are barred.
        taken: Reviewer id -> entries already taken; none if left out.
        terms: What the stage declares for all panels.
    """
    entries = sorted(needs, key=lambda need: need.entry)
    pool = sorted(panelists, key=lambda panelist: panelist.id)
    if not entries or not pool:
        return Plan((), {need.entry: need.seats for need in entries if need.seats > 0})
    draw = _Draw(entries, pool, seed, unit_matters, taken or {}, terms)
    sampled = len(entries) * len(pool) > _ALL_PAIRS
    candidates = draw.candidates(range(len(entries)), among=draw.room > 0, sampled=sampled)
    chosen = draw.solved(candidates)
    if sampled and (wider := draw.widened(candidates, chosen)):
        candidates = wider
        chosen = draw.solved(candidates)
    return draw.as_plan(candidates.where(chosen))


class _Draw:
    """One draw: ids become positions in sorted order, pairs become arrays."""

    def __init__(
        self, entries: Sequence[Need], pool: Sequence[Panelist], seed: int, unit_matters: bool, taken: Mapping[str, int], terms: Terms
    ) -> None:
        self.entries, self.pool, self.unit_matters, self.terms = entries, pool, unit_matters, terms
        self.seats = np.array([max(0, need.seats) for need in entries], dtype=np.int64)
        self.loads = np.array([taken.get(one.id, 0) for one in pool], dtype=np.int64)
        self.room = np.maximum(0, np.array([one.capacity for one in pool], dtype=np.int64) - self.loads)
        self.position = {one.id: index for index, one in enumerate(pool)}
        units, self.members = _units_of(pool)
        least = [min(one.capacity, terms.min_load if one.least is None else one.least) for one in pool]
        self.limits = Limits(self.seats, self.loads, self.room, np.array(least, dtype=np.int64), self._seating(units))
        self.entry_hash = lots.hashes(seed, "entry", [need.entry for need in entries])
        self.reviewer_hash = lots.hashes(seed, "reviewer", [one.id for one in pool])
        self._fits: dict[str | None, Numbers] = {}
        self._known: dict[str, list[int]] = defaultdict(list)
        for index, one in enumerate(pool if terms.keywords else ()):
            for keyword in set(one.keywords):
                self._known[keyword].append(index)
        self._codes: dict[str, list[int]] = defaultdict(list)
        self._first_levels: dict[str, list[int]] = defaultdict(list)
        for index, one in enumerate(pool):
            for text in one.disciplines:
                code = unit_key(text)
                self._codes[code].append(index)
                self._first_levels[_first_level(code)].append(index)

    def _seating(self, units: Numbers) -> Seating:
        """Who may sit together, and who sits there already."""
        number = {key: at for at, one in enumerate(self.terms.groups) for unit in one.units if (key := unit_key(unit))}
        group = np.array([number.get(unit_key(one.unit), -1) for one in self.pool], dtype=np.int64)
        units_there: dict[int, int] = defaultdict(int)
        groups_there: dict[int, int] = defaultdict(int)
        for row, need in enumerate(self.entries):
            for unit in filter(None, map(unit_key, need.panel_units)):
                if unit in self.members:
                    units_there[row * len(self.pool) + self.members[unit][0]] += 1
                if unit in number:
                    groups_there[row * max(1, len(self.terms.groups)) + number[unit]] += 1
        most = np.array([one.at_most for one in self.terms.groups], dtype=np.int64)
        return Seating(units, group, most, self.terms.per_unit, units_there, groups_there)

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
        lot = lots.mixed(self.entry_hash[index, None] ^ self.reviewer_hash[None, :], bits=LOT_BITS)
        kept = np.zeros(fit.shape, dtype=bool)
        shared = np.zeros(fit.shape, dtype=np.int64)
        allowed = np.broadcast_to(among, fit.shape).copy()
        for at, row in enumerate(rows):
            allowed[at, list(self._barred(self.entries[row]))] = False
            kept[at, [self.position[one] for one in self.entries[row].kept if one in self.position]] = True
            for keyword in set(self.entries[row].keywords):
                shared[at, self._known.get(keyword, [])] += 1
        np.minimum(shared, self.terms.keywords, out=shared)
        if sampled:
            level = np.where(allowed, fit, -1)
            seen = kept | self._sample(level, lot, self.seats[index])
            if shared.any():  # beside the sample by lots, so that loads are balanced among as many as without keywords
                seen |= self._sample(level, lot - (shared << LOT_BITS), self.seats[index])
            allowed &= seen
        line, reviewer = np.nonzero(allowed)
        return Pairs(index[line], reviewer, fit[line, reviewer], lot[line, reviewer], kept[line, reviewer], shared[line, reviewer])

    def _sample(self, fit: Numbers, lot: Numbers, seats: Numbers) -> Mask:
        """For each entry, those of least lot within each level of fit; few of those who do not fit."""
        order = np.lexsort((lot, -fit), axis=1)
        ranked = np.take_along_axis(fit, order, axis=1)
        keep = np.zeros_like(ranked, dtype=bool)
        for level in LEVELS:
            here = ranked == level
            most = seats + 3 if level == NO_MATCH else 6 * seats + 10
            keep |= here & (np.cumsum(here, axis=1) <= most[:, None])
        chosen = np.zeros_like(keep)
        np.put_along_axis(chosen, order, keep, axis=1)
        return chosen

    def _barred(self, need: Need) -> Iterator[int]:
        yield from (self.position[one] for one in need.barred if one in self.position)
        full = {unit for unit, count in Counter(map(unit_key, need.panel_units)).items() if count >= self.terms.per_unit}
        for unit in (full | ({unit_key(need.unit)} if self.unit_matters else set())) - {""}:
            yield from self.members.get(unit, ())

    def _fit(self, topic: str | None) -> Numbers:
        if topic not in self._fits:
            code = unit_key(topic or "")
            fit = np.full(len(self.pool), NO_MATCH if code else ANY_TOPIC, dtype=np.int64)
            if code:
                for near in map(unit_key, self.terms.neighbours.get(_first_level(code), ())):
                    fit[self._first_levels.get(near, [])] = NEIGHBOUR
                fit[self._first_levels.get(_first_level(code), [])] = FIRST_LEVEL
                fit[self._codes.get(code, [])] = EXACT
            self._fits[topic] = fit
        return self._fits[topic]

    def solved(self, pairs: Pairs) -> Mask:
        """Which pairs are drawn."""
        if self.terms.mode == "balanced":
            return balanced(pairs, self.limits, there=np.array([need.there for need in self.entries], dtype=np.int64))
        return solve(pairs, self.limits)

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
