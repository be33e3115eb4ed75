"""Writes of one event loop, gathered while a thread waits for lock or disk: refused or kept one by one, nobody answered too early."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.edition import Edition
from models.errors import NotFound
from models.store import Database, Store
from models.stores.base import TransactionLost
from tasks import saving
from tests import builders
from tests.builders import Clock

PATIENCE = 20


@pytest.fixture
def embedded(tmp_path: Path, sqlite_template: Path, clock: Clock) -> Iterator[Database]:
    """SQLite in a file, whatever the other tests run on: a loop gathers for a database in its own process only."""
    path = tmp_path / "embedded.db"
    path.write_bytes(sqlite_template.read_bytes())
    opened = Database(f"sqlite:///{path}", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def edition(embedded: Database) -> Edition:
    return builders.keep(embedded, builders.an_edition(), at="scoring")


class Disk:
    """Counts writing transactions, holds up the next commit while it is told to, and can let one fail."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = 0
        self.committing, self.go = threading.Event(), threading.Event()
        self.go.set()
        self.full = False
        self.free = threading.Event()
        """Whether a further transaction can begin; another process may hold the lock."""
        self.free.set()
        write = database.write

        @contextmanager
        def watched() -> Iterator[Store]:
            self.begun += 1
            assert self.begun == 1 or self.free.wait(PATIENCE)
            with write() as store:
                yield store
                self.committing.set()
                assert self.go.wait(PATIENCE)
                if self.full:
                    raise OSError("the disk is full")

        monkeypatch.setattr(database, "write", watched)


