"""Take spreadsheets of nominators, reviewers, committee members and entries: all of a file, or nothing of it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from models.edition import SET_ASIDE, Edition, Entry, Nominator
from models.errors import Fault, InputError, NotAllowed
from models.intake import NewEntry, Table
from models.stages import SubmissionStage
from models.store import Store
from notifications import messages
from rules import intake, quotas, tabular
from tasks import bounces, checking, confirming, duplicates, handing_in, relation_files, spreadsheets, submission
from tasks.installation import database

What = Literal["entries", "reviewers", "nominators", "committee", "units", "relations"]


class _DryRun(Exception):
    """Ends the transaction of a dry run, so that nothing of it is kept."""


def take(edition_id: str, what: What, path: Path, *, actor: str, dry_run: bool = False) -> str:
    """Read a spreadsheet and keep what it holds. Yields a sentence that says what was, or would be, kept.

    Raises:
        InputError: the file has faults; all are named, and nothing is kept.
        NotAllowed: the edition does not take entries any more.
    """
    table = spreadsheets.read_table(path)
    said = ""
    try:
        with database().write() as store:
            said = keep_table(store, store.edition(edition_id), what, table, actor=actor)
            if aside := tabular.left_out(table):
                said = f"{said}; {aside.en}"
            if dry_run:
                raise _DryRun
    except _DryRun:
        return f"{path.name}: {said} (dry run, nothing was kept)"
    return f"{path.name}: {said}"


def keep_table(store: Store, edition: Edition, what: What, table: Table, *, actor: str) -> str:
    """Keep the contents of a table that was read, in the caller's transaction."""
    process = edition.process
    if what in ("units", "relations"):
        return relation_files.keep(store, edition, what, table, actor=actor)
    if what == "nominators":
        nominators = intake.read_nominators(table, process)
        store.put_nominators(edition.id, nominators)
        store.append(edition.id, "NominatorsImported", actor=actor, file=table.file, count=len(nominators))
        _call_late(store, edition)
        return f"{len(nominators)} nominators"
    if what == "reviewers":
        reviewers = intake.read_reviewers(table, process)
        before = {one.code: one.email for one in store.reviewers(edition.id)}
        store.put_reviewers(edition.id, reviewers)
        corrected = bounces.compare(store, edition, before, actor=actor)
        store.append(edition.id, "ReviewersImported", actor=actor, file=table.file, count=len(reviewers))
        return f"{len(reviewers)} reviewers" + corrected + relation_files.sitting(store, edition)
    if what == "committee":
        members = intake.read_committee(table, process)
        store.put_members(edition.id, members)
        store.append(edition.id, "CommitteeImported", actor=actor, file=table.file, count=len(members))
        return f"{len(members)} committee members and signatories"
    units = store.nominators(edition.id)
    types = {one.code: one.type for one in units}
    stored = store.entries(edition.id)
    new = intake.read_entries(table, process, types, {one.key: one.title for one in stored}, _further(store, edition, units))
    stage = edition.stages[0].declared
    both_stand = isinstance(stage, SubmissionStage) and stage.duplicates == "ask"
    new = _apart(edition, new, [one for one in stored if both_stand or one.state in SET_ASIDE])
    if faults := _clashes(store, edition, table, new, stored):
        raise InputError(faults)
    return keep_entries(store, edition, new, file=table.file, actor=actor)


def _further(store: Store, edition: Edition, units: Sequence[Nominator]) -> dict[tuple[str, str], int]:
    """Quotas by code and class where a fact about the unit or a grant changes the declared one (rules N1 and N2)."""
    grants = store.quota_grants(edition.id)
    granted = {one.nominator for one in grants}
    changed = [unit for unit in units if unit.id in granted or getattr(edition.process.nominators.get(unit.type), "max_if", None)]
    return {
        (unit.code, one.name): quotas.quota(edition.process, unit, one.name, facts=store.facts(unit.id), grants=grants)
        for unit in changed
        for one in edition.process.classes
    }


def _apart(edition: Edition, new: Sequence[NewEntry], stored: Sequence[Entry]) -> tuple[NewEntry, ...]:
    """Where another unit's entry of the same subject is kept beside, the later one gets a key of its own unit (rule N4).

    So it is with an entry that the other unit has withdrawn, and with all where the office decides about duplicates.
    """
    units = {one.key: one.nominator for one in stored}
    return tuple(
        replace(one, key=handing_in.own_key(one.key, mine)) if units.get(one.key, mine) != mine else one
        for one in new
        for mine in [f"{edition.id}/n/{one.nominator}"]
    )


