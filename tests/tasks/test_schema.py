"""The schema: migrated once however many start at a time, and never downwards."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from models import tables
from models.errors import UnsafeSetting
from models.store import Database
from tasks.schema import migrate, schema_version


def test_the_migrations_make_what_the_tables_declare(database: Database) -> None:
    present, wanted = schema_version(database)
    assert present == wanted is not None
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _compared})
        assert compare_metadata(context, tables.METADATA) == []


def _compared(thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    return name != "alembic_version" and not (kind == "index" and isinstance(thing, sa.Index) and thing.dialect_kwargs)


def test_migrating_again_changes_nothing(database: Database) -> None:
    before = schema_version(database)
    migrate(database)
    assert schema_version(database) == before


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    with database.write() as store:
        store.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UnsafeSetting, match="schema 9999, which this version does not know; install the newer version again"):
        migrate(database)


def test_several_processes_may_start_at_once(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        opened = Database(f"sqlite:///{tmp_path / 'new.db'}")
        try:
            migrate(opened)
        except BaseException as failure:
            failures.append(failure)
        finally:
            opened.close()

    threads = [threading.Thread(target=start) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    present, wanted = schema_version(database)
    database.close()
    assert present == wanted
