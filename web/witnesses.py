"""The nominating unit's page of those who are to confirm one entry: who is asked, what they answered, and whom to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, Entry
from models.errors import Fault, InputError, NotAllowed, NotFound, TooLate
from models.submitting import Confirmation, ConfirmationKind
from tasks import confirming, witnesses
from web import pages, visitors
from web.forms import Form, Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

KINDS = {"consent": _("本人同意"), "unit": _("所在单位意见"), "expert": _("专家署名意见")}
STATES = {"asked": _("尚未答复"), "given": _("已确认"), "refused": _("不同意")}
FAULTS = {
    ("name", "missing"): _("请输入姓名"),
    ("name", "text"): _("含有无法保存的字符，或内容过长"),
    ("name", "own_work"): _("此人是申报项的作者或成员，不能出具专家意见"),
    ("unit", "missing"): _("请输入单位"),
    ("unit", "text"): _("含有无法保存的字符，或内容过长"),
    ("email", "email"): _("请输入一个有效的电子邮箱"),
    ("email", "own"): _("这是推荐单位自己的邮箱，请填写对方本人的邮箱"),
    ("email", "twice"): _("这个邮箱已经请过，请另请他人"),
    ("kind", "enough"): _("人数已够，请先更正或等待对方答复"),
}
"""Sentences by field and code."""
NOT_NOW = _("现在不能这样做：对方已经答复，或一小时内发送次数过多。")
LATE = _("已过截止时间，没有保存。")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One kind of confirmation that the entry needs."""

    kind: ConfirmationKind
    needed: int
    people: tuple[Confirmation, ...]

    @property
    def given(self) -> int:
        """How many have confirmed."""
        return sum(one.state == "given" for one in self.people)

    @property
    def may_add(self) -> bool:
        """Whether somebody else can be asked."""
        return sum(one.state != "refused" for one in self.people) < self.needed


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in one of the forms."""

    at: str = ""
    """The kind, or the id of the confirmation that is corrected."""
    name: str = ""
    unit: str = ""
    email: str = ""


@router.show("/submit/entries/{code}/people")
def show(request: Request, visit: MaybeVisit, code: str) -> Response:
    """Who is asked to confirm this entry."""
    return _page(request, visitors.seat_of(request, visit, "nominator"), code)


def _look(request: Request, seat: Seat, code: str) -> tuple[Entry, tuple[Wanted, ...], bool, str]:
    edition = seat.edition
    with visitors.database(request).read() as store:
        entry = store.entry(f"{edition.id}/e/{code}")
        if entry.nominator != seat.person.id or entry.classified or not (needed := confirming.needed(edition.stages[0].declared)):
            raise NotFound("the unit has no such entry")
        asked = store.confirmations(edition.id, entry=entry.id)
        is_open = confirming.may_answer(store, edition, entry)
    wanted = tuple(Wanted(kind, number, tuple(one for one in asked if one.kind == kind)) for kind, number in needed.items())
    return entry, wanted, is_open, confirming.nominee(edition, entry)


def _page(
    request: Request, seat: Seat, code: str, *, status: int = 200, typed: Typed | None = None, faults: Mapping[str, str] | None = None,
    fault: str = "",
) -> Response:  # fmt: skip
    entry, wanted, is_open, nominee = _look(request, seat, code)
    fresh = {one.kind: _prefilled(seat.edition, entry, one, nominee) for one in wanted}
    return pages.render(
        request, "submit_people.html", status=status, seat=seat, edition=seat.edition, run=seat.edition.stages[0], entry=entry,
        wanted=wanted, open=is_open, fresh=fresh, typed=typed, faults=faults or {}, fault=fault, kinds=KINDS, states=STATES,
        zone=seat.edition.process.time_zone, done=request.query_params.get("done", ""),
    )  # fmt: skip


def _prefilled(edition: Edition, entry: Entry, wanted: Wanted, nominee: str) -> Typed:
    if wanted.kind == "consent":
        return Typed(wanted.kind, nominee, entry.unit, "" if wanted.people else entry.email)
    return Typed(wanted.kind, "", entry.unit if wanted.kind == "unit" else "", "")


@router.take("/submit/entries/{code}/people")
def change(request: Request, visit: MaybeVisit, form: Posted, code: str) -> Response:
    """Ask somebody, correct an address, or have the link mailed again."""
    visitors.check_form(visit, form)
    seat = visitors.seat_of(request, visit, "nominator")
    typed = Typed(form.text("at"), form.text("name"), form.text("unit"), form.text("email"))
    _look(request, seat, code)
    try:
        if form.unreadable:
            raise InputError([Fault("unreadable characters", field=name, column="text") for name in form.unreadable])
        _act(form, seat, code, typed)
    except InputError as refused:
        return _page(request, seat, code, status=422, typed=typed, faults=_sentences(refused.faults))
    except TooLate:
        return _page(request, seat, code, status=409, typed=typed, fault=LATE)
    except NotAllowed:
        return _page(request, seat, code, status=409, typed=typed, fault=NOT_NOW)
    return pages.go(f"/submit/entries/{code}/people?done={'sent' if form.text('act') == 'resend' else 'asked'}")


def _act(form: Form, seat: Seat, code: str, typed: Typed) -> None:
    edition, unit, entry = seat.edition.id, seat.person.id, f"{seat.edition.id}/e/{code}"
    match form.text("act"):
        case "ask":
            witnesses.name_person(edition, unit, code, typed.at, typed.name, typed.unit, typed.email)
        case "correct":
            witnesses.correct_person(edition, unit, f"{entry}/w/{typed.at}", typed.name, typed.unit, typed.email)
        case "resend":
            witnesses.resend(edition, unit, f"{entry}/w/{typed.at}")
        case _:
            raise NotAllowed("no such act")


def _sentences(faults: Sequence[Fault]) -> dict[str, str]:
    return {one.field: FAULTS.get((one.field, one.column), FAULTS["name", "text"]) for one in faults}
