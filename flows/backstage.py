"""What `jinbang up` runs beside the pages: the Prefect server, the rehearsals of a demo, then the engine; and what it prints."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.table import Table

from flows import demonstration, reporting, supervisor
from models.errors import JinbangError
from tasks import installation, visiting


class Backstage:
    """The children of `up`, started and watched by a thread, so that the pages need not wait for them."""

    def __init__(self, *, demo: bool, port: int) -> None:
        self.demo = demo
        self.port = port
        self._stack = ExitStack()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backstage", daemon=True)

    def start(self) -> None:
        """Print where to go, and start the children."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the children and wait for them."""
        self._stopping.set()
        self._thread.join(timeout=30)
        self._stack.close()

    def _run(self) -> None:
        began = time.perf_counter()
        try:
            prefect = self._stack.enter_context(supervisor.prefect_server(port=4200))
            if self.demo:
                self._show(began)
            self._print_addresses(prefect)
            self._keep_engine()
        except Exception as failure:
            if not self._stopping.is_set():
                typer.echo(f"jinbang: {failure}", err=True)

    def _show(self, began: float) -> None:
        """Rehearse; a failure is told, and the installation serves all the same."""
        typer.echo(f"rehearsing on the sample data; look on at {installation.settings().base_url}/", err=True)
        try:
            demonstration.to_published(self._stopping)
            typer.echo(f"the editions are published, {time.perf_counter() - began:.0f} s after the start", err=True)
            demonstration.to_the_middle(self._stopping)
        except JinbangError as failure:
            typer.echo(str(failure), err=True)

    def _keep_engine(self) -> None:
        """Run the engine as a child; one that ends by itself is started again."""
        log = installation.settings().data_dir / "engine.log"
        while not self._stopping.is_set():
            with supervisor.child([sys.executable, "-m", "flows", "engine"], dict(os.environ), log) as engine:
                while not self._stopping.wait(0.5):
                    if engine.poll() is not None:
                        typer.echo(f"the engine ended with code {engine.returncode}; see {log}. It is started again", err=True)
                        break
            self._stopping.wait(1)

    def _print_addresses(self, prefect: str) -> None:
        settings = installation.settings()
        base = settings.base_url.rstrip("/")
        rows = [("Public pages", base + "/"), ("Admin sign-in (once, for 30 min)", visiting.make_sign_in(settings.admin_email))]
        if settings.catches_mail:
            rows.append(("Mailbox (nothing leaves this machine)", f"{base}/mailbox"))
        rows.append(("Prefect UI", prefect.removesuffix("/api")))
        rows += reporting.example_links()
        table = Table(title=f"Jinbang 金榜, {datetime.now(UTC):%Y-%m-%d}", title_justify="left", show_header=False)
        for row in rows:
            table.add_row(*row)
        Console(stderr=True, width=None if sys.stderr.isatty() else 200).print(table)
