from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.edition import Standing
from models.errors import InputError
from models.process import Process
from models.shortlists import Tie, TieStep
from models.stages import ShortlistingStage
from rules import ties, uncertainty
from rules.cutting import Cut, cut
from rules.parting import Evidence
from rules.shortlist import seats
from rules.ties import Measure
from tests.rules.samples import a_cut, papers, volunteers
from tests.rules.test_shortlist import ELIGIBLE, SEATS, ranked

repeatable = settings(deadline=None, derandomize=True, database=None, max_examples=25)


def compared(**links: dict[str, str]) -> Evidence:
    """What some links compare, by entry; codes are ids in capitals."""
    measures = {link: Measure(link, {entry: Decimal(value) for entry, value in values.items()}) for link, values in links.items()}
    entries = {f"{group}{number}" for group in ("person", "science", "cross") for number in range(1, 40)}
    return Evidence(measures, {entry: entry.upper() for entry in entries}, 7, "sample-2026")


def of(standings: list[Standing], places: int, evidence: Evidence | None, process: Process | None = None, **how: Any) -> Cut:
    return cut(standings, {}, a_cut(counts={"person": places, "team": 0}, **how), process or volunteers(), evidence)


def kept(found: Cut) -> list[str]:
    return [item.entry for item in found.items]


def test_only_who_stands_on_the_line_is_parted_and_only_as_far_as_needed() -> None:
    evidence = compared(raw_mean={"person2": "80.01", "person3": "80.02", "person4": "80.00"})
    found = of(ranked("person", 90, 80, 80, 80, 70, 70), 2, evidence, tie_break=["raw_mean", "lot"])
    assert kept(found) == ["person1", "person3"]
    printed = {"PERSON2": "80.01", "PERSON3": "80.02", "PERSON4": "80.00"}
    step = TieStep("raw_mean", printed, (("PERSON3",), ("PERSON2",), ("PERSON4",)))
    assert found.ties == (Tie("person", "list", Decimal(80), ("PERSON2", "PERSON3", "PERSON4"), (step,), (), ""),)


def test_nothing_is_asked_about_entries_that_stand_on_no_line() -> None:
    asked = []

    class Asking(Evidence):
        def measure(self, link: str, tied: tuple[str, ...]) -> Measure | None:
            asked.append((link, tied))
            return super().measure(link, tied)

    known = compared(raw_mean={"person2": "80.01", "person3": "80.02"})
    evidence = Asking(known.measures, known.codes, known.seed, known.award)
    of(ranked("person", 90, 90, 80, 80), 2, evidence, tie_break=["raw_mean", "lot"])
    assert asked == []
    of(ranked("person", 90, 80, 80, 70, 70), 2, evidence, tie_break=["raw_mean", "lot"])
    assert asked == [("raw_mean", ("person2", "person3"))]


def test_a_later_link_parts_only_those_who_are_still_on_the_line() -> None:
    first = {"person1": "2", "person2": "1", "person3": "1", "person4": "0"}
    evidence = compared(raw_mean=first, spread={"person2": "5", "person3": "9"})
    found = of(ranked("person", 80, 80, 80, 80), 2, evidence, tie_break=["raw_mean", "spread"])
    assert kept(found) == ["person1", "person3"]
    assert [(one.link, sorted(one.printed)) for one in found.ties[0].steps] == [
        ("raw_mean", ["PERSON1", "PERSON2", "PERSON3", "PERSON4"]),
        ("spread", ["PERSON2", "PERSON3"]),
    ]


@pytest.mark.parametrize(
    ("how", "stay", "then"),
    [
        ({"ties": "include_all"}, ["person1", "person2", "person3"], "include_all"),
        ({"ties": "exclude_all"}, ["person1"], "exclude_all"),
        ({"ties": "re_review"}, ["person1", "person2", "person3"], "committee"),
        ({"ties": "include_all", "tie_break": ["raw_mean", "committee"]}, ["person1", "person2", "person3"], "committee"),
    ],
)
def test_whoever_the_chain_leaves_tied_is_treated_as_declared(how: dict[str, Any], stay: list[str], then: str) -> None:
    found = of(ranked("person", 90, 80, 80), 2, compared(raw_mean={"person2": "80", "person3": "80"}), **how)
    assert kept(found) == stay
    assert [(tie.left, tie.then) for tie in found.ties] == [(("PERSON2", "PERSON3"), then)]


