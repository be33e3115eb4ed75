from __future__ import annotations

import time
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.declared import Words
from models.edition import Standing
from models.errors import Fault, InputError
from models.sheets import Criterion
from models.stages import Aggregate
from rules import scoring
from rules.scoring import MarkRefused, aggregate, half_up, is_divergent, lacking, number_in, read_mark, standings
from tests.rules.samples import FLAGS, a_criterion, an_entry, by_id, marks, rule

TOTALS = st.lists(st.decimals(0, 100, places=1), min_size=3, max_size=9)


@pytest.mark.parametrize(
    ("text", "step", "mark"),
    [
        ("36", "1", "36"),
        ("３６", "1", "36"),
        ("\u3000 36 \n", "1", "36"),
        ("35。5", "0.5", "35.5"),
        ("３５．５", "0.5", "35.5"),
        ("35.50", "0.5", "35.5"),
        ("36。", "1", "36"),
        (".5", "0.5", "0.5"),
        ("+036", "1", "36"),
        ("-0", "1", "0"),
        ("0", "1", "0"),
        ("40", "0.5", "40.0"),
        ("30", "1E+1", "30"),
    ],
)
def test_a_mark_is_read_as_people_type_it(text: str, step: str, mark: str) -> None:
    assert str(read_mark(text, a_criterion(step=step))) == mark


WORDS = ["", " ", "九十", "NaN", "sNaN", "Infinity", "-inf", "1e1", "1E+1", "0x10", "1_0", "3 6", "3,5", "3.5.1", ".", "+", "٣٦", "²", "½"]
HOSTILE = ["\x00", "36\x00", "\ud800", "36\udfff", "9" * 25, "9" * 1_000_000, " " * 1_000_000, "。" * 1_000_000]


@pytest.mark.parametrize("text", WORDS + HOSTILE, ids=lambda text: ascii(text[:12]))
def test_what_is_no_number_is_refused_at_once(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(MarkRefused) as refused:
        read_mark(text, a_criterion())
    assert time.perf_counter() - start < 10
    assert (refused.value.code, refused.value.text) == ("not_a_number", text)
    str(refused.value).encode()
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("41", "out_of_range"),
        ("-1", "out_of_range"),
        ("40.0001", "out_of_range"),
        ("３９．５", "off_step"),
        ("0.00000000000000000001", "off_step"),
    ],
)
def test_a_number_that_is_no_mark_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(MarkRefused) as refused:
        read_mark(text, a_criterion())
    assert refused.value.code == code


def test_a_refusal_names_the_criterion_what_is_wrong_and_what_to_do() -> None:
    with pytest.raises(InputError) as refused:
        read_mark("41", a_criterion(step="0.5"))
    remedy = "enter a number from 0 to 40 in steps of 0.5"
    assert refused.value.faults == (Fault("'41' lies outside 0 to 40", remedy, field="novelty"),)


def test_other_rules_read_numbers_the_same_way() -> None:
    assert [number_in(text) for text in ("１2。5", "1e3", "-3")] == [Decimal("12.5"), None, Decimal(-3)]


@pytest.mark.parametrize(
    ("totals", "printed"),
    [
        (marks(90, 90, 80, 70, 60), "80.00"),
        (marks(88, 88, 88), "88.00"),
        (marks(100, 100, 100, 0, 0), "66.67"),
        (marks(100, 80, 80, 0), "65.00"),
    ],
)
def test_one_highest_and_one_lowest_are_dropped_from_trim_min_scores_on(totals: list[Decimal], printed: str) -> None:
    assert str(aggregate(totals, rule(trim_min=5))) == printed


def test_four_scores_below_trim_min_give_the_plain_mean() -> None:
    totals = marks(100, 90, 80, 10)
    assert aggregate(totals, rule(trim_min=5)) == aggregate(totals, rule("mean")) == Decimal("70.00")


def test_the_median_is_the_middle_or_the_mean_of_two() -> None:
    assert [aggregate(totals, rule("median")) for totals in (marks(1, 9, 2), marks(1, 2, 4, 9))] == [Decimal("2.00"), Decimal("3.00")]


def test_halves_are_rounded_up_once_at_the_end() -> None:
    assert aggregate(marks("88.125", "88.125", "88.125"), rule("mean")) == Decimal("88.13")
    assert aggregate(marks("84.3", "84.3", "84.4"), rule("mean", places=0)) == Decimal(84)
    assert [half_up(Fraction(n, 1000), 2) for n in (1005, 1004, -1005, 0)] == marks("1.01", "1.00", "-1.01", "0.00")


def test_fewer_than_min_valid_scores_give_no_mark() -> None:
    assert aggregate(marks(90, 90), rule(min_valid=3)) is None
    assert aggregate([], rule(min_valid=1)) is None


def test_a_method_that_is_not_supported_never_passes_for_another() -> None:
    with pytest.raises(AssertionError):
        aggregate(marks(1, 2, 3), Aggregate.model_construct(method="borda", trim_min=5, min_valid=3, places=2))


@pytest.mark.parametrize(
    ("totals", "divergent"),
    [
        (marks(60, 70, 85), True),  # span of exactly 25
        (marks("60.5", 70, 85), False),
        (marks(60, 80, 80, 80), True),  # exactly 20 from the median
        (marks("60.1", 80, 80, 80), False),
        (marks(10), False),
        ([], False),
    ],
)
def test_reviewers_who_are_far_apart_are_flagged(totals: list[Decimal], divergent: bool) -> None:
    assert is_divergent(totals, FLAGS) is divergent


