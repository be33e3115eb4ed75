"""The office's page of changing panels: no violation of WCAG 2.2 AA that axe can find, and no page wider than the screen."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tasks import visiting
from tasks.installation import Installation
from tests import builders
from tests.browser.bars import violations
from tests.browser.conftest import OFFICE, enter, press, served
from tests.tasks.test_panel_changes import PANELS, an_edition, begin
from tests.web.conftest import World

pytestmark = pytest.mark.browser


def by_hand(page: Page, entry: str, reviewer: str, act: str) -> None:
    page.locator("#entry").fill(entry)
    page.locator("#reviewer").fill(reviewer)
    press(page.locator(f"button[value={act}]"))


def test_changes_of_panels_are_made_by_everybody_on_any_screen(installed: Installation, chromium: Browser) -> None:
    edition = an_edition(installed, pairs=[pair for pair in PANELS if pair[0] != "A04"], panel=4)
    begin(installed, "R01", "A01")
    with installed.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")
    builders.put(installed.database, edition.id, reviewers=[builders.a_reviewer("R09", unit="示例省岩石力学与深部开采国家研究中心")])
    early = builders.keep(installed.database, builders.an_edition(builders.a_process(name="early")), at="submission")
    base, found = f"{installed.settings.base_url}/admin/editions/{edition.id}/draw", []

    def looked(page: Page, width: int) -> list[Any]:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        return violations(page)

    with served(World(installed, edition)):
        for (width, height), language in OFFICE:
            context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
            page = context.new_page()
            enter(page, visiting.make_sign_in("admin@example.org") or "")
            for path in ("/panels", "/panels?show=inexact&q=x", "/instead?entry=A01&reviewer=R02", "/instead?entry=A01&reviewer=R01", ""):
                page.goto(f"{base}{path}")
                found += looked(page, width)
            press(page.locator("button[value=top_up]"))  # some seats stay empty
            found += looked(page, width)
            for entry, reviewer, act in (("A01", "R01", "off"), ("A01", "R06", "put"), ("A01", "R04", "put")):
                page.goto(base)
                by_hand(page, entry, reviewer, act)
                found += looked(page, width)
            press(page.locator("main .choices button"))  # without its reason
            found += looked(page, width)
            page.goto(base)
            for field, code in (("entry", "A01"), ("reviewer", "R99"), ("entry2", "A77"), ("reviewer2", "R02")):
                page.locator(f"#swap-{field}").fill(code)
            press(page.locator("button[value=swap]"))  # the form again, with what was typed
            found += looked(page, width)
            page.goto(base)
            page.locator("#file").set_input_files(files=[{"name": "名单.csv", "mimeType": "text/csv", "buffer": b"x"}])
            press(page.locator("form[action$='/pairs'] button"))
            found += looked(page, width)
            for size in ("99", "6"):  # too many, and more than there are
                page.goto(f"{base}/sizes?entry=A02")
                found += looked(page, width)
                page.locator("#size").fill(size)
                press(page.locator("button[value=size]"))
                found += looked(page, width)
            page.locator("#reason").fill("交叉学科")
            press(page.locator("main .choices button"))
            found += looked(page, width)
            press(page.locator("button[value=declared]").first)
            page.locator("#reason").fill("恢复")
            press(page.locator("main .choices button"))
            found += looked(page, width)
            for waiting in ("draw", "shortlist", "draw/sizes"):
                page.goto(f"{installed.settings.base_url}/admin/editions/{early.id}/{waiting}")
                found += looked(page, width)
            context.close()
    assert found == []
