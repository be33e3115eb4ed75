"""A whole ranking that explains itself: marks, ranks, chances, bands, other methods, and what to know about the panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.declared import Words
from models.stages import Aggregate
from rules import compared, methods, panel_checks, uncertainty
from rules.calibration import Calibration, calibrate
from rules.methods import CALIBRATED, Method, Place
from rules.score_table import Score, ScoreTable
from rules.uncertainty import Bands, Chance

_NAMED = 20


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the scores; fixed before the first of them is opened."""

    method: Method
    rule: Aggregate
    """Trimming and decimal places of the exact methods; its `method` is not looked at."""
    seats: int | None
    """How many are selected; None = nobody, and there are neither chances nor bands."""
    lower_is_better: bool
    seed: int
    draws: int
    clear: Decimal
    """Chance from which an entry is clearly selected."""
    places: int
    """Decimal places of calibrated marks."""


@dataclass(frozen=True)
class Ranked:
    """The answer."""

    places: tuple[Place, ...]
    chances: Mapping[str, Chance]
    bands: Bands | None
    """None where nobody is selected."""
    beside: tuple[compared.Beside, ...]
    """Ranks by mean, trimmed mean, calibrated and the method that was asked for."""
    calibration: Calibration
    notes: tuple[Words, ...]
    """Sentences to print: where differences come from, what to know about the panel, what cannot be told apart."""


def rank(scores: Sequence[Score], question: Question) -> Ranked:
    """Rank entries by their scores.

    Chances come from the calibrated model whatever the method: they say how sure it is that an entry is among the best, not how a statute
    computes its mark.

    Args:
        scores: At least one; each pair of entry and reviewer at most once.
        question: Method, seats and all that the answer depends on.
    """
    better = methods.turned(scores) if question.lower_is_better else list(scores)
    table = ScoreTable(better)
    calibration = calibrate(table, wild=question.method == "calibrated_robust")
    marks = _marks(better, table, calibration, question)
    chances = uncertainty.chances(
        calibration,
        None if question.seats is None else uncertainty.best(question.seats),
        draws=question.draws,
        seed=question.seed,
        alike=table.alike,
    )
    bands = None if question.seats is None else uncertainty.bands(chances, question.seats, clear=question.clear)
    beside = compared.compare(marks, by=question.method, seats=question.seats)
    told_apart = any(len(values) > 1 for values in table.exact.values())
    sources = (compared.explained(calibration.components),) if told_apart else ()
    notes = (*sources, *panel_checks.notes(calibration), *_closing(bands, beside))
    places = methods.ranking(table.exact, marks[question.method], mean_places=question.rule.places)
    return Ranked(tuple(_turned_back(one, question) for one in places), chances, bands, beside, calibration, notes)


def _marks(scores: Sequence[Score], table: ScoreTable, calibration: Calibration, question: Question) -> dict[Method, dict[str, Decimal]]:
    """Marks by the method that was asked for and by those that are always shown beside it."""
    exact: tuple[Method, ...] = ("mean", "trimmed_mean", "median")
    found: dict[Method, dict[str, Decimal]] = {}
    for method in exact:
        if method != "median" or question.method == "median":
            found[method] = methods.exact_marks(table.exact, question.rule.model_copy(update={"method": method, "min_valid": 1}))
    plain = calibrate(table) if question.method == "calibrated_robust" else calibration
    found["calibrated"] = methods.calibrated_marks(plain, question.places)
    if question.method == "calibrated_robust":
        found["calibrated_robust"] = methods.calibrated_marks(calibration, question.places)
    if question.method == "borda":
        found["borda"] = methods.borda_marks(scores, question.rule.places)
    return found


def _closing(bands: Bands | None, beside: Sequence[compared.Beside]) -> tuple[Words, ...]:
    if bands is None:
        return ()
    names = [one.entry for one in beside if one.depends]
    if not names:
        said = Words(zh="入选者不因计分方法而变", en="The same entries are selected by every method shown.")
    else:
        zh, en = (sign.join(names[:_NAMED]) + (more if len(names) > _NAMED else "") for sign, more in (("、", "等"), (", ", " …")))
        said = Words(
            zh=f"是否入选取决于计分方法的有{len(names)}项：{zh}",
            en=f"Selected by one method and not by another ({len(names)}): {en}",
        )
    return bands.sentence, said


def _turned_back(place: Place, question: Question) -> Place:
    if not question.lower_is_better:
        return place
    mark = place.mark if question.method not in (*CALIBRATED, "mean", "trimmed_mean", "median") else -place.mark
    return Place(place.rank, place.entry, place.valid, -place.mean, mark)
