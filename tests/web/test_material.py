"""Material of an entry on the reviewer's pages: pages with a watermark, text, films in parts, and nobody's name (rule R6)."""

from __future__ import annotations

import io
import os
import re
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageChops
from starlette.applications import Starlette

from models.edition import File
from rules import blindness
from tasks import material
from tests import builders
from tests.tasks import documents
from tests.web.conftest import Browser, World

LINES = "摘要：微震信号的自适应识别。" * 3
SECRETS = (
    "甲一",
    "乙二",
    "甲大学",
    "乙大学",
    "A01大学",
    "a01@example.org",
    "丙三",
    "丙小学",
    "W01大学",
    "丁老师",
    "示例省N01学会",
    "N02学会",
    "SECRET",
)


def attach(world: World, folder: Path, code: str, contents: dict[int, bytes | tuple[bytes, ...]]) -> list[str]:
    """Keep files under an entry as an import would, by the place of the question. Yields their names."""
    arrived, places = [], []
    for place, some in contents.items():
        for number, content in enumerate(some if isinstance(some, tuple) else (some,)):
            path = folder / f"{code}-{place}-{number}"
            path.write_bytes(content)
            kind = material.kind_of(content[: material.HEAD_BYTES])
            assert kind is not None
            arrived.append(material.Arrived(path.name, path, kind))
            places.append(place)
    names = []
    for place, opened in zip(places, material.open_all(arrived), strict=True):
        assert isinstance(opened, material.Opened), opened
        material.keep(opened)
        names.append(blindness.kept_name(code, place, opened.kind.suffix))
        with world.installation.database.write() as store:
            store.put_files([File(f"{world.edition.id}/e/{code}", names[-1], opened.sha256, opened.kind.media_type, opened.size)])
            store.put_file_pages(opened.pages)
    return names


@pytest.fixture
def paper(world: World, tmp_path: Path) -> World:
    """A01 with its full text and an anonymous one of two pages."""
    full = documents.pdf(tmp_path, "甲一，甲大学", author="甲一 SECRET")
    attach(world, tmp_path, "A01", {1: full, 2: documents.pdf(tmp_path, LINES, "第二页：微震 \\<b\\> &", author="乙二 SECRET")})
    return world