def test_a_link_without_a_value_for_everybody_does_not_apply_and_the_next_one_does() -> None:
    evidence = compared(raw_mean={"person2": "81"}, spread={"person2": "1", "person3": "2"})
    found = of(ranked("person", 90, 80, 80), 2, evidence, tie_break=["raw_mean", "spread"])
    assert kept(found) == ["person1", "person3"]
    assert found.ties[0].steps[0] == TieStep("raw_mean", {}, (("PERSON2", "PERSON3"),))


def test_a_further_round_is_waited_for_while_there_can_be_one() -> None:
    waits = Evidence({}, {f"person{n}": f"PERSON{n}" for n in range(1, 4)}, 7, "sample-2026", may_review_again=True)
    found = of(ranked("person", 90, 80, 80), 2, waits, ties="re_review", tie_break=["raw_mean", "re_review", "lot"])
    assert found.waiting == ("person2", "person3")
    assert [one.link for one in found.ties[0].steps] == ["raw_mean"]


def test_lots_by_a_published_seed_are_golden() -> None:
    """`printf '7\\nsample-2026\\nPERSON2' | sha256sum` gives the same."""
    found = of(ranked("person", 90, 80, 80, 80), 2, compared(), tie_break=["lot"])
    assert kept(found) == ["person1", "person4"]
    lots = {
        "PERSON2": "be92a9c007b7d28f65a1e8a71d6a1d0cff2a62ddc7f820b989033818ff12cfcf",
        "PERSON3": "859f05090f720fc7b530a0cda9796f9eb2d8f2a0159f09a8a2d1814923a17878",
        "PERSON4": "04213b44c5301428bb8bd8445155563efef3d27254bbe7811d6c3c87fae23a06",
    }
    assert found.ties[0].steps[0].printed == lots


def test_nobody_is_tied_and_there_is_nothing_to_tell() -> None:
    assert of(ranked("person", 90, 80, 70), 2, compared(), tie_break=["lot"]).ties == ()


# -- bounds ------------------------------------------------------------------------------------------------------------


def bounded(places: int, bounds: dict[str, list[int]], *groups: list[Standing], **how: Any) -> list[str]:
    stage: ShortlistingStage = a_cut(counts={"paper": places}, group_bounds=bounds, **{"ties": "exclude_all", **how})
    return kept(cut([one for group in groups for one in group], {}, stage, papers(), compared()))


def test_the_best_of_each_group_come_first_then_the_best_of_all_below_the_upper_bounds() -> None:
    science, cross = ranked("science", 95, 94, 93, 92, 91), ranked("cross", 70, 60, 50)
    assert bounded(4, {"cross": [2, 3]}, science, cross) == ["science1", "science2", "cross1", "cross2"]
    assert bounded(5, {"science": [0, 2]}, science, cross) == ["science1", "science2", "cross1", "cross2", "cross3"]


def test_a_tie_of_two_groups_on_the_common_line_is_parted_by_the_chain() -> None:
    science, cross = ranked("science", 95, 80), ranked("cross", 90, 80)
    evidence = compared(raw_mean={"science2": "80.01", "cross2": "80.02"})
    stage = a_cut(counts={"paper": 3}, group_bounds={"cross": [1, 3]}, ties="exclude_all", tie_break=["raw_mean"])
    found = cut([*science, *cross], {}, stage, papers(), evidence)
    assert kept(found) == ["science1", "cross1", "cross2"]
    assert [tie.pool for tie in found.ties] == ["paper"]


