"""Ways through the pages of those who nominate, confirm and check forms; each brings up page after page and names it.

A tour yields the name of a page and what must be on it, and goes on when it has been looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from playwright.sync_api import Page

from models.submitting import ConfirmationKind, Finding
from tasks import deciding, examining, links, unit_papers, visiting, witnesses
from tests.builders import Clock
from tests.tasks.sending import FILES
from tests.tasks.test_upload_zips import packed
from tests.web.conftest import World

Tour = Iterator[tuple[str, str]]
ADMINS = ("admin@example.org", "second@example.org")
GOOD = {
    "论文题目": "深部煤层冲击地压的微震前兆", "第一作者单位": "甲大学", "电子邮箱": "jia@example.org", "学科代码": "440",
    "作者": "甲一（甲大学）、乙二（乙大学）", "发表期刊": "示例学报", "发表日期": "2024-05-01", "摘要": "提出一种识别方法。",
    "申报等级": "二等", "原创承诺": "是", "论文全文": "甲.pdf",
}  # fmt: skip
SEND = """values => {
  const form = document.querySelector(values.form);
  const copy = Object.assign(document.createElement("form"), {method: "post", action: form.action, hidden: true, enctype: form.enctype});
  const fields = Object.assign(Object.fromEntries([...new FormData(form)].filter(one => typeof one[1] === "string")), values.fields);
  Object.keys(fields).forEach(name => copy.append(Object.assign(document.createElement("input"), {name, value: fields[name]})));
  document.body.append(copy);
  copy.submit();
}"""
"""Sends a form as a browser without scripts does; the scripts of the page see nothing of it."""


def send_form(page: Page, form: str, **fields: str) -> None:
    """Send the form with this selector, some fields changed; `__` stands for a dot in a name."""
    with page.expect_navigation():
        page.evaluate(SEND, {"form": form, "fields": {name.replace("__", "."): value for name, value in fields.items()}})


def press(page: Page, selector: str) -> None:
    """Press a button that leads to another page."""
    with page.expect_navigation():
        page.locator(selector).first.click()


def enter(page: Page, link: str) -> None:
    """Open a personal link and press its button."""
    page.context.clear_cookies(name="jinbang")
    page.goto(link)
    press(page, "main button")


def site(world: World) -> str:
    """Address of the pages."""
    return world.installation.settings.base_url


# -- while nominations are open -------------------------------------------------------------------------------------------


def forms(world: World, page: Page) -> Tour:
    """The overview and everything that becomes of a form."""
    base = site(world)
    enter(page, world.link("nominator", "N01"))
    yield "overview", ".next-step"
    press(page, "form[action='/submit/forms/new'] button")
    address = page.url
    yield "form", "#form"
    page.locator("button[value=submit]").last.click()
    page.wait_for_selector("#faults")
    yield "form with faults", ".field-error"
    page.evaluate("document.querySelectorAll('#conflict, #lost').forEach(one => one.hidden = false)")
    yield "form with conflict", "#conflict:not([hidden])"
    page.goto(address)
    send_form(page, "#form", v__title="渭河流域氮素迁移的同位素示踪")
    send_form(page, "#form", v__title="渭河流域氮素迁移", revision="0")
    yield "stale", "table.compare"
    page.goto(address)
    page.context.clear_cookies(name="jinbang")
    send_form(page, "#form", v__title="渭河流域氮素迁移的同位素示踪")
    yield "lost", "dl.facts"
    enter(page, world.link("nominator", "N01"))
    yield "overview with a draft", "#drafts"
    send_form(page, f"form[action='{address.removeprefix(base)}/remove']")
    yield "removed", ".note-act form"
    press(page, "form[action='/submit/entries/A02/withdraw'] button")
    yield "withdrawn", ".note-act form"
    press(page, ".note-act button")
    yield "not restored", "dl.facts"
    page.goto(f"{base}/submit")
    press(page, "form[action='/submit/entries/A01/edit'] button")
    yield "form of an entry", "#form"
    send_form(page, "#form", v__title="深部煤层微震前兆的自适应识别")
    yield "form of an entry, changed", ".note-warn"
    page.goto(f"{base}/submit/copy")
    yield "copy", ".work-list form"


def files(world: World, page: Page) -> Tour:
    """The spreadsheet, the zip and single files."""
    base = site(world)
    enter(page, world.link("nominator", "N01"))
    page.goto(f"{base}/submit/table")
    yield "table", "input[type=file]"
    send_table(page, "申报.csv", b"PK\x03\x04 nothing of the kind")
    yield "table refused", "[role=alert]"
    page.goto(f"{base}/submit/table")
    send_table(page, "申报.csv", a_csv(GOOD | {"登在哪里": "示例学报"}, leave="发表期刊"))
    yield "table without a column", "a[href='#columns']"
    page.goto(f"{base}/submit/table")
    send_table(page, "申报.csv", a_csv(GOOD, GOOD | {"论文题目": "渭河流域氮素迁移", "电子邮箱": "不是邮箱", "学科代码": "采矿"}))
    yield "table with faults", ".table-faults"
    unit = f"{world.edition.id}/n/N01"
    unit_papers.state_first_round(world.edition.id, unit, {"paper": "43"})
    unit_papers.state_publicity(world.edition.id, unit, first="2026-05-05", last="2026-05-11", url="https://example.org/n", result="无异议")
    page.reload()
    press(page, "button[value=keep]")
    yield "table kept", "[role=status]"
    page.goto(f"{base}/submit/zip")
    yield "zip", "table tbody tr"
    content = packed({"甲.pdf": (FILES / "libreoffice.pdf").read_bytes(), "说明.txt": b"x", "a/乙.pdf": b"x", "b/乙.pdf": b"x"})
    page.set_input_files("[data-upload] input[type=file]", {"name": "附件.zip", "mimeType": "application/zip", "buffer": content})
    page.wait_for_url("**/submit/zip/*")
    page.wait_for_selector("table tbody tr")
    yield "zip result", "table tbody tr"
    page.goto(f"{base}/submit")
    press(page, "form[action='/submit/forms/new'] button")
    fresh = f"{base}/submit/uploads/new?draft={page.url.rpartition('/')[2]}&field=full_text"
    page.goto(fresh)
    yield "upload", "#file"
    page.evaluate("document.querySelector('#file').required = false")
    press(page, "main form button")
    yield "upload without a file", "[aria-invalid]"
    for buffer, wanted in ((b"<svg/>", ".note-bad"), ((FILES / "libreoffice.pdf").read_bytes(), ".note-good")):
        page.goto(fresh)
        page.set_input_files("#file", {"name": "全文.pdf", "mimeType": "application/pdf", "buffer": buffer})
        press(page, "main form button")
        examining.finish()
        page.reload()
        yield f"upload {wanted[6:]}", wanted
    press(page, "main a.button")
    yield "form with a file", ".upload-kept"


def send_table(page: Page, name: str, content: bytes) -> None:
    page.locator("input[type=file]").first.set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    press(page, ".table-send button")


def a_csv(*lines: dict[str, str], leave: str = "") -> bytes:
    """Lines with their headers, one of them left out."""
    heads = [head for head in dict.fromkeys(head for line in lines for head in line) if head != leave]
    return "\r\n".join([",".join(heads), *(",".join(f'"{line.get(head, "")}"' for head in heads) for line in lines)]).encode("utf-8-sig")


def papers(world: World, page: Page) -> Tour:
    """The unit's own papers, and the people who confirm."""
    base = site(world)
    enter(page, world.link("nominator", "N01"))
    page.goto(f"{base}/submit/unit")
    yield "unit", "#lists"
    send_form(page, "#publicity form:last-of-type", act="publicity", **{"from": "上周", "url": "example.org"})
    yield "unit with faults", "[aria-invalid]"
    send_form(page, "#first_round form", act="first_round", first_round__paper="43", **{"first_round:paper": "43"})
    yield "unit saved", "[role=status]"
    page.goto(f"{base}/submit/entries/A01/people")
    yield "people", "#expert form"
    press(page, "#expert form:last-of-type button")
    yield "people with faults", "[aria-invalid]"
    send_form(page, "#expert > form", act="ask", name="赵汉江", unit="渭北大学", email="zhao@example.org")
    yield "people asked", "#expert details"


