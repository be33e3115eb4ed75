"""The one Prefect task decorator: what a flow does is an action."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

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


class Action(Generic[P, R]):
    """A function that, when called, runs as a Prefect task. `fn` is the bare function."""

    def __init__(self, function: Callable[P, R]) -> None:
        self.fn = function
        update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it as a task of the flow that calls."""
        made: Callable[P, R] = _task(self.fn)
        return made(*args, **kwargs)


@cache
def _task(function: Callable[..., Any]) -> Any:
    # Imported at the first call: the pages use these modules too, and do without the 80 MB that Prefect takes.
    from prefect import task
    from prefect.cache_policies import NO_CACHE

    return task(
        name=function.__name__.replace("_", "-"),
        retries=2,
        retry_delay_seconds=[1, 5],
        retry_condition_fn=_worth_retrying,
        cache_policy=NO_CACHE,
        persist_result=False,
    )(function)


def action(function: Callable[P, R]) -> Action[P, R]:
    """Make a function a task that acts again each time it is called, and is retried twice unless the refusal is ours.

    Every action is safe to repeat: its effects and the mark that they are done are one transaction.
    """
    return Action(function)
