"""The form of one entry: what is asked, what was typed read into an entry, and an entry turned back into what one would type.

A form's values are what a person typed, by the names of fields: texts; lists of `{"name", "unit", "title"}` for people; the
digest of the text for a declaration that was ticked. Core columns stand among them by their names, see `models.subjects`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import subjects
from models.declared import Words
from models.edition import Entry
from models.errors import Fault, InputError
from models.intake import NewEntry
from models.process import FormField, Process
from models.stages import SubmissionStage
from rules import eligibility, intake
from rules.cells import LONGEST_NAME, LONGEST_TEXT, CellRefused, read_cell, read_email, tidy
from rules.digests import words_digest
from rules.text import TextRefused, clean, clean_name, clean_unit, halfwidth

LONGEST_DRAFT = 4 * LONGEST_TEXT
"""Characters that a draft keeps of one field; a guard, not a rule: how long a text may be is asked when it is handed in."""
MOST_PEOPLE = 200
"""Rows of a list of people that a draft keeps; a guard, not a rule."""
PARTS = ("name", "unit", "title")
"""What is asked of each person on a list."""
_NOT_TYPED = ("class", "nominator")
"""Core columns that a nominator's form knows already."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """Fields that stand under one heading."""

    title: Words | None
    """None for what stands before the first heading."""
    fields: tuple[FormField, ...]


def fields(process: Process, class_name: str) -> tuple[FormField, ...]:
    """Everything that a form of a class may ask, the core columns first.

    Where the units' lists are ranked, an entry's place is a matter of the list and not of its form (rule N3).

    Raises:
        KeyError: the process has no such class.
    """
    first = process.stages[0]
    ranked = isinstance(first, SubmissionStage) and first.ranked
    left_out = (*_NOT_TYPED, "rank") if ranked else _NOT_TYPED
    core = tuple(one for one in subjects.core_columns(process, class_name) if one.name not in left_out)
    return core + subjects.fields_of(process, class_name)


def asked(process: Process, class_name: str, values: Values) -> tuple[FormField, ...]:
    """What a form asks, given what is in it: fields whose conditions hold, the core columns first.

    A condition on a field that is not asked itself does not hold.

    Raises:
        KeyError: the process has no such class.
    """
    everything = fields(process, class_name)
    by_name = {one.name: one for one in everything}
    shown: dict[str, FormField] = {}
    for one in everything:
        wanted = (one.when or {}).items()
        if all(name in shown and _chosen(by_name[name], values) in choices for name, choices in wanted):
            shown[one.name] = one
    return tuple(shown.values())


def sections(asked_fields: Iterable[FormField]) -> tuple[Section, ...]:
    """The fields under their headings; those after a field with a heading stand under the same one."""
    found: list[tuple[Words | None, list[FormField]]] = []
    for one in asked_fields:
        if one.section is not None or not found:
            found.append((one.section, []))
        found[-1][1].append(one)
    return tuple(Section(title, tuple(listed)) for title, listed in found)


def text_digest(field: FormField) -> str:
    """The digest of the text of a declaration, in all its languages: what is kept with the tick."""
    return "" if field.text is None else words_digest(field.text)


def is_outdated(field: FormField, values: Values) -> bool:
    """Whether a declaration was ticked when its text was another one: it must be asked again."""
    ticked = str(values.get(field.name) or "")
    return bool(ticked) and ticked != text_digest(field)


# -- reading --------------------------------------------------------------------------------------------------------


def clean_values(process: Process, class_name: str, values: Values) -> dict[str, Any]:
    """What a draft keeps of what was typed: known fields only, texts in one form, none that no field may hold.

    Raises:
        InputError: texts with characters that cannot be kept, or beyond all bounds; every such field is named.
    """
    kept: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in fields(process, class_name):
        value = values.get(field.name)
        if value is None:
            continue
        try:
            kept[field.name] = _clean_people(value) if isinstance(value, list | tuple) else _clean(str(value), LONGEST_DRAFT)
        except TextRefused as refusal:
            faults.append(Fault(str(refusal), "type the text again", field=field.name, zh=refusal.zh))
    if faults:
        raise InputError(faults)
    return kept


