"""Personal links: inert until the button is pressed, alike when refused, gone at once when revoked (R-01..R-04, R-07, R-10, R-14)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from models import tables
from rules.links import derive_token
from tasks import links, visiting
from tests.web.conftest import SAME_SITE, Browser, World
from web.app import create_app


def rows(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the database."""
    with world.installation.database.engine.connect() as connection:
        return {
            table.name: sorted((tuple(map(str, row)) for row in connection.execute(sa.select(table))), key=str)
            for table in tables.METADATA.sorted_tables
        }


def token_of(link: str) -> str:
    return link.rsplit("/", 1)[1]


async def test_fifty_scanners_change_nothing(browser: Browser, world: World) -> None:
    link = world.link("reviewer", "R01")
    before = rows(world)
    answers = [await browser.client.request(method, f"/l/{token_of(link)}") for method in ["GET", "HEAD"] * 25]
    assert {answer.status_code for answer in answers} == {200}
    assert [answer for answer in answers if "set-cookie" in answer.headers] == []
    assert rows(world) == before
    assert (await browser.enter(link)).status_code == 303


async def test_the_page_of_a_link_is_the_same_for_every_token(browser: Browser, world: World) -> None:
    token = token_of(world.link("reviewer", "R01"))
    unknown = "k1_" + "A" * 43
    page, other = [(await browser.get(f"/l/{one}")).text.replace(one, "") for one in (token, unknown)]
    assert page == other
    assert world.edition.process.title.zh not in page


async def test_unknown_expired_and_revoked_links_are_refused_alike(browser: Browser, world: World) -> None:
    clock: Any = world.installation.database.clock
    revoked, early = world.link("reviewer", "R01"), world.link("reviewer", "R02")
    with world.installation.database.write() as store:
        links.revoke(store, world.edition.id, "reviewer", f"{world.edition.id}/r/R01", actor="admin:x")
    answers = [
        await browser.enter(revoked),
        await browser.enter("http://localhost:8000/l/k1_" + "A" * 43),
        await browser.enter("http://localhost:8000/l/x"),
    ]
    clock.advance(days=90)
    answers.append(await browser.enter(early))
    assert {answer.status_code for answer in answers} == {403}
    texts = {re.sub(r"/l/[^/\"]+", "/l/…", answer.text.split("<main")[1]) for answer in answers}
    assert len(texts) == 1
    assert [answer for answer in answers if "set-cookie" in answer.headers] == []


async def test_each_entry_is_a_new_session_and_the_cookie_is_bound(browser: Browser, other_browser: Browser, world: World) -> None:
    link = world.link("reviewer", "R01")
    cookies = [(await one.enter(link)).headers["set-cookie"] for one in (browser, other_browser)]
    assert len(set(cookies)) == 2
    assert cookies[0].split("; ", 1)[1] == "HttpOnly; Path=/; SameSite=lax"
    assert [(await one.get("/review")).status_code for one in (browser, other_browser)] == [200, 200]


async def test_a_reissued_link_ends_the_old_one_and_its_sessions_at_once(browser: Browser, world: World) -> None:
    old = world.link("reviewer", "R01")
    await browser.enter(old)
    assert (await browser.get("/review")).status_code == 200
    with world.installation.database.write() as store:
        new = links.reissue(store, world.installation.settings, world.edition.id, "reviewer", f"{world.edition.id}/r/R01", actor="admin:x")
    assert (await browser.get("/review")).status_code == 403
    assert (await browser.enter(old)).status_code == 403
    assert (await browser.enter(new)).status_code == 303
    with world.installation.database.write() as store:
        links.revoke(store, world.edition.id, "reviewer", f"{world.edition.id}/r/R01", actor="admin:x")
    assert (await browser.get("/review")).status_code == 403
    assert (await browser.enter(new)).status_code == 403


async def test_an_idle_or_old_session_ends(browser: Browser, world: World) -> None:
    clock: Any = world.installation.database.clock
    link = world.link("reviewer", "R01")
    await browser.enter(link)
    for _ in range(11):
        clock.advance(hours=1)
        assert (await browser.get("/review")).status_code == 200
    clock.advance(hours=1.1)
    assert (await browser.get("/review")).status_code == 403
    await browser.enter(link)
    clock.advance(hours=2.1)
    assert (await browser.get("/review")).status_code == 403


