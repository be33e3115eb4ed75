from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from models.process import Process
from models.stages import ShortlistingStage
from models.tie_breaks import chain_of
from tests import builders

SETS = [
    {"name": "adult", "title": {"zh": "成人组", "en": "Adults"}, "values": ["成人"]},
    {"name": "youth", "title": {"zh": "青少年组", "en": "Young people"}, "values": ["青少年"]},
]


def told(**changes: Any) -> list[tuple[str, str]]:
    """Where a process with these changes does not fit together, and why."""
    with pytest.raises(ValidationError) as refused:
        builders.a_process(**changes)
    return [(".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, ")) for one in refused.value.errors()]


def cut(**how: Any) -> ShortlistingStage:
    process: Process = builders.a_process(**builders.a_stage_change("shortlisting", **how))
    stage = process.stages[2]
    assert isinstance(stage, ShortlistingStage)
    return stage


def of_list(**how: Any) -> list[tuple[str, str]]:
    return told(**builders.a_stage_change("shortlisting", **how))


def test_links_are_read_in_their_own_spelling() -> None:
    chain = cut(tie_break=["indicator:originality", "raw_mean", "top_marks:90", "spread", "re_review", "lot"])
    assert chain.tie_break == ("criterion:originality", "raw_mean", "top_marks:90", "spread", "re_review", "lot")


@pytest.mark.parametrize(
    ("how", "whole"),
    [
        ({}, ()),
        ({"ties": "re_review"}, ("re_review", "committee")),
        ({"ties": "re_review", "tie_break": ["spread"]}, ("re_review", "spread", "committee")),
        ({"ties": "re_review", "tie_break": ["spread", "re_review", "lot"]}, ("spread", "re_review", "lot")),
        ({"tie_break": ["spread", "lot"]}, ("spread", "lot")),
    ],
)
def test_a_re_review_comes_first_unless_the_chain_names_its_place(how: dict[str, Any], whole: tuple[str, ...]) -> None:
    assert chain_of(cut(**how)) == whole


def test_links_that_cannot_part_anybody_are_refused_with_their_place() -> None:
    at = "stages.2.tie_break.0"
    known = "the score sheet of paper, artwork has no criterion {}; criteria of all are originality, rigour, value"
    assert of_list(tie_break=["criterion:depth"]) == [(at, f"criterion:depth parts nobody: {known.format(repr('depth'))}")]
    assert of_list(tie_break=["recommended"]) == [(at, f"recommended parts nobody: {known.format(repr('recommended'))}")]
    (found,) = of_list(tie_break=["coin"])
    assert found[0] == "stages.2.shortlisting.tie_break.0"
    assert found[1].startswith("'coin' parts no tie; write one of criterion:<name>, top_marks:<total>, raw_mean")
    (found,) = of_list(tie_break=["top_marks"])
    assert found[1] == "'top_marks' does not say from which total on a mark is a top mark; write top_marks:90"


def test_nothing_stands_after_a_lot_or_twice() -> None:
    at = "stages.2.shortlisting.tie_break.1"
    assert of_list(tie_break=["lot", "spread"]) == [(at, "nothing can be left to part after lot; delete spread, or move it up")]
    assert of_list(tie_break=["spread", "spread"]) == [(at, "spread stands twice; delete one")]


def test_the_mean_parts_nobody_where_it_is_the_mark() -> None:
    stages = builders.a_stage_change("shortlisting", tie_break=["raw_mean"])["stages"]
    stages[1] = {**stages[1], "aggregate": {"method": "mean"}}
    assert told(stages=stages) == [("stages.2.tie_break.0", "raw_mean parts nobody where the mark is the mean itself; drop it")]


def test_the_chain_stands_in_one_place_only() -> None:
    found = told(**builders.a_stage_change("scoring", tie_break=["lot"]))
    what = "the chain stands at the shortlisting stage, whose line it moves; move tie_break there"
    assert found == [("stages.1.scoring.tie_break", what)]


def test_what_no_re_review_asks_for_and_where_nobody_is_tied() -> None:
    assert of_list(re_review={"panel": 3}) == [
        ("stages.2.shortlisting.re_review", "nothing asks for a re-review; write `ties: re_review`, or drop re_review")
    ]
    (found,) = of_list(counts={}, min_score=60, ties="re_review")
    assert found[0] == "stages.2.shortlisting.min_score"


def test_a_re_review_follows_the_review_at_once() -> None:
    stages = list(builders.DECLARATION["stages"])
    stages.insert(4, {**stages[2], "name": "second", "ties": "re_review"})
    what = "a re-review is a further round of the scoring stage right before; move this stage after it, or drop re_review"
    assert told(stages=stages) == [("stages.4.ties", what)]


def grouped(groups: dict[str, Any], **how: Any) -> dict[str, Any]:
    return {"groups": {"by": "age", "sets": SETS, **groups}, **builders.a_stage_change("shortlisting", **how)}


def test_bounds_of_the_list_fit_its_places_and_its_ties() -> None:
    at = "stages.2.group_bounds"
    least = "the groups have at least 4 together, but only 3 can be given to paper; lower the lower bounds"
    assert told(**grouped({}, group_bounds={"adult": [2, 3], "youth": [2, 3]}, ties="exclude_all"))[0] == (at, least)
    most = "the groups have at most 2 together, but 3 are to be given to paper; raise the upper bounds"
    assert told(**grouped({}, group_bounds={"adult": [0, 1], "youth": [0, 1]}, ties="exclude_all")) == [(at, most)]
    assert told(**grouped({}, group_bounds={"old": [0, 1]}, ties="exclude_all")) == [
        (f"{at}.old", "old is no group; the groups are adult, youth")
    ]
    what = "entries that are still tied would go above an upper bound; write `ties: exclude_all`, or end tie_break with lot"
    assert told(**grouped({}, group_bounds={"adult": [0, 2]})) == [("stages.2.shortlisting.ties", what)]


def test_bounds_of_seats_and_mergers_fit_the_groups() -> None:
    assert told(**grouped({"bounds": {"youth": [3, 1]}})) [0] == (
        "groups.bounds.youth", "at least 3 and at most 1 of youth cannot both be; swap them",
    )  # fmt: skip
    least = "the groups have at least 2 together, but only 1 can be given to artwork; lower the lower bounds"
    assert told(**grouped({"bounds": {"adult": [1, 2], "youth": [1, 2]}})) == [("groups.bounds", least)]
    pair = "`min_group` and `merge` go together; add {}, or drop {}"
    assert told(**grouped({"min_group": 8})) == [("groups.min_group", pair.format("merge", "min_group"))]
    assert told(**grouped({"merge": {"youth": "adult"}})) == [("groups.merge", pair.format("min_group", "merge"))]
    wrong = told(**grouped({"min_group": 8, "merge": {"youth": "old"}}))
    assert wrong == [("groups.merge.youth", "'old' is no other group; the groups are adult, youth; correct merge")]
