"""The reviewer's pages: list, score sheet, recusal. All work without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from models.errors import InputError, NotAllowed, NotFound, Stale, TooLate
from rules import scoring
from tasks import reasons, reviewing
from web import audit, errors, handed_back, own_figures, pages, pictures, sheet_answers, sheet_forms, sheets, visitors
from web.forms import Form, Posted
from web.routes import Pages, Writing
from web.sheet_forms import Content
from web.visitors import MaybeVisit, Seat

router = Pages()

_ASKED_BEFORE = (("GET", "/review"), ("GET", "/review/sign"), ("POST", "/review/sign"), ("GET", "/review/table"))
"""Pages that wait until the question about entries that came later is answered; a sheet or a table that is being written does not."""


def sit(request: Request, visit: MaybeVisit) -> tuple[Seat, sheets.Desk]:
    """The reviewer's seat, and everything in the reviewer's hands."""
    seat = visitors.seat_of(request, visit, "reviewer")
    desk = _desk(request, seat) if seat.hands is None else sheets.desk(seat.edition, seat.hands)
    asked_first = desk.waiting and (request.method.replace("HEAD", "GET"), request.url.path) in _ASKED_BEFORE
    if desk.open and (desk.invitation.state != "accepted" or asked_first):
        raise errors.Elsewhere("/review/invitation")
    return seat, desk


def _desk(request: Request, seat: Seat) -> sheets.Desk:
    with visitors.database(request).read() as store:
        return sheets.desk_of(store, seat.edition, seat.person.id)


@router.show("/review", quick=True)
def show_list(request: Request, visit: MaybeVisit) -> Response:
    """Everything in the reviewer's hands, narrowed to a state if asked for."""
    seat, desk = sit(request, visit)
    asked = request.query_params.get("show", "all")
    figures = own_figures.of(desk.cards, desk.stage)
    return pages.render(
        request, "review_list.html", seat=seat, desk=desk, zone=desk.edition.process.time_zone, figures=figures,
        filters=sheets.FILTERS, chosen=asked if asked in sheets.FILTERS else "all", reasons=_reasons(request, desk),
    )  # fmt: skip


def _reasons(request: Request, desk: sheets.Desk) -> list[str]:
    """Codes of entries for whose marks the office asked this reviewer for a reason that is not given yet."""
    signed, edition, run = {card.entry.id: card.entry.code for card in desk.cards if card.state == "signed"}, desk.edition, desk.run
    if not signed:  # who has signed nothing is asked nothing, and most look at this page before they sign
        return []
    with visitors.database(request).read() as store:
        reviewer = next(card.sheet.reviewer for card in desk.cards if card.sheet)
        asked = [one for one in store.reasons(edition.id, run.position, reviewer=reviewer) if not one.text and one.entry in signed]
        return [signed[one.entry] for one in asked] if asked and reasons.is_open(store, edition, run) else []


@router.show("/review/{code}", quick=True)
def show_sheet(request: Request, visit: MaybeVisit, code: str) -> Response:
    """One entry: its material and the score sheet."""
    seat, desk = sit(request, visit)
    return _sheet_page(request, seat, desk, code)


def _sheet_page(
    request: Request, seat: Seat, desk: sheets.Desk, code: str, *, status: int = 200, content: Content | None = None,
    faults: Mapping[str, str] | None = None, shown_revision: int | None = None, unsaved: bool = False,
) -> Response:  # fmt: skip
    card = desk.card(code)
    with visitors.database(request).read() as store:
        material = sheets.material(store, desk.edition, desk.stage, card.entry)
        files = sheets.visible_files(store, desk.edition, desk.stage, card.entry)
    before, after = desk.beside(code)
    revision = (card.sheet.revision if card.sheet else 0) if shown_revision is None else shown_revision
    return pages.render(
        request, "sheet.html", status=status, seat=seat, desk=desk, card=card, material=material, before=before, after=after,
        files=pictures.shown(request, files), content=content or sheet_forms.saved(card), revision=revision,
        zone=desk.edition.process.time_zone, faults=faults or {}, comment_max=reviewing.COMMENT_MAX,
        offers=lambda one: scoring.offers(one, desk.stage.chips),
        declared=(desk.edition.declaration_hash, desk.run.position, card.entry.class_name), unsaved=unsaved,
    )  # fmt: skip


