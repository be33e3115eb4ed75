"""Tables of units and lists of relations: all of a file or nothing, on the command line as all other lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import InputError
from models.relations import ToldRelation, UnitName
from tasks import importing
from tasks.installation import Installation
from tests.tasks.test_conflicts import a_world
from tests.tasks.test_importing import a_csv, a_sheet

UNITS = ["单位", "别名", "上级"]
RELATIONS = ["专家编号", "对方姓名", "对方单位", "申报项编号", "关系", "年份", "备注"]


def names(installed: Installation) -> list[tuple[str, str]]:
    with installed.database.read() as store:
        return [(one.name, one.head) for one in store.unit_names("sample-2026")]


def told(installed: Installation) -> list[ToldRelation]:
    with installed.database.read() as store:
        return list(store.told_relations("sample-2026"))


def test_a_table_of_units_takes_the_place_of_an_earlier_one(installed: Installation, tmp_path: Path) -> None:
    edition = a_world(installed)
    first = a_csv(tmp_path, UNITS, ["示例大学", "示大", ""], ["附属医院", "", "示例大学"], name="单位.csv")
    assert importing.take(edition.id, "units", first, actor="cli") == "单位.csv: 3 names of 1 units"
    assert names(installed) == [("示例大学", "示例大学"), ("示大", "示例大学"), ("附属医院", "示例大学")]
    second = a_sheet(tmp_path, UNITS, ["渭北大学", "渭大", ""], name="单位.xlsx")
    assert importing.take(edition.id, "units", second, actor="cli", dry_run=True) == (
        "单位.xlsx: 2 names of 1 units, in place of 3 names (dry run, nothing was kept)"
    )
    assert len(names(installed)) == 3
    importing.take(edition.id, "units", second, actor="cli")
    with installed.database.read() as store:
        assert store.unit_names(edition.id) == (UnitName("渭北大学", "渭北大学", "渭北大学"), UnitName("渭大", "渭北大学", "渭北大学"))
        assert [dict(one.payload) for one in store.events(edition.id, "UnitsImported")] == [
            {"file": "单位.csv", "names": 3, "units": 1, "before": 0},
            {"file": "单位.xlsx", "names": 2, "units": 1, "before": 3},
        ]


def test_lists_of_relations_stand_beside_each_other_and_say_who_sits_already(installed: Installation, tmp_path: Path) -> None:
    edition = a_world(installed, conflicts=["relative"], soft_conflicts=["project"])
    first = a_csv(tmp_path, RELATIONS, ["R01", "", "", "A01", "亲属", "", "来函"], name="一.csv")
    assert importing.take(edition.id, "relations", first, actor="cli") == (
        "一.csv: 1 relations; 1 entries are in the hands of reviewers who should not have them, see the page of conflicts"
    )
    second = a_csv(tmp_path, RELATIONS, ["R02", "甲一", "", "", "合作", "2024", ""], name="二.csv")
    assert importing.take(edition.id, "relations", second, actor="cli").startswith("二.csv: 1 relations; 1 entries are in the hands")
    assert {(one.reviewer[-3:], one.relation, one.entry[-3:], one.person, one.year, one.note, one.file) for one in told(installed)} == {
        ("R01", "relative", "A01", "", None, "来函", "一.csv"),
        ("R02", "project", "", "甲一", 2024, "", "二.csv"),
    }
    before = told(installed)
    importing.take(edition.id, "relations", second, actor="cli")
    assert told(installed) == before
    back = a_csv(tmp_path, RELATIONS, ["R01", "", "", "A01", "无", "", ""], name="三.csv")
    assert importing.take(edition.id, "relations", back, actor="cli") == "三.csv: 0 relations, 1 taken back"
    assert [one.reviewer[-3:] for one in told(installed)] == ["R02"]


def test_a_list_with_a_fault_is_refused_whole(installed: Installation, tmp_path: Path) -> None:
    edition = a_world(installed)
    bad = a_sheet(
        tmp_path, RELATIONS, ["R01", "王谷雨", "", "", "亲属", "", ""], ["R9", "王谷雨", "", "", "同乡", "", ""], name="关系.xlsx"
    )
    with pytest.raises(InputError) as refused:
        importing.take(edition.id, "relations", bad, actor="cli")
    assert [(one.sheet, one.row, one.column, one.field) for one in refused.value.faults] == [
        ("申报表", 3, "A", "reviewer"),
        ("申报表", 3, "E", "relation"),
    ]
    circle = a_csv(tmp_path, UNITS, ["甲", "", "乙"], ["乙", "", "甲"], name="单位.csv")
    with pytest.raises(InputError, match="a circle: 乙 below 甲 below 乙"):
        importing.take(edition.id, "units", circle, actor="cli")
    assert (told(installed), names(installed)) == ([], [])


def test_a_reviewers_new_unit_that_makes_a_conflict_is_told_at_the_import(installed: Installation, tmp_path: Path) -> None:
    edition = a_world(installed, conflicts=["same_unit"])
    head = ["编号", "姓名", "单位", "邮箱"]
    moved = a_csv(tmp_path, head, ["R01", "专家R01", "甲方大学", "r01@example.org"], name="专家.csv")
    assert importing.take(edition.id, "reviewers", moved, actor="cli") == (
        "专家.csv: 1 reviewers; 2 entries are in the hands of reviewers who should not have them, see the page of conflicts"
    )
