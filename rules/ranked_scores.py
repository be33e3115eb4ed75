"""A whole ranking that explains itself: marks, ranks, chances, bands, other methods, and what to know about the panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.declared import Words
from models.stages import Aggregate
from rules import compared, methods, panel_checks, uncertainty
from rules.calibration import Calibration
from rules.methods import ALONE, CALIBRATED, Method, Place
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
    own: frozenset[tuple[str, str]] = frozenset()
    """Pairs of entry and reviewer who belong to one unit."""


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
    calibration = methods.calibration_by(question.method, better)
    marks = _marks(better, table, calibration, question)
    chances = uncertainty.chances(
        calibration,
        None if question.seats is None else uncertainty.best(question.seats),
        draws=question.draws,
        seed=question.seed,
        alike=calibration.table.alike,
    )
    bands = None if question.seats is None else uncertainty.bands(chances, question.seats, clear=question.clear)
    beside = compared.compare(marks, by=question.method, seats=question.seats)
    told_apart = any(len(values) > 1 for values in table.exact.values())
    sources = (compared.explained(calibration.components),) if told_apart else ()
    notes = (*_direction(question), *sources, *panel_checks.notes(calibration), *_favour(calibration, question), *_closing(bands, beside))
    places = methods.ranking(table.exact, marks[question.method], mean_places=question.rule.places)
    return Ranked(tuple(_turned_back(one, question) for one in places), chances, bands, beside, calibration, notes)


def _marks(scores: Sequence[Score], table: ScoreTable, calibration: Calibration, question: Question) -> dict[Method, dict[str, Decimal]]:
    """Marks by the method that was asked for and by those that are always shown beside it."""
    found: dict[Method, dict[str, Decimal]] = {}
    for method in ALONE:
        if method != "median" or question.method == "median":
            found[method] = methods.exact_marks(table.exact, question.rule.model_copy(update={"method": method, "min_valid": 1}))
    special = question.method in CALIBRATED and question.method != "calibrated"
    plain = methods.calibration_by("calibrated", scores) if special else calibration
    found["calibrated"] = methods.calibrated_marks(plain, question.places)
    if special:
        found[question.method] = methods.calibrated_marks(calibration, question.places)
    if question.method == "borda":
        found["borda"] = methods.borda_marks(scores, question.rule.places)
    if question.method == "rank_sum":
        found["rank_sum"] = methods.rank_sum_marks(scores, question.rule.places)
    return found


def _direction(question: Question) -> tuple[Words, ...]:
    if not question.lower_is_better:
        return ()
    return (Words(zh="评分越低越好，名次从最低分排起", en="Lower scores are better; ranks begin with the lowest."),)


def _favour(calibration: Calibration, question: Question) -> tuple[Words, ...]:
    found = panel_checks.own_unit(calibration, question.own)
    if found is None:
        return ()
    # The model was given turned scores where lower is better; what is said goes by the scores as they were written.
    return (panel_checks.own_unit_said(found._replace(points=-found.points) if question.lower_is_better else found),)


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
    mark = place.mark if question.method not in (*CALIBRATED, *ALONE) else -place.mark
    return Place(place.rank, place.entry, place.valid, -place.mean, mark)
