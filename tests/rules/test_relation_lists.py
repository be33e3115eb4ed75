"""Lists of relations as offices keep them: who, to whom, how, since when; every fault with its place and its remedy."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models.errors import InputError
from models.intake import Row, Table
from rules.relation_lists import RelationList, read_relations
from tests.rules.samples import a_reviewer, an_entry

HEAD = ("专家", "专家单位", "对方姓名", "对方单位", "申报项编号", "关系", "年份", "备注")
POOL = (a_reviewer("R1", name="张渭"), a_reviewer("R2", name="李泾"), a_reviewer("R3", name="李 泾", unit="渭北大学"))
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def read(*rows: dict[str, str]) -> RelationList:
    cells = (tuple(row.get(head, "") for head in HEAD) for row in rows)
    table = Table("关系.xlsx", "关系", 1, HEAD, tuple(Row(number, one) for number, one in enumerate(cells, start=2)))
    return read_relations(table, edition="sample-2026", reviewers=POOL, entries=[an_entry("L1")], now=NOW)


def told(*rows: dict[str, str]) -> list[tuple[str, str, str, str, str, int | None]]:
    return [(one.reviewer, one.relation, one.person, one.unit, one.entry, one.year) for one in read(*rows).told]


def fault(row: dict[str, str]) -> str:
    with pytest.raises(InputError) as caught:
        read(row)
    (one,) = caught.value.faults
    return str(one)


@pytest.mark.parametrize(
    "who", [{"专家": "R1"}, {"专家": "reviewer-r1@example.org"}, {"专家": "张 渭"}, {"专家": "张渭", "专家单位": "单位R1"}]
)
def test_a_reviewer_goes_by_code_address_or_name(who: dict[str, str]) -> None:
    row = who | {"对方姓名": "王 谷雨", "对方单位": "示例大学", "关系": "师生", "年份": "2019"}
    assert told(row) == [("r-R1", "supervisor", "王谷雨", "示例大学", "", 2019)]


def test_a_relation_may_be_to_a_person_a_whole_unit_or_an_entry() -> None:
    rows = ({"对方姓名": "王谷雨"}, {"对方单位": "示例大学"}, {"申报项编号": "l1"})
    assert told(*({"专家": "R1", "关系": "亲属"} | row for row in rows)) == [
        ("r-R1", "relative", "王谷雨", "", "", None),
        ("r-R1", "relative", "", "示例大学", "", None),
        ("r-R1", "relative", "", "", "id-L1", None),
    ]


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("导师", "supervisor"), ("夫妻", "relative"), ("兼职单位", "same_unit"), ("纠纷", "dispute"), ("合著", "recent_coauthor"),
        ("合作", "project"), ("学会任职", "office"), ("Joint Paper", "recent_coauthor"), ("relative", "relative"),
    ],
)  # fmt: skip
def test_relations_are_read_as_people_call_them(text: str, relation: str) -> None:
    assert [one[1] for one in told({"专家": "R1", "对方姓名": "王谷雨", "关系": text})] == [relation]


def test_of_several_joint_papers_the_latest_counts() -> None:
    rows = [{"专家": "R1", "对方姓名": "王谷雨", "关系": "合著", "年份": year} for year in ("2019", "2023年5月", "2021")]
    assert [one[5] for one in told(*rows)] == [2023]


def test_the_same_list_again_tells_the_same_and_none_takes_it_back() -> None:
    row = {"专家": "R1", "对方姓名": "王谷雨", "关系": "亲属"}
    first, again = read(row), read({**row, "专家": "张渭", "对方姓名": "王 谷雨"})
    assert [one.id for one in first.told] == [one.id for one in again.told]
    back = read({**row, "关系": "无"})
    assert (back.told, first.told[0].id in back.taken_back) == ((), True)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            {"专家": "李泾", "对方姓名": "王", "关系": "亲属"},
            "2:A reviewer: several reviewers are called 李泾: R2 (单位R2), R3 (渭北大学) -> write the code",
        ),
        (
            {"专家": "赵明", "对方姓名": "王", "关系": "亲属"},
            "2:A reviewer: no reviewer 赵明 -> import the reviewers first, or correct the cell",
        ),
        (
            {"专家": "张渭", "专家单位": "别处", "对方姓名": "王", "关系": "亲属"},
            "2:A reviewer: no reviewer 张渭 of 别处 -> did you mean 张渭?",
        ),
        ({"专家": "R1", "关系": "亲属"}, "2:C person: nobody knows to whom -> fill in a person, a whole unit, or the code of an entry"),
        (
            {"专家": "R1", "对方姓名": "王", "申报项编号": "L1", "关系": "亲属"},
            "2:E entry: an entry and a person or unit in one row -> write two rows, or clear one of them",
        ),
        (
            {"专家": "R1", "申报项编号": "L9", "关系": "亲属"},
            "2:E entry: no entry 'L9' -> write the code of an entry of this edition, or a person or unit in its place",
        ),
        (
            {"专家": "R1", "对方姓名": "王", "关系": "亲属", "年份": "去年"},
            "2:G year: '去年' is not a year -> write four digits, e.g. 2024",
        ),
        (
            {"专家": "R1", "对方姓名": "王", "关系": "同乡"},
            "2:F relation: '同乡' is no relation -> write one of 师生、亲属、同单位、争议、合著、合作、学会任职, "
            "or 无 to take back what an earlier list said",
        ),
        ({"专家": "R1", "对方姓名": "王"}, "2:F relation: Relation (关系) is empty -> fill in the cell"),
    ],
)
def test_what_cannot_be_read_is_told_with_place_and_remedy(row: dict[str, str], said: str) -> None:
    assert fault(row) == f"关系.xlsx:关系:{said}"


def test_a_reviewer_of_a_name_that_two_bear_is_found_by_the_unit() -> None:
    assert [one[0] for one in told({"专家": "李泾", "专家单位": "渭北大学", "对方姓名": "王", "关系": "亲属"})] == ["r-R3"]
