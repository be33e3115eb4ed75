"""The nominator's pages: the overview, and a form with every kind of field, without JavaScript and as its script speaks."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from models.edition import Entry
from models.process import Process
from models.submitting import FormDraft
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.web.conftest import Browser, World
from web.app import create_app

TEXT = {"zh": "本作品为原创，无权属争议。", "en": "This work is original."}
FIELDS: list[dict[str, Any]] = [
    {"name": "group", "title": {"zh": "组别", "en": "Age group"}, "kind": "choice", "required": True, "choices": ["成人组", "青少年组"],
     "section": {"zh": "作品情况", "en": "The work"}, "help": {"zh": "未满十八周岁选青少年组。", "en": "Under 18: youth."}},
    {"name": "guardian", "title": {"zh": "监护人", "en": "Guardian"}, "required": True, "max_length": 50, "when": {"group": ["青少年组"]}},
    {"name": "made_on", "title": {"zh": "完成日期", "en": "Finished on"}, "kind": "date", "required": True, "earliest": "2025-01-01",
     "latest": "2026-03-31"},
    {"name": "shown_in", "title": {"zh": "首展月份", "en": "First shown"}, "kind": "month"},
    {"name": "copies", "title": {"zh": "件数", "en": "Pieces"}, "kind": "number", "min": "1", "max": "20"},
    {"name": "technique", "title": {"zh": "技法", "en": "Technique"}, "kind": "choice",
     "choices": ["油画", "水彩", "版画", "国画", "雕塑", "综合材料"]},
    {"name": "field_of_work", "title": {"zh": "学科", "en": "Discipline"}, "kind": "discipline"},
    {"name": "id_no", "title": {"zh": "身份证号", "en": "Identity number"}, "kind": "id_number", "private": True},
    {"name": "phone", "title": {"zh": "联系电话", "en": "Telephone"}, "kind": "phone", "private": True},
    {"name": "original", "title": {"zh": "原创承诺", "en": "Originality"}, "kind": "declaration", "required": True, "text": TEXT,
     "section": {"zh": "承诺", "en": "Declarations"}},
]  # fmt: skip


def a_process(**stage: Any) -> Process:
    """Works of art, with a field of every kind that is typed."""
    works = {"name": "artwork", "title": {"zh": "科普美术", "en": "Science art"}, "subject": "artwork", "counter": "件", "awards": 2}
    return builders.a_process(
        classes=[{**works, "fields": FIELDS}],
        nominators={"society": {"title": {"zh": "省级学会", "en": "Societies"}, "max": {"artwork": 3}}},
        stages=[
            {**one, **{"submission": stage, "shortlisting": {"counts": {"artwork": 2}}}.get(one["kind"], {})}
            for one in builders.DECLARATION["stages"]
        ],
    )


class Submission(World):
    """An edition whose submission is open, and what its units have written."""

    def __init__(self, installation: Installation, clock: Clock, process: Process) -> None:
        clock.now = datetime.fromisoformat("2026-05-10 09:00+08:00")
        edition = builders.keep(installation.database, builders.an_edition(process), at="submission")
        builders.put(installation.database, edition.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")])
        super().__init__(installation, edition)
        self.clock = clock

    def drafts(self) -> list[FormDraft]:
        with self.installation.database.read() as store:
            return sorted(store.drafts(self.edition.id), key=lambda one: one.created_at)

    def draft(self) -> FormDraft:
        (only,) = self.drafts()
        return only

    def entries(self) -> tuple[Entry, ...]:
        with self.installation.database.read() as store:
            return store.entries(self.edition.id)

    def receipts(self) -> list[Any]:
        with self.installation.database.read() as store:
            return [one.params["titles"] for one in store.mails(self.edition.id) if one.template == "entries_received"]

    def close(self) -> None:
        with self.installation.database.write() as store:
            store.extend_stage(self.edition.id, 0, self.clock.now)


@pytest.fixture
def world(installed: Installation, clock: Clock) -> Submission:
    return Submission(installed, clock, a_process())


@pytest.fixture
def app(world: Submission) -> Starlette:
    return create_app(world.installation)


@pytest.fixture
async def clerk(browser: Browser, world: Submission) -> Browser:
    """A clerk of the first unit, at the overview."""
    await browser.enter(world.link("nominator", "N01"))
    await browser.get("/submit")
    return browser


@pytest.fixture
async def form(clerk: Browser, world: Submission) -> Browser:
    """The clerk before an empty form."""
    answer = await clerk.post("/submit/forms/new", {"class": "artwork"})
    assert answer.status_code == 303
    await clerk.get(answer.headers["location"])
    return clerk


def digest(page: str) -> str:
    found = re.search(r'name="t.original" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def filled(page: str, **changes: str) -> dict[str, str]:
    """A form in order."""
    values = {
        "v.title": "海洋之光", "v.unit": "示例市第一小学", "v.email": "art@example.org", "v.rank": "", "v.statement": "描绘发光生物。",
        "v.licence": "同意", "v.advisor": "", "v.group": "成人组", "v.guardian": "", "v.made_on": "2025年5月3日",
        "v.shown_in": "２０２５．０６",
        "v.copies": "３", "v.technique": "水彩", "v.field_of_work": "760.10 艺术学", "v.id_no": "11010119900101001X", "v.phone": "000-0000",
        "p.authors.0.name": "丙三", "p.authors.0.unit": "示例市第一小学", "p.authors.0.title": "教师", "t.original": digest(page),
    }  # fmt: skip
    return values | changes


def path_of(world: Submission) -> str:
    return f"/submit/forms/{world.draft().id}"


async def send(form: Browser, world: Submission, then: str = "", **changes: str) -> httpx.Response:
    """Fill in the form that is shown, and press a button."""
    assert form.last is not None
    path = path_of(world)
    if f'action="{path}"' not in form.last.text:
        await form.get(path)
    return await form.post(path, filled(form.last.text, **changes) | {"then": then})


def faults(page: str) -> dict[str, str]:
    """Field -> the sentence at it."""
    found = re.findall(r'<p class="field-error" id="e-(\w+)"[^>]*>([^<]+)</p>', page)
    return {name: unescape(text) for name, text in found}


async def test_the_overview_says_what_is_left_until_when_and_what_to_do(clerk: Browser) -> None:
    page = clerk.last.text if clerk.last else ""
    assert "还有 21 天" in page
    assert "请选择一种方式填报" in page
    assert re.findall(r"(?:已提交|草稿|剩余) \d", page) == ["已提交 0", "草稿 0", "剩余 3"]


async def test_a_form_asks_every_kind_of_field(form: Browser) -> None:
    page = form.last.text if form.last else ""
    assert len(re.findall(r'type="radio" name="v.group"', page)) == 2
    assert re.search(r'<select id="f-technique" name="v.technique"', page)
    assert 'list="disciplines"' in page
    assert '<option value="110 数学">' in page
    assert TEXT["zh"] in page
    assert re.search(r'data-field="guardian" data-when="[^"]*青少年组[^"]*" hidden', page)
    assert "，应在 2025-01-01 至 2026-03-31 之间" in page


async def test_a_whole_form_becomes_an_entry_with_a_code_and_a_receipt(form: Browser, world: Submission) -> None:
    answer = await send(form, world, "submit")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/submit?submitted={world.draft().id}#entries")
    page = await form.get(answer.headers["location"])
    assert "已提交，编号 A0001。" in page.text
    (entry,) = world.entries()
    assert (entry.code, entry.title, entry.unit, entry.email, entry.state) == (
        "A0001", "海洋之光", "示例市第一小学", "art@example.org", "submitted",
    )  # fmt: skip
    assert dict(entry.fields) == {
        "authors": [{"name": "丙三", "unit": "示例市第一小学", "title": "教师"}], "statement": "描绘发光生物。", "licence": "同意",
        "group": "成人组", "made_on": "2025-05-03", "shown_in": "2025-06", "copies": "3", "technique": "水彩", "field_of_work": "76010",
        "id_no": "11010119900101001X", "phone": "000-0000", "original": entry.fields["original"],
    }  # fmt: skip
    assert world.receipts() == [["海洋之光"]]


async def test_all_faults_stand_on_top_and_at_their_fields_and_what_was_typed_stays(form: Browser, world: Submission) -> None:
    wrong = {"v.email": "无", "v.made_on": "去年", "v.copies": "21", "v.group": "", "p.authors.0.name": "", "t.original": ""}
    answer = await send(form, world, "submit", **wrong)
    assert answer.status_code == 422
    told = faults(answer.text)
    assert set(told) == {"email", "made_on", "copies", "group", "authors", "original"}
    assert told["made_on"] == "“去年”不是日期，请写成 2020-05-03，只知道月份时写成 2020-05"
    for name in told:
        assert f'<a href="#f-{name}">' in answer.text
    assert 'value="去年"' in answer.text
    assert 'value="21"' in answer.text
    assert world.entries() == ()
    assert world.draft().values["title"] == "海洋之光"


async def test_a_date_outside_the_window_is_told_with_the_window(form: Browser, world: Submission) -> None:
    answer = await send(form, world, "submit", **{"v.made_on": "2024.12"})
    assert faults(answer.text) == {"made_on": "“完成日期”为2024-12，早于2025-01"}


async def test_a_condition_opens_a_field_and_what_is_not_asked_stays_in_the_draft(form: Browser, world: Submission) -> None:
    answer = await send(form, world, "submit", **{"v.group": "青少年组"})
    assert faults(answer.text) == {"guardian": "请填写此项"}
    assert not re.search(r'data-field="guardian"[^>]* hidden', answer.text)
    await form.get(path_of(world))
    await send(form, world, "submit", **{"v.group": "成人组", "v.guardian": "丁四"})
    (entry,) = world.entries()
    assert "guardian" not in entry.fields
    await form.get("/submit")
    assert world.draft().values["guardian"] == "丁四"


async def test_a_number_of_identity_is_never_shown_again_and_replaced_only_when_typed_anew(form: Browser, world: Submission) -> None:
    await send(form, world)
    page = await form.get(path_of(world))
    assert "11010119900101001X" not in page.text
    assert "••••••••001X" in page.text
    await send(form, world, **{"v.id_no": ""})
    assert world.draft().values["id_no"] == "11010119900101001X"
    await form.get(path_of(world))
    await send(form, world, **{"v.id_no": "", "clear.id_no": "1"})
    assert world.draft().values["id_no"] == ""


async def test_people_are_added_moved_and_removed_by_buttons(form: Browser, world: Submission) -> None:
    first = {"p.authors.0.name": "甲一", "p.authors.1.name": "乙二", "p.authors.1.unit": "乙校", "p.authors.1.title": ""}
    answer = await send(form, world, "add:authors", **first)
    page = await form.get(answer.headers["location"].partition("#")[0])
    assert 'name="p.authors.2.name" value=""' in page.text
    await send(form, world, "up:authors:1", **first)
    assert [one["name"] for one in world.draft().values["authors"]] == ["乙二", "甲一"]
    await form.get(path_of(world))
    await send(form, world, "drop:authors:0", **first)
    assert [one["name"] for one in world.draft().values["authors"]] == ["乙二"]


async def test_a_tick_counts_for_the_text_that_was_shown(form: Browser, world: Submission) -> None:
    answer = await send(form, world, "submit", **{"t.original": "0" * 64})
    assert faults(answer.text) == {"original": "承诺文字已更新，请重新阅读并勾选"}


@pytest.mark.parametrize("bad", ["a\x00b", "a\u202eb", "a\u200bb", "x" * 1_000_000], ids=["nul", "bidi", "zero width", "megabyte"])
async def test_what_no_field_may_hold_is_refused_with_the_field_named(form: Browser, world: Submission, bad: str) -> None:
    answer = await send(form, world, **{"v.statement": bad})
    assert answer.status_code == 422
    assert set(faults(answer.text)) == {"statement"}
    answer = await send(form, world, **{"p.authors.0.name": bad})
    assert answer.status_code == 422
    assert set(faults(answer.text)) == {"authors"}
    assert world.draft().values == {}


async def test_half_a_surrogate_pair_is_refused_with_the_field_named(form: Browser, world: Submission) -> None:
    await form.get(path_of(world))
    hidden = form.hidden(path_of(world))
    body = "&".join([*(f"{name}={value}" for name, value in hidden.items()), "v.title=%ED%A0%80"])
    answer = await form.client.post(
        path_of(world), content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8000"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert set(faults(answer.text)) == {"title"}


async def test_an_entry_is_changed_and_handed_in_again_and_stays_in_force_until_then(form: Browser, world: Submission) -> None:
    await send(form, world, "submit")
    await form.get("/submit")
    answer = await form.post("/submit/entries/A0001/edit")
    await form.get(answer.headers["location"])
    await send(form, world, **{"v.title": "海洋之光（修订）"})
    assert world.entries()[0].title == "海洋之光"
    overview = await form.get("/submit")
    assert "修改尚未提交" in overview.text
    await send(form, world, "submit", **{"v.title": "海洋之光（修订）"})
    (entry,) = world.entries()
    assert (entry.code, entry.title) == ("A0001", "海洋之光（修订）")


async def test_changes_that_were_not_handed_in_can_be_put_away(form: Browser, world: Submission) -> None:
    await send(form, world, "submit")
    await form.get(path_of(world))
    await send(form, world, **{"v.title": "另一个题目"})
    await form.get(path_of(world))
    await form.post(f"{path_of(world)}/remove")
    page = await form.get(path_of(world))
    assert 'value="另一个题目"' not in page.text
    assert "海洋之光" in page.text


async def test_withdrawing_frees_the_quota_and_can_be_undone(form: Browser, world: Submission) -> None:
    await send(form, world, "submit")
    await form.get("/submit")
    answer = await form.post("/submit/entries/A0001/withdraw")
    page = await form.get(answer.headers["location"])
    assert "A0001 已撤回，不占名额。" in page.text
    assert "剩余 3" in page.text
    await form.post("/submit/entries/A0001/restore")
    assert world.entries()[0].state == "submitted"


async def test_a_removed_draft_can_be_brought_back(form: Browser, world: Submission) -> None:
    await send(form, world)
    await form.get(path_of(world))
    answer = await form.post(f"{path_of(world)}/remove")
    page = await form.get(answer.headers["location"])
    assert "草稿已删除。" in page.text
    assert world.draft().state == "removed"
    await form.post(f"{path_of(world)}/restore")
    assert world.draft().state == "draft"


async def test_another_units_form_is_not_found(form: Browser, world: Submission, other_browser: Browser) -> None:
    await other_browser.enter(world.link("nominator", "N02"))
    assert (await other_browser.get(path_of(world))).status_code == 404
    await other_browser.get("/submit")
    for path in (path_of(world), f"{path_of(world)}/remove", f"{path_of(world)}/restore"):
        hidden = other_browser.hidden("/leave")
        assert (await other_browser.post(path, hidden | {"revision": "0"}, hidden=False)).status_code == 404
    await send(form, world, "submit")
    for act in ("edit", "withdraw", "restore"):
        assert (await other_browser.post(f"/submit/entries/A0001/{act}", other_browser.hidden("/leave"), hidden=False)).status_code == 404


async def test_after_the_deadline_what_was_typed_is_handed_back(form: Browser, world: Submission) -> None:
    await send(form, world)
    await form.get(path_of(world))
    world.close()
    answer = await send(form, world, "submit", **{"v.title": "迟到的题目"})
    assert answer.status_code == 409
    assert "已过截止时间" in answer.text
    assert "迟到的题目" in answer.text
    page = await form.get(path_of(world))
    assert (page.status_code, "申报已经截止，只能查看。" in page.text, 'name="then"' in page.text) == (200, True, False)
    overview = await form.get("/submit")
    assert "推荐申报已经截止" in overview.text
    assert "/submit/forms/new" not in overview.text


async def test_a_visit_that_ended_gives_back_what_was_typed(form: Browser, world: Submission) -> None:
    fields = filled(form.last.text if form.last else "", **{"v.title": "写了很久的题目"})
    hidden = form.hidden(path_of(world))
    form.client.cookies.clear()
    answer = await form.post(path_of(world), hidden | fields, hidden=False)
    assert answer.status_code == 403
    assert "写了很久的题目" in answer.text


async def test_a_form_that_was_changed_elsewhere_shows_both_versions(form: Browser, world: Submission) -> None:
    await send(form, world)
    await form.get(path_of(world))
    await send(form, world, **{"v.title": "先保存的"})
    answer = await send(form, world, **{"v.title": "后来填写的"})
    assert answer.status_code == 409
    assert "先保存的" in answer.text
    assert "后来填写的" in answer.text
    form.last = answer
    again = re.findall(r'<textarea name="([^"]+)" hidden aria-hidden="true">\n(.*?)</textarea>', answer.text, re.S)
    await form.post(path_of(world), {name: unescape(value) for name, value in again} | {"then": ""})
    assert world.draft().values["title"] == "后来填写的"
    assert world.draft().values["authors"] == [{"name": "丙三", "unit": "示例市第一小学", "title": "教师"}]


async def ask(form: Browser, world: Submission, revision: int, **changes: str) -> httpx.Response:
    """Save as the script does."""
    hidden = form.hidden(path_of(world)) | {"revision": str(revision)}
    fields = filled(form.last.text if form.last else "", **changes)
    return await form.post(path_of(world), hidden | fields, hidden=False, headers={"Accept": "application/json"})


async def test_the_script_saves_and_a_lost_answer_does_no_harm(form: Browser, world: Submission) -> None:
    answer = await ask(form, world, 0)
    assert (answer.status_code, answer.json()) == (200, {"revision": 1, "saved_at": "09:00"})
    again = await ask(form, world, 0)
    assert (again.status_code, again.json()["revision"]) == (200, 1)
    stale = await ask(form, world, 0, **{"v.title": "另一版"})
    assert (stale.status_code, stale.json()["stale"], stale.json()["revision"]) == (409, True, 1)
    assert ["作品名称", "另一版", "海洋之光"] in stale.json()["lines"]
    assert "11010119900101001X" not in stale.text


async def test_the_script_is_told_of_faults_deadline_and_an_ended_visit(form: Browser, world: Submission) -> None:
    bad = await ask(form, world, 0, **{"v.title": "a\x00"})
    assert (bad.status_code, set(bad.json()["faults"])) == (422, {"title"})
    world.close()
    late = await ask(form, world, 0)
    assert (late.status_code, late.json()["late"]) == (409, True)
    form.client.cookies.clear()
    gone = await ask(form, world, 0)
    assert (gone.status_code, gone.json()["gone"]) == (403, True)


async def test_an_entry_of_an_earlier_edition_is_copied_without_what_must_be_new(clerk: Browser, world: Submission) -> None:
    database = world.installation.database
    before = builders.an_edition(a_process().model_copy(update={"edition": "2025"}), created_at=builders.NOW.replace(year=2025))
    builders.keep(database, before, at="scoring")
    old = {"authors": [{"name": "丙三", "unit": "一小"}], "statement": "旧作", "licence": "同意", "made_on": "2023-05-01"}
    old["original"] = "0" * 64
    builders.put(
        database, before.id, nominators=[builders.a_nominator("X9", name="示例省N01学会", email="other@example.org")],
        entries=[builders.an_entry("W07", class_name="artwork", title="去年的作品", nominator="X9", fields=old)],
    )  # fmt: skip
    assert "/submit/copy" in (await clerk.get("/submit")).text
    page = await clerk.get("/submit/copy")
    assert "去年的作品" in page.text
    answer = await clerk.post("/submit/forms/new", {"class": "artwork", "copy": f"{before.id}/e/W07"})
    assert answer.status_code == 303
    values = dict(world.draft().values)
    assert values.pop("authors") == [{"name": "丙三", "unit": "一小", "title": ""}]
    assert values == {"title": "去年的作品", "unit": "W07大学", "email": "w07@example.org", "statement": "旧作", "licence": "同意"}


async def test_a_quota_that_is_used_up_is_told_with_what_is_left(form: Browser, world: Submission) -> None:
    for number in range(3):
        builders.put(
            world.installation.database, world.edition.id,
            entries=[builders.an_entry(f"W{number}", class_name="artwork", nominator="N01", title=f"作品{number}")],
        )  # fmt: skip
    answer = await send(form, world, "submit")
    assert answer.status_code == 422
    assert "推荐名额为3，已用3，剩余0" in answer.text
    assert world.draft().values["title"] == "海洋之光"


NASTY: list[dict[str, str]] = [
    {"then": "up:authors:99999999"}, {"then": "down:authors:-1"}, {"then": "drop:authors:x"}, {"then": "add:nothing"}, {"then": "add:"},
    {"then": "up:title:0"}, {"then": "::::"}, {"p.authors.99999.name": "x"}, {"p.authors..name": "x"}, {"p.authors.0.colour": "x"},
    {"p..0.name": "x"}, {"v.nothing": "x"}, {"v.": "x"}, {"t.original": "x" * 5000}, {"v.rank": "-1"}, {"v.rank": "1e9"},
    {"v.copies": "９" * 40},
    {"v.made_on": "0000-00-00"}, {"v.made_on": "9" * 400}, {"v.group": "x" * 5000}, {"v.email": "@" * 300}, {"v.field_of_work": "0" * 90},
]  # fmt: skip


@pytest.mark.parametrize("bad", NASTY, ids=lambda bad: next(iter(f"{name}={value[:12]}" for name, value in bad.items())))
async def test_whatever_is_sent_is_answered_in_words(form: Browser, world: Submission, bad: dict[str, str]) -> None:
    for then in ("", "submit"):
        await form.get(path_of(world))
        fields = filled(form.last.text if form.last else "") | {"then": then} | bad
        answer = await form.post(path_of(world), fields)
        assert answer.status_code in (303, 422)
        if world.entries():
            return


@pytest.mark.parametrize("revision", ["", "-1", "x", "9" * 40, "１"])
async def test_a_revision_that_no_page_of_ours_sends_is_refused(form: Browser, world: Submission, revision: str) -> None:
    answer = await form.post(path_of(world), filled(form.last.text if form.last else "") | {"revision": revision})
    assert answer.status_code == 422


async def test_a_form_is_begun_once_however_often_the_button_is_pressed(form: Browser, world: Submission) -> None:
    await form.get("/submit")
    for _ in range(2):
        await form.post("/submit/forms/new", {"class": "artwork"})
    assert len(world.drafts()) == 1


@pytest.mark.parametrize("name", ["paper", "", "x\x00", "w" * 300])
async def test_a_class_that_the_unit_cannot_put_forward_begins_nothing(clerk: Browser, world: Submission, name: str) -> None:
    assert (await clerk.post("/submit/forms/new", {"class": name})).status_code == 403
    assert world.drafts() == []
