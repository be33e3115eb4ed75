"""All open sheets in one table: quick marks, saved together or not at all."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from models.edition import ScoreSheet
from tests.web.conftest import Browser, World

COLUMNS = ("originality", "rigour", "value")


def stored(world: World, reviewer: str = "R01") -> dict[str, ScoreSheet]:
    edition = world.edition.id
    with world.installation.database.read() as store:
        return {one.entry.rpartition("/")[2]: one for one in store.sheets(edition, 1, reviewer=f"{edition}/r/{reviewer}")}


def row(code: str, *marks: str) -> dict[str, str]:
    return {f"{code}.mark.{name}": mark for name, mark in zip(COLUMNS, marks, strict=True)}


def said_at(answer: httpx.Response, code: str, name: str) -> str:
    found = re.search(rf'id="e-{code}-{name}">([^<]*)<', answer.text)
    return found.group(1) if found else ""


@pytest.fixture
async def reviewer(browser: Browser, world: World) -> Browser:
    """A browser that has come by the link of R01."""
    await browser.enter(world.link("reviewer", "R01"))
    return browser


async def post(browser: Browser, fields: dict[str, Any]) -> httpx.Response:
    await browser.get("/review/table")
    return await browser.post("/review/table", fields)


async def test_rows_are_saved_together_and_untouched_ones_stay_new(reviewer: Browser, world: World) -> None:
    answer = await post(reviewer, row("A01", "35", "25.5", "20") | row("A02", "３０", "", ""))
    assert (answer.status_code, answer.headers["location"]) == (303, "/review/table?saved=1")
    assert {code: dict(sheet.marks) for code, sheet in stored(world).items()} == {
        "A01": {"originality": Decimal(35), "rigour": Decimal("25.5"), "value": Decimal(20)},
        "A02": {"originality": Decimal(30)},
    }
    with world.installation.database.read() as store:
        events = [event for event in store.events(world.edition.id) if event.type == "SheetSaved"]
    assert [len(event.payload["sheets"]) for event in events] == [2]
    page = await reviewer.get("/review/table?saved=1")
    assert "已保存。" in page.text
    assert 'name="A01.mark.rigour" value="25.5"' in page.text


async def test_texts_of_a_sheet_survive_the_table(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/A01")
    await reviewer.post("/review/A01", {"mark.originality": "10", "comment": "保留我"})
    await post(reviewer, row("A01", "35", "25.5", "20"))
    assert (stored(world)["A01"].comment, stored(world)["A01"].revision) == ("保留我", 2)


async def test_one_bad_cell_keeps_everything_from_being_saved_and_says_so_there(reviewer: Browser, world: World) -> None:
    answer = await post(reviewer, row("A01", "35", "25.5", "20") | row("A02", "120", "九十", "-1") | row("W01", "1.5", "1\x00", "2"))
    assert answer.status_code == 422
    assert [said_at(answer, "A02", name) for name in COLUMNS] == ["超出了本项的分值范围", "请填写数字", "超出了本项的分值范围"]
    assert [said_at(answer, "W01", name) for name in COLUMNS] == ["不符合本项的计分间隔", "请填写数字", ""]
    assert all(f'value="{value}"' in answer.text for value in ("35", "120", "九十", "-1", "1.5"))
    assert stored(world) == {}


async def test_a_table_that_is_posted_again_is_saved_once(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/table")
    answers = [await reviewer.post("/review/table", row("A01", "35", "25.5", "20")) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert stored(world)["A01"].revision == 1


async def test_a_row_that_was_changed_elsewhere_is_shown_with_both_versions(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/table")
    old = reviewer.hidden("/review/table")
    await reviewer.get("/review/A01")
    await reviewer.post("/review/A01", {"mark.originality": "11"})
    await reviewer.get("/review/A02")
    await reviewer.post("/review/A02", {"mark.originality": "12"})
    mine = old | row("A01", "35", "", "") | row("A02", "", "", "") | row("W01", "7", "", "")
    answer = await reviewer.post("/review/table", mine, hidden=False)
    assert answer.status_code == 409
    assert "已保存：11" in answer.text
    assert 'name="A01.mark.originality" value="35"' in answer.text
    assert 'name="A02.mark.originality" value="12"' in answer.text  # not touched here: nothing to choose
    assert "W01" not in stored(world)
    reviewer.last = answer
    again = row("A01", "35", "", "") | row("A02", "12", "", "") | row("W01", "7", "", "")
    dropped = await reviewer.post("/review/table", again | {"A01.drop": "1"})
    assert dropped.status_code == 303
    assert {code: dict(sheet.marks)["originality"] for code, sheet in stored(world).items()} == {"A01": 11, "A02": 12, "W01": 7}


async def test_posting_again_after_a_conflict_keeps_ones_own_row(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/table")
    old = reviewer.hidden("/review/table")
    await reviewer.get("/review/A01")
    await reviewer.post("/review/A01", {"mark.originality": "11"})
    reviewer.last = await reviewer.post("/review/table", old | row("A01", "35", "", ""), hidden=False)
    assert reviewer.last.status_code == 409
    assert (await reviewer.post("/review/table", row("A01", "35", "", ""))).status_code == 303
    assert (dict(stored(world)["A01"].marks), stored(world)["A01"].revision) == ({"originality": Decimal(35)}, 2)


async def test_a_foreign_row_is_not_looked_at(reviewer: Browser, world: World) -> None:
    fields = row("A03", "35", "25.5", "20") | {"A03.revision": "0", "A03.seen": "x"}
    assert (await post(reviewer, fields)).status_code == 303
    assert world.sheet_count() == 0


@pytest.mark.parametrize("revision", ["-1", "x", "9" * 30])
async def test_a_forged_revision_saves_nothing(reviewer: Browser, world: World, revision: str) -> None:
    assert (await post(reviewer, row("A01", "35", "", "") | {"A01.revision": revision})).status_code == 422
    assert world.sheet_count() == 0


async def test_after_the_deadline_the_table_is_handed_back(reviewer: Browser, world: World) -> None:
    clock: Any = world.installation.database.clock
    closes = world.edition.stages[1].cutoff
    assert closes is not None
    clock.now = closes - (closes - clock.now) / 1000
    await reviewer.enter(world.link("reviewer", "R01"))
    await reviewer.get("/review/table")
    clock.now = closes
    answer = await reviewer.post("/review/table", row("A01", "35", "25.5", "20"))
    assert answer.status_code == 409
    assert "35、25.5、20" in answer.text
    assert (await reviewer.get("/review/table")).headers["location"] == "/review"
    assert world.sheet_count() == 0


async def test_half_a_surrogate_pair_is_answered_at_its_cell(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/table")
    fields = "&".join(f"{name}={value}" for name, value in reviewer.hidden("/review/table").items()).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    answer = await reviewer.client.post("/review/table", content=fields + b"&A01.mark.value=%ED%A0%80", headers=headers)
    assert answer.status_code == 422
    assert said_at(answer, "A01", "value") == "含有无法保存的字符，或内容过长"
    assert world.sheet_count() == 0


async def test_a_table_of_a_heavy_load_is_taken(reviewer: Browser, world: World) -> None:
    """120 sheets of a dozen criteria; the criteria of this edition stand for them."""
    more = {f"B{number:03}.mark.c{place}": "8.5" for number in range(120) for place in range(12)}
    answer = await post(reviewer, row("A01", "35", "25.5", "20") | more)
    assert answer.status_code == 303
    assert set(stored(world)) == {"A01"}
