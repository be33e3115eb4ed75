"""The page of those who confirm, and the unit's page of whom to ask."""

from __future__ import annotations

import re

import pytest

from models.edition import Edition
from models.submitting import Confirmation
from tasks import links, witnesses
from tasks.installation import Installation
from tests.builders import Clock
from tests.web.conftest import Browser, World
from tests.web.nominating import open_submission

PEOPLE = "/submit/entries/A01/people"


@pytest.fixture
def world(installed: Installation, clock: Clock) -> World:
    return open_submission(installed, clock, consent=True, unit_opinion=True, opinions=2)


def asked(world: World) -> tuple[Confirmation, ...]:
    with world.installation.database.read() as store:
        return store.confirmations(world.edition.id)


def named(edition: Edition, kind: str = "expert", name: str = "赵汉江") -> Confirmation:
    return witnesses.name_person(edition.id, f"{edition.id}/n/N01", "A01", kind, name, "渭北大学", f"{kind}@example.org")


def link_of(world: World, witness: Confirmation) -> str:
    with world.installation.database.read() as store:
        grant = store.grant_of(world.edition.id, "witness", witness.id)
    assert grant is not None
    return links.address(world.installation.settings, grant)


def flat(text: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", text))


async def test_the_page_says_whose_link_which_award_which_entry_and_what_is_asked(browser: Browser, world: World) -> None:
    await browser.enter(link_of(world, named(world.edition)))
    page = await browser.get("/confirm")
    shown = flat(page.text)
    wanted = (
        "请填写专家意见",
        "您的姓名赵汉江渭北大学",
        "示例省青年科技成果评选（2026）",
        "深部煤层微震前兆识别A01",
        "推荐单位示例省N01学会",
        "日期：2026年5月12日",
    )
    assert [text for text in wanted if text not in shown] == []
    assert "SECRET-77" not in page.text  # a private field
    assert asked(world)[0].state == "asked"  # looking changes nothing


async def test_an_opinion_is_kept_can_be_changed_and_reaches_the_unit(browser: Browser, other_browser: Browser, world: World) -> None:
    witness = named(world.edition)
    await browser.enter(link_of(world, witness))
    for text in ("初稿", "创新性突出，同意推荐。"):
        await browser.get("/confirm")
        answer = await browser.post("/confirm", {"agree": "yes", "text": text, "name": "赵 汉江"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/confirm?done=1")
    page = (await browser.get("/confirm?done=1")).text
    assert "已收到您的答复" in page
    assert "创新性突出，同意推荐。" in page
    assert [(one.state, one.text) for one in asked(world)] == [("given", "创新性突出，同意推荐。")]
    await other_browser.enter(world.link("nominator", "N01"))
    page = (await other_browser.get(PEOPLE)).text
    assert "专家署名意见1/2" in flat(page)
    assert "创新性突出，同意推荐。" in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": "好", "name": "赵汉江"}, "请选择一项答复"),
        ({"agree": "yes", "text": "", "name": "赵汉江"}, "请填写意见；不同意的，请说明理由"),
        ({"agree": "yes", "text": "很好的工作", "name": "钱七"}, "姓名与邮件上的不一致"),
        ({"agree": "yes", "text": "有\x01控制符", "name": "赵汉江"}, "含有无法保存的字符"),
        ({"agree": "perhaps", "text": "好" * 3000, "name": "赵汉江"}, "含有无法保存的字符，或内容过长"),
    ],
)
async def test_an_answer_that_is_not_whole_gets_a_sentence_and_keeps_what_was_typed(
    browser: Browser, world: World, fields: dict[str, str], sentence: str
) -> None:
    await browser.enter(link_of(world, named(world.edition)))
    await browser.get("/confirm")
    answer = await browser.post("/confirm", fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    if "\x01" not in fields["text"]:
        assert fields["text"] in answer.text
    assert fields["name"] in answer.text
    assert asked(world)[0].state == "asked"


async def test_the_nominees_no_is_told_on_the_units_page(browser: Browser, other_browser: Browser, world: World) -> None:
    await browser.enter(link_of(world, named(world.edition, "consent", "甲一")))
    await browser.get("/confirm")
    await browser.post("/confirm", {"agree": "no", "text": "本人不参评。", "name": "甲一"})
    await other_browser.enter(world.link("nominator", "N01"))
    page = flat((await other_browser.get(PEOPLE)).text)
    assert "甲一渭北大学·consent@example.org不同意" in page
    with world.installation.database.read() as store:
        assert store.entry(f"{world.edition.id}/e/A01").state == "not_accepted"


async def test_after_the_deadline_the_typed_text_is_shown_and_nothing_kept(browser: Browser, world: World, clock: Clock) -> None:
    witness = named(world.edition)
    assert world.edition.stages[0].cutoff is not None
    clock.now = world.edition.stages[0].cutoff
    await browser.enter(link_of(world, witness))
    page = await browser.get("/confirm")
    assert "现在不能答复" in page.text
    answer = await browser.post("/confirm", {"agree": "yes", "text": "晚到的意见", "name": "赵汉江"})
    assert answer.status_code == 409
    assert "晚到的意见" in answer.text
    assert asked(world)[0].state == "asked"


async def test_the_unit_asks_corrects_and_sends_again(browser: Browser, other_browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    page = (await browser.get(PEOPLE)).text
    assert 'value="甲一"' in page  # the first author, whose consent is asked
    assert 'value="a01@example.org"' in page
    form = {"act": "ask", "at": "expert", "name": "赵汉江", "unit": "渭北大学", "email": "wrong@example.org"}
    answer = await browser.post(PEOPLE, browser.hidden(PEOPLE) | form, hidden=False)
    assert answer.headers["location"] == f"{PEOPLE}?done=asked"
    await browser.get(PEOPLE)
    old = link_of(world, asked(world)[0])
    form |= {"act": "correct", "at": "1", "email": "right@example.org"}
    assert (await browser.post(PEOPLE, browser.hidden(PEOPLE) | form, hidden=False)).status_code == 303
    assert (await other_browser.enter(old)).status_code == 403
    assert (await other_browser.enter(link_of(world, asked(world)[0]))).headers["location"] == "/confirm"
    await browser.get(PEOPLE)
    answer = await browser.post(PEOPLE, browser.hidden(PEOPLE) | {"act": "resend", "at": "1"}, hidden=False)
    assert answer.headers["location"] == f"{PEOPLE}?done=sent"
    with world.installation.database.read() as store:
        sent = [(one.to_address, one.state) for one in store.mails(world.edition.id) if one.template == "confirmation_request"]
    assert sorted(sent) == [("right@example.org", "pending"), ("right@example.org", "pending"), ("wrong@example.org", "superseded")]


async def test_a_wrong_address_is_refused_beside_its_field(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    await browser.get(PEOPLE)
    form = {"act": "ask", "at": "expert", "name": "", "unit": "渭北大学", "email": "n01@example.org"}
    answer = await browser.post(PEOPLE, browser.hidden(PEOPLE) | form, hidden=False)
    assert answer.status_code == 422
    assert "请输入姓名" in answer.text
    assert "这是推荐单位自己的邮箱" in answer.text
    assert 'value="n01@example.org"' in answer.text
    assert asked(world) == ()


async def test_acts_that_do_not_exist_and_other_units_entries_are_refused(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    await browser.get(PEOPLE)
    guard = browser.hidden(PEOPLE)
    for path, fields, status in (
        (PEOPLE, {"act": "fly"}, 409),
        (PEOPLE, {"act": "resend", "at": "9"}, 404),
        (PEOPLE, {"act": "ask", "at": "king", "name": "甲", "unit": "乙", "email": "x@example.org"}, 404),
        ("/submit/entries/B01/people", {"act": "ask", "at": "expert", "name": "甲", "unit": "乙", "email": "x@example.org"}, 404),
    ):
        assert ((await browser.post(path, guard | fields, hidden=False)).status_code, path, fields) == (status, path, fields)
    assert asked(world) == ()
