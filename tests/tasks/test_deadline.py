"""The end of a review goes by the clock as it stands when the own transaction has begun: nothing that comes later is kept (R-40)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from models.errors import TooLate
from models.store import Store
from tasks import reviewing, saving
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock

R01, A01 = "sample-2026/r/R01", "sample-2026/e/A01"
MARK = {A01: reviewing.Draft({"value": "3"}, "", 0)}


@pytest.fixture
def last_minute(installed: Installation, clock: Clock) -> Installation:
    """A second before the deadline with its grace."""
    edition = builders.keep(installed.database, builders.an_edition(), at="scoring")
    builders.put(
        installed.database, edition.id, nominators=[builders.a_nominator()], reviewers=[builders.a_reviewer()],
        entries=[builders.an_entry("A01")], pairs=[("A01", "R01")],
    )  # fmt: skip
    run = edition.stages[1]
    assert (run.closes_at, run.cutoff) == (builders.NOW.replace(day=20, hour=16), builders.NOW.replace(day=20, hour=16, minute=10))
    assert run.cutoff is not None
    clock.now = run.cutoff - timedelta(seconds=1)
    return installed


def kept(installed: Installation) -> int:
    with installed.database.read() as store:
        return len(store.sheets("sample-2026", 1))


@pytest.mark.parametrize(("seconds", "count"), [(0, 1), (0.999999, 1), (1, 0), (2, 0)])
def test_the_grace_ends_at_the_microsecond(last_minute: Installation, clock: Clock, seconds: float, count: int) -> None:
    clock.advance(seconds=seconds)
    if count:
        reviewing.save_sheets("sample-2026", 1, R01, MARK)
    else:
        with pytest.raises(TooLate):
            reviewing.save_sheets("sample-2026", 1, R01, MARK)
    assert kept(last_minute) == count


def test_who_waits_for_others_while_the_time_runs_out_is_refused(last_minute: Installation, clock: Clock) -> None:
    """The clock is read after the wait, never before: so no request is taken that began after the end."""
    busy, go = threading.Event(), threading.Event()

    def slow(store: Store) -> None:
        busy.set()
        assert go.wait(10)

    with ThreadPoolExecutor(2) as pool:
        other = pool.submit(saving.together, slow)
        assert busy.wait(10)
        late = pool.submit(reviewing.save_sheets, "sample-2026", 1, R01, MARK)
        while not saving.waiting():
            assert not late.done()
        clock.advance(seconds=1)
        go.set()
        other.result(10)
        with pytest.raises(TooLate):
            late.result(10)
    assert kept(last_minute) == 0
