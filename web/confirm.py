"""The page of somebody who is asked to confirm something: whose link it is, what it is about, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, Entry, Nominator
from models.errors import Fault, InputError, NotAllowed, TooLate
from models.process import FormField
from models.subjects import fields_shown_to_reviewers
from models.submitting import Confirmation
from rules import calendar, confirmations
from tasks import confirming
from web import pages, visitors
from web.forms import Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

ASKED = {
    "consent": _("请确认：您是否同意以此申报？"),
    "unit": _("请填写所在单位意见"),
    "expert": _("请填写专家意见"),
}
ANSWERS = {
    "consent": (_("同意申报"), _("不同意申报")),
    "unit": (_("同意推荐"), _("不同意推荐")),
    "expert": (_("出具意见"), _("不出具意见")),
}
CONSEQUENCES = {
    "consent": _("不同意的，该申报项不予受理，推荐单位会收到通知。"),
    "unit": _("不同意的，形式审查时按缺少单位意见处理，推荐单位会收到通知。"),
    "expert": _("署名后，您不能再担任本届评选的评审专家。"),
}
FAULTS = {
    ("agree", "missing"): _("请选择一项答复"),
    ("text", "missing"): _("请填写意见；不同意的，请说明理由"),
    ("text", "text"): _("含有无法保存的字符，或内容过长"),
    ("name", "missing"): _("请输入姓名"),
    ("name", "other"): _("姓名与邮件上的不一致，请核对后重新输入"),
    ("name", "text"): _("含有无法保存的字符，或内容过长"),
}
"""Sentences by field and code."""
LATE = _("已过截止时间，本次填写没有保存。如需留存，请自行复制。")
GONE = _("这一申报项已不在申报之列，本次填写没有保存。")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form."""

    agree: str = ""
    text: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What one link asks."""

    witness: Confirmation
    entry: Entry
    nominator: Nominator
    lines: tuple[tuple[FormField, object], ...]
    """The form, without what is private and without files."""
    open: bool


def question_of(request: Request, seat: Seat) -> Question:
    """The question behind a link, as it stands."""
    edition = seat.edition
    with visitors.database(request).read() as store:
        witness = store.confirmation(seat.grant.person)
        entry = store.entry(witness.entry)
        unit = confirming.nominator_of(store, edition, entry.nominator)
        is_open = confirming.may_answer(store, edition, entry)
    return Question(witness, entry, unit, _lines(edition, entry), is_open)


def _lines(edition: Edition, entry: Entry) -> tuple[tuple[FormField, object], ...]:
    asked = fields_shown_to_reviewers(edition.process, entry.class_name, "none")
    return tuple(
        (field, entry.fields[field.name]) for field in asked if field.kind not in ("file", "declaration") and entry.fields.get(field.name)
    )


@router.show("/confirm")
def show(request: Request, visit: MaybeVisit) -> Response:
    """The question, and the answer as it was given."""
    return _page(request, visitors.seat_of(request, visit, "witness"))


def _page(
    request: Request, seat: Seat, *, status: int = 200, typed: Typed | None = None, faults: Mapping[str, str] | None = None, fault: str = ""
) -> Response:
    asked, zone = question_of(request, seat), seat.edition.process.time_zone
    witness = asked.witness
    given = Typed({"given": "yes", "refused": "no"}.get(witness.state, ""), witness.text, witness.signed_as)
    with visitors.database(request).read() as store:
        today = calendar.to_local(store.edition_now(seat.edition.id), zone)
    return pages.render(
        request, "confirm.html", status=status, seat=seat, edition=seat.edition, run=seat.edition.stages[0], asked=asked, zone=zone,
        today=today, typed=typed or given, faults=faults or {}, fault=fault, question=ASKED[witness.kind], answers=ANSWERS[witness.kind],
        consequence=CONSEQUENCES[witness.kind], text_max=confirmations.TEXT_MAX, done=request.query_params.get("done") == "1",
    )  # fmt: skip


@router.take("/confirm")
def answer(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """Keep the answer; a form that comes again changes nothing but the time."""
    visitors.check_form(visit, form)
    seat = visitors.seat_of(request, visit, "witness")
    typed = Typed(form.text("agree"), form.text("text"), form.text("name"))
    agree = {"yes": True, "no": False}.get(typed.agree)
    try:
        if form.unreadable:
            raise InputError([Fault("unreadable characters", field=name, column="text") for name in form.unreadable])
        confirming.answer(seat.grant, agree=agree, text=typed.text, name=typed.name)
    except InputError as refused:
        faults = {one.field: FAULTS.get((one.field, one.column), FAULTS["text", "text"]) for one in refused.faults}
        return _page(request, seat, status=422, typed=typed, faults=faults)
    except TooLate:
        return _page(request, seat, status=409, typed=typed, fault=LATE)
    except NotAllowed:
        return _page(request, seat, status=409, typed=typed, fault=GONE)
    return pages.go("/confirm?done=1")
