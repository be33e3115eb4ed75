"""The office's page of the shortlist: versions, differences, ties; and a new version of a list that was sent."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from io import BytesIO

from python_calamine import CalamineWorkbook

from models.edition import Shortlist, ShortlistItem, Standing
from models.shortlists import Grounds, Tie, TieStep, tie_row
from tests import builders
from tests.web.conftest import Browser, World
from tests.web.test_admin_checks import sign_in

PAGE = "/admin/editions/sample-2026/shortlist"


def with_list(world: World, at: str = "voting") -> None:
    edition = world.edition.id
    places = [("A02", "paper", 1, "91.50"), ("A01", "paper", 2, "88.00"), ("W01", "artwork", 1, "77.25")]
    items = tuple(ShortlistItem(f"{edition}/e/{code}", group, place, Decimal(mark)) for code, group, place, mark in places)
    builders.go_to(world.installation.database, edition, at)
    step = TieStep("spread", {"A01": "3.00", "A03": "5.00"}, (("A01",), ("A03",)))
    tie = Tie("paper", "list", Decimal("88.00"), ("A01", "A03"), (step,), (), "")
    with world.installation.database.write() as store:
        store.add_shortlist(Shortlist(edition, 1, builders.NOW, "d" * 64, items), {"paper": 1, "artwork": 1})
        store.add_grounds(edition, 1, Grounds((tie,)))
        store.set_entry_states({item.entry: "shortlisted" for item in items})


async def test_the_page_shows_the_list_and_how_ties_were_broken(browser: Browser, world: World) -> None:
    with_list(world)
    await sign_in(browser)
    page = await browser.get(PAGE)
    told = "学术论文，入围线：A01、A03 同为 88.00 分"
    step = "最高与最低总分之差，小者在前：A01 3.00；A03 5.00，依次为 A01 › A03"
    wanted = ("第 1 版", f"<h4>{told}</h4>", step, "A02", "91.50", "生成新的版本")
    assert [text for text in wanted if text not in page.text] == []
    english = await browser.get(f"{PAGE}?lang=en")
    assert "highest less lowest total, the smaller one first: A01 3.00; A03 5.00, in order A01 › A03" in english.text


async def test_the_plain_mean_stands_beside_each_mark(browser: Browser, world: World) -> None:
    with_list(world)
    with world.installation.database.write() as store:
        found = [("A02", "91.50", "90.25"), ("A01", "88.00", "87.75"), ("W01", "77.25", "77.25")]
        marks = [(f"{world.edition.id}/e/{code}", Decimal(mark), Decimal(mean)) for code, mark, mean in found]
        store.put_standings(
            world.edition.id, 1, [Standing(entry, "paper", mark, 3, mean, Decimal(0), False, 1) for entry, mark, mean in marks]
        )
    await sign_in(browser)
    page = (await browser.get(PAGE)).text
    rows = re.findall(r'<th scope="row">(\w+)</th>.*?data-label="得分">([\d.]+)</td><td class="number" data-label="平均分">([\d.]+)<', page)
    assert rows == found


async def test_a_new_version_shows_its_reason_and_differences_and_the_old_one_can_still_be_had(browser: Browser, world: World) -> None:
    with_list(world)
    await sign_in(browser)
    await browser.get(PAGE)
    entry = f"{world.edition.id}/e/A01"
    answer = await browser.post(PAGE, {"withdrawn": [entry], "reason": "推荐单位来函撤回"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?done=1")
    page = await browser.get(f"{PAGE}?done=1")
    assert [text for text in ("第 2 版与第 1 版的差别", "推荐单位来函撤回", "移出：A01") if text not in page.text] == []
    old = await browser.get(f"{PAGE}?version=1")
    assert "这是以前的版本，现行为第 2 版。" in old.text
    assert "生成新的版本" not in old.text
    for version, there in ((1, True), (2, False)):
        file = await browser.get(f"{PAGE}/packet.xlsx?version={version}")
        rows = CalamineWorkbook.from_filelike(BytesIO(file.content)).get_sheet_by_index(0).to_python()
        assert any("A01" in row for row in rows) == there
        pdf = await browser.get(f"{PAGE}/packet.pdf?version={version}")
        assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")
    assert (await browser.get(f"{PAGE}/packet.pdf?version=9")).status_code == 404
    assert (await browser.get(f"{PAGE}?version=x")).status_code == 404


async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(browser: Browser, world: World) -> None:
    with_list(world)
    await sign_in(browser)
    await browser.get(PAGE)
    one = "sample-2026/e/A01"
    wrong: list[tuple[dict[str, object], str]] = [
        ({"reason": "撤回"}, "请至少勾选一项，每项只选一种原因"),
        ({"withdrawn": [one], "reason": " "}, "请写明变更原因，收到名单的人都会看到"),
        ({"withdrawn": [one], "ineligible": [one], "reason": "撤回"}, "每项只选一种原因"),
        ({"withdrawn": ["sample-2026/e/A03"], "reason": "撤回"}, "名单已更新，请核对后重新选择"),
        ({"withdrawn": [one], "reason": "长" * 501}, "含有无法保存的字符，或内容过长"),
    ]
    for fields, said in wrong:
        page = await browser.post(PAGE, fields)
        assert (page.status_code, said in page.text) == (422, True)
        assert (f'value="{one}" checked' in page.text) == (fields.get("withdrawn") == [one])
    for version in ("9" * 5000, "-1", "２", ""):
        page = await browser.post(PAGE, {"withdrawn": [one], "reason": "撤回", "version": version})
        assert (page.status_code, "名单已有新的版本，请核对后重新选择" in page.text) == (409, True)
    with world.installation.database.read() as store:
        assert [one.version for one in store.shortlist_versions(world.edition.id)] == [1]


async def test_a_list_that_is_public_cannot_be_changed(browser: Browser, world: World) -> None:
    with_list(world, at="notice")
    await sign_in(browser)
    page = await browser.get(PAGE)
    assert "生成新的版本" not in page.text
    answer = await browser.post(PAGE, {"withdrawn": [f"{world.edition.id}/e/A01"], "reason": "撤回", "version": "1"})
    assert answer.status_code == 409
    assert "名单现在不能变更" in answer.text


async def test_ties_of_the_award_stand_on_the_page_too(browser: Browser, world: World) -> None:
    with_list(world, at="notice")
    tie = Tie("paper", "seats", Decimal("88.00"), ("A01", "A02"), (TieStep("raw_mean", {}, (("A01", "A02"),)),), ("A01", "A02"), "vacant")
    with world.installation.database.write() as store:
        store.append(world.edition.id, "NoticePosted", actor="engine", ties=[tie_row(tie)])
    await sign_in(browser)
    page = await browser.get(PAGE)
    wanted = ("学术论文，最后一个名额：A01、A02 同为 88.00 分", "各专家总分的平均分：不适用", "A01、A02 仍然并列：均不授奖，名额空缺")
    assert [text for text in wanted if text not in page.text] == []


async def test_a_member_is_told_what_changed_after_the_answer(browser: Browser, world: World) -> None:
    with_list(world)
    await browser.enter(world.link("committee", "M01"))
    await browser.get("/ballot")
    await browser.post("/ballot", {"verdict": "agree"})
    with world.installation.database.write() as store:
        made, seats = store.shortlist(world.edition.id)  # type: ignore[misc]
        added = ShortlistItem(f"{world.edition.id}/e/A03", "paper", 3, Decimal("80.00"))
        store.add_shortlist(replace(made, version=2, items=(*made.items[1:], added)), seats)
        store.add_grounds(world.edition.id, 2, Grounds((), "来函撤回", "admin:admin@example.org"))
    page = await browser.get("/ballot")
    wanted = ("第2版与第1版相比（来函撤回）", "移出：A02", "新增：A03", "您提交意见之后，名单新增了 A03", "packet.pdf?version=1")
    assert [text for text in wanted if text not in page.text] == []
    await browser.post("/ballot", {"verdict": "agree"})
    assert "您提交意见之后" not in (await browser.get("/ballot")).text
