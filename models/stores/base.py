"""What every part of the store stands on: one connection, one transaction, events and the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Row

from models import tables as t
from models.events import WAKES, Event, EventType
from models.stores.prepared import Prepared, execute

MICROSECOND = timedelta(microseconds=1)

_OFFSET = Prepared(sa.select(t.EDITIONS.c.clock_offset).where(t.EDITIONS.c.id == sa.bindparam("edition")))
_EVENT = ("edition", "at", "recorded_at", "type", "actor", "payload")
_APPEND = Prepared(t.EVENTS.insert().inline().values({name: sa.bindparam(name) for name in _EVENT}))


@lru_cache(256)
def _upserting(embedded: bool, table: sa.Table, columns: tuple[str, ...], keys: tuple[str, ...]) -> Prepared:
    build: Any = sqlite.insert if embedded else postgresql.insert
    statement = build(table).inline().values({name: sa.bindparam(name) for name in columns})
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    return Prepared(statement.on_conflict_do_update(index_elements=list(keys), set_=changed))


@lru_cache(256)
def _inserting_new(embedded: bool, table: sa.Table, columns: tuple[str, ...]) -> Prepared:
    build: Any = sqlite.insert if embedded else postgresql.insert
    return Prepared(build(table).inline().values({name: sa.bindparam(name) for name in columns}).on_conflict_do_nothing())


@lru_cache(2)
def _waking(embedded: bool) -> Prepared:
    build: Any = sqlite.insert if embedded else postgresql.insert
    statement = build(t.OUTBOX).inline().values({name: sa.bindparam(name) for name in ("edition", "topic", "created_at")})
    set_ = {"topic": statement.excluded.topic}
    waiting = t.OUTBOX.c.claimed_until.is_(None)
    return Prepared(statement.on_conflict_do_update(index_elements=["edition", "topic"], index_where=waiting, set_=set_))


class TransactionLost(Exception):
    """The database has undone the whole transaction by itself, as SQLite does when a disk is full, or a connection broke."""


class StoreBase:
    """One open transaction. `clock` gives real time; editions add their own offset."""

    def __init__(self, connection: Connection, real_now: datetime) -> None:
        self.connection = connection
        self.real_now = real_now
        """Real time of this transaction."""
        self._offsets: dict[str, timedelta] = {}
        self._seen_at: dict[str, datetime | None] = {}

    # -- small helpers ---------------------------------------------------------------------------------------------

    def _all(self, statement: sa.Executable, params: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        return self.connection.execute(statement, params).all()

    def _one(self, statement: sa.Executable) -> Row[Any] | None:
        return self.connection.execute(statement).first()

    def _scalar(self, statement: sa.Executable) -> Any:
        return self.connection.execute(statement).scalar()

    def _run(self, statement: sa.Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> int:
        """Execute a write; with rows, for each of them. Yields the number of rows changed."""
        if rows is None:
            return self.connection.execute(statement).rowcount
        if rows:
            return self.connection.execute(statement, [dict(row) for row in rows]).rowcount
        return 0

    def _insert_new(self, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> int:
        """Insert rows, skipping those whose unique key is there already. Yields how many are new."""
        listed = [dict(row) for row in rows]
        if not listed:
            return 0
        if len(listed) == 1:
            inserting = _inserting_new(self.connection.dialect.name == "sqlite", table, tuple(listed[0]))
            return max(inserting.change(self.connection, listed[0]), 0)
        build: Any = sqlite.insert if self.connection.dialect.name == "sqlite" else postgresql.insert
        # Without being asked to, SQLAlchemy does not keep the count of an INSERT, and psycopg then answers -1.
        counted = {"preserve_rowcount": True}
        result = self.connection.execute(build(table).on_conflict_do_nothing().inline(), listed, execution_options=counted)
        return max(result.rowcount, 0)

    def _upsert(self, table: sa.Table, row: Mapping[str, Any], keys: Sequence[str]) -> None:
        upserting = _upserting(self.connection.dialect.name == "sqlite", table, tuple(row), tuple(keys))
        upserting.change(self.connection, row)

    @contextmanager
    def by_itself(self) -> Iterator[None]:
        """What is written in the block is undone if the block raises; what was written before it stays.

        Raises:
            TransactionLost: nothing stays, not even that; whoever began the transaction must not take it for committed.
        """
        execute(self.connection, "SAVEPOINT by_itself").close()
        try:
            yield
        except BaseException:
            self._end_block("ROLLBACK TO SAVEPOINT by_itself", "RELEASE SAVEPOINT by_itself")
            raise
        self._end_block("RELEASE SAVEPOINT by_itself")

    def _end_block(self, *orders: str) -> None:
        try:
            for order in orders:
                execute(self.connection, order).close()
        except (sa.exc.DBAPIError, sa.exc.PendingRollbackError) as gone:  # the latter where the connection is known to be broken
            raise TransactionLost("the database has undone the whole transaction; nothing of it is kept") from gone

    # -- the edition's clock ----------------------------------------------------------------------------------------

    def edition_now(self, edition: str) -> datetime:
        """What the edition's own clock shows in this transaction."""
        if edition not in self._offsets:
            row = _OFFSET.first(self.connection, {"edition": edition})
            self._offsets[edition] = (0 if row is None else row.clock_offset) * MICROSECOND
        return self.real_now + self._offsets[edition]

    # -- events -----------------------------------------------------------------------------------------------------

    def append(self, edition: str, kind: EventType, *, actor: str, **payload: Any) -> None:
        """Append an event; if it can move the edition forward, leave a wake-up in the outbox too."""
        row = {"edition": edition, "at": self.edition_now(edition), "recorded_at": self.real_now, "type": kind, "actor": actor}
        _APPEND.change(self.connection, {**row, "payload": payload})
        if kind in WAKES:
            self.wake(edition)

    def events(self, edition: str, *kinds: EventType, after: int = 0, limit: int = 1_000_000) -> tuple[Event, ...]:
        """Events of an edition in the order in which they were committed; of some kinds only, if any are named."""
        table = t.EVENTS.c
        chosen = sa.select(t.EVENTS).where(table.edition == edition, table.seq > after)
        rows = self._all((chosen.where(table.type.in_(kinds)) if kinds else chosen).order_by(table.seq).limit(limit))
        return tuple(Event(row.seq, row.edition, row.at, row.type, row.actor, row.payload) for row in rows)

    def last_events(self, edition: str, limit: int) -> tuple[Event, ...]:
        """The latest events of an edition, the newest first."""
        table = t.EVENTS.c
        rows = self._all(sa.select(t.EVENTS).where(table.edition == edition).order_by(table.seq.desc()).limit(limit))
        return tuple(Event(row.seq, row.edition, row.at, row.type, row.actor, row.payload) for row in rows)

    def last_seq(self, edition: str) -> int:
        """Number of the latest event of an edition; 0 before the first."""
        return int(self._scalar(sa.select(sa.func.max(t.EVENTS.c.seq)).where(t.EVENTS.c.edition == edition)) or 0)

    def count_events(self, edition: str) -> int:
        """How many events of an edition have been committed.

        Events are numbered when they are written and seen when they are committed, so a lower number may appear after a higher
        one (PostgreSQL); the count rises with each that appears.
        """
        return int(self._scalar(sa.select(sa.func.count()).where(t.EVENTS.c.edition == edition)) or 0)

    # -- the outbox -------------------------------------------------------------------------------------------------

    def wake(self, edition: str, topic: Literal["advance", "mail"] = "advance") -> None:
        """Leave one outbox row for the relay, unless one is waiting already; that one then waits until this transaction has ended.

        Without the second half the relay could take the waiting row, and the engine look, before this change can be seen.
        """
        row = {"edition": edition, "topic": topic, "created_at": self.real_now}
        _waking(self.connection.dialect.name == "sqlite").change(self.connection, row)


def aware(moment: datetime) -> datetime:
    """The same moment in UTC."""
    return moment.astimezone(UTC)
