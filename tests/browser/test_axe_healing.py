"""The pages about silent reviewers: no violation of WCAG 2.2 AA that axe can find, no page wider than the screen, large targets."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import product

import pytest
from playwright.sync_api import Browser

from tasks import visiting
from tasks.installation import Installation
from tests import builders
from tests.browser.bars import violations
from tests.browser.conftest import OFFICE, WIDTHS, enter, press, served
from tests.web.test_healing_pages import a_world, give_away

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("JINBANG_PICTURES")


def test_the_office_reads_and_fills_in_its_page_on_any_screen(installed: Installation, chromium: Browser) -> None:
    world = a_world(installed)
    give_away(world)
    with installed.database.write() as store:
        watch = store.watch(world.edition.id, 1, f"{world.edition.id}/r/R02")
        store.put_watch(replace(watch, bounced_at=builders.NOW, bounced_reply="550 5.1.1 no such user here"))
        kept = store.watch(world.edition.id, 1, f"{world.edition.id}/r/R03")
        store.put_watch(replace(kept, kept_by="admin@example.org", kept_reason="电话已确认，15 日前完成", kept_at=builders.NOW))
    found = []
    with served(world):
        for (width, height), language in OFFICE:
            context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
            page = context.new_page()
            enter(page, visiting.make_sign_in("admin@example.org") or "")
            page.goto(f"{installed.settings.base_url}/admin/editions/{world.edition.id}/healing")
            found += violations(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if PICTURES:
                page.screenshot(path=f"{PICTURES}/healing-{language}-{width}.png", full_page=True)
            press(page.locator("form[action$='/keep'] button"))  # nothing filled in
            assert page.locator("[aria-invalid]").count() == 1
            found += violations(page)
            context.close()
    assert found == []


def test_the_invitation_with_its_day_and_the_lapsed_one_are_read_on_any_screen(installed: Installation, chromium: Browser) -> None:
    world = a_world(installed)
    give_away(world)
    found = []
    with served(world):
        for (width, height), language, code in product(WIDTHS.values(), ("zh-CN", "en-US"), ("R01", "R02")):
            context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
            page = context.new_page()
            enter(page, world.link("reviewer", code))
            assert page.url.endswith("/review/invitation")
            found += violations(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("main form .button:visible").evaluate_all("all => all.every(one => one.offsetHeight >= 44)")
            if PICTURES:
                page.screenshot(path=f"{PICTURES}/invitation-{code}-{language}-{width}.png", full_page=True)
            context.close()
    assert found == []
