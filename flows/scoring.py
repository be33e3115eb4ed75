"""Scoring: panels are drawn, reviewers score, marks are computed."""

from __future__ import annotations

from flows.recorded import recorded
from models.edition import Deadline, Lease
from tasks import grouping, healing, re_review, reserves, scoring, stages, unsigned

remind = scoring.remind_reviewers


@recorded(name="open-scoring", validate_parameters=False)
async def open_stage(lease: Lease, position: int) -> None:
    """Draw the panels, send the links, and start the clock."""
    stages.begin_opening(lease, position)
    grouping.fix_groups(lease, position)
    scoring.draw_panels(lease, position)
    reserves.draw_reserves(lease, position)
    scoring.invite_reviewers(lease, position)
    stages.finish_opening(lease, position)


@recorded(name="close-scoring", validate_parameters=False)
async def close_stage(lease: Lease, position: int) -> None:
    """Compute the marks; for entries with too few scores, or tied on the cut line, further reviewers come first."""
    if scoring.send_out_again(lease, position) or re_review.send_tied(lease, position):
        return
    stages.begin_closing(lease, position)
    scoring.compute_marks(lease, position)
    unsigned.close_sheets(lease, position)
    stages.finish_closing(lease, position)


@recorded(name="settle-scoring", validate_parameters=False)
async def settle(lease: Lease, position: int, due: Deadline) -> None:
    """Look after reviewers who do not answer, do not begin, or cannot be reached: remind them, or draw substitutes."""
    healing.settle(lease, position, due)