async def test_leaving_ends_the_session_on_the_server(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    cookie = browser.client.cookies["jinbang"]
    await browser.get("/review")
    assert (await browser.post("/leave")).headers["location"] == "/"
    browser.client.cookies.set("jinbang", cookie)
    assert (await browser.get("/review")).status_code == 403


@pytest.mark.parametrize(
    ("role", "code", "home"),
    [("nominator", "N01", "/submit"), ("reviewer", "R01", "/review"), ("committee", "M01", "/ballot"), ("party", "P01", "/signoff")],
)
async def test_each_role_has_its_page(browser: Browser, world: World, role: Any, code: str, home: str) -> None:
    assert (await browser.enter(world.link(role, code))).headers["location"] == home


async def test_the_21st_wrong_link_of_a_minute_has_to_wait_in_every_process(browser: Browser, world: World) -> None:
    clock: Any = world.installation.database.clock
    forged = {"X-Forwarded-For": "203.0.113.9"}
    wrong = "/l/k1_" + "B" * 43
    answers = [await browser.post(wrong, hidden=False, headers=forged if number % 2 else {}) for number in range(21)]
    assert [answer.status_code for answer in answers] == [403] * 20 + [429]
    assert int(answers[-1].headers["retry-after"]) == 60
    other = create_app(world.installation)  # another process, or the same after a restart, knows nothing but the database
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=other), base_url="http://localhost:8000") as client:
        assert (await Browser(client).post(wrong, hidden=False)).status_code == 429
    assert (await browser.enter(world.link("reviewer", "R01"))).status_code == 429
    clock.advance(seconds=60)
    assert (await browser.enter(world.link("reviewer", "R01"))).status_code == 303


async def test_addresses_are_counted_under_a_digest_and_forgotten_after_a_day(browser: Browser, world: World) -> None:
    clock: Any = world.installation.database.clock
    await browser.post("/l/x", hidden=False)
    assert [(row[1], "127.0.0.1" in str(row)) for row in rows(world)["hits"]] == [("wrong_link", False)]
    clock.advance(days=1.1)
    await browser.post("/l/x", hidden=False)
    assert len(rows(world)["hits"]) == 1


async def test_a_page_of_one_person_is_refused_when_another_has_entered_meanwhile(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A02")
    form = browser.hidden("/review/A02") | {"mark.value": "3"}
    await browser.enter(world.link("reviewer", "R02"))
    answer = await browser.post("/review/A02", form, hidden=False)
    assert (answer.status_code, "您现在是以另一人的身份登录的" in answer.text) == (409, True)
    assert world.sheet_count() == 0
    with world.installation.database.read() as store:
        events = [(one.actor, one.payload["reason"]) for one in store.events(world.edition.id) if one.type == "AccessRefused"]
    assert events == [(f"reviewer:{world.edition.id}/r/R02", "other_person")]


async def test_no_token_and_no_cookie_is_stored(browser: Browser, other_browser: Browser, world: World) -> None:
    link, sign_in = world.link("reviewer", "R01"), visiting.make_sign_in("admin@example.org")
    assert sign_in is not None
    for one, agent in ((browser, "Desk"), (other_browser, "Phone")):
        await one.enter(link)
        one.client.headers["User-Agent"] = agent
        await one.enter(link)
    await browser.post(f"/l/{token_of(link)}/again", hidden=False)
    await browser.get("/device")
    await browser.post("/device/replace")
    content = rows(world)
    assert {row[2] for row in content["mails"]} == {"new_device", "link_again"}
    cookies = [one.client.cookies["jinbang"] for one in (other_browser,)]
    secrets = [token_of(link), token_of(world.link("reviewer", "R01")), token_of(sign_in), *cookies]
    assert [one for one in secrets if one in str(content)] == []


async def test_a_sign_in_link_works_once_and_only_by_its_button(browser: Browser, other_browser: Browser, world: World) -> None:
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    path = link.removeprefix("http://localhost:8000")
    before = rows(world)
    for method in ("GET", "HEAD"):
        assert (await browser.client.request(method, path)).status_code == 200
    assert rows(world) == before
    assert (await browser.post(path, hidden=False)).headers["location"] == "/admin"
    assert (await other_browser.post(path, hidden=False)).status_code == 403
    assert (await browser.get("/admin")).status_code == 200


async def test_a_sign_in_link_ends_after_half_an_hour(browser: Browser, world: World) -> None:
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    clock: Any = world.installation.database.clock
    clock.advance(minutes=30)
    assert (await browser.post(link.removeprefix("http://localhost:8000"), hidden=False)).status_code == 403


async def test_the_sign_in_form_never_tells_who_is_an_admin(world: World) -> None:
    told: list[tuple[str, str]] = []
    app = create_app(world.installation, notify_sign_in=lambda email, link: told.append((email, link)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost:8000") as client:
        answers = [
            await client.post("/admin/sign-in", data={"email": email}, headers=SAME_SITE)
            for email in ("admin@example.org", "nobody@example.org", "x\x00@example.org", "a" * 5000)
        ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert [email for email, _link in told] == ["admin@example.org"]


def test_ten_thousand_tokens_are_256_bits_in_43_characters_and_all_distinct(world: World) -> None:
    world.link("reviewer", "R01")
    with world.installation.database.read() as store:
        grant = store.grant_of(world.edition.id, "reviewer", f"{world.edition.id}/r/R01")
    assert grant is not None
    key = world.installation.settings.secret_key
    grants = [replace(grant, id=f"{number % 100}", version=number // 100) for number in range(10_000)]
    tokens = {derive_token(key, one) for one in grants}
    assert len(tokens) == 10_000
    assert [one for one in tokens if not re.fullmatch(r"k1_[A-Za-z0-9_-]{43}", one)] == []
    assert derive_token(key + b"x", grant) != derive_token(key, grant)
