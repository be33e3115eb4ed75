"""Which failures of a database pass by themselves."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.outages import FAILURES, passing
from models.store import Database
from models.stores.base import TransactionLost
from tests import builders


def failure_of(act: Callable[[], object]) -> Exception:
    """What an act fails with; a page must know its class."""
    with pytest.raises(FAILURES) as caught:
        act()
    return caught.value


def test_a_database_that_cannot_be_reached_comes_back(database: Database, tmp_path: Path) -> None:
    nowhere = f"sqlite:///{tmp_path}/gone/jinbang.db" if database.embedded else "postgresql+psycopg://nobody@127.0.0.1:9/jinbang"
    away = Database(nowhere)

    def write() -> None:
        with away.write() as store:
            store.edition_ids()

    assert passing(failure_of(write))


def test_a_lock_that_others_hold_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "locked.db"
    first, second = sqlite3.connect(path, isolation_level=None), sqlite3.connect(path, isolation_level=None, timeout=0)
    first.execute("BEGIN IMMEDIATE")
    assert passing(failure_of(lambda: second.execute("BEGIN IMMEDIATE")))
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 0})
    with engine.connect() as connection:
        assert passing(failure_of(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE")))
    first.close()
    second.close()


def test_a_full_disk_is_emptied(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "full.db")
    connection.execute("PRAGMA max_page_count = 1")
    assert passing(failure_of(lambda: connection.execute("CREATE TABLE t (n)").execute("CREATE TABLE u (n)")))
    connection.close()


def test_a_server_that_ends_connections_takes_new_ones(database: Database) -> None:
    if database.embedded:
        assert passing(TransactionLost("the disk was full"))
        return
    with database.engine.connect() as connection:
        own = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with database.engine.connect() as operator:
            operator.exec_driver_sql(f"SELECT pg_terminate_backend({own})")
        assert passing(failure_of(lambda: connection.exec_driver_sql("SELECT 1")))
        connection.invalidate()


@pytest.mark.parametrize("noticed_by", ["prepared", "built"])
def test_a_connection_that_breaks_under_one_of_several_writes_loses_them_all(database: Database, noticed_by: str) -> None:
    if database.embedded:
        pytest.skip("its connections do not break")
    builders.keep(database, builders.an_edition())
    said = list[TransactionLost]()

    def write() -> None:
        with database.write() as store:
            own = store.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            try:
                with store.by_itself(), database.engine.connect() as operator:
                    operator.exec_driver_sql(f"SELECT pg_terminate_backend({own})")
                    store.wake("sample-2026") if noticed_by == "prepared" else store.edition_ids()
            except TransactionLost as lost:
                said.append(lost)
                raise

    assert (passing(failure_of(write)), len(said)) == (True, 1)


def test_a_wrong_statement_and_a_broken_rule_stay_wrong(database: Database) -> None:
    builders.keep(database, builders.an_edition())

    def ask(statement: str) -> Callable[[], object]:
        def act() -> None:
            with database.write() as store:
                store.connection.exec_driver_sql(statement)

        return act

    for statement in ("SELECT nothing FROM nowhere", "INSERT INTO editions SELECT * FROM editions", "NO STATEMENT"):
        assert not passing(failure_of(ask(statement))), statement
    assert not passing(ValueError("not of a database"))
    assert not passing(None)


def test_a_file_that_is_no_database_does_not_mend_itself(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"no database " * 100)
    connection = sqlite3.connect(path)
    assert not passing(failure_of(lambda: connection.execute("SELECT * FROM sqlite_schema")))
    connection.close()
