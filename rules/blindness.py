"""What reviewers may see of an entry's files, and traces of its authors in what should be anonymous (rule R6).

The scan is a help for the office, not a proof. It finds whole names, units with and without their usual endings, addresses
and the nominator; it finds no nickname, no initials and nothing that is only in a picture.

Precision: a Chinese name of two characters is often also a word ("高原", "金属"). It counts only where people sign: near the
beginning of the first page, in the file's own properties or name, or beside another trace on the same page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from models import subjects
from models.edition import Entry, File
from models.process import FormField, Process

Kind = Literal["name", "unit", "email", "nominator", "other"]

HEAD = 400
"""Characters at the beginning of the first page, without spaces, where authors usually stand."""
_AROUND = 8
_SHORTEST = 2
_ENDINGS = ("有限责任公司", "股份有限公司", "有限公司", "研究院", "研究所", "大学", "学院", "学校", "医院", "集团", "中心", "公司")
_UNIT_MIN = 3
"""A unit's short form of fewer characters is the name of a town, and stands in many texts."""
_OTHER_MIN = 6
"""Any other answer that identifies, a DOI or a post, counts from so many characters."""
_PEOPLE = frozenset(("corresponding_author", "advisor", "leader", "legal_rep"))
"""Common questions that are answered by a name."""
_NUMBER = re.compile(r"-(\d{1,3})\.[^.]*$")


@dataclass(frozen=True, slots=True)
class Trace:
    """A text by which an entry's authors could be recognised."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something was found that should not be there."""

    file: str
    page: int
    """From 1; 0 is the file's name, its properties or its captions."""
    kind: Kind
    excerpt: str
    """The text around it, each trace in it masked but for its first character."""


# -- which file answers which question ------------------------------------------------------------------------------


def file_fields(process: Process, class_name: str) -> list[FormField]:
    """Give the questions of a class that are answered by a file; a kept file bears its place among them, from 1."""
    return [one for one in subjects.fields_of(process, class_name) if one.kind == "file"]


def kept_name(code: str, place: int, suffix: str) -> str:
    """Name under which a file is kept: it tells the entry's code and which question it answers, from 1."""
    return f"{code}-{place}{suffix}"


def field_of(process: Process, entry: Entry, name: str) -> FormField | None:
    """Tell which question a kept file answers; None if it was not kept by the name that `kept_name` gives."""
    found = _NUMBER.search(name)
    fields = file_fields(process, entry.class_name)
    if found is None or not name.startswith(f"{entry.code}-") or not 0 < int(found[1]) <= len(fields):
        return None
    return fields[int(found[1]) - 1]


def visible(process: Process, entry: Entry, files: Iterable[File], blind: subjects.Blind) -> list[File]:
    """Give the files that reviewers may see: those of fields that they may see.

    Of a file whose field nobody knows, a double-blind review shows it only if it is a picture of a work of art.
    """
    files = tuple(files)
    if not files:
        return []
    shown = {one.name for one in subjects.fields_shown_to_reviewers(process, entry.class_name, blind)}
    artwork = process.class_named(entry.class_name).subject == "artwork"
    found = []
    for one in files:
        field = field_of(process, entry, one.name)
        unknown = blind != "double" or (artwork and one.media_type.startswith("image/"))
        if field.name in shown if field else unknown:
            found.append(one)
    return found


# -- the scan -------------------------------------------------------------------------------------------------------


def traces(process: Process, entry: Entry, nominator: str) -> tuple[Trace, ...]:
    """Everything in an entry's answers by which its authors could be recognised."""
    found = [Trace("email", entry.email), Trace("nominator", nominator), *_unit(entry.unit)]
    columns = {one.name: one for one in subjects.core_columns(process, entry.class_name)}
    if columns["title"].identifying:
        found.append(Trace("name", entry.title))
    for field in subjects.fields_of(process, entry.class_name):
        if not field.identifying or field.kind not in ("people", "text"):
            continue
        value = entry.fields.get(field.name)
        for one in value if isinstance(value, list | tuple) else [value]:
            found += _person(one, named=field.name in _PEOPLE)
    known = {(one.kind, flat(one.text)): one for one in found if len(flat(one.text)) >= _SHORTEST}
    return tuple(known.values())


