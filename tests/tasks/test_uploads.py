"""Files on their way in: parts, cuts and limits; what is kept, refused or quarantined, and what becomes of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from models.edition import File
from models.errors import InputError, NotFound, StageNotReady, TooLate
from models.submitting import Correction, Upload
from tasks import arriving, attachments, examining, file_store, material, material_facts, uploads
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.tasks import documents, sending
from tests.tasks.driving import ON_SQLITE
from tests.tasks.scanning import EICAR, Scanner
from tests.tasks.sending import FILES, Desk


@pytest.fixture
def desk(installed: Installation, clock: Clock) -> Desk:
    return Desk(installed, clock)


def set_up(desk: Desk, monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    """Change settings for the time of a test."""
    made = Installation(desk.installed.settings.model_copy(update=values), desk.database)
    monkeypatch.setattr("tasks.installation.installation", lambda: made)


def picture(width: int = 40, height: int = 30, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(target, kind)
    return target.getvalue()


# -- parts ---------------------------------------------------------------------------------------------------------


def test_a_file_comes_in_parts_and_is_kept_by_its_hash(desk: Desk) -> None:
    draft = desk.draft()
    content = (FILES / "libreoffice.pdf").read_bytes()
    upload = desk.begin("full_text", len(content), draft=draft, name="C:\\我的文档\\论文 终稿.pdf")
    assert (upload.name, upload.state, upload.received) == ("论文 终稿.pdf", "arriving", 0)
    assert desk.send(upload, 0, content[:4000]).received == 4000
    assert not arriving.is_whole(desk.upload(upload.id))
    assert arriving.is_whole(desk.send(upload, 4000, content[4000:]))
    kept = uploads.examine(upload.id)
    assert (kept.state, kept.media_type, kept.said, kept.scan) == ("kept", "application/pdf", "", "not_scanned")
    assert file_store.path_of(kept.sha256).stat().st_size == kept.size
    with desk.database.read() as store:
        assert uploads.kept_for(store, draft.id) == {"full_text": desk.upload(upload.id)}
        (page,) = store.file_pages([kept.sha256])[kept.sha256]
    assert "microseismic" in page.text
    assert file_store.path_of(page.image).stat().st_size > 0
    (event,) = desk.events("FileKept")
    assert event == {
        "upload": kept.id, "draft": draft.id, "field": "full_text", "sha256": kept.sha256, "size": kept.size, "scan": "not_scanned",
    }  # fmt: skip
    assert desk.arriving() == []
    assert uploads.examine(upload.id) == desk.upload(upload.id)
    assert len(desk.events("FileKept")) == 1


@ON_SQLITE
def test_a_wrong_offset_is_refused_with_the_right_one(desk: Desk) -> None:
    upload = desk.begin("full_text", 100, draft=desk.draft())
    desk.send(upload, 0, b"x" * 40)
    for offset in (0, 39, 41, 100):
        with pytest.raises(arriving.WrongOffset) as refused:
            desk.send(upload, offset, b"y")
        assert refused.value.offset == 40
    assert arriving.part_of(upload.id).read_bytes() == b"x" * 40


@ON_SQLITE
def test_bytes_that_were_never_acknowledged_are_written_anew_after_a_crash(desk: Desk) -> None:
    upload = desk.begin("full_text", 100, draft=desk.draft())
    desk.send(upload, 0, b"x" * 40)
    with arriving.part_of(upload.id).open("ab") as part:
        part.write(b"torn")  # written, but the process died before it was noted
    assert desk.send(upload, 40, b"y" * 20).received == 60
    assert arriving.part_of(upload.id).read_bytes() == b"x" * 40 + b"y" * 20


@ON_SQLITE
def test_a_file_goes_on_from_what_the_disk_has_left_of_it(desk: Desk) -> None:
    upload = desk.begin("full_text", 100, draft=desk.draft())
    desk.send(upload, 0, b"x" * 40)
    arriving.part_of(upload.id).write_bytes(b"x" * 10)
    with desk.database.read() as store:
        assert arriving.own(store, upload.id, upload.nominator).received == 10
    assert desk.send(upload, 10, b"y" * 5).received == 15
    arriving.clear(upload.id)
    assert desk.send(upload, 0, b"z").received == 1


@ON_SQLITE
def test_another_process_that_has_the_file_open_keeps_it(desk: Desk) -> None:
    upload = desk.begin("full_text", 100, draft=desk.draft())
    _upload, file = arriving.open_at(upload.id, upload.nominator, 0)
    with file, pytest.raises(arriving.Busy):
        arriving.open_at(upload.id, upload.nominator, 0)
    desk.send(upload, 0, b"x")


def test_a_file_is_its_units_own(desk: Desk) -> None:
    upload = desk.begin("full_text", 100, draft=desk.draft())
    with desk.database.read() as store, pytest.raises(NotFound):
        arriving.own(store, upload.id, f"{desk.id}/n/N02")
    with pytest.raises(NotFound):
        arriving.open_at(upload.id, f"{desk.id}/n/N02", 0)
    with pytest.raises(NotFound):
        arriving.remove(upload.id, f"{desk.id}/n/N02")
    foreign = desk.draft(unit="N02")
    for draft, field in ((foreign, "full_text"), (desk.draft(), "title"), (desk.draft(), "nothing"), (None, "../etc"), (None, "")):
        with pytest.raises(NotFound):
            desk.begin(field, 10, draft=draft)


def test_after_the_deadline_nothing_begins_or_goes_on(desk: Desk) -> None:
    draft = desk.draft()
    upload = desk.begin("full_text", 100, draft=draft)
    desk.close()
    with pytest.raises(TooLate):
        desk.send(upload, 0, b"x")
    with pytest.raises(TooLate):
        desk.begin("full_text", 100, draft=draft)
    with pytest.raises(TooLate):
        arriving.remove(upload.id, upload.nominator)


def test_a_field_that_was_sent_back_takes_a_file_until_its_own_deadline(desk: Desk) -> None:
    entry = desk.entry("A01")
    draft = desk.draft(entry=entry)
    desk.close()
    due = desk.clock.now.replace(day=4)
    with desk.database.write() as store:
        store.put_correction(Correction(desk.id, entry, 1, ("full_text",), (), desk.clock.now, due))
    desk.begin("full_text", 100, draft=draft)
    with pytest.raises(TooLate):
        desk.begin("blind_text", 100, draft=draft)
    desk.clock.now = due
    with pytest.raises(TooLate):
        desk.begin("full_text", 100, draft=draft)


# -- limits --------------------------------------------------------------------------------------------------------


def faults_of(desk: Desk, *values: Any, **more: Any) -> list[str]:
    with pytest.raises(InputError) as refused:
        desk.begin(*values, **more)
    return [one.zh for one in refused.value.faults]


def test_what_is_empty_or_larger_than_its_field_takes_is_not_begun(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = desk.draft()
    set_up(desk, monkeypatch, media_megabytes=2, pdf_megabytes=1, picture_megabytes=1)
    assert faults_of(desk, "full_text", 0, draft=draft) == ["文件是空的，请重新选择"]
    assert faults_of(desk, "full_text", 2 * 1024 * 1024 + 1, draft=draft) == ["文件有 2 MB，最多 2 MB，请压缩后重新上传"]
    with pytest.raises(arriving.TooLarge):
        desk.begin("publicity", 1024 * 1024 + 1)  # a unit's own papers are documents and pictures
    desk.begin("publicity", 1024 * 1024)


def test_a_unit_has_so_many_files_on_their_way_and_so_many_bytes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = desk.draft()
    set_up(desk, monkeypatch, uploads_open=2, uploads_megabytes=1)
    first = desk.begin("full_text", 400_000, draft=draft)
    desk.begin("blind_text", 400_000, draft=draft)
    assert faults_of(desk, "full_text", 1, draft=draft) == ["同时上传的文件已有 2 个，请等待上传完成，或取消其中一些"]
    desk.begin("full_text", 400_000, draft=desk.draft(unit="N02"), unit="N02")
    arriving.remove(first.id, first.nominator)
    assert faults_of(desk, "full_text", 700_000, draft=draft) == ["贵单位上传的文件总量已达上限，请删除不需要的文件，或联系评审办公室"]
    desk.begin("full_text", 600_000, draft=draft)


def test_a_file_that_stopped_long_ago_is_forgotten_when_the_next_begins(desk: Desk) -> None:
    draft = desk.draft()
    old = desk.begin("full_text", 100, draft=draft)
    desk.send(old, 0, b"x")
    desk.clock.advance(days=2, minutes=1)
    new = desk.begin("full_text", 100, draft=draft)
    assert desk.arriving() == [new.id]
    with pytest.raises(NotFound):
        desk.upload(old.id)


@pytest.fixture
def gallery(installed: Installation, clock: Clock) -> Desk:
    """Works of art as DOMAIN's P4 takes them, at a thousandth of the size."""
    limits = {"min_mb": "0.001", "max_mb": "0.03", "min_width": 640, "min_height": 360, "max_minutes": "0.05", "captions": True}
    return Desk(installed, clock, sending.with_media(**limits, max_pages=2))


