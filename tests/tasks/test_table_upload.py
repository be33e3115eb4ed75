"""A unit's table becomes entries: what is new, updated, unchanged or wrong; the same again never doubles; nothing is kept unseen."""

from __future__ import annotations

import io
import shutil
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from models.edition import Edition, Entry
from models.errors import InputError, NotAllowed, NotFound, Stale, TooLate
from models.intake import NewEntry
from models.process import FormField
from rules import intake
from rules.columns import assign_columns
from tasks import handing_in, kept_tables, marked_workbooks, spreadsheets, sweeping, table_checking, table_keeping, table_upload
from tasks.installation import Installation
from tasks.spreadsheets import Sheet
from tasks.table_checking import Seen
from tests import builders
from tests.builders import Clock

WORKBOOKS = Path(__file__).parents[1] / "data" / "workbooks"
DURING = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)
HEADS = ("论文题目", "第一作者单位", "电子邮箱", "推荐排序", "学科代码", "作者", "发表期刊", "发表日期", "摘要")
LINE = ("论文甲", "甲大学", "jia@example.org", "", "440", "甲一（甲大学）", "示例学报", "2024-05-01", "摘要。")


class Desk:
    """One unit at its table."""

    def __init__(self, installed: Installation, edition: Edition, unit: str = "N01") -> None:
        self.database, self.edition, self.unit = installed.database, edition, f"{edition.id}/n/{unit}"

    def send(self, *lines: tuple[str, ...], heads: tuple[str, ...] = HEADS, name: str = "表.csv", class_name: str = "paper") -> str:
        rows = [heads, *lines]
        content = "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows).encode()
        return table_upload.begin(self.edition.id, self.unit, class_name, name, io.BytesIO(content))

    def send_file(self, path: Path) -> str:
        with path.open("rb") as file:
            return table_upload.begin(self.edition.id, self.unit, "paper", path.name, file)

    def look(self, table: str) -> Seen:
        with self.database.read() as store:
            return table_checking.look(store, kept_tables.find(table, self.unit))

    def keep(self, *lines: tuple[str, ...], **more: Any) -> dict[str, int]:
        """Send a table and keep its good rows."""
        table = self.send(*lines, **more)
        seen = self.look(table)
        counts = {"new": seen.count("new"), "update": seen.count("update"), "unchanged": seen.count("unchanged"), "faulty": seen.faulty}
        done = table_upload.confirm(table, self.unit, seen.digest)
        assert done.result == (counts if seen.taken else None)
        return counts

    def entries(self) -> list[Entry]:
        with self.database.read() as store:
            return [one for one in store.entries(self.edition.id) if one.nominator == self.unit]


def a_line(**changes: str) -> tuple[str, ...]:
    return tuple(changes.get(head, cell) for head, cell in zip(HEADS, LINE, strict=True))


def told(seen: Seen) -> list[tuple[int | None, str, str]]:
    return [(fault.row, fault.column, fault.zh) for fault in seen.faults]


