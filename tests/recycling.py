"""A PostgreSQL database that is emptied after each test instead of dropped: 20 ms in place of a second.

A conftest that wants it imports the fixture: `from tests.recycling import database_url`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from models import tables
from tests.conftest import _KINDS

_NAME = "test_recycled"


class Recycled:
    """The database of one server, and the connection over which it is emptied."""

    def __init__(self, address: str) -> None:
        with psycopg.connect(address.format("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_NAME} TEMPLATE template_jinbang")
        self.url = address.format(_NAME)
        self._connection = psycopg.connect(self.url.replace("+psycopg", ""), options="-c synchronous_commit=off", autocommit=True)
        self._connection.execute("SET session_replication_role = replica")  # past the triggers that keep history
        (found,) = self._connection.execute("SELECT version_num FROM alembic_version").fetchall()
        emptied = ";".join(f'DELETE FROM "{table}"' for table in tables.METADATA.tables)
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        self._orders: Any = f"{others};{emptied};UPDATE alembic_version SET version_num = '{found[0]}'"

    def empty(self) -> None:
        """Take everything out, and end the connections of whoever is still in it."""
        self._connection.execute(self._orders)

    def close(self) -> None:
        """Before the server ends, which waits for it."""
        self._connection.close()


@pytest.fixture(params=_KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty, migrated database of each kind."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "jinbang.db")
        yield f"sqlite:///{tmp_path / 'jinbang.db'}"
        return
    recycled: Recycled = request.getfixturevalue("recycled")
    yield recycled.url
    recycled.empty()
