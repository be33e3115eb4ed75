"""What the command prints about editions, links and rehearsals."""

from __future__ import annotations

from typing import Any

from models.edition import Edition, Role
from rules import calendar
from tasks import conflicts, editions
from tasks import links as personal_links
from tasks.installation import database, settings


def statuses(edition_id: str | None) -> list[dict[str, Any]]:
    """Where one edition, or every edition, stands.

    Raises:
        NotFound: there is no such edition.
    """
    with database().read() as store:
        found = (store.edition(edition_id),) if edition_id else store.editions()
        return [_status(editions.status(store, one)) | {"conflicts": conflicts.counts(store, one)} for one in found]


def _status(one: editions.EditionStatus) -> dict[str, Any]:
    run = one.current
    return {
        "edition": one.edition.id,
        "title": one.edition.process.title.model_dump(),
        "state": one.edition.state,
        "rehearsal": one.edition.rehearsal,
        "clock": one.now.isoformat(timespec="seconds"),
        "stage": run.name if run else None,
        "stage_state": run.state if run else None,
        "closes": run.closes_at.isoformat() if run and run.closes_at else None,
        "deadline": calendar.deadline_text(run.closes_at, one.edition.process.time_zone) if run and run.closes_at else None,
        "blocked": run.blocked if run else None,
        "waits_for": one.silent,
        "entries": dict(one.entries),
        "assignments": one.assignments,
        "signed": one.signed,
        "mails": dict(one.mails),
        "stages": [
            {"name": r.name, "kind": r.declared.kind, "state": r.state, "opened": r.opened_at, "closed": r.closed_at}
            for r in one.edition.stages
        ],
    }


def lines(one: dict[str, Any]) -> str:
    """The status of one edition as lines of text."""
    head = f"{one['edition']}: {one['state']}" + (" (rehearsal)" if one["rehearsal"] else "")
    stage = (
        f"stage {one['stage']} is {one['stage_state']}" + (f", closes {one['deadline']}" if one["closes"] else "") if one["stage"] else ""
    )
    entries = ", ".join(f"{count} {state}" for state, count in sorted(one["entries"].items())) or "none"
    mails = ", ".join(f"{count} {state}" for state, count in sorted(one["mails"].items())) or "none"
    rows = [head, f"  {stage}" if stage else "", f"  entries: {entries}"]
    if one["assignments"]:
        rows.append(f"  score sheets: {one['signed']} of {one['assignments']} signed")
    if one["waits_for"]:
        rows.append(f"  waits for {one['waits_for']} people")
    if any(pairs := one["conflicts"].values()):
        avoided, wait, sit = pairs
        rows.append(f"  conflicts of interest: {avoided} pairs avoided, {wait} wait for a decision, {sit} sit already")
    rows.append(f"  mails: {mails}")
    if one["blocked"]:
        rows.append(f"  BLOCKED: {one['blocked']}\n  `jinbang retry {one['edition']}` tries again")
    return "\n".join(row for row in rows if row)


def links(edition_id: str, role: Role) -> list[dict[str, str]]:
    """Code, name, address and link of everyone who has a link in a role.

    Raises:
        NotFound: there is no such edition.
    """
    with database().read() as store:
        store.edition(edition_id)
        grants = store.grants(edition_id, role)
        people: tuple[Any, ...]
        if role == "nominator":
            people = store.nominators(edition_id)
        elif role == "reviewer":
            people = store.reviewers(edition_id)
        else:
            people = store.members(edition_id, role)
    return [
        {"code": one.code, "name": one.name, "email": one.email, "link": personal_links.address(settings(), grants[one.id])}
        for one in people
        if one.id in grants
    ]


def example_links() -> list[tuple[str, str]]:
    """For a visitor of the demo: one link of each role that can act now."""
    wanted: dict[str, tuple[str, Role]] = {
        "submission": ("A nominator's link", "nominator"),
        "scoring": ("A reviewer's link", "reviewer"),
        "voting": ("A committee member's link", "committee"),
        "signoff": ("A signatory's link", "party"),
    }
    rows = []
    with database().read() as store:
        open_editions = [(one, one.current) for one in store.editions("running")]
    for edition, run in open_editions:
        if run is None or run.state != "open" or run.declared.kind not in wanted:
            continue
        what, role = wanted[run.declared.kind]
        if waiting := _waiting(edition, role):
            rows.append((f"{what}, {edition.id}", waiting))
    return rows


def _waiting(edition: Edition, role: Role) -> str | None:
    """The link of somebody in a role who has something left to do."""
    with database().read() as store:
        grants = store.grants(edition.id, role)
        run = edition.current
        if role == "reviewer" and run is not None:
            progress = store.progress(edition.id, run.position)
            answered = {one.reviewer for one in store.invitations(edition.id, run.position)}
            waiting = [person for person, (had, signed) in progress.items() if signed < had]
            waiting.sort(key=lambda person: (person in answered, person))  # who has not answered sees the invitation first
        else:
            waiting = sorted(grants)
    return next((personal_links.address(settings(), grants[person]) for person in waiting if person in grants), None)


def rehearsal(report: dict[str, Any]) -> str:
    """The report of a rehearsal as lines of text."""
    mails = report["mails"]
    decided = report["awards"] > 0  # one that stops in the middle has found nobody yet, which is no fault of its method
    best = f"; {report['precision_at_k']:.0%} of the truly best were found" if decided else ""
    rows = [
        f"{report['edition']}: {report['state']}" + (f", {report['awards']} awards, {report['vacant']} vacant" if decided else ""),
        f"  {report['entries']} entries, {report['eligible']} eligible, {report['shortlisted']} shortlisted",
        f"  {report['sheets']} of {report['assignments']} score sheets signed{best}",
        f"  mails: {mails['queued']} queued, {mails['sent']} sent, {mails['failed']} failed",
        f"  {report['duration_s']} s, of which engine {report['engine_s']} s",
        f"  {report['flow_runs']} flow runs, {report['task_runs']} task runs",
    ]
    rows += [f"  would have stalled in {one['stage']}: {one['why']}" for one in report["stalls"]]
    rows.append(f"  seed {report['seed']}" + (f", digest of the result {report['result_digest']}" if report["result_digest"] else ""))
    return "\n".join(rows)
