"""The office's pages of conflicts of interest: what stands between whom, what waits for a decision, what sits already (rule R3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition, Reviewer
from models.errors import Fault, InputError, JinbangError, NotAllowed, NotFound, Stale, TooLate
from models.events import Event
from models.relations import BY_RULE, Avoidance
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
AVOIDANCES = "/admin/editions/{edition_id}/avoidances"
VIEWS = {
    "asks": _("需要处理"),
    "told": _("名单载明"),
    "decided": _("已作决定"),
    "seated": _("正在评审"),
    "all": _("全部"),
}
SEATS = {"": _("未安排"), "drawn": _("正在评审"), "signed": _("已签署")}
VERDICTS = {"allow": _("允许评审"), "bar": _("应当回避")}
GRANTS = {"grant": _("同意申请"), "refuse": _("不同意申请")}
STATES = {"asked": _("待处理"), "granted": _("同意回避"), "refused": _("不同意")}
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
UNDECIDED = _("请选择同意或不同意")
WITHDRAWN = _("没有保存：有的申请已由推荐单位撤回。请核对后重新保存。")
OUTDATED = _("没有保存：打开页面后，有的申请已有变化，见下面的说明。您的其他选择仍在表单中，核对后可再次保存。")
DECIDED = _("%(who)s 已于 %(at)s 决定：%(what)s。您选择的“%(chosen)s”没有保存，所写理由：%(reason)s。如需更改，请重新选择。")
ASKED_ANEW = _("打开页面后，这项申请有变化，您选择的“%(chosen)s”没有保存，所写理由：%(reason)s。请核对后重新选择。")
CHANGED = _("打开页面后情况有变化，您选择的“%(chosen)s”没有保存，所写理由：%(reason)s。请核对后重新选择。")
RULE = _("评选规则")
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


# -- requests of nominators -----------------------------------------------------------------------------------------


@router.show(AVOIDANCES)
def show_requests(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """Whom nominators ask to avoid, and whom of the pool that means."""
    request.state.holder = visitors.admin_of(visit)
    return _requests(request, edition_id)


def _requests(
    request: Request, edition_id: str, *, status: int = 200, typed: Mapping[str, tuple[str, str]] | None = None,
    faults: Mapping[str, str] | None = None, fault: str = "",
) -> Response:  # fmt: skip
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        by_unit: dict[str, list[tuple[Avoidance, tuple[Reviewer, ...]]]] = defaultdict(list)
        for one in store.avoidances(edition_id):
            by_unit[one.nominator].append((one, avoiding.pool(store, edition, one)))
        units = [(unit, by_unit[unit.id]) for unit in store.nominators(edition_id) if unit.id in by_unit]
    units.sort(key=lambda line: all(one.state != "asked" for one, _people in line[1]))  # those that wait first
    return pages.render(
        request, "admin/avoidances.html", status=status, edition=edition, title=words.edition_title(edition), states=STATES, units=units,
        typed=typed or {}, faults=faults or {}, fault=fault, zone=edition.process.time_zone, done=request.query_params.get("done", ""),
        by_rule=BY_RULE, verdicts=GRANTS, version=avoiding.version,
    )  # fmt: skip


@router.take(AVOIDANCES)
def decide_requests(request: Request, visit: MaybeVisit, form: Posted, edition_id: str) -> Response:
    """Grant or refuse requests of a unit; what is decided together is told in one mail."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    acts, reasons, seen = (form.starting_with(name) for name in ("act-", "reason-", "seen-"))
    typed = {name: (acts.get(name, ""), reasons.get(name, "")) for name in {**acts, **reasons}}
    decided = {name: avoiding.Answer(act == "grant", reason, seen.get(name, "")) for name, (act, reason) in typed.items() if act}
    if any(act not in ("", *GRANTS) for act, _reason in typed.values()):
        raise NotFound("no such act", zh="没有这种操作")
    faults = {name: FAULTS["reason", "text"] for name in typed if f"reason-{name}" in form.unreadable}
    # Who wrote a reason and chose nothing has forgotten something.
    faults |= {name: UNDECIDED for name, (act, reason) in typed.items() if reason.strip() and not act}
    if faults or not decided:
        return _requests(request, edition_id, status=422, typed=typed, faults=faults, fault="" if faults else UNDECIDED)
    try:
        avoiding.decide(edition_id, decided, admin=admin)
    except InputError as refused:
        return _requests(request, edition_id, status=422, typed=typed, faults={one.field: _of_request(one) for one in refused.faults})
    except avoiding.Outdated as old:
        faults = _outdated(request, edition_id, old.now, typed)
        kept = {name: answer for name, answer in typed.items() if name not in faults}
        return _requests(request, edition_id, status=409, typed=kept, faults=faults, fault=OUTDATED)
    except (TooLate, NotAllowed, NotFound) as refused:
        if (said := _refusal_of_requests(request, edition_id, typed, refused)) is None:
            raise
        return _requests(request, edition_id, status=409, typed=typed, fault=said)
    return pages.go(f"/admin/editions/{edition_id}/avoidances?done=1")


def _outdated(request: Request, edition_id: str, now: Sequence[Avoidance], typed: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """What became of requests since they were shown, and what was chosen of them in vain, by their ids."""
    with visitors.database(request).read() as store:
        zone = store.edition(edition_id).process.time_zone
    told = {}
    for one in now:
        act, reason = typed[one.id]
        said = {"chosen": gettext(GRANTS[act]), "reason": reason.strip(), "what": gettext(STATES[one.state])}
        said |= {"who": gettext(RULE) if one.by == BY_RULE else one.by, "at": pages.moment(one.decided_at, zone)}
        told[one.id] = gettext(DECIDED if one.decided_at else ASKED_ANEW) % said
    return told


def _refusal_of_requests(request: Request, edition_id: str, asked: Collection[str], refused: JinbangError) -> str | None:
    """Why none of some requests was decided, in the office's words; None if there is none of them."""
    with visitors.database(request).read() as store:
        state = conflicts.stage_of(store.edition(edition_id))[0].state
        some = any(one.id in asked for one in store.avoidances(edition_id))
    if isinstance(refused, NotFound):
        return WITHDRAWN if some else None
    return NOT_OPEN if isinstance(refused, NotAllowed) and state not in ("closing", "closed") else CLOSED


def _of_request(fault: Fault) -> str:
    return SIGNED if fault.column == "signed" else FAULTS.get(("reason", fault.column), FAULTS["reason", "text"])
