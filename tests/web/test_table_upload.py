"""A clerk's spreadsheet in the browser: template, upload, columns, faults that come back marked, confirmation."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from starlette.applications import Starlette

from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.web.conftest import SAME_SITE, Browser, World
from web.app import create_app

DURING = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)
"""While `builders.a_process` takes nominations."""
GOOD = {
    "论文题目": "深部煤层冲击地压的微震前兆", "第一作者单位": "甲大学", "电子邮箱": "jia@example.org", "学科代码": "440",
    "作者": "甲一（甲大学）、乙二（乙大学）", "发表期刊": "示例学报", "发表日期": "2024-05-01", "摘要": "提出一种识别方法。",
}  # fmt: skip


@pytest.fixture
def world(installed: Installation, clock: Clock) -> World:
    """An edition that takes nominations, with two units."""
    clock.now = DURING
    edition = builders.keep(installed.database, builders.an_edition(), at="submission")
    builders.put(installed.database, edition.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")])
    return World(installed, edition)


@pytest.fixture
def app(world: World) -> Starlette:
    return create_app(world.installation)


def a_line(**changes: Any) -> dict[str, Any]:
    return GOOD | changes


def a_csv(*lines: dict[str, Any], encoding: str = "utf-8-sig") -> bytes:
    heads = list(dict.fromkeys(head for line in lines for head in line))
    rows = [heads, *([str(line.get(head, "")) for head in heads] for line in lines)]
    return "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows).encode(encoding)


async def send(browser: Browser, content: bytes, name: str = "申报.csv", *, class_name: str = "paper", guarded: bool = True) -> Any:
    """Send a file by the form of the upload page."""
    page = await browser.get("/submit/table")
    found = re.search(r'<form[^>]*action="/submit/table"[^>]*>(.*?)</form>', page.text, re.S)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', found.group(1))) if found and guarded else {}
    fields = hidden | {"class": class_name}
    return await browser.client.post("/submit/table", data=fields, files={"table": (name, content)}, headers=SAME_SITE)


async def read(browser: Browser, content: bytes, name: str = "申报.csv", **more: Any) -> str:
    """Send a file and show what was read; yields the address of that page."""
    answer = await send(browser, content, name, **more)
    assert answer.status_code == 303, answer.text
    address: str = answer.headers["location"]
    await browser.get(address)
    return address


def shown(browser: Browser) -> dict[str, str]:
    """The four figures of the page: new, updated, unchanged, faulty."""
    assert browser.last is not None
    figures = re.findall(r"<dt>([^<]*)</dt><dd class=\"big-figure\">(\d+)</dd>", browser.last.text)
    return dict(figures)


async def keep(browser: Browser, address: str) -> Any:
    """Press the button that keeps the good rows."""
    assert browser.last is not None
    found = re.search(r'name="seen" value="([0-9a-f]+)"', browser.last.text)
    return await browser.post(address, {"act": "keep", "seen": found.group(1) if found else ""})


def entries(world: World) -> list[tuple[str, str, str]]:
    with world.installation.database.read() as store:
        return [(one.title, one.unit, one.nominator.rpartition("/")[2]) for one in store.entries(world.edition.id)]


async def test_the_template_is_filled_in_uploaded_and_kept(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    page = await browser.get("/submit/table")
    assert "/submit/table/paper.xlsx" in page.text
    template = await browser.client.get("/submit/table/paper.xlsx")
    assert "attachment" in template.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(template.content))
    sheet: Any = book.active
    heads = {str(cell.value).removesuffix("（必填）"): cell.column for cell in sheet[3]}
    for head, value in GOOD.items():
        sheet.cell(5, heads[head], value)
    filled = io.BytesIO()
    book.save(filled)
    address = await read(browser, filled.getvalue(), "论文.xlsx")
    assert shown(browser) == {"新增": "1", "更新": "0", "无变化": "0", "有误": "0"}
    assert entries(world) == []
    answer = await keep(browser, address)
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert "已导入：新增 1 项，更新 0 项" in (await browser.get(address)).text
    assert entries(world) == [("深部煤层冲击地压的微震前兆", "甲大学", "N01")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
async def test_a_preview_is_shown_before_anything_is_kept_in_every_encoding(browser: Browser, world: World, encoding: str) -> None:
    await browser.enter(world.link("nominator", "N01"))
    await read(browser, a_csv(*(a_line(论文题目=f"论文{n}") for n in range(1, 6)), encoding=encoding))
    assert browser.last is not None
    assert re.findall(r'table-row-title">([^<]*)<', browser.last.text) == [f"论文{n}" for n in range(1, 6)]
    assert "甲一（甲大学）、乙二（乙大学）" in browser.last.text
    assert entries(world) == []


async def test_good_rows_go_ahead_and_faults_come_back_in_red_with_comments(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    bad = [a_line(论文题目="乙", 电子邮箱="no"), a_line(论文题目="丙", 学科代码="数学"), a_line(论文题目="丁", 摘要="")]
    address = await read(browser, a_csv(a_line(), *bad))
    assert shown(browser) == {"新增": "1", "更新": "0", "无变化": "0", "有误": "3"}
    assert browser.last is not None
    assert "先导入 1 条正确的" in browser.last.text
    assert "“摘要”为空，请填写" in browser.last.text
    marked = openpyxl.load_workbook(io.BytesIO((await browser.client.get(f"{address}/faults.xlsx")).content))
    cells = {cell.coordinate: cell for row in marked.worksheets[0].iter_rows() for cell in row}
    red = {place for place, cell in cells.items() if cell.fill.fgColor.rgb == "FFFFC7CE"}
    assert red == {place for place, cell in cells.items() if cell.comment} == {"C3", "D4", "H5"}
    assert cells["C3"].value == "no"
    assert "不是有效的电子邮箱" in cells["C3"].comment.text
    await browser.get(address)
    await keep(browser, address)
    assert [title for title, _, _ in entries(world)] == [GOOD["论文题目"]]
    for place, value in (("C3", "yi@example.org"), ("D4", "110"), ("H5", "摘要。")):
        marked.worksheets[0][place] = value
    fixed = io.BytesIO()
    marked.save(fixed)
    again = await read(browser, fixed.getvalue(), "改好.xlsx")
    assert shown(browser) == {"新增": "3", "更新": "0", "无变化": "1", "有误": "0"}
    await keep(browser, again)
    assert sorted(title for title, _, _ in entries(world)) == sorted(["丁", "丙", "乙", GOOD["论文题目"]])


async def test_a_column_that_is_assigned_by_hand_is_remembered(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    line = a_line()
    line["我们的题目"] = line.pop("论文题目")
    address = await read(browser, a_csv(line))
    assert browser.last is not None
    assert "缺少“论文题目”一列" in browser.last.text
    assert "没有读取的列：我们的题目" in browser.last.text
    assert 'value="keep"' not in browser.last.text
    answer = await browser.post(address, {"act": "columns", "column.7": "title"})
    assert answer.status_code == 303
    await browser.get(address)
    assert shown(browser) == {"新增": "1", "更新": "0", "无变化": "0", "有误": "0"}
    await read(browser, a_csv({**line, "我们的题目": "另一篇"}))
    assert shown(browser) == {"新增": "1", "更新": "0", "无变化": "0", "有误": "0"}


async def test_an_example_that_was_written_over_is_pointed_out(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    await read(
        browser,
        a_csv({"序号": "示例"} | a_line(), {"序号": "1"} | a_line(论文题目="另一篇"), {"序号": "示例"} | a_line(论文题目="（示例）题目")),
    )
    assert browser.last is not None
    assert shown(browser) == {"新增": "1", "更新": "0", "无变化": "0", "有误": "0"}
    assert "第 2 行标着“示例”，没有读取。" in browser.last.text
    assert "没有读取的列" not in browser.last.text  # running numbers are the template's own


async def test_rows_that_were_taken_for_totals_are_pointed_out(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    for more, told in (("", False), ("\r\n合计,1", True)):
        await read(browser, a_csv(a_line()) + more.encode())
        assert browser.last is not None
        assert ("以下各行像是合计或说明，没有采用：第 3 行（合计）" in browser.last.text) is told


async def test_one_field_for_two_columns_is_refused_and_nothing_changes(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    address = await read(browser, a_csv(a_line()))
    answer = await browser.post(address, {"act": "columns", "column.0": "title", "column.1": "title"})
    assert answer.status_code == 422
    assert "两列都对应“论文题目”" in answer.text
    for fields in ({"column.0": "nothing"}, {"column.99": "title"}, {"column." + "9" * 5000: "title"}):
        answer = await browser.post(address, {"act": "columns", **fields})
        assert answer.status_code in (303, 422)
    assert (await browser.post(address, {"act": "fly"})).status_code == 422


async def test_what_changed_since_it_was_shown_is_shown_again(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    address = await read(browser, a_csv(a_line()))
    answer = await browser.post(address, {"act": "keep", "seen": "0" * 64})
    assert answer.status_code == 409
    assert "内容有变化，还没有导入" in answer.text
    assert entries(world) == []


async def test_pressing_twice_keeps_once(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    address = await read(browser, a_csv(a_line()))
    fields = browser.hidden(address) | {"act": "keep"}
    for _ in range(2):
        assert (await browser.post(address, fields, hidden=False)).status_code == 303
    assert len(entries(world)) == 1


async def test_another_unit_finds_no_such_table(browser: Browser, other_browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    address = await read(browser, a_csv(a_line()))
    await other_browser.enter(world.link("nominator", "N02"))
    for path in (address, f"{address}/faults.xlsx"):
        assert (await other_browser.client.get(path)).status_code == 404
    await other_browser.get("/submit/table")
    fields = other_browser.hidden("/submit/table")
    assert (await other_browser.post(address, fields | {"act": "keep"}, hidden=False)).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.docx", b"PK\x03\x04", "不是表格文件"),
        ("a.xlsx", b"", "文件是空的"),
        ("a.xlsx", b"hello", "内容却不是"),
        ("a", b"x", "不是表格文件"),
        ("../../etc/passwd.csv", b"\xff\xff\n", "无法识别"),
        ("a.csv", "编号,姓名\n".encode() + "E,甲\n".encode() * 20_000, "文件有 20,000 行，最多读取 2,000 行"),
        ("<script>.csv", b"", "&lt;script&gt;.csv"),
    ],
)
async def test_what_cannot_be_read_is_said_on_the_page(browser: Browser, world: World, name: str, content: bytes, said: str) -> None:
    await browser.enter(world.link("nominator", "N01"))
    answer = await send(browser, content, name)
    assert answer.status_code == 422
    assert said in answer.text
    assert len(re.findall("<li>", answer.text.partition('role="alert"')[2].partition("</ul>")[0])) == 1
    assert list(world.installation.settings.tables_dir.glob("*.json")) == []


async def test_a_bomb_ends_the_reading_process_and_nobody_else_waits(browser: Browser, other_browser: Browser, world: World) -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    page = book.add_worksheet("表")
    page.write_row(0, 0, list(GOOD))
    page.write(1_048_575, 16_383, "x")
    book.close()
    await browser.enter(world.link("nominator", "N01"))
    await other_browser.enter(world.link("nominator", "N02"))
    refused, *others = await asyncio.gather(
        send(browser, target.getvalue(), "远.xlsx"), *(other_browser.client.get(path) for path in ("/healthz", "/submit", "/submit/table"))
    )
    assert (refused.status_code, [answer.status_code for answer in others]) == (422, [200, 200, 200])
    assert "文件内容远超一张表格" in refused.text


async def test_a_form_without_a_file_says_so(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    await browser.get("/submit/table")
    answer = await browser.post("/submit/table")
    assert answer.status_code == 422
    assert "请先选择要上传的表格文件" in answer.text


async def test_an_upload_without_the_secret_of_the_form_is_refused(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    assert (await send(browser, a_csv(a_line()), guarded=False)).status_code == 403
    assert entries(world) == []


async def test_a_class_that_does_not_exist_gets_no_template_and_no_upload(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    assert (await browser.get("/submit/table/none.xlsx")).status_code == 404
    assert (await send(browser, a_csv(a_line()), class_name="none")).status_code == 403


async def test_after_the_deadline_nothing_is_taken(browser: Browser, world: World, clock: Clock) -> None:
    await browser.enter(world.link("nominator", "N01"))
    address = await read(browser, a_csv(a_line()))
    fields = browser.hidden(address) | {"act": "keep"}
    guard = browser.hidden("/submit/table")
    clock.advance(days=31)
    await browser.enter(world.link("nominator", "N01"))
    page = await browser.get("/submit/table")
    assert "现在不能上传表格" in page.text
    await browser.get("/submit")
    answer = await browser.post(address, fields | browser.hidden("/leave") | guard, hidden=False)
    assert answer.status_code in (403, 409)
    assert entries(world) == []


async def test_a_file_beyond_all_limits_is_refused_before_it_is_read(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    answer = await send(browser, b"x" * 26_000_000)
    assert answer.status_code == 413


async def test_the_page_speaks_english(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    template = await browser.client.get("/submit/table/paper.xlsx?lang=en")
    sheet: Any = openpyxl.load_workbook(io.BytesIO(template.content)).worksheets[0]
    assert sheet["B3"].value == "Paper title (required)"
