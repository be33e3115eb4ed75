"""A second device is told to the registered address, once; the person can end it or replace the link (R-13)."""

from __future__ import annotations

from typing import Any

from models.edition import Mail
from tests.web.conftest import Browser, World

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_1 like Mac OS X) Safari/604.1"
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0.0.0"
NEWER_DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/121.0.6167.85"


async def enter(browser: Browser, link: str, agent: str) -> None:
    browser.client.headers["User-Agent"] = agent
    assert (await browser.enter(link)).status_code == 303


def notices(world: World) -> list[Mail]:
    with world.installation.database.read() as store:
        return [mail for mail in store.mails(world.edition.id) if mail.template == "new_device"]


def devices_added(world: World) -> list[str]:
    with world.installation.database.read() as store:
        return [event.actor for event in store.events(world.edition.id) if event.type == "DeviceAdded"]


async def test_only_a_new_device_beside_a_known_one_is_told_and_only_once(browser: Browser, other_browser: Browser, world: World) -> None:
    link = world.link("reviewer", "R01")
    await enter(browser, link, DESK)
    await enter(browser, link, NEWER_DESK)
    assert (notices(world), devices_added(world)) == ([], [])
    await enter(other_browser, link, PHONE)
    await enter(browser, link, DESK)
    await other_browser.get("/device")
    await other_browser.post("/leave")
    await enter(other_browser, link, PHONE)
    assert [(mail.to_address, mail.person) for mail in notices(world)] == [("r01@example.org", f"{world.edition.id}/r/R01")]
    assert devices_added(world) == [f"reviewer:{world.edition.id}/r/R01"]
    assert "iPhone" not in str(notices(world))


async def test_the_first_device_of_each_person_is_told_to_nobody(browser: Browser, world: World) -> None:
    await enter(browser, world.link("reviewer", "R01"), DESK)
    await enter(browser, world.link("reviewer", "R02"), PHONE)
    assert notices(world) == []


async def test_the_link_of_the_notice_leads_to_the_list_of_devices(browser: Browser, world: World) -> None:
    path = world.link("reviewer", "R01").removeprefix("http://localhost:8000") + "/device"
    assert (await browser.get(path)).text.count("<form") == (await browser.get(path.removesuffix("/device"))).text.count("<form")
    await browser.get(path)
    assert (await browser.post(path)).headers["location"] == "/device"
    page = await browser.get("/device")
    assert page.text.count("（当前浏览器）") == 1


async def test_other_devices_are_ended_and_this_one_stays(browser: Browser, other_browser: Browser, world: World) -> None:
    link = world.link("reviewer", "R01")
    await enter(browser, link, DESK)
    await enter(other_browser, link, PHONE)
    assert (await browser.get("/device")).text.count("进入时间") == 2
    assert (await browser.post("/device/end")).headers["location"] == "/device?ended=1"
    assert (await browser.get("/device?ended=1")).text.count("进入时间") == 1
    assert (await other_browser.get("/device")).status_code == 403


async def test_replacing_the_link_ends_every_session_and_mails_the_new_one(browser: Browser, other_browser: Browser, world: World) -> None:
    link = world.link("reviewer", "R01")
    await enter(browser, link, DESK)
    await enter(other_browser, link, PHONE)
    await browser.get("/device")
    assert (await browser.post("/device/replace")).status_code == 200
    assert [(await one.get("/device")).status_code for one in (browser, other_browser)] == [403, 403]
    assert (await browser.enter(link)).status_code == 403
    with world.installation.database.read() as store:
        assert sorted(mail.template for mail in store.mails(world.edition.id)) == ["link_again", "new_device"]
    assert (await browser.enter(world.link("reviewer", "R01"))).status_code == 303


async def test_a_link_is_not_replaced_without_end(browser: Browser, world: World) -> None:
    clock: Any = world.installation.database.clock
    answers = []
    for _ in range(4):
        clock.advance(minutes=1)
        await enter(browser, world.link("reviewer", "R01"), DESK)
        await browser.get("/device")
        answers.append((await browser.post("/device/replace")).status_code)
    assert answers == [200, 200, 200, 429]


async def test_the_buttons_need_the_sessions_own_form(browser: Browser, world: World) -> None:
    await enter(browser, world.link("reviewer", "R01"), DESK)
    answers = [(await browser.post(path, {"csrf": "x"}, hidden=False)).status_code for path in ("/device/end", "/device/replace")]
    assert answers == [403, 403]


async def test_a_nominator_and_a_committee_member_have_the_page_too(browser: Browser, world: World) -> None:
    for role, code in (("nominator", "N01"), ("committee", "M01"), ("party", "P01")):
        await enter(browser, world.link(role, code), DESK)  # type: ignore[arg-type]
        assert (await browser.get("/device")).status_code == 200
