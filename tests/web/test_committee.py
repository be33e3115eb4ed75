"""The list before the committee and the signing bodies, and their answers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from models.edition import Shortlist, ShortlistItem
from tests import builders
from tests.web.conftest import Browser, World


def with_list(world: World, at: str) -> None:
    edition = world.edition.id
    places = [("A02", "paper", 1, "91.50"), ("A01", "paper", 2, "88.00"), ("W01", "artwork", 1, "77.25")]
    items = tuple(ShortlistItem(f"{edition}/e/{code}", group, place, Decimal(mark)) for code, group, place, mark in places)
    builders.go_to(world.installation.database, edition, at)
    with world.installation.database.write() as store:
        store.add_shortlist(Shortlist(edition, 1, builders.NOW, "d" * 64, items), {"paper": 1, "artwork": 1})


def answers(world: World, position: int) -> list[tuple[str, tuple[str, ...], str]]:
    with world.installation.database.read() as store:
        return [(one.verdict, one.struck, one.comment) for one in store.answers(world.edition.id, position)]


async def test_a_member_agrees_and_strikes_and_may_change_it(browser: Browser, world: World) -> None:
    with_list(world, "voting")
    await browser.enter(world.link("committee", "M01"))
    page = await browser.get("/ballot")
    assert [text for text in ("A02", "88.00", "A01大学", "学术论文", "入围 2 项，拟评 1 项") if text not in page.text] == []
    entry = f"{world.edition.id}/e/A01"
    answer = await browser.post("/ballot", {"verdict": "agree", "struck": [entry], "comment": "A01 条件不符"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/ballot?done=1")
    assert answers(world, 3) == [("agree", (entry,), "A01 条件不符")]
    shown = await browser.get("/ballot?done=1")
    assert "您已同意本名单" in shown.text
    assert f'value="{entry}" checked' in shown.text
    await browser.post("/ballot", {"verdict": "agree", "comment": ""})
    assert answers(world, 3) == [("agree", (), "")]
    with world.installation.database.read() as store:
        assert [event.type for event in store.events(world.edition.id)] == ["AnswerGiven", "AnswerGiven"]


async def test_the_same_answer_twice_is_one_event(browser: Browser, world: World) -> None:
    with_list(world, "voting")
    await browser.enter(world.link("committee", "M01"))
    await browser.get("/ballot")
    for _ in range(3):
        assert (await browser.post("/ballot", {"verdict": "agree"})).status_code == 303
    with world.installation.database.read() as store:
        assert [event.type for event in store.events(world.edition.id)] == ["AnswerGiven"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"verdict": "return", "comment": "  "}, "请说明理由和建议"),
        ({"verdict": "", "comment": ""}, "请选择"),
        ({"verdict": "maybe"}, "请选择"),
        ({"verdict": "agree", "struck": ["other/e/A01"]}, "名单已更新"),
        ({"verdict": "return", "comment": "x", "struck": ["sample-2026/e/A01"]}, "不能再逐项划去"),
        ({"verdict": "agree", "comment": "\x00"}, "无法保存的字符"),
    ],
)
async def test_a_wrong_answer_is_explained_and_keeps_the_text(browser: Browser, world: World, fields: dict[str, Any], said: str) -> None:
    with_list(world, "voting")
    await browser.enter(world.link("committee", "M01"))
    await browser.get("/ballot")
    answer = await browser.post("/ballot", fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert answers(world, 3) == []


async def test_a_body_agrees_or_returns_but_strikes_nothing(browser: Browser, world: World) -> None:
    with_list(world, "signoff")
    with world.installation.database.write() as store:
        store.set_entry_states({f"{world.edition.id}/e/A01": "voted_out"})
    await browser.enter(world.link("party", "P01"))
    page = await browser.get("/signoff")
    assert "A02" in page.text
    assert "A01大学" not in page.text
    assert "struck" not in page.text
    assert (await browser.post("/signoff", {"verdict": "agree", "struck": [f"{world.edition.id}/e/A02"]})).status_code == 422
    assert (await browser.post("/signoff", {"verdict": "return", "comment": "请核实单位名称"})).status_code == 303
    assert answers(world, 4) == [("return", (), "请核实单位名称")]


async def test_an_answer_to_an_older_list_is_not_taken(browser: Browser, world: World) -> None:
    with_list(world, "voting")
    await browser.enter(world.link("committee", "M01"))
    await browser.get("/ballot")
    assert (await browser.post("/ballot", {"verdict": "agree", "list": "7"})).status_code == 409
    assert answers(world, 3) == []


async def test_after_the_deadline_the_list_can_only_be_read(browser: Browser, world: World) -> None:
    with_list(world, "voting")
    clock: Any = world.installation.database.clock
    cutoff = world.edition.stages[3].cutoff
    assert cutoff is not None
    clock.now = cutoff - timedelta(minutes=1)
    await browser.enter(world.link("committee", "M01"))
    await browser.get("/ballot")
    clock.now = cutoff
    assert (await browser.post("/ballot", {"verdict": "agree"})).status_code == 409
    assert answers(world, 3) == []
    assert 'name="verdict"' not in (await browser.get("/ballot")).text


async def test_before_there_is_a_list_nobody_sees_one(browser: Browser, world: World) -> None:
    await browser.enter(world.link("committee", "M01"))
    assert (await browser.get("/ballot")).status_code == 404
    assert (await browser.get("/ballot/packet.xlsx")).status_code == 404


async def test_the_list_as_a_workbook(browser: Browser, world: World) -> None:
    with_list(world, "voting")
    await browser.enter(world.link("committee", "M01"))
    answer = await browser.get("/ballot/packet.xlsx")
    assert (answer.status_code, answer.content[:2]) == (200, b"PK")
    assert answer.headers["content-disposition"] == 'attachment; filename="sample-2026-shortlist-v1.xlsx"'
