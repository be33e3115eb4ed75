"""Which column of a table holds what, and where a fault lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

from models.errors import Fault
from models.intake import Row, Table
from models.process import FormField
from rules.cells import CellRefused
from rules.tabular import column_letter, header_text

Value = TypeVar("Value")

MOST_HINTS = 100
"""Misspelt values for which the nearest right one is looked up; searching is slow and nobody reads more."""


def assign_columns(headers: Sequence[str], fields: Iterable[FormField]) -> dict[str, int]:
    """Find the column of each field that has one. Names and titles go before further headings; a column serves one field."""
    bare = {header_text(header): index for index, header in enumerate(headers) if header}
    found: dict[str, int] = {}
    fields = tuple(fields)
    for spellings in (_own_names, _further_headings):
        for field in fields:
            for spelling in spellings(field):
                index = bare.get(header_text(spelling))
                if field.name not in found and index is not None and index not in found.values():
                    found[field.name] = index
    return found


def _own_names(field: FormField) -> tuple[str, ...]:
    return field.name, field.title.zh, field.title.en


def _named(field: FormField) -> str:
    """The field in an English sentence, with the Chinese title that most tables bear as their header."""
    return field.title.zh if field.title.en == field.title.zh else f"{field.title.en} ({field.title.zh})"


def _further_headings(field: FormField) -> tuple[str, ...]:
    return field.headers


class Reading:
    """One reading of a table: takes cells by field, and gathers everything that is wrong."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.faults: list[Fault] = []
        self._nearest: dict[str, str] = {}

    def columns(self, fields: Sequence[FormField], chosen: Mapping[str, int] | None = None) -> Mapping[str, int]:
        """Find the columns of these fields, or take those that a person chose; one that every row needs and that is missing is a fault."""
        found = assign_columns(self.table.headers, fields) if chosen is None else chosen
        present = ", ".join(header for header in self.table.headers if header)
        for field in fields:
            if field.required and not field.when and field.name not in found:
                fault = Fault(
                    f"there is no column {_named(field)}; found: {present}",
                    f"add a column with the header {field.title.zh} or {field.title.en}",
                    self.table.file,
                    self.table.sheet,
                    self.table.header_row,
                    field=field.name,
                    zh=f"缺少“{field.title.zh}”一列，请在表头增加这一列，或指定由哪一列填写",
                )
                if fault not in self.faults:
                    self.faults.append(fault)
        return found

    def refuse(self, row: Row, column: int | None, field: str, what: str, remedy: str = "", *, zh: str = "") -> None:
        """Note a fault in a row; `zh` says it in one Chinese sentence."""
        letter = "" if column is None else column_letter(column)
        self.faults.append(Fault(what, remedy, self.table.file, self.table.sheet, row.number, letter, field, zh))

    def take(self, row: Row, columns: Mapping[str, int], field: FormField, read: Callable[[str], Value], empty: Value) -> Value:
        """Read the cell of a field; `empty` where it is empty or at fault."""
        column = columns.get(field.name)
        if column is None:
            if field.required and field.when:  # a missing column is one fault of the table, unless only some rows need it
                zh = f"“{field.title.zh}”为空，请增加这一列并填写"
                self.refuse(row, None, field.name, f"{_named(field)} is empty", "add a column for it and fill in the cell", zh=zh)
            return empty
        text = row.cells[column].strip()
        if not text.strip("'\u3000"):
            if field.required:
                self.refuse(row, column, field.name, f"{_named(field)} is empty", "fill in the cell", zh=f"“{field.title.zh}”为空，请填写")
            return empty
        try:
            return read(text)
        except CellRefused as refusal:
            self.refuse(row, column, field.name, refusal.what, refusal.remedy, zh=refusal.zh)
            return empty

    def nearest(self, text: str, known: Iterable[str]) -> str:
        """Give a hint that names the nearest known value, or an empty text."""
        if text not in self._nearest and len(self._nearest) < MOST_HINTS:
            close = get_close_matches(text, tuple(known), n=1, cutoff=0.5)
            self._nearest[text] = f"did you mean {close[0]}?" if close else ""
        return self._nearest.get(text, "")

    def refuse_repeats(self, lines: Iterable[tuple[Row, str]], column: int | None, field: str, what: str, remedy: str) -> None:
        """Note every row whose value stands in an earlier row already, naming both."""
        first: dict[str, int] = {}
        for row, value in lines:
            if value and value in first:
                self.refuse(row, column, field, f"{what} {value} stands in row {first[value]} already", remedy)
            elif value:
                first[value] = row.number
