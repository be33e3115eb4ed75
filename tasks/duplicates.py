"""Entries that may be put forward twice: found when they arrive, told to both channels, decided by the office (rule N4).

Nothing is decided by itself, and nothing is deleted: of a pair one entry may be set aside with a reason, and brought back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from models.edition import SET_ASIDE, Edition, Entry
from models.errors import Fault, InputError, NotAllowed, NotFound
from models.stages import SubmissionStage
from models.store import Store
from models.submitting import Duplicate
from notifications import messages
from rules import duplicates
from rules.text import TextRefused, clean
from tasks.installation import database

REASON_MAX = 500
"""Characters of the reason for a decision."""
EXCLUSIVE = "exclusive"
"""Why two entries of different processes are a pair: the same subject may not stand in both at the same time."""


# -- finding --------------------------------------------------------------------------------------------------------


def note(store: Store, edition: Edition, arrived: Sequence[Entry]) -> int:
    """Look for entries that may be the same as those that have just arrived or changed. Yields how many pairs are new.

    Also looked at are the running editions of processes that the declaration names as exclusive. Both channels of a new pair are
    warned. Entries that are known by their number only have nothing that could be compared.
    """
    stage = edition.stages[0].declared
    coming = [one for one in arrived if not one.classified and one.state not in SET_ASIDE]
    if not isinstance(stage, SubmissionStage) or not coming:
        return 0
    standing = [one for one in store.entries(edition.id) if not one.classified and one.state not in SET_ASIDE]
    known = {(one.first, one.second) for one in store.duplicates(edition.id)}
    found = [*_within(edition, coming, standing, Fraction(stage.similarity)), *_elsewhere(store, edition, coming)]
    new = {(one.first, one.second): one for one in found if (one.first, one.second) not in known}
    if new:
        store.add_duplicates(new.values())
        _warn(store, list(new.values()))
    return len(new)


def _within(edition: Edition, coming: Sequence[Entry], standing: Sequence[Entry], similarity: Fraction) -> Iterable[Duplicate]:
    if len(coming) == 1:
        return duplicates.of_entry(edition.process, coming[0], standing, similarity=similarity)
    ids = {one.id for one in coming}
    return (one for one in duplicates.find(edition.process, standing, similarity=similarity) if one.first in ids or one.second in ids)


def _elsewhere(store: Store, edition: Edition, coming: Sequence[Entry]) -> Iterable[Duplicate]:
    """Pairs with entries of other processes' running editions; rehearsals see rehearsals only."""
    stage = edition.stages[0].declared
    barred = stage.exclusive_with if isinstance(stage, SubmissionStage) else ()
    if not barred:
        return
    for other in store.editions("running"):
        if other.process.name not in barred or other.rehearsal != edition.rehearsal or other.id == edition.id:
            continue
        entries = [one for one in store.entries(other.id) if not one.classified and one.state not in SET_ASIDE]
        for entry in coming:
            for _, twin in duplicates.in_exclusive(edition.process, entry, {other.process.name: (other.process, entries)}):
                first, second = sorted((entry.id, twin.id))
                yield Duplicate(edition.id, first, second, EXCLUSIVE, "1")


def _warn(store: Store, found: Collection[Duplicate]) -> None:
    """Tell each channel of its own side of the pairs, in one mail; of a pair that one channel put forward, it is told once."""
    sides = store.entries_by_id({entry for pair in found for entry in (pair.first, pair.second)})
    editions = {one: store.edition(one) for one in {side.edition for side in sides.values()}}
    units = {unit.id: unit for one in editions for unit in store.nominators(one)}
    told: dict[tuple[str, str], list[tuple[Entry, str, str]]] = defaultdict(list)
    for pair in sorted(found, key=lambda one: (one.first, one.second)):
        first, second = sides[pair.first], sides[pair.second]
        both = ((first, second), (second, first)) if first.nominator != second.nominator else ((second, first),)
        for own, other in both:
            told[own.edition, own.nominator].append((own, units[other.nominator].name, other.code))
    for (one, unit), lines in told.items():
        # Before the call nobody has a link; the office sees the pairs in any case.
        if store.grant_of(one, "nominator", unit) is not None:
            store.queue_mails(one, [messages.duplicate_warning(editions[one], editions[one].stages[0], units[unit], lines)])


