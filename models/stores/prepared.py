"""Statements that every request runs, compiled once and handed to the driver as they are.

SQLAlchemy needs ten times as long to execute a statement as SQLite to answer it. What a statement says, how values are bound and
how columns are read still comes from SQLAlchemy, so nothing here knows of a database's own words.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

_Process = Callable[[Any], Any]


class _JsonText(sa.TypeDecorator[Any]):
    """JSON that arrives as text, so that it can be compared without being read."""

    impl = sa.Text
    cache_ok = True

    def process_result_value(self, value: Any, _dialect: Dialect) -> Any:
        """What the text says."""
        return None if value is None else json.loads(value)


class _Compiled:
    """A statement in the words of one database."""

    def __init__(self, statement: Any, dialect: Dialect, make: _Process, kept: int) -> None:
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
        self._make = make
        self.value: _Process = lru_cache(kept)(self._value) if kept else self._value
        """What is made of a raw row."""

    def bound(self, given: Mapping[str, Any]) -> Any:
        """The values as the driver wants them."""
        values = {**self._constants, **given}
        for name, bind in self._binders.items():
            values[name] = bind(values[name])
        return values if self._order is None else tuple(values[name] for name in self._order)

    def _value(self, raw: Any) -> Any:
        values = list(raw)
        for place, convert in self._readers:
            values[place] = convert(values[place])
        return self._make(self._row._make(values))


class Prepared:
    """A select, or a write of one row, with named `bindparam`s."""

    def __init__(self, statement: Any, *, make: Callable[[Any], Any] = lambda row: row, kept: int = 0) -> None:
        """Keep the statement until it is needed.

        Args:
            statement: What to execute.
            make: What to make of a row with its columns as attributes; the row itself if not given.
            kept: So many rows are remembered with what was made of them. A row that comes once more, with nothing changed, is not read
                anew; so nobody may change such a value.
        """
        self._statement = _with_json_as_text(statement) if kept else statement
        self._make = make
        self._kept = kept
        self._compiled: dict[str, _Compiled] = {}

    def all(self, connection: Connection, given: Mapping[str, Any]) -> list[Any]:
        """What is made of all rows."""
        compiled = self._in_words_of(connection.dialect)
        cursor = execute(connection, compiled.text, compiled.bound(given))
        try:
            return [compiled.value(row) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def first(self, connection: Connection, given: Mapping[str, Any]) -> Any:
        """What is made of the first row, or None."""
        compiled = self._in_words_of(connection.dialect)
        cursor = execute(connection, compiled.text, compiled.bound(given))
        try:
            row = cursor.fetchone()
            return None if row is None else compiled.value(row)
        finally:
            cursor.close()

    def change(self, connection: Connection, given: Mapping[str, Any]) -> int:
        """Write. Yields how many rows were changed."""
        compiled = self._in_words_of(connection.dialect)
        cursor = execute(connection, compiled.text, compiled.bound(given))
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _in_words_of(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect, self._make, self._kept)
        return compiled


def execute(connection: Connection, text: str, values: Any = ()) -> Any:
    """Hand a statement in the words of the database to its driver. Yields the driver's cursor.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses it.
    """
    cursor = None
    try:
        cursor = connection.connection.cursor()  # psycopg refuses even that once the connection has broken
        cursor.execute(text, values)
    except connection.dialect.loaded_dbapi.Error as failed:
        if cursor is not None:
            cursor.close()
        dialect = connection.dialect
        raise sa.exc.DBAPIError.instance(text, values, failed, dialect.loaded_dbapi.Error, dialect=dialect) from failed
    return cursor


def _with_json_as_text(statement: Any) -> Any:
    columns = [
        sa.type_coerce(sa.cast(one, sa.Text), _JsonText).label(one.key) if isinstance(one.type, sa.JSON) else one
        for one in statement.selected_columns
    ]
    return statement.with_only_columns(*columns)
