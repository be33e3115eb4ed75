"""Files sent by the script of the page: progress, a cut, a closed page, a refusal, a cancelled file, a zip; and without the script."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from models.submitting import Upload
from tasks import examining
from tasks.installation import Installation
from tests.browser.bars import keep_picture, violations
from tests.browser.conftest import WIDTHS, enter, press, served
from tests.builders import Clock
from tests.tasks.sending import FILES
from tests.web.test_uploads import Office, packed

pytestmark = pytest.mark.browser

PART_MEGABYTES = 0.1
PART = int(PART_MEGABYTES * 1024 * 1024)
"""Bytes."""


@pytest.fixture
def world(installed: Installation, clock: Clock) -> Office:
    small = Installation(installed.settings.model_copy(update={"upload_part_megabytes": PART_MEGABYTES}), installed.database)
    office = Office(small, clock)
    office.world.installation = small
    return office


@pytest.fixture
def site(world: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr("tasks.installation.installation", lambda: world.installed)
    with served(world.world):
        yield world
    examining.finish()


@pytest.fixture(params=list(WIDTHS))
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser with JavaScript, as wide as a phone or a desk."""
    wide, high = WIDTHS[request.param]
    made = chromium.new_context(viewport={"width": wide, "height": high}, locale="zh-CN")
    yield made
    made.close()


@pytest.fixture
def form(site: Office, context: BrowserContext) -> Page:
    """A form with a question that a file answers."""
    page = context.new_page()
    enter(page, site.world.link("nominator", "N01"))
    page.goto(f"{page.url}/forms/{site.draft(title='深部煤层微震前兆识别').id}")
    return page


def photograph(folder: Path, name: str = "大图.png") -> Path:
    """About half a megabyte, which no compression makes smaller."""
    target = io.BytesIO()
    Image.frombytes("RGB", (480, 360), os.urandom(480 * 360 * 3)).save(target, "PNG")
    path = folder / name
    path.write_bytes(target.getvalue())
    return path


def kept(site: Office) -> list[Upload]:
    return [one for one in site.uploads() if one.state == "kept"]


def box(page: Page, field: str = "full_text") -> str:
    return f"[data-upload][data-field='{field}']"


