"""The office's pages of draw and ranking: no violation of WCAG 2.2 AA that axe can find, and no page wider than the screen."""

from __future__ import annotations

from itertools import product

import pytest
from playwright.sync_api import Browser

from tasks import recusing, visiting
from tasks.installation import Installation
from tests import builders
from tests.browser.bars import violations
from tests.browser.conftest import WIDTHS, served
from tests.web.test_admin_ranking import TOTALS, a_world, score

pytestmark = pytest.mark.browser


def test_draw_and_ranking_are_read_by_everybody_on_any_screen(installed: Installation, chromium: Browser) -> None:
    world = a_world(installed, panel=3)  # one seat of each entry is empty
    reviewer = f"{world.edition.id}/r/R01"
    builders.accept(installed.database, world.edition.id, reviewer)
    recusing.recuse(world.edition.id, 1, reviewer, f"{world.edition.id}/e/A01", reason="relative")
    score(world, {code: some for code, some in TOTALS.items() if code != "A01"})
    base, found = installed.settings.base_url, []
    with served(world):
        for (width, height), language in product(WIDTHS.values(), ("zh-CN", "en-US")):
            context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
            page = context.new_page()
            page.goto(visiting.make_sign_in("admin@example.org") or "")
            page.locator("main button").first.click()
            for path in ("draw", "ranking", "ranking?sort=chance&group=paper"):
                page.goto(f"{base}/admin/editions/{world.edition.id}/{path}")
                found += violations(page)
                assert page.evaluate("document.documentElement.scrollWidth") <= width
            context.close()
    assert found == []