def witness(world: World, page: Page, clock: Clock) -> Tour:
    """What somebody sees who is asked to confirm."""
    edition = world.edition.id
    asked: tuple[tuple[ConfirmationKind, str], ...] = (("consent", "A01"), ("unit", "A01"), ("expert", "A02"))
    for kind, code in asked:
        one = witnesses.name_person(edition, f"{edition}/n/N01", code, kind, "钱渭", "渭北大学", f"{kind}@example.org")
        with world.installation.database.read() as store:
            grant = store.grant_of(edition, "witness", one.id)
        assert grant is not None
        enter(page, links.address(world.installation.settings, grant))
        yield f"confirm {kind}", "main form"
    page.locator("details.more summary").click()
    with page.expect_navigation():
        page.locator("main form button").last.click()
    yield "confirm with faults", "[aria-invalid]"
    send_form(page, "main form", agree="yes", text="研究扎实，同意推荐。", name="钱渭")
    yield "confirm answered", "[role=status]"
    before, clock.now = clock.now, after_the_deadline(world)
    enter(page, links.address(world.installation.settings, grant))
    yield "confirm closed", ".note-plain"
    clock.now = before


# -- after the deadline ---------------------------------------------------------------------------------------------------


def after_the_deadline(world: World) -> datetime:
    """The first moment in which forms are checked."""
    cutoff = world.edition.stages[0].cutoff
    assert cutoff is not None
    return cutoff + timedelta(minutes=1)


