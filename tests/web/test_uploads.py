"""Files over the line: parts that go on after a cut, plain forms without scripts, zips, and what the office sees."""

from __future__ import annotations

import base64
import io
import re
import shutil
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette

from models.submitting import Correction, FormDraft, Upload
from tasks import arriving, examining, visiting
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.tasks.scanning import EICAR, Scanner
from tests.tasks.sending import Desk
from tests.web.conftest import SAME_SITE, Browser, World
from web import incoming
from web.app import create_app

PART = "application/offset+octet-stream"


class Office(Desk):
    """The desk behind the pages, with links."""

    def __init__(self, installed: Installation, clock: Clock) -> None:
        super().__init__(installed, clock)
        self.world = World(installed, self.edition)

    def uploads(self) -> tuple[Upload, ...]:
        with self.database.read() as store:
            return store.uploads_of_edition(self.id)


@pytest.fixture
def world(installed: Installation, clock: Clock) -> Office:
    return Office(installed, clock)


@pytest.fixture
def app(world: Office) -> Iterator[Starlette]:
    yield create_app(world.installed)
    examining.finish()


@pytest.fixture
def draft(world: Office) -> FormDraft:
    return world.draft(title="论文")


class Clerk:
    """A browser with the script that sends files."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.client = browser, browser.client

    def guard(self) -> dict[str, str]:
        visit = visiting.visit_of(self.client.cookies.get("jinbang"))
        assert visit is not None
        assert visit.grant is not None
        return {"as": visit.grant.id, "csrf": visit.csrf}

    def headers(self, **more: str) -> dict[str, str]:
        guard = self.guard()
        own = {"Jinbang-As": guard["as"], "Jinbang-Csrf": guard["csrf"], "Tus-Resumable": "1.0.0"}
        return SAME_SITE | own | {name.replace("_", "-"): value for name, value in more.items()}

    async def begin(self, size: int, draft: FormDraft | None, *, name: str = "图.png", field: str = "full_text") -> httpx.Response:
        told = {"filename": name, "field": field, **({"draft": draft.id} if draft else {})}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
        return await self.client.post("/submit/uploads", headers=self.headers(Upload_Length=str(size), Upload_Metadata=metadata))

    async def send(self, address: str, offset: int, content: Any, **more: str) -> httpx.Response:
        headers = self.headers(Upload_Offset=str(offset), Content_Type=PART, **more)
        return await self.client.patch(address, content=content, headers=headers)

    async def offset(self, address: str) -> str:
        return (await self.client.head(address)).headers["Upload-Offset"]

    async def outcome(self, address: str) -> dict[str, Any]:
        examining.finish()
        told: dict[str, Any] = (await self.client.get(address, headers={"Accept": "application/json"})).json()
        return told

    async def bring(self, content: bytes, draft: FormDraft | None, **more: str) -> dict[str, Any]:
        address = (await self.begin(len(content), draft, **more)).headers["Location"]
        assert (await self.send(address, 0, content)).status_code == 204
        return {**await self.outcome(address), "address": address}

    async def plain(self, fields: dict[str, str], file: tuple[str, bytes] | None, **more: Any) -> httpx.Response:
        """What a form without scripts sends."""
        name, content = file or ("", b"")
        parts = {"file": (name, content, "application/octet-stream")}
        return await self.client.post("/submit/uploads", data=self.guard() | fields, files=parts, headers=SAME_SITE, **more)


@pytest.fixture
async def clerk(browser: Browser, world: Office) -> Clerk:
    await browser.enter(world.world.link("nominator", "N01"))
    return Clerk(browser)


def picture(width: int = 40, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, 30), "red").save(target, kind)
    return target.getvalue()


# -- parts ---------------------------------------------------------------------------------------------------------


async def test_a_file_is_begun_sent_in_parts_and_looked_up(clerk: Clerk, draft: FormDraft, world: Office) -> None:
    content = picture()
    begun = await clerk.begin(len(content), draft)
    address = begun.headers["Location"]
    assert (begun.status_code, begun.headers["Tus-Resumable"], begun.headers["Jinbang-Part"]) == (201, "1.0.0", str(4 * 1024 * 1024))
    first = await clerk.send(address, 0, content[:30])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "30")
    head = await clerk.client.head(address)
    assert (head.status_code, head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (200, "30", str(len(content)))
    assert head.headers["Cache-Control"] == "no-store"
    assert (await clerk.outcome(address))["state"] == "arriving"
    assert (await clerk.send(address, 30, content[30:])).headers["Upload-Offset"] == str(len(content))
    told = await clerk.outcome(address)
    assert (told["state"], told["name"], told["message"]) == ("kept", "图.png", "")
    page = (await clerk.browser.get(f"/submit/forms/{draft.id}")).text
    assert f"/submit/uploads/{told['id']}/file" in page
    assert "图.png" in page
    assert world.arriving() == []


async def test_wrong_offsets_and_too_many_bytes_change_nothing(clerk: Clerk, draft: FormDraft) -> None:
    address = (await clerk.begin(100, draft)).headers["Location"]
    await clerk.send(address, 0, b"x" * 40)
    for offset in (0, 41, 100):
        refused = await clerk.send(address, offset, b"y")
        assert (refused.status_code, refused.headers["Upload-Offset"]) == (409, "40")
    assert (await clerk.send(address, 40, b"y" * 61)).status_code == 413  # it says so beforehand

    async def without_length() -> AsyncIterator[bytes]:
        yield b"y" * 50
        yield b"y" * 11

    assert (await clerk.send(address, 40, without_length())).status_code == 413
    assert await clerk.offset(address) == "40"
    assert arriving.part_of(address.rpartition("/")[2]).read_bytes() == b"x" * 40


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Upload-Offset": "-1"}, 400),
        ({"Upload-Offset": "x"}, 400),
        ({"Upload-Offset": "9" * 16}, 400),
        ({"Jinbang-Csrf": "wrong"}, 403),
        ({"Jinbang-As": "somebody"}, 409),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_a_part_that_makes_no_sense_is_refused(clerk: Clerk, draft: FormDraft, headers: dict[str, str], status: int) -> None:
    address = (await clerk.begin(100, draft)).headers["Location"]
    sent = clerk.headers(Upload_Offset="0", Content_Type=PART) | headers
    wire = {name.encode(): value.encode() for name, value in sent.items()}
    answer = await clerk.client.patch(address, content=b"x", headers=list(wire.items()))
    assert answer.status_code == status
    assert await clerk.offset(address) == "0"


async def test_a_part_is_no_longer_than_the_setting_and_forms_keep_their_own_limit(clerk: Clerk, draft: FormDraft) -> None:
    address = (await clerk.begin(20_000_000, draft)).headers["Location"]
    assert (await clerk.send(address, 0, bytes(4 * 1024 * 1024))).status_code == 204
    assert (await clerk.send(address, 4 * 1024 * 1024, bytes(4 * 1024 * 1024 + 1))).status_code == 413
    answer = await clerk.client.post("/submit/forms/new", data=clerk.guard() | {"class": "x" * 5_000_000}, headers=SAME_SITE)
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["", "-1", "x", "9" * 16])
async def test_an_announcement_that_makes_no_sense_is_refused(clerk: Clerk, draft: FormDraft, length: str, world: Office) -> None:
    for metadata in ("field ZnVsbF90ZXh0", "field %%%", "field /w=="):
        headers = clerk.headers(Upload_Length=length, Upload_Metadata=metadata)
        assert (await clerk.client.post("/submit/uploads", headers=headers)).status_code == 400
    assert world.uploads() == ()


async def test_limits_are_told_as_sentences(clerk: Clerk, draft: FormDraft, world: Office) -> None:
    large = await clerk.begin(600 * 1024 * 1024, draft)
    assert (large.status_code, large.json()) == (413, {"message": "文件有 600 MB，最多 500 MB，请压缩后重新上传"})
    assert (await clerk.begin(0, draft)).status_code == 422
    address = (await clerk.begin(100, draft)).headers["Location"]
    world.close()
    await clerk.browser.enter(world.world.link("nominator", "N01"))
    late = await clerk.begin(100, draft)
    assert (late.status_code, late.json()["message"]) == (409, "申报已经截止，不再接收文件。如需延期，请联系评审办公室。")
    assert (await clerk.send(address, 0, b"x")).status_code == 409
    assert (await clerk.client.delete(address, headers=clerk.headers())).status_code == 409


# -- cuts ----------------------------------------------------------------------------------------------------------


class Line:
    """A request whose body a test sends piece by piece, and may cut."""

    def __init__(self, app: Starlette, clerk: Clerk, address: str, offset: int) -> None:
        cookie = "; ".join(f"{name}={value}" for name, value in clerk.client.cookies.items())
        headers = clerk.headers(Upload_Offset=str(offset), Content_Type=PART) | {"Cookie": cookie, "Host": "localhost:8000"}
        self._app, self.status = app, 0
        self._scope = {
            "type": "http", "method": "PATCH", "path": address, "raw_path": address.encode(), "query_string": b"", "scheme": "http",
            "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("localhost", 8000), "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        self._send, self._receive = anyio.create_memory_object_stream[dict[str, Any]](10)
        self.taken = anyio.Event()

    async def run(self) -> None:
        async def receive() -> dict[str, Any]:
            return await self._receive.receive()

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]

        await self._app(self._scope, receive, send)  # type: ignore[arg-type]
        self.taken.set()

    async def bring(self, content: bytes, *, more: bool = True) -> None:
        await self._send.send({"type": "http.request", "body": content, "more_body": more})

    async def heard(self) -> None:
        """Wait until the server has taken what was brought, and wants more."""
        with anyio.fail_after(5):
            while (now := self._send.statistics()).current_buffer_used or not now.tasks_waiting_receive:
                await anyio.lowlevel.checkpoint()

    async def cut(self) -> None:
        await self._send.send({"type": "http.disconnect"})

    def close(self) -> None:
        self._send.close()
        self._receive.close()


async def test_what_came_before_a_cut_stays_and_a_restarted_server_goes_on_from_there(
    app: Starlette, clerk: Clerk, draft: FormDraft, world: Office
) -> None:
    content = picture()
    address = (await clerk.begin(len(content), draft)).headers["Location"]
    line = Line(app, clerk, address, 0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.run)
        await line.bring(content[:20])
        await line.bring(content[20:50])
        await line.cut()
    line.close()
    assert await clerk.offset(address) == "50"
    again = create_app(world.installed)  # all that the process knew is gone
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=again), base_url="http://localhost:8000") as client:
        client.cookies = clerk.client.cookies
        headers = clerk.headers(Upload_Offset="50", Content_Type=PART)
        assert (await client.patch(address, content=content[50:], headers=headers)).status_code == 204
    assert (await clerk.outcome(address))["state"] == "kept"


async def test_a_second_page_waits_for_the_first_and_takes_over_from_a_silent_one(
    app: Starlette, clerk: Clerk, draft: FormDraft, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = picture()
    address = (await clerk.begin(len(content), draft)).headers["Location"]
    line = Line(app, clerk, address, 0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.run)
        await line.bring(content[:20])
        await line.heard()
        busy = await clerk.send(address, 0, content)
        assert (busy.status_code, busy.json()["message"]) == (423, "另一个页面正在上传这个文件，请在那里等待完成。")
        monkeypatch.setattr(incoming, "_SILENT_SECONDS", 0)
        moved = await clerk.send(address, 0, content)  # what the first has brought counts
        assert (moved.status_code, moved.headers["Upload-Offset"]) == (409, "20")
        await line.taken.wait()
    line.close()
    assert line.status == 423
    assert (await clerk.send(address, 20, content[20:])).status_code == 204
    assert (await clerk.outcome(address))["state"] == "kept"


async def test_a_sender_that_falls_silent_is_cut_off(
    app: Starlette, clerk: Clerk, draft: FormDraft, world: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.state.installation = Installation(world.installed.settings.model_copy(update={"upload_idle_seconds": 0.05}), world.database)
    address = (await clerk.begin(100, draft)).headers["Location"]
    line = Line(app, clerk, address, 0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.run)
        await line.bring(b"x" * 20)
        await line.taken.wait()
    line.close()
    assert (line.status, await clerk.offset(address)) == (204, "20")


async def test_cancelling_removes_what_came(clerk: Clerk, draft: FormDraft, world: Office) -> None:
    address = (await clerk.begin(100, draft)).headers["Location"]
    await clerk.send(address, 0, b"x" * 40)
    assert (await clerk.client.delete(address, headers=clerk.headers())).status_code == 204
    assert (await clerk.client.head(address)).status_code == 404
    assert (world.uploads(), world.arriving()) == ((), [])


# -- whose it is ---------------------------------------------------------------------------------------------------


async def test_nobody_else_sees_sends_or_removes_a_file(clerk: Clerk, other_browser: Browser, draft: FormDraft, world: Office) -> None:
    kept = await clerk.bring(picture(), draft)
    coming = (await clerk.begin(100, draft)).headers["Location"]
    await other_browser.enter(world.world.link("nominator", "N02"))
    other = Clerk(other_browser)
    for address in (kept["address"], coming):
        assert (await other.client.get(address)).status_code == 404
        assert (await other.client.head(address)).status_code == 404
        assert (await other.send(address, 0, b"x")).status_code == 404
        assert (await other.client.delete(address, headers=other.headers())).status_code == 404
        assert (await other.client.get(f"{address}/file")).status_code == 404
        assert (await other_browser.post(f"{address}/remove", other.guard(), hidden=False)).status_code == 404
    assert (await other.begin(100, draft)).status_code == 404
    assert (await other.client.get(f"/submit/uploads/new?draft={draft.id}&field=full_text")).status_code == 404
    assert len(world.uploads()) == 2


async def test_whoever_is_not_signed_in_sends_nothing(browser: Browser, world: Office) -> None:
    assert (await browser.client.post("/submit/uploads", headers=SAME_SITE | {"Tus-Resumable": "1.0.0"})).status_code == 403
    answer = await browser.client.post("/submit/uploads", files={"file": ("a", b"x")}, headers=SAME_SITE)
    assert answer.status_code == 403
    assert (await browser.client.patch("/submit/uploads/x", content=b"x", headers=SAME_SITE)).status_code == 403
    assert (await browser.client.delete("/submit/uploads/x", headers=SAME_SITE)).status_code == 403


async def test_a_kept_file_is_sent_as_a_download_that_no_browser_runs(clerk: Clerk, draft: FormDraft) -> None:
    name = '论文"; filename=evil.html\r\n.png'
    told = await clerk.bring(picture(), draft, name=name)
    answer = await clerk.client.get(f"{told['address']}/file")
    assert answer.status_code == 200
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename*=utf-8''%E8%AE%BA%E6%96%87%22%3B%20filename%3Devil.html")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Content-Type"] == "image/png"
    refused = await clerk.bring(b"<html>", draft)
    assert (await clerk.client.get(f"{refused['address']}/file")).status_code == 404


async def test_files_that_are_kept_elsewhere_are_sent_through_copies(
    clerk: Clerk, draft: FormDraft, world: Office, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = Installation(world.installed.settings.model_copy(update={"files_url": f"memory://{world.id}/files"}), world.database)
    monkeypatch.setattr("tasks.installation.installation", lambda: far)
    app.state.installation = far
    told = await clerk.bring(picture(), draft)
    shutil.rmtree(far.settings.data_dir / "copies")
    answer = await clerk.client.get(f"{told['address']}/file")
    assert (answer.status_code, answer.content[:4]) == (200, b"\x89PNG")
    assert not far.settings.files_dir.exists()


# -- without scripts -----------------------------------------------------------------------------------------------


async def test_a_plain_form_brings_a_file_and_its_page_tells_what_became_of_it(clerk: Clerk, draft: FormDraft, world: Office) -> None:
    page = await clerk.browser.get(f"/submit/uploads/new?draft={draft.id}&field=full_text")
    assert 'enctype="multipart/form-data"' in page.text
    content = picture(900, "JPEG") * 30
    answer = await clerk.plain({"draft": draft.id, "field": "full_text"}, ("我的 图.jpg", content))
    assert answer.status_code == 303
    examining.finish()
    told = (await clerk.browser.get(answer.headers["location"])).text
    assert "已收到" in told
    assert "我的 图.jpg" in told
    (upload,) = world.uploads()
    assert (upload.state, upload.name, upload.size) == ("kept", "我的 图.jpg", upload.received)
    removed = await clerk.browser.post(f"/submit/uploads/{upload.id}/remove", clerk.guard(), hidden=False)
    assert (removed.status_code, removed.headers["location"]) == (303, f"/submit/forms/{draft.id}#f-full_text")
    assert world.uploads() == ()


async def test_a_plain_form_says_what_is_wrong(clerk: Clerk, draft: FormDraft, world: Office) -> None:
    here = {"draft": draft.id, "field": "full_text"}
    for file in (None, ("a.png", b"")):
        answer = await clerk.plain(here, file)
        assert (answer.status_code, "请选择一个文件后再上传。" in answer.text) == (422, True)
    assert world.uploads() == ()
    answer = await clerk.plain(here, ("a.svg", b"<svg onload='x'/>"))
    examining.finish()
    assert "无法接收这种文件" in (await clerk.browser.get(answer.headers["location"])).text
    assert "无法接收这种文件" in (await clerk.browser.get(f"/submit/forms/{draft.id}")).text
    assert (await clerk.plain(here | {"csrf": "wrong"}, ("a.png", picture()))).status_code == 403
    assert (await clerk.plain({"draft": draft.id, "field": "nothing"}, ("a.png", picture()))).status_code == 404
    assert (await clerk.client.post("/submit/uploads", data=clerk.guard(), headers=SAME_SITE)).status_code == 415
    world.close()
    await clerk.browser.enter(world.world.link("nominator", "N01"))
    assert (await clerk.plain(here, ("a.png", picture()))).status_code == 409
    assert len(world.uploads()) == 1


async def test_bodies_that_are_no_form_are_refused_and_leave_nothing(clerk: Clerk, draft: FormDraft, world: Office) -> None:
    guard = "".join(f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in clerk.guard().items())
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nxx'
    place = {"draft": draft.id, "field": "full_text"}
    here = "".join(f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in place.items())
    bodies: dict[str, int] = {
        "": 403, "junk": 400, "--b": 403, guard: 400, "--b\r\n" + "x" * 100_000: 400, "--b\r\nX: " + "y" * 100_000: 400,
        '--b\r\nContent-Disposition: form-data; name="as"\r\n\r\n' + "y" * 100_000: 413,
        '--b\r\nContent-Disposition: form-data; name="as"\r\n\r\ny\r\n' * 100: 413,
        guard + file: 404,  # the draft is missing
        guard + here + file: 400,  # it ends in the middle of the file
    }  # fmt: skip
    for body, status in bodies.items():
        headers = SAME_SITE | {"Content-Type": "multipart/form-data; boundary=b"}
        answer = await clerk.client.post("/submit/uploads", content=body.encode(), headers=headers)
        assert (body[:60], answer.status_code in (status, 422)) == (body[:60], True), answer.status_code
    for kind in ("multipart/form-data", "multipart/form-data; boundary=", "text/plain"):
        assert (await clerk.client.post("/submit/uploads", content=b"x", headers=SAME_SITE | {"Content-Type": kind})).status_code == 415
    assert (world.uploads(), world.arriving()) == ((), [])


async def test_while_a_file_is_examined_its_page_looks_again_by_itself(
    clerk: Clerk, draft: FormDraft, world: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.examining.start", lambda _upload: None)
    content = picture()
    address = (await clerk.begin(len(content), draft)).headers["Location"]
    await clerk.send(address, 0, content)
    page = (await clerk.client.get(address)).text
    assert '<meta http-equiv="refresh" content="3">' in page
    assert "检查中" in page
    told = (await clerk.client.get(address, headers={"Accept": "application/json"})).json()
    assert told["state"] == "checking"
    assert "检查中" in (await clerk.client.get(f"/submit/forms/{draft.id}")).text


async def test_a_file_of_an_entry_that_was_sent_back_leads_back_to_its_correction(clerk: Clerk, world: Office) -> None:
    entry = world.entry("A01")
    draft = world.draft(entry=entry)
    due = world.clock.now + timedelta(days=60)
    with world.database.write() as store:
        store.set_outcome(entry, "correction", ())
        store.put_correction(Correction(world.id, entry, 1, ("full_text",), (), world.clock.now, due))
    world.close()
    await clerk.browser.enter(world.world.link("nominator", "N01"))
    answer = await clerk.plain({"draft": draft.id, "field": "full_text"}, ("a.png", picture()))
    examining.finish()
    page = (await clerk.browser.get(answer.headers["location"])).text
    assert 'href="/submit/corrections/A01#f-full_text"' in page
    assert world.files(entry) == {}  # until the correction is handed in
    assert (await clerk.plain({"draft": draft.id, "field": "blind_text"}, ("a.png", picture()))).status_code == 409


async def test_a_units_own_paper_needs_no_form(clerk: Clerk, world: Office) -> None:
    told = await clerk.bring(picture(), None, field="publicity")
    assert told["state"] == "kept"
    (upload,) = world.uploads()
    assert (upload.draft, upload.field) == (None, "publicity")
    again = await clerk.bring(picture(50), None, field="publicity")
    assert [one.id for one in world.uploads()] == [again["id"]]


# -- zips ----------------------------------------------------------------------------------------------------------


def packed(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


async def test_a_zip_is_dealt_out_and_its_page_says_what_fits_and_what_is_missing(clerk: Clerk, world: Office) -> None:
    world.draft(title="甲论文", full_text="甲.png", blind_text="甲-匿名.png")
    page = (await clerk.browser.get("/submit/zip")).text
    assert [name in page for name in ("甲.png", "甲-匿名.png", "甲论文", "upload.js")] == [True] * 4
    told = await clerk.bring(packed({"甲.png": picture(), "甲_匿名.png": picture(), "别的.txt": b"x"}), None, field="@zip", name="附件.zip")
    assert told["state"] == "kept"
    result = await clerk.client.get(told["address"])
    assert (result.status_code, result.headers["location"]) == (303, f"/submit/zip/{told['id']}")
    text = re.sub(r"<[^>]+>", " ", (await clerk.browser.get(result.headers["location"])).text)
    assert "是不是 甲-匿名.png？" in text
    assert "没有申报项提到这个文件名。" in text
    assert text.index("对应上的文件") < text.index("甲.png") < text.index("没有用上的文件") < text.index("还缺的文件")
    english = (await clerk.client.get(f"/submit/zip/{told['id']}?lang=en")).status_code
    assert english == 200


async def test_a_zip_without_scripts_and_a_broken_one(clerk: Clerk, draft: FormDraft) -> None:
    answer = await clerk.plain({"draft": "", "field": "@zip"}, ("附件.zip", packed({"../x": b"1"})))
    examining.finish()
    page = await clerk.browser.get((await clerk.client.get(answer.headers["location"])).headers["location"])
    assert "指向包外，请重新打包" in page.text
    kept = await clerk.bring(picture(), draft)
    assert (await clerk.client.get(f"/submit/zip/{kept['id']}")).status_code == 404


# -- the office ----------------------------------------------------------------------------------------------------


@pytest.fixture
def scanner(world: Office, tmp_path: Path, app: Starlette, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scanner]:
    made = Scanner(tmp_path / "clamd.ctl")
    installed = Installation(world.installed.settings.model_copy(update={"clamav": made.setting, "clamav_seconds": 0.3}), world.database)
    monkeypatch.setattr("tasks.installation.installation", lambda: installed)
    app.state.installation = installed
    yield made
    examining.finish()
    made.close()


async def test_the_office_sees_what_was_scanned_and_releases_what_is_clean(
    clerk: Clerk, other_browser: Browser, draft: FormDraft, world: Office, scanner: Scanner
) -> None:
    infected = await clerk.bring(picture() + EICAR, draft, name="坏.png")
    assert (infected["state"], infected["message"]) == ("quarantined", "病毒扫描发现问题，文件已隔离，请检查后重新上传")
    assert (await clerk.client.get(f"{infected['address']}/file")).status_code == 404
    scanner.mood = "hangs_up"
    waiting = await clerk.bring(picture(), draft, name="好.png", field="blind_text")
    assert waiting["state"] == "quarantined"
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    await other_browser.enter(link)
    path = f"/admin/editions/{world.id}/uploads"
    page = (await other_browser.get(path)).text
    assert [text in page for text in ("坏.png", "发现病毒", "Win.Test.EICAR_HDB-1", "好.png", "已隔离", "再次扫描")] == [True] * 6
    assert (await other_browser.client.get(f"/submit/uploads/{waiting['id']}/file")).status_code == 403
    scanner.mood = "works"
    for one in (infected, waiting):
        await other_browser.get(path)
        assert (await other_browser.post(f"{path}/{one['id']}/scan")).status_code == 303
    assert {one.name: (one.state, one.scan) for one in world.uploads()} == {
        "坏.png": ("quarantined", "infected"),
        "好.png": ("kept", "clean"),
    }


async def test_without_a_scanner_the_office_reads_not_scanned(
    clerk: Clerk, other_browser: Browser, draft: FormDraft, world: Office
) -> None:
    await clerk.bring(picture(), draft)
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    await other_browser.enter(link)
    page = (await other_browser.get(f"/admin/editions/{world.id}/uploads")).text
    assert "没有设置病毒扫描程序，文件未经扫描。" in page
    assert "未扫描病毒" in page


async def test_before_the_deadline_of_a_sealed_submission_the_office_sees_no_names(
    installed: Installation, clock: Clock, other_browser: Browser, draft: FormDraft, clerk: Clerk, world: Office
) -> None:
    sealed = builders.a_process(name="sealed", **builders.a_stage_change("submission", sealed=True))
    edition = builders.keep(installed.database, builders.an_edition(sealed), at="submission")
    builders.put(installed.database, edition.id, nominators=[builders.a_nominator("N01")])
    now = datetime.fromisoformat("2026-05-10 10:00+08:00")
    shared = {
        "sha256": "",
        "media_type": "",
        "scan": "infected",
        "said": "",
        "at": now,
        "draft": None,
        "field": "publicity",
        "size": 1,
        "received": 1,
    }
    with installed.database.write() as store:
        for number, state in enumerate(("kept", "quarantined")):
            store.put_upload(
                Upload(id=str(number), edition=edition.id, nominator=f"{edition.id}/n/N01", name=f"秘密{number}.pdf", state=state, **shared)
            )  # type: ignore[arg-type]
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    await other_browser.enter(link)
    path = f"/admin/editions/{edition.id}/uploads"
    page = (await other_browser.get(path)).text
    assert ("秘密" in page, page.count("已隔离")) == (False, 1)
    clock.now = datetime.fromisoformat("2026-06-01 00:00+08:00") + timedelta(minutes=1)
    await other_browser.enter(visiting.make_sign_in("admin@example.org") or "")
    assert "秘密0.pdf" in (await other_browser.get(path)).text
