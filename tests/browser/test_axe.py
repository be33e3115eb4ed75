"""The bars of the reviewer's pages: no violation of WCAG 2.2 AA that axe can find, little weight, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from models import tables as t
from tasks import reviewing, signing
from tasks.installation import Installation
from tests import builders
from tests.browser.bars import VENDOR, overweight, violations
from tests.browser.conftest import WIDTHS, enter, press, served
from tests.builders import Clock
from tests.web.conftest import World, seeded

pytestmark = pytest.mark.browser

PATHS = {
    "/review": 200, "/review/A01": 200, "/review/W01": 200, "/review/table": 200, "/review/compare?code=A01&code=A02": 200,
    "/review/sign": 200, "/review/A01/recuse": 200, "/review/none": 404,
}  # fmt: skip
"""Pages of a reviewer, with the answer that is looked at."""


LOOKS = tuple(product(WIDTHS, ("zh-CN", "en-US"), ("normal", "large")))
"""Width, language, type: each with each."""


@pytest.fixture(params=LOOKS, ids="-".join)
def context(site: World, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser as wide as a phone or a desk, in either language, with normal or large type."""
    width, language, size = request.param
    wide, high = WIDTHS[width]
    made = chromium.new_context(viewport={"width": wide, "height": high}, locale=language)
    page = made.new_page()
    if size == "large":
        enter(page, site.link("reviewer", "R01"))
        press(page.locator("button[name=switch][value=large]").first)
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
    press(page.locator("main button").first)
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
    enter(page, site.link("reviewer", "R03"))
    assert page.url.endswith("/review/invitation")
    found += violations(page)

    enter(page, f"{base}/l/k1_{'x' * 43}")
    found += violations(page)
    assert found == []


# -- what a reviewer sees when something is in the way, and at the end -----------------------------------------------------

FULL = {"originality": "35", "rigour": "25.5", "value": "20"}
SUBMIT = """values => {
  const form = document.querySelector(values.form);
  const copy = Object.assign(document.createElement("form"), {method: "post", action: form.action, hidden: true});
  const fields = Object.assign(Object.fromEntries(new FormData(form)), values.fields);
  Object.keys(fields).forEach(name => copy.append(Object.assign(document.createElement("input"), {name, value: fields[name]})));
  document.body.append(copy);
  copy.submit();
}"""
"""Sends a form as a browser without scripts does; the scripts of the page see nothing of it."""


@pytest.fixture
def coded(installed: Installation, clock: Clock) -> Iterator[World]:
    """Shortly before the deadline of a stage that asks for a mailed code; R02 has signed everything."""
    world = seeded(installed, builders.a_process(**builders.a_stage_change("scoring", link_code=True)))
    patient = installed.settings.model_copy(update={"code_sends": 1000, "wrong_links_per_minute": 1000})
    object.__setattr__(installed, "settings", patient)
    edition = world.edition.id
    for reviewer, codes in (("R01", ("A01",)), ("R02", ("A02", "A03"))):
        work = {f"{edition}/e/{code}": reviewing.Draft(FULL, "好", 0) for code in codes}
        reviewing.save_sheets(edition, 1, f"{edition}/r/{reviewer}", work)
    signing.sign(edition, 1, f"{edition}/r/R02", "专家R02")
    clock.now = cutoff(world) - timedelta(minutes=30)
    with served(world):
        yield world


def cutoff(world: World) -> datetime:
    found = world.edition.stages[1].cutoff
    assert found is not None
    return found


def confirm(world: World) -> None:
    """Let all browsers have typed their code."""
    with world.installation.database.write() as store:
        store.connection.execute(t.VISITS.update().values(confirmed_at=store.real_now))


def send_form(page: Page, form: str, fields: dict[str, str]) -> None:
    with page.expect_navigation():
        page.evaluate(SUBMIT, {"form": form, "fields": fields})


