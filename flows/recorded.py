"""The one Prefect flow decorator: a run is recorded, its result is not, since our database holds what was done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from prefect import Flow, flow
from prefect.settings import get_current_settings

P = ParamSpec("P")
R = TypeVar("R")

_PLACE = Path(get_current_settings().results.local_storage_path)
"""Where Prefect puts what a flow fails with, in its own folder; a flow that names no place asks the server at the start of each run."""


def recorded(
    *, name: str, flow_run_name: str | Callable[[], str] | None = None, validate_parameters: bool = True
) -> Callable[[Callable[P, R]], Flow[P, R]]:
    """Like Prefect's `flow`, without stored results."""
    return flow(
        name=name, flow_run_name=flow_run_name, validate_parameters=validate_parameters, persist_result=False, result_storage=_PLACE
    )
