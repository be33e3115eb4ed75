"""A nominator's table measured against everything that holds now, row by row: what would be new, what updated, what is wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from models.edition import Edition, Entry, Nominator
from models.errors import Fault, InputError
from models.intake import NewEntry, Table
from models.process import FormField
from models.store import Store
from models.subjects import core_columns, fields_of
from rules import intake
from rules.columns import assign_columns
from rules.composition import Imbalance
from rules.tabular import column_letter, header_text
from tasks import handing_in, own_forms, spreadsheets, table_keeping
from tasks.admission import Admission, as_entry
from tasks.installation import settings
from tasks.kept_tables import KeptTable
from tasks.spreadsheets import DEFAULT_LIMITS, ReadLimits

Status = Literal["new", "update", "unchanged"]
COLUMNS = "columns:{}"
"""Name of the fact that holds how a unit's columns of a class were assigned last."""


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row without fault, as it would be kept."""

    number: int
    """As the spreadsheet program shows it."""
    new: NewEntry
    before: Entry | None
    """The unit's entry that it updates."""
    status: Status


@dataclass(frozen=True, slots=True)
class Seen:
    """What a table would do, as things stand now."""

    table: Table | None
    """None where no table was found in the sheet."""
    columns: Mapping[str, int]
    """Field -> position of its column."""
    rows: tuple[ReadRow, ...]
    faults: tuple[Fault, ...]

    @property
    def faulty(self) -> int:
        """How many rows cannot be taken."""
        return len({fault.row for fault in self.faults if not self._of_table(fault)})

    @property
    def blocked(self) -> bool:
        """Whether something is wrong with the table as a whole, so that not one row can be taken."""
        return any(map(self._of_table, self.faults))

    @property
    def taken(self) -> tuple[ReadRow, ...]:
        """The rows that would change something."""
        return () if self.blocked else tuple(row for row in self.rows if row.status != "unchanged")

    @property
    def unread(self) -> tuple[str, ...]:
        """Headers of the columns that are not read."""
        used = set(self.columns.values())
        return () if self.table is None else tuple(text for index, text in enumerate(self.table.headers) if text and index not in used)

    @property
    def digest(self) -> str:
        """Tells whether what a person has seen is still what would be kept."""
        taken = [(row.number, row.status, row.new) for row in self.taken]
        shown = [[at, status, new.key, new.title, new.unit, new.email, new.rank, dict(new.fields)] for at, status, new in taken]
        return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()

    def count(self, status: Status) -> int:
        """How many rows have a status."""
        return sum(row.status == status for row in self.rows)

    def _of_table(self, fault: Fault) -> bool:
        return fault.row is None or (self.table is None or fault.row == self.table.header_row)


def limits() -> ReadLimits:
    """How much of a nominator's spreadsheet is read."""
    return replace(DEFAULT_LIMITS, rows=settings().table_rows)


def look(store: Store, kept: KeptTable) -> Seen:
    """Check a table against everything that holds now; changes nothing."""
    edition = store.edition(kept.edition)
    unit = own_forms.unit_of(store, edition, kept.nominator)
    try:
        table = spreadsheets.table_in(kept.sheet, limits=limits())
    except InputError as refusal:
        return Seen(None, {}, (), refusal.faults)
    columns = columns_in(store, edition, kept, table)
    own = intake.OneUnit(kept.class_name, unit.code, unit.name, columns)
    read, faults = intake.sort_entries(table, edition.process, own)
    admission = Admission(store, edition, unit)
    of_table = [replace(fault, file=table.file, sheet=table.sheet) for fault in admission.list_refusals()]
    rows, refused = _Checking(edition, unit, table, columns, admission).check(read)
    found = sorted((*of_table, *faults, *refused), key=lambda fault: fault.row or 0)
    if not rows and not found:
        zh = "没有可以读取的内容：表格里只有示例行或序号，请从示例行下方填写"
        what = "there is nothing but the example row or running numbers"
        found = [Fault(what, "fill in the rows below the example", table.file, table.sheet, zh=zh)]
    return Seen(table, columns, rows, tuple(found))


def askable(edition: Edition, class_name: str) -> tuple[FormField, ...]:
    """Fields that a column of a class can be assigned to, the core columns first."""
    return (*core_columns(edition.process, class_name), *fields_of(edition.process, class_name))


def columns_in(store: Store, edition: Edition, kept: KeptTable, table: Table) -> dict[str, int]:
    """Which column holds what: as a person has said for this table, or for an earlier one of the class, or else by the headers."""
    known = {field.name for field in askable(edition, kept.class_name)}
    fact = store.facts(kept.nominator).get(COLUMNS.format(kept.class_name))
    chosen = {**(fact.value if fact is not None and isinstance(fact.value, dict) else {}), **kept.columns}
    said = {index: chosen[bare] for index, header in enumerate(table.headers) if header and (bare := header_text(header)) in chosen}
    found = {name: index for index, name in said.items() if name in known}
    guessed = assign_columns(table.headers, askable(edition, kept.class_name))
    return found | {name: index for name, index in guessed.items() if name not in found and index not in said}


