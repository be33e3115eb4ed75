"""Pages of an entry's documents for the reviewer who has it in hand: as pictures with a watermark, and as text."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, Entry, File
from models.errors import NotFound
from models.material import FilePage
from models.store import Store
from web import pages, pictures, reviewing, sheets, visitors, watermarks
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

_KEPT_SECONDS = 3600
_LONGEST_NUMBER = 4


@router.show("/review/{code}/files/{name}/text")
def show_text(request: Request, visit: MaybeVisit, code: str, name: str) -> Response:
    """The text of a document's pages, for those who cannot see pictures, or want to search."""
    seat, desk = reviewing.sit(request, visit)
    card = desk.card(code)
    with visitors.database(request).read() as store:
        _file, found = _document(store, sheets.visible_files(store, desk.edition, desk.stage, card.entry), name)
    zone = desk.edition.process.time_zone
    return pages.render(request, "material_text.html", seat=seat, desk=desk, card=card, zone=zone, pages=found, name=name)


@router.show("/review/{code}/files/{name}/{number}", slow=True)
def show_page(request: Request, visit: MaybeVisit, code: str, name: str, number: str) -> Response:
    """One page of a document."""
    seat, desk = reviewing.sit(request, visit)
    card = desk.card(code)
    with visitors.database(request).read() as store:
        _file, found = _document(store, sheets.visible_files(store, desk.edition, desk.stage, card.entry), name)
    marked = visitors.installed(request).settings.watermark
    return send_page(request, found, number, mark=f"{seat.person.code}  {desk.edition.id}" if marked else "")


def document_of(store: Store, edition: Edition, code: str, name: str) -> tuple[Entry, tuple[FilePage, ...]]:
    """A document of an entry with its pages, whoever may see it.

    Raises:
        NotFound: there is none.
    """
    entry = next((one for one in store.entries(edition.id) if one.code == code), None)
    if entry is None:
        raise NotFound(f"{edition.id} has no entry {code}", zh=f"没有编号为“{code}”的申报项")
    return entry, _document(store, list(store.files(entry.id)), name)[1]


def _document(store: Store, files: list[File], name: str) -> tuple[File, tuple[FilePage, ...]]:
    file = next((one for one in files if one.name == name), None)
    found = store.file_pages([file.sha256]).get(file.sha256, ()) if file else ()
    if file is None or not found:
        raise NotFound("there is no such document", zh="没有这份材料")
    return file, found


def send_page(request: Request, found: tuple[FilePage, ...], number: str, *, mark: str) -> Response:
    """A page as a picture, which only the browser of this person may keep.

    Raises:
        NotFound: the document has no such page, or its picture is not kept.
    """
    wanted = int(number) if number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER else 0
    page = next((one for one in found if one.number == wanted), None)
    path: Path | None = pictures.path_of(request, page.image) if page else None
    if path is None:
        raise NotFound("there is no such page", zh="这份材料没有这一页")
    content, media_type = watermarks.drawn(path, mark)
    headers = {"Cache-Control": f"private, max-age={_KEPT_SECONDS}", "Vary": "Cookie", **pictures.SEALED}
    return Response(content, media_type=media_type, headers=headers)