def _clashes(store: Store, edition: Edition, table: Table, new: Sequence[NewEntry], stored: Sequence[Entry]) -> list[Fault]:
    """What is wrong only in view of what other files brought: a second channel (rule N4), a quota used up (rule N1)."""
    units = {one.id: one for one in store.nominators(edition.id)}
    by_code = {one.code: one for one in units.values()}
    held = {one.key: one for one in stored if one.state not in SET_ASIDE}
    faults = [
        Fault(
            f"{one.title!r} is already put forward by {units[held[one.key].nominator].name}",
            "settle between the two units who puts it forward, and leave it out of the other list",
            file=table.file,
            sheet=table.sheet,
        )
        for one in new
        if one.key in held and units[held[one.key].nominator].code != one.nominator
    ]
    fresh = Counter((one.nominator, one.class_name) for one in new if one.key not in held)
    used = Counter((units[one.nominator].code, one.class_name) for one in held.values())
    for (code, class_name), count in sorted(fresh.items()):
        unit = by_code[code]
        facts, grants = store.facts(unit.id), store.quota_grants(edition.id, nominator=unit.id)
        left = quotas.left(edition.process, unit, class_name, facts=facts, grants=grants, used=used[code, class_name])
        if count > left:
            title = edition.process.class_named(class_name).title.zh
            faults.append(
                Fault(
                    f"{unit.name} may put forward {max(left, 0)} more of {title}, this file brings {count}",
                    f"leave out {count - max(left, 0)} of them",
                    file=table.file,
                    sheet=table.sheet,
                )
            )
    return faults


def _call_late(store: Store, edition: Edition) -> None:
    """Nominators who are imported while the submission is open get their call at once."""
    run = edition.stages[0]
    if run.state == "open":
        submission.invite(store, edition, run)


def keep_entries(store: Store, edition: Edition, new: Sequence[NewEntry], *, file: str, actor: str) -> str:
    """Keep entries that were read and found in order; the same key again updates. Receipts go to their nominators.

    Raises:
        NotAllowed: the submission is over.
    """
    run = store.lock_stage(edition.id, 0, to_change=True)  # one import after the other, so that no code is given twice
    now = store.edition_now(edition.id)
    late = run.cutoff is not None and now >= run.cutoff
    everything = store.entries(edition.id)
    if run.state in ("closing", "closed") or (late and not checking.takes_paper(run)):
        raise NotAllowed(f"{edition.id}: {run.name} is over; extend its deadline before importing entries")
    if late and (again := sorted({one.key for one in everything} & {one.key for one in new})):
        named = ", ".join(one.title for one in everything if one.key in again)
        raise NotAllowed(f"{edition.id}: only what came by post can be added now, and these are known: {named[:300]}")
    new = _not_set_aside(edition, new, everything)
    known = {one.key for one in everything}
    codes = _codes(edition, [one for one in new if one.key not in known], taken=len(known))
    inserted, updated = store.put_entries(edition.id, new, codes)
    store.append(edition.id, "EntriesImported", actor=actor, file=file, new=inserted, updated=updated)
    _follow_up(store, edition, new)
    _receipts(store, edition, new)
    return f"{inserted} new entries, {updated} updated"


def _not_set_aside(edition: Edition, new: Sequence[NewEntry], everything: Sequence[Entry]) -> list[NewEntry]:
    """What was withdrawn or archived stays so: the same subject, when it comes again, is a new entry under a key of its own."""
    gone = {one.key for one in everything if one.state in SET_ASIDE}
    found = []
    for one in new:
        key = one.key
        while key in gone:
            key = handing_in.own_key(key, f"{edition.id}/n/{one.nominator}")
        found.append(replace(one, key=key))
    return found


def _follow_up(store: Store, edition: Edition, new: Sequence[NewEntry]) -> None:
    """Let the office see what may be put forward twice, and ask the nominees."""
    keys = {one.key for one in new}
    arrived = [one for one in store.entries(edition.id) if one.key in keys]
    duplicates.note(store, edition, arrived)
    confirming.ask_all(store, edition, arrived)


def _codes(edition: Edition, new: Sequence[NewEntry], *, taken: int) -> dict[str, str]:
    """A code for each new entry, in an order that says nothing about who handed it in."""
    mixed = sorted(new, key=lambda one: hashlib.sha256(f"{edition.seed}|{one.key}".encode()).digest())
    return {one.key: f"{one.class_name[0].upper()}{number:04d}" for number, one in enumerate(mixed, start=taken + 1)}


def _receipts(store: Store, edition: Edition, new: Sequence[NewEntry]) -> None:
    titles: dict[str, list[str]] = {}
    for one in new:
        titles.setdefault(one.nominator, []).append(one.title)
    people = {one.code: one for one in store.nominators(edition.id)}
    store.queue_mails(edition.id, [messages.entries_received(edition, people[code], some) for code, some in sorted(titles.items())])
