"""The office's page of the draw: seed and digest, loads, empty seats and why, conflicts, fit, and who came later."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from tasks import draw_report, panel_sizes
from tasks.draw_report import Reason
from web import not_yet, pages, panel_words, plots, visitors, words
from web.language import mark as _
from web.panel_forms import Typed
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

REASONS: dict[Reason, str] = {
    "declined": _("已谢绝或未答复"),
    "signer": _("为申报项签署过意见"),
    "self": _("申报人或其团队成员"),
    "coauthor": _("申报项的作者或成员（同名同单位）"),
    "same_unit": _("与申报项同单位"),
    "nominator": _("属于推荐单位"),
    "supervisor": _("与申报方有师生关系"),
    "relative": _("与申报方有亲属关系"),
    "dispute": _("与申报方有争议"),
    "recent_coauthor": _("与申报方近年合著论文"),
    "project": _("与申报方有合作项目"),
    "office": _("与申报方同在学会任职"),
    "declared": _("本人声明回避"),
    "avoided": _("推荐单位申请回避"),
    "decided": _("办公室决定回避"),
    "undecided": _("利益关系待办公室决定"),
    "had": _("正在评审或曾退出"),
    "panel_unit": _("专家组中已有同单位专家"),
    "full": _("已满额"),
}
CAUSES = {
    "conflict": _("退出评审（回避）"),
    "office": _("的该项由办公室收回（回避）"),
    "declined": _("谢绝了邀请"),
    "limit": _("减少了评审数量"),
    "no_answer": _("未在约定日期前答复邀请"),
    "silent": _("接受后一直未开始评审"),
    "bounced": _("的邮箱地址被退信"),
    "unknown": _("退出评审"),
}
_LONGEST_CODE = 80
_SHOWN = 200
"""So many entries with empty seats are named; the rest is counted."""


@router.show("/admin/editions/{edition_id}/draw", slow=True)
def show_draw(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """What came of the draw of the latest scoring stage."""
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        if edition.last_of("scoring") is None:
            return not_yet.page(request, edition, "draw")
        found = draw_report.report(store, edition)
    return pages.render(
        request, "admin/draw.html", edition=edition, found=found, zone=edition.process.time_zone, title=words.edition_title(edition),
        bars=plots.histogram((one.held, one.capacity) for one in found.loads if not one.declined), plots=plots, reasons=REASONS,
        # A reason that holds nobody back anywhere needs no column.
        columns=_columns(found), fits=panel_words.FITS, causes=CAUSES, shown=_SHOWN, done=request.query_params.get("done"),
        changeable=found.run.state in ("opening", "open"), sent=Typed(texts={name: _code(request, name) for name in ("entry", "reviewer")}),
        reviewers=[(one.person.code, one.person.name) for one in found.loads],
        modes=panel_words.NAMES, explained=panel_words.EXPLAINED, unfit=panel_words.UNFIT, allowed=panel_sizes.allowed(found.stage),
    )  # fmt: skip


def _code(request: Request, name: str) -> str:
    """What another page has filled in."""
    return request.query_params.get(name, "")[:_LONGEST_CODE]


def _columns(found: draw_report.Report) -> list[Reason]:
    useful: set[Reason] = set()
    for one in found.short:
        before = len(found.loads)
        for reason, left in one.steps:
            useful |= {reason} if left < before else set()
            before = left
    return [reason for reason in REASONS if reason in useful]