class _Checking:
    """The good rows of a table, measured one after the other against the rules and against each other."""

    def __init__(self, edition: Edition, unit: Nominator, table: Table, columns: Mapping[str, int], admission: Admission) -> None:
        self._edition, self._unit, self._table, self._columns, self._admission = edition, unit, table, columns, admission
        self._own = {key: entry for entry in admission.own for key in self._keys(entry)}
        self._rows: dict[int, ReadRow] = {}
        self._faults: list[Fault] = []
        self._ranks: dict[int, int] = {}

    def check(self, read: Mapping[int, NewEntry]) -> tuple[tuple[ReadRow, ...], list[Fault]]:
        for number, new in read.items():
            self._row(number, new)
        self._balance()
        return tuple(self._rows.values()), self._faults

    def _row(self, number: int, new: NewEntry) -> None:
        before = next((self._own[key] for key in self._keys(new) if key in self._own), None)
        if before is not None and before.class_name != new.class_name:
            before = None  # refused below: the subject stands in another class
        if before is not None:
            new = self._with_what_stays(new, before)
        if before is not None and before.state != "submitted":
            zh = f"该申报项（{before.code}）目前不能修改，请在网页上查看"
            self._refuse(number, Fault(f"{before.code} cannot be changed as it stands ({before.state})", field="title", zh=zh))
            return
        if before is not None and table_keeping.says_the_same(new, before):
            self._rows[number] = ReadRow(number, new, before, "unchanged")
            return
        faults = [*self._admission.of_entry(new, before), *self._ranked_twice(number, new)]
        for fault in faults:
            self._refuse(number, fault)
        if not faults:
            self._rows[number] = ReadRow(number, new, before, "new" if before is None else "update")
            self._admission.count(self._standing(number, new, before))

    def _ranked_twice(self, number: int, new: NewEntry) -> list[Fault]:
        """Two rows of a ranked list that want the same place (rule N3)."""
        if new.rank is None or not handing_in.is_ranked(self._edition):
            return []
        first = self._ranks.setdefault(new.rank, number)
        zh = f"推荐排序 {new.rank} 与第 {first} 行重复，请改为不同的序号"
        return [] if first == number else [Fault(f"row {first} has the rank {new.rank} already", "write another", field="rank", zh=zh)]

    def _with_what_stays(self, new: NewEntry, before: Entry) -> NewEntry:
        """An update says nothing about fields that have no column; a file that has arrived stays where its cell is empty."""
        stays = {field.name for field in fields_of(self._edition.process, new.class_name) if field.name not in self._columns}
        files = {field.name for field in fields_of(self._edition.process, new.class_name) if field.kind == "file"}
        fields = {name: value for name, value in before.fields.items() if name in stays or (name in files and name not in new.fields)}
        rank = new.rank if new.rank is not None else before.rank
        return replace(new, fields={**fields, **new.fields}, rank=rank)

    def _balance(self) -> None:
        """Leave out the last rows that tip the balance of the unit's list, until it is kept (rule N9)."""
        while found := next(((one, row) for one in self._admission.imbalances() for row in self._tipping(one)), None):
            imbalance, row = found
            words = imbalance.words()
            self._refuse(row.number, Fault(words.en, field=imbalance.rule.field, zh=words.zh))
            del self._rows[row.number]
            self._admission.forget(self._standing(row.number, row.new, row.before).id)
            if row.before is not None:
                self._admission.count(row.before)

    def _tipping(self, one: Imbalance) -> list[ReadRow]:
        """The rows that make too many, or leave too few; the last first."""
        counted = {entry.id for entry in one.counted}
        return [
            row
            for row in reversed(self._rows.values())
            if row.status != "unchanged"
            and (self._standing(row.number, row.new, row.before).id in counted) == (one.kind == "too_many")
            and (not one.rule.classes or row.new.class_name in one.rule.classes)
        ]

    def _standing(self, number: int, new: NewEntry, before: Entry | None) -> Entry:
        """The entry as it will stand, under an id of its own."""
        return replace(as_entry(self._edition, self._unit, new), id=f"row/{number}" if before is None else before.id)

    def _keys(self, one: Entry | NewEntry) -> tuple[str, ...]:
        subject = self._edition.process.class_named(one.class_name).subject
        return intake.entry_keys(subject, one.title, one.unit, one.fields)

    def _refuse(self, number: int, fault: Fault) -> None:
        column = self._columns.get(fault.field or "title")
        letter = "" if column is None else column_letter(column)
        self._faults.append(replace(fault, file=self._table.file, sheet=self._table.sheet, row=number, column=letter))
