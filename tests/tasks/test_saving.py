"""Writes of many at the same moment: one transaction, each refused or kept by itself, nobody answered too early."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from models.edition import Edition
from models.errors import InputError, NotFound, Stale, TooLate
from models.store import Database, Store
from tasks import reviewing, saving
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock

PEOPLE = [f"R{number:02}" for number in range(1, 17)]
ENTRIES = [f"A{number:02}" for number in range(1, 17)]
PATIENCE = 20


@pytest.fixture
def edition(installed: Installation) -> Edition:
    kept = builders.keep(installed.database, builders.an_edition(), at="scoring")
    builders.put(
        installed.database,
        kept.id,
        nominators=[builders.a_nominator()],
        reviewers=[builders.a_reviewer(code) for code in PEOPLE],
        entries=[builders.an_entry(code) for code in ENTRIES],
        pairs=list(zip(ENTRIES, PEOPLE, strict=True)),
    )
    return kept


class Begun:
    """Counts the writing transactions of a database, and can let the first one wait."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.entered, self.go = threading.Event(), threading.Event()
        self.go.set()
        write = database.write

        @contextmanager
        def counted() -> Iterator[Store]:
            self.count += 1
            with write() as store:
                self.entered.set()
                assert self.go.wait(PATIENCE)
                yield store

        monkeypatch.setattr(database, "write", counted)


@pytest.fixture
def begun(installed: Installation, edition: Edition, monkeypatch: pytest.MonkeyPatch) -> Begun:
    return Begun(installed.database, monkeypatch)


def save(edition: Edition, number: int, mark: str = "30", revision: int = 0) -> dict[str, int]:
    work = {f"{edition.id}/e/{ENTRIES[number]}": reviewing.Draft({"originality": mark}, "", revision)}
    return reviewing.save_sheets(edition.id, 1, f"{edition.id}/r/{PEOPLE[number]}", work)


def all_waiting(begun: Begun, acts: list[Any]) -> list[Future[Any]]:
    """Start the first act, and the others one after the other while it is being written; yields when all are done."""
    begun.go.clear()
    with ThreadPoolExecutor(len(acts)) as pool:
        futures = [pool.submit(acts[0])]
        assert begun.entered.wait(PATIENCE)
        for number, act in enumerate(acts[1:], start=1):
            futures.append(pool.submit(act))
            until(lambda number=number: saving.waiting() == number)
        begun.go.set()
    return futures


def until(holds: Any) -> None:
    """Let other threads run until something holds."""
    pause = threading.Event()
    for _ in range(PATIENCE * 1000):
        if holds():
            return
        pause.wait(0.001)
    raise AssertionError("it did not come to hold")


def kept(installed: Installation, edition: Edition) -> dict[str, tuple[str, int]]:
    with installed.database.read() as store:
        return {sheet.entry[-3:]: (str(sheet.marks["originality"]), sheet.revision) for sheet in store.sheets(edition.id, 1)}


def events(installed: Installation, edition: Edition) -> int:
    with installed.database.read() as store:
        return sum(one.type == "SheetSaved" for one in store.events(edition.id))


def test_sixteen_at_once_share_two_transactions(installed: Installation, edition: Edition, begun: Begun) -> None:
    futures = all_waiting(begun, [lambda number=number: save(edition, number, str(number)) for number in range(16)])
    assert [future.result() for future in futures] == [{f"{edition.id}/e/{code}": 1} for code in ENTRIES]
    assert begun.count == 2  # the first, and all who waited for it
    assert kept(installed, edition) == {code: (str(number), 1) for number, code in enumerate(ENTRIES)}
    assert events(installed, edition) == 16


def test_a_refused_write_undoes_itself_alone(installed: Installation, edition: Edition, begun: Begun) -> None:
    def half_way() -> None:
        def act(store: Store) -> None:
            store.append(edition.id, "SheetSaved", actor="reviewer:nobody", position=1, sheets={})
            raise NotFound("refused after it has written")

        saving.together(act)

    acts = [lambda: save(edition, 0), lambda: save(edition, 1), half_way, lambda: save(edition, 2, "120"),
            lambda: save(edition, 3, revision=7), lambda: save(edition, 4)]  # fmt: skip
    outcomes = [type(future.exception()) for future in all_waiting(begun, acts)]
    assert outcomes == [type(None), type(None), NotFound, InputError, Stale, type(None)]
    assert begun.count == 2
    assert set(kept(installed, edition)) == {"A01", "A02", "A05"}
    assert events(installed, edition) == 3


