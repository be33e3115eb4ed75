"""One cell: dates, people and other values as people write them."""

from __future__ import annotations

import time

import pytest

from models.process import FormField
from rules import cells, digests
from rules.cells import CellRefused


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2020-05-03", "2020-05-03"),
        ("2020/5/3", "2020-05-03"),
        ("2020.5.3", "2020-05-03"),
        ("2020年5月3日", "2020-05-03"),
        ("20200503", "2020-05-03"),
        ("43954", "2020-05-03"),
        ("2020-05-03 10:20", "2020-05-03"),
        ("2020.05", "2020-05"),
        ("2020年5月", "2020-05"),
        ("202005", "2020-05"),
        ("２０２０．５", "2020-05"),
        ("2020.10", "2020-10"),
        ("2017.5", "2017-05"),
    ],
)
def test_dates_are_read_as_people_write_them(text: str, stored: str) -> None:
    assert cells.read_date(text) == stored


@pytest.mark.parametrize("text", ["2020", "2020-13", "2020.2.30", "1850-05", "2150-01", "5月3日", "99999", "2020--5", "2020-05-03x"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(CellRefused):
        cells.read_date(text)


def test_a_number_cell_that_may_be_january_or_october_is_asked_back() -> None:
    with pytest.raises(CellRefused) as caught:
        cells.read_date("2020.1")
    assert (caught.value.what, caught.value.remedy) == ("2020.1 may be January or October", "write 2020-01 or 2020-10")


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("张三（长安示范大学）、李四", [("张三", "长安示范大学"), ("李四", "")]),
        ("张三,李四", [("张三", ""), ("李四", "")]),
        ("张三 (甲，乙), 欧阳 谷雨；John  Ex\n", [("张三", "甲,乙"), ("欧阳谷雨", ""), ("John Ex", "")]),
        ("阿依努尔.买买提；古丽娜•阿不都", [("阿依努尔·买买提", ""), ("古丽娜·阿不都", "")]),
        ("", []),
    ],
)
def test_lists_of_people_are_split_into_names_and_units(text: str, people: list[tuple[str, str]]) -> None:
    assert cells.read_people(text) == [{"name": name, "unit": unit} for name, unit in people]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("（云川大学）", "'（云川大学）' is not a name"),
        ("张三 李四 王五", "'张三 李四 王五' looks like several names"),
        ("甲、乙、丙", "3 people; at most 2 are listed"),
        ("长" * 101, f"'{'长' * 20}'… is too long for a name"),
    ],
)
def test_lists_of_people_that_make_no_sense_are_refused(text: str, what: str) -> None:
    with pytest.raises(CellRefused) as caught:
        cells.read_people(text, most=2)
    assert caught.value.what == what


@pytest.mark.parametrize("text", ["x" + " " * 4000 + "(", "、," * 2000 + "(", "(" * 4000, "甲（" + "，" * 4000])
def test_no_cell_takes_long_to_read(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(CellRefused):
        cells.read_people(text)
    assert time.monotonic() - started < 0.5


PLEDGE = FormField.model_validate(
    {
        "name": "pledge",
        "title": {"zh": "原创承诺", "en": "Pledge"},
        "kind": "declaration",
        "required": True,
        "text": {"zh": "系原创", "en": "Original"},
    }
)
OPTIONAL = PLEDGE.model_copy(update={"required": False})


@pytest.mark.parametrize("text", ["是", "已承诺", "√", "yes", "Yes", "ＹＥＳ", " 同意 ", "已阅读 并同意", "Y", "TRUE", "1"])
def test_a_tick_in_a_cell_keeps_the_digest_of_the_text_in_force(text: str) -> None:
    assert cells.read_cell(text, PLEDGE) == digests.digest({"zh": "系原创", "en": "Original"})


def test_the_digest_itself_may_stand_in_the_cell_and_that_of_another_text_may_not() -> None:
    stored = cells.read_cell("是", PLEDGE)
    assert cells.read_cell(stored, PLEDGE) == stored
    with pytest.raises(CellRefused, match="neither yes nor no"):
        cells.read_cell(digests.digest({"zh": "原文", "en": "Old"}), PLEDGE)


@pytest.mark.parametrize("text", ["否", "不同意", "×", "no", "0", "false"])
def test_no_is_no_tick_and_refused_where_one_is_required(text: str) -> None:
    assert cells.read_cell(text, OPTIONAL) == ""
    with pytest.raises(CellRefused) as caught:
        cells.read_cell(text, PLEDGE)
    assert (caught.value.remedy, caught.value.zh) == ("read the text and write 是", "“原创承诺”须承诺后才能申报，请阅读承诺文字后填写“是”")


def test_an_empty_cell_is_no_tick_and_anything_else_is_asked_back() -> None:
    assert cells.read_cell("", PLEDGE) == ""
    with pytest.raises(CellRefused) as caught:
        cells.read_cell("待定", OPTIONAL)
    assert caught.value.zh == "“待定”看不出是否承诺，请填写“是”或“否”"
