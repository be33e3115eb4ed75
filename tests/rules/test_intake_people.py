"""Lists of nominators, reviewers and the committee."""

from __future__ import annotations

from typing import Any

import pytest

from config import catalogue
from models.errors import InputError
from models.intake import NewMember, NewNominator, NewReviewer, Row, Table
from models.process import Process
from rules import intake

PROCESSES = catalogue.load_processes()
PAPERS, VOLUNTEERS, INNOVATION = (PROCESSES[name] for name in ("papers", "volunteers", "innovation"))


def a_table(*lines: dict[str, str]) -> Table:
    headers = tuple(lines[0])
    rows = tuple(Row(number, tuple(line.get(header, "") for header in headers)) for number, line in enumerate(lines, start=3))
    return Table("a.xlsx", "表", 2, headers, rows)


def people_faults(read: Any, process: Process, *lines: dict[str, str]) -> list[tuple[int | None, str, str]]:
    with pytest.raises(InputError) as caught:
        read(a_table(*lines), process)
    return [(fault.row, fault.column, fault.what) for fault in caught.value.faults]


NOMINATOR = {"编号": "N01", "单位名称": "云川 大学(示范)", "推荐渠道": "高等学校", "邮箱": "n@example.org", "联系人": "张\u3000三"}
REVIEWER = {
    "专家编号": "R1",
    "姓名": "李\u3000四",
    "单位": "云川大学",
    "学科": "110，12010 信息；110",
    "邮箱": "r@example.org",
    "评审上限": "12",
}
MEMBER = {"编号": "C1", "姓名": "王五", "工作单位": "云川大学", "邮箱": "c@example.org", "角色": "委员", "部门": "", "主任": "是"}


def test_nominators_are_read_with_their_type() -> None:
    assert intake.read_nominators(a_table(NOMINATOR), PAPERS) == (
        NewNominator("N01", "云川大学（示范）", "university", "n@example.org", "张三"),
    )


def test_faults_of_nominators_are_told_at_once() -> None:
    again = {**NOMINATOR, "推荐渠道": "大学"}
    assert people_faults(intake.read_nominators, PAPERS, NOMINATOR, again, {**NOMINATOR, "编号": "", "邮箱": "x"}) == [
        (4, "C", "'大学' is no type of nominator"),
        (4, "A", "the code N01 stands in row 3 already"),
        (4, "D", "the address n@example.org stands in row 3 already"),
        (5, "A", "Code (推荐单位编号) is empty"),
        (5, "D", "'x' is not an e-mail address"),
    ]


def test_reviewers_are_read_with_their_disciplines() -> None:
    assert intake.read_reviewers(a_table(REVIEWER), PAPERS) == (
        NewReviewer("R1", "李四", "云川大学", "r@example.org", "", ("110", "12010"), 12),
    )


@pytest.mark.parametrize("header", ["关键词", "keywords", "Keywords"])
def test_reviewers_bring_keywords_of_their_own(header: str) -> None:
    (found,) = intake.read_reviewers(a_table({**REVIEWER, header: "微震监测；岩爆、AI, ai"}), PAPERS)
    assert found.keywords == ("微震监测", "岩爆", "AI")


def test_faults_of_reviewers_are_told_at_once() -> None:
    wrong = {"专家编号": "R2", "姓名": "", "单位": "云川大学", "学科": "", "邮箱": "r@example.org", "评审上限": "1.5"}
    assert people_faults(
        intake.read_reviewers, PAPERS, REVIEWER, wrong, {**REVIEWER, "专家编号": "R3", "学科": "水利", "邮箱": "q@example.org"}
    ) == [
        (4, "B", "Name (姓名) is empty"),
        (4, "D", "Disciplines (学科代码) is empty"),
        (4, "F", "'1.5' is not a whole number"),
        (4, "E", "the address r@example.org stands in row 3 already"),
        (5, "D", "'水利' is not a discipline code"),
    ]


