"""The office's page of who sits where, its files, and the choice of somebody for a seat."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests import builders
from tests.tasks.test_panel_changes import an_edition, begin, events, panels
from tests.web.conftest import SAME_SITE, Browser, World
from tests.web.test_admin_checks import sign_in

DRAW = "/admin/editions/sample-2026/draw"
HERE = f"{DRAW}/panels"


@pytest.fixture
def world(installed: Any) -> World:
    """A01 to A04, each with R01 and R02, but for A04; keywords are the words of the English title."""
    edition = an_edition(
        installed, pairs=[(entry, who) for entry in ("A01", "A02", "A03") for who in ("R01", "R02")] + [("A04", "R03")],
        draw={"keywords": "title_en"},
    )  # fmt: skip
    builders.put(
        installed.database, edition.id,
        reviewers=[builders.a_reviewer("=R9", name="专家九", disciplines=("440.20",), keywords=("岩爆", "AI"))],
        entries=[builders.an_entry("A04", fields={**builders.an_entry().fields, "title_en": "ai; 岩爆"})], pairs=[("A03", "=R9")],
    )  # fmt: skip
    with installed.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")
    return World(installed, edition)


@pytest.fixture
async def admin(browser: Browser) -> Browser:
    return await sign_in(browser)


def codes(text: str) -> list[str]:
    return re.findall(r'<th scope="rowgroup"[^>]*><span class="code-tag">(\w+)', text)


async def test_each_entry_shows_its_reviewers_their_fit_and_sheets(admin: Browser, world: World) -> None:
    begin(world.installation, "R01", "A01", sign=True)
    page = (await admin.get(HERE)).text
    assert codes(page) == ["A01", "A02", "A03", "A04"]
    assert page.count("缺 1 位") == 1
    assert [page.count(f">{one}</td>") for one in ("学科代码完全一致", "一级学科一致", "已签署", "未开始")] == [7, 1, 1, 7]
    assert f'href="{DRAW}?entry=A01&amp;reviewer=R02#adjust"' in page
    assert f'href="{DRAW}/instead?entry=A01&amp;reviewer=R02"' in page
    assert f'href="{DRAW}/instead?entry=A01&amp;reviewer=R01"' not in page  # it is signed
    assert f'href="{DRAW}/instead?entry=A04"' in page
    filled = (await admin.get(f"{DRAW}?entry=A01&reviewer=%3CR02")).text
    assert '<input id="entry" name="entry" value="A01"' in filled
    assert '<input id="reviewer" name="reviewer" value="&lt;R02"' in filled


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("show=short", ["A04"]),
        ("show=inexact", ["A04"]),
        ("q=a02大学", ["A02"]),
        ("q=专家九", ["A03"]),
        ("q=R03大学", ["A04"]),
        ("group=paper&show=short&q=R01", []),
        ("group=king&show=fly&page=99999999", ["A01", "A02", "A03", "A04"]),
    ],
)
async def test_the_list_is_narrowed(admin: Browser, world: World, query: str, found: list[str]) -> None:
    page = (await admin.get(f"{HERE}?{query}")).text
    assert (codes(page), "没有符合条件的。" in page) == (found, not found)


async def test_a_hundred_entries_are_on_a_page(admin: Browser, world: World) -> None:
    builders.put(world.installation.database, world.edition.id, entries=[builders.an_entry(f"B{number:03}") for number in range(100)])
    first, last = [codes((await admin.get(f"{HERE}?show=short&page={number}")).text) for number in (1, 2)]
    assert (first, last) == (["A04", *(f"B{number:03}" for number in range(99))], ["B099"])


@pytest.mark.parametrize(("kind", "language"), [("csv", "zh-CN"), ("xlsx", "zh-CN"), ("csv", "en"), ("xlsx", "en")])
async def test_the_file_given_back_changes_nothing(admin: Browser, world: World, kind: str, language: str) -> None:
    before = panels(world.installation)
    file = await admin.client.get(f"{HERE}.{kind}", headers={"Accept-Language": language})
    assert file.status_code == 200
    if kind == "csv":
        rows = file.content.decode("utf-8-sig").splitlines()
        assert (len(rows), rows[0].split(",")[:2]) == (9, ["申报项编号", "专家编号"] if language == "zh-CN" else ["Entry", "Reviewer"])
        assert any(row.startswith("A03,'=R9,") for row in rows)
    await admin.get(DRAW)
    path = f"{DRAW}/pairs"
    page = await admin.client.post(
        path, data=admin.hidden(path), files={"file": (f"名单.{kind}", file.content)}, headers={**SAME_SITE, "Accept-Language": "zh-CN"}
    )
    assert (page.status_code, "没有需要调整的。" in page.text, "确认执行" in page.text) == (200, True, False)
    assert (panels(world.installation), events(world.installation)) == (before, [])


async def test_who_could_take_a_seat_is_proposed_and_chosen(admin: Browser, world: World) -> None:
    page = await admin.get(f"{DRAW}/instead?entry=A04&reviewer=R03")
    assert "学科代码完全一致，2 个相同关键词" in page.text
    assert re.search(r"<td[^>]*>1 / 40</td><td[^>]*>\+400</td>", page.text)
    form = re.search(r'name="put" value="A04,=R9&#10;|name="put" value="A04,=R9\n', page.text)
    assert form, page.text
    admin.last = await admin.post(f"{DRAW}/change", {"put": "A04,=R9\n"})
    assert "相同关键词合计" in admin.last.text
    assert (await admin.post(f"{DRAW}/change", {"reason": "更合适"})).status_code == 303
    assert {who for entry, who in panels(world.installation) if entry == "A04"} == {"=R9"}
    page = await admin.get(DRAW)
    assert "1 个席位的专家与申报项有相同关键词，共 2 个。" in page.text


async def test_a_seat_that_cannot_be_freed_is_told_on_the_page(admin: Browser, world: World) -> None:
    for query, status, said in (
        ("entry=A01&reviewer=R03", 422, "A01 · R03: 该专家没有在评审这一项"),
        ("entry=%3Cb%3E", 422, "&lt;b&gt;: 本阶段没有这个申报项编号"),
        ("reviewer=R01", 422, "请填写申报项编号"),
    ):
        page = await admin.get(f"{DRAW}/instead?{query}")
        assert (page.status_code, said in page.text) == (status, True), query


async def test_changes_come_last_on_the_page_of_the_draw(admin: Browser, world: World) -> None:
    page = (await admin.get(DRAW)).text
    heads = re.findall(r"<h2[^>]*>([^<]*)", page)
    assert [one.strip() for one in heads] == [
        "抽取记录", "专家不足的申报项", "专家负担", "申报项的专家数", "利益冲突", "学科匹配", "递补和补抽的专家", "调整专家组",
    ]  # fmt: skip
    assert (page.index('href="#adjust"') < page.index("抽取记录"), f'href="{HERE}"' in page) == (True, True)
