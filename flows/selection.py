"""The life of an edition: the engine in one reading.

Whatever happens - a score is signed, a deadline comes, an admin presses a button - somebody runs `advance_edition`.
It takes the edition's lease, asks `rules.progress.next_step` what to do, does it, and asks again, until the answer is
to wait. Running it twice, late, or from two machines changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable
from types import ModuleType
from uuid import uuid4

from prefect import get_run_logger, tags
from prefect.runtime import flow_run

from flows import notice, publication, scoring, shortlisting, signoff, submission, voting
from flows.recorded import recorded
from models.edition import Deadline, Lease, StageRun
from models.errors import JinbangError, LeaseLost
from rules.progress import Close, Finished, Open, Remind, Settle, Wait, next_step
from tasks import artifacts, editions, mail

STAGES: dict[str, ModuleType] = {
    "submission": submission,
    "scoring": scoring,
    "shortlisting": shortlisting,
    "voting": voting,
    "signoff": signoff,
    "notice": notice,
    "publication": publication,
}
"""The module of each stage kind: `open_stage`, `close_stage`, `remind`; `settle` where a stage has moments of its own."""


def _run_name() -> str:
    return f"advance {flow_run.get_parameters().get('edition_id', '')}"


@recorded(name="advance-edition", flow_run_name=_run_name)
async def advance_edition(edition_id: str) -> str:
    """Carry one edition as far as its calendar and its people allow, then return. Safe to run at any time.

    Args:
        edition_id: The edition's id, e.g. papers-2026.
    """
    lease = editions.take(edition_id, owner=str(uuid4()))
    if lease is None:
        return f"{edition_id}: another engine holds it"
    with tags(f"edition:{edition_id}"):
        try:
            outcome = await _carry(lease)
            await _show_progress(edition_id)
        except LeaseLost as lost:
            get_run_logger().warning("%s", lost)
            return str(lost)
        finally:
            editions.drop(lease)
    return f"{edition_id}: {outcome}"


async def _show_progress(edition_id: str) -> None:
    """Let operators see where the edition stands. What has been done is done, whether or not this can be shown."""
    try:
        await artifacts.show_progress(edition_id)
    except Exception as failure:
        get_run_logger().warning("the progress of %s could not be shown: %s", edition_id, failure)


async def _carry(lease: Lease) -> str:
    """Do one step after another until there is nothing to do and nobody has acted meanwhile."""
    while True:
        situation = editions.situation(lease.edition)
        step = next_step(situation)
        match step:
            case Open(run):
                await _attempt(lease, run, STAGES[run.declared.kind].open_stage(lease, run.position))
            case Close(run):
                await _attempt(lease, run, STAGES[run.declared.kind].close_stage(lease, run.position))
            case Remind(run, due):
                await _attempt(lease, run, _remind(lease, run, due))
            case Settle(run, due):
                await _attempt(lease, run, STAGES[run.declared.kind].settle(lease, run.position, due))
            case Wait() | Finished():
                if editions.give_back(lease, situation.seen):
                    return editions.sentence(step)


async def _remind(lease: Lease, run: StageRun, due: Deadline) -> None:
    editions.remind_once(lease, run, due, STAGES[run.declared.kind].remind)


async def _attempt(lease: Lease, run: StageRun, work: Awaitable[None]) -> None:
    """Work on a stage; a failure is noted, and after too many the stage is blocked and waits for a person."""
    try:
        await work
    except LeaseLost:
        raise
    except Exception as failure:
        blocked = editions.note_failure(lease, run, failure)
        if not (blocked and isinstance(failure, JinbangError)):
            raise
        get_run_logger().error("%s is blocked: %s", run.name, failure)


@recorded(name="send-mail", flow_run_name="send mail")
async def send_mail(edition_id: str | None = None) -> dict[str, int]:
    """Send all mails that are due, in batches; what a server refuses for now is tried again later.

    Args:
        edition_id: Only mails of this edition; all editions if left out.
    """
    total: dict[str, int] = {}
    for one in mail.editions_with_due_mail(edition_id):
        with tags(f"edition:{one}"):
            while counts := await mail.send_batch(one):
                total = {state: total.get(state, 0) + counts.get(state, 0) for state in {*total, *counts}}
                if counts.get("stop"):
                    return total
    return total
