"""What happens between the office and a reviewer besides the marks: invitation, conflicts, earlier versions of a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

InvitationState = Literal["invited", "accepted", "declined", "lapsed"]
"""`lapsed`: everything went to substitutes by itself, for want of an answer, of work, or of an address."""
RecusalReason = Literal["self", "relative", "same_unit", "supervisor", "cooperation", "dispute", "other"]


@dataclass(frozen=True, slots=True)
class Written:
    """Everything that one save puts on a sheet."""

    marks: Mapping[str, Decimal]
    comment: str = ""
    advice: str = ""
    skipped: tuple[str, ...] = ()
    fatal: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a reviewer answered to being asked, in one scoring stage."""

    edition: str
    position: int
    reviewer: str
    state: InvitationState = "invited"
    limit: int | None = None
    """How many entries the reviewer takes, if fewer than were asked."""
    reason: str = ""
    """Why not, or why fewer."""
    suggestion: str = ""
    """Whom the reviewer suggests instead."""
    pledge: str = ""
    """SHA-256 of the text of the promise that was made; empty before."""
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeclaredConflict:
    """A reviewer must not see or score an entry, by the reviewer's own word."""

    edition: str
    entry: str
    reviewer: str
    reason: RecusalReason
    more: str
    """In the reviewer's words."""
    at: datetime


@dataclass(frozen=True, slots=True)
class SheetVersion:
    """A sheet as it was before it was re-opened, or when its entry left the reviewer's hands (rule S9)."""

    assignment: str
    revision: int
    content: Mapping[str, Any]
    """Marks as texts, comments, flaw, signature."""
    actor: str
    reason: str
    at: datetime
