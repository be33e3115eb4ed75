"""Prefect may repeat, reorder and forget: the outbox is relayed once, and its whole database may be deleted (R-33, R-36)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.store import Database
from tasks.schema import migrate
from tests import builders
from tests.faults import driver
from tests.faults.conftest import Bench, Undisturbed
from tests.tasks.driving import ON_SQLITE


@ON_SQLITE
def test_the_edition_ends_the_same_when_prefect_has_lost_everything(bench: Bench, undisturbed: Undisturbed) -> None:
    assert bench.run(driver.rehearse, orders={"draw.after": "kill"}) == -9
    bench.prefect.lose_everything()
    bench.finish(driver.rehearse)
    assert bench.outcome(driver.EDITION) == undisturbed.outcome
    bench.check()


@pytest.mark.parametrize("seed", [1, 2])
def test_deliveries_three_times_in_any_order_change_nothing(bench: Bench, undisturbed: Undisturbed, seed: int) -> None:
    assert bench.run(driver.rehearse_thrice, shuffle=seed, plain=True) == 0, bench.tail()
    assert bench.outcome(driver.EDITION) == undisturbed.outcome
    bench.check()


def test_a_row_of_another_installation_is_another_row(bench: Bench, tmp_path: Path) -> None:
    """A new data folder, or a restored one, counts its rows from the beginning; the Prefect server still knows the old numbers."""
    answer = tmp_path / "relay.json"
    runs = []
    for installation in ("first", "second"):
        url = f"sqlite:///{tmp_path / installation}.db"
        database = Database(url)
        migrate(database)
        builders.keep(database, builders.an_edition())
        with database.write() as store:
            store.wake("sample-2026")
        database.close()
        assert bench.run(driver.relay_thrice, answer=answer, environment={"JINBANG_DATABASE_URL": url}) == 0, bench.tail()
        runs.append(json.loads(answer.read_text())["rounds"][0])
    assert list(runs[0]) == list(runs[1]) == ["1"]
    assert runs[0] != runs[1]


def test_an_outbox_row_that_is_relayed_three_times_makes_one_run(bench: Bench, tmp_path: Path) -> None:
    ids = [f"relay{number}-{bench.database.engine.name}" for number in range(3)]
    for one in ids:
        builders.keep(bench.database, builders.an_edition(id=one))
        with bench.database.write() as store:
            store.wake(one)
            store.wake(one, "mail")
    answer = tmp_path / "relay.json"
    assert bench.run(driver.relay_thrice, answer=answer, shuffle=4) == 0, bench.tail()
    said = json.loads(answer.read_text())
    first, second, third = said["rounds"]
    assert len(first) == 6
    assert first == second == third
    assert len(set(first.values())) == 6
    for outbox, run in first.items():
        key, tags, parameters = said["runs"][run]
        assert key.startswith(f"outbox:{outbox}:{parameters['edition_id']}:")
        assert parameters["edition_id"] in ids
        assert f"edition:{parameters['edition_id']}" in tags
    assert [said["runs"][one] for one in ids] == [2, 2, 2]
