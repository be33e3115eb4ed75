"""The office's page of the ranking: marks by three methods side by side, chances, divergent marks, and how lenient reviewers are."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from models.declared import Words
from models.edition import Edition
from models.errors import NotAllowed, NotFound
from rules import eligibility, method_words, panel_checks, scoring
from rules.list_places import Question
from rules.side_by_side import Line, SideBySide
from tasks import exporting, ranking_report, reasons
from tasks.ranking_report import Report
from web import errors, language, not_yet, pages, plots, visitors, words
from web.forms import Posted
from web.language import mark as _
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

ZONES = {"clear": _("明确入围"), "discussion": _("待讨论"), "clear_no": _("明确不入围")}
SORTS = {
    "place": _("名次"),
    "code": _("编号"),
    "mean": _("平均分"),
    "calibrated": _("校准分"),
    "chance": _("入围可能"),
    "spread": _("分差"),
}
HEADS = (
    _("组别"), _("编号"), _("名称"), _("单位"), _("有效评分数"), _("各专家总分"), _("平均分"), _("得分"), _("校准分"), _("平均分名次"),
    _("名次"), _("校准分名次"), _("入围取决于方法"), _("分差"), _("分歧较大"), _("%(mark)s区间下限"), _("%(mark)s区间上限"),
    _("入围可能"), _("分区"), _("状态"), _("计分方法"), _("标准化后的总分"), _("书面理由"),
)  # fmt: skip
BETWEEN = _("、")
_DECIMALS = 2
_LONGEST_COUNT = 4
_NOT_NOW: errors.Text = (_("现在不能请专家说明理由"), _("这一项的评分现在分歧不大，或者名单已经提交评委会。请返回排名查看。"))
OWN = _("得分")
YES, PROVISIONAL, FINAL = _("是"), _("未定"), _("已定")
_KEYS: dict[str, Callable[[Line], Any]] = {
    "code": lambda line: (),
    "mean": lambda line: -line.mean,
    "calibrated": lambda line: -line.calibrated,
    "chance": lambda line: -(line.selected or 0),
    "spread": lambda line: -line.spread,
}


@dataclass(frozen=True, slots=True)
class Group:
    """One group on the page."""

    name: str
    title: str
    lines: tuple[Line, ...]
    waiting: int
    """Entries without a signed sheet."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is asked for."""

    sort: str
    group: str
    """Empty = all."""

    def query(self, **changes: str) -> str:
        """The same with changes, as the end of an address."""
        values = {"sort": self.sort, "group": self.group, **changes}
        return urlencode({name: value for name, value in values.items() if value and (name, value) != ("sort", "place")})


def _asked(request: Request, edition: Edition) -> Asked:
    sort, group = request.query_params.get("sort", ""), request.query_params.get("group", "")
    return Asked(sort if sort in SORTS else "place", group if group in eligibility.groups_of(edition.process) else "")


def _groups(edition: Edition, ranking: SideBySide, asked: Asked) -> tuple[Group, ...]:
    """The groups that were asked for, their lines in the order that was asked for; what is equal stays in the order of the award."""
    groups = []
    for name in eligibility.groups_of(edition.process):
        lines: Sequence[Line] = [one for one in ranking.lines if one.entry.group == name]
        if asked.sort in _KEYS:
            lines = sorted(sorted(lines, key=lambda one: one.entry.code) if asked.sort == "code" else lines, key=_KEYS[asked.sort])
        waiting = sum(one.group == name for one in ranking.waiting)
        if (lines or waiting) and asked.group in ("", name):
            groups.append(Group(name, words.both(eligibility.group_title(name, edition.process)), tuple(lines), waiting))
    return tuple(groups)


def _looked(request: Request, edition_id: str) -> tuple[Edition, Report]:
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        return edition, ranking_report.report(store, edition)


