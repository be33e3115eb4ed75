"""Relations found in forms, in the table of units and in lists; and what a decision covers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from models.edition import Entry
from models.relations import Avoidance, ConflictDecision, ToldRelation, UnitName
from rules.relations import Question, avoided, find, people_named, undecided
from rules.units import Units
from tests.rules.samples import a_class, a_nominator, a_process, a_reviewer, an_entry

PROCESS = a_process([a_class("paper"), a_class("person", "person"), a_class("team", "team")], awards=3)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
BRANCH = Units([UnitName("附属医院", "附属医院", "示例大学"), UnitName("示例大学", "示例大学", "示例大学")])


def a_line(relation: Any = "relative", **more: Any) -> ToldRelation:
    values: dict[str, Any] = {"entry": "", "person": "", "unit": "", "year": None, "note": "", "file": "关系.xlsx"}
    return ToldRelation("1", "sample-2026", "r-1", relation, **{**values, **more}, at=NOW)


def bound(relation: Any, entry: Entry, *lines: ToldRelation, units: Units = BRANCH, within: int | None = None, **reviewer: Any) -> bool:
    """Whether a relation holds between the reviewer and an entry."""
    asked = Question(PROCESS, [entry], [a_reviewer("1", **reviewer), a_reviewer("2")], [a_nominator()], units, lines, 2026, within)
    by = find(asked, {relation}).by[relation]
    assert by in ({}, {entry.id: frozenset({"r-1"})})
    return bool(by)


@pytest.mark.parametrize(
    ("people", "unit", "holds"),
    [
        ([{"name": "张 渭", "unit": "示例大学"}], "附属医院", True),
        ([{"name": "张渭", "unit": ""}], "渭北大学", True),
        ([{"name": "张渭", "unit": "示例大学"}], "渭北大学", False),
        ([{"name": "王谷雨", "unit": "示例大学"}], "示例大学", False),
    ],
)
def test_a_coauthor_is_named_with_the_own_unit_or_without_one(people: Any, unit: str, holds: bool) -> None:
    assert bound("coauthor", an_entry("L1", fields={"authors": people}), name="张渭", unit=unit) is holds


def test_a_coauthor_is_found_by_the_address_too() -> None:
    assert bound("coauthor", an_entry("L1", email="R@example.org"), email="r@example.org")
    assert not bound("coauthor", an_entry("L1", email=""), email="")


def test_who_is_named_follows_from_the_declared_fields() -> None:
    team = an_entry(
        "T1", "team", title="先锋队", fields={"leader": "甲一", "members": [{"name": "乙二", "unit": "乙院"}], "founded": "2020-01"}
    )
    person = an_entry("P1", "person", title="丙三", unit="丙院", fields={"gender": "女", "mobile": "13800000000"})
    paper = an_entry("L1", fields={"authors": [{"name": "丁四"}], "corresponding_author": "戊五、己六", "journal": "示例学报"})
    assert set(people_named(PROCESS, team)) == {("甲一", ""), ("乙二", "乙院")}
    assert set(people_named(PROCESS, person)) == {("丙三", "丙院")}
    assert set(people_named(PROCESS, paper)) == {("丁四", ""), ("戊五", ""), ("己六", "")}


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ({"person": "王 谷雨"}, True),
        ({"person": "王谷雨", "unit": "附属医院"}, True),
        ({"person": "王谷雨", "unit": "渭北大学"}, False),
        ({"person": "赵明"}, False),
        ({"unit": "附属医院"}, True),
        ({"unit": "渭北大学"}, False),
        ({"entry": "id-L1"}, True),
        ({"entry": "id-L2"}, False),
    ],
)
def test_a_list_tells_of_persons_units_and_entries(line: dict[str, str], holds: bool) -> None:
    entry = an_entry("L1", unit="示例大学", fields={"authors": [{"name": "王谷雨", "unit": "示例大学"}]})
    assert bound("relative", entry, a_line(**line)) is holds


@pytest.mark.parametrize(
    ("year", "within", "holds"), [(2023, 3, True), (2022, 3, False), (None, 3, True), (2026, 0, True), (2025, 0, False)]
)
def test_a_joint_paper_counts_for_so_many_years(year: int | None, within: int, holds: bool) -> None:
    line = a_line("recent_coauthor", entry="id-L1", year=year)
    assert bound("recent_coauthor", an_entry("L1"), line, within=within) is holds


def test_the_year_of_another_relation_is_only_for_the_record() -> None:
    assert bound("supervisor", an_entry("L1"), a_line("supervisor", entry="id-L1", year=1990), within=3)


def test_only_relations_that_are_asked_about_are_looked_for() -> None:
    asked = Question(PROCESS, [an_entry("L1")], [a_reviewer("1")], [], BRANCH, [a_line(entry="id-L1")], 2026)
    assert find(asked, {"supervisor", "declared"}).by == {"supervisor": {}}


def test_a_granted_request_keeps_its_person_from_the_entries_of_its_unit_only() -> None:
    entries = [an_entry("L1"), an_entry("L2", nominator="n2")]
    pool = [a_reviewer("1", name="张渭", unit="附属医院"), a_reviewer("2", name="张渭", unit="别处")]
    asked = Question(PROCESS, entries, pool, [], BRANCH)
    request = Avoidance("1", "sample-2026", "n1", "张 渭", "示例大学", "有争议", "granted", NOW, "", "", None)
    assert avoided(asked, [request]) == {"id-L1": frozenset({"r-1"})}
    for state in ("asked", "refused"):
        assert avoided(asked, [Avoidance("1", "sample-2026", "n1", "张渭", "示例大学", "有争议", state, NOW, "", "", None)]) == {}


@pytest.mark.parametrize(
    ("verdict", "soft", "asks"),
    [
        ("allow", ("office",), False),
        ("allow", ("office", "project"), True),
        ("bar", ("office", "project"), False),
        (None, ("office",), True),
        (None, (), False),
    ],
)
def test_a_decision_covers_what_was_known_then(verdict: Any, soft: tuple[str, ...], asks: bool) -> None:
    decision = ConflictDecision("sample-2026", "id-L1", "r-1", verdict, ("office",), "已核实", "a@example.org", NOW) if verdict else None
    assert undecided(soft, decision) is asks
