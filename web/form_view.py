"""What a form shows: its fields with what stands in them, what is wrong with them, and the words around them.

The template `form_fields.html` draws it. Names in the page: `v.<field>` for texts and choices, `t.<field>` for ticks,
`p.<field>.<row>.<part>` for people. A number of identity that was saved is never shown again: only its last digits are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as field_of
from typing import Any

from config.disciplines import load_disciplines
from models.process import FormField, Process
from models.submitting import Upload
from rules import forms
from web import words
from web.form_words import capital, compared, hint, joined, mask, readable, sentence, sentences, unreadable
from web.forms import Form
from web.language import gettext
from web.language import mark as _

__all__ = [
    "Field", "Section", "View", "capital", "compared", "joined", "of", "readable", "rearranged", "sentence", "sentences", "typed",
    "unreadable", "untyped",
]  # fmt: skip

_LONGEST_NUMBER = 5
_ROW = re.compile(r"(\d{1,4})\.(name|unit|title)", re.ASCII)
_PARTS = {"name": _("姓名"), "unit": _("单位"), "title": _("职称职务")}
_DIRECTIONS = {"up": -1, "down": 1}


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it is drawn."""

    declared: FormField
    label: str
    help: str
    hint: str
    """What is taken: so many characters, a form of dates, a range of numbers."""
    text: str
    """What stands in it; empty for people, and for a number of identity that was saved."""
    people: tuple[Mapping[str, str], ...]
    fault: str
    shown: bool
    """Whether it is asked, given what stands in the others."""
    when: str
    """The conditions, for the script: {"v.group": ["青少年组"]}; empty without."""
    masked: str = ""
    """How a number of identity that was saved is shown."""
    outdated: bool = False
    """The text of the declaration has changed since it was ticked."""

    @property
    def name(self) -> str:
        """Of the declared field."""
        return self.declared.name

    @property
    def digest(self) -> str:
        """What the tick of a declaration sends."""
        return forms.text_digest(self.declared)


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one heading."""

    title: str
    fields: tuple[Field, ...]

    @property
    def shown(self) -> bool:
        """Whether any of its fields is asked."""
        return any(one.shown for one in self.fields)


@dataclass(frozen=True, slots=True)
class View:
    """A whole form, or some fields of it."""

    sections: tuple[Section, ...]
    faults: tuple[tuple[str, str, str], ...]
    """Name of the field (empty for the whole), its label, and the sentence; in the order of the form."""
    locked: bool = False
    uploads: Mapping[str, Upload] = field_of(default_factory=dict)
    """The latest file of each field that has one."""

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """What is asked of each person on a list, with its label."""
        return tuple((part, gettext(label)) for part, label in _PARTS.items())

    @property
    def disciplines(self) -> tuple[tuple[str, str], ...]:
        """Codes and names that a discipline field offers."""
        return offered_disciplines()

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields in their order."""
        return tuple(one for section in self.sections for one in section.fields)

    @property
    def has_disciplines(self) -> bool:
        """Whether a list of discipline codes is needed."""
        return any(one.declared.kind == "discipline" for one in self.fields)


def of(
    process: Process,
    class_name: str,
    values: Mapping[str, Any],
    *,
    faults: Mapping[str, str] | None = None,
    only: Collection[str] | None = None,
    locked: bool = False,
    uploads: Mapping[str, Upload] | None = None,
) -> View:
    """A form with its values.

    Args:
        process: The declaration.
        class_name: The class of the form.
        values: What stands in it, as `rules.forms` keeps it.
        faults: Sentences by field, see `sentences`; those under an empty name concern the whole.
        only: Show these fields alone.
        locked: Nothing can be changed.
        uploads: The latest file of each field that has one.
    """
    said = faults or {}
    asked = {one.name for one in forms.asked(process, class_name, values)}
    everything = forms.fields(process, class_name)
    order = {one.name: place for place, one in enumerate(everything)}
    labels = {one.name: words.both(one.title) for one in everything}
    drawn = [
        Section(words.both(section.title), tuple(_field(one, values, said, one.name in asked) for one in section.fields if _in(one, only)))
        for section in forms.sections(everything)
    ]
    listed = sorted(said.items(), key=lambda one: order.get(one[0], -1))
    return View(
        tuple(one for one in drawn if one.fields),
        tuple((name if name in order else "", labels.get(name, ""), sentence) for name, sentence in listed),
        locked,
        uploads or {},
    )


