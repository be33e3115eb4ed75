"""Small real files for tests: PDFs set with Typst or put together by hand, pictures that tell where they were taken, a film."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pikepdf
import typst
from PIL import Image


def pdf(folder: Path, *pages: str, author: str = "", colour: str = "") -> bytes:
    """A PDF with the texts on pages of its own; its properties name the author."""
    source = folder / "text.typ"
    head = (
        f'#set document(author: "{author}", title: "t")\n#set text(font: ("Noto Serif CJK SC", "Noto Sans CJK SC", "Libertinus Serif"))\n'
    )
    box = f'#rect(fill: rgb("{colour}"), width: 5cm)\n' if colour else ""
    source.write_text(head + box + "\n#pagebreak()\n".join(pages), encoding="utf-8")
    made: bytes = typst.compile(str(source))
    return made


def changed(content: bytes, change: object) -> bytes:
    """A PDF after a change to it by a function of the opened document."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        change(document)  # type: ignore[operator]
        document.save(target)
    return target.getvalue()


def image(document: pikepdf.Pdf, content: bytes, width: int, height: int, **more: object) -> pikepdf.Object:
    """A picture inside a PDF."""
    name = pikepdf.Name
    return pikepdf.Stream(
        document,
        content,
        Type=name.XObject,
        Subtype=name.Image,
        Width=width,
        Height=height,
        BitsPerComponent=8,
        ColorSpace=name.DeviceRGB,
        **more,
    )


def encrypted(content: bytes, *, user: str) -> bytes:
    """A PDF that asks for a password, or, without one, only forbids things."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(target, encryption=pikepdf.Encryption(owner="owner", user=user))
    return target.getvalue()


def photograph(artist: str = "", *, turned: bool = False) -> bytes:
    """A JPEG, twice as wide as high, whose Exif names who took it and where."""
    target = io.BytesIO()
    exif = Image.Exif()
    if artist:
        exif[315] = artist
        exif.get_ifd(0x8825)[2] = (34.0, 16.0, 12.0)
    if turned:
        exif[0x0112] = 6
    Image.new("RGB", (40, 20), "red").save(target, "JPEG", exif=exif, comment=artist.encode())
    return target.getvalue()


def box(name: bytes, *parts: bytes) -> bytes:
    """A box of a film."""
    content = b"".join(parts)
    return (8 + len(content)).to_bytes(4, "big") + name + content


def film(author: bytes = b"", *, brand: bytes = b"isom", picture: bytes = b"\x00" * 5000) -> bytes:
    """The frame of an MP4: no player shows it, but every reader of boxes finds its way."""
    tags = box(b"udta", box(b"\xa9ART", author)) if author else b""
    track = box(b"trak", box(b"tkhd", bytes(84)), tags)
    return box(b"ftyp", brand, bytes(4), b"mp41") + box(b"moov", box(b"mvhd", bytes(100)), track, tags) + box(b"mdat", picture)


def packed(folder: Path, files: Mapping[str, bytes], name: str = "files.zip") -> Path:
    """A zip of files."""
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for inner, content in files.items():
            archive.writestr(inner, content)
    return path
