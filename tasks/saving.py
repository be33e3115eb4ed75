"""Writes that many people make at the same moment, such as saving a sheet, share one transaction, and so one wait for the disk.

Nobody is answered before the transaction that holds the own write is committed; a write that is refused undoes itself alone.
Threads come to `together`: whoever comes while nobody writes does so for all who wait. Pages that are answered in an event loop
come to a `Gathering`: the loop does the writes itself, and a thread waits for the lock and for the disk.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from models.store import Database, Store
from models.stores.base import TransactionLost
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


_Waiting = tuple[_Ticket, "asyncio.Future[Any]"]
"""A write that waits in an event loop, and where it waits."""
_Transaction = AbstractContextManager[Store]
_Begun = tuple[_Transaction, Store]
"""A transaction that has begun, and what it writes with."""


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
                _perform(store, tickets)
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


def _perform(store: Store, tickets: Sequence[_Ticket]) -> None:
    """Do the writes in their order; one that is refused among others undoes itself alone.

    Raises:
        TransactionLost: the database has undone all of them; nobody may be told that theirs is kept.
    """
    if len(tickets) == 1:
        tickets[0].result = tickets[0].act(store)
        return
    for ticket in tickets:
        try:
            with store.by_itself():
                ticket.result = ticket.act(store)
        except TransactionLost:
            raise
        except Exception as refused:
            ticket.failure = refused


class Gathering:
    """The writes of one event loop to one database. What comes while a transaction waits for its lock, or for the disk, goes into the next.

    For a database in the same process only: its statements do not wait for anything, so the loop may do them. The threads of
    `together`, and other processes, are kept out by the lock of the database.
    """

    def __init__(self, where: Database) -> None:
        self._where = where
        self._waiting: deque[_Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gathering")
        self._serving: asyncio.Task[None] | None = None

    async def write(self, act: Callable[[Store], T]) -> T:
        """Wait until the write is committed or refused; see `together`."""
        loop = asyncio.get_running_loop()
        settled: asyncio.Future[T] = loop.create_future()
        self._waiting.append((_Ticket(act), settled))
        if self._serving is None:
            self._serving = loop.create_task(self._serve())
        return await settled

    async def _serve(self) -> None:
        begun: _Begun | None = None
        try:
            while self._waiting:
                begun = await self._transact(begun)
        finally:
            self._serving = None

    async def _transact(self, begun: _Begun | None) -> _Begun | None:
        """Write what waits, in a transaction that may have begun already. Yields the next one if more has come meanwhile."""
        loop, taken = asyncio.get_running_loop(), list[_Waiting]()
        try:
            if begun is None:
                begun = await loop.run_in_executor(self._thread, self._begin)
            transaction, store = begun
            taken = self._next()
            try:
                _perform(store, [ticket for ticket, _ in taken])
            except BaseException:
                await loop.run_in_executor(self._thread, transaction.__exit__, *sys.exc_info())
                raise
        except Exception as refused:
            _settle(taken or self._next(), refused)
            return None
        try:
            return await loop.run_in_executor(self._thread, self._commit, transaction, taken, loop)
        except Exception as refused:  # the next one could not begin
            _settle(self._next(), refused)
            return None

    def _begin(self) -> _Begun:
        """In the thread, since it may take as long as other writers want."""
        transaction = self._where.write()
        return transaction, transaction.__enter__()

    def _commit(self, transaction: _Transaction, taken: Sequence[_Waiting], loop: asyncio.AbstractEventLoop) -> _Begun | None:
        """In the thread, since it takes as long as the disk wants; the next one begins here, too: a busy loop comes back late."""
        failure: BaseException | None = None
        try:
            transaction.__exit__(None, None, None)
            failpoint("saving.committed")
        except Exception as refused:
            failure = refused
        loop.call_soon_threadsafe(_settle, taken, failure)
        return self._begin() if self._waiting else None

    def _next(self) -> list[_Waiting]:
        return [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]


def _settle(taken: Sequence[_Waiting], failure: BaseException | None) -> None:
    """Tell who waits what became of the writes."""
    for ticket, settled in taken:
        if settled.done():  # nobody waits any more
            continue
        if wrong := ticket.failure or failure:
            settled.set_exception(wrong)
        else:
            settled.set_result(ticket.result)


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
