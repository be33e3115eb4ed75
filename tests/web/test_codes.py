"""The mailed code: nothing is shown before it, it works once, in the browser that asked, for ten minutes and five tries (R-12)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from config.settings import Settings
from models.store import Database
from notifications.catcher import Catcher
from notifications.mailbox import Mailbox
from tasks.installation import Installation
from tests import builders
from tests.web.conftest import Browser, World
from tests.web.test_links import rows
from web.app import create_app


@pytest.fixture
def installed(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation whose mail is really caught."""
    with Catcher(tmp_path / "data" / "mailbox") as catcher:
        made = Installation(Settings(data_dir=tmp_path / "data", database_url=database.url, catcher_port=catcher.port), database)
        monkeypatch.setattr("tasks.installation.installation", lambda: made)
        yield made


@pytest.fixture
def world(installed: Installation) -> World:
    """A scoring stage that asks for a code."""
    process = builders.a_process(**builders.a_stage_change("scoring", link_code=True))
    edition = builders.keep(installed.database, builders.an_edition(process), at="scoring")
    builders.put(
        installed.database, edition.id, nominators=[builders.a_nominator("N01")],
        reviewers=[builders.a_reviewer(code) for code in ("R01", "R02")], entries=[builders.an_entry("A01")],
        members=[builders.a_member("M01")], pairs=[("A01", "R01"), ("A01", "R02")],
    )  # fmt: skip
    with installed.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")
    return World(installed, edition)


def code_mails(world: World) -> list[str]:
    """Codes that were mailed, the latest last."""
    box = Mailbox(world.installation.settings.mailbox_dir)
    texts = [box.get(head.id).text for head in reversed(box.messages())]
    return [found.group() for text in texts if (found := re.search(r"\b\d{8}\b", text))]


async def send(browser: Browser) -> httpx.Response:
    await browser.get("/review/code")
    return await browser.post("/review/code/send")


async def type_in(browser: Browser, code: str) -> httpx.Response:
    """Where no code waits there is no field, but whoever keeps an old page may still post it."""
    await browser.get("/review/code")
    return await browser.post("/review/code", browser.hidden("/review/code/send") | {"code": code}, hidden=False)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