def test_a_file_is_sent_in_parts_and_its_question_says_so(form: Page, site: Office, tmp_path: Path) -> None:
    parts: list[str] = []
    form.on("request", lambda request: parts.append(request.url) if request.method == "PATCH" else None)
    form.set_input_files(f"{box(form)} input[type=file]", photograph(tmp_path))
    expect(form.locator(f"{box(form)} .upload-kept")).to_contain_text("大图.png")
    assert len(parts) >= 5
    (upload,) = kept(site)
    assert upload.name == "大图.png"
    form.set_input_files(
        f"{box(form, 'blind_text')} input[type=file]", {"name": "坏.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    )
    expect(form.locator(f"{box(form, 'blind_text')} [role=alert]")).to_contain_text("无法接收这种文件")
    assert violations(form) == []
    keep_picture(form, "upload-form")
    assert form.evaluate("document.documentElement.scrollWidth <= innerWidth")
    form.reload()
    expect(form.locator(f"{box(form)} .upload-kept a")).to_have_text("大图.png")


def test_after_a_cut_it_goes_on_by_itself_from_where_it_was(form: Page, site: Office, tmp_path: Path) -> None:
    path = photograph(tmp_path)
    offsets: list[int] = []
    told = False

    def cut(route: Route) -> None:
        offsets.append(int(route.request.headers["upload-offset"]))
        if len(offsets) in (3, 4) or (len(offsets) > 4 and not told):
            route.abort("connectionreset")
        else:
            route.continue_()

    form.route("**/submit/uploads/*", lambda route: cut(route) if route.request.method == "PATCH" else route.continue_())
    form.set_input_files(f"{box(form)} input[type=file]", path)
    expect(form.locator(box(form))).to_contain_text("网络中断，恢复后自动继续")
    told = True
    expect(form.locator(f"{box(form)} .upload-kept")).to_contain_text("大图.png")
    parts = list(range(0, path.stat().st_size, PART))
    assert offsets == parts[:2] + [parts[2]] * (len(offsets) - len(parts)) + parts[2:]
    assert len(offsets) >= len(parts) + 2
    assert len(kept(site)) == 1


def test_a_file_goes_on_after_the_page_was_closed(form: Page, site: Office, context: BrowserContext, tmp_path: Path) -> None:
    path, sent = photograph(tmp_path), 0

    def stop(route: Route) -> None:
        nonlocal sent
        sent += 1
        route.continue_() if sent <= 2 else route.abort("connectionreset")

    form.route("**/submit/uploads/*", lambda route: stop(route) if route.request.method == "PATCH" else route.continue_())
    form.set_input_files(f"{box(form)} input[type=file]", path)
    expect(form.locator(box(form))).to_contain_text("网络中断")
    address = form.url
    form.close(run_before_unload=False)
    (upload,) = site.uploads()
    assert upload.received == 2 * PART
    again = context.new_page()
    again.goto(address)
    expect(again.locator(box(again))).to_contain_text("请重新选择同一文件，将从中断处继续")
    first = []
    again.on("request", lambda request: first.append(request.headers["upload-offset"]) if request.method == "PATCH" else None)
    again.set_input_files(f"{box(again)} input[type=file]", path)
    expect(again.locator(f"{box(again)} .upload-kept")).to_contain_text("大图.png")
    assert first[0] == str(upload.received)
    assert [one.id for one in kept(site)] == [upload.id]


def test_a_file_on_its_way_can_be_cancelled(form: Page, site: Office, tmp_path: Path) -> None:
    form.route("**/submit/uploads/*", lambda route: route.abort() if route.request.method == "PATCH" else route.continue_())
    form.set_input_files(f"{box(form)} input[type=file]", photograph(tmp_path))
    expect(form.locator(f"{box(form)} progress")).to_be_visible()
    with form.expect_response(lambda answer: answer.request.method == "DELETE"):
        form.get_by_role("button", name="取消上传").click()
    assert site.uploads() == ()
    form.unroute("**/submit/uploads/*")
    form.set_input_files(f"{box(form)} input[type=file]", photograph(tmp_path))
    expect(form.locator(f"{box(form)} .upload-kept")).to_be_visible()


def test_a_file_cancelled_while_it_is_announced_leaves_nothing(form: Page, site: Office, tmp_path: Path) -> None:
    held: list[Route] = []
    form.route("**/submit/uploads", lambda route: held.append(route))
    with form.expect_request("**/submit/uploads"):
        form.set_input_files(f"{box(form)} input[type=file]", photograph(tmp_path))
    form.get_by_role("button", name="取消上传").click()
    with form.expect_response(lambda answer: answer.request.method == "DELETE"):
        held[0].continue_()
    assert (site.uploads(), site.arriving()) == ((), [])


def test_a_zip_leads_to_the_page_that_says_what_became_of_it(site: Office, context: BrowserContext, tmp_path: Path) -> None:
    site.draft(title="深部煤层微震前兆识别", full_text="甲.pdf", blind_text="甲-匿名.pdf")
    page = context.new_page()
    enter(page, site.world.link("nominator", "N01"))
    page.goto(f"{page.url}/zip")
    assert violations(page) == []
    keep_picture(page, "zip-new")
    path = tmp_path / "附件.zip"
    path.write_bytes(packed({"甲.pdf": (FILES / "libreoffice.pdf").read_bytes(), "甲匿名.pdf": b"x", "说明.txt": b"x"}))
    page.set_input_files("[data-upload] input[type=file]", path)
    page.wait_for_url("**/submit/zip/*")
    expect(page.locator("main")).to_contain_text("是不是 甲-匿名.pdf？请改名后重新上传。")
    expect(page.locator("main tbody tr")).to_contain_text(["甲.pdf"])
    assert violations(page) == []
    keep_picture(page, "zip-result")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_the_script_links_and_a_plain_form_do_the_same(site: Office, page: Page, tmp_path: Path) -> None:
    enter(page, site.world.link("nominator", "N01"))
    page.goto(f"{page.url}/forms/{site.draft(title='论文').id}")
    press(page.locator(f"{box(page)} a[data-plain]"))
    keep_picture(page, "upload-new")
    page.set_input_files("#file", photograph(tmp_path))
    press(page.locator("main form button"))
    expect(page.locator("main")).to_contain_text("已收到")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    press(page.get_by_role("link", name="返回").first)
    expect(page.locator(f"{box(page)} .upload-kept a")).to_have_text("大图.png")
