"""Servers for the fault tests: one Prefect server and one mail catcher for all of them, and a way to start child processes quickly."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows import supervisor
from models.store import Database
from notifications.catcher import Catcher
from tests import memory
from tests.faults.invariants import Outcome, assert_invariants, outcome

PATIENCE = 300
"""Seconds. How long a process takes says how busy the machine is, and no test is about that; this only ends one that hangs."""
HERE = Path(__file__).parent
PROCESSES = HERE / "processes"
_LONGEST = ("test_live.py", "test_every_process.py")
"""Begun first: they wait for a Prefect server, and at the end all other workers would wait for them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("faults")
    items.sort(key=lambda item: item.path.name not in _LONGEST)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Where an installation keeps everything."""
    with memory.folder("faults") as folder:
        yield folder


class Prefect:
    """A Prefect server that can lose everything it knows."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/api"
        self._child: Any = None

    def start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **supervisor._QUIET, "PREFECT_HOME": str(self.home)}
        environment.pop("PREFECT_API_URL", None)
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self.port), "--no-ui"]
        self._child = supervisor.child(command, environment, self.home / "server.log")
        supervisor._await_health(self.url, self._child.__enter__())

    def stop(self) -> None:
        self._child.__exit__(None, None, None)

    def forget_waiting(self) -> None:
        """Delete the runs that earlier tests have left waiting: an engine that starts now would find their editions gone."""
        waiting = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED", "PENDING"]}}}, "limit": 200}
        with httpx.Client(base_url=self.url + "/", timeout=10, trust_env=False) as client:
            while (found := client.post("flow_runs/filter", json=waiting)).is_error or found.json():  # a busy server answers 503 to some
                for run in [] if found.is_error else found.json():
                    client.delete(f"flow_runs/{run['id']}")

    def lose_everything(self) -> None:
        """Stop, delete the database, start afresh at the same address."""
        self.stop()
        found = list(self.home.glob("prefect.db*"))
        assert found
        for file in found:
            file.unlink()
        self.start()


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[Prefect]:
    """One Prefect server."""
    with memory.folder("prefect") as home:
        server = Prefect(home)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def catcher() -> Iterator[tuple[int, Path]]:
    """Port and folder of one mail catcher."""
    with memory.folder("mailbox") as folder, Catcher(folder) as caught:
        yield caught.port, folder


@pytest.fixture(scope="session")
def forks(prefect_server: Prefect) -> Iterator[Any]:
    """Starts child processes from a server that has imported the whole engine, and knows the Prefect server."""
    before = dict(os.environ)
    os.environ.update(supervisor._QUIET | {"PREFECT_API_URL": prefect_server.url, "PREFECT_HOME": str(prefect_server.home)})
    os.environ["PREFECT_API_SSL_CERT_FILE"] = str(supervisor._one_certificate(prefect_server.home))
    os.environ["PYTHONPATH"] = str(HERE.parents[1])
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.driver"])
    starter = context.Process(target=int)
    starter.start()
    starter.join()
    environment = dict(os.environ)
    os.environ.clear()
    os.environ.update(before)
    yield context, environment
    from multiprocessing import forkserver

    forkserver._forkserver._stop()  # type: ignore[attr-defined]


@dataclass
class Bench:
    """One installation in which processes live and die."""

    forks: Any
    environment: dict[str, str]
    folder: Path
    mailbox: Path
    database: Database
    prefect: Prefect
    kills: int = 0
    _children: list[BaseProcess] = field(default_factory=list)

    def job(self, **more: Any) -> Any:
        from tests.faults import driver

        environment = self.environment | more.pop("environment", {})
        return driver.Job(self.folder, environment, **more)

    def start(self, what: Callable[[Any], Coroutine[Any, Any, Any]], job: Any = None, **more: Any) -> BaseProcess:
        """Start a child process that does this."""
        from tests.faults import driver

        child: BaseProcess = self.forks.Process(target=driver.run, args=(replace(job, **more) if job else self.job(**more), what))
        child.start()
        self._children.append(child)
        return child

    def run(self, what: Callable[[Any], Coroutine[Any, Any, Any]], job: Any = None, **more: Any) -> int:
        """Let a child process do this to its end. Yields its exit code, -9 if it was killed."""
        child = self.start(what, job, **more)
        return self.end_of(child)

    def end_of(self, child: BaseProcess) -> int:
        child.join(PATIENCE)
        assert child.exitcode is not None, f"still running after {PATIENCE} s; {self.tail()}"
        self.kills += child.exitcode == -9
        return child.exitcode

    def tail(self) -> str:
        """The end of what the children said."""
        log = self.folder / "log.txt"
        return log.read_text(encoding="utf-8")[-4000:] if log.exists() else ""

    def finish(self, what: Callable[[Any], Coroutine[Any, Any, Any]]) -> None:
        """Run to the end; it must succeed."""
        assert self.run(what) == 0, self.tail()

    def outcome(self, edition: str) -> Outcome:
        return outcome(self.database, edition)

    def check(self) -> None:
        """All invariants, with the kills of this bench."""
        assert_invariants(self.database, self.mailbox, logs=[*self.folder.glob("*.txt"), *self.folder.glob("*.log")], kills=self.kills)

    def close(self) -> None:
        for child in self._children:
            if child.is_alive():
                child.kill()
                child.join(10)
        self.database.close()


@contextmanager
def _bench(url: str, folder: Path, forks: Any, catcher: tuple[int, Path], server: Prefect) -> Iterator[Bench]:
    folder.mkdir(parents=True, exist_ok=True)
    context, inherited = forks
    own = {
        "JINBANG_DATA_DIR": str(folder),
        "JINBANG_DATABASE_URL": url,
        "JINBANG_PROCESSES": str(PROCESSES),
        "JINBANG_CATCHER_PORT": str(catcher[0]),
        "JINBANG_PREFECT_API_URL": server.url,
        "JINBANG_LEASE_SECONDS": "0.5",
        "JINBANG_CLAIM_SECONDS": "0.4",
    }
    made = Bench(context, inherited | own, folder, catcher[1], Database(url), server)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def bench(database_url: str, tmp_path: Path, forks: Any, catcher: tuple[int, Path], prefect_server: Prefect) -> Iterator[Bench]:
    """An empty installation on each kind of database."""
    with _bench(database_url, tmp_path / "installation", forks, catcher, prefect_server) as made:
        yield made


@dataclass(frozen=True)
class Undisturbed:
    """What a rehearsal comes to if nothing happens to it."""

    outcome: Outcome
    passes: tuple[str, ...]
    """Names of the failpoints in the order in which they were passed."""


@pytest.fixture(scope="session")
def undisturbed(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, forks: Any, catcher: tuple[int, Path], prefect_server: Prefect
) -> Undisturbed:
    """One traced run to which nothing happens."""
    from tests.faults import driver

    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copyfile(sqlite_template, folder / "jinbang.db")
    with _bench(f"sqlite:///{folder / 'jinbang.db'}", folder, forks, catcher, prefect_server) as bench:
        trace = folder / "trace.lst"
        assert bench.run(driver.rehearse, trace=trace, plain=True) == 0, bench.tail()
        bench.check()
        return Undisturbed(bench.outcome(driver.EDITION), tuple(line.partition("@")[0] for line in trace.read_text().split()))


def command(bench: Bench, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    """A command of ours in a process of its own; what it says goes to the bench's log."""
    with (bench.folder / "command.log").open("ab") as out:
        return subprocess.Popen([sys.executable, "-m", *arguments], env=bench.environment | environment, stdout=out, stderr=out)
