"""A database that would lose acknowledged work is refused at the start (R-42)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from models.errors import UnsafeSetting
from models.store import Database
from tests.faults.conftest import PATIENCE, Bench, command

SQLITE = {"synchronous=NORMAL": "synchronous is 1", "synchronous=OFF": "synchronous is 0", "foreign_keys=OFF": "foreign_keys is 0"}


@pytest.mark.parametrize("pragma", SQLITE)
def test_a_weaker_sqlite_is_refused(database_url: str, pragma: str) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("for SQLite")
    database = Database(database_url)
    sa.event.listen(database.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))
    with pytest.raises(UnsafeSetting, match=SQLITE[pragma]), database.write():
        raise AssertionError("nothing is written to it")
    database.close()


def test_a_sqlite_without_a_write_ahead_log_is_refused() -> None:
    database = Database("sqlite://")
    with pytest.raises(UnsafeSetting, match="journal_mode is memory"), database.read():
        raise AssertionError("nothing is read from it")
    database.close()


@pytest.mark.parametrize("level", ["off", "local"])
def test_a_weaker_postgresql_is_refused(database_url: str, level: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("for PostgreSQL")
    database = Database(f"{database_url}&options=-c%20synchronous_commit%3D{level}")
    with pytest.raises(UnsafeSetting, match=f"synchronous_commit is {level}"), database.write():
        raise AssertionError("nothing is written to it")
    database.close()
    permitted = Database(f"{database_url}&options=-c%20synchronous_commit%3D{level}", allow_unsafe=True)
    with permitted.read() as store:
        assert store.edition_ids() == ()
    permitted.close()


def test_the_engine_does_not_start_on_a_weaker_database(bench: Bench) -> None:
    if bench.database.url.startswith("sqlite"):
        pytest.skip("SQLite's settings are made by each connection itself")
    url = f"{bench.database.url}&options=-c%20synchronous_commit%3Doff"
    assert command(bench, "flows", "engine", JINBANG_DATABASE_URL=url).wait(PATIENCE) == 1
    said = (bench.folder / "command.log").read_text()
    assert "synchronous_commit is off, needed: on" in said
    assert "Traceback" not in said
