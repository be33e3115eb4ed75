from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import InputError
from rules.apportioning import Bounds, Chosen, Merged, Merger, choose_within, merge_small, share_within
from rules.shortlist import largest_remainder

repeatable = settings(deadline=None, derandomize=True, database=None, max_examples=60)
ELIGIBLE = {"science": 212, "engineering": 318, "agriculture": 96, "medicine": 174, "cross": 40}
BOUNDS = st.dictionaries(st.sampled_from("abc"), st.builds(Bounds, st.integers(0, 2), st.none() | st.integers(2, 4)))


def test_a_group_below_the_least_size_goes_into_its_neighbour() -> None:
    sizes = {"science": 212, "law": 7, "arts": 8}
    assert merge_small(sizes, 8, {"law": "arts", "arts": "science"}) == Merged(
        {"science": 212, "arts": 15}, {"science": "science", "law": "arts", "arts": "arts"}, (Merger("law", "arts", 7),), ()
    )


def test_a_neighbour_that_stays_small_goes_on_with_what_it_took_in() -> None:
    found = merge_small({"law": 3, "arts": 4, "science": 40}, 8, {"law": "arts", "arts": "science", "science": "arts"})
    assert found.sizes == {"science": 47}
    assert found.where == {"law": "science", "arts": "science", "science": "science"}
    assert found.mergers == (Merger("law", "arts", 3), Merger("arts", "science", 7))


def test_a_neighbour_that_has_gone_stands_for_the_group_it_went_into() -> None:
    found = merge_small({"arts": 1, "law": 2, "science": 40}, 8, {"law": "arts", "arts": "science"})
    assert found.mergers == (Merger("arts", "science", 1), Merger("law", "science", 2))


def test_small_groups_without_a_neighbour_are_named() -> None:
    assert merge_small({"law": 3, "arts": 4, "none": 0}, 8, {"law": "arts", "arts": "law"}) == Merged(
        {"arts": 7, "none": 0}, {"law": "arts", "arts": "arts", "none": "none"}, (Merger("law", "arts", 3),), ("arts",)
    )


def test_a_neighbour_that_is_no_other_group_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        merge_small({"law": 3, "arts": 4}, 8, {"law": "law", "arts": "music"})
    assert [fault.what.split(",")[0] for fault in refused.value.faults] == [
        "small group arts would be merged into music",
        "small group law would be merged into law",
    ]


@repeatable
@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 20), min_size=1), st.integers(0, 25), st.data())
def test_no_entry_is_lost_in_a_merger(sizes: dict[str, int], least: int, data: st.DataObject) -> None:
    others = {group: [one for one in sizes if one != group] for group in sizes}
    neighbours = {group: data.draw(st.sampled_from(some)) for group, some in others.items() if some and data.draw(st.booleans())}
    found = merge_small(sizes, least, neighbours)
    assert sum(found.sizes.values()) == sum(sizes.values())
    assert {group: sum(sizes[one] for one, at in found.where.items() if at == group) for group in found.sizes} == found.sizes
    assert all(size >= least or size == 0 or group in found.small for group, size in found.sizes.items())


def test_seats_within_bounds_are_the_largest_remainder_where_no_bound_matters() -> None:
    assert share_within(160, ELIGIBLE, {}) == {"science": 40, "engineering": 61, "agriculture": 18, "medicine": 33, "cross": 8}


def test_what_a_bound_takes_or_gives_is_shared_by_the_others() -> None:
    found = share_within(160, ELIGIBLE, {"cross": Bounds(12), "engineering": Bounds(0, 50)})
    assert (found["cross"], found["engineering"], sum(found.values())) == (12, 50, 160)


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"science": Bounds(100), "medicine": Bounds(61)}, "at least 161 seats together, but there are 160"),
        ({group: Bounds(0, 31) for group in ELIGIBLE}, "at most 155 seats together, but there are 160"),
    ],
)
def test_bounds_that_cannot_be_kept_are_refused(bounds: dict[str, Bounds], said: str) -> None:
    with pytest.raises(InputError, match=said):
        share_within(160, ELIGIBLE, bounds)


