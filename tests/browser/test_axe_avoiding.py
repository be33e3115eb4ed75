"""Requests to avoid reviewers, at the unit and at the office: no violation of WCAG 2.2 AA that axe can find, and no page too wide."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tasks import avoiding, visiting
from tasks.installation import Installation
from tests.browser.bars import violations
from tests.browser.conftest import OFFICE, enter, press, served
from tests.builders import Clock
from tests.tasks.test_avoiding import N01, N02, a_world
from tests.web.conftest import World

pytestmark = pytest.mark.browser

LONG = "示例省岩石力学与深部开采国家研究中心（联合实验室）"


def test_requests_are_made_and_decided_by_everybody_on_any_screen(installed: Installation, clock: Clock, chromium: Browser) -> None:
    edition = a_world(installed, clock, conflicts=["relative"], soft_conflicts=["project"])
    asked = [
        avoiding.ask(edition.id, unit, name=name, unit=where, reason="近三年与我单位主要申报人有公开的学术争议，可能影响公正评审")
        for unit, name, where in ((N01, "专家R01", "R01大学"), (N02, "专家R01", "R01大学"), (N02, "查无此人", LONG))
    ]
    avoiding.decide(edition.id, {asked[2].id: avoiding.Answer(False, "不属于应当回避的情形")}, admin="admin@example.org")
    with installed.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")
    world, found = World(installed, edition), []
    office = f"{installed.settings.base_url}/admin/editions/{edition.id}"

    def looked(page: Page, width: int) -> list[Any]:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        return violations(page)

    with served(world):
        for (width, height), language in OFFICE:
            page = chromium.new_context(viewport={"width": width, "height": height}, locale=language).new_page()
            enter(page, visiting.make_sign_in("admin@example.org") or "")
            for path in ("conflicts", "avoidances"):
                page.goto(f"{office}/{path}")
                found += looked(page, width)
            page.locator("textarea").first.fill("理由不足")
            press(page.locator("main form button").first)  # without a decision
            found += looked(page, width)
            enter(page, world.link("nominator", "N02"))
            page.goto(f"{installed.settings.base_url}/submit/avoid")
            found += looked(page, width)
            page.context.close()
    assert found == []
