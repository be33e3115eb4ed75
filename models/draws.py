"""A draw of panels as it is kept: what it was asked, how it was solved, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

DrawKind = Literal["first", "reserve", "further", "substitute", "fill", "top_up", "repair", "resolve", "balanced"]
"""The engine's first draw, reserves, a further round, a substitute for who left; and what the office asks for (`docs/assigning.md`)."""


@dataclass(frozen=True, slots=True)
class NewDraw:
    """A draw that is to be kept."""

    edition: str
    position: int
    round: int
    kind: DrawKind
    actor: str
    solver: str
    """Name and version of what solved it."""
    question: Mapping[str, Any]
    """See `rules.draw_records.document`."""
    result: Mapping[str, Any]
    """See `rules.draw_records.result`."""


@dataclass(frozen=True, slots=True)
class KeptDraw:
    """A draw that was kept."""

    id: int
    made: NewDraw
    at: datetime
    question_digest: str
    result_digest: str
