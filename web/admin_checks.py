"""For form checkers: the queue of entries, and one entry with its check-list. All works without JavaScript."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, File, StageRun
from models.errors import InputError, NotAllowed, NotFound, Stale
from models.store import Store
from models.submitting import Check, Finding
from rules import checked_forms, form_check
from rules.checked_forms import Place
from tasks import checking, deciding
from tasks.checking import Item
from web import admin_uploads, check_view, errors, form_view, material, pages, pictures, visitors, words
from web.forms import Form, Posted
from web.language import gettext
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

BASE = "/admin/editions/{edition_id}/checks"
PLACES: dict[Place, str] = {
    "to_check": _("待审查"),
    "second": _("待第二人审查"),
    "disputed": _("意见不一致"),
    "sent_back": _("补正中"),
    "decided": _("已有结论"),
}
_ON_A_PAGE = 100
_LONGEST_NUMBER = 4
_CHANGED = _("这一项已退回补正或补正后重新提交，请核对现在的内容。")
_UNREASONED = _("请为每个打勾的项目选择原因。")
_BAD_BYTES = _("说明中含有无法识别的字符，请重新输入。")


@dataclass(frozen=True, slots=True)
class Filter:
    """What the queue is narrowed to; empty = everything."""

    place: str = ""
    class_name: str = ""
    unit: str = ""

    def takes(self, one: Item) -> bool:
        """Whether an entry is on the list."""
        wanted = ((self.place, one.progress.place), (self.class_name, one.entry.class_name), (self.unit, one.entry.nominator))
        return all(want in ("", have) for want, have in wanted)

    def query(self, **changes: object) -> str:
        """The filter as the end of an address."""
        values = {"place": self.place, "class": self.class_name, "unit": self.unit, **changes}
        return urlencode({name: value for name, value in values.items() if value})


def _filter(request: Request) -> Filter:
    asked = request.query_params
    return Filter(asked.get("place", ""), asked.get("class", ""), asked.get("unit", ""))


@router.show(BASE)
def show_queue(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """All entries in the form check by state; before the deadline of a sealed submission only how many there are."""
    admin = request.state.holder = visitors.admin_of(visit)
    chosen = _filter(request)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        run = checking.stage_of(edition)
        now = edition.now(store.real_now)
        found = checking.items(store, run)
        units = {one.id: one.name for one in store.nominators(edition_id)}
        public_until = checking.publicity_ends(store, run)
    classes = {one.name: words.both(one.title) for one in edition.process.classes}
    shared: dict[str, Any] = {
        "edition": edition, "run": run, "zone": edition.process.time_zone, "classes": classes, "open": _is_open(run, now),
        "title": words.edition_title(edition), "by_class": Counter(one.entry.class_name for one in found), "total": len(found),
    }  # fmt: skip
    if checked_forms.is_sealed(run, now):
        return pages.render(request, "check_sealed.html", **shared)
    listed = [one for one in found if chosen.takes(one)]
    page = _page_number(request, len(listed))
    return pages.render(
        request, "check_list.html", **shared, chosen=chosen, listed=listed[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE], page=page,
        pages=max(1, -(-len(listed) // _ON_A_PAGE)), places=PLACES, counts=Counter(one.progress.place for one in found),
        units={unit: units[unit] for unit in sorted({one.entry.nominator for one in found}, key=lambda unit: units[unit])},
        outcomes=form_check.OUTCOMES, spoken=frozenset(one.entry.id for one in found if _own(one, admin, run)),
        next_one=_next(found, admin, run, ""), public_until=public_until, done=request.query_params.get("done", ""),
    )  # fmt: skip


def _is_open(run: StageRun, now: datetime) -> bool:
    """Whether entries can be decided now."""
    return run.state == "open" and run.cutoff is not None and now >= run.cutoff


def _page_number(request: Request, count: int) -> int:
    text = request.query_params.get("page", "1")
    wanted = int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else 1
    return max(1, min(wanted, -(-count // _ON_A_PAGE)))


def _own(one: Item, admin: str, run: StageRun) -> Check | None:
    """The checker's own result in the present turn."""
    return checked_forms.own_word(admin, one.checks, one.progress, since=run.cutoff)


