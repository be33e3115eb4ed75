"""The driver's side of a rehearsal: pass the time, settle what is blocked, count what happened."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from models.edition import SET_ASIDE, Edition, StageRun
from models.errors import NotAllowed
from models.store import Store
from rules import simulation
from rules.simulation import Temper
from tasks import answers, editions
from tasks.installation import database, settings

ACTOR = "rehearsal"
_LOOKS, _PAUSE_SECONDS = 10, 1.5
"""The server writes task runs down once a second."""


def sample_folder(process: str) -> Path | None:
    """Folder of the sample spreadsheets of a process; None if there are none."""
    folder = Path(str(files("config") / "samples" / process))
    return folder if folder.is_dir() else None


def settle_wakes(edition_id: str) -> None:
    """Note wake-ups of this edition as answered: the rehearsal has just run what they ask for."""
    with database().write() as store:
        until = store.real_now + timedelta(seconds=settings().claim_seconds)
        for wake in store.claim_wakes(until, limit=1000, edition=edition_id):
            store.mark_relayed(wake.id, "rehearsal")


def has_mail(edition_id: str) -> bool:
    """Whether mail of this edition is due."""
    with database().read() as store:
        return edition_id in store.editions_with_due_mail()


def held_for(edition_id: str) -> float:
    """Seconds for which an engine still holds an edition; one that was cut off holds it until its lease runs out. 0 if none does."""
    with database().read() as store:
        until = store.lease_until(edition_id)
        return 0.0 if until is None else (until - store.real_now).total_seconds()


def mail_waits(edition_id: str) -> float | None:
    """Seconds until due mail can be taken: a sender that was cut off holds its batch until its claim runs out. None if none is due."""
    with database().read() as store:
        free = store.next_free_mail(edition_id)
        return None if free is None else max(0.0, (free - store.real_now).total_seconds())


def moments_ahead(edition: Edition, run: StageRun) -> int:
    """How many reminders to everybody, and deadlines, of a stage are still to come."""
    with database().read() as store:
        now = edition.now(store.real_now)
        return sum(one.at > now and not one.kind.startswith("due:") for one in store.open_deadlines(edition.id, run.position))


def pass_time(edition: Edition, run: StageRun, until: datetime | None) -> None:
    """Move the clock to the next reminder, deadline or opening; where only an admin is awaited, press the button."""
    with database().write() as store:
        now = edition.now(store.real_now)
        coming = [one.at for one in store.open_deadlines(edition.id, run.position) if one.at > now]
        if run.waits_for_admin and run.state == "open":
            editions.request_next(store, edition.id, actor=ACTOR)
        elif coming:
            editions.move_clock(store, edition, min(coming), actor=ACTOR)
        elif until is not None and until > now:
            editions.move_clock(store, edition, until, actor=ACTOR)
        else:
            editions.request_next(store, edition.id, actor=ACTOR)


def settle_block(edition: Edition, run: StageRun) -> None:
    """Do what a secretary would: ask those anew who returned a list; give silent people more time, a few times.

    Raises:
        NotAllowed: nothing helps any more.
    """
    with database().write() as store:
        tried = len(store.events(edition.id, "StageBlocked"))
        if tried > settings().stage_attempts:
            raise NotAllowed(f"{edition.id}: the rehearsal is stuck in {run.name}: {run.blocked}")
        over = run.cutoff is not None and edition.now(store.real_now) >= run.cutoff
        if over and run.state == "closing" and _somebody_is_awaited(store, edition, run):
            later = edition.now(store.real_now) + timedelta(days=settings().rehearsal_extension_days)
            editions.extend(store, edition.id, run.name, later, actor=ACTOR)
        else:
            editions.retry(store, edition.id, actor=ACTOR)


def _somebody_is_awaited(store: Store, edition: Edition, run: StageRun) -> bool:
    """Whether more time could help: somebody has not signed, has not answered, or could come back when asked by telephone."""
    if run.declared.kind == "scoring":
        gone = any(one.state == "lapsed" for one in store.invitations(edition.id, run.position))
        return gone or any(signed < had for had, signed in store.progress(edition.id, run.position).values())
    return run.declared.kind in ("voting", "signoff") and bool(answers.silent(store, edition, run))


async def report(edition_id: str, temper: Temper, *, duration_s: float, engine_s: float, people_s: float) -> dict[str, Any]:
    """What a rehearsal found: sizes, mails, what would have stalled, how well the truly best were found, what it cost."""
    with database().read() as store:
        edition = store.edition(edition_id)
        events = store.events(edition_id, "StageBlocked", "StageExtended")
        status = editions.status(store, edition)
        entries = store.entries(edition_id)
        listed = store.shortlist(edition_id)
        noticed = store.notice(edition_id)
        digest = store.publication(edition_id).digest if edition.state == "published" else None
    mails = Counter(status.mails)
    awards = noticed[0].awards if noticed else ()
    eligible = [one for one in entries if one.state not in (*SET_ASIDE, "submitted", "correction", "ineligible")]
    flow_runs, task_runs = await _runs(edition_id)
    return {
        "process": edition.process.name,
        "edition": edition_id,
        "seed": edition.seed,
        "state": edition.state,
        "entries": len(entries),
        "eligible": len(eligible),
        "assignments": status.assignments,
        "sheets": status.signed,
        "shortlisted": len(listed[0].items) if listed else 0,
        "awards": len(awards),
        "vacant": noticed[1] if noticed else 0,
        "mails": {
            "queued": sum(mails.values()) - mails["superseded"],
            "sent": mails["sent"],
            "failed": mails["failed"] + mails["uncertain"],
        },
        "stalls": [
            {"stage": one.payload["stage"], "at": one.at.isoformat(), "why": one.payload.get("cause") or _extension(one.payload)}
            for one in events
            if one.type == "StageBlocked" or (one.type == "StageExtended" and one.actor == "engine")
        ],
        "precision_at_k": round(simulation.precision(edition.seed, eligible, awards, temper), 4),
        "result_digest": digest,
        "duration_s": round(duration_s, 2),
        "engine_s": round(engine_s, 2),
        "people_s": round(people_s, 2),
        "flow_runs": flow_runs,
        "task_runs": task_runs,
    }


def _extension(payload: Any) -> str:
    return f"{payload.get('lacking')} entries had too few scores; further reviewers were drawn, until {payload.get('closes')}"


async def _runs(edition_id: str) -> tuple[int, int]:
    """Flow runs and task runs that the Prefect server recorded for an edition, once it has written down the last of them."""
    from prefect.client.orchestration import get_client  # at the first use, as in tasks/action.py

    wanted = {"flow_runs": {"tags": {"all_": [f"edition:{edition_id}"]}}}
    counts = (-1, -1)
    async with get_client() as client:
        for _ in range(_LOOKS):
            flows = await client._client.post("/flow_runs/count", json=wanted)
            tasks = await client._client.post("/task_runs/count", json=wanted)
            before, counts = counts, (int(flows.json()), int(tasks.json()))
            if counts == before:
                break
            await asyncio.sleep(_PAUSE_SECONDS)
    return counts
