"""Pages of documents with the code of the reviewer who looks at them drawn over, lightly and repeated."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

_SIZE = 26
_ANGLE = 30
_TONE = 226
"""Of 255, multiplied into the page: light enough to read through, dark enough to survive a photocopier."""
_GAP = 150
"""Pixels between repetitions."""
_GREYS = [level * 17 for level in range(16) for _ in range(3)]


def drawn(path: Path, mark: str) -> tuple[bytes, str]:
    """A kept page with a mark over it; yields the picture and its media type. An empty mark draws nothing.

    Raises:
        OSError: what is kept is no picture.
    """
    with Image.open(path, formats=("PNG", "JPEG")) as kept:
        grey = kept.format == "PNG"
        page = kept.convert("L" if grey else "RGB")
    if mark:
        overlay = _overlay(_ascii(mark), page.size)
        page = ImageChops.multiply(page, overlay if grey else overlay.convert("RGB"))
    target = io.BytesIO()
    if not grey:
        page.save(target, "JPEG", quality=80)
        return target.getvalue(), "image/jpeg"
    few = page.point([level * 15 // 255 for level in range(256)])
    indexed = Image.frombytes("P", few.size, few.tobytes())
    indexed.putpalette(_GREYS)
    indexed.save(target, "PNG", bits=4, compress_level=4)
    return target.getvalue(), "image/png"


def _ascii(mark: str) -> str:
    """The font that comes along knows Latin letters only; another code is drawn as the beginning of its hash."""
    return mark if mark.isascii() else hashlib.sha256(mark.encode()).hexdigest()[:12]


@lru_cache(maxsize=8)
def _overlay(mark: str, size: tuple[int, int]) -> Image.Image:
    font = ImageFont.load_default(_SIZE)
    wide = int(font.getlength(mark)) + 1
    strip = Image.new("L", (wide, _SIZE * 2), 255)
    ImageDraw.Draw(strip).text((0, _SIZE // 2), mark, font=font, fill=_TONE)
    tile = strip.rotate(_ANGLE, expand=True, fillcolor=255)
    overlay = Image.new("L", size, 255)
    for row, top in enumerate(range(0, size[1], tile.height + _GAP)):
        start = -(tile.width // 2) if row % 2 else _GAP // 3
        for left in range(start, size[0], tile.width + _GAP):
            overlay.paste(tile, (left, top))
    return overlay
