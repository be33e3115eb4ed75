"""A nominator's form in a real browser, with its script: dependent fields, counts, people, saving by itself, no line, two versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tasks import handing_in
from tasks.installation import Installation
from tests.browser.bars import violations
from tests.browser.conftest import WIDTHS, enter, press, served
from tests.builders import Clock
from tests.web.test_submit_form import Submission, a_process

pytestmark = pytest.mark.browser


@pytest.fixture
def world(installed: Installation, clock: Clock) -> Submission:
    return Submission(installed, clock, a_process())


@pytest.fixture
def site(world: Submission) -> Iterator[Submission]:
    with served(world):
        yield world


@pytest.fixture(params=list(WIDTHS))
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser with JavaScript, as wide as a phone or a desk."""
    wide, high = WIDTHS[request.param]
    made = chromium.new_context(viewport={"width": wide, "height": high}, locale="zh-CN")
    yield made
    made.close()


@pytest.fixture
def form(site: Submission, context: BrowserContext) -> Page:
    """An empty form, begun from the overview."""
    page = context.new_page()
    enter(page, site.link("nominator", "N01"))
    press(page.get_by_role("button", name="在线填写"))
    return page


def saved(page: Page) -> None:
    expect(page.locator("#save-state")).to_contain_text("已保存")


def test_dependent_fields_appear_at_once_and_counts_are_live(form: Page) -> None:
    expect(form.locator("#f-guardian")).to_be_hidden()
    form.check("input[value=青少年组]")
    expect(form.locator("#f-guardian")).to_be_visible()
    form.check("input[value=成人组]")
    expect(form.locator("#f-guardian")).to_be_hidden()
    form.fill("#f-statement", " 𠮷e\u0301 ")
    expect(form.locator("[data-field=statement] [data-count]")).to_have_text("已写 2 字")
    form.fill("#f-statement", "字" * 301)
    expect(form.locator("[data-field=statement] [data-count]")).to_have_text("已写 301 字，超出 1 字")


def test_it_saves_by_itself_without_characters_that_nobody_sees(form: Page, site: Submission) -> None:
    form.fill("#f-title", "海洋\u200b之光\ufeff")
    saved(form)
    assert site.draft().values["title"] == "海洋之光"


def test_people_are_arranged_in_place(form: Page, site: Submission) -> None:
    form.fill("input[name='p.authors.0.name']", "甲一")
    form.get_by_role("button", name="添加一人").click()
    form.fill("input[name='p.authors.1.name']", "乙二")
    form.get_by_role("button", name="第 2 人上移").click()
    expect(form.locator("input[name='p.authors.0.name']")).to_have_value("乙二")
    form.get_by_role("button", name="删去第 2 人").click()
    saved(form)
    assert [one["name"] for one in site.draft().values["authors"]] == ["乙二"]


def test_without_a_line_it_is_kept_on_the_device_and_sent_later(form: Page, site: Submission, context: BrowserContext) -> None:
    form.fill("#f-title", "有网时")
    saved(form)
    context.set_offline(True)
    form.fill("#f-title", "断网时")
    expect(form.locator("#save-state")).to_contain_text("离线")
    context.set_offline(False)
    form.reload()
    expect(form.locator("#f-title")).to_have_value("断网时")
    saved(form)
    assert site.draft().values["title"] == "断网时"


def test_two_versions_are_shown_and_neither_is_lost(form: Page, site: Submission) -> None:
    form.fill("#f-title", "第一版")
    saved(form)
    draft = site.draft()
    handing_in.save(draft.id, draft.nominator, {"title": "别处的一版"}, draft.revision)
    form.fill("#f-title", "这里的一版")
    conflict = form.locator("#conflict")
    expect(conflict).to_be_visible()
    expect(conflict).to_contain_text("别处的一版")
    expect(conflict).to_contain_text("这里的一版")
    assert site.draft().values["title"] == "别处的一版"
    form.get_by_role("button", name="保留我的").click()
    saved(form)
    assert site.draft().values["title"] == "这里的一版"


def test_after_the_deadline_the_text_is_given_back(form: Page, site: Submission) -> None:
    site.close()
    form.fill("#f-title", "迟到的题目")
    expect(form.locator("#lost")).to_be_visible()
    assert "迟到的题目" in form.input_value("#lost-text")


def test_handing_in_leads_from_faults_to_the_receipt(form: Page, site: Submission) -> None:
    form.fill("#f-title", "海洋之光")
    form.get_by_role("button", name="提交", exact=True).click()
    expect(form.locator("#faults")).to_contain_text("作者单位")
    form.fill("#f-unit", "示例小学")
    form.fill("#f-email", "art@example.org")
    form.fill("#f-statement", "描绘发光生物。")
    form.fill("input[name='p.authors.0.name']", "丙三")
    form.check("input[name='v.licence'][value=同意]")
    form.check("input[value=成人组]")
    form.fill("#f-made_on", "2025.05.03")
    form.check("input[name='t.original']")
    form.get_by_role("button", name="提交", exact=True).click()
    form.wait_for_url("**/submit?submitted=*")
    expect(form.get_by_role("status").first).to_contain_text("已提交，编号 A0001。")
    assert [one.title for one in site.entries()] == ["海洋之光"]


def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(form: Page, site: Submission, context: BrowserContext) -> None:
    found = violations(form)
    form.get_by_role("button", name="提交", exact=True).click()
    form.wait_for_selector("#faults")
    found += violations(form)
    for page in (form.url, form.url.partition("/submit")[0] + "/submit"):
        form.goto(page)
        found += violations(form)
        assert form.evaluate("document.documentElement.scrollWidth") <= form.viewport_size["width"]  # type: ignore[index]
    assert found == []


def test_the_script_is_small() -> None:
    assert len(Path("web/static/forms.js").read_bytes()) < 20_000
