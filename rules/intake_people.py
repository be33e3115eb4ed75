"""Reading the lists of nominators, reviewers, committee members and signatories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from models.declared import Words
from models.errors import InputError
from models.intake import NewMember, NewNominator, NewReviewer, Row, Table
from models.process import FormField, Process
from models.stages import Party, ScoringStage, SignoffStage
from models.subjects import fields_of
from rules.cells import LONGEST_NAME, CellRefused, read_cell, read_discipline, read_email, read_list, tidy
from rules.columns import Reading
from rules.keywords import read_keywords
from rules.text import clean_name, clean_unit, halfwidth

_LONGEST_CODE = 40
_MOST_LOAD = "1000000"
"""More than any award has entries, and less than any database refuses to keep."""


def _column(name: str, zh: str, en: str, *headers: str, required: bool = True, **more: Any) -> FormField:
    return FormField(name=name, title=Words(zh=zh, en=en), headers=headers, required=required, **more)


_EMAIL = _column("email", "电子邮箱", "E-mail", "邮箱", "电子邮件", "E-mail地址", "联系邮箱")
_NOMINATOR = (
    _column("code", "推荐单位编号", "Code", "编号", "单位编号", "代码", "推荐单位代码", "单位代码"),
    _column("name", "推荐单位名称", "Name", "推荐单位", "单位名称", "单位", "名称"),
    _column("type", "推荐渠道", "Type", "类型", "单位类型", "单位类别", "推荐单位类型", "渠道"),
    _EMAIL,
    _column("contact", "联系人", "Contact", "联系人姓名", "经办人", "联络人", required=False),
)
_REVIEWER = (
    _column("code", "专家编号", "Code", "编号", "代码", "评审专家编号"),
    _column("name", "姓名", "Name", "专家姓名", "评审专家"),
    _column("unit", "工作单位", "Unit", "单位", "所在单位", "单位名称"),
    _EMAIL,
    _column("title", "职称", "Title", "职称职务", "专业技术职务", "职务职称", required=False),
    _column("disciplines", "学科代码", "Disciplines", "学科", "专业领域", "评审领域", "领域", "评审类别", "熟悉学科", required=False),
    _column(
        "max_load",
        "最多评审数",
        "Most entries",
        "评审上限",
        "最大评审数",
        "最多评审篇数",
        "max load",
        required=False,
        kind="number",
        min="1",
        max=_MOST_LOAD,
    ),
    _column(
        "min_load",
        "最少评审数",
        "Fewest entries",
        "评审下限",
        "最小评审数",
        "最少评审篇数",
        "min load",
        required=False,
        kind="number",
        min="0",
        max=_MOST_LOAD,
    ),
    _column("keywords", "关键词", "Keywords", "keyword", "研究关键词", "研究方向关键词", "专长关键词", required=False),
)
_MEMBER = (
    _column("code", "编号", "Code", "委员编号", "代码", "成员编号"),
    _column("name", "姓名", "Name", "委员姓名"),
    _column("unit", "工作单位", "Unit", "单位", "所在单位", "单位名称"),
    _EMAIL,
    _column("role", "角色", "Role", "身份", "类别", required=False),
    _column("party", "部门", "Party", "会签部门", "代表部门", "会签单位", "签署部门", required=False),
    _column("chair", "主任委员", "Chair", "主任", "是否主任", "是否主任委员", required=False),
)
_ROLES: dict[str, Literal["committee", "party"]] = {
    **dict.fromkeys(("committee", "member", "委员", "评委", "评委会", "评委会委员", "主任委员", "副主任委员"), "committee"),
    **dict.fromkeys(("party", "signatory", "部门", "会签", "会签人", "部门代表", "签署人", "会签部门"), "party"),
}
_YES = frozenset({"是", "true", "yes", "y", "1", "√", "✓", "主任", "主任委员"})
_NO = frozenset({"", "否", "false", "no", "n", "0", "×"})


def read_nominators(table: Table, process: Process) -> tuple[NewNominator, ...]:
    """Read the nominating units of a list.

    Raises:
        InputError: every fault of the table at once.

    """
    sheet = _People(table, _NOMINATOR)
    types = {
        halfwidth(spelling).casefold(): key for key, one in process.nominators.items() for spelling in (key, one.title.zh, one.title.en)
    }
    titles = "、".join(one.title.zh for one in process.nominators.values())

    def read_type(text: str) -> str:
        try:
            return types[halfwidth(text).strip().casefold()]
        except KeyError:
            raise CellRefused(f"{text[:40]!r} is no type of nominator", f"write one of {titles}") from None

    found = [
        NewNominator(
            code=sheet.text(row, "code", _code),
            name=sheet.text(row, "name", _unit),
            type=sheet.text(row, "type", read_type),
            email=sheet.text(row, "email", read_email),
            contact=sheet.text(row, "contact", _name),
        )
        for row in table.rows
    ]
    sheet.finish([one.code for one in found], [one.email for one in found])
    return tuple(found)


def read_reviewers(table: Table, process: Process) -> tuple[NewReviewer, ...]:
    """Read the reviewers of a list. Where the scoring matches by a field, everybody needs values of that field.

    Raises:
        InputError: every fault of the table at once.

    """
    matched = matched_field(process)
    columns = tuple(one.model_copy(update={"required": matched is not None}) if one.name == "disciplines" else one for one in _REVIEWER)
    sheet = _People(table, columns)
    by_name = {one.name: one for one in columns}
    most = next((stage.max_load for stage in process.stages if isinstance(stage, ScoringStage)), None)
    found = [
        NewReviewer(
            code=sheet.text(row, "code", _code),
            name=sheet.text(row, "name", _name),
            unit=sheet.text(row, "unit", _unit),
            email=sheet.text(row, "email", read_email),
            title=sheet.text(row, "title", _short),
            disciplines=sheet.take(row, "disciplines", lambda text: _disciplines(text, matched), ()),
            max_load=sheet.take(row, "max_load", lambda text: _whole(text, by_name["max_load"]), None),
            keywords=sheet.take(row, "keywords", _keywords, ()),
            min_load=sheet.take(row, "min_load", lambda text: _whole(text, by_name["min_load"]), None),
        )
        for row in table.rows
    ]
    for row, one in zip(table.rows, found, strict=True):
        _refuse_crossed_loads(sheet, row, one, most)
    sheet.finish([one.code for one in found], [one.email for one in found])
    return tuple(found)


def read_committee(table: Table, process: Process) -> tuple[NewMember, ...]:
    """Read the committee members, and the signatories of the bodies that sign.

    Without a column 角色, whoever has a 部门 signs for it and everybody else is of the committee.

    Raises:
        InputError: every fault of the table at once.

    """
    sheet = _People(table, _MEMBER)
    parties = {_plain(text): one.name for one in _parties(process) for text in (one.name, one.title.zh, one.title.en)}
    titles = "、".join(one.title.zh for one in _parties(process))

    def read_party(text: str) -> str:
        if name := parties.get(_plain(text)):
            return name
        raise CellRefused(f"{text[:40]!r} is no body that signs", f"write one of {titles}" if titles else "leave the cell empty")

    found: list[NewMember] = []
    for row in table.rows:
        party = sheet.text(row, "party", read_party)
        implied: Literal["committee", "party"] = "party" if sheet.filled(row, "party") else "committee"
        role: Literal["committee", "party"] = sheet.take(row, "role", _role, implied)
        if role == "party" and not sheet.filled(row, "party"):
            sheet.refuse(row, "party", "nobody knows for which body the person signs", f"write one of {titles}")
        if role == "committee" and party:
            sheet.refuse(row, "party", "a committee member signs for no body", "clear the cell, or write party in the column 角色")
        person = (sheet.text(row, "code", _code), sheet.text(row, "name", _name), sheet.text(row, "unit", _unit))
        found.append(NewMember(*person, sheet.text(row, "email", read_email), role, party, sheet.take(row, "chair", _yes_or_no, False)))
    chairs = [(row, "yes") for row, one in zip(table.rows, found, strict=True) if one.chair]
    for row, _ in chairs[1:]:
        sheet.refuse(row, "chair", f"row {chairs[0][0].number} names the chair already", "mark one person only")
    # A person may sit on the committee and sign for a body; two of a kind would share one mail.
    sheet.finish([one.code for one in found], [f"{one.email} ({one.role})" if one.email else "" for one in found])
    return tuple(found)


def matched_field(process: Process) -> FormField | None:
    """Find the field of an entry that a reviewer's disciplines must cover, if the scoring matches by one."""
    match = next((stage.match for stage in process.stages if isinstance(stage, ScoringStage)), None)
    fields = (field for one in process.classes for field in fields_of(process, one.name))
    return next((field for field in fields if field.name == match), None)


