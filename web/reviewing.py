"""The reviewer's pages: list, score sheet, recusal, signature. All work without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from models.errors import Fault, InputError, Stale, TooLate
from tasks import reviewing
from web import errors, language, pages, pictures, sheets, visitors, words
from web.forms import Form, Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

_FAULTS = {
    "not_a_number": _("请填写数字"),
    "out_of_range": _("超出了本项的分值范围"),
    "off_step": _("不符合本项的计分间隔"),
    "text": _("含有无法保存的字符，或内容过长"),
    "missing": _("请填写此项"),
    "unknown": _("评分表已更新，请刷新页面"),
}
REASONS = (
    _("与申报人或其团队成员有亲属关系"),
    _("与申报人或其团队成员同单位"),
    _("与申报人或其团队成员有师生、合作关系"),
    _("其他可能影响公正评审的情形"),
)


def _sit(request: Request, visit: MaybeVisit) -> tuple[Seat, sheets.Desk]:
    seat = visitors.seat_of(request, visit, "reviewer")
    with visitors.database(request).read() as store:
        return seat, sheets.desk_of(store, seat.edition, seat.person.id)


@router.show("/review")
def show_list(request: Request, visit: MaybeVisit) -> Response:
    """Everything in the reviewer's hands."""
    seat, desk = _sit(request, visit)
    return pages.render(request, "review_list.html", seat=seat, desk=desk, zone=desk.edition.process.time_zone)


@router.show("/review/sign")
def show_check(request: Request, visit: MaybeVisit) -> Response:
    """The check page before the signature."""
    seat, desk = _sit(request, visit)
    return _check_page(request, seat, desk)


def _check_page(request: Request, seat: Seat, desk: sheets.Desk, *, status: int = 200, fault: str = "", typed: str = "") -> Response:
    zone = desk.edition.process.time_zone
    return pages.render(request, "sign.html", status=status, seat=seat, desk=desk, zone=zone, fault=fault, typed=typed)


