"""Takes out of sound, films and JPEG pictures what tells about people, places and programs, and leaves the rest as it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

_IDENTIFYING_SEGMENTS = frozenset((0xE1, 0xED, 0xFE))  # Exif and XMP, IPTC, comment
_TAG_BOXES = frozenset((b"udta", b"meta", b"uuid"))
_OPENED_BOXES = frozenset((b"moov", b"trak", b"mdia", b"minf"))


class Refused(Exception):
    """The file cannot be taken; carries what is wrong, what to do, and both in one Chinese sentence."""


def without_segments(jpeg: bytes) -> bytes:
    """Leave out the segments of a JPEG that tell about camera, place and people; the pixels stay as they are."""
    kept, at = bytearray(jpeg[:2]), 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4])
        if jpeg[at + 1] not in _IDENTIFYING_SEGMENTS:
            kept += jpeg[at:end]
        at = end
    return bytes(kept + jpeg[at:])


def strip_mp3(source: Path, target: Path) -> None:
    """Copy the sound without the tags before and behind it."""
    content = source.read_bytes()
    while content[:3] == b"ID3" and len(content) > 10:
        size = sum((byte & 0x7F) << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=True))
        content = content[10 + size + (10 if content[5] & 0x10 else 0) :]
    if content[-128:-125] == b"TAG":
        content = content[:-128]
    if not content:
        raise Refused("it holds no sound", "export it again as .mp3", "文件中没有声音，请重新导出为 .mp3")
    target.write_bytes(content)


def strip_boxes(source: Path, target: Path) -> None:
    """Turn the boxes of a film that tell about people, places and programs into empty ones; nothing else moves."""
    os.replace(source, target)
    with target.open("r+b") as film:
        end = film.seek(0, os.SEEK_END)
        if not _walk(film, 0, end):
            raise Refused("it holds no film or sound", "export it again as .mp4 or .m4a", "文件中没有影像或声音，请重新导出为 .mp4 或 .m4a")


def _walk(film: BinaryIO, at: int, end: int) -> bool:
    """Yield whether a `moov` box is among them, without which no player shows anything."""
    whole = False
    while at + 8 <= end:
        film.seek(at)
        head = film.read(16)
        size, name, start = int.from_bytes(head[:4]), head[4:8], at + 8
        if size == 1:
            size, start = int.from_bytes(head[8:16]), at + 16
        size = size or end - at
        if size < start - at or at + size > end:
            raise Refused("it is damaged", "export it again as .mp4 or .m4a", "文件已损坏，请重新导出为 .mp4 或 .m4a")
        if name in _TAG_BOXES:
            film.seek(at + 4)
            film.write(b"free")
            film.seek(start)
            for begun in range(start, at + size, 1 << 20):
                film.write(bytes(min(1 << 20, at + size - begun)))
        elif name in _OPENED_BOXES:
            whole |= name == b"moov"
            _walk(film, start, at + size)
        at += size
    return whole


def clean(text: str) -> str:
    """Leave out what a database does not take."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
