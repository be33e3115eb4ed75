"""Reviewers may have a least number of entries of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _least_loads()


def downgrade() -> None:
    raise NotImplementedError("restore the backup that was made before the upgrade")


def _least_loads() -> None:
    """So many entries a reviewer should get at least; none = as many as the stage declares."""
    op.add_column("reviewers", sa.Column("min_load", sa.Integer(), nullable=True))
