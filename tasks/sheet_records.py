"""The score sheets as they are kept, against the digests that were recorded when they were saved and signed (rule S9).

A record is an event, written in the transaction of the save or the signature; whoever changes a sheet behind the engine leaves it
as it was. Sheets that left their reviewers' hands do not count, and are not looked at; their drafts are, as earlier versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from models.edition import Assignment, Edition, ScoreSheet, StageRun
from models.events import Event
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
    before: Mapping[int, str] = field(default_factory=dict)
    """Revision -> digest of its marks, of every revision so far."""


def differences(store: Store, edition: Edition, run: StageRun) -> tuple[int, tuple[str, ...]]:
    """How many sheets of a scoring stage count, and what of them is not as it was recorded: entry, reviewer and what it is, by code."""
    entries = {one.id: one.code for one in store.entries(edition.id)}
    reviewers = {one.id: one.code for one in store.reviewers(edition.id)}
    told = _told(store.events(edition.id, "SheetSaved", "SheetsSigned", "SheetReopened"), run)
    found: list[tuple[str, str, str]] = []
    kept: set[Which] = set()
    pairs = store.assignments(edition.id, run.position)
    for pair in pairs:
        which = (pair.entry, pair.reviewer)
        said = [] if pair.recused else [*_of_sheet(store, pair, told.get(which), kept)]
        said += _of_versions(store, pair, told.get(which))
        found += [(entries.get(pair.entry, pair.entry), reviewers.get(pair.reviewer, pair.reviewer), one) for one in said]
    held = {(pair.entry, pair.reviewer) for pair in pairs}
    for entry, who in sorted(set(told) - held):
        found.append((entries.get(entry, entry), reviewers.get(who, who), "a sheet was saved, and nobody has the entry any more"))
    return len(kept), tuple(f"{edition.id} {entry}, {who}: {what}" for entry, who, what in sorted(found))


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
                before = {**last.before, one["revision"]: one["marks"]}
                told[entry, who] = _Told(one["revision"], one["marks"], one.get("rest"), before=before)
            elif event.type == "SheetsSigned":
                told[entry, who] = replace(last, signed=one)
            else:  # a sheet that is opened again is the same, one revision further
                before = {**last.before, last.revision + 1: last.marks}
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


def _of_versions(store: Store, pair: Assignment, told: _Told | None) -> Iterator[str]:
    try:
        versions = store.sheet_versions(pair.id)
    except UNREADABLE as failure:
        yield f"its earlier versions cannot be read any more ({type(failure).__name__})"
        return
    for one in versions:
        recorded = None if told is None else told.before.get(one.revision)
        try:
            digest = reviewing.marks_digest({name: Decimal(mark) for name, mark in one.content["marks"].items()})
        except UNREADABLE:
            digest = "unreadable"
        if recorded is None:
            yield f"there is an earlier version (revision {one.revision}) that nobody saved"
        elif digest != recorded:
            yield f"an earlier version (revision {one.revision}) is not what was saved (its digest is {digest}, recorded was {recorded})"
