"""How routes are declared here: every page that answers GET answers HEAD too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

Handler = Callable[..., Any]


class Pages(APIRouter):
    """A router of pages: answers are responses, nothing is written into an API description."""

    def show(self, path: str) -> Callable[[Handler], Handler]:
        """Answer GET and HEAD."""
        return self.api_route(path, methods=["GET", "HEAD"], include_in_schema=False, response_model=None, response_class=Response)

    def take(self, path: str) -> Callable[[Handler], Handler]:
        """Answer POST."""
        return self.api_route(path, methods=["POST"], include_in_schema=False, response_model=None, response_class=Response)
