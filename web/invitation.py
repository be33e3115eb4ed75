"""The invitation: whose link it is, what is asked, the promise, and the conflicts, before anything of the material is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from models.errors import Fault, InputError, NotFound, Stale
from models.store import Store
from rules.conflicts import unit_key
from rules.text import halfwidth, masked_name
from tasks import inviting
from web import audit, errors, handed_back, language, pages, recusing, sheets, visitors, words
from web.forms import Form, Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

HERE = "/review/invitation"
_LONGEST_NUMBER = 4
_FAULTS = {
    "limit": _("请填写大于 0 的整数；一项也不能评审时，请选择“不能参加”"),
    "pledge": _("承诺书的文字已更新，请重新阅读后再接受"),
    "units": _("单位名单已更新，请重新勾选"),
    "missing": _("请简要说明不能参加的原因"),
    "text": _("含有无法保存的字符，或内容过长"),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields."""

    conflicts: Mapping[str, tuple[str, str]]
    """Code of a ticked entry -> reason code, words."""
    units: tuple[str, ...] = ()
    limit: str = ""
    suggestion: str = ""
    reason: str = ""

    def reason_of(self, code: str) -> str:
        """The reason that was chosen for an entry."""
        return self.conflicts.get(code, ("", ""))[0]

    def more_of(self, code: str) -> str:
        """The words that were written beside it."""
        return self.conflicts.get(code, ("", ""))[1]


class _Faults(dict[str, str]):
    """Sentence by field; an empty one where nothing is wrong."""

    def __missing__(self, _field: str) -> str:
        return ""


@router.show(HERE)
def show(request: Request, visit: MaybeVisit) -> Response:
    """What is asked; who has answered goes on to the list."""
    seat, desk = _sit(request, visit)
    if desk.invitation.state == "accepted" and not (desk.open and desk.waiting):
        return pages.go("/review")
    return _page(request, seat, desk, Typed({}))


