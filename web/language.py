"""Chinese is written in the templates; English comes from the catalogue beside them, compiled when the pages start."""

from __future__ import annotations

import io
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = ("zh_CN", "en")
COOKIE = "jinbang_lang"
CURRENT: ContextVar[str] = ContextVar("jinbang_locale", default="zh_CN")
"""Language of the page that is being made."""


@cache
def translations(locale: str) -> NullTranslations:
    """The catalogue of a language; Chinese needs none."""
    if locale != "en":
        return NullTranslations()
    source = files("web").joinpath("locale", "en", "LC_MESSAGES", "jinbang.po").read_bytes()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source), locale="en"))
    compiled.seek(0)
    return GNUTranslations(compiled)


def gettext(message: str) -> str:
    """A text of ours in the language of the page."""
    return translations(CURRENT.get()).gettext(message) if message else ""


def ngettext(singular: str, plural: str, number: int) -> str:
    """A text that counts; Chinese has one form."""
    return translations(CURRENT.get()).ngettext(singular, plural, number)


_ = gettext


def mark(message: str) -> str:
    """Name a text for the catalogue where it is translated later, when a page is made."""
    return message


def choose(query: str | None, cookie: str | None, accepted: str, default: str) -> str:
    """The language of a page: asked for in the address, chosen before, or English for a browser that prefers it."""
    for asked in (query, cookie):
        if asked in LOCALES:
            return asked
    best = sorted(_preferences(accepted), key=lambda pair: -pair[1])
    if best and best[0][0].startswith("en"):
        return "en"
    if best and best[0][0].startswith("zh"):
        return "zh_CN"
    return default


def _preferences(accepted: str) -> list[tuple[str, float]]:
    found = []
    for part in accepted.split(",")[:20]:
        name, _, quality = part.strip().lower().partition(";q=")
        try:
            found.append((name, float(quality or 1)))
        except ValueError:
            continue
    return [pair for pair in found if pair[0]]
