"""The whole path of a clerk: from the call in the mailbox to an accepted entry, by spreadsheet, zip, form check and correction."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from playwright.sync_api import Browser, Page, expect

from models.edition import Entry
from models.process import Process
from notifications.catcher import Mailbox
from tasks import examining, mail, visiting
from tasks.installation import Installation
from tests import builders
from tests.browser.bars import keep_picture
from tests.browser.conftest import WIDTHS, enter, press, served
from tests.builders import Clock
from tests.tasks import driving
from tests.tasks.driving import Season
from tests.tasks.sending import FILES, with_media
from tests.tasks.test_upload_zips import packed
from tests.web.conftest import World

pytestmark = pytest.mark.browser

UNIT = "n01@example.org"
HEADER_ROW = 3
TITLES = [f"秦岭北麓泥石流早期识别 {letter}" for letter in "甲乙丙丁戊"]
GOOD = {
    "第一作者单位": "甲大学", "电子邮箱": "jia@example.org", "学科代码": "440", "作者": "甲一（甲大学）、乙二（乙大学）",
    "发表期刊": "示例学报", "发表日期": "2024-05-01", "摘要": "提出一种识别方法。",
}  # fmt: skip
WRONG = {TITLES[1]: ("电子邮箱", "不是邮箱"), TITLES[2]: ("发表日期", "去年春天"), TITLES[3]: ("学科代码", "采矿")}
"""What a clerk typed wrongly: the column, and what stands in it."""
OWN_HEADER = "登在哪里"
"""A clerk's own name for the column of the journal; nobody could guess it."""


def a_process() -> Process:
    """Papers with a file each, decided by form checkers."""
    checked = builders.a_process(**builders.a_stage_change("submission", accept_by="checker"))
    return with_media().model_copy(update={"stages": checked.stages})


class Office(Season):
    """The season with its pages and its mails."""

    @property
    def world(self) -> World:
        return World(self.installed, self.edition)

    def aside(self, what: Any) -> None:
        """Do something that has a loop of its own; the browser's driver has one in this thread."""
        with ThreadPoolExecutor(1) as other:
            other.submit(what).result()

    def engine(self) -> None:
        """Let the engine run and its mails go out."""
        self.aside(self._engine)

    def _engine(self) -> None:
        self.advance()
        while asyncio.run(mail.send_batch(self.id)):
            pass

    def link_in(self, subject: str) -> str:
        """The personal link in the latest mail to the unit whose subject says this."""
        mailbox = Mailbox(self.installed.settings.mailbox_dir)
        head = next(one for one in mailbox.messages(to=UNIT) if subject in one.subject)
        (found,) = set(re.findall(r"http://localhost:\d+/l/\S+", mailbox.get(head.id).text))
        return str(found)

    def by_title(self) -> dict[str, Entry]:
        return {one.title: one for one in self.entries()}


