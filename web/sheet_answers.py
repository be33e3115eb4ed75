"""Answers to the script of the score sheet: the same outcomes as the pages, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from models.errors import JinbangError, LinkRefused, NotAllowed, NotFound
from web import audit, errors, pages, sheet_forms
from web.language import gettext
from web.language import mark as _
from web.routes import Writing
from web.sheets import Card, Desk

_GONE = (LinkRefused, NotAllowed)
_UNANSWERED: errors.Text = (_("请先答复评审邀请"), _("请返回列表，答复后再继续评分。"))
_OFF_LIST: errors.Text = (_("这份申报项已不在您的列表中"), _("请返回列表查看；如有疑问，请联系评审办公室。"))


def wanted(request: Request) -> bool:
    """Whether a script asks, rather than a form."""
    return request.headers.get("accept", "").partition(",")[0].strip() == "application/json"


def guarded(request: Request, answer: Writing) -> Writing:
    """Tell a script in its own words that the sheet is out of reach: no visit, another person's, recused, closed."""
    try:
        return (yield from _audited(request, answer))
    except errors.Refused as refused:
        if refused.status == 422:
            return JSONResponse({"faults": {"revision": gettext(errors.OLD_FORM[0])}}, 422)
        return gone(refused.text or errors.NOT_SIGNED_IN)
    except errors.Elsewhere:
        return gone(_UNANSWERED)
    except NotFound:
        return gone(_OFF_LIST, off_list=True)
    except _GONE as refused:
        return gone(_of(refused))


def _audited(request: Request, answer: Writing) -> Writing:
    try:
        return (yield from answer)
    except (errors.Refused, JinbangError) as refused:
        yield from audit.keeping(request, errors.reason_of(refused))
        raise


def kept(desk: Desk, code: str) -> Response:
    """The sheet is saved."""
    card = desk.card(code)
    total = card.total
    return JSONResponse({
        "revision": card.sheet.revision if card.sheet else 0,
        "saved_at": _clock(desk, card),
        "total": None if total is None else pages.total(total),
        "missing": card.missing,
        "done": desk.done,
        "of": len(desk.cards),
    })  # fmt: skip


def refused(faults: Mapping[str, str]) -> Response:
    """Sentences for the fields to be corrected, by the names of the form's fields."""
    return JSONResponse({"faults": {sheet_forms.field_of(place): text for place, text in faults.items()}}, 422)


def stale(desk: Desk, card: Card) -> Response:
    """The sheet was changed elsewhere: what it holds now."""
    content = sheet_forms.saved(card).fields(card.criteria)
    revision = card.sheet.revision if card.sheet else 0
    answer: dict[str, Any] = {"stale": True, "revision": revision, "signed": card.state == "signed", "saved_at": _clock(desk, card)}
    return JSONResponse(answer | {"content": content}, 409)


def late() -> Response:
    """The deadline has passed."""
    message = gettext(_("截止时间已过，本次填写没有保存。如需延期，请联系评审办公室。"))
    return JSONResponse({"late": True, "message": message}, 409)


def gone(text: errors.Text, *, off_list: bool = False) -> Response:
    """The sheet is out of reach, for good if its entry is `off_list`; what was typed stays with the script."""
    what, remedy = text
    return JSONResponse({"gone": True, "off_list": off_list, "message": f"{gettext(what)}{gettext(_('：'))}{gettext(remedy)}"}, 403)


def _of(error: JinbangError) -> errors.Text:
    _status, text = errors.status_of(error)
    return text or (_("您不能进行此操作"), _("您的身份或当前阶段不允许这样做。如有疑问，请联系评审办公室。"))


def _clock(desk: Desk, card: Card) -> str:
    if card.sheet is None:
        return ""
    return f"{card.sheet.saved_at.astimezone(ZoneInfo(desk.edition.process.time_zone)):%H:%M}"
