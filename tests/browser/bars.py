"""What every page is held to: no violation of WCAG 2.2 AA that axe can find, little weight, nothing from elsewhere."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Response

VENDOR = Path(__file__).parent / "vendor"
AXE = (VENDOR / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """tags => axe.run({runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]})
    .then(found => [found.violations, found.passes.length])"""
FEWEST_RULES = 10
HEAVIEST = 60 * 1024
MOST_REQUESTS = 10


def violations(page: Page, *, fewest_rules: int = FEWEST_RULES) -> list[str]:
    """What axe finds, one line per element; at least so many rules must have found something to pass."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found, passed = page.evaluate(RUN, TAGS)
    assert passed >= fewest_rules
    return [f"{page.url} {one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def overweight(chromium: Browser, base: str, path: str, signed_in: Any) -> list[str]:
    """Where a page, opened for the first time, is heavier than it may be, asks too often, or asks elsewhere; pictures do not count.

    Args:
        chromium: The browser.
        base: Address of the site.
        path: Of the page.
        signed_in: What the browser remembers: its storage state.
    """
    context = chromium.new_context(storage_state=signed_in)  # nothing cached, as on the first visit
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(base + path, wait_until="networkidle")
    found = [f"{path} asks {one.url}" for one in answers if not one.url.startswith((base, "data:"))]
    texts = [one for one in answers if one.request.resource_type not in ("image", "media")]
    weight = sum(len(gzip.compress(one.body(), 6)) for one in texts)
    context.close()
    assert len(texts) >= 2
    found += [f"{path} weighs {weight} bytes"] if weight > HEAVIEST else []
    return found + ([f"{path} makes {len(texts)} requests"] if len(texts) > MOST_REQUESTS else [])


def wider_than_the_screen(page: Page) -> list[str]:
    """The page, if it has to be moved sideways to be read."""
    return [f"{page.url} is wider than the screen"] if page.evaluate("document.documentElement.scrollWidth > window.innerWidth") else []


def wider_in_large_type(page: Page) -> list[str]:
    """The same with the type that the footer's button switches to."""
    large = page.evaluate("document.documentElement.classList.contains('large')")
    page.evaluate("document.documentElement.classList.add('large')")
    found = [f"{one} in large type" for one in wider_than_the_screen(page)]
    page.evaluate("large => document.documentElement.classList.toggle('large', large)", large)
    return found


LOW = """least => {
  const ticks = one => one.type === "radio" || one.type === "checkbox";
  const label = one => one.closest("label") || document.querySelector(`label[for="${one.id}"]`) || one;
  return [...document.querySelectorAll("main button, main .button, main input, main select, main summary, main textarea")]
    .filter(one => !one.closest("[aria-hidden]"))
    .map(one => ticks(one) ? label(one) : one)
    .filter(one => one.offsetHeight > 1 && one.offsetHeight < least)
    .map(one => `${one.offsetHeight} px: ${one.outerHTML.slice(0, 120)}`);
}"""
LOWEST = 44
"""Pixels of height that a finger needs (house rule)."""


def too_low_for_a_finger(page: Page) -> list[str]:
    """Buttons and fields of the page that are lower than a finger needs; a tick counts with its label."""
    return [f"{page.url} {one}" for one in page.evaluate(LOW, LOWEST)]


def keep_picture(page: Page, name: str) -> None:
    """Keep a picture of the page in the folder JINBANG_PICTURES, if that is given."""
    folder, size = os.environ.get("JINBANG_PICTURES"), page.viewport_size
    if folder and size:
        page.screenshot(path=f"{folder}/{name}-{size['width']}.png", full_page=True)
