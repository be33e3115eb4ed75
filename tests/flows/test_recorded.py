"""How flows are recorded by Prefect."""

from __future__ import annotations

from flows import selection
from flows.recorded import recorded


async def _nothing() -> None:
    """A flow that does nothing."""


def test_no_result_is_stored_and_no_run_asks_the_server_where_to() -> None:
    for one in (recorded(name="nothing")(_nothing), selection.advance_edition, selection.send_mail):
        assert (one.persist_result, one.result_storage is not None) == (False, True)
