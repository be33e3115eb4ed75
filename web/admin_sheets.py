"""Reviewers as the office sees them: who is how far, sheets opened again (rule S9), and sheets that come on paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, Reviewer, StageRun
from models.errors import InputError, NotFound, Stale
from models.reviewing import SheetVersion
from models.stages import ScoringStage
from models.store import Store
from rules import scoring, signatures
from tasks import reviewing, score_sheets, signing
from web import pages, sheet_forms, sheets, visitors, words
from web import signing as signing_pages
from web.forms import Form, Posted
from web.language import mark as _
from web.routes import Pages
from web.sheet_forms import Content
from web.visitors import MaybeVisit

router = Pages()

BASE = "/admin/editions/{edition_id}/reviewers"
INVITATIONS = {"invited": _("未答复"), "accepted": _("已接受"), "declined": _("已谢绝")}
_REOPEN_FAULTS = {"reason": _("请填写重新开放的原因（500 字以内）"), "entries": _("请选择已签署的评分表")}
_PAPER_FAULTS = {
    "missing": _("还有申报项没有录完，请先补全"),
    "typed": _("有的评分表不是代录的，请先按纸质评分表录入并保存"),
    "distribution": _("高分份数超过本次评审的规定，不能签署；请与专家联系"),
    "": _("请填写纸质评分表上的签署日期，不能晚于今天"),
}
_STALE = _("有的评分表已在别处更新或已签署，本次录入没有保存；下面是您录入的内容，核对后可再次保存。")


@dataclass(frozen=True, slots=True)
class Line:
    """One reviewer in the list."""

    person: Reviewer
    held: int
    done: int
    signed: int
    keyed: int
    invitation: str


@dataclass(frozen=True, slots=True)
class Version:
    """A sheet as it was before."""

    code: str
    kept: SheetVersion
    marks: tuple[tuple[str, str], ...]
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class Row:
    """One sheet that is keyed in."""

    card: sheets.Card
    content: Content
    revision: int
    faults: Mapping[str, str]


def _stage(edition: Edition) -> tuple[StageRun, ScoringStage]:
    run = edition.last_of("scoring")
    if run is None or not isinstance(run.declared, ScoringStage):
        raise NotFound(f"{edition.id}: no review has been opened yet")
    return run, run.declared


@router.show(BASE)
def show_reviewers(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """Everybody who has or had entries, with progress and answer."""
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        run, stage = _stage(edition)
        lines = _lines(store, edition, run, stage)
    return pages.render(
        request, "admin/reviewers.html", edition=edition, run=run, lines=lines, invitations=INVITATIONS, zone=edition.process.time_zone
    )


def _lines(store: Store, edition: Edition, run: StageRun, stage: ScoringStage) -> list[Line]:
    entries = {one.id: one for one in store.entries(edition.id)}
    answers = {one.reviewer: one.state for one in store.invitations(edition.id, run.position)}
    held, done, keyed = ({one.id: 0 for one in store.reviewers(edition.id)} for _one in range(3))
    asked = set(answers)
    for pair in store.assignments(edition.id, run.position):
        asked.add(pair.reviewer)
        held[pair.reviewer] += not pair.recused
    signed = dict.fromkeys(held, 0)
    for sheet in store.sheets(edition.id, run.position):
        done[sheet.reviewer] += reviewing.is_complete(stage.sheet_of(entries[sheet.entry].class_name), sheet)
        signed[sheet.reviewer] += sheet.signed_at is not None
        keyed[sheet.reviewer] += bool(sheet.keyed_by)
    return [
        Line(one, held[one.id], done[one.id], signed[one.id], keyed[one.id], answers.get(one.id, "invited"))
        for one in store.reviewers(edition.id)
        if one.id in asked
    ]


def _reviewer(store: Store, edition: Edition, code: str) -> Reviewer:
    for one in store.reviewers(edition.id):
        if one.code == code:
            return one
    raise NotFound(f"{edition.id}: there is no reviewer {code}")


def _desk(request: Request, edition_id: str, code: str) -> tuple[Reviewer, sheets.Desk]:
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        person = _reviewer(store, edition, code)
        return person, sheets.desk_of(store, edition, person.id, for_office=True)


@router.show(BASE + "/{code}")
def show_reviewer(request: Request, visit: MaybeVisit, edition_id: str, code: str) -> Response:
    """One reviewer: the sheets, what they were before, and the form that opens them again."""
    request.state.holder = visitors.admin_of(visit)
    return _reviewer_page(request, edition_id, code)


def _reviewer_page(
    request: Request, edition_id: str, code: str, *, status: int = 200, fault: str = "", typed: str = "", chosen: tuple[str, ...] = ()
) -> Response:
    person, desk = _desk(request, edition_id, code)
    with visitors.database(request).read() as store:
        kept = store.versions_of_reviewer(edition_id, desk.run.position, person.id)
        entries = store.entries_by_id(pair.entry for pair in store.assignments(edition_id, desk.run.position, reviewer=person.id))
    by_entry = {entry.id: entry for entry in entries.values()}
    pairs = {card.assignment.id: card.entry.id for card in desk.cards}
    versions = [
        _version(desk, by_entry.get(pairs.get(pair, "")), pair, one) for pair, some in sorted(kept.items()) for one in reversed(some)
    ]
    return pages.render(
        request, "admin/reviewer.html", status=status, edition=desk.edition, person=person, desk=desk, versions=versions, fault=fault,
        typed=typed, chosen=chosen, zone=desk.edition.process.time_zone, paper_day=signatures.paper_day,
        done=request.query_params.get("done", ""), reason_max=signing.REASON_MAX,
    )  # fmt: skip


def _version(desk: sheets.Desk, entry: Any, pair: str, kept: SheetVersion) -> Version:
    criteria = desk.stage.sheet_of(entry.class_name) if entry is not None else ()
    marks = {name: Decimal(mark) for name, mark in kept.content["marks"].items()}
    titles = {one.name: words.both(one.title) for one in criteria}
    total = scoring.total(criteria, marks, kept.content["skipped"]) if criteria else None
    code = entry.code if entry is not None else pair.partition(":")[0].rpartition("/")[2]
    shown = tuple((titles.get(name, name), pages.total(mark)) for name, mark in marks.items())
    return Version(code, kept, shown, None if total is None else scoring.half_up(total, 2))


@router.take(BASE + "/{code}/reopen")
def reopen(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, code: str) -> Response:
    """Open the chosen sheets again."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    person, desk = _desk(request, edition_id, code)
    chosen, reason = tuple(form.texts("code")), form.text("reason")
    try:
        if form.unreadable:
            return _reviewer_page(request, edition_id, code, status=422, fault=_REOPEN_FAULTS["reason"], chosen=chosen)
        entries = [desk.card(one).entry.id for one in chosen]
        signing.reopen(edition_id, desk.run.position, person.id, entries, reason, admin=admin)
    except InputError as refused:
        fault = _REOPEN_FAULTS.get(refused.faults[0].field or "", _REOPEN_FAULTS["entries"])
        return _reviewer_page(request, edition_id, code, status=422, fault=fault, typed=reason, chosen=chosen)
    return pages.go(f"/admin/editions/{edition_id}/reviewers/{code}?done=reopen")


