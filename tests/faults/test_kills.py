"""kill -9 at every step and at any moment: the edition ends as if nothing had happened (R-25, R-27, R-35)."""

from __future__ import annotations

import random

import pytest

from tests.faults import driver
from tests.faults.conftest import PATIENCE, Bench, Undisturbed, command
from tests.tasks.driving import ON_SQLITE

_SAMPLE = 24
_MOMENTS = 5
_QUICK = {"JINBANG_CLAIM_SECONDS": "0.05", "JINBANG_LEASE_SECONDS": "0.2"}
"""Mail and lease of a killed run are free when the next begins, so that points come in their order."""


def share_of(points: list[str], bench: Bench, share: int) -> list[str]:
    """All failpoints on SQLite and every second one on PostgreSQL; where fewer are wanted, the two take turns."""
    if share == 1:
        return points if bench.database.embedded else points[::2]
    return points[0 if bench.database.embedded else share :: 2 * share]


@pytest.mark.parametrize(("plain", "share"), [(True, 1), (False, 8)], ids=["plain", "prefect"])
def test_killed_at_each_failpoint_it_ends_as_undisturbed(bench: Bench, undisturbed: Undisturbed, plain: bool, share: int) -> None:
    points = share_of(list(dict.fromkeys(undisturbed.passes)), bench, share)
    survived = [point for point in points if bench.run(driver.rehearse, orders={point: "kill"}, plain=plain, environment=_QUICK) != -9]
    _settle(bench, plain=plain)
    assert survived == [], bench.tail()
    assert bench.kills == len(points)
    assert bench.outcome(driver.EDITION) == undisturbed.outcome
    bench.check()


def test_killed_at_later_passes_it_ends_as_undisturbed(bench: Bench, undisturbed: Undisturbed) -> None:
    places = sorted(random.Random(20260302).sample(range(len(undisturbed.passes)), _SAMPLE))
    for last, place in zip([-1, *places], places, strict=False):
        name = undisturbed.passes[place]
        times = undisturbed.passes[last + 1 : place + 1].count(name)
        bench.run(driver.rehearse, orders={name: f"kill@{times}"}, plain=True, environment=_QUICK)
    assert bench.kills > _SAMPLE // 2
    _settle(bench, plain=True)
    assert bench.outcome(driver.EDITION) == undisturbed.outcome
    bench.check()


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_moment_it_ends_as_undisturbed(bench: Bench, undisturbed: Undisturbed, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(_MOMENTS):
        child = bench.start(driver.rehearse, plain=True)
        child.join(dice.uniform(0.3, 2))
        child.kill()
        bench.end_of(child)
    assert bench.kills > 0
    _settle(bench, plain=True)
    assert bench.outcome(driver.EDITION) == undisturbed.outcome
    bench.check()


def test_the_trace_names_every_step(undisturbed: Undisturbed) -> None:
    steps = {f"{name}.{where}" for _, name in undisturbed.outcome.steps for where in ("before", "uncommitted", "after")}
    around = {f"{move}.{where}" for move in ("finish_opening", "begin_closing", "finish_closing") for where in ("before", "after")}
    mail = {"mail_claimed.after", "mail_begun.after", "mail_delivered.after", "mail_batch.after"}
    others = {"begin_opening.after", "note_failure.after", "rehearsal_turn.after", "saving.committed"}
    assert set(undisturbed.passes) == steps | around | mail | others
    assert "re_review.uncommitted" in steps
    assert len(steps) == 3 * 16


@ON_SQLITE
def test_the_command_goes_on_after_a_kill(bench: Bench, undisturbed: Undisturbed) -> None:
    asked = ("flows.rehearsing", driver.PROCESS, "--edition", driver.LABEL, "--entries", "12", "--reviewers", "8", "--seed", "2", "--json")
    assert command(bench, *asked, JINBANG_FAILPOINTS="compute_marks.uncommitted:kill").wait(PATIENCE) == -9
    assert command(bench, *asked).wait(PATIENCE) == 0
    assert bench.outcome(driver.EDITION) == undisturbed.outcome
    bench.check()


def _settle(bench: Bench, **how: bool) -> None:
    """Run to the end; result letters that were on the wire at a kill wait for a person, who has them sent again."""
    code = bench.run(driver.rehearse, **how)
    if code:
        assert "exists and is published" in bench.tail(), bench.tail()
    with bench.database.write() as store:
        held = store.mails(driver.EDITION, states=["uncertain"])
        assert {one.template for one in held} <= {"result_winner", "result_nominator"}
        assert len(held) <= bench.kills
        store.retry_mails(driver.EDITION)
    if held:
        assert bench.run(driver.rehearse, **how) == 0, bench.tail()
    with bench.database.read() as store:
        assert set(store.count_mails(driver.EDITION)) <= {"sent", "superseded"}
