"""Lists as they are sent: what is cleaned in silence, what is refused, and where the fault is said to be."""

from __future__ import annotations

import pytest

from config import catalogue
from models.errors import Fault, InputError
from models.intake import NewEntry, Row, Table
from models.process import Process
from rules import digests, intake
from rules.tabular import column_letter

PROCESSES = catalogue.load_processes()
PAPERS, VOLUNTEERS, ARTWORKS = (PROCESSES[name] for name in ("papers", "volunteers", "artworks"))
NOMINATORS = {"N01": "university", "N02": "enterprise"}
PAPER = {
    "序号": "1", "论文题目": "渭河流域氮素迁移的同位素示踪", "第一作者单位": "云川大学", "电子邮箱": "a@example.org", "推荐单位编号": "N01",
    "推荐排序": "1", "学科代码": "57010", "作者": "张三（云川大学）、李四", "发表期刊": "示例学报", "发表日期": "2024-05-03",
    "DOI": "10.1/x", "摘要": "摘要", "申报等级": "一等奖", "体裁": "研究论文", "他引次数": "12", "主要创新点": "新",
    "申报承诺": "√",
}  # fmt: skip
PLEDGE = digests.words_digest(next(field.text for field in PAPERS.class_named("paper").fields if field.text))
PAPER_DOI = {"doi": "10.1/x"}
COLUMN = {header: column_letter(index) for index, header in enumerate(PAPER)}
PERSON = {
    "类别": "十佳科技志愿者", "姓名": "张三", "工作单位": "云川大学", "电子邮箱": "a@example.org", "推荐单位编号": "N01", "性别": "男",
    "出生年月": "1980.05", "志愿者编号": "SL1", "服务次数": "12", "服务时长（小时）": "30", "主要事迹": "事迹",
}  # fmt: skip


def a_table(*lines: dict[str, str]) -> Table:
    headers = tuple(lines[0])
    rows = tuple(Row(number, tuple(line.get(header, "") for header in headers)) for number, line in enumerate(lines, start=3))
    return Table("a.xlsx", "表", 2, headers, rows)


def a_paper(number: int = 1, **changes: str) -> dict[str, str]:
    """A row that differs from the others in title and DOI."""
    return {**PAPER, "论文题目": f"论文{number}", "DOI": f"10.1/{number}", **changes}


def faults(*lines: dict[str, str], process: Process = PAPERS, known: dict[str, str] | None = None) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        intake.read_entries(a_table(*lines), process, NOMINATORS, known)
    return caught.value.faults


def a_fault(row: int, header: str, field: str, what: str, remedy: str) -> Fault:
    return Fault(what, remedy, "a.xlsx", "表", row, COLUMN[header], field)


# Entries: what is taken


def test_a_row_becomes_an_entry_with_cleaned_values() -> None:
    (entry,) = intake.read_entries(a_table(PAPER), PAPERS, NOMINATORS)
    assert entry == NewEntry(
        key=intake.entry_keys("paper", "", "", {"doi": "10.1/x"})[0],
        class_name="paper",
        title="渭河流域氮素迁移的同位素示踪",
        unit="云川大学",
        email="a@example.org",
        nominator="N01",
        rank=1,
        fields={
            "discipline": "57010",
            "authors": [{"name": "张三", "unit": "云川大学"}, {"name": "李四", "unit": ""}],
            "journal": "示例学报",
            "published_on": "2024-05-03",
            "doi": "10.1/x",
            "abstract": "摘要",
            "tier_applied": "一等奖",
            "genre": "研究论文",
            "citations": "12",
            "innovation": "新",
            "pledge": PLEDGE,
        },
    )


def test_harmless_dirt_is_cleaned_in_silence() -> None:
    dirty = {
        **PAPER, "第一作者单位": "云川\u3000大学", "电子邮箱": " Ａ@example.org", "推荐单位编号": "'Ｎ01", "推荐排序": "１",
        "学科代码": "570.10 水利",
        "作者": "张\u3000三(云川大学),李\xa0四", "发表日期": "２０２４．５．３", "申报等级": " 一 等奖", "他引次数": "１２",
        "摘要": "\u200b摘要\ufeff",
    }  # fmt: skip
    (clean,) = intake.read_entries(a_table(PAPER), PAPERS, NOMINATORS)
    (found,) = intake.read_entries(a_table(dirty), PAPERS, NOMINATORS)
    assert found.fields == clean.fields
    assert (found.key, found.unit, found.nominator, found.rank, found.email) == (clean.key, "云川大学", "N01", 1, "A@example.org")


def test_headers_are_known_by_title_name_english_and_further_headings() -> None:
    renamed = {
        "论文题目": "*论文 题目（必填）",
        "第一作者单位": "unit",
        "电子邮箱": "E-mail",
        "发表日期": "发表\n时间",
        "DOI": "doi号",
        "作者": "Authors",
    }
    line = {renamed.get(header, header): value for header, value in PAPER.items()}
    assert intake.read_entries(a_table(line), PAPERS, NOMINATORS) == intake.read_entries(a_table(PAPER), PAPERS, NOMINATORS)
    assert intake.unread_headers(a_table({**line, "备注": ""}), PAPERS) == ("序号", "备注")


