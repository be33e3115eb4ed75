"""How pages are declared and found: `@router.show("/path/{code}")` answers GET and HEAD, `@router.take(...)` answers POST.

A handler is called with what its parameters ask for, by their annotations: the `Request`, the visit (`MaybeVisit`), the form that
was posted (`Posted`), and the parts of the address by their names. A plain handler runs in a thread, an `async` one in the
event loop. A `quick` one reads a little and may write: it yields what it writes, and is answered when that is on the disk. With
an embedded database it runs in the event loop, where nothing waits for it longer than the page takes to be made; threads would
spend more time on passing the interpreter to each other.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar, get_args, get_type_hints

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Receive, Scope, Send

from models.store import Database, Store
from tasks import saving
from web import forms, visitors

Handler = Callable[..., Any]
Kind = Literal["show", "take", "slow"]
Writing = Generator[Callable[[Store], Any], Any, Response]
"""A quick handler under way: it yields what must be written, is sent the result or thrown the refusal, and returns its answer."""
T = TypeVar("T")
_PART = re.compile(r"{(\w+)}")


class Pages:
    """The pages that one module declares."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def show(self, path: str, *, slow: bool = False, quick: bool = False) -> Callable[[Handler], Handler]:
        """Answer GET and HEAD; a page that computes for long is `slow`, and then keeps none of the others waiting."""
        return self._route(path, ["GET", "HEAD"], "slow" if slow else "show", quick=quick)

    def take(self, path: str, *, slow: bool = False, quick: bool = False) -> Callable[[Handler], Handler]:
        """Answer POST."""
        return self._route(path, ["POST"], "slow" if slow else "take", quick=quick)

    def answer(self, method: str, path: str) -> Callable[[Handler], Handler]:
        """Answer another method, for what scripts send."""
        return self._route(path, [method], "take")

    def _route(self, path: str, methods: list[str], kind: Kind, *, quick: bool = False) -> Callable[[Handler], Handler]:
        def keep(handler: Handler) -> Handler:
            self.routes.append(Route(path, _Page(handler, path, kind, quick=quick), methods=methods, name=handler.__name__))
            return handler

        return keep


class Threads:
    """Where handlers run, few at the same time: more would not be done sooner, since they take turns at one interpreter."""

    def __init__(self, most: int, database: Database) -> None:
        """Threads start when they are needed, `most` of each kind; who writes may wait for the disk, and nobody else with them."""
        self.writes = saving.Gathering(database) if database.embedded else None
        """Where the writes of quick handlers go; None if they run in threads, since each statement waits for a server."""
        self._kinds = {kind: ThreadPoolExecutor(most, thread_name_prefix=f"page-{kind}") for kind in get_args(Kind)}

    async def run(self, act: Callable[..., T], *given: Any, kind: Kind = "show", slow: bool = False) -> T:
        """Call a function in a thread, in the language of the request, and wait for what it yields."""
        loop, context = asyncio.get_running_loop(), contextvars.copy_context()
        return await loop.run_in_executor(self._kinds["slow" if slow else kind], context.run, act, *given)


class _Page:
    """One handler as the server calls it."""

    def __init__(self, handler: Handler, path: str, kind: Kind, *, quick: bool) -> None:
        """Note what the handler asks for.

        Raises:
            TypeError: it asks for something that is not there, or leaves a part of the address unused.
        """
        hints = get_type_hints(handler, include_extras=True)
        asked = {name: hints.get(name) for name in inspect.signature(handler).parameters}
        self._handler = handler
        self._kind: Kind = kind
        self._quick = quick
        self._awaited = inspect.iscoroutinefunction(handler)
        self._request, self._visit, self._form = (_named(asked, one) for one in (Request, visitors.MaybeVisit, forms.Posted))
        self._parts = tuple(name for name in asked if name not in (self._request, self._visit, self._form))
        if sorted(self._parts) != (there := sorted(_PART.findall(path))):
            where = f"{handler.__module__}.{handler.__qualname__}"
            raise TypeError(f"{where} asks for {sorted(self._parts)}, but {path} has {there}; name the same in both")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive, send)
        given = {name: request.path_params[name] for name in self._parts}
        if self._request:
            given[self._request] = request
        if self._form:
            given[self._form] = request.state.posted = await forms.read(request)
        threads: Threads = request.app.state.threads
        if self._quick and threads.writes is not None:
            response = await self._at_once(request, given, threads.writes)
        elif not self._awaited:
            response = await threads.run(self._answer, request, given, kind=self._kind)
        else:
            if self._visit:
                given[self._visit] = await threads.run(visitors.visit_of, request, kind=self._kind)
            response = await self._handler(**given)
        await response(scope, receive, send)

    def _answer(self, request: Request, given: dict[str, Any]) -> Response:
        """The visit is looked up in the thread of the handler: a change of threads costs as much as the look-up."""
        if self._visit:
            given[self._visit] = visitors.visit_of(request)
        answer: Response | Writing = self._handler(**given)
        return answer if isinstance(answer, Response) else _in_thread(answer)

    async def _at_once(self, request: Request, given: dict[str, Any], writes: saving.Gathering) -> Response:
        if self._visit:
            given[self._visit], noted = visitors.look_up(request)
            if noted:
                await writes.write(noted)
        answer: Response | Writing = self._handler(**given)
        return answer if isinstance(answer, Response) else await _in_loop(answer, writes)


def _in_thread(answer: Writing) -> Response:
    try:
        act = next(answer)
        while True:
            try:
                written = saving.together(act)
            except Exception as refused:
                act = answer.throw(refused)
            else:
                act = answer.send(written)
    except StopIteration as done:
        response: Response = done.value
        return response


async def _in_loop(answer: Writing, writes: saving.Gathering) -> Response:
    try:
        act = next(answer)
        while True:
            try:
                written = await writes.write(act)
            except Exception as refused:
                act = answer.throw(refused)
            else:
                act = answer.send(written)
    except StopIteration as done:
        response: Response = done.value
        return response


def _named(asked: dict[str, Any], kind: Any) -> str:
    return next((name for name, hint in asked.items() if hint == kind), "")


class Directory(Router):
    """Finds a page by the beginning of its address and its number of parts, rather than by trying a hundred one after the other."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        super().__init__(routes, redirect_slashes=False)
        self._shelves: dict[tuple[str, int], list[Route]] = defaultdict(list)
        for route in routes:
            if isinstance(route, Route):
                self._shelves[_shelf_of(route.path)].append(route)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is on no shelf is looked for, and refused, as the framework does it."""
        if scope["type"] == "http":
            for route in self._shelves.get(_shelf_of(scope["path"]), ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
        await super().app(scope, receive, send)


def _shelf_of(path: str) -> tuple[str, int]:
    return path.split("/", 2)[1] if path.startswith("/") else path, path.count("/")
