"""What was made of an entry's file when it arrived, so that nobody has to open the file itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FilePage:
    """One page of a document, as a picture and as text."""

    sha256: str
    """Of the kept file."""
    number: int
    """From 1."""
    image: str
    """SHA-256 of its picture, a PNG or JPEG in the same folder as the files."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    text: str
