"""The tables of deciding: conflicts, draws, substitutes, rankings."""

from __future__ import annotations

import sqlalchemy as sa

from models.columns import METADATA, Id, Moment, Serial, edition_column

UNIT_NAMES = sa.Table(
    "unit_names",
    METADATA,
    sa.Column("edition", Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("legal", sa.String(100), nullable=False),
    sa.Column("head", sa.String(100), nullable=False),
)

TOLD_RELATIONS = sa.Table(
    "told_relations",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    edition_column(),
    sa.Column("reviewer", Id, sa.ForeignKey("reviewers.id"), nullable=False),
    sa.Column("relation", sa.String(20), nullable=False),
    sa.Column("entry", Id, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("year", sa.Integer),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index("ix_told_relations_edition", "edition"),
)

CONFLICT_DECISIONS = sa.Table(
    "conflict_decisions",
    METADATA,
    edition_column(),
    sa.Column("entry", Id, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("reviewer", Id, sa.ForeignKey("reviewers.id"), primary_key=True),
    sa.Column("verdict", sa.String(10), nullable=False),
    sa.Column("relations", sa.JSON, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.String(320), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index("ix_conflict_decisions_edition", "edition"),
)

AVOIDANCES = sa.Table(
    "avoidances",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    edition_column(),
    sa.Column("nominator", Id, sa.ForeignKey("nominators.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("by", sa.String(320), nullable=False),
    sa.Column("decided_at", Moment),
    sa.Index("ix_avoidances_edition", "edition"),
)

FROZEN_RULES = sa.Table(
    "frozen_rules",
    METADATA,
    sa.Column("edition", Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("rule", sa.JSON, nullable=False),
)

REASONS = sa.Table(
    "reasons",
    METADATA,
    sa.Column("edition", Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("entry", Id, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("reviewer", Id, sa.ForeignKey("reviewers.id"), primary_key=True),
    sa.Column("asked_by", sa.String(320), nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("answered_at", Moment),
)

DRAWS = sa.Table(
    "draws",
    METADATA,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    edition_column(),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("actor", sa.String(340), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("solver", sa.String(80), nullable=False),
    sa.Column("question", sa.LargeBinary, nullable=False),
    sa.Column("result", sa.LargeBinary, nullable=False),
    sa.Column("question_digest", sa.String(64), nullable=False),
    sa.Column("result_digest", sa.String(64), nullable=False),
    sa.Index("ix_draws_edition", "edition"),
)

SHORTLIST_GROUNDS = sa.Table(
    "shortlist_grounds",
    METADATA,
    sa.Column("edition", Id, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("ties", sa.JSON, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.String(400), nullable=False),
    sa.ForeignKeyConstraint(["edition", "version"], ["shortlists.edition", "shortlists.version"]),
)

WATCHES = sa.Table(
    "watches",
    METADATA,
    sa.Column("edition", Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("reviewer", Id, sa.ForeignKey("reviewers.id"), primary_key=True),
    sa.Column("reply_by", Moment),
    sa.Column("reply_warned_at", Moment),
    sa.Column("silence_warned_at", Moment),
    sa.Column("bounced_at", Moment),
    sa.Column("bounced_reply", sa.Text, nullable=False),
    sa.Column("kept_by", sa.String(320), nullable=False),
    sa.Column("kept_reason", sa.Text, nullable=False),
    sa.Column("kept_at", Moment),
)
