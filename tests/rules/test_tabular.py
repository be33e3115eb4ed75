"""Finding the table in a sheet: headers, footers, merged cells."""

from __future__ import annotations

import time

import pytest

from models.errors import InputError
from rules.tabular import column_letter, find_table, header_text, left_out


def test_headers_are_compared_without_marks() -> None:
    assert header_text(" *论文\n题 目（必填）") == header_text("论文题目") == "论文题目"
    assert header_text("服务时长(小时)") == header_text("服务时长（小时）")


def test_columns_are_lettered_as_spreadsheets_do() -> None:
    assert [column_letter(index) for index in (0, 25, 26, 199, 701, 702)] == ["A", "Z", "AA", "GR", "ZZ", "AAA"]


@pytest.mark.parametrize(
    "footer", [["合计", "", "12"], ["注：如有变化另行通知"], ["填表人：张三", "", "日期：2026年"], ["说明", "一式两份"], ["（注）数字"]]
)
def test_rows_of_totals_and_notes_are_left_out(footer: list[str]) -> None:
    lines = [(1, ["序号", "题目", "单位", "作者", "备注", "电话"]), (2, ["1", "注水开发", "甲", "乙", "", ""]), (4, footer)]
    found = find_table("a", "b", lines, merged=[], count=3, most_rows=1)
    assert [row.number for row in found.rows] == [2]
    said = left_out(found)
    assert said is not None
    assert (f"第 4 行（{footer[0]}）" in said.zh, f"row 4 ({footer[0]})" in said.en) == (True, True)


def test_it_is_said_which_rows_were_left_out_and_of_many_how_many() -> None:
    lines = [(1, ["参评项", "评审", "评分"]), (2, ["甲", "乙", "80"])]
    assert left_out(find_table("a", "b", lines, merged=[], count=2, most_rows=9)) is None
    more = [(number, ["合计", "乙", "80"]) for number in range(3, 10)]
    said = left_out(find_table("a", "b", [*lines, *more], merged=[], count=9, most_rows=9))
    assert said is not None
    assert "row 7 (合计) and 2 more; if one of them is none" in said.en
    assert "第 7 行（合计）等 7 行。" in said.zh


def test_a_note_of_many_spaces_and_very_many_merges_take_no_time() -> None:
    started = time.monotonic()
    lines = [(1, ["甲", "乙"]), *((number, ["注" + " " * 30_000 + "x", "y"]) for number in range(2, 22))]
    merged = [((row, 0), (row + 1_000_000, 1)) for row in range(100_000)]
    with pytest.raises(InputError) as caught:
        find_table("a", "b", lines, merged=merged, count=len(lines), most_rows=99)
    assert len(caught.value.faults) <= 50
    assert time.monotonic() - started < 60
