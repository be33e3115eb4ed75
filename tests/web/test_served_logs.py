"""A real server, walked through from end to end: what it prints holds no link, no code, no cookie and no form token (R-09)."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tasks import visiting
from tests.web.conftest import Browser, World
from tests.web.test_codes import code_mails, installed, world  # noqa: F401 - the fixtures

START = "from tasks.installation import installation; from web.app import serve; serve(installation(), '127.0.0.1', {port})"
FAR = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "server.log"


@pytest.fixture
def served(world: World, port: int, log: Path) -> Iterator[str]:  # noqa: F811
    """Address of the pages, served by another process as `jinbang web` does."""
    settings = world.installation.settings
    environment = os.environ | {
        "JINBANG_DATA_DIR": str(settings.data_dir), "JINBANG_DATABASE_URL": settings.database_url,
        "JINBANG_CATCHER_PORT": str(settings.catcher_port), "JINBANG_BASE_URL": f"http://localhost:{port}", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", START.format(port=port)], stdout=out, stderr=out, env=environment)
        try:
            address = f"http://localhost:{port}"
            with httpx.Client(transport=httpx.HTTPTransport(retries=8), base_url=address, timeout=30) as client:
                assert client.get("/healthz").status_code == 200
            yield address
        finally:
            process.terminate()
            process.wait(30)


async def test_a_whole_visit_leaves_no_secret_in_the_log(served: str, world: World, log: Path) -> None:  # noqa: F811
    path = httpx.URL(world.link("reviewer", "R01")).path
    token, unknown = path.rpartition("/")[2], "k1_" + "Z" * 43
    with world.installation.database.write() as store:
        store.extend_grants(world.edition.id, "reviewer", FAR)
    origin = {"Origin": served}
    secrets = {token, unknown}
    async with httpx.AsyncClient(base_url=served, headers=origin, timeout=30) as client:
        browser = Browser(client)
        for one in (path, f"/l/{unknown}", f"{path}/device", f"{path}?x={token}", f"/review?{token}"):
            await client.get(one)
            await client.head(one)
        await client.post(path, headers={"Origin": "https://evil.example.org"})
        await client.put(path)
        await client.post(f"/l/{unknown}", headers=origin)
        assert (await client.post(path, headers=origin)).status_code == 303
        secrets.add(client.cookies["jinbang"])
        await browser.get("/review/code")
        form = browser.hidden("/review/code/send")
        secrets.add(form["csrf"])
        assert (await client.post("/review/code/send", data=form, headers=origin)).status_code == 303
        (code,) = code_mails(world)
        secrets.add(code)
        assert (await client.post("/review/code", data=form | {"code": code[::-1]}, headers=origin)).status_code in (303, 422)
        assert (await client.post("/review/code", data=form | {"code": code}, headers=origin)).status_code == 303
        assert (await client.get("/ballot")).status_code == 403
        await client.post(f"{path}/again", headers=origin)
        link = visiting.make_sign_in("admin@example.org")
        assert link is not None
        for one in (link, "http://localhost:8000/admin/in/a1_wrong"):
            secrets.add(one.rpartition("/")[2])
            await client.post(httpx.URL(one).path, headers=origin)
        for number in range(25):
            answer = await client.post(f"/l/{unknown}", headers=origin | {"X-Forwarded-For": f"203.0.113.{number}"})
        assert answer.status_code == 429
    printed = log.read_text("utf-8")
    assert re.search(r'"GET /l/\*\*\* HTTP/1.1" 200', printed)
    assert '"POST /l/***/again HTTP/1.1" 200' in printed
    assert [one for one in secrets if one in printed] == []
