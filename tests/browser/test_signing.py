"""Signing by hand: the strokes on the field become the path that is kept, on a phone and at a desk."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import Browser, expect

from rules import signatures
from tasks import reviewing
from tests.browser.conftest import WIDTHS, enter
from tests.web.conftest import World

pytestmark = pytest.mark.browser

FULL = {"originality": "36", "rigour": "25.5", "value": "27"}


@pytest.mark.parametrize("width", list(WIDTHS))
def test_strokes_become_the_signature(site: World, chromium: Browser, width: str) -> None:
    edition, reviewer = site.edition.id, f"{site.edition.id}/r/R02"
    reviewing.save_sheets(edition, 1, reviewer, {f"{edition}/e/{code}": reviewing.Draft(FULL, "", 0) for code in ("A02", "A03")})
    wide, high = WIDTHS[width]
    context = chromium.new_context(viewport={"width": wide, "height": high}, locale="zh-CN")
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    enter(page, site.link("reviewer", "R02"))
    page.goto(site.installation.settings.base_url + "/review/sign")
    field = page.locator("canvas")
    expect(field).to_be_visible()
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box is not None

    def stroke(places: list[tuple[float, float]]) -> None:
        for number, (across, down) in enumerate(places):
            page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=4)
            if number == 0:
                page.mouse.down()
        page.mouse.up()

    stroke([(0.1, 0.1), (0.9, 0.9)])
    page.get_by_role("button", name="清除重写").click()
    stroke([(0.2, 0.3), (0.4, 0.7), (0.6, 0.3)])
    stroke([(0.7, 0.2), (0.7, 0.8)])
    page.set_viewport_size({"width": wide - 40, "height": high})  # a phone is turned, a scroll bar comes
    if folder := os.environ.get("JINBANG_PICTURES"):
        page.screenshot(path=f"{folder}/sign-{width}.png", full_page=True)
    page.fill("#name", "专家R02")
    page.get_by_role("button", name="签署并提交").click()
    expect(page).to_have_url(re.compile(r"/review$"))
    with site.installation.database.read() as store:
        (path,) = {one.signature for one in store.sheets(edition, 1, reviewer=reviewer)}
    assert path.count("M") == 2
    assert signatures.drawn(path, max_length=8000) == path
    numbers = [int(found) for found in re.findall(r"\d+", path)]
    assert (160 <= min(numbers[0::2]) <= 240, 660 <= max(numbers[0::2]) <= 740) == (True, True)
    assert faults == []
    context.close()
