"""The command as people type it, and flows on a real Prefect server that all tests of this folder share."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows import __main__ as jinbang
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.serving import prefect, prefect_server
from tests.tasks import driving
from tests.tasks.conftest import people
from tests.tasks.driving import Season

__all__ = ["prefect", "prefect_server"]

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """SQLite only: what a flow orders, tests/tasks looks at on both databases."""
    shutil.copyfile(sqlite_template, tmp_path / "jinbang.db")
    return f"sqlite:///{tmp_path / 'jinbang.db'}"


@pytest.fixture
def command(installed: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`command("status", "--json")`: exit code, stdout and stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["jinbang", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            jinbang.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture
def artifacts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Flows and tasks are plain functions."""
    return driving.drive_plainly(monkeypatch)


@pytest.fixture
def season(installed: Installation, clock: Clock, artifacts: list[dict[str, Any]]) -> Season:
    """See tests/tasks/conftest.py."""
    made = Season(installed, clock, builders.keep(installed.database, builders.an_edition())).local("2026-03-20 09:00")
    people(made)
    return made
