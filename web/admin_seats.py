"""The office's page of who sits where, the same as a file, and who could take a seat instead; for nobody else (R-18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from models.edition import Edition
from models.errors import NotAllowed, TooLate
from rules import eligibility, pair_lists
from tasks import exporting, panels_seen, stand_ins
from tasks.panels_seen import Panel, Seen
from web import language, not_yet, pages, panel_words, visitors, words
from web.admin_panels import refusal_said, written
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

BASE = "/admin/editions/{edition_id}/draw/panels"
VIEWS = {"": _("全部"), "short": _("有空缺席位"), "inexact": _("无学科代码完全一致的专家")}
HEADS = (_("名称"), _("申报单位"), _("组别"), _("专家姓名"), _("专家单位"), _("匹配程度"), _("评分表状态"))
"""Of the columns after those that `rules.pair_lists` reads."""
_WIDTHS = (14, 12, 44, 28, 16, 12, 28, 28, 16)
_ON_A_PAGE = 100
_LONGEST_SEARCH = 100
_LONGEST_NUMBER = 6
_LONGEST_CODE = 80
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is asked for."""

    group: str
    """Empty = all."""
    view: str
    """A key of `VIEWS`."""
    wanted: str
    """In codes, names and units; empty = all."""

    def query(self, **changes: object) -> str:
        """The same with changes, as the end of an address."""
        values = {"group": self.group, "show": self.view, "q": self.wanted, **changes}
        return urlencode({name: value for name, value in values.items() if value})

    def takes(self, panel: Panel) -> bool:
        """Whether the page shows a panel."""
        if self.group not in ("", panel.entry.group):
            return False
        if (self.view == "short" and not panel.empty) or (self.view == "inexact" and not panel.lacks_exact):
            return False
        entry = panel.entry
        texts = [entry.code, entry.title, entry.unit]
        texts += [text for one in panel.seats for text in (one.reviewer.code, one.reviewer.name, one.reviewer.unit)]
        return not self.wanted or any(self.wanted.casefold() in text.casefold() for text in texts)


def _asked(request: Request, edition: Edition) -> Asked:
    given = request.query_params
    group, view = given.get("group", ""), given.get("show", "")
    return Asked(
        group if group in eligibility.groups_of(edition.process) else "",
        view if view in VIEWS else "",
        given.get("q", "").strip()[:_LONGEST_SEARCH],
    )


def _looked(request: Request, edition_id: str) -> tuple[Edition, Seen]:
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        return edition, panels_seen.seen(store, edition)


def _groups(edition: Edition, found: Seen) -> Mapping[str, str]:
    """What the groups that there are are called."""
    there = {one.entry.group for one in found.panels}
    names = [name for name in eligibility.groups_of(edition.process) if name in there]
    return {name: words.both(eligibility.group_title(name, edition.process)) for name in names}


@router.show(BASE, slow=True)
def show_panels(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """Each entry with its reviewers; a hundred on a page."""
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
    if edition.last_of("scoring") is None:
        return not_yet.page(request, edition, "panels")
    edition, found = _looked(request, edition_id)
    asked = _asked(request, edition)
    listed = [one for one in found.panels if asked.takes(one)]
    count = max(1, -(-len(listed) // _ON_A_PAGE))
    text = request.query_params.get("page", "1")
    page = int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else 1
    page = max(1, min(page, count))
    return pages.render(
        request, "admin/panels.html", edition=edition, found=found, asked=asked, views=_views(found), groups=_groups(edition, found),
        panels=listed[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE], listed=len(listed), page=page, pages=count,
        fit_said=panel_words.fit_said, sheets=panel_words.SHEETS, unfit=panel_words.UNFIT, title=words.edition_title(edition),
        changeable=found.run.state in ("opening", "open"), base=BASE.format(edition_id=edition_id), link=urlencode,
    )  # fmt: skip


def _views(found: Seen) -> Mapping[str, str]:
    """What can be chosen: fit only where a discipline is asked for."""
    topical = any(one.topical for one in found.panels)
    return {view: name for view, name in VIEWS.items() if topical or view != "inexact"}


def _rows(edition: Edition, found: Seen) -> list[list[object]]:
    """All pairs in hand, under their heads."""
    groups, say = _groups(edition, found), language.gettext
    rows: list[list[object]] = [[*map(words.both, pair_lists.HEADS), *map(say, HEADS)]]
    for panel in found.panels:
        entry = panel.entry
        for one in panel.held:
            who = one.reviewer
            fit, state = panel_words.fit_said(one.fit, one.shared), say(panel_words.SHEETS[one.state])
            group = groups.get(entry.group, entry.group)
            rows.append([entry.code, who.code, entry.title, entry.unit, group, who.name, who.unit, fit, state])
    return rows


@router.show(f"{BASE}.csv", slow=True)
def panels_csv(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """All pairs for a spreadsheet; given back under "by list" they change nothing."""
    request.state.holder = visitors.admin_of(visit)
    edition, found = _looked(request, edition_id)
    headers = {"Content-Disposition": f'attachment; filename="{edition.id}-panels.csv"'}
    return Response(exporting.csv_table(_rows(edition, found)), media_type="text/csv; charset=utf-8", headers=headers)


@router.show(f"{BASE}.xlsx", slow=True)
def panels_xlsx(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """The same as a workbook."""
    request.state.holder = visitors.admin_of(visit)
    edition, found = _looked(request, edition_id)
    title = words.edition_title(edition)
    content = exporting.xlsx_table(_rows(edition, found), title=title, created=edition.created_at, widths=_WIDTHS)
    headers = {"Content-Disposition": f'attachment; filename="{edition.id}-panels.xlsx"'}
    return Response(content, media_type=_XLSX, headers=headers)


@router.show("/admin/editions/{edition_id}/draw/instead", slow=True)
def show_stand_ins(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """Who could take a seat; choosing one leads to the preview of that change."""
    request.state.holder = visitors.admin_of(visit)
    entry, reviewer = (request.query_params.get(name, "").strip()[:_LONGEST_CODE] for name in ("entry", "reviewer"))
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
    if edition.last_of("scoring") is None:
        return not_yet.page(request, edition, "stand_ins")
    found, fault = None, "" if entry else panel_words.NO_ENTRY
    if entry:
        try:
            found = stand_ins.propose(edition_id, entry, reviewer)
        except (NotAllowed, TooLate):
            fault = panel_words.OVER
    refused = [refusal_said(one) for one in found.faults] if found else []
    put = {one.reviewer: written([(entry, one.reviewer)]) for one, _who in found.free} if found else {}
    status = 409 if fault == panel_words.OVER else 422 if fault or refused else 200
    return pages.render(
        request, "admin/stand_ins.html", status=status, edition=edition, found=found, refusals=refused, fault=fault,
        fit_said=panel_words.fit_said, title=words.edition_title(edition), most=stand_ins.MOST,
        off=written([(entry, reviewer)] if reviewer else []), put=put,
    )  # fmt: skip
