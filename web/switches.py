"""The switches of reading: large type and high contrast, by a plain form."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from web import errors, pages, reading, visitors
from web.forms import Posted
from web.routes import Pages

router = Pages()


@router.take("/reading")
def turn(request: Request, form: Posted) -> Response:
    """Turn a switch on or off, remember it, and show the page once more."""
    try:
        chosen = reading.turned(reading.of(request.cookies.get(reading.COOKIE)), form.text("switch"))
    except ValueError:
        raise errors.Refused(422) from None
    response = pages.go(pages.ours(form.text("back")))
    secure = visitors.installed(request).settings.https
    response.set_cookie(reading.COOKIE, chosen, max_age=reading.KEPT_SECONDS, path="/", secure=secure, httponly=True, samesite="lax")
    return response
