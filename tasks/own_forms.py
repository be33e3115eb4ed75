"""Whose forms and entries they are, and whether they can be changed now."""

from __future__ import annotations

from models.edition import SET_ASIDE, Edition, Entry, Nominator, StageRun
from models.errors import NotAllowed, NotFound, TooLate
from models.store import Store
from models.submitting import FormDraft
from rules import blindness
from rules.text import clean_unit
from tasks import arriving, uploads


def may_change(store: Store, edition: Edition, *, to_change: bool = False) -> StageRun:
    """The submission stage, if its nominators may change something now; it stays so until the transaction ends.

    Args:
        store: An open, writing transaction.
        edition: The edition.
        to_change: Keep out everybody else who would change an entry: for what gives codes or uses up a quota.

    Raises:
        NotAllowed: nominations have not begun.
        TooLate: they are over.
    """
    run = store.lock_stage(edition.id, 0, to_change=to_change)
    if run.state in ("planned", "opening"):
        raise NotAllowed(f"{edition.id}: {run.name} has not begun", zh="申报还没有开始")
    if is_over(run, edition, store):
        raise TooLate(f"{edition.id}: {run.name} is over; ask the office for an extension", zh="申报已经截止；如需延期，请联系评审办公室")
    return run


def is_over(run: StageRun, edition: Edition, store: Store) -> bool:
    """Whether nominations are over, whatever the form check still settles."""
    return run.state in ("closing", "closed") or (run.cutoff is not None and edition.now(store.real_now) >= run.cutoff)


def own_draft(store: Store, draft_id: str, nominator_id: str) -> FormDraft:
    """A form of this unit.

    Raises:
        NotFound: it has none of that id; whether another unit has is nobody's business.
    """
    draft = store.draft(draft_id)
    if draft.nominator != nominator_id:
        raise NotFound("there is no such form", zh="没有这张申报表")
    return draft


def own_entry(store: Store, entry_id: str, nominator_id: str) -> Entry:
    """An entry of this unit.

    Raises:
        NotFound: it has none of that id.
    """
    entry = store.entry(entry_id)
    if entry.nominator != nominator_id:
        raise NotFound("there is no such entry", zh="没有这个申报项")
    return entry


def unit_of(store: Store, edition: Edition, nominator_id: str) -> Nominator:
    """The nominating unit.

    Raises:
        NotFound: the edition has none of that id.
    """
    for one in store.nominators(edition.id):
        if one.id == nominator_id:
            return one
    raise NotFound("there is no such nominator", zh="没有这个推荐单位")


def classes_of(edition: Edition, unit: Nominator) -> tuple[str, ...]:
    """Names of the classes that a unit may put forward, in declared order."""
    most = edition.process.nominators[unit.type].max
    return tuple(one.name for one in edition.process.classes if one.name in most)


def attached_fields(store: Store, edition: Edition, draft: FormDraft) -> frozenset[str]:
    """Fields for which a file has arrived, with this form or with its entry."""
    found = set(uploads.kept_for(store, draft.id))
    if draft.entry is not None:
        entry = store.entry(draft.entry)
        removed = {one.sha256 for one in store.uploads(draft=draft.id) if arriving.was_removed(one)}
        files = [one for one in store.files(entry.id) if one.sha256 not in removed]
        named = (blindness.field_of(edition.process, entry, one.name) for one in files)
        found |= {field.name for field in named if field is not None}
    return frozenset(found)


def earlier_entries(store: Store, edition: Edition, unit: Nominator) -> list[tuple[Edition, Entry]]:
    """Entries of the same unit, by its name or address, in earlier editions of the process; the latest edition first."""
    found = []
    for other in reversed(store.editions()):
        if other.process.name != edition.process.name or other.id == edition.id or other.rehearsal != edition.rehearsal:
            continue
        if other.created_at > edition.created_at:
            continue
        same = {one.id for one in store.nominators(other.id) if _is_same(one, unit)}
        classes = {one.name for one in edition.process.classes}
        for entry in store.entries(other.id):
            if entry.nominator in same and entry.class_name in classes and not entry.classified and entry.state not in SET_ASIDE:
                found.append((other, entry))
    return found


def _is_same(one: Nominator, other: Nominator) -> bool:
    return clean_unit(one.name) == clean_unit(other.name) or one.email.casefold() == other.email.casefold()
