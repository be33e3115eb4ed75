"""Shortlisting: the ranking is cut; the list goes to the committee when the admin releases it."""

from __future__ import annotations

from flows.recorded import recorded
from models.edition import Lease
from tasks import artifacts, shortlisting, stages

remind = None


@recorded(name="open-shortlisting", validate_parameters=False)
async def open_stage(lease: Lease, position: int) -> None:
    """Cut the ranking and show the list."""
    stages.begin_opening(lease, position)
    shortlisting.cut_list(lease, position)
    await artifacts.show_shortlist(lease.edition)
    stages.finish_opening(lease, position)


@recorded(name="close-shortlisting", validate_parameters=False)
async def close_stage(lease: Lease, position: int) -> None:
    """Send the packet to the committee."""
    stages.begin_closing(lease, position)
    shortlisting.release_list(lease, position)
    stages.finish_closing(lease, position)
