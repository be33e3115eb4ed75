"""Forms that bring a file: the fields come first, then the file, piece by piece, so that nothing of it stands in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from web import errors
from web.forms import Form

_MOST_FIELDS = 50
_MOST_IN_A_FIELD = 10_000
_MOST_IN_A_HEAD = 8192

_Event = tuple[str, bytes]


class FileForm:
    """A form with one file as its last field, read as it arrives."""

    def __init__(self, request: Request) -> None:
        """Prepare to read.

        Raises:
            Refused: it is no form that brings files.
        """
        kind, options = parse_options_header(request.headers.get("content-type"))
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise errors.Refused(415)
        self._events: deque[_Event] = deque()
        self._chunks = request.stream().__aiter__()
        self._head = b""
        calls = {
            "on_part_begin": lambda: self._events.append(("begin", b"")),
            "on_header_field": self._note("name"),
            "on_header_value": self._note("value"),
            "on_header_end": lambda: self._events.append(("header", b"")),
            "on_headers_finished": lambda: self._events.append(("body", b"")),
            "on_part_data": self._note("data"),
            "on_part_end": lambda: self._events.append(("end", b"")),
        }
        self._parser = MultipartParser(boundary, calls)  # type: ignore[arg-type]
        self.file_name = ""
        """As the browser sends it; empty if no file was chosen."""

    def _note(self, what: str) -> Callable[[bytes, int, int], None]:
        def note(data: bytes, start: int, end: int) -> None:
            self._events.append((what, data[start:end]))

        return note

    async def fields(self) -> Form:
        """The fields before the file.

        Raises:
            Refused: there is no file, or far too much before it.
        """
        found: list[tuple[str, str | UploadFile]] = []
        async for headers in self._parts():
            kind, options = parse_options_header(headers.get(b"content-disposition", b""))
            field = _text(options.get(b"name", b""))
            if kind == b"form-data" and b"filename" in options:
                self.file_name = _text(options[b"filename"])
                return Form(FormData(found))
            value = b""
            async for piece in self.pieces():
                value += piece
                if len(value) > _MOST_IN_A_FIELD:
                    raise errors.Refused(413)
            found.append((field, _text(value)))
            if len(found) > _MOST_FIELDS:
                raise errors.Refused(413)
        return Form(FormData(found))

    async def _parts(self) -> AsyncIterator[dict[bytes, bytes]]:
        """The heads of the parts; whoever asks for the next has read the pieces of the one before."""
        headers: dict[bytes, bytes] = {}
        name = value = b""
        while (event := await self._next()) is not None:
            match event:
                case ("begin", _):
                    headers = {}
                case ("name", piece):
                    name += piece
                case ("value", piece):
                    value += piece
                case ("header", _):
                    headers[name.lower()] = value
                    name = value = b""
                case ("body", _):
                    yield headers
            if len(name) + len(value) > _MOST_IN_A_HEAD or len(headers) > _MOST_FIELDS:
                raise errors.Refused(413)

    async def pieces(self) -> AsyncIterator[bytes]:
        """What the part holds that was begun last.

        Raises:
            Refused: the form ends in the middle of it.
        """
        while (event := await self._next()) is None or event[0] != "end":
            if event is None:
                raise errors.Refused(400)
            if event[0] == "data":
                yield event[1]

    async def _next(self) -> _Event | None:
        while not self._events:
            try:
                chunk = await anext(self._chunks)
                self._parser.write(chunk)
            except StopAsyncIteration:
                return None
            except MultipartParseError:
                raise errors.Refused(400) from None
        return self._events.popleft()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
