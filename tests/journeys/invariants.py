"""What must hold of every edition that has come to its end. Each check yields what it finds wrong; nothing, if all is well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import sqlalchemy as sa

from models import tables as t
from models.edition import Edition
from models.store import Store
from rules import marking, scoring
from rules.digests import digest
from tasks import conflicts, rounds
from tasks.scoring import declared


def violations(store: Store, edition: Edition) -> list[str]:
    """Everything that should not be."""
    checks = (_stages, _pairs, _marks, _lists, _awards, _mails, _traces)
    return [found for check in checks for found in check(store, edition)]


def _stages(store: Store, edition: Edition) -> Iterator[str]:
    if edition.state != "published":
        yield f"the edition is {edition.state}"
    yield from (f"{run.name} is {run.state}" for run in edition.stages if run.state != "closed")
    events = [
        (event.type, event.payload.get("stage")) for event in store.events(edition.id) if event.type in ("StageOpened", "StageClosed")
    ]
    wanted = [(what, run.name) for run in edition.stages for what in ("StageOpened", "StageClosed")]
    if events != wanted:
        yield f"stages went {events}"
    if store.open_deadlines(edition.id):
        yield "deadlines are left open"


def _pairs(store: Store, edition: Edition) -> Iterator[str]:
    """No reviewer has an entry twice, one of the own unit or of a declared conflict, or more than the limit.

    No entry has two reviewers of one unit; nothing was written before the invitation was accepted.
    """
    run = edition.run_of("scoring")
    stage = declared(run)
    entries = {one.id: one for one in store.entries(edition.id)}
    reviewers = {one.id: one for one in store.reviewers(edition.id)}
    pairs = store.assignments(edition.id, run.position)
    held = [pair for pair in pairs if not pair.recused]
    yield from (f"{pair} twice" for pair, count in Counter((one.entry, one.reviewer) for one in pairs).items() if count > 1)
    yield from (f"{one.reviewer} is of the unit of {one.entry}" for one in pairs if entries[one.entry].unit == reviewers[one.reviewer].unit)
    for reviewer, count in Counter(one.reviewer for one in held).items():
        if count > min(stage.max_load, reviewers[reviewer].max_load or stage.max_load):
            yield f"{reviewer} has {count} entries"
    declared_conflicts = {(one.entry, one.reviewer) for one in store.conflicts(edition.id)}
    yield from (f"{one.id} is held despite a conflict" for one in held if (one.entry, one.reviewer) in declared_conflicts)
    sitting = (one for one in conflicts.found(store, edition) if one.seat and one.asks)
    yield from (f"{one.reviewer.id} holds {one.entry.id} in spite of {one.relations}" for one in sitting)
    accepted = {one.reviewer for one in store.invitations(edition.id, run.position) if one.state == "accepted"}
    opened = {one.id for one in pairs if one.cleared_at is not None and one.reviewer in accepted}
    written = store.sheets(edition.id, run.position)
    yield from (f"{one.assignment} was written before the invitation was accepted" for one in written if one.assignment not in opened)
    units = Counter((one.entry, reviewers[one.reviewer].unit) for one in held)
    yield from (f"{entry} has {count} reviewers of {unit}" for (entry, unit), count in units.items() if count > 1)
    yield from (
        f"{one.code} is {one.state} and has a panel"
        for one in entries.values()
        if one.state == "ineligible" and one.id in {p.entry for p in pairs}
    )


def _marks(store: Store, edition: Edition) -> Iterator[str]:
    """Signed marks lie on the sheet's scale, and every place follows from them."""
    run = edition.run_of("scoring")
    stage = declared(run)
    entries = {one.id: one for one in store.entries(edition.id)}
    totals: dict[str, list[scoring.Total]] = {}
    counted: list[marking.Sheet] = []
    again = rounds.reviewed_again(store, run)
    for sheet in store.sheets(edition.id, run.position, signed=True):
        criteria = {one.name: one for one in stage.sheet_of(entries[sheet.entry].class_name)}
        if sheet.marks.keys() != criteria.keys():
            yield f"{sheet.assignment} is signed and incomplete"
        yield from (
            f"{sheet.assignment}: {name} {mark}"
            for name, mark in sheet.marks.items()
            if not 0 <= mark <= criteria[name].max or mark % criteria[name].step
        )
        if sheet.assignment in again:
            continue  # it parts the tied and changes no mark
        total = scoring.total(stage.sheet_of(entries[sheet.entry].class_name), sheet.marks, sheet.skipped)
        totals.setdefault(sheet.entry, []).append(Decimal() if total is None else total)
        counted.append(marking.Sheet(sheet.entry, sheet.reviewer, totals[sheet.entry][-1]))
    ranked = [one for one in entries.values() if one.id in totals]
    marks = marking.stage_marks(ranked, counted, stage)
    if scoring.standings(ranked, totals, stage.aggregate, stage.flags, marks) != store.standings(edition.id, run.position):
        yield "the ranking does not follow from the sheets"


