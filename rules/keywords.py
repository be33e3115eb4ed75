"""Keywords of entries and reviewers: how they are written, and how many two have in common (rule R1, decision 0024)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

_BETWEEN = re.compile(r"[;；、,，|\n]+")


def read_keywords(text: str) -> tuple[str, ...]:
    """The keywords in a text, as they are written, each once; a slash or a blank stays within a keyword: `TCP/IP`, `machine learning`."""
    found: dict[str, str] = {}
    for part in _BETWEEN.split(text):
        if key := keyword_key(part):
            found.setdefault(key, " ".join(part.split()))
    return tuple(found.values())


def keyword_key(text: str) -> str:
    """What is compared of a keyword: neither width nor case nor blanks around it matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def keys_of(keywords: Collection[str]) -> tuple[str, ...]:
    """Keywords as they are compared, sorted, each once."""
    return tuple(sorted({key for one in keywords if (key := keyword_key(one))}))


def shared(one: Collection[str], other: Collection[str], *, at_most: int) -> int:
    """How many keywords two have in common, as far as it counts; both as `keys_of` gives them."""
    return min(at_most, len(set(one) & set(other)))
