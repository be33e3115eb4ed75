"""A stage that keeps failing is parked with its cause, told once, and goes on at one word; other editions do not notice (R-39)."""

from __future__ import annotations

import json
from pathlib import Path

from models.edition import Edition
from models.store import Database
from tests import builders
from tests.faults import driver
from tests.faults.conftest import Bench


def _before_scoring(database: Database, name: str, *, reviewers: int) -> Edition:
    """An edition that scores next."""
    edition = builders.an_edition(builders.a_process(), id=name)
    edition = builders.keep(database, edition)
    builders.put(
        database, name, nominators=[builders.a_nominator()], entries=[builders.an_entry(f"A{number}") for number in range(4)],
        reviewers=[builders.a_reviewer(f"R{number}") for number in range(reviewers)],
    )  # fmt: skip
    builders.go_to(database, name, "submission")
    with database.write() as store:
        lease = store.take_lease(name, "test", store.real_now)
        assert lease is not None
        for state in ("closing", "closed"):
            current = store.edition(name)
            store.move_stage(lease, current.stages[0], state, version=current.version)
        store.append(name, "StageOpened", actor="engine", stage="submission")
        store.append(name, "StageClosed", actor="engine", stage="submission")
        store.give_back(lease)
    return edition


def _ready(bench: Bench) -> None:
    with bench.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")


def test_the_fifth_failure_blocks_the_stage_and_no_other_edition(bench: Bench, tmp_path: Path) -> None:
    _ready(bench)
    ill, well = (f"{what}-{bench.database.engine.name}" for what in ("ill", "well"))
    for name in (ill, well):
        _before_scoring(bench.database, name, reviewers=6)
    answer = tmp_path / "tries.json"
    where = {"JINBANG_TEST_ILL": ill, "JINBANG_TEST_WELL": well, "JINBANG_LEASE_SECONDS": "30"}
    assert bench.run(driver.fail_then_heal, answer=answer, environment=where) == 0, bench.tail()
    tries = json.loads(answer.read_text())["tries"]
    said = {name: [what.partition(" 20")[0] for edition, what in tries if edition == name] for name in (ill, well)}
    waits = "scoring is open, until"
    blocked = f"{ill}: scoring is blocked: OSError: the disk is full"
    assert said[ill] == ["failed: the disk is full"] * 5 + [blocked, f"{ill}: {waits}"]
    assert said[well] == [f"{well}: {waits}"] * 2
    with bench.database.read() as store:
        noted = [one for one in store.events(ill) if one.type in ("StageBlocked", "StageRetried")]
        assert [(one.type, one.payload["stage"]) for one in noted] == [("StageBlocked", "scoring"), ("StageRetried", "scoring")]
        assert noted[0].payload["cause"] == "OSError: the disk is full"
        told = [one for one in store.mails(ill) if one.template == "stage_blocked"]
        assert [(one.to_address, one.state, one.params["reason"]) for one in told] == [
            ("admin@example.org", "sent", "OSError: the disk is full")
        ]
        assert store.edition(ill).run_of("scoring").attempts == 0
    bench.check()


def test_a_refusal_of_ours_blocks_at_once(bench: Bench, tmp_path: Path) -> None:
    _ready(bench)
    name = f"short-{bench.database.engine.name}"
    _before_scoring(bench.database, name, reviewers=2)
    answer = tmp_path / "said.json"
    assert bench.run(driver.advance_once, answer=answer, environment={"JINBANG_TEST_EDITION": name}) == 0, bench.tail()
    said = json.loads(answer.read_text())
    assert said.startswith(f"{name}: scoring is blocked: {name}: 4 of 4 entries would have fewer than 3 reviewers"), said
    with bench.database.read() as store:
        assert store.edition(name).run_of("scoring").attempts == 1
        assert [one.type for one in store.events(name)].count("StageBlocked") == 1
        assert store.assignments(name, 1) == ()
    bench.check()
