"""Tables that are handed out, as .xlsx and as CSV: a text in them stays a text, and never runs as a formula (R-46)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter

_STARTS_FORMULA = ("=", "+", "-", "@")
_SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def workbook(target: io.BytesIO, *, title: str, created: datetime) -> xlsxwriter.Workbook:
    """A workbook in memory whose texts are written as texts, whatever they begin with; the caller closes it.

    Args:
        target: Where the file goes.
        title: What the file says it is.
        created: What it says of its making; given, so that the same content is the same file.
    """
    book = xlsxwriter.Workbook(target, {"in_memory": True, **_SAFE})
    book.set_properties({"title": title, "created": created.replace(tzinfo=None)})
    return book


def xlsx_table(rows: Iterable[Sequence[Any]], *, title: str, created: datetime, widths: Sequence[int]) -> bytes:
    """A table as a workbook with one sheet: its first row is the header, and stays in sight.

    Args:
        rows: Texts and numbers.
        title: As for `workbook`.
        created: As for `workbook`.
        widths: Of the columns, in characters.
    """
    target = io.BytesIO()
    book = workbook(target, title=title, created=created)
    sheet, head, text = book.add_worksheet(), book.add_format({"bold": True, "text_wrap": True}), book.add_format({"num_format": "@"})
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, column, cell, head if number == 0 else text)
            else:
                sheet.write(number, column, cell)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    book.close()
    return target.getvalue()


def csv_table(rows: Iterable[Sequence[Any]]) -> bytes:
    """A table as CSV in UTF-8 with its mark, as spreadsheet programs expect it; texts that look like formulas are defused."""
    target = io.StringIO(newline="")
    csv.writer(target).writerows([csv_cell(cell) for cell in row] for row in rows)
    return ("\ufeff" + target.getvalue()).encode()


def csv_for_programs(rows: Iterable[Sequence[Any]]) -> str:
    """A table as CSV whose cells stand as they are: for another program to read, from names that its reader wrote itself."""
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\n").writerows(rows)
    return target.getvalue()


def csv_cell(cell: object) -> object:
    """A cell for CSV: what a spreadsheet would take for a formula gets a leading apostrophe; numbers stay numbers."""
    if isinstance(cell, str) and (cell.startswith(("\t", "\r", "\n")) or cell.lstrip().startswith(_STARTS_FORMULA)):
        return f"'{cell}"
    return cell
