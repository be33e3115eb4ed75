"""The spreadsheet that a nominator fills in: one workbook per class, in the words of the form.

The same dress - widths, formats, drop-downs, hints - is put on the workbook that goes back with its faults marked.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from models.edition import Edition, Nominator
from models.process import FormField, Process
from models.subjects import core_columns, fields_of
from rules.cells import LONGEST_TEXT
from rules.tabular import column_letter
from tasks import exporting
from tasks.template_hints import example, header_of, how_to_fill
from tasks.template_words import WORDS

HEADER_ROW = 3
"""Row of the headers in a template, as the spreadsheet program shows it; the example stands below it."""
ROWS = 1000
"""Rows below the headers that bear drop-downs and hints."""
_KNOWN = ("class", "nominator")
"""Core columns that are not asked: the file is for one class, and the unit is known."""
_WIDTHS: dict[str, int] = {"text": 28, "people": 36, "file": 24, "email": 26, "discipline": 18, "id_number": 22, "phone": 18}
_MESSAGE, _MESSAGE_TITLE = 255, 32
"""Characters that spreadsheet programs show beside a cell."""
_MOST_LETTERS = 32_000
_LONG_TEXT, _LONG_WIDTH = 200, 48


@dataclass(frozen=True, slots=True)
class Look:
    """The formats of a workbook."""

    title: Format
    plain: Format
    head: Format
    required: Format
    text: Format
    number: Format
    example: Format
    wrong: Format

    @classmethod
    def of(cls, book: Workbook) -> Look:
        """Make them for a workbook."""
        line = {"border": 1, "border_color": "#B8C4D6", "valign": "top", "text_wrap": True}
        return cls(
            title=book.add_format({"bold": True, "font_size": 15}),
            plain=book.add_format({"valign": "top", "text_wrap": True}),
            head=book.add_format({**line, "bold": True, "bg_color": "#F2F2F2", "valign": "vcenter"}),
            required=book.add_format({**line, "bold": True, "bg_color": "#D6E6FA", "valign": "vcenter"}),
            text=book.add_format({"num_format": "@", "valign": "top", "text_wrap": True}),
            number=book.add_format({"valign": "top"}),
            example=book.add_format({**line, "num_format": "@", "italic": True, "font_color": "#6B7280", "bg_color": "#FAFAF5"}),
            wrong=book.add_format({"num_format": "@", "valign": "top", "text_wrap": True, "bg_color": "#FFC7CE", "font_color": "#9C0006"}),
        )


def columns_of(process: Process, class_name: str) -> tuple[FormField, ...]:
    """What a table of a class may hold, in the order of the template: without class and unit, which are known.

    Raises:
        KeyError: the process has no such class.
    """
    core = tuple(one for one in core_columns(process, class_name) if one.name not in _KNOWN)
    return core + fields_of(process, class_name)


def template(edition: Edition, unit: Nominator, class_name: str, *, codes: Sequence[str], language: str) -> bytes:
    """The empty workbook of a class, for one unit.

    Args:
        edition: What is applied for.
        unit: Whose name and code stand at the top.
        class_name: The class.
        codes: Lines such as `110 数学` that the discipline field offers.
        language: `zh` or `en`.

    Raises:
        KeyError: the process has no such class.
    """
    said, fields = WORDS[language], columns_of(edition.process, class_name)
    class_title = edition.process.class_named(class_name).title.get(language)
    title = said["title"].format(title=edition.process.title.get(language), label=edition.label, class_title=class_title)
    target = io.BytesIO()
    book = exporting.workbook(target, title=title, created=edition.created_at)
    look = Look.of(book)
    sheet = book.add_worksheet(said["sheet"])
    sheet.write_string(0, 0, title, look.title)
    sheet.write_string(1, 0, said["unit"].format(name=unit.name, code=unit.code, row=HEADER_ROW + 2))
    sheet.write_string(HEADER_ROW - 1, 0, said["number"], look.head)
    sheet.write_string(HEADER_ROW, 0, said["example"], look.example)
    by_name = {one.name: one for one in fields}
    for column, field in enumerate(fields, start=1):
        sheet.write_string(HEADER_ROW - 1, column, header_of(field, language), look.required if field.required else look.head)
        sheet.write_string(HEADER_ROW, column, example(field, by_name, codes, language), look.example)
    _explain(book, look, fields, codes, language)
    dress(book, sheet, look, dict(enumerate(fields, start=1)), codes, header_row=HEADER_ROW, language=language)
    sheet.set_column(0, 0, 6, look.number)
    sheet.set_row(HEADER_ROW - 1, 42)
    book.close()
    return target.getvalue()


def dress(
    book: Workbook,
    sheet: Worksheet,
    look: Look,
    columns: Mapping[int, FormField],
    codes: Sequence[str],
    *,
    header_row: int,
    language: str,
) -> None:
    """Give a sheet its widths, formats, drop-downs and hints, a header that stays, and a page set-up for printing.

    Args:
        book: The workbook; sheets for the lists are added to it.
        sheet: The sheet with the table.
        look: The formats of the workbook.
        columns: Position of a column, from 0 -> what stands in it.
        codes: Lines that the discipline field offers.
        header_row: Row of the headers, from 1.
        language: `zh` or `en`.
    """
    by_name = {one.name: one for one in columns.values()}
    lists = _Lists(book, look, codes, language)
    for column, field in columns.items():
        long = field.kind == "text" and (field.max_length or 0) >= _LONG_TEXT
        sheet.set_column(
            column, column, _LONG_WIDTH if long else _WIDTHS.get(field.kind, 14), look.text if _is_text(field) else look.number
        )
        rule = _validation(field, by_name, lists, language, cell=f"{column_letter(column)}{header_row + 1}")
        sheet.data_validation(header_row, column, header_row + ROWS - 1, column, rule)
    sheet.freeze_panes(header_row, 2)
    sheet.repeat_rows(header_row - 1)
    sheet.repeat_columns(0, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_print_scale(70)
    sheet.print_across()
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    sheet.set_footer(f"&C{WORDS[language]['page']}")


class _Lists:
    """Sheets that hold what drop-downs offer: a list beside the cells would end at 255 letters and at every comma."""

    def __init__(self, book: Workbook, look: Look, codes: Sequence[str], language: str) -> None:
        self._book, self._look, self._codes, self._said = book, look, codes, WORDS[language]
        self._hidden: Worksheet | None = None
        self._used = 0
        self._disciplines = ""

    def of(self, values: Sequence[str]) -> str:
        """The address of a list in a hidden sheet."""
        if self._hidden is None:
            self._hidden = self._book.add_worksheet("lists")
            self._hidden.hide()
        column = self._used
        self._used += 1
        for row, value in enumerate(values):
            self._hidden.write_string(row, column, value)
        return f"=lists!${column_letter(column)}$1:${column_letter(column)}${len(values)}"

    def disciplines(self) -> str:
        """The address of the discipline codes, in a sheet that people can read."""
        if not self._disciplines:
            sheet = self._book.add_worksheet(self._said["codes"])
            sheet.set_column(0, 0, 40)
            sheet.write_string(0, 0, self._said["code_heads"][0], self._look.head)
            for row, code in enumerate(self._codes, start=1):
                sheet.write_string(row, 0, code)
            sheet.freeze_panes(1, 0)
            self._disciplines = f"='{self._said['codes']}'!$A$2:$A${len(self._codes) + 1}"
        return self._disciplines

    @property
    def has_codes(self) -> bool:
        """Whether there are discipline codes to offer."""
        return bool(self._codes)


def _validation(field: FormField, by_name: Mapping[str, FormField], lists: _Lists, language: str, *, cell: str) -> dict[str, Any]:
    """What a cell takes, and the hint that appears beside it. Only what is certainly wrong is stopped."""
    said = WORDS[language]
    hint = how_to_fill(field, by_name, language)
    shown = {
        "input_title": field.title.get(language)[:_MESSAGE_TITLE],
        "input_message": f"{said['required'] if field.required else said['optional']}{'。' if language == 'zh' else '. '}{hint}"[:_MESSAGE],
        "error_title": said["wrong"],
        "error_message": hint[:_MESSAGE],
        "ignore_blank": True,
    }
    match field.kind:
        case "choice":
            return {**shown, "validate": "list", "source": lists.of(field.choices)}
        case "declaration":
            return {**shown, "validate": "list", "source": lists.of((said["yes"], said["no"])), "error_type": "warning"}
        case "discipline" if lists.has_codes:
            return {**shown, "validate": "list", "source": lists.disciplines(), "error_type": "information"}
        case "number":
            return {**shown, **_number_rule(field)}
        case "date" | "month":
            return {**shown, "validate": "custom", "value": _date_rule(field, cell), "error_type": "warning"}
        case "email":
            return {**shown, "validate": "custom", "value": f'=ISNUMBER(FIND("@",{cell}))', "error_type": "warning"}
        case "text":
            return {**shown, "validate": "length", "criteria": "<=", "value": min(field.max_length or LONGEST_TEXT, _MOST_LETTERS)}
    return {**shown, "validate": "any"}


def _number_rule(field: FormField) -> dict[str, Any]:
    kind = "integer" if field.name == "rank" else "decimal"
    if field.min is not None and field.max is not None:
        return {"validate": kind, "criteria": "between", "minimum": float(field.min), "maximum": float(field.max)}
    if field.max is not None:
        return {"validate": kind, "criteria": "<=", "value": float(field.max)}
    return {"validate": kind, "criteria": ">=", "value": -1e15 if field.min is None else float(field.min)}


def _date_rule(field: FormField, cell: str) -> str:
    year = f"VALUE(LEFT({cell},4))"
    first = field.earliest.year if field.earliest else 1900
    last = field.latest.year if field.latest else 2100
    return f"=AND(LEN({cell})>=6,LEN({cell})<=11,ISNUMBER({year}),{year}>={first},{year}<={last})"


def _explain(book: Workbook, look: Look, fields: Sequence[FormField], codes: Sequence[str], language: str) -> None:
    """The sheet that says how to fill in the first one."""
    said = WORDS[language]
    sheet = book.add_worksheet(said["how_to"])
    for column, width in enumerate((6, 24, 10, 80, 36)):
        sheet.set_column(column, column, width, look.plain)
    for row, step in enumerate(said["steps"]):
        sheet.write_string(row, 0, step, look.number)
    top = len(said["steps"]) + 1
    for column, head in enumerate(said["heads"]):
        sheet.write_string(top, column, head, look.head)
    by_name = {one.name: one for one in fields}
    for number, field in enumerate(fields, start=1):
        row = top + number
        marks = (said["required"] if field.required else said["optional"], how_to_fill(field, by_name, language))
        for column, text in enumerate((column_letter(number), field.title.get(language), *marks, example(field, by_name, codes, language))):
            sheet.write_string(row, column, text, look.plain)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _is_text(field: FormField) -> bool:
    """Whether its cells are formatted as text, so that no program makes something else of what is typed."""
    return field.kind not in ("number", "declaration")
