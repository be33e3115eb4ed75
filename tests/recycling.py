"""A PostgreSQL database that is emptied after each test instead of dropped: 20 ms in place of a second.

A conftest that wants it imports the fixture: `from tests.recycling import database_url`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from models import tables
from tests.conftest import _KINDS

_NAME = "test_recycled"
_MADE: dict[str, str] = {}
"""Address of each server whose database stands ready -> the schema version it was made with."""


@pytest.fixture(params=_KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty, migrated database of each kind."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "jinbang.db")
        yield f"sqlite:///{tmp_path / 'jinbang.db'}"
        return
    address: str = request.getfixturevalue("postgresql")
    if address not in _MADE:
        with psycopg.connect(address.format("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_NAME} TEMPLATE template_jinbang")
        with psycopg.connect(address.format(_NAME).replace("+psycopg", "")) as connection:
            (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        _MADE[address] = version[0]
    yield address.format(_NAME)
    with psycopg.connect(address.format(_NAME).replace("+psycopg", "")) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [_NAME])
        connection.execute("SET session_replication_role = replica")  # past the triggers that keep history
        for table in tables.METADATA.tables:
            connection.execute(f'DELETE FROM "{table}"')  # type: ignore[call-overload]
        connection.execute("UPDATE alembic_version SET version_num = %s", [_MADE[address]])
