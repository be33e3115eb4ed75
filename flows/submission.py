"""Submission: nominators are called, hand in, and their entries are checked."""

from __future__ import annotations

from flows.recorded import recorded
from models.edition import Deadline, Lease
from tasks import check_deadlines, stages, submission

remind = submission.remind_nominators


@recorded(name="open-submission", validate_parameters=False)
async def open_stage(lease: Lease, position: int) -> None:
    """Call every nominator, and start the clock."""
    stages.begin_opening(lease, position)
    submission.call_nominators(lease, position)
    stages.finish_opening(lease, position)


@recorded(name="close-submission", validate_parameters=False)
async def close_stage(lease: Lease, position: int) -> None:
    """Check every entry by the declared rules, or take what the form checkers decided, and tell the nominators."""
    if not check_deadlines.begin_closing(lease, position):
        return  # a form checker was quicker, and somebody is awaited again
    submission.check_forms(lease, position)
    stages.finish_closing(lease, position)


@recorded(name="settle-submission", validate_parameters=False)
async def settle(lease: Lease, position: int, due: Deadline) -> None:
    """Do what a moment of the form check asks for: remind, refuse what was not corrected, post the accepted entries."""
    check_deadlines.settle(lease, position, due)