def _in(field: FormField, only: Collection[str] | None) -> bool:
    return only is None or field.name in only


def _field(field: FormField, values: Mapping[str, Any], faults: Mapping[str, str], shown: bool) -> Field:
    value = values.get(field.name)
    text = "" if isinstance(value, list | tuple) or value is None else str(value)
    people = tuple(value) if isinstance(value, list | tuple) else _people(field, text)
    secret = field.kind == "id_number" and text
    return Field(
        declared=field,
        label=words.both(field.title),
        help=words.both(field.help),
        hint=hint(field),
        text="" if secret or field.kind == "people" else text,
        people=people or ({"name": "", "unit": "", "title": ""},),
        fault=faults.get(field.name, ""),
        shown=shown,
        when=json.dumps({f"v.{name}": list(choices) for name, choices in field.when.items()}, ensure_ascii=False) if field.when else "",
        masked=mask(text) if secret else "",
        outdated=field.kind == "declaration" and forms.is_outdated(field, values),
    )


def _people(field: FormField, text: str) -> tuple[Mapping[str, str], ...]:
    """A list that was typed in one line, in a spreadsheet, as rows."""
    if field.kind != "people" or not text:
        return ()
    return tuple({"name": part, "unit": "", "title": ""} for part in re.split(r"[、,，;；\n]+", text) if part.strip())


# -- what was typed -------------------------------------------------------------------------------------------------


def typed(form: Form, process: Process, class_name: str, *, only: Collection[str] | None = None) -> dict[str, Any]:
    """What was typed into the fields that the page showed; files are not among them, nor a number of identity that was left alone."""
    found: dict[str, Any] = {}
    for field in forms.fields(process, class_name):
        if not _in(field, only) or field.kind == "file":
            continue
        if field.kind == "people":
            found[field.name] = _rows(form.starting_with(f"p.{field.name}."))
        elif field.kind == "declaration":
            found[field.name] = form.text(f"t.{field.name}")
        elif field.kind == "id_number" and not form.text(f"v.{field.name}").strip():
            if form.text(f"clear.{field.name}"):
                found[field.name] = ""
        else:
            found[field.name] = form.text(f"v.{field.name}")
    return found


def _rows(texts: Mapping[str, str]) -> list[dict[str, str]]:
    rows: dict[int, dict[str, str]] = {}
    for name, text in texts.items():
        if found := _ROW.fullmatch(name):
            rows.setdefault(int(found[1]), dict.fromkeys(forms.PARTS, ""))[found[2]] = text
    return [rows[number] for number in sorted(rows)]


def untyped(values: Mapping[str, Any], process: Process, class_name: str) -> Iterator[tuple[str, str]]:
    """Names and values of the page's fields that say the same as what was typed: to send it once more."""
    for field in forms.fields(process, class_name):
        value = values.get(field.name)
        if isinstance(value, list | tuple):
            for number, row in enumerate(value):
                yield from ((f"p.{field.name}.{number}.{part}", str(row.get(part) or "")) for part in forms.PARTS)
        elif value is not None:
            yield f"{'t' if field.kind == 'declaration' else 'v'}.{field.name}", str(value)


def rearranged(values: Mapping[str, Any], act: str) -> tuple[dict[str, Any], str]:
    """The values after a button of a list of people: `add:<field>`, `drop:…:<row>`, `up:…`, `down:…`, and the field; or as they are."""
    what, _colon, rest = act.partition(":")
    name, _colon, number = rest.partition(":")
    rows = [dict(one) for one in values.get(name, ())] if isinstance(values.get(name), list) else None
    if rows is None or what not in ("add", "drop", *_DIRECTIONS):
        return dict(values), ""
    place = int(number) if number.isascii() and number.isdecimal() and len(number) < _LONGEST_NUMBER else -1
    if what == "add":
        rows.append(dict.fromkeys(forms.PARTS, ""))
    elif 0 <= place < len(rows):
        row = rows.pop(place)
        if what in _DIRECTIONS:
            rows.insert(max(0, place + _DIRECTIONS[what]), row)
    return {**values, name: rows}, name


def offered_disciplines() -> tuple[tuple[str, str], ...]:
    """Codes and names of the disciplines, in the language of the page."""
    return tuple((code, words.both(title)) for code, title in load_disciplines().items())
