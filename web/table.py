"""All open sheets of a reviewer in one table for quick marks, and two or three of them side by side. Work without JavaScript."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from models.errors import InputError, NotAllowed, Stale, TooLate
from models.sheets import Criterion
from tasks import reviewing
from web import audit, errors, handed_back, language, pages, sheet_forms, sheets, visitors
from web.forms import Form, Posted
from web.language import mark as _
from web.reviewing import sit
from web.routes import Pages
from web.sheet_forms import Content
from web.visitors import MaybeVisit, Seat

router = Pages()

COMPARED = (2, 3)
"""Least and most entries side by side: more do not fit beside each other."""
_SKIPPED = _("不适用")
_PICK = (_("请选择 2 到 3 份申报项"), _("请返回列表，勾选两到三份有分数的申报项，再点击“并排对比所选”。"))


@dataclass(frozen=True, slots=True)
class Row:
    """One sheet in the table."""

    card: sheets.Card
    content: Content
    revision: int
    seen: str
    """Digest of what the fields showed at first: a row that still says the same was not touched."""
    faults: Mapping[str, str] = field(default_factory=dict)
    stale: bool = False
    """Whether the sheet was changed elsewhere meanwhile; `saved` is what it holds now."""

    @property
    def saved(self) -> Content:
        """What the sheet holds."""
        return sheet_forms.saved(self.card)


@dataclass(frozen=True, slots=True)
class Block:
    """Rows with the same criteria."""

    title: str
    criteria: tuple[Criterion, ...]
    rows: tuple[Row, ...]


@router.show("/review/table")
def show_table(request: Request, visit: MaybeVisit) -> Response:
    """The table with what is saved."""
    _seat, desk = sit(request, visit)
    if not desk.open:
        return pages.go("/review")
    return _page(request, desk, [_saved_row(card) for card in _unsigned(desk)])


@router.take("/review/table")
def save_table(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """Save the rows that were touched, all or none; what was typed into rows that can be changed no more is handed back."""
    try:
        visitors.check_form(visit, form)
        seat, desk = sit(request, visit)
    except (errors.Refused, errors.Elsewhere) as refused:
        answer = _given_back(request, visit, form, refused)
        if answer is None:
            raise
        return answer
    rows = [_typed_row(form, card) for card in _unsigned(desk)]
    touched = [row for row in rows if row.seen != seen(row.content, row.card) and not form.text(f"{row.card.entry.code}.drop")]
    try:
        if form.unreadable:
            return _page(request, desk, _with_unreadable(form, rows), status=422)
        work = {row.card.entry.id: row.content.draft(row.revision) for row in touched if not _already_saved(row)}
        if work:
            reviewing.save_sheets(desk.edition.id, desk.run.position, seat.person.id, work)
    except InputError as refused:
        faulty = [_changed(row, faults=sheet_forms.sentences(refused.faults, row.card.entry.id)) for row in rows]
        return _page(request, desk, faulty, status=422)
    except Stale:
        return _stale_page(request, seat, visit, form, {row.card.entry.code for row in touched})
    except (TooLate, NotAllowed):
        return handed_back.page(request, "late", _typed_lines(form))
    if closed := _closed_rows(request, visit, form, desk):
        _seat, desk = sit(request, visit)
        return _page(request, desk, [_saved_row(card) for card in _unsigned(desk)], status=409, closed=closed)
    return pages.go("/review/table?saved=1")


def _given_back(request: Request, visit: MaybeVisit, form: Form, refused: errors.Refused | errors.Elsewhere) -> Response | None:
    """What was typed into a table that is refused: to be saved by pressing once more where the person entered anew, else to be copied."""
    lines = _typed_lines(form)
    if not lines:
        return None
    if isinstance(refused, errors.Elsewhere):  # everything has left the reviewer's hands meanwhile
        return handed_back.page(request, "left", lines)
    why = handed_back.why_refused(refused)
    earlier = handed_back.is_of_earlier_visit(visit, form, refused)
    if not (earlier or why):
        return None
    audit.keep_at_once(request, errors.reason_of(refused))
    try:
        if earlier:
            _seat, desk = sit(request, visit)
            return _page(request, desk, [_typed_row(form, card) for card in _unsigned(desk)], status=403, unsaved=True)
    except (errors.Elsewhere, errors.CodeNeeded):
        pass
    return handed_back.page(request, why or "visit", lines)


def _typed_lines(form: Form) -> dict[str, str]:
    """The marks of each row that was touched, by code."""
    typed = {code: sheet_forms.typed(form, before=f"{code}.") for code in _codes_of(form)}
    return {code: _in_a_line(one) for code, one in typed.items() if one.marks and _digest(one, one.marks) != form.text(f"{code}.seen")}


def _codes_of(form: Form) -> list[str]:
    return [name.removesuffix(".seen") for name in form.starting_with("") if name.endswith(".seen")]


def _in_a_line(content: Content) -> str:
    return pages.readable([language.gettext(_SKIPPED) if name in content.skipped else mark or "—" for name, mark in content.marks.items()])


def _closed_rows(request: Request, visit: MaybeVisit, form: Form, desk: sheets.Desk) -> dict[str, str]:
    """Rows that were touched, and whose sheets have been signed or have left the reviewer's hands since the table was shown."""
    there, lines = {card.entry.code: card for card in desk.cards}, _typed_lines(form)
    signed = [card for code, card in there.items() if card.signed and code in lines]
    changed = {card.entry.code for card in signed if not _already_saved(_row(form, card))}
    gone = lines.keys() - there.keys()
    left = handed_back.left_codes(request, visit) & gone if gone else frozenset()
    return {code: line for code, line in lines.items() if code in changed | left}