@router.show("/admin/editions/{edition_id}/ranking", slow=True)
def show_ranking(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """Everything that has a signed sheet, by group."""
    request.state.holder = visitors.admin_of(visit)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
    if edition.last_of("scoring") is None:
        return not_yet.page(request, edition, "ranking")
    edition, found = _looked(request, edition_id)
    ranking, asked = found.ranking, _asked(request, edition)
    on = plots.scale(one for line in ranking.lines for one in _ends(line, ranking))
    dots = {line.entry.id: _dots(line, ranking, on) for line in ranking.lines}
    return pages.render(
        request, "admin/ranking.html", edition=edition, found=found, ranking=ranking, asked=asked, plots=plots,
        groups=_groups(edition, ranking, asked), dots=dots, on=on, told_totals=told_totals, zones=ZONES, sorts=SORTS,
        by=_by(ranking), interval_of=interval_of(ranking.question), apart=_parts(edition, found),
        rule_text="" if found.frozen is None else json.dumps(found.frozen.rule, ensure_ascii=False, indent=2, sort_keys=True),
        newly_asked=_newly_asked(request),
        pools=[(pool_title(edition, pool.name), pool) for pool in ranking.pools.values()], total_text=total_text,
        all_groups={name: words.both(eligibility.group_title(name, edition.process)) for name in _used(edition, ranking)},
        zone=edition.process.time_zone, title=words.edition_title(edition), base=f"/admin/editions/{edition_id}/ranking",
    )  # fmt: skip


def _dots(line: Line, ranking: SideBySide, on: plots.Scale) -> plots.Dots:
    pool = ranking.pool_of(line.entry)
    drawn = pool.line if pool is not None and ranking.question.on_sheets else None
    return plots.dots(line.totals, line.interval, next(iter(_drawn(line, ranking)), None), drawn, on)


def _ends(line: Line, ranking: SideBySide) -> tuple[plots.Number, ...]:
    """Numbers of a line that the scale must hold."""
    return (*line.interval, line.totals[0], line.totals[-1], *_drawn(line, ranking))


def _drawn(line: Line, ranking: SideBySide) -> tuple[Decimal, ...]:
    """The mark that decides, if there is one and it lies on the scale of the totals."""
    return (line.mark,) if line.mark is not None and ranking.question.on_sheets else ()


def interval_of(question: Question) -> str:
    """Whose interval is shown, in the reader's language: that of the mark that decides, or of the plain calibrated one."""
    return language.gettext(OWN) if question.calibrates else words.both(method_words.TITLES["calibrated"])


def _used(edition: Edition, ranking: SideBySide) -> list[str]:
    there = {one.entry.group for one in ranking.lines} | {one.group for one in ranking.waiting}
    return [name for name in eligibility.groups_of(edition.process) if name in there]


def pool_title(edition: Edition, name: str) -> str:
    """What a pool is called: its group, or the class where places are declared by class."""
    process = edition.process
    classes = {one.name: words.both(one.title) for one in process.classes}
    return words.both(eligibility.group_title(name, process)) if name in eligibility.groups_of(process) else classes.get(name, name)


def _newly_asked(request: Request) -> int | None:
    """How many were asked for a reason by the press that led here; None if none did."""
    text = request.query_params.get("asked", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_COUNT else None


def _by(ranking: SideBySide) -> str:
    """What decides the order."""
    return words.both(method_words.said(ranking.question.rule.method, ranking.question.normalise))


@dataclass(frozen=True, slots=True)
class Part:
    """What was calibrated by itself: everything, or the classes with one score sheet."""

    title: str
    """Empty where there is one part."""
    ranking: SideBySide
    components: list[tuple[str, str, str]]
    own_unit: Words | None


def _parts(edition: Edition, found: Report) -> list[Part]:
    between = language.gettext(BETWEEN)
    parts = []
    for part, own in zip(found.ranking.each, found.own_units, strict=True):
        classes = dict.fromkeys(one.class_name for one in part.question.entries)
        title = between.join(words.both(edition.process.class_named(name).title) for name in classes) if found.ranking.parts else ""
        if part.calibration is not None:
            parts.append(Part(title, part, _components(part), None if own is None else panel_checks.own_unit_said(own)))
    return parts


def _components(ranking: SideBySide) -> list[tuple[str, str, str]]:
    """Where differences come from: name, variance in squared points, share."""
    if ranking.calibration is None:
        return []
    names, found = (_("申报项之间"), _("专家宽严"), _("同一项上看法不一")), ranking.calibration.components
    rows = zip(names, found, found.shares, strict=True)
    return [(language.gettext(name), f"{variance:.2f}", f"{share:.1%}") for name, variance, share in rows]


def total_text(total: Fraction) -> str:
    """A reviewer's total with as many decimals as it has, but two at most."""
    return pages.total(scoring.half_up(total, _DECIMALS))


def told_totals(totals: Sequence[Fraction]) -> str:
    """All totals of an entry, the lowest first."""
    return language.gettext(BETWEEN).join(map(total_text, totals))


@router.show("/admin/editions/{edition_id}/ranking.csv", slow=True)
def ranking_csv(request: Request, visit: MaybeVisit, edition_id: str) -> Response:
    """The same table for a spreadsheet, in the language of the page."""
    request.state.holder = visitors.admin_of(visit)
    edition, found = _looked(request, edition_id)
    say, declared = language.gettext, found.ranking.question.declared
    by = _by(found.ranking)
    written = {one.entry.id: "\n".join(f"{code}: {reason.text}" for code, reason in one.reasons if reason.text) for one in found.divergent}
    whose = interval_of(found.ranking.question)
    rows: list[list[object]] = [[say(head).replace("%(mark)s", whose) for head in HEADS]]
    for group in _groups(edition, found.ranking, _asked(request, edition)):
        for one in group.lines:
            ranks = [one.ranks.get(method, "") for method in ("mean", declared, "calibrated")]
            rows.append([
                group.title, one.entry.code, one.entry.title, one.entry.unit, len(one.totals), " ".join(map(total_text, one.totals)),
                one.mean, "" if one.mark is None else one.mark, one.calibrated, *ranks, say(YES) if one.depends else "", one.spread,
                say(YES) if one.flagged else "", *one.interval, "" if one.selected is None else one.selected,
                say(ZONES[one.zone]) if one.zone else "", say(PROVISIONAL if found.provisional else FINAL), by,
                " ".join(map(total_text, one.normalised)), written.get(one.entry.id, ""),
            ])  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="{edition.id}-ranking.csv"'}
    return Response(exporting.csv_table(rows), media_type="text/csv; charset=utf-8", headers=headers)


@router.take("/admin/editions/{edition_id}/ranking/{code}/reason")
def ask_reason(request: Request, visit: MaybeVisit, form: Posted, edition_id: str, code: str) -> Response:
    """Ask the divergent reviewers of an entry for a written reason; who was asked before gets no second mail."""
    admin = visitors.admin_of(visit)
    visitors.check_form(visit, form)
    with visitors.database(request).read() as store:
        edition = store.edition(edition_id)
        run, _stage = ranking_report.stage_of(edition)
        entry = next((one for one in store.entries(edition_id) if one.code == code), None)
    if entry is None:
        raise NotFound(f"{edition_id} has no entry {code}", zh=f"没有编号为“{code}”的申报项")
    try:
        asked = reasons.ask(edition_id, run.position, entry.id, admin=admin)
    except NotAllowed as refused:
        raise errors.Refused(409, _NOT_NOW) from refused
    return pages.go(f"/admin/editions/{edition_id}/ranking?asked={asked}#divergent")
