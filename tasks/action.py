"""The one Prefect task decorator: what a flow does is an action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE

from models.errors import JinbangError

P = ParamSpec("P")
R = TypeVar("R")


def _worth_retrying(_task: Any, _run: Any, state: Any) -> bool:
    """A refusal of ours stays one however often it is asked; anything else may pass (a lock, a full disk, a lost connection)."""
    try:
        state.result()
    except JinbangError:
        return False
    except Exception:
        return True
    return False


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function a task that acts again each time it is called, and is retried twice unless the refusal is ours.

    Every action is safe to repeat: its effects and the mark that they are done are one transaction.
    """
    made: Callable[P, R] = task(
        function,
        name=function.__name__.replace("_", "-"),
        retries=2,
        retry_delay_seconds=[1, 5],
        retry_condition_fn=_worth_retrying,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    return made
