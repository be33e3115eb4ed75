"""Entering by a personal link, leaving, and choosing a language."""

from __future__ import annotations

from urllib.parse import quote

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
    return _enter(request, token, "")


@router.show("/l/{token}/device")
def knock_for_devices(request: Request, token: str) -> Response:
    """The same inert page, for the link in the notice of a new device."""
    return pages.render(request, "link.html", action=request.url.path)


@router.take("/l/{token}/device")
def enter_for_devices(request: Request, token: str) -> Response:
    """Sign in and go to the list of one's devices."""
    return _enter(request, token, "/device")


@router.show("/l/{token}/corrections/{code}")
def knock_for_correction(request: Request, token: str, code: str) -> Response:
    """The same inert page, for the link in the mail that asks for a correction."""
    return pages.render(request, "link.html", action=request.url.path)


@router.take("/l/{token}/corrections/{code}")
def enter_for_correction(request: Request, token: str, code: str) -> Response:
    """Sign in and go to what is to be corrected."""
    return _enter(request, token, f"/submit/corrections/{quote(code, safe='')}")


@router.show("/l/{token}/reasons/{code}")
def knock_for_reason(request: Request, token: str, code: str) -> Response:
    """The same inert page, for the link in the mail that asks for a reason."""
    return pages.render(request, "link.html", action=request.url.path)


@router.take("/l/{token}/reasons/{code}")
def enter_for_reason(request: Request, token: str, code: str) -> Response:
    """Sign in and go to the page where the reason is written."""
    return _enter(request, token, f"/review/{quote(code, safe='')}/reason")


def _enter(request: Request, token: str, page: str) -> Response:
    guards.refuse_if_full(request, "wrong_link")
    try:
        cookie, visit = visiting.enter(token, request.headers.get("user-agent", ""))
    except LinkRefused:
        guards.count(request, "wrong_link")
        office, again = visitors.installed(request).settings.mail_from, f"/l/{quote(token, safe='')}/again"
        return pages.render(request, "link_refused.html", status=403, office=office, again=again)
    assert visit.grant is not None  # noqa: S101 - a link always has one
    response = pages.go(page or errors.HOMES[visit.grant.role])
    visitors.remember(request, response, cookie)
    return response


@router.take("/l/{token}/again")
def ask_again(request: Request, token: str) -> Response:
    """Mail a new link to the registered address, if this one belonged to somebody who is still asked; the answer never tells."""
    guards.count(request, "wrong_link")
    visiting.ask_again(token)
    return pages.render(request, "link_again.html")


@router.show("/device")
def show_devices(request: Request, visit: visitors.MaybeVisit) -> Response:
    """Where the holder of the link is signed in, and how to end that."""
    return _device_page(request, visit)


def _device_page(request: Request, visit: visitors.MaybeVisit, *, ended: bool = False) -> Response:
    seat = visitors.seat_of(request, visit)
    return pages.render(
        request, "device.html", seat=seat, browsers=visiting.devices(seat.visit), zone=seat.edition.process.time_zone,
        home=errors.HOMES[seat.grant.role], ended=ended or request.query_params.get("ended") == "1",
    )  # fmt: skip


@router.take("/device/end")
def end_others(request: Request, visit: visitors.MaybeVisit, form: Posted) -> Response:
    """Sign out every other browser."""
    visitors.check_form(visit, form)
    visiting.end_others(visitors.seat_of(request, visit).visit)
    return pages.go("/device?ended=1")


@router.take("/device/replace")
def replace_link(request: Request, visit: visitors.MaybeVisit, form: Posted) -> Response:
    """Replace the link: the new one goes to the registered address, and every browser is signed out."""
    visitors.check_form(visit, form)
    if wait := visiting.replace_own(visitors.seat_of(request, visit).visit):
        raise errors.TooMany(wait)
    request.state.visit, request.state.holder = None, ""
    response = pages.render(request, "link_again.html")
    visitors.forget(request, response)
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
    response = pages.go(pages.ours(back))
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