def test_bounds_that_the_places_cannot_keep_are_refused_when_the_counts_are_known() -> None:
    few = ranked("cross", 80, 70, 60)
    stage = a_cut(top_share="1/3", group_bounds={"cross": [2, 3]}, ties="exclude_all")
    with pytest.raises(InputError, match="the groups of paper have at least 2 places together, but there are 1"):
        cut(few, {}, stage, papers(), None)
    stage = a_cut(top_share="1", group_bounds={"cross": [0, 2]}, ties="exclude_all")
    with pytest.raises(InputError, match="the groups of paper have at most 2 places together, but there are 3"):
        cut(few, {}, stage, papers(), None)


@repeatable
@given(
    st.lists(st.integers(60, 75), min_size=2, max_size=12), st.lists(st.integers(60, 75), min_size=2, max_size=12), st.integers(2, 12),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_bounds_hold_whatever_the_marks_and_the_order_of_entries(science: list[int], cross: list[int], places: int, rnd: Any) -> None:
    bounds = {"cross": [1, 4]}
    groups = [ranked("science", *science), ranked("cross", *cross)]
    for how in ({}, {"tie_break": ["lot"]}):
        found = bounded(places, bounds, *groups, **how)
        assert len(found) <= places
        assert 0 <= sum(one.startswith("cross") for one in found) <= 4
        if how:
            assert len(found) == min(places, len(science) + min(4, len(cross)))
        mixed = [one for group in groups for one in group]
        rnd.shuffle(mixed)
        assert sorted(bounded(places, bounds, mixed, **how)) == sorted(found)


# -- seats -------------------------------------------------------------------------------------------------------------


def grouped(**more: Any) -> Process:
    sets = [one.model_dump() for one in papers().groups.sets]  # type: ignore[union-attr]
    return papers(groups={"by": "discipline", "sets": sets, **more})


def test_seats_are_160_by_largest_remainder_with_and_without_bounds() -> None:
    assert seats(grouped(), ELIGIBLE) == SEATS == {"science": 40, "engineering": 61, "agriculture": 18, "medicine": 33, "cross": 8}
    found = seats(grouped(bounds={"cross": [12, 20], "engineering": [0, 50]}), ELIGIBLE)
    assert found == {"science": 43, "engineering": 50, "agriculture": 20, "medicine": 35, "cross": 12}


def test_no_seat_is_kept_for_a_group_that_was_merged() -> None:
    found = seats(grouped(bounds={"cross": [12, 20]}), {**ELIGIBLE, "cross": 0})
    assert found["cross"] == 0
    assert sum(found.values()) == 160


@repeatable
@given(st.lists(st.integers(1, 300), min_size=5, max_size=5), st.integers(0, 20), st.integers(20, 160))
def test_seats_add_up_and_never_exceed_their_bounds(sizes: list[int], lower: int, upper: int) -> None:
    eligible = dict(zip(SEATS, sizes, strict=True))
    found = seats(grouped(bounds={"cross": [lower, upper]}), eligible)
    assert sum(found.values()) == 160
    assert lower <= found["cross"] <= upper
    assert found == seats(grouped(bounds={"cross": [lower, upper]}), dict(reversed(eligible.items())))


def test_lots_are_drawn_by_code_and_not_by_id() -> None:
    drawn = of(ranked("person", 80, 80), 1, compared(), tie_break=["lot"]).ties[0].steps[0].printed
    assert drawn == {code: ties.lot(7, "sample-2026", code) for code in ("PERSON1", "PERSON2")}


@repeatable
@given(st.permutations(range(60, 84)), st.integers(0, 3), st.integers(3, 8), st.integers(3, 12))
def test_draws_select_by_the_same_bounds_as_the_list(marks: list[int], lower: int, upper: int, places: int) -> None:
    """What a ranking's chances are counted by is the rule of the list."""
    groups = [ranked("science", *sorted(marks[:12], reverse=True)), ranked("cross", *sorted(marks[12:], reverse=True))]
    everybody = [one for group in groups for one in group]
    select = uncertainty.best_within(["paper"] * 24, {"paper": places}, [one.group for one in everybody], {"cross": (lower, upper)})
    chosen = select(np.array([float(one.mark) for one in everybody]))
    listed = bounded(places, {"cross": [lower, upper]}, *groups)
    assert sorted(one.entry for one, taken in zip(everybody, chosen, strict=True) if taken) == sorted(listed)