@pytest.fixture
def disk(embedded: Database, edition: Edition, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(embedded, monkeypatch)


def noting(edition: Edition, word: str, *, refused: bool = False) -> Callable[[Store], str]:
    def act(store: Store) -> str:
        store.append(edition.id, "SheetSaved", actor=f"reviewer:{word}", position=1, sheets={})
        if refused:
            raise NotFound("refused after it has written")
        return word

    return act


def noted(database: Database, edition: Edition) -> list[str]:
    with database.read() as store:
        return [one.actor.removeprefix("reviewer:") for one in store.events(edition.id) if one.type == "SheetSaved"]


async def while_first_waits(gathering: saving.Gathering, disk: Disk, acts: list[Callable[[Store], str]]) -> list[Any]:
    """Write the first act, and the others while its commit waits for the disk. Yields results and refusals."""
    disk.go.clear()
    first = asyncio.create_task(gathering.write(acts[0]))
    await asyncio.to_thread(disk.committing.wait, PATIENCE)
    others = [asyncio.create_task(gathering.write(act)) for act in acts[1:]]
    await asyncio.sleep(0)
    assert not first.done()  # no answer leaves before its commit
    disk.go.set()
    return list(await asyncio.gather(first, *others, return_exceptions=True))


async def test_what_comes_while_the_disk_is_busy_shares_the_next_transaction(embedded: Database, edition: Edition, disk: Disk) -> None:
    words = [f"R{number:02}" for number in range(16)]
    assert await while_first_waits(saving.Gathering(embedded), disk, [noting(edition, word) for word in words]) == words
    assert disk.begun == 2
    assert noted(embedded, edition) == words


async def test_a_refused_write_undoes_itself_alone(embedded: Database, edition: Edition, disk: Disk) -> None:
    acts = [noting(edition, "a"), noting(edition, "b"), noting(edition, "c", refused=True), noting(edition, "d")]
    outcomes = await while_first_waits(saving.Gathering(embedded), disk, acts)
    assert [type(one) if isinstance(one, Exception) else one for one in outcomes] == ["a", "b", NotFound, "d"]
    assert noted(embedded, edition) == ["a", "b", "d"]


async def test_a_refused_write_that_is_alone_leaves_nothing(embedded: Database, edition: Edition, disk: Disk) -> None:
    gathering = saving.Gathering(embedded)
    with pytest.raises(NotFound):
        await gathering.write(noting(edition, "a", refused=True))
    assert noted(embedded, edition) == []
    assert await gathering.write(noting(edition, "b")) == "b"


async def test_nobody_is_answered_if_the_commit_fails(embedded: Database, edition: Edition, disk: Disk) -> None:
    disk.full = True
    gathering = saving.Gathering(embedded)
    outcomes = await while_first_waits(gathering, disk, [noting(edition, word) for word in "abc"])
    assert [type(one) for one in outcomes] == [OSError] * 3
    assert noted(embedded, edition) == []
    disk.full = False
    assert await gathering.write(noting(edition, "d")) == "d"


async def test_nobody_is_answered_if_the_database_undoes_all_in_the_middle(embedded: Database, edition: Edition, disk: Disk) -> None:
    """SQLite gives up a whole transaction, not one statement, when it runs out of space; what follows would be written by itself."""

    def hungry(store: Store) -> str:
        ask = store.connection.exec_driver_sql
        ask("PRAGMA max_page_count = 1")  # as many as there are
        try:
            store.append(edition.id, "SheetSaved", actor="reviewer:c", position=1, sheets={}, more="x" * 1_000_000)
        finally:
            ask("PRAGMA max_page_count = 1000000")
        return "c"

    gathering = saving.Gathering(embedded)
    acts = [noting(edition, "a"), noting(edition, "b"), hungry, noting(edition, "d")]
    outcomes = await while_first_waits(gathering, disk, acts)
    assert [type(one) if isinstance(one, Exception) else one for one in outcomes] == ["a", *[TransactionLost] * 3]
    assert noted(embedded, edition) == ["a"]
    assert await gathering.write(noting(edition, "e")) == "e"


async def test_an_answer_leaves_at_its_commit_though_the_next_transaction_cannot_begin(
    embedded: Database, edition: Edition, disk: Disk
) -> None:
    gathering = saving.Gathering(embedded)
    disk.free.clear()
    disk.go.clear()
    first = asyncio.create_task(gathering.write(noting(edition, "a")))
    await asyncio.to_thread(disk.committing.wait, PATIENCE)
    second = asyncio.create_task(gathering.write(noting(edition, "b")))
    await asyncio.sleep(0)
    disk.go.set()
    assert await asyncio.wait_for(first, PATIENCE / 2) == "a"
    assert not second.done()
    disk.free.set()
    assert await second == "b"
    assert noted(embedded, edition) == ["a", "b"]


async def test_a_transaction_that_cannot_begin_fails_its_own_writes_only(embedded: Database, edition: Edition, disk: Disk) -> None:
    write, calls = embedded.write, 0

    @contextmanager
    def locked_later() -> Iterator[Store]:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError("the database stays locked")
        with write() as store:
            yield store

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "write", locked_later)
        gathering = saving.Gathering(embedded)
        outcomes = await while_first_waits(gathering, disk, [noting(edition, word) for word in "abc"])
        assert [type(one) if isinstance(one, Exception) else one for one in outcomes] == ["a", OSError, OSError]
        assert await gathering.write(noting(edition, "d")) == "d"
    assert noted(embedded, edition) == ["a", "d"]


async def test_who_goes_away_disturbs_nobody(embedded: Database, edition: Edition, disk: Disk) -> None:
    gathering = saving.Gathering(embedded)
    disk.go.clear()
    leaver = asyncio.create_task(gathering.write(noting(edition, "a")))
    await asyncio.to_thread(disk.committing.wait, PATIENCE)
    other = asyncio.create_task(gathering.write(noting(edition, "b")))
    await asyncio.sleep(0)
    leaver.cancel()
    disk.go.set()
    assert await other == "b"
    assert leaver.cancelled()
    assert noted(embedded, edition) == ["a", "b"]


async def test_the_loop_goes_on_while_another_process_holds_the_lock(embedded: Database, edition: Edition) -> None:
    engine = sa.create_engine(embedded.url)
    with engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(saving.Gathering(embedded).write(noting(edition, "a")))
        for _ in range(20):
            await asyncio.sleep(0.005)  # the loop is free
        assert not waiting.done()
        other.rollback()
    engine.dispose()
    assert await waiting == "a"


async def test_more_than_fit_into_one_transaction_are_all_written(
    embedded: Database, edition: Edition, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "MOST_TOGETHER", 4)
    words = [f"R{number:02}" for number in range(17)]
    assert await while_first_waits(saving.Gathering(embedded), disk, [noting(edition, word) for word in words]) == words
    assert disk.begun == 5
    assert noted(embedded, edition) == words
