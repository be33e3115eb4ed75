"""The engine as a process: relay, sweeper and Prefect runner. Any number may run; the leases keep them apart."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner

from flows import deployments
from models.edition import Wake
from tasks import sweeping
from tasks.failpoints import failpoint
from tasks.installation import database, settings

log = logging.getLogger("jinbang.engine")

_STOP_SECONDS = 12
"""For flow runs under way to end after the engine was told to stop."""


async def relay(client: PrefectClient) -> int:
    """Turn waiting outbox rows into flow runs. The row is the idempotency key, so a repeated try makes no second run.

    Yields how many rows were relayed.

    Raises:
        httpx.TransportError: the Prefect server does not answer; all rows are free again.
        ObjectNotFound: it does not know our deployments; all rows are free again.
    """
    with database().write() as store:
        wakes = store.claim_wakes(store.real_now + timedelta(seconds=settings().claim_seconds), limit=100)
        keys = store.wake_keys(wake.id for wake in wakes)
    relayed = 0
    for place, wake in enumerate(wakes):
        failpoint("relay_claimed.after")
        try:
            flow_run = await _start(client, wake, keys[wake.id])
        except (httpx.TransportError, ObjectNotFound):
            with database().write() as store:
                store.release_wakes(one.id for one in wakes[place:])
            raise
        except Exception:
            log.exception("outbox row %s of %s could not be relayed; it is tried again when its claim runs out", wake.id, wake.edition)
            continue  # the rows behind it are others' business
        failpoint("relay_started.after")
        with database().write() as store:
            store.mark_relayed(wake.id, flow_run)
        relayed += 1
    return relayed


async def _start(client: PrefectClient, wake: Wake, key: str) -> str:
    name = {"advance": "advance-edition/advance-edition", "mail": "send-mail/send-mail"}[wake.topic]
    deployment = await client.read_deployment_by_name(name)
    run = await client.create_flow_run_from_deployment(
        deployment.id,
        parameters={"edition_id": wake.edition},
        tags=[f"edition:{wake.edition}"],
        idempotency_key=key,
    )
    return str(run.id)


async def mirror_deadlines(client: PrefectClient) -> int:
    """Show the deadlines of live editions as scheduled runs. Should one start late or never, the sweeper finds the deadline.

    Raises:
        ObjectNotFound: the server does not know our deployments.
    """
    from prefect.states import Scheduled

    with database().read() as store:
        waiting = store.unmirrored_deadlines()
    # Asked even if nothing waits: that is how a server that has lost its database is noticed.
    deployment = await client.read_deployment_by_name("advance-edition/advance-edition")
    for deadline in waiting:
        await client.create_flow_run_from_deployment(
            deployment.id,
            parameters={"edition_id": deadline.edition},
            state=Scheduled(scheduled_time=deadline.at),
            name=f"{deadline.edition} stage {deadline.position} {deadline.kind}",
            tags=[f"edition:{deadline.edition}", "deadline"],
            idempotency_key=f"deadline:{deadline.id}:{deadline.edition}:{deadline.at.isoformat()}",
        )
        with database().write() as store:
            store.mark_mirrored(deadline.id)
    return len(waiting)


async def _every(seconds: float, what, name: str) -> None:  # type: ignore[no-untyped-def]
    """Do something for ever. A failure is logged and tried again: the rows it is about are still there."""
    while True:
        try:
            await what()
        except Exception:
            log.exception("%s failed; it is tried again in %s s", name, seconds)
        await asyncio.sleep(seconds)


async def run() -> None:
    """Run relay, sweeper and runner until the process is told to stop."""
    engine = f"engine-{uuid4()}"
    runner = await deployments.runner()
    async with get_client() as client:

        async def sweep() -> None:
            if woken := await asyncio.to_thread(sweeping.sweep, engine):
                log.info("woken: %s", ", ".join(woken))
            try:
                await mirror_deadlines(client)
            except ObjectNotFound:
                await _start_afresh(runner)

        async def pump() -> None:
            try:
                while await relay(client):
                    pass
            except ObjectNotFound:
                await _start_afresh(runner)

        work = [
            asyncio.create_task(_every(settings().sweep_seconds, sweep, "sweep")),
            asyncio.create_task(_every(settings().relay_seconds, pump, "relay")),
        ]
        try:
            await _serve(runner)
        finally:
            for one in work:
                one.cancel()
            await asyncio.gather(*work, return_exceptions=True)


async def _start_afresh(runner: Runner) -> None:
    """Offer everything again to a server that has lost its database. Only what its pages showed of the past is gone."""
    log.warning("the Prefect server does not know our deployments: its database is new. They are made again")
    for deployment in await deployments.all_deployments():
        await runner.aadd_deployment(deployment)
    with database().write() as store:
        store.forget_mirrored()


async def _serve(runner: Runner) -> None:
    """Let the runner work until this process is told to stop; flow runs under way are then ended, and give their leases back."""
    stop = asyncio.Event()
    serving, told = asyncio.create_task(runner.start()), asyncio.create_task(stop.wait())
    await asyncio.sleep(0)  # the runner sets a handler of its own as it starts, which leaves its flow runs behind; ours replaces it
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    done, _ = await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
    if serving in done:
        told.cancel()
        serving.result()
    log.info("stopping")
    await _end_runs()
    serving.cancel()
    await asyncio.wait({serving}, timeout=_STOP_SECONDS)


async def _end_runs() -> None:
    """Ask the flow runs under way to end, and wait for them. The runner would kill them, and their leases would have to run out."""
    asked: set[int] = set()
    end = asyncio.get_running_loop().time() + _STOP_SECONDS
    while (children := _children()) and asyncio.get_running_loop().time() < end:
        for child in children - asked:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
        asked |= children
        await asyncio.sleep(0.1)


def _children() -> set[int]:
    """Processes that this one has started. Linux only; elsewhere the leases of flow runs that are cut off run out by themselves."""
    lists = Path("/proc/self/task").glob("*/children")
    return {int(child) for one in lists for child in one.read_text(encoding="ascii").split()}