def _clean(text: str, longest: int) -> str:
    return clean(text, max_length=longest)


def _clean_people(rows: Sequence[Any]) -> list[dict[str, str]]:
    if len(rows) > MOST_PEOPLE:
        raise TextRefused(f"{len(rows)} people; at most {MOST_PEOPLE}", zh=f"共 {len(rows)} 人，最多 {MOST_PEOPLE} 人，请删减")
    mappings = [row if isinstance(row, Mapping) else {"name": row} for row in rows]
    cleaned = [{part: _clean(str(row.get(part) or ""), LONGEST_NAME * 2) for part in PARTS} for row in mappings]
    return [row for row in cleaned if any(row.values())]


def read(process: Process, class_name: str, values: Values, *, attached: Collection[str], nominator: str) -> NewEntry:
    """Read a form into an entry. Values of fields that are not asked stay out.

    Args:
        process: The declaration.
        class_name: The class of the form.
        values: What was typed.
        attached: Names of `file` fields for which a file has arrived.
        nominator: Code of the unit that hands it in.

    Raises:
        InputError: every fault at once, each with the name of its field.
        KeyError: the process has no such class.
    """
    names = [one.name for one in asked(process, class_name, values)]
    found = read_some(process, class_name, values, names, attached=attached)
    return _entry(process, class_name, found, nominator)


def read_some(process: Process, class_name: str, values: Values, names: Collection[str], *, attached: Collection[str]) -> dict[str, Any]:
    """Read the named fields of a form alone, by name: what is wrong with the others keeps nobody from correcting these (rule F2).

    Raises:
        InputError: every fault at once, each with the name of its field.
    """
    faults: list[Fault] = []
    found: dict[str, Any] = {}
    for field in (one for one in asked(process, class_name, values) if one.name in names):
        try:
            found[field.name] = value = _read_field(field, values, attached)
        except CellRefused as refusal:
            faults.append(Fault(refusal.what, refusal.remedy, field=field.name, zh=refusal.zh))
            continue
        if value in ("", []) and field.required and not (field.kind == "file" and field.name in attached):
            faults.append(_missing(field))
        elif value not in ("", []):
            faults += [Fault(words.en, field=field.name, zh=words.zh) for words in eligibility.of_value(field, value)]
    if faults:
        raise InputError(faults)
    return found


def _read_field(field: FormField, values: Values, attached: Collection[str]) -> Any:
    value = values.get(field.name)
    if field.kind == "people":
        return read_people_rows(value, field) if isinstance(value, list | tuple) else read_cell(str(value or ""), field)
    text = str(value if value is not None else "").strip()
    match field.kind, field.name:
        case "declaration", _:
            if is_outdated(field, values):
                what = "the text has changed since it was agreed to"
                raise CellRefused(what, "read it again and tick it", zh="承诺文字已更新，请重新阅读并勾选")
            return text
        case "file", _ if text and field.required and field.name not in attached:
            raise CellRefused(f"the file {text[:80]!r} has not arrived", "upload it", zh=f"文件“{text[:80]}”尚未上传，请上传")
        case _, "rank":
            return _rank(text, field)
        case _, "unit":
            return clean_unit(tidy(text, max_length=LONGEST_NAME))
        case _, "email":
            return read_email(text) if text else ""
        case _, "title":
            return " ".join(tidy(text, max_length=field.max_length or LONGEST_NAME).split())
    return read_cell(text, field)


