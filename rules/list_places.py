"""Places on the list for the committee: who competes for them, where the line runs, and the cut as a rule for draws (rules L1 and L2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from models.edition import Entry, Standing
from models.process import Process
from models.stages import ORDINAL, Aggregate, Flags, Normalise, ShortlistingStage
from rules import cutting, shortlist, uncertainty
from rules.calibration import Calibration
from rules.methods import CALIBRATED, Method
from rules.score_table import ScoreTable
from rules.uncertainty import Bands, Selection

Column = Method | Literal["normalised"]
"""What a mark is computed by: a method on the totals themselves, or the declared one on normalised totals (rule S7)."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a ranking is made by."""

    process: Process
    rule: Aggregate
    """The declared rule of the mark."""
    flags: Flags
    cut: ShortlistingStage | None
    """The stage that cuts this ranking; None = nobody is selected, and there are neither lines nor chances."""
    seats: Mapping[str, int]
    """Group -> awards."""
    entries: Sequence[Entry]
    """Everything that competes, scored yet or not."""
    seed: int
    draws: int
    clear: Decimal
    """Chance from which an entry is clearly selected."""
    normalise: Normalise = "none"
    """What is done to totals before they become marks (rule S7)."""
    apart: Sequence[frozenset[str]] = ()
    """Names of classes that share a score sheet, where not all do: each such part is calibrated by itself. Empty: all do."""

    @property
    def shown(self) -> tuple[Column, ...]:
        """What stands side by side: plain mean, the declared rule, calibrated."""
        found: tuple[Column, ...] = ("mean", self.declared, "calibrated")
        return tuple(dict.fromkeys(found))

    @property
    def on_sheets(self) -> bool:
        """Whether the marks of the award lie on the scale of the score sheets, so that they can be drawn beside totals."""
        return self.rule.method not in ORDINAL and self.normalise not in ORDINAL

    @property
    def calibrates(self) -> bool:
        """Whether the mark of the award is a calibrated one: then intervals are its own, else those of the plain calibrated mark."""
        return self.rule.method in CALIBRATED

    @property
    def declared(self) -> Column:
        """What the marks of the award are computed by."""
        return self.rule.method if self.normalise == "none" else "normalised"


@dataclass(frozen=True, slots=True)
class Pool:
    """Entries that compete for the same places on the list."""

    name: str
    """A group, or a class where places are declared by class."""
    places: int | None
    """None where a mark decides."""
    line: Decimal | None
    """The lowest mark with which an entry goes to the committee now; None if none does."""
    bands: Bands | None
    """None before the first signed sheet."""


def pool_name(question: Question, entry: Entry) -> str:
    """Among whom an entry competes for the list; its group where there is none."""
    return entry.group if question.cut is None else cutting.pool_of(entry.group, question.cut, question.process)


def places(question: Question) -> dict[str, int]:
    """Pool -> how many of all its entries, scored yet or not, go to the committee."""
    if question.cut is None:
        return {}
    sizes = Counter(pool_name(question, one) for one in question.entries)
    return {name: cutting.places(name, size, question.seats, question.cut, question.process) for name, size in sizes.items()}


def selection(question: Question, table: ScoreTable, calibration: Calibration, entries: Mapping[str, Entry]) -> Selection:
    """The declared cut as a rule on qualities."""
    if question.cut is not None and question.cut.min_score is not None:
        least = float(question.cut.min_score) - calibration.level
        return lambda quality: quality >= least
    names = [pool_name(question, entries[one]) for one in table.entries]
    if question.cut is not None and question.cut.group_bounds:
        bounds = {group: (one.lower, one.upper) for group, one in cutting.bounds_of(question.cut, question.process).items()}
        return uncertainty.best_within(names, places(question), [entries[one].group for one in table.entries], bounds)
    return uncertainty.best_of_groups(names, places(question))


def pools(question: Question, chances: Mapping[str, uncertainty.Chance], standings: Sequence[Standing]) -> dict[str, Pool]:
    """The pools as they stand: places, line, bands.

    Args:
        question: What the ranking is made by.
        chances: Of the entries that have a signed sheet.
        standings: By the declared rule.
    """
    if question.cut is None:
        return {}
    names = {one.id: pool_name(question, one) for one in question.entries}
    lines: dict[str, Decimal] = {}
    for item in shortlist.cut(standings, question.seats, question.cut, question.process):
        lines[names[item.entry]] = min(item.mark, lines.get(names[item.entry], item.mark))
    by_mark, found = question.cut.min_score is not None, {}
    for name, number in places(question).items():
        some = {entry: chance for entry, chance in chances.items() if names[entry] == name}
        bands = uncertainty.bands(some, number, clear=question.clear) if some else None
        found[name] = Pool(name, None if by_mark else number, lines.get(name), bands)
    return found
