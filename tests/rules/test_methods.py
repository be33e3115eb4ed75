from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from models.stages import Aggregate
from rules.calibration import Components
from rules.compared import Beside, compare, explained
from rules.methods import Place, borda_marks, exact_marks, ranking, ranks, turned
from rules.score_table import Score
from tests.rules.scored import scores

repeatable = settings(deadline=None, derandomize=True, database=None, max_examples=50)
SHEETS = st.dictionaries(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["r1", "r2", "r3", "r4"])), st.integers(0, 10), min_size=1
).map(lambda found: [Score(entry, reviewer, Decimal(value)) for (entry, reviewer), value in found.items()])


def totals(some: list[Score]) -> dict[str, tuple[Decimal, ...]]:
    return {entry: tuple(one.value for one in some if one.entry == entry) for entry in {one.entry for one in some}}


def mean(some: list[Score]) -> dict[str, Decimal]:
    return exact_marks(totals(some), Aggregate(method="mean", min_valid=1))


def test_equal_prints_share_a_rank_and_the_next_is_skipped() -> None:
    some = scores({"a": {"r": 90}, "b": {"r": 84, "s": 84, "t": 85}, "c": {"r": "84.3349"}, "d": {"r": 70}})
    assert ranking(totals(some), mean(some), mean_places=2) == (
        Place(1, "a", 1, Decimal("90.00"), Decimal("90.00")),
        Place(2, "b", 3, Decimal("84.33"), Decimal("84.33")),
        Place(2, "c", 1, Decimal("84.33"), Decimal("84.33")),
        Place(4, "d", 1, Decimal("70.00"), Decimal("70.00")),
    )


def test_borda_counts_whom_an_entry_beats_on_the_sheets_of_its_reviewers() -> None:
    some = scores({"a": {"r": 90, "s": 70}, "b": {"r": 80, "s": 70}, "c": {"r": 80}, "d": {"alone": 99}})
    # r: a beats both, b and c half of each other; s: a and b half of each other
    assert borda_marks(some, 2) == {"a": Decimal("75.00"), "b": Decimal("37.50"), "c": Decimal("25.00"), "d": Decimal("50.00")}


@repeatable
@given(SHEETS)
def test_borda_points_of_a_sheet_do_not_depend_on_how_strict_it_is(some: list[Score]) -> None:
    strict = [one._replace(value=one.value / 2 - 3) if one.reviewer == "r1" else one for one in some]
    assert borda_marks(strict, 4) == borda_marks(some, 4)
    assert all(0 <= mark <= 100 for mark in borda_marks(some, 4).values())


@repeatable
@given(SHEETS, st.data())
def test_a_higher_score_never_lowers_the_mean_or_its_rank(some: list[Score], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(some) - 1))
    raised = [*some[:at], some[at]._replace(value=some[at].value + 1), *some[at + 1 :]]
    entry = some[at].entry
    assert mean(raised)[entry] > mean(some)[entry]
    assert ranks(mean(raised))[entry] <= ranks(mean(some))[entry]


@repeatable
@given(SHEETS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_rank(some: list[Score], dice) -> None:  # type: ignore[no-untyped-def]
    shuffled = dice.sample(some, len(some))
    assert ranking(totals(shuffled), mean(shuffled), mean_places=2) == ranking(totals(some), mean(some), mean_places=2)
    assert borda_marks(shuffled, 2) == borda_marks(some, 2)


@repeatable
@given(SHEETS)
def test_ranks_of_a_ranking_are_those_of_its_marks_and_turn_round_with_the_scores(some: list[Score]) -> None:
    found = ranks(mean(some))
    assert {one.entry: one.rank for one in ranking(totals(some), mean(some), mean_places=2)} == found
    lower = ranks(mean(turned(some)))
    assert all((found[a] < found[b]) == (lower[a] > lower[b]) for a in found for b in found)


def test_entries_whose_place_depends_on_the_method_are_named() -> None:
    marks = {
        "mean": {"a": Decimal(90), "b": Decimal(80), "c": Decimal(80), "d": Decimal(70)},
        "calibrated": {"a": Decimal(9), "b": Decimal(6), "c": Decimal(8), "d": Decimal(7)},
    }
    assert compare(marks, by="calibrated", seats=2) == (  # type: ignore[arg-type]
        Beside("a", {"mean": 1, "calibrated": 1}, depends=False),
        Beside("c", {"mean": 2, "calibrated": 2}, depends=False),
        Beside("d", {"mean": 4, "calibrated": 3}, depends=False),
        Beside("b", {"mean": 2, "calibrated": 4}, depends=True),
    )
    assert [one.depends for one in compare(marks, by="mean", seats=None)] == [False] * 4  # type: ignore[arg-type]
    assert [one.span for one in compare(marks, by="mean", seats=None)] == [0, 2, 0, 1]  # type: ignore[arg-type]


def test_the_sources_of_differences_are_said_in_one_sentence() -> None:
    said = explained(Components(1.278, 0.240, 1.268))
    assert said.en == (
        "Of the differences between scores 46% come from the entries, 9% from lenient or strict reviewers, "
        "45% from reviewers who disagree on an entry."
    )
    assert said.zh == "评分的差异46%来自参评项本身，9%来自评审宽严不一，45%来自同一项上各评审看法不一"
    assert "none from lenient or strict reviewers" in explained(Components(0.38, 0, 0.62)).en
    assert explained(Components(0, 0, 0)).zh == "所有评分都相同，无从排序"
