"""Submission: nominators are called, hand in, and their entries are checked."""

from __future__ import annotations

from flows.recorded import recorded
from models.edition import Lease
from tasks import stages, submission

remind = submission.remind_nominators


@recorded(name="open-submission", validate_parameters=False)
async def open_stage(lease: Lease, position: int) -> None:
    """Call every nominator, and start the clock."""
    stages.begin_opening(lease, position)
    submission.call_nominators(lease, position)
    stages.finish_opening(lease, position)


@recorded(name="close-submission", validate_parameters=False)
async def close_stage(lease: Lease, position: int) -> None:
    """Check every entry by the declared rules, and tell the nominators."""
    stages.begin_closing(lease, position)
    submission.check_forms(lease, position)
    stages.finish_closing(lease, position)
