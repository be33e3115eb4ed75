"""Points at which a test may stop a process: silent without orders, exact with them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tasks import failpoints

ROOT = Path(__file__).parents[2]


def order(patch: pytest.MonkeyPatch, **orders: str) -> None:
    patch.setattr(failpoints, "_ORDERS", {name.replace("_", "."): what for name, what in orders.items()})
    patch.setattr(failpoints, "_SEEN", Counter())


def test_without_orders_a_point_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    order(monkeypatch)
    failpoints.failpoint("publish.before")
    assert Counter() == failpoints._SEEN


def test_an_order_is_obeyed_at_its_pass_only(monkeypatch: pytest.MonkeyPatch) -> None:
    order(monkeypatch, publish_before="raise@2")
    failpoints.failpoint("publish.before")
    failpoints.failpoint("publish.after")
    with pytest.raises(failpoints.InjectedFailure, match=r"publish.before"):
        failpoints.failpoint("publish.before")
    failpoints.failpoint("publish.before")


def test_a_stall_sleeps_and_a_trace_tells_every_pass(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slept: list[float] = []
    order(monkeypatch, publish_before="stall")
    monkeypatch.setattr(failpoints.time, "sleep", slept.append)
    monkeypatch.setattr(failpoints, "_TRACE", str(tmp_path / "trace"))
    for _ in range(2):
        failpoints.failpoint("publish.before")
    assert slept == [30]
    assert (tmp_path / "trace").read_text() == "publish.before@1\npublish.before@2\n"


def test_a_kill_leaves_no_time_to_tidy_up() -> None:
    code = "import atexit; atexit.register(print, 'tidy'); from tasks.failpoints import failpoint; failpoint('a.b'); print('alive')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"JINBANG_FAILPOINTS": "a.b:kill"}, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (-9, b"")