def test_classes_go_by_chinese_title_english_title_or_name() -> None:
    lines = [{**PERSON, "类别": text, "姓名": f"张{n}"} for n, text in enumerate(["十佳科技志愿者", "person", "Volunteer of the Year"])]
    nominators = {"N01": "municipal", "N02": "municipal"}
    lines[2]["推荐单位编号"] = "N02"
    assert [one.class_name for one in intake.read_entries(a_table(*lines), VOLUNTEERS, nominators)] == ["person"] * 3


def test_one_file_may_hold_several_classes_under_their_own_headers() -> None:
    both = {**PERSON, "队伍名称": "", "依托单位": "", "负责人": "", "注册人数": "", "活动场次": "", "服务总时长": "", "人均时长": ""}
    team = {
        **dict.fromkeys(both, ""), "类别": "team", "队伍名称": "云川服务队", "依托单位": "云川大学", "电子邮箱": "t@example.org",
        "推荐单位编号": "N01",
        "负责人": "李\u3000四", "注册人数": "20", "活动场次": "50", "服务总时长": "100", "人均时长": "5", "主要事迹": "事迹",
    }  # fmt: skip
    found = intake.read_entries(a_table(both, team), VOLUNTEERS, NOMINATORS)
    assert [(one.class_name, one.title) for one in found] == [("person", "张三"), ("team", "云川服务队")]
    assert found[1].fields == {
        "leader": "李四", "size": "20", "activities": "50", "hours": "100", "hours_per_head": "5", "story": "事迹",
    }  # fmt: skip


# Entries: what is refused


def test_all_faults_of_all_rows_are_told_at_once_in_the_order_of_rows() -> None:
    found = faults(
        a_paper(1, 发表日期="昨天", 他引次数="十二"),
        a_paper(2),
        a_paper(3, 电子邮箱="nobody", 申报等级="特等奖", 学科代码="水利"),
        a_paper(4, 摘要="长" * 501, 主要创新点="", 推荐排序="0", 第一作者单位="a\0"),
    )
    assert found == (
        a_fault(3, "发表日期", "published_on", "'昨天' is not a date", "write 2020-05-03, or 2020-05 for a month"),
        a_fault(3, "他引次数", "citations", "'十二' is not a number", "write digits only, without a unit"),
        a_fault(5, "电子邮箱", "email", "'nobody' is not an e-mail address", "write one address such as name@example.org"),
        a_fault(5, "学科代码", "discipline", "'水利' is not a discipline code", "write the code of 3, 5 or 7 digits, e.g. 570 or 57010"),
        a_fault(5, "申报等级", "tier_applied", "'特等奖' is not a choice", "write one of 一等奖、二等奖、三等奖"),
        a_fault(6, "推荐排序", "rank", "0 is less than 1", "write at least 1"),
        a_fault(6, "第一作者单位", "unit", "a control character (U+0000) at character 2", "type the text again"),
        a_fault(6, "摘要", "abstract", "501 characters; at most 500 are allowed", "shorten the text"),
        a_fault(6, "主要创新点", "innovation", "Main innovations (主要创新点) is empty", "fill in the cell"),
    )


def test_a_missing_required_column_is_told_once_with_what_was_found() -> None:
    lines = [{key: value for key, value in a_paper(n).items() if key not in ("学科代码", "DOI")} for n in (1, 2)]
    found = ", ".join(lines[0])
    assert faults(*lines) == (
        Fault(
            f"there is no column Discipline code (学科代码); found: {found}",
            "add a column with the header 学科代码 or Discipline code",
            "a.xlsx",
            "表",
            2,
            field="discipline",
        ),
    )


def test_an_unknown_nominator_is_told_with_the_nearest_code() -> None:
    assert faults(a_paper(1, 推荐单位编号="N011"), a_paper(2, 推荐单位编号="云川大学")) == (
        a_fault(3, "推荐单位编号", "nominator", "there is no nominator with the code 'N011'", "did you mean N01?"),
        a_fault(
            4,
            "推荐单位编号",
            "nominator",
            "there is no nominator with the code '云川大学'",
            "import the nominators first, or correct the code",
        ),
    )


def test_an_unknown_or_missing_class_is_told_with_the_classes() -> None:
    remedy = "write one of 十佳科技志愿者、十佳科技志愿服务队、科技志愿服务先进集体"
    lines = [{**PERSON, "类别": "十佳"}, {**PERSON, "类别": ""}]
    assert faults(*lines, process=VOLUNTEERS) == (
        Fault("'十佳' is no class", remedy, "a.xlsx", "表", 3, "A", "class"),
        Fault("the class is empty", remedy, "a.xlsx", "表", 4, "A", "class"),
    )
    without = {key: value for key, value in PERSON.items() if key != "类别"}
    (fault,) = faults(without, process=VOLUNTEERS)
    assert (fault.what.split(";")[0], fault.row, fault.field) == ("there is no column Class (类别)", 2, "class")