@router.show(BASE + "/{code}/blank.pdf")
def show_blank(request: Request, visit: MaybeVisit, edition_id: str, code: str) -> Response:
    """The paper to be filled in by hand."""
    visitors.admin_of(visit)
    return _paper(request, edition_id, code, signed=False)


@router.show(BASE + "/{code}/sheet.pdf")
def show_signed(request: Request, visit: MaybeVisit, edition_id: str, code: str) -> Response:
    """The paper with what is signed."""
    visitors.admin_of(visit)
    return _paper(request, edition_id, code, signed=True)


def _paper(request: Request, edition_id: str, code: str, *, signed: bool) -> Response:
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        run, _stage_declared = _stage(edition)
        make = score_sheets.signed if signed else score_sheets.blank
        paper = make(store, edition, run.position, _reviewer(store, edition, code).id)
    return signing_pages.send(request, paper)


@router.show(BASE + "/{code}/key-in")
def show_key_in(request: Request, visit: MaybeVisit, edition_id: str, code: str) -> Response:
    """The table in which marks from paper are keyed in."""
    request.state.holder = visitors.admin_of(visit)
    return _key_page(request, edition_id, code)


def _key_page(
    request: Request, edition_id: str, code: str, *, status: int = 200, rows: list[Row] | None = None, fault: str = "", day: str = ""
) -> Response:
    person, desk = _desk(request, edition_id, code)
    shown = [_saved(card) for card in _open(desk)] if rows is None else rows
    ready = bool(shown) and all(row.card.missing == 0 and row.card.sheet and row.card.sheet.keyed_by for row in shown)
    return pages.render(
        request, "admin/key_in.html", status=status, edition=desk.edition, person=person, desk=desk, rows=shown, fault=fault, day=day,
        ready=ready, zone=desk.edition.process.time_zone, done=request.query_params.get("done", ""), comment_max=reviewing.COMMENT_MAX,
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


@router.take(BASE + "/{code}/key-in")
def key_in(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, code: str) -> Response:
    """Save what was keyed in, all rows or none; a row that says what is saved already is left alone."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    person, desk = _desk(request, edition_id, code)
    rows = [_typed(form, card) for card in _open(desk)]
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
        fresh = {card.entry.code: card for card in _desk(request, edition_id, code)[1].cards}
        current = [Row(card, row.content, _saved(card).revision, {}) for row in rows if (card := fresh.get(row.card.entry.code))]
        unsigned = [row for row in current if row.card.state != "signed"]
        return _key_page(request, edition_id, code, status=409, rows=unsigned, fault=_STALE)
    return pages.go(f"/admin/editions/{edition_id}/reviewers/{code}/key-in?done=saved")


def _is_kept(row: Row) -> bool:
    return row.card.sheet is not None and bool(row.card.sheet.keyed_by) and _plain(row.content) == _plain(sheet_forms.saved(row.card))


def _plain(content: Content) -> tuple[object, ...]:
    marks = {name: text.strip() for name, text in content.marks.items() if text.strip()}
    return marks, content.comment.strip(), content.advice.strip(), sorted(content.skipped), content.fatal


def _unreadable(form: Form, row: Row) -> Row:
    start = f"{row.card.entry.code}."
    names = [name.removeprefix(start) for name in form.unreadable if name.startswith(start)]
    return Row(row.card, row.content, row.revision, sheet_forms.unreadable(names))


@router.take(BASE + "/{code}/paper")
def sign_paper(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, code: str) -> Response:
    """Lock what was keyed in, under the date on the paper."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    person, desk = _desk(request, edition_id, code)
    day = form.text("day").strip()
    try:
        signing.sign_on_paper(edition_id, desk.run.position, person.id, date.fromisoformat(day), admin=admin)
    except InputError as refused:
        fault = _PAPER_FAULTS.get(refused.faults[0].column or "", _PAPER_FAULTS[""])
        return _key_page(request, edition_id, code, status=422, fault=fault, day=day)
    except ValueError:
        return _key_page(request, edition_id, code, status=422, fault=_PAPER_FAULTS[""], day="" if form.unreadable else day)
    return pages.go(f"/admin/editions/{edition_id}/reviewers/{code}?done=paper")
