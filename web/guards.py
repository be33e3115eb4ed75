"""What is turned away before any page is made: too often, too large, from another site, or with an impossible address."""

from __future__ import annotations

import math
import time
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.settings import Settings
from tasks import limits
from tasks.spreadsheets import DEFAULT_LIMITS
from web import audit, errors, language

_SAFE = ("GET", "HEAD", "OPTIONS")
_UNCOUNTED = ("/static/", "/healthz", "/readyz")
_FILES = "/submit/uploads"
"""Where whole files are sent, and, below it, parts of files."""
_TABLES = "/submit/table"
"""Where nominators send spreadsheets."""


class Limiter:
    """Counts all requests per address, in the memory of this process: a write to the database for each would be too dear."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())  # asynchronous: the other one starts threads to tidy up
        self._most = RateLimitItemPerMinute(settings.requests_per_minute)

    async def count(self, address: str) -> None:
        """Count one more.

        Raises:
            TooMany: more than allowed.
        """
        if not await self._limiter.hit(self._most, address):
            reset = (await self._limiter.get_window_stats(self._most, address)).reset_time
            raise errors.TooMany(max(1, min(self._most.get_expiry(), math.ceil(reset - time.time()))))


def refuse_if_full(request: Request, kind: limits.Counted) -> None:
    """Count nothing, but refuse an address that has used everything up.

    Raises:
        TooMany: more than allowed.
    """
    if wait := limits.wait_for(kind, address_of(request.scope)):
        raise errors.TooMany(wait)


def count(request: Request, kind: limits.Counted) -> None:
    """Count one more of an address, over all processes.

    Raises:
        TooMany: more than allowed.
    """
    if wait := limits.count(kind, address_of(request.scope)):
        raise errors.TooMany(wait)


def address_of(scope: Scope) -> str:
    """The client's address as the server saw it; headers that anyone can write play no part."""
    client = scope.get("client")
    return client[0] if client else "unknown"


class Guards:
    """The outermost of our layers: sets the language, counts, measures, and compares origins."""

    def __init__(self, app: ASGIApp, *, settings: Settings, limiter: Limiter) -> None:
        self.app = app
        self._settings = settings
        self._limiter = limiter
        self._most = int(settings.body_megabytes * 1024 * 1024)
        largest = max(settings.pdf_megabytes, settings.picture_megabytes, settings.media_megabytes, settings.zip_megabytes)
        self._files = int((largest + settings.body_megabytes) * 1024 * 1024)
        self._part = int(settings.upload_part_megabytes * 1024 * 1024)
        base = urlsplit(settings.base_url)
        self._origin = f"{base.scheme}://{base.netloc}".lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        language.CURRENT.set(self._locale(scope, headers))
        refusal = await self._refusal(scope)
        if refusal is None and scope["method"] not in _SAFE and not self._same_origin(scope, headers):
            await audit.keep(Request(scope), "foreign_form")
            refusal = errors.page(Request(scope), 403, errors.FOREIGN_FORM)
        refusal = refusal or self._impossible_length(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self.app(scope, self._measured(receive, self._most_for(scope)), send)

    async def _refusal(self, scope: Scope) -> Response | None:
        request = Request(scope)
        path = scope["path"]
        if any(char < " " or "\ud800" <= char <= "\udfff" or char == "\ufffd" for char in path):
            return errors.page(request, 404)
        try:
            if not path.startswith(_UNCOUNTED):
                await self._limiter.count(address_of(scope))
        except errors.TooMany as refused:
            return errors.too_many(request, refused)
        return None

    def _impossible_length(self, scope: Scope, headers: Headers) -> Response | None:
        request = Request(scope)
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            return errors.page(request, 400)
        return errors.page(request, 413) if len(length) > 15 or int(length) > self._most_for(scope) else None

    def _most_for(self, scope: Scope) -> int:
        """Bytes that a body may have: files are streamed to disk, and may be larger than any form."""
        if scope["path"] == _TABLES:
            return self._most + DEFAULT_LIMITS.bytes
        return max(self._most, self._files) if scope["path"] == _FILES else max(self._most, self._part) if _is_part(scope) else self._most

    def _measured(self, receive: Receive, most: int) -> Receive:
        """The body, cut off when it grows too long: a chunked one says nothing of its length."""
        got = 0

        async def measured() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > most:
                raise errors.TooLarge
            return message

        return measured

    def _same_origin(self, scope: Scope, headers: Headers) -> bool:
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None and site not in ("same-origin", "none"):
            return False
        if origin is None:
            if site is not None:
                return True
            referer = urlsplit(headers.get("referer", ""))
            origin = f"{referer.scheme}://{referer.netloc}"
        ours = (self._origin, f"{scope['scheme']}://{headers.get('host', '')}".lower())
        return origin.lower() in ours

    def _locale(self, scope: Scope, headers: Headers) -> str:
        query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=50) if scope["query_string"] else {}
        cookies: SimpleCookie = SimpleCookie()
        sent = headers.get("cookie", "")
        try:
            cookies.load(sent if language.COOKIE in sent else "")
        except CookieError:
            cookies.clear()
        chosen = cookies.get(language.COOKIE)
        return language.choose(
            query.get("lang", [None])[0], chosen.value if chosen else None, headers.get("accept-language", ""), self._settings.locale
        )


def _is_part(scope: Scope) -> bool:
    return bool(scope["method"] == "PATCH" and scope["path"].startswith(f"{_FILES}/"))
