"""The check page, the signature, the signed paper and its verification."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette

from models.edition import ScoreSheet
from tasks import reopening, reviewing, score_sheets, signing, typesetting
from tasks.installation import Installation
from tests import builders
from tests.tasks.driving import ON_SQLITE
from tests.web.conftest import Browser, World, seeded
from web.app import create_app


@pytest.fixture
def app(installed: Installation, request: pytest.FixtureRequest) -> Starlette:
    """The pages; a test may seed its own edition."""
    if "world" in request.fixturenames:
        request.getfixturevalue("world")
    return create_app(installed)


FULL = {"originality": "35", "rigour": "25.5", "value": "20"}
LOW = {"originality": "10", "rigour": "20", "value": "30"}
DRAWN = "M10,10L200,90C210,95 220,95 230,90"


def save(world: World, reviewer: str, **work: dict[str, str]) -> None:
    edition = world.edition.id
    drafts = {f"{edition}/e/{code}": reviewing.Draft(marks, "", 0) for code, marks in work.items()}
    reviewing.save_sheets(edition, 1, f"{edition}/r/{reviewer}", drafts)


def sheets(world: World, reviewer: str = "R01") -> list[ScoreSheet]:
    edition = world.edition.id
    with world.installation.database.read() as store:
        return list(store.sheets(edition, 1, reviewer=f"{edition}/r/{reviewer}"))


def events(world: World) -> list[str]:
    with world.installation.database.read() as store:
        return [event.type for event in store.events(world.edition.id)]


def flat(text: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", text))


async def test_the_check_page_names_what_is_missing_and_offers_no_signature(browser: Browser, world: World) -> None:
    save(world, "R01", A01=FULL)
    await browser.enter(world.link("reviewer", "R01"))
    page = (await browser.get("/review/sign")).text
    assert "还有 2 项没有评完" in page
    assert '<a href="/review/A02">A02</a>、<a href="/review/W01">W01</a>' in page
    assert 'action="/review/sign"' not in page


async def test_the_check_page_shows_ties_mean_and_spread(browser: Browser, world: World) -> None:
    save(world, "R01", A01=FULL, A02=LOW, W01=FULL)
    await browser.enter(world.link("reviewer", "R01"))
    page = (await browser.get("/review/sign")).text
    shown = flat(page)
    assert [text for text in ("均分73.67", "最低—最高60—80.5", "90分及以上0/3", "同分80.5：A01、W01") if text not in shown] == []
    assert "签署日期：2026年6月10日" in page
    assert 'action="/review/sign"' in page


async def test_a_drawn_signature_is_locked_shown_and_printed(browser: Browser, world: World) -> None:
    save(world, "R01", A01=FULL, A02=FULL, W01=FULL)
    await browser.enter(world.link("reviewer", "R01"))
    await browser.get("/review/sign")
    answer = await browser.post("/review/sign", {"name": "专家R01", "drawn": DRAWN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/review")
    assert {(one.signature, one.signed_as) for one in sheets(world)} == {(DRAWN, "专家R01")}
    for path in ("/review", "/review/sign"):
        page = (await browser.get(path)).text
        assert "已锁定" in page
        assert 'href="/review/sheet.pdf"' in page
    pdf = await browser.get("/review/sheet.pdf")
    assert (pdf.status_code, pdf.headers["content-type"], pdf.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert pdf.headers["content-disposition"] == 'inline; filename="sample-2026-R01.pdf"'


async def test_a_signature_that_is_posted_five_times_is_one(browser: Browser, world: World) -> None:
    """R-21, R-22: a double click, or back and once more, ends on the same page."""
    save(world, "R02", A02=FULL, A03=FULL)
    await browser.enter(world.link("reviewer", "R02"))
    await browser.get("/review/sign")
    answers = [await browser.post("/review/sign", {"name": "专家R02"}) for _ in range(5)]
    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {(303, "/review")}
    assert events(world).count("SheetsSigned") == 1
    with world.installation.database.read() as store:
        assert len(store.mails(world.edition.id)) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "别人"}, "姓名与邀请函上的不一致"),
        ({"name": ""}, "姓名与邀请函上的不一致"),
        ({"name": "专家R02\x00"}, "姓名与邀请函上的不一致"),
        ({"name": "x" * 1_000_000}, "姓名与邀请函上的不一致"),
        ({"name": "专家R02", "drawn": "M1,1L2,2Z"}, "手写签名无法识别"),
        ({"name": "专家R02", "drawn": "9" * 1_000_000}, "手写签名无法识别"),
        ({"name": "专家R02", "drawn": "<script>"}, "手写签名无法识别"),
    ],
)
async def test_what_is_no_signature_is_said_and_the_name_kept(browser: Browser, world: World, fields: dict[str, str], said: str) -> None:
    save(world, "R02", A02=FULL, A03=FULL)
    await browser.enter(world.link("reviewer", "R02"))
    await browser.get("/review/sign")
    answer = await browser.post("/review/sign", fields)
    assert answer.status_code == 422
    assert said in answer.text
    if len(fields["name"]) < 100 and "\x00" not in fields["name"]:
        assert f'name="name" value="{fields["name"]}"' in answer.text
    assert [one.signed_at for one in sheets(world, "R02")] == [None, None]


async def test_a_broken_guard_keeps_the_signature_away(browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rules.scoring.over_limit", lambda totals, guard, **more: True)
    save(world, "R02", A02=FULL, A03=FULL)
    await browser.enter(world.link("reviewer", "R02"))
    page = await browser.get("/review/sign")
    assert "请比较后调整部分分数" in page.text
    assert 'action="/review/sign"' not in page.text


@ON_SQLITE
async def test_the_check_page_says_how_to_go_on_after_a_free_signature(browser: Browser, installed: Installation) -> None:
    guard = {"above": "90", "share": "1/3", "sheets_min": 3}
    world = seeded(installed, builders.a_process(**builders.a_stage_change("scoring", distribution=guard)))
    reviewer, high = f"{world.edition.id}/r/R02", {"originality": "40", "rigour": "30", "value": "25"}
    save(world, "R02", A02=high, A03=high)
    signing.sign(world.edition.id, 1, reviewer, "专家R02")
    builders.put(installed.database, world.edition.id, pairs=[("A01", "R02")])
    save(world, "R02", A01=high)
    await browser.enter(world.link("reviewer", "R02"))
    page = (await browser.get("/review/sign")).text
    assert "其中 2 份已经签署，不再改动；其余评分表请调整到 90 分以下，即可签署。" in page
    assert 'action="/review/sign"' not in page
    reviewing.save_sheets(world.edition.id, 1, reviewer, {f"{world.edition.id}/e/A01": reviewing.Draft(LOW, "", 1)})
    page = (await browser.get("/review/sign")).text
    assert 'action="/review/sign"' in page
    assert (await browser.post("/review/sign", {"name": "专家R02"})).status_code == 303
    assert all(one.signed_at for one in sheets(world, "R02"))


async def test_the_paper_comes_after_the_signature_and_only_to_its_own_reviewer(browser: Browser, world: World) -> None:
    save(world, "R02", A02=FULL, A03=FULL)
    signing.sign(world.edition.id, 1, f"{world.edition.id}/r/R02", "专家R02")
    assert (await browser.get("/review/sheet.pdf")).status_code == 403
    await browser.enter(world.link("reviewer", "R01"))
    assert (await browser.get("/review/sheet.pdf")).status_code == 404


async def test_without_a_font_the_page_says_so_and_the_signature_stands(
    browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typesetting, "FAMILIES", ())
    save(world, "R02", A02=FULL, A03=FULL)
    await browser.enter(world.link("reviewer", "R02"))
    await browser.get("/review/sign")
    await browser.post("/review/sign", {"name": "专家R02"})
    answer = await browser.get("/review/sheet.pdf")
    assert answer.status_code == 503
    assert "没有安装中文字体" in answer.text
    assert events(world).count("SheetsSigned") == 1


async def test_a_printed_paper_is_verified_without_names_or_marks(browser: Browser, world: World) -> None:
    edition, reviewer = world.edition.id, f"{world.edition.id}/r/R02"
    save(world, "R02", A02=FULL, A03=FULL)
    signing.sign(edition, 1, reviewer, "专家R02")
    with world.installation.database.read() as store:
        mark = score_sheets.signed(store, store.edition(edition), 1, reviewer).mark
    page = await browser.get(f"/verify/{edition}/R02/{mark}")
    assert page.status_code == 200
    assert "于 2026-06-10 10:00 签署" in page.text
    assert [text for text in ("专家R02", "80.5", "A02", "25.5") if text in page.text] == []
    wrong = [f"{edition}/R02/{mark[:-1]}x", f"{edition}/R01/{mark}", f"{edition}/R09/{mark}", f"none-2026/R02/{mark}"]
    odd = [f"{edition}/R02/{'9' * 5000}", f"{edition}/R02/%00", f"%00/%00/{mark}", f"{edition}/R01/"]
    answers = [await browser.get(f"/verify/{path}") for path in wrong + odd]
    assert {answer.status_code for answer in answers} == {404}
    assert {"没有与之相符的已签署评分表" in answer.text for answer in answers[:4]} == {True}
    reopening.reopen(edition, 1, reviewer, [f"{edition}/e/A02"], "漏项", admin="admin@example.org")
    assert (await browser.get(f"/verify/{edition}/R02/{mark}")).status_code == 404


async def test_a_sheet_from_paper_is_marked_on_the_reviewers_pages(browser: Browser, world: World) -> None:
    edition = world.edition.id
    drafts = {f"{edition}/e/{code}": reviewing.Draft(FULL, "", 0) for code in ("A02", "A03")}
    reviewing.save_sheets(edition, 1, f"{edition}/r/R02", drafts, keyed_by="admin@example.org")
    await browser.enter(world.link("reviewer", "R02"))
    page = (await browser.get("/review/sign")).text
    assert "由 admin@example.org 按您的纸质评分表录入" in page
    assert page.count('<span class="pill">代录</span>') == 2
