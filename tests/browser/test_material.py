"""Pages of a document and a film as a reviewer's browser shows them, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import enter, press
from tests.tasks import documents
from tests.web.conftest import World
from tests.web.test_material import LINES, attach

pytestmark = pytest.mark.browser

Keep = Callable[[str], None]
LEAST_TARGET = 44
"""Pixels."""


def test_pages_load_fit_and_open_in_full(site: World, page: Page, keep: Keep, tmp_path: Path) -> None:
    attach(site, tmp_path, "A01", {2: documents.pdf(tmp_path, f"= 微震\n{LINES * 12}", LINES)})
    enter(page, site.link("reviewer", "R01"))
    page.goto(f"{site.installation.settings.base_url}/review/A01")
    first = page.get_by_alt_text("第 1 页，共 2 页")
    first.scroll_into_view_if_needed()
    expect(first).to_be_visible()
    width = page.viewport_size["width"] if page.viewport_size else 0
    box = first.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["height"] == pytest.approx(box["width"] * 1698 / 1200, rel=0.02)
    keep("material")
    for link in page.locator(".document-head a").all():
        target = link.bounding_box()
        assert target is not None
        assert target["height"] >= LEAST_TARGET
    press(page.get_by_text("阅读文字版"))
    expect(page.get_by_text("微震信号的自适应识别").first).to_be_visible()
    keep("material-text")
    page.go_back()
    press(page.get_by_alt_text("第 2 页，共 2 页"))
    assert page.url.endswith("/review/A01/files/A01-2.pdf/2")


def test_a_film_is_there_to_be_played_and_nothing_of_it_is_fetched_before(site: World, page: Page, keep: Keep, tmp_path: Path) -> None:
    attach(site, tmp_path, "W01", {1: (documents.film(), b"WEBVTT\n")})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    enter(page, site.link("reviewer", "R01"))
    page.goto(f"{site.installation.settings.base_url}/review/W01")
    expect(page.locator("video")).to_be_visible()
    keep("material-film")
    assert [one for one in asked if one.endswith(".mp4")] == []