@pytest.fixture
def office(caught: Installation, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An edition about to open, with one unit and one form checker, served."""
    driving.drive_plainly(monkeypatch)
    made = Office(caught, clock, builders.keep(caught.database, builders.an_edition(a_process())))
    made.put(nominators=[builders.a_nominator("N01")])
    with caught.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")
    with served(made.world):
        yield made
    examining.finish()


@pytest.fixture(params=list(WIDTHS))
def pages(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[tuple[Page, Page]]:
    """The clerk's browser, as wide as a phone or a desk, and the form checker's."""
    wide, high = WIDTHS[request.param]
    contexts = [chromium.new_context(viewport={"width": wide, "height": high}, locale="zh-CN") for _ in range(2)]
    clerk, checker = (one.new_page() for one in contexts)
    yield clerk, checker
    for one in contexts:
        one.close()


def test_a_clerk_comes_from_the_call_to_an_accepted_entry(office: Office, pages: tuple[Page, Page]) -> None:
    clerk, checker = pages
    office.local("2026-04-01 08:00").engine()
    enter(clerk, office.link_in("推荐"))
    hand_in_by_table(clerk, office)
    send_files(clerk, office)
    office.local("2026-06-01 00:00").engine()
    entry = office.by_title()[TITLES[0]]
    send_back(checker, entry)
    office.clock.advance(minutes=1)
    office.engine()
    correct(clerk, office, entry)
    accept_all(checker, office)
    office.clock.advance(minutes=1)
    office.engine()
    assert {one.state for one in office.entries()} == {"eligible"}
    assert office.by_title()[TITLES[0]].fields["abstract"] == "提出一种识别方法，误报率下降一半。"
    enter(clerk, office.link_in("形式审查"))
    expect(clerk.locator("#entries .pill").filter(has_text="形式审查合格")).to_have_count(5)
    keep_picture(clerk, "path-eligible")


# -- the spreadsheet ------------------------------------------------------------------------------------------------------


def hand_in_by_table(page: Page, office: Office) -> None:
    """The template is filled in with three bad rows, mapped, half kept, corrected where it is marked, and kept."""
    press(page.get_by_role("link", name=re.compile("用表格上传")))
    book = downloaded(page, "下载学术论文模板")
    fill(book.worksheets[0])
    send_table(page, book)
    expect(page.locator("main")).to_contain_text("发表期刊")
    page.get_by_label(OWN_HEADER).select_option("journal")
    press(page.get_by_role("button", name="按此对应重新读取"))
    expect(figure(page, "新增")).to_have_text("2")
    expect(figure(page, "有误")).to_have_text("3")
    expect(page.locator(".table-row-title")).to_have_text(TITLES)
    expect(page.locator(".table-row").first).to_contain_text("甲一（甲大学）、乙二（乙大学）")
    keep_picture(page, "path-table-read")
    assert office.entries() == ()
    marked = downloaded(page, "下载标注了错误的表格")
    assert wrong_cells(marked.worksheets[0]) == set(WRONG.values())
    press(page.get_by_role("button", name="先导入 2 条正确的"))
    expect(page.get_by_role("status")).to_contain_text("已导入：新增 2 项，更新 0 项")
    assert sorted(office.by_title()) == sorted([TITLES[0], TITLES[4]])

    mend(marked.worksheets[0])
    page.goto(page.url.partition("/submit/")[0] + "/submit/table")
    send_table(page, marked)  # the clerk's own header is remembered
    expect(figure(page, "新增")).to_have_text("3")
    expect(figure(page, "无变化")).to_have_text("2")
    expect(figure(page, "有误")).to_have_text("0")
    press(page.get_by_role("button", name="确认导入 3 条"))
    expect(page.get_by_role("status")).to_contain_text("已导入：新增 3 项，更新 0 项")
    assert [one.title for one in office.entries()] == [TITLES[0], TITLES[4], *TITLES[1:4]]
    assert {one.state for one in office.entries()} == {"submitted"}


def downloaded(page: Page, name: str) -> Any:
    """The workbook behind a link, with cells and comments."""
    with page.expect_download() as coming:
        page.get_by_role("link", name=name).click()
    return openpyxl.load_workbook(io.BytesIO(coming.value.path().read_bytes()))


def send_table(page: Page, book: Any) -> None:
    content = io.BytesIO()
    book.save(content)
    sent: Any = {"name": "申报表.xlsx", "mimeType": "application/octet-stream", "buffer": content.getvalue()}
    page.locator("input[type=file]").first.set_input_files(sent)
    press(page.get_by_role("button", name="上传并核对").first)


def heads(sheet: Worksheet) -> dict[str, int]:
    return {str(cell.value).removesuffix("（必填）"): int(cell.column or 0) for cell in sheet[HEADER_ROW] if cell.value}


def fill(sheet: Worksheet) -> None:
    """Five papers below the example, each naming its file."""
    columns = heads(sheet)
    for number, title in enumerate(TITLES):
        line = GOOD | {"论文题目": title, "论文全文": f"论文{number}.pdf"} | dict([WRONG[title]] if title in WRONG else [])
        for head, value in line.items():
            sheet.cell(HEADER_ROW + 2 + number, columns[head], value)
    sheet.cell(HEADER_ROW, columns["发表期刊"], OWN_HEADER)


def wrong_cells(sheet: Worksheet) -> set[tuple[str, str]]:
    """Column and content of the red cells; exactly they bear a comment."""
    names = {column: name for name, column in heads(sheet).items()}
    cells = [cell for row in sheet.iter_rows(min_row=HEADER_ROW + 1) for cell in row]
    red = [cell for cell in cells if cell.fill.fill_type == "solid" and is_red(str(cell.fill.start_color.rgb))]
    assert {cell.coordinate for cell in red} == {cell.coordinate for cell in cells if cell.comment}
    return {(names[int(cell.column or 0)], str(cell.value)) for cell in red}


def is_red(colour: str) -> bool:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (2, 4, 6))
    return red > green + 20 and red > blue + 20


def mend(sheet: Worksheet) -> None:
    for row in sheet.iter_rows(min_row=HEADER_ROW + 1):
        for cell in row:
            if cell.comment:
                names = {column: name for name, column in heads(sheet).items()}
                cell.value, cell.comment = GOOD[names[int(cell.column or 0)]], None


def figure(page: Page, state: str) -> Any:
    return page.locator(".table-counts div").filter(has=page.get_by_text(state, exact=True)).locator("dd")


# -- the files ------------------------------------------------------------------------------------------------------------


def send_files(page: Page, office: Office) -> None:
    """One zip with all papers; their names lead them home."""
    page.goto(page.url.partition("/submit/")[0] + "/submit")
    press(page.get_by_role("link", name=re.compile("上传附件压缩包")))
    expect(page.locator("main tbody tr")).to_have_count(5)
    content = (FILES / "libreoffice.pdf").read_bytes()
    zipped = packed({f"附件/论文{number}.pdf": content for number in range(5)})
    page.set_input_files("[data-upload] input[type=file]", {"name": "附件.zip", "mimeType": "application/zip", "buffer": zipped})
    page.wait_for_url("**/submit/zip/*")
    expect(page.locator("main tbody tr")).to_have_count(5)
    expect(page.locator("main tbody")).not_to_contain_text("未收到")
    keep_picture(page, "path-zip")
    with office.database.read() as store:
        assert [len(store.files(one.id)) for one in office.entries()] == [1] * 5
    press(page.get_by_role("link", name="返回申报首页"))
    expect(page.locator("#entries .work-list li")).to_have_count(5)
    keep_picture(page, "path-submitted")


# -- the form check -------------------------------------------------------------------------------------------------------


def send_back(page: Page, entry: Entry) -> None:
    """A form checker asks for a fuller abstract."""
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    enter(page, link)
    page.goto(f"{page.url.partition('/admin')[0]}/admin/editions/{entry.edition}/checks")
    press(page.get_by_role("link", name=entry.code, exact=True))
    page.check("#t-abstract")
    page.select_option("#c-abstract", "incomplete")
    page.fill("#n-abstract", "缺少结论")
    page.get_by_label("补正").check()
    keep_picture(page, "path-check")
    press(page.get_by_role("button", name="保存", exact=True))
    expect(page.locator(".note-warn")).to_contain_text("已退回补正，期限")


def correct(page: Page, office: Office, entry: Entry) -> None:
    """By the link of the mail, the named field alone."""
    page.context.clear_cookies()
    enter(page, office.link_in("补正"))
    page.wait_for_url(f"**/submit/corrections/{entry.code}")
    expect(page.locator("main")).to_contain_text("填报不全（摘要）：缺少结论")
    named = page.locator("main form").evaluate_all("forms => forms.flatMap(one => [...one.elements].map(field => field.name))")
    assert {one for one in named if one[:2] in ("v.", "p.", "t.")} == {"v.abstract"}
    page.fill("#f-abstract", "提出一种识别方法，误报率下降一半。")
    keep_picture(page, "path-correction")
    press(page.get_by_role("button", name="提交补正内容").last)
    expect(page.get_by_role("status")).to_contain_text("正在重新审查")
    assert office.by_title()[entry.title].state == "submitted"


def accept_all(page: Page, office: Office) -> None:
    """The checker goes through the queue; the corrected entry waits in it again."""
    page.goto(f"{page.url.partition('/checks')[0]}/checks")
    press(page.locator("header .button"))
    for _ in range(5):
        page.get_by_label("合格", exact=True).check()
        press(page.get_by_role("button", name="保存，下一项"))
        expect(page.get_by_role("status")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("没有等待您审查的申报项了")
