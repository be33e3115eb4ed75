"""The office's pages of conflicts of interest and of requests to avoid reviewers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from models.edition import Role
from models.relations import ConflictDecision, UnitName
from tasks import avoiding, conflicts, reviewing, signing
from tasks.installation import Installation
from tests import builders
from tests.builders import NOW, Clock
from tests.tasks.test_conflicts import A01, R01, a_world, holders, pair_of, told
from tests.tasks.test_inviting import FULL
from tests.web.conftest import Browser, World
from tests.web.test_admin_checks import sign_in
from web.language import COOKIE

BASE = "/admin/editions/sample-2026/conflicts"
PAIR = f"{BASE}/A01~R01"
AVOIDANCES = "/admin/editions/sample-2026/avoidances"


@pytest.fixture
def declared() -> dict[str, Any]:
    return {"conflicts": ["relative"], "soft_conflicts": ["project"], "avoid_requests": 2}


@pytest.fixture
def world(installed: Installation, declared: dict[str, Any]) -> World:
    """R01 has A01 and A02, and a joint project with all applicants."""
    edition = a_world(installed, **declared)
    with installed.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")
        told(store, "project", note="2025年度课题")
    return World(installed, edition)


@pytest.fixture
async def admin(browser: Browser) -> Browser:
    return await sign_in(browser)


async def test_what_waits_stands_first_with_its_relation_and_where_it_is_known_from(admin: Browser, world: World) -> None:
    page = (await admin.get(BASE)).text
    wanted = (
        "3 对需要处理",
        "与申报方有合作项目",
        "关系.xlsx 2025 2025年度课题",
        "待决定",
        f'href="{PAIR}"',
        "直接禁止：与申报方有亲属关系",
    )
    assert [text for text in wanted if text not in page] == []
    draw = (await admin.get("/admin/editions/sample-2026/draw")).text
    assert "3 对利益关系待决定，决定之前不抽取：" in draw
    assert "A01–R01、A02–R01、A03–R01" in draw


async def test_the_list_is_narrowed_by_state_relation_and_words(admin: Browser, world: World) -> None:
    def listed(page: str) -> list[str]:
        return [code for code in ("A01", "A02", "A03") if f"{BASE}/{code}~R01" in page]

    found = {}
    for query in (
        "",
        "?show=seated",
        "?show=decided",
        "?show=all&q=a03",
        "?show=all&relation=relative",
        "?q=R01大学",
        "?show=none&relation=x",
    ):
        found[query] = listed((await admin.get(f"{BASE}{query}")).text)
    everything = ["A01", "A02", "A03"]
    assert found == {
        "": everything, "?show=seated": ["A01", "A02"], "?show=decided": [], "?show=all&q=a03": ["A03"],
        "?show=all&relation=relative": [], "?q=R01大学": everything, "?show=none&relation=x": everything,
    }  # fmt: skip


async def test_a_decision_is_kept_and_can_be_thought_over(admin: Browser, world: World) -> None:
    await admin.get(PAIR)
    answer = await admin.post(PAIR, {"act": "decide", "verdict": "allow", "reason": "已结题三年"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{BASE}?done=1")
    page = (await admin.get(PAIR)).text
    assert "已结题三年" in page
    assert 'value="allow" checked' in page
    assert (await admin.post(PAIR, {"act": "decide", "verdict": "bar", "reason": "仍在合作"})).status_code == 303
    assert holders(world.installation, world.edition, "A01") != ["R01"]
    page = (await admin.get(PAIR)).text
    assert [text for text in ("已结题三年", "仍在合作", "收回申报项", "未安排") if text not in page] == []
    assert "R01 的该项由办公室收回（回避）" in (await admin.get("/admin/editions/sample-2026/draw")).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"verdict": "allow", "reason": ""}, "请填写理由"),
        ({"verdict": "", "reason": "写了理由"}, "请选择允许或回避"),
        ({"verdict": "bar", "reason": "有\x01"}, "含有无法保存的字符"),
    ],
)
async def test_what_is_not_whole_is_told_at_its_field_and_kept(admin: Browser, world: World, fields: dict[str, str], sentence: str) -> None:
    await admin.get(PAIR)
    answer = await admin.post(PAIR, {"act": "decide", **fields})
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert "写了理由" in answer.text or "写了理由" not in fields["reason"]
    pair = pair_of(world.installation, world.edition, "A01")
    assert pair is not None
    assert pair.decision is None


async def test_what_a_rule_forbids_can_only_be_taken_back(admin: Browser, world: World) -> None:
    with world.installation.database.write() as store:
        store.remove_told_relations(["project-1"])
        told(store, "relative")
    page = (await admin.get(PAIR)).text
    assert "收回并递补" in page
    assert 'name="verdict"' not in page
    answer = await admin.post(PAIR, {"act": "decide", "verdict": "allow", "reason": "放行"})
    assert (answer.status_code, "评选规则直接禁止" in answer.text, "放行" in answer.text) == (409, True, True)
    assert (await admin.post(PAIR, {"act": "take_back", "reason": ""})).status_code == 422
    assert (await admin.post(PAIR, {"act": "take_back", "reason": "亲属"})).status_code == 303
    assert holders(world.installation, world.edition, "A01") != ["R01"]


async def test_a_refusal_names_its_own_reason(admin: Browser, world: World) -> None:
    """Taken back a second time from a second tab; and before the review is open, whatever is decided."""
    await admin.get(PAIR)
    assert (await admin.post(PAIR, {"act": "decide", "verdict": "allow", "reason": "核实"})).status_code == 303
    answer = await admin.post(PAIR, {"act": "take_back", "reason": "误"})
    assert (answer.status_code, "该项现在不由这位专家评审" in answer.text, "直接禁止，无需决定" in answer.text) == (409, True, False)
    with world.installation.database.write() as store:
        store.connection.exec_driver_sql("UPDATE stage_runs SET state = 'opening' WHERE position = 1")
    await admin.get(PAIR)
    answer = await admin.post(PAIR, {"act": "decide", "verdict": "bar", "reason": "有碍"})
    assert (answer.status_code, "评审尚未开放" in answer.text, "直接禁止，无需决定" in answer.text) == (409, True, False)


async def test_a_signed_sheet_is_opened_first(admin: Browser, world: World) -> None:
    reviewing.save_sheets(world.edition.id, 1, R01, {A01: (FULL, "", 0)})
    signing.sign(world.edition.id, 1, R01, "专家R01")
    page = (await admin.get(f"{BASE}/A02~R01")).text
    assert "/admin/editions/sample-2026/reviewers/R01" in page
    answer = await admin.post(f"{BASE}/A02~R01", {"act": "decide", "verdict": "bar", "reason": "有碍"})
    assert (answer.status_code, "请先在该专家的评分表页面重新开放评分表" in answer.text) == (409, True)
    assert holders(world.installation, world.edition, "A02") == ["R01"]


async def test_when_the_review_is_over_the_page_only_shows(admin: Browser, world: World) -> None:
    builders.go_to(world.installation.database, world.edition.id, "shortlisting")
    page = (await admin.get(PAIR)).text
    assert ("评审已结束，不再处理" in page, 'name="reason"' in page) == (True, False)
    assert (await admin.get(f"{BASE}/A01~R02")).status_code == 404


async def test_pages_are_english_where_english_was_asked_for(admin: Browser, world: World) -> None:
    for path in (BASE, PAIR, AVOIDANCES):
        page = (await admin.get(f"{path}?lang=en")).text
        assert '<html lang="en">' in page
        assert [text for text in ("利益", "待决定", "回避", "处理") if text in page] == []


# -- requests of nominators -----------------------------------------------------------------------------------------


@pytest.fixture
def asked(world: World, clock: Clock) -> str:
    """N01 has asked, in time, that R01 reviews nothing of its own."""
    clock.now -= timedelta(days=20)
    with world.installation.database.write() as store:
        store.connection.exec_driver_sql("UPDATE stage_runs SET state = 'open' WHERE position = 0")
    request = avoiding.ask(world.edition.id, f"{world.edition.id}/n/N01", name="专家R01", unit="R01大学", reason="学术争议").id
    with world.installation.database.write() as store:
        store.connection.exec_driver_sql("UPDATE stage_runs SET state = 'closed' WHERE position = 0")
    clock.now = builders.NOW
    return request


async def test_a_request_shows_whom_it_means_and_is_granted_with_a_reason(admin: Browser, world: World, asked: str) -> None:
    page = (await admin.get(AVOIDANCES)).text
    assert [text for text in ("学术争议", "示例省N01学会", '<span class="code-tag">R01</span>') if text not in page] == []
    answer = await admin.post(AVOIDANCES, {f"act-{asked}": "grant", f"reason-{asked}": ""})
    assert (answer.status_code, f'id="fault-{asked}">请填写理由' in answer.text) == (422, True)
    assert f'name="act-{asked}" value="grant" checked' in answer.text
    assert (await admin.post(AVOIDANCES, {f"act-{asked}": "grant", f"reason-{asked}": "理由成立"})).status_code == 303
    page = (await admin.get(f"{AVOIDANCES}?done=1")).text
    assert [text for text in ("理由成立", "已保存；决定有变的，已通知推荐单位。") if text not in page] == []
    assert (holders(world.installation, world.edition, "A01"), holders(world.installation, world.edition, "A02")) != (["R01"], ["R01"])
    assert "推荐单位申请回避" in (await admin.get(f"{BASE}?show=all")).text


async def test_a_request_can_be_refused_and_anothers_number_is_nothing(admin: Browser, world: World, asked: str) -> None:
    await admin.get(AVOIDANCES)
    assert (await admin.post(AVOIDANCES, {f"act-{asked}": "refuse", f"reason-{asked}": "理由不足"})).status_code == 303
    assert "不同意" in (await admin.get(AVOIDANCES)).text
    assert (await admin.post(AVOIDANCES, {"act-x": "grant", "reason-x": "理由"})).status_code == 404
    assert (await admin.post(AVOIDANCES, {f"act-{asked}": "fly", f"reason-{asked}": "理由"})).status_code == 404
    assert holders(world.installation, world.edition, "A01") == ["R01"]
    with world.installation.database.read() as store:
        (mail,) = [one for one in store.mails(world.edition.id) if one.template == "avoidances_decided"]
    assert (mail.to_address, mail.params["lines"][0]["reason"]) == ("n01@example.org", "理由不足")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("zh_CN", "second@example.org 已于 2026-06-10 10:00 决定：应当回避。您选择的“允许评审”没有保存，所写理由：已结题三年。"),
        ("en", "second@example.org decided this on"),
    ],
)
async def test_a_pair_that_another_admin_has_decided_meanwhile_stays_decided(
    admin: Browser, world: World, language: str, told: str
) -> None:
    admin.client.cookies.set(COOKIE, language)
    await admin.get(PAIR)
    conflicts.decide(world.edition.id, A01, R01, verdict="bar", reason="仍在合作", admin="second@example.org")
    chosen = {"act": "decide", "verdict": "allow", "reason": "已结题三年"}
    answer = await admin.post(PAIR, chosen)
    page = unescape(answer.text)
    assert (answer.status_code, told in page, 'value="bar" checked' in page) == (409, True, True)
    with world.installation.database.read() as store:
        assert [(one.verdict, one.by) for one in store.conflict_decisions(world.edition.id).values()] == [("bar", "second@example.org")]
    admin.last = answer
    assert (await admin.post(PAIR, chosen)).status_code == 303
    answer = await admin.post(PAIR, chosen)
    assert answer.status_code == 303, "the same form twice is one decision"


@pytest.mark.parametrize(("language", "told", "unsaved"), [
    ("zh_CN", "second@example.org 已于 2026-06-10 10:00 决定：同意回避。您选择的“不同意申请”没有保存，所写理由：理由不足。", "没有保存："),
    ("en", "second@example.org decided this on 2026-06-10 10:00: Granted. Your choice “Refuse it” was not saved; "
           "the reason you wrote: 理由不足.", "Not saved: "),
])  # fmt: skip
async def test_what_another_admin_has_decided_meanwhile_is_told_and_stays(
    admin: Browser, world: World, asked: str, language: str, told: str, unsaved: str
) -> None:
    with world.installation.database.write() as store:
        (first,) = store.avoidances(world.edition.id)
        store.put_avoidance(replace(first, id="0" * 40, name="专家R02", unit="R02大学"))
    admin.client.cookies.set(COOKIE, language)
    await admin.get(AVOIDANCES)
    avoiding.decide(world.edition.id, {asked: avoiding.Answer(grant=True, reason="理由成立")}, admin="second@example.org")
    sent = {f"act-{asked}": "refuse", f"reason-{asked}": "理由不足", f"act-{'0' * 40}": "refuse", f"reason-{'0' * 40}": "无关"}
    answer = await admin.post(AVOIDANCES, sent)
    page = unescape(answer.text)
    kept = (told, unsaved, f'name="act-{"0" * 40}" value="refuse" checked', ">无关</textarea>", f'name="act-{asked}" value="" checked')
    assert (answer.status_code, [text for text in kept if text not in page]) == (409, [])
    with world.installation.database.read() as store:
        assert {one.id: (one.state, one.by) for one in store.avoidances(world.edition.id)} == {
            asked: ("granted", "second@example.org"), "0" * 40: ("asked", ""),
        }  # fmt: skip
    admin.last = answer
    again = {f"act-{asked}": "refuse", f"reason-{asked}": "理由不足"}
    assert (await admin.post(AVOIDANCES, again)).status_code == 303


async def test_an_answer_from_a_page_that_says_not_what_it_showed_is_not_kept(admin: Browser, world: World, asked: str) -> None:
    await admin.get(AVOIDANCES)
    answer = await admin.post(AVOIDANCES, {f"act-{asked}": "grant", f"reason-{asked}": "理由成立", f"seen-{asked}": ""})
    assert (answer.status_code, "打开页面后，这项申请有变化，您选择的“同意申请”没有保存" in answer.text) == (409, True)


async def test_a_reason_without_a_decision_is_asked_about_and_kept(admin: Browser, world: World, asked: str) -> None:
    await admin.get(AVOIDANCES)
    answer = await admin.post(AVOIDANCES, {f"act-{asked}": "", f"reason-{asked}": "理由不足"})
    told = ("请选择同意或不同意", ">理由不足</textarea>")
    assert (answer.status_code, [text for text in told if text not in answer.text]) == (422, [])
    answer = await admin.post(AVOIDANCES, {f"act-{asked}": "", f"reason-{asked}": ""})
    assert (answer.status_code, "请选择同意或不同意" in answer.text) == (422, True)
    answer = await admin.post(AVOIDANCES, {f"act-{asked}": "refuse", f"reason-{asked}": "坏\ufffd"})
    assert (answer.status_code, "含有无法保存的字符" in answer.text) == (422, True)
    with world.installation.database.read() as store:
        assert [one.state for one in store.avoidances(world.edition.id)] == ["asked"]


async def test_a_request_whose_reviewer_has_signed_says_so_at_its_place(admin: Browser, world: World, asked: str) -> None:
    reviewing.save_sheets(world.edition.id, 1, R01, {A01: (FULL, "", 0)})
    signing.sign(world.edition.id, 1, R01, "专家R01")
    await admin.get(AVOIDANCES)
    answer = await admin.post(AVOIDANCES, {f"act-{asked}": "grant", f"reason-{asked}": "理由成立"})
    assert (answer.status_code, f'id="fault-{asked}">没有保存：专家已签署该项评分表。' in answer.text) == (422, True)
    assert ">理由成立</textarea>" in answer.text


async def test_what_was_typed_stays_if_a_unit_takes_another_request_back_meanwhile(admin: Browser, world: World, asked: str) -> None:
    with world.installation.database.write() as store:
        (first,) = store.avoidances(world.edition.id)
        store.put_avoidance(replace(first, id="0" * 40, name="专家R02"))
    await admin.get(AVOIDANCES)
    with world.installation.database.write() as store:
        store.remove_avoidance("0" * 40)
    sent = {f"act-{asked}": "grant", f"reason-{asked}": "理由成立", f"act-{'0' * 40}": "refuse", f"reason-{'0' * 40}": "理由不足"}
    answer = await admin.post(AVOIDANCES, sent)
    told = ("没有保存：有的申请已由推荐单位撤回。", f'name="act-{asked}" value="grant" checked', ">理由成立</textarea>")
    assert (answer.status_code, [text for text in told if text not in answer.text]) == (409, [])
    with world.installation.database.read() as store:
        assert [one.state for one in store.avoidances(world.edition.id)] == ["asked"]


async def test_entries_are_not_taken_back_before_the_review_is_open_and_the_page_says_so(admin: Browser, world: World, asked: str) -> None:
    with world.installation.database.write() as store:
        store.connection.exec_driver_sql("UPDATE stage_runs SET state = 'opening' WHERE position = 1")
    await admin.get(AVOIDANCES)
    answer = await admin.post(AVOIDANCES, {f"act-{asked}": "grant", f"reason-{asked}": "理由成立"})
    assert (answer.status_code, "评审尚未开放" in answer.text, "评审已结束" in answer.text) == (409, True, False)
    assert ">理由成立</textarea>" in answer.text


@pytest.mark.parametrize(("role", "code", "paths"), [
    ("reviewer", "R01", ("/review", "/review/A01", "/review/sign")),
    ("reviewer", "R02", ("/review",)),
    ("nominator", "N01", ("/submit", "/submit/unit", "/submit/avoid")),
    ("committee", "M01", ("/ballot",)),
])  # fmt: skip
async def test_what_the_office_knows_and_decides_changes_no_byte_for_anybody_else(
    browser: Browser, world: World, role: Role, code: str, paths: tuple[str, ...]
) -> None:
    database = world.installation.database
    with database.write() as store:
        store.put_members(world.edition.id, [builders.a_member("M01")])
    await browser.enter(world.link(role, code))
    before = [(await browser.get(path)).content for path in paths]
    with database.write() as store:
        told(store, "relative", entry="sample-2026/e/A03", unit="")
        store.put_unit_names(world.edition.id, [UnitName("R02大学", "R02大学", "甲方大学"), UnitName("甲方大学", "甲方大学", "甲方大学")])
        store.put_conflict_decision(ConflictDecision(world.edition.id, A01, R01, "allow", ("project",), "查实无碍", "a@example.org", NOW))
    assert [(await browser.get(path)).content for path in paths] == before
    assert (await browser.get(BASE)).status_code == 403


async def test_a_reviewer_never_learns_of_a_request(browser: Browser, world: World, asked: str) -> None:
    await browser.enter(world.link("reviewer", "R01"))
    page = (await browser.get("/review")).text
    assert "A02" in page
    assert [text for text in ("学术争议", "回避申请", "2025年度课题", "合作项目") if text in page] == []
    avoiding.decide(world.edition.id, {asked: avoiding.Answer(grant=True, reason="理由成立")}, admin="admin@example.org")
    page = (await browser.get("/review")).text
    assert [text for text in ("学术争议", "理由成立", "回避申请", "A01", "A02") if text in page] == []