def _person(one: Any, *, named: bool) -> list[Trace]:
    if isinstance(one, Mapping):
        return [Trace("name", str(one.get("name") or "")), *_unit(str(one.get("unit") or ""))]
    text = str(one or "")
    if named:
        return [Trace("name", part) for part in re.split(r"[、,，;；/]", text)]
    return [Trace("other", text)] if len(flat(text)) >= _OTHER_MIN else []


def _unit(name: str) -> list[Trace]:
    """A unit, and its short form without the ending that tells what it is."""
    found = [Trace("unit", name)]
    short = flat(name)
    for ending in _ENDINGS:
        if short.endswith(ending) and len(short) - len(ending) >= _UNIT_MIN:
            found.append(Trace("unit", short.removesuffix(ending)))
            break
    return found


def flat(text: str) -> str:
    """A text as it is compared: compatible forms made one, case ignored, without the spaces that PDF puts between characters."""
    return "".join(_plain(text).split())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def scan(file: str, known: Sequence[Trace], *, pages: Sequence[str], beside: Iterable[str] = ()) -> tuple[Finding, ...]:
    """Look for traces on the pages of a file, and in what stands beside them: its first name, its properties, its captions.

    Each trace is told once per page.
    """
    found: list[Finding] = []
    for text in beside:
        found += _look(file, 0, text, known, everywhere=True)
    for number, text in enumerate(pages, start=1):
        found += _look(file, number, text, known, everywhere=False)
    return tuple(dict.fromkeys(found))


def _look(file: str, page: int, text: str, known: Sequence[Trace], *, everywhere: bool) -> list[Finding]:
    forms = {False: flat(text), True: " ".join(_plain(text).split())}
    masked = {latin: _masked(form, known) for latin, form in forms.items()}
    places = {one: _place(forms[_is_latin(one)], one) for one in known}
    certain = any(at >= 0 and not _is_weak(one) for one, at in places.items())
    found = []
    for one, at in places.items():
        signed = page == 1 and at < HEAD
        if at >= 0 and (certain or everywhere or signed):
            around = masked[_is_latin(one)][max(at - _AROUND, 0) : at + len(_wanted(one)) + _AROUND]
            found.append(Finding(file, page, one.kind, around))
    return found


def _is_weak(trace: Trace) -> bool:
    return trace.kind == "name" and len(flat(trace.text)) <= _SHORTEST


def _is_latin(trace: Trace) -> bool:
    """Whether spaces matter: in a Latin name they part words, and without them it could be the middle of another word."""
    return trace.kind in ("name", "unit") and _plain(trace.text).isascii()


def _wanted(trace: Trace) -> str:
    return " ".join(_plain(trace.text).split()) if _is_latin(trace) else flat(trace.text)


def _place(text: str, trace: Trace) -> int:
    """Where a trace stands; -1 if nowhere."""
    wanted = _wanted(trace)
    at = text.find(wanted)
    while at >= 0 and _is_latin(trace) and _touches(text, at, at + len(wanted)):
        at = text.find(wanted, at + 1)
    return at


def _touches(text: str, start: int, end: int) -> bool:
    neighbours = text[max(start - 1, 0) : start] + text[end : end + 1]
    return any(one.isascii() and one.isalnum() for one in neighbours)


def _masked(text: str, known: Sequence[Trace]) -> str:
    """The text with every trace masked, of the same length."""
    for trace in sorted(map(_wanted, known), key=len, reverse=True):
        text = text.replace(trace, trace[0] + "*" * (len(trace) - 1))
    return text
