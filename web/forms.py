"""Reading forms: at most so many fields, no files, texts as they were typed."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from web import errors

_PLAIN = "application/x-www-form-urlencoded"
_MOST_FIELDS = 3000
"""The table of a reviewer with 150 sheets of a dozen criteria and more has as many; it must not be refused when it is full."""
_MOST_IN_A_FIELD = 4 * 1024 * 1024
"""Bytes as they are sent: a Chinese character takes nine, so this holds a megabyte of them."""


class Form:
    """What was posted."""

    def __init__(self, fields: FormData) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """The text of a field; empty if it was not sent."""
        value = self._fields.get(name, "")
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """All texts of a field that may be ticked several times."""
        return [value for value in self._fields.getlist(name) if isinstance(value, str)]

    def starting_with(self, prefix: str) -> dict[str, str]:
        """Texts of the fields of a name, by what follows the prefix."""
        return {name.removeprefix(prefix): self.text(name) for name in self._fields if name.startswith(prefix)}

    def pairs(self) -> list[tuple[str, str]]:
        """All texts with their fields' names, in the order in which they were sent."""
        return [(name, value) for name, value in self._fields.multi_items() if isinstance(value, str)]

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Fields with bytes that are no text: they arrive as replacement characters, and are refused rather than kept."""
        return tuple(name for name, value in self._fields.multi_items() if isinstance(value, str) and "\ufffd" in value)


async def read(request: Request) -> Form:
    """The posted form; an answer of 400 or 413 if it is none, or too large."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == _PLAIN:
        return _plain(await request.body())
    fields = await request.form(max_files=0, max_fields=_MOST_FIELDS, max_part_size=_MOST_IN_A_FIELD)
    if len(fields.multi_items()) > _MOST_FIELDS:
        raise errors.Refused(413)
    return Form(fields)


def _plain(body: bytes) -> Form:
    """What a form without files sends, in one piece: the framework's parser is made for pieces, and takes five times as long."""
    if len(body) > _MOST_IN_A_FIELD and max(map(len, body.split(b"&"))) > _MOST_IN_A_FIELD:
        raise HTTPException(400)
    try:
        fields = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise HTTPException(400) from None
    return Form(FormData([*fields]))


Posted = Annotated[Form, "posted"]
"""The form, as a handler asks for it."""
