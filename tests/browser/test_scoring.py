"""Scoring with the scripts of the sheet: nothing that was typed is lost, whatever happens to the line, the page or the link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, Route, expect
from sqlalchemy import select

from models.columns import METADATA
from tasks import signing
from tests import builders
from tests.browser.conftest import WIDTHS, enter, press
from tests.builders import Clock
from tests.web.conftest import World

pytestmark = pytest.mark.browser

MARKS = {"originality": "36", "rigour": "25.5", "value": "27"}
LOOK = """async () => (await idbKeyval.keys(idbKeyval.createStore("jinbang", "drafts"))).length"""
"""Counts the drafts of a device. A browser's database keeps its order, so what is being written is waited for and counts."""


class Desk:
    """A reviewer's device: a browser that keeps its storage when a page dies."""

    def __init__(self, site: World, chromium: Browser, width: str) -> None:
        wide, high = WIDTHS[width]
        self.site = site
        self.width = width
        self.context = chromium.new_context(viewport={"width": wide, "height": high}, locale="zh-CN", has_touch=width == "phone")
        self.page = self.context.new_page()

    def address(self, path: str) -> str:
        return self.site.installation.settings.base_url + path

    def enter(self, reviewer: str = "R01") -> Page:
        """Come in by the link of the mail."""
        enter(self.page, self.site.link("reviewer", reviewer))
        return self.page

    def open(self, code: str = "A01") -> Page:
        self.page.goto(self.address(f"/review/{code}"))
        return self.page

    def kill(self) -> Page:
        """The page ends without a farewell, once what was typed is kept; a new one stands for what the reviewer opens later."""
        self.page.evaluate(f"({LOOK})().catch(() => null)")  # what is kept elsewhere than in a database is kept at once
        with pytest.raises(Error):
            self.page.goto("chrome://crash")
        self.page.close()
        self.page = self.context.new_page()
        return self.page

    def drafts(self) -> int:
        """Drafts that are left on this device."""
        found: int = self.page.evaluate(LOOK)
        return found


def mark(page: Page, name: str) -> Any:
    return page.locator(f"#m-{name}")


def fill(page: Page, marks: dict[str, str]) -> None:
    for name, text in marks.items():
        mark(page, name).fill(text)


def state(page: Page, text: str) -> None:
    """Wait for the words of the state."""
    expect(page.locator("#save-state")).to_contain_text(text)


def saved_marks(site: World, code: str = "A01", reviewer: str = "R01") -> dict[str, str]:
    """What the database holds."""
    with site.installation.database.read() as store:
        sheets = store.sheets(site.edition.id, 1, reviewer=f"{site.edition.id}/r/{reviewer}")
    found = [sheet for sheet in sheets if sheet.entry.endswith(f"/{code}")]
    return {name: f"{value.normalize():f}" for sheet in found for name, value in sheet.marks.items()}