def checks(world: World, page: Page, clock: Clock) -> Tour:
    """What a form checker sees: sealed, the queue, and entries in every state of a check by two."""
    base = f"{site(world)}/admin/editions/{world.edition.id}/checks"
    enter_office(page)
    page.goto(base)
    yield "checks sealed", "dl.figures"
    clock.now = after_the_deadline(world)
    enter_office(page)
    page.goto(base)
    yield "checks", "table tbody tr"
    page.goto(f"{base}/A01")
    yield "check", "#list"
    page.locator("#t-abstract").check()
    page.locator("#c-abstract").select_option("")
    page.locator("input[value=correction]").check()
    press(page, "button[value='']")
    yield "check with faults", "[role=alert]"
    decide(world, "A01", "correction", ADMINS[1])
    page.goto(f"{base}/A01")
    yield "check, another has spoken", ".hint"
    decide(world, "A01", "correction", ADMINS[0])
    page.goto(f"{base}/A01")
    yield "check, sent back", ".note-warn"
    decide(world, "A02", "eligible", ADMINS[0])
    decide(world, "A02", "ineligible", ADMINS[1])
    page.goto(f"{base}/A02")
    yield "check, disputed", ".events"
    decide(world, "B01", "eligible", ADMINS[0])
    decide(world, "B01", "eligible", ADMINS[1])
    page.goto(f"{base}/B01?done=A02")
    yield "check, decided", "[role=status]"
    page.goto(f"{base}?done=B01")
    yield "checks, some decided", "[role=status]"


def enter_office(page: Page) -> None:
    """Sign the first form checker in."""
    link = visiting.make_sign_in(ADMINS[0])
    assert link is not None
    enter(page, link)


def decide(world: World, code: str, outcome: str, by: str) -> None:
    """A form checker finds the abstract wanting, or nothing."""
    findings = () if outcome == "eligible" else (Finding("incomplete", "abstract", "缺少结论"), Finding("not_proven", "full_text"))
    deciding.decide(world.edition.id, f"{world.edition.id}/e/{code}", by, outcome, findings, turn=0)


def corrections(world: World, page: Page, clock: Clock) -> Tour:
    """What was sent back, until its time is over."""
    base = site(world)
    enter(page, world.link("nominator", "N01"))
    yield "overview with a correction", "a[href='/submit/corrections/A01']"
    page.goto(f"{base}/submit/corrections/A01")
    yield "correction", "#correction"
    send_form(page, "#correction", v__abstract="", then="submit")
    yield "correction with faults", "#faults"
    before = clock.now
    clock.now = before + timedelta(days=7)
    enter(page, world.link("nominator", "N01"))
    page.goto(f"{base}/submit/corrections/A01")
    yield "correction lapsed", ".note-bad"
    clock.now = before
    page.goto(f"{base}/submit/corrections/A01")
    page.set_input_files("[data-upload] input[type=file]", FILES / "libreoffice.pdf")
    page.wait_for_selector(".upload-kept")
    page.fill("#f-abstract", "提出一种识别方法，误报率下降一半。")
    press(page, "#correction button[value=submit]:last-of-type")
    yield "correction done", "[role=status]"
    page.goto(f"{base}/submit")
    yield "overview after the deadline", "#entries"
    for path, wanted in (("unit", ".note-plain"), ("table", ".note-plain"), ("entries/A02/people", "main h1")):
        page.goto(f"{base}/submit/{path}")
        yield f"{path.partition('/')[0]} after the deadline", wanted
