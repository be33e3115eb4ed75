"""Rule N3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.ranking import Gaps, gaps, moved, refusal


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ([], Gaps()),
        ([1], Gaps()),
        ([3, 1, 2], Gaps()),
        ([1, 3], Gaps(missing=(2,), beyond=(3,))),
        ([1, 1, 2], Gaps(missing=(3,), twice=(1,))),
        ([1, None, 3], Gaps(missing=(2,), without=1)),
        ([0, 1], Gaps(missing=(2,), beyond=(0,))),
    ],
)
def test_a_list_is_ranked_from_1_without_gaps(ranks: list[int | None], expected: Gaps) -> None:
    assert gaps(ranks) == expected
    assert bool(expected) == (refusal(ranks) is not None)


def test_the_refusal_says_everything_that_is_wrong() -> None:
    said = refusal([1, 1, 5, None])
    assert said is not None
    assert said.zh == "推荐排序须为1至4，不重不漏：1项没有排序，第1位重复，第5位超出范围，缺第2, 3, 4位；请修改后一并提交"
    assert said.en == (
        "Ranks must run from 1 to 4 without gaps: 1 without a rank, rank 1 stands twice, rank 5 is out of range, "
        "rank 2, 3, 4 is missing; correct them and hand in the whole list"
    )


def test_a_list_that_is_handed_in_is_frozen() -> None:
    before = {"a": 1, "b": 2, "c": 3}
    assert moved(before, {"a": 2, "b": 1}) == ("a", "b")
    assert moved(before, {"a": 1, "d": 4}) == ()
    assert moved(before, {"c": None}) == ("c",)


@given(st.permutations(range(1, 9)))
def test_any_order_of_1_to_n_is_a_ranking(ranks: list[int]) -> None:
    assert not gaps(ranks)


@given(st.lists(st.one_of(st.none(), st.integers(-3, 12)), max_size=10))
def test_only_a_permutation_of_1_to_n_has_no_gaps(ranks: list[int | None]) -> None:
    whole = sorted(rank for rank in ranks if rank is not None) == list(range(1, len(ranks) + 1))
    assert bool(gaps(ranks)) != whole
