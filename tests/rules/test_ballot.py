from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.ballot import Outcome, needed, quorum, tally
from tests.rules.samples import an_answer


@pytest.mark.parametrize(("members", "present"), [(7, 5), (9, 6), (11, 8), (13, 9), (15, 10)])
def test_two_thirds_of_the_members_make_a_quorum_inclusively(members: int, present: int) -> None:
    assert quorum(members, Fraction(2, 3)) == present


@pytest.mark.parametrize(("present", "votes"), [(9, (6, 5, 5)), (10, (7, 5, 6)), (11, (8, 6, 6)), (0, (1, 1, 1)), (1, (1, 1, 1))])
def test_thresholds_count_those_present(present: int, votes: tuple[int, int, int]) -> None:
    assert tuple(needed(present, how) for how in ("two_thirds_of_present", "half_or_more", "more_than_half")) == votes


def test_an_unknown_threshold_is_refused() -> None:
    with pytest.raises(ValueError, match="show_of_hands"):
        needed(9, "show_of_hands")


def test_an_entry_passes_when_enough_of_those_present_did_not_strike_it() -> None:
    answers = [*(an_answer(f"m{n}", "e2") for n in range(4)), an_answer("m4", "e2", "e3"), *(an_answer(f"m{n}") for n in range(5, 9))]
    assert tally(["e1", "e2", "e3"], answers, "more_than_half") == Outcome(9, 0, ("e1", "e3"), {"e2": 5, "e3": 1}, True)


def test_who_returns_the_list_is_present_and_agrees_to_nothing() -> None:
    answers = [an_answer("m1"), an_answer("m2"), an_answer("m3", "e1", verdict="return"), an_answer("m4", verdict="return")]
    assert tally(["e1"], answers, "half_or_more") == Outcome(4, 2, ("e1",), {}, True)
    assert tally(["e1"], answers, "more_than_half") == Outcome(4, 2, (), {}, False)


def test_nobody_present_agrees_to_nothing() -> None:
    assert tally(["e1"], [], "two_thirds_of_present") == Outcome(0, 0, (), {}, False)


def test_a_member_counts_once_by_the_latest_answer() -> None:
    answers = [an_answer("m1", round=2), an_answer("m1", "e1", round=1), an_answer("m2", verdict="return", round=1)]
    assert tally(["e1"], answers, "half_or_more") == Outcome(2, 1, ("e1",), {}, True)


def test_strikes_of_what_is_not_listed_or_struck_twice_count_for_nothing_more() -> None:
    assert tally(["e1"], [an_answer("m1", "e1", "e1", "e9")], "half_or_more") == Outcome(1, 0, (), {"e1": 1}, True)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.sets(st.sampled_from("abcd"))), max_size=15),
    st.sampled_from(["two_thirds_of_present", "half_or_more", "more_than_half"]),
    st.randoms(use_true_random=False),
)
def test_the_count_does_not_depend_on_the_order_of_answers(votes, passing, chance) -> None:  # type: ignore[no-untyped-def]
    answers = [an_answer(f"m{n}", *sorted(struck), verdict="agree" if agrees else "return") for n, (agrees, struck) in enumerate(votes)]
    shuffled = chance.sample(answers, len(answers))
    outcome = tally("abcd", answers, passing)
    assert outcome == tally("abcd", shuffled, passing)
    assert outcome.accepted or outcome.passed == ()
    for entry in outcome.passed:
        assert outcome.present - outcome.returned - outcome.struck.get(entry, 0) >= needed(outcome.present, passing)
