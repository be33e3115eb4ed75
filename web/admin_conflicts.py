"""The office's pages of conflicts of interest: what stands between whom, what waits for a decision, what sits already (rule R3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition
from models.errors import Fault, InputError, NotAllowed, NotFound, Stale, TooLate
from models.events import Event
from models.store import Store
from rules import checked_forms
from tasks import avoiding, conflicts
from tasks.conflicts import CAUSES, Pair
from web import not_yet, pages, visitors, words
from web.admin_draw import REASONS
from web.forms import Posted
from web.language import gettext
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

BASE = "/admin/editions/{edition_id}/conflicts"
VIEWS = {
    "asks": _("需要处理"),
    "told": _("名单载明"),
    "decided": _("已作决定"),
    "seated": _("正在评审"),
    "all": _("全部"),
}
SEATS = {"": _("未安排"), "drawn": _("正在评审"), "signed": _("已签署")}
VERDICTS = {"allow": _("允许评审"), "bar": _("应当回避")}
SOURCES = {
    "signer": _("推荐意见"),
    "declared": _("专家本人"),
    "avoided": _("推荐单位的申请"),
}
"""Where a cause is known from; the others from what forms say."""
FORM = _("申报表和专家信息")
FAULTS = {
    ("reason", "missing"): _("请填写理由"),
    ("reason", "text"): _("含有无法保存的字符，或内容过长"),
    ("verdict", "missing"): _("请选择允许或回避"),
}
"""Sentences by field and code."""
DECIDED = _("%(who)s 已于 %(at)s 决定：%(what)s。您选择的“%(chosen)s”没有保存，所写理由：%(reason)s。如需更改，请重新选择。")
CHANGED = _("打开页面后情况有变化，您选择的“%(chosen)s”没有保存，所写理由：%(reason)s。请核对后重新选择。")
SIGNED = _("没有保存：专家已签署该项评分表。请先在该专家的评分表页面重新开放评分表，再收回该项。")
HARD = _("没有保存：评选规则直接禁止，无需决定，也不能放行。")
CLOSED = _("没有保存：评审已结束或已过截止时间。")
NOT_HELD = _("没有保存：该项现在不由这位专家评审，或没有需要收回的理由。")
NOT_OPEN = _("没有保存：评审尚未开放，现在不能收回。请在评审开放后处理。")
_SHOWN = 200
"""So many pairs are listed; a search finds the others."""


@router.show(BASE, slow=True)
def show_pairs(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """All pairs between whom something stands, those that ask for an act first."""
    request.state.holder = visitors.admin_of(visit)
    asked = request.query_params
    view = asked.get("show", "asks") if asked.get("show", "asks") in VIEWS else "asks"
    relation = asked.get("relation", "") if asked.get("relation") in CAUSES else ""
    wanted = asked.get("q", "").strip()[:100]
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        if not any(one.declared.kind == "scoring" for one in edition.stages):
            return not_yet.page(request, edition, "conflicts")
        sealed = _is_sealed(store, edition)
        run, stage = conflicts.stage_of(edition)
        everything = conflicts.found(store, edition)
        requests = sum(one.state == "asked" for one in store.avoidances(edition_id))
    found = [one for one in everything if _in_view(one, view) and (not relation or relation in one.relations) and _named(one, wanted)]
    return pages.render(
        request, "admin/conflicts.html", edition=edition, run=run, stage=stage, sealed=sealed, pairs=() if sealed else found[:_SHOWN],
        more=max(0, len(found) - _SHOWN), count=len(found), view=view, relation=relation, wanted=wanted, views=VIEWS, reasons=REASONS,
        asking=sum(one.asks for one in everything), requests=requests, seats=SEATS, verdicts=VERDICTS, told=_told_from,
        causes=[one for one in CAUSES if any(one in pair.relations for pair in everything)], title=words.edition_title(edition),
        done=asked.get("done", ""), avoid=avoiding.stage_of(edition),
    )  # fmt: skip


def _is_sealed(store: Store, edition: Edition) -> bool:
    """Whether nobody but their nominators may see entries yet."""
    return checked_forms.is_sealed(edition.stages[0], store.edition_now(edition.id))


def _in_view(pair: Pair, view: str) -> bool:
    match view:
        case "told":
            return bool(pair.said)
        case "decided":
            return pair.decision is not None
        case "seated":
            return bool(pair.seat)
        case "all":
            return True
        case _:
            return pair.asks


def _named(pair: Pair, wanted: str) -> bool:
    texts = (pair.entry.code, pair.entry.title, pair.entry.unit, pair.reviewer.code, pair.reviewer.name, pair.reviewer.unit)
    return not wanted or any(wanted.casefold() in text.casefold() for text in texts)


def _told_from(pair: Pair) -> list[str]:
    """Where it is known from: marked words, or the name of a list with its year and note."""
    lists = [" ".join(str(part) for part in (one.file, one.year, one.note) if part) for one in pair.said]
    said = {one.relation for one in pair.said}
    forms = dict.fromkeys(SOURCES.get(one, FORM) for one in pair.relations if one not in said)
    return [*lists, *forms]


# -- one pair -------------------------------------------------------------------------------------------------------


@router.show(BASE + "/{pair}")
def show_pair(request: Request, visit: MaybeVisit, edition_id: str, pair: str) -> Response:
    """One reviewer and one entry, with what was decided before."""
    request.state.holder = visitors.admin_of(visit)
    return _page(request, edition_id, pair)


def _look(request: Request, edition_id: str, code: str) -> tuple[Edition, Pair, list[Event]]:
    entry, _tilde, reviewer = code.partition("~")
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        listed = () if _is_sealed(store, edition) else conflicts.found(store, edition)
        events = store.events(edition_id, "ConflictDecided", "EntryTakenBack")
    for one in listed:
        if (one.entry.code, one.reviewer.code) == (entry, reviewer):
            ids = (one.entry.id, one.reviewer.id)
            return edition, one, [event for event in events if (event.payload["entry"], event.payload["reviewer"]) == ids]
    raise NotFound(
        f"{edition_id}: nothing is known between these two, or what is handed in is sealed",
        zh="这两者之间没有已知的利益关系，或者申报材料仍在密封",
    )


def _page(
    request: Request, edition_id: str, code: str, *, status: int = 200, typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None, fault: str = "",
) -> Response:  # fmt: skip
    edition, pair, events = _look(request, edition_id, code)
    return pages.render(
        request, "admin/conflict.html", status=status, edition=edition, pair=pair, code=code, events=events, reasons=REASONS,
        seats=SEATS, verdicts=VERDICTS, told=_told_from, typed=typed or {}, faults=faults or {}, fault=fault,
        version=conflicts.version(pair), zone=edition.process.time_zone, over=conflicts.stage_of(edition)[0].state in ("closing", "closed"),
    )  # fmt: skip


@router.take(BASE + "/{pair}")
def act(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, pair: str) -> Response:
    """Decide about a pair, or take the entry back from the reviewer."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    _edition, shown, _events = _look(request, edition_id, pair)
    typed = {"verdict": form.text("verdict"), "reason": form.text("reason")}
    ids = (edition_id, shown.entry.id, shown.reviewer.id)
    try:
        if form.unreadable:
            raise InputError([Fault("unreadable characters", field="reason", column="text")])
        if form.text("act") == "take_back":
            conflicts.take_back(*ids, reason=typed["reason"], admin=admin)
        else:
            conflicts.decide(*ids, verdict=typed["verdict"], reason=typed["reason"], admin=admin, seen=form.text("seen"))
    except Stale:
        return _page(request, edition_id, pair, status=409, fault=_overtaken(request, edition_id, pair, typed))
    except InputError as refused:
        return _page(request, edition_id, pair, status=422, typed=typed, faults=_sentences(refused.faults))
    except TooLate:
        return _page(request, edition_id, pair, status=409, typed=typed, fault=CLOSED)
    except NotAllowed:
        return _page(request, edition_id, pair, status=409, typed=typed, fault=_refusal(request, edition_id, pair, form.text("act")))
    return pages.go(f"/admin/editions/{edition_id}/conflicts?done=1")


