"""Versions of a shortlist as files, for the office and for the committee."""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from tasks import packet, packet_facts
from web import errors, visitors

_TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pdf": "application/pdf"}


def version_asked(request: Request) -> int | None:
    """The number in the address; None = the latest."""
    text = request.query_params.get("version", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise errors.Refused(404)
    return int(text)


def answer(request: Request, edition_id: str, kind: Literal["xlsx", "pdf"]) -> Response:
    """The version that the address asks for, as a file.

    Raises:
        NotFound: there is no shortlist, or no such version.
        NoFont: no PDF can be made on this machine.
    """
    version = version_asked(request)
    with visitors.database(request).read() as store:
        number = packet_facts.of(store, edition_id, version).listed.version
        content = packet.workbook(store, edition_id, version) if kind == "xlsx" else packet.pdf(store, edition_id, version)
    headers = {"Content-Disposition": f'attachment; filename="{edition_id}-shortlist-v{number}.{kind}"'}
    return Response(content, media_type=_TYPES[kind], headers=headers)
