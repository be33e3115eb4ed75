"""The line before the lock of SQLite: everybody comes to write, and nobody who was halted there halts the others."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models import turns
from models.store import Database
from tests import builders
from tests.builders import Clock

Open = Callable[[], Database]
ID = "sample-2026"


@pytest.fixture
def opened(tmp_path: Path, sqlite_template: Path, clock: Clock) -> Iterator[Open]:
    """Opens the same database file anew, as a process of its own does."""
    path = tmp_path / "shared.db"
    path.write_bytes(sqlite_template.read_bytes())
    made = list[Database]()

    def another() -> Database:
        made.append(Database(f"sqlite:///{path}", clock=clock))
        return made[-1]

    yield another
    for one in made:
        one.close()


def write(database: Database, for_seconds: float = 0) -> None:
    with database.write() as store:
        store.wake(ID, "mail")
        time.sleep(for_seconds)


class Busy:
    """Threads which write one transaction after the other, without a pause."""

    def __init__(self, databases: list[Database]) -> None:
        self.written = 0
        self.begun = threading.Event()
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._write_on, args=(one,)) for one in databases]

    def __enter__(self) -> Busy:
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_what: object) -> None:
        self._enough.set()
        for one in self._threads:
            one.join()

    def _write_on(self, database: Database) -> None:
        while not self._enough.is_set():
            write(database, for_seconds=0.01)
            self.written += 1
            self.begun.set()


@pytest.mark.parametrize("one_process", [True, False])
def test_who_wants_to_write_comes_to_it_beside_one_who_never_stops(opened: Open, one_process: bool) -> None:
    mine = opened()
    builders.keep(mine, builders.an_edition())
    with Busy([mine if one_process else opened()]) as busy:
        assert busy.begun.wait(20)
        waited = list[int]()
        for _ in range(10):
            before = busy.written
            write(mine)
            waited.append(busy.written - before)
    assert sum(waited) <= 300, "transactions of the other while this one waited; without a line there were hundreds for each"


def test_several_writers_get_on_together(opened: Open) -> None:
    builders.keep(opened(), builders.an_edition())
    with Busy([opened() for _ in range(4)]) as busy:
        mine = opened()
        for _ in range(10):
            write(mine)
    assert busy.written


def test_who_is_halted_in_the_line_does_not_halt_the_others(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.05)
    mine = opened()
    builders.keep(mine, builders.an_edition())
    with open(f"{mine.url.removeprefix('sqlite:///')}-turn") as place:
        fcntl.flock(place, fcntl.LOCK_EX)
        write(mine)
        fcntl.flock(place, fcntl.LOCK_UN)
    write(mine)


def test_who_has_gone_past_somebody_halted_does_not_wait_for_them_again(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.05)
    mine = opened()
    builders.keep(mine, builders.an_edition())
    later = threading.Thread(target=write, args=(mine,))
    with open(f"{mine.url.removeprefix('sqlite:///')}-turn") as place:
        fcntl.flock(place, fcntl.LOCK_EX)
        write(mine)
        monkeypatch.setattr(turns, "PATIENCE", 600)
        later.start()
        later.join(20)
        waited = later.is_alive()
        fcntl.flock(place, fcntl.LOCK_UN)
    later.join()
    assert not waited


def test_the_place_is_free_again_after_a_refused_transaction(opened: Open) -> None:
    first, second = opened(), opened()
    builders.keep(first, builders.an_edition())
    with pytest.raises(ZeroDivisionError), first.write():
        raise ZeroDivisionError
    write(second)
    write(first)


def test_without_a_file_for_the_line_the_database_is_written_all_the_same(opened: Open) -> None:
    mine = opened()
    os.mkdir(f"{mine.url.removeprefix('sqlite:///')}-turn")  # in the way of the file
    builders.keep(mine, builders.an_edition())
    write(mine)


def test_who_comes_by_a_link_stands_in_the_same_line(opened: Open, clock: Clock, tmp_path: Path) -> None:
    builders.keep(opened(), builders.an_edition())
    (tmp_path / "linked.db").symlink_to(tmp_path / "shared.db")
    linked = Database(f"sqlite:///{tmp_path}/linked.db", clock=clock)
    write(linked)
    linked.close()
    assert sorted(one.name for one in tmp_path.glob("*-turn")) == ["shared.db-turn"]


def test_closing_lets_go_of_the_file(opened: Open) -> None:
    mine = opened()
    builders.keep(mine, builders.an_edition())
    assert places_held() == 1
    mine.close()
    assert places_held() == 0
    write(mine)


def places_held() -> int:
    """Files of lines that this process has open."""
    return sum(os.readlink(one.path).endswith("shared.db-turn") for one in os.scandir("/proc/self/fd") if os.path.islink(one.path))
