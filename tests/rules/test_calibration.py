from __future__ import annotations

from decimal import Decimal
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import mixed_model
from rules.calibration import Calibration, Components, calibrate
from rules.methods import calibrated_marks
from rules.score_table import Score, ScoreTable
from tests.rules.scored import a_panel, new_names, renamed, scores, true_quality

repeatable = settings(deadline=None, derandomize=True, database=None, max_examples=25)
PANELS = st.builds(
    a_panel, st.integers(2, 9), st.integers(3, 6), st.integers(1, 3), leniency=st.sampled_from([0, 8]), seed=st.integers(0, 999)
)


def calibrated(some: list[Score], **how: bool) -> Calibration:
    return calibrate(ScoreTable(some), **how)


def printed(some: list[Score], **how: bool) -> dict[str, Decimal]:
    return calibrated_marks(calibrated(some, **how), 4)


def minus_two_log_reml(table: ScoreTable, quality: float, leniency: float) -> float:
    """Straight from the definition, with the whole covariance matrix; variances by that of the noise, which is profiled out."""
    count, ones = len(table), np.ones(len(table))
    covariance = np.eye(count) + quality * (table.entry[:, None] == table.entry) + leniency * (table.reviewer[:, None] == table.reviewer)
    inverse = np.linalg.inv(covariance)
    information = ones @ inverse @ ones
    projection = inverse - np.outer(inverse @ ones, ones @ inverse) / information
    squares = table.value @ projection @ table.value
    return float((count - 1) * np.log(squares) + np.linalg.slogdet(covariance)[1] + np.log(information))


def test_variances_of_a_complete_table_are_those_of_the_analysis_of_variance() -> None:
    some = a_panel(12, 7, 7)
    table = np.array([[float(one.value) for one in some if one.entry == f"e{number}"] for number in range(12)])
    order = [[one.reviewer for one in some if one.entry == f"e{number}"] for number in range(12)]
    table = np.array([[row[names.index(f"r{j}")] for j in range(7)] for row, names in zip(table, order, strict=True)])
    rows, columns, whole = table.mean(axis=1), table.mean(axis=0), table.mean()
    noise = float(((table - rows[:, None] - columns + whole) ** 2).sum() / (11 * 6))
    quality = (7 * float(((rows - whole) ** 2).sum()) / 11 - noise) / 7
    leniency = (12 * float(((columns - whole) ** 2).sum()) / 6 - noise) / 12
    assert calibrated(some).components == pytest.approx((quality, leniency, noise), rel=1e-5)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_other_variances_are_likelier(seed: int) -> None:
    table = ScoreTable(a_panel(25, 9, 4, seed=seed)[:-13])
    quality, leniency, noise = calibrate(table).components
    least = minus_two_log_reml(table, quality / noise, leniency / noise)
    around = [(factor, other) for factor in (0.9, 1, 1.1) for other in (0.9, 1, 1.1) if (factor, other) != (1, 1)]
    assert all(minus_two_log_reml(table, a * quality / noise, b * leniency / noise) > least for a, b in around)


def test_marks_are_the_best_linear_prediction() -> None:
    table = ScoreTable(a_panel(15, 6, 3))
    found = calibrate(table)
    quality, leniency, noise = found.components
    same_entry, same_reviewer = table.entry[:, None] == table.entry, table.reviewer[:, None] == table.reviewer
    inverse = np.linalg.inv(noise * np.eye(len(table)) + quality * same_entry + leniency * same_reviewer)
    level = float(inverse.sum(axis=0) @ table.value / inverse.sum())
    of_entry = quality * (np.arange(15)[:, None] == table.entry)
    assert found.level == pytest.approx(level)
    assert found.quality == pytest.approx(of_entry @ inverse @ (table.value - level))


def test_conjugate_gradients_and_the_direct_solution_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    table, columns = ScoreTable(a_panel(40, 12, 4)), np.eye(160)[:, :20]
    weights = np.linspace(0.5, 2, 160)
    directly = mixed_model.Equations(table, weights, 0.7, 3.0)
    monkeypatch.setattr(mixed_model, "DIRECT", 1)
    stepwise = mixed_model.Equations(table, weights, 0.7, 3.0)
    for one, other in zip(directly.solve(columns), stepwise.solve(columns), strict=True):
        assert one == pytest.approx(other, abs=1e-10)
    assert directly.traces() == pytest.approx(stepwise.traces(), rel=1e-6)


def test_estimated_traces_change_the_variances_by_less_than_they_are_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    table = ScoreTable(a_panel(120, 40, 4))
    exact = calibrate(table).components
    monkeypatch.setattr(mixed_model, "DIRECT", 1)
    monkeypatch.setattr(mixed_model, "EXACT", 1)
    assert calibrate(table).components == pytest.approx(exact, rel=0.03)


def test_leniency_is_taken_out() -> None:
    some = a_panel(60, 12, 4, leniency=12)
    table = ScoreTable(some)
    mean = {entry: fmean(map(float, values)) for entry, values in table.exact.items()}
    truth = [true_quality(entry) for entry in table.entries]

    def likeness(marks: dict[str, float]) -> float:
        return float(np.corrcoef(truth, [marks[entry] for entry in table.entries])[0, 1])

    assert likeness(calibrate(table).marks) > likeness(mean) + 0.05


def test_reviewers_who_are_equally_strict_are_not_corrected_and_the_ranking_follows_the_mean() -> None:
    found = calibrated(scores({f"e{n}": {"r1": 50 + n, "r2": 52 + n - 4 * (n % 2), "r3": 48 + n + 4 * (n % 2)} for n in range(8)}))
    assert found.components.leniency == 0
    mean = {entry: fmean(map(float, values)) for entry, values in found.table.exact.items()}
    assert sorted(found.marks, key=lambda one: found.marks[one]) == sorted(mean, key=lambda one: mean[one])
    assert max(map(abs, found.leniencies.values())) < 1e-9


