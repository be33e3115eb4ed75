"""What an admin can do: each act has a page that says what will happen, and a button that does it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from models.declared import ClosingTime
from models.edition import Edition, Role, StageRun
from models.errors import NotAllowed
from rules import calendar, checked_forms
from tasks import editions, links
from web import errors, language, pages, visitors
from web.forms import Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

_CLOSING_TIME: TypeAdapter[datetime] = TypeAdapter(ClosingTime)
NOT_NOW = _("现在不能这样做。")
ACTS = ("next", "retry", "remind", "extend", "mails")


def _edition(request: Request, edition_id: str) -> Edition:
    with visitors.database(request).read() as store:
        return store.edition(edition_id)


@router.show("/admin/editions/{edition_id}/{act}")
def confirm(request: Request, visit: MaybeVisit, edition_id: str, act: str) -> Response:
    """Say what will happen."""
    request.state.holder = visitors.admin_of(visit)
    if act not in ACTS:
        raise errors.Refused(404)
    return _confirm_page(request, _edition(request, edition_id), act)


def _confirm_page(request: Request, edition: Edition, act: str, *, status: int = 200, fault: str = "", typed: str = "") -> Response:
    run = edition.current
    with visitors.database(request).read() as store:
        state = editions.status(store, edition)
    return pages.render(
        request, "admin/confirm.html", status=status, edition=edition, run=run, act=act, state=state, fault=fault, typed=typed,
        what=_foretold(edition, run, act), zone=edition.process.time_zone, moves_clock=_moves_clock(edition, run, state.now),
    )  # fmt: skip


def _moves_clock(edition: Edition, run: StageRun | None, now: datetime) -> datetime | None:
    """To what time the clock of a rehearsal would be moved."""
    if run is None or not edition.rehearsal:
        return None
    goal = run.opens_at if run.state == "planned" else (None if run.waits_for_admin else run.cutoff)
    return goal if goal is not None and goal > now else None


_FORETOLD = {
    "submission": _("申报将立即截止，系统随即进行形式审查，并把结果发给推荐单位。"),
    "scoring": _("评审将立即截止，系统随即汇总得分；有效评分不足的申报项会补抽专家。"),
    "shortlisting": _("入围名单将确定并发送给评委会全体成员。"),
    "voting": _("表决将立即截止并计票；参加人数不足法定人数时，本阶段会停下等待处理。"),
    "signoff": _("会签将立即截止；尚有单位未答复时，本阶段会停下等待处理。"),
    "notice": _("公示期不能缩短；期满后系统自动进入下一阶段。"),
    "publication": _("结果将立即公布，并通知获奖者和推荐单位。公布后不能撤回。"),
}


def _foretold(edition: Edition, run: StageRun | None, act: str) -> str:
    if act == "next":
        if run is None:
            return _("这一届的全部阶段已经结束。")
        if run.state == "planned":
            return _("下一阶段将立即开始，相关人员会收到邮件。")
        if checked_forms.by_checkers(run):
            return _("申报将立即截止，之后由审查人员逐项审查，全部有结论后本阶段结束。已经截止的，须等审查、补正和公示完成。")
        return _FORETOLD[run.declared.kind]
    return {
        "retry": _("系统将再次尝试当前阶段。名单被退回的，会重新征求退回者的意见。"),
        "remind": _("系统将向当前阶段尚未完成的每个人发送一封提醒邮件。"),
        "extend": _("当前阶段的截止时间将改为下面的时间，相关人员的链接同时延长。"),
        "mails": _("发送失败和是否送达不明的邮件将再发送一次。"),
    }[act]


@router.take("/admin/editions/{edition_id}/links/{role}")
def renew_link(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, role: str) -> Response:
    """Replace a person's link; the new one is shown once, to be handed over by other means than mail."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    if role not in errors.HOMES:
        raise errors.Refused(404)
    known: Role = role
    installed = visitors.installed(request)
    with installed.database.write() as store:
        edition = store.edition(edition_id)
        address = links.reissue(store, installed.settings, edition_id, known, form.text("person"), actor=f"admin:{admin}")
    return pages.render(request, "admin/link.html", edition=edition, address=address, person=form.text("name"))


@router.take("/admin/editions/{edition_id}/{act}")
def do(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, act: str) -> Response:
    """Do it, if the edition is still where the page showed it."""
    visitors.check_form(visit, form)
    admin = request.state.holder = visitors.admin_of(visit)
    if act not in ACTS:
        raise errors.Refused(404)
    edition = _edition(request, edition_id)
    if form.text("version") != _version(edition):
        return _confirm_page(request, edition, act, status=409, fault=_("情况已有变化，请重新核对后再确认。"))
    closes = None
    if act == "extend":
        closes = _read_time(form.text("closes"), edition)
        if closes is None:
            return _confirm_page(
                request, edition, act, status=422, fault=_("请按 2026-06-30 24:00 的格式填写时间。"), typed=form.text("closes")
            )
    try:
        _act(request, edition, act, closes, f"admin:{admin}")
    except NotAllowed as refused:
        return _confirm_page(
            request, edition, act, status=409, fault=f"{language.gettext(NOT_NOW)} {errors.told(refused)}", typed=form.text("closes")
        )
    return pages.go(f"/admin/editions/{edition_id}?done={act}")


def _act(request: Request, edition: Edition, act: str, closes: datetime | None, actor: str) -> Any:
    with visitors.database(request).write() as store:
        match act:
            case "next":
                editions.request_next(store, edition.id, actor=actor)
            case "retry":
                editions.retry(store, edition.id, actor=actor)
            case "remind":
                editions.remind(store, edition.id, actor=actor)
            case "mails":
                store.retry_mails(edition.id)
            case _:
                run = edition.current
                if run is None or closes is None:
                    raise NotAllowed(f"{edition.id}: no stage is left that could be extended")
                editions.extend(store, edition.id, run.name, closes, actor=actor)


def _version(edition: Edition) -> str:
    """Changes whenever an act would mean something else."""
    run = edition.current
    return f"{edition.version}.{run.position}.{run.state}.{run.round}" if run else str(edition.version)


def _read_time(text: str, edition: Edition) -> datetime | None:
    """A deadline as typed; a bare date is its end, 24:00."""
    try:
        return calendar.to_utc(_CLOSING_TIME.validate_python(text.strip()), edition.process.time_zone)
    except ValueError:
        return None
