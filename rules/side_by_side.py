"""The ranking of a scoring stage as the office reads it: marks by three methods, how sure each place is, and where the line runs.

Everybody who scored in the stage is calibrated together, so that all sheets of a reviewer tell how lenient she is; ranks, lines and
chances go by the groups in which entries compete. Where classes have different score sheets, each sheet is a ranking by itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

import numpy as np

from models.declared import Words
from models.edition import Entry
from rules import compared, cutting, eligibility, list_places, marking, methods, panel_checks, scoring, shortlist, uncertainty
from rules.calibration import Calibration, calibrate
from rules.list_places import Column, Pool, Question
from rules.marking import Sheet
from rules.score_table import Floats, ScoreTable
from rules.scoring import Total
from rules.uncertainty import Selection, Zone

_INTERVAL = (5, 95)
"""Per cent of the draws below the ends of an interval: nine draws of ten lie between."""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry."""

    entry: Entry
    totals: tuple[Fraction, ...]
    """Of its signed sheets, rising, exact."""
    mean: Decimal
    mark: Decimal | None
    """By the declared rule; None while there are too few sheets (rule S4)."""
    calibrated: Decimal
    ranks: Mapping[Column, int]
    """Within the group, among the entries that have a declared mark; empty for the others."""
    depends: bool
    """On the list by one method and not by another."""
    spread: Decimal
    """Between the highest and the lowest total."""
    flagged: bool
    """Divergent (rule S5)."""
    interval: tuple[Decimal, Decimal]
    """Where the true mark lies in nine draws of ten, by the declared calibration; by the plain one where none is declared."""
    selected: Decimal | None
    """Chance to be among those who go to the committee; None where nobody does."""
    zone: Zone | None
    normalised: tuple[Fraction, ...] = ()
    """The totals as they entered the mark, in the order of `totals`; empty where nothing is normalised."""


@dataclass(frozen=True, slots=True)
class Leniency:
    """How much higher a reviewer scores than others; for the office alone."""

    reviewer: str
    sheets: int
    offset: Decimal
    """Points above (or below) the common level, as far as the scores prove it."""


@dataclass(frozen=True)
class SideBySide:
    """The whole."""

    question: Question
    lines: tuple[Line, ...] = ()
    """By group in declared order, then by the declared mark, those without one last, then by code."""
    waiting: tuple[Entry, ...] = ()
    """Entries without a signed sheet, by code."""
    pools: Mapping[str, Pool] = field(default_factory=dict)
    lenient: tuple[Leniency, ...] = ()
    """The most lenient first."""
    calibration: Calibration | None = None
    """None before the first signed sheet."""
    notes: tuple[Words, ...] = ()
    """Where differences come from, and what to know about the panel."""
    parts: tuple[SideBySide, ...] = ()
    """The rankings of which this one consists, where classes have different score sheets; calibration, notes and leniency are theirs."""

    @property
    def each(self) -> tuple[SideBySide, ...]:
        """What was calibrated by itself."""
        return self.parts or (self,)

    def pool_of(self, entry: Entry) -> Pool | None:
        """Among whom an entry competes; None where nobody is selected."""
        cut = self.question.cut
        return None if cut is None else self.pools.get(cutting.pool_of(entry.group, cut, self.question.process))


def rank(sheets: Sequence[tuple[str, str, Total]], question: Question) -> SideBySide:
    """Rank what has been signed so far.

    Args:
        sheets: Entry id, reviewer, exact total of each sheet that counts; each pair at most once. The reviewer by whatever name the
            result should show.
        question: What the ranking is made by.
    """
    if question.apart:
        return _joined([rank(sheets, part) for part in _parts(question)], question)
    known = {one.id: one for one in question.entries}
    counted = [Sheet(*one) for one in sheets if one[0] in known]
    scored = {one.entry for one in counted}
    waiting = tuple(sorted((one for one in question.entries if one.id not in scored), key=lambda one: one.code))
    if not counted:
        return SideBySide(question, waiting=waiting, pools=list_places.pools(question, {}, ()))
    table = ScoreTable(marking.scores(counted))
    found = _Ranking(question, counted, table, calibrate(table))
    notes = (compared.explained(found.calibration.components), *panel_checks.notes(found.calibration))
    return SideBySide(question, found.lines(), waiting, found.pools, found.lenient(), found.calibration, notes)


