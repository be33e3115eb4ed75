"""Prefect may repeat, reorder and forget: the outbox is relayed once, and its whole database may be deleted (R-33, R-36)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import builders
from tests.faults import driver
from tests.faults.conftest import Bench, Undisturbed


def test_the_edition_ends_the_same_when_prefect_has_lost_everything(bench: Bench, undisturbed: Undisturbed) -> None:
    assert bench.run(driver.rehearse, orders={"draw.after": "kill"}) == -9
    bench.prefect.lose_everything()
    bench.finish(driver.rehearse)
    assert bench.outcome(driver.EDITION) == undisturbed.outcome
    bench.check()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_deliveries_three_times_in_any_order_change_nothing(bench: Bench, undisturbed: Undisturbed, seed: int) -> None:
    assert bench.run(driver.rehearse_thrice, shuffle=seed, plain=True) == 0, bench.tail()
    assert bench.outcome(driver.EDITION) == undisturbed.outcome
    bench.check()


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
        assert key == f"outbox:{outbox}"
        assert parameters["edition_id"] in ids
        assert f"edition:{parameters['edition_id']}" in tags
    assert [said["runs"][one] for one in ids] == [2, 2, 2]
