"""The invitation's page, the gate before everything else, and stepping back from an entry."""

from __future__ import annotations

import re
from typing import Any

import pytest

from models import tables as t
from models.reviewing import Invitation
from tasks import inviting
from tests import builders
from tests.tasks.driving import ON_SQLITE
from tests.web.conftest import Browser, World, seeded

HERE = "/review/invitation"
FULL = {"mark.originality": "35", "mark.rigour": "25.5", "mark.value": "20"}
SECRET = ("示例学报", "发光生物", "自适应识别方法")
"""What only the material says."""


@pytest.fixture
def asked(world: World) -> World:
    """Nobody has answered the invitation yet."""
    return unanswered(world)


def unanswered(world: World) -> World:
    with world.installation.database.write() as store:
        store.connection.execute(t.INVITATIONS.delete())
        store.connection.execute(t.ASSIGNMENTS.update().values(cleared_at=None))
    return world


def invitation(world: World, reviewer: str = "R01") -> Invitation:
    with world.installation.database.read() as store:
        return store.invitation(world.edition.id, 1, f"{world.edition.id}/r/{reviewer}")


def rows(world: World) -> list[Any]:
    """Everything that an answer could change."""
    tables = (t.INVITATIONS, t.ASSIGNMENTS, t.CONFLICTS, t.SHEETS, t.SHEET_VERSIONS, t.MAILS)
    with world.installation.database.read() as store:
        return [sorted(map(repr, store.connection.execute(one.select()))) for one in tables] + [acts(world)]


def acts(world: World) -> list[str]:
    """What happened, refusals left out."""
    with world.installation.database.read() as store:
        return [event.type for event in store.events(world.edition.id) if event.type != "AccessRefused"]


async def enter(browser: Browser, world: World, code: str = "R01") -> str:
    """Come in by the link; yields the page that says what is asked."""
    entered = await browser.enter(world.link("reviewer", code))
    assert entered.headers["location"] == "/review"
    led = await browser.get("/review")
    assert (led.status_code, led.headers["location"]) == (303, HERE)
    page = await browser.get(HERE)
    assert page.status_code == 200
    return page.text


async def test_from_the_mail_to_the_first_sheet_nothing_is_typed(browser: Browser, asked: World) -> None:
    link = asked.link("reviewer", "R01")
    taps = 1
    await browser.get(link.removeprefix("http://localhost:8000"))  # the link in the mail
    taps += 1
    await browser.post(link.removeprefix("http://localhost:8000"))  # enter
    await browser.get("/review")
    await browser.get(HERE)
    taps += 1
    accepted = await browser.post(HERE)  # accept, with nothing filled in
    assert (accepted.status_code, accepted.headers["location"]) == (303, "/review/A01")
    taps += 1
    sheet = await browser.get("/review/A01")
    assert sheet.status_code == 200
    assert 'data-mark="40"' in sheet.text  # a chip saves the first mark
    assert taps <= 4
    assert invitation(asked) == Invitation(
        asked.edition.id, 1, f"{asked.edition.id}/r/R01", "accepted", None, "", "",
        inviting.pledge_digest(inviting.USUAL_PLEDGE.zh), builders.NOW,
    )  # fmt: skip


async def test_before_the_answer_no_page_shows_or_takes_anything(browser: Browser, asked: World) -> None:
    page = await enter(browser, asked)
    assert [word for word in SECRET if word in page] == []
    shown = ("/review", "/review/A01", "/review/W01", "/review/sign", "/review/table", "/review/A01/recuse", "/review/W01/files/作品.png")
    for path in shown:
        led = await browser.get(path)
        assert (path, led.status_code, led.headers.get("location")) == (path, 303, HERE)
    before = rows(asked)
    await browser.get(HERE)
    fields = browser.hidden(HERE)
    forms = {"/review/A01": FULL | {"revision": "0"}, "/review/sign": {"name": "专家R01"}, "/review/A01/recuse": {"reason": "self"}}
    for path, form in forms.items():
        answer = await browser.post(path, {**fields, **form}, hidden=False)
        assert (path, answer.status_code, answer.headers.get("location")) == (path, 303, HERE)
    assert rows(asked) == before


async def test_get_and_head_answer_nothing(browser: Browser, asked: World) -> None:
    await enter(browser, asked)
    before = rows(asked)
    for query in ("", "?conflict=A01&reason.A01=self", "?reason=x"):
        assert (await browser.get(HERE + query)).status_code == 200
        assert (await browser.client.head(HERE + query)).status_code == 200
    assert (await browser.client.head(f"{HERE}/decline")).status_code in (404, 405)
    assert rows(asked) == before


