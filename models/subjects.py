"""What is asked of every paper, person, team … before a process adds its own fields.

`CORE_COLUMNS` are kept as attributes of an entry; the other fields live in `Entry.fields`.
The header of a core column depends on the kind of subject: the `title` of a person is the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from models.declared import Misfit
from models.process import FormField, Process, SubjectKind
from models.stages import ScoringStage, SubmissionStage
from models.subject_fields import COMMON_FIELDS, CORE_COLUMNS, LICENSED

__all__ = [
    "COMMON_FIELDS",
    "CORE_COLUMNS",
    "LICENSED",
    "Blind",
    "SubjectKind",
    "core_columns",
    "fields_of",
    "fields_shown_to_reviewers",
    "may_be_shown",
    "misfits",
    "published_fields",
]

Blind = Literal["none", "single", "double"]


def core_columns(process: Process, class_name: str) -> tuple[FormField, ...]:
    """Give the columns that become attributes of an entry, in the words of the class's subject kind."""
    return CORE_COLUMNS[process.class_named(class_name).subject]


def fields_of(process: Process, class_name: str) -> tuple[FormField, ...]:
    """Give what is asked of an entry of a class beside the core columns: the common fields, then the declared ones.

    A declared field with the name of a common one stands in its place.

    Raises:
        KeyError: the process has no such class.

    """
    declared = process.class_named(class_name)
    own = {field.name: field for field in declared.fields}
    common = COMMON_FIELDS[declared.subject]
    replaced = {field.name for field in common}
    return tuple(own.get(field.name, field) for field in common) + tuple(field for field in declared.fields if field.name not in replaced)


def fields_shown_to_reviewers(process: Process, class_name: str, blind: Blind) -> tuple[FormField, ...]:
    """Give the fields that a reviewer may see: never private ones, and in a `double` blind stage none that identifies (rule R6).

    Nor ticks under declarations, which are a matter of the office.
    """
    fields = (field for field in fields_of(process, class_name) if not field.private and field.kind != "declaration")
    return tuple(field for field in fields if not (blind == "double" and field.identifying))


def published_fields(process: Process, class_name: str) -> tuple[FormField, ...]:
    """Give the fields that public lists may show beside title, unit and nominator (rule G4)."""
    return tuple(field for field in fields_of(process, class_name) if field.published and not field.private)


def misfits(process: Process) -> Iterator[Misfit]:
    """Yield what names a field that is not there, names one twice, or puts two fields under one heading."""
    for position, one in enumerate(process.classes):
        for number, heading in _ambiguous(process, one.name):
            field = ("fields", number) if number >= 0 else ()
            yield Misfit(f"two columns of {one.name} answer to {heading!r}; rename one", "classes", position, *field)
        known = {field.name: field for field in fields_of(process, one.name)}
        yield from _conditions(process, position)
        if process.groups and process.groups.by not in known:
            yield Misfit(f"{one.name} has no field {process.groups.by!r}; add it or group by another field", "groups", "by")
        elif process.groups:
            if known[process.groups.by].when:
                yield Misfit(f"{process.groups.by} is not asked of every entry of {one.name}; drop its `when`", "groups", "by")
            yield from _values(process, known[process.groups.by])
        for number, stage in enumerate(process.stages):
            if isinstance(stage, ScoringStage) and stage.match is not None and stage.match not in known:
                yield Misfit(f"{one.name} has no field {stage.match!r}; add it or drop match", "stages", number, "match")
            if isinstance(stage, ScoringStage) and (words := stage.draw.keywords) is not None:
                yield from _keywords(one.name, known.get(words), words, number)
    yield from _shares(process)
    for number, stage in enumerate(process.stages):
        if isinstance(stage, SubmissionStage):
            yield from _compositions(process, number, stage)
            yield from _genres(process, number, stage)


def _keywords(class_name: str, field: FormField | None, name: str, number: int) -> Iterator[Misfit]:
    """Yield what is wrong with the field of an entry's keywords."""
    at = ("stages", number, "draw", "keywords")
    if field is None:
        yield Misfit(f"{class_name} has no field {name!r}; add it or drop keywords", *at)
    elif field.kind != "text":
        yield Misfit(f"{name} of {class_name} is of kind {field.kind}; keywords stand in a field of kind text", *at)


def _conditions(process: Process, position: int) -> Iterator[Misfit]:
    """Yield conditions of declared fields that no earlier choice can fulfil."""
    declared = process.classes[position]
    numbers = {field.name: number for number, field in enumerate(declared.fields)}
    earlier: dict[str, FormField] = {}
    for field in fields_of(process, declared.name):
        at = ("classes", position, "fields", numbers.get(field.name, 0), "when")
        for name, values in (field.when or {}).items():
            yield from _choices_of(earlier.get(name), name, values, f"{declared.name}, before {field.name},", *at, name)
            if not values:
                yield Misfit(f"name the values of {name} for which {field.name} is asked", *at, name)
        if field.when is not None and not field.when:
            yield Misfit(f"{field.name}: `when` names no field; name one or drop it", *at)
        earlier[field.name] = field


