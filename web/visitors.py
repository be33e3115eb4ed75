"""Who is asking: the visit behind the cookie, and the seat that its link gives at one edition."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, Grant, Member, Nominator, Reviewer, Role, Visit
from models.store import Database
from tasks import visiting
from tasks.installation import Installation
from web import errors
from web.forms import Form

HOMES: dict[Role, str] = {"nominator": "/submit", "reviewer": "/review", "committee": "/ballot", "party": "/signoff"}
"""Where each role's link leads."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A person at an edition, in the role of the link."""

    visit: Visit
    grant: Grant
    edition: Edition
    person: Nominator | Reviewer | Member


def installed(request: Request) -> Installation:
    """The installation that the pages show."""
    found: Installation = request.app.state.installation
    return found


def database(request: Request) -> Database:
    """Its database."""
    return installed(request).database


def cookie_name(request: Request) -> str:
    """A browser binds a `__Host-` cookie to https and to this host alone; plain http has no such thing."""
    return "__Host-jinbang" if installed(request).settings.https else "jinbang"


def remember(request: Request, response: Response, cookie: str) -> None:
    """Give the browser its cookie; it ends with the browser's session."""
    response.set_cookie(cookie_name(request), cookie, path="/", secure=installed(request).settings.https, httponly=True, samesite="lax")


def forget(request: Request, response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(cookie_name(request), path="/", secure=installed(request).settings.https, httponly=True, samesite="lax")


def visit_of(request: Request) -> Visit | None:
    """The visit behind the cookie; looked up anew for each request, so that a revoked link ends at once."""
    visit = visiting.visit_of(request.cookies.get(cookie_name(request)))
    request.state.visit = visit
    return visit


MaybeVisit = Annotated[Visit | None, Depends(visit_of)]


def seat_of(request: Request, visit: Visit | None, role: Role) -> Seat:
    """The seat of a visit in a role.

    Raises:
        Refused: nobody is signed in, or in another role.
    """
    if visit is None:
        raise errors.Refused(403, errors.NOT_SIGNED_IN)
    if visit.grant is None or visit.grant.role != role:
        raise errors.Refused(403)
    grant = visit.grant
    with database(request).read() as store:
        edition = store.edition(grant.edition)
        person: Nominator | Reviewer | Member
        if role == "reviewer":
            person = store.reviewer(grant.person)
        elif role == "nominator":
            person = next(one for one in store.nominators(edition.id) if one.id == grant.person)
        else:
            person = store.member(grant.person)
    request.state.holder = person.name
    return Seat(visit, grant, edition, person)


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
