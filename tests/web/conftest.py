"""A seeded edition behind the real pages, and a browser to walk through them."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette

from models.edition import Edition, File, Role
from models.process import Process
from models.store import Database
from models.submitting import Confirmation
from tasks import examining, links
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.recycling import database_url  # noqa: F401 - the fixture
from web.app import create_app

if TYPE_CHECKING:
    from tests.web.fuzzing import Everybody

SAME_SITE = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8000"}


class Browser:
    """Follows no redirect by itself, sends what browsers send, and fills in the forms of the page it was shown."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.last: httpx.Response | None = None

    async def get(self, path: str, **more: Any) -> httpx.Response:
        """Show a page."""
        self.last = await self.client.get(path, **more)
        return self.last

    async def post(self, path: str, fields: dict[str, Any] | None = None, *, hidden: bool = True, **more: Any) -> httpx.Response:
        """Send a form, with the hidden fields of the page that was shown last."""
        values = {**(self.hidden(path) if hidden else {}), **(fields or {})}
        headers = SAME_SITE | more.pop("headers", {})
        return await self.client.post(path, data=values, headers=headers, **more)

    def hidden(self, path: str) -> dict[str, str]:
        """Hidden fields of the form on the last page that leads to `path`."""
        page = self.last.text if self.last is not None else ""
        found = re.search(rf'<form[^>]*action="{re.escape(path)}"[^>]*>(.*?)</form>', page, re.S)
        if not found:
            return {}
        fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', found.group(1))
        return {name: unescape(value) for name, value in fields}

    async def enter(self, link: str) -> httpx.Response:
        """Open a personal link and press its button."""
        path = httpx.URL(link).path
        await self.get(path)
        return await self.post(path)


class World:
    """The seeded edition."""

    def __init__(self, installation: Installation, edition: Edition) -> None:
        self.installation = installation
        self.edition = edition

    def link(self, role: Role, code: str) -> str:
        """A person's link."""
        kind = {"nominator": "n", "reviewer": "r", "committee": "m", "party": "m", "witness": "e"}[role]
        person = f"{self.edition.id}/{kind}/{code}"
        with self.installation.database.write() as store:
            now = store.edition_now(self.edition.id)
            links.issue(
                store,
                self.installation.settings,
                self.edition.id,
                role,
                [person],
                not_before=now - timedelta(days=1),
                expires_at=now + timedelta(days=60),
            )
            grant = store.grant_of(self.edition.id, role, person)
        assert grant is not None
        return links.address(self.installation.settings, grant)

    def sheet_count(self) -> int:
        """Sheets that were ever saved."""
        with self.installation.database.read() as store:
            return len(store.sheets(self.edition.id, 1))


@cache
def picture() -> bytes:
    """The work of art."""
    kept = io.BytesIO()
    Image.new("RGB", (900, 600), "#1b4f8f").save(kept, "PNG")
    return kept.getvalue()


@pytest.fixture
def world(installed: Installation) -> World:
    """An edition whose scoring stage is open: three papers and a work of art, three reviewers, a committee, two parties."""
    return seeded(installed, builders.a_process())


def seeded(installed: Installation, process: Process) -> World:
    """The people and entries of `world` in an edition of another declaration; it has the classes and stages of `builders.a_process`."""
    database = installed.database
    edition = builders.keep(database, builders.an_edition(process), at="scoring")
    entries = ["A01", "A02", "A03"]
    builders.put(
        database,
        edition.id,
        nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")],
        reviewers=[builders.a_reviewer(code) for code in ("R01", "R02", "R03")],
        members=[builders.a_member(f"M0{number}") for number in range(1, 6)]
        + [builders.a_member("P01", role="party", party="personnel"), builders.a_member("P02", role="party", party="science")],
        entries=[builders.an_entry(code) for code in entries]
        + [builders.an_entry("W01", class_name="artwork", title="海洋之光", nominator="N02")],
        pairs=[(entry, "R01") for entry in ("A01", "A02", "W01")] + [(entry, "R02") for entry in ("A02", "A03")],
    )
    folder = installed.settings.files_dir
    folder.mkdir(parents=True)
    (folder / ("ab" * 32)).write_bytes(picture())
    with database.write() as store:
        store.put_files([File(f"{edition.id}/e/W01", "作品.png", "ab" * 32, "image/png", 1000)])
        store.put_admin("admin@example.org", "管理员", "admin")
        asked = (f"{edition.id}/e/A01/w/1", edition.id, f"{edition.id}/e/A01", "expert", "赵汉江", "渭北大学", "zhao@example.org")
        store.put_confirmation(Confirmation(*asked, "asked", "", "", builders.NOW))
    return World(installed, edition)


@pytest.fixture
def app(world: World) -> Starlette:
    """The pages."""
    return create_app(world.installation)


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[Browser]:
    """A browser on this machine."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        yield Browser(client)


@pytest.fixture
async def other_browser(app: Starlette) -> AsyncIterator[Browser]:
    """Another one."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        yield Browser(client)


@pytest.fixture
def everybody(database: Database, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Everybody]:
    """Several editions, and everybody signed in."""
    from tests.web import fuzzing  # it needs this module

    made = fuzzing.installation_of(database, tmp_path / "data")
    monkeypatch.setattr("tasks.installation.installation", lambda: made)
    people = fuzzing.Everybody(made, clock)
    yield people
    people.pages.close()
    examining.finish()
