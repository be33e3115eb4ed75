"""Zips that strangers send: looked through before anything is unpacked, names read as they were meant."""

from __future__ import annotations

import os
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from models.errors import Fault, InputError

_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES = 22
_LOCATOR_BYTES = 20
_LONGEST_COMMENT = 0xFFFF
_DIRECTORY_BYTES_PER_FILE = 1024
_UTF_8 = 0x800
_ENCRYPTED = 0x1
_AT_ONCE = 1 << 20
_LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive."""

    name: str
    """Without its folders."""
    size: int
    """Bytes, as the archive claims."""
    item: zipfile.ZipInfo


class Archive:
    """An archive that was found in order. Use it in a `with` block."""

    def __init__(self, path: Path, *, most_files: int, most_bytes: int) -> None:
        """Look through the directory of the archive.

        Raises:
            InputError: it is no zip, damaged, encrypted, far too large, or its paths lead out of it.
        """
        self._left = most_bytes
        _refuse_directory(path, most_files)
        try:
            self._packed = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as broken:
            raise _broken(broken) from None
        items = [item for item in self._packed.infolist() if not item.is_dir()]
        try:
            _refuse(items, most_files=most_files, most_bytes=most_bytes)
        except InputError:
            self._packed.close()
            raise
        self.members = tuple(Member(PurePosixPath(_path_of(one)).name, one.file_size, one) for one in items if not _is_litter(one))

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._packed.close()

    def unpack(self, member: Member, target: Path, *, most: int) -> bool:
        """Unpack one file, and no more than `most` bytes of it, whatever the archive claims. False if there is more.

        Raises:
            InputError: it is damaged, or the whole archive unpacks to more than was allowed.
        """
        left = min(most, self._left)
        try:
            with self._packed.open(member.item) as stream, target.open("wb") as file:
                while left >= 0 and (piece := stream.read(_AT_ONCE)):
                    file.write(piece)
                    left -= len(piece)
                    self._left -= len(piece)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as broken:
            raise _broken(broken) from None
        if self._left < 0:
            raise _bomb()
        return left >= 0


def name_of(item: zipfile.ZipInfo) -> str:
    """The path of a file in an archive; what is not marked as UTF-8 is tried as UTF-8 and as GB18030, as Windows writes it."""
    name = item.orig_filename.partition("\0")[0]
    if not item.flag_bits & _UTF_8:
        raw = name.encode("cp437", "replace")
        name = next(_decoded(raw), name)
    return unicodedata.normalize("NFC", name).encode("utf-8", "replace").decode()


def _decoded(raw: bytes) -> Iterator[str]:
    for encoding in ("utf-8", "gb18030"):
        try:
            yield raw.decode(encoding)
        except UnicodeDecodeError:
            continue


def _path_of(item: zipfile.ZipInfo) -> str:
    return name_of(item).replace("\\", "/")


def _is_litter(item: zipfile.ZipInfo) -> bool:
    path = _path_of(item)
    return path.startswith("__MACOSX/") or PurePosixPath(path).name in _LITTER


def _refuse_directory(path: Path, most_files: int) -> None:
    """The directory is read into memory as a whole; so its size is looked up first, where no archive of this size needs 64 bits."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _END_BYTES - _LONGEST_COMMENT - _LOCATOR_BYTES))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0:
        raise _broken("it is no zip")
    count, length = int.from_bytes(tail[at + 10 : at + 12], "little"), int.from_bytes(tail[at + 12 : at + 16], "little")
    if tail[max(0, at - _LOCATOR_BYTES) : at].startswith(_END_64) or length > most_files * _DIRECTORY_BYTES_PER_FILE:
        raise _many(most_files)
    if count > most_files:
        raise _many(most_files)


def _refuse(items: list[zipfile.ZipInfo], *, most_files: int, most_bytes: int) -> None:
    if len(items) > most_files:
        raise _many(most_files)
    if any(one.flag_bits & _ENCRYPTED for one in items):
        what, remedy = "the zip is encrypted", "pack it again without a password"
        raise InputError([Fault(what, remedy, zh="压缩包已加密，请取消密码后重新打包")])
    for one in items:
        path = _path_of(one)
        if path.startswith("/") or ":" in path or ".." in path.split("/"):
            zh = f"压缩包中的路径“{path[:80]}”指向包外，请重新打包"
            raise InputError([Fault(f"the path {path[:80]!r} leads out of the zip", "pack it again", zh=zh)])
    if sum(one.file_size for one in items) > most_bytes:
        raise _bomb()


def _broken(why: object) -> InputError:
    return InputError(
        [Fault(f"the zip cannot be read: {why}", "pack it again as a plain .zip", zh="压缩包无法读取，请重新打包为 .zip 文件")]
    )


def _many(most: int) -> InputError:
    zh = f"压缩包中的文件超过 {most} 个，请分成几个压缩包"
    return InputError([Fault(f"the zip holds more than {most} files", "make several of it", zh=zh)])


def _bomb() -> InputError:
    zh = "压缩包解开后过大，请分成几个压缩包"
    return InputError([Fault("the zip unpacks to more than is taken", "make several of it", zh=zh)])