@router.take(HERE)
def accept(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """The promise is made; go on to the first sheet."""
    typed = _typed(form)
    try:
        visitors.check_form(visit, form)
    except errors.Refused as refused:
        return _again(request, visit, form, typed, refused)
    seat, desk = _sit(request, visit)
    try:
        if form.unreadable:
            raise InputError([_unreadable(name, desk) for name in form.unreadable])
        inviting.accept(
            desk.edition.id, desk.run.position, seat.person.id, pledge=form.text("pledge"), limit=_number(typed.limit),
            conflicts=_by_entry(typed, desk), units=typed.units, suggestion=typed.suggestion, asked=_asked(form, desk),
        )  # fmt: skip
    except InputError as refused:
        return _page(request, seat, desk, typed, status=422, faults=_sentences(refused, desk))
    except Stale:
        return _page(request, seat, desk, typed, status=409, faults={"pledge": language.gettext(_FAULTS["pledge"])})
    resume = _sit(request, visit)[1].resume
    return pages.go(f"/review/{resume.entry.code}" if resume else "/review")


@router.take(f"{HERE}/decline")
def decline(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """Everything leaves the reviewer's hands; thanks."""
    typed = Typed({}, reason=form.text("reason"), suggestion=form.text("suggestion"))
    try:
        visitors.check_form(visit, form)
    except errors.Refused as refused:
        return _again(request, visit, form, typed, refused, field="decline-reason")
    seat, desk = _sit(request, visit)
    try:
        if form.unreadable:
            raise InputError([Fault("unreadable characters", field="reason", column="text")])
        inviting.decline(desk.edition.id, desk.run.position, seat.person.id, reason=typed.reason, suggestion=typed.suggestion)
    except InputError as refused:
        faults = {f"decline-{one.field}": language.gettext(_FAULTS[one.column]) for one in refused.faults}
        return _page(request, seat, desk, typed, status=422, faults=faults)
    return pages.go(HERE)


def _again(request: Request, visit: MaybeVisit, form: Form, typed: Typed, refused: errors.Refused, *, field: str = "pledge") -> Response:
    """The answer from a page of an earlier visit, to be sent once more."""
    if not handed_back.is_of_earlier_visit(visit, form, refused):
        raise refused
    audit.keep_at_once(request, errors.reason_of(refused))
    seat, desk = _sit(request, visit)
    return _page(request, seat, desk, typed, status=403, faults={field: language.gettext(handed_back.EARLIER)})


def _sit(request: Request, visit: MaybeVisit) -> tuple[Seat, sheets.Desk]:
    """Seat and desk without the gate; until the reviewer has said who is there, the head of the page tells the name to nobody."""
    seat = visitors.seat_of(request, visit, "reviewer")
    with visitors.database(request).read() as store:
        desk = sheets.desk_of(store, seat.edition, seat.person.id)
    if desk.invitation.state != "accepted":
        request.state.holder = masked_name(seat.person.name)
    return seat, desk


def _page(
    request: Request, seat: Seat, desk: sheets.Desk, typed: Typed, *, status: int = 200, faults: Mapping[str, str] | None = None
) -> Response:
    text = inviting.pledge_text(desk.stage, language.CURRENT.get())
    with visitors.database(request).read() as store:
        units = _units(store, desk)
        reply_by = _reply_by(store, seat, desk)
    return pages.render(
        request, "invitation.html", status=status, seat=seat, desk=desk, typed=typed, faults=_Faults(faults or {}), units=units,
        masked=masked_name(seat.person.name), reasons=words.RECUSALS, pledge=text, pledge_digest=inviting.pledge_digest(text),
        new=desk.invitation.state == "accepted", reply_by=reply_by, cause=desk.invitation.reason, zone=desk.edition.process.time_zone,
    )  # fmt: skip


def _reply_by(store: Store, seat: Seat, desk: sheets.Desk) -> datetime | None:
    """Until when an answer is awaited before somebody else is asked; None if nobody will be, or the day has passed."""
    if not desk.waiting:
        return None
    watch = store.watch(desk.edition.id, desk.run.position, seat.person.id)
    return watch.reply_by if watch.reply_by is not None and watch.reply_by > desk.now and not watch.kept_by else None


def _units(store: Store, desk: sheets.Desk) -> list[str]:
    """In a double-blind review all units of the round, whosever entries are in hand: none is tied to an entry (rule R6)."""
    if desk.stage.blind != "double" or not desk.waiting:
        return []
    by_key = {unit_key(unit): unit for unit in store.entry_units(desk.edition.id).values() if unit_key(unit)}
    return sorted(by_key.values())


def _typed(form: Form) -> Typed:
    ticked = {code: (form.text(f"reason.{code}"), form.text(f"more.{code}")) for code in form.texts("conflict")}
    return Typed(ticked, tuple(form.texts("unit")), form.text("limit"), form.text("suggestion"))


def _by_entry(typed: Typed, desk: sheets.Desk) -> dict[str, tuple[str, str]]:
    """The ticked entries by id; those that have left by the same form sent twice are passed over."""
    ids = {card.entry.code: card.entry.id for card in desk.waiting}
    gone = {entry.code for entry in desk.recused}
    if typed.conflicts.keys() - ids.keys() - gone and desk.invitation.state != "lapsed":
        raise NotFound("an entry is not among those that wait for an answer")
    return {ids[code]: one for code, one in typed.conflicts.items() if code in ids}


def _asked(form: Form, desk: sheets.Desk) -> frozenset[str]:
    """Entries that the page asked about: none is free of conflict that came while it was open."""
    codes = form.text("asked").split()
    return frozenset(card.entry.id for card in desk.waiting if card.entry.code in codes)


def _number(text: str) -> int | None:
    digits = halfwidth(text).strip()
    if not digits:
        return None
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_NUMBER):
        raise InputError([Fault(f"{digits[:20]!r} is no number", "enter a whole number", field="limit", column="limit")])
    return int(digits)


def _unreadable(name: str, desk: sheets.Desk) -> Fault:
    field, _dot, code = name.partition(".")
    ids = {card.entry.code: card.entry.id for card in desk.waiting}
    return Fault("unreadable characters", field=f"{ids[code]}.{field}" if code in ids else field, column="text")


def _sentences(refused: InputError, desk: sheets.Desk) -> dict[str, str]:
    """Field of the page -> sentence; the fields of an entry go by its code."""
    codes = {card.entry.id: card.entry.code for card in desk.waiting}
    found: dict[str, str] = {}
    for fault in refused.faults:
        entry, _dot, field = fault.field.rpartition(".")
        if entry in codes:
            found[f"{field}.{codes[entry]}"] = recusing.sentence(fault)
        else:
            found[fault.field] = language.gettext(_FAULTS.get(fault.field, _FAULTS["text"]))
    return found
