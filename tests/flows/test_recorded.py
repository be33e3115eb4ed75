"""How flows are recorded by Prefect."""

from __future__ import annotations

from pathlib import Path

from prefect.settings import get_current_settings

from flows import selection
from flows.recorded import recorded


async def _nothing() -> None:
    """A flow that does nothing."""


def test_no_result_is_stored_and_no_run_asks_the_server_where_to() -> None:
    for one in (recorded(name="nothing")(_nothing), selection.advance_edition, selection.send_mail):
        assert (one.persist_result, one.result_storage) == (False, Path(get_current_settings().results.local_storage_path))
