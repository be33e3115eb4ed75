"""The reviewer's list: states, filters, where to go on, one's own distribution, the guard; and own sheets side by side."""

from __future__ import annotations

import re

import httpx
import pytest

from tasks.installation import Installation
from tests import builders
from tests.web.conftest import Browser, World, seeded

FULL = {"mark.originality": "38", "mark.rigour": "29", "mark.value": "27"}
LOW = {"mark.originality": "30", "mark.rigour": "20.5", "mark.value": "20"}


@pytest.fixture
def world(installed: Installation) -> World:
    """An edition in which one reviewer may give 90 and more to half of two or more sheets."""
    guard = {"above": 90, "share": "1/2", "sheets_min": 2}
    return seeded(installed, builders.a_process(**builders.a_stage_change("scoring", distribution=guard)))


@pytest.fixture
async def reviewer(browser: Browser, world: World) -> Browser:
    """A browser that has come by the link of R01."""
    await browser.enter(world.link("reviewer", "R01"))
    return browser


async def save(browser: Browser, code: str, fields: dict[str, str]) -> httpx.Response:
    await browser.get(f"/review/{code}")
    return await browser.post(f"/review/{code}", fields)


def codes(page: httpx.Response) -> list[str]:
    """Codes of the cards, in order."""
    return re.findall(r'<a class="entry-link" href="/review/(\w+)"', page.text)


async def test_the_list_can_be_narrowed_to_a_state(reviewer: Browser) -> None:
    await save(reviewer, "A01", FULL)
    await save(reviewer, "A02", {"mark.originality": "12"})
    shown = {name: codes(await reviewer.get(f"/review?show={name}")) for name in ("all", "new", "draft", "done", "bribed", "%00")}
    assert shown == {
        "all": ["A01", "A02", "W01"], "new": ["W01"], "draft": ["A02"], "done": ["A01"], "bribed": ["A01", "A02", "W01"],
        "%00": ["A01", "A02", "W01"],
    }  # fmt: skip


async def test_one_goes_on_where_one_stopped(reviewer: Browser) -> None:
    def resumed(page: httpx.Response) -> str:
        found = re.search(r'<div class="overview-act">\s*<a class="button" href="([^"]+)"', page.text)
        assert found is not None
        return found.group(1)

    assert resumed(await reviewer.get("/review")) == "/review/A01"
    await save(reviewer, "A02", {"mark.originality": "12"})
    assert resumed(await reviewer.get("/review")) == "/review/A02"
    await save(reviewer, "A02", FULL)
    assert resumed(await reviewer.get("/review")) == "/review/W01"
    await save(reviewer, "W01", FULL)
    assert resumed(await reviewer.get("/review")) == "/review/A01"
    await save(reviewer, "A01", FULL)
    assert resumed(await reviewer.get("/review")) == "/review/sign"


async def test_own_marks_are_shown_as_a_distribution_and_nobody_elses(reviewer: Browser, other_browser: Browser, world: World) -> None:
    assert "均分" not in (await reviewer.get("/review")).text
    await save(reviewer, "A01", FULL)
    await save(reviewer, "A02", LOW)
    page = await reviewer.get("/review")
    assert "您已评 2 份，均分 82.3" in page.text  # (94 + 70.5) / 2 = 82.25, half up
    heights = re.findall(r'<rect [^>]*height="(\d+)"', page.text)
    assert heights == ["0", "0", "60", "0", "60"]
    await other_browser.enter(world.link("reviewer", "R02"))
    assert "均分" not in (await other_browser.get("/review")).text
    assert "70.5" not in (await other_browser.get("/review/A02")).text


async def test_too_many_high_marks_are_warned_of_while_scoring(reviewer: Browser) -> None:
    await save(reviewer, "A01", FULL)
    page = await reviewer.get("/review")
    assert "90 分及以上 1 份，签署时最多 1 份。" in page.text
    assert "高分偏多" not in page.text
    await save(reviewer, "A02", FULL)
    assert "高分偏多，请在签署前调整。" in (await reviewer.get("/review")).text


async def test_two_or_three_own_sheets_stand_side_by_side(reviewer: Browser) -> None:
    await save(reviewer, "A01", FULL | {"comment": "很好"})
    await save(reviewer, "A02", LOW)
    page = await reviewer.get("/review/compare?code=A01&code=A02&code=A01")
    rows = re.findall(r'<tr[^>]*><th scope="row">([^<]+)</th>(.*?)</tr>', page.text, re.S)
    assert {title: re.findall(r"<td[^>]*>(?:<strong>)?([^<]*)", cells) for title, cells in rows} == {
        "创新性": ["38", "30"], "科学性": ["29", "20.5"], "应用价值": ["27", "20"], "合计": ["94", "70.5"], "评语": ["很好", "—"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?code=A01", 422),
        ("?code=A01&code=A01", 422),
        ("?code=A01&code=A02&code=W01&code=A03", 422),
        ("?code=A01&code=A03", 404),
        ("?code=A01&code=%00", 404),
        ("?code=A01&code=%ED%A0%80", 404),
    ],
)
async def test_nothing_but_two_or_three_own_sheets_is_compared(reviewer: Browser, query: str, status: int) -> None:
    assert (await reviewer.get(f"/review/compare{query}")).status_code == status