async def test_the_name_is_masked_until_the_person_has_said_who_is_there(browser: Browser, asked: World) -> None:
    page = await enter(browser, asked)
    assert "您是 专** 教授？" in page
    assert "专家R01" not in page
    await browser.post(HERE)
    assert "专家R01" in (await browser.get("/review")).text


async def test_double_blind_lists_all_units_in_order_and_ties_none_to_an_entry(browser: Browser, asked: World) -> None:
    page = await enter(browser, asked)
    assert re.findall(r'name="unit" value="([^"]*)"', page) == ["A01大学", "A02大学", "A03大学", "W01大学"]
    entries = page[page.index('class="conflicts"') : page.index("</ul>", page.index('class="conflicts"'))]
    assert "大学" not in entries
    await browser.post(HERE, {"unit": ["A02大学", "A03大学"]})
    listed = (await browser.get("/review")).text
    assert [code for code in ("A01", "A02", "A03", "W01") if f'href="/review/{code}"' in listed] == ["A01", "W01"]


@ON_SQLITE
async def test_where_units_are_shown_they_stand_beside_their_entries(browser: Browser, installed: Any) -> None:
    world = unanswered(seeded(installed, builders.a_process(**builders.a_stage_change("scoring", blind="single"))))
    page = await enter(browser, world)
    assert 'name="unit"' not in page
    assert "A02大学" in page
    assert "A03大学" not in page


@pytest.fixture
def app(installed: Any, request: pytest.FixtureRequest) -> Any:
    """The pages; a test may seed its own edition."""
    from web.app import create_app

    if {"world", "asked"} & set(request.fixturenames):
        request.getfixturevalue("world")
    return create_app(installed)


async def test_a_ticked_entry_leaves_unseen_and_the_rest_begins(browser: Browser, asked: World) -> None:
    await enter(browser, asked)
    answer = await browser.post(HERE, {"conflict": ["A01"], "reason.A01": "relative", "reason.A02": "", "more.A01": "侄女"})
    assert answer.headers["location"] == "/review/A02"
    assert (await browser.get("/review/A01")).status_code == 404
    with asked.installation.database.read() as store:
        assert [(one.entry[-3:], one.reason, one.more) for one in store.conflicts(asked.edition.id)] == [("A01", "relative", "侄女")]


async def test_the_same_form_sent_five_times_is_one_answer(browser: Browser, asked: World) -> None:
    await enter(browser, asked)
    form = {"conflict": ["A01"], "reason.A01": "self", "limit": "１", "unit": ["W01大学"]}
    answers = [await browser.post(HERE, form) for _ in range(5)]
    assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, "/review/A02")}
    assert acts(asked).count("InvitationAnswered") == 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"conflict": ["A01"]}, 'id="r-A01-fault">请选择回避原因<'),
        ({"conflict": ["A01"], "reason.A01": "other"}, 'id="o-A01-fault">请简要说明原因<'),
        (
            {"conflict": ["A01"], "reason.A01": "self", "more.A01": "\u202e保留我"},
            'id="o-A01-fault">第 1 个字符是不能保存的符号（U+202E），请删去后重新输入<',
        ),
        ({"limit": "九十"}, "请填写大于 0 的整数"),
        ({"limit": "0"}, "请填写大于 0 的整数"),
        ({"limit": "-1"}, "请填写大于 0 的整数"),
        ({"limit": "9" * 5000}, "请填写大于 0 的整数"),
        ({"unit": ["月球大学"]}, "单位名单已更新"),
        ({"suggestion": "nul\x00"}, "含有无法保存的字符"),
        ({"suggestion": "x" * 1_000_000}, "含有无法保存的字符"),
    ],
)
async def test_bad_input_is_answered_at_its_field_and_kept(browser: Browser, asked: World, form: dict[str, Any], said: str) -> None:
    await enter(browser, asked)
    before = rows(asked)
    answer = await browser.post(HERE, {"suggestion": "白教授", **form})
    assert answer.status_code == 422
    assert said in answer.text
    assert form.get("suggestion", "白教授") in answer.text
    assert form.get("more.A01", "") in answer.text
    if "conflict" in form:
        assert re.search(r'id="c-A01" name="conflict" value="A01" checked', answer.text)
    assert rows(asked) == before


