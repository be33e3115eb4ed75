"""Several engines at once, and one that slept too long: one of them works, the others change nothing (R-34)."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from models.errors import LeaseLost, NotAllowed
from models.store import Database
from tasks import editions, stages
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.faults import driver
from tests.faults.conftest import PATIENCE, Bench, Undisturbed

_PATIENT = {"JINBANG_LEASE_SECONDS": "20", "JINBANG_CLAIM_SECONDS": "20"}


def _await_edition(bench: Bench) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with bench.database.read() as store:
            if driver.EDITION in store.edition_ids():
                return
        time.sleep(0.05)
    raise AssertionError(bench.tail())


def test_three_engines_on_one_edition_do_everything_once(bench: Bench, undisturbed: Undisturbed) -> None:
    people = bench.start(driver.live, plain=True, environment=_PATIENT)
    _await_edition(bench)
    engines = [bench.start(driver.drive, plain=True, environment=_PATIENT) for _ in range(3)]
    assert [bench.end_of(one) for one in (people, *engines)] == [0, 0, 0, 0], bench.tail()
    assert bench.outcome(driver.EDITION) == undisturbed.outcome
    bench.check()


@pytest.mark.parametrize("point", ["draw.before", "begin_closing.before", "publish.before"])
def test_an_engine_that_slept_beyond_its_lease_writes_nothing(bench: Bench, undisturbed: Undisturbed, tmp_path: Path, point: str) -> None:
    people = bench.start(driver.live, plain=True)
    _await_edition(bench)
    answer = tmp_path / "sleeper.json"
    sleeper = bench.start(driver.drive, plain=True, stop_at=point, answer=answer)
    assert sleeper.pid is not None
    assert driver.await_stop(sleeper.pid, seconds=PATIENCE), bench.tail()
    other = bench.start(driver.drive, plain=True)  # begins when the lease has run out
    assert [bench.end_of(one) for one in (people, other)] == [0, 0], bench.tail()
    os.kill(sleeper.pid, signal.SIGCONT)
    assert bench.end_of(sleeper) == 0, bench.tail()
    assert len(json.loads(answer.read_text())) == 1, "it must have been told that its lease was lost"
    assert bench.outcome(driver.EDITION) == undisturbed.outcome
    bench.check()


def test_a_sender_that_slept_beyond_its_claim_makes_one_extra_copy_at_most(bench: Bench, undisturbed: Undisturbed) -> None:
    people = bench.start(driver.live, plain=True)
    _await_edition(bench)
    sleeper = bench.start(driver.drive, plain=True, stop_at="mail_begun.after")
    assert sleeper.pid is not None
    assert driver.await_stop(sleeper.pid, seconds=PATIENCE), bench.tail()
    other = bench.start(driver.drive, plain=True)
    assert [bench.end_of(one) for one in (people, other)] == [0, 0], bench.tail()
    os.kill(sleeper.pid, signal.SIGCONT)
    assert bench.end_of(sleeper) == 0, bench.tail()
    bench.kills += 1  # a sender that sleeps so long counts as dead
    assert bench.outcome(driver.EDITION) == undisturbed.outcome
    bench.check()


# -- one holder at a time, without processes ---------------------------------------------------------------------------


def _rows(database: Database) -> list[str]:
    from models import tables as t

    with database.read() as store:
        return [repr(store.connection.execute(one.select()).all()) for one in t.METADATA.sorted_tables if one.name != "leases"]


def test_a_holder_with_an_old_epoch_writes_nothing(database: Database, clock: Clock, installed: Installation) -> None:
    edition = builders.keep(database, builders.an_edition())
    first = editions.take(edition.id, str(uuid4()))
    assert first is not None
    assert editions.take(edition.id, str(uuid4())) is None
    clock.now += timedelta(seconds=installed.settings.lease_seconds + 1)
    second = editions.take(edition.id, str(uuid4()))
    assert second is not None
    assert second.epoch == first.epoch + 1
    before = _rows(database)
    for late in (stages.begin_opening.fn, stages.finish_opening.fn, stages.begin_closing.fn, stages.finish_closing.fn):
        with pytest.raises(LeaseLost):
            late(first, 0)
    with pytest.raises(LeaseLost), stages.step(first, 0, "call"):
        raise AssertionError("the step must not begin")
    with pytest.raises(LeaseLost):
        editions.give_back(first, 10**9)
    editions.drop(first)
    assert _rows(database) == before
    assert editions.take(edition.id, str(uuid4())) is None, "dropping an old lease must not end the new one"
    stages.begin_opening.fn(second, 0)
    with database.read() as store:
        assert store.edition(edition.id).stages[0].state == "opening"


def test_a_stage_that_was_settled_is_not_opened_again(database: Database, installed: Installation) -> None:
    edition = builders.keep(database, builders.an_edition(), at="scoring")
    lease = editions.take(edition.id, str(uuid4()))
    assert lease is not None
    stages.begin_closing.fn(lease, 1)
    later = builders.NOW + timedelta(days=30)
    with database.write() as store:
        assert editions.extend(store, edition.id, "scoring", later, actor="cli").state == "open"
    with pytest.raises(LeaseLost), stages.step(lease, 1, "compute_marks"):
        raise AssertionError("marks are not computed of a stage that is open again")
    stages.begin_closing.fn(lease, 1)
    with stages.step(lease, 1, "compute_marks") as store_:
        assert store_ is not None
    with database.write() as store, pytest.raises(NotAllowed, match="its result stands"):
        editions.extend(store, edition.id, "scoring", later, actor="cli")


def test_an_event_that_is_committed_late_is_not_overlooked(database: Database) -> None:
    """Two people act; the one with the lower event number commits last, when the engine has looked already (PostgreSQL only)."""
    if database.url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    edition = builders.keep(database, builders.an_edition())
    with database.write() as slow:
        slow.append(edition.id, "SheetSaved", actor="reviewer:slow")
        with database.write() as fast:
            fast.append(edition.id, "SheetSaved", actor="reviewer:fast")
        with database.read() as engine:
            seen, highest = engine.count_events(edition.id), engine.last_seq(edition.id)
    with database.read() as engine:
        assert engine.last_seq(edition.id) == highest
        assert engine.count_events(edition.id) == seen + 1


def test_a_wake_up_is_not_relayed_before_all_who_left_it_have_committed(database: Database) -> None:
    if database.url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    edition = builders.keep(database, builders.an_edition())
    with database.write() as store:
        store.wake(edition.id)
    with database.write() as slow:
        slow.append(edition.id, "SheetsSigned", actor="reviewer:slow")
        with database.write() as relay:
            assert relay.claim_wakes(relay.real_now, limit=10) == ()
    with database.write() as relay:
        assert [one.edition for one in relay.claim_wakes(relay.real_now, limit=10)] == [edition.id]
