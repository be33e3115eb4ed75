"""The office changes panels: a draw of some kind, pairs by hand or from a file; looked at first, then made."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from models.declared import Words
from models.errors import Fault, InputError, NotAllowed, TooLate
from tasks import exporting, panel_changes, panel_files
from tasks.panel_changes import MODES, Outdated, Preview, Wish
from tasks.panel_checks import Doubt
from tasks.panel_state import Pair, Sealed
from web import errors, form_words, pages, panel_forms, visitors, words
from web.admin_draw import REASONS
from web.forms import Form, Posted
from web.language import gettext
from web.panel_forms import Typed
from web.panel_words import DOUBTS, DRAWN, NAMES, NO_FILE, NO_SIZE, NOTHING, OVER, REASON_FAULTS, UNFIT
from web.routes import Pages, Threads
from web.visitors import MaybeVisit

router = Pages()

PATH = "/admin/editions/{edition_id}/draw/change"
_TYPE = re.compile(r"\.(xlsx|xls|ods|csv)$", re.IGNORECASE)
_MOST_FIELDS = 20
_SHOWN = 300
"""So many lines of a list are shown; the rest is counted."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a page shows beside its faults: nothing that was typed or chosen is lost."""

    wish: Wish | None = None
    """What is asked for; None if it could not be read."""
    sent: Typed = field(default_factory=Typed)
    typed: str = ""
    """The reason."""
    found: Preview | None = None
    aside: Words | None = None
    """Which rows of a file were taken for totals or notes."""


@router.take(PATH, slow=True)
def change(request: Request, visit: MaybeVisit, form: Posted, edition_id: str) -> Response:
    """Look at a change, or make one that was looked at."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        store.edition(edition_id)
    wish, sent = _wish(form), panel_forms.typed(form)
    if wish is None:
        fault = NO_SIZE if sent.act in panel_forms.SIZE_ACTS else NOTHING
        return _page(request, edition_id, _Shown(sent=panel_forms.lacking(sent), typed=form.text("reason")), status=422, fault=fault)
    shown = _Shown(wish, sent, typed=form.text("reason"))
    return _answer(request, edition_id, wish, admin, shown, form.text("seen"), unreadable="reason" in form.unreadable)


def _answer(
    request: Request, edition_id: str, wish: Wish, admin: str, shown: _Shown, seen: str = "", *, unreadable: bool = False
) -> Response:  # fmt: skip
    try:
        if not seen:
            return _page(request, edition_id, replace(shown, found=panel_changes.preview(edition_id, wish)))
        if unreadable:
            raise InputError([Fault("unreadable characters", "type the words again", field="reason", column="text")])
        panel_changes.apply(edition_id, wish, seen, actor=f"admin:{admin}", reason=shown.typed)
    except Outdated as refused:
        return _page(request, edition_id, replace(shown, found=refused.now), status=409, outdated=True)
    except InputError as refused:
        if any(one.column == "drawn" for one in refused.faults):
            return _page(request, edition_id, replace(shown, wish=None), status=409, fault=DRAWN)
        said = next((REASON_FAULTS.get(one.column, "") for one in refused.faults if one.field == "reason"), "")
        return _page(request, edition_id, replace(shown, found=panel_changes.preview(edition_id, wish)), status=422, said=said)
    except Sealed:
        raise errors.Refused(403, errors.SEALED) from None
    except (NotAllowed, TooLate):
        return _page(request, edition_id, shown, status=409, fault=OVER)
    return pages.go(f"/admin/editions/{edition_id}/draw{'/sizes' if wish.mode == 'size' else ''}?done=1")


@router.take("/admin/editions/{edition_id}/draw/pairs")
async def bring(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """Look at what a file of pairs would do."""
    visitors.admin_of(visit)  # before anything of a stranger's file is read
    async with request.form(max_files=1, max_fields=_MOST_FIELDS) as fields:
        sent = fields.get("file")
        file = sent if isinstance(sent, UploadFile) else None
        threads: Threads = request.app.state.threads
        return await threads.run(_bring, request, visit, edition_id, Form(fields), file, slow=True)


def _bring(request: Request, visit: MaybeVisit, edition_id: str, form: Form, file: UploadFile | None) -> Response:
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        store.edition(edition_id)
    sent = panel_forms.chosen(file.filename or "" if file is not None else "")
    kind = _TYPE.search(sent.file)
    if kind is None or file is None:
        return _page(request, edition_id, _Shown(sent=panel_forms.lacking(sent)), status=422, fault=NO_FILE)
    with tempfile.TemporaryDirectory(prefix="jinbang-pairs-") as folder:
        path = Path(folder) / f"list{kind[0].lower()}"
        path.write_bytes(file.file.read())
        try:
            wish, aside = panel_files.wish_of(edition_id, path)
        except InputError as refused:
            return _page(request, edition_id, _Shown(sent=sent), status=422, faults=refused.faults)
    return _answer(request, edition_id, wish, admin, _Shown(wish, sent, aside=aside))


def _wish(form: Form) -> Wish | None:
    """What a form asks for; None if pairs by hand lack a code, or a size its entries or its number."""
    mode = form.text("mode")
    if mode == "size":
        return _size(form)
    if mode != "manual":
        chosen = next((one for one in MODES if one == mode), None)
        if chosen is None:
            raise errors.Refused(422)
        return Wish(chosen)
    if form.text("put") or form.text("off"):
        return Wish("manual", _read(form.text("put")), _read(form.text("off")))
    one = (form.text("entry").strip(), form.text("reviewer").strip())
    other = (form.text("entry2").strip(), form.text("reviewer2").strip())
    if not all(one) or (form.text("act") == "swap" and not all(other)):
        return None
    match form.text("act"):
        case "put":
            return Wish("manual", put=(one,))
        case "off":
            return Wish("manual", off=(one,))
        case "swap":
            return Wish("manual", put=((one[0], other[1]), (other[0], one[1])), off=(one, other))
    raise errors.Refused(422)


def _size(form: Form) -> Wish | None:
    codes, size = panel_forms.codes_of(form.text("entries")), panel_forms.size_of(form.text("size"))
    if form.text("act") not in panel_forms.SIZE_ACTS or len(codes) > panel_files.MOST:
        raise errors.Refused(422)
    if form.text("act") == "declared":
        return Wish("size", entries=codes) if codes else None
    return Wish("size", entries=codes, size=size) if codes and size is not None else None


def _read(text: str) -> tuple[Pair, ...]:
    """Pairs as the page carries them from the preview to the change: one a line."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error:
        raise errors.Refused(422) from None
    if len(rows) > panel_files.MOST or any(len(row) != 2 for row in rows):
        raise errors.Refused(422)
    return tuple((row[0], row[1]) for row in rows)


