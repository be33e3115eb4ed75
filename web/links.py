"""Entering by a personal link, leaving, and choosing a language."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from models.errors import LinkRefused
from tasks import visiting
from web import errors, guards, language, pages, visitors
from web.forms import Posted
from web.routes import Pages

router = Pages()


@router.show("/l/{token}")
def knock(request: Request, token: str) -> Response:
    """The same page for every token: mail scanners open links, and must neither learn nor change anything."""
    return pages.render(request, "link.html", action=request.url.path)


@router.take("/l/{token}")
def enter(request: Request, token: str) -> Response:
    """Sign in and go to the page of the role; a link that opens nothing gets help, and counts."""
    limiter: guards.Limiter = request.app.state.limiter
    address = guards.address_of(request.scope)
    limiter.refuse_if_full(limiter.wrong_links, "wrong_links", address)
    try:
        cookie, visit = visiting.enter(token)
    except LinkRefused:
        limiter.count(limiter.wrong_links, "wrong_links", address)
        return pages.render(request, "link_refused.html", status=403, office=visitors.installed(request).settings.mail_from)
    assert visit.grant is not None  # noqa: S101 - a link always has one
    response = pages.go(visitors.HOMES[visit.grant.role])
    visitors.remember(request, response, cookie)
    return response


@router.take("/leave")
def leave(request: Request, visit: visitors.MaybeVisit, form: Posted) -> Response:
    """Sign this browser out."""
    if visit is not None:
        visitors.check_form(visit, form)
        visiting.leave(visit)
    response = pages.go("/")
    visitors.forget(request, response)
    return response


@router.take("/language")
def speak(request: Request, form: Posted) -> Response:
    """Remember the language, and show the page once more."""
    asked, back = form.text("to"), form.text("back")
    if asked not in language.LOCALES:
        raise errors.Refused(422)
    # Only a path of ours: `//host` and `/\host` lead elsewhere.
    local = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    response = pages.go(back if local else "/")
    response.set_cookie(
        language.COOKIE,
        asked,
        max_age=365 * 86400,
        path="/",
        secure=visitors.installed(request).settings.https,
        httponly=True,
        samesite="lax",
    )
    return response
