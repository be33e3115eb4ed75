"""A refused request of somebody with a link becomes an event; requests of strangers are only logged."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from models.edition import Visit
from models.store import Store
from tasks import access, visiting
from web import logs

_LOG = logging.getLogger("jinbang.web")


def cookie_name(request: Request) -> str:
    """A browser binds a `__Host-` cookie to https and to this host alone; plain http has no such thing."""
    return "__Host-jinbang" if request.app.state.installation.settings.https else "jinbang"


async def keep(request: Request, reason: str) -> None:
    """Keep that this request was refused, if it came with a link's visit; nothing without a reason."""
    if reason:
        await run_in_threadpool(keep_at_once, request, reason)


def keep_at_once(request: Request, reason: str) -> None:
    """The same for a handler that is not in the event loop."""
    try:
        _keep(request, reason)
    except Exception:  # the refusal itself stands, and its page must appear, whatever befalls the record
        _LOG.exception("%s %s was refused, and the event could not be kept", request.method, logs.hide(request.url.path))


def keeping(request: Request, reason: str) -> Generator[Callable[[Store], None], None, None]:
    """The same for a quick handler, see `web.routes`: it yields what must be written."""
    visit: Visit | None = request.state.visit
    if not reason or visit is None or visit.grant is None or access.is_full(visit.grant):
        return
    grant, method, path = visit.grant, request.method, logs.hide(request.url.path)
    try:
        yield lambda store: access.note(store, grant, method, path, reason)
    except Exception:
        _LOG.exception("%s %s was refused, and the event could not be kept", method, path)


def _keep(request: Request, reason: str) -> None:
    known = getattr(request.state, "visit", None)
    visit: Visit | None = known if known is not None else visiting.visit_of(request.cookies.get(cookie_name(request)))
    if reason and visit is not None and visit.grant is not None:
        access.refuse(visit.grant, request.method, logs.hide(request.url.path), reason)