def test_a_paper_counts_twice_by_doi_and_by_title() -> None:
    remedy = "a subject is put forward once; delete one of the rows"
    found = faults(
        a_paper(1),
        a_paper(2, DOI="https://doi.org/10.1/1"),
        a_paper(3, 论文题目="《论 文１》", DOI=""),
    )
    assert found == (
        a_fault(4, "论文题目", "title", "row 3 has the same DOI or title as row 4: 论文2", remedy),
        a_fault(5, "论文题目", "title", "row 3 has the same DOI or title as row 5: 《论 文１》", remedy),
    )


def test_persons_are_the_same_by_name_unit_and_month_of_birth() -> None:
    namesake = {**PERSON, "出生年月": "198106", "类别": "person"}
    nominators = {"N01": "municipal"}
    assert len(intake.read_entries(a_table(PERSON, namesake), VOLUNTEERS, nominators)) == 2
    with pytest.raises(InputError) as caught:
        intake.read_entries(a_table(PERSON, {**PERSON, "姓名": "张\u3000三", "出生年月": "1980年5月"}), VOLUNTEERS, nominators)
    assert [fault.what for fault in caught.value.faults] == ["row 3 has the same name, unit and month of birth as row 4: 张三"]


def test_works_are_the_same_by_title_and_unit_in_whatever_class() -> None:
    line = {
        "类别": "书画", "作品名称": "一米距离", "作者单位": "云川大学", "电子邮箱": "a@example.org", "推荐单位编号": "N01", "作者": "张三",
        "创作说明": "说明", "展示授权": "同意", "组别": "成人", "原创承诺": "已承诺", "展示授权书": "是",
    }  # fmt: skip
    (fault,) = faults(line, {**line, "类别": "摄影"}, process=ARTWORKS)
    assert (fault.what, fault.row, fault.column) == ("row 3 has the same title and unit as row 4: 一米距离", 4, "B")
    assert len(intake.read_entries(a_table(line, {**line, "作者单位": "石河大学"}), ARTWORKS, NOMINATORS)) == 2


def test_a_unit_over_its_quota_is_told_the_quota_and_the_surplus_rows() -> None:
    lines = [{**PERSON, "姓名": f"张{n}"} for n in range(3)]
    assert faults(*lines, process=VOLUNTEERS) == (
        Fault(
            "N01 (高校科协) puts forward 3 of 十佳科技志愿者; its quota is 1; surplus rows: 4, 5",
            "delete 2 of its rows",
            "a.xlsx",
            "表",
            4,
            "E",
            "nominator",
        ),
    )


def test_a_unit_may_not_put_forward_a_class_that_its_type_leaves_out() -> None:
    line = {
        "类别": "organisation", "单位名称": "云川科技馆", "主管单位": "云川市", "电子邮箱": "a@example.org", "推荐单位编号": "N02",
        "所辖服务队数": "2",
        "注册志愿者人数": "30", "活动场次": "5", "工作机制": "机制", "主要事迹": "事迹",
    }  # fmt: skip
    (fault,) = faults(line, process=VOLUNTEERS)
    assert fault.what == "N02 (企事业单位科协) puts forward 1 of 科技志愿服务先进集体; its quota is 0; surplus rows: 3"
    assert fault.remedy == "this type of unit puts forward no entries of the class"


def test_what_is_stored_keeps_its_key_even_when_the_doi_comes_later() -> None:
    (first,) = intake.read_entries(a_table({**PAPER, "DOI": ""}), PAPERS, NOMINATORS)
    (again,) = intake.read_entries(a_table(PAPER), PAPERS, NOMINATORS, {first.key: first.title})
    assert again.key == first.key
    (retitled,) = intake.read_entries(
        a_table({**PAPER, "论文题目": "新题目"}), PAPERS, NOMINATORS, {intake.entry_keys("paper", "", "", PAPER_DOI)[0]: "旧题目"}
    )
    (plain,) = intake.read_entries(a_table(PAPER), PAPERS, NOMINATORS)
    assert retitled.key == plain.key


@pytest.mark.slow
def test_the_largest_list_is_answered_whole() -> None:
    lines = [a_paper(number, 推荐单位编号=f"X{number}") for number in range(20_000)]
    assert len(faults(*lines)) == 20_000


def test_a_fact_or_a_grant_changes_how_many_rows_a_unit_may_have() -> None:
    lines = [
        {**PAPER, "论文题目": f"{PAPER['论文题目']}{number}", "DOI": ""} for number in range(PAPERS.nominators["society"].max["paper"] + 1)
    ]
    assert len(intake.read_entries(a_table(*lines), PAPERS, NOMINATORS, None, {(lines[0]["推荐单位编号"], "paper"): len(lines)})) == len(
        lines
    )
    with pytest.raises(InputError, match="its quota is 1; surplus rows: "):
        intake.read_entries(a_table(*lines), PAPERS, NOMINATORS, None, {(lines[0]["推荐单位编号"], "paper"): 1})