def _lists(store: Store, edition: Edition) -> Iterator[str]:
    found = store.shortlist(edition.id)
    if found is None:
        yield "there is no shortlist"
        return
    listed, _ = found
    if listed.digest != digest([[one.entry, one.group, one.place, str(one.mark)] for one in listed.items]):
        yield "the digest of the shortlist does not fit"
    ranking = {one.entry: (one.group, one.place, one.mark) for one in store.standings(edition.id, edition.run_of("scoring").position)}
    yield from (
        f"{one.entry} is listed otherwise than ranked" for one in listed.items if ranking.get(one.entry) != (one.group, one.place, one.mark)
    )


def _awards(store: Store, edition: Edition) -> Iterator[str]:
    notice, vacant = store.notice(edition.id) or (None, 0)
    found = store.shortlist(edition.id)
    if notice is None or found is None:
        yield "there was no notice"
        return
    listed, seats = found
    awards = notice.awards
    if len({one.entry for one in awards}) != len(awards):
        yield "an entry has two awards"
    if {one.entry for one in awards} - {one.entry for one in listed.items}:
        yield "an award went past the list"
    yield from (f"{group} has {count} awards" for group, count in Counter(one.group for one in awards).items() if count > seats[group])
    if len(awards) + vacant != sum(seats.values()) != edition.process.total_awards:
        yield f"{len(awards)} awards and {vacant} vacant seats of {edition.process.total_awards}"
    if {one.id for one in store.entries(edition.id, "awarded")} != {one.entry for one in awards}:
        yield "the states of entries do not fit the awards"
    if left := store.entries(edition.id, "submitted", "eligible", "assigned", "scored", "shortlisted", "publicised"):
        yield f"{len(left)} entries came to no end"
    published = dict(store.publication(edition.id).document)
    shown = [(award["code"], award["place"]) for group in published["groups"] for award in group["awards"]]
    codes = store.entries_by_id(one.entry for one in awards)
    if sorted(shown) != sorted((codes[one.entry].code, one.place) for one in awards):
        yield "the publication does not show the awards"
    if published["digest"] != digest({key: value for key, value in published.items() if key not in ("digest", "published_at")}):
        yield "the digest of the publication does not fit"
    private = [
        str(one.fields[name])
        for one in store.entries(edition.id)
        for name in ("mobile", "id_no", "volunteer_no", "uscc")
        if one.fields.get(name)
    ]
    yield from (f"the publication shows {value}" for value in private if value in str(published))


def _mails(store: Store, edition: Edition) -> Iterator[str]:
    mails = store.mails(edition.id)
    yield from (f"{one.cause} to {one.to_address} is {one.state}: {one.reply}" for one in mails if one.state not in ("sent", "superseded"))
    yield from (f"{one.cause} was tried {one.attempt} times" for one in mails if one.attempt > 1)
    called = Counter(one.to_address for one in mails if one.template == "call_opened")
    if called != Counter(one.email for one in store.nominators(edition.id)):
        yield "not every nominator was called once"
    yield from (f"{one.cause} holds a link" for one in mails if "/l/k1_" in str(one.params))


def _traces(store: Store, edition: Edition) -> Iterator[str]:
    """Nothing is left to do, and nobody holds the edition."""
    waiting = store.connection.scalar(
        sa.select(sa.func.count()).select_from(t.OUTBOX).where(t.OUTBOX.c.edition == edition.id, t.OUTBOX.c.relayed_at.is_(None))
    )
    if waiting:
        yield f"{waiting} wake-ups wait"
    owner = store.connection.scalar(sa.select(t.LEASES.c.owner).where(t.LEASES.c.edition == edition.id))
    if owner:
        yield f"{owner} holds the edition"
    if store.editions_with_due_mail():
        yield "mail is due"
