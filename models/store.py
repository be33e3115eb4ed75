"""The store: every query and every write. One `Database`, one short transaction at a time, frozen values out.

with database.write() as store:     # BEGIN IMMEDIATE on SQLite; committed and fsynced when the block ends
    store.save_sheet(...)
with database.read() as store:      # sees one consistent state, writes nothing
    store.edition("papers-2026")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.errors import UnsafeSetting
from models.stores.checking import CheckingStore
from models.stores.conflicts import ConflictStore
from models.stores.draws import DrawStore
from models.stores.editions import EditionStore
from models.stores.hands import HandStore
from models.stores.healing import HealingStore
from models.stores.links import LinkStore
from models.stores.mails import MailStore
from models.stores.material import MaterialStore
from models.stores.people import PeopleStore
from models.stores.prepared import execute
from models.stores.ranking import RankingStore
from models.stores.reviewing import ReviewingStore
from models.stores.scoring import ScoringStore
from models.stores.shortlists import ShortlistStore
from models.stores.submitting import SubmittingStore
from models.turns import Turns


class Store(
    EditionStore, PeopleStore, SubmittingStore, CheckingStore, ScoringStore, RankingStore, HandStore, ReviewingStore, ConflictStore,
    DrawStore, HealingStore, MaterialStore, MailStore, LinkStore, ShortlistStore,
):  # fmt: skip
    """One open transaction on everything that an installation knows."""


_WRITING, _LOOKING = "jinbang_writing", "jinbang_looking"


class Database:
    """The way to transactions. Safe to share between threads; open it after forking, not before."""

    def __init__(self, url: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), allow_unsafe: bool = False) -> None:
        """Connect lazily.

        Args:
            url: SQLAlchemy URL, `sqlite:///…` or `postgresql+psycopg://…`.
            clock: Gives real time, aware UTC.
            allow_unsafe: For tests only: skip the check of durability settings.
        """
        self.url = url
        self.clock = clock
        self._checked = allow_unsafe
        self.embedded = sqlite = url.startswith("sqlite")
        self._idle: list[Connection] = []
        path = sa.make_url(url).database if sqlite else None
        self._turns = Turns(path) if path and path != ":memory:" else None
        # Connections to SQLite go back to `_idle`, never to the pool: with a limit a thread would wait there for one that cannot come.
        pool: dict[str, Any] = {"poolclass": sa.QueuePool, "max_overflow": -1} if sqlite else {"pool_size": 10, "max_overflow": 10}
        self.engine = sa.create_engine(url, pool_pre_ping=not sqlite, **pool)
        if sqlite:
            sa.event.listen(self.engine, "connect", _set_up_sqlite)
            sa.event.listen(self.engine, "begin", self._begin_sqlite)

    @contextmanager
    def write(self) -> Iterator[Store]:
        """A writing transaction: committed at the end of the block, rolled back on any exception."""
        with self._connect(writing=True) as connection, connection.begin():
            yield Store(connection, self.clock())

    def read(self) -> AbstractContextManager[Store]:
        """A reading transaction."""
        return _Look(self) if self.embedded and self._checked else self._read()

    @contextmanager
    def _read(self) -> Iterator[Store]:
        with self._connect(writing=False) as connection, connection.begin():
            yield Store(connection, self.clock())

    @contextmanager
    def _connect(self, *, writing: bool) -> Iterator[Connection]:
        with self._open() as connection:
            if not self._checked:
                check_durability(connection)
                connection.rollback()
                self._checked = True
            if self.embedded:
                connection.info[_WRITING] = writing
            elif not writing:
                # One snapshot for the whole block; SQLite reads like that by itself.
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        if not self.embedded:
            with self.engine.connect() as connection:
                yield connection
            return
        connection = self.take()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self.give_back(connection)

    def take(self) -> Connection:
        """A connection to SQLite; they stay open for the next transaction: opening one takes longer than a read."""
        try:
            return self._idle.pop()
        except IndexError:
            return self.engine.connect()

    def give_back(self, connection: Connection) -> None:
        """Keep a connection that was taken, after its transaction."""
        self._idle.append(connection)

    def close(self) -> None:
        """Close all pooled connections."""
        while self._idle:
            self._idle.pop().close()
        self.engine.dispose()
        if self._turns:
            self._turns.close()

    def _begin_sqlite(self, connection: Connection) -> None:
        if connection.info.get(_LOOKING):  # begun already
            return
        # A transaction that may write takes the lock at once, so that it never fails half-way with "database is locked".
        if not connection.info.pop(_WRITING, True):
            execute(connection, "BEGIN").close()
            return
        with self._turns.next() if self._turns else nullcontext():
            execute(connection, "BEGIN IMMEDIATE").close()


class _Look:
    """A reading transaction on SQLite. Each page begins one or two, and the layers of `begin` would take longer than a statement."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Store:
        connection = self._connection = self._database.take()
        connection.info[_LOOKING] = True
        try:
            execute(connection, "BEGIN").close()
        except BaseException:
            connection.info[_LOOKING] = False
            connection.close()
            raise
        return Store(connection, self._database.clock())

    def __exit__(self, kind: type[BaseException] | None, *_what: object) -> None:
        connection = self._connection
        connection.info[_LOOKING] = False
        if kind is not None:
            connection.close()  # which rolls back
            return
        if connection.in_transaction():  # a statement went by way of SQLAlchemy, which noted that one has begun
            connection.commit()
        else:
            connection.connection.commit()
        self._database.give_back(connection)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the begin listener below issues BEGIN itself
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def check_durability(connection: Connection) -> None:
    """Refuse a database that would not keep what was acknowledged.

    Raises:
        UnsafeSetting: SQLite without WAL, `synchronous=FULL` or foreign keys; PostgreSQL without fsync or synchronous commit.
    """
    if connection.dialect.name == "sqlite":
        wanted = {"journal_mode": ("wal",), "synchronous": ("2", "3"), "foreign_keys": ("1",)}
        found = {name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in wanted}
    else:
        wanted = {"fsync": ("on",), "synchronous_commit": ("on", "remote_apply", "remote_write"), "full_page_writes": ("on",)}
        found = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in wanted}
    weak = [f"{name} is {found[name]}, needed: {' or '.join(wanted[name])}" for name in wanted if found[name] not in wanted[name]]
    if weak:
        raise UnsafeSetting(
            f"the database would lose acknowledged work after a power cut: {'; '.join(weak)}. Correct the server's settings and start again"
        )