def test_equal_prints_are_ties_and_the_next_place_is_skipped() -> None:
    entries = [an_entry(code) for code in ("L4", "L3", "L2", "L1")]
    totals = by_id(
        {"L1": marks(90, 90, 90), "L2": marks("84", "84", "85"), "L3": marks("84.3349", "84.3349", "84.3349"), "L4": marks(70, 70, 70)}
    )
    ranking = [(one.entry, str(one.mark), one.place) for one in standings(entries, totals, rule(), FLAGS)]
    assert ranking == [("id-L1", "90.00", 1), ("id-L2", "84.33", 2), ("id-L3", "84.33", 2), ("id-L4", "70.00", 4)]


def test_a_standing_shows_mark_mean_spread_and_flag() -> None:
    totals = by_id({"L1": marks(100, 100, 100, 0, 0)})
    assert standings([an_entry("L1")], totals, rule(), FLAGS) == (
        Standing("id-L1", "paper", Decimal("66.67"), 5, Decimal("60.00"), Decimal(100), flagged=True, place=1),
    )


def test_places_count_within_groups_and_groups_come_by_name() -> None:
    entries = [an_entry("L1", "team"), an_entry("L2", "person"), an_entry("L3", "team"), an_entry("L4", "person")]
    totals = by_id({"L1": marks(50, 50, 50), "L2": marks(60, 60, 60), "L3": marks(90, 90, 90), "L4": marks(80, 80, 80)})
    found = [(one.group, one.entry, one.place) for one in standings(entries, totals, rule(), FLAGS)]
    assert found == [("person", "id-L4", 1), ("person", "id-L2", 2), ("team", "id-L3", 1), ("team", "id-L1", 2)]


def test_a_missing_score_is_absent_never_zero() -> None:
    entries = [an_entry("L3"), an_entry("L2"), an_entry("L1")]
    totals = by_id({"L2": marks(90, 90), "L3": marks(90, 90, 90)})
    assert [one.entry for one in standings(entries, totals, rule(), FLAGS)] == ["id-L3"]
    assert lacking(entries, totals, rule()) == ("id-L1", "id-L2")


@settings(deadline=None)
@given(TOTALS, st.sampled_from(["mean", "trimmed_mean", "median"]), st.integers(0, 4), st.randoms(use_true_random=False))
def test_a_mark_depends_on_the_scores_alone_and_lies_between_them(totals, method, places, chance) -> None:  # type: ignore[no-untyped-def]
    how = rule(method, places=places)
    mark = aggregate(totals, how)
    assert mark == aggregate(chance.sample(totals, len(totals)), how)
    exact = [Fraction(total) for total in totals]
    assert half_up(min(exact), places) <= mark <= half_up(max(exact), places)
    assert -mark.as_tuple().exponent == places
    if method == "median":
        assert mark == half_up(median(exact), places)


@settings(deadline=None)
@given(st.fractions(-1000, 1000), st.integers(0, 6))
def test_rounding_is_off_by_half_a_unit_at_most_and_symmetric(value: Fraction, places: int) -> None:
    rounded = half_up(value, places)
    assert abs(Fraction(rounded) - value) <= Fraction(1, 2 * 10**places)
    assert half_up(-value, places) == -rounded


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b"]), st.lists(st.integers(70, 74), min_size=1, max_size=5)), max_size=12),
    st.randoms(use_true_random=False),
)
def test_the_ranking_does_not_depend_on_the_order_of_entries(rows, chance) -> None:  # type: ignore[no-untyped-def]
    entries = [an_entry(f"L{n:02}", group) for n, (group, _) in enumerate(rows)]
    totals = by_id({f"L{n:02}": marks(*values) for n, (_, values) in enumerate(rows)})
    ranking = standings(entries, totals, rule(), FLAGS)
    assert ranking == standings(chance.sample(entries, len(entries)), totals, rule(), FLAGS)
    assert {one.entry for one in ranking} | set(lacking(entries, totals, rule())) == {entry.id for entry in entries}
    for one in ranking:
        assert one.place == 1 + sum(other.group == one.group and other.mark > one.mark for other in ranking)


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_any_text_is_a_mark_or_refused(text: str) -> None:
    try:
        mark = read_mark(text, a_criterion(step="0.5"))
    except MarkRefused as refused:
        str(refused).encode()
    else:
        assert 0 <= mark <= 40
        assert mark % Decimal("0.5") == 0


# -- one sheet -----------------------------------------------------------------------------------------------------------


def line(name: str, top: int, **more: Any) -> Criterion:
    return Criterion(name=name, title=Words(zh=name, en=name), max=Decimal(top), **more)


def test_a_total_leaves_out_what_only_informs_and_scales_what_does_not_apply() -> None:
    sheet = (line("a", 60), line("b", 40, optional=True), line("c", 10, informative=True))
    assert scoring.total(sheet, {}) is None
    assert scoring.total(sheet, {"c": Decimal(9)}) is None
    assert scoring.total(sheet, {"a": Decimal(48), "c": Decimal(9)}) == 48
    assert scoring.total(sheet, {"a": Decimal(48), "b": Decimal(20)}) == 68
    assert scoring.total(sheet, {"a": Decimal(48)}, ["b"]) == 80
    assert scoring.total(sheet, {"a": Decimal(50)}, ["b"]) == Fraction(250, 3)


def test_a_weighted_total_is_exact() -> None:
    sheet = (line("a", 100, weight="1/3"), line("b", 100, weight="2/3"))
    assert scoring.total(sheet, {"a": Decimal(80), "b": Decimal(95)}) == 90


def test_what_is_missing_is_named() -> None:
    sheet = (line("a", 60), line("b", 40, optional=True), line("c", 10, informative=True))
    assert scoring.missing(sheet, {}) == ("a", "b")
    assert scoring.missing(sheet, {"a": Decimal(0)}, ["b"]) == ()
