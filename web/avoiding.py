"""A nominating unit asks that some people do not review its entries (rule R3); nobody but the unit and the office sees this."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Nominator
from models.errors import Fault, InputError, NotAllowed, NotFound, TooLate
from models.relations import BY_RULE
from tasks import avoiding, own_forms
from web import pages, visitors
from web.admin_avoidances import STATES
from web.forms import Posted
from web.forms_pages import sit
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

HOME = "/submit/avoid"
FAULTS = {
    "missing": _("请填写"),
    "text": _("含有无法保存的字符，或内容过长"),
    "twice": _("这位专家已经申请过"),
    "limit": _("申请人数已满。如需更换，请先撤回一位，再填写新的"),
}
"""Sentences by code."""
LATE = _("已过截止时间，没有保存。回避申请在截止后不能再改。")
CLOSED = _("现在不能修改。")
_FIELDS = ("name", "unit", "reason")


@router.show(HOME)
def show(request: Request, visit: MaybeVisit) -> Response:
    """The unit's own requests, and a form for another."""
    return _page(request, *sit(request, visit))


def _page(
    request: Request, seat: Seat, unit: Nominator, *, status: int = 200, typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None, fault: str = "",
) -> Response:  # fmt: skip
    edition = seat.edition
    stage = avoiding.stage_of(edition)
    if stage is None:
        raise NotFound(f"{edition.id} takes no requests to avoid reviewers")
    with visitors.database(request).read() as store:
        listed = store.avoidances(edition.id, nominator=unit.id)
        run = edition.stages[0]
        is_open = run.state == "open" and not own_forms.is_over(run, edition, store)
    return pages.render(
        request, "submit_avoid.html", status=status, seat=seat, edition=edition, run=run, unit=unit, listed=listed,
        most=stage.avoid_requests, left=max(0, stage.avoid_requests - len(listed)), open=is_open, states=STATES,
        typed=typed or {}, faults=faults or {}, fault=fault, zone=edition.process.time_zone,
        done=request.query_params.get("done", ""), reason_max=avoiding.REASON_MAX,
        automatic=stage.avoid_grants == "automatic", by_rule=BY_RULE,
    )  # fmt: skip


@router.take(HOME)
def change(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """Keep a request, or take one back."""
    visitors.check_form(visit, form)
    seat, unit = sit(request, visit)
    act, _colon, detail = form.text("act").partition(":")
    typed = {name: form.text(name) for name in _FIELDS}
    try:
        if form.unreadable:
            raise InputError([Fault("unreadable characters", field=name, column="text") for name in form.unreadable])
        if act == "take_back":
            avoiding.take_back(seat.edition.id, unit.id, detail)
        elif act == "ask":
            avoiding.ask(seat.edition.id, unit.id, **typed)
        else:
            raise NotFound("no such act")
    except InputError as refused:
        faults = {one.field: FAULTS.get(one.column, FAULTS["text"]) for one in refused.faults}
        return _page(request, seat, unit, status=422, typed=typed, faults=faults)
    except TooLate:
        return _page(request, seat, unit, status=409, typed=typed, fault=LATE)
    except NotAllowed:
        return _page(request, seat, unit, status=409, typed=typed, fault=CLOSED)
    return pages.go(f"{HOME}?done={act}")
