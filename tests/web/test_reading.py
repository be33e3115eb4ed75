"""Large type and high contrast: plain forms, remembered in a cookie."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Browser
from web import reading


def classes(page: str) -> str:
    found = re.search(r'<html lang="[^"]+"(?: class="([^"]*)")?>', page)
    assert found is not None
    return found.group(1) or ""


async def test_switches_are_remembered_and_lead_back(browser: Browser) -> None:
    assert classes((await browser.get("/")).text) == ""
    answer = await browser.post("/reading", {"switch": "large", "back": "/?a=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/?a=1")
    assert classes((await browser.get("/")).text) == "large"
    await browser.post("/reading", {"switch": "contrast", "back": "/"})
    assert classes((await browser.get("/")).text) == "large contrast"
    await browser.post("/reading", {"switch": "large", "back": "/"})
    page = (await browser.get("/")).text
    assert classes(page) == "contrast"
    assert re.search(r'value="contrast" aria-pressed="true"', page)


@pytest.mark.parametrize("back", ["//evil.example.org", "/\\evil.example.org", "https://evil.example.org", "", "/a\nb"])
async def test_the_way_back_never_leads_elsewhere(browser: Browser, back: str) -> None:
    answer = await browser.post("/reading", {"switch": "large", "back": back})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("switch", ["", "huge", "large contrast", "\x00", "x" * 1_000_000])
async def test_an_unknown_switch_is_refused(browser: Browser, switch: str) -> None:
    answer = await browser.post("/reading", {"switch": switch, "back": "/"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (422, False)


@pytest.mark.parametrize("cookie", ["", "huge", '"><script>', "large-large", "x" * 5000])
def test_whatever_the_cookie_says_only_our_switches_are_on(cookie: str) -> None:
    assert set(reading.of(cookie)) <= set(reading.SWITCHES)
