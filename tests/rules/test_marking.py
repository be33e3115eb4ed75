"""Marks of a stage: by hand where they can be, by their properties where not."""

from __future__ import annotations

from decimal import Decimal
from math import exp
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.edition import Entry
from models.stages import Aggregate, Method, Normalise, ScoringStage
from rules import marking, methods, scoring
from rules.calibration import calibrate
from rules.marking import Sheet, marks
from rules.methods import CALIBRATED, METHODS
from rules.score_table import Score, ScoreTable
from rules.simulation import chance, normal
from tests import builders
from tests.rules.scored import a_panel

repeatable = settings(deadline=None, derandomize=True, database=None, max_examples=25)


def an_entry(name: str, group: str = "paper", class_name: str = "paper") -> Entry:
    return Entry(name, "sample-2026", name, name, class_name, group, name, "", "", "n", None)


def everything(sheets: list[Sheet], **groups: str) -> list[Entry]:
    return [an_entry(name, groups.get(name, "paper")) for name in sorted({one.entry for one in sheets})]


def given_by(rows: dict[str, list[int]]) -> list[Sheet]:
    """Entry -> totals; each by another reviewer."""
    return [Sheet(entry, f"r{number}", Decimal(total)) for entry, totals in rows.items() for number, total in enumerate(totals)]


def sheets_of(scores: list[Score]) -> list[Sheet]:
    return [Sheet(*one) for one in scores]


def a_rule(method: Method, **changes: Any) -> Aggregate:
    return Aggregate(method=method, **{"min_valid": 1, **changes})


PANEL = sheets_of(a_panel(20, 6, 3, leniency=8))


def test_marks_by_hand() -> None:
    rows = {"a": [90, 90, 80, 70, 60], "b": [88, 88, 88], "c": [100, 100, 100, 0, 0], "d": [70, 71, 72, 99]}
    given = given_by(rows)
    found = marks(everything(given), given, a_rule("trimmed_mean")).printed
    assert {name: str(mark) for name, mark in found.items()} == {"a": "80.00", "b": "88.00", "c": "66.67", "d": "78.00"}


def test_a_missing_sheet_is_never_a_zero_and_too_few_give_no_mark_by_any_method() -> None:
    given = [one for one in PANEL if (one.entry, one.reviewer) not in {(PANEL[0].entry, PANEL[0].reviewer)}]
    short = PANEL[0].entry
    for method in METHODS:
        found = marks(everything(PANEL), given, a_rule(method, min_valid=3)).printed
        assert found.keys() == {one.entry for one in PANEL} - {short}
        without = marks(everything(PANEL), given, a_rule(method, min_valid=2)).printed
        assert without[short] > 0


def test_sheets_of_an_entry_without_a_mark_still_tell_how_lenient_their_reviewers_are() -> None:
    lonely = [*PANEL, *(Sheet("x", f"r{number}", Decimal(99)) for number in (0, 1))]
    rule = a_rule("calibrated", min_valid=3)
    table = ScoreTable(marking.scores(lonely))
    expected = methods.calibrated_marks(calibrate(table), 2)
    assert marks(everything(lonely), lonely, rule).printed == {name: mark for name, mark in expected.items() if name != "x"}


def test_everybody_is_calibrated_together_and_ranked_in_groups() -> None:
    names = sorted({one.entry for one in PANEL})
    groups = {name: "one" if number % 2 else "two" for number, name in enumerate(names)}
    entries = everything(PANEL, **groups)
    rule = a_rule("calibrated")
    found = marks(entries, PANEL, rule)
    assert found.printed == methods.calibrated_marks(calibrate(ScoreTable(marking.scores(PANEL))), 2)
    totals = {name: [one.total for one in PANEL if one.entry == name] for name in names}
    ranked = scoring.standings(entries, totals, rule, builders.a_process().stages[1].flags, found.printed)  # type: ignore[union-attr]
    assert {one.group for one in ranked if one.place == 1} == {"one", "two"}
    for group in ("one", "two"):
        inside = [one for one in ranked if one.group == group]
        assert [one.mark for one in inside] == sorted((found.printed[one.entry] for one in inside), reverse=True)
    means = marks(entries, PANEL, a_rule("mean")).printed
    assert {one.entry: one.mean for one in ranked} == means


