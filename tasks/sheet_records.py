"""The score sheets as they are kept, against the digests that were recorded when they were saved and signed (rule S9).

A record is an event, written in the transaction of the save or the signature; whoever changes a sheet behind the engine leaves it
as it was. Sheets that left their reviewers' hands do not count, and are not looked at; their drafts are, as earlier versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from models.edition import Assignment, Edition, ScoreSheet, StageRun
from models.events import Event
from models.reviewing import SheetVersion, Written
from models.store import Store
from tasks import reviewing

UNREADABLE = (ArithmeticError, AttributeError, InvalidOperation, LookupError, TypeError, ValueError)
"""What reading a row raises that somebody has filled with something else."""
Which = tuple[str, str]
"""Ids of an entry and of a reviewer."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What was recorded last of one sheet."""

    revision: int
    marks: str
    """Digest of the marks."""
    rest: str | None = None
    """Digest of everything else; None where an earlier version did not record it."""
    signed: str = ""
    """Digest of the marks that were signed; empty while there is no signature."""
    before: Mapping[int, tuple[str, str | None]] = field(default_factory=dict)
    """Revision -> digests of its marks and of everything else, of every revision so far."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """What came of holding the sheets of a stage against their records."""

    count: int
    """So many sheets count."""
    differences: tuple[str, ...]
    """What is not as it was recorded: edition, entry and reviewer, and what it is."""
    bare: tuple[str, ...]
    """Sheets, and earlier versions of sheets, of which an earlier version of the program recorded nothing but the marks."""


def compare(store: Store, edition: Edition, run: StageRun) -> Sheets:
    """Hold the sheets of a scoring stage against what was recorded of them; everything is named by code."""
    entries = {one.id: one.code for one in store.entries(edition.id)}
    reviewers = {one.id: one.code for one in store.reviewers(edition.id)}
    told = _told(store.events(edition.id, "SheetSaved", "SheetsSigned", "SheetReopened"), run)
    found: list[tuple[str, str, str]] = []
    bare: list[tuple[str, str, str]] = []
    kept: set[Which] = set()
    pairs = store.assignments(edition.id, run.position)
    for pair in pairs:
        which = (pair.entry, pair.reviewer)
        names = (entries.get(pair.entry, pair.entry), reviewers.get(pair.reviewer, pair.reviewer))
        there = _versions(store, pair)
        said = [] if pair.recused else [*_of_sheet(store, pair, told.get(which), kept)]
        said += [there] if isinstance(there, str) else _of_versions(there, told.get(which))
        found += [(*names, one) for one in said]
        current = not pair.recused and which in kept
        bare += [(*names, one) for one in _bare(told.get(which), () if isinstance(there, str) else there, current=current)]
    held = {(pair.entry, pair.reviewer) for pair in pairs}
    for entry, who in sorted(set(told) - held):
        found.append((entries.get(entry, entry), reviewers.get(who, who), "a sheet was saved, and nobody has the entry any more"))
    return Sheets(
        len(kept), tuple(f"{edition.id} {entry}, {who}: {what}" for entry, who, what in sorted(found)),
        tuple(f"{entry} {who}{which}" for entry, who, which in sorted(bare)),
    )  # fmt: skip


def _bare(told: _Told | None, versions: Sequence[SheetVersion], *, current: bool) -> Iterator[str]:
    """The sheet, as an empty text, and its earlier versions, if of them nothing but the marks was recorded."""
    if told is None:
        return
    if current and told.rest is None:
        yield ""
    for one in versions:
        if told.before.get(one.revision, ("", ""))[1] is None:
            yield f" (revision {one.revision})"


def _told(events: tuple[Event, ...], run: StageRun) -> dict[Which, _Told]:
    told: dict[Which, _Told] = {}
    for event in events:
        said: Mapping[str, Any] = event.payload
        if said.get("position") != run.position:
            continue
        who = str(said.get("reviewer") or event.actor.removeprefix("reviewer:"))
        for entry, one in said.get("sheets", {}).items():
            last = told.get((entry, who), _Told(0, ""))
            if event.type == "SheetSaved":
                before = {**last.before, one["revision"]: (one["marks"], one.get("rest"))}
                told[entry, who] = _Told(one["revision"], one["marks"], one.get("rest"), before=before)
            elif event.type == "SheetsSigned":
                told[entry, who] = replace(last, signed=one)
            else:  # a sheet that is opened again is the same, one revision further
                before = {**last.before, last.revision + 1: (last.marks, last.rest)}
                told[entry, who] = replace(last, signed="", revision=last.revision + 1, before=before)
    return told


def _of_sheet(store: Store, pair: Assignment, told: _Told | None, kept: set[Which]) -> Iterator[str]:
    try:
        sheet = store.sheet(pair)
        digest = "" if sheet is None else reviewing.marks_digest(sheet.marks)
    except UNREADABLE as failure:
        kept.add((pair.entry, pair.reviewer))
        yield f"the sheet cannot be read any more ({type(failure).__name__})"
        return
    if sheet is None:
        if told is not None:
            yield f"a sheet was saved (revision {told.revision}), and is gone"
        return
    kept.add((pair.entry, pair.reviewer))
    if told is None:
        yield "there is a sheet that nobody saved"
        return
    yield from _compared(sheet, digest, told)


def _compared(sheet: ScoreSheet, digest: str, told: _Told) -> Iterator[str]:
    if digest != told.marks:
        yield f"the marks are not those that were saved (their digest is {digest}, recorded was {told.marks})"
    if told.rest is not None and reviewing.rest_digest(sheet) != told.rest:
        yield "comments, criteria left out, or the fatal flaw are not those that were saved (their digest differs)"
    if sheet.revision != told.revision:
        yield f"it is revision {sheet.revision}, recorded was {told.revision}"
    if sheet.signed_at is None and told.signed:
        yield "it was signed, and is not signed any more"
    if sheet.signed_at is not None and not told.signed:
        yield "it is signed, and no signature was recorded"
    if told.signed and told.signed != told.marks:
        yield f"what was signed (digest {told.signed}) is not what was saved"


def _versions(store: Store, pair: Assignment) -> tuple[SheetVersion, ...] | str:
    """The earlier versions of a sheet, or why they cannot be read."""
    try:
        return store.sheet_versions(pair.id)
    except UNREADABLE as failure:
        return f"its earlier versions cannot be read any more ({type(failure).__name__})"


def _of_versions(versions: Sequence[SheetVersion], told: _Told | None) -> Iterator[str]:
    for one in versions:
        recorded = None if told is None else told.before.get(one.revision)
        digest, rest = _readable(_marks, one.content), _readable(_beside, one.content)
        if recorded is None:
            yield f"there is an earlier version (revision {one.revision}) that nobody saved"
        elif digest != recorded[0]:
            yield f"an earlier version (revision {one.revision}) is not what was saved (its digest is {digest}, recorded was {recorded[0]})"
        elif recorded[1] is not None and rest != recorded[1]:
            yield f"an earlier version (revision {one.revision}) has other comments, criteria left out, or fatal flaw than were saved"


def _marks(content: Mapping[str, Any]) -> str:
    return reviewing.marks_digest({name: Decimal(mark) for name, mark in content["marks"].items()})


def _beside(content: Mapping[str, Any]) -> str:
    return reviewing.rest_digest(Written({}, content["comment"], content["advice"], tuple(content["skipped"]), content["fatal"]))


def _readable(digest: Callable[[Mapping[str, Any]], str], content: Mapping[str, Any]) -> str:
    try:
        return digest(content)
    except UNREADABLE:
        return "unreadable"
