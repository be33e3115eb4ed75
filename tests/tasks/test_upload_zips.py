"""A unit's zip of attachments: matched by name, guessed where nothing matches, refused where it is no honest zip."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from models.submitting import Upload
from tasks import upload_places, upload_zips
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.tasks.driving import ON_SQLITE
from tests.tasks.sending import Desk
from tests.tasks.test_uploads import set_up


@pytest.fixture
def desk(installed: Installation, clock: Clock) -> Desk:
    return Desk(installed, clock)


def picture(width: int = 40) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, 30), "red").save(target, "PNG")
    return target.getvalue()


def packed(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def bring(desk: Desk, content: bytes, unit: str = "N01") -> Upload:
    upload = desk.begin(upload_places.ZIP, len(content), name="附件.zip", unit=unit)
    desk.send(upload, 0, content)
    upload_zips.examine(upload.id)
    return desk.upload(upload.id)


def report(desk: Desk, files: dict[str, bytes]) -> dict[str, Any]:
    found = bring(desk, packed(files))
    assert (found.state, found.said) == ("kept", "")
    told: dict[str, Any] = found.notes["zip"]
    return told


def test_files_go_to_the_forms_and_entries_that_name_them(desk: Desk) -> None:
    fields = builders.an_entry().fields
    entry = desk.entry("A01", fields={**fields, "full_text": "论文 一.png"})  # came in a table, has no form
    handed_in = desk.entry("A02", fields={**fields, "full_text": "two.png"})
    desk.draft(entry=handed_in)
    draft = desk.draft(title="第三篇", full_text="Three.PNG", blind_text="three-blind.png")
    desk.entry("A09", nominator="N02", fields={**fields, "full_text": "foreign.png"})
    files = {
        "附件/论文 一.png": picture(1),
        "two.png": picture(2),
        "three.png": picture(3),
        "foreign.png": picture(9),
        "__MACOSX/._two.png": b"x",
    }
    told = report(desk, files)
    assert [(one["name"], one["title"], one["state"]) for one in told["matched"]] == [
        ("论文 一.png", "深部煤层微震前兆识别 A01", "kept"),
        ("two.png", "深部煤层微震前兆识别 A02", "kept"),
        ("three.png", "第三篇", "kept"),
    ]
    assert told["unmatched"] == [{"name": "foreign.png", "guess": ""}]
    assert [(one["name"], one["title"]) for one in told["missing"]] == [("three-blind.png", "第三篇")]
    assert (sorted(desk.files(entry)), sorted(desk.files(handed_in))) == (["A01-1.png"], ["A02-1.png"])
    with desk.database.read() as store:
        assert [one.field for one in store.uploads(draft=draft.id) if one.state == "kept"] == ["full_text"]
    assert len(desk.events("FileKept")) == 3
    assert desk.arriving() == []


@ON_SQLITE
def test_a_name_that_is_nearly_right_is_guessed_and_none_is_taken_for_another(desk: Desk) -> None:
    draft = desk.draft(title="一", full_text="李华-论文终稿.png", blind_text="b.png")
    told = report(desk, {"李华_论文终稿(1).png": picture(), "x/b.png": picture(1), "y/b.png": picture(2), "quite other.txt": b"x"})
    assert told["unmatched"] == [{"name": "李华_论文终稿(1).png", "guess": "李华-论文终稿.png"}, {"name": "quite other.txt", "guess": ""}]
    assert told["twice"] == [{"name": "b.png"}]
    assert [one["name"] for one in told["missing"]] == ["李华-论文终稿.png"]
    with desk.database.read() as store:
        assert store.uploads(draft=draft.id) == ()


@ON_SQLITE
def test_a_file_that_its_field_does_not_take_says_so_in_its_line(desk: Desk) -> None:
    desk.draft(title="一", full_text="a.pdf", blind_text="b.png")
    told = report(desk, {"a.pdf": b"<html>", "b.png": picture()})
    assert [(one["state"], one["zh"][:8]) for one in told["matched"]] == [("refused", "无法接收这种文件"), ("kept", "")]


@ON_SQLITE
def test_a_file_that_comes_too_late_for_its_entry_says_so_in_both_languages(desk: Desk, clock: Clock) -> None:
    desk.entry("A01", fields={**builders.an_entry().fields, "full_text": "a.png"})  # it has no form, and none can be begun any more
    content = packed({"a.png": picture()})
    upload = desk.begin(upload_places.ZIP, len(content), name="附件.zip")
    desk.send(upload, 0, content)
    clock.now = builders.NOW
    upload_zips.examine(upload.id)
    (line,) = desk.upload(upload.id).notes["zip"]["matched"]
    assert (line["state"], line["zh"]) == ("refused", "不能收下：申报已经截止；如需延期，请联系评审办公室")
    assert not re.search(r"[一-龥]", line["en"])


@ON_SQLITE
def test_names_are_read_as_windows_and_macos_write_them(desk: Desk) -> None:
    desk.draft(title="一", full_text="论文终稿.png", blind_text="Café 稿.png")
    content = packed({"xxxxxxxx.png": picture(1), "Cafe\u0301 稿.png": picture(2)})
    gbk = "论文终稿".encode("gb18030")
    assert len(gbk) == 8
    told = bring(desk, content.replace(b"xxxxxxxx", gbk)).notes["zip"]
    assert [one["name"] for one in told["matched"]] == ["论文终稿.png", "Café 稿.png"]


@ON_SQLITE
def test_the_same_zip_again_changes_nothing_but_the_files(desk: Desk) -> None:
    draft = desk.draft(title="一", full_text="a.png")
    for width in (1, 2):
        report(desk, {"a.png": picture(width)})
    with desk.database.read() as store:
        assert len(store.uploads(draft=draft.id)) == 1


def _encrypted(content: bytes) -> bytes:
    """Set the mark of encryption in both heads of a single file."""
    changed = bytearray(content)
    changed[6] |= 1
    changed[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


def _lying(content: bytes) -> bytes:
    """Let the directory claim that a file unpacks to ten bytes."""
    changed = bytearray(content)
    at = content.index(b"PK\x01\x02")
    changed[at + 24 : at + 28] = struct.pack("<I", 10)
    return bytes(changed)


@ON_SQLITE
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no zip at all", "压缩包无法读取，请重新打包为 .zip 文件"),
        (packed({"a.png": picture()})[:-30], "压缩包无法读取，请重新打包为 .zip 文件"),
        (_encrypted(packed({"a.png": picture()})), "压缩包已加密，请取消密码后重新打包"),
        (packed({"../../a.png": b"x"}), "压缩包中的路径“../../a.png”指向包外，请重新打包"),
        (packed({"..\\a.png": b"x"}), "压缩包中的路径“../a.png”指向包外，请重新打包"),
        (packed({"/etc/a.png": b"x"}), "压缩包中的路径“/etc/a.png”指向包外，请重新打包"),
        (packed({f"{number}.png": b"" for number in range(21)}), "压缩包中的文件超过 20 个，请分成几个压缩包"),
        (packed({"a.png": bytes(3_000_000)}), "压缩包解开后过大，请分成几个压缩包"),
        (_lying(packed({"a.png": bytes(3_000_000)})), "压缩包无法读取，请重新打包为 .zip 文件"),
    ],
)
def test_no_honest_zip_is_answered_with_a_sentence(desk: Desk, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str) -> None:
    set_up(desk, monkeypatch, zip_megabytes=2, zip_files=20)
    desk.draft(title="一", full_text="a.png")
    found = bring(desk, content)
    assert (found.state, found.said) == ("refused", said)
    assert found.notes["en"]
    assert desk.events("FileKept") == []
    assert desk.arriving() == []


@ON_SQLITE
def test_a_directory_that_would_fill_the_memory_is_not_even_read(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_up(desk, monkeypatch, zip_files=20)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, 500_000_000, 0, 0)
    for tail in (end, b"PK\x06\x07" + bytes(16) + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0)):
        found = bring(desk, bytes(1000) + tail)
        assert found.said == "压缩包中的文件超过 20 个，请分成几个压缩包"


@ON_SQLITE
def test_what_unpacks_to_more_than_its_field_takes_is_cut_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(desk, monkeypatch, media_megabytes=0.1, pdf_megabytes=0.1, picture_megabytes=0.1)
    desk.draft(title="一", full_text="a.png", blind_text="b.png")
    told = report(desk, {"a.png": picture() + bytes(5_000_000), "b.png": picture()})
    assert [(one["state"], one["zh"]) for one in told["matched"]] == [("refused", "文件超过 0.1 MB，请压缩后重新上传"), ("kept", "")]