def test_writes_of_one_sheet_happen_in_the_order_in_which_they_came(installed: Installation, edition: Edition, begun: Begun) -> None:
    acts = [lambda: save(edition, 1), *(lambda number=number: save(edition, 0, str(number), number) for number in range(10))]
    futures = all_waiting(begun, acts)
    assert [future.result() for future in futures[1:]] == [{f"{edition.id}/e/A01": number + 1} for number in range(10)]
    assert kept(installed, edition)["A01"] == ("9", 10)


def test_of_two_who_read_the_same_the_later_is_told(installed: Installation, edition: Edition, begun: Begun) -> None:
    futures = all_waiting(begun, [lambda: save(edition, 1), lambda: save(edition, 0, "10"), lambda: save(edition, 0, "20")])
    assert [type(future.exception()) for future in futures] == [type(None), type(None), Stale]
    assert kept(installed, edition)["A01"] == ("10", 1)


def test_all_who_come_too_late_are_told(installed: Installation, edition: Edition, begun: Begun, clock: Clock) -> None:
    clock.advance(days=30)
    futures = all_waiting(begun, [lambda number=number: save(edition, number) for number in range(3)])
    assert [type(future.exception()) for future in futures] == [TooLate] * 3
    assert kept(installed, edition) == {}


def test_nobody_is_answered_if_the_commit_fails(
    installed: Installation, edition: Edition, begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = installed.database.write
    failing = [False, True]

    @contextmanager
    def breaking() -> Iterator[Store]:
        breaks = failing.pop(0) if failing else False
        with write() as store:
            yield store
            if breaks:
                raise OSError("the disk is full")

    monkeypatch.setattr(installed.database, "write", breaking)
    futures = all_waiting(begun, [lambda number=number: save(edition, number) for number in range(4)])
    assert [type(future.exception()) for future in futures] == [type(None), OSError, OSError, OSError]
    assert set(kept(installed, edition)) == {"A01"}
    assert save(edition, 1) == {f"{edition.id}/e/A02": 1}


def test_more_than_fit_into_one_transaction_are_all_written(
    installed: Installation, edition: Edition, begun: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "MOST_TOGETHER", 4)
    futures = all_waiting(begun, [lambda number=number: save(edition, number) for number in range(16)])
    assert all(future.exception() is None for future in futures)
    assert begun.count == 5
    assert len(kept(installed, edition)) == 16


def test_many_threads_lose_nothing(installed: Installation, edition: Edition) -> None:
    def work(number: int) -> list[int]:
        done: list[int] = []
        for revision in range(12):
            with suppress(InputError):
                done += save(edition, number, "120" if revision == 5 else str(revision), revision - (revision > 5)).values()
        return done

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, range(16))) == [list(range(1, 12))] * 16
    assert kept(installed, edition) == dict.fromkeys(ENTRIES, ("11", 11))
    assert events(installed, edition) == 16 * 11


DIES = """
    import sys
    from datetime import datetime
    from tasks import installation, reviewing

    edition, entry, reviewer, now = sys.argv[1:]
    installation.database().clock = lambda: datetime.fromisoformat(now)
    reviewing.save_sheets(edition, 1, reviewer, {entry: reviewing.Draft({"originality": "33"}, "", 0)})
    print("answered")
"""


def test_who_dies_between_commit_and_answer_finds_the_save_kept(installed: Installation, edition: Edition, tmp_path: Path) -> None:
    environment = os.environ | {
        "JINBANG_DATA_DIR": str(tmp_path / "data"),
        "JINBANG_DATABASE_URL": installed.database.url,
        "JINBANG_FAILPOINTS": "saving.committed:kill",
    }
    given = [edition.id, f"{edition.id}/e/A01", f"{edition.id}/r/R01", builders.NOW.isoformat()]
    command = [sys.executable, "-c", textwrap.dedent(DIES), *given]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=Path(saving.__file__).parents[1])
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, ""), done.stderr
    assert kept(installed, edition) == {"A01": ("33", 1)}
    # The browser sends the form again: it finds its own content, and nothing is written twice.
    assert save(edition, 0, "33") == {f"{edition.id}/e/A01": 1}
    assert events(installed, edition) == 1
