"""A phone's line, keyboard and habits: what swallows requests, what comes along with copied text, what is pressed twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tasks import recusing, reviewing, signing
from tests import builders
from tests.browser import bars
from tests.browser.test_scoring import MARKS, Desk, fill, mark, saved_marks, state
from tests.web.conftest import World

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(site: World, chromium: Browser) -> Iterator[Desk]:
    """A reviewer's phone."""
    made = Desk(site, chromium, "phone")
    yield made
    made.context.close()


def test_a_line_that_swallows_everything_is_given_up_and_tried_again(site: World, phone: Desk) -> None:
    page = phone.enter()
    page.clock.install()
    phone.open()
    swallowed: list[Route] = []
    page.route("**/review/A01", lambda route: swallowed.append(route) if route.request.method == "POST" else route.continue_())
    mark(page, "originality").fill("36")
    page.clock.run_for(1000)
    state(page, "保存中")
    page.get_by_role("button", name="保存，下一份").click()
    page.clock.run_for(21_000)
    state(page, "离线，已存本机")
    assert (len(swallowed), saved_marks(site)) == (1, {})
    page.unroute("**/review/A01")
    page.clock.run_for(21_000)
    state(page, "已保存")
    assert saved_marks(site) == {"originality": "36"}


def test_characters_that_nobody_sees_hold_up_nothing(site: World, phone: Desk) -> None:
    page = phone.enter()
    phone.open()
    mark(page, "originality").fill("36\u200b")
    page.fill("#comment", "材料\ufeff翔实，\u202d数据可信\u200d")
    mark(page, "rigour").focus()
    state(page, "已保存")
    assert saved_marks(site) == {"originality": "36"}
    with site.installation.database.read() as store:
        assert [sheet.comment for sheet in store.sheets(site.edition.id, 1)] == ["材料翔实，数据可信"]


def test_the_head_of_the_page_counts_along(site: World, phone: Desk) -> None:
    page = phone.enter()
    phone.open()
    fill(page, MARKS)
    mark(page, "value").blur()
    expect(page.locator(".sub-facts")).to_contain_text(re.compile(r"已完成 1 / 3"))


def test_a_drawing_outlives_a_slip_of_the_name(site: World, chromium: Browser) -> None:
    edition, reviewer = site.edition.id, f"{site.edition.id}/r/R02"
    reviewing.save_sheets(edition, 1, reviewer, {f"{edition}/e/{code}": reviewing.Draft(MARKS, "", 0) for code in ("A02", "A03")})
    desk = Desk(site, chromium, "phone")
    page = desk.enter("R02")
    page.goto(desk.address("/review/sign"))
    field = page.locator("canvas")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 60, steps=8)
    page.mouse.up()
    page.fill("#name", "专家R20")
    page.get_by_role("button", name="签署并提交").click()
    expect(page.locator("#name-fault")).to_be_visible()
    drawn = page.locator("input[name=drawn]").input_value()
    painted = "() => document.querySelector('canvas').getContext('2d').getImageData(0, 0, 999, 300).data.some(one => one)"
    assert page.evaluate(painted)
    page.fill("#name", "专家R02")
    page.get_by_role("button", name="签署并提交").click()
    expect(page).to_have_url(re.compile(r"/review$"))
    with site.installation.database.read() as store:
        (path,) = {one.signature for one in store.sheets(edition, 1, reviewer=reviewer)}
    assert re.findall(r"[ML]", path) == re.findall(r"[ML]", drawn)
    desk.context.close()


def test_marks_in_the_table_outlive_the_page(site: World, phone: Desk) -> None:
    phone.enter()
    cell = "#m-A01-originality"
    phone.page.goto(phone.address("/review/table"))
    phone.page.fill(cell, "３6")
    phone.page.fill("#m-A02-value", "27")
    phone.context.set_offline(True)
    page = phone.kill()
    phone.context.set_offline(False)
    page.goto(phone.address("/review/table"))
    expect(page.locator("#table-kept")).to_be_visible()
    expect(page.locator(cell)).to_have_value("３6")
    page.get_by_role("button", name="保存整张表").click()
    expect(page).to_have_url(re.compile("saved=1"))
    expect(page.locator("#table-kept")).to_be_hidden()
    assert (saved_marks(site), saved_marks(site, "A02")) == ({"originality": "36"}, {"value": "27"})
    expect(page.locator(cell)).to_have_value("36")
    assert phone.drafts() == 0


def test_a_table_that_comes_back_with_a_question_is_kept_too(site: World, phone: Desk) -> None:
    phone.enter()
    phone.page.goto(phone.address("/review/table"))
    phone.page.fill("#m-A01-originality", "36")
    phone.page.fill("#m-A02-value", "270")
    phone.page.get_by_role("button", name="保存整张表").click()
    expect(phone.page.locator("#e-A02-value")).to_be_visible()
    page = phone.kill()
    page.goto(phone.address("/review/table"))
    expect(page.locator("#m-A01-originality")).to_have_value("36")
    expect(page.locator("#m-A02-value")).to_have_value("270")


def test_marks_kept_for_the_table_overwrite_nothing_that_was_saved_elsewhere(site: World, phone: Desk) -> None:
    phone.enter()
    phone.page.goto(phone.address("/review/table"))
    phone.page.fill("#m-A01-originality", "36")
    page = phone.kill()
    edition = site.edition.id
    reviewing.save_sheets(edition, 1, f"{edition}/r/R01", {f"{edition}/e/A01": reviewing.Draft({"originality": "11"}, "", 0)})
    page.goto(phone.address("/review/table"))
    expect(page.locator("#m-A01-originality")).to_have_value("36")
    page.get_by_role("button", name="保存整张表").click()
    expect(page.locator("tr.differs")).to_contain_text("已保存：11")
    assert saved_marks(site) == {"originality": "11"}


