"""The guard of the distribution (rule S6), the marks that are offered, and what synthetic people make of both."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.sheets import Criterion, Distribution
from rules import scoring, simulation
from rules.simulation import Temper

GUARD = Distribution.model_validate({"above": 90, "share": "1/5", "sheets_min": 5})


def a_criterion(**changes: Any) -> Criterion:
    return Criterion.model_validate({"name": "a", "title": {"zh": "甲", "en": "A"}, "max": 40, **changes})


@pytest.mark.parametrize(
    ("totals", "over"),
    [
        (["90", "80", "80", "80", "80"], False),
        (["90", "90", "80", "80", "80"], True),
        (["90", "89.99", "80", "80", "80"], False),
        (["100", "100", "100", "100"], False),
        (["95"] * 2 + ["80"] * 8, False),
        (["95"] * 3 + ["80"] * 8, True),
        ([], False),
    ],
)
def test_high_totals_may_make_up_the_declared_share(totals: list[str], over: bool) -> None:
    assert scoring.over_limit([Decimal(one) for one in totals], GUARD) is over


@pytest.mark.parametrize(
    ("locked", "fresh", "over"),
    [
        (["95"] * 3, ["80", "80"], False),
        (["95"] * 3, ["90", "80"], True),
        (["80"] * 3, ["95", "80"], False),
        (["80"] * 3, ["95", "95"], True),
        (["95"] * 5, [], False),
    ],
)
def test_who_signed_few_sheets_freely_is_only_asked_for_no_more_high_totals(locked: list[str], fresh: list[str], over: bool) -> None:
    signed = [Decimal(one) for one in locked]
    assert scoring.over_limit([*signed, *map(Decimal, fresh)], GUARD, locked=signed) is over


def test_a_total_that_only_prints_as_ninety_is_not_high() -> None:
    assert scoring.high_totals([Fraction(8999999, 100000), Fraction(90)], GUARD) == 1


def test_without_a_guard_everybody_is_free() -> None:
    assert not scoring.over_limit([Decimal(100)] * 9, None)


def test_anchors_are_offered_in_place_of_shares() -> None:
    anchors = [{"mark": 38, "text": {"zh": "优", "en": "Best"}}, {"mark": 20, "text": {"zh": "中", "en": "Fair"}}]
    offered = scoring.offers(a_criterion(anchors=anchors), [Fraction(1)])
    assert [(str(one.mark), one.text.zh if one.text else "") for one in offered] == [("38", "优"), ("20", "中")]


@pytest.mark.parametrize(
    ("most", "step", "marks"),
    [("40", "1", ["40", "36", "32", "28", "24"]), ("5", "1", ["5", "4", "3"]), ("10", "0.5", ["10.0", "9.0", "8.0", "7.0", "6.0"])],
)
def test_shares_are_rounded_to_the_step_and_offered_once(most: str, step: str, marks: list[str]) -> None:
    shares = [Fraction(one) for one in ("1", "9/10", "4/5", "7/10", "3/5")]
    offered = [str(one.mark) for one in scoring.offers(a_criterion(max=most, step=step), shares)]
    assert offered == marks


SHEET = (
    a_criterion(name="novelty", max=50),
    a_criterion(name="rigour", max=30, step="0.5"),
    a_criterion(name="use", max=20, optional=True),
    a_criterion(name="familiarity", max=5, informative=True),
)
HUNDREDS = tuple(a_criterion(name=name, max=100, weight=weight) for name, weight in (("a", "2/3"), ("b", "1/3")))


@given(st.integers(0, 2**62), st.sampled_from([SHEET, HUNDREDS]))
def test_synthetic_people_mark_every_criterion_validly(seed: int, sheet: tuple[Criterion, ...]) -> None:
    given_marks = simulation.marks(seed, "A1", "R1", sheet, Temper(outlier_points=120, outliers=0.3, noise_spread=30))
    assert list(given_marks) == [one.name for one in sheet]
    assert all(scoring.read_mark(str(given_marks[one.name]), one) == given_marks[one.name] for one in sheet)


@given(st.integers(0, 2**32), st.sampled_from([SHEET, HUNDREDS]))
def test_a_lowered_sheet_stays_valid_and_just_under_the_limit(seed: int, sheet: tuple[Criterion, ...]) -> None:
    before = simulation.marks(seed, "A1", "R1", sheet, Temper(quality_mean=97))
    after = simulation.lowered(before, sheet, Decimal(90))
    assert all(scoring.read_mark(str(after[one.name]), one) <= before[one.name] for one in sheet)
    total, first = scoring.total(sheet, after), scoring.total(sheet, before)
    assert total is not None
    assert first is not None
    assert total < 90
    assert total >= min(first, Fraction(89))
