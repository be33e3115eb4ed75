"""Reading the list of entries: every row is checked, and every fault is told at once (rules N1, N4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.errors import Fault, InputError
from models.intake import NewEntry, Row, Table
from models.process import AwardClass, FormField, Process
from models.subjects import core_columns, fields_of
from rules import eligibility
from rules.cells import LONGEST_NAME, CellRefused, read_cell, read_email, tidy
from rules.columns import Reading, assign_columns
from rules.intake_people import matched_field, read_committee, read_nominators, read_reviewers
from rules.subject_keys import entry_keys
from rules.text import clean_name, clean_unit, halfwidth, normalise_title

__all__ = [
    "OneUnit", "entry_keys", "is_example", "matched_field", "read_committee", "read_entries", "read_nominators", "read_reviewers",
    "sort_entries", "unread_headers",
]  # fmt: skip


def read_entries(
    table: Table,
    process: Process,
    nominators: Mapping[str, str],
    known: Mapping[str, str] | None = None,
    further: Mapping[tuple[str, str], int] | None = None,
) -> tuple[NewEntry, ...]:
    """Read the entries of a list.

    Args:
        table: The list; a column 类别 names the class unless the process has one class only.
        process: The declaration.
        nominators: Type by code, of every nominator of the edition.
        known: Title by key, of every entry that is stored: the same subject gets the same key, and so is updated.
        further: Quotas by code and class that differ from the declared `max`: by facts about a unit, or by grants.

    Raises:
        InputError: every fault of the table at once.

    """
    return _Entries(table, process, nominators, known or {}, further=further).read()


@dataclass(frozen=True, slots=True)
class OneUnit:
    """A table that one nominator sends for one class, its columns assigned by a person."""

    class_name: str
    code: str
    name: str
    columns: Mapping[str, int]
    """Field -> position of its column."""


def sort_entries(table: Table, process: Process, unit: OneUnit) -> tuple[dict[int, NewEntry], tuple[Fault, ...]]:
    """Read the entries of one nominator's list, good rows apart from faults: row number -> entry, and every fault.

    The unit is known, so that no column has to name it; a row that names another unit or another class is at fault.
    The example row of a template and rows with a running number only are passed over. Quotas are not looked at.
    """
    reading = _Entries(table, process, {unit.code: ""}, {}, unit)
    found = reading.rows()
    faulty = {fault.row for fault in reading.faults}
    return {} if table.header_row in faulty else {row: one for row, one in found if row not in faulty}, reading.faults


def is_example(row: Row) -> bool:
    """Whether a row is the example of a template, which is read by people only."""
    first = next((cell for cell in row.cells if cell), "")
    return first.strip("（()）").casefold() in EXAMPLE


EXAMPLE = ("示例", "样例", "example")
"""What stands in the first cell of an example row."""


def unread_headers(table: Table, process: Process) -> tuple[str, ...]:
    """Headers of a list of entries that no class of the process knows: to be shown before anything is kept."""
    used = {
        index
        for one in process.classes
        for index in assign_columns(table.headers, (*core_columns(process, one.name), *fields_of(process, one.name))).values()
    }
    return tuple(header for index, header in enumerate(table.headers) if header and index not in used)


@dataclass(frozen=True, slots=True)
class _Form:
    """What one class asks, and where it stands in the table."""

    declared: AwardClass
    core: Mapping[str, FormField]
    fields: tuple[FormField, ...]
    columns: Mapping[str, int]


class _Entries:
    """One reading of a list of entries."""

    def __init__(
        self,
        table: Table,
        process: Process,
        nominators: Mapping[str, str],
        known: Mapping[str, str],
        own: OneUnit | None = None,
        *,
        further: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        self._reading = Reading(table)
        self._further = further or {}
        self._own = own
        self._table, self._process, self._nominators, self._known = table, process, nominators, known
        self._known_titles = {normalise_title(title): key for key, title in known.items()}
        self._codes = {halfwidth(code).casefold(): code for code in nominators}
        self._classes = {_plain(text): one for one in process.classes for text in (one.name, one.title.zh, one.title.en)}
        self._column = self._class_column()
        self._forms: dict[str, _Form] = {}
        self._seen: dict[str, int] = {}
        self._used: dict[tuple[str, str], list[Row]] = defaultdict(list)

    def read(self) -> tuple[NewEntry, ...]:
        found = self.rows()
        self._check_quotas()
        if self._reading.faults:
            raise InputError(self.faults)
        return tuple(entry for _, entry in found)

    def rows(self) -> list[tuple[int, NewEntry]]:
        """Numbers and entries of all rows that could be read."""
        return [
            (row.number, entry)
            for row in self._table.rows
            if not is_example(row) and (declared := self._class_of(row)) and (entry := self._entry(row, self._form(declared)))
        ]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Every fault found so far, from the top down."""
        return tuple(sorted(self._reading.faults, key=lambda fault: fault.row or 0))

    def _class_column(self) -> int | None:
        if self._own is not None:
            return self._own.columns.get("class")
        several = len(self._process.classes) > 1
        field = core_columns(self._process, self._process.classes[0].name)[0]
        return self._reading.columns([field.model_copy(update={"required": several})]).get("class")

    def _class_of(self, row: Row) -> AwardClass | None:
        if self._own is not None:
            return self._own_class(row, self._own)
        only = self._process.classes[0] if len(self._process.classes) == 1 else None
        if self._column is None:
            return only
        text = row.cells[self._column].strip()
        found = self._classes.get(_plain(text)) or (None if text else only)
        if found is None:
            titles = "、".join(one.title.zh for one in self._process.classes)
            what = f"{text[:40]!r} is no class" if text else "the class is empty"
            zh = f"“{text[:40]}”不是本次评选的类别，请填写：{titles}" if text else f"类别为空，请填写：{titles}"
            self._reading.refuse(row, self._column, "class", what, f"write one of {titles}", zh=zh)
        return found

    def _own_class(self, row: Row, own: OneUnit) -> AwardClass | None:
        """The one class, if the row holds more than a running number and names no other class."""
        if not any(row.cells[column] for column in own.columns.values()):
            self._form(self._process.class_named(own.class_name))
            return None
        declared = self._process.class_named(own.class_name)
        text = "" if self._column is None else row.cells[self._column].strip()
        if text and self._classes.get(_plain(text)) != declared:
            what = f"{text[:40]!r} is another class than {declared.title.zh}"
            zh = f"“{text[:40]}”不属于{declared.title.zh}，请移到该类别的表格中"
            self._reading.refuse(row, self._column, "class", what, "put the row into the table of its own class", zh=zh)
            return None
        return declared

    def _form(self, declared: AwardClass) -> _Form:
        if declared.name not in self._forms:
            core = {field.name: field for field in core_columns(self._process, declared.name)}
            fields = fields_of(self._process, declared.name)
            chosen = None
            if self._own is not None:
                core["nominator"] = core["nominator"].model_copy(update={"required": False})
                chosen = self._own.columns
            self._forms[declared.name] = _Form(declared, core, fields, self._reading.columns((*core.values(), *fields), chosen))
        return self._forms[declared.name]

    def _entry(self, row: Row, form: _Form) -> NewEntry | None:
        before = len(self._reading.faults)
        take, columns, core = self._reading.take, form.columns, form.core
        code = take(row, columns, core["nominator"], self._nominator, self._own.code if self._own else "")
        rank = take(row, columns, core["rank"], lambda text: _rank(text, core["rank"]), None)
        title = take(row, columns, core["title"], lambda text: _title(text, core["title"], form.declared.subject), "")
        unit = take(row, columns, core["unit"], lambda text: clean_unit(tidy(text, max_length=LONGEST_NAME)), "")
        email = take(row, columns, core["email"], read_email, "")
        fields: dict[str, Any] = {}
        for field in form.fields:
            if field.when and any(fields.get(name) not in values for name, values in field.when.items()):
                continue
            value = take(row, columns, field, lambda text, field=field: read_cell(text, field), "")  # type: ignore[misc]
            if value:
                fields[field.name] = value
            for words in eligibility.of_value(field, value) if value and self._own else ():
                self._reading.refuse(row, columns.get(field.name), field.name, words.en, zh=words.zh)
        if code:
            self._used[code, form.declared.name].append(row)
        # A row with faults still takes part in the search for duplicates, as long as it says what it is about.
        key = self._key(row, form, title, unit, fields) if title and (unit or form.declared.subject == "paper") else ""
        if len(self._reading.faults) > before:
            return None
        return NewEntry(key, form.declared.name, title, unit, email, code, rank, fields)

    def _nominator(self, text: str) -> str:
        code = halfwidth(tidy(text, max_length=LONGEST_NAME)).strip().casefold()
        if code in self._codes:
            return self._codes[code]
        if self._own is not None:
            if clean_unit(text) == clean_unit(self._own.name):
                return self._own.code
            zh = f"这一行属于其他单位（{text[:40]}），请删去；如属本单位，请填写 {self._own.code} 或留空"
            raise CellRefused(f"the row names another unit: {text[:40]!r}", f"write {self._own.code}, or leave the cell empty", zh=zh)
        hint = self._reading.nearest(code.upper(), self._nominators)
        zh = f"没有编号为“{text[:40]}”的推荐单位，请核对编号"
        remedy = hint or "import the nominators first, or correct the code"
        raise CellRefused(f"there is no nominator with the code {text[:40]!r}", remedy, zh=zh)

    def _key(self, row: Row, form: _Form, title: str, unit: str, fields: Mapping[str, Any]) -> str:
        keys = entry_keys(form.declared.subject, title, unit, fields)
        if earlier := next((self._seen[key] for key in keys if key in self._seen), None):
            what = f"row {earlier} has the same {_same(form.declared.subject)} as row {row.number}: {title[:60]}"
            zh = f"与第 {earlier} 行重复（{title[:60]}），同一申报项只能推荐一次，请删去其中一行"
            remedy = "a subject is put forward once; delete one of the rows"
            self._reading.refuse(row, form.columns.get("title"), "title", what, remedy, zh=zh)
        for key in keys:
            self._seen.setdefault(key, row.number)
        stored = next((key for key in keys if key in self._known), None)
        if stored is None and form.declared.subject == "paper":
            stored = self._known_titles.get(normalise_title(title))
        return stored or keys[0]

    def _check_quotas(self) -> None:
        """Refuse the rows beyond what each unit may put forward (rule N1)."""
        for (code, class_name), rows in self._used.items():
            kind = self._process.nominators.get(self._nominators[code])
            most = self._further.get((code, class_name), kind.max.get(class_name, 0) if kind else 0)
            if len(rows) <= most:
                continue
            declared = self._process.class_named(class_name)
            numbers = ", ".join(str(row.number) for row in rows[most:])
            named = f"{code} ({kind.title.zh})" if kind else code
            self._reading.refuse(
                rows[most],
                self._forms[class_name].columns.get("nominator"),
                "nominator",
                f"{named} puts forward {len(rows)} of {declared.title.zh}; its quota is {most}; surplus rows: {numbers}",
                f"delete {len(rows) - most} of its rows" if most else "this type of unit puts forward no entries of the class",
                zh=f"{declared.title.zh}共 {len(rows)} 项，名额为 {most} 项，请删去多出的 {len(rows) - most} 项（第 {numbers} 行）",
            )


def _title(text: str, field: FormField, subject: str) -> str:
    value = " ".join(tidy(text, max_length=field.max_length or LONGEST_NAME).split())
    return clean_name(value) if subject == "person" else value


def _rank(text: str, field: FormField) -> int:
    number = str(read_cell(text, field))
    if not number.isdigit():
        raise CellRefused(f"{text[:40]!r} is not a whole number", "write 1, 2, 3 …", zh=f"“{text[:40]}”不是序号，请填写 1、2、3……")
    return int(number)


def _same(subject: str) -> str:
    return {"paper": "DOI or title", "person": "name, unit and month of birth"}.get(subject, "title and unit")


def _plain(text: str) -> str:
    return clean_unit(text).casefold()
