"""The bars of the pages of nominators, of those who confirm, and of form checkers: on a phone and a desk, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tasks import examining
from tasks.installation import Installation
from tests.browser import tours
from tests.browser.bars import keep_picture, overweight, too_low_for_a_finger, violations, wider_in_large_type, wider_than_the_screen
from tests.browser.conftest import WIDTHS, served
from tests.builders import Clock
from tests.web.conftest import World
from tests.web.nominating import everything_asked

pytestmark = pytest.mark.browser

PATHS = ("/submit", "/submit/table", "/submit/zip", "/submit/unit", "/submit/copy", "/submit/entries/A01/people")
"""Pages of a nominator whose weight is looked at, beside a form."""


@pytest.fixture
def world(installed: Installation, clock: Clock) -> World:
    return everything_asked(installed, clock)


@pytest.fixture
def site(world: World) -> Iterator[World]:
    with served(world):
        yield world
    examining.finish()


@pytest.fixture(params=["zh-CN", "en-US"])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in either language; requests that leave for elsewhere fail, and fail the test."""
    context = chromium.new_context(locale=request.param)
    yield context.new_page()
    context.close()


def look(site: World, page: Page, tour: tours.Tour) -> list[str]:
    """What is wrong with the pages of a tour at both widths."""
    base, found = tours.site(site), []
    page.on("request", lambda request: request.url.startswith((base, "data:", "blob:")) or found.append(f"asks {request.url}"))
    for name, wanted in tour:
        page.locator(wanted).first.wait_for(state="attached")
        for width, height in WIDTHS.values():
            page.set_viewport_size({"width": width, "height": height})
            low = too_low_for_a_finger(page) + wider_in_large_type(page) if width == WIDTHS["phone"][0] else []
            found += [f"{name}, {width}: {one}" for one in violations(page) + wider_than_the_screen(page) + low]
            keep_picture(page, f"{page.evaluate('document.documentElement.lang')[:2]}-{name.replace(' ', '-')}")
    return found


@pytest.mark.parametrize("tour", [tours.forms, tours.files, tours.papers])
def test_no_page_of_a_nominator_violates_the_accessibility_rules(
    site: World, page: Page, tour: Callable[[World, Page], tours.Tour]
) -> None:
    assert look(site, page, tour(site, page)) == []


def test_no_page_of_those_who_confirm_violates_them(site: World, page: Page, clock: Clock) -> None:
    assert look(site, page, tours.witness(site, page, clock)) == []


def test_no_page_of_the_form_check_violates_them(site: World, page: Page, clock: Clock) -> None:
    assert look(site, page, tours.checks(site, page, clock)) == []
    assert look(site, page, tours.corrections(site, page, clock)) == []


def test_pages_of_a_nominator_and_of_a_form_checker_are_light_and_load_nothing_from_elsewhere(
    site: World, chromium: Browser, clock: Clock
) -> None:
    base, context = tours.site(site), chromium.new_context()
    page = context.new_page()
    tours.enter(page, site.link("nominator", "N01"))
    tours.press(page, "form[action='/submit/forms/new'] button")
    form = page.url.removeprefix(base)
    found = [one for path in (form, *PATHS) for one in overweight(chromium, base, path, context.storage_state())]
    clock.now = tours.after_the_deadline(site)
    tours.enter_office(page)
    checks = f"/admin/editions/{site.edition.id}/checks"
    found += [one for path in (checks, f"{checks}/A01") for one in overweight(chromium, base, path, context.storage_state())]
    context.close()
    assert found == []
