"""The form checkers' pages: the queue, the check-list, what is sealed, what a second checker sees, what is public."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.applications import Starlette

from models.edition import File
from models.submitting import Finding
from tasks import deciding, visiting
from tasks.installation import Installation
from tests import builders
from tests.web.conftest import Browser, World

ADMIN, OTHER = "admin@example.org", "other@example.org"
BASE = "/admin/editions/sample-2026/checks"


def a_world(installed: Installation, **stage: Any) -> World:
    """Three papers and a work of art whose deadline has passed; a form checker decides."""
    changes = {"accept_by": "checker"} | stage
    process = builders.a_process(**builders.a_stage_change("submission", **changes))
    database = installed.database
    edition = builders.keep(database, builders.an_edition(process), at="submission")
    builders.put(
        database, edition.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")],
        entries=[
            builders.an_entry("A01"),
            builders.an_entry("A02", nominator="N02"),
            builders.an_entry("A03", fields={"journal": "示例学报"}),
            builders.an_entry("W01", class_name="artwork", title="海洋之光"),
        ],
    )  # fmt: skip
    with database.write() as store:
        store.set_entry_states({one.id: "submitted" for one in store.entries(edition.id)})
        for address in (ADMIN, OTHER):
            store.put_admin(address, "管理员", "admin")
        store.put_files([File(f"{edition.id}/e/A01", "A01-1.pdf", "cd" * 32, "application/pdf", 10, "infected")])
    return World(installed, edition)


@pytest.fixture
def world(installed: Installation) -> World:
    return a_world(installed)


async def sign_in(browser: Browser, address: str = ADMIN) -> Browser:
    link = visiting.make_sign_in(address)
    assert link is not None
    await browser.enter(link)
    return browser


@pytest.fixture
async def admin(browser: Browser) -> Browser:
    return await sign_in(browser)


def decide(world: World, code: str, outcome: str, *findings: Finding, by: str = ADMIN) -> None:
    deciding.decide(world.edition.id, f"{world.edition.id}/e/{code}", by, outcome, findings, turn=0)


def codes(page: str) -> list[str]:
    return re.findall(rf'<td><a href="{BASE}/(\w+)">', page)


async def post(browser: Browser, code: str, **fields: str) -> Any:
    await browser.get(f"{BASE}/{code}")
    return await browser.post(f"{BASE}/{code}", {name.replace("__", "."): value for name, value in fields.items()})


def checks(world: World) -> list[tuple[str, str, tuple[Finding, ...]]]:
    with world.installation.database.read() as store:
        return sorted((one.entry[-3:], one.outcome, one.findings) for one in store.checks(world.edition.id))


async def test_the_queue_shows_entries_by_state_class_and_unit(admin: Browser, world: World) -> None:
    page = (await admin.get(f"/admin/editions/{world.edition.id}")).text
    assert f'href="{BASE}"' in page
    decide(world, "A02", "eligible")
    decide(world, "A01", "correction", Finding("incomplete", "abstract"))
    page = (await admin.get(BASE)).text
    assert codes(page) == ["A01", "A02", "A03", "W01"]
    assert [text for text in ("补正中", "合格", "待审查", "至 2026-06-15 24:00", "审查下一项 A03") if text not in page] == []
    assert codes((await admin.get(f"{BASE}?place=to_check")).text) == ["A03", "W01"]
    assert codes((await admin.get(f"{BASE}?place=to_check&class=artwork")).text) == ["W01"]
    assert codes((await admin.get(f"{BASE}?unit={world.edition.id}/n/N02")).text) == ["A02"]
    assert codes((await admin.get(f"{BASE}?place=nonsense&page=99999")).text) == []


async def test_the_check_list_shows_what_the_rules_found_and_ticks_it(admin: Browser, world: World) -> None:
    page = (await admin.get(f"{BASE}/A03")).text
    assert [text for text in ("示例省N01学会", "示例学报", "未发现重复申报", "未填写") if text not in page] == []
    ticked = re.findall(r'name="tick\.(\w+)" value="1" checked', page)
    assert ticked == ["discipline", "authors", "published_on", "abstract"]
    clean = (await admin.get(f"{BASE}/A01")).text
    assert re.findall(r'name="tick\.(\w+)" value="1" checked', clean) == []
    assert "SECRET-77" in clean  # the office checks private fields too
    assert "A01-1.pdf" not in clean  # what the virus scanner found is shown to nobody
    assert (await admin.get(f"{BASE}/A01/files/A01-1.pdf")).status_code == 404
    assert (await admin.get(f"{BASE}/A01/files/A01-1.pdf/1")).status_code == 404


async def test_a_decision_is_kept_and_leads_to_the_next_entry(admin: Browser, world: World) -> None:
    answer = await post(admin, "A01", outcome="eligible", then="next")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{BASE}/A02?done=A01")
    fields = {"tick__abstract": "1", "code__abstract": "incomplete", "note__abstract": "缺少结论", "code__title": "duplicate"}
    answer = await post(admin, "A02", outcome="correction", then="", **fields)
    assert answer.headers["location"] == f"{BASE}/A02?done=A02"
    assert checks(world) == [("A01", "eligible", ()), ("A02", "correction", (Finding("incomplete", "abstract", "缺少结论"),))]
    page = (await admin.get(f"{BASE}/A02")).text
    assert "已退回补正，期限" in page
    assert 'name="outcome"' not in page
    await post(admin, "A03", outcome="not_accepted", then="next", **{"tick__-": "1", "code__-": "wrong_genre"})
    answer = await post(admin, "W01", outcome="eligible", then="next")
    assert answer.headers["location"] == f"{BASE}?done=W01"
    assert "没有等待您审查的申报项了" in (await admin.get(f"{BASE}?done=W01")).text


async def test_what_makes_no_sense_is_told_and_what_was_typed_stays(admin: Browser, world: World) -> None:
    answer = await post(admin, "A01", outcome="ineligible", tick__title="1", code__title="", note__title="题目有误")
    assert answer.status_code == 422
    assert [text for text in ("还没有保存", 'value="题目有误"', 'value="ineligible" checked') if text not in answer.text] == []
    for fields in ({}, {"outcome": "perhaps"}, {"outcome": "correction"}, {"outcome": "eligible", "tick__title": "1", "code__title": "x"}):
        assert (await post(admin, "A01", **fields)).status_code == 422
    assert (
        await post(admin, "A01", outcome="ineligible", **{"tick__-": "1", "code__-": "conditions", "note__-": "\x00"})
    ).status_code == 422
    assert (await post(admin, "A01", outcome="eligible", turn="7")).status_code == 409
    assert (await post(admin, "A01", outcome="eligible", turn="x")).status_code == 409
    assert checks(world) == []


async def test_while_nominations_are_open_entries_can_be_read_and_not_decided(admin: Browser, world: World) -> None:
    with world.installation.database.write() as store:
        store.extend_stage(world.edition.id, 0, builders.NOW.replace(month=7))
    page = (await admin.get(BASE)).text
    assert (codes(page), "现在只能查看" in page) == (["A01", "A02", "A03", "W01"], True)
    assert 'name="outcome"' not in (await admin.get(f"{BASE}/A01")).text
    answer = await post(admin, "A01", outcome="eligible")
    assert answer.status_code == 409
    assert checks(world) == []


async def test_an_entry_of_nobody_is_not_found(admin: Browser, world: World) -> None:
    for path in (f"{BASE}/X99", f"{BASE}/..%5Cx", "/admin/editions/none/checks"):
        assert (await admin.get(path)).status_code == 404


class TestSealed:
    """A submission that nobody but its nominator sees before the deadline."""

    @pytest.fixture
    def world(self, installed: Installation) -> World:
        made = a_world(installed, sealed=True)
        with installed.database.write() as store:
            store.extend_stage(made.edition.id, 0, builders.NOW.replace(month=7))
            store.append(
                made.edition.id, "MaterialFlagged", actor="test", entry=f"{made.edition.id}/e/A01", code="A01",
                findings=[{"file": "A01-1.pdf", "page": 1, "kind": "name", "excerpt": "甲*"}],
            )  # fmt: skip
        return made

    async def test_the_office_sees_counts_only_on_every_page(self, admin: Browser, world: World) -> None:
        page = (await admin.get(BASE)).text
        assert [text for text in ("密封", "<dd>4</dd>", "<dd>3</dd>") if text not in page] == []
        here = f"/admin/editions/{world.edition.id}"
        for path in (
            BASE,
            f"{BASE}?place=to_check",
            here,
            f"{here}/material",
            f"{here}/duplicates",
            f"{here}/quotas",
            f"{here}/quotas/N01",
            f"{here}/uploads",
            "/admin",
        ):
            answer = await admin.get(path)
            assert (path, answer.status_code) == (path, 200)
            assert (path, re.findall(r"A01|深部煤层|海洋之光", answer.text)) == (path, [])
        for path in (f"{BASE}/A01", f"{BASE}/A01/files/A01-1.pdf", f"{BASE}/A01/files/A01-1.pdf/1", f"{here}/material/A01/A01-1.pdf/1"):
            assert (path, (await admin.get(path)).status_code) == (path, 403)

    async def test_after_the_deadline_everything_is_shown(self, admin: Browser, world: World) -> None:
        with world.installation.database.write() as store:
            store.extend_stage(world.edition.id, 0, builders.NOW.replace(day=9))
        assert codes((await admin.get(BASE)).text) == ["A01", "A02", "A03", "W01"]
        assert "深部煤层微震前兆识别 A01" in (await admin.get(f"{BASE}/A01")).text


class TestFourEyes:
    """Two checkers decide on each entry."""

    @pytest.fixture
    def world(self, installed: Installation) -> World:
        return a_world(installed, four_eyes=True)

    async def test_the_second_sees_the_first_result_only_after_an_own_one(
        self, app: Starlette, browser: Browser, other_browser: Browser, world: World
    ) -> None:
        first, second = await sign_in(browser), await sign_in(other_browser, OTHER)
        await post(first, "A01", outcome="ineligible", then="", **{"tick__-": "1", "code__-": "ownership", "note__-": "权属不清"})
        seen = (await first.get(f"{BASE}/A01")).text
        assert "权属不清" in seen
        assert "您已审查" in (await first.get(BASE)).text
        assert "审查下一项 A02" in (await first.get(BASE)).text
        hidden = (await second.get(f"{BASE}/A01")).text
        assert ("权属不清" in hidden, ADMIN in hidden, "您给出意见后才能看到" in hidden) == (False, False, True)
        assert [text for text in ("不合格", ADMIN) if text in (await second.get(BASE)).text] == []
        detail = (await second.get(f"/admin/editions/{world.edition.id}")).text
        assert "ineligible" not in detail
        await post(second, "A01", outcome="eligible", then="")
        for checker in (first, second):  # both see both, and either may come round
            page = (await checker.get(f"{BASE}/A01")).text
            assert [text for text in ("权属不清", ADMIN, OTHER, "意见不一致") if text not in page] == []
        await post(first, "A01", outcome="eligible", then="", **{"tick__-": ""})
        assert "已有结论：合格" in (await second.get(f"{BASE}/A01")).text


class TestPublicity:
    """The accepted entries are public before the review."""

    @pytest.fixture
    def world(self, installed: Installation) -> World:
        return a_world(installed, publicity_days=7)

    async def test_the_list_shows_title_unit_and_nominator_and_nothing_else(self, admin: Browser, world: World) -> None:
        path = f"/notices/{world.edition.id}/accepted"
        assert (await admin.get(path)).status_code == 404
        for code in ("A01", "A02", "A03"):
            decide(world, code, "eligible")
        decide(world, "W01", "ineligible", Finding("conditions"))
        with world.installation.database.write() as store:
            store.append(
                world.edition.id, "AcceptedPosted", actor="engine", count=3, first_day="2026-06-11", last_day="2026-06-17",
                until="2026-06-17T16:00:00+00:00",
            )  # fmt: skip
        page = (await admin.get(path)).text
        assert [text for text in ("深部煤层微震前兆识别 A01", "A02大学", "示例省N02学会", "公示中") if text not in page] == []
        assert [text for text in ("海洋之光", "SECRET-77", "a01@example.org", "甲一") if text in page] == []
        decide(world, "A02", "ineligible", Finding("ownership"))
        assert "A02大学" not in (await admin.get(path)).text
        assert (await post(admin, "W01", outcome="eligible")).status_code == 409
