"""What a reviewer finds who did not answer, and what the office sees and does about silent reviewers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from models import tables as t
from models.healing import Watch
from tasks import bounces, healing, keeping
from tasks.installation import Installation
from tests import builders
from tests.builders import NOW
from tests.tasks.driving import ON_SQLITE
from tests.web.conftest import Browser, World
from tests.web.test_admin_checks import sign_in
from tests.web.test_invitation import enter

OFFICE = "/admin/editions/sample-2026/healing"


@pytest.fixture
def world(installed: Installation) -> World:
    return a_world(installed)


def a_world(installed: Installation) -> World:
    """R01 and R02 have two papers each and have not answered; R03 could step in."""
    changes = builders.a_stage_change(
        "scoring", panel=2, aggregate={"min_valid": 1}, reply_by_days=5, silent_days=4, replace_bounced_days=3
    )
    edition = builders.keep(installed.database, builders.an_edition(builders.a_process(**changes)), at="scoring")
    builders.put(
        installed.database, edition.id, nominators=[builders.a_nominator()], entries=[builders.an_entry(code) for code in ("A01", "A02")],
        reviewers=[builders.a_reviewer(code) for code in ("R01", "R02", "R03")],
        pairs=[(entry, who) for entry in ("A01", "A02") for who in ("R01", "R02")], accepted=False,
    )  # fmt: skip
    with installed.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")
        store.set_entry_states({f"{edition.id}/e/{code}": "assigned" for code in ("A01", "A02")})
        for code in ("R01", "R02"):
            store.put_watch(Watch(edition.id, 1, f"{edition.id}/r/{code}", reply_by=NOW.replace(day=13, hour=16)))
    return World(installed, edition)


def give_away(world: World, code: str = "R01") -> None:
    with world.installation.database.write() as store:
        edition = store.edition(world.edition.id)
        healing.pass_on(store, edition, edition.stages[1], f"{edition.id}/r/{code}", "no_answer")


@ON_SQLITE
async def test_the_invitation_names_the_day_by_which_to_answer(browser: Browser, world: World) -> None:
    page = await enter(browser, world)
    assert "2026年6月13日" in page
    assert "届时没有答复，将改请其他专家" in page
    keeping.keep(world.edition.id, "R01", "电话已确认", admin="admin@example.org")
    assert "2026年6月13日" not in (await browser.get("/review/invitation")).text


async def test_who_opens_a_lapsed_link_sees_what_happened_and_can_come_back(browser: Browser, world: World) -> None:
    give_away(world)
    page = await enter(browser, world)
    assert "原请您评审的申报项已改由其他专家评审" in page
    assert "在约定日期前没有收到您的答复" in page
    assert "深部煤层" not in page  # nothing of the entries is shown any more
    back = await browser.post("/review/invitation")
    assert (back.status_code, back.headers["location"]) == (303, "/review")
    listed = (await browser.get("/review")).text
    assert "目前没有分配给您的申报项。" in listed
    assert "需要补充专家时，会发邮件请您评审" in listed


@ON_SQLITE
async def test_what_is_given_back_is_asked_about_first(browser: Browser, world: World) -> None:
    with world.installation.database.write() as store:
        store.connection.execute(t.REVIEWERS.update().where(t.REVIEWERS.c.code == "R03").values(active=False))
    give_away(world)
    await enter(browser, world)
    await browser.post("/review/invitation")
    assert (await browser.get("/review")).headers["location"] == "/review/invitation"
    page = (await browser.get("/review/invitation")).text
    assert "新分配给您的申报项" in page
    assert "A01" in page


@ON_SQLITE
async def test_who_sends_the_old_page_late_comes_back_too(browser: Browser, world: World) -> None:
    await enter(browser, world)
    give_away(world)
    answered = await browser.post("/review/invitation", {"conflict": "A01", "reason.A01": "relative"})
    assert answered.status_code == 303
    with world.installation.database.read() as store:
        assert store.invitation(world.edition.id, 1, f"{world.edition.id}/r/R01").state == "accepted"


async def test_what_was_being_typed_when_the_entry_left_is_given_back(browser: Browser, world: World) -> None:
    await enter(browser, world)
    await browser.post("/review/invitation")
    await browser.get("/review/A01")
    hidden = browser.hidden("/review/A01")
    with world.installation.database.write() as store:
        edition = store.edition(world.edition.id)
        healing.pass_on(store, edition, edition.stages[1], f"{edition.id}/r/R01", "silent")
    typed = hidden | {"mark.originality": "31", "comment": "选题有新意"}
    lost = await browser.post("/review/A01", typed, hidden=False)
    assert lost.status_code == 409
    for words in ("这份申报项已改由其他专家评审，本次填写没有保存", "31", "选题有新意"):
        assert words in lost.text
    assert (await browser.post("/review/X99", typed, hidden=False)).status_code in (303, 404)
    assert world.sheet_count() == 0


@ON_SQLITE
async def test_the_office_sees_who_left_who_came_and_what_comes_next(browser: Browser, world: World) -> None:
    await sign_in(browser)
    before = (await browser.get(OFFICE)).text
    for words in ("邀请发出后 5 天内没有答复的，改请他人；此前 2 天提醒。", "2 项未答复", "提醒答复", "还没有。"):
        assert words in before
    give_away(world)
    after = (await browser.get(OFFICE)).text
    assert "未在约定日期前答复" in after
    assert "R03 (A01)" in after
    assert "按届次种子从无利益冲突且未满额的专家中抽取" in after
    english = (await browser.get(OFFICE, headers={"Accept-Language": "en"})).text
    assert "no answer in time" in english


async def test_the_office_keeps_a_reviewer_with_a_reason_and_lets_go(browser: Browser, world: World) -> None:
    await sign_in(browser)
    await browser.get(OFFICE)
    refused = await browser.post(f"{OFFICE}/keep", {"reviewer": "R01", "reason": ""})
    assert refused.status_code == 422
    assert "请写明原因" in refused.text
    assert 'value="R01"' in refused.text
    kept = await browser.post(f"{OFFICE}/keep", {"reviewer": "R01", "reason": "电话已确认"})
    assert kept.headers["location"] == f"{OFFICE}?done=keep"
    page = (await browser.get(OFFICE)).text
    assert "由 admin@example.org 保留" in page
    assert "电话已确认" in page
    gone = await browser.post(f"{OFFICE}/release", {"reviewer": "R01"})
    assert gone.headers["location"] == f"{OFFICE}?done=release"
    assert "保留</p>" not in (await browser.get(OFFICE)).text


@ON_SQLITE
async def test_the_office_corrects_an_address_and_admits_an_entry(browser: Browser, world: World) -> None:
    here, database = world.edition.id, world.installation.database
    builders.put(database, here, entries=[builders.an_entry("A09")])
    with database.write() as store:
        store.set_entry_states({f"{here}/e/A09": "ineligible"})
        watch = store.watch(here, 1, f"{here}/r/R02")
        store.put_watch(replace(watch, bounced_at=NOW - timedelta(hours=1), bounced_reply="550 no such user"))
    await sign_in(browser)
    page = (await browser.get(OFFICE)).text
    assert "r02@example.org 被退信" in page
    assert "550 no such user" in page
    for act, fields in (
        ("address", {"reviewer": "R02", "email": "x"}),
        ("admit", {"code": "A01", "reason": "x"}),
        ("keep", {"reviewer": "Z"}),
        ("bounced", {"reviewer": "Z", "reason": "x"}),
        ("bounced", {"reviewer": "R02", "reason": ""}),
    ):
        refused = await browser.post(f"{OFFICE}/{act}", fields)
        assert (act, refused.status_code, 'aria-invalid="true"' in refused.text) == (act, 422, True)
    assert (await browser.post(f"{OFFICE}/bounced", {"reviewer": "R02", "reason": "来电：已调离"})).status_code == 303
    assert "来电：已调离" in (await browser.get(OFFICE)).text
    assert (await browser.post(f"{OFFICE}/address", {"reviewer": "R02", "email": "neu@example.org"})).status_code == 303
    assert (await browser.post(f"{OFFICE}/admit", {"code": "A09", "reason": "异议成立"})).status_code == 303
    page = (await browser.get(OFFICE)).text
    assert "被退信</p>" not in page
    assert "抽取后补入" in page
    assert bounces.correct(here, "R02", "neu@example.org", admin="admin@example.org") == 0