@router.take("/review/sign")
def sign(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """Lock all sheets under the typed name."""
    visitors.check_form(visit, form)
    seat, desk = _sit(request, visit)
    try:
        reviewing.sign(desk.edition.id, desk.run.position, seat.person.id, form.text("name"))
    except InputError as refused:
        other_name = any(fault.field == "name" for fault in refused.faults)
        fault = _("姓名与邀请函上的不一致，请核对后重新输入") if other_name else _("还有申报项没有评完，请先补全")
        return _check_page(request, *_sit(request, visit), status=422, fault=fault, typed=form.text("name"))
    return pages.go("/review")


@router.show("/review/{code}")
def show_sheet(request: Request, visit: MaybeVisit, code: str) -> Response:
    """One entry: its material and the score sheet."""
    seat, desk = _sit(request, visit)
    return _sheet_page(request, seat, desk, code)


def _sheet_page(
    request: Request, seat: Seat, desk: sheets.Desk, code: str, *, status: int = 200, template: str = "sheet.html",
    typed: Mapping[str, str] | None = None, comment: str | None = None, faults: Mapping[str, str] | None = None, **more: Any,
) -> Response:  # fmt: skip
    card = desk.card(code)
    with visitors.database(request).read() as store:
        material = sheets.material(store, desk.edition, desk.stage, card.entry)
        files = sheets.visible_files(store, desk.edition, desk.stage, card.entry)
    saved_comment = card.sheet.comment if card.sheet else ""
    before, after = desk.beside(code)
    return pages.render(
        request, template, status=status, seat=seat, desk=desk, card=card, material=material, before=before, after=after,
        files=pictures.shown(request, files), marks=sheets.sheet_fields(typed or {}, card), zone=desk.edition.process.time_zone,
        comment=saved_comment if comment is None else comment, faults=faults or {}, reasons=REASONS,
        comment_max=reviewing.COMMENT_MAX, **more,
    )  # fmt: skip


@router.take("/review/{code}")
def save(request: Request, visit: MaybeVisit, form: Posted, code: str) -> Response:
    """Save one sheet. Whatever keeps it from being saved, what was typed is shown again."""
    typed = form.starting_with("mark.")
    if visit is None or visit.grant is None:
        return pages.render(request, "sheet_lost.html", status=403, typed=typed, comment=form.text("comment"), late=False)
    visitors.check_form(visit, form)
    seat, desk = _sit(request, visit)
    card = desk.card(code)
    revision = _revision(form)
    if form.unreadable:
        faults = {name.removeprefix("mark."): language.gettext(_FAULTS["text"]) for name in form.unreadable}
        return _sheet_page(request, seat, desk, code, status=422, typed=typed, comment=form.text("comment"), faults=faults)
    try:
        draft = reviewing.Draft(typed, form.text("comment"), revision)
        reviewing.save_sheets(desk.edition.id, desk.run.position, seat.person.id, {card.entry.id: draft})
    except InputError as refused:
        faults = {_field(fault, card): language.gettext(_FAULTS.get(fault.column, _FAULTS["text"])) for fault in refused.faults}
        return _sheet_page(request, seat, desk, code, status=422, typed=typed, comment=form.text("comment"), faults=faults)
    except Stale:
        fresh = _sit(request, visit)
        return _sheet_page(
            request, *fresh, code, status=409, template="sheet_stale.html", typed=typed, comment=form.text("comment"),
            signed=fresh[1].card(code).state == "signed",
        )  # fmt: skip
    except TooLate:
        return pages.render(request, "sheet_lost.html", status=409, typed=_titled(card, typed), comment=form.text("comment"), late=True)
    return _after_saving(request, visit, form, code)


def _after_saving(request: Request, visit: MaybeVisit, form: Form, code: str) -> Response:
    if form.text("then") != "next":
        return pages.go(f"/review/{code}?saved=1")
    following = _sit(request, visit)[1].after(code)
    return pages.go(f"/review/{following.entry.code}" if following else "/review/sign")


def _revision(form: Form) -> int:
    text = form.text("revision")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise errors.Refused(422, errors.OLD_FORM)
    return int(text)


def _field(fault: Fault, card: sheets.Card) -> str:
    return fault.field.removeprefix(f"{card.entry.id}.")


def _titled(card: sheets.Card, typed: Mapping[str, str]) -> dict[str, str]:
    return {words.both(one.title): typed.get(one.name, "") for one in card.criteria}


@router.show("/review/{code}/recuse")
def show_recusal(request: Request, visit: MaybeVisit, code: str) -> Response:
    """Ask for the reason, and say what will happen."""
    seat, desk = _sit(request, visit)
    return _recusal_page(request, seat, desk, code)


def _recusal_page(request: Request, seat: Seat, desk: sheets.Desk, code: str, *, status: int = 200, fault: str = "") -> Response:
    zone = desk.edition.process.time_zone
    return pages.render(
        request, "recuse.html", status=status, seat=seat, desk=desk, card=desk.card(code), reasons=REASONS, fault=fault, zone=zone
    )


@router.take("/review/{code}/recuse")
def recuse(request: Request, visit: MaybeVisit, form: Posted, code: str) -> Response:
    """Take the entry off the list."""
    visitors.check_form(visit, form)
    seat, desk = _sit(request, visit)
    card = desk.card(code)
    reason = "；".join(part for part in (form.text("reason"), form.text("more").strip()) if part)
    try:
        if form.unreadable:
            raise InputError([Fault("unreadable characters", field="reason", column="text")])
        reviewing.recuse(desk.edition.id, desk.run.position, seat.person.id, card.entry.id, reason)
    except InputError as refused:
        fault = language.gettext(_FAULTS.get(refused.faults[0].column, _FAULTS["text"]))
        return _recusal_page(request, seat, desk, code, status=422, fault=fault)
    return pages.go("/review?recused=1")


@router.show("/review/{code}/files/{name}")
def show_file(request: Request, visit: MaybeVisit, code: str, name: str) -> Response:
    """One file of an entry in hand, under a name that tells its code only."""
    _seat, desk = _sit(request, visit)
    card = desk.card(code)
    with visitors.database(request).read() as store:
        files = sheets.visible_files(store, desk.edition, desk.stage, card.entry)
    return pictures.send(request, files, name, code=code)