@pytest.fixture(params=list(WIDTHS))
def desk(site: World, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A reviewer's phone, or computer."""
    made = Desk(site, chromium, request.param)
    yield made
    made.context.close()


@pytest.fixture
def phone(site: World, chromium: Browser) -> Iterator[Desk]:
    """A second device."""
    made = Desk(site, chromium, "phone")
    yield made
    made.context.close()


def test_what_was_typed_without_a_line_survives_the_death_of_the_page(site: World, desk: Desk) -> None:
    desk.enter()
    page = desk.open()
    desk.context.set_offline(True)
    fill(page, MARKS)
    page.locator("#comment").fill("方法扎实。")
    state(page, "离线，已存本机")
    assert saved_marks(site) == {}
    desk.kill()
    desk.context.set_offline(False)
    page = desk.open()
    for name, text in MARKS.items():
        expect(mark(page, name)).to_have_value(text)
    expect(page.locator("#comment")).to_have_value("方法扎实。")
    state(page, "已保存 10:00")
    assert saved_marks(site) == MARKS
    assert desk.drafts() == 0


def test_the_line_comes_back_while_the_page_is_open(site: World, desk: Desk) -> None:
    desk.enter()
    page = desk.open()
    desk.context.set_offline(True)
    fill(page, MARKS)
    state(page, "离线，已存本机")
    desk.context.set_offline(False)
    state(page, "已保存 10:00")
    assert saved_marks(site) == MARKS


def test_any_page_of_the_reviewer_sends_what_other_sheets_left_behind(site: World, desk: Desk) -> None:
    desk.enter()
    page = desk.open()
    desk.context.set_offline(True)
    fill(page, MARKS)
    state(page, "离线，已存本机")
    desk.kill()
    desk.context.set_offline(False)
    with desk.page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/review/A01")):
        desk.page.goto(desk.address("/review"))
    expect(desk.page.locator("#score-kept")).to_be_hidden()
    assert saved_marks(site) == MARKS


def test_a_browser_without_indexeddb_keeps_drafts_too(site: World, phone: Desk) -> None:
    phone.context.add_init_script("Object.defineProperty(window, 'indexedDB', {get() { throw new Error('none'); }})")
    phone.enter()
    page = phone.open()
    phone.context.set_offline(True)
    fill(page, MARKS)
    state(page, "离线，已存本机")
    phone.kill()
    phone.context.set_offline(False)
    page = phone.open()
    state(page, "已保存 10:00")
    assert saved_marks(site) == MARKS


def test_two_devices_never_overwrite_each_other(site: World, desk: Desk, phone: Desk) -> None:
    desk.enter()
    phone.enter()
    desk.open()
    phone.open()
    fill(desk.page, {"originality": "30"})
    state(desk.page, "已保存 10:00")
    fill(phone.page, {"originality": "20", "rigour": "11"})
    conflict = phone.page.locator("#score-conflict")
    expect(conflict).to_be_visible()
    expect(conflict.locator("tr.differs").first).to_contain_text("20")
    expect(conflict.locator("tr.differs").first).to_contain_text("30")
    assert saved_marks(site) == {"originality": "30"}
    conflict.get_by_role("button", name="保留我的").click()
    state(phone.page, "已保存 10:00")
    expect(conflict).to_be_hidden()
    assert saved_marks(site) == {"originality": "20", "rigour": "11"}

    fill(desk.page, {"originality": "31"})
    desk.page.get_by_role("button", name="使用已保存的").click()
    expect(mark(desk.page, "originality")).to_have_value("20")
    expect(mark(desk.page, "rigour")).to_have_value("11")
    assert saved_marks(site) == {"originality": "20", "rigour": "11"}
    assert desk.drafts() == 0


def test_a_draft_that_met_a_newer_version_is_shown_beside_it(site: World, desk: Desk, phone: Desk) -> None:
    desk.enter()
    page = desk.open()
    desk.context.set_offline(True)
    fill(page, {"originality": "36"})
    state(page, "离线，已存本机")
    desk.kill()
    phone.enter()
    fill(phone.open(), {"originality": "12"})
    state(phone.page, "已保存 10:00")
    desk.context.set_offline(False)
    page = desk.open()
    row = page.locator("#score-conflict tr.differs").first
    expect(row).to_contain_text("36")
    expect(row).to_contain_text("12")
    assert saved_marks(site) == {"originality": "12"}
    page.get_by_role("button", name="保留我的").click()
    state(page, "已保存 10:00")
    assert saved_marks(site) == {"originality": "36"}


def test_an_answer_that_got_lost_is_no_conflict(site: World, phone: Desk) -> None:
    phone.enter()
    page = phone.open()

    def lose(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    page.route("**/review/A01", lose, times=1)
    fill(page, {"originality": "30"})
    state(page, "离线，已存本机")
    assert saved_marks(site) == {"originality": "30"}
    fill(page, {"originality": "31"})
    state(page, "已保存 10:00")
    expect(page.locator("#score-conflict")).to_be_hidden()
    assert saved_marks(site) == {"originality": "31"}


def test_one_request_at_a_time_and_the_last_word_is_saved(site: World, phone: Desk) -> None:
    phone.enter()
    page = phone.open()
    held: list[Route] = []
    sent: list[str] = []
    page.route("**/review/A01", lambda route: held.append(route), times=1)
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    with page.expect_request("**/review/A01"):
        fill(page, {"originality": "30"})
        page.get_by_role("button", name="保存", exact=True).click()
    state(page, "保存中")
    fill(page, {"originality": "32", "rigour": "20"})
    page.get_by_role("button", name="保存", exact=True).click()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))")
    assert len(sent) == 1
    held[0].continue_()
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    page.wait_for_function("document.querySelector('#sheet [name=revision]').value === '2'")
    assert saved_marks(site) == {"originality": "32", "rigour": "20"}