def _overtaken(request: Request, edition_id: str, code: str, typed: Mapping[str, str]) -> str:
    """What became of a pair since it was shown, and what was chosen in vain."""
    edition, pair, _events = _look(request, edition_id, code)
    said = {"chosen": gettext(VERDICTS[typed["verdict"]]), "reason": typed["reason"].strip()}
    if pair.decision is None:
        return gettext(CHANGED) % said
    at = pages.moment(pair.decision.at, edition.process.time_zone)
    return gettext(DECIDED) % (said | {"who": pair.decision.by, "at": at, "what": gettext(VERDICTS[pair.decision.verdict])})


def _refusal(request: Request, edition_id: str, code: str, act: str) -> str:
    """Why nothing was kept, in the office's words."""
    edition, pair, _events = _look(request, edition_id, code)
    state = conflicts.stage_of(edition)[0].state
    if state in ("closing", "closed"):
        return CLOSED
    if pair.seat == "signed":
        return SIGNED
    if act == "take_back" and not (pair.seat and pair.asks):
        return NOT_HELD
    return NOT_OPEN if pair.seat and state != "open" else HARD


def _sentences(faults: Sequence[Fault]) -> dict[str, str]:
    return {one.field: FAULTS.get((one.field, one.column), FAULTS["reason", "text"]) for one in faults}
