"""The admin's board and acts."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tasks import visiting
from tests.web.conftest import Browser, World


@pytest.fixture
async def admin(browser: Browser, world: World) -> Browser:
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    await browser.enter(link)
    return browser


def events(world: World) -> list[str]:
    with world.installation.database.read() as store:
        return [event.type for event in store.events(world.edition.id)]


async def test_the_board_shows_each_edition(admin: Browser, world: World) -> None:
    page = await admin.get("/admin")
    assert [text for text in ("示例省青年科技成果评选", "专家评审", "0 / 5", "2026-06-20 24:00") if text not in page.text] == []
    detail = await admin.get(f"/admin/editions/{world.edition.id}")
    assert [text for text in ("专家R01", "0 / 3", "评委会表决", "委员M01") if text not in detail.text] == []


async def test_the_next_step_is_foretold_and_then_requested(admin: Browser, world: World) -> None:
    path = f"/admin/editions/{world.edition.id}/next"
    page = await admin.get(path)
    assert "评审将立即截止" in page.text
    assert events(world) == []
    answer = await admin.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/admin/editions/{world.edition.id}?done=next")
    assert events(world) == ["NextStepRequested"]
    with world.installation.database.read() as store:
        assert store.edition(world.edition.id).stages[1].requested


async def test_a_page_that_is_out_of_date_does_nothing(admin: Browser, world: World) -> None:
    path = f"/admin/editions/{world.edition.id}/next"
    await admin.get(path)
    assert (await admin.post(path, {"version": "0.0.planned.0"})).status_code == 409
    assert events(world) == []


async def test_a_blocked_stage_is_shown_and_retried(admin: Browser, world: World) -> None:
    with world.installation.database.write() as store:
        lease = store.take_lease(world.edition.id, "test", store.real_now)
        assert lease is not None
        store.note_failure(lease, 1, "entry A01 has one valid score", limit=1)
    assert "entry A01 has one valid score" in (await admin.get("/admin")).text
    path = f"/admin/editions/{world.edition.id}/retry"
    await admin.get(path)
    assert (await admin.post(path)).status_code == 303
    assert events(world) == ["StageRetried"]
    await admin.get(path)
    assert (await admin.post(path)).status_code == 409


async def test_a_deadline_is_extended_in_the_editions_own_zone(admin: Browser, world: World) -> None:
    path = f"/admin/editions/{world.edition.id}/extend"
    for wrong in ("", "soon", "2026-13-01", "2020-01-01"):
        await admin.get(path)
        assert (await admin.post(path, {"closes": wrong})).status_code in (409, 422)
    assert events(world) == []
    await admin.get(path)
    assert (await admin.post(path, {"closes": "2026-06-30 24:00"})).status_code == 303
    with world.installation.database.read() as store:
        assert store.edition(world.edition.id).stages[1].closes_at == datetime(2026, 6, 30, 16, tzinfo=UTC)


async def test_reminders_go_to_those_who_have_not_signed(admin: Browser, world: World) -> None:
    path = f"/admin/editions/{world.edition.id}/remind"
    await admin.get(path)
    assert (await admin.post(path)).status_code == 303
    with world.installation.database.read() as store:
        assert sorted(mail.to_address for mail in store.mails(world.edition.id)) == ["r01@example.org", "r02@example.org"]


async def test_a_link_is_issued_anew_and_shown_once(admin: Browser, other_browser: Browser, world: World) -> None:
    old = world.link("reviewer", "R01")
    await admin.get(f"/admin/editions/{world.edition.id}")
    path = f"/admin/editions/{world.edition.id}/links/reviewer"
    page = await admin.post(path, {"person": f"{world.edition.id}/r/R01", "name": "专家R01"})
    found = re.search(r"http://localhost:8000/l/k1_[\w-]{43}", page.text)
    assert found is not None
    assert found.group() != old
    assert (await other_browser.enter(found.group())).status_code == 303
    assert (await other_browser.enter(old)).status_code == 403


async def test_who_is_not_signed_in_is_asked_to(browser: Browser, world: World) -> None:
    answer = await browser.get("/admin")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/sign-in")