def _parts(question: Question) -> list[Question]:
    """The question for each score sheet. A group lies within one class, so nobody competes across two of them."""
    inside = {classes: tuple(one for one in question.entries if one.class_name in classes) for classes in question.apart}
    return [replace(question, apart=(), entries=entries) for entries in inside.values()]


def _joined(parts: Sequence[SideBySide], question: Question) -> SideBySide:
    groups = {name: at for at, name in enumerate(eligibility.groups_of(question.process))}
    lines = sorted((line for part in parts for line in part.lines), key=lambda line: groups[line.entry.group])  # else in their order
    waiting = sorted((one for part in parts for one in part.waiting), key=lambda one: one.code)
    pools = {name: pool for part in parts for name, pool in part.pools.items()}
    return SideBySide(question, tuple(lines), tuple(waiting), pools, parts=tuple(parts))


class _Watched:
    """A rule of selection that also remembers what it was shown: the marks as they may really be, one array per draw."""

    def __init__(self, inner: Selection) -> None:
        self.inner, self.seen = inner, list[Floats]()

    def __call__(self, quality: Floats) -> uncertainty.Flags:
        self.seen.append(quality.copy())
        return self.inner(quality)


class _Ranking:
    """Everything of one ranking that several columns need."""

    def __init__(self, question: Question, sheets: Sequence[Sheet], table: ScoreTable, calibration: Calibration) -> None:
        self.question, self.table, self.calibration = question, table, calibration
        self.totals: dict[str, list[Total]] = defaultdict(list)
        for one in sheets:
            self.totals[one.entry].append(one.total)
        self.entries = {one.id: one for one in question.entries if one.id in self.totals}
        everybody = list(self.entries.values())
        # How sure a place is follows from the calibration that decides about it; where none does, from the plain one.
        special = question.calibrates and question.rule.method != "calibrated"
        self.deciding = methods.calibration_by(question.rule.method, marking.scores(sheets)) if special else calibration
        self.declared = marking.marks(question.entries, sheets, question.rule, question.normalise, self.deciding)
        self.entered: dict[str, list[Fraction]] = defaultdict(list)
        for one in sorted(sheets, key=lambda one: (one.total, one.reviewer)):
            self.entered[one.entry].append(Fraction(self.declared.totals[one.entry, one.reviewer]))
        self.standings = scoring.standings(everybody, self.totals, question.rule, question.flags, self.declared.printed)
        self.marks = self._marks(everybody)
        self.chances, self.intervals = self._drawn()
        self.pools = list_places.pools(question, self.chances, self.standings)

    def _marks(self, everybody: Sequence[Entry]) -> dict[Column, dict[str, Decimal]]:
        """Method -> entry -> mark as printed; the declared one only where there are enough sheets."""
        rule = self.question.rule.model_copy(update={"method": "mean", "min_valid": 1})
        means = {one.entry: one.mark for one in scoring.standings(everybody, self.totals, rule, self.question.flags)}
        calibrated = methods.calibrated_marks(self.calibration, self.question.rule.places)
        marks: dict[Column, dict[str, Decimal]] = {"mean": means, "calibrated": calibrated}
        if self.question.declared not in marks:
            marks[self.question.declared] = dict(self.declared.printed)
        return marks

    def _drawn(self) -> tuple[Mapping[str, uncertainty.Chance], Mapping[str, tuple[Decimal, Decimal]]]:
        table = self.deciding.table
        watched = _Watched(list_places.selection(self.question, table, self.deciding, self.entries))
        pools = [list_places.pool_name(self.question, self.entries[entry]) for entry in table.entries]
        numbers: dict[tuple[int, str], int] = {}
        alike = [numbers.setdefault(key, len(numbers)) for key in zip(table.alike.tolist(), pools, strict=True)]
        chances = uncertainty.chances(
            self.deciding, watched, draws=self.question.draws, seed=self.question.seed, alike=np.array(alike, dtype=np.intp)
        )
        ends = self.deciding.level + np.percentile(np.array(watched.seen), _INTERVAL, axis=0)
        places = self.question.rule.places
        low, high = ([scoring.half_up(Fraction(f"{one:.9f}"), places) for one in row] for row in ends.tolist())
        return chances, dict(zip(table.entries, zip(low, high, strict=True), strict=True))

    def lines(self) -> tuple[Line, ...]:
        """One line per entry that has a signed sheet."""
        ranks, listed = self._ranks(), self._listed()
        ranked = {one.entry for one in self.standings}
        zones = {entry: zone for pool in self.pools.values() if pool.bands for entry, zone in pool.bands.zones.items()}
        lines = [self._line(one, ranks, listed, ranked, zones) for one in self.entries.values()]
        groups = {name: at for at, name in enumerate(eligibility.groups_of(self.question.process))}
        last = len(lines) + 1
        return tuple(sorted(lines, key=lambda one: (groups[one.entry.group], one.ranks.get(self.question.declared, last), one.entry.code)))

    def _line(
        self, entry: Entry, ranks: Mapping[Column, Mapping[str, int]], listed: Mapping[Column, frozenset[str]],
        ranked: set[str], zones: Mapping[str, Zone],
    ) -> Line:  # fmt: skip
        totals, question = sorted(Fraction(one) for one in self.totals[entry.id]), self.question
        return Line(
            entry=entry,
            totals=tuple(totals),
            mean=self.marks["mean"][entry.id],
            mark=self.marks[question.declared][entry.id] if entry.id in ranked else None,
            calibrated=self.marks["calibrated"][entry.id],
            ranks={method: ranks[method][entry.id] for method in question.shown} if entry.id in ranked else {},
            depends=entry.id in ranked and len({entry.id in some for some in listed.values()}) > 1,
            spread=scoring.half_up(totals[-1] - totals[0], question.rule.places),
            flagged=scoring.is_divergent(totals, question.flags),
            interval=self.intervals[entry.id],
            selected=None if question.cut is None else self.chances[entry.id].selected,
            zone=zones.get(entry.id),
            normalised=() if question.normalise == "none" else tuple(self.entered[entry.id]),
        )

    def _ranks(self) -> dict[Column, dict[str, int]]:
        members: dict[str, list[str]] = defaultdict(list)
        for one in self.standings:
            members[one.group].append(one.entry)
        found: dict[Column, dict[str, int]] = {method: {} for method in self.question.shown}
        for method, entries in ((method, some) for method in found for some in members.values()):
            found[method] |= methods.ranks({one: self.marks[method][one] for one in entries})
        return found

    def _listed(self) -> dict[Column, frozenset[str]]:
        """Method -> who would go to the committee if it were the method of the award, by the whole declared cut."""
        question = self.question
        if question.cut is None:
            return {}
        found = {}
        for method in question.shown:
            standings = [replace(one, mark=self.marks[method][one.entry]) for one in self.standings]
            items = shortlist.cut(standings, question.seats, question.cut, question.process)
            found[method] = frozenset(one.entry for one in items)
        return found

    def lenient(self) -> tuple[Leniency, ...]:
        """Everybody who signed."""
        counts = Counter(self.table.reviewer.tolist())
        places = self.question.rule.places
        found = [
            Leniency(reviewer, counts[at], scoring.half_up(Fraction(f"{self.calibration.leniencies[reviewer]:.9f}"), places))
            for at, reviewer in enumerate(self.table.reviewers)
        ]
        return tuple(sorted(found, key=lambda one: (-one.offset, one.reviewer)))
