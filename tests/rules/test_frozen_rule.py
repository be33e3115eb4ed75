from __future__ import annotations

import json
from typing import Any

import pytest

from models.edition import Edition
from rules import frozen_rule
from rules.digests import digest
from tests import builders


def an_edition(kind: str = "scoring", *, seed: int = 7, awards: int = 2, **changes: Any) -> Edition:
    classes = [{**one, "awards": awards} if one["name"] == "paper" else one for one in builders.DECLARATION["classes"]]
    process = builders.a_process(classes=classes, **(builders.a_stage_change(kind, **changes) if changes else {}))
    return builders.an_edition(process, seed=seed)


FROZEN = json.loads(json.dumps(frozen_rule.of(an_edition(), 1)))


@pytest.mark.parametrize(
    ("edition", "said"),
    [
        (an_edition(aggregate={"method": "calibrated"}), "scoring.aggregate.method: was trimmed_mean, is calibrated"),
        (an_edition(aggregate={"trim_min": 4}), "scoring.aggregate.trim_min: was 5, is 4"),
        (an_edition(flags={"spread": "30"}), "scoring.flags.spread: was 25, is 30"),
        (an_edition(normalise="zscore_by_reviewer"), "scoring.normalise: was none, is zscore_by_reviewer"),
        (an_edition(criteria=[{**builders.CRITERIA[0], "max": 100}]), "scoring.criteria: was 3 of them, is 1 of them"),
        (an_edition("shortlisting", ties="exclude_all"), "shortlisting.ties: was include_all, is exclude_all"),
        (an_edition("shortlisting", counts={"paper": 4, "artwork": 2}), "shortlisting.counts.paper: was 3, is 4"),
        (an_edition(seed=8), "seed: was 7, is 8"),
        (an_edition(awards=1), "classes[0].awards: was 2, is 1"),
    ],
)  # fmt: skip
def test_whatever_turns_sheets_into_selected_entries_is_part_of_the_rule(edition: Edition, said: str) -> None:
    assert frozen_rule.differences(FROZEN, edition, 1) == (said,)
    assert digest(frozen_rule.of(edition, 1)) != digest(FROZEN)


@pytest.mark.parametrize(
    "edition",
    [
        an_edition(),
        an_edition(closes="2026-06-25", remind_days_before=[3], max_load=9),
        an_edition("shortlisting", confirm="automatic"),
        an_edition("voting", closes="2026-07-12"),
    ],
)
def test_dates_and_reminders_are_not(edition: Edition) -> None:
    assert frozen_rule.differences(FROZEN, edition, 1) == ()
    assert digest(frozen_rule.of(edition, 1)) == digest(FROZEN)


def test_what_a_later_version_can_declare_differs_only_if_it_is_declared() -> None:
    older = json.loads(json.dumps(FROZEN))
    del older["scoring"]["normalise"], older["shortlisting"]["ties"], older["scoring"]["criteria"][1]["optional"]
    assert frozen_rule.differences(older, an_edition(), 1) == ()
    assert frozen_rule.differences(older, an_edition(normalise="rank_in_group"), 1) == ("scoring.normalise: was None, is rank_in_group",)


def test_what_this_version_no_longer_knows_is_a_difference() -> None:
    newer = json.loads(json.dumps(FROZEN))
    newer["scoring"]["aggregate"]["weighting"] = "by_confidence"
    assert frozen_rule.differences(newer, an_edition(), 1) == ("scoring.aggregate.weighting: was by_confidence, is None",)
