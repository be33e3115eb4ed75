"""What a reviewer typed is saved, shown again to be saved, or handed back: whatever happened since the page was opened."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from models.edition import ScoreSheet
from tasks import recusing, reviewing, signing
from tests import builders
from tests.web.conftest import Browser, World
from tests.web.test_signing import FULL as MARKS
from tests.web.test_signing import save
from tests.web.test_table import row

TYPED = {"mark.originality": "35", "mark.rigour": "25.5", "mark.value": "", "comment": "写了很久"}


def stored(world: World, reviewer: str = "R01") -> dict[str, ScoreSheet]:
    edition = world.edition.id
    with world.installation.database.read() as store:
        return {one.entry.rpartition("/")[2]: one for one in store.sheets(edition, 1, reviewer=f"{edition}/r/{reviewer}")}


def refusals(world: World) -> list[str]:
    with world.installation.database.read() as store:
        return [event.payload["reason"] for event in store.events(world.edition.id) if event.type == "AccessRefused"]


def lines(page: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", page))


@pytest.fixture
async def reviewer(browser: Browser, world: World) -> Browser:
    """A browser that has come by the link of R01."""
    await browser.enter(world.link("reviewer", "R01"))
    return browser


async def test_a_sheet_from_before_the_link_was_opened_again_is_saved_by_pressing_once_more(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/A01")
    old = reviewer.hidden("/review/A01")
    await reviewer.enter(world.link("reviewer", "R01"))
    reviewer.last = await reviewer.post("/review/A01", old | TYPED, hidden=False)
    assert reviewer.last.status_code == 403
    assert "写了很久" in reviewer.last.text
    assert "请核对后再按一次“保存”" in reviewer.last.text
    assert (stored(world), refusals(world)) == ({}, ["old_form"])
    assert (await reviewer.post("/review/A01", TYPED)).status_code == 303
    assert (dict(stored(world)["A01"].marks), stored(world)["A01"].comment) == (
        {"originality": Decimal(35), "rigour": Decimal("25.5")},
        "写了很久",
    )


async def test_pressing_once_more_overwrites_nothing_that_was_saved_elsewhere(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/A01")
    old = reviewer.hidden("/review/A01")
    await reviewer.enter(world.link("reviewer", "R01"))
    save(world, "R01", A01=MARKS)
    reviewer.last = await reviewer.post("/review/A01", old | TYPED, hidden=False)
    assert (await reviewer.post("/review/A01", TYPED)).status_code == 409
    assert stored(world)["A01"].revision == 1


async def test_a_sheet_of_another_person_is_handed_back_to_be_copied(browser: Browser, world: World) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/A02")
    old = browser.hidden("/review/A02")
    await browser.enter(world.link("reviewer", "R02"))
    answer = await browser.post("/review/A02", old | TYPED | {"skip.value": "1", "fatal": "plagiarism"}, hidden=False)
    assert answer.status_code == 409
    assert lines(answer.text) == {"originality": "35", "rigour": "25.5", "value": "不适用", "一票否决情形": "plagiarism"}
    assert "写了很久" in answer.text
    assert (world.sheet_count(), refusals(world)) == (0, ["other_person"])


@pytest.mark.parametrize("end", ["lost", "another person"])
async def test_a_table_outlives_its_visit(reviewer: Browser, world: World, end: str) -> None:
    await reviewer.get("/review/table")
    old = reviewer.hidden("/review/table")
    reviewer.client.cookies.clear()
    if end == "another person":
        await reviewer.enter(world.link("reviewer", "R02"))
    answer = await reviewer.post("/review/table", old | row("A01", "35", "25.5", "20") | row("A02", "30", "", ""), hidden=False)
    assert answer.status_code == {"lost": 403, "another person": 409}[end]
    assert lines(answer.text) == {"A01": "35、25.5、20", "A02": "30、—、—"}
    assert world.sheet_count() == 0


async def test_a_table_from_before_the_link_was_opened_again_is_saved_by_pressing_once_more(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/table")
    old = reviewer.hidden("/review/table")
    await reviewer.enter(world.link("reviewer", "R01"))
    reviewer.last = await reviewer.post("/review/table", old | row("A01", "35", "25.5", "20"), hidden=False)
    assert reviewer.last.status_code == 403
    assert 'name="A01.mark.rigour" value="25.5"' in reviewer.last.text
    assert (await reviewer.post("/review/table", row("A01", "35", "25.5", "20"))).status_code == 303
    assert stored(world)["A01"].marks["rigour"] == Decimal("25.5")


async def test_a_table_in_which_nothing_was_typed_gives_nothing_back(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/table")
    old = reviewer.hidden("/review/table")
    reviewer.client.cookies.clear()
    assert "请通过专用链接进入" in (await reviewer.post("/review/table", old, hidden=False)).text


async def test_an_entry_that_comes_while_the_table_is_open_stops_nothing(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/table")
    builders.put(world.installation.database, world.edition.id, pairs=[("A03", "R01")], accepted=False)
    answer = await reviewer.post("/review/table", row("A01", "35", "25.5", "20"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/review/table?saved=1")
    assert (await reviewer.get("/review/table")).headers["location"] == "/review/invitation"
    assert set(stored(world)) == {"A01"}


async def test_rows_that_can_be_changed_no_more_are_named_and_never_called_saved(reviewer: Browser, world: World) -> None:
    edition = world.edition.id
    await reviewer.get("/review/table")
    old = reviewer.hidden("/review/table")
    recusing.recuse(edition, 1, f"{edition}/r/R01", f"{edition}/e/A02", reason="dispute")
    answer = await reviewer.post("/review/table", old | row("A01", "35", "25.5", "20") | row("A02", "30", "", ""), hidden=False)
    assert answer.status_code == 409
    assert re.findall(r"<li>(A0\d：[^<]*)</li>", answer.text) == ["A02：30、—、—"]
    assert set(stored(world)) >= {"A01"}
    save(world, "R01", W01=MARKS)
    signing.sign(edition, 1, f"{edition}/r/R01", "专家R01")
    signed = await reviewer.post("/review/table", old | row("A01", "5", "25.5", "20"), hidden=False)
    assert (signed.status_code, re.findall(r"<li>(A0\d：[^<]*)</li>", signed.text)) == (409, ["A01：5、25.5、20"])
    assert stored(world)["A01"].marks["originality"] == 35


async def test_a_table_that_is_posted_again_after_the_signature_lost_nothing(reviewer: Browser, world: World) -> None:
    edition = world.edition.id
    await reviewer.get("/review/table")
    fields = reviewer.hidden("/review/table") | row("A01", "35", "25.5", "20") | row("A02", "30", "20", "10") | row("W01", "1", "2", "3")
    assert (await reviewer.post("/review/table", fields, hidden=False)).status_code == 303
    signing.sign(edition, 1, f"{edition}/r/R01", "专家R01")
    assert (await reviewer.post("/review/table", fields, hidden=False)).status_code == 303


async def test_nobody_signs_what_has_changed_since_it_was_checked(reviewer: Browser, world: World) -> None:
    save(world, "R01", A01=MARKS, A02=MARKS, W01=MARKS)
    await reviewer.get("/review/sign")
    reviewing.save_sheets(
        world.edition.id, 1, f"{world.edition.id}/r/R01", {f"{world.edition.id}/e/A01": reviewing.Draft(MARKS | {"value": "1"}, "", 1)}
    )
    drawn = {"name": "专家R01", "drawn": "M10,10L200,90"}
    reviewer.last = await reviewer.post("/review/sign", drawn)
    assert reviewer.last.status_code == 422
    assert "评分或名单又有变化" in reviewer.last.text
    assert 'name="drawn" value="M10,10L200,90"' in reviewer.last.text
    assert [one.signed_at for one in stored(world).values()] == [None, None, None]
    assert (await reviewer.post("/review/sign", drawn)).headers["location"] == "/review"
    assert [one.signed_at is None for one in stored(world).values()] == [False, False, False]


async def test_an_entry_that_came_or_left_changes_what_is_signed(reviewer: Browser, world: World) -> None:
    save(world, "R01", A01=MARKS, A02=MARKS, W01=MARKS)
    await reviewer.get("/review/sign")
    edition = world.edition.id
    recusing.recuse(edition, 1, f"{edition}/r/R01", f"{edition}/e/A02", reason="dispute")
    assert (await reviewer.post("/review/sign", {"name": "专家R01"})).status_code == 422


async def test_a_wrong_name_is_told_at_its_field_and_the_drawing_stays(reviewer: Browser, world: World) -> None:
    save(world, "R01", A01=MARKS, A02=MARKS, W01=MARKS)
    await reviewer.get("/review/sign")
    page = (await reviewer.post("/review/sign", {"name": "专家R10", "drawn": "M10,10L200,90"})).text
    assert re.findall(r'id="name-fault">([^<]*)<', page) == ["姓名与邀请函上的不一致，请核对后重新输入"]
    assert 'aria-invalid="true" aria-describedby="name-fault"' in page
    assert 'name="drawn" value="M10,10L200,90"' in page


@pytest.mark.parametrize("path", ["/review/A01", "/review/table"])
async def test_a_revision_of_a_sheet_that_is_gone_is_a_conflict_and_no_failure(reviewer: Browser, world: World, path: str) -> None:
    await reviewer.get(path)
    typed = TYPED | {"revision": "3"} if path == "/review/A01" else row("A01", "35", "25.5", "20") | {"A01.revision": "3"}
    reviewer.last = await reviewer.post(path, typed)
    assert reviewer.last.status_code == 409
    assert "25.5" in reviewer.last.text
    kept = {} if path == "/review/A01" else row("A01", "35", "25.5", "20")
    assert (await reviewer.post(path, kept)).status_code == 303
    assert stored(world)["A01"].marks["rigour"] == Decimal("25.5")