def _next(found: Sequence[Item], admin: str, run: StageRun, code: str) -> str:
    """Code of the next entry that waits for this checker, going round; empty if there is none."""
    waiting = [
        one.entry.code
        for one in found
        if one.entry.code != code
        and (one.progress.place in ("to_check", "disputed") or (one.progress.place == "second" and _own(one, admin, run) is None))
    ]
    return next((one for one in waiting if one > code), waiting[0] if waiting else "")


# -- one entry ------------------------------------------------------------------------------------------------------


def _opened(store: Store, edition_id: str, code: str) -> tuple[Edition, StageRun, Item]:
    """An entry that the office may see.

    Raises:
        Refused: the submission is sealed until its deadline.
        NotFound: there is no such entry in the form check.
    """
    edition = store.edition(edition_id)
    run = checking.stage_of(edition)
    if checked_forms.is_sealed(run, edition.now(store.real_now)):
        raise errors.Refused(403, errors.SEALED)
    return edition, run, checking.item(store, run, code)


@router.show(BASE + "/{code}")
def show_entry(request: Request, visit: MaybeVisit, edition_id: str, code: str) -> Response:
    """The material beside the check-list."""
    request.state.holder = visitors.admin_of(visit)
    return _entry_page(request, edition_id, code)


def _entry_page(
    request: Request, edition_id: str, code: str, *, status: int = 200, outcome: str = "", ticked: list[Finding] | None = None,
    faults: dict[str, str] | None = None, note: str = "",
) -> Response:  # fmt: skip
    admin: str = request.state.holder
    with visitors.database(request).read() as store:
        edition, run, one = _opened(store, edition_id, code)
        now, everything, files = edition.now(store.real_now), checking.items(store, run), store.files(one.entry.id)
        unit = next((unit.name for unit in store.nominators(edition_id) if unit.id == one.entry.nominator), "")
        public = checking.publicity_ends(store, run) is not None
    stage, entry = checking.declared(run), one.entry
    shown = checked_forms.seen_by(admin, one.checks, one.progress, four_eyes=stage.four_eyes, since=run.cutoff)
    own = _own(one, admin, run)
    if ticked is None and own is not None:
        outcome, ticked = own.outcome, list(own.findings)
    rows = check_view.rows(edition, run, entry, files, None if ticked is None else {found.field: found for found in ticked})
    with visitors.database(request).read() as store:
        tests = check_view.tests(store, edition, run, entry, files, rows)
    return pages.render(
        request, "check_entry.html", status=status, edition=edition, run=run, item=one, entry=entry, unit=unit, note=note, tests=tests,
        rows=rows, said=check_view.said_by(edition, run, entry, shown),
        hidden=stage.four_eyes and own is None and one.progress.place in ("second", "disputed"), outcome=outcome, faults=faults or {},
        places=PLACES, outcomes=form_check.OUTCOMES, codes=stage.reason_codes, may=_possible(one, run, now, public=public),
        files=_shown(request, files), scans=admin_uploads.SCANS, whole=check_view.WHOLE, note_max=deciding.NOTE_MAX,
        next_one=_next(everything, admin, run, code), zone=edition.process.time_zone, title=words.edition_title(edition),
        class_title=words.both(edition.process.class_named(entry.class_name).title), base=f"/admin/editions/{edition_id}/checks",
        done=request.query_params.get("done", ""),
    )  # fmt: skip