@ON_SQLITE
def test_each_limit_of_a_field_has_its_sentence(gallery: Desk, tmp_path: Path) -> None:
    draft = gallery.draft("artwork")
    pages = documents.pdf(tmp_path, "one", "two", "three")
    film = (FILES / "film.mp4").read_bytes()
    assert [(one.state, one.said) for one in (
        gallery.bring("media", b"%PDF-1.4 " + b"x" * 100, draft=draft),
        gallery.bring("media", pages, draft=draft),
        gallery.bring("media", picture(600, 500), draft=draft),
        gallery.bring("media", film, draft=draft),  # three seconds and a little
        gallery.bring("media", (FILES / "fragments.mp4").read_bytes(), draft=draft),
    )] == [
        ("refused", "文件只有 0 MB，不足 0.001 MB，请上传原始文件，不要压缩"),
        ("refused", "共 3 页，最多 2 页，请删减"),
        ("refused", "画面为 600×500 像素，要求长边至少 640 像素，短边至少 360 像素，请上传更清晰的文件"),
        ("refused", "时长 0:03，最长 0.05 分钟，请剪辑后重新上传"),
        ("refused", "画面为 320×240 像素，要求长边至少 640 像素，短边至少 360 像素，请上传更清晰的文件；无法读出时长，请重新导出"),
    ]  # fmt: skip
    with pytest.raises(arriving.TooLarge):
        gallery.begin("media", 30_001, draft=draft)
    assert gallery.bring("media", picture(640, 360), draft=draft).state == "kept"
    assert [one["state"] for one in gallery.events("FileRefused")] == ["refused"] * 5


