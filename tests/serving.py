"""One Prefect server for all tests that want the real one.

A conftest imports the two fixtures: `from tests.serving import prefect, prefect_server`. Prefect's clients leave their sockets
to the garbage collector, so tests on the server are marked with `LEAVES_SOCKETS`.
"""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator

import pytest

from flows import supervisor

LEAVES_SOCKETS = pytest.mark.filterwarnings("ignore::ResourceWarning")
_RUNNING: list[str] = []


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[str]:
    """Address of a server with a database of its own."""
    if _RUNNING:  # another conftest has imported the fixture too, and started it
        yield _RUNNING[0]
        return
    before = dict(os.environ)
    os.environ.update(supervisor._QUIET)
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=90):
        _RUNNING.append(PREFECT_API_URL.value())
        yield _RUNNING[0]
        _RUNNING.clear()
    _collect()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def prefect(prefect_server: str) -> Iterator[str]:
    """The server, for one test."""
    yield prefect_server
    _collect()


def _collect() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
