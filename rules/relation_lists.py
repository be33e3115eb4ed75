"""Reading lists of relations: which reviewer stands how to which person, unit or entry (rule R3)."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from models.declared import Words
from models.edition import Entry, Reviewer
from models.errors import InputError
from models.intake import Row, Table
from models.process import FormField
from models.relations import TOLD, Relation, ToldRelation
from rules.cells import LONGEST_NAME, CellRefused, tidy
from rules.columns import Reading
from rules.conflicts import name_key, unit_key
from rules.text import clean_name, clean_unit, halfwidth

_LONGEST_NOTE = 500
_YEAR = re.compile(r"((?:19|20)\d\d)(?:年|[-./年].*)?", re.ASCII)
_SPELLINGS: dict[Relation, tuple[str, ...]] = {
    "supervisor": ("师生", "导师", "学生", "师生关系", "supervisor-student", "adviser", "advisor"),
    "relative": ("亲属", "夫妻", "近亲属", "亲属关系", "配偶", "spouse", "family"),
    "same_unit": ("同单位", "兼职单位", "曾同单位", "原单位", "same unit"),
    "dispute": ("争议", "利益冲突", "纠纷", "利害关系"),
    "recent_coauthor": ("合著", "合作论文", "论文合著", "合著论文", "共同署名", "joint paper", "co-author", "coauthor"),
    "project": ("合作", "合作项目", "项目合作", "课题合作", "同项目", "joint project", "cooperation"),
    "office": ("学会任职", "同学会任职", "同学会", "学会同事", "same office"),
}
_NONE = ("无", "解除", "none")
_TAKEN_BACK: Any = "none"
"""Not a relation: takes back whatever an earlier list said about the two."""


def _column(name: str, zh: str, en: str, *headers: str, required: bool = False) -> FormField:
    return FormField(name=name, title=Words(zh=zh, en=en), headers=headers, required=required)


_COLUMNS = (
    _column("reviewer", "专家", "Reviewer", "专家编号", "专家姓名", "评审专家", "专家邮箱", required=True),
    _column("reviewer_unit", "专家单位", "Reviewer's unit", "专家工作单位"),
    _column("person", "对方姓名", "Person", "相关人员", "相关人", "申报人", "作者", "姓名"),
    _column("unit", "对方单位", "Unit", "相关单位", "单位", "工作单位", "申报单位"),
    _column("entry", "申报项编号", "Entry", "编号", "申报编号", "项目编号"),
    _column("relation", "关系", "Relation", "关系类型", "回避关系", required=True),
    _column("year", "年份", "Year", "最近合作年份", "合作年份", "论文年份", "发表年份"),
    _column("note", "备注", "Note", "说明", "依据", "来源"),
)


@dataclass(frozen=True, slots=True)
class RelationList:
    """What a list says."""

    told: tuple[ToldRelation, ...]
    taken_back: tuple[str, ...]
    """Ids of what earlier lists may have said, and this one takes back."""


def read_relations(table: Table, *, edition: str, reviewers: Sequence[Reviewer], entries: Sequence[Entry], now: datetime) -> RelationList:
    """Read a list of relations. Of rows about the same two and the same relation the latest year counts.

    Raises:
        InputError: every fault of the list at once.
    """
    return _List(table, edition, reviewers, entries, now).read()


class _List:
    """One reading."""

    def __init__(self, table: Table, edition: str, reviewers: Sequence[Reviewer], entries: Sequence[Entry], now: datetime) -> None:
        self.table, self.edition, self.now = table, edition, now
        self.reading = Reading(table)
        self.columns = self.reading.columns(_COLUMNS)
        self.fields = {one.name: one for one in _COLUMNS}
        self.entries = {unit_key(one.code): one for one in entries}
        self.by_mark: dict[str, list[Reviewer]] = defaultdict(list)
        for one in reviewers:
            for mark in {unit_key(one.code), unit_key(one.email), name_key(one.name)} - {""}:
                self.by_mark[mark].append(one)
        self.relations = {unit_key(word): one for one, words in _SPELLINGS.items() for word in (one, *words)}

    def read(self) -> RelationList:
        told: dict[str, ToldRelation] = {}
        gone: list[str] = []
        for row in self.table.rows:
            for one in self._row(row):
                if one.relation == _TAKEN_BACK:
                    gone += [_id(self.edition, one, relation) for relation in TOLD]
                elif (earlier := told.get(one.id)) is None or (one.year or 0) > (earlier.year or 0):
                    told[one.id] = one
        if self.reading.faults:
            raise InputError(sorted(self.reading.faults, key=lambda fault: fault.row or 0))
        return RelationList(tuple(told.values()), tuple(gone))

    def _row(self, row: Row) -> Iterable[ToldRelation]:
        reviewer = self._reviewer(row)
        relation = self._take(row, "relation", self._relation, "")
        person = self._take(row, "person", lambda text: clean_name(tidy(text, max_length=LONGEST_NAME)), "")
        unit = self._take(row, "unit", lambda text: clean_unit(tidy(text, max_length=LONGEST_NAME)), "")
        entry = self._take(row, "entry", self._entry, "")
        year = self._take(row, "year", _year, None)
        note = self._take(row, "note", lambda text: tidy(text, max_length=_LONGEST_NOTE), "")
        filled = [name for name in ("person", "unit", "entry") if name in self.columns and row.cells[self.columns[name]].strip()]
        if not filled:
            self._refuse(row, "person", "nobody knows to whom", "fill in a person, a whole unit, or the code of an entry")
        elif "entry" in filled and len(filled) > 1:
            self._refuse(row, "entry", "an entry and a person or unit in one row", "write two rows, or clear one of them")
        if reviewer is None or not relation or not (person or unit or entry):
            return
        made = ToldRelation("", self.edition, reviewer.id, relation, entry, person, unit, year, note, self.table.file, self.now)
        yield replace(made, id=_id(self.edition, made, relation))

    def _reviewer(self, row: Row) -> Reviewer | None:
        text = self._take(row, "reviewer", lambda cell: tidy(cell, max_length=320), "")
        unit = self._take(row, "reviewer_unit", lambda cell: clean_unit(tidy(cell, max_length=LONGEST_NAME)), "")
        if not text:
            return None
        found = self.by_mark.get(unit_key(text)) or self.by_mark.get(name_key(text)) or []
        if unit:
            found = [one for one in found if unit_key(one.unit) == unit_key(unit)]
        if len(found) == 1:
            return found[0]
        if found:
            units = ", ".join(f"{one.code} ({one.unit})" for one in found)
            self._refuse(row, "reviewer", f"several reviewers are called {text[:40]}: {units}", "write the code")
        else:
            of = f" of {unit}" if unit else ""
            hint = self.reading.nearest(text, [one.name for some in self.by_mark.values() for one in some])
            self._refuse(row, "reviewer", f"no reviewer {text[:40]}{of}", hint or "import the reviewers first, or correct the cell")
        return None

    def _entry(self, text: str) -> str:
        found = self.entries.get(unit_key(text))
        if found is None:
            raise CellRefused(f"no entry {text[:40]!r}", "write the code of an entry of this edition, or a person or unit in its place")
        return found.id

    def _relation(self, text: str) -> Any:
        bare = unit_key(text)
        if bare in map(unit_key, _NONE):
            return _TAKEN_BACK
        if bare in self.relations:
            return self.relations[bare]
        known = "、".join(words[0] for words in _SPELLINGS.values())
        raise CellRefused(f"{text[:40]!r} is no relation", f"write one of {known}, or 无 to take back what an earlier list said")

    def _take(self, row: Row, name: str, read: Any, empty: Any) -> Any:
        return self.reading.take(row, self.columns, self.fields[name], read, empty)

    def _refuse(self, row: Row, name: str, what: str, remedy: str) -> None:
        self.reading.refuse(row, self.columns.get(name), name, what, remedy)


def _id(edition: str, one: ToldRelation, relation: str) -> str:
    """The same for the same two and the same relation, so that a list read again changes nothing."""
    parts = (edition, one.reviewer, relation, one.entry, name_key(one.person), unit_key(one.unit))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]


def _year(text: str) -> int:
    found = _YEAR.fullmatch(halfwidth(text).strip())
    if found is None:
        raise CellRefused(f"{text[:40]!r} is not a year", "write four digits, e.g. 2024")
    return int(found[1])
