"""Draws, conflicts, substitutes and rankings keep what they were made from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _conflicts()
    _rankings()
    _shortlists()
    _draws()
    _watches()
    _keywords()


def _conflicts() -> None:
    """Units with their names, relations that lists tell of, what the office decided, and whom nominators ask to avoid."""
    op.create_table(
        "unit_names",
        sa.Column("edition", sa.String(80), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("legal", sa.String(100), nullable=False),
        sa.Column("head", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name="fk_unit_names_edition_editions"),
        sa.PrimaryKeyConstraint("edition", "name", name="pk_unit_names"),
    )
    op.create_table(
        "told_relations",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("edition", sa.String(80), nullable=False),
        sa.Column("reviewer", sa.String(80), nullable=False),
        sa.Column("relation", sa.String(20), nullable=False),
        sa.Column("entry", sa.String(80), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name="fk_told_relations_edition_editions"),
        sa.ForeignKeyConstraint(["reviewer"], ["reviewers.id"], name="fk_told_relations_reviewer_reviewers"),
        sa.PrimaryKeyConstraint("id", name="pk_told_relations"),
    )
    op.create_index("ix_told_relations_edition", "told_relations", ["edition"])
    _conflict_decisions()
    op.create_table(
        "avoidances",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("edition", sa.String(80), nullable=False),
        sa.Column("nominator", sa.String(80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("by", sa.String(320), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name="fk_avoidances_edition_editions"),
        sa.ForeignKeyConstraint(["nominator"], ["nominators.id"], name="fk_avoidances_nominator_nominators"),
        sa.PrimaryKeyConstraint("id", name="pk_avoidances"),
    )
    op.create_index("ix_avoidances_edition", "avoidances", ["edition"])


def _conflict_decisions() -> None:
    op.create_table(
        "conflict_decisions",
        sa.Column("edition", sa.String(80), nullable=False),
        sa.Column("entry", sa.String(80), nullable=False),
        sa.Column("reviewer", sa.String(80), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("relations", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(320), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name="fk_conflict_decisions_edition_editions"),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name="fk_conflict_decisions_entry_entries"),
        sa.ForeignKeyConstraint(["reviewer"], ["reviewers.id"], name="fk_conflict_decisions_reviewer_reviewers"),
        sa.PrimaryKeyConstraint("entry", "reviewer", name="pk_conflict_decisions"),
    )
    op.create_index("ix_conflict_decisions_edition", "conflict_decisions", ["edition"])


def _rankings() -> None:
    """Rules that were frozen before the review, and reasons that divergent reviewers were asked for."""
    op.create_table(
        "frozen_rules",
        sa.Column("edition", sa.String(80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name="fk_frozen_rules_edition_editions"),
        sa.PrimaryKeyConstraint("edition", "position", name="pk_frozen_rules"),
    )
    op.create_table(
        "reasons",
        sa.Column("edition", sa.String(80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("entry", sa.String(80), nullable=False),
        sa.Column("reviewer", sa.String(80), nullable=False),
        sa.Column("asked_by", sa.String(320), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name="fk_reasons_edition_editions"),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name="fk_reasons_entry_entries"),
        sa.ForeignKeyConstraint(["reviewer"], ["reviewers.id"], name="fk_reasons_reviewer_reviewers"),
        sa.PrimaryKeyConstraint("edition", "position", "entry", "reviewer", name="pk_reasons"),
    )


def _draws() -> None:
    """Draws of panels, with all that they were asked."""
    op.create_table(
        "draws",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("edition", sa.String(80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(340), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("solver", sa.String(80), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=False),
        sa.Column("question_digest", sa.String(64), nullable=False),
        sa.Column("result_digest", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name="fk_draws_edition_editions"),
        sa.PrimaryKeyConstraint("id", name="pk_draws"),
    )
    op.create_index("ix_draws_edition", "draws", ["edition"])


def _shortlists() -> None:
    """Why each version of a shortlist is as it is; as immutable as the list itself."""
    op.create_table(
        "shortlist_grounds",
        sa.Column("edition", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ties", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(400), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition", "version"], ["shortlists.edition", "shortlists.version"], name="fk_shortlist_grounds_edition_shortlists"
        ),
        sa.PrimaryKeyConstraint("edition", "version", name="pk_shortlist_grounds"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER shortlist_grounds_no_{change.lower()} BEFORE {change} ON shortlist_grounds "
                "BEGIN SELECT RAISE(ABORT, 'shortlist_grounds is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION shortlist_grounds_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'shortlist_grounds is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER shortlist_grounds_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON shortlist_grounds "
        "FOR EACH STATEMENT EXECUTE FUNCTION shortlist_grounds_append_only()"
    )


def _watches() -> None:
    """Until when reviewers should answer, of what they were reminded, whose address was refused, and whom the office keeps."""
    op.create_table(
        "watches",
        sa.Column("edition", sa.String(80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reviewer", sa.String(80), nullable=False),
        sa.Column("reply_by", sa.BigInteger()),
        sa.Column("reply_warned_at", sa.BigInteger()),
        sa.Column("silence_warned_at", sa.BigInteger()),
        sa.Column("bounced_at", sa.BigInteger()),
        sa.Column("bounced_reply", sa.Text(), nullable=False),
        sa.Column("kept_by", sa.String(320), nullable=False),
        sa.Column("kept_reason", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name="fk_watches_edition_editions"),
        sa.ForeignKeyConstraint(["reviewer"], ["reviewers.id"], name="fk_watches_reviewer_reviewers"),
        sa.PrimaryKeyConstraint("edition", "position", "reviewer", name="pk_watches"),
    )


def _keywords() -> None:
    """What reviewers work on."""
    op.add_column("reviewers", sa.Column("keywords", sa.JSON(), server_default="[]", nullable=False))
