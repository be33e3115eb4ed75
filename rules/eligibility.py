"""What an entry must fulfil, and where it competes (rules N1, F1, R7)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from models.declared import Words
from models.edition import Entry
from models.errors import JinbangError
from models.process import FormField, Group, Process, decimal_text
from models.stages import SubmissionStage
from rules import scoring

_RANGE = re.compile(r"([0-9]{3})\s*[-–—~]\s*([0-9]{3})")
_CODE = re.compile(r"[0-9]{3,}")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?(?:[T ].*)?")
_FIRST_LEVEL = 3


def group_of(fields: Mapping[str, Any], class_name: str, process: Process) -> str:
    """Where an entry competes: `class`, `group`, or `class/group` (rule R7).

    The class is named where the process has several; the group where the process declares groups.

    Args:
        fields: The values of the entry's form.
        class_name: Its class.
        process: The declaration.

    Raises:
        JinbangError: no group covers the value.
    """
    if process.groups is None:
        return class_name
    by = process.groups.by
    value = plain(fields.get(by, ""))
    found = max(process.groups.sets, key=lambda group: _match_length(value, group))
    if not _match_length(value, found):
        title = next((field.title.en for field in process.class_named(class_name).fields if field.name == by), by)
        groups = "; ".join(f"{group.name}: {', '.join(group.values)}" for group in process.groups.sets)
        shown = f"{value!r} belongs to" if value else "nothing is given, which leaves the entry in"
        raise JinbangError(
            f"{title}: {shown} none of the groups ({groups}); correct the value, or add it to a group in groups.sets",
            zh=f"“{by}”的值“{value}”不属于任何组别；请改正，或在 groups.sets 中把它加入一个组",
        )
    return found.name if len(process.classes) == 1 else f"{class_name}/{found.name}"


def groups_of(process: Process) -> tuple[str, ...]:
    """All competing groups, in declared order: classes first, groups within them."""
    if process.groups is None:
        return tuple(one.name for one in process.classes)
    names = [group.name for group in process.groups.sets]
    if len(process.classes) == 1:
        return tuple(names)
    return tuple(f"{one.name}/{name}" for one in process.classes for name in names)


def group_title(group: str, process: Process) -> Words:
    """What people call a competing group.

    Raises:
        JinbangError: the process has no such group.
    """
    class_name = class_of(group, process)
    title = process.class_named(class_name).title
    if process.groups is None:
        return title
    last = group.rpartition("/")[2]
    own = next(one.title for one in process.groups.sets if one.name == last)
    return own if len(process.classes) == 1 else Words(zh=f"{title.zh}·{own.zh}", en=f"{title.en}, {own.en}")


def class_of(group: str, process: Process) -> str:
    """Name of the class that a competing group belongs to.

    Raises:
        JinbangError: the process has no such group.
    """
    if group not in groups_of(process):
        raise JinbangError(f"{process.name}: there is no group {group!r}; the groups are {', '.join(groups_of(process))}")
    return process.classes[0].name if len(process.classes) == 1 else group.partition("/")[0]


def quota_left(nominator_type: str, class_name: str, used: int, process: Process) -> int:
    """How many more entries of a class a unit of that type may put forward (rule N1); never below 0.

    Raises:
        JinbangError: the process knows no such type of nominator.
    """
    declared = process.nominators.get(nominator_type)
    if declared is None:
        known = ", ".join(process.nominators)
        raise JinbangError(
            f"{process.name}: {nominator_type!r} is no type of nominator; choose one of {known}, or declare it under nominators"
        )
    return max(0, declared.max.get(class_name, 0) - used)


def reasons(entry: Entry, process: Process, attached: Collection[str] | None = None) -> tuple[Words, ...]:
    """Why the declared rules find an entry not eligible; empty if it is (rule F1).

    Args:
        entry: The entry with the values of its form.
        process: The declaration: required fields, `eligible_min`, `earliest`, `latest`.
        attached: Fields for which a file is attached; if left out, required files are not judged.
    """
    found: list[Words] = _excluded_genre(entry, process)
    for field in process.class_named(entry.class_name).fields:
        if not is_asked(field, entry.fields):
            continue
        value = entry.fields.get(field.name)
        if _is_missing(value):
            if field.required and not (field.kind == "file" and (attached is None or field.name in attached)):
                found.append(Words(zh=f"“{field.title.zh}”未填写", en=f"{field.title.en} is missing"))
            continue
        found += of_value(field, value)
    return tuple(found)


def is_asked(field: FormField, fields: Mapping[str, Any]) -> bool:
    """Whether a field is asked of an entry with these values: its conditions hold, or it has none."""
    return all(plain(fields.get(name)) in choices for name, choices in (field.when or {}).items())


def _excluded_genre(entry: Entry, process: Process) -> list[Words]:
    """Why the genre of an entry is not admissible (rule F3)."""
    genre = plain(entry.fields.get("genre"))
    excluded = {plain(one) for stage in process.stages if isinstance(stage, SubmissionStage) for one in stage.excluded_genres}
    if not genre or genre not in excluded:
        return []
    return [Words(zh=f"体裁“{genre}”不在评选范围", en=f"Works of the genre {genre} are not admissible")]


def of_value(field: FormField, value: Any) -> list[Words]:
    """Why one value makes its entry not eligible: a number too small, a day outside the window."""
    return _too_small(field, value) + _outside_window(field, value)


def plain(value: Any) -> str:
    """A value as it is compared: one width of characters, no spaces at its ends."""
    return unicodedata.normalize("NFKC", str(value if value is not None else "")).strip()


def _match_length(value: str, group: Group) -> int:
    """How many characters of the value a group names; the group that names most of it has it."""
    return max(_one_match_length(value, plain(named)) for named in group.values)


def _one_match_length(value: str, named: str) -> int:
    if value == named:
        return len(value)
    code = value.replace(".", "")
    if not _CODE.fullmatch(code):
        return 0
    if limits := _RANGE.fullmatch(named):
        return _FIRST_LEVEL if limits[1] <= code[:_FIRST_LEVEL] <= limits[2] else 0
    prefix = named.replace(".", "")
    return len(prefix) if _CODE.fullmatch(prefix) and code.startswith(prefix) else 0


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, (list, tuple, dict)) and not value)


def _too_small(field: FormField, value: Any) -> list[Words]:
    if field.eligible_min is None:
        return []
    limit, number = decimal_text(field.eligible_min), scoring.number_in(str(value))
    if number is None:
        return [_not_readable(field, value, "不是数字", "is not a number")]
    if number >= field.eligible_min:
        return []
    shown = decimal_text(number)
    return [Words(zh=f"“{field.title.zh}”为{shown}，要求不少于{limit}", en=f"{field.title.en} is {shown}; at least {limit} is required")]


def _outside_window(field: FormField, value: Any) -> list[Words]:
    if field.kind not in ("date", "month") or (field.earliest is None and field.latest is None):
        return []
    found = _DATE.fullmatch(plain(value))
    try:
        day = date(int(found[1]), int(found[2]), int(found[3] or 1)) if found else None
    except ValueError:
        day = None
    if found is None or day is None:
        return [_not_readable(field, value, "不是日期", "is not a date")]
    # A value without a day is compared by months, so that every day of the limit's month is inside.
    length = len("2017-05-30") if found[3] else len("2017-05")
    shown, title = day.isoformat()[:length], field.title
    if field.earliest is not None and shown < (limit := field.earliest.date().isoformat()[:length]):
        return [Words(zh=f"“{title.zh}”为{shown}，早于{limit}", en=f"{title.en} is {shown}; it must not be before {limit}")]
    if field.latest is not None and shown > (limit := field.latest.date().isoformat()[:length]):
        return [Words(zh=f"“{title.zh}”为{shown}，晚于{limit}", en=f"{title.en} is {shown}; it must not be after {limit}")]
    return []


def _not_readable(field: FormField, value: Any, zh: str, en: str) -> Words:
    shown = str(value)[:40]
    return Words(zh=f"“{field.title.zh}”填写的“{shown}”{zh}", en=f'{field.title.en}: "{shown}" {en}')
