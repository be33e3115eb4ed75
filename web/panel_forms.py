"""What was typed or chosen in the forms by which panels are changed by hand, and what is wrong with it, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from models.errors import Fault
from web import words
from web.forms import Form
from web.language import gettext
from web.panel_words import NO_CODE, NO_FILE, NO_NUMBER, REFUSALS

SIZE_ACTS = ("size", "declared")
"""The buttons of the form of sizes."""
_SENTENCES: Mapping[str, str] = {str(code): text for code, text in REFUSALS.items()}
_LONGEST_LIST = 20_000
"""Characters of a list of codes that are shown again."""
_LONGEST = 200
"""Characters of the name of a file, or of a code, that are shown again."""
_ENTRIES, _REVIEWERS = ("entry", "entry2"), ("reviewer", "reviewer2")
_BETWEEN = re.compile(r"[\s,，、;；]+")
_LONGEST_SIZE = 6


@dataclass(frozen=True, slots=True)
class Typed:
    """One of the forms as it was sent; empty on a page to which nothing was sent."""

    act: str = ""
    """`put`, `off`, `swap`, `size`, `declared` or `file`; empty if none of them was sent."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Codes by field, as they were typed."""
    file: str = ""
    """What the sender calls the chosen file."""
    said: Mapping[str, str] = field(default_factory=dict)
    """What is wrong, by field: a marked sentence."""

    def text(self, name: str) -> str:
        """What stands in a field."""
        return self.texts.get(name, "")


def typed(form: Form) -> Typed:
    """The codes of a form."""
    act = form.text("act")
    if act in SIZE_ACTS and not form.text("seen"):
        return Typed(act, {"entries": form.text("entries")[:_LONGEST_LIST], "size": form.text("size")[:_LONGEST]})
    texts = {name: form.text(name)[:_LONGEST] for name in (*_ENTRIES, *_REVIEWERS)}
    return Typed(act, texts) if act in ("put", "off", "swap") and not form.text("put") and not form.text("off") else Typed()


def codes_of(text: str) -> tuple[str, ...]:
    """Codes with commas or blanks between them, each once."""
    return tuple(dict.fromkeys(filter(None, _BETWEEN.split(text))))


def size_of(text: str) -> int | None:
    """A number as it was typed; None if it is none."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_SIZE else None


def chosen(name: str) -> Typed:
    """The name of a file."""
    return Typed("file", file=name[:_LONGEST])


def lacking(sent: Typed) -> Typed:
    """The same, with a sentence at every field that is empty."""
    if sent.act == "file":
        return replace(sent, said={"file": NO_FILE})
    if sent.act in SIZE_ACTS:
        said = {} if codes_of(sent.text("entries")) else {"entries": NO_CODE}
        return replace(sent, said=said if sent.act == "declared" or size_of(sent.text("size")) is not None else {**said, "size": NO_NUMBER})
    asked = (*_ENTRIES, *_REVIEWERS) if sent.act == "swap" else ("entry", "reviewer")
    return replace(sent, said={name: NO_CODE for name in asked if not sent.text(name).strip()})


def refusal_of(fault: Fault) -> str:
    """What is wrong, in the reader's language, without the place."""
    if fault.zh:
        return words.one_of(fault.zh, f"{fault.what}; {fault.remedy}")
    return gettext(_SENTENCES[fault.column])


def refused(sent: Typed, faults: Iterable[Fault]) -> Typed:
    """The same, with a sentence at every code that nobody knows."""
    said: dict[str, str] = {}
    if sent.act in SIZE_ACTS:
        names = {"entry": "entries", "bounds": "size", "fixed": "size"}
        return replace(sent, said={names[one.column]: refusal_of(one) for one in faults})
    for fault in faults:  # a pair is named as <entry>,<reviewer>
        if fault.column == "entry":
            said |= {name: REFUSALS["entry"] for name in _ENTRIES if fault.field.startswith(f"{sent.text(name).strip()},")}
        if fault.column == "reviewer":
            said |= {name: REFUSALS["reviewer"] for name in _REVIEWERS if fault.field.endswith(f",{sent.text(name).strip()}")}
    return replace(sent, said=said)
