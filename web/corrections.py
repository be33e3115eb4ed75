"""A nominator corrects what form checkers sent back: the named fields are open until the correction is due, the rest is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Entry, Nominator
from models.errors import InputError, NotAllowed, Stale, TooLate
from models.process import Process
from rules import forms
from tasks import checking, correcting, uploads
from tasks.correcting import Asked
from web import errors, form_view, forms_pages, pages, visitors, words
from web.forms import Form, Posted
from web.language import gettext
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

_LONGEST_TURN = 3
_LATE: errors.Text = (_("补正期限已过，本次填写没有保存"), _("您刚才填写的内容在下面，可以复制留存。如有疑问，请联系评审办公室。"))
_DONE: errors.Text = (_("现在不能补正，本次填写没有保存"), _("补正已经提交过，或这一阶段已经结束。您刚才填写的内容在下面，可以复制留存。"))
_ANEW = _("这一项的补正要求有变化，请核对后重新提交。")


@router.show("/submit/corrections/{code}")
def show(request: Request, visit: MaybeVisit, code: str) -> Response:
    """What is to be corrected, until when, and the fields that are open."""
    seat, unit = forms_pages.sit(request, visit)
    return _page(request, seat, unit, code)


def _page(
    request: Request, seat: Seat, unit: Nominator, code: str, *, status: int = 200, typed: Mapping[str, Any] | None = None,
    faults: Mapping[str, str] | None = None, note: str = "",
) -> Response:  # fmt: skip
    edition = seat.edition
    with visitors.database(request).read() as store:
        found = correcting.asked(store, edition, unit.id, code)
        files_in = uploads.shown_for(store, found.draft.id) if found.draft else {}
        is_open = found.is_open(edition.now(store.real_now))
    entry, named = found.entry, found.correction.fields
    values = {**forms.typed(entry, edition.process), **(typed or {})}
    view = form_view.of(edition.process, entry.class_name, values, faults=faults, only=named, locked=not is_open, uploads=files_in)
    told = [words.both(checking.reason(edition.process, found.run, entry.class_name, one)) for one in found.correction.findings]
    return pages.render(
        request, "correction.html", status=status, seat=seat, edition=edition, run=found.run, entry=entry, correction=found.correction,
        draft=found.draft, view=view, is_open=is_open, told=told, note=note, rest=_rest(edition.process, entry, named),
        zone=edition.process.time_zone, class_title=words.both(edition.process.class_named(entry.class_name).title),
    )  # fmt: skip


def _rest(process: Process, entry: Entry, named: tuple[str, ...]) -> list[tuple[str, str]]:
    """What cannot be changed, to be read beside what can."""
    values = forms.typed(entry, process)
    shown = [one for one in forms.fields(process, entry.class_name) if one.name not in named and one.kind != "file"]
    lines = [(words.both(one.title), form_view.readable(one, values.get(one.name))) for one in shown]
    return [line for line in lines if line[1]]


@router.take("/submit/corrections/{code}")
def hand_in(request: Request, visit: MaybeVisit, form: Posted, code: str) -> Response:
    """Hand the correction in, or move the rows of a list of people; whatever keeps it from being kept, what was typed is shown again."""
    visitors.check_form(visit, form)
    seat, unit = forms_pages.sit(request, visit)
    with visitors.database(request).read() as store:
        found = correcting.asked(store, seat.edition, unit.id, code)
    typed = form_view.typed(form, seat.edition.process, found.entry.class_name, only=found.correction.fields)
    typed, changed = form_view.rearranged(typed, form.text("then"))
    if form.unreadable:
        return _page(request, seat, unit, code, status=422, typed=typed, faults=form_view.unreadable(form.unreadable))
    if changed or form.text("then") != "submit":  # a list of people was changed, or somebody pressed Enter
        return _page(request, seat, unit, code, typed=typed)
    try:
        correcting.correct(seat.edition.id, unit.id, code, typed, turn=_turn(form))
    except InputError as refused:
        return _page(request, seat, unit, code, status=422, typed=typed, faults=form_view.sentences(refused.faults))
    except Stale:
        return _page(request, seat, unit, code, status=409, typed=typed, note=gettext(_ANEW))
    except (TooLate, NotAllowed) as refused:
        return _handed_back(request, seat, found, typed, _LATE if isinstance(refused, TooLate) else _DONE)
    return pages.go(f"/submit/corrections/{code}?done=1")


def _handed_back(request: Request, seat: Seat, found: Asked, typed: Mapping[str, Any], text: errors.Text) -> Response:
    lines = form_view.compared(seat.edition.process, found.entry.class_name, typed, {})
    return pages.render(
        request, "submit_lost.html", status=409, heading=gettext(text[0]), remedy=gettext(text[1]),
        lines=[(label, mine) for label, mine, _theirs in lines],
    )  # fmt: skip


def _turn(form: Form) -> int:
    text = form.text("turn")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_TURN else -1
