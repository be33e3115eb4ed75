"""The page on which the office changes panels: it shows what would happen, and does that or nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape, unescape
from typing import Any

import httpx
import pytest

from tasks import panel_changes
from tasks.panel_changes import Wish
from tests import builders
from tests.tasks.test_panel_changes import an_edition, begin, events, panels
from tests.web.conftest import SAME_SITE, Browser, World
from tests.web.test_admin_checks import sign_in
from web.language import COOKIE

DRAW = "/admin/editions/sample-2026/draw"
HERE = f"{DRAW}/change"


@pytest.fixture
def world(installed: Any) -> World:
    """A01 to A04, each with R01 and R02; see `tests.tasks.test_panel_changes`."""
    edition = an_edition(installed)
    with installed.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")
    return World(installed, edition)


@pytest.fixture
async def admin(browser: Browser) -> Browser:
    signed_in = await sign_in(browser)
    await signed_in.get(DRAW)
    return signed_in


async def look(admin: Browser, **fields: str) -> httpx.Response:
    """Ask for a preview, and stand on it."""
    await admin.get(DRAW)
    admin.last = await admin.post(HERE, {"mode": "manual", **fields})
    return admin.last


async def test_a_change_is_shown_first_and_then_made(admin: Browser, world: World) -> None:
    before = panels(world.installation)
    page = await look(admin, entry="A01", reviewer="R03", entry2="A02", reviewer2="R01", act="put")
    assert (page.status_code, panels(world.installation)) == (200, before)
    assert "A01 将有 3 位专家，规定为 2 位" in page.text
    made = await admin.post(HERE, {"reason": "增加一位"})
    assert (made.status_code, made.headers["location"]) == (303, f"{DRAW}?done=1")
    assert panels(world.installation) == before | {("A01", "R03")}
    page = await admin.get(made.headers["location"])
    assert "已执行，并已通知有变化的专家。" in page.text
    assert "由办公室手工安排。" in page.text


async def test_without_a_needed_reason_nothing_is_made_and_what_was_typed_stays(admin: Browser, world: World) -> None:
    before = panels(world.installation)
    await look(admin, entry="A01", reviewer="R02", act="off")
    refused = await admin.post(HERE, {"reason": " "})
    assert (refused.status_code, panels(world.installation)) == (422, before)
    assert "此次调整有所代价，请填写理由" in refused.text
    await look(admin, entry="A01", reviewer="R02", act="off")
    for unreadable in ("理由\x00", "理由\ufffd"):
        refused = await admin.post(HERE, {"reason": unreadable})
        assert (refused.status_code, "含有无法保存的字符，或内容过长" in refused.text) == (422, True)
    refused = await admin.post(HERE, {"reason": "理由\x00"})
    assert (refused.status_code, panels(world.installation)) == (422, before)
    assert "含有无法保存的字符" in refused.text


async def test_a_change_that_a_rule_forbids_says_why_and_offers_no_way_past_it(admin: Browser, world: World) -> None:
    page = await look(admin, entry="A01", reviewer="R06", act="put")
    assert "A01 · R06: 存在利益冲突，不能安排 (与申报项同单位)" in page.text
    assert "确认执行" not in page.text
    await admin.get(DRAW)
    forged = await admin.post(HERE, {"mode": "manual", "put": "A01,R06\n", "seen": "0" * 64, "reason": "x"})
    assert forged.status_code == 409
    assert ("A01", "R06") not in panels(world.installation)


async def test_after_a_change_the_new_preview_is_shown_and_nothing_is_made(admin: Browser, world: World) -> None:
    await look(admin, entry="A01", reviewer="R03", act="put")
    builders.put(world.installation.database, world.edition.id, reviewers=[builders.a_reviewer("R09")], pairs=[("A02", "R09")])
    before = panels(world.installation)
    page = await admin.post(HERE, {"reason": "增加一位"})
    assert (page.status_code, panels(world.installation), events(world.installation)) == (409, before, [])
    assert "查看之后情况有变，没有执行" in page.text
    assert "增加一位" in page.text
    admin.last = page
    assert (await admin.post(HERE, {"reason": "增加一位"})).status_code == 303
    assert ("A01", "R03") in panels(world.installation)


async def test_two_are_swapped(admin: Browser, world: World) -> None:
    with world.installation.database.write() as store:
        store.recuse(store.assignment(1, f"{world.edition.id}/e/A02", f"{world.edition.id}/r/R01").id)
    builders.put(world.installation.database, world.edition.id, pairs=[("A02", "R03")])
    begin(world.installation, "R03", "A02")
    page = await look(admin, entry="A01", reviewer="R02", entry2="A02", reviewer2="R03", act="swap")
    assert "该专家已在评审这一项" in page.text  # R02 has A02 already
    page = await look(admin, entry="A01", reviewer="R01", entry2="A02", reviewer2="R03", act="swap")
    assert "该专家曾回避或退回这一项，不能再安排" in page.text  # R01 left A02


async def test_a_draw_is_chosen_by_its_name(admin: Browser, world: World) -> None:
    with world.installation.database.write() as store:
        store.recuse(store.assignment(1, f"{world.edition.id}/e/A03", f"{world.edition.id}/r/R01").id)
    (pair,) = panel_changes.preview(world.edition.id, Wish("repair")).put
    page = await look(admin, mode="repair")
    assert f'<th scope="row">{pair[0]}</th><td>{pair[1]} ' in page.text
    assert (await admin.post(HERE, {})).status_code == 303
    assert pair in panels(world.installation)
    assert "<tr><td>只补退出者留下的空缺</td>" in (await admin.get(DRAW)).text
    assert "没有需要调整的。" in (await look(admin, mode="repair")).text
    assert (await look(admin, mode="fill")).status_code == 409
    assert (await look(admin, mode="fly")).status_code == 422


def fields(page: httpx.Response) -> dict[str, tuple[str, str]]:
    """What stands in the fields for codes, and the sentence above each."""
    faults = dict(re.findall(r'<p class="fault" id="([^"]*)-fault">(.*?)</p>', page.text))
    values = re.findall(r'<input id="([^"]*)" name="(?:entry|reviewer)2?" value="([^"]*)"', page.text)
    return {name: (unescape(value), faults.get(name, "")) for name, value in values}


async def test_a_code_that_is_missing_or_unknown_is_told_at_its_field_and_the_others_stay(admin: Browser, world: World) -> None:
    page = await look(admin, entry="A01", reviewer=" ", act="put")
    assert (page.status_code, "请填写申报项编号和专家编号" in page.text) == (422, True)
    assert fields(page) == {"entry": ("A01", ""), "reviewer": (" ", "请填写编号")}
    page = await look(admin, entry="<b>", reviewer="R01", act="off")
    assert "&lt;b&gt; · R01: 本阶段没有这个申报项编号" in page.text
    assert fields(page) == {"entry": ("<b>", "本阶段没有这个申报项编号"), "reviewer": ("R01", "")}
    page = await look(admin, entry="A01", reviewer="R99", entry2="", reviewer2="R02", act="swap")
    missing = {"swap-entry": ("A01", ""), "swap-reviewer": ("R99", ""), "swap-entry2": ("", "请填写编号"), "swap-reviewer2": ("R02", "")}
    assert fields(page) == missing
    page = await look(admin, entry="A01", reviewer="R99", entry2="A77", reviewer2="R02", act="swap")
    assert fields(page) == {
        "swap-entry": ("A01", ""), "swap-reviewer": ("R99", "没有这个专家编号"), "swap-entry2": ("A77", "本阶段没有这个申报项编号"),
        "swap-reviewer2": ("R02", ""),
    }  # fmt: skip
    admin.last = page
    again = await admin.post(HERE, {"entry": "A01", "reviewer": "R03", "act": "put"})  # the form there is the form of the draw
    assert (again.status_code, "A01 将有 3 位专家" in again.text) == (200, True)


async def test_a_conflict_leaves_the_codes_in_their_fields(admin: Browser, world: World) -> None:
    page = await look(admin, entry="A01", reviewer="R06", act="put")
    assert fields(page) == {"entry": ("A01", ""), "reviewer": ("R06", "")}


@pytest.mark.parametrize("pairs", ["A01\rR01", "A01", "A01,R01,R02", "x" * 200_000, "A01,R03\n" * 5001])
async def test_pairs_that_no_page_of_ours_sends_are_refused(admin: Browser, world: World, pairs: str) -> None:
    before = panels(world.installation)
    assert (await look(admin, put=pairs, entry="A01", reviewer="R01", act="put")).status_code == 422
    assert panels(world.installation) == before


async def send(admin: Browser, name: str, content: bytes) -> httpx.Response:
    path = f"{DRAW}/pairs"
    await admin.get(DRAW)
    return await admin.client.post(path, data=admin.hidden(path), files={"file": (name, content)}, headers=SAME_SITE)


async def test_pairs_come_by_file_are_looked_at_and_made(admin: Browser, world: World) -> None:
    before = panels(world.installation)
    admin.last = await send(admin, "名单.csv", "申报项编号,专家编号\nA01,R01\nA01,R03\nA02,R03\n".encode())
    assert (admin.last.status_code, panels(world.installation)) == (200, before)
    assert (await admin.post(HERE, {"reason": "名单"})).status_code == 303
    assert panels(world.installation) == before | {("A01", "R03"), ("A02", "R03")}


async def test_a_file_with_faults_is_told_line_by_line(admin: Browser, world: World) -> None:
    page = await send(admin, "名单.csv", "申报项编号,专家编号\nA01,\nA02,R03\n".encode())
    assert (page.status_code, "第 2 行" in page.text, "“专家编号”为空，请填写" in page.text) == (422, True, True)
    assert "名单.csv · 第 2 行 B 列：“专家编号”为空，请填写" in page.text
    assert "上次选择的是“名单.csv”。浏览器不保留所选的文件，请重新选择。" in page.text
    for name, content in (("<b>名单.txt", b"x"), ("名单.csv", b"")):
        page = await send(admin, name, content)
        assert (page.status_code, f"上次选择的是“{escape(name)}”" in page.text) == (422, True)
    page = await send(admin, "", b"")
    assert (page.status_code, 'id="file-fault"' in page.text, "上次选择的是" in page.text) == (422, True, False)
    assert events(world.installation) == []


async def test_a_row_that_looks_like_a_total_is_named_beside_the_preview(admin: Browser, world: World) -> None:
    page = await send(admin, "名单.csv", "申报项编号,专家编号\nA01,R03\n合计,1\n".encode())
    assert (page.status_code, "以下各行像是合计或说明，没有采用：第 3 行（合计）" in page.text) == (200, True)


async def test_codes_of_a_file_that_nobody_knows_are_named_and_the_file_is_asked_for_again(admin: Browser, world: World) -> None:
    page = await send(admin, "名单.csv", "申报项编号,专家编号\nA01,R99\n".encode())
    told = ("名单.csv · 第 2 行 B 列：没有编号为“R99”的专家，请核对编号", "上次选择的是“名单.csv”", 'type="file"')
    assert (page.status_code, [one for one in told if one not in page.text]) == (422, [])
    admin.client.cookies.set(COOKIE, "en")
    page = await send(admin, "list.csv", "申报项编号,专家编号\nA01,R99\nX9,R03\n".encode())
    told = (
        "list.csv · Row 2, column B: There is no reviewer &#39;R99&#39;; use the code under which the reviewer was imported",
        "list.csv · Row 3, column A: No entry &#39;X9&#39; is reviewed in this stage; use the code of an eligible entry",
    )
    assert [one for one in told if one not in page.text] == []


async def test_after_the_deadline_panels_stay(admin: Browser, world: World) -> None:
    page = await look(admin, entry="A01", reviewer="R03", act="put")
    assert page.status_code == 200
    with world.installation.database.write() as store:
        store.extend_stage(world.edition.id, 1, builders.NOW - timedelta(days=1))
    page = await admin.post(HERE, {"reason": "增加一位"})
    assert (page.status_code, "请先延长期限" in page.text) == (409, True)
    assert "A01 · R03 专家R03" in page.text
    assert ">增加一位</textarea>" in page.text
    with world.installation.database.write() as store:
        store.extend_stage(world.edition.id, 1, builders.NOW + timedelta(days=9))
    admin.last = page
    again = await admin.post(HERE, {"reason": "增加一位"})
    assert (again.status_code, "确认执行" in again.text, ">增加一位</textarea>" in again.text) == (200, True, True)


async def test_codes_typed_too_late_stay_in_their_fields(admin: Browser, world: World) -> None:
    await admin.get(DRAW)
    with world.installation.database.write() as store:
        store.extend_stage(world.edition.id, 1, builders.NOW - timedelta(days=1))
    page = await admin.post(HERE, {"mode": "manual", "entry": "A01", "reviewer": "R03", "act": "put"})
    assert (page.status_code, fields(page)) == (409, {"entry": ("A01", ""), "reviewer": ("R03", "")})
