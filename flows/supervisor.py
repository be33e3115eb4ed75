"""Start and stop the parts: Prefect server, mail catcher, engine, pages. Children end with their parent."""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import certifi
import httpx
import typer

from flows import collector
from models.errors import JinbangError
from tasks import installation, schema

log = logging.getLogger("jinbang")

_QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    "PREFECT_CLI_PROMPT": "false",
    # Its SQLite answers 503 to whoever meets a write of the recorders, and the client then waits 2 s: let them write seldom, in batches.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "500",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "1000",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",  # the server on loopback has it off; each flow run would ask for it
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
}
"""Prefect without telemetry, advertisements and chatter, and with fewer, larger writes."""
SILENT = {"PREFECT_LOGGING_LEVEL": "CRITICAL"}
"""For rehearsals: what a stage refuses stands in their report, and its traceback in the Prefect UI."""
_PR_SET_PDEATHSIG = 1
_START_SECONDS = 60
_STOP_SECONDS = 15


def prepare() -> None:
    """Bring the schema up to date, and give the configured first admin an account."""
    schema.migrate(installation.database())
    with installation.database().write() as store:
        store.put_admin(installation.settings().admin_email, "管理员", "admin")
        for further in filter(None, map(str.strip, installation.settings().more_admins.split(","))):
            store.put_admin(further, "管理员", "admin")


def _free_port(wanted: int = 0) -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def prefect_server(*, port: int = 0) -> Iterator[str]:
    """A Prefect server for this installation on loopback, or the configured one. Yields its API address once it answers.

    Raises:
        JinbangError: it does not answer.
    """
    os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
    configured = installation.settings().prefect_api_url or os.environ.get("PREFECT_API_URL", "")
    if configured:
        os.environ["PREFECT_API_URL"] = configured
        _await_health(configured, None)
        yield configured
        return
    home = (installation.settings().data_dir / "prefect").absolute()
    home.mkdir(parents=True, exist_ok=True)
    os.environ["PREFECT_HOME"] = str(home)
    chosen = _free_port(port)
    url = f"http://127.0.0.1:{chosen}/api"
    command = [
        sys.executable,
        "-m",
        "flows.prefect_server",
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(chosen),
        "--no-ui" if not port else "--ui",
    ]
    environment = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    with child(command, environment, home / "server.log") as process:
        _await_health(url, process)
        os.environ["PREFECT_API_URL"] = url
        os.environ["PREFECT_API_SSL_CERT_FILE"] = str(_one_certificate(home))
        try:
            yield url
        finally:
            os.environ.pop("PREFECT_API_URL", None)


def _one_certificate(home: Path) -> Path:
    """A file with one certificate authority.

    The server speaks plain http on loopback, but each of its clients would read all authorities first, 30 ms a time.
    """
    small = home / "authority.pem"
    end = "-----END CERTIFICATE-----"
    small.write_text(Path(certifi.where()).read_text(encoding="utf-8").partition(end)[0] + end + "\n", encoding="utf-8")
    return small


def _await_health(url: str, process: subprocess.Popen[bytes] | None) -> None:
    end = time.monotonic() + _START_SECONDS
    with httpx.Client(timeout=2, trust_env=False) as client:
        while time.monotonic() < end and (process is None or process.poll() is None):
            try:
                if client.get(f"{url}/health").status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
    raise JinbangError(f"the Prefect server at {url} does not answer; see server.log in the data folder's prefect/, then start again")


@contextmanager
def child(command: list[str], environment: dict[str, str], log_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A child process that is stopped, and waited for, when the block ends."""
    with log_file.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command, env=environment, stdout=out, stderr=out, start_new_session=True, preexec_fn=die_with_parent
        )
    try:
        yield process
    finally:
        _stop(process)


def die_with_parent() -> None:
    """In a new child, on Linux: ask to be ended when the parent is, even if that was killed and could not clean up."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, sign)
            process.wait(_STOP_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


@contextmanager
def catcher(*, aside: bool = False) -> Iterator[int]:
    """The built-in mail catcher on loopback, in this process or aside in its own. Yields its port."""
    from notifications.catcher import Catcher

    port = _free_port(installation.settings().catcher_port)
    folder = installation.settings().mailbox_dir.absolute()
    installation.use_environment(catcher_port=str(port))
    if aside:
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "notifications.catcher", "--folder", str(folder), "--port", str(port)]
        with child(command, dict(os.environ), folder / "catcher.log") as process:
            _await_port(port, process)
            yield port
        return
    caught = Catcher(folder, port=port)
    caught.start()
    try:
        yield port
    finally:
        caught.stop()


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise JinbangError("the mail catcher does not answer; see catcher.log in the data folder's mailbox/")


@contextmanager
def servers() -> Iterator[None]:
    """What a rehearsal needs around it: Prefect server and catcher."""
    os.environ.update(SILENT)
    with catcher(aside=True), prefect_server():
        yield


def rehearse(
    process: str, *, entries: int | None, reviewers: int | None, seed: int | None, label: str, stop_in: str | None = None
) -> dict[str, Any]:
    """Run one rehearsal in this process."""
    from flows import rehearsal

    collector.keep_what_is_loaded()
    return asyncio.run(rehearsal.conduct(process, entries=entries, reviewers=reviewers, seed=seed, label=label, stop_in=stop_in))


def run_engine() -> None:
    """Run the engine in this process until it is told to stop."""
    if url := installation.settings().prefect_api_url:
        os.environ["PREFECT_API_URL"] = url
    os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
    from flows import engine

    collector.keep_what_is_loaded()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    asyncio.run(engine.run())


def serve_pages(host: str, port: int) -> None:
    """Serve the pages in this process until it is told to stop."""
    from tasks import mail

    # Named, not imported: pages and flows know nothing of each other, and this is where they are started side by side.
    pages = importlib.import_module("web.app")
    pages.serve(
        installation.installation(), host, port, notify_sign_in=mail.send_sign_in, trusted_proxies=installation.settings().trusted_proxies
    )


def _leave(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def up(*, demo: bool, host: str, port: int, data: Path | None) -> None:
    """Everything in one command. The pages answer while the rest is still starting."""
    if data is not None:
        installation.use_environment(data_dir=str(data.absolute()))
    if "JINBANG_BASE_URL" not in os.environ:
        installation.use_environment(base_url=f"http://localhost:{port}")
    prepare()
    from flows import backstage

    signal.signal(signal.SIGTERM, _leave)  # the page server passes the signal on when it is done; then the children are stopped
    with ExitStack() as stack, suppress(KeyboardInterrupt):
        stack.enter_context(catcher())  # also beside a real mail server: rehearsals write to the catcher only
        behind = backstage.Backstage(demo=demo, port=port)
        stack.callback(behind.stop)
        behind.start()
        serve_pages(host, port)
    typer.echo("stopped", err=True)