@ON_SQLITE
def test_a_film_waits_for_its_captions(installed: Installation, clock: Clock) -> None:
    desk = Desk(installed, clock, sending.with_media(captions=True, max_minutes="1"))
    draft = desk.draft("artwork")
    film = desk.bring("media", (FILES / "film.mp4").read_bytes(), draft=draft, name="影片.mp4")
    assert film.state == "kept"
    with desk.database.read() as store:
        assert [one.zh for one in uploads.unready(store, draft)] == ["影片须附字幕，请再上传 WebVTT 字幕文件（.vtt）"]
    captions = desk.bring("media", "WEBVTT\n\n00:00.000 --> 00:02.000\n你好\n".encode(), draft=draft, name="影片.vtt")
    with desk.database.read() as store:
        assert uploads.unready(store, draft) == []
        assert {name: one.id for name, one in uploads.kept_for(store, draft.id).items()} == {"media": film.id}
        assert {name: one.id for name, one in uploads.captions_for(store, draft.id).items()} == {"media": captions.id}
        assert uploads.shown_for(store, draft.id)["media"].notes["captions"] == "影片.vtt"


def test_real_films_and_sound_tell_how_long_and_how_large_they_are(tmp_path: Path) -> None:
    film = material_facts.of_film(FILES / "film.mp4")
    assert (film["width"], film["height"], round(film["seconds"], 1)) == (640, 360, 3.0)
    assert material_facts.of_film(FILES / "fragments.mp4") == {"width": 320, "height": 240}
    plain = tmp_path / "plain.mp3"
    material.material_worker.material_tags.strip_mp3(FILES / "sound.mp3", plain)
    assert round(material_facts.of_mp3(plain)["seconds"], 1) == 4.1  # encoders add a little silence
    for junk in (b"", b"\x00" * 100, b"<html>", b"\xff\xfb\x00\x00" * 10):
        plain.write_bytes(junk)
        with pytest.raises(material.material_worker.Refused):
            material_facts.of_mp3(plain)


