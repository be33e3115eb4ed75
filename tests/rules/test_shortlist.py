from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.edition import Award, ShortlistItem, Standing
from models.errors import JinbangError
from models.process import Process
from rules.shortlist import Allotment, Changes, allot, changes, cut, largest_remainder, seats, tier_seats
from tests.rules.samples import TIERS, a_class, a_cut, a_process, artworks, papers, volunteers

ELIGIBLE = {"science": 212, "engineering": 318, "agriculture": 96, "medicine": 174, "cross": 40}
SEATS = {"science": 40, "engineering": 61, "agriculture": 18, "medicine": 33, "cross": 8}
WEIGHTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 400), min_size=1)


def ranked(group: str, *marks: int) -> list[Standing]:
    """Standings of one group; entries are called `<group><position>`."""
    return [
        Standing(f"{group}{n}", group, Decimal(mark), 5, Decimal(mark), Decimal(0), flagged=False, place=1 + sum(m > mark for m in marks))
        for n, mark in enumerate(marks, start=1)
    ]


def listed(group: str, *marks: int) -> list[ShortlistItem]:
    return [ShortlistItem(one.entry, one.group, one.place, one.mark) for one in ranked(group, *marks)]


def kept(standings: list[Standing], numbers: dict[str, int], process: Process | None = None, **how: Any) -> list[str]:
    return [item.entry for item in cut(standings, numbers, a_cut(**how), process or volunteers())]


def test_seats_are_shared_by_largest_remainder() -> None:
    assert largest_remainder(160, ELIGIBLE) == SEATS
    assert seats(papers(), ELIGIBLE) == SEATS


def test_equal_remainders_go_to_the_larger_group_then_by_name() -> None:
    assert largest_remainder(2, {"b": 1, "a": 1, "c": 2}) == {"b": 0, "a": 1, "c": 1}
    assert largest_remainder(1, {"b": 5, "a": 5}) == {"b": 0, "a": 1}
    assert largest_remainder(2, {"a": 1, "b": 3}) == {"a": 0, "b": 2}


def test_nobody_without_weight_gets_a_seat() -> None:
    assert largest_remainder(5, {"a": 0, "b": 3}) == {"a": 0, "b": 5}
    assert largest_remainder(5, {"a": 0, "b": 0}) == {"a": 0, "b": 0}


@settings(deadline=None)
@given(st.integers(0, 300), WEIGHTS)
def test_shares_add_up_and_are_less_than_one_seat_off(number: int, weights: dict[str, int]) -> None:
    total, shares = sum(weights.values()), largest_remainder(number, weights)
    assert shares == largest_remainder(number, dict(reversed(weights.items())))
    assert sum(shares.values()) == (number if total else 0)
    for key, share in shares.items():
        assert abs(share * total - number * weights[key]) < max(total, 1)
        assert total < number or share <= weights[key]


def test_seats_of_a_class_stay_in_the_class() -> None:
    assert seats(volunteers(), {"person": 3, "team": 50}) == {"person": 10, "team": 4}
    classes = [a_class("painting", "artwork", awards=6), a_class("film", "artwork", awards=3)]
    process = artworks(*classes, awards=None)
    eligible = {"painting/adult": 20, "painting/youth": 10, "film/adult": 1, "film/youth": 2}
    assert seats(process, eligible) == {"painting/adult": 4, "painting/youth": 2, "film/adult": 1, "film/youth": 2}


def test_seats_of_the_process_are_shared_over_all_groups() -> None:
    assert seats(artworks(), {"painting/adult": 30, "film/youth": 10}) == {
        "painting/adult": 15, "painting/youth": 0, "film/adult": 0, "film/youth": 5,
    }  # fmt: skip
    assert seats(a_process([a_class("paper")], awards=7), {}) == {"paper": 7}


def test_entries_in_a_group_that_does_not_exist_are_refused() -> None:
    with pytest.raises(JinbangError, match="compete in law, medecine, but the groups are science"):
        seats(papers(), {"medecine": 3, "law": 1})


def test_tiers_are_shared_over_the_groups() -> None:
    assert tier_seats(papers(), SEATS) == {
        "science": {"first": 3, "second": 12, "third": 25},
        "engineering": {"first": 4, "second": 19, "third": 38},
        "agriculture": {"first": 1, "second": 6, "third": 11},
        "medicine": {"first": 2, "second": 10, "third": 21},
        "cross": {"first": 0, "second": 3, "third": 5},
    }


