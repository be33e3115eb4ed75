"""What the reviewers' pages need: whole sheets with earlier versions, invitations, conflicts, pages of files, mailed codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("sheets") as table:
        table.add_column(sa.Column("advice", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("skipped", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("fatal", sa.String(length=40), nullable=False, server_default=""))
        table.add_column(sa.Column("keyed_by", sa.String(length=320), nullable=False, server_default=""))
        table.add_column(sa.Column("signature", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("visits") as table:
        table.add_column(sa.Column("device", sa.String(length=64), nullable=False, server_default=""))
        table.add_column(sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "sheet_versions",
        sa.Column("assignment", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(length=400), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["assignment"], ["assignments.id"], name=op.f("fk_sheet_versions_assignment")),
        sa.PrimaryKeyConstraint("assignment", "revision", name=op.f("pk_sheet_versions")),
    )
    op.create_table(
        "invitations",
        sa.Column("edition", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reviewer", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=False),
        sa.Column("pledge", sa.String(length=64), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name=op.f("fk_invitations_edition")),
        sa.ForeignKeyConstraint(["reviewer"], ["reviewers.id"], name=op.f("fk_invitations_reviewer")),
        sa.PrimaryKeyConstraint("edition", "position", "reviewer", name=op.f("pk_invitations")),
    )
    op.create_table(
        "conflicts",
        sa.Column("edition", sa.String(length=80), nullable=False),
        sa.Column("entry", sa.String(length=80), nullable=False),
        sa.Column("reviewer", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("more", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name=op.f("fk_conflicts_edition")),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_conflicts_entry")),
        sa.ForeignKeyConstraint(["reviewer"], ["reviewers.id"], name=op.f("fk_conflicts_reviewer")),
        sa.PrimaryKeyConstraint("entry", "reviewer", name=op.f("pk_conflicts")),
    )
    op.create_index("ix_conflicts_edition", "conflicts", ["edition"])
    op.create_table(
        "file_pages",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("image", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "number", name=op.f("pk_file_pages")),
    )
    op.create_table(
        "link_codes",
        sa.Column("visit", sa.String(length=64), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["visit"], ["visits.id"], name=op.f("fk_link_codes_visit")),
        sa.PrimaryKeyConstraint("visit", name=op.f("pk_link_codes")),
    )
    op.create_table(
        "hits",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hits")),
    )
    op.create_index("ix_hits_kind_subject_at", "hits", ["kind", "subject", "at"])
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER sheet_versions_no_{change.lower()} BEFORE {change} ON sheet_versions "
                "BEGIN SELECT RAISE(ABORT, 'sheet_versions is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION sheet_versions_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'sheet_versions is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER sheet_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sheet_versions "
        "FOR EACH STATEMENT EXECUTE FUNCTION sheet_versions_append_only()"
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup that was made before the upgrade")