class _People:
    """A list of people under known headers."""

    def __init__(self, table: Table, fields: tuple[FormField, ...]) -> None:
        self._reading = Reading(table)
        self._fields = {field.name: field for field in fields}
        self._columns = self._reading.columns(fields)
        self._rows = table.rows

    def take(self, row: Row, name: str, read: Callable[[str], Any], empty: Any) -> Any:
        return self._reading.take(row, self._columns, self._fields[name], read, empty)

    def text(self, row: Row, name: str, read: Callable[[str], str]) -> str:
        return self._reading.take(row, self._columns, self._fields[name], read, "")

    def filled(self, row: Row, name: str) -> bool:
        return name in self._columns and bool(row.cells[self._columns[name]].strip())

    def refuse(self, row: Row, name: str, what: str, remedy: str) -> None:
        self._reading.refuse(row, self._columns.get(name), name, what, remedy)

    def finish(self, codes: list[str], emails: list[str]) -> None:
        """Look for the same code or address in two rows, then refuse the table if anything was wrong."""
        again = self._reading.refuse_repeats
        again(zip(self._rows, codes, strict=True), self._columns.get("code"), "code", "the code", "give every row a code of its own")
        again(
            zip(self._rows, emails, strict=True), self._columns.get("email"), "email", "the address", "links are personal: one address each"
        )
        if self._reading.faults:
            raise InputError(sorted(self._reading.faults, key=lambda fault: fault.row or 0))


