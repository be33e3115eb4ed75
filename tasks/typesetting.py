"""From our own Typst templates and plain values to PDF. Values travel as JSON and are shown as text, never read as markup."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

import segno
import typst

from models.errors import JinbangError

FAMILIES = ("Noto Sans CJK SC", "Source Han Sans SC", "Noto Serif CJK SC", "Source Han Serif SC", "LXGW WenKai")
"""Fonts with Chinese characters, the first that is installed is taken."""


_MASK = 3
"""Any of the eight patterns can be read; looking for the best would take as long as the typesetting."""


class NoFont(JinbangError):
    """This machine has no font in which Chinese could be printed."""


@cache
def _installed() -> tuple[typst.Fonts, frozenset[str]]:
    found = typst.Fonts()
    return found, frozenset(found.families())


def fonts() -> tuple[str, ...]:
    """The installed fonts with Chinese characters, the best first.

    Raises:
        NoFont: there is none; boxes are not printed in place of names.
    """
    usable = tuple(name for name in FAMILIES if name in _installed()[1])
    if not usable:
        raise NoFont(f"no Chinese font is installed, so no PDF can be made; install fonts-noto-cjk (looked for {', '.join(FAMILIES)})")
    return usable


def pdf(template: str, values: Mapping[str, Any], *, at: datetime) -> bytes:
    """A PDF from a template in `tasks/documents`; the same values and time give the same bytes.

    Args:
        template: Name of the file, without its ending.
        values: What the template asks for; texts, whole numbers, lists and maps. The fonts are added.
        at: The time that the PDF names as that of its making.

    Raises:
        NoFont: no Chinese font is installed.
        JinbangError: the typesetter warns, such as of a missing font.
    """
    source = files("tasks").joinpath("documents", f"{template}.typ").read_bytes()
    inputs = {"data": json.dumps({**values, "fonts": fonts()}, ensure_ascii=False)}
    made, warnings = typst.compile_with_warnings(
        source, format="pdf", font_paths=_installed()[0], sys_inputs=inputs, timestamp=int(at.timestamp())
    )  # fmt: skip
    if warnings or not isinstance(made, bytes):
        raise JinbangError(f"the document {template} is not printed as meant: {'; '.join(map(str, warnings)) or 'no PDF'}")
    return made


def qr(text: str) -> str:
    """A QR code as an SVG picture."""
    target = BytesIO()
    segno.make(text, error="m", micro=False, mask=_MASK).save(target, kind="svg", xmldecl=False, border=1)
    return target.getvalue().decode()