def _choices_of(field: FormField | None, name: str, values: Iterable[str], where: str, *at: str | int) -> Iterator[Misfit]:
    """Yield what is wrong with a reference to a choice field and to some of its values; a mapping is shown at its keys."""
    if field is None or field.kind != "choice":
        yield Misfit(f"{where} has no choice field {name!r}; add it, or name another", *at)
        return
    for value in values:
        if value not in field.choices:
            place = (*at, value) if isinstance(values, Mapping) else at
            yield Misfit(f"{value!r} is not a choice of {name}; the choices are {', '.join(field.choices)}", *place)


def _shares(process: Process) -> Iterator[Misfit]:
    """Yield shares of a first round that go by a field or value which none of the unit's classes has (rule N1)."""
    for kind, nominator in process.nominators.items():
        if nominator.share is None:
            continue
        at, by = ("nominators", kind, "share"), nominator.share.by
        classes = [one.name for one in process.classes if nominator.max.get(one.name)]
        found = [field for name in classes for field in fields_of(process, name) if field.name == by and field.kind == "choice"]
        if not found:
            yield Misfit(f"no class of this type has a choice field {by!r}; add it, or name another", *at, "by")
        for field in found:
            yield from _choices_of(field, by, nominator.share.of, kind, *at, "of")


def _compositions(process: Process, number: int, stage: SubmissionStage) -> Iterator[Misfit]:
    """Yield limits on a list that count a field or value which its classes do not have (rule N9)."""
    for position, limit in enumerate(stage.composition):
        at = ("stages", number, "composition", position)
        for one in process.classes:
            if limit.classes and one.name not in limit.classes:
                continue
            field = next((field for field in fields_of(process, one.name) if field.name == limit.field), None)
            wrong = field is None or field.kind != "choice"
            yield from _choices_of(field, limit.field, limit.values, one.name, *at, "field" if wrong else "values")


def _genres(process: Process, number: int, stage: SubmissionStage) -> Iterator[Misfit]:
    """Yield genres that are excluded although nothing asks for a genre, or none can be chosen (rule F3)."""
    at = ("stages", number, "excluded_genres")
    asked = [field for one in process.classes for field in fields_of(process, one.name) if field.name == "genre"]
    if stage.excluded_genres and not asked:
        yield Misfit("no class has a field `genre`; add one or drop excluded_genres", *at)
    for position, genre in enumerate(stage.excluded_genres):
        if asked and not any(field.kind == "text" or genre in field.choices for field in asked):
            choices = ", ".join(dict.fromkeys(choice for field in asked for choice in field.choices))
            yield Misfit(f"{genre!r} is not a choice of genre; the choices are {choices}", *at, position)


def _ambiguous(process: Process, class_name: str) -> Iterator[tuple[int, str]]:
    """Yield headings that would mean two columns, with the position of the declared field; -1 for a common one."""
    owners: dict[str, str] = {}
    own = [field.name for field in process.class_named(class_name).fields]
    core = {field.name for field in core_columns(process, class_name)}
    for position, name in enumerate(own):
        if name in core or name in own[:position]:
            yield position, name
    for field in (*core_columns(process, class_name), *fields_of(process, class_name)):
        for heading in {field.name, field.title.zh, field.title.en, *field.headers}:
            if owners.setdefault(heading.casefold(), field.name) != field.name:
                yield own.index(field.name) if field.name in own else -1, heading


_CODES = re.compile(r"(\d{3})(?:-(\d{3}))?", re.ASCII)


def _values(process: Process, field: FormField) -> Iterator[Misfit]:
    """Yield values of groups that the field cannot have, values in two groups, and choices in none."""
    taken: dict[str, str] = {}
    for position, group in enumerate(process.groups.sets if process.groups else ()):
        at = ("groups", "sets", position, "values")
        for value in group.values:
            codes = _CODES.fullmatch(value)
            if field.kind == "discipline" and (codes is None or codes[1] > (codes[2] or codes[1])):
                yield Misfit(f"{value!r} is not a first-level code; write 110 or a range such as 110-190, in quotes", *at)
                continue
            if field.kind == "choice" and value not in field.choices:
                yield Misfit(f"{value!r} is not a choice of {field.name}; the choices are {', '.join(field.choices)}", *at)
            span = range(int(codes[1]), int(codes[2] or codes[1]) + 1) if field.kind == "discipline" and codes else ()
            for key in (f"{code:03}" for code in span) if span else (value,):
                if taken.setdefault(key, group.name) != group.name:
                    yield Misfit(f"{key} is in {taken[key]} and in {group.name}; keep it in one", *at)
                    break
    if field.kind == "choice" and (left := [choice for choice in field.choices if choice not in taken]):
        yield Misfit(f"no group takes {', '.join(left)}; add it to the values of one", "groups", "sets")


def may_be_shown(fields: Mapping[str, Any], media_type: str) -> bool:
    """Whether a file may appear in a gallery: a picture whose author has not withheld the licence to exhibit it."""
    return media_type.startswith("image/") and fields.get("licence", LICENSED) == LICENSED
