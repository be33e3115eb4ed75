"""The last step of a review: check, sign, and take the signed paper home. Works without JavaScript by the typed name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response

from models.errors import InputError
from rules import calendar, scoring, signatures
from tasks import score_sheets, signing, typesetting
from web import errors, language, own_figures, pages, sheets, visitors
from web.forms import Posted
from web.language import mark as _
from web.reviewing import sit
from web.routes import Pages
from web.visitors import MaybeVisit, Seat

router = Pages()

HIGH = 90
"""Totals of this much or more are counted as high where no guard of the distribution is declared."""
NO_FONT = (_("暂时无法生成 PDF"), _("服务器没有安装中文字体，请联系评审办公室。您的签署不受影响。"))
_FAULTS = {
    "name": _("姓名与邀请函上的不一致，请核对后重新输入"),
    "signature": _("手写签名无法识别，请清除后重写，或只输入姓名"),
    "seen": _("打开本页之后，评分或名单又有变化。请核对下面的最新内容，再签署"),
    "distribution": _("高分份数超过本次评审的规定，请调整后再签署"),
}
_MISSING = _("还有申报项没有评完，请先补全")


@dataclass(frozen=True, slots=True)
class Check:
    """What a reviewer should look at before signing."""

    unfinished: tuple[sheets.Card, ...]
    ties: tuple[tuple[Decimal, tuple[str, ...]], ...]
    """Totals that several entries share, the highest first, with their codes."""
    lowest: Decimal | None
    highest: Decimal | None
    mean: Decimal | None
    above: Decimal
    high: int
    """Entries with a total of `above` or more."""
    count: int
    most: int | None
    """How many high totals the guard allows; None without one."""
    locked: int
    """So many of the high totals are signed already."""
    over: bool
    """Whether the guard refuses the signature (rule S6)."""


def check_of(desk: sheets.Desk) -> Check:
    """Figures of the sheets that have all their marks."""
    finished = [card for card in desk.cards if card.missing == 0]
    exact, locked = own_figures.totals_of(desk.cards), own_figures.locked_totals(desk.cards)
    guard = desk.stage.distribution
    above = guard.above if guard else Decimal(HIGH)
    guarded = guard is not None and len(desk.cards) >= guard.sheets_min
    return Check(
        unfinished=tuple(card for card in desk.cards if card.missing),
        ties=_ties(finished),
        lowest=scoring.half_up(min(exact), 2) if exact else None,
        highest=scoring.half_up(max(exact), 2) if exact else None,
        mean=scoring.half_up(sum(exact) / len(exact), 2) if exact else None,  # type: ignore[arg-type]
        above=above,
        high=sum(one >= above for one in exact),
        count=len(exact),
        most=own_figures.of(desk.cards, desk.stage).most if guarded else None,
        locked=scoring.high_totals(locked, guard) if guard else 0,
        over=scoring.over_limit(exact, guard, locked=locked),
    )


def _ties(cards: Sequence[sheets.Card]) -> tuple[tuple[Decimal, tuple[str, ...]], ...]:
    codes: dict[Decimal, list[str]] = defaultdict(list)
    for card in cards:
        if card.total is not None:
            codes[card.total].append(card.entry.code)
    return tuple((total, tuple(some)) for total, some in sorted(codes.items(), reverse=True) if len(some) > 1)


@router.show("/review/sign")
def show_check(request: Request, visit: MaybeVisit) -> Response:
    """The check page before the signature."""
    seat, desk = sit(request, visit)
    return _page(request, seat, desk)


def _page(
    request: Request, seat: Seat, desk: sheets.Desk, *, status: int = 200, faults: Mapping[str, str] | None = None, typed: str = "",
    drawn: str = "",
) -> Response:  # fmt: skip
    zone = desk.edition.process.time_zone
    return pages.render(
        request, "sign.html", status=status, seat=seat, desk=desk, zone=zone, faults=faults or {}, typed=typed, drawn=drawn,
        check=check_of(desk), seen=signing.state_of({card.entry.id: card.sheet.revision if card.sheet else 0 for card in desk.cards}),
        today=calendar.to_local(desk.now, zone), field=signatures, longest=visitors.installed(request).settings.signature_length,
        keyed=sorted({card.sheet.keyed_by for card in desk.cards if card.sheet and card.sheet.keyed_by}),
        signed_any=any(card.state == "signed" for card in desk.cards),
    )  # fmt: skip


@router.take("/review/sign")
def sign(request: Request, visit: MaybeVisit, form: Posted) -> Response:
    """Lock all sheets under the typed name; a form that comes again finds it done."""
    visitors.check_form(visit, form)
    seat, desk = sit(request, visit)
    name, drawn = form.text("name"), form.text("drawn")
    try:
        signing.sign(desk.edition.id, desk.run.position, seat.person.id, name, drawn=drawn, seen=form.text("seen"))
    except InputError as refused:
        faults = {fault.field if fault.field in _FAULTS else "marks": _FAULTS.get(fault.field, _MISSING) for fault in refused.faults}
        if form.unreadable:
            name = drawn = ""
        seat, desk = sit(request, visit)
        return _page(request, seat, desk, status=422, faults=faults, typed=name, drawn="" if "signature" in faults else drawn)
    return pages.go("/review")


@router.show("/review/sheet.pdf", slow=True)
def show_paper(request: Request, visit: MaybeVisit) -> Response:
    """The signed sheets as a PDF."""
    seat, desk = sit(request, visit)
    with visitors.database(request).read() as store:
        paper = score_sheets.signed(store, desk.edition, desk.run.position, seat.person.id)
    return send(request, paper)


def send(request: Request, paper: score_sheets.Paper) -> Response:
    """A paper as a PDF in the language of the page.

    Raises:
        Refused: there is no Chinese font to print it in.
    """
    try:
        content = score_sheets.pdf(paper, locale=language.CURRENT.get(), base_url=visitors.installed(request).settings.base_url)
    except typesetting.NoFont:
        raise errors.Refused(503, NO_FONT) from None
    name = f"{paper.edition.id}-{paper.person.code}.pdf" if paper.person.code.isascii() else f"{paper.edition.id}.pdf"
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


@router.show("/verify/{edition_id}/{code}/{mark}")
def verify(request: Request, edition_id: str, code: str, mark: str) -> Response:
    """Whether a printed paper is what was signed; tells when, and neither names nor marks. All that does not match looks the same."""
    at = zone = None
    with visitors.database(request).read() as store:
        known = store.edition(edition_id) if edition_id in store.edition_ids() else None
        run = known.last_of("scoring") if known else None
        if known is not None and run is not None:
            reviewer = next((one for one in store.reviewers(known.id) if one.code == code), None)
            for stage in known.stages[: run.position + 1] if reviewer else ():
                if reviewer is not None and score_sheets.matches(store, known, stage.position, reviewer.id, mark):
                    paper = score_sheets.signed(store, known, stage.position, reviewer.id)
                    at, zone = paper.at, known.process.time_zone
    return pages.render(request, "verify.html", status=200 if at else 404, at=at, zone=zone, mark=mark if at else "")
