"""Nominators hand in through pages; form checkers, third parties and the office act on what they hand in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.String(80)
_MOMENT = sa.BigInteger


def _edition(table: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint(["edition"], ["editions.id"], name=f"fk_{table}_edition_editions")
    return sa.Column("edition", _ID, nullable=False), key


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}_{to}")


def upgrade() -> None:
    with op.batch_alter_table("entries") as table:
        table.add_column(sa.Column("classified", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("files") as table:
        table.add_column(sa.Column("scan", sa.String(20), nullable=False, server_default="not_scanned"))
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(40), nullable=False),
        *_edition("drafts"),
        sa.Column("nominator", _ID, nullable=False),
        sa.Column("class_name", sa.String(40), nullable=False),
        sa.Column("entry", _ID),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", _MOMENT(), nullable=False),
        sa.Column("updated_at", _MOMENT(), nullable=False),
        _key("drafts", "nominator", "nominators"),
        _key("drafts", "entry", "entries"),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
        sa.UniqueConstraint("entry", name="uq_drafts_entry"),
    )
    op.create_index("ix_drafts_nominator", "drafts", ["nominator"])
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(40), nullable=False),
        *_edition("uploads"),
        sa.Column("nominator", _ID, nullable=False),
        sa.Column("draft", sa.String(40)),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(80), nullable=False),
        sa.Column("scan", sa.String(20), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        _key("uploads", "nominator", "nominators"),
        _key("uploads", "draft", "drafts"),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
    )
    op.create_index("ix_uploads_draft", "uploads", ["draft"])
    op.create_index("ix_uploads_nominator", "uploads", ["nominator"])
    op.create_table(
        "quota_grants",
        sa.Column("id", sa.String(40), nullable=False),
        *_edition("quota_grants"),
        sa.Column("nominator", _ID, nullable=False),
        sa.Column("class_name", sa.String(40), nullable=False),
        sa.Column("extra", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(320), nullable=False),
        sa.Column("at", _MOMENT(), nullable=False),
        sa.Column("revoked_at", _MOMENT()),
        _key("quota_grants", "nominator", "nominators"),
        sa.PrimaryKeyConstraint("id", name="pk_quota_grants"),
    )
    op.create_index("ix_quota_grants_edition", "quota_grants", ["edition"])
    op.create_table(
        "facts",
        sa.Column("nominator", _ID, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", _MOMENT(), nullable=False),
        sa.Column("by", sa.String(320), nullable=False),
        _key("facts", "nominator", "nominators"),
        sa.PrimaryKeyConstraint("nominator", "name", name="pk_facts"),
    )
    op.create_table(
        "checks",
        sa.Column("id", sa.String(40), nullable=False),
        *_edition("checks"),
        sa.Column("entry", _ID, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("checker", sa.String(320), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("at", _MOMENT(), nullable=False),
        _key("checks", "entry", "entries"),
        sa.PrimaryKeyConstraint("id", name="pk_checks"),
    )
    op.create_index("ix_checks_edition", "checks", ["edition"])
    op.create_index("ix_checks_entry", "checks", ["entry"])
    op.create_table(
        "corrections",
        *_edition("corrections"),
        sa.Column("entry", _ID, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("opened_at", _MOMENT(), nullable=False),
        sa.Column("due_at", _MOMENT(), nullable=False),
        sa.Column("answered_at", _MOMENT()),
        sa.Column("lapsed_at", _MOMENT()),
        _key("corrections", "entry", "entries"),
        sa.PrimaryKeyConstraint("entry", "turn", name="pk_corrections"),
    )
    op.create_index("ix_corrections_edition", "corrections", ["edition"])
    op.create_table(
        "confirmations",
        sa.Column("id", _ID, nullable=False),
        *_edition("confirmations"),
        sa.Column("entry", _ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("signed_as", sa.Text(), nullable=False),
        sa.Column("asked_at", _MOMENT(), nullable=False),
        sa.Column("answered_at", _MOMENT()),
        _key("confirmations", "entry", "entries"),
        sa.PrimaryKeyConstraint("id", name="pk_confirmations"),
    )
    op.create_index("ix_confirmations_edition", "confirmations", ["edition"])
    op.create_index("ix_confirmations_entry", "confirmations", ["entry"])
    op.create_table(
        "duplicates",
        *_edition("duplicates"),
        sa.Column("first", _ID, nullable=False),
        sa.Column("second", _ID, nullable=False),
        sa.Column("why", sa.String(20), nullable=False),
        sa.Column("likeness", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("archived", sa.String(80), nullable=False),
        sa.Column("by", sa.String(320), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT()),
        _key("duplicates", "first", "entries"),
        _key("duplicates", "second", "entries"),
        sa.PrimaryKeyConstraint("first", "second", name="pk_duplicates"),
    )
    op.create_index("ix_duplicates_edition", "duplicates", ["edition"])
    op.create_table(
        "laureates",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("process", sa.String(40), nullable=False),
        sa.Column("label", sa.String(20), nullable=False),
        sa.Column("class_name", sa.String(40), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_laureates"),
    )
    op.create_index("ix_laureates_process", "laureates", ["process"])
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER checks_no_{change.lower()} BEFORE {change} ON checks "
                "BEGIN SELECT RAISE(ABORT, 'checks is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION checks_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'checks is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER checks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checks "
        "FOR EACH STATEMENT EXECUTE FUNCTION checks_append_only()"
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup that was made before the upgrade")
