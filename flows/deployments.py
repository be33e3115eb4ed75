"""What the engine offers in the Prefect UI: five deployments, each with a form that an admin can fill in."""

from __future__ import annotations

from typing import Any

from prefect import Flow
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.types.entrypoint import EntrypointType

from flows import opening, rehearsal, selection

OFFERED: tuple[tuple[Flow[Any, Any], str], ...] = (
    (opening.open_edition, "Open an edition of a declared process. It waits for its first date and then calls the nominators."),
    (selection.advance_edition, "Carry one edition as far as its calendar and its people allow. Safe to run at any time, and twice."),
    (selection.send_mail, "Send the mails that are due, of one edition or of all."),
    (opening.sweep, "Look for anything that is due and was missed. The engine does so by itself every minute and at its start."),
    (rehearsal.rehearse, "Run a whole edition on synthetic people with a moved clock; its mail goes to the built-in catcher."),
)
"""Flows that are deployed, each with the description that its form shows."""


async def all_deployments() -> list[RunnerDeployment]:
    """The deployments, by module path, so that any machine on which Jinbang is installed can run them."""
    return [
        await flow.ato_deployment(
            name=flow.name,
            description=description,
            tags=["jinbang"],
            enforce_parameter_schema=True,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for flow, description in OFFERED
    ]


async def runner() -> Runner:
    """A runner that serves them all."""
    made = Runner(name="jinbang", pause_on_shutdown=False, limit=None)
    for deployment in await all_deployments():
        await made.aadd_deployment(deployment)
    return made
