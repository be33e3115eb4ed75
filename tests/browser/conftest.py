"""The real pages on a real port, and Debian's Chromium to look at them; without JavaScript unless a test asks for it."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from config.settings import Settings
from models.store import Database
from notifications.catcher import Catcher
from tasks.installation import Installation
from tests.builders import Clock
from tests.web.conftest import World, world  # noqa: F401 - the fixture
from web.app import create_app

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
WIDTHS = {"phone": (390, 844), "desk": (1280, 800)}
OFFICE = ((WIDTHS["phone"], "en-US"), (WIDTHS["desk"], "zh-CN"))
"""How the office's newer pages are looked at: narrow with the longer words, and wide as most offices have it."""
LEFT_OUT = (
    # Three pages of the browser's own that each new window draws and nobody sees; they took longer than ours.
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup",
    # What Playwright leaves out by itself; of two such lists Chromium obeys the last only.
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable",
    "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning",
)  # fmt: skip
"""Abilities of Chromium that these tests do without."""

PATIENCE = 120_000
"""Milliseconds. How long a page takes says how busy the machine is, and no test is about that; what is there already is not waited for."""
expect.set_options(timeout=PATIENCE)
_LISTENING: dict[int, socket.socket] = {}
"""Port of an installation -> what listens on it, from before its address is known, so that nobody else can take it."""


def press(button: Locator) -> None:
    """Press what leads to another page, and wait until that is there: a click by itself waits for nothing."""
    with button.page.expect_navigation():
        button.click()


def enter(page: Page, link: str) -> None:
    """Come in by a personal link."""
    page.goto(link)
    press(page.locator("main button").first)


@contextmanager
def an_address() -> Iterator[str]:
    """Where pages can be served, and nobody else listens meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        _LISTENING[port] = listening
        yield f"http://localhost:{port}"
        del _LISTENING[port]


@pytest.fixture
def installed(database: Database, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation whose links lead to the port on which its pages are served."""
    with an_address() as address:
        made = Installation(Settings(data_dir=tmp_path / "data", database_url=database.url, base_url=address), database)
        monkeypatch.setattr("tasks.installation.installation", lambda: made)
        yield made


@pytest.fixture
def caught(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """The installation with a mail server that delivers nothing and keeps everything."""
    with Catcher(installed.settings.mailbox_dir) as catcher:
        made = Installation(installed.settings.model_copy(update={"catcher_port": catcher.port}), installed.database)
        monkeypatch.setattr("tasks.installation.installation", lambda: made)
        yield made


@pytest.fixture
def site(world: World) -> Iterator[World]:  # noqa: F811
    """The seeded edition, served."""
    with served(world):
        yield world


@contextmanager
def served(world: World) -> Iterator[None]:  # noqa: F811
    """An edition's pages at the address of its installation. Who asks before they are ready waits."""
    listening = _LISTENING[int(world.installation.settings.base_url.rpartition(":")[2])]
    server = uvicorn.Server(uvicorn.Config(create_app(world.installation), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with sync_playwright() as playwright:
        switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*switches, f"--disable-features={','.join(LEFT_OUT)}"])
        opened.on("context", lambda made: made.set_default_timeout(PATIENCE))
        yield opened
        opened.close()


@pytest.fixture(params=list(WIDTHS))
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page as wide as a phone's or a desk's screen; it notes every request that leaves for another address."""
    width, height = WIDTHS[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN", java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def keep(page: Page, request: pytest.FixtureRequest) -> object:
    """Keep a picture of the page in the folder JINBANG_PICTURES, if that is given."""
    folder = os.environ.get("JINBANG_PICTURES")
    shape = "phone" if page.viewport_size and page.viewport_size["width"] < 600 else "desk"

    def picture(name: str) -> None:
        if folder:
            page.screenshot(path=f"{folder}/{name}-{shape}.png", full_page=True)

    return picture
