"""Voting: each committee member agrees to the list, strikes entries, or returns it."""

from __future__ import annotations

from flows.recorded import recorded
from models.edition import Lease
from tasks import answers, stages

remind = answers.remind


@recorded(name="open-voting", validate_parameters=False)
async def open_stage(lease: Lease, position: int) -> None:
    """Make sure that every member is asked."""
    stages.begin_opening(lease, position)
    answers.ask(lease, position)
    stages.finish_opening(lease, position)


@recorded(name="close-voting", validate_parameters=False)
async def close_stage(lease: Lease, position: int) -> None:
    """Count the answers."""
    stages.begin_closing(lease, position)
    answers.count_votes(lease, position)
    stages.finish_closing(lease, position)
