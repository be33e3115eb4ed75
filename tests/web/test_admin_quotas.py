"""The office's pages of quotas."""

from __future__ import annotations

import re

import pytest

from tasks import visiting
from tasks.installation import Installation
from tests.builders import Clock
from tests.tasks.test_quota_grants import SOCIETY
from tests.web.conftest import Browser, World
from tests.web.nominating import open_submission


@pytest.fixture
def world(installed: Installation, clock: Clock) -> World:
    return open_submission(installed, clock, nominators=SOCIETY)


async def sign_in(browser: Browser) -> None:
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    await browser.enter(link)


def flat(text: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", " ", text))


async def test_the_table_leads_to_each_unit(browser: Browser, world: World) -> None:
    await sign_in(browser)
    base = f"/admin/editions/{world.edition.id}"
    assert f'href="{base}/quotas"' in (await browser.get(base)).text
    page = (await browser.get(f"{base}/quotas")).text
    assert f'href="{base}/quotas/N01"' in page
    assert "示例省N01学会N01省级学会学术论文2—20" in flat(page)


async def test_more_is_granted_taken_back_and_facts_are_stated(browser: Browser, world: World) -> None:
    await sign_in(browser)
    path = f"/admin/editions/{world.edition.id}/quotas/N01"
    await browser.get(path)
    guard = {name: value for name, value in browser.hidden(path).items() if name in ("as", "csrf")}
    form = {"act": "grant", "class_name": "paper", "extra": "2", "reason": "承办单位"}
    assert (await browser.post(path, guard | form, hidden=False)).headers["location"] == f"{path}?done=grant"
    page = (await browser.get(path)).text
    assert "学术论文2222" in flat(page)
    grant = re.search(r'name="grant" value="(\w+)"', page)
    assert grant is not None
    assert (await browser.post(path, guard | {"act": "revoke", "grant": grant[1]}, hidden=False)).status_code == 303
    assert "已撤销" in (await browser.get(path)).text
    assert (await browser.post(path, guard | {"act": "facts", "fact": "has_association"}, hidden=False)).status_code == 303
    page = (await browser.get(path)).text
    assert 'value="has_association" checked' in page
    assert "已建立本单位科协" in page
    again = await browser.post(path, guard | {"act": "revoke", "grant": grant[1]}, hidden=False)
    assert again.status_code == 409
    assert "不能撤销" in again.text


async def test_a_grant_without_reason_is_refused_and_what_was_typed_is_kept(browser: Browser, world: World) -> None:
    await sign_in(browser)
    path = f"/admin/editions/{world.edition.id}/quotas/N02"
    await browser.get(path)
    guard = {name: value for name, value in browser.hidden(path).items() if name in ("as", "csrf")}
    answer = await browser.post(path, guard | {"act": "grant", "class_name": "paper", "extra": "三", "reason": ""}, hidden=False)
    assert answer.status_code == 422
    assert "请填写大于 0 的整数" in answer.text
    assert "请填写理由" in answer.text
    assert 'value="三"' in answer.text
    assert (await browser.get(f"/admin/editions/{world.edition.id}/quotas/N99")).status_code == 404
    assert (await browser.post(path, guard | {"act": "fly"}, hidden=False)).status_code == 422


async def test_after_the_deadline_nothing_is_granted(browser: Browser, world: World, clock: Clock) -> None:
    assert world.edition.stages[0].cutoff is not None
    clock.now = world.edition.stages[0].cutoff
    await sign_in(browser)
    path = f"/admin/editions/{world.edition.id}/quotas/N01"
    page = (await browser.get(path)).text
    assert "申报已经截止，不能再改" in page
    assert 'value="grant"' not in page
    guard = {name: value for name, value in browser.hidden(path).items() if name in ("as", "csrf")}
    answer = await browser.post(path, guard | {"act": "grant", "class_name": "paper", "extra": "1", "reason": "晚了"}, hidden=False)
    assert answer.status_code == 409
