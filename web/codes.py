"""The page that asks for the mailed code, where a stage wants more than the link."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from rules.links import needs_code
from tasks import codes
from web import errors, language, pages, visitors
from web.forms import Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

_WRONG = _("验证码不正确，请核对最近一封邮件后重新输入。")
_DEAD = _("验证码已失效：已过有效时间，或输错次数过多。请重新发送验证码。")
_NOT_SENT = _("验证码暂时无法发送，请稍后再试；如果仍然不行，请联系评审办公室。")
_HOME = "/review"


def _waits(seat: Seat) -> bool:
    return not seat.visit.confirmed and needs_code(seat.edition, seat.grant.role)


def _page(request: Request, seat: Seat, *, status: int = 200, fault: str = "", typed: str = "", left: int = 0) -> Response:
    return pages.render(
        request, "code.html", status=status, seat=seat, waiting=codes.is_waiting(seat.visit), fault=fault, typed=typed, left=left,
        minutes=visitors.installed(request).settings.code_minutes, office=visitors.installed(request).settings.mail_from,
    )  # fmt: skip


@router.show(errors.CODE_PAGE)
def show(request: Request, visit: MaybeVisit) -> Response:
    """Ask for the code; sends nothing by itself."""
    seat = visitors.unconfirmed_seat_of(request, visit, "reviewer")
    return _page(request, seat) if _waits(seat) else pages.go(_HOME)


@router.take(f"{errors.CODE_PAGE}/send")
def send(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """Mail a code to the registered address."""
    visitors.check_form(visit, form)
    seat = visitors.unconfirmed_seat_of(request, visit, "reviewer")
    if not _waits(seat):
        return pages.go(_HOME)
    outcome, wait = codes.send(seat.visit)
    if wait:
        raise errors.TooMany(wait)
    return pages.go(errors.CODE_PAGE) if outcome == "sent" else _page(request, seat, status=503, fault=language.gettext(_NOT_SENT))


@router.take(errors.CODE_PAGE)
def check(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """Let the browser in if the code is right."""
    visitors.check_form(visit, form)
    seat = visitors.unconfirmed_seat_of(request, visit, "reviewer")
    if not _waits(seat):
        return pages.go(_HOME)
    outcome, left = codes.check(seat.visit, form.text("code"))
    if outcome == "confirmed":
        return pages.go(_HOME)
    fault = language.gettext(_WRONG if outcome == "wrong" else _DEAD)
    return _page(request, seat, status=422, fault=fault, typed=form.text("code") if outcome == "wrong" else "", left=left)
