"""The admin's pages that only show: sign-in, the board of editions, one edition in detail."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, Member, Nominator, Reviewer, Role
from models.errors import LinkRefused
from models.store import Store
from tasks import editions, visiting
from web import admin_material, guards, pages, visitors, words
from web.forms import Posted
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

_LAST_EVENTS = 30


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a link."""

    role: Role
    id: str
    code: str
    name: str
    unit: str
    has_link: bool


@router.show("/admin/sign-in")
def show_sign_in(request: Request) -> Response:
    """Ask for the address."""
    return pages.render(request, "admin/sign_in.html", sent=False)


@router.take("/admin/sign-in")
def ask_sign_in(request: Request, form: Posted) -> Response:
    """Send a one-time link if there is such an admin; the answer never tells."""
    guards.count(request, "sign_in")
    email = form.text("email").strip().lower()
    usable = 0 < len(email) <= 320 and email.isprintable() and not form.unreadable
    link = visiting.make_sign_in(email) if usable else None
    if link is not None:
        request.app.state.notify_sign_in(email, link)
    return pages.render(request, "admin/sign_in.html", sent=True)


@router.show("/admin/in/{token}")
def knock(request: Request, token: str) -> Response:
    """The same page for every token; only the button signs in."""
    return pages.render(request, "link.html", action=request.url.path)


@router.take("/admin/in/{token}")
def enter(request: Request, token: str) -> Response:
    """Sign in and use the link up."""
    guards.refuse_if_full(request, "wrong_link")
    try:
        cookie, _visit = visiting.enter_admin(token)
    except LinkRefused:
        guards.count(request, "wrong_link")
        return pages.render(request, "link_refused.html", status=403, office="", again="")
    response = pages.go("/admin")
    visitors.remember(request, response, cookie)
    return response


@router.show("/admin")
def board(request: Request, visit: MaybeVisit) -> Response:
    """All editions with stage, counts, deadline and what blocks them."""
    if visit is None:
        return pages.go("/admin/sign-in")
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        found = [editions.status(store, edition) for edition in reversed(store.editions())]
    return pages.render(request, "admin/board.html", statuses=found)


@router.show("/admin/editions/{edition_id}")
def detail(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """One edition: its stages, its people's progress, its mails and what happened last."""
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        status = editions.status(store, edition)
        scored = edition.last_of("scoring")
        progress = store.progress(edition_id, scored.position) if scored else {}
        reviewers = [one for one in store.reviewers(edition_id) if one.id in progress]
        failed = store.mails(edition_id, states=("failed", "uncertain"))
        people = _people(store, edition)
        last = store.last_events(edition_id, _LAST_EVENTS)
        flagged = admin_material.flagged(store, edition)
    return pages.render(
        request, "admin/edition.html", edition=edition, state=status, progress=progress, reviewers=reviewers, failed=failed, people=people,
        events=last, zone=edition.process.time_zone, title=words.edition_title(edition), done=request.query_params.get("done", ""),
        flagged=flagged,
    )  # fmt: skip


def _people(store: Store, edition: Edition) -> list[Person]:
    have = {(grant.role, grant.person) for grant in store.grants(edition.id).values()}

    def person(role: Role, one: Nominator | Reviewer | Member) -> Person:
        return Person(role, one.id, one.code, one.name, getattr(one, "unit", ""), (role, one.id) in have)

    found = [person("nominator", one) for one in store.nominators(edition.id)]
    found += [person("reviewer", one) for one in store.reviewers(edition.id)]
    found += [person(one.role, one) for one in store.members(edition.id)]
    return found
