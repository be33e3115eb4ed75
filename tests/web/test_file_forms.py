"""A form with a file reads the same however it is cut into pieces, and no body makes it fail but with a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from web import errors
from web.file_forms import FileForm

BOUNDARY = "----b"
Read = tuple[list[tuple[str, Any]], str, bytes]


def body(fields: dict[str, str], name: str, content: bytes) -> bytes:
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items()]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: x/y\r\n\r\n'.encode()
    return b"".join((*parts, head, content, f"\r\n--{BOUNDARY}--\r\n".encode()))


def read(content: bytes, cuts: list[int]) -> Read:
    """What stands in a body that arrives in pieces."""
    places = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    pieces = [content[start:end] for start, end in pairwise(places)]
    messages = iter([*({"type": "http.request", "body": one, "more_body": True} for one in pieces), {"type": "http.request", "body": b""}])

    async def receive() -> Any:
        return next(messages)

    async def whole() -> Read:
        headers = [(b"content-type", f"multipart/form-data; boundary={BOUNDARY}".encode())]
        form = FileForm(Request({"type": "http", "method": "POST", "headers": headers}, receive))
        fields = await form.fields()
        file: AsyncIterator[bytes] = form.pieces()
        return fields._fields.multi_items(), form.file_name, b"".join([one async for one in file]) if form.file_name else b""

    return asyncio.run(whole())


PLAIN = st.text(st.characters(exclude_categories=["C"], exclude_characters='"\\'), min_size=1, max_size=20)


@given(
    fields=st.dictionaries(st.sampled_from(["as", "csrf", "draft"]), PLAIN), name=PLAIN, content=st.binary(), cuts=st.lists(st.integers(0))
)
def test_a_form_reads_the_same_however_it_is_cut(fields: dict[str, str], name: str, content: bytes, cuts: list[int]) -> None:
    assert read(body(fields, name, content), cuts) == (list(fields.items()), name, content)


@given(st.binary(), st.integers(0), st.binary(max_size=8), st.lists(st.integers(0), max_size=5))
def test_a_spoilt_form_is_read_or_refused(content: bytes, at: int, spoil: bytes, cuts: list[int]) -> None:
    good = body({"as": "x", "csrf": "y"}, "a.png", content)
    place = at % len(good)
    with suppress(errors.Refused):
        read(good[:place] + spoil + good[place + len(spoil) :], cuts)
