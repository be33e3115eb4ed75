"""The office's pages before there is anything on them: what will be there, from which stage on, and what to do until then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from models.declared import Words
from models.edition import Edition, StageRun
from tasks import editions
from web import pages, visitors, words
from web.language import mark as _

What = Literal["draw", "panels", "stand_ins", "ranking", "healing", "reviewers", "conflicts", "shortlist"]
Kind = Literal["scoring", "shortlisting"]
Place = Literal["waits", "blocked", "begins", "over"]

TITLES: Mapping[What, str] = {
    "draw": _("专家抽取"),
    "panels": _("各项专家"),
    "stand_ins": _("谁可替换"),
    "ranking": _("排名"),
    "healing": _("未答复与递补"),
    "reviewers": _("评审进度"),
    "conflicts": _("利益关系"),
    "shortlist": _("入围名单"),
}
CONTENTS: Mapping[What, str] = {
    "draw": _("这里将显示抽取记录、专家负担、空缺席位和利益冲突，并可调整专家组。"),
    "panels": _("这里将显示每个申报项的专家和评分表的状态，并可下载名单。"),
    "stand_ins": _("这里将显示可以替换或补入的专家。"),
    "ranking": _("这里将显示已签署的评分、名次、入围可能和分歧较大的申报项。"),
    "healing": _("这里将显示未答复、未开始的专家和递补情况。"),
    "reviewers": _("这里将显示每位专家的答复和评分进度。"),
    "conflicts": _("这里将显示专家与申报项之间的利益关系。"),
    "shortlist": _("这里将显示入围名单的各个版本、并列的处理和并组情况。"),
}


@dataclass(frozen=True, slots=True)
class Coming:
    """Why a page is empty, and what it is waiting for."""

    contents: str
    """What will be there: a marked sentence."""
    kind: Kind
    run: StageRun | None
    """The stage that brings it; the last of its kind if all are over; None if the process has none of the kind."""
    place: Place
    """Whether that stage is to come, is being opened or worked on, is over, or the edition stands still before it has brought anything."""
    before: StageRun | None
    """The stage that is on now, or comes first, if it is another one."""
    blocked: StageRun | None
    """The stage at which the edition stands still: that one, or one before."""
    because: Words | None
    """Why it stands still."""
    reviewing: bool
    """Whether a review has been opened."""


def coming(request: Request, edition: Edition, what: What) -> Coming:
    """Why the page is empty, and what it is waiting for."""
    kind: Kind = "shortlisting" if what == "shortlist" else "scoring"
    runs = [one for one in edition.stages if one.declared.kind == kind]
    run = next((one for one in runs if one.state != "closed"), runs[-1] if runs else None)
    now = edition.current
    blocked = now if now is not None and now.blocked is not None and run is not None and now.position <= run.position else None
    because = None
    if blocked is not None:
        with visitors.database(request).read() as store:
            because = editions.why_blocked(store, edition)
    before, reviewing = None if now == run else now, edition.last_of("scoring") is not None
    return Coming(CONTENTS[what], kind, run, _place(run, blocked), before, blocked, because, reviewing)


def _place(run: StageRun | None, blocked: StageRun | None) -> Place:
    if blocked is not None:
        return "blocked"
    if run is None or run.state == "planned":
        return "waits"
    return "over" if run.state == "closed" else "begins"


def page(request: Request, edition: Edition, what: What) -> Response:
    """The page in the usual frame; it is there, only empty, so its status is 200."""
    return pages.render(
        request, "admin/not_yet.html", edition=edition, heading=TITLES[what], coming=coming(request, edition, what),
        title=words.edition_title(edition), zone=edition.process.time_zone,
    )  # fmt: skip
