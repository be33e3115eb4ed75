"""The template that a clerk fills in: the words of the form, what each cell takes, an example that is never read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from models.edition import Nominator
from models.subjects import core_columns, fields_of
from rules import intake
from rules.columns import assign_columns
from tasks import spreadsheets
from tasks.template_workbooks import HEADER_ROW, columns_of, template
from tests import builders

UNIT = Nominator("sample-2026/n/N01", "sample-2026", "N01", "示例省N01学会", "society", "n01@example.org")
CODES = ["110 数学", "440 矿山工程技术"]
FIELDS: list[dict[str, Any]] = [
    {"name": "group", "title": {"zh": "组别", "en": "Age group"}, "kind": "choice", "required": True, "choices": ["成人组, 甲", "青少年组"],
     "help": {"zh": "未满十八周岁选青少年组。", "en": "Under 18: youth."}},
    {"name": "guardian", "title": {"zh": "监护人", "en": "Guardian"}, "required": True, "max_length": 50, "when": {"group": ["青少年组"]}},
    {"name": "made_on", "title": {"zh": "完成日期", "en": "Finished on"}, "kind": "date", "earliest": "2025-01-01", "latest": "2026-03-31"},
    {"name": "copies", "title": {"zh": "件数", "en": "Pieces"}, "kind": "number", "min": "1", "max": "20"},
    {"name": "id_no", "title": {"zh": "身份证号", "en": "Identity number"}, "kind": "id_number", "private": True},
    {"name": "phone", "title": {"zh": "联系电话", "en": "Telephone"}, "kind": "phone", "private": True},
    {"name": "original", "title": {"zh": "原创承诺", "en": "Originality"}, "kind": "declaration", "required": True,
     "text": {"zh": "本作品为原创。", "en": "This work is original."}},
]  # fmt: skip


@pytest.fixture
def edition() -> Any:
    classes = [{**one, "fields": FIELDS} if one["name"] == "artwork" else one for one in builders.DECLARATION["classes"]]
    return builders.an_edition(builders.a_process(classes=classes))


def opened(edition: Any, class_name: str, language: str = "zh") -> Any:
    return openpyxl.load_workbook(io.BytesIO(template(edition, UNIT, class_name, codes=CODES, language=language)))


def heads(sheet: Worksheet) -> list[str]:
    return [str(cell.value) for cell in sheet[HEADER_ROW]]


def rules_of(sheet: Worksheet) -> dict[str, Any]:
    """Header without its mark -> what its cells take."""
    named = {str(cell.value).removesuffix("（必填）"): cell.column_letter for cell in sheet[HEADER_ROW]}
    by_letter = {str(one.sqref).partition(":")[0].rstrip("0123456789"): one for one in sheet.data_validations.dataValidation}
    return {name: by_letter[letter] for name, letter in named.items() if letter in by_letter}


@pytest.mark.parametrize("class_name", ["paper", "artwork"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_headers_are_those_of_the_form_and_are_all_recognised(edition: Any, class_name: str, language: str) -> None:
    fields = columns_of(edition.process, class_name)
    asked = {field.name for field in fields}
    assert asked == {
        field.name for field in (*core_columns(edition.process, class_name), *fields_of(edition.process, class_name))
    } - {"class", "nominator"}  # fmt: skip
    found = assign_columns(heads(opened(edition, class_name, language).worksheets[0]), fields)
    assert list(found) == [field.name for field in fields]
    assert sorted(found.values()) == list(range(1, len(fields) + 1))


def test_required_columns_are_marked(edition: Any) -> None:
    marked = [text for text in heads(opened(edition, "artwork").worksheets[0]) if text.endswith("（必填）")]
    assert marked == [f"{field.title.zh}（必填）" for field in columns_of(edition.process, "artwork") if field.required]
    assert {"作品名称（必填）", "组别（必填）"} < set(marked)


def test_the_units_name_and_code_stand_at_the_top(edition: Any) -> None:
    sheet = opened(edition, "paper").worksheets[0]
    assert sheet["A1"].value == "示例省青年科技成果评选（2026）学术论文申报表"
    assert "示例省N01学会（编号 N01）" in str(sheet["A2"].value)


def test_choices_are_lists_also_with_commas_in_them(edition: Any) -> None:
    book = opened(edition, "artwork")
    rule = rules_of(book.worksheets[0])["组别"]
    assert rule.type == "list"
    place = rule.formula1.replace("lists!", "").replace("$", "")
    assert [cell.value for (cell,) in book["lists"][place]] == ["成人组, 甲", "青少年组"]
    assert book["lists"].sheet_state == "hidden"


def test_discipline_codes_stand_in_a_sheet_and_others_may_be_typed(edition: Any) -> None:
    book = opened(edition, "paper")
    rule = rules_of(book.worksheets[0])["学科代码"]
    assert (rule.type, rule.errorStyle, rule.formula1) == ("list", "information", "'学科代码'!$A$2:$A$3")
    assert [cell.value for cell in book["学科代码"]["A"]] == ["学科代码和名称", *CODES]


def test_numbers_dates_and_lengths_are_checked_while_typing(edition: Any) -> None:
    found = rules_of(opened(edition, "artwork").worksheets[0])
    assert (found["件数"].type, found["件数"].formula1, found["件数"].formula2) == ("decimal", "1.0", "20.0")
    assert (found["推荐排序"].type, found["推荐排序"].operator) == ("whole", "greaterThanOrEqual")
    assert (found["监护人"].type, found["监护人"].operator, found["监护人"].formula1) == ("textLength", "lessThanOrEqual", "50")
    assert (found["完成日期"].type, found["完成日期"].errorStyle) == ("custom", "warning")
    assert ">=2025" in found["完成日期"].formula1
    assert "<=2026" in found["完成日期"].formula1


def test_hints_say_what_the_form_says(edition: Any) -> None:
    found = rules_of(opened(edition, "artwork").worksheets[0])
    assert found["组别"].prompt == "必填。从下拉列表中选择：成人组, 甲、青少年组；未满十八周岁选青少年组。"
    assert found["监护人"].prompt == "必填。填写文字；最多 50 字；仅当“组别”为“青少年组”时填写"
    assert found["完成日期"].prompt == "选填。填写日期，如 2025-03-15；不早于 2025-01-01；不晚于 2026-03-31"
    assert all(len(rule.prompt) <= 255 and len(rule.promptTitle) <= 32 for rule in found.values())


def test_identity_numbers_telephones_and_dates_are_text(edition: Any) -> None:
    sheet = opened(edition, "artwork").worksheets[0]
    letters = {str(cell.value).removesuffix("（必填）"): cell.column_letter for cell in sheet[HEADER_ROW]}
    formats = {name: sheet.column_dimensions[letter].number_format for name, letter in letters.items()}
    assert {name for name in ("身份证号", "联系电话", "完成日期") if formats[name] == "@"} == {"身份证号", "联系电话", "完成日期"}
    assert formats["件数"] == "General"


def test_the_header_stays_and_is_printed_on_every_page(edition: Any) -> None:
    sheet = opened(edition, "paper").worksheets[0]
    assert sheet.freeze_panes == f"C{HEADER_ROW + 1}"
    assert sheet.print_title_rows == f"${HEADER_ROW}:${HEADER_ROW}"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)


@pytest.mark.parametrize("class_name", ["paper", "artwork"])
def test_the_example_is_a_row_that_would_be_taken_and_is_never_read(edition: Any, class_name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(template(edition, UNIT, class_name, codes=CODES, language="zh"))
    table = spreadsheets.read_table(path)
    assert [row.cells[0] for row in table.rows] == ["示例"]
    columns = assign_columns(table.headers, columns_of(edition.process, class_name))
    unit = intake.OneUnit(class_name, UNIT.code, UNIT.name, columns)
    assert intake.sort_entries(table, edition.process, unit) == ({}, ())
    book = openpyxl.load_workbook(path)
    book.worksheets[0].cell(HEADER_ROW + 1, 1, "1")
    book.save(path)
    read, faults = intake.sort_entries(spreadsheets.read_table(path), edition.process, unit)
    assert faults == ()
    assert [one.title for one in read.values()] == ["（示例）论文题目" if class_name == "paper" else "（示例）作品名称"]


def test_the_second_sheet_explains_every_column(edition: Any) -> None:
    sheet = opened(edition, "artwork").worksheets[1]
    assert sheet.title == "填写说明"
    explained = [str(row[1].value) for row in sheet.iter_rows(min_row=8) if row[1].value]
    assert explained == [field.title.zh for field in columns_of(edition.process, "artwork")]


def test_the_same_template_is_the_same_file(edition: Any) -> None:
    assert template(edition, UNIT, "paper", codes=CODES, language="zh") == template(edition, UNIT, "paper", codes=CODES, language="zh")


def test_an_english_template_is_english_but_for_names_and_choices(edition: Any) -> None:
    sheet = opened(edition, "artwork", "en").worksheets[0]
    line = {str(head.value): str(cell.value) for head, cell in zip(sheet[HEADER_ROW], sheet[HEADER_ROW + 1], strict=True)}
    assert line["Title of the work (required)"] == "(Example) Title of the work"
    assert line["Originality (required)"] == "yes"
    assert line["Authors (required)"] == "Zhang San (Example University), Li Si (Example Institute)"
    prompts = {rule.promptTitle: rule.prompt for rule in sheet.data_validations.dataValidation}
    assert prompts["Age group"] == "Required. Choose from the list: 成人组, 甲, 青少年组. Under 18: youth."
    assert prompts["Originality"] == "Required. Write yes if you agree to this: This work is original."
