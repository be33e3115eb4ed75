"""How soon everything stands, how much memory it holds at rest, and how long the demo takes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from bench.figures import Figure
from bench.rehearsal import clean_environment
from models.store import Database

FIRST_PAGE_SECONDS, REST_MEGABYTES, DEMO_SECONDS = 15, 600, 120
REST_AFTER_SECONDS = 60
PATIENCE_SECONDS = 600


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command with its children, all gone at the end."""
    process = subprocess.Popen(
        command, env=clean_environment(**environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def seconds_until(process: subprocess.Popen[bytes], ready: Callable[[], bool], *, every: float) -> float:
    """How long it takes from now.

    Raises:
        RuntimeError: the process ended, or it takes longer than anybody waits.
    """
    began = time.perf_counter()
    while not ready():
        took = time.perf_counter() - began
        if process.poll() is not None or took > PATIENCE_SECONDS:
            raise RuntimeError(f"{process.args!r} is not ready after {took:.0f} s (exit code {process.returncode})")
        time.sleep(every)
    return time.perf_counter() - began


def answers(url: str) -> bool:
    """Whether a page is served."""
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def megabytes(process: subprocess.Popen[bytes]) -> float:
    """Resident memory of a process and all below it; what they share is counted for each of them."""
    top = psutil.Process(process.pid)
    return sum(one.memory_info().rss for one in (top, *top.children(recursive=True))) / 1e6


def published(folder: str) -> int:
    """Editions whose results are public."""
    file = Path(folder) / "jinbang.db"
    if not file.exists():
        return 0
    database = Database(f"sqlite:///{file}")
    try:
        with database.read() as store:
            return len(store.edition_ids("published"))
    except Exception:  # the schema is being made
        return 0
    finally:
        database.close()


def bare_prefect() -> tuple[float, float]:
    """Seconds until a Prefect server of its own answers, and its memory at rest."""
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"]
        with running(command, PREFECT_HOME=home, PREFECT_SERVER_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1") as process:
            took = seconds_until(process, lambda: answers(f"http://127.0.0.1:{port}/api/health"), every=0.1)
            time.sleep(REST_AFTER_SECONDS / 2)
            return took, megabytes(process)


def figures() -> Iterator[Figure]:
    """Start everything twice: empty, and with the demo."""
    bare_seconds, bare_megabytes = bare_prefect()
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        up = [sys.executable, "-m", "flows", "up", "--port", str(port), "--data", folder]
        with running(up) as process:
            took = seconds_until(process, lambda: answers(f"http://127.0.0.1:{port}/"), every=0.1)
            yield Figure(
                "`jinbang up` to the first page",
                took,
                "s",
                FIRST_PAGE_SECONDS,
                f"a Prefect server alone answers after {bare_seconds:.1f} s",
            )
            time.sleep(REST_AFTER_SECONDS)
            held = megabytes(process)
            yield Figure(
                "memory at rest, all processes", held, "MB", REST_MEGABYTES, f"a Prefect server alone holds {bare_megabytes:.0f} MB"
            )
    with tempfile.TemporaryDirectory() as folder:
        demo = [sys.executable, "-m", "flows", "up", "--demo", "--port", str(free_port()), "--data", folder]
        with running(demo) as process:
            took = seconds_until(process, lambda: published(folder) >= 4, every=1)
    yield Figure("`make demo` to four published editions", took, "s", DEMO_SECONDS, "on an installed machine; 1,539 sample entries")
