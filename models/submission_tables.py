"""The tables of the submission: forms, files on their way in, form checks, confirmations, duplicates."""

from __future__ import annotations

import sqlalchemy as sa

from models.columns import METADATA, Id, Moment, edition_column

DRAFTS = sa.Table(
    "drafts",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    edition_column(),
    sa.Column("nominator", Id, sa.ForeignKey("nominators.id"), nullable=False),
    sa.Column("class_name", sa.String(40), nullable=False),
    sa.Column("entry", Id, sa.ForeignKey("entries.id"), unique=True),
    sa.Column("values", sa.JSON, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Index("ix_drafts_nominator", "nominator"),
)

UPLOADS = sa.Table(
    "uploads",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    edition_column(),
    sa.Column("nominator", Id, sa.ForeignKey("nominators.id"), nullable=False),
    sa.Column("draft", sa.String(40), sa.ForeignKey("drafts.id")),
    sa.Column("field", sa.String(40), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("received", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("media_type", sa.String(80), nullable=False),
    sa.Column("scan", sa.String(20), nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("notes", sa.JSON, nullable=False),
    sa.Index("ix_uploads_draft", "draft"),
    sa.Index("ix_uploads_nominator", "nominator"),
)

QUOTA_GRANTS = sa.Table(
    "quota_grants",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    edition_column(),
    sa.Column("nominator", Id, sa.ForeignKey("nominators.id"), nullable=False),
    sa.Column("class_name", sa.String(40), nullable=False),
    sa.Column("extra", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.String(320), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("revoked_at", Moment),
    sa.Index("ix_quota_grants_edition", "edition"),
)

FACTS = sa.Table(
    "facts",
    METADATA,
    sa.Column("nominator", Id, sa.ForeignKey("nominators.id"), primary_key=True),
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("by", sa.String(320), nullable=False),
)

CHECKS = sa.Table(
    "checks",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    edition_column(),
    sa.Column("entry", Id, sa.ForeignKey("entries.id"), nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("checker", sa.String(320), nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("findings", sa.JSON, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index("ix_checks_edition", "edition"),
    sa.Index("ix_checks_entry", "entry"),
)

CORRECTIONS = sa.Table(
    "corrections",
    METADATA,
    edition_column(),
    sa.Column("entry", Id, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("turn", sa.Integer, primary_key=True),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("findings", sa.JSON, nullable=False),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("answered_at", Moment),
    sa.Column("lapsed_at", Moment),
    sa.Index("ix_corrections_edition", "edition"),
)

CONFIRMATIONS = sa.Table(
    "confirmations",
    METADATA,
    sa.Column("id", Id, primary_key=True),
    edition_column(),
    sa.Column("entry", Id, sa.ForeignKey("entries.id"), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("email", sa.String(320), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("signed_as", sa.Text, nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("answered_at", Moment),
    sa.Index("ix_confirmations_edition", "edition"),
    sa.Index("ix_confirmations_entry", "entry"),
)

DUPLICATES = sa.Table(
    "duplicates",
    METADATA,
    edition_column(),
    sa.Column("first", Id, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("second", Id, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("why", sa.String(20), nullable=False),
    sa.Column("likeness", sa.String(20), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("archived", sa.String(80), nullable=False),
    sa.Column("by", sa.String(320), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Moment),
    sa.Index("ix_duplicates_edition", "edition"),
)

LAUREATES = sa.Table(
    "laureates",
    METADATA,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("process", sa.String(40), nullable=False),
    sa.Column("label", sa.String(20), nullable=False),
    sa.Column("class_name", sa.String(40), nullable=False),
    sa.Column("key", sa.String(128), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Index("ix_laureates_process", "process"),
)
