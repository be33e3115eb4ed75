"""The score sheet of a declaration that uses everything - anchors, informative and optional criteria, flaws, advice - and its JSON."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from config import catalogue
from models.edition import ScoreSheet
from models.process import Process
from models.reviewing import Invitation
from models.stages import ScoringStage
from tasks.installation import Installation
from tests import builders
from tests.web.conftest import Browser, World, seeded
from web.app import create_app

CRITERIA: list[dict[str, Any]] = [
    {"name": "novelty", "title": {"zh": "创新性", "en": "Novelty"}, "max": 50,
     "anchors": [{"mark": 48, "text": {"zh": "国际领先", "en": "Leads"}}, {"mark": 30, "text": {"zh": "有新意", "en": "New"}}]},
    {"name": "rigour", "title": {"zh": "科学性", "en": "Rigour"}, "max": 30, "step": "0.5"},
    {"name": "use", "title": {"zh": "应用价值", "en": "Use"}, "max": 20, "optional": True},
    {"name": "familiarity", "title": {"zh": "熟悉程度", "en": "Familiarity"}, "max": 5, "informative": True},
]  # fmt: skip
STAGE = {
    "criteria": CRITERIA,
    "chips": ["1", "4/5", "1/2"],
    "advice": True,
    "fatal": [{"name": "plagiarism", "title": {"zh": "涉嫌抄袭", "en": "Plagiarism suspected"}}],
}
JSON = {"Accept": "application/json"}
FULL = {"mark.novelty": "48", "mark.rigour": "24", "mark.use": "18"}


@pytest.fixture
def world(installed: Installation) -> World:
    """An edition whose sheet uses every choice."""
    return seeded(installed, builders.a_process(**builders.a_stage_change("scoring", **STAGE)))


def stored(world: World, entry: str = "A01", reviewer: str = "R01") -> ScoreSheet | None:
    edition = world.edition.id
    with world.installation.database.read() as store:
        found = {sheet.entry: sheet for sheet in store.sheets(edition, 1, reviewer=f"{edition}/r/{reviewer}")}
    return found.get(f"{edition}/e/{entry}")


async def send(browser: Browser, fields: dict[str, Any], *, code: str = "A01") -> httpx.Response:
    """Save as the script of the page does."""
    await browser.get(f"/review/{code}")
    return await browser.post(f"/review/{code}", fields, headers=JSON)


@pytest.fixture
async def reviewer(browser: Browser, world: World) -> Browser:
    """A browser that has come by the link of R01."""
    await browser.enter(world.link("reviewer", "R01"))
    return browser


async def test_the_form_keeps_to_its_contract(reviewer: Browser) -> None:
    page = (await reviewer.get("/review/A01")).text
    form = re.search(r'<form id="sheet"[^>]*action="/review/A01"[^>]*>', page)
    assert form is not None
    assert re.search(r'data-code="A01" data-revision="0" data-edition="[^"]+"', form.group())
    for one in CRITERIA:
        field = re.search(rf'<input type="text" class="mark" id="m-{one["name"]}" name="mark.{one["name"]}"[^>]*>', page)
        assert field is not None
        assert 'inputmode="decimal"' in field.group()
        assert f'data-max="{one["max"]}" data-step="{one.get("step", "1")}"' in field.group()
        assert bool(re.search(r"\sdata-informative[\s>]", field.group())) == one.get("informative", False)
        assert f'id="e-{one["name"]}"' in page
    assert re.findall(r'name="(skip\.\w+)"', page) == ["skip.use"]
    assert re.findall(r'data-for="mark.novelty" data-mark="(\d+)"', page) == ["48", "30"]
    assert re.findall(r'data-for="mark.rigour" data-mark="([\d.]+)"', page) == ["30", "24", "15"]
    assert re.findall(r'name="then" value="(\w*)"', page) == ["", "skip", "next"]
    assert re.findall(r'name="fatal" value="(\w*)"', page) == ["", "plagiarism"]
    assert {'<textarea id="comment"', '<textarea id="advice"', 'id="save-state"', "data-total"} <= {
        part for part in ('<textarea id="comment"', '<textarea id="advice"', 'id="save-state"', "data-total") if part in page
    }
    assert "国际领先" in page
    assert page.count("仅供参考，不计入总分") == 1


async def test_everything_on_the_form_is_kept_and_shown_again(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/A01")
    fields = {"mark.novelty": "48", "mark.rigour": "20.5", "skip.use": "1", "mark.familiarity": "3", "fatal": "plagiarism",
              "comment": "给办公室", "advice": "给作者"}  # fmt: skip
    assert (await reviewer.post("/review/A01", fields)).status_code == 303
    sheet = stored(world)
    assert sheet is not None
    assert (sheet.skipped, sheet.fatal, sheet.comment, sheet.advice) == (("use",), "plagiarism", "给办公室", "给作者")
    assert sheet.marks == {"novelty": Decimal(48), "rigour": Decimal("20.5"), "familiarity": Decimal(3)}
    page = (await reviewer.get("/review/A01")).text
    assert re.search(r'name="skip.use" value="1" checked', page)
    assert re.search(r'value="plagiarism" checked', page)
    assert "<strong data-total>85.63</strong>" in page  # (48 + 20.5) / 80, of 100; familiarity stands outside
    assert "给作者" in page


async def test_a_script_is_told_what_was_saved(reviewer: Browser, world: World) -> None:
    answer = await send(reviewer, {"mark.novelty": "48"})
    assert (answer.status_code, answer.json()) == (
        200,
        {"revision": 1, "saved_at": "10:00", "total": "48", "missing": 2, "done": 0, "of": 3},
    )
    answer = await send(reviewer, FULL)
    assert answer.json() == {"revision": 2, "saved_at": "10:00", "total": "90", "missing": 0, "done": 1, "of": 3}
    assert (await send(reviewer, {}, code="A02")).json()["total"] is None


async def test_a_script_that_sends_twice_is_told_the_same_twice(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/A01")
    answers = [await reviewer.post("/review/A01", FULL, headers=JSON) for _ in range(3)]
    assert [answer.json()["revision"] for answer in answers] == [1, 1, 1]
    with world.installation.database.read() as store:
        assert [event.type for event in store.events(world.edition.id)] == ["SheetSaved"]


BAD = [
    ("mark.novelty", "120", "超出了本项的分值范围"),
    ("mark.novelty", "-1", "超出了本项的分值范围"),
    ("mark.novelty", "九十", "请填写数字"),
    ("mark.rigour", "20.3", "不符合本项的计分间隔"),
    ("mark.rigour", "2\x00", "请填写数字"),
    ("comment", "a\x00b", "第 2 个字符是不能保存的符号（U+0000），请删去后重新输入"),
    ("advice", "x" * 1_000_000, "共 1,000,000 字，最多 2,000 字，请删减"),
    ("fatal", "bribery", "评分表已更新，请刷新页面"),
    ("fatal", "\x00", "评分表已更新，请刷新页面"),
]


@pytest.mark.parametrize(("field", "value", "said"), BAD, ids=[f"{field}-{number}" for number, (field, _, _) in enumerate(BAD)])
async def test_bad_input_is_answered_at_its_field_on_page_and_in_json(
    reviewer: Browser, world: World, field: str, value: str, said: str
) -> None:
    answer = await send(reviewer, FULL | {field: value})
    assert (answer.status_code, answer.json()) == (422, {"faults": {field: said}})
    await reviewer.get("/review/A01")
    page = await reviewer.post("/review/A01", FULL | {field: value})
    assert page.status_code == 422
    assert f'id="e-{field.removeprefix("mark.")}" aria-live="polite">{said}<' in page.text
    if field != "fatal":
        assert value[:100] in page.text
    assert 'value="24"' in page.text or field == "mark.rigour"
    assert stored(world) is None


@pytest.mark.parametrize("field", ["mark.novelty", "comment", "advice"])
async def test_half_a_surrogate_pair_is_answered_at_its_field(reviewer: Browser, world: World, field: str) -> None:
    await reviewer.get("/review/A01")
    fields = "&".join(f"{name}={value}" for name, value in reviewer.hidden("/review/A01").items()).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", **JSON}
    answer = await reviewer.client.post("/review/A01", content=fields + f"&{field}=".encode() + b"%ED%A0%80", headers=headers)
    assert (answer.status_code, list(answer.json()["faults"])) == (422, [field])
    assert stored(world) is None


async def test_only_an_optional_criterion_may_be_left_out(reviewer: Browser, world: World) -> None:
    answer = await send(reviewer, FULL | {"skip.novelty": "1"})
    assert (answer.status_code, answer.json()) == (422, {"faults": {"mark.novelty": "本项必须评分，不能选“不适用”"}})
    await reviewer.get("/review/A01")
    page = await reviewer.post("/review/A01", FULL | {"skip.novelty": "1"})
    assert 'id="e-novelty" aria-live="polite">本项必须评分，不能选“不适用”<' in page.text
    assert (await send(reviewer, FULL | {"skip.bribe": "1"})).status_code == 422
    assert stored(world) is None


async def test_a_script_is_shown_the_version_that_was_saved_elsewhere(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/A01")
    old = reviewer.hidden("/review/A01")
    await reviewer.post("/review/A01", FULL | {"comment": "第一个窗口"})
    mine = {**old, **FULL, "mark.use": "3", "comment": "第二个窗口"}
    answer = await reviewer.post("/review/A01", mine, hidden=False, headers=JSON)
    assert (answer.status_code, answer.json()) == (
        409,
        {
            "stale": True, "revision": 1, "signed": False, "saved_at": "10:00",
            "content": {"mark.novelty": "48", "mark.rigour": "24", "mark.use": "18", "skip.use": False, "mark.familiarity": "",
                        "comment": "第一个窗口", "advice": "", "fatal": ""},
        },
    )  # fmt: skip
    page = await reviewer.post("/review/A01", mine, hidden=False)
    assert page.status_code == 409
    assert all(text in page.text for text in ("第一个窗口", "第二个窗口", "保留我的", "使用已保存的"))
    reviewer.last = page
    assert (await reviewer.post("/review/A01", {"comment": "第二个窗口"})).status_code == 303
    sheet = stored(world)
    assert sheet is not None
    assert (sheet.revision, sheet.marks["use"], sheet.comment) == (2, Decimal(3), "第二个窗口")


async def test_a_script_is_told_that_the_time_is_over(reviewer: Browser, world: World) -> None:
    clock: Any = world.installation.database.clock
    closes = world.edition.stages[1].cutoff
    assert closes is not None
    clock.now = closes - (closes - clock.now) / 1000
    await reviewer.enter(world.link("reviewer", "R01"))
    await reviewer.get("/review/A01")
    clock.now = closes
    answer = await reviewer.post("/review/A01", FULL, headers=JSON)
    assert (answer.status_code, answer.json()["late"]) == (409, True)
    assert "截止" in answer.json()["message"]
    assert stored(world) is None


async def test_a_script_is_told_that_the_sheet_is_out_of_reach(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/A01")
    fields = {**reviewer.hidden("/review/A01"), **FULL}
    foreign = await reviewer.post("/review/A03", fields, hidden=False, headers=JSON)
    forged = await reviewer.post("/review/A01", fields | {"csrf": "x"}, hidden=False, headers=JSON)
    other = await reviewer.post("/review/A01", fields | {"as": "x"}, hidden=False, headers=JSON)
    reviewer.client.cookies.clear()
    nobody = await reviewer.post("/review/A01", fields, hidden=False, headers=JSON)
    for answer in (foreign, forged, other, nobody):
        assert (answer.status_code, answer.json()["gone"]) == (403, True)
        assert answer.json()["message"]
    assert world.sheet_count() == 0


async def test_a_script_of_someone_who_has_not_answered_the_invitation_is_told_so(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/A01")
    fields = {**reviewer.hidden("/review/A01"), **FULL}
    edition, person = world.edition.id, f"{world.edition.id}/r/R01"
    with world.installation.database.write() as store:
        store.put_invitation(Invitation(edition, 1, person, "declined", answered_at=store.edition_now(edition)))
    answer = await reviewer.post("/review/A01", fields, hidden=False, headers=JSON)
    assert (answer.status_code, answer.json()["gone"]) == (403, True)
    assert world.sheet_count() == 0


@pytest.mark.parametrize("revision", ["", "-1", "9" * 30])
async def test_a_script_with_a_forged_revision_saves_nothing(reviewer: Browser, world: World, revision: str) -> None:
    answer = await send(reviewer, FULL | {"revision": revision})
    assert (answer.status_code, list(answer.json()["faults"])) == (422, ["revision"])
    assert world.sheet_count() == 0


async def test_skipping_for_now_keeps_what_is_there_and_makes_no_empty_sheet(reviewer: Browser, world: World) -> None:
    await reviewer.get("/review/A01")
    answer = await reviewer.post("/review/A01", {"then": "skip"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/review/A02")
    assert stored(world) is None
    await reviewer.get("/review/A01")
    answer = await reviewer.post("/review/A01", {"then": "skip", "comment": "再想想"})
    assert answer.headers["location"] == "/review/A02"
    sheet = stored(world)
    assert sheet is not None
    assert sheet.comment == "再想想"


async def test_changing_the_process_file_never_changes_an_open_sheet(installed: Installation, tmp_path: Path) -> None:
    file = tmp_path / "sample.yaml"
    _write(file, builders.a_declaration(**builders.a_stage_change("scoring", **STAGE)))
    world = seeded(installed, catalogue.load_process(file))
    async with _restarted(installed) as browser:
        await browser.enter(world.link("reviewer", "R01"))
        before = (await browser.get("/review/A01")).text
    _write(file, builders.a_declaration(**builders.a_stage_change("scoring", criteria=builders.CRITERIA)))
    assert [one.name for one in scoring_of(catalogue.load_process(file)).criteria] == ["originality", "rigour", "value"]
    async with _restarted(installed) as browser:
        await browser.enter(world.link("reviewer", "R01"))
        after = (await browser.get("/review/A01")).text
        assert re.findall(r'name="mark[^"]*"|data-mark="[^"]*"', after) == re.findall(r'name="mark[^"]*"|data-mark="[^"]*"', before)
        assert "创新性" in after
        assert (await browser.post("/review/A01", FULL, headers=JSON)).json()["total"] == "90"


def _write(file: Path, declaration: dict[str, Any]) -> None:
    with file.open("w", encoding="utf-8") as stream:
        YAML(typ="safe").dump(declaration, stream)


@asynccontextmanager
async def _restarted(installed: Installation) -> AsyncIterator[Browser]:
    """The pages as a new process would serve them."""
    transport = httpx.ASGITransport(app=create_app(installed), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        yield Browser(client)


def scoring_of(process: Process) -> ScoringStage:
    return next(stage for stage in process.stages if isinstance(stage, ScoringStage))


async def test_the_summary_of_faults_names_each_field(reviewer: Browser) -> None:
    await reviewer.get("/review/A01")
    bad = {"mark.rigour": "x", "advice": "长" * 2001, "fatal": "bribery", "comment": "a\x00"}
    page = (await reviewer.post("/review/A01", FULL | bad)).text
    assert re.findall(r'<li><a href="#[^"]*">([^<]*)</a>：', page) == ["一票否决情形", "科学性", "评语", "给申报人的建议"]
