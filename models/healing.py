"""Reviewers who do not answer, do not begin, or cannot be reached: what is declared about them, and what is kept of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from models.declared import Misfit

if TYPE_CHECKING:
    from models.stages import ScoringStage

Cause = Literal["no_answer", "silent", "bounced"]
"""Why entries went to somebody else by themselves: no answer by the date, nothing begun for the declared days, a refused address."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What the engine keeps of one reviewer in one scoring stage. Times are by the edition's clock."""

    edition: str
    position: int
    reviewer: str
    reply_by: datetime | None = None
    """Until when an answer is awaited about what was asked last; None = until the deadline."""
    reply_warned_at: datetime | None = None
    """When the reviewer was reminded of that date."""
    silence_warned_at: datetime | None = None
    """When the reviewer was last reminded to begin."""
    bounced_at: datetime | None = None
    """When a mail server refused the address for good; None again once it was corrected."""
    bounced_reply: str = ""
    """The server's words."""
    kept_by: str = ""
    """Address of the admin who keeps the reviewer, so that nothing goes to somebody else; empty if nobody does."""
    kept_reason: str = ""
    kept_at: datetime | None = None


def misfits(stage: ScoringStage) -> Iterator[Misfit]:
    """What does not fit together of the days that a scoring stage declares."""
    for name in ("reply_by_days", "silent_days"):
        days = getattr(stage, name)
        if days is not None and stage.warn_days_before >= days:
            what = f"a reminder {stage.warn_days_before} days before the end of {days} days would come at once, or before they begin"
            yield Misfit(f"{what}; raise {name} or lower warn_days_before", name)