def picture_of(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200
    with Image.open(io.BytesIO(answer.content)) as opened:
        return opened.convert("L")


def declare(world: World, **changes: Any) -> None:
    """Let the edition run under another declaration of its scoring stage."""
    import sqlalchemy as sa

    from models import tables

    process = builders.a_process(**builders.a_stage_change("scoring", **changes))
    with world.installation.database.write() as store:
        chosen = tables.EDITIONS.update().where(tables.EDITIONS.c.id == world.edition.id)
        declared = process.model_dump(mode="json", exclude_unset=True)
        store.connection.execute(chosen.values(declaration=declared, declaration_hash=sa.literal(str(changes).ljust(64)[:64])))


async def test_a_document_is_shown_page_by_page_with_its_size_and_a_text_version(paper: World, browser: Browser) -> None:
    await browser.enter(paper.link("reviewer", "R01"))
    page = (await browser.get("/review/A01")).text
    pictures = re.findall(r'<a href="([^"]+)"><img src="([^"]+)" width="(\d+)" height="(\d+)" alt="([^"]+)" loading="lazy"></a>', page)
    assert pictures == [
        (f"/review/A01/files/A01-2.pdf/{n}", f"/review/A01/files/A01-2.pdf/{n}", "1200", "1698", f"第 {n} 页，共 2 页") for n in (1, 2)
    ]
    first = await browser.get(pictures[0][0])
    assert (first.headers["content-type"], first.headers["x-content-type-options"]) == ("image/png", "nosniff")
    assert first.headers["cache-control"].startswith("private")
    assert (first.headers["vary"], first.headers["content-security-policy"]) == ("Cookie", "sandbox; default-src 'none'")
    assert picture_of(first).size == (1200, 1698)
    text = (await browser.get("/review/A01/files/A01-2.pdf/text")).text
    assert '<p class="page-text">第二页：微震 &lt;b&gt; &amp;</p>' in text
    assert "/review/A01/files/A01-2.pdf/text" in page


async def test_the_watermark_differs_by_reviewer_and_can_be_switched_off(
    world: World, tmp_path: Path, browser: Browser, other_browser: Browser, app: Starlette
) -> None:
    attach(world, tmp_path, "A02", {2: documents.pdf(tmp_path, LINES)})
    await browser.enter(world.link("reviewer", "R01"))
    await other_browser.enter(world.link("reviewer", "R02"))
    address = "/review/A02/files/A02-2.pdf/1"
    one, other = picture_of(await browser.get(address)), picture_of(await other_browser.get(address))
    assert ImageChops.difference(one, other).getbbox() is not None
    plain = world.installation.settings.model_copy(update={"watermark": False})
    app.state.installation = type(world.installation)(plain, world.installation.database)
    unmarked = picture_of(await browser.get(address))
    assert ImageChops.difference(unmarked, picture_of(await other_browser.get(address))).getbbox() is None
    drawn = ImageChops.difference(one, unmarked)
    left, top, right, bottom = drawn.getbbox() or (0, 0, 0, 0)
    assert (right - left, bottom - top) > (1000, 1400)  # all over the page
    extremes = drawn.getextrema()
    assert 10 < extremes[1] < 60, extremes  # and light: what is printed below stays legible


async def test_a_document_itself_is_sent_only_where_the_process_says_so(paper: World, browser: Browser) -> None:
    await browser.enter(paper.link("reviewer", "R01"))
    assert (await browser.get("/review/A01/files/A01-2.pdf")).status_code == 404
    declare(paper, downloads=True)
    page = (await browser.get("/review/A01")).text
    assert '<a href="/review/A01/files/A01-2.pdf" download>' in page
    sent = await browser.get("/review/A01/files/A01-2.pdf")
    assert sent.headers["content-disposition"] == 'attachment; filename="A01-1.pdf"'
    assert (sent.headers["content-type"], sent.content[:5]) == ("application/pdf", b"%PDF-")
    assert (await browser.get("/review/A01/files/A01-1.pdf")).status_code == 404  # the full text with its authors


async def test_films_are_sent_in_parts_and_play_with_captions(world: World, tmp_path: Path, browser: Browser) -> None:
    moving = bytes(range(256)) * 40
    attach(world, tmp_path, "W01", {1: (documents.film(b"SECRET", picture=moving), b"WEBVTT\n\n00:00.000 --> 00:01.000\n\xe6\xb5\xb7\n")})
    await browser.enter(world.link("reviewer", "R01"))
    page = (await browser.get("/review/W01")).text
    assert '<video controls preload="none" playsinline src="/review/W01/files/W01-1.mp4"' in page
    assert '<track kind="captions" src="/review/W01/files/W01-1.vtt" srclang="zh"' in page
    whole = await browser.get("/review/W01/files/W01-1.mp4")
    assert (whole.status_code, whole.headers["content-type"], whole.headers["accept-ranges"]) == (200, "video/mp4", "bytes")
    part = await browser.get("/review/W01/files/W01-1.mp4", headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.headers["content-range"], part.content) == (206, f"bytes 0-1/{len(whole.content)}", whole.content[:2])
    end = await browser.get("/review/W01/files/W01-1.mp4", headers={"Range": "bytes=-10"})
    assert (end.status_code, end.content) == (206, moving[-10:])
    beyond = await browser.get("/review/W01/files/W01-1.mp4", headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416
    captions = await browser.get("/review/W01/files/W01-1.vtt")
    assert (captions.status_code, captions.headers["content-type"]) == (200, "text/vtt; charset=utf-8")


async def test_sound_has_a_player_too(world: World, tmp_path: Path, browser: Browser) -> None:
    attach(world, tmp_path, "W01", {1: b"ID3\x04\x00\x00\x00\x00\x00\x02ab" + b"\xff\xfb\x90\x00" * 50})
    await browser.enter(world.link("reviewer", "R01"))
    assert '<audio controls preload="none" src="/review/W01/files/W01-1.mp3"' in (await browser.get("/review/W01")).text
    assert (await browser.get("/review/W01/files/W01-1.mp3")).content == b"\xff\xfb\x90\x00" * 50


async def test_no_answer_to_a_reviewer_of_a_double_blind_round_names_an_author(paper: World, tmp_path: Path, browser: Browser) -> None:
    attach(paper, tmp_path, "W01", {1: documents.film("丙三 SECRET".encode())})
    attach(paper, tmp_path, "A02", {2: documents.photograph("SECRET 甲一".encode("ascii", "replace").decode())})
    declare(paper, downloads=True)
    await browser.enter(paper.link("reviewer", "R01"))
    seen, waiting = {}, {"/review"}
    while waiting:
        address = waiting.pop()
        seen[address] = answer = await browser.get(address)
        if answer.headers["content-type"].startswith("text/html"):
            linked = {unescape(one).partition("#")[0] for one in re.findall(r'(?:href|src)="(/review[^"]*)"', answer.text)}
            waiting |= {one for one in linked if one not in seen}
    assert {f"/review/A01/files/A01-2.pdf{end}" for end in ("", "/1", "/2", "/text")} <= set(seen)
    assert {"/review/W01/files/W01-1.mp4", "/review/A02/files/A02-2.jpg", "/review/W01"} <= set(seen)
    for address, answer in seen.items():
        assert answer.status_code == 200, address
        told = [address, *map(str, answer.headers.items()), *_texts(answer)]
        for secret in SECRETS:
            assert not any(secret in text for text in told), (address, secret)


def _texts(answer: httpx.Response) -> list[str]:
    """Everything in an answer that could be read: as text, in either encoding of a PDF, and between the parts of a picture."""
    found = [answer.content.decode("utf-8", "replace"), answer.content.decode("utf-16-be", "replace"), answer.content.decode("latin-1")]
    if answer.headers["content-type"].startswith("image/"):
        with Image.open(io.BytesIO(answer.content)) as opened:
            found += [str(opened.info), str(dict(opened.getexif()))]
    if answer.headers["content-type"] == "application/pdf":
        import pikepdf

        plain = io.BytesIO()
        with pikepdf.open(io.BytesIO(answer.content)) as document:
            found.append(str(dict(document.docinfo)))
            document.save(plain, stream_decode_level=pikepdf.StreamDecodeLevel.generalized)
        found += [plain.getvalue().decode("utf-8", "replace"), plain.getvalue().decode("utf-16-be", "replace")]
    return found


async def test_what_is_not_there_is_not_found(paper: World, browser: Browser) -> None:
    await browser.enter(paper.link("reviewer", "R01"))
    nowhere = (
        "A01-2.pdf/0", "A01-2.pdf/3", "A01-2.pdf/x", "A01-2.pdf/99999", "A01-2.pdf/²", "A01-1.pdf/1", "A01-1.pdf/text", "none.pdf/1",
        "%00/1", "..%2f..%2fx/1",
    )  # fmt: skip
    answers = {path: (await browser.get(f"/review/A01/files/{path}")).status_code for path in nowhere}
    assert {path: status for path, status in answers.items() if status not in (400, 404)} == {}


async def test_pages_belong_to_those_who_have_the_entry_in_hand(paper: World, browser: Browser) -> None:
    assert (await browser.get("/review/A01/files/A01-2.pdf/1")).status_code == 403
    await browser.enter(paper.link("reviewer", "R02"))
    assert (await browser.get("/review/A01/files/A01-2.pdf/1")).status_code == 404
    assert (await browser.get(f"/admin/editions/{paper.edition.id}/material")).status_code == 403
    assert (await browser.get(f"/admin/editions/{paper.edition.id}/material/A01/A01-2.pdf/1")).status_code == 403


async def test_an_admin_sees_what_was_found_and_opens_the_page(paper: World, browser: Browser) -> None:
    from tasks import visiting

    finding = blindness.Finding("A01-2.pdf", 1, "name", "作者：甲*")
    with paper.installation.database.write() as store:
        entry = next(one for one in store.entries(paper.edition.id) if one.code == "A01")
        material.note(store, paper.edition, entry, (finding,), actor="cli")
    link = visiting.make_sign_in("admin@example.org")
    assert link is not None
    await browser.enter(link)
    front = (await browser.get(f"/admin/editions/{paper.edition.id}")).text
    assert "1 份申报材料的匿名文件中疑似出现作者信息" in front
    page = (await browser.get(f"/admin/editions/{paper.edition.id}/material")).text
    assert "作者：甲*" in page
    (address,) = re.findall(r'href="(/admin/editions/[^"]+/material/A01/[^"]+)"', page)
    assert picture_of(await browser.get(address)).size == (1200, 1698)
    assert (await browser.get(f"/admin/editions/{paper.edition.id}/material/A09/A01-2.pdf/1")).status_code == 404


async def test_the_date_of_a_picture_does_not_tell_that_somebody_has_looked_at_it(world: World, browser: Browser) -> None:
    """R-18: a picture is made for its first viewer, and that may be another reviewer of the same entry."""
    kept = world.installation.settings.files_dir / ("ab" * 32)
    os.utime(kept, (1_700_000_000, 1_700_000_000))
    await browser.enter(world.link("reviewer", "R01"))
    answer = await browser.get("/review/W01/files/%E4%BD%9C%E5%93%81.png")
    assert (answer.status_code, answer.headers["last-modified"]) == (200, "Tue, 14 Nov 2023 22:13:20 GMT")
