"""Where entries' files are kept by their hash: a folder of this machine, or any place that fsspec reaches.

A file that is kept elsewhere is read through copies in the data folder; each is compared with its hash when it arrives.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import fsspec

from config.settings import Settings
from models.errors import NotFound, UnsafeSetting
from tasks.installation import settings

_MEGABYTE = 1024 * 1024


class FileStore(Protocol):
    """Keeps files by their hash."""

    def find(self, sha256: str) -> Path | None:
        """Path on this machine from which a file can be read now; None if it is not kept."""

    def keep(self, path: Path, sha256: str) -> None:
        """Move a file of this machine in; it is safe when this returns. What is there already stays."""


class Folder:
    """A folder of this machine: nothing is copied."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, sha256: str) -> Path | None:
        """Path of the file itself; a file put there by hand may lie in the folder directly."""
        return next((path for path in (self._folder / sha256[:2] / sha256, self._folder / sha256) if path.is_file()), None)

    def keep(self, path: Path, sha256: str) -> None:
        """Move the file in."""
        _settle(path, self._folder / sha256[:2] / sha256)


class Elsewhere:
    """A place that fsspec reaches, with copies on this machine."""

    def __init__(self, url: str, copies: Path, *, most: int) -> None:
        """Reach the place.

        Args:
            url: Such as `s3://bucket/files`.
            copies: Folder of the copies.
            most: Bytes that the copies may take.

        Raises:
            UnsafeSetting: fsspec knows no such place, or its driver is not installed.
        """
        try:
            self._place, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise UnsafeSetting(f"files_url {url.partition('://')[0]}: {error}; install the driver, or name another place") from None
        self._copies = copies
        self._most = most

    def find(self, sha256: str) -> Path | None:
        """Path of the copy, fetched if it is not there."""
        copy = self._copies / sha256[:2] / sha256
        if copy.is_file():
            os.utime(copy)
            return copy
        arriving = self._arriving(copy)
        try:
            self._place.get_file(self._address(sha256), str(arriving))
        except FileNotFoundError:
            return None
        with arriving.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
                arriving.unlink()
                raise OSError(f"{sha256} is damaged where files are kept; put it back from a backup")
        arriving.replace(copy)
        self._make_room(copy)
        return copy

    def keep(self, path: Path, sha256: str) -> None:
        """Send the file off, under another name until all of it is there; a copy stays."""
        target = self._address(sha256)
        if not self._place.exists(target):
            arriving = f"{target}.{secrets.token_hex(4)}"
            self._place.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._place.put_file(str(path), arriving)
            self._place.mv(arriving, target)
        copy = self._copies / sha256[:2] / sha256
        _settle(path, copy)
        self._make_room(copy)

    def _address(self, sha256: str) -> str:
        return f"{self._root.rstrip('/')}/{sha256[:2]}/{sha256}"

    def _arriving(self, copy: Path) -> Path:
        copy.parent.mkdir(parents=True, exist_ok=True)
        return copy.with_name(f".{copy.name}.{secrets.token_hex(4)}")

    def _make_room(self, newest: Path) -> None:
        """Remove the copies that were not used for longest; whoever has one open keeps reading it."""
        found = sorted((copy.stat().st_mtime, copy.stat().st_size, copy) for copy in self._copies.glob("*/*") if copy != newest)
        left = self._most - newest.stat().st_size - sum(size for _used, size, _copy in found)
        for _used, size, copy in found:
            if left >= 0:
                return
            copy.unlink(missing_ok=True)
            left += size


def _settle(path: Path, target: Path) -> None:
    """Move a file to where it stays, so that no crash leaves half of it there."""
    if target.exists() or not path.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
    path.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def of(setup: Settings) -> FileStore:
    """The place that an installation names.

    Raises:
        UnsafeSetting: fsspec knows no such place, or its driver is not installed.
    """
    address = urlsplit(setup.files_url)
    if not setup.files_url:
        return Folder(setup.files_dir)
    if address.scheme in ("", "file", "local"):
        return Folder(Path(unquote(address.path)))
    return _elsewhere(setup.files_url, setup.data_dir / "copies", int(setup.files_cache_megabytes * _MEGABYTE))


@cache
def _elsewhere(url: str, copies: Path, most: int) -> Elsewhere:
    return Elsewhere(url, copies, most=most)


def find(sha256: str) -> Path | None:
    """Path on this machine from which a kept file can be read now; None if it is not kept."""
    return of(settings()).find(sha256)


def path_of(sha256: str) -> Path:
    """Path on this machine from which a kept file can be read now.

    Raises:
        NotFound: it is not kept.
    """
    path = find(sha256)
    if path is None:
        raise NotFound("this file is not kept any more")
    return path


def keep(path: Path, sha256: str) -> None:
    """Move a file to where files are kept; it is safe when this returns."""
    of(settings()).keep(path, sha256)
