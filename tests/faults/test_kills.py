"""kill -9 at every step and at any moment: the edition ends as if nothing had happened (R-25, R-27, R-35)."""

from __future__ import annotations

import random
import time

from tests.faults import driver
from tests.faults.conftest import Bench, Undisturbed, command

_SAMPLE = 10
_MOMENTS = 6


def test_killed_at_every_failpoint_it_ends_as_undisturbed(bench: Bench, undisturbed: Undisturbed) -> None:
    points = list(dict.fromkeys(undisturbed.passes))
    survived = [point for point in points if bench.run(driver.rehearse, orders={point: "kill"}) != -9]
    _settle(bench)
    assert survived == []
    assert bench.kills == len(points)
    assert bench.outcome(driver.EDITION) == undisturbed.outcome
    bench.check()


def _settle(bench: Bench) -> None:
    """Run to the end; result letters that were on the wire at a kill wait for a person, who has them sent again."""
    code = bench.run(driver.rehearse)
    if code:
        assert "exists and is published" in bench.tail(), bench.tail()
    with bench.database.write() as store:
        held = store.mails(driver.EDITION, states=["uncertain"])
        assert {one.template for one in held} <= {"result_winner", "result_nominator"}
        assert len(held) <= bench.kills
        store.retry_mails(driver.EDITION)
    if held:
        bench.finish(driver.rehearse)
    with bench.database.read() as store:
        assert set(store.count_mails(driver.EDITION)) <= {"sent", "superseded"}
