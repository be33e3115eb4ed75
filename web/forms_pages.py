"""A nominator's forms: filled in, saved, handed in, put away, and the entries that they became. All work without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from models.edition import Nominator
from models.errors import InputError, NotAllowed, NotFound, Stale, TooLate
from models.submitting import FormDraft
from rules import forms
from tasks import handing_in, own_forms, uploads
from web import audit, errors, form_view, pages, visitors, words
from web.forms import Form, Posted
from web.language import gettext
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

_LONGEST_REVISION = 9
_LATE: errors.Text = (_("已过截止时间，本次填写没有保存"), _("您刚才填写的内容在下面，可以复制留存。如需延期，请联系评审办公室。"))
_CLOSED: errors.Text = (
    _("现在不能修改，本次填写没有保存"),
    _("申报尚未开始，或这一项已撤回、已由评审办公室处理。您刚才填写的内容在下面，可以复制留存。"),
)
_LOST: errors.Text = (_("登录已失效，本次填写没有保存"), _("您刚才填写的内容在下面，可以先复制留存，再从邮件中的专用链接重新进入。"))
_OVER = _("申报已经截止，只能查看。")
_ASIDE = _("这一项现在不能修改，只能查看。")


def sit(request: Request, visit: MaybeVisit) -> tuple[Seat, Nominator]:
    """The nominator's seat."""
    seat = visitors.seat_of(request, visit, "nominator")
    assert isinstance(seat.person, Nominator)  # noqa: S101 - the role of the seat
    return seat, seat.person


# -- beginning ------------------------------------------------------------------------------------------------------


