"""The office's pages around nominations, on a phone and on a desk: within the rules of accessibility, never wider than the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tasks import duplicates, visiting
from tasks.installation import Installation
from tests import builders
from tests.browser.bars import keep_picture, violations, wider_than_the_screen
from tests.browser.conftest import WIDTHS, enter, served
from tests.builders import Clock
from tests.tasks.test_unit_papers import LEVEL, SHARED
from tests.web.conftest import World
from tests.web.nominating import open_submission

pytestmark = pytest.mark.browser

NOMINATORS = {"society": {**SHARED["society"], "max_if": {"has_association": {"paper": 41}}}}
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
    found += violations(page) + wider_than_the_screen(page)
    keep_picture(page, "nomination-" + page.url.partition("//")[2].partition("/")[2].replace("/", "-"))


def test_no_page_violates_the_accessibility_rules(site: World, wide: Page) -> None:
    edition, base = site.edition.id, site.installation.settings.base_url
    found: list[str] = []
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
