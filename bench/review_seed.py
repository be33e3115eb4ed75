"""A made-up edition in which every reviewer holds a dozen papers, and the comparison of what was acknowledged with what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bench.review_load import Seat
from config import catalogue
from config.settings import Settings
from models.edition import Edition, RunState
from models.intake import NewEntry, NewNominator, NewReviewer
from models.reviewing import Invitation
from models.stages import ScoringStage
from models.store import Database, Store
from tasks import editions, links, reviewing, schema

REVIEWERS, SHEETS = 64, 12
_ABSTRACT = "本文针对示例问题提出一种方法，给出理论分析，并以合成数据检验其效果。" * 8
_STATES: tuple[RunState, ...] = ("opening", "open", "closing", "closed")


def seed(settings: Settings) -> dict[str, str]:
    """Make the database of an installation with one edition whose review is open. Yields reviewer id -> personal link."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.url)
    try:
        schema.migrate(database)
        return _fill(database, settings)
    finally:
        database.close()


def _fill(database: Database, settings: Settings) -> dict[str, str]:
    process = catalogue.load_processes(None)["papers"]
    now = datetime.now(UTC)
    starts = now.date() + timedelta(days=2)
    edition = editions.plan(process, catalogue.declaration_hash(process), now=now, label="bench", starts=starts)
    people = [f"R{number:03}" for number in range(1, REVIEWERS + 1)]
    with database.write() as store:
        store.add_edition(edition, catalogue.declaration_json(process))
        store.put_nominators(edition.id, [NewNominator("N01", "示例省学会", "society", "n01@example.org")])
        store.put_reviewers(
            edition.id, [NewReviewer(code, f"专家{code}", "示例大学", f"{code}@example.org", disciplines=("110",)) for code in people]
        )
        codes = [f"P{number:04}" for number in range(1, REVIEWERS * SHEETS + 1)]
        store.put_entries(edition.id, [_entry(code) for code in codes], {code: code for code in codes})
        store.decide_form_check((f"{edition.id}/e/{code}", "science", ()) for code in codes)
        held = {code: people[number // SHEETS] for number, code in enumerate(codes)}
        position = next(run.position for run in edition.stages if isinstance(run.declared, ScoringStage))
        pairs = [(f"{edition.id}/e/{code}", f"{edition.id}/r/{person}") for code, person in held.items()]
        store.add_assignments(edition.id, position, pairs, number=0)
        _open(store, edition, position)
        ids = [f"{edition.id}/r/{person}" for person in people]
        for one in ids:
            store.put_invitation(Invitation(edition.id, position, one, "accepted", pledge="0" * 64, answered_at=store.real_now))
        store.clear_assignments((pair.id for pair in store.assignments(edition.id, position)), store.real_now)
        ends = now + timedelta(days=90)
        links.issue(store, settings, edition.id, "reviewer", ids, not_before=now - timedelta(days=1), expires_at=ends)
        grants = store.grants(edition.id, "reviewer")
    return {one: links.address(settings, grants[one]) for one in ids}


def _entry(code: str) -> NewEntry:
    fields = {
        "discipline": "110", "authors": [{"name": "示例作者", "unit": "示例大学"}], "journal": "示例学报", "published_on": "2025-03-01",
        "abstract": _ABSTRACT, "tier_applied": "一等奖", "innovation": "给出了新的判据。" * 20, "citations": "12",
    }  # fmt: skip
    return NewEntry(code, "paper", f"关于示例问题 {code} 的研究", "示例大学", "author@example.org", "N01", None, fields)


def _open(store: Store, edition: Edition, position: int) -> None:
    lease = store.take_lease(edition.id, "bench", store.real_now)
    if lease is None:
        raise RuntimeError("somebody holds an edition that nobody knows yet")
    for number in range(position + 1):
        for state in _STATES if number < position else _STATES[:2]:
            current = store.edition(edition.id)
            store.move_stage(lease, current.stages[number], state, version=current.version)


def criteria(settings: Settings) -> dict[str, int]:
    """Name and highest mark of each criterion of the seeded edition's sheets."""
    database = Database(settings.url)
    try:
        with database.read() as store:
            (edition,) = store.editions()
    finally:
        database.close()
    run = edition.last_of("scoring")
    if run is None or not isinstance(run.declared, ScoringStage):
        raise RuntimeError("the seeded edition has no open review")
    return {one.name: int(one.max) for one in run.declared.sheet_of("paper")}


def compare(settings: Settings, seats: Mapping[str, Seat]) -> list[str]:
    """What differs between the acknowledged saves and the database; empty if nothing was lost, doubled or torn.

    Args:
        settings: Where the database is.
        seats: Reviewer id -> what was acknowledged to that reviewer.
    """
    database = Database(settings.url)
    try:
        with database.read() as store:
            (edition,) = store.editions()
            run = edition.last_of("scoring")
            position = run.position if run else 0
            kept = {(sheet.reviewer, sheet.entry): sheet for sheet in store.sheets(edition.id, position)}
            told = [event.payload["sheets"] for event in store.events(edition.id) if event.type == "SheetSaved"]
    finally:
        database.close()
    differences = []
    for reviewer, seat in seats.items():
        for code, revision in seat.revisions.items():
            sheet = kept.pop((reviewer, f"{edition.id}/e/{code}"), None)
            if revision == 0 and sheet is None:
                continue
            wanted = {name: Decimal(mark) for name, mark in seat.marks[code].items()}
            if sheet is None or (sheet.revision, sheet.marks, sheet.comment) != (revision, wanted, seat.comments[code]):
                differences.append(f"{reviewer} {code}: acknowledged revision {revision}, kept {sheet}")
    differences += [f"nobody was told of {sheet}" for sheet in kept.values()]
    acknowledged = {(f"{edition.id}/e/{code}", number) for seat in seats.values() for code, last in seat.revisions.items()
                    for number in range(1, last + 1)}  # fmt: skip
    events = [(entry, content["revision"]) for sheets in told for entry, content in sheets.items()]
    if sorted(events) != sorted(acknowledged):
        differences.append(f"{len(acknowledged)} saves were acknowledged, {len(events)} have an event")
    last_digest = {(entry, content["revision"]): content["marks"] for sheets in told for entry, content in sheets.items()}
    differences += _torn(edition.id, seats, last_digest)
    return differences


def _torn(edition: str, seats: Mapping[str, Seat], digests: Mapping[tuple[str, int], str]) -> Sequence[str]:
    """Sheets whose event proves other marks than were acknowledged."""
    return [
        f"{code}: the event of revision {revision} proves other marks"
        for seat in seats.values()
        for code, revision in seat.revisions.items()
        if revision
        and digests.get((f"{edition}/e/{code}", revision))
        != reviewing.marks_digest({name: Decimal(mark) for name, mark in seat.marks[code].items()})
    ]
