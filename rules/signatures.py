"""What stands under signed score sheets: a typed name, a drawn line, or a date on paper."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from models.errors import Fault, InputError
from rules.text import DOTS, halfwidth

WIDTH, HEIGHT = 1000, 300
"""The field in which a drawn signature lies, in its own units."""

_PLACE = r"\d{1,4}[ ,]\d{1,4}"
_STROKE = rf"M{_PLACE}(?:L{_PLACE}|C{_PLACE}[ ,]{_PLACE}[ ,]{_PLACE})*"
_PATH = re.compile(rf"(?:{_STROKE})+", re.ASCII)
_NUMBER = re.compile(r"\d+", re.ASCII)
_PAPER = "paper "
_DOTS = re.compile(f"[{re.escape(DOTS)}]")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""What comes along when a name is copied from a chat."""


def drawn(text: str, *, max_length: int) -> str:
    """A drawn signature as it is kept: an SVG path of M, L and C with whole numbers within the field, and nothing else.

    Args:
        text: As it was sent; empty if nothing was drawn.
        max_length: Characters that it may have.

    Raises:
        InputError: it is no such path (`signature` is the field).
    """
    # The length comes first: what is too long is not even looked at.
    if len(text) > max_length:
        raise _refusal(f"the drawing has {len(text):,} characters; at most {max_length:,} are kept")
    path = text.strip()
    if not path:
        return ""
    if not _PATH.fullmatch(path):
        raise _refusal("the drawing is no path of M, L and C with whole numbers")
    numbers = [int(found) for found in _NUMBER.findall(path)]
    if max(numbers[0::2]) > WIDTH or max(numbers[1::2]) > HEIGHT:
        raise _refusal(f"the drawing leaves its field of {WIDTH} by {HEIGHT}")
    if len(numbers) < 4:
        raise _refusal("a dot is no signature")
    return path


def on_paper(day: date) -> str:
    """What is kept as the signature of sheets that were signed on paper on a day. No typed name looks like it."""
    return f"{_PAPER}{day.isoformat()}"


def paper_day(signed_as: str) -> str:
    """ISO date of a signature on paper; empty if the sheets were signed on a page."""
    return signed_as.removeprefix(_PAPER) if signed_as.startswith(_PAPER) else ""


def is_same_name(typed: str, name: str) -> bool:
    """Whether a typed name is that name, however it is spaced, in capitals or not, and whichever dot and width the keyboard gave."""
    return _bare(typed) == _bare(name)


def as_signed(typed: str) -> str:
    """A typed name as it is kept: without marks that nobody sees, and otherwise as it was typed."""
    return _UNSEEN.sub("", typed).strip()


def _bare(name: str) -> str:
    letters = "".join(halfwidth(_UNSEEN.sub("", name)).split())
    return _DOTS.sub("·", unicodedata.normalize("NFC", letters)).casefold()


def _refusal(what: str) -> InputError:
    return InputError([Fault(what, "draw again, or sign by your typed name alone", field="signature", column="drawing")])