@router.take("/review/{code}", quick=True)
def save(request: Request, visit: MaybeVisit, form: Posted, code: str) -> Writing:
    """Save one sheet. Whatever keeps it from being saved, what was typed is shown again; a script gets the same as JSON."""
    if sheet_answers.wanted(request):
        return (yield from sheet_answers.guarded(request, _save(request, visit, form, code)))
    try:
        return (yield from _save(request, visit, form, code))
    except errors.Refused as refused:
        answer = _given_back(request, visit, form, code, refused)
        if answer is None:
            raise
        yield from audit.keeping(request, errors.reason_of(refused))
        return answer
    except (errors.Elsewhere, NotFound):
        if sheet_forms.typed(form).empty or code not in handed_back.left_codes(request, visit):
            raise
        return handed_back.sheet(request, "left", form)


def _given_back(request: Request, visit: MaybeVisit, form: Form, code: str, refused: errors.Refused) -> Response | None:
    """What was typed into a page that is refused: to be saved by pressing once more where the person entered anew, else to be copied."""
    if sheet_forms.typed(form).empty:
        return None
    if handed_back.is_of_earlier_visit(visit, form, refused):
        try:
            return _page_of_earlier_visit(request, visit, form, code)
        except (errors.Elsewhere, errors.CodeNeeded, NotFound):
            return handed_back.sheet(request, "visit", form)
    why = handed_back.why_refused(refused)
    return handed_back.sheet(request, why, form) if why else None


def _page_of_earlier_visit(request: Request, visit: MaybeVisit, form: Form, code: str) -> Response:
    seat, desk = sit(request, visit)
    card, content = desk.card(code), sheet_forms.typed(form)
    if not desk.open or card.signed:
        return _late(request, card, content)
    return _sheet_page(request, seat, desk, code, status=403, content=content, shown_revision=sheet_forms.revision(form), unsaved=True)


def _save(request: Request, visit: MaybeVisit, form: Form, code: str) -> Writing:
    visitors.check_form(visit, form)
    seat, desk = sit(request, visit)
    card, content, revision = desk.card(code), sheet_forms.typed(form), sheet_forms.revision(form)
    skipping = form.text("then") == "skip" and content.empty and card.sheet is None
    try:
        if form.unreadable:
            return _refuse(request, seat, desk, code, content, sheet_forms.unreadable(form.unreadable), revision)
        if not skipping:
            sheet = yield reviewing.saving_one(desk.edition.id, desk.run.position, seat.person.id, card.entry.id, content.draft(revision))
            desk = desk.with_sheet(card, sheet)
    except InputError as refused:
        return _refuse(request, seat, desk, code, content, sheet_forms.sentences(refused.faults, card.entry.id), revision)
    except Stale:
        return _conflict(request, seat, code, content)
    except (TooLate, NotAllowed):
        return _late(request, card, content)
    if sheet_answers.wanted(request):
        return sheet_answers.kept(desk, code)
    return _after_saving(desk, form, code)


def _refuse(
    request: Request, seat: Seat, desk: sheets.Desk, code: str, content: Content, faults: Mapping[str, str], revision: int
) -> Response:
    if sheet_answers.wanted(request):
        return sheet_answers.refused(faults)
    return _sheet_page(request, seat, desk, code, status=422, content=content, faults=faults, shown_revision=revision)


def _conflict(request: Request, seat: Seat, code: str, content: Content) -> Response:
    """Both versions side by side; the reviewer chooses."""
    desk = _desk(request, seat)
    card = desk.card(code)
    if sheet_answers.wanted(request):
        return sheet_answers.stale(desk, card)
    return pages.render(
        request, "sheet_stale.html", status=409, seat=seat, desk=desk, card=card, content=content, kept=sheet_forms.saved(card),
        zone=desk.edition.process.time_zone, signed=card.state == "signed",
    )  # fmt: skip


def _late(request: Request, card: sheets.Card, content: Content) -> Response:
    if sheet_answers.wanted(request):
        return sheet_answers.late()
    return handed_back.page(request, "late", sheet_forms.handed_back(card, content), content)


def _after_saving(desk: sheets.Desk, form: Form, code: str) -> Response:
    then = form.text("then")
    if then not in ("next", "skip"):
        return pages.go(f"/review/{code}?saved=1")
    following = desk.after(code)
    if following is None:
        return pages.go("/review/sign" if then == "next" else "/review")
    return pages.go(f"/review/{following.entry.code}")


@router.show("/review/{code}/files/{name}", slow=True)
def show_file(request: Request, visit: MaybeVisit, code: str, name: str) -> Response:
    """One file of an entry in hand, under a name that tells its code only."""
    _seat, desk = sit(request, visit)
    card = desk.card(code)
    with visitors.database(request).read() as store:
        files = sheets.visible_files(store, desk.edition, desk.stage, card.entry)
    return pictures.send(request, files, name, code=code, documents=desk.stage.downloads)
