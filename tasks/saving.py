"""Writes that many people make at the same moment, such as saving a sheet, share one transaction, and so one wait for the disk.

Nobody is answered before the transaction that holds the own write is committed; a write that is refused undoes itself alone.
There is no thread in the background: whoever comes while nobody writes does so for all who wait.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from models.store import Database, Store
from tasks.failpoints import failpoint
from tasks.installation import database

T = TypeVar("T")

MOST_TOGETHER = 64
"""Writes in one transaction; who comes later waits for the next one, so that nobody waits for everybody."""


class _Ticket:
    """One write that waits, and then what became of it."""

    __slots__ = ("act", "done", "failure", "result")

    def __init__(self, act: Callable[[Store], Any]) -> None:
        self.act = act
        self.done = False
        self.result: Any = None
        self.failure: BaseException | None = None


class _Writers:
    """The writes that wait for one database."""

    def __init__(self) -> None:
        self._waiting: deque[_Ticket] = deque()
        self._turn = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def write(self, where: Database, act: Callable[[Store], T]) -> T:
        """Wait until the write is committed or refused."""
        ticket = _Ticket(act)
        self._waiting.append(ticket)
        with self._turn:
            while not ticket.done:
                self._serve(where)
        if ticket.failure is not None:
            raise ticket.failure
        return cast(T, ticket.result)

    def _serve(self, where: Database) -> None:
        tickets = [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]
        failure: BaseException | None = None
        try:
            with where.write() as store:
                for ticket in tickets:
                    _try(store, ticket, alone=len(tickets) == 1)
            failpoint("saving.committed")
        except Exception as refused:
            failure = refused
        except BaseException:  # this thread is told to stop; the others must not wait for it, nor stop
            failure = RuntimeError("the process was told to stop while this was being written; nothing of it is kept")
            raise
        finally:
            for ticket in tickets:
                ticket.failure = ticket.failure or failure
                ticket.done = True


def _try(store: Store, ticket: _Ticket, *, alone: bool) -> None:
    if alone:
        ticket.result = ticket.act(store)
        return
    try:
        with store.by_itself():
            ticket.result = ticket.act(store)
    except Exception as refused:
        ticket.failure = refused


_WRITERS: WeakKeyDictionary[Database, _Writers] = WeakKeyDictionary()
_FINDING = threading.Lock()


def together(act: Callable[[Store], T]) -> T:
    """Run a short write, perhaps in one transaction with those of others, and yield its result once that is committed.

    The writes of one transaction happen in the order in which they came, and each sees what those before it did. All have the
    same `real_now`.

    Args:
        act: What to write. It must not open a transaction, and may raise: then nothing of it is kept, and it is raised here.
    """
    where = database()
    return _writers(where).write(where, act)


def waiting() -> int:
    """Writes that wait while others are being written."""
    return len(_writers(database()))


def _writers(where: Database) -> _Writers:
    with _FINDING:
        return _WRITERS.setdefault(where, _Writers())
