"""The ranking on a phone: cards in place of columns, nothing to be moved sideways, and still a table for who listens to it."""

from __future__ import annotations

from collections import Counter

import pytest
from playwright.sync_api import Browser, Page

from tasks import visiting
from tasks.installation import Installation
from tests.browser.bars import keep_picture, violations, wider_in_large_type
from tests.browser.conftest import WIDTHS, press, served
from tests.web.test_admin_ranking import a_world, score

pytestmark = pytest.mark.browser

HELD = """() => [...document.querySelectorAll(".rank-table")].map(one => one.closest(".table-box"))
    .filter(one => one.scrollWidth > one.clientWidth).length"""


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_on_a_phone_the_ranking_is_read_without_moving_sideways_and_stays_a_table(
    installed: Installation, chromium: Browser, language: str
) -> None:
    world = a_world(installed)
    score(world)
    heads = {}
    with served(world):
        for width, height in WIDTHS.values():
            page = chromium.new_context(viewport={"width": width, "height": height}, locale=language).new_page()
            page.goto(visiting.make_sign_in("admin@example.org") or "")
            press(page.locator("main button").first)
            page.goto(f"{installed.settings.base_url}/admin/editions/{world.edition.id}/ranking")
            keep_picture(page, f"ranking-{language}")
            assert (page.evaluate(HELD), violations(page), wider_in_large_type(page)) == (0, [], [])
            heads[width] = roles(page)
            assert page.locator(".rank-table thead a").evaluate_all("all => all.every(one => one.offsetHeight >= 44)")
            page.context.close()
    narrow, wide = (heads[width] for width, _height in WIDTHS.values())
    assert narrow == wide
    assert {"table", "row", "columnheader", "rowheader", "cell"} <= set(narrow)


def roles(page: Page) -> Counter[str]:
    """How often each part of a table is told by the browser to who listens to the page."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    told = Counter(str(one["role"]["value"]) for one in nodes if not one["ignored"])
    return Counter({role: count for role, count in told.items() if role in ("table", "row", "columnheader", "rowheader", "cell")})