@pytest.mark.parametrize("name", ["suggestion", "more.A01", "limit"])
async def test_half_a_surrogate_pair_is_refused(browser: Browser, asked: World, name: str) -> None:
    await enter(browser, asked)
    fields = "&".join(f"{key}={value}" for key, value in browser.hidden(HERE).items()).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    for path in (HERE, f"{HERE}/decline"):
        answer = await browser.client.post(path, content=fields + f"&reason=x&{name}=".encode() + b"%ED%A0%80", headers=headers)
        assert answer.status_code == 422
    assert invitation(asked).state == "invited"


async def test_a_foreign_entry_is_not_there(browser: Browser, asked: World) -> None:
    await enter(browser, asked)
    before = rows(asked)
    assert (await browser.post(HERE, {"conflict": ["A03"], "reason.A03": "self"})).status_code == 404
    assert rows(asked) == before


async def test_an_outdated_promise_is_shown_again(browser: Browser, asked: World) -> None:
    await enter(browser, asked)
    answer = await browser.post(HERE, {"pledge": "0" * 64, "suggestion": "白教授"})
    assert answer.status_code == 409
    assert "承诺书的文字已更新" in answer.text
    assert "白教授" in answer.text
    assert invitation(asked).state == "invited"
    browser.last = answer
    assert (await browser.post(HERE)).status_code == 303


async def test_declining_thanks_and_leaves_a_way_back(browser: Browser, asked: World) -> None:
    await enter(browser, asked)
    assert (await browser.post(f"{HERE}/decline", {"reason": " ", "suggestion": "白教授"})).status_code == 422
    answer = await browser.post(f"{HERE}/decline", {"reason": "出差", "suggestion": "白教授"})
    assert (answer.status_code, answer.headers["location"]) == (303, HERE)
    thanks = await browser.get(HERE)
    assert "感谢您的说明" in thanks.text
    assert "专家R01" not in thanks.text
    assert (await browser.get("/review/A01")).headers["location"] == HERE
    await browser.get(HERE)
    assert (await browser.post(HERE)).headers["location"] == "/review"
    assert "目前没有分配给您的申报项" in (await browser.get("/review")).text
    assert invitation(asked).state == "accepted"


