"""The pages around a nomination, on a phone and on a desk: within the rules of accessibility, and never wider than the screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tasks import duplicates, links, visiting, witnesses
from tasks.installation import Installation
from tests import builders
from tests.browser.bars import violations
from tests.browser.conftest import WIDTHS, served
from tests.builders import Clock
from tests.tasks.test_unit_papers import LEVEL, SHARED
from tests.web.conftest import World
from tests.web.nominating import open_submission

pytestmark = pytest.mark.browser

NOMINATORS = {"society": {**SHARED["society"], "max_if": {"has_association": {"paper": 41}}}}
UNITS_PAGES = ("/submit/unit", "/submit/entries/A01/people")
OFFICES_PAGES = ("quotas", "quotas/N01", "duplicates", "duplicates/A01~B01", "laureates")


@pytest.fixture
def world(installed: Installation, clock: Clock) -> World:
    """A submission that asks for everything, with a pair that may be the same."""
    made = open_submission(
        installed, clock, nominators=NOMINATORS, paper_fields=[LEVEL], ranked=True, classified=True, publicity_proof={"days": 5},
        not_again={}, consent=True, unit_opinion=True, opinions=2, duplicates="ask",
    )  # fmt: skip
    with installed.database.write() as store:
        twins = [builders.an_entry("A01", title="渭河流域氮素迁移"), builders.an_entry("B01", title="渭河流域氮素迁移", nominator="N02")]
        store.put_entries(made.edition.id, twins, {})
        duplicates.note(store, made.edition, store.entries(made.edition.id))
    return made


@pytest.fixture(params=list(WIDTHS))
def wide(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page as wide as a phone's or a desk's screen."""
    width, height = WIDTHS[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    yield context.new_page()
    context.close()


def look(page: Page, found: list[str]) -> None:
    found += violations(page)
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append(f"{page.url} is wider than the screen")
    if folder := os.environ.get("JINBANG_PICTURES"):
        name = page.url.partition("//")[2].partition("/")[2].replace("/", "-") or "home"
        page.screenshot(path=Path(folder) / f"nomination-{name}-{page.evaluate('window.innerWidth')}.png", full_page=True)


def enter(page: Page, link: str) -> None:
    page.context.clear_cookies()
    page.goto(link)
    page.locator("main button").first.click()


def test_no_page_violates_the_accessibility_rules(site: World, wide: Page) -> None:
    edition, base = site.edition.id, site.installation.settings.base_url
    asked = witnesses.name_person(edition, f"{edition}/n/N01", "A01", "expert", "赵汉江", "渭北大学", "zhao@example.org")
    with site.installation.database.read() as store:
        grant = store.grant_of(edition, "witness", asked.id)
    assert grant is not None
    found: list[str] = []
    enter(wide, links.address(site.installation.settings, grant))
    look(wide, found)
    wide.locator("main button").last.click()  # nothing was filled in
    assert "请选择一项答复" in wide.content()
    look(wide, found)
    enter(wide, site.link("nominator", "N01"))
    for path in UNITS_PAGES:
        wide.goto(base + path)
        look(wide, found)
    sign_in = visiting.make_sign_in("admin@example.org")
    assert sign_in is not None
    enter(wide, sign_in)
    for path in OFFICES_PAGES:
        wide.goto(f"{base}/admin/editions/{edition}/{path}")
        look(wide, found)
    assert found == []


@pytest.fixture
def site(world: World) -> Iterator[World]:
    """The pages, served."""
    with served(world):
        yield world
