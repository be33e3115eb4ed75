"""Open an edition of a declared process."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from config import catalogue
from config.calendar import load_calendar
from models.edition import Edition
from models.errors import CalendarNotCovered, Fault, InputError, NotAllowed, NotFound
from models.process import Process
from models.stages import NoticeStage
from rules import calendar
from tasks import editions
from tasks.installation import database, settings

_LABEL = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,19}", re.ASCII)
"""As in a process file; the column of the database is as long."""


def declared(name: str) -> Process:
    """The declared process of that name.

    Raises:
        NotFound: no file declares it.
        DeclarationError: its file is wrong.
    """
    processes = catalogue.load_processes(settings().processes)
    if name not in processes:
        raise NotFound(f"no process {name!r} is declared; known: {', '.join(sorted(processes))}")
    return processes[name]


def planned(name: str, *, label: str | None, starts: date | None, now: datetime | None = None) -> Edition:
    """The edition as it would be opened; nothing is kept.

    Raises:
        NotAllowed: a deadline is past, or an edition of that label exists.
    """
    process = declared(name)
    edition = editions.plan(
        process, catalogue.declaration_hash(process), now=now or datetime.now(UTC), label=_label(process, label), starts=starts
    )
    with database().read() as store:
        if edition.id in store.edition_ids():
            raise NotAllowed(f"{edition.id} is open already; give another label with --edition")
    return edition


def _label(process: Process, label: str | None) -> str:
    """The label of an edition, if it is of the kind that a process file may give.

    Raises:
        InputError: it would not do as a part of addresses and names.
    """
    wanted = process.edition if label is None else label
    if not _LABEL.fullmatch(wanted):
        raise InputError([Fault(f"{wanted!r} is no label", "write 1 to 20 letters, digits and hyphens, e.g. 2027", field="edition")])
    return wanted


def open_edition(name: str, *, label: str | None = None, starts: date | None = None, actor: str) -> Edition:
    """Open a live edition. See `editions.plan` and `editions.keep` for what is refused."""
    edition = planned(name, label=label, starts=starts)
    editions.keep(edition, catalogue.declaration_json(edition.process), actor=actor)
    return edition


def foreseen(edition: Edition) -> tuple[str, ...]:
    """What will stop the edition later if nobody acts: a notice that falls into a year whose working days are not known."""
    known = load_calendar(settings().data_dir / "calendar" / "cn")
    found, latest = [], None
    for run in edition.stages:
        latest = run.opens_at or latest
        if isinstance(run.declared, NoticeStage) and latest is not None:
            try:
                calendar.notice_period(
                    latest, days=run.declared.days, unit=run.declared.unit, first_day=run.declared.first_day,
                    zone=edition.process.time_zone, calendar=known,
                )  # fmt: skip
            except CalendarNotCovered as missing:
                found.append(f"{run.name}: {missing}")
        latest = run.closes_at or latest
    return tuple(found)


def open_rehearsal(name: str, *, label: str, seed: int | None, lead: timedelta = timedelta(hours=1)) -> Edition:
    """Open a rehearsal whose own clock shows a moment before the first date of its process.

    Args:
        name: Name of the process.
        label: Label of the edition.
        seed: Of draws and synthetic people; derived from the declaration if None.
        lead: How long before the first date its clock begins.
    """
    process, now = declared(name), datetime.now(UTC)
    label, code = _label(process, label), catalogue.declaration_hash(process)
    trial = editions.plan(process, code, now=datetime.min.replace(tzinfo=UTC), label=label, rehearsal=True, seed=seed)
    first = next((run.opens_at or run.closes_at for run in trial.stages if run.opens_at or run.closes_at), None) or now
    edition = editions.plan(process, code, now=now, label=label, rehearsal=True, seed=seed, clock_offset=first - lead - now)
    editions.keep(edition, catalogue.declaration_json(process), actor="rehearsal")
    return edition
