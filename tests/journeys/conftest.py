"""An installation as the environment describes it, for whole rehearsals on a real Prefect server and a real mail catcher."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from flows import supervisor
from tasks import installation
from tests import memory
from tests.serving import prefect, prefect_server

__all__ = ["prefect", "prefect_server"]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Where an installation keeps everything."""
    with memory.folder("journey") as folder:
        yield folder


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """`install(database_url)` opens an installation in a folder of its own and starts its mail catcher. Yields the mailbox."""
    before = dict(os.environ)
    with ExitStack() as stack:

        def start(url: str) -> Path:
            installation.use_environment(data_dir=str(tmp_path / "data"), database_url=url, catcher_port="0")
            supervisor.prepare()
            stack.enter_context(supervisor.catcher())
            return installation.settings().mailbox_dir

        yield start
    installation.database().close()
    os.environ.clear()
    os.environ.update(before)
    installation.installation.cache_clear()
