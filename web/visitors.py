"""Who is asking: the visit behind the cookie, and the seat that its link gives at one edition."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, Grant, Holder, Role, Visit
from models.store import Database, Store
from models.stores.hands import Hands
from rules.links import needs_code
from tasks import saving, visiting
from tasks.installation import Installation
from tasks.links import holder
from web import errors
from web.audit import cookie_name
from web.forms import Form


@dataclass(frozen=True, slots=True)
class Seat:
    """A person at an edition, in the role of the link."""

    visit: Visit
    grant: Grant
    edition: Edition
    person: Holder
    hands: Hands | None = None
    """What a reviewer has been given, as of the look that found the visit; None where it must be read anew."""


def installed(request: Request) -> Installation:
    """The installation that the pages show."""
    found: Installation = request.app.state.installation
    return found


def database(request: Request) -> Database:
    """Its database."""
    return installed(request).database


def remember(request: Request, response: Response, cookie: str) -> None:
    """Give the browser its cookie; it ends with the browser's session."""
    response.set_cookie(cookie_name(request), cookie, path="/", secure=installed(request).settings.https, httponly=True, samesite="lax")


def forget(request: Request, response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(cookie_name(request), path="/", secure=installed(request).settings.https, httponly=True, samesite="lax")


def visit_of(request: Request) -> Visit | None:
    """The visit behind the cookie; looked up anew for each request, so that a revoked link ends at once."""
    visit, noted = look_up(request)
    if noted:
        saving.together(noted)
    return visit


def look_up(request: Request) -> tuple[Visit | None, Callable[[Store], None] | None]:
    """The visit behind the cookie, and what must be written of it now, if anything."""
    cookie = request.cookies.get(cookie_name(request))
    found = visiting.attend(cookie)
    request.state.visit, request.state.attendance = found.visit, found
    return found.visit, visiting.see(cookie) if cookie and found.unseen else None


MaybeVisit = Annotated[Visit | None, "visit"]
"""The visit behind the cookie, as a handler asks for it."""


def seat_of(request: Request, visit: Visit | None, role: Role | None = None) -> Seat:
    """The seat of a visit in a role, or in whichever it has. Every page of a role comes through here, so that none forgets the mailed code.

    Raises:
        Refused: nobody is signed in, or in another role.
        CodeNeeded: the stage asks for a mailed code, and this browser has not typed it.
    """
    seat = unconfirmed_seat_of(request, visit, role)
    if not seat.visit.confirmed and needs_code(seat.edition, seat.grant.role):
        raise errors.CodeNeeded
    request.state.holder = seat.person.name
    return seat


def unconfirmed_seat_of(request: Request, visit: Visit | None, role: Role | None = None) -> Seat:
    """The same for the page that asks for the code, whether or not it has been typed; the head of that page names nobody.

    Raises:
        Refused: nobody is signed in, or in another role.
    """
    if visit is None:
        raise errors.Refused(403, errors.NOT_SIGNED_IN)
    if visit.grant is None or visit.grant.role != (role or visit.grant.role):
        raise errors.Refused(403)
    grant = visit.grant
    seen: visiting.Attendance | None = getattr(request.state, "attendance", None)
    request.state.attendance = None  # whoever asks again has perhaps changed something, and looks anew
    if seen is not None and seen.visit is visit and seen.edition is not None and seen.person is not None:
        return Seat(visit, grant, seen.edition, seen.person, seen.hands)
    with database(request).read() as store:
        return Seat(visit, grant, store.edition(grant.edition), holder(store, grant))


def admin_of(visit: Visit | None) -> str:
    """Address of the admin.

    Raises:
        Refused: nobody is signed in as an admin.
    """
    if visit is None or visit.admin is None:
        raise errors.Refused(403, errors.NOT_SIGNED_IN if visit is None else None)
    return visit.admin


def check_form(visit: Visit | None, form: Form) -> None:
    """Refuse a form that does not belong to this visit.

    Raises:
        Refused: nobody is signed in (403), another person's page (409), or an old or forged form (403).
    """
    if visit is None:
        raise errors.Refused(403, errors.NOT_SIGNED_IN)
    if not form.text("as"):
        raise errors.Refused(403, errors.OLD_FORM)
    if form.text("as") != (visit.grant.id if visit.grant else visit.admin or ""):
        raise errors.Refused(409, errors.OTHER_PERSON)
    if not hmac.compare_digest(form.text("csrf").encode("utf-8", "replace"), visit.csrf.encode()):
        raise errors.Refused(403, errors.OLD_FORM)
