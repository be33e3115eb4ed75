"""What the child processes of the fault tests do. They are forked from a server that has imported everything already."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import Flow, Task, tags
from prefect.client.orchestration import get_client

from flows import deployments, engine, rehearsal, selection
from models.edition import Edition
from rules.progress import Finished, next_step
from tasks import action, artifacts, drawing, editions, failpoints, installation, mail, rehearsing, scoring, stages

PROCESS, LABEL, SEED = "smallest", "faults", 2
EDITION = f"{PROCESS}-{LABEL}"
ENTRIES, REVIEWERS = 12, 8


@dataclass(frozen=True)
class Job:
    """One child process: where it works and what is to happen to it."""

    folder: Path
    environment: dict[str, str]
    orders: dict[str, str] = field(default_factory=dict)
    """Failpoint -> order, as in JINBANG_FAILPOINTS."""
    trace: Path | None = None
    stop_at: str = ""
    """Failpoint at whose first pass the process stops itself (SIGSTOP)."""
    plain: bool = False
    """Flows and tasks are plain functions, without the Prefect server: ten times as fast."""
    shuffle: int = 0
    """Seed of the order in which wake-ups are delivered."""
    answer: Path | None = None
    """Where a result is written as JSON."""

    @property
    def log(self) -> Path:
        """Everything that the process prints."""
        return self.folder / "log.txt"


def run(job: Job, what: Callable[[Job], Coroutine[Any, Any, Any]]) -> None:
    """Become the process that the job describes, and do it."""
    out = os.open(job.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ.update(job.environment)
    installation.installation.cache_clear()
    failpoints._ORDERS, failpoints._TRACE = dict(job.orders), str(job.trace) if job.trace else None
    if job.stop_at:
        _stop_once(job.stop_at)
    if job.plain:
        _be_plain()
    answer = asyncio.run(what(job))
    if job.answer is not None:
        job.answer.write_text(json.dumps(answer), encoding="utf-8")


def _stop_once(name: str) -> None:
    """Let the process stop itself at the first pass of a failpoint, as a machine does that sleeps."""
    left = [name]

    def stopping(point: str) -> None:
        if point in left:
            left.clear()
            os.kill(os.getpid(), signal.SIGSTOP)

    for module in (stages, mail):
        module.failpoint = stopping  # type: ignore[attr-defined]


def _be_plain() -> None:
    def call(self: Any, *args: Any, **values: Any) -> Any:
        return self.fn(*args, **values)

    async def show_nothing(**values: Any) -> None:
        pass

    Task.__call__ = call  # type: ignore[method-assign]
    Flow.__call__ = call  # type: ignore[method-assign]
    vars(selection)["get_run_logger"] = lambda: logging.getLogger("flows")
    artifacts.acreate_table_artifact = show_nothing  # type: ignore[attr-defined]


def _load() -> Edition:
    with installation.database().read() as store:
        return store.edition(EDITION)


# -- rehearsals -----------------------------------------------------------------------------------------------------


async def rehearse(job: Job) -> None:
    """Open or resume the rehearsal, and drive it to its end."""
    edition = rehearsal._open_or_resume(PROCESS, LABEL, SEED)
    await rehearsal.Rehearsal(edition.id, None, ENTRIES, REVIEWERS).run()


class _Thrice(rehearsal.Rehearsal):
    """Each wake-up, and the mail's, is delivered three times in an order that the dice give."""

    dice = random.Random(0)

    async def _turn(self) -> bool:
        deliveries: list[Any] = [selection.advance_edition, selection.send_mail] * 3
        self.dice.shuffle(deliveries)
        for deliver in deliveries:
            await deliver(self.edition)
        if rehearsing.has_mail(self.edition):
            await selection.send_mail(self.edition)
        rehearsing.settle_wakes(self.edition)
        return self._act()


async def rehearse_thrice(job: Job) -> None:
    """A rehearsal in which everything is delivered three times."""
    edition = rehearsal._open_or_resume(PROCESS, LABEL, SEED)
    work = _Thrice(edition.id, None, ENTRIES, REVIEWERS)
    work.dice = random.Random(job.shuffle)
    await work.run()


