"""What a table's preview shows of fields whose content is not meant to be read as it is kept."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette

from tasks.installation import Installation
from tests.builders import Clock
from tests.web.conftest import Browser, World
from tests.web.nominating import EVERY_KIND, open_submission
from tests.web.test_table_upload import a_csv, a_line, read
from web.app import create_app


@pytest.fixture
def world(installed: Installation, clock: Clock) -> World:
    return open_submission(installed, clock, paper_fields=EVERY_KIND)


@pytest.fixture
def app(world: World) -> Starlette:
    return create_app(world.installation)


async def test_a_promise_is_shown_as_ticked_and_an_identity_number_by_its_last_digits(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    await read(browser, a_csv(a_line(申报等级="二等", 原创承诺="是", 身份证号="000000190001010000")))
    assert browser.last is not None
    assert "<dt>原创承诺</dt><dd>已勾选</dd>" in browser.last.text
    assert "<dt>身份证号</dt><dd>••••••••0000</dd>" in browser.last.text
    assert "000000190001010000" not in browser.last.text
