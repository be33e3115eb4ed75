"""The list with its versions and ties, for office and committee: nothing that axe can find, and no page wider than the screen."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page

from models.edition import Answer, ShortlistItem
from models.shortlists import Grounds, Tie, TieStep
from tasks import visiting
from tasks.installation import Installation
from tests import builders
from tests.browser.bars import violations
from tests.browser.conftest import OFFICE, enter, press, served
from tests.web.conftest import World, seeded
from tests.web.test_admin_shortlist import with_list

pytestmark = pytest.mark.browser


def two_versions(world: World) -> None:
    """A second version with a tie that lots broke, after a member has answered to the first."""
    with_list(world)
    edition = world.edition.id
    lots = {"A01": "04213b44c5301428", "A03": "859f05090f720fc7"}
    steps = (
        TieStep("raw_mean", {"A01": "80.00", "A03": "80.00"}, (("A01", "A03"),)),
        TieStep("lot", lots, (("A01",), ("A03",))),
    )
    tie = Tie("paper", "list", Decimal("80.00"), ("A01", "A03"), steps, (), "")
    with world.installation.database.write() as store:
        made, seats = store.shortlist(edition)  # type: ignore[misc]
        added = ShortlistItem(f"{edition}/e/A03", "paper", 3, Decimal("80.00"))
        store.add_shortlist(replace(made, version=2, items=(*made.items[1:], added)), seats)
        store.add_grounds(edition, 2, Grounds((tie,), "推荐单位来函撤回该项申报", "admin:admin@example.org"))
        store.append(edition, "LotSeedPublished", actor="engine", stage="scoring", seed=7, award=edition)
        store.put_answer(Answer(edition, 3, f"{edition}/m/M01", 0, "agree", (), "", builders.NOW))
        store.append(edition, "AnswerGiven", actor=f"committee:{edition}/m/M01", position=3, round=0, shortlist=1)


def looked_at(page: Page, width: int) -> list[str]:
    found = [str(one) for one in violations(page)]
    return found + ([] if page.evaluate("document.documentElement.scrollWidth") <= width else [f"{page.url} is wider than {width}"])


def test_the_list_is_read_by_everybody_on_any_screen(installed: Installation, chromium: Browser) -> None:
    world = seeded(installed, builders.a_process())
    two_versions(world)
    member = world.link("committee", "M01")
    with served(world):
        found: list[str] = []
        for (width, height), language in OFFICE:
            context = chromium.new_context(viewport={"width": width, "height": height}, locale=language)
            page = context.new_page()
            enter(page, visiting.make_sign_in("admin@example.org") or "")
            address = f"{installed.settings.base_url}/admin/editions/{world.edition.id}/shortlist"
            for path in ("", "?version=1"):
                page.goto(address + path)
                found += looked_at(page, width)
            page.goto(address)
            press(page.locator("main form .button").last)  # neither an entry nor a reason
            found += looked_at(page, width)
            enter(page, member)
            found += looked_at(page, width)
            context.close()
    assert found == []
