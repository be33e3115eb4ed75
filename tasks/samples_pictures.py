"""Small pictures for works of art: coloured shapes, drawn from the seed, so that the gallery has something to show."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterable
from pathlib import Path

from PIL import Image, ImageDraw

from models.intake import NewEntry

SIZE = (320, 240)
"""Pixels."""
_QUALITY = 60
_MADE = (2026, 1, 12, 0, 0, 0)


def write_pictures(path: Path, entries: Iterable[NewEntry], seed: int) -> None:
    """Pack a picture for every entry that names a picture file; write nothing if none does."""
    names = [name for entry in entries for name in entry.fields.values() if isinstance(name, str) and name.endswith(".jpg")]
    if not names:
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        for name in names:
            packed.writestr(zipfile.ZipInfo(name, _MADE), draw_picture(name, seed))


def draw_picture(name: str, seed: int) -> bytes:
    """Draw a JPEG of 2 to 4 KB; the same name and seed give the same picture."""
    dice = random.Random(f"{seed}:{name}")  # noqa: S311  (draws pictures, guards nothing)
    hue = dice.randrange(360)
    picture = Image.new("RGB", SIZE, f"hsl({hue}, 45%, 88%)")
    pen = ImageDraw.Draw(picture)
    width, height = SIZE
    pen.rectangle((0, height * 0.7, width, height), fill=f"hsl({(hue + 30) % 360}, 40%, 62%)")
    for _ in range(dice.randint(3, 6)):
        x, y, size = dice.randrange(width), dice.randrange(height), dice.randint(24, 80)
        colour = f"hsl({(hue + dice.choice((0, 120, 180, 220))) % 360}, 60%, {dice.randint(35, 65)}%)"
        match dice.randrange(3):
            case 0:
                pen.ellipse((x - size, y - size, x + size, y + size), fill=colour)
            case 1:
                pen.polygon(((x, y - size), (x - size, y + size), (x + size, y + size)), fill=colour)
            case _:
                pen.rectangle((x - size, y - size // 2, x + size, y + size // 2), fill=colour)
    stored = io.BytesIO()
    picture.save(stored, "JPEG", quality=_QUALITY, optimize=True)
    return stored.getvalue()