@repeatable
@given(st.dictionaries(st.sampled_from("abc"), st.integers(0, 9), min_size=1), st.integers(0, 6), BOUNDS)
def test_no_other_shares_within_the_bounds_are_nearer_to_the_exact_ones(
    weights: dict[str, int], seats: int, bounds: dict[str, Bounds]
) -> None:
    total = sum(weights.values())
    limits = {group: bounds.get(group, Bounds()) for group in weights}
    try:
        found = share_within(seats, weights, bounds)
    except InputError:
        return
    assert sum(found.values()) == seats
    assert all(limit.lower <= found[group] for group, limit in limits.items())
    assert all(limit.upper is None or found[group] <= max(limit.upper, limit.lower) for group, limit in limits.items())
    if not total:
        return
    if not bounds:
        assert found == largest_remainder(seats, weights)

    def distance(shares: dict[str, int]) -> Fraction:
        return sum(((shares[group] - Fraction(seats * weights[group], total)) ** 2 for group in weights), Fraction(0))

    tops = {group: (seats if weights[group] else 0) if one.upper is None else one.upper for group, one in limits.items()}
    ranges = [range(one.lower, max(one.lower, min(tops[group], seats if weights[group] else 0)) + 1) for group, one in limits.items()]
    others = [dict(zip(limits, shares, strict=True)) for shares in product(*ranges) if sum(shares) == seats]
    assert distance(found) == min(map(distance, others))


def chosen(marks: dict[str, int], seats: int, **bounds: Bounds) -> Chosen:
    """Groups are the first letters."""
    return choose_within({entry: Decimal(mark) for entry, mark in marks.items()}, {entry: entry[0] for entry in marks}, seats, bounds)


def test_lower_bounds_are_filled_by_the_best_of_the_group_and_upper_ones_stop_the_next() -> None:
    marks = {"a1": 95, "a2": 94, "a3": 93, "b1": 80, "b2": 79, "c1": 60, "c2": 59}
    assert chosen(marks, 4, c=Bounds(1)) == Chosen(("a1", "a2", "a3", "c1"), (), 0)
    assert chosen(marks, 4, a=Bounds(0, 2), c=Bounds(1)) == Chosen(("a1", "a2", "b1", "c1"), (), 0)
    assert chosen(marks, 3) == Chosen(("a1", "a2", "a3"), (), 0)


def test_a_group_that_cannot_fill_its_bound_leaves_the_seats_to_others() -> None:
    assert chosen({"a1": 9, "a2": 8, "b1": 7}, 3, b=Bounds(2)) == Chosen(("a1", "a2", "b1"), (), 0)
    assert chosen({"a1": 9}, 3) == Chosen(("a1",), (), 2)


def test_equal_marks_that_are_too_many_for_a_line_all_stay_open() -> None:
    assert chosen({"a1": 9, "a2": 8, "b1": 8, "b2": 7}, 2) == Chosen(("a1",), ("a2", "b1"), 1)
    assert chosen({"a1": 9, "a2": 9, "b1": 8}, 2, a=Bounds(0, 1)) == Chosen(("b1",), ("a1", "a2"), 1)
    assert chosen({"a1": 9, "b1": 8, "b2": 8, "c1": 8}, 2, b=Bounds(1)) == Chosen(("a1",), ("b1", "b2"), 1)


def test_bounds_above_the_seats_are_refused() -> None:
    with pytest.raises(InputError, match="at least 3 seats together, but there are 2"):
        chosen({"a1": 9, "a2": 9, "b1": 8}, 2, a=Bounds(2), b=Bounds(1))


@repeatable
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=7), st.integers(0, 5), BOUNDS, st.randoms(use_true_random=False))
def test_without_ties_no_other_choice_is_better(groups: list[str], seats: int, bounds: dict[str, Bounds], dice) -> None:  # type: ignore[no-untyped-def]
    marks = {f"{group}{number}": number for number, group in enumerate(groups)}
    try:
        found = chosen(marks, seats, **bounds)
    except InputError:
        return
    names = list(marks)
    assert found == chosen({name: marks[name] for name in dice.sample(names, len(names))}, seats, **bounds)
    assert (found.tied, found.open_seats) == ((), seats - len(found.entries))

    def allowed(some: tuple[str, ...]) -> bool:
        counts = {group: sum(one[0] == group for one in some) for group in set(groups)}
        return all(
            min(limit.lower, groups.count(group)) <= counts[group] <= max(limit.lower, len(groups) if limit.upper is None else limit.upper)
            for group in counts
            for limit in [bounds.get(group, Bounds())]
        )

    size = len(found.entries)
    assert allowed(found.entries)
    assert not any(allowed(some) for larger in range(size + 1, seats + 1) for some in combinations(names, larger))
    best = max(sum(marks[one] for one in some) for some in combinations(names, size) if allowed(some))
    assert sum(marks[one] for one in found.entries) == best
