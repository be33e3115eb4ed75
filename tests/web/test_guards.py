"""Headers, forms from elsewhere, sizes, rates, logs: for every page, from the route table (R-08, R-11, R-15)."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from config.settings import Settings
from tasks.installation import Installation
from tests.web.conftest import SAME_SITE, Browser, World
from web import headers, logs
from web.app import create_app

PAGES = [
    "/",
    "/l/k1_" + "A" * 43,
    "/l/k1_" + "A" * 43 + "/device",
    "/l/k1_" + "A" * 43 + "/again",
    "/device",
    "/review/code",
    "/admin/in/x",
    "/admin/sign-in",
    "/review",
    "/review/A01",
    "/review/sign",
    "/ballot",
    "/signoff",
    "/submit",
    "/mailbox",
    "/nowhere",
    "/notices/none",
    "/results/none",
    "/results/none.json",
    "/results/none.csv",
    "/gallery/none",
    "/healthz",
    "/leave",
]


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_bears_the_headers_and_loads_nothing_from_elsewhere(browser: Browser, world: World, path: str) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    answer = await browser.get(path)
    assert answer.status_code in (200, 303, 403, 404, 405)
    assert {name: answer.headers[name] for name in headers.ALWAYS} == headers.ALWAYS
    public = path == "/" or path.startswith(headers.PUBLIC)
    assert answer.headers.get("x-robots-tag") == (None if public else "noindex, nofollow")
    assert "http://" not in answer.text.replace('xmlns="http://www.w3.org', "")
    assert "https://" not in answer.text
    assert [part for part in ("<script>", "<style", " style=", " onclick=", "javascript:") if part in answer.text] == []


async def test_https_pages_ask_for_https_and_bind_the_cookie(world: World) -> None:
    settings = Settings(data_dir=world.installation.settings.data_dir, base_url="https://awards.example.org")
    app = create_app(Installation(settings, world.installation.database))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://awards.example.org") as client:
        path = httpx.URL(world.link("reviewer", "R01")).path
        answer = await client.post(path, headers={"Origin": "https://awards.example.org"})
        assert answer.status_code == 303
        name, _, rest = answer.headers["set-cookie"].partition("=")
        assert (name, rest.split("; ", 1)[1]) == ("__Host-jinbang", "HttpOnly; Path=/; SameSite=lax; Secure")
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_a_bug_is_a_calm_page_with_headers_and_a_loud_log(app: Starlette, browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_request: Request) -> None:
        raise RuntimeError("secret inside")

    app.router.routes.append(Route("/broken", broken))
    with caplog.at_level(logging.ERROR, "jinbang.web"):
        answer = await browser.get("/broken")
    assert answer.status_code == 500
    assert {name: answer.headers[name] for name in headers.ALWAYS} == headers.ALWAYS
    assert "系统暂时出了点问题" in answer.text
    assert "secret inside" not in answer.text
    assert "secret inside" in caplog.text


def refused(world: World) -> list[dict[str, Any]]:
    """What events say of refused requests."""
    with world.installation.database.read() as store:
        return [dict(one.payload) for one in store.events(world.edition.id) if one.type == "AccessRefused"]


async def test_a_refusal_is_kept_without_secrets_and_without_strangers(browser: Browser, other_browser: Browser, world: World) -> None:
    link = world.link("reviewer", "R01")
    await browser.enter(link)
    for one in (browser, other_browser):
        await one.client.post(httpx.URL(link).path, headers={"Origin": "null"})
    assert (await browser.get("/ballot?token=secret")).status_code == 403
    assert (await other_browser.get("/ballot")).status_code == 403
    assert refused(world) == [
        {"method": "POST", "path": "/l/***", "reason": "foreign_form"},
        {"method": "GET", "path": "/ballot", "reason": "not_allowed"},
    ]


async def test_nobody_fills_the_database_with_refusals(browser: Browser, world: World) -> None:
    clock: Any = world.installation.database.clock
    await browser.enter(world.link("reviewer", "R01"))
    most = world.installation.settings.refusals_kept_per_hour
    for number in range(most + 5):
        assert (await browser.get(f"/review/X{number}")).status_code == 404
    assert len(refused(world)) == most
    clock.advance(hours=1.1)
    await browser.get("/review/X")
    assert len(refused(world)) == most + 1


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_can_be_framed(browser: Browser, path: str) -> None:
    assert "frame-ancestors 'none'" in (await browser.get(path)).headers["content-security-policy"]


FOREIGN: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8000"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Origin": "https://evil.example.org"},
    {"Origin": "null"},
    {"Referer": "https://evil.example.org/http://localhost:8000/"},
]


@pytest.mark.parametrize("sent", FOREIGN)
async def test_a_form_from_elsewhere_changes_nothing(browser: Browser, world: World, sent: dict[str, str]) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    fields = browser.hidden("/review/A01") | {"mark.value": "1"}
    assert (await browser.client.post("/review/A01", data=fields, headers=sent)).status_code == 403
    assert world.sheet_count() == 0
    assert refused(world) == [{"method": "POST", "path": "/review/A01", "reason": "foreign_form"}]


@pytest.mark.parametrize(
    "sent",
    [SAME_SITE, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost:8000"}, {"Referer": "http://localhost:8000/review/A01"}],
)
async def test_a_form_of_ours_is_taken_from_old_and_new_browsers(browser: Browser, world: World, sent: dict[str, str]) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    fields = browser.hidden("/review/A01") | {"mark.value": "1"}
    assert (await browser.client.post("/review/A01", data=fields, headers=sent)).status_code == 303
    assert world.sheet_count() == 1


@pytest.mark.parametrize("token", ["", "x", "长"])
async def test_a_form_without_the_sessions_token_changes_nothing(browser: Browser, world: World, token: str) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    assert (await browser.post("/review/A01", {"csrf": token, "mark.value": "1"})).status_code == 403
    assert world.sheet_count() == 0
    assert refused(world) == [{"method": "POST", "path": "/review/A01", "reason": "old_form"}]


async def test_a_form_of_an_earlier_session_changes_nothing(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    old = browser.hidden("/review/A01")
    await browser.enter(world.link("reviewer", "R01"))
    assert (await browser.post("/review/A01", old | {"mark.value": "1"}, hidden=False)).status_code == 403
    assert world.sheet_count() == 0


async def _chunks(total: int) -> Any:
    for _ in range(total // 65536):
        yield b"x" * 65536


async def test_a_body_over_the_limit_is_refused_announced_or_not(browser: Browser, world: World) -> None:
    headers_ = SAME_SITE | {"Content-Type": "application/x-www-form-urlencoded"}
    announced = await browser.client.post("/language", content=b"x" * 5 * 1024 * 1024, headers=headers_)
    chunked = await browser.client.post("/language", content=_chunks(100 * 1024 * 1024), headers=headers_)
    lying = await browser.client.post("/language", content=b"to=en", headers=headers_ | {"Content-Length": "-5"})
    assert (announced.status_code, chunked.status_code, lying.status_code) == (413, 413, 400)


async def test_ten_thousand_fields_are_refused(browser: Browser, world: World) -> None:
    answer = await browser.post("/language", {f"f{number}": "x" for number in range(10_000)}, hidden=False)
    assert answer.status_code in (400, 413)


async def test_files_where_none_are_asked_are_refused(browser: Browser, world: World) -> None:
    answer = await browser.client.post("/language", files={"to": ("a.txt", b"en")}, headers=SAME_SITE)
    assert answer.status_code == 400


async def test_one_address_may_not_ask_without_end(world: World) -> None:
    settings = Settings(data_dir=world.installation.settings.data_dir, requests_per_minute=5)
    app = create_app(Installation(settings, world.installation.database))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost:8000") as client:
        answers = [(await client.get("/", headers={"X-Forwarded-For": f"203.0.113.{n}"})).status_code for n in range(6)]
        assert answers == [200] * 5 + [429]
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    "path", ["/review/%00", "/results/a%00b", "/notices/%ED%A0%80", "/l/%0A", "/gallery/x/%00/small/y", "/review/" + "a" * 5000]
)
async def test_impossible_addresses_are_not_found(browser: Browser, world: World, path: str) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    assert (await browser.get(path)).status_code == (200 if path.startswith("/l/a") else 404)


async def test_every_page_answers_head(app: Starlette, browser: Browser) -> None:
    for path in PAGES:
        shown, asked = await browser.get(path), await browser.client.head(path)
        assert (path, asked.status_code, asked.content) == (path, shown.status_code, b"")


def test_the_access_log_hides_links() -> None:
    logs.redact()
    logs.redact()
    record = logging.LogRecord(
        "uvicorn.access", 20, "", 0, '%s - "%s %s HTTP/%s" %d', ("1.2.3.4", "GET", "/l/k1_secret?x=1", "1.1", 200), None
    )
    assert logging.getLogger("uvicorn.access").filter(record)
    assert record.getMessage() == '1.2.3.4 - "GET /l/***?x=1 HTTP/1.1" 200'
    assert logs.hide("/admin/in/a1_secret") == "/admin/in/***"
    assert logs.hide("/l/k1_secret/again") == "/l/***/again"
    assert logs.hide("/review?x=k1_" + "A" * 43) == "/review?x=***"
    assert logs.hide("/review/A01") == "/review/A01"


async def test_a_refused_link_is_hidden_in_our_own_log(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await browser.client.post("/l/k1_secret", headers={"Origin": "null"})
        await browser.client.put("/l/k1_secret", headers=SAME_SITE)
    assert "k1_secret" not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("jinbang"))


async def test_health_and_readiness(browser: Browser, world: World) -> None:
    assert [(await browser.get(path)).text for path in ("/healthz", "/readyz")] == ["ok\n", "ready\n"]
    with world.installation.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert (await browser.get("/readyz")).status_code == 503


async def test_static_files_travel_compressed_and_pages_do_not(browser: Browser) -> None:
    sheet = await browser.get("/static/app.css", headers={"Accept-Encoding": "gzip"})
    assert (sheet.headers["content-encoding"], sheet.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert "content-encoding" not in (await browser.get("/", headers={"Accept-Encoding": "gzip"})).headers
