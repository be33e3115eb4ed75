"""Notice: the list is public for its period; nothing of it changes meanwhile."""

from __future__ import annotations

from flows.recorded import recorded
from models.edition import Lease
from tasks import results, stages

remind = None


@recorded(name="open-notice", validate_parameters=False)
async def open_stage(lease: Lease, position: int) -> None:
    """Freeze and post the list."""
    stages.begin_opening(lease, position)
    results.post_notice(lease, position)
    stages.finish_opening(lease, position)


@recorded(name="close-notice", validate_parameters=False)
async def close_stage(lease: Lease, position: int) -> None:
    """End the period."""
    stages.begin_closing(lease, position)
    stages.finish_closing(lease, position)
