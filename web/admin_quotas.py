"""The office's pages of quotas: what each unit may put forward, what it was granted, and what is known of it (rules N1 and N2)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from models.errors import Fault, InputError, NotAllowed
from models.store import Store
from tasks import quota_grants, unit_papers
from web import errors, pages, visitors, words
from web.forms import Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

BASE = "/admin/editions/{edition_id}/quotas"
FAULTS = {
    ("extra", "number"): _("请填写大于 0 的整数"),
    ("class_name", "other"): _("请选择类别"),
    ("reason", "missing"): _("请填写理由"),
    ("reason", "text"): _("含有无法保存的字符，或内容过长"),
}
"""Sentences by field and code."""
FACTS = {"has_association": _("已建立本单位科协")}
"""What facts are called; one that an organiser declares under another name is shown by that name."""
USED = _("不能撤销：这些名额已经用掉，或已撤销过，或申报已经截止。")
OVER = _("申报已经截止，不能再改。请先延长截止时间。")


@router.show(BASE)
def show_quotas(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """All units with what they may put forward."""
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        lines = quota_grants.lines(store, edition)
    classes = {one.name: words.both(one.title) for one in edition.process.classes}
    types = {name: words.both(one.title) for name, one in edition.process.nominators.items()}
    return pages.render(
        request, "admin/quotas.html", edition=edition, lines=lines, classes=classes, types=types, zone=edition.process.time_zone
    )


@router.show(BASE + "/{code}")
def show_unit(request: Request, visit: MaybeVisit, edition_id: str, code: str) -> Response:
    """One unit: its quotas, grants, facts, and its own papers."""
    request.state.holder = visitors.admin_of(visit)
    return _page(request, edition_id, code)


def _page(
    request: Request, edition_id: str, code: str, *, status: int = 200, typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None, fault: str = "",
) -> Response:  # fmt: skip
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        unit = quota_grants.unit_of(store, edition_id, code)
        lines = quota_grants.lines(store, edition, only=unit)
        grants = store.quota_grants(edition_id, nominator=unit.id)
        held = store.facts(unit.id)
        over = _is_over(store, edition_id)
    return pages.render(
        request, "admin/quota_unit.html", status=status, edition=edition, unit=unit, lines=lines, grants=grants, held=held, over=over,
        asked=quota_grants.asked_facts(edition, unit), papers=unit_papers.told(edition, unit, held), typed=typed or {},
        faults=faults or {}, fault=fault, facts=FACTS, classes={one.name: words.both(one.title) for one in edition.process.classes},
        kind=words.both(edition.process.nominators[unit.type].title) if unit.type in edition.process.nominators else unit.type,
        zone=edition.process.time_zone, reason_max=quota_grants.REASON_MAX, done=request.query_params.get("done", ""),
    )  # fmt: skip


def _is_over(store: Store, edition_id: str) -> bool:
    run = store.edition(edition_id).stages[0]
    return run.state in ("closing", "closed") or (run.cutoff is not None and store.edition_now(edition_id) >= run.cutoff)


@router.take(BASE + "/{code}")
def change_unit(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, code: str) -> Response:
    """Grant more, take a grant back, or state facts."""
    visitors.check_form(visit, form)
    actor = f"admin:{visitors.admin_of(visit)}"
    request.state.holder = visitors.admin_of(visit)
    typed = {name: form.text(name) for name in ("class_name", "extra", "reason")}
    act = form.text("act")
    with visitors.database(request).read() as store:
        quota_grants.unit_of(store, store.edition(edition_id).id, code)
    try:
        match act:
            case "grant":
                if form.unreadable:
                    raise InputError([Fault("unreadable characters", field=name, column="text") for name in form.unreadable])
                quota_grants.grant(edition_id, code, **typed, actor=actor)
            case "revoke":
                quota_grants.revoke(edition_id, code, form.text("grant"), actor=actor)
            case "facts":
                quota_grants.state_facts(edition_id, code, form.texts("fact"), actor=actor)
            case _:
                raise errors.Refused(422)
    except InputError as refused:
        said = {one.field: FAULTS.get((one.field, one.column), FAULTS["reason", "text"]) for one in refused.faults}
        return _page(request, edition_id, code, status=422, typed=typed, faults=said)
    except NotAllowed:
        return _page(request, edition_id, code, status=409, typed=typed, fault=USED if act == "revoke" else OVER)
    return pages.go(f"/admin/editions/{edition_id}/quotas/{code}?done={act}")
