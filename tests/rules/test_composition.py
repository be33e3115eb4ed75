"""Rule N9."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from models.asking import Composition
from models.edition import Entry
from rules.composition import imbalances
from tests.rules.samples import an_entry


def a_rule(**more: Any) -> Composition:
    values = {"field": "cadre", "values": ["处级"], "title": {"zh": "处级干部", "en": "officials of division rank"}}
    return Composition.model_validate(values | more)


def a_list(high: int, others: int) -> list[Entry]:
    ranks = ["处级"] * high + ["无"] * others
    return [an_entry(f"P{n:02}", "person", title=f"李泾川{n}", fields={"cadre": rank}) for n, rank in enumerate(ranks, 1)]


def test_6_of_20_with_at_most_20_percent_block_the_list_with_their_names() -> None:
    (found,) = imbalances([a_rule(max_share="1/5")], a_list(6, 14))
    assert (found.kind, found.total, found.limit) == ("too_many", 20, 4)
    assert found.names == ("李泾川1", "李泾川2", "李泾川3", "李泾川4", "李泾川5", "李泾川6")
    assert found.words().zh == (
        "名单共20项，“处级干部”6项，不得超过20%（4项）：李泾川1、李泾川2、李泾川3、李泾川4、李泾川5、李泾川6；请调整名单"
    )
    assert found.words().en.startswith("The list has 20, of which 6 are officials of division rank; at most 20% (4) is required: 李泾川1, ")


def test_4_of_20_keep_20_percent_exactly() -> None:
    assert imbalances([a_rule(max_share="1/5")], a_list(4, 16)) == ()


def test_at_least_half_of_7_means_4() -> None:
    rule = a_rule(values=["无"], title={"zh": "一线人员", "en": "front-line staff"}, min_share="1/2")
    (found,) = imbalances([rule], a_list(4, 3))
    assert (found.kind, found.limit, len(found.counted)) == ("too_few", 4, 3)
    assert "不得少于50%（4项）" in found.words().zh
    assert imbalances([rule], a_list(3, 4)) == ()


def test_only_the_declared_classes_are_counted_together() -> None:
    teams = [an_entry(f"T{n}", "team", fields={"cadre": "处级"}) for n in range(9)]
    rule = a_rule(max_share="1/5", classes=["person"])
    assert imbalances([rule], [*a_list(1, 4), *teams]) == ()
    assert [one.total for one in imbalances([a_rule(max_share="1/5")], [*a_list(1, 4), *teams])] == [14]


def test_an_empty_list_keeps_every_limit() -> None:
    assert imbalances([a_rule(max_share="1/5"), a_rule(min_share="1/2")], []) == ()


def test_width_and_spaces_hide_nobody() -> None:
    (found,) = imbalances([a_rule(max_share="1/5")], [an_entry("P1", "person", title="王谷雨", fields={"cadre": " 处级　"})])
    assert found.names == ("王谷雨",)


def test_an_uneven_share_is_shown_as_the_fraction_that_it_is() -> None:
    (found,) = imbalances([a_rule(max_share="1/3")], a_list(2, 2))
    assert "不得超过1/3（1项）" in found.words().zh


@given(st.integers(0, 30), st.integers(0, 30), st.fractions("1/20", 1))
def test_the_limit_is_exactly_where_the_share_is_passed(high: int, others: int, share: Any) -> None:
    found = imbalances([a_rule(max_share=str(share), min_share=None)], a_list(high, others))
    assert bool(found) == (high > share * (high + others))
    found = imbalances([a_rule(min_share=str(share))], a_list(high, others))
    assert bool(found) == (high < share * (high + others))


def test_a_list_too_short_to_be_shared_out_is_not_judged() -> None:
    rule = a_rule(max_share="1/5", from_entries=5)
    assert imbalances([rule], a_list(2, 2)) == ()
    assert [one.limit for one in imbalances([rule], a_list(2, 3))] == [1]
