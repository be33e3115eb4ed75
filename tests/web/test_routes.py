"""How a handler gets what it asks for, how a page is found, and who waits for whom."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from models.errors import NotFound
from models.store import Store
from tasks.installation import Installation
from tests.web.conftest import SAME_SITE, World
from web import language
from web.forms import Posted
from web.routes import Directory, Pages, Threads, Writing
from web.visitors import MaybeVisit

PATIENCE = 20


def served(pages: Pages, installation: Installation, *, threads: int = 1) -> httpx.AsyncClient:
    app = Starlette()
    app.router = Directory(pages.routes)
    app.state.installation = installation
    app.state.threads = Threads(threads, installation.database)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:8000", headers=SAME_SITE)


async def test_a_handler_gets_what_its_parameters_ask_for_in_any_order(world: World) -> None:
    pages = Pages()

    @pages.take("/things/{code}/{number}")
    def take(number: str, form: Posted, request: Request, visit: MaybeVisit, code: str) -> Response:
        return PlainTextResponse(f"{request.method} {code} {number} {form.text('said')} {visit}")

    @pages.take("/streams/{code}")
    async def stream(request: Request, visit: MaybeVisit, code: str) -> Response:
        return PlainTextResponse(f"{code} {(await request.body()).decode()} {visit}")

    async with served(pages, world.installation) as client:
        assert (await client.post("/things/A01/7", data={"said": "你好"})).text == "POST A01 7 你好 None"
        assert (await client.post("/streams/A01", content=b"raw")).text == "A01 raw None"


@pytest.mark.parametrize("path", ["/things", "/things/{code}/{other}"])
def test_a_handler_that_does_not_fit_its_address_is_refused_when_it_is_declared(path: str) -> None:
    def show(request: Request, code: str) -> Response:
        raise AssertionError(request, code)

    with pytest.raises(TypeError, match=r"show asks for \['code'\], but /things"):
        Pages().show(path)(show)


async def test_what_is_written_out_goes_before_what_is_left_open(world: World) -> None:
    pages = Pages()

    @pages.show("/things/new")
    def new() -> Response:
        return PlainTextResponse("new")

    @pages.show("/things/{code}.json")
    def document(code: str) -> Response:
        return PlainTextResponse(f"document {code}")

    @pages.show("/things/{code}")
    def one(code: str) -> Response:
        return PlainTextResponse(f"one {code}")

    @pages.take("/things/{code}")
    def change(code: str) -> Response:
        return PlainTextResponse(f"changed {code}")

    async with served(pages, world.installation) as client:
        got = {path: (await client.get(path)).text for path in ("/things/new", "/things/7.json", "/things/7", "/things/%2e%2e")}
        assert got == {"/things/new": "new", "/things/7.json": "document 7", "/things/7": "one 7", "/things/%2e%2e": "one .."}
        assert (await client.post("/things/7")).text == "changed 7"
        assert {path: (await client.get(path)).status_code for path in ("/", "/things", "/things/", "/things/7/8", "//things/7")} == {
            "/": 404, "/things": 404, "/things/": 404, "/things/7/8": 404, "//things/7": 404,
        }  # fmt: skip
        assert (await client.put("/things/7")).status_code == 405


async def test_a_slow_page_keeps_no_quick_one_waiting(world: World) -> None:
    pages, entered, go = Pages(), threading.Event(), threading.Event()

    @pages.show("/slow", slow=True)
    def slow() -> Response:
        entered.set()
        assert go.wait(PATIENCE)
        return PlainTextResponse("slow")

    @pages.show("/quick")
    def quick() -> Response:
        assert entered.wait(PATIENCE)
        go.set()
        return PlainTextResponse("quick")

    async with served(pages, world.installation) as client:
        answers = await asyncio.gather(client.get("/slow"), client.get("/quick"))
    assert [one.text for one in answers] == ["slow", "quick"]


async def test_a_form_that_waits_for_the_disk_keeps_no_page_waiting(world: World) -> None:
    pages, entered, go = Pages(), threading.Event(), threading.Event()

    @pages.take("/form")
    def take() -> Response:
        entered.set()
        assert go.wait(PATIENCE)
        return PlainTextResponse("kept")

    @pages.show("/page")
    def show() -> Response:
        assert entered.wait(PATIENCE)
        go.set()
        return PlainTextResponse("shown")

    async with served(pages, world.installation) as client:
        answers = await asyncio.gather(client.post("/form"), client.get("/page"))
    assert [one.text for one in answers] == ["kept", "shown"]


async def test_a_quick_page_runs_in_the_loop_where_the_database_is_embedded(world: World) -> None:
    pages = Pages()

    @pages.show("/where", quick=True)
    def where() -> Response:
        return PlainTextResponse(threading.current_thread().name)

    async with served(pages, world.installation) as client:
        name = (await client.get("/where")).text
    assert name.startswith("MainThread" if world.installation.database.embedded else "page-show")


async def test_a_quick_form_is_answered_with_what_was_written_or_with_why_not(world: World) -> None:
    pages = Pages()

    @pages.take("/forms/{word}", quick=True)
    def take(word: str) -> Writing:
        def act(store: Store) -> None:
            store.append(world.edition.id, "SheetSaved", actor=f"reviewer:{word}", position=1, sheets={})
            if word == "bad":
                raise NotFound("refused after it has written")

        try:
            yield act
        except NotFound:
            return PlainTextResponse("refused", 404)
        return PlainTextResponse("kept")

    async with served(pages, world.installation) as client:
        answers = await asyncio.gather(*(client.post(f"/forms/{word}") for word in ("good", "bad", "fine")))
    assert [one.text for one in answers] == ["kept", "refused", "kept"]
    with world.installation.database.read() as store:
        kept = {one.actor for one in store.events(world.edition.id)}
    assert {"reviewer:good", "reviewer:fine"} <= kept
    assert "reviewer:bad" not in kept


async def test_the_thread_of_a_page_knows_the_language_of_its_request(world: World) -> None:
    pages = Pages()

    @pages.show("/spoken")
    def spoken() -> Response:
        return PlainTextResponse(language.CURRENT.get())

    found: list[Any] = []
    async with served(pages, world.installation) as client:
        for locale in ("en", "zh_CN"):
            language.CURRENT.set(locale)
            found.append((await client.get("/spoken")).text)
    assert found == ["en", "zh_CN"]