def written(pairs: Iterable[Pair]) -> str:
    """Pairs as `_read` reads them."""
    return exporting.csv_for_programs(pairs)


def _page(
    request: Request, edition_id: str, shown: _Shown, *, status: int = 200, fault: str = "", outdated: bool = False, said: str = "",
    faults: tuple[Fault, ...] = (),
) -> Response:  # fmt: skip
    found, wish = shown.found, shown.wish
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        names = {one.code: one.name for one in store.reviewers(edition_id)}
        titles = {one.code: one.title for one in store.entries(edition_id)} if found else {}
    if found and found.faults:
        shown = replace(shown, sent=panel_forms.refused(shown.sent, found.faults))
    return pages.render(
        request, "admin/draw_change.html", status=status, edition=edition, found=found, title=words.edition_title(edition), names=NAMES,
        people=names, titles=titles, fault=fault, outdated=outdated, typed=shown.typed, said=said, shown=_SHOWN,
        faults=[form_words.placed(one, shown.sent.file) for one in faults[:_SHOWN]], more=max(0, len(faults) - _SHOWN),
        refusals=[refusal_said(one) for one in found.faults] if found else (), sent=shown.sent, aside=shown.aside,
        waits=bool(found and found.resized and not found.drawn),
        crowded=bool(found and any(one.there > one.after for one in found.resized)),
        doubts=[_doubt(one) for one in found.doubts] if found else (), wish=wish,
        put=written(wish.put) if wish else "", off=written(wish.off) if wish else "", most=panel_changes.REASON_MAX, unfit=UNFIT,
    )  # fmt: skip


def refusal_said(fault: Fault) -> str:
    """A fault of a pair in the reader's language: the pair, what forbids it, and the conflict of interest."""
    said = panel_forms.refusal_of(fault)
    why = f" ({gettext(REASONS[fault.file])})" if fault.file in REASONS else ""
    return f"{fault.field.strip(',').replace(',', ' · ')}: {said}{why}" if fault.field else f"{said}{why}"


def _doubt(doubt: Doubt) -> str:
    numbers = {"entry": doubt.entry, "reviewer": doubt.reviewer, "number": doubt.number, "limit": doubt.limit}
    return gettext(DOUBTS[doubt.kind]) % numbers
