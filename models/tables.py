"""The tables. Only the store and the migrations look at them.

Texts are compared and sorted in Python by code point, never by a database's collation, so that SQLite and PostgreSQL agree.
"""

from __future__ import annotations

import sqlalchemy as sa

from models import deciding_tables, submission_tables
from models.columns import METADATA, Id, Moment, Serial, edition_column

SUBMISSION, DECIDING = submission_tables, deciding_tables
"""These tables stand in a module of their own, in the same metadata."""

EDITIONS = sa.Table(
    "editions",
    METADATA,
    sa.Column("id", Id, primary_key=True),
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
    sa.Column("edition", Id, sa.ForeignKey("editions.id"), primary_key=True),
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
    sa.Column("edition", Id, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.ForeignKeyConstraint(["edition", "position"], ["stage_runs.edition", "stage_runs.position"]),
)

LEASES = sa.Table(
    "leases",
    METADATA,
    sa.Column("edition", Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("owner", sa.String(80), nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("until", Moment, nullable=False),
)

DEADLINES = sa.Table(
    "deadlines",
    METADATA,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    edition_column(),
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
    sa.Column("seq", Serial, primary_key=True, autoincrement=True),
    edition_column(),
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
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    edition_column(),
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
    sa.Column("id", Id, primary_key=True),
    edition_column(),
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
    sa.Column("id", Id, primary_key=True),
    edition_column(),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("disciplines", sa.JSON, nullable=False),
    sa.Column("max_load", sa.Integer),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("keywords", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("min_load", sa.Integer),
    sa.UniqueConstraint("edition", "code"),
)

MEMBERS = sa.Table(
    "members",
    METADATA,
    sa.Column("id", Id, primary_key=True),
    edition_column(),
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
    sa.Column("id", Id, primary_key=True),
    edition_column(),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("key", sa.String(128), nullable=False),
    sa.Column("class_name", sa.String(40), nullable=False),
    sa.Column("group", sa.String(90), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("nominator", Id, sa.ForeignKey("nominators.id"), nullable=False),
    sa.Column("rank", sa.Integer),
    sa.Column("fields", sa.JSON, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("classified", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("edition", "code"),
    sa.UniqueConstraint("edition", "key"),
)

FILES = sa.Table(
    "files",
    METADATA,
    sa.Column("entry", Id, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("media_type", sa.String(80), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("scan", sa.String(20), nullable=False, server_default="not_scanned"),
)

ASSIGNMENTS = sa.Table(
    "assignments",
    METADATA,
    sa.Column("id", Id, primary_key=True),
    edition_column(),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("entry", Id, sa.ForeignKey("entries.id"), nullable=False),
    sa.Column("reviewer", Id, sa.ForeignKey("reviewers.id"), nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("recused", sa.Boolean, nullable=False),
    sa.Column("cleared_at", Moment),
    sa.UniqueConstraint("position", "entry", "reviewer"),
    sa.Index("ix_assignments_reviewer", "reviewer"),
    sa.Index("ix_assignments_edition", "edition", "position"),
)

SHEETS = sa.Table(
    "sheets",
    METADATA,
    sa.Column("assignment", Id, sa.ForeignKey("assignments.id"), primary_key=True),
    sa.Column("marks", sa.JSON, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("saved_at", Moment, nullable=False),
    sa.Column("signed_at", Moment),
    sa.Column("signed_as", sa.Text),
    sa.Column("advice", sa.Text, nullable=False, server_default=""),
    sa.Column("skipped", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("fatal", sa.String(40), nullable=False, server_default=""),
    sa.Column("keyed_by", sa.String(320), nullable=False, server_default=""),
    sa.Column("signature", sa.Text, nullable=False, server_default=""),
)

SHEET_VERSIONS = sa.Table(
    "sheet_versions",
    METADATA,
    sa.Column("assignment", Id, sa.ForeignKey("assignments.id"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("actor", sa.String(400), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
)

INVITATIONS = sa.Table(
    "invitations",
    METADATA,
    sa.Column("edition", Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("reviewer", Id, sa.ForeignKey("reviewers.id"), primary_key=True),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("limit", sa.Integer),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("suggestion", sa.Text, nullable=False),
    sa.Column("pledge", sa.String(64), nullable=False),
    sa.Column("answered_at", Moment),
)

CONFLICTS = sa.Table(
    "conflicts",
    METADATA,
    edition_column(),
    sa.Column("entry", Id, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("reviewer", Id, sa.ForeignKey("reviewers.id"), primary_key=True),
    sa.Column("reason", sa.String(20), nullable=False),
    sa.Column("more", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index("ix_conflicts_edition", "edition"),
)

STANDINGS = sa.Table(
    "standings",
    METADATA,
    sa.Column("edition", Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("entry", Id, sa.ForeignKey("entries.id"), primary_key=True),
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
    sa.Column("edition", Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("items", sa.JSON, nullable=False),
    sa.Column("seats", sa.JSON, nullable=False),
)

ANSWERS = sa.Table(
    "answers",
    METADATA,
    sa.Column("edition", Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("member", Id, sa.ForeignKey("members.id"), primary_key=True),
    sa.Column("round", sa.Integer, primary_key=True),
    sa.Column("verdict", sa.String(20), nullable=False),
    sa.Column("struck", sa.JSON, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
)

NOTICES = sa.Table(
    "notices",
    METADATA,
    sa.Column("edition", Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("first_day", sa.String(10), nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("awards", sa.JSON, nullable=False),
    sa.Column("vacant", sa.Integer, nullable=False),
)

PUBLICATIONS = sa.Table(
    "publications",
    METADATA,
    sa.Column("edition", Id, sa.ForeignKey("editions.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
)

MAILS = sa.Table(
    "mails",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    edition_column(),
    sa.Column("template", sa.String(60), nullable=False),
    sa.Column("cause", sa.String(120), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("to_name", sa.Text, nullable=False),
    sa.Column("to_address", sa.String(320), nullable=False),
    sa.Column("role", sa.String(20)),
    sa.Column("person", Id),
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
    edition_column(),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("person", Id, nullable=False),
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
    sa.Column("device", sa.String(64), nullable=False, server_default=""),  # hash of what the browser calls itself
    sa.Column("confirmed_at", Moment),  # the mailed code was typed
)

ENGINES = sa.Table(
    "engines",
    METADATA,
    sa.Column("id", sa.String(80), primary_key=True),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("swept_at", Moment),
)

FILE_PAGES = sa.Table(
    "file_pages",
    METADATA,
    sa.Column("sha256", sa.String(64), primary_key=True),  # of the file
    sa.Column("number", sa.Integer, primary_key=True),  # from 1
    sa.Column("image", sa.String(64), nullable=False),  # SHA-256 of the picture of the page
    sa.Column("width", sa.Integer, nullable=False),  # pixels
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)

LINK_CODES = sa.Table(
    "link_codes",
    METADATA,
    sa.Column("visit", sa.String(64), sa.ForeignKey("visits.id"), primary_key=True),
    sa.Column("code_hash", sa.String(64), nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
)

HITS = sa.Table(
    "hits",
    METADATA,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(120), nullable=False),
    sa.Column("at", Moment, nullable=False),  # real time
    sa.Index("ix_hits_kind_subject_at", "kind", "subject", "at"),
)

APPEND_ONLY = ("events", "publications", "shortlists", "sheet_versions", "checks", "shortlist_grounds")
"""Tables whose rows a trigger keeps from being changed or deleted."""
