"""A unit asks that some people do not review its entries; what it typed is kept, and nobody else sees it (rule R3)."""

from __future__ import annotations

import pytest

from tasks import avoiding
from tasks.avoiding import Answer
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.tasks.test_avoiding import N01, a_world
from tests.web.conftest import Browser, World

HERE = "/submit/avoid"
WHO = {"name": "专家R01", "unit": "R01大学", "reason": "有学术争议"}


@pytest.fixture
def world(request: pytest.FixtureRequest, installed: Installation, clock: Clock) -> World:
    return World(installed, a_world(installed, clock, **getattr(request, "param", {})))


@pytest.fixture
async def unit(browser: Browser, world: World) -> Browser:
    """N01 is at the page."""
    await browser.enter(world.link("nominator", "N01"))
    await browser.get(HERE)
    return browser


def kept(world: World) -> list[str]:
    with world.installation.database.read() as store:
        return [one.name for one in store.avoidances(world.edition.id)]


async def test_a_request_is_kept_shown_with_its_state_and_taken_back(unit: Browser, world: World) -> None:
    assert f'href="{HERE}"' in (await unit.get("/submit")).text
    await unit.get(HERE)
    answer = await unit.post(HERE, {"act": "ask", **WHO})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}?done=ask")
    page = (await unit.get(f"{HERE}?done=ask")).text
    assert ("已保存，由评审办公室审核，结果以邮件告知。" in page, "自动同意" in page) == (True, False)
    assert [text for text in (*WHO.values(), "待处理", "1 / 2") if text not in page] == []
    with world.installation.database.read() as store:
        (one,) = store.avoidances(world.edition.id)
    avoiding.decide(world.edition.id, {one.id: Answer(grant=False, reason="理由不足")}, admin="admin@example.org")
    page = (await unit.get(HERE)).text
    assert [text for text in ("不同意", "理由不足") if text not in page] == []
    assert (await unit.post(HERE, {"act": f"take_back:{one.id}"})).status_code == 303
    assert kept(world) == []


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"name": ""}, ["请填写"]),
        ({"unit": " ", "reason": ""}, ["请填写"]),
        ({"reason": "有\x01"}, ["含有无法保存的字符，或内容过长"]),
        ({"name": "专家R02", "unit": "R02大学"}, ["这位专家已经申请过"]),
    ],
)
async def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_is_kept(
    unit: Browser, world: World, changes: dict[str, str], sentences: list[str]
) -> None:
    avoiding.ask(world.edition.id, N01, name="专家R02", unit="R02大学", reason="争议")
    answer = await unit.post(HERE, {"act": "ask", **WHO, **changes})
    assert answer.status_code == 422
    assert [one for one in sentences if one not in answer.text] == []
    typed = {**WHO, **changes}
    assert (f'value="{typed["name"]}"' in answer.text, 'aria-invalid="true"' in answer.text) == (True, True)
    assert kept(world) == ["专家R02"]


async def test_beyond_the_limit_the_page_says_what_to_do(unit: Browser, world: World) -> None:
    for number in (2, 3):
        avoiding.ask(world.edition.id, N01, name=f"专家R0{number}", unit=f"R0{number}大学", reason="争议")
    answer = await unit.post(HERE, {"act": "ask", **WHO})
    assert (answer.status_code, "请先撤回一位，再填写新的" in answer.text, "有学术争议" in answer.text) == (422, True, True)
    page = (await unit.get(HERE)).text
    assert ("申请人数已满。如需更换，请先撤回一位。" in page, 'name="reason"' in page) == (True, False)


@pytest.mark.parametrize("world", [{"avoid_grants": "automatic"}], indirect=True)
async def test_where_the_rule_grants_the_page_says_so(unit: Browser, world: World) -> None:
    assert "按评选规则，申请提交后自动同意，并以邮件告知。" in (await unit.get(HERE)).text
    answer = await unit.post(HERE, {"act": "ask", **WHO})
    page = (await unit.get(answer.headers["location"])).text
    said = ("已保存，并已按评选规则自动同意：该专家不评审本单位的申报项。", "同意回避", "按规则自动同意")
    assert ([text for text in said if text not in page], "由评审办公室审核" in page) == ([], False)
    with world.installation.database.read() as store:
        assert [(one.template, one.to_address) for one in store.mails(world.edition.id)] == [("avoidances_decided", "n01@example.org")]


async def test_another_unit_sees_and_takes_back_nothing_of_it(other_browser: Browser, world: World) -> None:
    request = avoiding.ask(world.edition.id, N01, **WHO)
    await other_browser.enter(world.link("nominator", "N02"))
    page = (await other_browser.get(HERE)).text
    assert [text for text in WHO.values() if text in page] == []
    assert (await other_browser.post(HERE, {"act": f"take_back:{request.id}"})).status_code == 404
    assert kept(world) == ["专家R01"]


async def test_whether_somebody_is_in_the_pool_changes_no_byte_of_the_units_page(unit: Browser, world: World) -> None:
    avoiding.ask(world.edition.id, N01, **WHO)
    first = (await unit.get(HERE)).text
    assert WHO["reason"] in first
    with world.installation.database.write() as store:
        store.put_reviewers(world.edition.id, [builders.a_reviewer("R01", name="别人")])
    assert (await unit.get(HERE)).text == first


async def test_after_the_deadline_it_is_only_shown(browser: Browser, world: World, clock: Clock) -> None:
    clock.now = builders.NOW.replace(month=5, day=31, hour=15)
    await browser.enter(world.link("nominator", "N01"))
    await browser.get(HERE)
    clock.advance(hours=2)
    answer = await browser.post(HERE, {"act": "ask", **WHO})
    assert (answer.status_code, "已过截止时间，没有保存" in answer.text, kept(world)) == (409, True, [])
    assert 'name="reason"' not in (await browser.get(HERE)).text


async def test_the_page_is_english_where_english_was_asked_for(unit: Browser) -> None:
    page = (await unit.get(f"{HERE}?lang=en")).text
    assert "Ask to avoid a reviewer" in page
    assert [text for text in ("回避", "申请", "专家") if text in page] == []
