"""Who has won before and may not stand again: in earlier editions here, or on a list that was brought in (rule N5)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from models.asking import NotAgain
from models.edition import Entry
from models.process import Process
from models.submitting import Laureate
from rules.subject_keys import entry_keys
from rules.text import normalise_title

_NUMBER = re.compile(r"(\d+)")


def keys(subject: str, title: str, unit: str, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Under what an earlier winner may be known: the keys of an entry, and for persons the one that knows no month of birth.

    A list of laureates often gives name and unit only.
    """
    full = entry_keys(subject, title, unit, fields)
    return (*full, *(key for key in entry_keys(subject, title, unit, {}) if key not in full))


def from_entry(process: Process, entry: Entry, label: str) -> Laureate:
    """A winner of an edition that ran here, as a list would name it.

    Args:
        process: The declaration under which it won.
        entry: The winner.
        label: Of the edition.
    """
    return from_entry_by_each_key(process, entry, label)[0]


def from_entry_by_each_key(process: Process, entry: Entry, label: str) -> tuple[Laureate, ...]:
    """The same under every key that makes it the same subject: a paper by its DOI, and by its title for lists and forms that give none."""
    found = entry_keys(process.class_named(entry.class_name).subject, entry.title, entry.unit, entry.fields)
    return tuple(_laureate(process, entry, label, key) for key in found)


def _laureate(process: Process, entry: Entry, label: str, key: str) -> Laureate:
    return Laureate(f"{process.name}/{label}/{key}", process.name, label, entry.class_name, key, entry.title, entry.unit, entry.edition)


def counted_labels(rule: NotAgain, current: str, known: Collection[str]) -> frozenset[str] | None:
    """Labels of the editions whose winners are barred; None if all are, for ever.

    Labels are put in order by their numbers, so that 9 comes before 10; the present edition and later ones do not count.

    Args:
        rule: As declared.
        current: Label of the edition that is running.
        known: Labels of all editions there were, here or on lists.
    """
    if rule.editions is None:
        return None
    earlier = sorted({label for label in known if _order(label) < _order(current)}, key=_order)
    return frozenset(earlier[-rule.editions :])


def barring(
    rule: NotAgain, process: Process, entry: Entry, winners: Iterable[Laureate], *, current: str, known: Collection[str] = ()
) -> Laureate | None:
    """The earlier award that bars an entry, the latest one if there are several; None if it may stand (rule N5).

    Args:
        rule: As declared.
        process: The declaration.
        entry: What is put forward.
        winners: Earlier winners of the process, from lists and from editions that ran here.
        current: Label of the edition that is running; its own winners do not count.
        known: Labels of further editions, such as one without a winner; those of the winners are known anyway.
    """
    if rule.classes and entry.class_name not in rule.classes:
        return None
    subject = process.class_named(entry.class_name).subject
    won = [one for one in winners if one.label != current and _same_kind(process, one, subject)]
    labels = counted_labels(rule, current, {*known, *(one.label for one in won)})
    own = set(keys(subject, entry.title, entry.unit, entry.fields))
    found = [one for one in won if one.key in own and (labels is None or one.label in labels)]
    return max(found, key=lambda one: (_order(one.label), one.id), default=None)


def namesakes(process: Process, entry: Entry, winners: Iterable[Laureate]) -> tuple[Laureate, ...]:
    """Earlier winners with the same name or title, whatever their unit: not barred by rule, for the office to look at."""
    subject, name = process.class_named(entry.class_name).subject, normalise_title(entry.title)
    return tuple(one for one in winners if _same_kind(process, one, subject) and normalise_title(one.title) == name)


def _same_kind(process: Process, winner: Laureate, subject: str) -> bool:
    """Whether a winner is of a kind of subject; a class that the process no longer has may be anything."""
    declared = next((one for one in process.classes if one.name == winner.class_name), None)
    return declared is None or declared.subject == subject


def _order(label: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in _NUMBER.split(label) if part)
