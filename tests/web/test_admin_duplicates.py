"""The office's pages of entries that may be put forward twice."""

from __future__ import annotations

import pytest

from tasks import duplicates, visiting
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.web.conftest import Browser, World
from tests.web.nominating import open_submission

PAIR = "A01~B01"


def look(world: World) -> None:
    """Let A01 and B01 carry the same title, and be looked at."""
    with world.installation.database.write() as store:
        entries = [
            builders.an_entry("A01", title="渭河流域氮素迁移", fields={"abstract": "甲稿的摘要", "grant_no": "SECRET-77"}),
            builders.an_entry("A02", title="秦岭金丝猴的声音通讯", fields={}),
            builders.an_entry("B01", title="渭河流域氮素迁移", fields={"abstract": "乙稿的摘要"}, nominator="N02"),
        ]
        store.put_entries(world.edition.id, entries, {})
        duplicates.note(store, world.edition, store.entries(world.edition.id))


@pytest.fixture
def sealed() -> bool:
    return False


@pytest.fixture
def world(installed: Installation, clock: Clock, sealed: bool) -> World:
    made = open_submission(installed, clock, duplicates="ask", sealed=sealed)
    look(made)
    return made


async def sign_in(browser: Browser) -> None:
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    await browser.enter(link)


def states(world: World) -> dict[str, str]:
    with world.installation.database.read() as store:
        return {one.code: one.state for one in store.entries(world.edition.id)}


async def test_both_stand_side_by_side_with_the_reason(browser: Browser, world: World) -> None:
    await sign_in(browser)
    base = f"/admin/editions/{world.edition.id}/duplicates"
    page = (await browser.get(base)).text
    assert f'href="{base}/{PAIR}"' in page
    page = (await browser.get(f"{base}/{PAIR}")).text
    wanted = ("题目相同", "甲稿的摘要", "乙稿的摘要", "示例省N01学会", "示例省N02学会", "保留 A01，归档 B01（示例省N02学会）")
    assert [text for text in wanted if text not in page] == []
    assert "SECRET-77" not in page  # private


async def test_one_is_set_aside_and_brought_back(browser: Browser, world: World) -> None:
    await sign_in(browser)
    path = f"/admin/editions/{world.edition.id}/duplicates/{PAIR}"
    await browser.get(path)
    answer = await browser.post(path, {"keep": "first", "reason": "同一论文"})
    assert answer.status_code == 303
    assert states(world) == {"A01": "submitted", "A02": "submitted", "B01": "duplicate"}
    page = (await browser.get(path)).text
    assert 'value="first" checked' in page
    assert "同一论文" in page
    await browser.post(path, {"keep": "both", "reason": "经核对为两篇"})
    assert states(world)["B01"] == "submitted"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"keep": "first", "reason": ""}, "请填写理由"),
        ({"keep": "first", "reason": "有\x01"}, "含有无法保存的字符"),
        ({"keep": "third", "reason": "理由一则"}, "请选择一种处理办法"),
    ],
)
async def test_a_decision_that_is_not_whole_changes_nothing(browser: Browser, world: World, fields: dict[str, str], sentence: str) -> None:
    await sign_in(browser)
    path = f"/admin/editions/{world.edition.id}/duplicates/{PAIR}"
    await browser.get(path)
    answer = await browser.post(path, fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert set(states(world).values()) == {"submitted"}


async def test_in_review_nothing_is_set_aside(browser: Browser, world: World) -> None:
    builders.go_to(world.installation.database, world.edition.id, "scoring")
    await sign_in(browser)
    path = f"/admin/editions/{world.edition.id}/duplicates/{PAIR}"
    await browser.get(path)
    answer = await browser.post(path, {"keep": "first", "reason": "太晚"})
    assert answer.status_code == 409
    assert "太晚" in answer.text
    assert states(world)["B01"] == "submitted"


@pytest.mark.parametrize("sealed", [True])
async def test_what_is_sealed_is_only_counted(browser: Browser, world: World, sealed: bool) -> None:
    await sign_in(browser)
    base = f"/admin/editions/{world.edition.id}/duplicates"
    page = (await browser.get(base)).text
    assert "现有 1 对" in page
    assert "渭河" not in page
    assert (await browser.get(f"{base}/{PAIR}")).status_code == 404
