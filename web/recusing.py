"""The reviewer steps back from an entry: the page that asks for the reason, and its answer."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from models.errors import Fault, InputError
from tasks import recusing
from web import audit, errors, form_words, handed_back, language, pages, reviewing, sheets, visitors, words
from web.forms import Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

FAULTS = {
    ("reason", "missing"): _("请选择回避原因"),
    ("more", "missing"): _("请简要说明原因"),
    ("more", "text"): _("含有无法保存的字符，或内容过长"),
}
"""Sentences by field and code."""


def sentence(fault: Fault) -> str:
    """The sentence that belongs to a fault of a reason, in the language of the page."""
    if fault.column == "text" and fault.zh:
        return form_words.sentence(fault)
    return language.gettext(FAULTS.get((fault.field.rpartition(".")[2], fault.column), FAULTS["more", "text"]))


@router.show("/review/{code}/recuse")
def show_recusal(request: Request, visit: MaybeVisit, code: str) -> Response:
    """Ask for the reason, and say what will happen."""
    seat, desk = reviewing.sit(request, visit)
    return _page(request, seat, desk, code)


def _page(
    request: Request, seat: Seat, desk: sheets.Desk, code: str, *, status: int = 200, faults: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    return pages.render(
        request, "recuse.html", status=status, seat=seat, desk=desk, card=desk.card(code), reasons=words.RECUSALS,
        faults={"reason": "", "more": "", **(faults or {})}, typed=typed or {"reason": "", "more": ""}, zone=desk.edition.process.time_zone,
    )  # fmt: skip


@router.take("/review/{code}/recuse")
def recuse(request: Request, visit: MaybeVisit, form: Posted, code: str) -> Response:
    """Take the entry off the list."""
    typed = {"reason": form.text("reason"), "more": form.text("more")}
    try:
        visitors.check_form(visit, form)
    except errors.Refused as refused:
        if not handed_back.is_of_earlier_visit(visit, form, refused):
            raise
        audit.keep_at_once(request, errors.reason_of(refused))
        faults = {"reason": language.gettext(handed_back.EARLIER)}
        return _page(request, *reviewing.sit(request, visit), code, status=403, faults=faults, typed=typed)
    seat, desk = reviewing.sit(request, visit)
    card = desk.card(code)
    try:
        if form.unreadable:
            raise InputError([Fault("unreadable characters", field="more", column="text")])
        recusing.recuse(desk.edition.id, desk.run.position, seat.person.id, card.entry.id, **typed)
    except InputError as refused:
        return _page(request, seat, desk, code, status=422, faults={one.field: sentence(one) for one in refused.faults}, typed=typed)
    return pages.go("/review?recused=1")
