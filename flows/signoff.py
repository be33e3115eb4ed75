"""Sign-off: every declared body agrees to the list or returns it."""

from __future__ import annotations

from flows.recorded import recorded
from models.edition import Lease
from tasks import answers, stages

remind = answers.remind


@recorded(name="open-signoff", validate_parameters=False)
async def open_stage(lease: Lease, position: int) -> None:
    """Ask the signatories."""
    stages.begin_opening(lease, position)
    answers.ask(lease, position)
    stages.finish_opening(lease, position)


@recorded(name="close-signoff", validate_parameters=False)
async def close_stage(lease: Lease, position: int) -> None:
    """See whether all agree."""
    stages.begin_closing(lease, position)
    answers.count_signatures(lease, position)
    stages.finish_closing(lease, position)
