"""The office's page of requests of nominators to avoid reviewers (rule R3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Reviewer
from models.errors import Fault, InputError, JinbangError, NotAllowed, NotFound, TooLate
from models.relations import BY_RULE, Avoidance
from tasks import avoiding, conflicts
from web import pages, visitors, words
from web.admin_conflicts import CLOSED, DECIDED, FAULTS, NOT_OPEN, SIGNED
from web.forms import Posted
from web.language import gettext
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

AVOIDANCES = "/admin/editions/{edition_id}/avoidances"
GRANTS = {"grant": _("同意申请"), "refuse": _("不同意申请")}
STATES = {"asked": _("待处理"), "granted": _("同意回避"), "refused": _("不同意")}
UNDECIDED = _("请选择同意或不同意")
WITHDRAWN = _("没有保存：有的申请已由推荐单位撤回。请核对后重新保存。")
OUTDATED = _("没有保存：打开页面后，有的申请已有变化，见下面的说明。您的其他选择仍在表单中，核对后可再次保存。")
ASKED_ANEW = _("打开页面后，这项申请有变化，您选择的“%(chosen)s”没有保存，所写理由：%(reason)s。请核对后重新选择。")
RULE = _("评选规则")


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
