"""The reviewer's way: link, list, sheet, save, sign; and everything that can stand in it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from models.edition import ScoreSheet
from tests.web.conftest import Browser, World

FULL = {"mark.originality": "35", "mark.rigour": "25.5", "mark.value": "20"}


def stored(world: World, entry: str, reviewer: str = "R01") -> ScoreSheet | None:
    edition = world.edition.id
    with world.installation.database.read() as store:
        found = {sheet.entry: sheet for sheet in store.sheets(edition, 1, reviewer=f"{edition}/r/{reviewer}")}
    return found.get(f"{edition}/e/{entry}")


def said_at(place: str, answer: httpx.Response) -> str:
    """The sentence at a criterion or text field."""
    found = re.search(rf'<p class="field-error" id="e-{place}" aria-live="polite">([^<]*)<', answer.text)
    assert found is not None
    return found.group(1)


async def save(browser: Browser, code: str, fields: dict[str, Any], **more: Any) -> httpx.Response:
    await browser.get(f"/review/{code}")
    return await browser.post(f"/review/{code}", fields, **more)


async def test_from_the_link_to_the_signature(browser: Browser, world: World) -> None:
    entered = await browser.enter(world.link("reviewer", "R01"))
    assert (entered.status_code, entered.headers["location"]) == (303, "/review")
    listed = await browser.get("/review")
    assert [code for code in ("A01", "A02", "A03", "W01") if code in listed.text] == ["A01", "A02", "W01"]
    for code, following in (("A01", "/review/A02"), ("A02", "/review/W01"), ("W01", "/review/sign")):
        answer = await save(browser, code, FULL | {"comment": "有新意", "then": "next"})
        assert (answer.status_code, answer.headers["location"]) == (303, following)
    sheet = stored(world, "A01")
    assert sheet is not None
    assert (sheet.marks, sheet.comment, sheet.revision) == (
        {"originality": Decimal(35), "rigour": Decimal("25.5"), "value": Decimal(20)},
        "有新意",
        1,
    )
    check = await browser.get("/review/sign")
    assert check.text.count('<td class="number">80.5</td>') == 3
    assert (await browser.post("/review/sign", {"name": "别人"})).status_code == 422
    assert (await browser.post("/review/sign", {"name": " 专家 R01 "})).headers["location"] == "/review"
    with world.installation.database.read() as store:
        kinds = [event.type for event in store.events(world.edition.id)]
        assert kinds == ["SheetSaved"] * 3 + ["SheetsSigned"]
        assert [mail.template for mail in store.mails(world.edition.id)] == ["review_thanks"]
        assert store.waiting_wakes() == 2  # one to advance, one to send the mail
    assert "感谢" in (await browser.get("/review")).text


async def test_the_page_of_a_signed_sheet_takes_nothing_more(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R02"))
    for code in ("A02", "A03"):
        await save(browser, code, FULL)
    await browser.get("/review/sign")
    await browser.post("/review/sign", {"name": "专家R02"})
    answer = await save(browser, "A02", FULL | {"mark.value": "1"})
    assert answer.status_code == 409
    assert "已经签署" in answer.text
    sheet = stored(world, "A02", "R02")
    assert sheet is not None
    assert sum(sheet.marks.values()) == Decimal("80.5")


async def test_a_draft_may_be_incomplete_but_is_not_signed(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await save(browser, "A01", {"mark.originality": "12"})
    assert 'action="/review/sign"' not in (await browser.get("/review/sign")).text
    await browser.get("/review/A01")
    answer = await browser.post("/review/sign", browser.hidden("/review/A01") | {"name": "专家R01"})
    assert answer.status_code == 422
    assert "还有申报项没有评完" in answer.text
    with world.installation.database.read() as store:
        assert store.sheets(world.edition.id, 1, signed=True) == ()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("41", "超出了本项的分值范围"),
        ("-1", "超出了本项的分值范围"),
        ("35.5", "不符合本项的计分间隔"),
        ("优秀", "请填写数字"),
        ("1e1", "请填写数字"),
        ("9" * 100_000, "请填写数字"),
    ],
)
async def test_a_bad_mark_is_answered_at_its_field_and_kept(browser: Browser, world: World, typed: str, said: str) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    answer = await save(browser, "A01", FULL | {"mark.originality": typed, "comment": "保留我"})
    assert answer.status_code == 422
    assert said_at("originality", answer) == said
    assert f'value="{typed}"' in answer.text
    assert "保留我" in answer.text
    assert stored(world, "A01") is None


async def test_full_width_digits_are_marks(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await save(browser, "A01", {"mark.rigour": "２５。５"})
    sheet = stored(world, "A01")
    assert sheet is not None
    assert sheet.marks == {"rigour": Decimal("25.5")}


async def test_two_windows_are_shown_side_by_side(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    old = browser.hidden("/review/A01")
    await browser.post("/review/A01", FULL)
    answer = await browser.post("/review/A01", {**old, **FULL, "mark.value": "9", "comment": "另一个窗口"}, hidden=False)
    assert answer.status_code == 409
    assert '<td class="kept-lines">9</td><td class="kept-lines">20</td>' in answer.text
    assert "另一个窗口" in answer.text
    sheet = stored(world, "A01")
    assert sheet is not None
    assert (sheet.revision, sum(sheet.marks.values())) == (1, Decimal("80.5"))
    browser.last = answer
    assert (await browser.post("/review/A01", {"comment": "另一个窗口", "mark.value": "9"})).status_code == 303
    again = stored(world, "A01")
    assert again is not None
    assert (again.revision, again.marks["value"], again.comment) == (2, Decimal(9), "另一个窗口")


async def test_a_form_that_is_posted_five_times_is_saved_once(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    answers = [await browser.post("/review/A01", FULL) for _ in range(5)]
    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {(303, "/review/A01?saved=1")}
    with world.installation.database.read() as store:
        assert [event.type for event in store.events(world.edition.id)] == ["SheetSaved"]
    sheet = stored(world, "A01")
    assert sheet is not None
    assert sheet.revision == 1


async def test_after_the_grace_nothing_is_saved_and_the_text_is_handed_back(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    clock: Any = world.installation.database.clock
    closes = world.edition.stages[1].cutoff
    assert closes is not None
    clock.now = closes - (closes - clock.now) / 1000
    await browser.enter(world.link("reviewer", "R01"))  # ten days later one signs in again
    await browser.get("/review/A01")
    clock.now = closes
    answer = await browser.post("/review/A01", FULL | {"comment": "写了很久"})
    assert answer.status_code == 409
    assert "写了很久" in answer.text
    assert "25.5" in answer.text
    assert stored(world, "A01") is None
    assert 'name="then"' not in (await browser.get("/review/A01")).text


async def test_in_the_grace_a_sheet_is_still_taken(browser: Browser, world: World) -> None:
    clock: Any = world.installation.database.clock
    run = world.edition.stages[1]
    assert run.closes_at is not None
    clock.now = run.closes_at
    await browser.enter(world.link("reviewer", "R01"))
    assert (await save(browser, "A01", FULL)).status_code == 303


async def test_text_typed_in_a_lost_session_is_handed_back(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    browser.client.cookies.clear()
    answer = await browser.post("/review/A01", FULL | {"comment": "写了很久"})
    assert answer.status_code == 403
    assert "写了很久" in answer.text
    assert stored(world, "A01") is None


async def test_another_persons_page_saves_nothing(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A02")
    page_of_one = browser.hidden("/review/A02")
    await browser.enter(world.link("reviewer", "R02"))
    answer = await browser.post("/review/A02", {**page_of_one, **FULL}, hidden=False)
    assert answer.status_code == 409
    assert "另一人" in answer.text
    assert world.sheet_count() == 0


async def test_an_entry_that_is_not_on_the_list_does_not_exist(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    assert (await browser.get("/review/A03")).status_code == 404
    await browser.get("/review/A01")
    fields = browser.hidden("/review/A01")
    assert (await browser.post("/review/A03", {**fields, **FULL}, hidden=False)).status_code == 404
    assert world.sheet_count() == 0


async def test_double_blind_pages_name_nobody(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    pages = [(await browser.get(path)).text for path in ("/review", "/review/A01", "/review/W01", "/review/sign")]
    for hidden in ("甲一", "甲大学", "A01大学", "丙三", "丁老师", "N01学会", "10.0000/example.1", "SECRET-77", "a01@example.org"):
        assert [page for page in pages if hidden in page] == []
    assert "示例学报" in pages[1]
    assert "发光生物" in pages[2]


async def test_a_work_of_art_is_shown_even_double_blind_without_its_metadata(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    page = await browser.get("/review/W01")
    source = re.search(r'<img src="(/review/W01/files/[^"]+)" width="(\d+)" height="(\d+)"', page.text)
    assert source is not None
    assert source.group(2, 3) == ("900", "600")
    picture = await browser.get(source.group(1))
    assert (picture.status_code, picture.headers["content-type"], picture.content[:2]) == (200, "image/jpeg", b"\xff\xd8")
    assert (await browser.get(source.group(1).replace("W01", "A01"))).status_code == 404
    assert (await browser.get("/review/W01/files/none.png")).status_code == 404


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("comment", "nul\x00", "第 4 个字符是不能保存的符号（U+0000），请删去后重新输入"),
        ("comment", "\u202eright to left", "第 1 个字符是不能保存的符号（U+202E），请删去后重新输入"),
        ("comment", "\ufffe", "第 1 个字符是不能保存的符号（U+FFFE），请删去后重新输入"),
        ("comment", "长" * 2001, "共 2,001 字，最多 2,000 字，请删减"),
        ("comment", "长" * 350_000, "共 350,000 字，最多 2,000 字，请删减"),
        ("comment", "x" * 1_000_000, "共 1,000,000 字，最多 2,000 字，请删减"),
        ("mark.value", "1\x00", "请填写数字"),
        ("mark.value", "x" * 1_000_000, "请填写数字"),
    ],
)
async def test_what_no_field_may_hold_is_refused_at_the_field(browser: Browser, world: World, name: str, value: str, said: str) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    answer = await save(browser, "A01", {name: value})
    assert answer.status_code == 422
    assert said_at(name.removeprefix("mark."), answer) == said
    assert world.sheet_count() == 0


@pytest.mark.parametrize("raw", [b"%ED%A0%80", b"%FF%FE"])
async def test_half_a_surrogate_pair_is_refused_at_the_field(browser: Browser, world: World, raw: bytes) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A01")
    fields = "&".join(f"{name}={value}" for name, value in browser.hidden("/review/A01").items()).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    answer = await browser.client.post("/review/A01", content=fields + b"&comment=" + raw, headers=headers)
    assert answer.status_code == 422
    assert said_at("comment", answer) == "含有无法保存的字符，或内容过长"
    assert world.sheet_count() == 0


@pytest.mark.parametrize("revision", ["", "-1", "1.5", "９", "9" * 30])
async def test_a_forged_revision_saves_nothing(browser: Browser, world: World, revision: str) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    assert (await save(browser, "A01", FULL | {"revision": revision})).status_code == 422
    assert world.sheet_count() == 0


async def test_an_unknown_criterion_saves_nothing(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    assert (await save(browser, "A01", FULL | {"mark.bribe": "1"})).status_code == 422
    assert world.sheet_count() == 0


async def test_a_refusal_leads_back_to_ones_own_page(browser: Browser, world: World) -> None:
    assert 'href="/">返回首页<' in (await browser.get("/review/A01")).text
    await browser.enter(world.link("reviewer", "R01"))
    assert 'href="/review">返回我的页面<' in (await browser.get("/review/A03")).text
