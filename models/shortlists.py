"""What a shortlist rests on: ties and how they were broken, groups that were merged, and why a later version was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Then = Literal["", "include_all", "exclude_all", "committee", "vacant", "lower_tier"]
"""What becomes of entries that nothing parted: all stay in or out, the committee decides, no seat, the lower tier."""


@dataclass(frozen=True, slots=True)
class TieStep:
    """What one link of the chain did."""

    link: str
    """As the declaration names it."""
    printed: Mapping[str, str]
    """Entry code -> what was compared; empty if the link could not be applied, because an entry has no value."""
    after: tuple[tuple[str, ...], ...]
    """How they stood afterwards, the best first; those who were still tied stand together."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Entries that shared a printed mark where a line ran between them. Entries go by their codes."""

    pool: str
    """Group or class in which they compete."""
    line: str
    """`list` for the list of the committee, `seats` for the last seat, else the name of a tier."""
    mark: Decimal
    tied: tuple[str, ...]
    steps: tuple[TieStep, ...]
    left: tuple[str, ...]
    """Who was still tied at the end."""
    then: Then
    """What became of those."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why one version of a shortlist is as it is."""

    ties: tuple[Tie, ...] = ()
    reason: str = ""
    """Why this version was made, as the admin typed it; empty for the first."""
    actor: str = "engine"


def tie_row(tie: Tie) -> dict[str, Any]:
    """A tie as it is kept and as events show it."""
    steps = [{"link": one.link, "printed": dict(one.printed), "after": [list(part) for part in one.after]} for one in tie.steps]
    return {
        "pool": tie.pool, "line": tie.line, "mark": str(tie.mark), "tied": list(tie.tied), "steps": steps, "left": list(tie.left),
        "then": tie.then,
    }  # fmt: skip


def tie_of(row: Mapping[str, Any]) -> Tie:
    """A tie that was kept."""
    steps = tuple(TieStep(one["link"], one["printed"], tuple(map(tuple, one["after"]))) for one in row["steps"])
    return Tie(row["pool"], row["line"], Decimal(row["mark"]), tuple(row["tied"]), steps, tuple(row["left"]), row["then"])
