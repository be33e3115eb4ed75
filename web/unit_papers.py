"""The unit's own papers: its first round, its publicity, the order of its entries, and classified entries by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Nominator
from models.errors import Fault, InputError, NotAllowed, NotFound, TooLate
from rules import proofs, quotas
from tasks import classified, own_forms, unit_papers
from web import language, pages, visitors, words
from web.forms import Form, Posted
from web.forms_pages import sit
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

HOME = "/submit/unit"
FAULTS = {
    "number": _("请填写整数"),
    "fewer": _("少于已提交的项数，请核对"),
    "date": _("请按 2026-05-06 的格式填写日期"),
    "url": _("网址应以 https:// 或 http:// 开头"),
    "text": _("含有无法保存的字符，或内容过长"),
    "missing": _("请填写"),
    "twice": _("这个编号已经登记过"),
    "other": _("请选择类别"),
}
"""Sentences by code."""
LATE = _("已过截止时间，没有保存。推荐排序和本单位材料在截止后不能再改。")
CLOSED = _("现在不能修改。")
_STEPS = {"up": -1, "down": 1}


@router.show(HOME)
def show(request: Request, visit: MaybeVisit) -> Response:
    """All papers on one page."""
    return _page(request, *sit(request, visit))


def _page(
    request: Request, seat: Seat, unit: Nominator, *, status: int = 200, at: str = "", typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None, fault: str = "",
) -> Response:  # fmt: skip
    edition = seat.edition
    stage = unit_papers.stage_of(edition)
    with visitors.database(request).read() as store:
        held = {name: one.value for name, one in store.facts(unit.id).items()}
        said = held.get(proofs.FACT) or {}
        refusal = unit_papers.publicity_refusal(store, edition, said)
        file = unit_papers.publicity_file(store, edition, unit)
        lists = unit_papers.lists(store, edition, unit)
        run = edition.stages[0]
        is_open = run.state == "open" and not own_forms.is_over(run, edition, store)
    return pages.render(
        request, "submit_unit.html", status=status, seat=seat, edition=edition, run=run, unit=unit, stage=stage, open=is_open,
        shared=unit_papers.shared_classes(edition, unit), first_round=quotas.FIRST_ROUND, held=held, said=said, refusal=refusal, file=file,
        lists=lists, at=at, typed=typed or {}, faults=faults or {}, fault=fault, zone=edition.process.time_zone,
        classes=[(name, words.both(edition.process.class_named(name).title)) for name in own_forms.classes_of(edition, unit)],
        paper=unit_papers.PUBLICITY_FILE, done=request.query_params.get("done", ""),
    )  # fmt: skip


@router.take(HOME)
def change(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """Save one of the papers."""
    visitors.check_form(visit, form)
    seat, unit = sit(request, visit)
    act, _colon, detail = form.text("act").partition(":")
    typed = {name: form.text(name) for name in _NAMES} | {f"{p}{k}": v for p in _PREFIXES for k, v in form.starting_with(p).items()}
    try:
        if form.unreadable:
            raise InputError([Fault("unreadable characters", field=name, column="text") for name in form.unreadable])
        _act(form, seat, unit, act, detail)
    except InputError as refused:
        at = f"{act}:{detail}" if act == "order" else act
        return _page(request, seat, unit, status=422, at=at, typed=typed, faults=_sentences(refused.faults))
    except TooLate:
        return _page(request, seat, unit, status=409, at=act, typed=typed, fault=LATE)
    except NotAllowed:
        return _page(request, seat, unit, status=409, at=act, typed=typed, fault=CLOSED)
    return pages.go(f"{HOME}?done={act}#{'lists' if act in ('up', 'down', 'order') else act}")


_NAMES = ("from", "until", "url", "result", "class_name", "number", "unit")
_PREFIXES = (f"{quotas.FIRST_ROUND}:", "rank:")


def _act(form: Form, seat: Seat, unit: Nominator, act: str, detail: str) -> Any:
    edition = seat.edition.id
    match act:
        case "first_round":
            return unit_papers.state_first_round(edition, unit.id, form.starting_with(f"{quotas.FIRST_ROUND}:"))
        case "publicity":
            given = {name: form.text(name) for name in ("url", "result")}
            return unit_papers.state_publicity(edition, unit.id, first=form.text("from"), last=form.text("until"), **given)
        case "up" | "down":
            return unit_papers.move(edition, unit.id, detail, _STEPS[act])
        case "order":
            return unit_papers.put_in_order(edition, unit.id, detail, form.starting_with("rank:"))
        case "classified":
            return classified.announce(edition, unit.id, form.text("class_name"), form.text("number"), form.text("unit"))
        case _:
            raise NotFound("no such act")


def _sentences(faults: Sequence[Fault]) -> dict[str, str]:
    """Sentences by field; what belongs to no field stands under an empty name."""
    chinese = language.CURRENT.get() == "zh_CN"
    return {one.field: FAULTS.get(one.column) or (one.zh if chinese and one.zh else one.what) for one in faults}
