"""A nominator corrects an entry that form checkers sent back: the named fields, nothing else, in time (rules F1, F2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from models import subjects
from models.edition import Edition, Entry, StageRun
from models.errors import InputError, NotAllowed, NotFound, Stale, TooLate
from models.intake import NewEntry
from models.store import Store
from models.submitting import Correction, FormDraft
from rules import form_check, forms
from tasks import checking, own_forms, uploads
from tasks.installation import database


@dataclass(frozen=True, slots=True)
class Asked:
    """What a nominator is asked to correct."""

    run: StageRun
    entry: Entry
    correction: Correction
    draft: FormDraft | None
    """The form with which files are sent."""

    def is_open(self, now: datetime) -> bool:
        """Whether it can be corrected now."""
        waits = self.correction.answered_at is None and self.correction.lapsed_at is None
        return waits and self.run.state == "open" and now < self.correction.due_at


def asked(store: Store, edition: Edition, nominator: str, code: str) -> Asked:
    """What was sent back last of one of the unit's own entries, whether or not it can still be corrected.

    Raises:
        NotFound: the unit has no such entry, or it was never sent back.
    """
    run = checking.stage_of(edition)
    entry = next((one for one in store.entries(edition.id) if one.code == code and one.nominator == nominator), None)
    sent_back = store.corrections(edition.id, entry=entry.id) if entry else ()
    if entry is None or not sent_back:
        raise NotFound("nothing of this unit was sent back under this code")
    return Asked(run, entry, sent_back[-1], store.draft_of(entry.id))


def waiting(store: Store, edition: Edition, nominator: str) -> tuple[tuple[Entry, Correction], ...]:
    """The unit's entries that can be corrected now, the earliest due first."""
    entries = {one.id: one for one in store.entries(edition.id, "correction") if one.nominator == nominator}
    open_ = [one for one in store.corrections(edition.id) if one.entry in entries and one.answered_at is None and one.lapsed_at is None]
    return tuple(sorted(((entries[one.entry], one) for one in open_), key=lambda pair: (pair[1].due_at, pair[0].code)))


def correct(edition_id: str, nominator: str, code: str, values: Mapping[str, Any], *, turn: int) -> Entry:
    """Hand a correction in; the entry goes back to the form checkers. What was typed into other fields is not looked at.

    Args:
        edition_id: The edition's id.
        nominator: The unit's id.
        code: Of the entry.
        values: What was typed, by field, as `rules.forms` takes it.
        turn: Of the correction that the page showed.

    Raises:
        NotFound: the unit has no such entry, or it was never sent back.
        TooLate: the correction was due before now.
        NotAllowed: it is handed in already, or the stage is closed.
        Stale: the entry was sent back once more meanwhile.
        InputError: every fault with its field; nothing is kept.
    """
    with database().write() as store:
        edition = store.edition(edition_id)
        store.lock_stage(edition_id, checking.stage_of(edition).position, to_change=True)
        edition = store.edition(edition_id)
        found = asked(store, edition, nominator, code)
        _refuse(found, turn, store.edition_now(edition_id))
        entry = _keep(store, edition, found, values)
        now = store.edition_now(edition_id)
        store.put_correction(replace(found.correction, answered_at=now))
        store.set_entry_states({entry.id: "submitted"})
        for kind in ("correction", "last_call"):
            store.finish_deadlines(edition_id, found.run.position, kind=f"due:{kind}:{code}")
        store.append(edition_id, "CorrectionAnswered", actor=f"nominator:{nominator}", stage=found.run.name, entry=entry.id, code=code,
                     turn=turn)  # fmt: skip
        return store.entry(entry.id)


def _refuse(found: Asked, turn: int, now: datetime) -> None:
    correction, code = found.correction, found.entry.code
    if correction.lapsed_at is not None or form_check.lapsed(correction, now):
        raise TooLate(f"{code} was to be corrected by {correction.due_at.isoformat()}; nothing was saved. Ask the review office")
    if correction.turn != turn:
        raise Stale(f"{code} was sent back once more; look at what is asked now")
    if correction.answered_at is not None:
        raise NotAllowed(f"the correction of {code} is handed in already")
    if found.run.state != "open" or found.entry.state != "correction":
        raise NotAllowed(f"{code} cannot be corrected now ({found.run.name} is {found.run.state}, the entry {found.entry.state})")


def _keep(store: Store, edition: Edition, found: Asked, values: Mapping[str, Any]) -> Entry:
    entry, names = found.entry, found.correction.fields
    attached = own_forms.attached_fields(store, edition, found.draft) if found.draft else frozenset()
    named = {name: value for name, value in values.items() if name in names}
    read = forms.read_some(edition.process, entry.class_name, forms.typed(entry, edition.process) | named, names, attached=attached)
    if found.draft is not None and (faults := [one for one in uploads.unready(store, found.draft) if one.field in names]):
        raise InputError(faults)
    store.change_entry(entry.id, _changed(edition, entry, read))
    changed = store.entry(entry.id)
    if found.draft is not None:
        store.drop_uploads([one.id for one in store.uploads(draft=found.draft.id) if one.field not in names])
        uploads.attach(store, found.draft, changed)
    return changed


def _changed(edition: Edition, entry: Entry, read: Mapping[str, Any]) -> NewEntry:
    """The entry with the corrected fields; its key stays, so that it is still the same entry."""
    core = {one.name for one in subjects.core_columns(edition.process, entry.class_name)}
    fields = {**entry.fields, **{name: value for name, value in read.items() if name not in core}}
    return NewEntry(
        entry.key, entry.class_name, str(read.get("title", entry.title)), str(read.get("unit", entry.unit)),
        str(read.get("email", entry.email)), "", entry.rank, {name: value for name, value in fields.items() if value not in ("", [])},
        entry.classified,
    )  # fmt: skip