def test_without_tiers_there_is_one_without_a_name() -> None:
    assert tier_seats(volunteers(), {"person": 10, "team": 4}) == {"person": {"": 10}, "team": {"": 4}}


def test_no_group_loses_in_a_lower_tier_the_seat_that_a_higher_one_gave_it() -> None:
    """Rounding each line of tiers by itself would ask for 16 of 15 seats here."""
    sizes = {"big": 56, "tall": 56, "s1": 7, "s2": 7, "s3": 7, "s4": 7}
    tiers = [TIERS[0] | {"quota": 14}, TIERS[1] | {"quota": 1}, TIERS[2] | {"quota": 125}]
    table = tier_seats(papers(awards=140, tiers=tiers), sizes)
    assert [sum(row[name] for row in table.values()) for name in ("first", "second", "third")] == [14, 1, 125]
    assert min(number for row in table.values() for number in row.values()) >= 0


@settings(deadline=None)
@given(WEIGHTS, st.lists(st.integers(1, 60), min_size=3, max_size=3))
def test_tiers_add_up_to_seats_by_group_and_to_quotas_by_tier(weights: dict[str, int], quotas: list[int]) -> None:
    process = papers(awards=sum(quotas), tiers=[tier | {"quota": quota} for tier, quota in zip(TIERS, quotas, strict=True)])
    numbers = largest_remainder(sum(quotas), weights)
    table = tier_seats(process, numbers)
    assert table == tier_seats(process, dict(reversed(numbers.items())))
    assert {group: sum(row.values()) for group, row in table.items()} == numbers
    assert all(number >= 0 for row in table.values() for number in row.values())
    if any(weights.values()):
        assert [sum(row[tier["name"]] for row in table.values()) for tier in TIERS] == quotas


def test_fewer_seats_than_quotas_fill_the_upper_tiers() -> None:
    assert tier_seats(papers(), {"science": 30, "medicine": 0}) == {
        "science": {"first": 10, "second": 20, "third": 0},
        "medicine": {"first": 0, "second": 0, "third": 0},
    }


def test_a_ratio_keeps_the_seats_times_the_ratio_rounded_up() -> None:
    pool = ranked("person", *range(99, 80, -1)) + ranked("team", *range(60, 50, -1))
    assert kept(pool, {"person": 3, "team": 1}, ratio="1.5") == ["person1", "person2", "person3", "person4", "person5", "team1", "team2"]
    assert len(kept(pool, {"person": 10}, ratio="1.1")) == 11


def test_counts_cut_each_class_over_its_groups() -> None:
    pool = ranked("film/adult", 90, 70) + ranked("film/youth", 95, 80, 60) + ranked("painting/adult", 50)
    found = kept(pool, {}, artworks(), counts={"film": 3, "painting": 1})
    assert found == ["film/adult1", "film/youth1", "film/youth2", "painting/adult1"]


def test_a_least_mark_keeps_whoever_has_it() -> None:
    assert kept(ranked("person", 90, 80, 79), {"person": 1}, min_score=80) == ["person1", "person2"]


def test_a_top_share_of_those_ranked_is_rounded_up() -> None:
    assert kept(ranked("person", 9, 8, 7, 6, 5), {}, top_share="1/2") == ["person1", "person2", "person3"]


def test_who_shares_the_mark_on_the_line_is_treated_alike() -> None:
    pool = ranked("person", 90, 85, 85, 85, 80)
    assert kept(pool, {"person": 2}, ratio=1, ties="include_all") == ["person1", "person2", "person3", "person4"]
    assert kept(pool, {"person": 2}, ratio=1, ties="exclude_all") == ["person1"]
    assert kept(pool, {"person": 4}, ratio=1, ties="exclude_all") == ["person1", "person2", "person3", "person4"]


def test_a_group_without_seats_sends_nobody_and_a_short_one_everybody() -> None:
    assert kept(ranked("person", 90, 90) + ranked("team", 70), {"team": 4}, ratio=2) == ["team1"]


def test_items_carry_group_place_and_mark() -> None:
    assert cut(ranked("team", 90, 90), {"team": 2}, a_cut(ratio=1), volunteers()) == (
        ShortlistItem("team1", "team", 1, Decimal(90)),
        ShortlistItem("team2", "team", 1, Decimal(90)),
    )


def small(first: int, second: int) -> Process:
    """One class, two tiers."""
    return a_process([a_class("paper")], awards=first + second, tiers=[TIERS[0] | {"quota": first}, TIERS[1] | {"quota": second}])


