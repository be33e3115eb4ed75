from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from models import subjects
from models.draw_rules import DrawRules, UnitGroup
from models.stages import ScoringStage
from tests import builders


def stage(**changes: Any) -> ScoringStage:
    found = builders.a_process(**builders.a_stage_change("scoring", **changes)).stages[1]
    assert isinstance(found, ScoringStage)
    return found


def test_a_declaration_says_how_panels_are_drawn() -> None:
    group = {"units": ["甲所", "乙所"], "at_most": 2}
    found = stage(match="discipline", min_load=2, per_unit=2, draw={"mode": "balanced", "groups": [group], "neighbours": {"520": ["510"]}})
    assert (found.min_load, found.per_unit) == (2, 2)
    assert found.draw == DrawRules(mode="balanced", groups=(UnitGroup(units=("甲所", "乙所"), at_most=2),), neighbours={"520": ("510",)})
    assert stage().draw == DrawRules()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"panel_by_class": {"paper": 2}}, "min_valid 3 exceeds the panel of 2 of paper; raise it or lower min_valid"),
        ({"panel_by_class": {"team": 5}}, "'team' is not a class; the classes are paper, artwork"),
        ({"panel_by_group": {"senior": 5}}, "'senior' is not a group; the process has no groups; add them, or use panel_by_class"),
        (
            {"panel_by_class": {"paper": 5}, "panel_by_group": {"senior": 5}},
            "an entry has one panel, by its class or by its group; drop panel_by_class or panel_by_group",
        ),
        ({"min_load": 41}, "min_load 41 exceeds max_load 40; lower min_load or raise max_load"),
        (
            {"per_unit": 2, "draw": {"groups": [{"units": ["甲"], "at_most": 1}]}},
            "a group takes 1 reviewers and a single unit of it 2 (per_unit); raise at_most or lower per_unit",
        ),
        (
            {"draw": {"groups": [{"units": ["甲"], "at_most": 1}, {"units": ["甲"], "at_most": 1}]}},
            "the unit '甲' stands in two groups, and a draw is exact only within one; take it out of one of them",
        ),
        (
            {"draw": {"neighbours": {"520": ["510"]}}},
            "neighbours are used where match names a field of the entry; add match or leave neighbours out",
        ),
        (
            {"match": "discipline", "draw": {"neighbours": {"520": ["51010"]}}},
            "'51010' is not a first-level discipline; write its three digits in quotes, e.g. '520'",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_with_a_remedy(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        stage(**changes)


LEVELS = {
    "by": "discipline",
    "sets": [
        {"name": "senior", "title": {"zh": "高级", "en": "Senior"}, "values": ["110-450"]},
        {"name": "junior", "title": {"zh": "初级", "en": "Junior"}, "values": ["460-990"]},
    ],
}


def test_panels_have_the_size_of_their_class_or_of_their_group() -> None:
    by_class = stage(panel_by_class={"artwork": 7})
    assert [by_class.panel_of(name, name) for name in ("paper", "artwork")] == [3, 7]
    papers = {"classes": builders.DECLARATION["classes"][:1], "groups": LEVELS}
    for given in (papers, papers | {"classes": builders.DECLARATION["classes"]}):
        groups = given["groups"] if len(given["classes"]) == 1 else LEVELS | {"by": "title"}
        changes = builders.a_stage_change("scoring", panel_by_group={"senior": 9})
        changes["stages"] = [{**one, "counts": {}, "ratio": "2"} if one["kind"] == "shortlisting" else one for one in changes["stages"]]
        found = builders.a_process(**given | {"groups": groups, "nominators": {
            "society": {"title": {"zh": "省级学会", "en": "Societies"}, "max": {one["name"]: 5 for one in given["classes"]}}}}, **changes
        ).stages[1]  # fmt: skip
        assert isinstance(found, ScoringStage)
        prefix = "" if len(given["classes"]) == 1 else "paper/"
        assert [found.panel_of("paper", prefix + name) for name in ("senior", "junior")] == [9, 3]
        assert found.largest_panel == 9


def with_keywords(*classes: str, kind: str = "text") -> Any:
    """A process that draws by a field `keywords`, which some of its classes have."""
    asked = {"name": "keywords", "title": {"zh": "关键词", "en": "Keywords"}, "kind": kind}
    declared = [
        {**one, "fields": [*one.get("fields", ()), asked] if one["name"] in classes else one.get("fields", ())}
        for one in builders.DECLARATION["classes"]
    ]
    return builders.a_process(**builders.a_stage_change("scoring", draw={"keywords": "keywords"}), classes=declared)


def test_keywords_stand_in_a_text_field_of_every_class() -> None:
    assert with_keywords("paper", "artwork").stages[1].draw == DrawRules(keywords="keywords", keywords_at_most=3)
    said = [
        [str(one) for one in subjects.misfits(process)]
        for process in (with_keywords("paper", "artwork"), with_keywords("paper"), with_keywords("paper", "artwork", kind="people"))
    ]
    assert said == [
        [],
        ["artwork has no field 'keywords'; add it or drop keywords"],
        [f"keywords of {name} is of kind people; keywords stand in a field of kind text" for name in ("paper", "artwork")],
    ]
