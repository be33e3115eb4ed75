"""The tables. Only the store and the migrations look at them.

Texts are compared and sorted in Python by code point, never by a database's collation, so that SQLite and PostgreSQL agree.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC time, kept as microseconds since 1970: exact, sortable and alike on both databases."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


_Id = sa.String(80)
_Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _edition() -> sa.Column[Any]:
    return sa.Column("edition", _Id, sa.ForeignKey("editions.id"), nullable=False)


EDITIONS = sa.Table(
    "editions",
    METADATA,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("process", sa.String(40), nullable=False),
    sa.Column("label", sa.String(20), nullable=False),
    sa.Column("declaration", sa.JSON, nullable=False),
    sa.Column("declaration_hash", sa.String(64), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("rehearsal", sa.Boolean, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("clock_offset", sa.BigInteger, nullable=False),  # microseconds
    sa.Column("created_at", Moment, nullable=False),
)

STAGE_RUNS = sa.Table(
    "stage_runs",
    METADATA,
    sa.Column("edition", _Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("opens_at", Moment),
    sa.Column("closes_at", Moment),
    sa.Column("opened_at", Moment),
    sa.Column("closed_at", Moment),
    sa.Column("requested", sa.Boolean, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("blocked", sa.Text),
)

STEPS = sa.Table(
    "steps",
    METADATA,
    sa.Column("edition", _Id, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.ForeignKeyConstraint(["edition", "position"], ["stage_runs.edition", "stage_runs.position"]),
)

LEASES = sa.Table(
    "leases",
    METADATA,
    sa.Column("edition", _Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("owner", sa.String(80), nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("until", Moment, nullable=False),
)

DEADLINES = sa.Table(
    "deadlines",
    METADATA,
    sa.Column("id", _Serial, primary_key=True, autoincrement=True),
    _edition(),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("done_at", Moment),
    sa.Column("woken_at", Moment),
    sa.Column("mirrored_at", Moment),
    sa.UniqueConstraint("edition", "position", "kind", "version"),
)
sa.Index("ix_deadlines_waiting", DEADLINES.c.at, sqlite_where=DEADLINES.c.done_at.is_(None), postgresql_where=DEADLINES.c.done_at.is_(None))

EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("seq", _Serial, primary_key=True, autoincrement=True),
    _edition(),
    sa.Column("at", Moment, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("type", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Index("ix_events_edition_seq", "edition", "seq"),
)

OUTBOX = sa.Table(
    "outbox",
    METADATA,
    sa.Column("id", _Serial, primary_key=True, autoincrement=True),
    _edition(),
    sa.Column("topic", sa.String(20), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("claimed_until", Moment),
    sa.Column("relayed_at", Moment),
    sa.Column("flow_run", sa.String(40)),
)
# One unclaimed row per edition and topic is enough: whoever handles it sees everything committed before.
sa.Index(
    "uq_outbox_waiting",
    OUTBOX.c.edition,
    OUTBOX.c.topic,
    unique=True,
    sqlite_where=OUTBOX.c.claimed_until.is_(None),
    postgresql_where=OUTBOX.c.claimed_until.is_(None),
)
sa.Index("ix_outbox_unrelayed", OUTBOX.c.id, sqlite_where=OUTBOX.c.relayed_at.is_(None), postgresql_where=OUTBOX.c.relayed_at.is_(None))

NOMINATORS = sa.Table(
    "nominators",
    METADATA,
    sa.Column("id", _Id, primary_key=True),
    _edition(),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("type", sa.String(40), nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("contact", sa.Text, nullable=False),
    sa.UniqueConstraint("edition", "code"),
)

REVIEWERS = sa.Table(
    "reviewers",
    METADATA,
    sa.Column("id", _Id, primary_key=True),
    _edition(),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("disciplines", sa.JSON, nullable=False),
    sa.Column("max_load", sa.Integer),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.UniqueConstraint("edition", "code"),
)

MEMBERS = sa.Table(
    "members",
    METADATA,
    sa.Column("id", _Id, primary_key=True),
    _edition(),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("party", sa.String(40), nullable=False),
    sa.Column("chair", sa.Boolean, nullable=False),
    sa.UniqueConstraint("edition", "code"),
)

ENTRIES = sa.Table(
    "entries",
    METADATA,
    sa.Column("id", _Id, primary_key=True),
    _edition(),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("key", sa.String(128), nullable=False),
    sa.Column("class_name", sa.String(40), nullable=False),
    sa.Column("group", sa.String(90), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("nominator", _Id, sa.ForeignKey("nominators.id"), nullable=False),
    sa.Column("rank", sa.Integer),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.UniqueConstraint("edition", "code"),
    sa.UniqueConstraint("edition", "key"),
)

FILES = sa.Table(
    "files",
    METADATA,
    sa.Column("entry", _Id, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("media_type", sa.String(80), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
)

ASSIGNMENTS = sa.Table(
    "assignments",
    METADATA,
    sa.Column("id", _Id, primary_key=True),
    _edition(),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("entry", _Id, sa.ForeignKey("entries.id"), nullable=False),
    sa.Column("reviewer", _Id, sa.ForeignKey("reviewers.id"), nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("recused", sa.Boolean, nullable=False),
    sa.UniqueConstraint("position", "entry", "reviewer"),
    sa.Index("ix_assignments_reviewer", "reviewer"),
    sa.Index("ix_assignments_edition", "edition", "position"),
)

SHEETS = sa.Table(
    "sheets",
    METADATA,
    sa.Column("assignment", _Id, sa.ForeignKey("assignments.id"), primary_key=True),
    sa.Column("marks", sa.JSON, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("saved_at", Moment, nullable=False),
    sa.Column("signed_at", Moment),
    sa.Column("signed_as", sa.Text),
)

STANDINGS = sa.Table(
    "standings",
    METADATA,
    sa.Column("edition", _Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("entry", _Id, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("group", sa.String(90), nullable=False),
    sa.Column("mark", sa.String(40), nullable=False),
    sa.Column("valid", sa.Integer, nullable=False),
    sa.Column("mean", sa.String(40), nullable=False),
    sa.Column("spread", sa.String(40), nullable=False),
    sa.Column("flagged", sa.Boolean, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
)

SHORTLISTS = sa.Table(
    "shortlists",
    METADATA,
    sa.Column("edition", _Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("items", sa.JSON, nullable=False),
    sa.Column("seats", sa.JSON, nullable=False),
)

ANSWERS = sa.Table(
    "answers",
    METADATA,
    sa.Column("edition", _Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("member", _Id, sa.ForeignKey("members.id"), primary_key=True),
    sa.Column("round", sa.Integer, primary_key=True),
    sa.Column("verdict", sa.String(20), nullable=False),
    sa.Column("struck", sa.JSON, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
)

NOTICES = sa.Table(
    "notices",
    METADATA,
    sa.Column("edition", _Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("first_day", sa.String(10), nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("awards", sa.JSON, nullable=False),
    sa.Column("vacant", sa.Integer, nullable=False),
)

PUBLICATIONS = sa.Table(
    "publications",
    METADATA,
    sa.Column("edition", _Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
)

MAILS = sa.Table(
    "mails",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    _edition(),
    sa.Column("template", sa.String(60), nullable=False),
    sa.Column("cause", sa.String(120), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("to_name", sa.Text, nullable=False),
    sa.Column("to_address", sa.String(320), nullable=False),
    sa.Column("role", sa.String(20)),
    sa.Column("person", _Id),
    sa.Column("locale", sa.String(10), nullable=False),
    sa.Column("params", sa.JSON, nullable=False),
    sa.Column("created_at", Moment, nullable=False),  # by the edition's own clock: the Date of the mail
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("next_at", Moment, nullable=False),  # real time
    sa.Column("claimed_by", sa.String(80)),
    sa.Column("claimed_until", Moment),
    sa.Column("began_at", Moment),  # real time of the latest try
    sa.Column("sent_at", Moment),
    sa.Column("reply", sa.Text, nullable=False),
    sa.UniqueConstraint("edition", "cause", "to_address", "version"),
)
sa.Index(
    "ix_mails_due",
    MAILS.c.next_at,
    sqlite_where=MAILS.c.state.in_(["pending", "deferred", "sending"]),
    postgresql_where=MAILS.c.state.in_(["pending", "deferred", "sending"]),
)
sa.Index("ix_mails_began_at", MAILS.c.began_at)

GRANTS = sa.Table(
    "grants",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    _edition(),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("person", _Id, nullable=False),
    sa.Column("not_before", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("nonce", sa.String(40), nullable=False),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("revoked_at", Moment),
    sa.UniqueConstraint("edition", "role", "person"),
)

ADMINS = sa.Table(
    "admins",
    METADATA,
    sa.Column("email", sa.String(320), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)

SIGN_INS = sa.Table(
    "sign_ins",
    METADATA,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("email", sa.String(320), sa.ForeignKey("admins.email"), nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
)

VISITS = sa.Table(
    "visits",
    METADATA,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("grant", sa.String(40), sa.ForeignKey("grants.id")),
    sa.Column("grant_version", sa.Integer),
    sa.Column("admin", sa.String(320), sa.ForeignKey("admins.email")),
    sa.Column("csrf", sa.String(64), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)

ENGINES = sa.Table(
    "engines",
    METADATA,
    sa.Column("id", sa.String(80), primary_key=True),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("swept_at", Moment),
)

APPEND_ONLY = ("events", "publications", "shortlists")
"""Tables whose rows a trigger keeps from being changed or deleted."""
