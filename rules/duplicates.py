"""Entries that may be the same subject, put forward twice (rule N4): the office is shown them, and decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
from rapidfuzz import process as search
from rapidfuzz.distance import Indel

from models.edition import Entry
from models.process import Process
from models.stages import SubmissionStage
from models.submitting import Duplicate
from rules.subject_keys import entry_keys
from rules.text import normalise_title

_PLACES = Decimal("0.0001")
_SLACK = 1e-9
"""The search compares floats; what it finds is compared again, exactly."""
_WITH_UNIT = ("person", "team", "organisation", "venue")
"""Kinds of subject whose names are common, so that they are compared together with the unit."""
_SHORTEST = 4
"""Characters from which on likeness says something; below, only equal subjects are found."""


def find(process: Process, entries: Sequence[Entry], *, similarity: Fraction) -> tuple[Duplicate, ...]:
    """Pairs that are the same by DOI, title, person or work, or whose titles are at least so alike; by their ids (rule N4).

    Width, case, punctuation and spaces make no difference. Kinds of subject are compared among themselves, across classes:
    a work may have been put forward as a poster and as a painting. Persons, teams, organisations and venues are compared with
    their units; persons born in different months are different.

    Args:
        process: The declaration.
        entries: All entries of an edition that stand; withdrawn and archived ones are left out by the caller.
        similarity: Titles at least this alike are given, with `why` = "similar".
    """
    kinds: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        kinds[process.class_named(entry.class_name).subject].append(entry)
    pairs: dict[tuple[str, str], Duplicate] = {}
    for subject, alike in kinds.items():
        for pair in (*_equal(subject, alike), *_similar(subject, alike, similarity)):
            pairs.setdefault((pair.first, pair.second), pair)
    return tuple(pairs[key] for key in sorted(pairs))


def of_entry(process: Process, entry: Entry, others: Sequence[Entry], *, similarity: Fraction) -> tuple[Duplicate, ...]:
    """The pairs that one entry makes with others, the entry itself left out; as `find` gives them (rule N4)."""
    same = [one for one in others if one.id != entry.id]
    return tuple(pair for pair in find(process, [entry, *same], similarity=similarity) if entry.id in (pair.first, pair.second))


def likeness(one: str, other: str) -> Fraction:
    """How alike two titles are, 0 to 1: letters that stand in both in the same order, of all letters; nothing else counts."""
    first, second = normalise_title(one), normalise_title(other)
    return _exact(first, second)


def in_exclusive(process: Process, entry: Entry, running: Mapping[str, tuple[Process, Collection[Entry]]]) -> tuple[tuple[str, Entry], ...]:
    """Entries of other processes in which the same subject may not stand at the same time, with the process's name (rule N4).

    Args:
        process: The declaration of the entry; its `exclusive_with` names the others.
        entry: What is put forward.
        running: By name, the other processes with the entries that stand in their running editions.
    """
    barred = next((stage.exclusive_with for stage in process.stages if isinstance(stage, SubmissionStage)), ())
    subject = process.class_named(entry.class_name).subject
    own = set(_keys(subject, entry))
    found = []
    for name in barred:
        other, entries = running.get(name, (process, ()))
        found += [(name, one) for one in entries if other.class_named(one.class_name).subject == subject and own & set(_keys(subject, one))]
    return tuple(found)


def _keys(subject: str, entry: Entry) -> dict[str, str]:
    """What makes an entry the same as another, each with what it goes by, the strongest first."""
    keys = entry_keys(subject, entry.title, entry.unit, entry.fields)
    why = {"paper": ("doi", "title")[-len(keys) :], "person": ("person",)}.get(subject, ("work",))
    return dict(zip(keys, why, strict=True))


def _equal(subject: str, entries: Sequence[Entry]) -> Iterator[Duplicate]:
    held: dict[str, list[Entry]] = defaultdict(list)
    why: dict[str, str] = {}
    for entry in entries:
        for key, reason in _keys(subject, entry).items():
            held[key].append(entry)
            why[key] = reason
    for key in sorted(held, key=lambda one: ("doi", "title", "person", "work").index(why[one])):
        for position, entry in enumerate(held[key]):
            for other in held[key][position + 1 :]:
                yield _pair(entry, other, why[key], Fraction(1))


def _similar(subject: str, entries: Sequence[Entry], least: Fraction) -> Iterator[Duplicate]:
    texts = [normalise_title(f"{one.title}{one.unit}" if subject in _WITH_UNIT else one.title) for one in entries]
    long = [position for position, text in enumerate(texts) if len(text) >= _SHORTEST]
    if len(long) < 2:
        return
    compared = [texts[position] for position in long]
    cutoff = max(0.0, float(least) - _SLACK)
    scores = search.cdist(
        compared, compared, scorer=Indel.normalized_similarity, score_cutoff=cutoff, score_hint=cutoff, dtype=np.float32, workers=1
    )
    rows, columns = np.nonzero(np.triu(scores, k=1))
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        one, other = entries[long[row]], entries[long[column]]
        exact = _exact(compared[row], compared[column])
        if exact >= least and not (subject == "person" and _born_apart(one, other)):
            yield _pair(one, other, "similar", exact)


def _exact(first: str, second: str) -> Fraction:
    letters = len(first) + len(second)
    return Fraction(letters - Indel.distance(first, second), letters) if letters else Fraction(0)


def _born_apart(one: Entry, other: Entry) -> bool:
    months = {str(entry.fields.get("birth_month") or "")[:7] for entry in (one, other)}
    return len(months) == 2 and "" not in months


def _pair(one: Entry, other: Entry, why: str, alike: Fraction) -> Duplicate:
    first, second = sorted((one.id, other.id))
    shown = (Decimal(alike.numerator) / Decimal(alike.denominator)).quantize(_PLACES, ROUND_HALF_UP)
    return Duplicate(one.edition, first, second, why, f"{shown.normalize():f}")
