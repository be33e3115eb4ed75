"""Pictures of entries: matched by the names that the entries give, checked, kept by hash, all or none."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from models.errors import InputError, NotAllowed, NotFound
from tasks import attachments
from tests import builders
from tests.tasks.driving import ON_SQLITE, Season

pytestmark = ON_SQLITE


def picture(paint: str = "red", kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (20, 10), paint).save(target, kind)
    return target.getvalue()


def packed(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "pictures.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def works(season: Season) -> Season:
    """Three works of art whose files are named w1.png, w2.jpg and w3.png."""
    season.local("2026-04-01 08:00").advance()
    fields = builders.an_entry(class_name="artwork").fields
    season.hand_in(
        builders.an_entry(f"W0{number}", class_name="artwork", fields={**fields, "media": name})
        for number, name in enumerate(("w1.png", "作品2.jpg", "w3.png"), start=1)
    )
    return season


def colour(sha256: str) -> object:
    with Image.open(attachments.path_of(sha256)) as kept:
        return kept.convert("RGB").getpixel((3, 3))


def files(season: Season) -> dict[str, tuple[str, str, int]]:
    keys = {one.id: one.key for one in season.entries()}
    with season.database.read() as store:
        found = store.files_of_edition(season.id)
    return {keys[entry]: (one.media_type, one.sha256, one.size) for entry, some in found.items() for one in some}


def test_pictures_go_to_the_entries_that_name_them_and_others_are_left_out(works: Season, tmp_path: Path) -> None:
    first, second = picture(), picture("blue", "JPEG")
    archive = packed(tmp_path, {"作品/w1.png": first, "作品2.jpg": second, "nobody.png": b"junk", "__MACOSX/._w1": b""})
    assert attachments.take(works.id, archive, actor="cli") == "pictures.zip: 2 files for 3 entries"
    found = files(works)
    assert {key: media_type for key, (media_type, _sha256, _size) in found.items()} == {"W01": "image/png", "W02": "image/jpeg"}
    assert colour(found["W01"][1]) == (255, 0, 0)
    assert colour(found["W02"][1]) == pytest.approx((0, 0, 255), abs=3)
    assert works.events("EntriesImported")[-1][1] == {"file": "pictures.zip", "new": 0, "updated": 2}
    with works.database.read() as store:  # reviewers of a blind stage see a number, no name
        names = {one.name for some in store.files_of_edition(works.id).values() for one in some}
    codes = {one.key: one.code for one in works.entries()}
    assert names == {f"{codes['W01']}-1.png", f"{codes['W02']}-1.jpg"}


def test_a_second_import_replaces_the_picture_and_leaves_no_half_written_file(works: Season, tmp_path: Path) -> None:
    for paint in ("red", "green", "green"):
        attachments.take(works.id, packed(tmp_path, {"w1.png": picture(paint)}), actor="cli")
    assert colour(files(works)["W01"][1]) == (0, 128, 0)
    attachments.take(works.id, packed(tmp_path, {"w1.png": picture("blue", "JPEG")}), actor="cli")  # another type, the same answer
    assert files(works)["W01"][0] == "image/jpeg"
    with works.database.read() as store:
        assert sum(map(len, store.files_of_edition(works.id).values())) == 1
    assert list(works.installed.settings.files_dir.rglob("*.part")) == []


def test_a_dry_run_checks_everything_and_keeps_nothing(works: Season, tmp_path: Path) -> None:
    said = attachments.take(works.id, packed(tmp_path, {"w1.png": picture()}), actor="cli", dry_run=True)
    assert said == "pictures.zip: 1 files for 3 entries (dry run, nothing is kept)"
    assert files(works) == {}
    assert not works.installed.settings.files_dir.exists()
    assert len(works.events("EntriesImported")) == 1


def test_every_bad_picture_is_named_and_none_is_kept(works: Season, tmp_path: Path) -> None:
    archive = packed(tmp_path, {"w1.png": picture(), "作品2.jpg": b"<html>", "w3.png": picture()[:40]})
    with pytest.raises(InputError) as refused:
        attachments.take(works.id, archive, actor="cli")
    assert str(refused.value) == (
        "pictures.zip: 作品2.jpg is no PDF, JPEG, PNG, MP3, M4A, MP4 or WebVTT file"
        " -> save documents as PDF, pictures as JPEG, films as MP4 (H.264)\n"
        "pictures.zip: w3.png: it is no JPEG or PNG picture -> save it as JPEG"
    )
    assert files(works) == {}


def test_a_name_that_could_mean_two_files_or_two_entries_is_refused(works: Season, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"w1.png is in the archive twice -> keep one of the two"):
        attachments.take(works.id, packed(tmp_path, {"a/w1.png": picture(), "b/w1.png": picture("blue")}), actor="cli")
    fields = builders.an_entry(class_name="artwork").fields
    works.hand_in([builders.an_entry("W04", class_name="artwork", fields={**fields, "media": "w1.png"})])
    with pytest.raises(InputError, match=r"w1.png is named by A\d+ and by A\d+ -> give every entry a file name of its own"):
        attachments.take(works.id, packed(tmp_path, {"w1.png": picture()}), actor="cli")


def test_two_files_of_one_entry_are_both_kept(season: Season, tmp_path: Path) -> None:
    season.local("2026-04-01 08:00").advance()
    fields = builders.an_entry().fields
    season.hand_in([builders.an_entry("A01", fields={**fields, "full_text": "a.png", "blind_text": "b.png"})])
    attachments.take(season.id, packed(tmp_path, {"a.png": picture(), "b.png": picture("blue")}), actor="cli")
    with season.database.read() as store:
        entry = season.entries()[0]
        assert [(one.name, colour(one.sha256)) for one in store.files(entry.id)] == [
            (f"{entry.code}-1.png", (255, 0, 0)),  # the first question about a file is the full text
            (f"{entry.code}-2.png", (0, 0, 255)),
        ]


def test_what_is_too_large_or_no_archive_is_refused(works: Season, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(InputError, match=r"broken.zip: the archive cannot be read: .* -> pack it again as a plain .zip"):
        attachments.take(works.id, broken, actor="cli")
    small = works.installed.settings.model_copy(update={"picture_megabytes": 0.00001})
    monkeypatch.setattr("tasks.material.settings", lambda: small)
    with pytest.raises(InputError, match=r"w1.png is larger than \S+ MB -> make it smaller"):
        attachments.take(works.id, packed(tmp_path, {"w1.png": picture()}), actor="cli")


def test_a_damaged_archive_is_a_message_and_no_traceback(works: Season, tmp_path: Path) -> None:
    archive = packed(tmp_path, {"w1.png": picture()})
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("w1.png", picture() * 50)
    content = bytearray(archive.read_bytes())
    content[60:90] = b"\x00" * 30
    archive.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        attachments.take(works.id, archive, actor="cli")


def test_after_the_submission_no_picture_is_changed(works: Season, tmp_path: Path) -> None:
    works.local("2026-06-01 00:00")
    with pytest.raises(NotAllowed, match="submission is over; extend its deadline before importing files"):
        attachments.take(works.id, packed(tmp_path, {"w1.png": picture()}), actor="cli")
    assert files(works) == {}
    with pytest.raises(NotFound):
        attachments.take("nothing-2026", packed(tmp_path, {}), actor="cli")
