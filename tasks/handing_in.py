"""A nominator's forms: begun, saved, handed in as entries, changed, withdrawn and brought back, until the deadline.

What is typed belongs to the unit alone until it is handed in; the entry in force stays as it was handed in last.
Nothing here is on record before that: drafts leave no events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from models.edition import Edition, Entry, Nominator
from models.errors import InputError, NotAllowed, NotFound
from models.intake import NewEntry
from models.store import Store
from models.submitting import FormDraft
from notifications import messages
from rules import forms
from tasks import confirming, duplicates, uploads
from tasks.admission import Admission
from tasks.installation import database
from tasks.own_forms import attached_fields, classes_of, earlier_entries, is_over, may_change, own_draft, own_entry, unit_of
from tasks.ranked_lists import close_up, is_ranked, next_rank
from tasks.saving import together

__all__ = [
    "bring_back", "content", "form_of", "free_key", "is_over", "is_ranked", "keep_entry", "may_change", "notice_duplicates", "own_key",
    "remove", "restore", "save", "start", "submit", "withdraw",
]  # fmt: skip

MOST_DRAFTS = 1000
"""Forms that one unit may have begun; a guard, not a rule."""


# -- forms ----------------------------------------------------------------------------------------------------------


def start(edition_id: str, nominator_id: str, class_name: str, *, copy_of: str | None = None) -> FormDraft:
    """Begin a form, empty or with what fits of an entry of an earlier edition. One that nothing was typed into yet is given again.

    Raises:
        NotAllowed: nominations have not begun, the unit's type puts forward no such class, or it has begun too many forms.
        TooLate: nominations are over.
        NotFound: there is no such earlier entry of this unit.
    """
    with database().write() as store:
        edition = store.edition(edition_id)
        may_change(store, edition)
        unit = unit_of(store, edition, nominator_id)
        if class_name not in classes_of(edition, unit):
            raise NotAllowed(f"{edition_id}: {unit.name} puts forward no entries of {class_name}", zh="本单位不推荐这一类别")
        if len(store.drafts(edition_id, nominator=nominator_id)) >= MOST_DRAFTS:
            raise NotAllowed(f"{unit.name} has begun {MOST_DRAFTS} forms; remove some", zh=f"已有 {MOST_DRAFTS} 张草稿，请先删除一些")
        values: dict[str, Any] = {}
        untouched = [one for one in store.drafts(edition_id, nominator=nominator_id, state="draft") if not one.values and one.entry is None]
        if copy_of is None and (same := [one for one in untouched if one.class_name == class_name]):
            return same[0]
        if copy_of is not None:
            before = next((one for _, one in earlier_entries(store, edition, unit) if one.id == copy_of), None)
            if before is None or before.class_name != class_name:
                raise NotFound("there is no such earlier entry of this unit")
            values = forms.copied(before, edition.process)
        return _add(store, edition, nominator_id, class_name, values)


def _add(
    store: Store, edition: Edition, nominator_id: str, class_name: str, values: Mapping[str, Any], entry: str | None = None
) -> FormDraft:
    now = store.edition_now(edition.id)
    state = "draft" if entry is None else "submitted"
    draft = FormDraft(uuid4().hex, edition.id, nominator_id, class_name, entry, values, 0, state, now, now)  # type: ignore[arg-type]
    store.add_draft(draft)
    return draft


def form_of(entry_id: str, nominator_id: str) -> FormDraft:
    """The form by which an entry is changed; one is made for an entry that came in a table.

    Raises:
        NotFound: the unit has no such entry.
        NotAllowed: the entry is withdrawn or archived, or known by its number only.
        TooLate: nominations are over.
    """
    with database().write() as store:
        entry = own_entry(store, entry_id, nominator_id)
        edition = store.edition(entry.edition)
        may_change(store, edition)
        if entry.classified or entry.state != "submitted":
            raise NotAllowed(f"{entry.code} cannot be changed as it stands ({entry.state})", zh=f"“{entry.code}”现在不能修改")
        draft = store.draft_of(entry.id)
        if draft is None:
            return _add(store, edition, nominator_id, entry.class_name, forms.typed(entry, edition.process), entry.id)
        return draft


def content(store: Store, draft: FormDraft) -> dict[str, Any]:
    """What stands in a form: what was typed last, or the entry as it was handed in, where nothing was typed since."""
    if draft.state == "submitted" and draft.entry is not None:
        return forms.typed(store.entry(draft.entry), store.edition(draft.edition).process)
    return dict(draft.values)


def save(draft_id: str, nominator_id: str, values: Mapping[str, Any], revision: int) -> FormDraft:
    """Keep what was typed; fields that are not named keep what they hold. The same again changes nothing.

    Raises:
        NotFound: the unit has no such form.
        InputError: characters that cannot be kept, or far too much; every such field is named, and nothing is kept.
        Stale: the form was changed elsewhere since `revision` was read.
        NotAllowed: nominations have not begun, or the entry cannot be changed.
        TooLate: they are over.
    """

    def keep(store: Store) -> FormDraft:
        draft = own_draft(store, draft_id, nominator_id)
        edition = store.edition(draft.edition)
        may_change(store, edition)
        _refuse_set_aside(store, draft)
        held = content(store, draft)
        kept = held | forms.clean_values(edition.process, draft.class_name, values)
        if kept == held:  # also where the answer to an earlier try got lost
            return draft
        now = store.edition_now(edition.id)
        number = store.save_draft(draft, kept, revision=revision, at=now)
        if draft.state != "draft":
            store.move_draft(draft.id, "draft", at=now)
        return replace(draft, values=kept, revision=number, state="draft", updated_at=now)

    return together(keep)


def _refuse_set_aside(store: Store, draft: FormDraft) -> None:
    if draft.state == "removed":
        raise NotAllowed("this form was removed; bring it back first", zh="这张草稿已删除，请先恢复")
    if draft.entry is not None and (state := store.entry(draft.entry).state) != "submitted":
        raise NotAllowed(f"the entry of this form cannot be changed as it stands ({state})", zh="这一项现在不能修改")


def remove(draft_id: str, nominator_id: str) -> FormDraft:
    """Put a form away; of an entry that was handed in, only the changes since then.

    Raises:
        NotFound: the unit has no such form.
        NotAllowed: nominations have not begun.
        TooLate: they are over.
    """
    return _move(draft_id, nominator_id, away=True)


def bring_back(draft_id: str, nominator_id: str) -> FormDraft:
    """Undo the removal of a form; raises as `remove` does."""
    return _move(draft_id, nominator_id, away=False)


def _move(draft_id: str, nominator_id: str, *, away: bool) -> FormDraft:
    with database().write() as store:
        draft = own_draft(store, draft_id, nominator_id)
        edition = store.edition(draft.edition)
        may_change(store, edition)
        now = store.edition_now(draft.edition)
        if draft.entry is not None:
            if away and draft.state == "draft":
                handed_in = forms.typed(store.entry(draft.entry), edition.process)
                store.save_draft(draft, handed_in, revision=draft.revision, at=now)
                store.move_draft(draft.id, "submitted", at=now)
        elif (draft.state == "draft") == away:
            store.move_draft(draft.id, "removed" if away else "draft", at=now)
        return store.draft(draft.id)


# -- entries --------------------------------------------------------------------------------------------------------


def submit(draft_id: str, nominator_id: str) -> Entry:
    """Hand a form in: it becomes an entry with a code, or changes the one it belongs to. A receipt is mailed.

    Raises:
        NotFound: the unit has no such form.
        InputError: every fault of the form, and every rule that keeps it from being handed in, each with its field if it has one.
        NotAllowed: nominations have not begun, or the entry cannot be changed.
        TooLate: they are over.
    """
    with database().write() as store:
        draft = own_draft(store, draft_id, nominator_id)
        edition = store.edition(draft.edition)
        may_change(store, edition, to_change=True)
        _refuse_set_aside(store, draft)
        unit = unit_of(store, edition, nominator_id)
        before = None if draft.entry is None else store.entry(draft.entry)
        attached = attached_fields(store, edition, draft)
        new = forms.read(edition.process, draft.class_name, content(store, draft), attached=attached, nominator=unit.code)
        if unready := uploads.unready(store, draft):
            raise InputError(unready)
        if faults := Admission(store, edition, unit).refusals(new, before):
            raise InputError(faults)
        entry = keep_entry(store, edition, unit, new, before)
        uploads.attach(store, draft, entry)
        store.move_draft(draft.id, "submitted", at=store.edition_now(edition.id), entry=entry.id)
        return entry


def keep_entry(store: Store, edition: Edition, unit: Nominator, new: NewEntry, before: Entry | None) -> Entry:
    """Keep one entry that was found in order, tell whom it concerns, and give the unit its receipt.

    The caller has locked the stage for changes, so that no code is given twice.
    """
    everything = store.entries(edition.id)
    new = replace(new, key=free_key(new.key, unit, everything, before))
    if before is None:
        code = f"{new.class_name[0].upper()}{len(everything) + 1:04d}"
        if is_ranked(edition):
            new = replace(new, rank=next_rank(everything, unit, new.class_name))
        store.put_entries(edition.id, [new], {new.key: code})
        entry_id = f"{edition.id}/e/{code}"
    else:
        entry_id = before.id
        store.change_entry(entry_id, replace(new, rank=before.rank) if is_ranked(edition) else new)
    entry = store.entry(entry_id)
    store.append(edition.id, "EntrySubmitted", actor=f"nominator:{unit.id}", entry=entry.code, again=before is not None)
    notice_duplicates(store, edition, [entry])
    confirming.ask(store, edition, entry)
    store.queue_mails(edition.id, [messages.entries_received(edition, unit, [entry.title])])
    return entry


def own_key(key: str, unit: str) -> str:
    """Another key for a subject whose own key is held by another entry: one of this unit."""
    return hashlib.sha256(f"{key}|{unit}".encode()).hexdigest()[:32]


def free_key(key: str, unit: Nominator, everything: tuple[Entry, ...], before: Entry | None = None) -> str:
    """A key that no other entry holds: that of the subject, or one of this unit, where another unit or a withdrawn entry has it."""
    held = {one.key for one in everything if before is None or one.id != before.id}
    while key in held:
        key = own_key(key, unit.id)
    return key


def withdraw(entry_id: str, nominator_id: str) -> Entry:
    """Take an entry back; it can be brought back until the deadline. Those ranked below it move up.

    Raises:
        NotFound: the unit has no such entry.
        NotAllowed: nominations have not begun, or the office has archived the entry.
        TooLate: they are over.
    """
    with database().write() as store:
        entry = own_entry(store, entry_id, nominator_id)
        edition = store.edition(entry.edition)
        may_change(store, edition, to_change=True)
        if entry.state == "withdrawn":
            return entry
        if entry.state != "submitted":
            raise NotAllowed(f"{entry.code} cannot be withdrawn as it stands ({entry.state})")
        store.set_entry_states({entry.id: "withdrawn"})
        if is_ranked(edition):
            store.set_ranks({entry.id: None})
            close_up(store, edition, nominator_id, entry.class_name)
        store.append(edition.id, "EntryWithdrawn", actor=f"nominator:{nominator_id}", entry=entry.code)
        return store.entry(entry.id)


def restore(entry_id: str, nominator_id: str) -> Entry:
    """Undo a withdrawal; what held for handing it in holds again. It is ranked last.

    Raises:
        NotFound: the unit has no such entry.
        InputError: rules that keep it from standing, such as a quota used up meanwhile.
        NotAllowed: nominations have not begun, or the entry was not withdrawn by its unit.
        TooLate: they are over.
    """
    with database().write() as store:
        entry = own_entry(store, entry_id, nominator_id)
        edition = store.edition(entry.edition)
        may_change(store, edition, to_change=True)
        if entry.state == "submitted":
            return entry
        if entry.state != "withdrawn":
            raise NotAllowed(f"{entry.code} was not withdrawn; it is {entry.state}")
        unit = unit_of(store, edition, nominator_id)
        new = NewEntry(entry.key, entry.class_name, entry.title, entry.unit, entry.email, unit.code, entry.rank, entry.fields)
        if faults := Admission(store, edition, unit).refusals(new, entry):
            raise InputError(faults)
        store.set_entry_states({entry.id: "submitted"})
        if is_ranked(edition):
            store.set_ranks({entry.id: next_rank(store.entries(edition.id), unit, entry.class_name, without=entry.id)})
        store.append(edition.id, "EntryRestored", actor=f"nominator:{nominator_id}", entry=entry.code)
        restored = store.entry(entry.id)
        notice_duplicates(store, edition, [restored])
        return restored


def notice_duplicates(store: Store, edition: Edition, entries: Sequence[Entry]) -> None:
    """Let the office see which entries may be the same as others (rule N4)."""
    duplicates.note(store, edition, entries)
