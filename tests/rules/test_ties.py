from __future__ import annotations

import hashlib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import Fault, InputError
from rules.ties import Measure, Settled, Step, draw_lots, lot, mean_of, places, settle, share_recommended, spread, top_scores
from tests.rules.samples import marks

repeatable = settings(deadline=None, derandomize=True, database=None, max_examples=50)


def a_measure(name: str = "originality", *, lower_first: bool = False, **values: str) -> Measure:
    return Measure(name, {entry: Decimal(value) for entry, value in values.items()}, lower_first)


def test_each_measure_parts_those_whom_the_one_before_left_tied() -> None:
    chain = [a_measure(a="36.00", b="38.00", c="36.00", d="30.00"), a_measure("spread", lower_first=True, a="4", c="2")]
    assert settle(["d", "c", "b", "a"], chain) == Settled(
        (("b",), ("c",), ("a",), ("d",)),
        (
            Step("originality", {"a": "36.00", "b": "38.00", "c": "36.00", "d": "30.00"}, (("b",), ("a", "c"), ("d",))),
            Step("spread", {"a": "4", "c": "2"}, (("b",), ("c",), ("a",), ("d",))),
        ),
    )


def test_a_chain_ends_when_nobody_is_tied_and_a_step_that_parts_nobody_is_kept() -> None:
    equal, parts, unused = a_measure(a="1", b="1"), a_measure("raw_mean", a="2", b="1"), a_measure("never", a="1", b="9")
    assert [step.name for step in settle(["a", "b"], [equal, parts, unused]).steps] == ["originality", "raw_mean"]


def test_what_is_printed_decides_and_not_the_digits_behind() -> None:
    third = mean_of("raw_mean", {"a": marks("84", "84", "85"), "b": marks("84.3349")}, digits=2)
    assert third == a_measure("raw_mean", a="84.33", b="84.33")
    assert settle(["a", "b"], [third]).open == (("a", "b"),)


def test_measures_that_statutes_name() -> None:
    totals = {"a": marks(90, 85, 95), "b": marks(89, 91, 90)}
    assert share_recommended({"a": [True, True, False], "b": [False]}, digits=1) == a_measure("recommended", a="66.7", b="0.0")
    assert top_scores(totals, least=Decimal(90)) == a_measure("top_scores", a="2", b="2")
    assert spread(totals, digits=0) == a_measure("spread", lower_first=True, a="10", b="2")
    assert settle(["a", "b"], [top_scores(totals, least=Decimal(90)), spread(totals, digits=0)]).order == (("b",), ("a",))


def test_a_measure_without_a_value_for_a_tied_entry_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        settle(["a", "b", "c"], [a_measure(a="1")])
    remedy = "give a value for each, or leave the measure out of the chain"
    assert refused.value.faults == (Fault("originality has no value for b, c", remedy, field="originality"),)


def test_lots_can_be_drawn_again_with_any_tool() -> None:
    assert lot(7, "papers-2026/science", "A01") == hashlib.sha256(b"7\npapers-2026/science\nA01").hexdigest()


def test_lots_are_the_last_resort_and_recorded() -> None:
    chain = settle(["a", "b", "c"], [a_measure(a="2", b="1", c="1")])
    drawn = draw_lots(chain, seed=7, award="papers-2026")
    lots = {entry: lot(7, "papers-2026", entry) for entry in ("b", "c")}
    assert drawn.order == (("a",), *((entry,) for entry in sorted(lots, key=lots.__getitem__)))
    assert drawn.steps == (*chain.steps, Step("lot", lots, drawn.order))
    assert drawn.open == ()
    assert draw_lots(drawn, seed=8, award="papers-2026") == drawn


def test_places_follow_the_order_and_those_still_tied_share_theirs() -> None:
    assert places(settle("abcd", [a_measure(a="1", b="3", c="3", d="2")]), 2) == {"b": 2, "c": 2, "d": 4, "a": 5}


@repeatable
@given(st.sets(st.sampled_from("abcdefgh"), min_size=1), st.integers(0, 999), st.randoms(use_true_random=False))
def test_the_order_of_entries_changes_no_lot(tied: set[str], seed: int, dice) -> None:  # type: ignore[no-untyped-def]
    some = sorted(tied)
    drawn = draw_lots(settle(some, []), seed=seed, award="x")
    assert drawn == draw_lots(settle(dice.sample(some, len(some)), []), seed=seed, award="x")
    assert sorted(entry for (entry,) in drawn.order) == some


def test_every_entry_has_the_same_chance_in_a_lot() -> None:
    first = [draw_lots(settle("abcd", []), seed=seed, award="x").order[0][0] for seed in range(400)]
    assert all(70 < first.count(entry) < 130 for entry in "abcd")
