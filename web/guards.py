"""What is turned away before any page is made: too often, too large, from another site, or with an impossible address."""

from __future__ import annotations

import time
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.settings import Settings
from web import errors, language

_SAFE = ("GET", "HEAD", "OPTIONS")
_UNCOUNTED = ("/static/", "/healthz", "/readyz")


class Limiter:
    """Counts per address, in the memory of this process."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self.general: RateLimitItem = RateLimitItemPerMinute(settings.requests_per_minute)
        self.wrong_links: RateLimitItem = RateLimitItemPerMinute(settings.wrong_links_per_minute)

    def count(self, item: RateLimitItem, name: str, address: str) -> None:
        """Count one more.

        Raises:
            TooMany: more than allowed.
        """
        if not self._limiter.hit(item, name, address):
            raise self._too_many(item, name, address)

    def refuse_if_full(self, item: RateLimitItem, name: str, address: str) -> None:
        """Count nothing, but refuse whoever has used everything up."""
        if not self._limiter.test(item, name, address):
            raise self._too_many(item, name, address)

    def _too_many(self, item: RateLimitItem, name: str, address: str) -> errors.TooMany:
        reset = self._limiter.get_window_stats(item, name, address).reset_time
        return errors.TooMany(max(1, min(item.get_expiry(), int(reset - time.time()) + 1)))


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
        base = urlsplit(settings.base_url)
        self._origin = f"{base.scheme}://{base.netloc}".lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        language.CURRENT.set(self._locale(scope, headers))
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self.app(scope, self._measured(receive), send)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        request = Request(scope)
        path = scope["path"]
        if any(char < " " or "\ud800" <= char <= "\udfff" or char == "\ufffd" for char in path):
            return errors.page(request, 404)
        try:
            if not path.startswith(_UNCOUNTED):
                self._limiter.count(self._limiter.general, "general", address_of(scope))
        except errors.TooMany as refused:
            return errors.too_many(request, refused)
        if scope["method"] not in _SAFE and not self._same_origin(scope, headers):
            return errors.page(request, 403, errors.FOREIGN_FORM)
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            return errors.page(request, 400)
        return errors.page(request, 413) if len(length) > 15 or int(length) > self._most else None

    def _measured(self, receive: Receive) -> Receive:
        """The body, cut off when it grows too long: a chunked one says nothing of its length."""
        got = 0

        async def measured() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > self._most:
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
        try:
            cookies.load(headers.get("cookie", ""))
        except CookieError:
            cookies.clear()
        chosen = cookies.get(language.COOKIE)
        return language.choose(
            query.get("lang", [None])[0], chosen.value if chosen else None, headers.get("accept-language", ""), self._settings.locale
        )
