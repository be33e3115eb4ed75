from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.normalising import normalised, ranked, same_spread, zscores
from rules.score_table import Score
from tests.rules.scored import a_panel, scores

repeatable = settings(deadline=None, derandomize=True, database=None, max_examples=40)
SHEETS = st.dictionaries(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["r1", "r2", "r3", "r4"])), st.integers(0, 100), min_size=1
).map(lambda found: [Score(entry, reviewer, Decimal(value)) for (entry, reviewer), value in found.items()])
GROUPS = {"a": "x", "b": "x", "c": "x", "d": "y", "e": "y", "f": "y"}


def values(some: list[Score]) -> dict[tuple[str, str], Decimal]:
    return {(one.entry, one.reviewer): one.value for one in some}


def test_zscores_give_every_reviewer_the_common_mean_and_deviation() -> None:
    some = scores({"a": {"r": 90, "s": 50}, "b": {"r": 70, "s": 40}, "c": {"r": 80, "s": 30}})
    # All six: mean 60, deviation sqrt(3400 / 5 - 0) of 30, 10, 20, -10, -20, -30: squares 2800, over five 560. Each reviewer: deviation 10.
    step = round(sqrt(560), 6)
    assert {pair: float(value) for pair, value in values(zscores(some)).items()} == {
        ("a", "r"): 60 + step, ("b", "r"): 60 - step, ("c", "r"): 60.0, ("a", "s"): 60 + step, ("b", "s"): 60.0, ("c", "s"): 60 - step,
    }  # fmt: skip


def test_who_has_one_sheet_or_no_spread_keeps_the_scores_as_they_are() -> None:
    some = scores({"a": {"r": 90, "same": 77, "one": 12}, "b": {"r": 70, "same": 77}})
    found = values(zscores(some))
    assert {pair: value for pair, value in found.items() if pair[1] != "r"} == {
        pair: value for pair, value in values(some).items() if pair[1] != "r"
    }


def test_ranks_in_groups_compare_a_list_within_each_group_only() -> None:
    some = scores({"a": {"r": 90}, "b": {"r": 90}, "c": {"r": 10}, "d": {"r": 95}, "e": {"s": 1}, "f": {"s": 2}})
    assert values(ranked(some, GROUPS)) == {
        ("a", "r"): Decimal("75.000000"), ("b", "r"): Decimal("75.000000"), ("c", "r"): Decimal("0.000000"),
        ("d", "r"): Decimal("50.000000"), ("e", "s"): Decimal("0.000000"), ("f", "s"): Decimal("100.000000"),
    }  # fmt: skip


@pytest.mark.parametrize("how", ["zscore_by_reviewer", "rank_in_group"])
def test_how_strict_a_reviewer_is_no_longer_shows(how: str) -> None:
    some = a_panel(12, 4, 3)
    groups = {one.entry: "all" for one in some}
    strict = [one._replace(value=one.value - 20) if one.reviewer == "r1" else one for one in some]
    before, after = (values(normalised(given, how, groups)) for given in (some, strict))  # type: ignore[arg-type]
    ranks = [sorted((pair for pair in found if pair[1] == "r1"), key=lambda pair: (found[pair], pair)) for found in (before, after)]
    assert ranks[0] == ranks[1]
    if how == "rank_in_group":
        assert before == after
    else:
        means = [sum((found[pair] for pair in found if pair[1] == "r1"), Decimal()) / len(ranks[0]) for found in (before, after)]
        everything = [sum((one.value for one in given), Decimal()) / len(given) for given in (some, strict)]
        assert [round(mean - all_of_them, 4) for mean, all_of_them in zip(means, everything, strict=True)] == [0, 0]


def test_the_same_spread_leaves_means_and_brings_spreads_together() -> None:
    rows = {f"e{n}": {"wide": 50 + 8 * (n - 4), "narrow": 70 + (n - 4), "once" if n == 0 else "other": 60 + 3 * n} for n in range(9)}
    found = same_spread(scores(rows))
    own = {name: [one.value for one in found if one.reviewer == name] for name in ("wide", "narrow", "once")}
    assert (sum(own["wide"]) / 9, sum(own["narrow"]) / 9, own["once"]) == (50, 70, [Decimal("60.000000")])
    spans = {name: max(some) - min(some) for name, some in own.items()}
    assert 8 < spans["narrow"] < spans["wide"] < 64


def test_the_variance_is_shrunk_by_eight_scores_of_the_common_one() -> None:
    found = same_spread(scores({"a": {"r": 10, "s": 40}, "b": {"r": 30, "s": 41}}))
    common = Fraction(200) / 2 + Fraction(1, 2) / 2  # 200 and a half on one degree each
    wide = (8 * common + 200) / 9
    assert float(found[0].value) == pytest.approx(20 - 10 * sqrt(common / wide), abs=1e-6)


@repeatable
@given(SHEETS, st.randoms(use_true_random=False))
def test_neither_order_nor_names_change_a_digit(some: list[Score], dice) -> None:  # type: ignore[no-untyped-def]
    shuffled = dice.sample(some, len(some))
    other = {name: f"{9 - number}" for number, name in enumerate(sorted({one.reviewer for one in some}))}
    renamed = [one._replace(reviewer=other[one.reviewer]) for one in some]
    for turn in (zscores, same_spread, lambda given: ranked(given, GROUPS)):
        assert values(turn(shuffled)) == values(turn(some))
        assert {(entry, other[name]): value for (entry, name), value in values(turn(some)).items()} == values(turn(renamed))
