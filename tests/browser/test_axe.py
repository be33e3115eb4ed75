"""The bars of the reviewer's pages: no violation of WCAG 2.2 AA that axe can find, little weight, nothing from elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from tests import builders
from tests.browser.conftest import WIDTHS
from tests.web.conftest import World

pytestmark = pytest.mark.browser

VENDOR = Path(__file__).parent / "vendor"
AXE = (VENDOR / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """tags => axe.run({runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]})
    .then(found => [found.violations, found.passes.length])"""
FEWEST_RULES = 10
HEAVIEST = 60 * 1024
MOST_REQUESTS = 10
PATHS = {
    "/review": 200, "/review/A01": 200, "/review/W01": 200, "/review/table": 200, "/review/compare?code=A01&code=A02": 200,
    "/review/sign": 200, "/review/A01/recuse": 200, "/review/none": 404,
}  # fmt: skip
"""Pages of a reviewer, with the answer that is looked at."""


def violations(page: Page) -> list[str]:
    """What axe finds, one line per element."""
    page.evaluate(AXE)
    found, passed = page.evaluate(RUN, TAGS)
    assert passed >= FEWEST_RULES
    return [f"{page.url} {one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def enter(site: World, page: Page, reviewer: str = "R01") -> None:
    page.goto(site.link("reviewer", reviewer))
    page.locator("main button").first.click()


@pytest.fixture(params=product(WIDTHS, ("zh-CN", "en-US"), ("normal", "large")), ids="-".join)
def context(site: World, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser as wide as a phone or a desk, in either language, with normal or large type."""
    width, language, size = request.param
    wide, high = WIDTHS[width]
    made = chromium.new_context(viewport={"width": wide, "height": high}, locale=language)
    page = made.new_page()
    if size == "large":
        enter(site, page)
        page.locator("button[name=switch][value=large]").first.click()
        expect(page.locator("html.large")).to_be_attached()
        made.clear_cookies(name="jinbang")
    page.close()
    yield made
    made.close()


def test_no_page_of_a_reviewer_violates_the_accessibility_rules(site: World, context: BrowserContext) -> None:
    base = site.installation.settings.base_url
    page = context.new_page()
    found: list[str] = []

    page.goto(site.link("reviewer", "R01"))
    found += violations(page)
    page.locator("main button").first.click()
    for code in ("A01", "A02"):
        page.goto(f"{base}/review/{code}")
        page.locator(".chip").first.click()
        expect(page.locator("#save-state")).to_have_attribute("data-state", "saved")
    for path, status in PATHS.items():
        answer = page.goto(base + path)
        assert answer is not None
        assert (path, answer.status) == (path, status)
        found += violations(page)

    page.goto(f"{base}/review/A01")  # all that scripts may show
    page.locator("input.mark").first.fill("999")
    expect(page.locator("[aria-invalid]")).to_have_count(1)
    page.locator("[data-keys]").click()
    page.evaluate("document.querySelectorAll('#score-kept, #score-conflict, #score-lost').forEach(one => one.hidden = false)")
    found += violations(page)

    builders.put(site.installation.database, site.edition.id, pairs=[("A03", "R03")], accepted=False)
    enter(site, page, "R03")
    assert page.url.endswith("/review/invitation")
    found += violations(page)

    page.goto(f"{base}/l/k1_{'x' * 43}")
    page.locator("main button").first.click()
    found += violations(page)
    assert found == []


def test_a_missing_label_would_be_found(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><input><img src=x><a href=x></a><p>x</p></main>")
    page.evaluate(AXE)
    found, _passed = page.evaluate(RUN, TAGS)
    page.close()
    assert {one["id"] for one in found} >= {"label", "image-alt", "link-name"}


def test_pages_are_light_and_load_nothing_from_elsewhere(site: World, chromium: Browser) -> None:
    base = site.installation.settings.base_url
    first = chromium.new_context()
    enter(site, first.new_page())
    signed_in = first.storage_state()
    first.close()
    for path in PATHS:
        context = chromium.new_context(storage_state=signed_in)  # nothing cached, as on the first visit
        page = context.new_page()
        answers: list[Response] = []
        page.on("response", lambda answer, to=answers: to.append(answer))
        page.goto(base + path, wait_until="networkidle")
        assert [one.url for one in answers if not one.url.startswith((base, "data:"))] == []
        texts = [one for one in answers if one.request.resource_type not in ("image", "media")]
        weight = sum(len(gzip.compress(one.body(), 6)) for one in texts)
        context.close()
        assert len(texts) >= 2
        assert weight <= HEAVIEST
        assert len(texts) <= MOST_REQUESTS


def test_the_checker_is_the_one_that_was_published() -> None:
    (listed,) = tomllib.loads((VENDOR / "vendor.toml").read_text("utf-8"))["file"]
    assert hashlib.sha256((VENDOR / listed["file"]).read_bytes()).hexdigest() == listed["sha256"]
    assert (VENDOR / listed["licence_file"]).is_file()
