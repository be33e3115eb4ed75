"""The unit's own papers, and the office's list of earlier winners."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tasks import examining, laureates, visiting
from tasks.installation import Installation
from tests.builders import Clock
from tests.tasks.test_unit_papers import LEVEL, SHARED
from tests.web.conftest import Browser, World
from tests.web.nominating import open_submission

UNIT = "/submit/unit"


@pytest.fixture
def world(installed: Installation, clock: Clock) -> World:
    return open_submission(
        installed, clock, nominators=SHARED, paper_fields=[LEVEL], ranked=True, classified=True, publicity_proof={"days": 5}, not_again={}
    )


def guard(browser: Browser) -> dict[str, str]:
    return {name: value for name, value in browser.hidden(UNIT).items() if name in ("as", "csrf")}


async def sit(browser: Browser, world: World) -> str:
    await browser.enter(world.link("nominator", "N01"))
    return (await browser.get(UNIT)).text


def ranks(world: World) -> dict[str, Any]:
    with world.installation.database.read() as store:
        return {one.code: one.rank for one in store.entries(world.edition.id)}


def flat(text: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", " ", text))


async def test_the_page_says_what_is_asked_of_the_unit(browser: Browser, world: World) -> None:
    page = flat(await sit(browser, world))
    wanted = ("本单位初评", "提交前须在本单位公示不少于5个工作日", "须先在本单位公示5个工作日", "2项没有排序", "涉密项目（仅登记编号）")
    assert [text for text in wanted if text not in page] == []


async def test_each_paper_is_saved_by_its_own_button(browser: Browser, world: World) -> None:
    await sit(browser, world)
    for fields, act in (
        ({"act": "first_round", "first_round:paper": "43"}, "first_round"),
        ({"act": "publicity", "from": "2026.5.6", "until": "2026-05-11", "url": "https://example.org/n", "result": "无异议"}, "publicity"),
        ({"act": "down:A01"}, "down"),
    ):
        answer = await browser.post(UNIT, guard(browser) | fields, hidden=False)
        assert (answer.status_code, answer.headers["location"].partition("#")[0]) == (303, f"{UNIT}?done={act}")
    page = (await browser.get(UNIT)).text
    assert 'value="43"' in page
    assert "公示证明符合要求" in page
    assert ranks(world) == {"A01": 2, "A02": 1, "B01": None}
    answer = await browser.post(UNIT, guard(browser) | {"act": "order:paper", "rank:A01": "1", "rank:A02": "2"}, hidden=False)
    assert answer.headers["location"] == f"{UNIT}?done=order#lists"
    assert ranks(world) == {"A01": 1, "A02": 2, "B01": None}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"act": "first_round", "first_round:paper": "许多"}, "请填写整数"),
        ({"act": "first_round", "first_round:paper": "1"}, "少于已提交的项数"),
        ({"act": "publicity", "from": "昨天", "until": "2026-05-11", "url": "", "result": ""}, "格式填写日期"),
        ({"act": "publicity", "from": "2026-05-06", "until": "2026-05-11", "url": "ftp://x", "result": ""}, "网址应以 https://"),
        ({"act": "publicity", "from": "2026-05-06", "until": "2026-05-11", "url": "", "result": "有\x01"}, "含有无法保存的字符"),
        ({"act": "order:paper", "rank:A01": "1", "rank:A02": "3"}, "推荐排序须为1至2，不重不漏"),
        ({"act": "order:paper", "rank:A01": "头名", "rank:A02": "2"}, "请填写整数"),
        ({"act": "classified", "class_name": "paper", "number": "", "unit": "甲研究所"}, "请填写"),
        ({"act": "classified", "class_name": "poem", "number": "秘-7", "unit": "甲研究所"}, "请选择类别"),
        ({"act": "classified", "class_name": "paper", "number": "秘-7", "unit": "甲研究所"}, "须先在本单位公示5个工作日"),
    ],
)
async def test_what_cannot_be_taken_gets_a_sentence_and_is_kept(
    browser: Browser, world: World, fields: dict[str, str], sentence: str
) -> None:
    await sit(browser, world)
    answer = await browser.post(UNIT, guard(browser) | fields, hidden=False)
    assert answer.status_code == 422
    assert sentence in answer.text
    typed = [value for name, value in fields.items() if name not in ("act", "class_name") and value and "\x01" not in value]
    assert [value for value in typed if f'value="{value}"' not in answer.text and f">{value}<" not in answer.text] == []
    with world.installation.database.read() as store:
        assert store.facts(f"{world.edition.id}/n/N01") == {}
        assert len(store.entries(world.edition.id)) == 3


async def test_after_the_deadline_the_papers_are_only_shown(browser: Browser, world: World, clock: Clock) -> None:
    assert world.edition.stages[0].cutoff is not None
    clock.now = world.edition.stages[0].cutoff
    page = await sit(browser, world)
    assert "现在不能修改" in page
    assert 'value="order:paper"' not in page
    await browser.get("/device")
    fields = {name: value for name, value in browser.hidden("/device/end").items() if name in ("as", "csrf")}
    answer = await browser.post(UNIT, fields | {"act": "up:A02"}, hidden=False)
    assert answer.status_code == 409
    assert "已过截止时间" in answer.text
    assert ranks(world)["A02"] is None


async def test_unknown_acts_and_other_units_entries_are_not_found(browser: Browser, world: World) -> None:
    await sit(browser, world)
    for act in ("fly", "", "up:B01", "up:X99", "up:"):
        assert (act, (await browser.post(UNIT, guard(browser) | {"act": act}, hidden=False)).status_code) == (act, 404)


async def admin(browser: Browser, world: World) -> str:
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    await browser.enter(link)
    path = f"/admin/editions/{world.edition.id}/laureates"
    await browser.get(path)
    return path


async def test_a_list_of_winners_is_brought_in_on_the_page(browser: Browser, world: World) -> None:
    path = await admin(browser, world)
    content = "类别,名称,单位\n学术论文,渭河流域氮素迁移,甲大学\n合计,1 项,\n".encode("gb18030")
    fields = browser.hidden(path) | {"label": "2022"}
    answer = await browser.post(path, fields, hidden=False, files={"file": ("往届.csv", content, "text/csv")})
    assert answer.headers["location"] == f"{path}?done=1"
    page = (await browser.get(f"{path}?done=1")).text
    assert "名单已导入，新增 1 项" in page
    assert "渭河流域氮素迁移" in page
    assert "往届.csv" in page
    assert "以下各行像是合计或说明，没有采用：第 3 行（合计）" in page


@pytest.mark.parametrize(
    ("label", "name", "content", "sentence"),
    [
        ("", "a.csv", "名称,单位\n甲,乙\n", "请填写届次"),
        ("2022", "a.exe", "MZ", "请选择 .xlsx"),
        ("2022", "a.csv", "类别,名称,单位\n诗歌,甲,乙\n", "第 2 行"),
        ("2022", "a.xlsx", "no workbook", "没有导入"),
    ],
)
async def test_a_list_that_cannot_be_read_says_why(
    browser: Browser, world: World, label: str, name: str, content: str, sentence: str
) -> None:
    path = await admin(browser, world)
    fields = browser.hidden(path) | {"label": label}
    answer = await browser.post(path, fields, hidden=False, files={"file": (name, content.encode(), "text/csv")})
    assert answer.status_code == 422
    assert sentence in answer.text
    with world.installation.database.read() as store:
        assert laureates.known(store, world.edition) == ()


async def test_an_uploaded_picture_proves_the_publicity(browser: Browser, world: World) -> None:
    page = await sit(browser, world)
    assert 'href="/submit/uploads/new?draft=&amp;field=publicity"' in page
    form = await browser.get("/submit/uploads/new?draft=&field=publicity")
    assert form.status_code == 200
    target = BytesIO()
    Image.new("RGB", (900, 600), "#1b4f8f").save(target, "PNG")
    fields = browser.hidden("/submit/uploads")
    answer = await browser.post("/submit/uploads", fields, hidden=False, files={"file": ("公示照片.png", target.getvalue(), "image/png")})
    assert answer.status_code == 303
    examining.finish()
    page = (await browser.get(UNIT)).text
    assert "公示照片.png" in page
    assert "请在下面点“保存”使其生效" in page
    dates = {"act": "publicity", "from": "2026-05-06", "until": "2026-05-11", "url": "", "result": "无异议"}
    assert (await browser.post(UNIT, guard(browser) | dates, hidden=False)).status_code == 303
    assert "公示证明符合要求" in (await browser.get(UNIT)).text
