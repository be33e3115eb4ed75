"""A divergent reviewer writes a reason that the office asked for (rule S5), with the own sheet before the eyes and nobody else's."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from models.errors import Fault, InputError, NotAllowed
from tasks import reasons
from tasks.reasons import Asked
from web import audit, errors, form_words, handed_back, language, pages, reviewing, sheets, visitors
from web.forms import Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

FAULTS = {"missing": _("请填写评分理由"), "text": _("含有无法保存的字符，或内容过长")}


def sentence(fault: Fault) -> str:
    """The sentence that belongs to a fault of a reason."""
    return form_words.sentence(fault) if fault.zh else language.gettext(FAULTS[fault.column])


@router.show("/review/{code}/reason")
def show_reason(request: Request, visit: MaybeVisit, code: str) -> Response:
    """What is asked, the own marks, and what was written."""
    seat, desk = reviewing.sit(request, visit)
    return _page(request, seat, desk, code)


def _page(request: Request, seat: Seat, desk: sheets.Desk, code: str, *, status: int = 200, fault: str = "", typed: str = "") -> Response:
    with visitors.database(request).read() as store:
        found: Asked = reasons.asked(store, desk.edition, desk.run.position, seat.person.id, code)
    return pages.render(
        request, "reason.html", status=status, seat=seat, desk=desk, card=desk.card(code), found=found, fault=fault,
        text=typed if status != 200 else found.reason.text, lost=status == 409, zone=desk.edition.process.time_zone,
    )  # fmt: skip


@router.take("/review/{code}/reason")
def give_reason(request: Request, visit: MaybeVisit, form: Posted, code: str) -> Response:
    """Keep it; whatever is refused is shown again."""
    typed = form.text("text")
    try:
        visitors.check_form(visit, form)
    except errors.Refused as refused:
        why = handed_back.why_refused(refused)
        earlier = handed_back.is_of_earlier_visit(visit, form, refused)
        if not typed.strip() or not (earlier or why):
            raise
        audit.keep_at_once(request, errors.reason_of(refused))
        if why:
            return handed_back.page(request, why, {language.gettext(_("评分理由")): typed})
        return _page(request, *reviewing.sit(request, visit), code, status=403, fault=language.gettext(handed_back.EARLIER), typed=typed)
    seat, desk = reviewing.sit(request, visit)
    if form.unreadable:
        return _page(request, seat, desk, code, status=422, fault=language.gettext(FAULTS["text"]), typed=typed)
    try:
        reasons.give(desk.edition.id, desk.run.position, seat.person.id, code, typed)
    except InputError as refused:
        return _page(request, seat, desk, code, status=422, fault=sentence(refused.faults[0]), typed=typed)
    except NotAllowed:
        return _page(request, seat, desk, code, status=409, typed=typed)
    return pages.go(f"/review/{code}/reason?saved=1")
