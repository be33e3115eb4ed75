"""Discipline codes: finding one by its number or its name, and naming one. Second and third levels go by the first (GB/T 13745)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from models.declared import Words
from rules.text import halfwidth

FIRST_LEVEL = 3
"""Digits of a first-level code; the second level has five, the third seven."""
_CODE = re.compile(r"(\d{1,3})\.?(\d{0,2})\.?(\d{0,2})")


@dataclass(frozen=True, slots=True)
class Discipline:
    """A code with the name of its first level."""

    code: str
    title: Words

    def line(self, locale: str) -> str:
        """Code and name in one line, as a list of choices shows them: 570 水利工程."""
        return f"{self.code} {self.title.get(locale)}"


def title_of(table: Mapping[str, Words], code: str) -> Words | None:
    """The name of the first level of a code; None if the table does not know it.

    Args:
        table: First-level code -> name, as `config.disciplines` reads them.
        code: Of 3, 5 or 7 digits, with or without dots.
    """
    return table.get(halfwidth(code).replace(".", "").strip()[:FIRST_LEVEL])


def search(table: Mapping[str, Words], text: str) -> tuple[Discipline, ...]:
    """Find disciplines by the beginning of a code or by a part of a name, in the order of the codes; all for an empty text.

    A code of a deeper level whose first level is known stands for itself: 57010 gives 57010 with the name of 570.

    Args:
        table: First-level code -> name.
        text: What somebody typed: digits, Chinese or English; width and case make no difference.
    """
    wanted = " ".join(halfwidth(text).split()).casefold()
    if number := _CODE.fullmatch(wanted):
        digits = "".join(number.groups())
        if len(digits) > FIRST_LEVEL:
            title = title_of(table, digits)
            return () if title is None or len(digits) % 2 == 0 else (Discipline(digits, title),)
        return tuple(Discipline(code, title) for code, title in table.items() if code.startswith(digits))
    found = [
        Discipline(code, title)
        for code, title in table.items()
        if all(word in f"{code} {title.zh} {title.en}".casefold() for word in wanted.split())
    ]
    return tuple(found)
