"""The office's pages of draw and ranking: no violation of WCAG 2.2 AA that axe can find, and no page wider than the screen."""

from __future__ import annotations

from itertools import product

import pytest
from playwright.sync_api import Browser

from tasks import reasons, recusing, scoring, visiting
from tasks.installation import Installation
from tests import builders
from tests.browser.bars import violations
from tests.browser.conftest import OFFICE, WIDTHS, enter, press, served
from tests.web.test_admin_ranking import TOTALS, a_world, score

pytestmark = pytest.mark.browser


def test_draw_and_ranking_are_read_by_everybody_on_any_screen(installed: Installation, chromium: Browser) -> None:
    world = a_world(installed, panel=3)  # one seat of each entry is empty
    reviewer = f"{world.edition.id}/r/R01"
    builders.accept(installed.database, world.edition.id, reviewer)
    recusing.recuse(world.edition.id, 1, reviewer, f"{world.edition.id}/e/A01", reason="relative")
    score(world, {code: some for code, some in TOTALS.items() if code != "A01"})
    with installed.database.write() as store:
        edition = store.edition(world.edition.id)
        scoring.freeze_rule(store, edition, edition.stages[1])
    reasons.ask(world.edition.id, 1, f"{world.edition.id}/e/A04", admin="admin@example.org")
    base, found = installed.settings.base_url, []
    with served(world):
        for (width, height), language in OFFICE:
            context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
            page = context.new_page()
            enter(page, visiting.make_sign_in("admin@example.org") or "")
            for path in ("", "/draw", "/ranking", "/ranking?sort=chance&group=paper"):
                page.goto(f"{base}/admin/editions/{world.edition.id}{path}")
                found += violations(page)
                assert page.evaluate("document.documentElement.scrollWidth") <= width
            context.close()
    assert found == []


def test_the_page_of_a_reason_is_read_by_everybody_on_any_screen(installed: Installation, chromium: Browser) -> None:
    world = a_world(installed)
    score(world)
    reasons.ask(world.edition.id, 1, f"{world.edition.id}/e/A04", admin="admin@example.org")
    link, found = world.link("reviewer", "R02"), []
    with served(world):
        for (width, height), language in product(WIDTHS.values(), ("zh-CN", "en-US")):
            context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
            page = context.new_page()
            enter(page, f"{link}/reasons/A04")
            assert page.url.endswith("/review/A04/reason")
            found += violations(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("main form .button").evaluate_all("all => all.every(one => one.offsetHeight >= 44)")
            press(page.locator("main form button"))  # an empty text
            assert page.locator("#text-fault").is_visible()
            found += violations(page)
            page.goto(f"{installed.settings.base_url}/review")
            found += violations(page)
            context.close()
    assert found == []
