"""How routes are declared here: every page that answers GET answers HEAD too."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from web import visitors

Handler = Callable[..., Any]


class Pages(APIRouter):
    """A router of pages: answers are responses, nothing is written into an API description."""

    def show(self, path: str) -> Callable[[Handler], Handler]:
        """Answer GET and HEAD."""
        return self._route(path, ["GET", "HEAD"])

    def take(self, path: str) -> Callable[[Handler], Handler]:
        """Answer POST."""
        return self._route(path, ["POST"])

    def _route(self, path: str, methods: list[str]) -> Callable[[Handler], Handler]:
        add = self.api_route(path, methods=methods, include_in_schema=False, response_model=None, response_class=Response)

        def keep(handler: Handler) -> Handler:
            add(_in_one_thread(handler))
            return handler

        return keep


def _in_one_thread(handler: Handler) -> Handler:
    """The handler, with the visit that it asks for looked up in its own thread: each change of threads costs as much as the look-up."""
    hints = get_type_hints(handler, include_extras=True)
    asked = [name for name, hint in hints.items() if hint == visitors.MaybeVisit]
    if inspect.iscoroutinefunction(handler) or len(asked) != 1 or hints.get("request") is not Request:
        return handler

    def alone(request: Request, **given: Any) -> Any:
        return handler(request=request, **{asked[0]: visitors.visit_of(request)}, **given)

    given_by_fastapi = [one for name, one in inspect.signature(handler).parameters.items() if name not in asked]
    parameters = [one.replace(annotation=hints[one.name]) for one in given_by_fastapi]
    alone.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    alone.__name__, alone.__doc__ = handler.__name__, handler.__doc__
    return alone
