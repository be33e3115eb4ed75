"""Sheets that come on paper: the office keys them in, and locks them under the date on the paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from models.errors import InputError, NotAllowed, Stale, TooLate
from tasks import reviewing, signing
from web import admin_sheets, pages, sheet_forms, sheets, visitors
from web.forms import Form, Posted
from web.language import mark as _
from web.routes import Pages
from web.sheet_forms import Content
from web.visitors import MaybeVisit

router = Pages()

_PAPER_FAULTS = {
    "missing": _("还有申报项没有录完，请先补全"),
    "typed": _("有的评分表不是代录的，请先按纸质评分表录入并保存"),
    "distribution": _("高分份数超过本次评审的规定，不能签署；请与专家联系"),
    "": _("请填写纸质评分表上的签署日期，不能晚于今天"),
}
_STALE = _("有的评分表已在别处更新或已签署，本次录入没有保存；下面是您录入的内容，核对后可再次保存。")
_LATE = _("评审已经截止，本次录入没有保存。如需延期，请先延长评审截止时间。")


@dataclass(frozen=True, slots=True)
class Row:
    """One sheet that is keyed in."""

    card: sheets.Card
    content: Content
    revision: int
    faults: Mapping[str, str]


@router.show(admin_sheets.BASE + "/{code}/key-in")
def show_key_in(request: Request, visit: MaybeVisit, edition_id: str, code: str) -> Response:
    """The table in which marks from paper are keyed in."""
    request.state.holder = visitors.admin_of(visit)
    return _key_page(request, edition_id, code)


def _key_page(
    request: Request, edition_id: str, code: str, *, status: int = 200, rows: list[Row] | None = None, fault: str = "", day: str = "",
    lost: Iterable[Row] = (),
) -> Response:  # fmt: skip
    """The table; `lost` are rows whose content can be saved no more, and is given back to be copied."""
    person, desk = admin_sheets.desk_of(request, edition_id, code)
    shown = [_saved(card) for card in _open(desk)] if rows is None else rows
    ready = bool(shown) and all(row.card.missing == 0 and row.card.sheet and row.card.sheet.keyed_by for row in shown)
    return pages.render(
        request, "admin/key_in.html", status=status, edition=desk.edition, person=person, desk=desk, rows=shown, fault=fault, day=day,
        ready=ready, zone=desk.edition.process.time_zone, done=request.query_params.get("done", ""), comment_max=reviewing.COMMENT_MAX,
        lost=[(row.card, sheet_forms.as_lines(row.card, row.content, desk.stage.fatal)) for row in lost if not row.content.empty],
    )  # fmt: skip


def _open(desk: sheets.Desk) -> list[sheets.Card]:
    return [card for card in desk.cards if card.state != "signed"]


def _saved(card: sheets.Card) -> Row:
    return Row(card, sheet_forms.saved(card), card.sheet.revision if card.sheet else 0, {})


def _typed(form: Form, card: sheets.Card) -> Row:
    before = f"{card.entry.code}."
    if not form.text(f"{before}revision"):
        return _saved(card)
    return Row(card, sheet_forms.typed(form, before=before), sheet_forms.revision(form, before=before), {})


@router.take(admin_sheets.BASE + "/{code}/key-in")
def key_in(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, code: str) -> Response:
    """Save what was keyed in, all rows or none; a row that says what is saved already is left alone."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    person, desk = admin_sheets.desk_of(request, edition_id, code)
    rows = [_typed(form, card) for card in _open(desk)]
    locked = [_typed(form, card) for card in desk.cards if card.state == "signed"]
    lost = [row for row in locked if not row.content.empty and not _says_what_is_kept(row)]
    if lost:
        return _key_page(request, edition_id, code, status=409, rows=rows, fault=_STALE, lost=lost)
    if form.unreadable:
        return _key_page(request, edition_id, code, status=422, rows=[_unreadable(form, row) for row in rows])
    work = {row.card.entry.id: row.content.draft(row.revision) for row in rows if not row.content.empty and not _is_kept(row)}
    try:
        if work:
            reviewing.save_sheets(edition_id, desk.run.position, person.id, work, keyed_by=admin)
    except InputError as refused:
        faulty = [Row(row.card, row.content, row.revision, sheet_forms.sentences(refused.faults, row.card.entry.id)) for row in rows]
        return _key_page(request, edition_id, code, status=422, rows=faulty)
    except Stale:
        fresh = {card.entry.code: card for card in admin_sheets.desk_of(request, edition_id, code)[1].cards}
        current = [Row(card, row.content, _saved(card).revision, {}) for row in rows if (card := fresh.get(row.card.entry.code))]
        unsigned = [row for row in current if row.card.state != "signed"]
        lost = [row for row in current if row.card.state == "signed"]
        return _key_page(request, edition_id, code, status=409, rows=unsigned, fault=_STALE, lost=lost)
    except (TooLate, NotAllowed):
        return _key_page(request, edition_id, code, status=409, fault=_LATE, lost=rows)
    return pages.go(f"/admin/editions/{edition_id}/reviewers/{code}/key-in?done=saved")


def _is_kept(row: Row) -> bool:
    return row.card.sheet is not None and bool(row.card.sheet.keyed_by) and _says_what_is_kept(row)


def _says_what_is_kept(row: Row) -> bool:
    return _plain(row.content) == _plain(sheet_forms.saved(row.card))


def _plain(content: Content) -> tuple[object, ...]:
    marks = {name: text.strip() for name, text in content.marks.items() if text.strip()}
    return marks, content.comment.strip(), content.advice.strip(), sorted(content.skipped), content.fatal


def _unreadable(form: Form, row: Row) -> Row:
    start = f"{row.card.entry.code}."
    names = [name.removeprefix(start) for name in form.unreadable if name.startswith(start)]
    return Row(row.card, row.content, row.revision, sheet_forms.unreadable(names))


@router.take(admin_sheets.BASE + "/{code}/paper")
def sign_paper(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, code: str) -> Response:
    """Lock what was keyed in, under the date on the paper."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    person, desk = admin_sheets.desk_of(request, edition_id, code)
    day = form.text("day").strip()
    try:
        signing.sign_on_paper(edition_id, desk.run.position, person.id, date.fromisoformat(day), admin=admin)
    except InputError as refused:
        fault = _PAPER_FAULTS.get(refused.faults[0].column or "", _PAPER_FAULTS[""])
        return _key_page(request, edition_id, code, status=422, fault=fault, day=day)
    except ValueError:
        return _key_page(request, edition_id, code, status=422, fault=_PAPER_FAULTS[""], day="" if form.unreadable else day)
    return pages.go(f"/admin/editions/{edition_id}/reviewers/{code}?done=paper")