def read_people_rows(rows: Sequence[Any], field: FormField) -> list[dict[str, str]]:
    """Read a list of people that was typed row by row: `{"name", "unit"}`, and `title` where it was given.

    Raises:
        CellRefused: a row without a name, a name or unit too long, or more people than the field takes.
    """
    people = []
    for number, row in enumerate(_clean_rows(rows), start=1):
        if not row["name"]:
            zh = f"第 {number} 人没有姓名，请填写或删去这一行"
            raise CellRefused(f"person {number} has no name", "fill in the name, or remove the row", zh=zh)
        for part in PARTS:
            if len(row[part]) > LONGEST_NAME:
                what = f"the {part} of person {number} has {len(row[part])} characters; at most {LONGEST_NAME} are allowed"
                raise CellRefused(what, "shorten it", zh=f"第 {number} 人的内容过长，每格最多 {LONGEST_NAME} 字")
        person = {"name": clean_name(row["name"]), "unit": clean_unit(row["unit"])}
        people.append(person | ({"title": row["title"]} if row["title"] else {}))
    if field.max_length is not None and len(people) > field.max_length:
        most = field.max_length
        zh = f"共 {len(people)} 人，最多填写 {most} 人，请保留前 {most} 人"
        raise CellRefused(f"{len(people)} people; at most {most} are listed", f"keep the first {most}", zh=zh)
    return people


def _clean_rows(rows: Sequence[Any]) -> list[dict[str, str]]:
    try:
        return _clean_people(rows)
    except TextRefused as refusal:
        raise CellRefused(str(refusal), "type it again", zh=refusal.zh) from None


def _rank(text: str, field: FormField) -> int | str:
    if not text:
        return ""
    number = str(read_cell(text, field))
    if not number.isdigit():
        raise CellRefused(f"{text[:40]!r} is not a whole number", "write 1, 2, 3 …", zh=f"“{text[:40]}”不是序号，请填写 1、2、3……")
    return int(number)


def _missing(field: FormField) -> Fault:
    match field.kind:
        case "file":
            return Fault("the file is missing", "upload it", field=field.name, zh="请上传文件")
        case "declaration":
            return Fault("this is not agreed to", "read the text and tick it", field=field.name, zh="请阅读并勾选")
        case "choice":
            return Fault("nothing is chosen", "choose one", field=field.name, zh="请选择一项")
    return Fault("this is empty", "fill it in", field=field.name, zh="请填写此项")


def _entry(process: Process, class_name: str, found: Mapping[str, Any], nominator: str) -> NewEntry:
    subject = process.class_named(class_name).subject
    title = clean_name(str(found["title"])) if subject == "person" else str(found["title"])
    core = {one.name for one in subjects.core_columns(process, class_name)}
    kept = {name: value for name, value in found.items() if name not in core and value not in ("", [])}
    unit = str(found["unit"])
    key = intake.entry_keys(subject, title, unit, kept)[0]
    return NewEntry(key, class_name, title, unit, str(found["email"]), nominator, found.get("rank") or None, kept)


# -- the other way --------------------------------------------------------------------------------------------------


def typed(entry: Entry, process: Process) -> dict[str, Any]:
    """What a person would have typed into the form for this entry; what the form does not ask is left out."""
    own = {"title": entry.title, "unit": entry.unit, "email": entry.email, "rank": "" if entry.rank is None else str(entry.rank)}
    found: dict[str, Any] = {}
    for field in fields(process, entry.class_name):
        value = own.get(field.name) if field.name in own else entry.fields.get(field.name)
        if value in (None, "", []):
            continue
        if field.kind == "people" and isinstance(value, list | tuple):
            found[field.name] = [{part: str(one.get(part) or "") for part in PARTS} for one in value if isinstance(one, Mapping)]
        else:
            found[field.name] = str(value)
    return found


def copied(entry: Entry, process: Process) -> dict[str, Any]:
    """What of an entry of an earlier edition may stand in a new form: not its files and ticks, nor days outside the new window."""
    found = typed(entry, process)
    for field in fields(process, entry.class_name):
        value = found.get(field.name)
        if value is None:
            continue
        stale = field.kind in ("file", "declaration") or field.name == "rank"
        foreign = field.kind == "choice" and _chosen(field, found) not in field.choices
        if stale or foreign or (isinstance(value, str) and eligibility.of_value(field, value)):
            del found[field.name]
    return found


def _chosen(field: FormField, values: Values) -> str:
    text = str(values.get(field.name) or "")
    if text in field.choices:
        return text
    bare = halfwidth(text).strip().casefold()
    return next((choice for choice in field.choices if halfwidth(choice).strip().casefold() == bare), "")
