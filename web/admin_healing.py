"""The office's page about reviewers who are silent: what happens next by itself, what happened, and what the office may do about it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from models.errors import InputError, NotAllowed, NotFound, TooLate
from rules.chasing import Act
from tasks import bounces, healing_report, keeping, late_entries, returned_mail
from tasks.healing_report import What
from web import not_yet, pages, visitors, words
from web.forms import Form, Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

HERE = "/admin/editions/{edition_id}/healing"
NEXT: dict[Act, str] = {
    "remind_to_answer": _("提醒答复"),
    "no_answer": _("改请他人（未答复）"),
    "remind_to_begin": _("提醒开始评审"),
    "silent": _("未开始的改请他人"),
    "bounced": _("改请他人（邮箱退信）"),
}
HEALED: dict[What, str] = {
    "no_answer": _("未在约定日期前答复"),
    "silent": _("接受后一直未开始"),
    "bounced": _("邮箱被退信"),
    "returned": _("专家重新参加"),
    "late": _("抽取后补入"),
    "expired": _("截止时未签署"),
}
_FAULTS = {
    ("keep", "reviewer"): _("没有这个编号的专家"),
    ("keep", "reason"): _("请写明原因（500 字以内）"),
    ("bounced", "reviewer"): _("没有这个编号的专家"),
    ("bounced", "reason"): _("请写明原因（500 字以内）"),
    ("address", "reviewer"): _("没有这个编号的专家"),
    ("address", "email"): _("请填写一个邮箱地址，如 name@example.org"),
    ("admit", "code"): _("没有这个编号的申报项，或它不是形式审查未通过的"),
    ("admit", "reason"): _("请写明原因（500 字以内）"),
}
_OVER = _("评审不在进行中，不能这样做。")
_SHOWN = 300
"""So many lines of a list are shown; the rest is counted."""


@router.show(HERE, slow=True)
def show(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """Whom to look after, what happened by itself, and the office's acts."""
    request.state.holder = visitors.admin_of(visit)
    return _page(request, edition_id)


def _page(
    request: Request, edition_id: str, *, status: int = 200, act: str = "", fault: tuple[str, str] | None = None, said: str = "",
    form: Form | None = None,
) -> Response:  # fmt: skip
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        if edition.last_of("scoring") is None:
            return not_yet.page(request, edition, "healing")
        found = healing_report.report(store, edition)
    return pages.render(
        request, "admin/healing.html", status=status, edition=edition, found=found, title=words.edition_title(edition),
        zone=edition.process.time_zone, next=NEXT, healed=HEALED, shown=_SHOWN, act=act, fault=fault, said=said,
        typed=(lambda name, which: form.text(name) if form is not None and which == act else ""),
        done=request.query_params.get("done", ""), changeable=found.run.state == "open",
    )  # fmt: skip


@router.take(HERE + "/{act}")
def do(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, act: str) -> Response:
    """Keep a reviewer, let one go, note that an address is none, correct an address, or admit an entry."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    if act not in ("keep", "release", "bounced", "address", "admit"):
        raise NotFound("there is no such act", zh="没有这种操作")
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        known = {one.code for one in store.reviewers(edition.id)}
    code = form.text("reviewer").strip()
    if act != "admit" and code not in known:
        return _page(request, edition_id, status=422, act=act, fault=("reviewer", _FAULTS["keep", "reviewer"]), form=form)
    try:
        if form.unreadable:
            field = form.unreadable[0]
            return _page(request, edition_id, status=422, act=act, fault=_fault(act, field), form=form)
        _act(edition_id, act, form, code, admin)
    except InputError as refused:
        return _page(request, edition_id, status=422, act=act, fault=_fault(act, refused.faults[0].field or ""), form=form)
    except (NotAllowed, TooLate):
        return _page(request, edition_id, status=409, act=act, said=_OVER, form=form)
    return pages.go(f"/admin/editions/{edition_id}/healing?done={act}")


def _act(edition_id: str, act: str, form: Form, code: str, admin: str) -> None:
    if act == "keep":
        keeping.keep(edition_id, code, form.text("reason"), admin=admin)
    elif act == "release":
        keeping.let_go(edition_id, code, admin=admin)
    elif act == "bounced":
        returned_mail.by_hand(edition_id, code, form.text("reason"), admin=admin)
    elif act == "address":
        bounces.correct(edition_id, code, form.text("email"), admin=admin)
    else:
        late_entries.admit(edition_id, form.text("code"), form.text("reason"), actor=f"admin:{admin}")


def _fault(act: str, field: str) -> tuple[str, str]:
    """The field at which something is wrong, and the sentence."""
    here = field if (act, field) in _FAULTS else next(name for which, name in _FAULTS if which == act)
    return here, _FAULTS[act, here]
