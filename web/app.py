"""The pages put together: `create_app` for a server or a test, `serve` for the command."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from importlib.resources import files

import uvicorn
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tasks.installation import Installation
from web import (
    admin,
    admin_acts,
    admin_avoidances,
    admin_checks,
    admin_conflicts,
    admin_draw,
    admin_duplicates,
    admin_healing,
    admin_keying,
    admin_laureates,
    admin_material,
    admin_panels,
    admin_quotas,
    admin_ranking,
    admin_seats,
    admin_sheets,
    admin_shortlist,
    admin_sizes,
    admin_uploads,
    avoiding,
    codes,
    committee,
    confirm,
    corrections,
    errors,
    forms_pages,
    guards,
    headers,
    health,
    invitation,
    links,
    logs,
    mailbox,
    material,
    outages,
    pictures,
    public,
    reasons,
    recusing,
    reviewing,
    routes,
    signing,
    submitting,
    switches,
    table,
    table_upload,
    unit_papers,
    upload_zips,
    uploads,
    witnesses,
)

_LOG = logging.getLogger("jinbang.web")

NotifySignIn = Callable[[str, str], None]
"""Brings a one-time sign-in link to an admin: (address, link)."""


def print_sign_in(email: str, link: str) -> None:
    """Write the link to the console of the server, for an installation that cannot send mail yet."""
    print(f"sign-in link for {email}: {link}", flush=True)


class _Jinbang(Starlette):
    """Our layers stand outside the server's own, so that even its last resort bears our headers."""

    def build_middleware_stack(self) -> ASGIApp:
        settings = self.state.installation.settings
        inner = guards.Guards(super().build_middleware_stack(), settings=settings, limiter=self.state.limiter)
        return headers.Headers(inner, https=settings.https)


class _KeptStatic:
    """Static files; an address with a checksum never changes its content, so browsers may keep it."""

    def __init__(self) -> None:
        self._files = StaticFiles(directory=str(files("web").joinpath("static")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = scope["query_string"].startswith(b"v=")

        async def send_kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                age = b"public, max-age=31536000, immutable" if kept else b"public, max-age=3600"
                message["headers"] = [*message["headers"], (b"cache-control", age)]
            await send(message)

        await self._files(scope, receive, send_kept)


def create_app(installation: Installation, *, notify_sign_in: NotifySignIn = print_sign_in) -> Starlette:
    """The web application of an installation.

    Args:
        installation: Its settings and database, the same as `tasks.installation` uses.
        notify_sign_in: Brings sign-in links to admins.
    """
    parts = (
        health, links, codes, public, pictures, submitting, forms_pages, table_upload, uploads, upload_zips, switches, table, signing,
        invitation, recusing, reasons, reviewing, material, committee, confirm, witnesses, unit_papers, avoiding,
        admin_conflicts, admin_avoidances, admin_duplicates, admin_laureates, admin_quotas, corrections, admin_checks, admin_material,
        admin_uploads, admin_draw, admin_healing, admin_panels, admin_seats, admin_sizes, admin_ranking, admin_shortlist, admin,
        admin_sheets, admin_keying, admin_acts, mailbox,
    )  # fmt: skip
    app = _Jinbang()
    # Pages are left to a proxy to compress: they hold a secret beside what a visitor typed.
    static = Mount("/static", GZipMiddleware(_KeptStatic()))
    app.router = routes.Directory([static, *(route for part in parts for route in part.router.routes)])
    app.state.installation = installation
    app.state.limiter = guards.Limiter(installation.settings)
    app.state.threads = routes.Threads(installation.settings.page_threads, installation.database)
    app.state.notify_sign_in = notify_sign_in
    errors.install(app)
    outages.install(app)
    return app


def serve(
    installation: Installation, host: str, port: int, *, notify_sign_in: NotifySignIn = print_sign_in, trusted_proxies: str = ""
) -> None:
    """Serve the pages until the process is told to stop.

    Args:
        installation: What to serve.
        host: Address to listen on.
        port: Port to listen on.
        notify_sign_in: Brings sign-in links to admins.
        trusted_proxies: Addresses whose X-Forwarded-For is believed, parted by commas; nobody's if empty.
    """
    logs.redact()
    config = uvicorn.Config(
        create_app(installation, notify_sign_in=notify_sign_in),
        host=host,
        port=port,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies or None,
        server_header=False,
        timeout_graceful_shutdown=20,
        log_level="info",
    )
    logs.redact()  # configuring uvicorn set its loggers anew
    gc.collect()
    gc.freeze()  # what is loaded by now stays; looking through it again and again would keep people waiting
    uvicorn.Server(config).run()