@router.take("/submit/forms/new")
def begin(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """Begin a form of a class, or a copy of an entry of an earlier edition."""
    visitors.check_form(visit, form)
    seat, unit = sit(request, visit)
    draft = handing_in.start(seat.edition.id, unit.id, form.text("class"), copy_of=form.text("copy") or None)
    return pages.go(f"/submit/forms/{draft.id}{'?copied=1' if form.text('copy') else ''}")


@router.show("/submit/copy")
def show_earlier(request: Request, visit: MaybeVisit) -> Response:
    """The unit's entries of earlier editions, to copy one."""
    seat, unit = sit(request, visit)
    with visitors.database(request).read() as store:
        found = own_forms.earlier_entries(store, seat.edition, unit)
    classes = own_forms.classes_of(seat.edition, unit)
    return pages.render(
        request, "submit_copy.html", seat=seat, edition=seat.edition, run=seat.edition.stages[0], zone=seat.edition.process.time_zone,
        found=[(edition.label, entry) for edition, entry in found if entry.class_name in classes],
        classes={one.name: words.both(one.title) for one in seat.edition.process.classes},
    )  # fmt: skip


# -- one form -------------------------------------------------------------------------------------------------------


@router.show("/submit/forms/{draft_id}")
def show(request: Request, visit: MaybeVisit, draft_id: str) -> Response:
    """One form with what was saved of it."""
    seat, unit = sit(request, visit)
    return _page(request, seat, unit, draft_id)


def _page(
    request: Request, seat: Seat, unit: Nominator, draft_id: str, *, status: int = 200, typed: Mapping[str, Any] | None = None,
    faults: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    edition = seat.edition
    with visitors.database(request).read() as store:
        draft = own_forms.own_draft(store, draft_id, unit.id)
        held = handing_in.content(store, draft)
        entry = None if draft.entry is None else store.entry(draft.entry)
        files_in = uploads.shown_for(store, draft.id)
        over = own_forms.is_over(edition.stages[0], edition, store)
    if typed is None and entry is not None and entry.state == "correction":
        return pages.go(f"/submit/corrections/{entry.code}")
    aside = draft.state == "removed" or (entry is not None and entry.state != "submitted")
    values = {**held, **(typed or {})}
    if typed is None and isinstance(rows := values.get(request.query_params.get("more", "")), list):
        rows.append({})
    view = form_view.of(edition.process, draft.class_name, values, faults=faults, locked=over or aside, uploads=files_in)
    return pages.render(
        request, "submit_form.html", status=status, seat=seat, edition=edition, run=edition.stages[0], draft=draft, entry=entry, view=view,
        class_title=words.both(edition.process.class_named(draft.class_name).title), zone=edition.process.time_zone,
        locked_because=gettext(_OVER if over else _ASIDE), saved_at=_clock(seat, draft) if draft.revision else "",
        outdated=not view.locked and any(one.outdated for one in view.fields), upload_script=_has_upload_script(),
    )  # fmt: skip


def _has_upload_script() -> bool:
    return files("web").joinpath("static", "upload.js").is_file()


def _clock(seat: Seat, draft: FormDraft) -> str:
    return f"{draft.updated_at.astimezone(ZoneInfo(seat.edition.process.time_zone)):%H:%M}"


@router.take("/submit/forms/{draft_id}")
def save(request: Request, visit: MaybeVisit, form: Posted, draft_id: str) -> Response:
    """Save a form, and hand it in if asked to. Whatever keeps it from being saved, what was typed is shown again; a script gets JSON."""
    if _wants_json(request):
        return _for_script(request, visit, form, draft_id)
    if visit is None or visit.grant is None:
        return _handed_back(request, _LOST, _plain_lines(request, form, draft_id), status=403)
    visitors.check_form(visit, form)
    seat, unit = sit(request, visit)
    draft = _own(request, unit, draft_id)
    typed = form_view.typed(form, seat.edition.process, draft.class_name)
    then = form.text("then")
    typed, changed = form_view.rearranged(typed, then)
    try:
        if form.unreadable:
            return _page(request, seat, unit, draft_id, status=422, typed=typed, faults=form_view.unreadable(form.unreadable))
        handing_in.save(draft_id, unit.id, typed, _revision(form))
        if then == "submit":
            handing_in.submit(draft_id, unit.id)
            return pages.go(f"/submit?submitted={draft_id}#entries")
    except InputError as refused:
        return _page(request, seat, unit, draft_id, status=422, typed=typed, faults=form_view.sentences(refused.faults))
    except Stale:
        return _stale(request, seat, unit, draft_id, typed)
    except (TooLate, NotAllowed) as refused:
        lines = form_view.compared(seat.edition.process, draft.class_name, typed, {})
        text = _LATE if isinstance(refused, TooLate) else _CLOSED
        return _handed_back(request, text, [(label, mine) for label, mine, _theirs in lines], status=409)
    if changed:
        return pages.go(f"/submit/forms/{draft_id}{f'?more={changed}' if then.startswith('add:') else ''}#f-{changed}")
    return pages.go(f"/submit/forms/{draft_id}?saved=1")


def _own(request: Request, unit: Nominator, draft_id: str) -> FormDraft:
    with visitors.database(request).read() as store:
        return own_forms.own_draft(store, draft_id, unit.id)


def _revision(form: Form) -> int:
    text = form.text("revision")
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_REVISION):
        raise errors.Refused(422, errors.OLD_FORM)
    return int(text)


def _plain_lines(request: Request, form: Form, draft_id: str) -> list[tuple[str, str]]:
    """What was typed, for a browser that is nobody's, under the titles of the fields; of the form itself nothing is told."""
    texts = {**form.starting_with("v."), **form.starting_with("p.")}
    titles: dict[str, str] = {}
    with suppress(NotFound), visitors.database(request).read() as store:
        draft = store.draft(draft_id)
        process = store.edition(draft.edition).process
        titles = {one.name: words.both(one.title) for one in forms.fields(process, draft.class_name)}
    return [(titles.get(name.partition(".")[0], name), text) for name, text in texts.items() if text.strip()]


def _handed_back(request: Request, text: errors.Text, lines: list[tuple[str, str]], *, status: int) -> Response:
    heading, remedy = (gettext(one) for one in text)
    return pages.render(request, "submit_lost.html", status=status, heading=heading, remedy=remedy, lines=lines)


def _stale(request: Request, seat: Seat, unit: Nominator, draft_id: str, typed: Mapping[str, Any]) -> Response:
    """Both versions side by side; the clerk chooses."""
    draft, lines = _versions(request, seat, unit, draft_id, typed)
    return pages.render(
        request, "submit_stale.html", status=409, seat=seat, edition=seat.edition, run=seat.edition.stages[0], draft=draft, lines=lines,
        class_title=words.both(seat.edition.process.class_named(draft.class_name).title), zone=seat.edition.process.time_zone,
        again=list(form_view.untyped(typed, seat.edition.process, draft.class_name)),
    )  # fmt: skip


def _versions(
    request: Request, seat: Seat, unit: Nominator, draft_id: str, typed: Mapping[str, Any]
) -> tuple[FormDraft, list[tuple[str, str, str]]]:
    with visitors.database(request).read() as store:
        draft = own_forms.own_draft(store, draft_id, unit.id)
        held = handing_in.content(store, draft)
    return draft, form_view.compared(seat.edition.process, draft.class_name, {**held, **typed}, held)


# -- the script -----------------------------------------------------------------------------------------------------


def _wants_json(request: Request) -> bool:
    return request.headers.get("accept", "").partition(",")[0].strip() == "application/json"


def _for_script(request: Request, visit: MaybeVisit, form: Form, draft_id: str) -> Response:
    """The same outcomes as the page, as JSON; only saving is done for a script."""
    try:
        visitors.check_form(visit, form)
        seat, unit = sit(request, visit)
        draft = _own(request, unit, draft_id)
        typed = form_view.typed(form, seat.edition.process, draft.class_name)
        return _saved_for_script(request, seat, unit, draft, form, typed)
    except errors.Refused as refused:
        audit.keep_at_once(request, errors.reason_of(refused))
        what, remedy = refused.text or errors.NOT_SIGNED_IN
        return JSONResponse({"gone": True, "message": _whole((what, remedy))}, 403)
    except NotFound as refused:
        audit.keep_at_once(request, errors.reason_of(refused))
        return JSONResponse({"late": True, "message": gettext(_ASIDE)}, 404)
    except (TooLate, NotAllowed) as refused:
        text = _LATE if isinstance(refused, TooLate) else _CLOSED
        return JSONResponse({"late": True, "message": _whole(text)}, 409)


def _whole(text: errors.Text) -> str:
    what, remedy = (gettext(one) for one in text)
    return gettext(_("%(what)s。%(remedy)s")) % {"what": what, "remedy": remedy}


def _saved_for_script(request: Request, seat: Seat, unit: Nominator, draft: FormDraft, form: Form, typed: Mapping[str, Any]) -> Response:
    if form.unreadable:
        return JSONResponse({"faults": form_view.unreadable(form.unreadable)}, 422)
    try:
        kept = handing_in.save(draft.id, unit.id, typed, _revision(form))
    except InputError as refused:
        return JSONResponse({"faults": form_view.sentences(refused.faults)}, 422)
    except Stale:
        now, lines = _versions(request, seat, unit, draft.id, typed)
        return JSONResponse({"stale": True, "revision": now.revision, "lines": lines}, 409)
    return JSONResponse({"revision": kept.revision, "saved_at": _clock(seat, kept)})


# -- putting away, entries ------------------------------------------------------------------------------------------


@router.take("/submit/forms/{draft_id}/remove")
def remove(request: Request, visit: MaybeVisit, form: Posted, draft_id: str) -> Response:
    """Put a form away; it can be brought back from the next page."""
    visitors.check_form(visit, form)
    _seat, unit = sit(request, visit)
    draft = handing_in.remove(draft_id, unit.id)
    return pages.go(f"/submit?removed={draft_id}" if draft.entry is None else "/submit#entries")


@router.take("/submit/forms/{draft_id}/restore")
def bring_back(request: Request, visit: MaybeVisit, form: Posted, draft_id: str) -> Response:
    """Undo the removal of a form."""
    visitors.check_form(visit, form)
    _seat, unit = sit(request, visit)
    handing_in.bring_back(draft_id, unit.id)
    return pages.go("/submit#drafts")


@router.take("/submit/entries/{code}/edit")
def edit(request: Request, visit: MaybeVisit, form: Posted, code: str) -> Response:
    """Open the form of an entry."""
    visitors.check_form(visit, form)
    seat, unit = sit(request, visit)
    return pages.go(f"/submit/forms/{handing_in.form_of(_entry_id(seat, code), unit.id).id}")


@router.take("/submit/entries/{code}/withdraw")
def withdraw(request: Request, visit: MaybeVisit, form: Posted, code: str) -> Response:
    """Take an entry back; the next page offers to bring it back."""
    visitors.check_form(visit, form)
    seat, unit = sit(request, visit)
    entry = handing_in.withdraw(_entry_id(seat, code), unit.id)
    return pages.go(f"/submit?withdrawn={entry.code}#entries")


@router.take("/submit/entries/{code}/restore")
def restore(request: Request, visit: MaybeVisit, form: Posted, code: str) -> Response:
    """Bring a withdrawn entry back, if the rules still allow it."""
    visitors.check_form(visit, form)
    seat, unit = sit(request, visit)
    try:
        handing_in.restore(_entry_id(seat, code), unit.id)
    except InputError as refused:
        lines = [(gettext(_("原因")), sentence) for sentence in form_view.sentences(refused.faults).values()]
        return _handed_back(request, (_("暂时不能恢复"), _("请先处理以下问题，再恢复这一项。")), lines, status=422)
    return pages.go("/submit#entries")


def _entry_id(seat: Seat, code: str) -> str:
    return f"{seat.edition.id}/e/{code}"
