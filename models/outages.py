"""Telling a database that does not answer, or cannot write just now, from a fault of ours: the first passes, and asks to try again."""

from __future__ import annotations

import sqlite3
from typing import Any

import sqlalchemy as sa

from models.stores.base import TransactionLost

FAILURES: tuple[type[Exception], ...] = (sa.exc.DBAPIError, sa.exc.TimeoutError, sqlite3.Error, TransactionLost)
"""Classes of whatever comes out of a transaction that the database did not carry through."""

_SQLITE_PASSING = frozenset(
    getattr(sqlite3, f"SQLITE_{name}")
    for name in ("BUSY", "LOCKED", "NOMEM", "READONLY", "INTERRUPT", "IOERR", "FULL", "CANTOPEN", "PROTOCOL")
)
_POSTGRESQL_PASSING = ("08", "25006", "40", "53", "55", "57", "58")
"""Beginnings of SQLSTATE: no connection, a standby that takes no writes, undone for the sake of others, out of resources, locked,
shut down by its operator, faults of its disk."""


def passing(failure: BaseException | None) -> bool:
    """Whether the same request may well succeed later, with nothing changed but the state of the database.

    Of a transaction that failed so nothing is kept, but for one case: the connection broke while its commit was under way.
    """
    if isinstance(failure, TransactionLost | sa.exc.TimeoutError):
        return True
    driver: Any = failure.orig if isinstance(failure, sa.exc.DBAPIError) else failure
    if (code := getattr(driver, "sqlite_errorcode", None)) is not None:
        return code & 0xFF in _SQLITE_PASSING  # the lower byte says what, the upper ones where
    if not isinstance(failure, sa.exc.DBAPIError):
        return False
    state = getattr(driver, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_POSTGRESQL_PASSING)
    return failure.connection_invalidated or isinstance(failure, sa.exc.OperationalError)
