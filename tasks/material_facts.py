"""How long sound and films last and how large their picture is, read from the frame of the file without a player."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from tasks.material_tags import Refused

_OPENED = frozenset((b"moov", b"trak", b"mdia", b"mvex"))
_READ = frozenset((b"mvhd", b"mdhd", b"tkhd", b"mehd"))
_MOST_BOXES = 100_000
_LONGEST_BOX = 4096
_LAYER_3 = {  # kbit/s by the index in a frame's head; MPEG 1, then MPEG 2 and 2.5
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_HEAD = 4
_PADDING = 65_536


def of_film(path: Path) -> dict[str, float]:
    """Give `seconds` (the longest that any part of the file claims) and, of a film, `width` and `height` in pixels."""
    found: dict[str, float] = {}
    with path.open("rb") as film:
        end = film.seek(0, os.SEEK_END)
        _walk(film, 0, end, found, [_MOST_BOXES])
    found.pop("scale", None)
    return found


def _walk(film: BinaryIO, at: int, end: int, found: dict[str, float], left: list[int]) -> None:
    while at + 8 <= end:
        left[0] -= 1
        if left[0] < 0:
            raise Refused("it is damaged", "export it again as .mp4 or .m4a", "文件已损坏，请重新导出为 .mp4 或 .m4a")
        film.seek(at)
        head = film.read(16)
        size, name, start = int.from_bytes(head[:4]), head[4:8], at + 8
        if size == 1:
            size, start = int.from_bytes(head[8:16]), at + 16
        size = size or end - at
        if size < start - at or at + size > end:
            return  # whoever strips the file refuses it for that
        if name in _OPENED:
            _walk(film, start, at + size, found, left)
        elif name in _READ:
            film.seek(start)
            _note(name, film.read(min(size, _LONGEST_BOX)), found)
        at += size


def _note(name: bytes, box: bytes, found: dict[str, float]) -> None:
    long = bool(box) and box[0] == 1  # times of 64 bits
    if name in (b"mvhd", b"mdhd"):
        at, length = (20, 8) if long else (12, 4)
        scale = int.from_bytes(box[at : at + 4])
        if name == b"mvhd":
            found["scale"] = scale
        _longest(found, box[at + 4 : at + 4 + length], scale)
    elif name == b"mehd":
        _longest(found, box[4 : 12 if long else 8], int(found.get("scale", 0)))
    else:
        width, height = (int.from_bytes(box[at : at + 4]) / 65_536 for at in ((88, 92) if long else (76, 80)))
        if width * height > found.get("width", 0) * found.get("height", 0):
            found |= {"width": width, "height": height}


def _longest(found: dict[str, float], units: bytes, scale: int) -> None:
    if units.strip(b"\xff") and any(units) and scale:  # all ones or nothing: unknown, as in films that were recorded in fragments
        found["seconds"] = max(found.get("seconds", 0), int.from_bytes(units) / scale)


def of_mp3(path: Path) -> dict[str, float]:
    """Give `seconds`, added up frame by frame.

    Raises:
        Refused: there is not one frame of sound where the file begins.
    """
    content = path.read_bytes()
    at = next((place for place in range(min(len(content), _PADDING)) if content[place]), 0)
    seconds, frames = 0.0, 0
    while (frame := _frame(content[at : at + _HEAD])) and at < len(content):
        length, duration = frame
        at += length
        seconds += duration
        frames += 1
    if not frames:
        raise Refused("it holds no sound", "export it again as .mp3", "文件中没有声音，请重新导出为 .mp3")
    return {"seconds": seconds}


def _frame(head: bytes) -> tuple[int, float] | None:
    """Length in bytes and in seconds of a frame of MPEG audio, layer 3; None if there is none."""
    if len(head) < _HEAD or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, bits, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version not in _RATES or rate > 2 or not 0 < bits < 15:
        return None
    first = version == 3
    samples, hertz = (1152 if first else 576), _RATES[version][rate]
    length = samples // 8 * _LAYER_3[first][bits] * 1000 // hertz + (head[2] >> 1 & 1)
    return length, samples / hertz
