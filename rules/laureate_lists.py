"""Reading a list of earlier winners: names or titles, units, and what else it happens to hold (rule N5)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from models.errors import InputError
from models.intake import Row, Table
from models.process import AwardClass, FormField, Process
from models.subjects import core_columns, fields_of
from models.submitting import Laureate
from rules.cells import LONGEST_NAME, read_cell, tidy
from rules.columns import Reading
from rules.intake import entry_keys
from rules.text import clean_name, clean_unit

_TELLING = {"paper": ("doi",), "person": ("birth_month",)}
"""Fields that make a winner known more surely, where the list has them."""
_FURTHER = {"title": ("名称", "题目", "姓名", "获奖者", "获奖项目"), "unit": ("单位", "所在单位", "完成单位")}
_NO_UNIT = ("paper",)
"""Kinds of subject that are known without the unit."""


def read_laureates(table: Table, process: Process, label: str) -> tuple[Laureate, ...]:
    """Read a list of winners of one edition; headings are those of the entries' own tables.

    A paper with a DOI is kept under its DOI and under its title. A person whose month of birth the list lacks is known by name and unit.

    Args:
        table: The list; a column 类别 names the class unless the process has one class only.
        process: The declaration.
        label: Of the edition in which they won.

    Raises:
        InputError: every fault of the table at once.
    """
    return _List(table, process, label).read()


class _List:
    """One reading of a list."""

    def __init__(self, table: Table, process: Process, label: str) -> None:
        self._table, self._process, self._label, self._reading = table, process, label, Reading(table)
        self._classes = {_plain(text): one for one in process.classes for text in (one.name, one.title.zh, one.title.en)}
        several = len(process.classes) > 1
        field = core_columns(process, process.classes[0].name)[0]
        self._class_column = self._reading.columns([field.model_copy(update={"required": several})]).get("class")
        self._forms: dict[str, tuple[dict[str, FormField], dict[str, int]]] = {}

    def read(self) -> tuple[Laureate, ...]:
        found = [one for row in self._table.rows if (declared := self._class_of(row)) for one in self._winner(row, declared)]
        if self._reading.faults:
            raise InputError(sorted(self._reading.faults, key=lambda fault: fault.row or 0))
        return tuple({one.id: one for one in found}.values())

    def _class_of(self, row: Row) -> AwardClass | None:
        only = self._process.classes[0] if len(self._process.classes) == 1 else None
        if self._class_column is None:
            return only
        text = row.cells[self._class_column].strip()
        found = self._classes.get(_plain(text)) or (None if text else only)
        if found is None:
            titles = "、".join(one.title.zh for one in self._process.classes)
            what = f"{text[:40]!r} is no class" if text else "the class is empty"
            self._reading.refuse(row, self._class_column, "class", what, f"write one of {titles}")
        return found

    def _form(self, declared: AwardClass) -> tuple[dict[str, FormField], dict[str, int]]:
        if declared.name not in self._forms:
            core = {field.name: field for field in core_columns(self._process, declared.name)}
            title = core["title"].model_copy(update={"headers": self._headings("title")})
            unit = core["unit"].model_copy(update={"required": declared.subject not in _NO_UNIT, "headers": self._headings("unit")})
            telling = [one for one in fields_of(self._process, declared.name) if one.name in _TELLING.get(declared.subject, ())]
            asked = [title, unit, *(one.model_copy(update={"required": False}) for one in telling)]
            self._forms[declared.name] = {one.name: one for one in asked}, dict(self._reading.columns(asked))
        return self._forms[declared.name]

    def _headings(self, name: str) -> tuple[str, ...]:
        """One column holds the titles of all classes, whatever class it is named after."""
        found = [field for one in self._process.classes for field in core_columns(self._process, one.name) if field.name == name]
        return tuple({text: None for one in found for text in (one.title.zh, one.title.en, *one.headers)} | dict.fromkeys(_FURTHER[name]))

    def _winner(self, row: Row, declared: AwardClass) -> Iterator[Laureate]:
        fields, columns = self._form(declared)
        take = self._reading.take
        longest = fields["title"].max_length or LONGEST_NAME
        title = take(row, columns, fields["title"], lambda text: " ".join(tidy(text, max_length=longest).split()), "")
        unit = take(row, columns, fields["unit"], lambda text: clean_unit(tidy(text, max_length=LONGEST_NAME)), "")
        values = {}
        for name in _TELLING.get(declared.subject, ()):
            field = fields.get(name)
            if field is not None and (value := take(row, columns, field, lambda text, field=field: read_cell(text, field), "")):  # type: ignore[misc]
                values[name] = value
        if not title:
            return
        title = clean_name(title) if declared.subject == "person" else title
        for key in entry_keys(declared.subject, title, unit, values):
            told = "\x1f".join((self._process.name, self._label, declared.name, key))
            own_id = hashlib.sha256(told.encode()).hexdigest()
            yield Laureate(own_id, self._process.name, self._label, declared.name, key, title, unit, self._table.file)


def _plain(text: str) -> str:
    return clean_unit(text).casefold()