def given_to(items: list[ShortlistItem], first: int, second: int) -> tuple[list[tuple[str, str]], int, tuple[str, ...]]:
    found = allot(items, {"paper": first + second}, small(first, second))
    return [(award.entry, award.tier) for award in found.awards], found.vacant, found.tied


def test_seats_go_by_place_from_the_top_tier_down() -> None:
    found = allot(listed("paper", 90, 80, 70, 60), {"paper": 3}, small(1, 2))
    assert found == Allotment(
        (Award("paper1", "paper", "first", 1), Award("paper2", "paper", "second", 2), Award("paper3", "paper", "second", 3)), 0, ()
    )


def test_seats_without_an_entry_stay_vacant() -> None:
    assert given_to(listed("paper", 90), 1, 2) == ([("paper1", "first")], 2, ())


def test_who_was_voted_out_is_followed_by_the_next() -> None:
    assert given_to(listed("paper", 90, 80, 70)[1:], 1, 1) == ([("paper2", "first"), ("paper3", "second")], 0, ())


def test_entries_tied_on_the_last_seat_all_stay_out_and_nobody_passes_them() -> None:
    assert given_to(listed("paper", 90, 80, 80, 70), 1, 1) == ([("paper1", "first")], 1, ("paper2", "paper3"))


def test_entries_tied_below_the_last_seat_are_not_tied_for_one() -> None:
    assert given_to(listed("paper", 90, 80, 70, 70), 1, 1) == ([("paper1", "first"), ("paper2", "second")], 0, ())


def test_entries_tied_across_the_line_of_a_tier_all_get_the_lower_one() -> None:
    found = given_to(listed("paper", 90, 90, 70, 60), 1, 2)
    assert found == ([("paper1", "second"), ("paper2", "second"), ("paper3", "second")], 0, ())


def test_awards_come_by_group_in_declared_order() -> None:
    found = allot(listed("team", 90) + listed("person", 60, 50), {"person": 2, "team": 4}, volunteers())
    assert [(award.group, award.entry, award.tier) for award in found.awards] == [
        ("person", "person1", ""),
        ("person", "person2", ""),
        ("team", "team1", ""),
    ]
    assert found.vacant == 3


def test_a_group_without_seats_gets_no_award() -> None:
    assert allot(listed("team", 90), {"person": 2}, volunteers()) == Allotment((), 2, ())


@settings(deadline=None)
@given(st.lists(st.integers(60, 66), max_size=12).map(lambda marks: sorted(marks, reverse=True)), st.integers(1, 4), st.integers(1, 6))
def test_seats_are_never_exceeded_and_equal_marks_get_the_same(marks: list[int], first: int, second: int) -> None:
    items = listed("paper", *marks)
    found = allot(items, {"paper": first + second}, small(first, second))
    got = {award.entry: award.tier for award in found.awards}
    assert len(got) + found.vacant == first + second
    assert sum(tier == "first" for tier in got.values()) <= first
    for one in items:
        for other in items:
            if one.mark == other.mark:
                assert got.get(one.entry) == got.get(other.entry)
            elif one.mark > other.mark and other.entry in got:
                assert one.entry in got


@settings(deadline=None)
@given(
    st.lists(st.integers(60, 66), max_size=12).map(lambda marks: sorted(marks, reverse=True)),
    st.integers(0, 12),
    st.sampled_from(["include_all", "exclude_all"]),
)
def test_a_cut_keeps_an_upper_part_and_never_parts_the_tied(marks: list[int], places: int, ties: str) -> None:
    pool = ranked("person", *marks)
    found = set(kept(pool, {"person": places}, ratio=1, ties=ties))
    inside, outside = [s.mark for s in pool if s.entry in found], [s.mark for s in pool if s.entry not in found]
    assert not inside or not outside or min(inside) > max(outside)
    if ties == "exclude_all":
        assert len(found) <= places
    elif places:
        assert len(found) >= min(places, len(pool))


def test_a_later_version_of_a_list_names_who_came_went_and_moved() -> None:
    before = listed("paper", 90, 80, 70)
    first, second, third = before
    moved = ShortlistItem(second.entry, "paper", 3, Decimal(75))
    new = ShortlistItem("paper9", "paper", 2, Decimal(78))
    assert changes(before, [first, new, moved]) == Changes(added=(new,), removed=(third,), altered=((second, moved),))
    assert changes(before, before[::-1]) == Changes((), (), ())
    assert not changes(before, before)
