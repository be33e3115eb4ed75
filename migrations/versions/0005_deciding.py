"""Draws, conflicts, substitutes and rankings keep what they were made from."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