def test_the_narrowest_screen_with_long_words_in_large_type_needs_no_sideways_moving(site: World, phone: Desk) -> None:
    """WCAG 1.4.10."""
    page = phone.enter()
    edition = site.edition.id
    reviewing.save_sheets(edition, 1, f"{edition}/r/R01", {f"{edition}/e/A01": reviewing.Draft(MARKS, "", 0)})
    page.set_viewport_size({"width": 320, "height": 640})
    found: list[str] = []
    for path in ("/review", "/review/A01", "/review/sign", "/review/table", "/review/A01/recuse"):
        page.goto(phone.address(f"{path}?lang=en"))
        found += bars.wider_than_the_screen(page) + bars.wider_in_large_type(page)
    page.goto(phone.address("/review/A02?lang=en"))
    page.evaluate("document.documentElement.classList.add('large')")
    assert (found, page.locator(".dock").bounding_box()["height"] < 220) == ([], True)  # type: ignore[index]


def test_the_cell_at_hand_is_never_hidden_behind_the_entry(site: World, phone: Desk) -> None:
    """WCAG 2.4.11."""
    page = phone.enter()
    page.goto(phone.address("/review/table"))
    page.locator("#m-A01-value").focus()
    hidden = "at => at.getBoundingClientRect().left < at.closest('tr').querySelector('th').getBoundingClientRect().right"
    found = []
    for _ in range(2):
        page.keyboard.press("Shift+Tab")
        found.append(page.locator(":focus").evaluate(hidden))
    assert found == [False, False]


def test_titles_and_words_without_end_stay_on_the_screen(site: World, phone: Desk) -> None:
    edition = site.edition.id
    entry = builders.an_entry("A09", title="Microseismicprecursors" * 9)
    builders.put(site.installation.database, edition, entries=[entry], pairs=[("A09", "R01")])
    reviewing.save_sheets(edition, 1, f"{edition}/r/R01", {f"{edition}/e/A09": reviewing.Draft(MARKS, "x" * 400, 0)})
    reviewing.save_sheets(edition, 1, f"{edition}/r/R01", {f"{edition}/e/A01": reviewing.Draft(MARKS, "", 0)})
    page = phone.enter()
    found: list[str] = []
    for path in ("/review", "/review/A09", "/review/sign", "/review/table", "/review/A09/recuse", "/review/compare?code=A09&code=A01"):
        page.goto(phone.address(path))
        found += bars.wider_than_the_screen(page) + bars.wider_in_large_type(page)
    page.goto(phone.address("/review/table"))
    assert found == []
    assert page.locator(".marks-table tbody th").last.evaluate("at => at.offsetWidth") < 200


def test_a_sheet_that_was_signed_elsewhere_offers_no_choice(site: World, phone: Desk) -> None:
    edition, reviewer = site.edition.id, f"{site.edition.id}/r/R02"
    reviewing.save_sheets(edition, 1, reviewer, {f"{edition}/e/{code}": reviewing.Draft(MARKS, "", 0) for code in ("A02", "A03")})
    page = phone.enter("R02")
    phone.open("A02")
    signing.sign(edition, 1, reviewer, "专家R02")
    mark(page, "originality").fill("1")
    expect(page.locator("#score-lost-text")).to_have_value(re.compile("创新性：1"))
    expect(page.locator("#save-state")).to_have_text("没有保存")


def test_pressing_on_where_nothing_can_be_saved_leads_to_the_reason(site: World, phone: Desk) -> None:
    edition = site.edition.id
    page = phone.enter()
    phone.open()
    recusing.recuse(edition, 1, f"{edition}/r/R01", f"{edition}/e/A01", reason="dispute")
    fill(page, MARKS)
    expect(page.locator("#score-lost")).to_be_visible()
    mark(page, "value").focus()
    page.get_by_role("button", name="保存，下一份").click()
    expect(page.locator("#score-lost")).to_be_focused()
    expect(page.locator("#score-lost")).to_contain_text("已不在您的列表中")


def test_taps_count_even_if_the_script_never_comes(site: World, phone: Desk) -> None:
    page = phone.enter()
    page.route("**/score.js*", lambda route: route.abort())
    phone.open()
    chip = page.locator('.chip[data-for="mark.originality"]').nth(1)
    tapped = chip.get_attribute("data-mark")
    chip.tap()
    expect(chip).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="保存，下一份").click()
    page.wait_for_url("**/review/A02")
    assert saved_marks(site) == {"originality": tapped}


def test_enter_leads_from_mark_to_mark_in_the_table(site: World, phone: Desk) -> None:
    page = phone.enter()
    page.goto(phone.address("/review/table"))
    page.locator("#m-A01-originality").focus()
    for typed in ("36", "25.5", "27", "30"):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
    expect(page.locator("#m-A02-rigour")).to_be_focused()
    assert saved_marks(site) == {}
    page.get_by_role("button", name="保存整张表").click()
    expect(page).to_have_url(re.compile("saved=1"))
    assert (saved_marks(site), saved_marks(site, "A02")) == (MARKS, {"originality": "30"})