# -- content -------------------------------------------------------------------------------------------------------

_SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@ON_SQLITE
@pytest.mark.parametrize(
    "content",
    [_SVG, b"<svg onload='x'/>", b"<!doctype html><script>1</script>", b"<?xml version='1.0'?><a/>", b"PK\x03\x04" + b"x" * 90, b"MZ" * 50,
     b"\xff\xfe<\x00h\x00t\x00m\x00l\x00", b"GIF89a" + b"x" * 50, b"\n%PDF-1.7", b"\xef\xbb\xbf<html>"],
)  # fmt: skip
def test_what_is_not_taken_is_refused_by_its_content_whatever_its_name(desk: Desk, content: bytes) -> None:
    found = desk.bring("full_text", content, draft=desk.draft(), name="paper.pdf")
    assert (found.state, found.sha256) == ("refused", "")
    assert found.said == "无法接收这种文件：此处只收 PDF、JPG、PNG、MP4、MP3，请转换后重新上传"
    assert not desk.installed.settings.files_dir.exists()
    assert desk.arriving() == []


def _action(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def _attachment(document: pikepdf.Pdf) -> None:
    document.attachments["evil.exe"] = b"MZ"


@ON_SQLITE
def test_pdfs_that_are_encrypted_active_or_carry_files_are_refused(desk: Desk, tmp_path: Path) -> None:
    content, draft = documents.pdf(tmp_path, "text"), desk.draft()
    bad = {
        "文件已加密，请取消密码和权限限制后重新保存": documents.encrypted(content, user="secret"),
        "PDF 中含有脚本或活动内容，请重新打印为 PDF": documents.changed(content, _action),
        "PDF 中嵌入了其他文件，请删除附件，或重新打印为 PDF": documents.changed(content, _attachment),
        "文件已损坏或不是 PDF，请重新打印为 PDF": b"%PDF-1.7\n<html><script>alert(1)</script></html>",
    }
    for said, one in bad.items():
        found = desk.bring("full_text", one, draft=draft)
        assert (found.state, found.said) == ("refused", said)
        assert not any("\u4e00" <= char <= "\u9fff" for char in found.notes["en"])


@ON_SQLITE
def test_what_follows_a_document_or_a_picture_does_not_come_along(desk: Desk, tmp_path: Path) -> None:
    tail = b"\nPK\x03\x04 zip and <script>alert('here')</script>"
    for content in (documents.pdf(tmp_path, "text"), picture(), picture(kind="JPEG")):
        kept = desk.bring("full_text", content + tail, draft=desk.draft())
        assert kept.state == "kept"
        assert b"alert" not in file_store.path_of(kept.sha256).read_bytes()
    sound = b"ID3\x04\x00\x00\x00\x00\x00\x00<html><script>alert(1)</script></html>"
    assert desk.bring("full_text", sound, draft=desk.draft()).state == "refused"


@ON_SQLITE
def test_a_photograph_loses_where_and_by_whom_it_was_taken_and_stands_upright(desk: Desk) -> None:
    kept = desk.bring("full_text", (FILES / "photograph.jpg").read_bytes(), draft=desk.draft())
    content = file_store.path_of(kept.sha256).read_bytes()
    assert b"Exif" not in content
    assert b"Shili" not in content
    with Image.open(io.BytesIO(content)) as found:
        assert (found.size, dict(found.getexif())) == ((500, 800), {})
    assert kept.notes["properties"] == ["Jia Shili"]


# -- the last file counts ------------------------------------------------------------------------------------------


def test_the_last_file_of_a_field_counts_and_a_refused_one_leaves_it(desk: Desk) -> None:
    draft = desk.draft()
    first = desk.bring("full_text", picture(10), draft=draft, name="first.png")
    second = desk.bring("full_text", picture(20), draft=draft, name="second.png")
    refused = desk.bring("full_text", b"junk", draft=draft, name="third.png")
    with desk.database.read() as store:
        assert {one.id for one in store.uploads(draft=draft.id)} == {second.id, refused.id}
        assert uploads.kept_for(store, draft.id)["full_text"].id == second.id
        shown = uploads.shown_for(store, draft.id)["full_text"]
    assert (shown.id, shown.notes["before"]) == (refused.id, "second.png")
    assert file_store.find(first.sha256) is not None  # another entry may have the same


def test_files_of_a_form_become_those_of_its_entry(desk: Desk, tmp_path: Path) -> None:
    draft = desk.draft()
    full = desk.bring("full_text", documents.pdf(tmp_path, "Deep mining"), draft=draft)
    desk.bring("blind_text", documents.pdf(tmp_path, "作者：甲一，甲大学"), draft=draft, name="乙二.pdf")
    entry = desk.entry("A01")
    with desk.database.write() as store:
        store.move_draft(draft.id, "submitted", at=desk.clock.now, entry=entry)
        uploads.attach(store, store.draft(draft.id), store.entry(entry))
    files = desk.files(entry)
    assert sorted(files) == ["A01-1.pdf", "A01-2.pdf"]
    assert (files["A01-1.pdf"].sha256, files["A01-1.pdf"].size, files["A01-1.pdf"].scan) == (full.sha256, full.size, "not_scanned")
    (flagged,) = desk.events("MaterialFlagged")
    assert {(one["file"], one["page"], one["kind"]) for one in flagged["findings"]} >= {("A01-2.pdf", 0, "name"), ("A01-2.pdf", 1, "name")}
    assert {one["file"] for one in flagged["findings"]} == {"A01-2.pdf"}  # the full text is not shown to reviewers

    clean = desk.bring("blind_text", documents.pdf(tmp_path, "Nobody"), draft=draft)  # handed in already: it counts at once
    assert desk.files(entry)["A01-2.pdf"].sha256 == clean.sha256
    assert desk.events("MaterialFlagged")[-1]["findings"] == []


def test_while_a_form_is_being_changed_its_files_wait_and_a_removed_one_goes_with_the_next_handing_in(desk: Desk) -> None:
    entry = desk.entry("A01")
    draft = desk.draft(entry=entry)
    first = desk.bring("full_text", picture(10), draft=draft)
    assert desk.files(entry)["A01-1.png"].sha256 == first.sha256
    with desk.database.write() as store:
        store.move_draft(draft.id, "draft", at=desk.clock.now)
    second = desk.bring("blind_text", picture(20), draft=draft)
    arriving.remove(first.id, first.nominator)
    assert sorted(desk.files(entry)) == ["A01-1.png"]
    with desk.database.write() as store:
        assert sorted(uploads.kept_for(store, draft.id)) == ["blind_text"]
        uploads.attach(store, store.draft(draft.id), store.entry(entry))
    assert {name: one.sha256 for name, one in desk.files(entry).items()} == {"A01-2.png": second.sha256}


@ON_SQLITE
def test_handing_in_again_leaves_the_offices_files_alone(desk: Desk) -> None:
    entry = desk.entry("A01")
    draft = desk.draft(entry=entry)
    with desk.database.write() as store:
        store.put_files([a_file(entry, "A01-1.pdf")])
    desk.bring("blind_text", picture(20), draft=draft)
    assert sorted(desk.files(entry)) == ["A01-1.pdf", "A01-2.png"]


def a_file(entry: str, name: str) -> File:
    return File(entry, name, "ab" * 32, "application/pdf", 1)


# -- the scanner ---------------------------------------------------------------------------------------------------


@pytest.fixture
def scanner(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scanner]:
    made = Scanner(tmp_path / "clamd.ctl")
    set_up(desk, monkeypatch, clamav=made.setting, clamav_seconds=0.3)
    yield made
    made.close()


def infected() -> bytes:
    return picture() + EICAR


def test_a_file_that_the_scanner_passed_is_clean_also_as_a_file_of_an_entry(desk: Desk, scanner: Scanner) -> None:
    entry = desk.entry("A01")
    kept = desk.bring("full_text", picture(), draft=desk.draft(entry=entry))
    assert kept.scan == "clean"
    assert desk.files(entry)["A01-1.png"].scan == "clean"


def test_an_infected_file_lies_in_quarantine_and_the_office_is_told(desk: Desk, scanner: Scanner) -> None:
    draft = desk.draft()
    found = desk.bring("full_text", infected(), draft=draft)
    assert (found.state, found.scan, found.sha256) == ("quarantined", "infected", "")
    assert found.said == "病毒扫描发现问题，文件已隔离，请检查后重新上传"
    assert not desk.installed.settings.files_dir.exists()
    with desk.database.read() as store:
        assert uploads.kept_for(store, draft.id) == {}
        assert [one.id for one in uploads.quarantined(store, desk.id)] == [found.id]
        (mail,) = [one for one in store.mails(desk.id) if one.template == "file_quarantined"]
    assert (mail.to_address, mail.params["said"]) == ("admin@example.org", "Win.Test.EICAR_HDB-1")
    assert [one["state"] for one in desk.events("FileRefused")] == ["quarantined"]


def test_what_came_while_the_scanner_was_down_is_released_when_it_is_back(desk: Desk, scanner: Scanner) -> None:
    scanner.mood = "hangs_up"
    draft = desk.draft()
    found = desk.bring("full_text", picture(), draft=draft)
    assert (found.state, found.scan) == ("quarantined", "not_scanned")
    assert found.said == "病毒扫描暂时不可用，文件已隔离，等待评审办公室处理"
    assert uploads.scan_again(desk.id, found.id).state == "quarantined"
    scanner.mood = "works"
    desk.close()  # it had come in time
    released = uploads.scan_again(desk.id, found.id)
    assert (released.state, released.scan) == ("kept", "clean")
    with desk.database.read() as store:
        assert sorted(uploads.kept_for(store, draft.id)) == ["full_text"]
        assert len([one for one in store.mails(desk.id) if one.template == "file_quarantined"]) == 1
    with pytest.raises(NotFound):
        uploads.scan_again(desk.id, found.id)


@ON_SQLITE
def test_without_a_scanner_there_is_nothing_to_scan_again(desk: Desk, scanner: Scanner, monkeypatch: pytest.MonkeyPatch) -> None:
    found = desk.bring("full_text", infected(), draft=desk.draft())
    set_up(desk, monkeypatch, clamav="")
    with pytest.raises(StageNotReady, match="JINBANG_CLAMAV"):
        uploads.scan_again(desk.id, found.id)
    with pytest.raises(NotFound):
        uploads.scan_again("other-2026", found.id)


@ON_SQLITE
def test_a_zip_of_the_office_is_scanned_as_well(desk: Desk, scanner: Scanner, tmp_path: Path) -> None:
    entry = desk.entry("A01", fields={**builders.an_entry().fields, "full_text": "a.png"})
    attachments.take(desk.id, documents.packed(tmp_path, {"a.png": picture()}), actor="cli")
    assert desk.files(entry)["A01-1.png"].scan == "clean"
    with pytest.raises(InputError, match=r"a.png did not pass the virus scanner \(Win.Test.EICAR_HDB-1\)"):
        attachments.take(desk.id, documents.packed(tmp_path, {"a.png": infected()}), actor="cli")


# -- off the threads of the pages ----------------------------------------------------------------------------------


def arrived(desk: Desk, content: bytes) -> Upload:
    upload = desk.begin("full_text", len(content), draft=desk.draft())
    return desk.send(upload, 0, content)


@ON_SQLITE
def test_a_file_that_arrived_before_a_restart_is_examined_by_whoever_looks_next(desk: Desk) -> None:
    upload = arrived(desk, picture())
    assert examining.start(upload) is not None
    examining.finish()
    assert desk.upload(upload.id).state == "kept"
    assert examining.start(desk.upload(upload.id)) is None


@ON_SQLITE
def test_an_examination_that_fails_says_so_and_is_logged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_arrived: object) -> None:
        raise RuntimeError("the worker is broken")

    monkeypatch.setattr("tasks.material.open_all", fail)
    upload = arrived(desk, picture())
    examining.start(upload)
    examining.finish()
    found = desk.upload(upload.id)
    assert (found.state, found.said) == ("refused", "系统未能检查这个文件，请重新上传；如仍不行，请联系评审办公室")
    assert "the worker is broken" in caplog.text
    assert desk.arriving() == []
