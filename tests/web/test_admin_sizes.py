"""The office gives single entries another number of reviewers: by a form, with a preview and a reason, before the draw and after it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from models.edition import Edition
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.tasks.test_panel_changes import an_edition, panels
from tests.web.conftest import Browser, World
from tests.web.test_access import guard
from tests.web.test_admin_checks import sign_in
from tests.web.test_language import CJK

DRAW = "/admin/editions/sample-2026/draw"
HERE, CHANGE = f"{DRAW}/sizes", f"{DRAW}/change"


@pytest.fixture
def world(installed: Any) -> World:
    """A01 to A04, each with R01 and R02, two of two; six reviewers."""
    edition = an_edition(installed)
    with installed.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")
    return World(installed, edition)


@pytest.fixture
async def admin(browser: Browser) -> Browser:
    return await sign_in(browser)


async def look(admin: Browser, entries: str, size: str, act: str = "size", *, there: str = HERE) -> httpx.Response:
    """Send the form of the page, and stand on the preview."""
    await admin.get(there)
    admin.last = await admin.post(CHANGE, {"mode": "size", "entries": entries, "size": size, "act": act})
    return admin.last


def cells(page: httpx.Response) -> list[str]:
    """The cells of the first row of the first table."""
    row = re.search(r"<tbody>\s*<tr>(.*?)</tr>", page.text, re.S)
    assert row is not None
    return [unescape(re.sub(r"<[^>]+>", " ", one)).strip() for one in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row[1], re.S)]


async def test_a_size_is_looked_at_set_with_its_reason_and_shown_everywhere(admin: Browser, world: World) -> None:
    before = panels(world.installation)
    page = await look(admin, "A01， A02", "３", there=DRAW)
    assert (page.status_code, panels(world.installation)) == (200, before)
    assert cells(page)[:5] == ["A01", "2", "3", "2", "3"]
    refused = await admin.post(CHANGE, {"reason": " "})
    assert (refused.status_code, "请写明理由" in refused.text, panels(world.installation)) == (422, True, before)
    admin.last = refused
    made = await admin.post(CHANGE, {"reason": "交叉学科"})
    assert (made.status_code, made.headers["location"]) == (303, f"{HERE}?done=1")
    assert {entry: sum(at == entry for at, _ in panels(world.installation)) for entry in ("A01", "A02", "A03")} == {
        "A01": 3, "A02": 3, "A03": 2,
    }  # fmt: skip
    page = await admin.get(made.headers["location"])
    assert [
        text for text in ("已执行；", "3 / 3", "admin@example.org", "交叉学科", "恢复原定人数 A01", "A01、A02") if text not in page.text
    ] == []
    seats = (await admin.get(f"{DRAW}/panels")).text
    assert (seats.count("另行规定 3 位"), seats.count("专家 3 / 3 位"), seats.count("专家 2 / 2 位")) == (2, 2, 2)
    assert f'href="{HERE}?entry=A01"' in seats
    draw = (await admin.get(DRAW)).text
    assert ("单项专家人数 (2)" in draw, "每项 2 / 3 位专家" in draw, "<tr><td>单项专家人数</td>" in draw) == (True, True, True)
    assert '<input id="entries" name="entries" value="A04"' in (await admin.get(f"{HERE}?entry=A04")).text


async def test_it_is_taken_back_by_a_button_at_the_entry(admin: Browser, world: World) -> None:
    await look(admin, "A01", "3")
    await admin.post(CHANGE, {"reason": "交叉学科"})
    page = await look(admin, "A01", "", "declared")
    assert (cells(page)[:5], "不会自动撤下" in page.text) == (["A01", "3", "2 （原定）", "3", "3"], True)
    assert (await admin.post(CHANGE, {"reason": "误设"})).status_code == 303
    page = await admin.get(HERE)
    assert [text for text in ("没有另行规定", "恢复原定</td>", "误设", "交叉学科") if text not in page.text] == []
    assert len(panels(world.installation)) == 9  # nobody was taken off


@pytest.mark.parametrize(
    ("entries", "size", "act", "said"),
    [
        ("", "3", "size", {"entries": "请填写编号"}),
        ("A01", "很多", "size", {"size": "请填写人数，如 7"}),
        (" ，", "", "size", {"entries": "请填写编号", "size": "请填写人数，如 7"}),
        ("", "", "declared", {"entries": "请填写编号"}),
        ("A01 X9", "3", "size", {"entries": "本阶段没有这个申报项编号"}),
        ("A01", "99", "size", {"size": "单项可规定 1 至 15 位专家，不能是 99 位"}),
        ("A01", "0", "size", {"size": "单项可规定 1 至 15 位专家，不能是 0 位"}),
    ],
)
async def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(
    admin: Browser, world: World, entries: str, size: str, act: str, said: dict[str, str]
) -> None:
    page = await look(admin, entries, size, act)
    faults = dict(re.findall(r'<p class="fault" id="([^"]*)-fault">(.*?)</p>', page.text))
    assert {name: text.rstrip("。") for name, text in faults.items()} == said
    values = dict(re.findall(r'<input id="([^"]*)" name="(?:entries|size)" value="([^"]*)"', page.text))
    assert values == {"entries": entries, "size": size}
    assert "确认执行" not in page.text
    with world.installation.database.read() as store:
        assert store.events(world.edition.id, "PanelSizeSet") == ()


@pytest.mark.parametrize("fields", [{"act": "fly"}, {"act": "size", "entries": "A01 " + " ".join(f"X{n}" for n in range(6000))}])
async def test_what_no_page_of_ours_sends_is_refused(admin: Browser, world: World, fields: dict[str, str]) -> None:
    await admin.get(HERE)
    assert (await admin.post(CHANGE, {"mode": "size", "size": "3", **fields})).status_code == 422


async def test_too_late_leaves_the_wish_and_its_reason_on_the_page(admin: Browser, world: World) -> None:
    await look(admin, "A01", "3")
    with world.installation.database.write() as store:
        store.extend_stage(world.edition.id, 1, builders.NOW - timedelta(days=1))
    late = await admin.post(CHANGE, {"reason": "交叉学科"})
    assert (late.status_code, "A01 → 3" in late.text, ">交叉学科</textarea>" in late.text) == (409, True, True)
    with world.installation.database.write() as store:
        store.extend_stage(world.edition.id, 1, builders.NOW + timedelta(days=9))
    admin.last = late
    again = await admin.post(CHANGE, {"reason": "交叉学科"})
    assert (again.status_code, "确认执行" in again.text, ">交叉学科</textarea>" in again.text) == (200, True, True)
    admin.last = again
    assert (await admin.post(CHANGE, {"reason": "交叉学科"})).status_code == 303


async def test_what_changed_meanwhile_is_shown_again_with_the_reason(admin: Browser, world: World) -> None:
    await look(admin, "A01", "3")
    builders.put(world.installation.database, world.edition.id, reviewers=[builders.a_reviewer("R09")], pairs=[("A01", "R09")])
    page = await admin.post(CHANGE, {"reason": "交叉学科"})
    assert (page.status_code, cells(page)[:5], ">交叉学科</textarea>" in page.text) == (409, ["A01", "2", "3", "3", "3"], True)
    assert "只改变人数，不通知任何人。" in page.text


async def test_before_the_review_is_opened_the_page_is_there_and_the_waiting_page_leads_to_it(
    admin: Browser, installed: Installation, world: World
) -> None:
    early = builders.keep(installed.database, builders.an_edition(builders.a_process(name="early")), at="submission")
    builders.put(installed.database, early.id, nominators=[builders.a_nominator()])
    with installed.database.write() as store:
        store.put_entries(early.id, [builders.an_entry("A01")], {"A01": "A01"})
    there = f"/admin/editions/{early.id}/draw"
    assert f'href="{there}/sizes"' in (await admin.get(there)).text
    await admin.get(f"{there}/sizes")
    admin.last = await admin.post(f"{there}/change", {"mode": "size", "entries": "A01", "size": "7", "act": "size"})
    assert (cells(admin.last)[:5], "尚未抽取：首次抽取时按此人数安排。" in admin.last.text) == (["A01", "3", "7", "0", "0"], True)
    assert (await admin.post(f"{there}/change", {"reason": "交叉学科"})).status_code == 303
    page = await admin.get(f"{there}/sizes?done=1")
    assert ("0 / 7" in page.text, "已执行。" in page.text) == (True, True)


def of(installed: Installation, name: str, **changes: Any) -> Edition:
    return builders.keep(installed.database, builders.an_edition(builders.a_process(name=name, **changes)), at="submission")


async def test_an_award_that_allows_none_says_so_and_one_without_a_review_has_an_empty_page(
    admin: Browser, installed: Installation, world: World
) -> None:
    fixed = of(installed, "fixed", **builders.a_stage_change("scoring", draw={"single_at_most": 0}))
    page = await admin.get(f"/admin/editions/{fixed.id}/draw/sizes")
    assert ("本评选项目不允许为单项另行规定专家人数" in page.text, 'name="size"' in page.text) == (True, False)
    stages = [one for one in builders.DECLARATION["stages"] if one["kind"] in ("submission", "publication")]
    bare = of(installed, "bare", stages=stages)
    page = await admin.get(f"/admin/editions/{bare.id}/draw/sizes")
    assert (page.status_code, "本评选没有专家评审，这一页不会有内容。" in page.text) == (200, True)


async def test_the_pages_are_english_where_english_was_asked_for(admin: Browser, world: World) -> None:
    admin.client.headers["Accept-Language"] = "en"
    await look(admin, "A01", "5")
    await admin.post(CHANGE, {"reason": "interdisciplinary"})
    await look(admin, "A02", "4")
    own = (world.edition.process.title.zh, "管理员", "中文", "深部煤层微震前兆识别", "专家", "大学", "省", "学会", "示例")
    for page in (await admin.get(HERE), await look(admin, "A01 X9", "77"), await look(admin, "A02", "4")):
        text = re.sub(r"<datalist.*?</datalist>", "", page.text, flags=re.S)
        for written in own:
            text = text.replace(written, "")
        assert (CJK.findall(text), "Reviewers" in text) == ([], True)


async def test_an_entry_that_is_no_longer_reviewed_says_so_in_place_of_a_button_that_is_refused(admin: Browser, world: World) -> None:
    await look(admin, "A01 A02", "3")
    await admin.post(CHANGE, {"reason": "跨两个学科"})
    with world.installation.database.write() as store:
        store.set_entry_states({f"{world.edition.id}/e/A01": "withdrawn"})
    page = await admin.get(HERE)
    assert cells(page)[-1] == "已撤回"
    assert page.text.count('value="declared"') == 2  # of A02, and of the form below


async def test_before_the_deadline_of_sealed_nominations_the_page_and_the_preview_tell_no_entry(
    browser: Browser, installed: Installation, clock: Clock
) -> None:
    clock.now = datetime(2026, 5, 1, tzinfo=UTC)
    database = installed.database
    process = builders.a_process(name="sealed", **builders.a_stage_change("submission", sealed=True))
    edition = builders.keep(database, builders.an_edition(process), at="submission")
    builders.put(database, edition.id, nominators=[builders.a_nominator()], entries=[builders.an_entry("A01", title="密封的题目")])
    here, change = (one.replace("sample-2026", edition.id) for one in (HERE, CHANGE))
    admin = await sign_in(browser)
    page = await admin.get(here)
    assert (page.status_code, "截止后可规定单项专家人数" in page.text, change in page.text) == (200, True, False)
    asked = {"mode": "size", "entries": "A01", "size": "4", "act": "size", **guard(browser)}
    answer = await admin.post(change, asked, hidden=False)
    assert (answer.status_code, "密封的题目" in answer.text, "申报材料在截止前密封" in answer.text) == (403, False, True)
