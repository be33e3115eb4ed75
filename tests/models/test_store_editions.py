"""What the engine lives on: history that cannot be changed, the outbox, the lease, compare-and-set, deadlines."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from models import tables as t
from models.edition import Publication, Shortlist
from models.errors import LeaseLost, NotFound, UnsafeSetting
from models.store import Database, Store, check_durability
from tests import builders
from tests.builders import NOW, Clock

ID = "sample-2026"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def store_of(database: Database) -> Database:
    builders.keep(database, builders.an_edition())
    return database


# -- history -----------------------------------------------------------------------------------------------------------


def fill_history(store: Store) -> None:
    store.append(ID, "EditionOpened", actor="cli")
    store.add_publication(Publication(ID, 1, NOW, "d" * 64, {"title": "一"}))
    store.add_shortlist(Shortlist(ID, 1, NOW, "d" * 64, ()), {"paper": 1})


@pytest.mark.parametrize("table", ["events", "publications", "shortlists"])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_history_can_be_neither_changed_nor_deleted(store_of: Database, table: str, change: str) -> None:
    with store_of.write() as store:
        fill_history(store)
    target = t.METADATA.tables[table]
    order = target.delete() if change == "delete" else target.update().values(edition=ID)
    with pytest.raises(DBAPIError, match=f"{table} is append-only"), store_of.write() as store:
        store.connection.execute(order)
    with store_of.read() as store:
        assert store.connection.scalar(sa.select(sa.func.count()).select_from(target)) == 1


def test_the_list_of_protected_tables_is_the_whole_list() -> None:
    assert t.APPEND_ONLY == ("events", "publications", "shortlists", "sheet_versions", "checks", "shortlist_grounds")


def test_an_event_and_its_wake_up_are_undone_with_their_transaction(store_of: Database) -> None:
    with suppress(ZeroDivisionError), store_of.write() as store:
        store.append(ID, "EditionOpened", actor="cli")
        assert store.waiting_wakes() == 1
        raise ZeroDivisionError
    with store_of.read() as store:
        assert store.events(ID) == ()
        assert store.last_seq(ID) == 0
        assert store.waiting_wakes() == 0


def test_events_come_in_the_order_in_which_they_were_committed_with_both_times(store_of: Database, clock: Clock) -> None:
    with store_of.write() as store:
        store.append(ID, "StageOpened", actor="engine", stage="scoring")
    clock.advance(hours=1)
    with store_of.write() as store:
        store.append(ID, "StageClosed", actor="engine", stage="评审 🏅 " + "长" * 5000)
    with store_of.read() as store:
        first, second = store.events(ID)
        assert store.last_events(ID, 1) == (second,)
        assert store.events(ID, after=first.seq) == (second,)
        assert store.last_seq(ID) == second.seq
    assert (first.at, second.at) == (NOW, NOW + timedelta(hours=1))
    assert second.payload == {"stage": "评审 🏅 " + "长" * 5000}


def test_a_reading_transaction_sees_one_state_however_long_it_takes(store_of: Database) -> None:
    with store_of.read() as store:
        assert store.last_seq(ID) == 0
        writer = threading.Thread(target=_append, args=(store_of,))
        writer.start()
        writer.join()
        assert store.last_seq(ID) == 0
    with store_of.read() as store:
        assert store.last_seq(ID) > 0


def _append(database: Database) -> None:
    with database.write() as store:
        store.append(ID, "EditionOpened", actor="cli")


# -- the outbox ----------------------------------------------------------------------------------------------------------


def test_two_wake_ups_are_one_row_until_somebody_takes_it(store_of: Database, clock: Clock) -> None:
    with store_of.write() as store:
        store.wake(ID)
        store.append(ID, "SheetsSigned", actor="reviewer:x")
        assert store.waiting_wakes() == 1
        (taken,) = store.claim_wakes(NOW + MINUTE, limit=10)
        assert (taken.edition, taken.topic) == (ID, "advance")
        assert store.claim_wakes(NOW + MINUTE, limit=10) == ()
        store.wake(ID)  # what happens after the claim needs another look
        assert store.waiting_wakes() == 2
        (second,) = store.claim_wakes(NOW + MINUTE, limit=10)
        store.mark_relayed(taken.id, "run-1")
        assert store.waiting_wakes() == 1
    clock.now = NOW + MINUTE
    with store_of.write() as store:  # the second claim has run out, the first is done
        assert store.claim_wakes(NOW + 2 * MINUTE, limit=10) == (second,)


def test_an_event_that_moves_nothing_wakes_nobody(store_of: Database) -> None:
    with store_of.write() as store:
        store.append(ID, "SheetSaved", actor="reviewer:x")
        assert store.waiting_wakes() == 0


def test_mail_and_advance_are_woken_apart_and_by_edition(store_of: Database) -> None:
    builders.keep(store_of, builders.an_edition(builders.a_process(name="other")))
    with store_of.write() as store:
        for edition in (ID, "other-2026"):
            store.wake(edition)
            store.wake(edition, "mail")
        assert [(one.edition, one.topic) for one in store.claim_wakes(NOW + MINUTE, limit=10, edition=ID)] == [
            (ID, "advance"),
            (ID, "mail"),
        ]
        assert [one.edition for one in store.claim_wakes(NOW + MINUTE, limit=1)] == ["other-2026"]
        assert store.waiting_wakes() == 4


# -- lease, steps, compare and set ---------------------------------------------------------------------------------------


def test_one_writer_at_a_time_and_each_turn_has_a_higher_epoch(store_of: Database, clock: Clock) -> None:
    with store_of.write() as store:
        first = store.take_lease(ID, "a", NOW + MINUTE)
        assert first is not None
        assert (first.owner, first.epoch) == ("a", 1)
        assert store.take_lease(ID, "b", NOW + MINUTE) is None
        assert store.unfinished() == ()
        store.keep_lease(first, NOW + 2 * MINUTE)
    clock.now = NOW + MINUTE
    with store_of.write() as store:
        assert store.take_lease(ID, "b", NOW + 3 * MINUTE) is None
    clock.now = NOW + 2 * MINUTE
    with store_of.write() as store:
        assert store.unfinished() == (ID,)
        second = store.take_lease(ID, "b", NOW + 3 * MINUTE)
        assert second is not None
        assert second.epoch == 2
        with pytest.raises(LeaseLost, match="epoch 1 has ended"):
            store.keep_lease(first, NOW + 9 * MINUTE)
        store.give_back(first)  # ours no longer: nothing happens
        assert store.take_lease(ID, "c", NOW + 9 * MINUTE) is None
        store.give_back(second)
        third = store.take_lease(ID, "c", NOW + 9 * MINUTE)
        assert third is not None
        assert third.epoch == 3


def test_a_stage_moves_only_from_what_was_read(store_of: Database) -> None:
    with store_of.write() as store:
        lease = store.take_lease(ID, "a", NOW + MINUTE)
        assert lease is not None
        run = store.edition(ID).stages[0]
        assert store.move_stage(lease, run, "opening", version=0) == 1
    for stale, version in ((run, 1), (store_edition(store_of).stages[0], 0)):
        with pytest.raises(LeaseLost), store_of.write() as store:
            store.move_stage(lease, stale, "open", version=version)
    assert (store_edition(store_of).version, store_edition(store_of).stages[0].state) == (1, "opening")


def store_edition(database: Database):  # type: ignore[no-untyped-def]
    with database.read() as store:
        return store.edition(ID)


def test_a_step_is_marked_once(store_of: Database) -> None:
    with store_of.write() as store:
        lease = store.take_lease(ID, "a", NOW + MINUTE)
        assert lease is not None
        assert not store.step_done(ID, 0, "call")
        store.mark_step(lease, 0, "call")
        assert store.step_done(ID, 0, "call")
        assert not store.step_done(ID, 1, "call")
    with pytest.raises(IntegrityError), store_of.write() as store:
        store.mark_step(lease, 0, "call")


def test_failures_are_counted_and_block_at_the_limit(store_of: Database) -> None:
    with store_of.write() as store:
        lease = store.take_lease(ID, "a", NOW + MINUTE)
        assert lease is not None
        assert [store.note_failure(lease, 0, "磁盘已满", limit=3) for _ in range(3)] == [False, False, True]
        assert store.edition(ID).stages[0].blocked == "磁盘已满"
        store.unblock(ID, 0)
        assert (store.edition(ID).stages[0].attempts, store.edition(ID).stages[0].blocked) == (0, None)


# -- deadlines -----------------------------------------------------------------------------------------------------------


def test_a_moved_deadline_leaves_one_open_row(store_of: Database) -> None:
    with store_of.write() as store:
        store.finish_deadlines(ID, 0)
        for hours in (1, 2):
            store.set_deadline(ID, 0, "closes", NOW + timedelta(hours=hours))
        store.set_deadline(ID, 0, "remind:1", NOW)
        assert [(one.kind, one.at) for one in store.open_deadlines(ID)] == [("remind:1", NOW), ("closes", NOW + timedelta(hours=2))]
        store.finish_deadlines(ID, 0, until=NOW)
        assert [one.kind for one in store.open_deadlines(ID, 0)] == ["closes"]
        assert store.open_deadlines(ID, 1) == ()
        store.finish_deadlines(ID, 0, kind="closes")
        assert store.open_deadlines(ID) == ()


def test_deadlines_of_live_editions_are_shown_once(store_of: Database) -> None:
    builders.keep(store_of, builders.an_edition(builders.a_process(name="other"), rehearsal=True))
    with store_of.write() as store:
        store.set_deadline(ID, 0, "closes", NOW + MINUTE)
        store.set_deadline("other-2026", 0, "closes", NOW + MINUTE)
        store.set_deadline(ID, 0, "remind:1", NOW)  # past: nothing to show
        (waiting,) = store.unmirrored_deadlines()
        assert (waiting.edition, waiting.kind) == (ID, "closes")
        store.mark_mirrored(waiting.id)
        assert store.unmirrored_deadlines() == ()


# -- editions ------------------------------------------------------------------------------------------------------------


def test_an_unknown_edition_is_answered_with_the_known_ones(store_of: Database) -> None:
    with store_of.write() as store:
        with pytest.raises(NotFound, match=r"there is no edition 'papers-1999'; known editions: sample-2026"):
            store.edition("papers-1999")
        with pytest.raises(NotFound):
            store.lock_stage(ID, 99)


def test_an_edition_exists_once(store_of: Database) -> None:
    with pytest.raises(IntegrityError):
        builders.keep(store_of, builders.an_edition())


def test_only_a_rehearsal_has_a_clock_of_its_own(store_of: Database) -> None:
    with pytest.raises(NotFound, match="not a rehearsal"), store_of.write() as store:
        store.set_clock(ID, timedelta(days=1))
    builders.keep(store_of, builders.an_edition(builders.a_process(name="other"), rehearsal=True))
    with store_of.write() as store:
        store.set_clock("other-2026", timedelta(days=1, microseconds=1))
        assert store.edition_now("other-2026") == NOW + timedelta(days=1, microseconds=1)
        assert store.edition("other-2026").clock_offset == timedelta(days=1, microseconds=1)
        assert store.edition_now(ID) == NOW


def test_editions_are_listed_by_state_oldest_first(store_of: Database) -> None:
    builders.keep(store_of, builders.an_edition(builders.a_process(name="another"), created_at=NOW - timedelta(days=90)))
    builders.go_to(store_of, "another-2026", None)
    with store_of.read() as store:
        assert store.edition_ids() == ("another-2026", ID)
        assert [one.id for one in store.editions("published")] == ["another-2026"]
        assert store.unfinished() == (ID,)


def test_an_engine_shows_when_it_was_alive_and_when_it_swept(database: Database, clock: Clock) -> None:
    with database.write() as store:
        store.beat("e1")
    clock.advance(minutes=1)
    with database.write() as store:
        store.beat("e2")
        store.beat("e1", swept=True)
        assert {one: (seen, swept) for one, seen, swept in store.engines()} == {
            "e1": (NOW + MINUTE, NOW + MINUTE),
            "e2": (NOW + MINUTE, None),
        }


# -- durability ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def as_served(database_url: str) -> Iterator[Database]:
    """The database as the engine opens it; that of other tests does not wait for the disk."""
    opened = Database(database_url)
    yield opened
    opened.close()


def test_every_connection_keeps_what_it_acknowledges(as_served: Database) -> None:
    with as_served.read() as store:
        check_durability(store.connection)


def test_sqlite_is_set_up_to_survive_a_power_cut(as_served: Database) -> None:
    if not as_served.url.startswith("sqlite"):
        pytest.skip("settings of SQLite")
    with as_served.read() as store:
        ask = store.connection.exec_driver_sql
        assert {name: ask(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")} == {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "busy_timeout": 10000,
        }


def test_a_database_that_would_lose_work_is_refused(database: Database) -> None:
    unsafe = Database(database.url)
    order = "PRAGMA synchronous=OFF" if database.url.startswith("sqlite") else "SET synchronous_commit TO off"

    def weaken(connection: sa.engine.Connection) -> None:
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql(order)

    if database.url.startswith("sqlite"):
        sa.event.listen(unsafe.engine, "connect", lambda connection, _record: connection.execute(order))
    else:
        sa.event.listen(unsafe.engine, "begin", weaken)
    with pytest.raises(UnsafeSetting, match="synchronous"), unsafe.read():
        pass
    unsafe.close()


def test_a_reading_transaction_cannot_write_on_postgresql(store_of: Database) -> None:
    if store_of.url.startswith("sqlite"):
        pytest.skip("SQLite reads and writes alike")
    with pytest.raises(DBAPIError, match="read-only"), store_of.read() as store:
        store.append(ID, "EditionOpened", actor="cli")
    with store_of.write() as store:  # the same pooled connection writes again
        store.append(ID, "EditionOpened", actor="cli")
        assert len(store.events(ID)) == 1


def test_any_number_may_look_into_sqlite_at_the_same_time(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'many.db'}")
    for _ in range(2):  # those that were opened first are used again
        with ExitStack() as looks:
            found = {id(looks.enter_context(database.read()).connection) for _ in range(40)}
        assert len(found) == 40
    database.close()


def test_a_second_writer_waits_instead_of_failing(store_of: Database) -> None:
    with store_of.write() as store:
        store.append(ID, "EditionOpened", actor="cli")
        other = threading.Thread(target=_append, args=(store_of,))
        other.start()
        other.join(0.2)
    other.join(20)
    with store_of.read() as store:
        assert [one.type for one in store.events(ID)] == ["EditionOpened", "EditionOpened"]


def test_an_edition_that_an_earlier_version_opened_is_read(database: Database) -> None:
    edition = builders.an_edition(id="sample-old", declaration_hash="0" * 64)
    document = edition.process.model_dump(mode="json")
    old = {"first_round": None, "declarations": [], "similarity_max": None, "correction_days": 0, "max_corrections": 0, "reason_codes": []}
    document["stages"][0] |= old
    for one in document["nominators"].values():
        one |= {"max_if": None, "share": None}
    with database.write() as store:
        store.add_edition(edition, document)
    with database.read() as store:
        assert store.edition("sample-old").process == edition.process