def _possible(one: Item, run: StageRun, now: datetime, *, public: bool) -> tuple[str, ...]:
    """The outcomes that can be chosen now."""
    if not _is_open(run, now) or one.progress.place == "sent_back" or one.entry.state != "submitted":
        return ()
    taken = set()
    if not form_check.may_send_back(checking.declared(run), one.progress.turn) or one.entry.classified:
        taken.add("correction")
    if public and one.progress.place == "decided":
        taken |= {"eligible", "correction"}
    return tuple(outcome for outcome in form_check.OUTCOMES if outcome not in taken)


def _shown(request: Request, files: Sequence[File]) -> list[tuple[pictures.Shown, str]]:
    """Files as the page shows them, with what the virus scanner said; an infected one is not shown."""
    scans = {one.name: one.scan for one in files}
    safe = [one for one in files if one.scan != "infected"]
    return [(one, scans[one.name]) for one in pictures.shown(request, safe)]


@router.take(BASE + "/{code}")
def decide(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, code: str) -> Response:
    """Keep what the checker says, and go on to the next entry, or stay."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    outcome, ticked = form.text("outcome"), check_view.typed(form)
    with visitors.database(request).read() as store:
        _edition, _run, one = _opened(store, edition_id, code)
    if form.unreadable:
        faults = {"note": gettext(_BAD_BYTES)}
        return _entry_page(request, edition_id, code, status=422, outcome=outcome, ticked=ticked, faults=faults)
    if not all(one.code for one in ticked):
        faults = {"findings": gettext(_UNREASONED)}
        return _entry_page(request, edition_id, code, status=422, outcome=outcome, ticked=ticked, faults=faults)
    try:
        deciding.decide(edition_id, one.entry.id, admin, outcome, ticked, turn=_turn(form))
    except InputError as refused:
        faults = form_view.sentences(refused.faults)
        return _entry_page(request, edition_id, code, status=422, outcome=outcome, ticked=ticked, faults=faults)
    except Stale:
        return _entry_page(request, edition_id, code, status=409, note=gettext(_CHANGED))
    except NotAllowed as refused:
        return _entry_page(request, edition_id, code, status=409, outcome=outcome, ticked=ticked, note=errors.told(refused))
    return pages.go(_after(request, form, edition_id, code, admin))


def _after(request: Request, form: Form, edition_id: str, code: str, admin: str) -> str:
    base = f"/admin/editions/{edition_id}/checks"
    if form.text("then") != "next":
        return f"{base}/{code}?done={code}"
    with visitors.database(request).read() as store:
        run = checking.stage_of(store.edition(edition_id))
        following = _next(checking.items(store, run), admin, run, code)
    return f"{base}/{following}?done={code}" if following else f"{base}?done={code}"


def _turn(form: Form) -> int:
    text = form.text("turn")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else -1


# -- its files ------------------------------------------------------------------------------------------------------


def _safe_files(request: Request, edition_id: str, code: str) -> list[File]:
    with visitors.database(request).read() as store:
        _edition, _run, one = _opened(store, edition_id, code)
        return [file for file in store.files(one.entry.id) if file.scan != "infected"]


@router.show(BASE + "/{code}/files/{name}", slow=True)
def show_file(request: Request, visit: MaybeVisit, edition_id: str, code: str, name: str) -> Response:
    """A picture, or any other file as a download."""
    request.state.holder = visitors.admin_of(visit)
    return pictures.send(request, _safe_files(request, edition_id, code), name, code=code, documents=True)


@router.show(BASE + "/{code}/files/{name}/{number}", slow=True)
def show_page(request: Request, visit: MaybeVisit, edition_id: str, code: str, name: str, number: str) -> Response:
    """A page of a document as a picture."""
    request.state.holder = visitors.admin_of(visit)
    if name not in {one.name for one in _safe_files(request, edition_id, code)}:
        raise NotFound(f"{edition_id} has no such file", zh="没有这个文件")
    with visitors.database(request).read() as store:
        _entry, found = material.document_of(store, store.edition(edition_id), code, name)
    return material.send_page(request, found, number, mark="")
