"""Each entry in a reviewer's hands is asked about before it is shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("assignments") as table:
        table.add_column(sa.Column("cleared_at", sa.BigInteger(), nullable=True))
    # Who has saved a sheet has seen the entry already.
    op.execute("UPDATE assignments SET cleared_at = (SELECT saved_at FROM sheets WHERE sheets.assignment = assignments.id)")


def downgrade() -> None:
    raise NotImplementedError("restore the backup that was made before the upgrade")
