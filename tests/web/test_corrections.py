"""A nominator corrects: from the link in the mail to the named fields, and nothing beyond them."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import timedelta
from typing import Any

import pytest

from models.submitting import Finding
from tasks import deciding, mail
from tasks.installation import Installation
from tests.builders import Clock
from tests.notifications import sinks
from tests.web.conftest import Browser, World
from tests.web.test_admin_checks import ADMIN, a_world

PATH = "/submit/corrections/A01"
FINDINGS = (Finding("incomplete", "abstract", "缺少结论"), Finding("not_proven", "authors"))


@pytest.fixture
def world(installed: Installation) -> World:
    made = a_world(installed)
    deciding.decide(made.edition.id, f"{made.edition.id}/e/A01", ADMIN, "correction", FINDINGS, turn=0)
    return made


def entry(world: World) -> Any:
    with world.installation.database.read() as store:
        return store.entry(f"{world.edition.id}/e/A01")


async def mailed(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """The only link in the only mail that waits, as a mail server receives it."""
    sink = sinks.Sink()
    with sinks.listening(sink) as port:
        served = Installation(world.installation.settings.model_copy(update={"catcher_port": port}), world.installation.database)
        monkeypatch.setattr("tasks.installation.installation", lambda: served)
        assert await mail.send_batch.fn(world.edition.id) == {"sent": 1}
    ((_, _, content),) = sink.kept
    plain = email.message_from_bytes(content, policy=email.policy.default).get_body(("plain",))
    (link,) = re.findall(r"https?://\S+", plain.get_content())  # type: ignore[union-attr]
    return str(link)


async def test_the_link_in_the_mail_leads_to_the_correction(browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.link("nominator", "N01")
    link = await mailed(world, monkeypatch)
    page = await browser.get(re.sub(r"^https?://[^/]+", "", link))
    assert (page.status_code, "深部煤层" in page.text) == (200, False)  # the same inert page for every token
    answer = await browser.enter(link)
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)
    page = await browser.get(PATH)
    assert [
        text
        for text in ("填报不全（摘要）：缺少结论", "附件不能证明（作者）", "6月15日", "深部煤层微震前兆识别 A01")
        if text not in page.text
    ] == []
    assert set(re.findall(r'name="[vpt]\.(\w+)', page.text)) == {"abstract", "authors"}


async def test_only_the_named_fields_are_changed_whatever_is_sent(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    await browser.get(PATH)
    fields = {"v.abstract": "补写结论：误报率下降一半。", "p.authors.0.name": "甲一", "p.authors.0.unit": "甲大学", "v.title": "偷换的题目",
              "v.email": "other@example.org", "then": "submit"}  # fmt: skip
    answer = await browser.post(PATH, fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?done=1")
    now = entry(world)
    assert (now.state, now.fields["abstract"], now.fields["authors"]) == (
        "submitted", "补写结论：误报率下降一半。", [{"name": "甲一", "unit": "甲大学"}],
    )  # fmt: skip
    assert (now.title, now.email, now.fields["journal"]) == ("深部煤层微震前兆识别 A01", "a01@example.org", "示例学报")
    page = (await browser.get(PATH)).text
    assert ("正在重新审查" in page, 'action="/submit/corrections/A01"' in page) == (True, False)


async def test_faults_stand_at_their_fields_and_what_was_typed_stays(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    await browser.get(PATH)
    for wrong in ("", "字" * 501, "含\x00零"):
        answer = await browser.post(PATH, {"v.abstract": wrong, "p.authors.0.name": "保留下来的人", "then": "submit"})
        assert answer.status_code == 422
        assert [text for text in ("请修改以下内容", "保留下来的人") if text not in answer.text] == []
        assert entry(world).state == "correction"
    more = await browser.post(PATH, {"v.abstract": "写了一半", "p.authors.0.name": "甲一", "then": "add:authors"})
    assert (more.status_code, "写了一半" in more.text, 'name="p.authors.1.name"' in more.text) == (200, True, True)


async def test_after_the_due_date_nothing_is_kept_and_the_text_is_given_back(browser: Browser, world: World, clock: Clock) -> None:
    await browser.enter(world.link("nominator", "N01"))
    await browser.get(PATH)
    fields = {"v.abstract": "写得太晚的结论", "p.authors.0.name": "甲一", "then": "submit"}
    with world.installation.database.write() as store:
        (correction,) = store.corrections(world.edition.id)
    clock.now = correction.due_at - timedelta(seconds=1)
    await browser.enter(world.link("nominator", "N01"))
    assert "逾期未补正" in (await browser.get(PATH)).text
    kept = browser.hidden(PATH)
    clock.now = correction.due_at
    answer = await browser.post(PATH, {**kept, **fields}, hidden=False)
    assert (answer.status_code, "写得太晚的结论" in answer.text, "补正期限已过" in answer.text) == (409, True, True)
    assert entry(world).state == "correction"
    page = (await browser.get(PATH)).text
    assert ("补正期限" in page, 'name="then"' in page) == (True, False)


async def test_an_old_page_and_a_second_hand_in_change_nothing(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N01"))
    await browser.get(PATH)
    fields = {"v.abstract": "补写结论。", "p.authors.0.name": "甲一", "then": "submit"}
    for turn in ("0", "2", "x"):
        assert (await browser.post(PATH, fields | {"turn": turn})).status_code == 409
    assert entry(world).state == "correction"
    assert (await browser.post(PATH, fields)).status_code == 303
    again = await browser.post(PATH, fields | {"v.abstract": "又改一次"})
    assert (again.status_code, "又改一次" in again.text) == (409, True)
    assert entry(world).fields["abstract"] == "补写结论。"


async def test_another_unit_finds_nothing(browser: Browser, world: World) -> None:
    await browser.enter(world.link("nominator", "N02"))
    assert (await browser.get(PATH)).status_code == 404
    assert (await browser.get("/submit/corrections/A02")).status_code == 404
