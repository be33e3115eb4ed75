"""Publication: the result is made public, whole or not at all, and everybody is told."""

from __future__ import annotations

from flows.recorded import recorded
from models.edition import Lease
from tasks import results, stages

remind = None


@recorded(name="open-publication", validate_parameters=False)
async def open_stage(lease: Lease, position: int) -> None:
    """Wait for the word to publish."""
    stages.begin_opening(lease, position)
    stages.finish_opening(lease, position)


@recorded(name="close-publication", validate_parameters=False)
async def close_stage(lease: Lease, position: int) -> None:
    """Publish."""
    stages.begin_closing(lease, position)
    results.publish(lease, position)
    stages.finish_closing(lease, position)
