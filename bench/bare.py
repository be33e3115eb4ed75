"""What the pages are compared with: a bare Starlette handler that inserts one row, as durable as ours, behind the same server."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class _Connections(threading.local):
    """One connection per thread."""

    def __init__(self, file: Path) -> None:
        self.one = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
            self.one.execute(f"PRAGMA {pragma}")


def bare_app(file: Path) -> Starlette:
    """POST /row keeps the body as one row and answers when it is on the disk; GET /row answers with the latest."""
    connections = _Connections(file)
    connections.one.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")

    def latest(_request: Request) -> Response:
        row = connections.one.execute("SELECT body FROM rows ORDER BY id DESC LIMIT 1").fetchone()
        return Response(row[0] if row else "", media_type="text/plain")

    async def insert(request: Request) -> Response:
        # On the loop itself: a hop to a thread costs more than the insert, so this is the stricter comparison.
        body = (await request.body()).decode()
        connections.one.execute("BEGIN IMMEDIATE")
        connections.one.execute("INSERT INTO rows (body) VALUES (?)", (body,))
        connections.one.execute("COMMIT")
        return Response("kept", media_type="text/plain")

    return Starlette(routes=[Route("/row", latest), Route("/row", insert, methods=["POST"])])