def _stale_page(request: Request, seat: Seat, visit: MaybeVisit, form: Form, touched: set[str]) -> Response:
    """Both versions of the rows that were changed elsewhere; saving once more keeps the reviewer's own unless a row is dropped."""
    _seat, desk = sit(request, visit)
    rows = []
    for card in _unsigned(desk):
        row = _typed_row(form, card)
        current = _revision_of(card)
        if row.revision == current:
            rows.append(row)
        elif card.entry.code in touched:
            rows.append(_changed(row, revision=current, stale=True))
        else:
            rows.append(_saved_row(card))
    return _page(request, desk, rows, status=409)


def _page(
    request: Request, desk: sheets.Desk, rows: Sequence[Row], *, status: int = 200, closed: Mapping[str, str] | None = None,
    unsaved: bool = False,
) -> Response:  # fmt: skip
    blocks: dict[tuple[Criterion, ...], list[Row]] = {}
    for row in rows:
        blocks.setdefault(row.card.criteria, []).append(row)
    shown = [
        Block(pages.readable(dict.fromkeys(row.card.class_title for row in some).keys()), criteria, tuple(some))
        for criteria, some in blocks.items()
    ]
    return pages.render(
        request, "review_table.html", status=status, desk=desk, blocks=shown, zone=desk.edition.process.time_zone,
        faulty=any(row.faults for row in rows), stale=any(row.stale for row in rows), saved=request.query_params.get("saved") == "1",
        closed=closed or {}, unsaved=unsaved,
    )  # fmt: skip


def _unsigned(desk: sheets.Desk) -> list[sheets.Card]:
    return [card for card in desk.cards if card.state != "signed"]


def _saved_row(card: sheets.Card) -> Row:
    content = sheet_forms.saved(card)
    return Row(card, content, _revision_of(card), seen(content, card))


def _typed_row(form: Form, card: sheets.Card) -> Row:
    """A row as it was typed; what the table does not show stays as it is saved. A row that the page did not have yet is not touched."""
    return _row(form, card) if form.text(f"{card.entry.code}.revision") else _saved_row(card)


def _row(form: Form, card: sheets.Card) -> Row:
    before, kept = f"{card.entry.code}.", sheet_forms.saved(card)
    typed = sheet_forms.typed(form, before=before)
    content = Content(typed.marks, kept.comment, kept.advice, typed.skipped, kept.fatal)
    return Row(card, content, sheet_forms.revision(form, before=before), form.text(f"{before}seen"))


def _changed(row: Row, *, revision: int | None = None, faults: Mapping[str, str] | None = None, stale: bool = False) -> Row:
    return Row(row.card, row.content, row.revision if revision is None else revision, row.seen, faults or row.faults, stale)


def _with_unreadable(form: Form, rows: Sequence[Row]) -> list[Row]:
    found = []
    for row in rows:
        start = f"{row.card.entry.code}."
        names = [name.removeprefix(start) for name in form.unreadable if name.startswith(start)]
        found.append(_changed(row, faults=sheet_forms.unreadable(names)))
    return found


def _already_saved(row: Row) -> bool:
    """The same form once more: what it asks for is there."""
    return seen(row.content, row.card) == seen(row.saved, row.card)


def _revision_of(card: sheets.Card) -> int:
    return card.sheet.revision if card.sheet else 0


def seen(content: Content, card: sheets.Card) -> str:
    """Digest of the fields of a row."""
    return _digest(content, [one.name for one in card.criteria])


def _digest(content: Content, names: Iterable[str]) -> str:
    fields = [[content.marks.get(name, "").strip(), name in content.skipped] for name in names]
    return hashlib.sha256(json.dumps(fields).encode("utf-8", "backslashreplace")).hexdigest()[:16]


@router.show("/review/compare")
def compare(request: Request, visit: MaybeVisit) -> Response:
    """Two or three of one's own sheets by criterion; whatever follows from it is the reviewer's own act."""
    _seat, desk = sit(request, visit)
    codes = list(dict.fromkeys(request.query_params.getlist("code")))
    least, most = COMPARED
    if not least <= len(codes) <= most:
        raise errors.Refused(422, _PICK)
    cards = [desk.card(code) for code in codes]
    criteria = {one.name: one for card in cards for one in card.criteria}
    lines = [(one, [_mark_words(card, one) for card in cards]) for one in criteria.values()]
    return pages.render(request, "review_compare.html", desk=desk, cards=cards, lines=lines, zone=desk.edition.process.time_zone)


def _mark_words(card: sheets.Card, one: Criterion) -> str:
    if card.sheet is not None and one.name in card.sheet.skipped:
        return language.gettext(_SKIPPED)
    mark = card.sheet.marks.get(one.name) if card.sheet else None
    return pages.total(mark)