def test_the_deadline_passes_while_the_page_is_open(site: World, desk: Desk, clock: Clock) -> None:
    clock.advance(days=10, hours=13, minutes=50)
    desk.enter()
    page = desk.open()
    fill(page, {"originality": "30"})
    state(page, "已保存 23:50")
    clock.advance(minutes=20)
    fill(page, {"originality": "12"})
    page.locator("#comment").fill("迟到的评语")
    lost = page.locator("#score-lost")
    expect(lost).to_contain_text("截止时间已过")
    expect(lost.locator("textarea")).to_have_value("创新性：12\n评语（供评审办公室）：迟到的评语")
    assert saved_marks(site) == {"originality": "30"}
    assert desk.drafts() == 1
    page = desk.open()
    expect(page.locator("#score-lost textarea")).to_have_value("创新性：12\n评语（供评审办公室）：迟到的评语")


def test_a_visit_that_ended_keeps_the_text_until_the_link_is_opened_again(site: World, desk: Desk) -> None:
    desk.enter()
    page = desk.open()
    other = desk.context.new_page()
    other.goto(desk.address("/review"))
    press(other.locator('form[action="/leave"] button'))
    fill(page, MARKS)
    state(page, "重新进入后自动保存")
    assert saved_marks(site) == {}
    enter(other, site.link("reviewer", "R01"))
    page.get_by_role("button", name="保存", exact=True).click()
    state(page, "已保存 10:00")
    assert saved_marks(site) == MARKS


def test_drafts_of_another_person_stay_where_they_are(site: World, phone: Desk) -> None:
    phone.enter("R01")
    page = phone.open("A02")
    phone.context.set_offline(True)
    fill(page, MARKS)
    state(page, "离线，已存本机")
    phone.kill()
    phone.context.set_offline(False)
    phone.enter("R02")
    page = phone.open("A02")
    expect(mark(page, "originality")).to_have_value("")
    assert phone.drafts() == 1
    assert saved_marks(site, "A02", "R01") == saved_marks(site, "A02", "R02") == {}
    phone.enter("R01")
    page = phone.open("A02")
    expect(mark(page, "originality")).to_have_value("36")
    state(page, "已保存")
    assert saved_marks(site, "A02", "R01") == MARKS


def test_a_wrong_mark_is_told_at_its_field_and_kept(site: World, desk: Desk) -> None:
    desk.enter()
    page = desk.open()
    for typed, told in (("120", "请填写 0 到 40 之间的分数"), ("九十", "请填写数字"), ("3.5", "分数应为 1 的整数倍")):
        mark(page, "originality").fill(typed)
        expect(page.locator("#e-originality")).to_have_text(told)
        expect(mark(page, "originality")).to_have_attribute("aria-invalid", "true")
    assert site.sheet_count() == 0
    desk.kill()
    page = desk.open()
    expect(mark(page, "originality")).to_have_value("3.5")
    mark(page, "originality").fill("３８。０")
    expect(page.locator("#e-originality")).to_have_text("")
    expect(page.locator("[data-total]")).to_have_text("38")
    state(page, "已保存 10:00")
    assert saved_marks(site) == {"originality": "38"}


