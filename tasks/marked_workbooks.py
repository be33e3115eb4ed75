"""A nominator's own table with its faults marked: red cells, a comment on each, and a list of them in a second sheet.

The workbook is built anew from what was read: values and their places stay, pictures and colours of the sender do not. See
docs/decisions/0016-tables.md.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from xlsxwriter.workbook import Workbook

from models.edition import Edition
from models.errors import Fault
from models.process import FormField
from tasks import exporting, template_workbooks
from tasks.spreadsheets import Sheet
from tasks.template_words import WORDS

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,10})?")
_NO_XML = re.compile("[\ufffe\uffff]")
_COMMENT = {"x_scale": 2.2, "y_scale": 1.6, "author": ""}
_MOST_COMMENT = 1000


def marked(
    edition: Edition,
    sheet: Sheet,
    faults: Sequence[Fault],
    columns: Mapping[int, FormField],
    header_row: int,
    *,
    codes: Sequence[str],
    language: str,
) -> bytes:
    """The table as it was sent, exactly the faulty cells red and commented.

    Args:
        edition: What is applied for.
        sheet: What was read.
        faults: What is wrong.
        columns: Position of a column, from 0 -> what stands in it.
        header_row: Row of the headers, from 1; 0 where no table was found.
        codes: Lines that the discipline field offers.
        language: `zh` or `en`.
    """
    said = WORDS[language]
    target = io.BytesIO()
    book = exporting.workbook(target, title=sheet.file, created=edition.created_at)
    look = template_workbooks.Look.of(book)
    page = book.add_worksheet(said["sheet"])
    wrong = _by_cell(faults, sheet, language)
    for number, cells in sheet.rows:
        for column, text in enumerate(cells):
            if (number, column) in wrong or not text:
                continue
            field = columns.get(column)
            if number > header_row and field is not None and field.kind == "number" and _NUMBER.fullmatch(text):
                page.write_number(number - 1, column, float(text), look.number)
                continue
            shape = look.title if number < header_row else look.text
            if number == header_row:
                shape = look.required if field is not None and field.required else look.head
            page.write_string(number - 1, column, _plain(text), shape)
    there = dict(sheet.rows)
    for (number, column), told in wrong.items():
        cells = there.get(number, ())
        page.write_string(number - 1, column, _plain(cells[column]) if column < len(cells) else "", look.wrong)
        page.write_comment(number - 1, column, _plain("\n".join(told))[:_MOST_COMMENT], _COMMENT)
    _list(book, look, faults, columns, language)
    if header_row:
        template_workbooks.dress(book, page, look, columns, codes, header_row=header_row, language=language)
    book.close()
    return target.getvalue()


def told(fault: Fault, language: str) -> str:
    """What is wrong and what to do, in one sentence."""
    if language == "zh" and fault.zh:
        return fault.zh
    return f"{fault.what}; {fault.remedy}" if fault.remedy else fault.what


def index_of(letters: str) -> int | None:
    """Position of a column from its letters, from 0; None where there are none."""
    if not letters.isascii() or not letters.isalpha():
        return None
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _by_cell(faults: Sequence[Fault], sheet: Sheet, language: str) -> dict[tuple[int, int], list[str]]:
    """Row from 1 and column from 0 -> what is wrong there; a fault of a whole row stands in its first cell with content."""
    first = {number: next((column for column, text in enumerate(cells) if text), 0) for number, cells in sheet.rows}
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    for fault in faults:
        if fault.row is None:
            continue
        column = index_of(fault.column)
        found[fault.row, first.get(fault.row, 0) if column is None else column].append(told(fault, language))
    return found


def _list(book: Workbook, look: template_workbooks.Look, faults: Sequence[Fault], columns: Mapping[int, FormField], language: str) -> None:
    said = WORDS[language]
    titles = {field.name: field.title.get(language) for field in columns.values()}
    page = book.add_worksheet(said["faults"])
    for column, width in enumerate((8, 8, 24, 100)):
        page.set_column(column, column, width, look.plain)
    page.write_string(0, 0, said["fault_note"], look.number)
    for column, head in enumerate(said["fault_heads"]):
        page.write_string(2, column, head, look.head)
    for row, fault in enumerate(faults, start=3):
        if fault.row is not None:
            page.write_number(row, 0, fault.row, look.plain)
        page.write_string(row, 1, fault.column, look.plain)
        page.write_string(row, 2, titles.get(fault.field, ""), look.plain)
        page.write_string(row, 3, _plain(told(fault, language)), look.plain)
    page.freeze_panes(3, 0)


def _plain(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
