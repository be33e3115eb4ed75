"""What people do with the pages, in a real browser without JavaScript, on a phone's screen and a desk's."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from models.edition import Shortlist, ShortlistItem
from tasks import visiting
from tests import builders
from tests.browser.conftest import enter, press
from tests.web.conftest import World

pytestmark = pytest.mark.browser

Keep = Callable[[str], None]


def _fits(page: Page) -> None:
    """Nothing sticks out sideways."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    box = page.locator("main").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_a_reviewer_goes_from_the_link_to_the_signature(site: World, page: Page, keep: Keep) -> None:
    abroad: list[str] = []
    page.on(
        "request", lambda request: abroad.append(request.url) if not request.url.startswith(site.installation.settings.base_url) else None
    )
    page.goto(site.link("reviewer", "R02"))
    keep("link")
    press(page.locator("main button").first)
    assert page.url.endswith("/review")
    _fits(page)
    keep("list")
    page.goto(f"{site.installation.settings.base_url}/review/A02")
    _fits(page)
    keep("sheet")
    for code in ("A02", "A03"):
        page.goto(f"{site.installation.settings.base_url}/review/{code}")
        marks = page.locator("input[inputmode=decimal]")
        for number in range(marks.count()):
            marks.nth(number).fill("７")  # as many phones type it
        press(page.get_by_role("button", name="保存", exact=True))
        assert page.url.endswith(f"/review/{code}?saved=1")
    page.goto(f"{site.installation.settings.base_url}/review/sign")
    keep("sign")
    with site.installation.database.read() as store:
        name = store.reviewer(f"{site.edition.id}/r/R02").name
    page.locator("main input[name=name]").fill(name)
    press(page.get_by_role("button", name="签署并提交"))
    with site.installation.database.read() as store:
        signed = store.sheets(site.edition.id, 1, reviewer=f"{site.edition.id}/r/R02", signed=True)
    assert [sheet.entry.rsplit("/", 1)[1] for sheet in signed] == ["A02", "A03"]
    assert abroad == []


def test_a_wrong_mark_is_answered_at_its_field_and_kept(site: World, page: Page, keep: Keep) -> None:
    enter(page, site.link("reviewer", "R01"))
    page.goto(f"{site.installation.settings.base_url}/review/A01")
    field = page.locator("input[inputmode=decimal]").first
    field.fill("120")
    press(page.get_by_role("button", name="保存", exact=True))
    field = page.locator("input[inputmode=decimal]").first
    expect(field).to_have_value("120")
    expect(field).to_have_attribute("aria-invalid", "true")
    keep("sheet-wrong")
    assert site.sheet_count() == 0


def test_opening_a_link_changes_nothing(site: World, page: Page) -> None:
    link = site.link("reviewer", "R01")
    with site.installation.database.read() as store:
        before = store.last_seq(site.edition.id)
    for _ in range(3):
        page.goto(link)
    assert page.context.cookies() == []
    with site.installation.database.read() as store:
        assert store.last_seq(site.edition.id) == before
    press(page.locator("main button").first)
    assert page.url.endswith("/review")


def test_targets_are_large_enough_for_a_thumb(site: World, page: Page) -> None:
    enter(page, site.link("reviewer", "R01"))
    page.goto(f"{site.installation.settings.base_url}/review/A01")
    for target in page.locator("main button:visible, main input:not([type=hidden]):visible").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_the_admin_sees_where_every_edition_stands(site: World, page: Page, keep: Keep) -> None:
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    enter(page, link)
    assert page.url.endswith("/admin")
    _fits(page)
    keep("admin")
    expect(page.locator("main")).to_contain_text(site.edition.id)


def _at_the_vote(site: World) -> None:
    edition, database = site.edition.id, site.installation.database
    items = (
        ShortlistItem(f"{edition}/e/A01", "paper", 1, Decimal("88.13")),
        ShortlistItem(f"{edition}/e/W01", "artwork", 1, Decimal("90.00")),
    )
    with database.write() as store:
        store.add_shortlist(Shortlist(edition, 1, builders.NOW, "d" * 64, items), {"paper": 1, "artwork": 1})
        store.set_entry_states({item.entry: "shortlisted" for item in items})
    builders.go_to(database, edition, "voting")


def test_a_committee_member_agrees_to_the_list(site: World, page: Page, keep: Keep) -> None:
    _at_the_vote(site)
    enter(page, site.link("committee", "M01"))
    assert page.url.endswith("/ballot")
    _fits(page)
    keep("ballot")
    page.locator("input[name=verdict][value=agree]").check()
    press(page.locator("main form button.big"))
    with site.installation.database.read() as store:
        run = store.edition(site.edition.id).run_of("voting")
        given = store.answers(site.edition.id, run.position)
    assert [(one.member.rsplit("/", 1)[1], one.verdict) for one in given] == [("M01", "agree")]


def test_the_public_reads_the_front_page(site: World, page: Page, keep: Keep) -> None:
    page.goto(site.installation.settings.base_url + "/")
    _fits(page)
    keep("home")
    expect(page.locator("main")).to_contain_text(site.edition.process.title.zh)
