"""The office's pages of entries that may be put forward twice: both side by side, and the decision (rule N4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, Entry, Nominator
from models.errors import Fault, InputError, NotAllowed, NotFound
from models.process import FormField
from models.store import Store
from models.subjects import fields_of
from models.submitting import Duplicate
from rules import checked_forms
from rules.eligibility import plain
from tasks import duplicates
from web import pages, visitors, words
from web.forms import Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

BASE = "/admin/editions/{edition_id}/duplicates"
WHY = {
    "doi": _("DOI 相同"),
    "title": _("题目相同"),
    "person": _("姓名、单位和出生年月相同"),
    "work": _("名称和单位相同"),
    "similar": _("题目相似"),
    "exclusive": _("已在不可兼报的评选中申报"),
}
STATES = {"open": _("待处理"), "kept_both": _("两项都保留"), "archived": _("已归档一项")}
FAULTS = {
    ("reason", "missing"): _("请填写理由"),
    ("reason", "text"): _("含有无法保存的字符，或内容过长"),
    ("archive", "other"): _("请选择一种处理办法"),
}
"""Sentences by field and code."""
TOO_LATE = _("没有保存：该申报项已进入评审或正在补正，不能归档或恢复。")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two entries."""

    entry: Entry
    edition: Edition
    unit: Nominator
    movable: bool
    """Whether it can be set aside or brought back now."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries that may be the same, as the pages show them."""

    found: Duplicate
    first: Side
    second: Side

    @property
    def code(self) -> str:
        """Names the pair in addresses; an entry of another edition comes with its edition."""
        return "~".join(
            one.entry.code if one.entry.edition == self.found.edition else f"{one.entry.edition}.{one.entry.code}"
            for one in (self.first, self.second)
        )

    @property
    def percent(self) -> str:
        """How alike they are."""
        return f"{Decimal(self.found.likeness) * 100:.0f}%"


@dataclass(frozen=True, slots=True)
class Row:
    """One field of both."""

    label: str
    first: object
    second: object
    same: bool


def pairs_of(store: Store, edition: Edition) -> list[Pair]:
    """All pairs of an edition, those that wait for a decision first."""
    found = store.duplicates(edition.id)
    entries = store.entries_by_id({one for pair in found for one in (pair.first, pair.second)})
    editions = {one: store.edition(one) for one in {entry.edition for entry in entries.values()}}
    units = {unit.id: unit for one in editions for unit in store.nominators(one)}

    def side(entry_id: str) -> Side:
        entry = entries[entry_id]
        return Side(entry, editions[entry.edition], units[entry.nominator], duplicates.may_be_set_aside(store, entry))

    listed = [Pair(one, side(one.first), side(one.second)) for one in found]
    return sorted(listed, key=lambda one: (one.found.state != "open", one.code))


def _is_sealed(store: Store, edition: Edition) -> bool:
    """Whether nobody but their nominators may see entries yet."""
    return checked_forms.is_sealed(edition.stages[0], store.edition_now(edition.id))


@router.show(BASE)
def show_pairs(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """All pairs."""
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        hidden = _is_sealed(store, edition)
        found = pairs_of(store, edition)
    return pages.render(
        request, "admin/duplicates.html", edition=edition, pairs=[] if hidden else found, sealed=len(found) if hidden else 0, why=WHY,
        states=STATES, zone=edition.process.time_zone, done=request.query_params.get("done", ""),
    )  # fmt: skip


@router.show(BASE + "/{pair}")
def show_pair(request: Request, visit: MaybeVisit, edition_id: str, pair: str) -> Response:
    """Both entries side by side."""
    request.state.holder = visitors.admin_of(visit)
    return _page(request, edition_id, pair)


def _look(request: Request, edition_id: str, code: str) -> tuple[Edition, Pair]:
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        found = [] if _is_sealed(store, edition) else pairs_of(store, edition)
    for one in found:
        if one.code == code:
            return edition, one
    raise NotFound(f"{edition_id} has no such pair of entries, or what is handed in is sealed", zh="没有这一对申报项，或者申报材料仍在密封")


def _page(
    request: Request, edition_id: str, code: str, *, status: int = 200, typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None, fault: str = "",
) -> Response:  # fmt: skip
    edition, pair = _look(request, edition_id, code)
    return pages.render(
        request, "admin/duplicate.html", status=status, edition=edition, pair=pair, rows=_rows(pair), why=WHY, states=STATES,
        typed=typed or {}, faults=faults or {}, fault=fault, zone=edition.process.time_zone, reason_max=duplicates.REASON_MAX,
    )  # fmt: skip


def _rows(pair: Pair) -> list[Row]:
    """The fields of both, side by side; files are left out, and private fields too."""
    asked: dict[str, FormField] = {}
    for one in (pair.first, pair.second):
        asked |= {field.name: field for field in fields_of(one.edition.process, one.entry.class_name)}
    rows = []
    for name, field in asked.items():
        first, second = pair.first.entry.fields.get(name), pair.second.entry.fields.get(name)
        if field.private or field.kind in ("file", "declaration") or not (first or second):
            continue
        rows.append(Row(words.both(field.title), first or "", second or "", plain(first) == plain(second)))
    return rows


@router.take(BASE + "/{pair}")
def decide(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, pair: str) -> Response:
    """Keep both, or set one aside; can be decided anew."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    _edition, shown = _look(request, edition_id, pair)
    typed = {"keep": form.text("keep"), "reason": form.text("reason")}
    archive = {"both": "", "first": shown.second.entry.id, "second": shown.first.entry.id}.get(typed["keep"])
    try:
        if form.unreadable:
            raise InputError([Fault("unreadable characters", field="reason", column="text")])
        if archive is None:
            raise InputError([Fault("nothing was chosen", field="archive", column="other")])
        duplicates.decide(edition_id, shown.found.first, shown.found.second, archive=archive, reason=typed["reason"], admin=admin)
    except InputError as refused:
        return _page(request, edition_id, pair, status=422, typed=typed, faults=_sentences(refused.faults))
    except NotAllowed:
        return _page(request, edition_id, pair, status=409, typed=typed, fault=TOO_LATE)
    return pages.go(f"/admin/editions/{edition_id}/duplicates?done=1")


def _sentences(faults: Sequence[Fault]) -> dict[str, str]:
    return {one.field: FAULTS.get((one.field, one.column), FAULTS["reason", "text"]) for one in faults}
