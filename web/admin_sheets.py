"""Reviewers as the office sees them: who is how far, what they have signed, and sheets opened again (rule S9)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, Reviewer, StageRun
from models.errors import InputError, NotFound, NotYet
from models.reviewing import SheetVersion
from models.stages import ScoringStage
from models.store import Store
from rules import scoring, signatures
from tasks import reopening, reviewing, score_sheets
from web import not_yet, pages, sheets, visitors, words
from web import signing as signing_pages
from web.forms import Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

BASE = "/admin/editions/{edition_id}/reviewers"
INVITATIONS = {"invited": _("未答复"), "accepted": _("已接受"), "declined": _("已谢绝"), "lapsed": _("已改请他人")}
_LONGEST_NUMBER = 18
_REOPEN_FAULTS = {"reason": _("请填写重新开放的原因（500 字以内）"), "entries": _("请选择已签署的评分表")}


@dataclass(frozen=True, slots=True)
class Line:
    """One reviewer in the list."""

    person: Reviewer
    held: int
    done: int
    signed: int
    keyed: int
    invitation: str
    asked: int
    """Requests to open sheets again that wait for a second admin."""


@dataclass(frozen=True, slots=True)
class Version:
    """A sheet as it was before."""

    code: str
    kept: SheetVersion
    marks: tuple[tuple[str, str], ...]
    total: Decimal | None


def _stage(edition: Edition) -> tuple[StageRun, ScoringStage]:
    run = edition.last_of("scoring")
    if run is None or not isinstance(run.declared, ScoringStage):
        raise NotYet(f"{edition.id}: no review has been opened yet")
    return run, run.declared


@router.show(BASE)
def show_reviewers(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """Everybody who has or had entries, with progress and answer."""
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        if edition.last_of("scoring") is None:
            return not_yet.page(request, edition, "reviewers")
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
    waiting = Counter(one.reviewer for one in reopening.waiting(store, edition.id, run.position))
    for sheet in store.sheets(edition.id, run.position):
        done[sheet.reviewer] += reviewing.is_complete(stage.sheet_of(entries[sheet.entry].class_name), sheet)
        signed[sheet.reviewer] += sheet.signed_at is not None
        keyed[sheet.reviewer] += bool(sheet.keyed_by)
    return [
        Line(one, held[one.id], done[one.id], signed[one.id], keyed[one.id], answers.get(one.id, "invited"), waiting[one.id])
        for one in store.reviewers(edition.id)
        if one.id in asked
    ]


def _reviewer(store: Store, edition: Edition, code: str) -> Reviewer:
    for one in store.reviewers(edition.id):
        if one.code == code:
            return one
    raise NotFound(f"{edition.id}: there is no reviewer {code}", zh=f"没有编号为“{code}”的专家")


def desk_of(request: Request, edition_id: str, code: str) -> tuple[Reviewer, sheets.Desk]:
    """The reviewer of that code, and everything in that reviewer's hands.

    Raises:
        NotFound: there is no such reviewer, or no review has been opened.
    """
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
    person, desk = desk_of(request, edition_id, code)
    with visitors.database(request).read() as store:
        kept = store.versions_of_reviewer(edition_id, desk.run.position, person.id)
        entries = store.entries_by_id(pair.entry for pair in store.assignments(edition_id, desk.run.position, reviewer=person.id))
        asked = [one for one in reopening.waiting(store, edition_id, desk.run.position) if one.reviewer == person.id]
    by_entry = {entry.id: entry for entry in entries.values()}
    pairs = {card.assignment.id: card.entry.id for card in desk.cards}
    versions = [
        _version(desk, by_entry.get(pairs.get(pair, "")), pair, one) for pair, some in sorted(kept.items()) for one in reversed(some)
    ]
    return pages.render(
        request, "admin/reviewer.html", status=status, edition=desk.edition, person=person, desk=desk, versions=versions, fault=fault,
        typed=typed, chosen=chosen, zone=desk.edition.process.time_zone, paper_day=signatures.paper_day,
        done=request.query_params.get("done", ""), reason_max=reopening.REASON_MAX, asked=asked,
        codes={card.entry.id: card.entry.code for card in desk.cards}, two_admins=visitors.installed(request).settings.two_admins,
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
    """Open the chosen sheets again, ask a second admin to, or confirm what another one asked for."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    person, desk = desk_of(request, edition_id, code)
    chosen, reason = tuple(form.texts("code")), form.text("reason")
    try:
        if form.text("asked"):
            reopening.confirm(edition_id, desk.run.position, person.id, _number(form.text("asked")), admin=admin)
            return pages.go(f"/admin/editions/{edition_id}/reviewers/{code}?done=reopen")
        if form.unreadable:
            return _reviewer_page(request, edition_id, code, status=422, fault=_REOPEN_FAULTS["reason"], chosen=chosen)
        entries = [desk.card(one).entry.id for one in chosen]
        opened = reopening.reopen(edition_id, desk.run.position, person.id, entries, reason, admin=admin)
    except InputError as refused:
        fault = _REOPEN_FAULTS.get(refused.faults[0].field or "", _REOPEN_FAULTS["entries"])
        return _reviewer_page(request, edition_id, code, status=422, fault=fault, typed=reason, chosen=chosen)
    return pages.go(f"/admin/editions/{edition_id}/reviewers/{code}?done={'reopen' if opened else 'asked'}")


def _number(text: str) -> int:
    """The number of a request; one that no page of ours would send belongs to none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else 0


@router.show(BASE + "/{code}/blank.pdf", slow=True)
def show_blank(request: Request, visit: MaybeVisit, edition_id: str, code: str) -> Response:
    """The paper to be filled in by hand."""
    visitors.admin_of(visit)
    return _paper(request, edition_id, code, signed=False)


@router.show(BASE + "/{code}/sheet.pdf", slow=True)
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