def a_stage(**changes: Any) -> ScoringStage:
    stage = builders.a_process(**builders.a_stage_change("scoring", **changes)).stages[1]
    assert isinstance(stage, ScoringStage)
    return stage


def test_sheets_with_other_criteria_are_calibrated_apart() -> None:
    half = [{**one, "max": 50} for one in builders.CRITERIA[:1]] + [{**builders.CRITERIA[1], "max": 50}]
    sheets = {"paper": builders.CRITERIA, "artwork": half}
    stage = a_stage(criteria=(), criteria_by_class=sheets, aggregate={"method": "calibrated", "min_valid": 2})
    both = [*PANEL, *(one._replace(entry=f"w{one.entry}", total=one.total - 30) for one in PANEL)]
    entries = [an_entry(name, *(2 * ["artwork"] if name[0] == "w" else [])) for name in sorted({one.entry for one in both})]
    found = marking.stage_marks(entries, both, stage)
    alone = marks(everything(PANEL), PANEL, stage.aggregate).printed
    assert {name: mark for name, mark in found.items() if name[0] != "w"} == alone
    assert marking.apart(builders.a_process(), stage) == (frozenset({"paper"}), frozenset({"artwork"}))
    assert marking.apart(builders.a_process(), a_stage()) == ()


def test_normalised_totals_enter_the_marks_and_are_kept() -> None:
    found = marks(everything(PANEL), PANEL, a_rule("mean"), "zscore_by_reviewer")
    strict = [one._replace(total=one.total - 30) if one.reviewer == "r1" else one for one in PANEL]
    changed = marks(everything(PANEL), strict, a_rule("mean"), "zscore_by_reviewer")
    before, after = (methods.ranks(one.printed) for one in (found, changed))
    plain = methods.ranks(marks(everything(PANEL), strict, a_rule("mean")).printed)
    assert sum(abs(after[one] - before[one]) for one in before) < sum(abs(plain[one] - before[one]) for one in before)
    assert found.totals.keys() == {(one.entry, one.reviewer) for one in PANEL}
    assert marks(everything(PANEL), PANEL, a_rule("mean")).totals == {(one.entry, one.reviewer): one.total for one in PANEL}


def test_places_counted_from_below() -> None:
    given = [Sheet(entry, who, Decimal(total)) for entry, who, total in [
        ("a", "r", 90), ("b", "r", 80), ("c", "r", 80), ("d", "r", 10), ("a", "s", 20), ("d", "s", 30),
    ]]  # fmt: skip
    found = marks(everything(given), given, a_rule("rank_sum")).printed
    assert {name: str(mark) for name, mark in found.items()} == {"a": "2.50", "b": "2.50", "c": "2.50", "d": "1.50"}


# -- properties --------------------------------------------------------------------------------------------------------


@repeatable
@given(st.sampled_from(METHODS), st.randoms(use_true_random=False))
def test_neither_order_nor_names_change_a_mark(method: Method, dice) -> None:  # type: ignore[no-untyped-def]
    rule = a_rule(method, places=6)
    names = [sorted({one[at] for one in PANEL}) for at in (0, 1)]
    entry, reviewer = (dict(zip(some, dice.sample(some, len(some)), strict=True)) for some in names)
    renamed = [Sheet(entry[one.entry], reviewer[one.reviewer], one.total) for one in dice.sample(PANEL, len(PANEL))]
    found = marks(everything(PANEL), PANEL, rule).printed
    assert marks(everything(PANEL)[::-1], dice.sample(PANEL, len(PANEL)), rule).printed == found
    assert marks(everything(renamed), renamed, rule).printed == {entry[name]: mark for name, mark in found.items()}


@repeatable
@given(
    st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from(["r", "s", "t"])), st.integers(0, 100), min_size=1),
    st.sampled_from([*((method, "none") for method in METHODS), ("median", "zscore_by_reviewer"), ("trimmed_mean", "rank_in_group")]),
)
def test_the_smallest_and_oddest_panels_have_marks_too(given: dict[tuple[str, str], int], how: tuple[Method, Normalise]) -> None:
    some = [Sheet(entry, who, Decimal(total)) for (entry, who), total in given.items()]
    found = marks(everything(some), some, a_rule(how[0]), how[1]).printed
    assert found.keys() == {one.entry for one in some}
    assert all(mark.is_finite() and mark.as_tuple().exponent == -2 for mark in found.values())


