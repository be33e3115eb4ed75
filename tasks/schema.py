"""Bring the database to the schema of this version."""

from __future__ import annotations

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from models.errors import UnsafeSetting
from models.store import Database


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(files("migrations")))
    return configuration


def migrate(database: Database) -> None:
    """Run all migrations that are missing. Two processes that do so at once wait for each other.

    Raises:
        UnsafeSetting: the database was written by a newer version.
    """
    configuration = _configuration()
    with database.engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(745261)")
        present = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in ScriptDirectory.from_config(configuration).walk_revisions()}
        if present is not None and present not in known:
            raise UnsafeSetting(f"the database has schema {present}, which this version does not know; install the newer version again")
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


def schema_version(database: Database) -> tuple[str | None, str | None]:
    """Schema present in the database, and schema that this version wants."""
    with database.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    return present, ScriptDirectory.from_config(_configuration()).get_current_head()
