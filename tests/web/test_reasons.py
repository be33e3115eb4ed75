"""The page on which a divergent reviewer writes a reason, and the office's press that asks for it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tasks import reasons
from tasks.installation import Installation
from tests.web.conftest import Browser, World
from tests.web.test_admin_checks import sign_in
from tests.web.test_admin_ranking import HERE, TOTALS, a_world, score

CODE = "A04"
"""83 by R01 and 58 by R02."""
PAGE = f"/review/{CODE}/reason"


@pytest.fixture
def world(installed: Installation) -> World:
    made = a_world(installed)
    score(made)
    return made


async def press(browser: Browser, *codes: str) -> list[Any]:
    """Press the buttons of some entries on one page that was shown, one after the other."""
    await browser.get(HERE)
    fields = browser.hidden(f"{HERE}/{CODE}/reason")
    return [await browser.post(f"{HERE}/{code}/reason", fields, hidden=False) for code in codes]


async def test_one_press_asks_and_a_second_one_says_that_no_mail_goes_out(browser: Browser, world: World) -> None:
    admin = await sign_in(browser)
    page = (await admin.get(HERE)).text
    assert f'action="{HERE}/{CODE}/reason"' in page
    assert "请 2 位专家说明理由" in page
    first, second = await press(admin, CODE, CODE)
    assert [one.headers["location"] for one in (first, second)] == [f"{HERE}?asked=2#divergent", f"{HERE}?asked=0#divergent"]
    with world.installation.database.read() as store:
        assert [mail.template for mail in store.mails(world.edition.id)] == ["reason_asked", "reason_asked"]
    assert "已请 2 位专家书面说明理由" in (await admin.get(f"{HERE}?asked=2")).text
    page = (await admin.get(f"{HERE}?asked=0")).text
    assert "没有再次发送邮件" in page
    assert f'action="{HERE}/{CODE}/reason"' not in page
    assert page.count("尚未答复") == 2


async def test_an_entry_whose_marks_agree_is_refused_in_words(browser: Browser, world: World) -> None:
    admin = await sign_in(browser)
    assert [one.status_code for one in await press(admin, "A02", "X99")] == [409, 404]
    assert (await admin.post(f"{HERE}/{CODE}/reason", hidden=False)).status_code == 403


def ask(world: World) -> None:
    reasons.ask(world.edition.id, 1, f"{world.edition.id}/e/{CODE}", admin="admin@example.org")


async def test_the_reviewer_sees_the_own_sheet_alone(browser: Browser, world: World) -> None:
    ask(world)
    await browser.enter(world.link("reviewer", "R02"))
    assert f'href="{PAGE}"' in (await browser.get("/review")).text
    page = (await browser.get(PAGE)).text
    shown = re.findall(r"<dd>(.*?)</dd>", page)
    assert [re.sub(r"<[^>]*>", "", one) for one in shown] == ["40 / 40", "18 / 30", "0 / 30", "58 / 100"]
    others = {str(total) for some in TOTALS.values() for who, total in some.items() if who != "R02"} - {"58"}
    assert not [total for total in others if f">{total}<" in page]
    assert not [text for text in ("R01", "R03", "中位数", "校准", "平均分") if text in page]


async def test_what_is_written_reaches_the_office_and_its_table(browser: Browser, world: World) -> None:
    ask(world)
    await browser.enter(world.link("reviewer", "R02"))
    await browser.get(PAGE)
    kept = await browser.post(PAGE, {"text": "数据来源<不明>，请核查。"})
    assert kept.headers["location"] == f"{PAGE}?saved=1"
    assert "已收到您的理由" in (await browser.get(f"{PAGE}?saved=1")).text
    assert f'href="{PAGE}"' not in (await browser.get("/review")).text
    admin = await sign_in(browser)
    assert "数据来源&lt;不明&gt;，请核查。" in (await admin.get(HERE)).text
    table = (await admin.get(f"{HERE}.csv")).content.decode("utf-8-sig")
    assert "R02: 数据来源<不明>，请核查。" in table


async def test_a_refused_text_is_shown_again_with_its_fault(browser: Browser, world: World) -> None:
    ask(world)
    await browser.enter(world.link("reviewer", "R02"))
    await browser.get(PAGE)
    for text, said in (("", "请填写评分理由"), ("长" * 1001, "共 1,001 字，最多 1,000 字，请删减")):
        answer = await browser.post(PAGE, {"text": text})
        assert (answer.status_code, said in answer.text) == (422, True)
        assert f">\n{text}</textarea>" in answer.text


async def test_who_is_not_asked_finds_no_page(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R02"))
    assert (await browser.get(PAGE)).status_code == 404
    ask(world)
    await browser.enter(world.link("reviewer", "R03"))
    assert (await browser.get(PAGE)).status_code == 404


async def test_the_mails_link_leads_to_the_page(browser: Browser, world: World) -> None:
    ask(world)
    link = world.link("reviewer", "R02")
    answer = await browser.enter(f"{link}/reasons/{CODE}")
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)


async def test_what_comes_after_the_list_has_gone_out_is_handed_back(browser: Browser, world: World) -> None:
    ask(world)
    await browser.enter(world.link("reviewer", "R02"))
    await browser.get(PAGE)
    fields = {**browser.hidden(PAGE), "text": "晚了一步的理由"}
    with world.installation.database.write() as store:
        taken = store.take_lease(world.edition.id, "engine", store.real_now)
        assert taken is not None
        store.mark_step(taken, 2, "release_list")
    answer = await browser.post(PAGE, fields, hidden=False)
    assert (answer.status_code, "晚了一步的理由" in answer.text, "没有保存" in answer.text) == (409, True, True)
    assert '<textarea id="text"' not in (await browser.get(PAGE)).text


async def test_a_reason_outlives_the_visit(browser: Browser, world: World) -> None:
    ask(world)
    link = world.link("reviewer", "R02")
    await browser.enter(link)
    await browser.get(PAGE)
    fields = {**browser.hidden(PAGE), "text": "数据与结论不相称"}
    browser.client.cookies.clear()
    lost = await browser.post(PAGE, fields, hidden=False)
    assert (lost.status_code, "<dd>数据与结论不相称</dd>" in lost.text) == (403, True)
    await browser.enter(link)
    browser.last = await browser.post(PAGE, fields, hidden=False)
    assert (browser.last.status_code, ">\n数据与结论不相称</textarea>" in browser.last.text) == (403, True)
    assert (await browser.post(PAGE, {"text": "数据与结论不相称"})).headers["location"] == f"{PAGE}?saved=1"