@pytest.mark.parametrize("code", ["2026/001", "甲\\乙", ".", "..", "２０２６／００１"])
def test_a_code_that_no_address_of_a_page_can_hold_is_refused(code: str) -> None:
    for read, line, column in ((intake.read_reviewers, REVIEWER, "专家编号"), (intake.read_nominators, NOMINATOR, "编号")):
        ((row, letter, what),) = people_faults(read, PAPERS, {**line, column: code})
        assert (row, letter, what.endswith("cannot stand in the address of a page")) == (3, "A", True)
    assert intake.read_reviewers(a_table({**REVIEWER, "专家编号": "R~1 a?b#c.d"}), PAPERS)[0].code == "R~1 a?b#c.d"


def test_a_load_is_no_larger_than_databases_keep() -> None:
    ((_, letter, what),) = people_faults(intake.read_reviewers, PAPERS, {**REVIEWER, "评审上限": "3000000000"})
    assert (letter, what) == ("F", "3000000000 is more than 1000000")


@pytest.mark.parametrize("header", ["最少评审数", "Fewest entries", "min_load"])
def test_a_reviewer_may_have_a_least_number_of_entries(header: str) -> None:
    lines = [{**REVIEWER, header: least} for least in ("12", "0", "")]
    assert [intake.read_reviewers(a_table(one), PAPERS)[0].min_load for one in lines] == [12, 0, None]


@pytest.mark.parametrize(
    ("least", "most", "said"),
    [
        ("13", "12", "13 entries at least cannot be had: the person takes 12 at most"),
        ("31", "", "31 entries at least cannot be had: max_load of the review is 30"),
        ("31", "99", "31 entries at least cannot be had: max_load of the review is 30"),
        ("-1", "12", "-1 is less than 0"),
        ("1.5", "12", "'1.5' is not a whole number"),
    ],
)
def test_a_least_number_that_cannot_be_had_is_refused_at_its_cell(least: str, most: str, said: str) -> None:
    line = {**REVIEWER, "评审上限": most, "最少评审数": least}
    assert people_faults(intake.read_reviewers, PAPERS, line) == [(3, "G", said)]


def test_disciplines_may_be_missing_where_scoring_matches_by_nothing() -> None:
    line = {key: value for key, value in REVIEWER.items() if key != "学科"}
    assert intake.read_reviewers(a_table(line), VOLUNTEERS)[0].disciplines == ()
    assert people_faults(intake.read_reviewers, PAPERS, line) == [
        (2, "", f"there is no column Disciplines (学科代码); found: {', '.join(line)}")
    ]


def test_committee_and_signatories_are_read_from_one_list() -> None:
    sign = {**MEMBER, "编号": "S1", "角色": "会签", "部门": "公安机关", "主任": "", "姓名": "赵六"}
    assert intake.read_committee(a_table(MEMBER, sign), INNOVATION) == (
        NewMember("C1", "王五", "云川大学", "c@example.org", chair=True),
        NewMember("S1", "赵六", "云川大学", "c@example.org", "party", "police"),
    )


def test_without_a_role_whoever_has_a_body_signs_for_it() -> None:
    lines = [
        {key: value for key, value in {**MEMBER, "部门": party, "编号": party}.items() if key not in ("角色", "主任")}
        for party in ("credit", "C")
    ]
    lines[1]["部门"] = ""
    assert [(one.role, one.party) for one in intake.read_committee(a_table(*lines), INNOVATION)] == [("party", "credit"), ("committee", "")]


def test_faults_of_the_committee_are_told_at_once() -> None:
    found = people_faults(
        intake.read_committee,
        INNOVATION,
        MEMBER,
        {**MEMBER, "编号": "C2", "邮箱": "d@example.org"},
        {**MEMBER, "编号": "S1", "角色": "会签", "主任": "", "邮箱": "e@example.org"},
        {**MEMBER, "编号": "S2", "角色": "会签", "部门": "气象局", "主任": "也许", "邮箱": "f@example.org"},
        {**MEMBER, "编号": "S3", "角色": "列席", "主任": "", "邮箱": "c@example.org"},
    )
    assert found == [
        (4, "G", "row 3 names the chair already"),
        (5, "F", "nobody knows for which body the person signs"),
        (6, "F", "'气象局' is no body that signs"),
        (6, "G", "'也许' is neither yes nor no"),
        (7, "E", "'列席' is no role"),
        (7, "D", "the address c@example.org (committee) stands in row 3 already"),
    ]