@pytest.mark.parametrize("width", list(WIDTHS))
def test_no_page_in_the_way_violates_the_accessibility_rules(coded: World, chromium: Browser, clock: Clock, width: str) -> None:
    found: list[str] = []
    for language, size in [(language, size) for wide, language, size in LOOKS if wide == width]:
        wide, high = WIDTHS[width]
        made = chromium.new_context(viewport={"width": wide, "height": high}, locale=language)
        page = made.new_page()
        for name, wanted in in_the_way(coded, page, clock, large=size == "large"):
            page.locator(wanted).first.wait_for(state="attached")
            assert page.locator("html.large").count() == (size == "large")
            found += [f"{language} {size} {name}: {one}" for one in violations(page)]
        made.close()
    assert found == []


def in_the_way(world: World, page: Page, clock: Clock, *, large: bool) -> Iterator[tuple[str, str]]:
    """Brings up page after page. Yields each one's name, and what must be on it."""
    base = world.installation.settings.base_url
    page.goto(f"{base}/l/k1_{'x' * 43}")
    if large:
        press(page.locator("footer button[name=switch][value=large]"))
    press(page.locator("main button").first)
    yield "link refused", "form[action$='/again']"
    press(page.locator("form[action$='/again'] button"))
    yield "link again", "main [role=status]"
    enter(page, world.link("reviewer", "R01"))
    yield "code", "form[action='/review/code/send']"
    press(page.locator("form[action='/review/code/send'] button"))
    yield "code not sent", "#code-fault"
    with world.installation.database.write() as store:
        for row in store.connection.execute(t.VISITS.select()).all():
            store.put_code(row.id, "0" * 64, store.real_now + timedelta(minutes=5))
    page.goto(f"{base}/review/code")
    yield "code sent", "input#code"
    page.locator("input#code").fill("12345678")
    press(page.locator("form[action='/review/code'] button"))
    yield "wrong code", "input#code[aria-invalid]"
    confirm(world)
    page.goto(f"{base}/device")
    yield "devices", "form[action='/device/replace']"
    page.goto(f"{base}/review/A01/recuse")
    yield "recusal", "form[action='/review/A01/recuse']"
    send_form(page, "form[action='/review/A01/recuse']", {})
    yield "recusal without a reason", "[aria-invalid], .field-error, [role=alert]"
    page.goto(f"{base}/review/A01")
    send_form(page, "#sheet", {"revision": "0", "mark.value": "3", "comment": "另一个"})
    yield "stale", "table.compare tr.differs"
    page.goto(f"{base}/review/A01")
    before = clock.now
    clock.now = cutoff(world)
    send_form(page, "#sheet", {"mark.value": "3"})
    yield "late", "textarea#kept"
    clock.now = before
    page.goto(f"{base}/review/A01")
    page.context.clear_cookies(name="jinbang")
    send_form(page, "#sheet", {"mark.value": "3"})
    yield "lost", "textarea#kept"
    enter(page, world.link("reviewer", "R02"))
    confirm(world)
    page.goto(f"{base}/review")
    yield "thanks", "a[href='/review/sheet.pdf']"
    page.goto(f"{base}/review/sign")
    yield "signed", "main .note-good"


def test_a_missing_label_would_be_found(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><input><img src=x><a href=x></a><p>x</p></main>")
    found = violations(page, fewest_rules=1)
    page.close()
    assert {one.split()[1].rstrip(":") for one in found} >= {"label", "image-alt", "link-name"}


def test_pages_are_light_and_load_nothing_from_elsewhere(site: World, chromium: Browser) -> None:
    base = site.installation.settings.base_url
    first = chromium.new_context()
    enter(first.new_page(), site.link("reviewer", "R01"))
    signed_in = first.storage_state()
    first.close()
    for path in PATHS:
        assert overweight(chromium, base, path, signed_in) == []


def test_the_checker_is_the_one_that_was_published() -> None:
    (listed,) = tomllib.loads((VENDOR / "vendor.toml").read_text("utf-8"))["file"]
    assert hashlib.sha256((VENDOR / listed["file"]).read_bytes()).hexdigest() == listed["sha256"]
    assert (VENDOR / listed["licence_file"]).is_file()