@repeatable
@given(st.integers(-40, 40), st.sampled_from(METHODS))
def test_a_constant_on_every_sheet_moves_every_mark_by_as_much_and_nobodys_place(constant: int, method: Method) -> None:
    rule = a_rule(method, places=4)
    found = marks(everything(PANEL), PANEL, rule).printed
    moved = marks(everything(PANEL), [one._replace(total=one.total + constant) for one in PANEL], rule).printed
    by = 0 if method in ("borda", "rank_sum") else constant
    assert all(abs(moved[name] - mark - by) <= Decimal("0.0001") for name, mark in found.items())


@repeatable
@given(st.integers(0, len(PANEL) - 1), st.integers(1, 30))
def test_a_higher_total_never_lowers_the_mean(at: int, more: int) -> None:
    raised = [one._replace(total=one.total + more) if number == at else one for number, one in enumerate(PANEL)]
    rule, name = a_rule("mean"), PANEL[at].entry
    before, after = (marks(everything(PANEL), given, rule).printed for given in (PANEL, raised))
    assert after[name] > before[name]
    assert {one: mark for one, mark in after.items() if one != name} == {one: mark for one, mark in before.items() if one != name}


def test_without_leniency_the_calibrated_order_is_that_of_the_mean() -> None:
    given = sheets_of(a_panel(30, 10, 5, leniency=0, seed=3))
    assert not calibrate(ScoreTable(marking.scores(given))).components.leniency
    found, mean = (marks(everything(given), given, a_rule(method, places=6)).printed for method in ("calibrated", "mean"))
    assert methods.ranks(found) == methods.ranks(mean)


# -- how good they are -------------------------------------------------------------------------------------------------


def a_simulated_panel(seed: int, log_spread: float) -> list[Score]:
    """Sixty entries, fifteen reviewers, five scores each: leniency and noise as in a mild panel, spreads that differ by reviewer."""
    found: list[Score] = []
    load = dict.fromkeys((f"r{number}" for number in range(15)), 0)
    for number in range(60):
        entry = f"e{number}"
        for reviewer in sorted(load, key=lambda one: (load[one], chance(seed, "draw", entry, one)))[:5]:
            load[reviewer] += 1
            off = 10 * normal(seed, "quality", entry) + 10 * normal(seed, "noise", entry, reviewer)
            value = 60 + exp(log_spread * normal(seed, "spread", reviewer)) * off + 4.5 * normal(seed, "leniency", reviewer)
            found.append(Score(entry, reviewer, Decimal(round(min(100, max(0, value))))))
    return found


def nearness(method: Method, log_spread: float, seed: int) -> float:
    """How close calibrated marks come to the true qualities of a panel: their correlation."""
    by = methods.calibration_by(method, a_simulated_panel(seed, log_spread)).marks
    return float(np.corrcoef([by[name] for name in by], [normal(seed, "quality", name) for name in by])[0, 1])


def test_where_spreads_differ_the_scaled_calibration_comes_closer_and_elsewhere_as_close() -> None:
    def gains(log_spread: float) -> list[float]:
        return [nearness("calibrated_scaled", log_spread, seed) - nearness("calibrated", log_spread, seed) for seed in range(12)]

    differing, alike = gains(0.35), gains(0)
    assert sum(one > 0 for one in differing) >= 10
    assert sum(differing) / 12 > 0.005
    assert abs(sum(alike) / 12) < 0.004


def test_a_wild_score_moves_a_robust_mark_less() -> None:
    given = sheets_of(a_panel(30, 8, 5, noise=4))
    wild = [given[0]._replace(total=given[0].total - 45), *given[1:]]
    lost = {}
    for method in CALIBRATED:
        before, after = (marks(everything(given), some, a_rule(method)).printed[given[0].entry] for some in (given, wild))
        lost[method] = before - after
    assert lost["calibrated_robust"] < lost["calibrated"] / 2
