"""Rows of a nominator's table become entries: many at once, with one event and one receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.edition import Edition, Entry, Nominator
from models.intake import NewEntry
from models.store import Store
from notifications import messages
from tasks import confirming, handing_in, ranked_lists


def says_the_same(new: NewEntry, before: Entry) -> bool:
    """Whether an update would change nothing."""
    return (new.class_name, new.title, new.unit, new.email, new.rank, dict(new.fields)) == (
        before.class_name,
        before.title,
        before.unit,
        before.email,
        before.rank,
        dict(before.fields),
    )


def keep_rows(
    store: Store, edition: Edition, unit: Nominator, rows: Sequence[tuple[NewEntry, Entry | None]], *, file: str
) -> tuple[int, int]:
    """Keep entries that were found in order, each with the one that it changes. Yields how many were new and updated.

    The caller has locked the stage for changes, so that no code is given twice.
    """
    everything = store.entries(edition.id)
    fresh: list[NewEntry] = []
    changed: list[str] = []
    for row, before in rows:
        new = replace(row, key=handing_in.free_key(row.key, unit, everything, before))
        if before is None:
            fresh.append(new)
        else:
            store.change_entry(before.id, new)
            changed.append(before.id)
    codes = {one.key: f"{one.class_name[0].upper()}{number:04d}" for number, one in enumerate(fresh, start=len(everything) + 1)}
    store.put_entries(edition.id, fresh, codes)
    if ranked_lists.is_ranked(edition):
        for class_name in {new.class_name for new, _ in rows}:
            ranked_lists.close_up(store, edition, unit.id, class_name)
    kept = store.entries_by_id([*changed, *(f"{edition.id}/e/{code}" for code in codes.values())])
    store.append(
        edition.id, "EntriesImported", actor=f"nominator:{unit.id}", file=file, new=len(fresh), updated=len(changed)
    )  # fmt: skip
    handing_in.notice_duplicates(store, edition, list(kept.values()))
    for entry in kept.values():
        confirming.ask(store, edition, entry)
    if rows:
        store.queue_mails(edition.id, [messages.entries_received(edition, unit, [new.title for new, _ in rows])])
    return len(fresh), len(changed)