# -- deciding -------------------------------------------------------------------------------------------------------


def pair_of(store: Store, edition_id: str, first: str, second: str) -> Duplicate:
    """One pair, as it was found.

    Raises:
        NotFound: the edition has no such pair.
    """
    for one in store.duplicates(edition_id):
        if (one.first, one.second) == (first, second):
            return one
    raise NotFound(f"{edition_id} has no such pair of entries", zh="没有这一对申报项")


def may_be_set_aside(store: Store, entry: Entry) -> bool:
    """Whether an entry can still be set aside, or brought back: until the submission of its edition is settled."""
    run = store.edition(entry.edition).stages[0]
    return run.state == "open" and entry.state in ("submitted", "duplicate")


def decide(edition_id: str, first: str, second: str, *, archive: str = "", reason: str, admin: str) -> Duplicate:
    """Keep what the office decided about a pair, in place of an earlier decision; it can be decided anew.

    Args:
        edition_id: The edition in which the pair was found.
        first: The entry with the smaller id.
        second: The other one.
        archive: The entry that is set aside; empty if both stay.
        reason: Why, for the record.
        admin: Address of the admin.

    Raises:
        NotFound: there is no such pair.
        NotAllowed: the entry to be set aside, or brought back, is in the review already.
        InputError: no or no readable `reason`; `archive` names another entry.
    """
    with database().write() as store:
        for edition in sorted({first.rpartition("/e/")[0], second.rpartition("/e/")[0], edition_id}):
            if edition in store.edition_ids():
                store.lock_stage(edition, 0, to_change=True)
        pair = pair_of(store, edition_id, first, second)
        words = _reason(reason)
        if archive not in ("", first, second):
            raise InputError([Fault("one of the two is set aside, or none", "choose one", field="archive", column="other")])
        back = pair.archived if pair.archived and pair.archived != archive else ""
        now = store.edition_now(edition_id)
        state = "archived" if archive else "kept_both"
        store.decide_duplicate(pair, by=admin, reason=words, at=now, state=state, archived=archive)
        if archive:
            _set_aside(store, archive)
        if back:
            _bring_back(store, edition_id, back)
        store.append(
            edition_id, "DuplicateDecided", actor=f"admin:{admin}", first=first, second=second, archived=archive, back=back, reason=words,
        )  # fmt: skip
        return replace(pair, state="archived" if archive else "kept_both", archived=archive, by=admin, reason=words, at=now)


def _set_aside(store: Store, entry_id: str) -> None:
    entry = store.entry(entry_id)
    if entry.state == "duplicate":
        return
    if not may_be_set_aside(store, entry):
        raise NotAllowed(f"{entry.code} is {entry.state}; an entry is set aside while it waits, not while it is corrected or reviewed")
    store.set_entry_states({entry_id: "duplicate"})


def _bring_back(store: Store, edition_id: str, entry_id: str) -> None:
    """Let an entry stand again, unless another pair still holds it aside."""
    entry = store.entry(entry_id)
    held = any(one.archived == entry_id for edition in {edition_id, entry.edition} for one in store.duplicates(edition))
    if entry.state != "duplicate" or held:
        return
    if not may_be_set_aside(store, entry):
        raise NotAllowed(f"{entry.code} cannot be brought back: the submission is settled")
    store.set_entry_states({entry_id: "submitted"})


def _reason(text: str) -> str:
    try:
        words = clean(text, max_length=REASON_MAX)
    except TextRefused as refused:
        raise InputError([Fault(str(refused), "correct the words", field="reason", column="text")]) from None
    if not words:
        raise InputError([Fault("a decision needs a reason", "write it", field="reason", column="missing")])
    return words
