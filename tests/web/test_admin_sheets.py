"""The office's pages about reviewers: progress, opening sheets again, sheets from paper."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest

from models.edition import ScoreSheet
from models.errors import NotFound
from tasks import reopening, reviewing, signing, visiting
from tests.builders import Clock
from tests.web.conftest import Browser, World

FULL = {"originality": "35", "rigour": "25.5", "value": "20"}
HERE = "/admin/editions/sample-2026/reviewers"


@pytest.fixture
async def admin(browser: Browser, world: World) -> Browser:
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    await browser.enter(link)
    return browser


def save(world: World, *codes: str, sign: bool = True) -> None:
    edition = world.edition.id
    drafts = {f"{edition}/e/{code}": reviewing.Draft(FULL, "", 0) for code in codes}
    reviewing.save_sheets(edition, 1, f"{edition}/r/R02", drafts)
    if sign:
        signing.sign(edition, 1, f"{edition}/r/R02", "专家R02")


def sheets(world: World, reviewer: str = "R02") -> dict[str, ScoreSheet]:
    edition = world.edition.id
    with world.installation.database.read() as store:
        return {one.entry.rpartition("/")[2]: one for one in store.sheets(edition, 1, reviewer=f"{edition}/r/{reviewer}")}


def keyed(*codes: str, **changes: str) -> dict[str, str]:
    return {f"{code}.mark.{name}": mark for code in codes for name, mark in (FULL | changes).items()}


async def test_the_list_shows_progress_and_answers(admin: Browser, world: World) -> None:
    save(world, "A02", sign=False)
    page = (await admin.get(HERE)).text
    assert [text for text in ("专家R01", "专家R02", "已接受", f"{HERE}/R02/key-in", f"{HERE}/R02/blank.pdf") if text not in page] == []
    assert "专家R03" not in page
    assert '<td class="number">2</td><td class="number">1</td><td class="number">0</td>' in page
    assert f'href="{HERE}"' in (await admin.get("/admin/editions/sample-2026")).text


async def test_sheets_are_opened_again_and_their_old_version_is_shown(admin: Browser, world: World) -> None:
    save(world, "A02", "A03")
    await admin.get(f"{HERE}/R02")
    answer = await admin.post(f"{HERE}/R02/reopen", {"code": "A02", "reason": "两项分数填反"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}/R02?done=reopen")
    page = (await admin.get(answer.headers["location"])).text
    assert [text for text in ("两项分数填反", "admin:admin@example.org", "创新性 35", "已重新开放") if text not in page] == []
    assert [code for code, one in sheets(world).items() if one.signed_at is None] == ["A02"]
    with world.installation.database.read() as store:
        assert {mail.template for mail in store.mails(world.edition.id)} == {"review_thanks", "sheet_reopened"}


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"code": "A02", "reason": ""}, 422, "请填写重新开放的原因"),
        ({"code": "A02", "reason": "x\x00"}, 422, "请填写重新开放的原因"),
        ({"code": "A02", "reason": "长" * 600}, 422, "请填写重新开放的原因"),
        ({"reason": "漏项"}, 422, "请选择已签署的评分表"),
        ({"code": "A01", "reason": "漏项"}, 404, "没有找到"),
    ],
)
async def test_opening_needs_a_reason_and_a_sheet(admin: Browser, world: World, fields: dict[str, str], status: int, said: str) -> None:
    save(world, "A02", "A03")
    await admin.get(f"{HERE}/R02")
    answer = await admin.post(f"{HERE}/R02/reopen", fields)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert all(one.signed_at for one in sheets(world).values())


async def test_a_blank_paper_lists_what_is_in_hand(admin: Browser, world: World) -> None:
    answer = await admin.get(f"{HERE}/R02/blank.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    document = pypdfium2.PdfDocument(answer.content)
    page = document[0]
    text = page.get_textpage()
    shown = text.get_text_bounded()
    text.close()
    page.close()
    document.close()
    assert [code for code in ("A01", "A02", "A03") if code in shown] == ["A02", "A03"]
    assert (await admin.get(f"{HERE}/R02/sheet.pdf")).status_code == 404
    assert (await admin.get(f"{HERE}/R99/blank.pdf")).status_code == 404


async def test_paper_is_keyed_in_and_signed_with_its_date(admin: Browser, world: World) -> None:
    await admin.get(f"{HERE}/R02/key-in")
    answer = await admin.post(f"{HERE}/R02/key-in", keyed("A02", "A03") | {"A02.comment": "有新意"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}/R02/key-in?done=saved")
    assert {(one.keyed_by, one.revision, one.signed_at) for one in sheets(world).values()} == {("admin@example.org", 1, None)}
    await admin.get(answer.headers["location"])
    assert (await admin.post(f"{HERE}/R02/paper", {"day": "2026-06-09"})).status_code == 303
    assert {one.signed_as for one in sheets(world).values()} == {"paper 2026-06-09"}
    page = (await admin.get(f"{HERE}/R02")).text
    assert page.count("纸质签署于 2026-06-09") == 2
    assert page.count("由 admin@example.org 代录") == 2
    with world.installation.database.read() as store:
        actors = [(event.type, event.actor) for event in store.events(world.edition.id)]
    assert actors == [("SheetSaved", "admin:admin@example.org"), ("SheetsSigned", "admin:admin@example.org")]


async def test_the_same_table_five_times_is_saved_once(admin: Browser, world: World) -> None:
    await admin.get(f"{HERE}/R02/key-in")
    answers = [await admin.post(f"{HERE}/R02/key-in", keyed("A02")) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {303}
    assert sheets(world)["A02"].revision == 1


@pytest.mark.parametrize("value", ["41", "九十", "-1", "1\x00", "x" * 1_000_000])
async def test_a_bad_mark_is_answered_at_its_field_and_kept(admin: Browser, world: World, value: str) -> None:
    await admin.get(f"{HERE}/R02/key-in")
    answer = await admin.post(f"{HERE}/R02/key-in", keyed("A02", originality=value))
    assert answer.status_code == 422
    assert 'id="e-m-A02-originality"' in answer.text
    assert 'value="25.5"' in answer.text
    assert sheets(world) == {}


async def test_what_changed_meanwhile_is_not_overwritten(admin: Browser, world: World) -> None:
    await admin.get(f"{HERE}/R02/key-in")
    save(world, "A02", sign=False)
    answer = await admin.post(f"{HERE}/R02/key-in", keyed("A02", value="1"))
    assert answer.status_code == 409
    assert "已在别处更新" in answer.text
    assert 'value="1"' in answer.text
    assert sheets(world)["A02"].keyed_by == ""
    admin.last = answer
    assert (await admin.post(f"{HERE}/R02/key-in", keyed("A02", value="1"))).status_code == 303
    assert sheets(world)["A02"].keyed_by == "admin@example.org"


@pytest.mark.parametrize("day", ["", "soon", "2026-06-31", "2030-01-01", "2026-06-09\x00", "9" * 100_000])
async def test_paper_needs_its_date(admin: Browser, world: World, day: str) -> None:
    await admin.get(f"{HERE}/R02/key-in")
    await admin.post(f"{HERE}/R02/key-in", keyed("A02", "A03"))
    await admin.get(f"{HERE}/R02/key-in")
    answer = await admin.post(f"{HERE}/R02/paper", {"day": day})
    assert answer.status_code == 422
    assert "请填写纸质评分表上的签署日期" in answer.text
    assert all(one.signed_at is None for one in sheets(world).values())


@pytest.mark.parametrize("path", ["", "/R02", "/R02/key-in", "/R02/blank.pdf", "/R02/sheet.pdf"])
async def test_nobody_but_the_office_sees_these_pages(browser: Browser, world: World, path: str) -> None:
    assert (await browser.get(HERE + path)).status_code == 403
    await browser.enter(world.link("reviewer", "R02"))
    assert (await browser.get(HERE + path)).status_code == 403


@pytest.mark.parametrize("path", ["reopen", "key-in", "paper"])
async def test_a_reviewers_form_does_nothing_here(browser: Browser, world: World, path: str) -> None:
    await browser.enter(world.link("reviewer", "R02"))
    await browser.get("/review/A02")
    fields: dict[str, Any] = browser.hidden("/review/A02") | keyed("A02") | {"reason": "x", "code": "A02", "day": "2026-06-09"}
    assert (await browser.post(f"{HERE}/R02/{path}", fields, hidden=False)).status_code == 403
    assert sheets(world) == {}


# -- too late, and two admins -----------------------------------------------------------------------------------------


async def test_what_was_keyed_in_too_late_is_handed_back(browser: Browser, world: World, clock: Clock) -> None:
    cutoff = world.edition.stages[1].cutoff
    assert cutoff is not None
    clock.now = cutoff - timedelta(minutes=5)
    admin = await enter_as(browser, world, "admin@example.org")
    await admin.get(f"{HERE}/R02/key-in")
    clock.now = cutoff
    answer = await admin.post(f"{HERE}/R02/key-in", keyed("A02") | {"A02.comment": "有新意\n第二行"})
    assert answer.status_code == 409
    assert "评审已经截止，本次录入没有保存" in answer.text
    assert "创新性：35\n科学性：25.5\n应用价值：20\n评语：有新意\n第二行" in answer.text.replace("\r\n", "\n")
    assert 'id="lost-A03"' not in answer.text
    assert sheets(world) == {}


async def test_what_was_keyed_in_for_a_sheet_that_is_signed_meanwhile_is_handed_back(admin: Browser, world: World) -> None:
    await admin.get(f"{HERE}/R02/key-in")
    save(world, "A02", "A03")
    answer = await admin.post(f"{HERE}/R02/key-in", keyed("A02", value="1"))
    assert answer.status_code == 409
    assert "科学性：25.5\n应用价值：1</textarea>" in answer.text
    assert 'id="lost-A03"' not in answer.text
    assert sheets(world)["A02"].keyed_by == ""


@pytest.fixture
def two_admins(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """An installation where opening signed sheets takes two."""
    made = world.installation.settings.model_copy(update={"two_admins": True})
    object.__setattr__(world.installation, "settings", made)
    return world


async def enter_as(browser: Browser, world: World, address: str) -> Browser:
    with world.installation.database.write() as store:
        store.put_admin(address, "管理员", "admin")
    link = visiting.make_sign_in(address)
    assert link is not None
    await browser.enter(link)
    return browser


def reopenings(world: World) -> list[tuple[str, str, Any]]:
    with world.installation.database.read() as store:
        found = store.events(world.edition.id, "ReopeningAsked", "SheetReopened")
    return [(one.type, one.actor, one.payload.get("asked_by")) for one in found]


async def test_one_admin_alone_opens_no_signed_sheet_where_two_are_asked_for(
    two_admins: World, browser: Browser, other_browser: Browser
) -> None:
    """R-24: it waits until a different admin confirms, and both are recorded."""
    world, here, form = two_admins, f"{HERE}/R02", {"code": "A02", "reason": "两项分数填反"}
    save(world, "A02", "A03")
    second = await enter_as(other_browser, world, "second@example.org")
    first = await enter_as(browser, world, "admin@example.org")
    await first.get(here)
    answers = [await first.post(f"{here}/reopen", form) for _ in range(5)]
    assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, f"{here}?done=asked")}
    assert reopenings(world) == [("ReopeningAsked", "admin:admin@example.org", None)]
    assert all(one.signed_at for one in sheets(world).values())
    page = (await first.get(f"{here}?done=asked")).text
    assert "需由另一位管理员确认" in page
    assert 'name="asked"' not in page

    assert "重新开放待确认" in (await second.get(HERE)).text
    page = (await second.get(here)).text
    assert "admin@example.org 于 2026-06-10 10:00 申请：A02" in page
    (number,) = re.findall(r'name="asked" value="(\d+)"', page)
    guard = second.hidden(f"{here}/reopen")
    await first.get(here)
    own = first.hidden(f"{here}/reopen") | {"asked": number}
    assert (await first.post(f"{here}/reopen", own, hidden=False)).status_code == 403
    wrong = [await second.post(f"{here}/reopen", guard | {"asked": value}, hidden=False) for value in ("0", "x", "9" * 5000, "999")]
    assert {one.status_code for one in wrong} == {404}
    assert all(one.signed_at for one in sheets(world).values())

    confirmed = await second.post(f"{here}/reopen", guard | {"asked": number}, hidden=False)
    assert (confirmed.status_code, confirmed.headers["location"]) == (303, f"{here}?done=reopen")
    assert [code for code, one in sheets(world).items() if one.signed_at is None] == ["A02"]
    assert reopenings(world)[1:] == [("SheetReopened", "admin:second@example.org", "admin@example.org")]
    assert (await second.post(f"{here}/reopen", guard | {"asked": number}, hidden=False)).status_code == 404
    assert "重新开放待确认" not in (await second.get(HERE)).text


async def test_two_admins_are_asked_for_only_where_there_are_two(two_admins: World, browser: Browser) -> None:
    save(two_admins, "A02", "A03")
    admin = await enter_as(browser, two_admins, "admin@example.org")
    await admin.get(f"{HERE}/R02")
    answer = await admin.post(f"{HERE}/R02/reopen", {"code": "A02", "reason": "漏项"})
    assert answer.status_code == 403
    assert "JINBANG_MORE_ADMINS" in answer.text
    assert all(one.signed_at for one in sheets(two_admins).values())


async def test_a_request_ends_with_the_version_that_was_signed(two_admins: World, browser: Browser) -> None:
    edition, reviewer = two_admins.edition.id, f"{two_admins.edition.id}/r/R02"
    save(two_admins, "A02", "A03")
    await enter_as(browser, two_admins, "second@example.org")
    for reason in ("漏项", "误签"):
        assert reopening.reopen(edition, 1, reviewer, [f"{edition}/e/A02"], reason, admin="admin@example.org") == 0
    with two_admins.installation.database.read() as store:
        first, other = reopening.waiting(store, edition, 1)
    assert reopening.confirm(edition, 1, reviewer, other.number, admin="second@example.org") == 1
    signing.sign(edition, 1, reviewer, "专家R02")
    with two_admins.installation.database.read() as store:
        assert reopening.waiting(store, edition, 1) == ()
    with pytest.raises(NotFound):
        reopening.confirm(edition, 1, reviewer, first.number, admin="second@example.org")