@pytest.fixture
def a_desk(installed: Installation, clock: Clock) -> Callable[..., Desk]:
    """Makes an edition that takes nominations; changes of its submission stage may be given."""
    clock.now = DURING

    def make(**changes: Any) -> Desk:
        process = builders.a_process(**builders.a_stage_change("submission", **changes))
        edition = builders.keep(installed.database, builders.an_edition(process), at="submission")
        builders.put(installed.database, edition.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")])
        return Desk(installed, edition)

    return make


@pytest.fixture
def desk(a_desk: Callable[..., Desk]) -> Desk:
    return a_desk()


def other(desk: Desk, installed: Installation) -> Desk:
    return Desk(installed, desk.edition, "N02")


# -- real files -----------------------------------------------------------------------------------------------------

PAPERS = [
    ("深部煤层冲击地压的微震前兆", "甲大学", "jia@example.org", 1, {
        "discipline": "440", "authors": [{"name": "甲一", "unit": "甲大学"}, {"name": "乙二", "unit": "乙大学"}], "journal": "示例学报",
        "published_on": "2024-05-03", "abstract": "提出一种识别方法，\n并在三个矿区得到验证。"}),
    ("矿井粉尘防治的三种方案", "乙大学", "yi@example.org", 2, {
        "discipline": "44020", "authors": [{"name": "丙三", "unit": ""}, {"name": "丁四", "unit": ""}], "journal": "示例学报",
        "published_on": "2024-05", "abstract": "比较三种方案。"}),
    ("区域水资源承载力评价", "丙研究院", "bing@example.org", 3, {
        "discipline": "44020", "authors": [{"name": "戊五", "unit": "丙研究院"}, {"name": "己六", "unit": ""}], "journal": "示例通报",
        "published_on": "2024-05-03", "abstract": "给出评价指标。"}),
]  # fmt: skip
FILES = ["xlsxwriter.xlsx", "openpyxl.xlsx", "libreoffice.xlsx", "libreoffice.ods", "libreoffice.xls", "libreoffice-utf-8.csv",
         "libreoffice-utf-16.csv", "libreoffice-gb18030.csv"]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_workbooks_of_every_program_give_the_same_entries(desk: Desk, tmp_path: Path, name: str) -> None:
    path = shutil.copyfile(WORKBOOKS / name, tmp_path / name)
    seen = desk.look(desk.send_file(path))
    assert seen.faults == ()
    assert [(row.new.title, row.new.unit, row.new.email, row.new.rank, dict(row.new.fields)) for row in seen.rows] == PAPERS
    assert [row.number for row in seen.rows] == ([4, 5, 6] if name.startswith("openpyxl") else [5, 6, 7])
    assert seen.unread == ("序号", "备注")


def test_merged_cells_are_named_and_come_back_marked(desk: Desk) -> None:
    table = desk.send_file(WORKBOOKS / "merged.xlsx")
    seen = desk.look(table)
    assert told(seen) == [(2, "B", "单元格 B2:B4 是合并的，请取消合并，每行分别填写")]
    assert (seen.table, seen.taken) == (None, ())
    _name, content = table_upload.marked(table, desk.unit, language="zh")
    assert red_cells(content) == {"B2": "单元格 B2:B4 是合并的，请取消合并，每行分别填写"}


# -- what is new, updated, unchanged ---------------------------------------------------------------------------------


def test_the_same_table_again_changes_nothing(desk: Desk) -> None:
    lines = [a_line(), a_line(论文题目="论文乙")]
    assert desk.keep(*lines) == {"new": 2, "update": 0, "unchanged": 0, "faulty": 0}
    before = desk.entries()
    assert desk.keep(*lines) == {"new": 0, "update": 0, "unchanged": 2, "faulty": 0}
    assert desk.entries() == before


def test_the_same_subject_updates_its_entry_and_keeps_its_code(desk: Desk) -> None:
    desk.keep(a_line())
    (before,) = desk.entries()
    assert desk.keep(a_line(论文题目=" 论文甲。", 发表期刊="示例通报")) == {"new": 0, "update": 1, "unchanged": 0, "faulty": 0}
    (after,) = desk.entries()
    assert (after.id, after.code, after.fields["journal"]) == (before.id, before.code, "示例通报")


def test_what_has_no_column_stays(desk: Desk) -> None:
    desk.keep((*LINE, "GRANT-1"), heads=(*HEADS, "项目编号"))
    desk.keep(a_line(发表期刊="示例通报"))
    (entry,) = desk.entries()
    assert (entry.fields["grant_no"], entry.fields["journal"]) == ("GRANT-1", "示例通报")
    desk.keep((*LINE, ""), heads=(*HEADS, "项目编号"))
    assert "grant_no" not in desk.entries()[0].fields


def test_the_name_of_a_file_that_arrived_stays_where_its_cell_is_empty(desk: Desk) -> None:
    heads = (*HEADS, "论文全文")
    desk.keep((*LINE, "甲.pdf"), heads=heads)
    assert desk.keep((*LINE, ""), heads=heads)["unchanged"] == 1
    assert desk.entries()[0].fields["full_text"] == "甲.pdf"


def test_a_withdrawn_entry_is_not_brought_back_by_a_table(desk: Desk) -> None:
    desk.keep(a_line())
    handing_in.withdraw(desk.entries()[0].id, desk.unit)
    assert desk.keep(a_line())["new"] == 1
    assert sorted(one.state for one in desk.entries()) == ["submitted", "withdrawn"]


def test_an_entry_that_came_in_a_table_can_be_changed_in_the_form(desk: Desk) -> None:
    desk.keep(a_line())
    (entry,) = desk.entries()
    draft = handing_in.form_of(entry.id, desk.unit)
    handing_in.save(draft.id, desk.unit, {"journal": "示例通报"}, draft.revision)
    changed = handing_in.submit(draft.id, desk.unit)
    assert (changed.id, changed.fields["journal"]) == (entry.id, "示例通报")
    assert desk.keep(a_line()) == {"new": 0, "update": 1, "unchanged": 0, "faulty": 0}


# -- what is refused -------------------------------------------------------------------------------------------------


def test_faults_name_row_and_column_and_leave_the_good_rows(desk: Desk) -> None:
    seen = desk.look(desk.send(a_line(), a_line(论文题目="乙", 电子邮箱="no"), a_line(论文题目="丙", 发表日期="去年")))
    assert told(seen) == [
        (3, "C", "“no”不是有效的电子邮箱，请填写一个邮箱，如 name@example.org"),
        (4, "H", "“去年”不是日期，请写成 2020-05-03，只知道月份时写成 2020-05"),
    ]
    assert [(row.number, row.status) for row in seen.rows] == [(2, "new")]
    assert (seen.faulty, seen.blocked) == (2, False)


def test_rows_beyond_the_quota_are_the_last_ones(desk: Desk) -> None:
    seen = desk.look(desk.send(*(a_line(论文题目=f"论文{n}") for n in range(7))))
    assert [row.number for row in seen.rows] == [2, 3, 4, 5, 6]
    assert [(fault.row, fault.column) for fault in seen.faults] == [(7, "A"), (8, "A")]
    assert "推荐名额为5" in seen.faults[0].zh


def test_rows_that_only_update_need_no_quota(desk: Desk) -> None:
    lines = [a_line(论文题目=f"论文{n}") for n in range(5)]
    desk.keep(*lines)
    seen = desk.look(desk.send(*(a_line(论文题目=f"论文{n}", 摘要="新。") for n in range(5)), a_line(论文题目="又一篇")))
    assert [(row.number, row.status) for row in seen.rows] == [(number, "update") for number in range(2, 7)]
    assert [fault.row for fault in seen.faults] == [7]


def test_the_same_subject_twice_in_a_table_is_refused_once(desk: Desk) -> None:
    seen = desk.look(desk.send(a_line(), a_line(论文题目="《论文甲》")))
    assert [row.number for row in seen.rows] == [2]
    assert told(seen)[0][:2] == (3, "A")
    assert "与第 2 行重复" in seen.faults[0].zh


def test_what_another_unit_put_forward_is_refused_where_it_is_declared(desk: Desk, installed: Installation) -> None:
    other(desk, installed).keep(a_line())
    seen = desk.look(desk.send(a_line()))
    assert (seen.rows, [(fault.row, fault.column) for fault in seen.faults]) == ((), [(2, "A")])


def test_or_taken_beside_it_and_shown_to_the_office(a_desk: Callable[..., Desk], installed: Installation) -> None:
    desk = a_desk(duplicates="ask")
    other(desk, installed).keep(a_line())
    assert desk.keep(a_line())["new"] == 1
    assert desk.keep(a_line())["unchanged"] == 1
    assert (len(desk.entries()), len(other(desk, installed).entries())) == (1, 1)
    with installed.database.read() as store:
        (pair,) = store.duplicates(desk.edition.id)
    assert {pair.first, pair.second} == {desk.entries()[0].id, other(desk, installed).entries()[0].id}


@pytest.mark.parametrize(
    ("cell", "taken"), [("", True), ("N01", True), ("n01", True), ("示例省N01学会", True), ("N02", False), ("甲", False)]
)
def test_rows_of_another_unit_are_refused(desk: Desk, cell: str, taken: bool) -> None:
    seen = desk.look(desk.send((*LINE, cell), heads=(*HEADS, "推荐单位")))
    assert [row.number for row in seen.rows] == ([2] if taken else [])
    assert [(fault.row, fault.column) for fault in seen.faults] == ([] if taken else [(2, "J")])


@pytest.mark.parametrize(("cell", "taken"), [("", True), ("学术论文", True), ("科普美术", False)])
def test_rows_of_another_class_are_refused(desk: Desk, cell: str, taken: bool) -> None:
    seen = desk.look(desk.send((*LINE, cell), heads=(*HEADS, "类别")))
    assert [row.number for row in seen.rows] == ([2] if taken else [])


def test_conditional_columns_are_asked_of_those_rows_only(installed: Installation, clock: Clock) -> None:
    clock.now = DURING
    fields = [
        {
            "name": "group",
            "title": {"zh": "组别", "en": "Age group"},
            "kind": "choice",
            "choices": ["成人组", "青少年组"],
            "required": True,
        },
        {"name": "guardian", "title": {"zh": "监护人", "en": "Guardian"}, "required": True, "when": {"group": ["青少年组"]}},
    ]
    classes = [{**one, "fields": fields} if one["name"] == "artwork" else one for one in builders.DECLARATION["classes"]]
    edition = builders.keep(installed.database, builders.an_edition(builders.a_process(classes=classes)), at="submission")
    builders.put(installed.database, edition.id, nominators=[builders.a_nominator("N01")])
    desk = Desk(installed, edition)
    heads = ("作品名称", "作者单位", "电子邮箱", "作者", "创作说明", "展示授权", "组别")
    line = ("甲校", "a@example.org", "张三", "说明。", "同意")
    seen = desk.look(desk.send(("画一", *line, "成人组"), ("画二", *line, "青少年组"), heads=heads, class_name="artwork"))
    assert [row.new.title for row in seen.rows] == ["画一"]
    assert told(seen) == [(3, "", "“监护人”为空，请增加这一列并填写")]
    lines = [("画一", *line, "成人组", "无关"), ("画二", *line, "青少年组", "李四")]
    seen = desk.look(desk.send(*lines, heads=(*heads, "监护人"), class_name="artwork"))
    assert [row.new.fields.get("guardian") for row in seen.rows] == [None, "李四"]


def test_running_numbers_alone_are_no_rows(desk: Desk) -> None:
    seen = desk.look(desk.send(("1", *LINE), ("2", *[""] * 9), ("3", *[""] * 9), heads=("序号", *HEADS)))
    assert (len(seen.rows), seen.faults) == (1, ())
    empty = desk.look(desk.send(("1", *[""] * 9), heads=("序号", *HEADS)))
    assert (empty.taken, empty.blocked) == ((), True)


def test_a_missing_column_blocks_the_whole_table(desk: Desk) -> None:
    seen = desk.look(desk.send(LINE[:-1], heads=HEADS[:-1]))
    assert (seen.taken, seen.blocked) == ((), True)
    assert told(seen) == [(1, "", "缺少“摘要”一列，请在表头增加这一列，或指定由哪一列填写")]


def test_without_the_units_own_publicity_not_one_row_is_taken(a_desk: Callable[..., Desk]) -> None:
    desk = a_desk(publicity_proof={"days": 5})
    table = desk.send(a_line(), a_line(论文题目="乙"))
    seen = desk.look(table)
    assert (len(seen.rows), seen.taken, seen.blocked) == (2, (), True)
    assert [fault.row for fault in seen.faults] == [None]
    table_upload.confirm(table, desk.unit, seen.digest)
    assert desk.entries() == []


def test_a_ranked_list_takes_the_places_of_the_table_and_closes_gaps(a_desk: Callable[..., Desk]) -> None:
    desk = a_desk(ranked=True)
    desk.keep(a_line(论文题目="丙", 推荐排序="3"), a_line(论文题目="甲", 推荐排序="1"), a_line(论文题目="丁"))
    assert {one.title: one.rank for one in desk.entries()} == {"甲": 1, "丙": 2, "丁": 3}
    seen = desk.look(desk.send(a_line(论文题目="戊", 推荐排序="4"), a_line(论文题目="己", 推荐排序="4")))
    assert told(seen) == [(3, "D", "推荐排序 4 与第 2 行重复，请改为不同的序号")]


def test_the_balance_of_a_list_leaves_out_the_last_rows(installed: Installation, clock: Clock) -> None:
    clock.now = DURING
    level = {"name": "level", "title": {"zh": "级别", "en": "Level"}, "kind": "choice", "choices": ["处级", "其他"], "required": True}
    classes = [{**one, "fields": [level]} if one["name"] == "paper" else one for one in builders.DECLARATION["classes"]]
    rule = {"field": "level", "values": ["处级"], "title": {"zh": "处级干部", "en": "Division heads"}, "max_share": "1/5"}
    stages = builders.a_stage_change("submission", composition=[rule])
    edition = builders.keep(installed.database, builders.an_edition(builders.a_process(classes=classes, **stages)), at="submission")
    builders.put(installed.database, edition.id, nominators=[builders.a_nominator("N01")])
    desk = Desk(installed, edition)
    levels = ["处级", "处级", "其他", "其他", "其他"]
    lines = [(*a_line(论文题目=f"论文{n}"), level) for n, level in enumerate(levels)]
    seen = desk.look(desk.send(*lines, heads=(*HEADS, "级别")))
    assert [fault.row for fault in seen.faults] == [2, 3]
    assert "不得超过20%" in seen.faults[0].zh
    seen = desk.look(desk.send(lines[0], *lines[2:], (*a_line(论文题目="论文9"), "其他"), heads=(*HEADS, "级别")))
    assert (len(seen.rows), seen.faults) == (5, ())


# -- between the pages -----------------------------------------------------------------------------------------------


def test_nothing_is_kept_that_was_not_shown(desk: Desk) -> None:
    table = desk.send(a_line())
    digest = desk.look(table).digest
    desk.keep(a_line(论文题目="论文甲", 摘要="另一篇。"))
    with pytest.raises(Stale):
        table_upload.confirm(table, desk.unit, digest)
    assert desk.entries()[0].fields["abstract"] == "另一篇。"


def test_all_rows_come_in_one_transaction_with_one_event_and_one_receipt(desk: Desk) -> None:
    desk.keep(*(a_line(论文题目=f"论文{n}") for n in range(3)))
    with desk.database.read() as store:
        events = [(one.type, dict(one.payload)) for one in store.events(desk.edition.id) if one.actor == f"nominator:{desk.unit}"]
    assert events == [("EntriesImported", {"file": "表.csv", "new": 3, "updated": 0})]


def test_after_the_deadline_nothing_is_kept(desk: Desk, clock: Clock) -> None:
    table = desk.send(a_line())
    digest = desk.look(table).digest
    clock.now = datetime(2026, 5, 31, 16, 0, tzinfo=UTC)
    with pytest.raises(TooLate):
        table_upload.confirm(table, desk.unit, digest)
    with pytest.raises(TooLate):
        desk.send(a_line())
    assert desk.entries() == []


def test_a_second_before_the_deadline_it_is(desk: Desk, clock: Clock) -> None:
    clock.now = datetime(2026, 5, 31, 15, 59, 59, tzinfo=UTC)
    assert desk.keep(a_line())["new"] == 1


def test_a_table_belongs_to_its_unit(desk: Desk, installed: Installation) -> None:
    table = desk.send(a_line())
    for unit in (other(desk, installed).unit, ""):
        with pytest.raises(NotFound):
            kept_tables.find(table, unit)
    for wrong in ("", "x", "../" + table, table.upper(), "0" * 32):
        with pytest.raises(NotFound):
            kept_tables.find(wrong, desk.unit)


def test_a_table_is_private_and_forgotten_after_a_day(desk: Desk, installed: Installation, clock: Clock) -> None:
    table = desk.send(a_line())
    folder = installed.settings.tables_dir
    (path,) = folder.iterdir()
    assert path.name.endswith(f"-{table}.json")
    assert folder.stat().st_mode & 0o077 == 0
    assert path.stat().st_mode & 0o077 == 0
    clock.advance(hours=23)
    desk.send(a_line())
    assert path.exists()
    clock.advance(hours=2)
    desk.send(a_line())
    assert not path.exists()


def test_a_unit_keeps_its_latest_tables_only(desk: Desk, installed: Installation, clock: Clock) -> None:
    tables = []
    for _ in range(kept_tables.MOST_OF_A_UNIT + 2):
        tables.append(desk.send(a_line()))
        clock.advance(minutes=1)
    assert len(list(installed.settings.tables_dir.iterdir())) == kept_tables.MOST_OF_A_UNIT
    assert kept_tables.find(tables[-1], desk.unit).id == tables[-1]
    with pytest.raises(NotFound):
        kept_tables.find(tables[0], desk.unit)


def test_the_sweeper_forgets_old_tables(desk: Desk, installed: Installation, clock: Clock) -> None:
    desk.send(a_line())
    clock.advance(hours=25)
    sweeping.sweep("engine")
    assert list(installed.settings.tables_dir.iterdir()) == []


def test_a_table_that_was_kept_whole_leaves_none_of_its_content(desk: Desk, installed: Installation) -> None:
    table = desk.send(a_line())
    table_upload.confirm(table, desk.unit, desk.look(table).digest)
    assert "论文甲".encode("unicode_escape").decode() not in next(installed.settings.tables_dir.glob(f"*-{table}.json")).read_text()
    with pytest.raises(NotFound):
        table_upload.marked(table, desk.unit, language="zh")


def test_columns_that_a_person_assigned_are_remembered_for_the_class(desk: Desk) -> None:
    heads = ("我们的题目", *HEADS[1:])
    table = desk.send(LINE, heads=heads)
    table_upload.assign(table, desk.unit, {0: "title", 1: "unit"})
    assert [row.new.title for row in desk.look(table).rows] == ["论文甲"]
    assert [row.new.title for row in desk.look(desk.send(a_line(论文题目="乙"), heads=heads)).rows] == ["乙"]
    with desk.database.read() as store:
        assert store.facts(desk.unit)["columns:paper"].value == {"我们的题目": "title", "第一作者单位": "unit"}


def test_a_column_can_be_left_unread(desk: Desk) -> None:
    table = desk.send((*LINE, "X"), heads=(*HEADS, "DOI"))
    assert desk.look(table).rows[0].new.fields["doi"] == "X"
    table_upload.assign(table, desk.unit, {9: ""})
    seen = desk.look(table)
    assert ("doi" in seen.rows[0].new.fields, seen.unread) == (False, ("DOI",))


def test_a_class_that_the_unit_may_not_put_forward_is_refused(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        desk.send(a_line(), class_name="none")


# -- the marked workbook ---------------------------------------------------------------------------------------------


def red_cells(content: bytes) -> dict[str, str]:
    """Place of every red cell -> its comment; a comment elsewhere, or a red cell without one, fails."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    red = {cell.coordinate for cell in cells if cell.fill.fgColor.rgb == "FFFFC7CE"}
    comments = {cell.coordinate: str(cell.comment.text).strip() for cell in cells if cell.comment}
    assert red == set(comments)
    return comments


def test_the_marked_workbook_keeps_every_value_in_its_place_and_marks_the_faulty_ones(desk: Desk) -> None:
    heads = ("序号", *HEADS)
    lines = [("1", *a_line(推荐排序="1")), ("2", *a_line(论文题目="", 学科代码="数学", 推荐排序="x"))]
    table = desk.send(*lines, heads=heads)
    name, content = table_upload.marked(table, desk.unit, language="zh")
    assert name == "表-需要修改的地方.xlsx"
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    values = [["" if cell.value is None else str(cell.value) for cell in row] for row in sheet.iter_rows()]
    assert values == [list(heads), *map(list, lines)]
    assert red_cells(content) == {
        "B3": "“论文题目”为空，请填写",
        "E3": "“x”不是数字，请只写数字，不带单位",
        "F3": "“数学”不是学科代码，请填写 3、5 或 7 位数字，如 570 或 57010",
    }
    listed = openpyxl.load_workbook(io.BytesIO(content)).worksheets[1]
    assert [(row[0].value, row[1].value, row[2].value) for row in listed.iter_rows(min_row=4)] == [
        (3, "E", "推荐排序"), (3, "B", "论文题目"), (3, "F", "学科代码"),
    ]  # fmt: skip


def test_titles_above_and_notes_below_come_back_too(desk: Desk, tmp_path: Path) -> None:
    path = Path(shutil.copyfile(WORKBOOKS / "xlsxwriter.xlsx", tmp_path / "a.xlsx"))
    book = openpyxl.load_workbook(path)
    book["汇总表"]["D7"] = "no"
    book.save(path)
    table = desk.send_file(path)
    sheet = openpyxl.load_workbook(io.BytesIO(table_upload.marked(table, desk.unit, language="zh")[1])).worksheets[0]
    assert (sheet["A1"].value, sheet["A4"].value, sheet["A10"].value) == ("示例省优秀论文推荐汇总表", "序号", "注：以上论文均已公示。")
    assert "D7" in red_cells(table_upload.marked(table, desk.unit, language="zh")[1])


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "http://example.org"])
def test_no_cell_of_the_marked_workbook_is_a_formula_or_a_link(cell: str, tmp_path: Path) -> None:
    edition = builders.an_edition()
    fault = InputError("x").faults[0]
    sheet = Sheet("a.csv", "", ((1, ("论文题目",)), (2, (cell,))), (), 2)
    content = marked_workbooks.marked(edition, sheet, [fault], {}, 1, codes=(), language="zh")
    page = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert (page["A2"].data_type, page["A2"].value, page["A2"].hyperlink) == ("s", cell, None)


def test_a_text_that_no_workbook_can_hold_does_not_break_it() -> None:
    sheet = Sheet("a.csv", "", ((1, ("论文题目",)), (2, ("\x00a\ufffe\x1f",))), (), 2)
    content = marked_workbooks.marked(builders.an_edition(), sheet, [], {}, 1, codes=(), language="en")
    assert openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["A2"].value is not None


# -- what is far too large --------------------------------------------------------------------------------------------


def test_twenty_thousand_rows_are_refused_in_one_message(desk: Desk, installed: Installation) -> None:
    with pytest.raises(InputError) as caught:
        desk.send(*[LINE] * 20_000)
    assert [fault.zh for fault in caught.value.faults] == ["文件有 20,000 行，最多读取 2,000 行，请拆分后分别上传"]
    assert list(installed.settings.tables_dir.iterdir()) == []


@pytest.mark.slow
def test_a_million_rows_are_refused_and_leave_nothing(desk: Desk, installed: Installation, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet().write_row(0, 0, HEADS)
    book.close()
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (number, number) for number in range(2, 1_000_001))
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name in old.namelist():
            content = old.read(name)
            packed.writestr(name, content.replace(b"</sheetData>", rows + b"</sheetData>") if name.endswith("sheet1.xml") else content)
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        desk.send_file(tmp_path / "bomb.xlsx")
    assert len(caught.value.faults) == 1
    assert time.monotonic() - started < 60  # a hang, not a speed: speeds are measured in bench/
    assert list(installed.settings.tables_dir.iterdir()) == []


def test_damaged_content_leaves_nothing(desk: Desk, installed: Installation) -> None:
    with pytest.raises(InputError) as caught:
        table_upload.begin(desk.edition.id, desk.unit, "paper", "名单.xlsx", io.BytesIO(b"PK\x03\x04broken"))
    assert [fault.file for fault in caught.value.faults] == ["名单.xlsx"]
    assert list(installed.settings.tables_dir.iterdir()) == []


def test_an_update_that_says_the_same_is_none() -> None:
    entry = Entry("e/e/A", "e", "A", "k", "paper", "", "题", "单位", "a@example.org", "e/n/N01", 1, {"x": "1"})
    new = NewEntry("other", "paper", "题", "单位", "a@example.org", "N01", 1, {"x": "1"})
    assert table_keeping.says_the_same(new, entry)


CELLS = st.text(max_size=12) | st.sampled_from(
    ["=1", "示例", "合计", "注：", "440", "\x00", "\u202e", "\ufffe", "’", "1" * 400, "２０２４．１"]
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=10), min_size=1, max_size=6), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_text_in_any_cell_breaks_the_reading_or_the_marked_workbook(rows: list[list[str]], headed: bool) -> None:
    process = builders.a_process()
    lines = [list(HEADS), *rows] if headed else rows
    whole = [[cell.encode("utf-8", "replace").decode() for cell in line] for line in lines]
    sheet = Sheet("a.csv", "", tuple((number, tuple(line)) for number, line in enumerate(whole, start=1) if any(line)), (), len(whole))
    columns: dict[int, FormField] = {}
    top = 0
    try:
        table = spreadsheets.table_in(sheet)
        assigned = assign_columns(table.headers, table_checking.askable(builders.an_edition(process), "paper"))
        read, faults = intake.sort_entries(table, process, intake.OneUnit("paper", "N01", "甲", assigned))
        assert not {fault.row for fault in faults} & set(read)
        assert all(fault.zh for fault in faults)
        fields = {field.name: field for field in table_checking.askable(builders.an_edition(process), "paper")}
        columns, top = {index: fields[name] for name, index in assigned.items()}, table.header_row
    except InputError as refusal:
        faults = refusal.faults
    content = marked_workbooks.marked(builders.an_edition(process), sheet, faults, columns, top, codes=("110 数学",), language="zh")
    assert openpyxl.load_workbook(io.BytesIO(content)).sheetnames[:2] == ["申报表", "需要修改的地方"]
