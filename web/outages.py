"""The page for a database that does not answer just now: nothing that was typed is lost, it is sent again by one button."""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from models import outages
from web import logs, pages
from web.forms import Form
from web.language import mark as _

_LOG = logging.getLogger("jinbang.web")
_RETRY_AFTER = "5"
"""Seconds that a script waits."""
_WHAT = _("系统暂时忙不过来")
_OPEN_AGAIN = _("请稍等片刻，再打开这个页面。")
_SEND_AGAIN = _("刚才的内容可能没有保存。它还在这个页面里：请稍等片刻，再点“再试一次”。")
_FILL_IN_AGAIN = _("刚才的内容可能没有保存。请稍等片刻，返回上一页重新提交。")


def page(request: Request) -> Response:
    """Says that nothing is wrong with what was done, and offers it once more."""
    form: Form | None = getattr(request.state, "posted", None)
    safe = request.method in ("GET", "HEAD")
    remedy = _OPEN_AGAIN if safe else _FILL_IN_AGAIN if form is None else _SEND_AGAIN
    typed = None if form is None else form.pairs()
    response = pages.render(request, "outage.html", status=503, what=_WHAT, remedy=remedy, typed=typed, safe=safe)
    response.headers["Retry-After"] = _RETRY_AFTER
    return response


def install(app: Starlette) -> None:
    """Answer with the page whenever the database fails in a way that passes."""

    async def failed(request: Request, error: Exception) -> Response:
        if not outages.passing(error):
            raise error
        _LOG.error("%s %s: the database does not answer: %s", request.method, logs.hide(request.url.path), str(error).partition("\n")[0])
        return page(request)

    for kind in outages.FAILURES:
        app.add_exception_handler(kind, failed)
