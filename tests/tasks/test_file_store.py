"""Files are kept by their hash: in a folder, or anywhere fsspec reaches, through copies that are checked."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest

from config.settings import Settings
from models.errors import NotFound, UnsafeSetting
from tasks import file_store
from tasks.installation import Installation
from tests.tasks.driving import ON_SQLITE


def setup(folder: Path, url: str = "", *, cache: float = 10) -> Settings:
    return Settings(data_dir=folder / "data", files_url=url, files_cache_megabytes=cache)


def a_file(folder: Path, content: bytes) -> tuple[Path, str]:
    path = folder / uuid4().hex
    path.write_bytes(content)
    return path, hashlib.sha256(content).hexdigest()


@pytest.fixture
def memory() -> str:
    """An address in the memory of this process, which holds nothing yet."""
    return f"memory://{uuid4().hex}/files"


def places(folder: Path, memory: str) -> list[Settings]:
    return [setup(folder), setup(folder, f"file://{folder}/else%20where"), setup(folder, memory)]


def test_every_place_gives_back_what_was_kept(tmp_path: Path, memory: str) -> None:
    for number, one in enumerate(places(tmp_path, memory)):
        store, content = file_store.of(one), b"content %d" % number
        path, sha256 = a_file(tmp_path, content)
        assert store.find(sha256) is None
        store.keep(path, sha256)
        found = store.find(sha256)
        assert found is not None
        assert found.read_bytes() == content
        assert not path.exists()


def test_the_empty_setting_is_the_folder_of_the_data_and_a_file_address_is_another_one(tmp_path: Path) -> None:
    path, sha256 = a_file(tmp_path, b"one")
    file_store.of(setup(tmp_path)).keep(path, sha256)
    assert file_store.of(setup(tmp_path)).find(sha256) == tmp_path / "data" / "files" / sha256[:2] / sha256
    path, sha256 = a_file(tmp_path, b"two")
    elsewhere = file_store.of(setup(tmp_path, f"file://{tmp_path}/else%20where"))
    elsewhere.keep(path, sha256)
    assert elsewhere.find(sha256) == tmp_path / "else where" / sha256[:2] / sha256


def test_what_is_there_already_stays(tmp_path: Path, memory: str) -> None:
    for one in places(tmp_path, memory):
        store = file_store.of(one)
        first, sha256 = a_file(tmp_path, b"the same")
        store.keep(first, sha256)
        again, _same = a_file(tmp_path, b"not the same, wrongly named")
        store.keep(again, sha256)
        found = store.find(sha256)
        assert found is not None
        assert found.read_bytes() == b"the same"


def test_a_lost_copy_is_fetched_again_and_a_half_written_name_never_stays(tmp_path: Path, memory: str) -> None:
    store = file_store.of(setup(tmp_path, memory))
    path, sha256 = a_file(tmp_path, b"kept far away")
    store.keep(path, sha256)
    copy = store.find(sha256)
    assert copy is not None
    copy.unlink()
    found = store.find(sha256)
    assert found is not None
    assert found.read_bytes() == b"kept far away"
    place = fsspec.filesystem("memory")
    root = memory.removeprefix("memory:/")
    assert place.find(root) == [f"{root}/{sha256[:2]}/{sha256}"]
    assert [one.name for one in copy.parent.iterdir()] == [sha256]


def test_what_is_damaged_far_away_is_not_given_out(tmp_path: Path, memory: str) -> None:
    store = file_store.of(setup(tmp_path, memory))
    path, sha256 = a_file(tmp_path, b"whole")
    store.keep(path, sha256)
    copy = store.find(sha256)
    assert copy is not None
    copy.unlink()
    fsspec.filesystem("memory").pipe_file(f"{memory.removeprefix('memory:/')}/{sha256[:2]}/{sha256}", b"broken")
    with pytest.raises(OSError, match="put it back from a backup"):
        store.find(sha256)
    assert list(copy.parent.iterdir()) == []


def test_copies_take_no_more_room_than_allowed_and_the_longest_unused_go_first(tmp_path: Path, memory: str) -> None:
    store = file_store.of(setup(tmp_path, memory, cache=0.0025))  # 2,621 bytes
    kept = []
    for number in range(3):
        path, sha256 = a_file(tmp_path, bytes([number]) * 1000)
        store.keep(path, sha256)
        kept.append(sha256)
        copy = tmp_path / "data" / "copies" / sha256[:2] / sha256
        os.utime(copy, (1_000_000 + number, 1_000_000 + number))
    there = [(tmp_path / "data" / "copies" / one[:2] / one).exists() for one in kept]
    assert there == [False, True, True]
    assert all(store.find(one) is not None for one in kept)  # nothing is lost


def test_an_address_that_nobody_knows_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UnsafeSetting, match="install the driver, or name another place"):
        file_store.of(setup(tmp_path, "nowhere://bucket/files"))


@ON_SQLITE
def test_a_file_that_is_not_kept_is_not_found(installed: Installation) -> None:
    assert file_store.find("0" * 64) is None
    with pytest.raises(NotFound):
        file_store.path_of("0" * 64)
