"""A live edition goes its way through Prefect's deployments, and its engine may be stopped and started at any time (R-43)."""

from __future__ import annotations

import csv
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from flows import engine
from models.edition import Edition
from tasks import editions
from tasks.installation import Installation
from tests import builders
from tests.faults.conftest import PATIENCE, Bench, command
from tests.faults.invariants import assert_invariants
from tests.tasks.driving import ON_SQLITE

EDITION = "live-now"
FLOWS = ["advance-edition", "open-edition", "rehearse", "send-mail", "sweep"]


def _ask(bench: Bench, *arguments: str) -> None:
    assert command(bench, "flows", *arguments).wait(PATIENCE) == 0, (bench.folder / "command.log").read_text()


def _table(path: Path, *rows: tuple[str, ...]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return str(path)


_RAISED = re.compile(r"^Traceback .*?^(\S[^\n]*)$", re.DOTALL | re.MULTILINE)
"""The exception at the end of each traceback in a log."""


def _open(bench: Bench) -> None:
    bench.prefect.forget_waiting()
    _ask(bench, "open", "live", "--edition", "now", "--starts", datetime.now(UTC).date().isoformat())
    tables = {
        "nominators": _table(bench.folder / "nominators.csv", ("推荐单位编号", "推荐单位名称", "推荐渠道", "电子邮箱", "联系人"),
                             ("N1", "示例省化学会", "省级学会", "n1@example.org", "白秘书")),
        "reviewers": _table(bench.folder / "reviewers.csv", ("专家编号", "姓名", "工作单位", "职称", "学科代码", "电子邮箱"),
                            ("R1", "秦明", "示例大学", "教授", "", "r1@example.org")),
    }  # fmt: skip
    for what, file in tables.items():
        _ask(bench, "import", EDITION, what, file)


def _hand_in(bench: Bench) -> None:
    headers = ("项目名称", "申报单位", "电子邮箱", "推荐单位编号", "排序", "负责人")
    entry = ("趣味化学进校园", "示例科技馆", "e1@example.org", "N1", "1", "程华")
    _ask(bench, "import", EDITION, "entries", _table(bench.folder / "entries.csv", headers, entry))


def _edition(bench: Bench) -> Edition:
    with bench.database.read() as store:
        return store.edition(EDITION)


def _await(bench: Bench, reached: Callable[[Edition], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not reached(_edition(bench)):
        assert time.monotonic() < end, (bench.folder / "command.log").read_text(encoding="utf-8")[-6000:]
        time.sleep(0.2)


def _await_mail(bench: Bench, *templates: str) -> None:
    """Until mails of these templates have been sent and none waits."""
    end = time.monotonic() + PATIENCE
    while True:
        with bench.database.read() as store:
            mails = store.mails(EDITION)
        if set(templates) <= {one.template for one in mails} and all(one.state == "sent" for one in mails):
            return
        assert time.monotonic() < end, [(one.template, one.state, one.reply) for one in mails]
        time.sleep(0.2)


@contextmanager
def _engine(bench: Bench, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    process = command(bench, "flows", "engine", JINBANG_LEASE_SECONDS="20", JINBANG_CLAIM_SECONDS="20", JINBANG_SWEEP_SECONDS="10", **more)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _stop(bench: Bench, process: subprocess.Popen[bytes]) -> None:
    """Ask an engine to end; it must leave nothing behind that somebody would have to wait for."""
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    with bench.database.read() as store:
        assert store.lease_until(EDITION) is None
        free = store.next_free_mail(EDITION)
        assert free is None or free <= store.real_now, "a sender that was stopped has kept its claims"


def test_an_engine_waits_for_what_is_under_way_less_than_half_a_minute() -> None:
    assert 2 * engine._STOP_SECONDS < 30  # for its flow runs, and for what serves them


def _press_next(bench: Bench) -> None:
    with bench.database.write() as store:
        editions.request_next(store, EDITION, actor="admin:admin@example.org")


def _sign(bench: Bench, patch: Any) -> None:
    """The one reviewer scores the one entry, as on the page."""
    from config.settings import Settings
    from tasks import reviewing, signing

    patch.setattr("tasks.installation.installation", lambda: Installation(Settings(data_dir=bench.folder), bench.database))
    builders.accept(bench.database, EDITION, f"{EDITION}/r/R1")
    reviewing.save_sheets(EDITION, 1, f"{EDITION}/r/R1", {_entry(bench): ({"idea": "88"}, "", 0)})
    signing.sign(EDITION, 1, f"{EDITION}/r/R1", "秦明")


def _entry(bench: Bench) -> str:
    with bench.database.read() as store:
        (entry,) = store.entries(EDITION)
    return entry.id


def _look_at_prefect(bench: Bench) -> None:
    """Five deployments with their forms; every run of this edition carries its tag and the key of its outbox row."""
    with httpx.Client(base_url=bench.prefect.url, trust_env=False, timeout=10) as client:
        offered = client.post("/deployments/filter", json={}).json()
        assert sorted(one["name"] for one in offered) == FLOWS
        for one in offered:
            assert len(one["description"]) > 20
            assert one["enforce_parameter_schema"] is True
            assert one["parameter_openapi_schema"]["type"] == "object"
        forms = {one["name"]: set(one["parameter_openapi_schema"]["properties"]) for one in offered}
        assert forms["advance-edition"] == {"edition_id"}
        assert forms["open-edition"] == {"process", "edition", "starts"}
    runs = _runs(bench)
    started = [one for one in runs if one["deployment_id"] and "deadline" not in one["tags"]]
    with bench.database.read() as store:
        numbers = {row[0]: row[1] for row in store.connection.exec_driver_sql("SELECT id, flow_run FROM outbox WHERE flow_run IS NOT NULL")}
    relayed = {one["id"]: int(one["idempotency_key"].split(":")[1]) for one in started if one["id"] in numbers.values()}
    assert len(relayed) >= 4
    assert all(numbers[number] == run for run, number in relayed.items())


def _runs(bench: Bench) -> list[dict[str, Any]]:
    """The runs of this edition that the Prefect server knows."""
    wanted = {"flow_runs": {"tags": {"all_": [f"edition:{EDITION}"]}}, "limit": 200}
    return httpx.post(f"{bench.prefect.url}/flow_runs/filter", json=wanted, timeout=10, trust_env=False).json()  # type: ignore[no-any-return]


def _shown_deadlines(bench: Bench) -> list[str]:
    """Names of the scheduled runs by which deadlines are shown."""
    return sorted(one["name"] for one in _runs(bench) if "deadline" in one["tags"] and one["state_type"] == "SCHEDULED")


@ON_SQLITE
def test_an_engine_that_is_stopped_in_the_middle_of_a_step_gives_its_lease_back(bench: Bench) -> None:
    _open(bench)
    with _engine(bench, JINBANG_FAILPOINTS="call.before:stall") as running:
        _await(bench, lambda one: one.run_of("submission").state == "opening")
        with bench.database.read() as store:
            assert store.lease_until(EDITION) is not None
        runs = psutil.Process(running.pid).children(recursive=True)
        assert runs
        _stop(bench, running)
        assert psutil.wait_procs(runs, timeout=5)[1] == [], "a flow run has outlived its engine"
    raised = _RAISED.findall((bench.folder / "command.log").read_text(encoding="utf-8"))
    assert all("TerminationSignal" in one for one in raised), raised  # Prefect may report how it stopped a run, and nothing else
    with _engine(bench) as running:
        _await(bench, lambda one: one.run_of("submission").state == "open")
        _await_mail(bench, "call_opened")
        _stop(bench, running)
    assert_invariants(bench.database, bench.mailbox, logs=bench.folder.glob("*.log"))


def test_a_live_edition_goes_from_call_to_result_with_its_engine_stopped_in_between(bench: Bench, monkeypatch: Any) -> None:
    _open(bench)
    with _engine(bench) as running:
        _await(bench, lambda one: one.run_of("submission").state == "open")
        _hand_in(bench)
        _press_next(bench)
        _await(bench, lambda one: one.run_of("scoring").state == "open")
        _await_mail(bench, "call_opened", "review_invitation")
        shown = [f"{EDITION} stage 1 {kind}" for kind in ("closes", "remind:0", "remind:2", "remind:7")]
        _await(bench, lambda _: set(shown) <= set(_shown_deadlines(bench)))
        if bench.database.engine.name == "sqlite":  # once is enough: it takes long, and our own database has no part in it
            bench.prefect.lose_everything()
        _await(bench, lambda _: set(shown) <= set(_shown_deadlines(bench)))
        _stop(bench, running)
    _sign(bench, monkeypatch)  # while no engine runs
    with _engine(bench) as running:
        _await(bench, lambda one: one.run_of("shortlisting").state == "open")
        _press_next(bench)
        _await(bench, lambda one: one.run_of("publication").state == "open")
        _press_next(bench)
        _await(bench, lambda one: one.state == "published" and one.current is None)
        _await_mail(bench, "review_thanks", "result_winner", "result_nominator")
        _look_at_prefect(bench)
        _stop(bench, running)
    assert_invariants(bench.database, bench.mailbox, logs=bench.folder.glob("*.log"))
