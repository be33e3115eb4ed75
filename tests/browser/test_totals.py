"""The total that a sheet shows while marks are typed is the one that the server computes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tasks.installation import Installation
from tests import builders
from tests.browser.test_scoring import Desk, fill, state
from tests.web.conftest import World, seeded

pytestmark = pytest.mark.browser

CASES = {
    ("56.8", "79.1", "93.3"): "75.56",
    ("88.9", "73", "74.1"): "78.9",
    ("77.7", "50.4", "98"): "74.24",
    ("87.1", "51.4", "77"): "71.58",
}
"""Marks, and a total of which a script's own arithmetic loses the last half."""


@pytest.fixture
def world(installed: Installation) -> World:
    """Weights that are no exact numbers for a script."""
    shares = ("0.35", "0.35", "0.3")
    criteria = [
        {"name": f"c{number}", "title": {"zh": f"第 {number} 项", "en": f"Criterion {number}"}, "max": 100, "step": "0.1", "weight": share}
        for number, share in enumerate(shares)
    ]
    return seeded(installed, builders.a_process(**builders.a_stage_change("scoring", criteria=criteria)))


def test_halves_are_rounded_up_while_typing_as_they_are_kept(site: World, chromium: Browser) -> None:
    """Rule S3."""
    desk = Desk(site, chromium, "phone")
    page = desk.enter()
    desk.open()
    for marks, total in CASES.items():
        fill(page, {f"c{number}": mark for number, mark in enumerate(marks)})
        expect(page.locator("[data-total]")).to_have_text(total)
    page.locator("#m-c0").blur()
    state(page, "已保存")
    page.goto(desk.address("/review"))
    expect(page.locator(".entry-total").first).to_have_text(re.compile(total))
    desk.context.close()