def _code(text: str) -> str:
    code = halfwidth(tidy(text, max_length=_LONGEST_CODE)).strip()
    # Codes stand in the addresses of pages, where these mean something else.
    if set(code) & {"/", "\\"} or code in (".", ".."):
        raise CellRefused(f"{code!r} cannot stand in the address of a page", "write the code without / and \\, e.g. 2026-001")
    return code


def _name(text: str) -> str:
    return clean_name(tidy(text, max_length=LONGEST_NAME))


def _unit(text: str) -> str:
    return clean_unit(tidy(text, max_length=LONGEST_NAME))


def _short(text: str) -> str:
    return tidy(text, max_length=LONGEST_NAME)


def _plain(text: str) -> str:
    return clean_unit(text).casefold()


def _whole(text: str, field: FormField) -> int:
    number = str(read_cell(text, field))
    if not number.isdigit():
        raise CellRefused(f"{text[:40]!r} is not a whole number", "write how many entries the person takes")
    return int(number)


def _refuse_crossed_loads(sheet: _People, row: Row, one: NewReviewer, most: int | None) -> None:
    """Nobody can get at least more entries than at most; `most` is the stage's limit, which holds beside an own one."""
    limits = [limit for limit in (one.max_load, most) if limit is not None]
    if one.min_load is None or not limits or one.min_load <= min(limits):
        return
    whose = f"the person takes {one.max_load} at most" if min(limits) == one.max_load else f"max_load of the review is {most}"
    sheet.refuse(row, "min_load", f"{one.min_load} entries at least cannot be had: {whose}", "lower this number, or raise the other")


def _role(text: str) -> Literal["committee", "party"]:
    try:
        return _ROLES[_plain(text)]
    except KeyError:
        raise CellRefused(f"{text[:40]!r} is no role", "write committee (委员) or party (会签)") from None


def _yes_or_no(text: str) -> bool:
    answer = _plain(text)
    if answer not in _YES | _NO:
        raise CellRefused(f"{text[:40]!r} is neither yes nor no", "write 是 or 否")
    return answer in _YES


def _disciplines(text: str, matched: FormField | None) -> tuple[str, ...]:
    values = read_list(tidy(text, max_length=1_000))
    if matched is None:
        return values
    if matched.kind == "discipline":
        return tuple(dict.fromkeys(read_discipline(value) for value in values))
    return tuple(str(read_cell(value, matched)) for value in values)


def _keywords(text: str) -> tuple[str, ...]:
    return read_keywords(tidy(text, max_length=1_000))


def _parties(process: Process) -> list[Party]:
    return [party for stage in process.stages if isinstance(stage, SignoffStage) for party in stage.parties]
