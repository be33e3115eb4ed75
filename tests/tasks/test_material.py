"""Files of entries: opened apart with limits, cleaned of what names their makers, pages drawn, authors looked for."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from models.edition import Entry, File
from models.errors import InputError
from models.material import FilePage
from rules.blindness import Finding
from tasks import attachments, material
from tests import builders
from tests.tasks import documents
from tests.tasks.driving import Season

pytestmark = pytest.mark.usefixtures("traced")

LINES = "摘要：微震信号的自适应识别。" * 3


@pytest.fixture
def papers(season: Season) -> Season:
    """Two papers that name files: a full text with the authors, and an anonymous one."""
    season.local("2026-04-01 08:00").advance()
    fields = builders.an_entry().fields
    season.hand_in(
        builders.an_entry(f"A0{number}", fields={**fields, "full_text": f"{number}.pdf", "blind_text": f"{number}-b.pdf"})
        for number in (1, 2)
    )
    return season


@pytest.fixture
def works(season: Season) -> Season:
    """A work of art whose file is named w1.mp4."""
    season.local("2026-04-01 08:00").advance()
    fields = builders.an_entry(class_name="artwork").fields
    season.hand_in([builders.an_entry("W01", class_name="artwork", fields={**fields, "media": "w1.mp4"})])
    return season


def entry(season: Season, key: str = "A01") -> Entry:
    return next(one for one in season.entries() if one.key == key)


def kept(season: Season, key: str = "A01") -> dict[str, File]:
    with season.database.read() as store:
        return {one.name: one for one in store.files(entry(season, key).id)}


def take(season: Season, folder: Path, files: dict[str, bytes]) -> str:
    return attachments.take(season.id, documents.packed(folder, files), actor="cli")


def content(file: File) -> bytes:
    return attachments.path_of(file.sha256).read_bytes()


def refusal(season: Season, folder: Path, files: dict[str, bytes]) -> str:
    with pytest.raises(InputError) as refused:
        take(season, folder, files)
    return str(refused.value)


def test_pages_of_a_document_are_kept_as_pictures_and_text(papers: Season, tmp_path: Path) -> None:
    made = documents.pdf(tmp_path, LINES, "第二页 $x^2$")
    assert take(papers, tmp_path, {"1-b.pdf": made}) == "files.zip: 1 files for 2 entries"
    (file,) = kept(papers).values()
    assert (file.name, file.media_type) == (f"{entry(papers).code}-2.pdf", "application/pdf")
    with papers.database.read() as store:
        pages = store.file_pages([file.sha256, "f" * 64])
    assert [(one.number, one.width, one.height) for one in pages[file.sha256]] == [(1, 1200, 1698), (2, 1200, 1698)]
    assert "微震信号的自适应识别" in pages[file.sha256][0].text
    for page in pages[file.sha256]:
        with Image.open(attachments.path_of(page.image)) as picture:
            assert (picture.format, picture.size, picture.info) == ("PNG", (1200, 1698), {})
            assert picture.convert("L").getextrema() == (0, 255)
    assert list(papers.installed.settings.data_dir.glob("arriving-*")) == []


def test_a_coloured_page_is_kept_as_jpeg_and_the_width_is_a_setting(papers: Season, tmp_path: Path, monkeypatch: Any) -> None:
    small = papers.installed.settings.model_copy(update={"page_width": 500})
    monkeypatch.setattr("tasks.material.settings", lambda: small)
    take(papers, tmp_path, {"1-b.pdf": documents.pdf(tmp_path, "彩色", colour="#ff0000")})
    with papers.database.read() as store:
        (page,) = store.file_pages(one.sha256 for one in kept(papers).values()).popitem()[1]
    with Image.open(attachments.path_of(page.image)) as picture:
        assert (picture.format, picture.width) == ("JPEG", 500)


def test_the_same_file_gives_the_same_bytes_and_a_second_import_changes_nothing(papers: Season, tmp_path: Path) -> None:
    made = documents.pdf(tmp_path, LINES)
    take(papers, tmp_path, {"1-b.pdf": made})
    first = kept(papers)
    take(papers, tmp_path, {"1-b.pdf": made})
    assert kept(papers) == first


def test_what_a_document_says_about_its_makers_is_gone_from_the_kept_copy(papers: Season, tmp_path: Path) -> None:
    def sign(document: pikepdf.Pdf) -> None:
        with document.open_metadata() as metadata:
            metadata["dc:creator"] = ["甲一 XMP-SECRET"]
        document.docinfo["/Author"] = "AUTHOR-SECRET"
        document.Root.PieceInfo = pikepdf.Dictionary(App=pikepdf.Dictionary(Private=pikepdf.String("PIECE-SECRET")))
        photo = documents.image(document, documents.photograph("EXIF-SECRET"), 40, 20, Filter=pikepdf.Name.DCTDecode)
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[0, 0, 9, 9], T=pikepdf.String("NOTE-SECRET"))
        document.pages[0].Annots = pikepdf.Array([note])
        document.pages[0].Resources.XObject = pikepdf.Dictionary(Photo=photo)

    made = documents.changed(documents.pdf(tmp_path, LINES, author="甲一"), sign)
    for secret in (b"AUTHOR-SECRET", b"EXIF-SECRET"):
        assert secret in made
    take(papers, tmp_path, {"1.pdf": made})
    stored = content(next(iter(kept(papers).values())))
    with pikepdf.open(io.BytesIO(stored)) as document:
        assert "/Metadata" not in document.Root
        assert dict(document.docinfo) == {}
        plain = io.BytesIO()
        document.save(plain, stream_decode_level=pikepdf.StreamDecodeLevel.generalized, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert b"SECRET" not in stored
    assert b"SECRET" not in plain.getvalue()
    assert "甲一".encode("utf-16-be") not in plain.getvalue()


def _script(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def _link_that_starts_a_program(document: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("calc.exe"))
    link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action)
    document.pages[0].Annots = pikepdf.Array([link])


def _attachment(document: pikepdf.Pdf) -> None:
    document.attachments["a.txt"] = pikepdf.AttachedFileSpec(document, b"hidden", filename="a.txt")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_script, "it contains scripts or active content -> print it into a new PDF"),
        (_link_that_starts_a_program, "it contains scripts or active content -> print it into a new PDF"),
        (_attachment, "another file is embedded in it -> remove the attachments, or print it into a new PDF"),
    ],
)
def test_active_documents_are_refused_by_name_with_the_remedy(papers: Season, tmp_path: Path, change: object, sentence: str) -> None:
    made = documents.changed(documents.pdf(tmp_path, LINES), change)
    assert refusal(papers, tmp_path, {"1.pdf": made, "2.pdf": documents.pdf(tmp_path, LINES)}) == f"files.zip: 1.pdf: {sentence}"
    assert kept(papers, "A02") == {}


@pytest.mark.parametrize("user", ["", "secret"])
def test_encrypted_documents_are_refused_even_if_they_open_without_a_password(papers: Season, tmp_path: Path, user: str) -> None:
    made = documents.encrypted(documents.pdf(tmp_path, LINES), user=user)
    said = refusal(papers, tmp_path, {"1.pdf": made})
    assert said == "files.zip: 1.pdf: it is encrypted -> save it without a password and without restrictions"


def test_damaged_and_long_documents_are_refused_and_all_faults_named(papers: Season, tmp_path: Path, monkeypatch: Any) -> None:
    small = papers.installed.settings.model_copy(update={"pdf_pages": 1})
    monkeypatch.setattr("tasks.material.settings", lambda: small)
    long = documents.pdf(tmp_path, LINES, LINES)
    said = refusal(papers, tmp_path, {"1.pdf": b"%PDF-1.7\n" + b"\x00nonsense" * 30, "2.pdf": long, "2-b.pdf": b"<svg onload=alert(1)>"})
    first, second, third = said.splitlines()
    assert first.startswith("files.zip: 2-b.pdf is no PDF")
    assert second.startswith("files.zip: 1.pdf: it is damaged or no PDF")
    assert third == "files.zip: 2.pdf: it has 2 pages; at most 1 are taken -> shorten it"


@pytest.mark.slow
def test_a_file_that_eats_memory_ends_alone(papers: Season, tmp_path: Path, monkeypatch: Any) -> None:
    small = papers.installed.settings.model_copy(update={"material_megabytes": 400})
    monkeypatch.setattr("tasks.material.settings", lambda: small)
    bomb = io.BytesIO()
    Image.new("RGB", (7500, 7500)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 1_000_000
    said = refusal(papers, tmp_path, {"1.pdf": bomb.getvalue(), "1-b.pdf": documents.photograph(), "2.pdf": documents.pdf(tmp_path, LINES)})
    assert said == (
        "files.zip: 1.pdf: opening it needs more than 400 MB of memory or 60 s -> print it into a new PDF, or save the picture smaller"
    )


def test_a_photograph_loses_its_exif_and_is_kept_upright(works: Season, tmp_path: Path) -> None:
    for turned, size in ((False, (40, 20)), (True, (20, 40))):
        original = documents.photograph("SECRET-ARTIST", turned=turned)
        assert b"SECRET-ARTIST" in original
        take(works, tmp_path, {"w1.mp4": original})  # the content counts, not the ending
        (file,) = kept(works, "W01").values()
        assert (file.name.rpartition("-")[2], file.media_type) == ("1.jpg", "image/jpeg")
        assert b"SECRET" not in content(file)
        with Image.open(attachments.path_of(file.sha256)) as picture:
            assert (picture.size, dict(picture.getexif())) == (size, {})


def test_films_and_sound_lose_their_tags_and_keep_their_content(works: Season, tmp_path: Path) -> None:
    moving = bytes(range(256)) * 40
    original = documents.film(b"SECRET-AUTHOR", picture=moving)
    captions = b"WEBVTT\n\n00:00.000 --> 00:02.000\n\xe6\xb7\xb1\xe6\xb5\xb7\n"
    assert take(works, tmp_path, {"w1.mp4": original, "w1.vtt": captions}) == "files.zip: 2 files for 1 entries"
    code = entry(works, "W01").code
    files = kept(works, "W01")
    assert {name: one.media_type for name, one in files.items()} == {f"{code}-1.mp4": "video/mp4", f"{code}-1.vtt": "text/vtt"}
    stored = content(files[f"{code}-1.mp4"])
    assert (len(stored), b"SECRET" in stored, stored.endswith(moving), stored.count(b"free")) == (len(original), False, True, 2)
    tagged = b"ID3\x04\x00\x00\x00\x00\x00\x0dSECRET-AUTHOR" + b"\xff\xfb\x90\x00" * 50 + b"TAG" + b"SECRET".ljust(125, b"\x00")
    take(works, tmp_path, {"w1.mp4": tagged})
    (sound,) = kept(works, "W01").values()
    assert (sound.name, sound.media_type, content(sound)) == (f"{code}-1.mp3", "audio/mpeg", b"\xff\xfb\x90\x00" * 50)


def test_new_captions_leave_the_film_and_bad_ones_are_refused(works: Season, tmp_path: Path) -> None:
    take(works, tmp_path, {"w1.mp4": documents.film()})
    take(works, tmp_path, {"w1.vtt": b"WEBVTT\n"})
    assert sorted(one.media_type for one in kept(works, "W01").values()) == ["text/vtt", "video/mp4"]
    said = refusal(works, tmp_path, {"w1.vtt": b"WEBVTT\n\xff\xff"})
    assert said == "files.zip: w1.vtt: the captions are not in UTF-8 -> save them as UTF-8"
    assert refusal(works, tmp_path, {"w1.mp4": documents.film()[:40]}).startswith("files.zip: w1.mp4: it is damaged")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7", material.PDF), (b"\xff\xd8\xff\xe0", material.JPEG), (b"\x89PNG\r\n\x1a\n", material.PNG),
        (b"\x00\x00\x00\x18ftypM4A ", material.M4A), (b"\x00\x00\x00\x18ftypmp42", material.MP4), (b"\x00\x00\x00\x18ftypheic", None),
        (b"\x00\x00\x00\x18ftypqt  ", None), (b"ID3\x04", material.MP3), (b"\xff\xfb\x90", material.MP3), (b"\xff\xfe<\x00", None),
        (b"\xef\xbb\xbfWEBVTT", material.VTT), (b"<svg xmlns", None), (b"<html>", None), (b"PK\x03\x04", None), (b"MZ", None), (b"", None),
    ],
)  # fmt: skip
def test_what_a_file_is_is_told_by_its_content(head: bytes, kind: material.Kind | None) -> None:
    assert material.kind_of(head) == kind


def test_an_anonymous_document_that_names_its_author_is_flagged_until_it_is_replaced(papers: Season, tmp_path: Path) -> None:
    leaking = documents.pdf(tmp_path, f"作 者：甲 一（甲大学）\n\n{LINES}", LINES)
    take(papers, tmp_path, {"1.pdf": leaking, "1-b.pdf": leaking, "2-b.pdf": documents.pdf(tmp_path, LINES)})
    name, code = f"{entry(papers).code}-2.pdf", entry(papers).code
    with papers.database.read() as store:
        found = material.flagged(store, papers.id)
    assert {one: {(f.file, f.page, f.kind) for f in listed} for one, listed in found.items()} == {
        entry(papers).id: {(name, 1, "name"), (name, 1, "unit")}
    }
    ((_type, payload),) = papers.events("MaterialFlagged")
    assert payload["code"] == code
    assert "甲一" not in str(payload)
    take(papers, tmp_path, {"1-b.pdf": documents.pdf(tmp_path, LINES)})
    with papers.database.read() as store:
        assert material.flagged(store, papers.id) == {}


def test_the_scan_sees_properties_and_file_names_before_they_are_stripped(season: Season, tmp_path: Path) -> None:
    season.local("2026-04-01 08:00").advance()
    fields = builders.an_entry().fields
    season.hand_in([builders.an_entry("A01", fields={**fields, "blind_text": "乙二-匿名.pdf"})])
    take(season, tmp_path, {"乙二-匿名.pdf": documents.pdf(tmp_path, LINES, author="甲一")})
    with season.database.read() as store:
        (found,) = material.flagged(store, season.id).values()
    assert {(one.page, one.kind) for one in found} == {(0, "name")}
    assert {one.excerpt[0] for one in found if len(one.excerpt) < 12} <= {"乙", "甲"}


def test_where_no_round_is_blind_nothing_is_scanned(papers: Season, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("tasks.material.is_blind", lambda _edition: False)
    take(papers, tmp_path, {"1-b.pdf": documents.pdf(tmp_path, "甲大学 甲一")})
    assert papers.events("MaterialFlagged") == []


def test_pages_are_kept_once_whoever_brings_the_file(papers: Season) -> None:
    page = FilePage("a" * 64, 1, "b" * 64, 10, 20, "text")
    with papers.database.write() as store:
        store.put_file_pages([page])
        store.put_file_pages([page])
        assert store.file_pages(["a" * 64]) == {"a" * 64: (page,)}
        assert store.file_pages([]) == {}


def test_a_finding_can_be_read_back(papers: Season) -> None:
    finding = Finding("A0001-2.pdf", 1, "unit", "甲**")
    with papers.database.write() as store:
        material.note(store, papers.edition, entry(papers), (finding,), actor="cli")
        assert material.flagged(store, papers.id) == {entry(papers).id: (finding,)}