async def test_nothing_of_the_review_is_shown_before_the_code_and_everything_after(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    for path in ("/review", "/review/A01", "/review/sign", "/review/table", "/review/invitation", "/review/X99", "/device"):
        answer = await browser.get(path)
        assert (path, answer.status_code, answer.headers.get("location")) == (path, 303, "/review/code")
    page = await browser.get("/review/code")
    assert [word for word in ("A01", "深部煤层", "专家R01", "r01@example.org", world.edition.process.title.zh) if word in page.text] == []
    assert (await send(browser)).headers["location"] == "/review/code"
    (code,) = code_mails(world)
    assert (await type_in(browser, f" {code[:4]} {code[4:]} ")).headers["location"] == "/review"
    assert (await browser.get("/review/A01")).status_code == 200
    assert (await browser.get("/review/code")).headers["location"] == "/review"


async def test_a_form_is_refused_before_the_code(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/code")
    fields = browser.hidden("/review/code") | {"mark.value": "3", "revision": "0"}
    for path in ("/review/A01", "/review/sign", "/review/A01/recuse", "/review/table", "/review/invitation", "/device/end"):
        assert (path, (await browser.post(path, fields, hidden=False)).status_code) == (path, 403)
    assert world.sheet_count() == 0


async def test_the_page_sends_nothing_by_itself(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    for method in ("GET", "HEAD"):
        await browser.client.request(method, "/review/code")
    assert code_mails(world) == []


async def test_after_five_wrong_tries_the_code_is_dead_in_every_process_and_after_a_restart(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await send(browser)
    (code,) = code_mails(world)
    cookies = browser.client.cookies
    for number in range(5):
        # A new application and a new connection pool each time, as another process or a restart would have.
        database = Database(world.installation.database.url, clock=world.installation.database.clock)
        app = create_app(Installation(world.installation.settings, database))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost:8000", cookies=cookies) as client:
            answer = await type_in(Browser(client), other_than(code))
            assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
            assert ("还可以尝试" in answer.text) == (number < 4)
        database.close()
    assert (await type_in(browser, code)).status_code == 422
    assert (await browser.get("/review")).status_code == 303


async def test_a_code_works_once_and_only_in_the_browser_that_asked(browser: Browser, other_browser: Browser, world: World) -> None:
    link = world.link("reviewer", "R01")
    await browser.enter(link)
    await other_browser.enter(link)
    await send(browser)
    (code,) = code_mails(world)
    assert (await type_in(other_browser, code)).status_code == 422
    assert (await type_in(browser, code)).status_code == 303
    await browser.enter(link)
    assert (await browser.get("/review")).headers["location"] == "/review/code"
    assert (await type_in(browser, code)).status_code == 422


async def test_a_code_ends_after_ten_minutes_and_when_another_is_sent(browser: Browser, world: World) -> None:
    clock: Any = world.installation.database.clock
    await browser.enter(world.link("reviewer", "R01"))
    await send(browser)
    clock.advance(minutes=10)
    assert (await type_in(browser, code_mails(world)[0])).status_code == 422
    await send(browser)
    await send(browser)
    second, third = code_mails(world)[1:]
    assert (await type_in(browser, second)).status_code == 422
    assert (await type_in(browser, third)).status_code == 303


async def test_three_codes_in_a_quarter_of_an_hour_for_all_browsers_of_a_person(
    browser: Browser, other_browser: Browser, world: World
) -> None:
    clock: Any = world.installation.database.clock
    link = world.link("reviewer", "R01")
    await browser.enter(link)
    await other_browser.enter(link)
    answers = [await send(one) for one in (browser, other_browser, browser, other_browser)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert int(answers[-1].headers["retry-after"]) == 15 * 60
    assert len(code_mails(world)) == 3
    clock.advance(minutes=15.1)
    assert (await send(browser)).status_code == 303


async def test_wrong_codes_are_events_and_no_code_is_kept_anywhere(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await send(browser)
    (code,) = code_mails(world)
    await type_in(browser, other_than(code))
    with world.installation.database.read() as store:
        events = [event for event in store.events(world.edition.id) if event.type == "AccessRefused"]
    assert [event.payload["reason"] for event in events] == ["wrong_code"]
    content = str(rows(world))
    plain_hash = hashlib.sha256(code.encode()).hexdigest()
    assert [text for text in (code, other_than(code), plain_hash) if text in content] == []


async def test_a_code_that_cannot_be_sent_is_said(browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Installation(world.installation.settings.model_copy(update={"catcher_port": 1}), world.installation.database)
    monkeypatch.setattr("tasks.installation.installation", lambda: broken)
    await browser.enter(world.link("reviewer", "R01"))
    answer = await send(browser)
    assert (answer.status_code, "验证码暂时无法发送" in answer.text) == (503, True)


async def test_other_roles_and_other_stages_need_no_code(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    assert (await browser.get("/submit")).status_code == 200
    assert (await browser.get("/review/code")).status_code == 403


@pytest.mark.parametrize("typed", ["", "x", "9" * 5000, "１２３４", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")])
async def test_whatever_is_typed_gets_a_sentence(browser: Browser, world: World, typed: str) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await send(browser)
    assert (await type_in(browser, typed)).status_code == 422


async def test_every_review_page_of_the_route_table_waits_for_the_code(app: Starlette, browser: Browser, world: World) -> None:
    from tests.web.test_access import routes_of

    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/code")
    fields = browser.hidden("/review/code")
    seen = 0
    for path, methods in routes_of(app):
        if not path.startswith("/review") or path.startswith("/review/code"):
            continue
        seen += 1
        address = re.sub(r"{\w+}", "A01", path)
        if "GET" in methods:
            assert (address, (await browser.get(address)).headers.get("location")) == (address, "/review/code")
        if "POST" in methods:
            assert (address, (await browser.post(address, fields, hidden=False)).status_code) == (address, 403)
    assert seen >= 6
