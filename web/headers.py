"""Response headers that keep a page to itself: nothing loads from elsewhere, nobody frames it, no cache keeps it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "Cache-Control": "no-store",
    # `no-referrer` would make browsers send `Origin: null` with our own forms, and lock out those without Sec-Fetch-Site.
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
PUBLIC = ("/notices", "/results", "/gallery", "/static")
"""Beginnings of the addresses that search engines may list, beside `/` itself."""


_HIDDEN = (b"x-robots-tag", b"noindex, nofollow")


class Headers:
    """Adds the headers that an answer does not set itself; a page may state a stricter policy of its own."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        always = ALWAYS | ({"Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if https else {})
        self._always = [(name.lower().encode(), value.encode()) for name, value in always.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        hidden = not (path == "/" or path.startswith(PUBLIC))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _value in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in self._always if pair[0] not in own)]
                if hidden:
                    message["headers"].append(_HIDDEN)
            await send(message)

        await self.app(scope, receive, send_with_headers)
