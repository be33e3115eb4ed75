"""Statements that every request runs, compiled once and handed to the driver as they are.

SQLAlchemy needs ten times as long to execute a statement as SQLite to answer it. What a statement says, how values are bound and
how columns are read still comes from SQLAlchemy, so nothing here knows of a database's own words.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

_Process = Callable[[Any], Any]


class _Compiled:
    """A statement in the words of one database."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._order: tuple[str, ...] | None = tuple(compiled.positiontup) if compiled.positional else None
        self._constants: dict[str, Any] = {name: one.value for name, one in compiled.binds.items() if not one.required}
        binders = {name: one.type.dialect_impl(dialect).bind_processor(dialect) for name, one in compiled.binds.items()}
        self._binders: dict[str, _Process] = {name: one for name, one in binders.items() if one is not None}
        columns = statement.selected_columns if isinstance(statement, sa.Select) else ()
        readers = [one.type.dialect_impl(dialect).result_processor(dialect, None) for one in columns]
        self._readers: list[tuple[int, _Process]] = [(place, one) for place, one in enumerate(readers) if one is not None]
        self._row: Any = namedtuple("Row", [one.key for one in columns])  # type: ignore[misc]

    def bound(self, given: Mapping[str, Any]) -> Any:
        """The values as the driver wants them."""
        values = {**self._constants, **given}
        for name, bind in self._binders.items():
            values[name] = bind(values[name])
        return values if self._order is None else tuple(values[name] for name in self._order)

    def read(self, raw: Any) -> Any:
        """A row with its columns as attributes."""
        values = list(raw)
        for place, convert in self._readers:
            values[place] = convert(values[place])
        return self._row._make(values)


class Prepared:
    """A select, or a write of one row, with named `bindparam`s."""

    def __init__(self, statement: sa.Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def all(self, connection: Connection, given: Mapping[str, Any]) -> list[Any]:
        """All rows, with their columns as attributes."""
        cursor, compiled = self._execute(connection, given)
        try:
            return [compiled.read(row) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def first(self, connection: Connection, given: Mapping[str, Any]) -> Any:
        """The first row, or None."""
        cursor, compiled = self._execute(connection, given)
        try:
            row = cursor.fetchone()
            return None if row is None else compiled.read(row)
        finally:
            cursor.close()

    def change(self, connection: Connection, given: Mapping[str, Any]) -> int:
        """Write. Yields how many rows were changed."""
        cursor, _ = self._execute(connection, given)
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _execute(self, connection: Connection, given: Mapping[str, Any]) -> tuple[Any, _Compiled]:
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        cursor = connection.connection.cursor()
        values = compiled.bound(given)
        try:
            cursor.execute(compiled.text, values)
        except dialect.loaded_dbapi.Error as failed:
            cursor.close()
            raise sa.exc.DBAPIError.instance(compiled.text, values, failed, dialect.loaded_dbapi.Error, dialect=dialect) from failed
        return cursor, compiled