def test_without_leniency_equal_means_stay_equal_marks() -> None:
    some = scores({"a": {"r1": 80, "r2": 84}, "b": {"r2": 79, "r3": 85}, "c": {"r3": 70, "r1": 60}, "d": {"r1": 90, "r3": 74}})
    assert calibrated(some).components.leniency == 0
    marks = printed(some)
    assert marks["a"] == marks["b"] == marks["d"] > marks["c"]


@pytest.mark.parametrize("value", ["0.1", "85.3", "7"])
def test_one_and_the_same_score_everywhere_is_no_noise(value: str) -> None:
    assert calibrated(scores({"a": {"r": value, "s": value}, "b": {"s": value}, "c": {"r": value}})).components == Components(0.0, 0.0, 0.0)


def test_an_entry_with_few_scores_cannot_win_on_luck() -> None:
    some = [one for one in a_panel(30, 10, 5, leniency=0) if one.entry != "e0"]
    mean = max(fmean(float(one.value) for one in some if one.entry == f"e{number}") for number in range(1, 30))
    best = max(printed(some).values())
    lucky = [*some, Score("e0", "r0", Decimal(round(mean) + 1))]
    assert printed(lucky)["e0"] < best


def test_a_reviewer_with_one_score_is_taken_to_be_as_strict_as_others() -> None:
    some = [*a_panel(20, 6, 3), Score("e0", "guest", Decimal(70))]
    found = calibrated(some)
    typical = fmean(abs(value) for name, value in found.leniencies.items() if name != "guest")
    assert abs(found.leniencies["guest"]) < typical


def test_wild_scores_weigh_less_where_they_are_expected() -> None:
    some = a_panel(30, 10, 5, leniency=0, noise=3)
    at = next(number for number, one in enumerate(some) if one.entry == "e7")
    wild = [*some[:at], some[at]._replace(value=Decimal(0)), *some[at + 1 :]]
    moved = {how: abs(printed(wild, wild=how)["e7"] - printed(some, wild=how)["e7"]) for how in (False, True)}
    assert moved[True] < moved[False] / 2


def test_scores_without_noise_give_the_true_qualities_and_leniencies() -> None:
    some = [one._replace(value=Decimal(round(60 + true_quality(one.entry) + 3 * int(one.reviewer[1:]), 6))) for one in a_panel(30, 10, 3)]
    found = calibrated(some)
    assert found.marks["e1"] - found.marks["e2"] == pytest.approx(true_quality("e1") - true_quality("e2"), abs=1e-3)
    assert found.leniencies["r7"] - found.leniencies["r2"] == pytest.approx(15, abs=1e-3)
    assert found.components.noise < 1e-3
    assert found.components.leniency == pytest.approx(9 * 55 / 6, rel=0.05)  # the variance of 0, 3, 6 … 27


@pytest.mark.parametrize("wild", [False, True])
@pytest.mark.parametrize(
    "some",
    [
        scores({"a": {"r": 5}}),
        scores({"a": {"r": 5}, "b": {"s": 7}}),
        scores({"a": {"r": 5}, "b": {"r": 7}}),
        scores({"a": {"r": 5, "s": 7}}),
        scores({"a": {"r": 5, "s": 6}, "b": {"r": 7, "s": 8}}),  # no noise at all
        scores({"a": {"r": 1, "s": 9}, "b": {"r": 9, "s": 1}}),  # nothing but noise
    ],
)
def test_panels_that_tell_nearly_nothing_still_have_marks(some: list[Score], wild: bool) -> None:
    marks = calibrated(some, wild=wild).marks
    mean = {entry: fmean(map(float, values)) for entry, values in ScoreTable(some).exact.items()}
    assert all(np.isfinite(list(marks.values())))
    assert all(marks[one] >= marks[other] - 1e-9 for one in marks for other in marks if mean[one] >= mean[other])


def test_equal_scores_give_equal_marks_and_no_differences() -> None:
    found = calibrated(scores({"a": {"r": 80, "s": 80}, "b": {"s": 80, "t": 80}}))
    assert (found.components, found.marks) == (Components(0.0, 0.0, 0.0), {"a": 80.0, "b": 80.0})
    assert found.components.shares == (0.0, 0.0, 0.0)


@repeatable
@given(PANELS, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_rows_and_names_changes_nothing(some: list[Score], dice, wild: bool) -> None:  # type: ignore[no-untyped-def]
    marks = printed(some, wild=wild)
    assert printed(dice.sample(some, len(some)), wild=wild) == marks
    other = printed(renamed(some), wild=wild)
    assert {entry: other[name] for entry, name in new_names(some).items()} == marks


@repeatable
@given(PANELS, st.integers(-50, 50))
def test_points_for_everybody_move_all_marks_alike(some: list[Score], points: int) -> None:
    moved = calibrated([one._replace(value=one.value + points) for one in some])
    before = calibrated(some)
    assert tuple(moved.components) == pytest.approx(tuple(before.components), rel=1e-4, abs=1e-3)
    for entry, mark in before.marks.items():
        assert moved.marks[entry] == pytest.approx(mark + points, abs=1e-2)


@repeatable
@given(PANELS)
def test_where_lower_is_better_the_same_panel_is_turned_round(some: list[Score]) -> None:
    turned, marks = printed([one._replace(value=-one.value) for one in some]), printed(some)
    for entry, mark in marks.items():
        assert -turned[entry] == pytest.approx(mark, abs=Decimal("0.01"))
