"""A nominator's zip of attachments: how it is to be made, and what became of each of its files."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Nominator
from models.errors import NotFound
from tasks import arriving, examining, upload_places, upload_zips, uploads
from web import pages, visitors, words
from web import uploads as upload_pages
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()


@router.show("/submit/zip")
def show(request: Request, visit: MaybeVisit) -> Response:
    """Which files are named by the unit's forms and entries, which of them are there, and a form for the zip."""
    seat = visitors.seat_of(request, visit, "nominator")
    assert isinstance(seat.person, Nominator)  # noqa: S101 - the role of the seat
    with visitors.database(request).read() as store:
        place = upload_places.place_of(store, seat.edition, seat.person.id, None, upload_places.ZIP)
        lines = []
        for one in upload_zips.wanted_by(store, seat.edition, seat.person.id):
            there = one.draft is not None and one.field.name in uploads.kept_for(store, one.draft)
            lines.append((one, words.both(one.field.title), there))
    return pages.render(
        request, "zip_new.html", seat=seat, edition=seat.edition, run=seat.edition.stages[0], zone=seat.edition.process.time_zone,
        lines=lines, most=upload_places.most_bytes(place, upload_places.ZIP), field_name=upload_places.ZIP,
    )  # fmt: skip


@router.show("/submit/zip/{upload_id}")
def show_result(request: Request, visit: MaybeVisit, upload_id: str) -> Response:
    """What became of each file of a zip; while it is examined, the page looks again by itself."""
    seat = visitors.seat_of(request, visit, "nominator")
    with visitors.database(request).read() as store:
        upload = arriving.own(store, upload_id, seat.person.id)
    if upload.field != upload_places.ZIP:
        raise NotFound("this upload is no zip")
    examining.start(upload)
    report = upload.notes.get("zip") or {}
    return pages.render(
        request, "zip_result.html", seat=seat, edition=seat.edition, run=seat.edition.stages[0], zone=seat.edition.process.time_zone,
        upload=upload, checking=arriving.is_whole(upload), said=upload_pages.said(upload), report=report,
    )  # fmt: skip
