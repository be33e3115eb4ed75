"""What a ranking rests on besides the sheets: the rule that was frozen, and reasons that divergent reviewers were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class FrozenRule:
    """Everything that turns sheets into selected entries, as it stood before the first sheet could be opened."""

    edition: str
    position: int
    """Of the scoring stage."""
    digest: str
    """SHA-256 of the canonical JSON of the rule."""
    at: datetime
    rule: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reason:
    """The office asked a divergent reviewer for a written reason (rule S5)."""

    edition: str
    position: int
    entry: str
    reviewer: str
    asked_by: str
    """Address of the admin."""
    asked_at: datetime
    text: str = ""
    """In the reviewer's words; empty until it is given."""
    answered_at: datetime | None = None