# -- engines and people in processes of their own --------------------------------------------------------------------


async def drive(job: Job) -> list[str]:
    """An engine: it advances the edition and sends its mail until the result is out. Yields what was said about lost leases."""
    lost = []
    while True:
        said = await selection.advance_edition(EDITION)
        if "epoch" in said:
            lost.append(said)
        if rehearsing.has_mail(EDITION):
            await selection.send_mail(EDITION)
        rehearsing.settle_wakes(EDITION)
        if _load().current is None and rehearsing.mail_waits(EDITION) is None:
            return lost
        await asyncio.sleep(random.uniform(0, 0.1))


async def live(job: Job) -> None:
    """The people: they act, and let the time pass, whenever no engine has anything to do."""
    edition = rehearsal._open_or_resume(PROCESS, LABEL, SEED)
    work = rehearsal.Rehearsal(edition.id, None, ENTRIES, REVIEWERS)
    from tasks import people

    work.made = people.arrive(edition, None, entries=ENTRIES, reviewers=REVIEWERS)
    while not isinstance(next_step(editions.situation(EDITION)), Finished):
        work._act()
        await asyncio.sleep(0.05)


async def send(job: Job) -> None:
    """A sender: it sends what is due until nothing is left."""
    edition = job.environment["JINBANG_TEST_EDITION"]
    while (pause := rehearsing.mail_waits(edition)) is not None:
        await asyncio.sleep(pause)
        await mail.send_batch.fn(edition)


# -- relay and failures, against the Prefect server --------------------------------------------------------------------


async def relay_thrice(job: Job) -> dict[str, Any]:
    """Relay the waiting outbox rows, forget that it was done, and do so again, twice. Yields the runs there are."""
    dice = random.Random(job.shuffle)
    for deployment in await deployments.all_deployments():
        await deployment.aapply()
    rounds = []
    async with get_client() as client:
        with installation.database().write() as store:
            wakes = list(store.claim_wakes(store.real_now, limit=100))
            keys = store.wake_keys(wake.id for wake in wakes)
        for _ in range(3):
            dice.shuffle(wakes)
            rounds.append({str(wake.id): await engine._start(client, wake, keys[wake.id]) for wake in wakes})
        names = {}
        for run_id in set(rounds[0].values()):
            found = await client.read_flow_run(UUID(run_id))
            names[run_id] = [found.idempotency_key, sorted(found.tags), found.parameters]
        for edition in {wake.edition for wake in wakes}:
            response = await client._client.post("/flow_runs/count", json={"flow_runs": {"tags": {"all_": [f"edition:{edition}"]}}})
            names[edition] = response.json()
    return {"rounds": rounds, "runs": names}


async def fail_then_heal(job: Job) -> dict[str, Any]:
    """Two editions; one cannot draw its panels. Yields what each try said."""
    ill, well = job.environment["JINBANG_TEST_ILL"], job.environment["JINBANG_TEST_WELL"]
    real, tries = drawing.draw, []
    action._task(scoring.draw_panels.fn).retries = 0  # the waits between its own retries are not the point

    def broken(store: Any, edition: Edition, *rest: Any, **more: Any) -> Any:
        if edition.id == ill:
            raise OSError("the disk is full")
        return real(store, edition, *rest, **more)

    drawing.draw = broken
    for number in range(6):
        for edition in (ill, well) if number in (0, 5) else (ill,):
            try:
                tries.append([edition, await selection.advance_edition(edition)])
            except OSError as failure:
                tries.append([edition, f"failed: {failure}"])
    drawing.draw = real
    with installation.database().write() as store:
        editions.retry(store, ill, actor="admin:admin@example.org")
    tries.append([ill, await selection.advance_edition(ill)])
    with tags("done"):
        await selection.send_mail(ill)
    return {"tries": tries}


async def advance_once(job: Job) -> str:
    """Advance one edition."""
    return await selection.advance_edition(job.environment["JINBANG_TEST_EDITION"])


def await_stop(pid: int, *, seconds: float) -> bool:
    """Wait until a process has stopped itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "T":
                return True
        except FileNotFoundError:
            return False
        time.sleep(0.02)
    return False