def test_a_wrong_mark_does_not_hold_up_the_others(site: World, desk: Desk) -> None:
    desk.enter()
    page = desk.open()
    fill(page, {"originality": "30"})
    state(page, "已保存 10:00")
    fill(page, {"originality": "120", "rigour": "25.5", "value": "27"})
    state(page, "其余已保存 10:00，请修改标出的地方")
    assert saved_marks(site) == MARKS | {"originality": "30"}
    expect(page.locator("#e-originality")).to_have_text("请填写 0 到 40 之间的分数")
    expect(page.locator("[data-total]")).to_have_text("52.5")
    page.get_by_role("button", name="保存，下一份").click()
    expect(mark(page, "originality")).to_be_focused()
    desk.kill()
    page = desk.open()
    expect(mark(page, "originality")).to_have_value("120")
    expect(page.locator("#e-originality")).to_have_text("请填写 0 到 40 之间的分数")
    expect(page.locator("#score-conflict")).to_be_hidden()
    fill(page, {"originality": "36"})
    state(page, "已保存 10:00")
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    assert saved_marks(site) == MARKS
    assert desk.drafts() == 0


@pytest.mark.parametrize("marks_are_saved_first", [False, True])
def test_what_only_the_server_refuses_does_not_hold_up_the_rest_either(site: World, phone: Desk, marks_are_saved_first: bool) -> None:
    phone.enter()
    page = phone.open()
    fill(page, MARKS)
    if marks_are_saved_first:
        state(page, "已保存 10:00")
    page.locator("#comment").fill("长" * 2001)
    state(page, "其余已保存 10:00，请修改标出的地方")
    assert saved_marks(site) == MARKS
    expect(page.locator("#comment")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#e-comment")).to_have_text("共 2,001 字，最多 2,000 字，请删减")
    page.locator("#comment").fill("短")
    expect(page.locator("#e-comment")).to_have_text("")
    page.get_by_role("button", name="保存，下一份").click()
    page.wait_for_url("**/review/A02")
    with site.installation.database.read() as store:
        assert [one.comment for one in store.sheets(site.edition.id, 1)] == ["短"]
    assert phone.drafts() == 0


def test_a_wrong_mark_left_behind_holds_up_nothing_of_its_sheet(site: World, phone: Desk) -> None:
    phone.enter()
    page = phone.open()
    phone.context.set_offline(True)
    fill(page, MARKS | {"originality": "120"})
    state(page, "离线，已存本机")
    phone.kill()
    phone.context.set_offline(False)
    phone.page.goto(phone.address("/review"))
    expect(phone.page.locator("#score-kept a")).to_have_text("A01")
    assert saved_marks(site) == {name: text for name, text in MARKS.items() if name != "originality"}
    page = phone.open()
    expect(mark(page, "originality")).to_have_value("120")
    fill(page, {"originality": "36"})
    expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    assert saved_marks(site) == MARKS
    assert phone.drafts() == 0


def test_signing_clears_what_was_kept(site: World, phone: Desk) -> None:
    phone.enter("R02")
    for code in ("A02", "A03"):
        fill(phone.open(code), MARKS)
        state(phone.page, "已保存 10:00")
    phone.page.evaluate(
        """() => idbKeyval.set(document.querySelector('[name=as]').value + "|x|A02|t", {code: "A02", edition: "x", at: 1, fields: {}},
        idbKeyval.createStore("jinbang", "drafts"))"""
    )
    with site.installation.database.read() as store:
        name = store.reviewer(f"{site.edition.id}/r/R02").name
    signing.sign(site.edition.id, 1, f"{site.edition.id}/r/R02", name)
    phone.page.goto(phone.address("/review"))
    phone.page.wait_for_function("async () => (await idbKeyval.keys(idbKeyval.createStore('jinbang', 'drafts'))).length === 0")


def test_a_sheet_is_filled_in_by_keys_alone(site: World, chromium: Browser) -> None:
    desk = Desk(site, chromium, "desk")
    desk.enter()
    page = desk.open()
    mark(page, "originality").focus()
    page.keyboard.type("3")
    page.keyboard.press("?")
    expect(page.locator("#score-keys")).to_be_visible()
    expect(mark(page, "originality")).to_have_value("3")
    page.keyboard.press("?")
    expect(page.locator("#score-keys")).to_be_hidden()
    page.keyboard.type("6")
    page.keyboard.press("Enter")
    expect(mark(page, "rigour")).to_be_focused()
    page.keyboard.type("25.5")
    page.keyboard.press("Enter")
    page.keyboard.type("27")
    expect(page.locator("[data-total]")).to_have_text("88.5")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/review/A02")
    assert saved_marks(site) == MARKS
    page.keyboard.press("Alt+ArrowLeft")
    page.wait_for_url("**/review/A01")
    page.keyboard.press("Alt+ArrowRight")
    page.wait_for_url("**/review/A02")
    expect(page.get_by_role("button", name="键盘操作")).to_be_visible()
    desk.context.close()


def test_from_the_mail_to_the_first_saved_mark_in_four_taps(site: World, desk: Desk) -> None:
    page = desk.page
    enter(page, site.link("reviewer", "R01"))  # the first tap: the link in the mail
    page.get_by_role("link", name="开始评审").click()
    page.locator(".chip").first.click()
    state(page, "已保存 10:00")
    assert list(saved_marks(site)) == ["originality"]
    expect(page.locator(".chip").first).to_have_attribute("aria-pressed", "true")


def test_with_the_invitation_it_takes_four_taps_too_and_no_typing(site: World, desk: Desk) -> None:
    builders.put(site.installation.database, site.edition.id, pairs=[("A01", "R03")], accepted=False)
    page = desk.page
    enter(page, site.link("reviewer", "R03"))  # the first tap: the link in the mail
    page.get_by_role("button", name="接受并开始评审").click()
    page.locator(".chip").first.click()
    state(page, "已保存 10:00")
    assert list(saved_marks(site, "A01", "R03")) == ["originality"]


def test_targets_are_large_enough_for_a_thumb_with_scripts_too(site: World, desk: Desk) -> None:
    desk.enter()
    for path in ("/review", "/review/A01", "/review/sign", "/review/A01/recuse"):
        desk.page.goto(desk.address(path))
        small = [
            (path, target.evaluate("one => one.outerHTML.slice(0, 120)"), box["height"])
            for target in desk.page.locator(
                "main button:visible, main a.button:visible, main input[type=text]:visible, main textarea:visible, .dock a, .dock button, "
                "main label:has(input[type=radio]):visible, main label:has(input[type=checkbox]):visible"
            ).all()
            if (box := target.bounding_box()) and box["height"] < 44
        ]
        assert small == []


def test_the_first_mark_is_on_the_first_screen_of_a_phone(site: World, phone: Desk) -> None:
    phone.enter()
    page = phone.open()
    for target in (mark(page, "originality"), page.locator(".chip").first):
        box = target.bounding_box()
        dock = page.locator(".dock").bounding_box()
        assert box is not None
        assert dock is not None
        assert box["y"] + box["height"] <= dock["y"] <= 844


def test_a_scanner_that_opens_and_clicks_every_link_of_the_mails_changes_nothing(site: World, phone: Desk) -> None:
    page = phone.page
    builders.put(site.installation.database, site.edition.id, pairs=[("A01", "R03")], accepted=False)
    links = [site.link("reviewer", code) for code in ("R01", "R02", "R03")] + [site.link("committee", "M01")]
    before = _rows(site)
    for link in links:
        phone.context.request.head(link)
        phone.context.request.get(link)
        page.goto(link)
        things = page.locator("a:not(.skip):visible, button:visible")
        for number in range(things.count()):
            page.goto(link)
            press(things.nth(number))
    assert _rows(site) == before


def _rows(site: World) -> dict[str, list[tuple[Any, ...]]]:
    """All rows that are somebody's work."""
    names = ("sheets", "sheet_versions", "invitations", "assignments", "answers", "conflicts")
    with site.installation.database.engine.connect() as connection:
        return {name: sorted(map(tuple, connection.execute(select(METADATA.tables[name]))), key=repr) for name in names}