async def test_entries_that_come_later_are_asked_about_and_do_not_stop_the_sheet_at_hand(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    builders.put(world.installation.database, world.edition.id, pairs=[("A03", "R01")], accepted=False)
    await browser.get("/review/A01")
    assert (await browser.post("/review/A01", FULL)).status_code == 303
    assert (await browser.get("/review/A03")).status_code == 404
    for path in ("/review", "/review/sign"):
        assert (await browser.get(path)).headers["location"] == HERE
    page = (await browser.get(HERE)).text
    assert "新分配给您的申报项" in page
    assert re.findall(r'name="conflict" value="([^"]*)"', page) == ["A03"]
    assert (await browser.post(HERE)).status_code == 303
    assert (await browser.get("/review/A03")).status_code == 200
    assert (await browser.get(HERE)).headers["location"] == "/review"


async def test_after_the_review_an_unanswered_invitation_shows_nothing(browser: Browser, asked: World) -> None:
    clock: Any = asked.installation.database.clock
    clock.now = asked.edition.stages[1].cutoff
    await browser.enter(asked.link("reviewer", "R01"))
    page = await browser.get(HERE)
    assert "评审已经截止" in page.text
    assert "深部煤层" not in page.text
    assert "深部煤层" not in (await browser.get("/review")).text
    assert (await browser.get("/review/A01")).status_code == 404
    forged = {"as": "x"}
    assert (await browser.post(HERE, forged)).status_code in (403, 409)


@pytest.mark.parametrize("path", [HERE, f"{HERE}/decline"])
async def test_a_forged_form_changes_nothing(browser: Browser, asked: World, path: str) -> None:
    await enter(browser, asked)
    before = rows(asked)
    fields = {**browser.hidden(path), "reason": "出差"}
    for forged in ({"csrf": "x"}, {"as": ""}, {"as": "0" * 24}):
        assert (await browser.post(path, fields | forged, hidden=False)).status_code in (403, 409)
    browser.client.cookies.clear()
    assert (await browser.post(path, fields, hidden=False)).status_code == 403
    assert rows(asked) == before


@pytest.mark.parametrize("code", ["R01", "R03"])
async def test_whether_another_reviewer_has_an_entry_changes_nothing_on_the_page(browser: Browser, asked: World, code: str) -> None:
    await browser.enter(asked.link("reviewer", code))
    one_world = (await browser.get(HERE)).text
    edition = asked.edition.id
    with asked.installation.database.write() as store:
        store.recuse(f"{edition}/e/A02:1:R02")
        store.add_assignments(edition, 1, [(f"{edition}/e/W01", f"{edition}/r/R02")], number=0)
    assert (await browser.get(HERE)).text == one_world


async def test_english_pages_ask_and_promise_in_english(browser: Browser, asked: World) -> None:
    await enter(browser, asked)
    page = await browser.get(f"{HERE}?lang=en")
    assert inviting.USUAL_PLEDGE.en in page.text
    assert (await browser.post(HERE)).status_code == 303
    assert invitation(asked).pledge == inviting.pledge_digest(inviting.USUAL_PLEDGE.en)


# -- stepping back -------------------------------------------------------------------------------------------------------


async def test_a_recused_entry_leaves_the_list_with_thanks(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    await browser.post("/review/A01", FULL)
    await browser.get("/review/A01/recuse")
    answer = await browser.post("/review/A01/recuse", {"reason": "same_unit", "more": "同一课题组"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/review?recused=1")
    assert "感谢您的说明" in (await browser.get("/review?recused=1")).text
    assert (await browser.get("/review/A01")).status_code == 404
    with world.installation.database.read() as store:
        assert store.sheets(world.edition.id, 1, reviewer=f"{world.edition.id}/r/R01") == ()
    assert acts(world) == ["SheetSaved", "ReviewerRecused", "SubstitutesDrawn"]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "请选择回避原因"),
        ({"reason": "x", "more": "保留我"}, "请选择回避原因"),
        ({"reason": "other"}, "请简要说明原因"),
        ({"reason": "self", "more": "保留我" * 200}, "共 600 字，最多 500 字，请删减"),
        ({"reason": "self", "more": "nul\x00"}, "第 4 个字符是不能保存的符号（U+0000），请删去后重新输入"),
    ],
)
async def test_a_recusal_without_a_good_reason_is_answered_at_its_field(
    browser: Browser, world: World, form: dict[str, str], said: str
) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01/recuse")
    answer = await browser.post("/review/A01/recuse", form)
    assert answer.status_code == 422
    assert said in answer.text
    assert form.get("more", "") in answer.text
    if form.get("reason") in ("self", "other"):
        assert f'value="{form["reason"]}" checked' in answer.text
    with world.installation.database.read() as store:
        assert store.conflicts(world.edition.id) == ()


async def test_what_comes_while_the_invitation_is_open_is_asked_about_by_itself(browser: Browser, asked: World) -> None:
    await enter(browser, asked)
    builders.put(asked.installation.database, asked.edition.id, pairs=[("A03", "R01")], accepted=False)
    assert (await browser.post(HERE)).headers["location"] == "/review/A01"
    assert (await browser.get("/review")).headers["location"] == HERE
    assert (await browser.get("/review/A03")).status_code == 404
    page = (await browser.get(HERE)).text
    assert re.findall(r'name="conflict" value="([^"]*)"', page) == ["A03"]
    assert (await browser.post(HERE)).status_code == 303
    assert (await browser.get("/review/A03")).status_code == 200


async def test_a_recusal_from_before_the_link_was_opened_again_is_sent_once_more(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01/recuse")
    old = browser.hidden("/review/A01/recuse") | {"reason": "dispute", "more": "曾有争议"}
    await browser.enter(world.link("reviewer", "R01"))
    browser.last = await browser.post("/review/A01/recuse", old, hidden=False)
    assert browser.last.status_code == 403
    assert 'value="dispute" checked' in browser.last.text
    assert "曾有争议</textarea>" in browser.last.text
    assert (await browser.post("/review/A01/recuse", {"reason": "dispute", "more": "曾有争议"})).headers["location"] == "/review?recused=1"


@pytest.mark.parametrize(
    ("path", "typed", "kept"),
    [
        (HERE, {"conflict": "A01", "reason.A01": "self", "suggestion": "白教授"}, ('value="A01" checked', 'value="白教授"')),
        (f"{HERE}/decline", {"reason": "正在出差"}, ("正在出差</textarea>",)),
    ],
)
async def test_an_answer_from_before_the_link_was_opened_again_is_sent_once_more(
    browser: Browser, asked: World, path: str, typed: dict[str, str], kept: tuple[str, ...]
) -> None:
    await enter(browser, asked)
    old = browser.hidden(path) | typed
    await enter(browser, asked)
    browser.last = await browser.post(path, old, hidden=False)
    assert (browser.last.status_code, invitation(asked).state) == (403, "invited")
    assert "上次登录时打开的" in browser.last.text
    assert [one for one in kept if one not in browser.last.text] == []
    assert (await browser.post(path, typed)).status_code == 303
    assert invitation(asked).state != "invited"
