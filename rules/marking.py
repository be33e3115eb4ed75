"""From all signed sheets of a scoring stage to the mark of every entry, by the declared rule (rules S2 to S4, S7, S8).

Sheets with the same criteria are taken together, whatever class or group their entries belong to: reviewers cross groups, and all their
sheets tell how lenient they are. Sheets with different criteria (`criteria_by_class`) are taken apart, because a total of one means
something else than a total of the other. Places are given within groups in any case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from models.edition import Entry
from models.process import Process
from models.stages import ALONE, Aggregate, Normalise, ScoringStage
from rules import methods, normalising, scoring
from rules.methods import CALIBRATED
from rules.score_table import Score
from rules.scoring import Total

if TYPE_CHECKING:
    from rules.calibration import Calibration


class Sheet(NamedTuple):
    """One signed and complete sheet."""

    entry: str
    """Id of the entry."""
    reviewer: str
    total: Total
    """Exact, of 100."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of some entries, and what they were computed from."""

    printed: Mapping[str, Decimal]
    """Entry id -> mark, rounded half up; entries with too few sheets have none (rule S4)."""
    totals: Mapping[tuple[str, str], Total]
    """(Entry id, reviewer) -> total as it entered the mark; the total itself where nothing is normalised."""


def parts(entries: Iterable[Entry], stage: ScoringStage) -> tuple[tuple[Entry, ...], ...]:
    """The entries whose sheets have the same criteria, together; in the order of the first of each."""
    found: dict[object, list[Entry]] = {}
    for one in entries:
        found.setdefault(stage.sheet_of(one.class_name), []).append(one)
    return tuple(map(tuple, found.values()))


def apart(process: Process, stage: ScoringStage) -> tuple[frozenset[str], ...]:
    """Names of the classes that share a score sheet, in declared order; nothing where all classes do."""
    found: dict[object, set[str]] = {}
    for one in process.classes:
        found.setdefault(stage.sheet_of(one.name), set()).add(one.name)
    return tuple(map(frozenset, found.values())) if len(found) > 1 else ()


def stage_marks(entries: Sequence[Entry], sheets: Sequence[Sheet], stage: ScoringStage) -> dict[str, Decimal]:
    """Entry id -> mark as printed, of all entries of a stage; those with fewer than `min_valid` sheets have none."""
    found: dict[str, Decimal] = {}
    for part in parts(entries, stage):
        inside = {one.id for one in part}
        some = [one for one in sheets if one.entry in inside]
        found |= marks(part, some, stage.aggregate, stage.normalise).printed
    return found


def marks(
    entries: Sequence[Entry], sheets: Sequence[Sheet], rule: Aggregate, normalise: Normalise = "none", made: Calibration | None = None
) -> Marks:
    """The marks of entries whose sheets have the same criteria.

    Args:
        entries: All of them; sheets of others count for nothing.
        sheets: Each pair of entry and reviewer at most once. Those of entries with too few still tell how lenient reviewers are.
        rule: Method, when to trim, how many are needed, decimal places.
        normalise: What is done to the totals first (rule S7).
        made: The calibration of the same sheets that the method goes by, if it is there already.
    """
    groups = {one.id: one.group for one in entries}
    counted = [one for one in sheets if one.entry in groups]
    totals: dict[tuple[str, str], Total] = {(one.entry, one.reviewer): one.total for one in counted}
    if normalise != "none":
        totals = {(one.entry, one.reviewer): one.value for one in normalising.normalised(scores(counted), normalise, groups)}
    by_entry: dict[str, list[Total]] = {one: [] for one in groups}
    for (entry, _), total in totals.items():
        by_entry[entry].append(total)
    enough = [entry for entry, some in by_entry.items() if some and len(some) >= rule.min_valid]
    if rule.method in ALONE:
        return Marks({entry: mark for entry in enough if (mark := scoring.aggregate(by_entry[entry], rule)) is not None}, totals)
    found = _together(counted, rule, made) if enough else {}
    return Marks({entry: found[entry] for entry in enough}, totals)


def scores(sheets: Iterable[Sheet]) -> list[Score]:
    """Sheets as scores; a total of criteria of which some do not apply is rounded to six places, others have fewer."""
    return [Score(one.entry, one.reviewer, scoring.half_up(Fraction(one.total), normalising.PLACES)) for one in sheets]


def _together(sheets: Sequence[Sheet], rule: Aggregate, made: Calibration | None) -> dict[str, Decimal]:
    given = scores(sheets)
    if rule.method == "borda":
        return methods.borda_marks(given, rule.places)
    if rule.method == "rank_sum":
        return methods.rank_sum_marks(given, rule.places)
    assert rule.method in CALIBRATED  # noqa: S101 - the last of the declared methods
    return methods.calibrated_marks(made or methods.calibration_by(rule.method, given), rule.places)
