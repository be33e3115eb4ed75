"""What a reviewer typed and could not be saved, as a page from which it can be copied: no text is lost with a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from models.errors import NotFound
from web import errors, pages, visitors
from web.forms import Form
from web.language import gettext
from web.language import mark as _
from web.sheet_forms import Content, typed
from web.visitors import MaybeVisit

Why = Literal["visit", "person", "late", "left"]

EARLIER = _("这一页是上次登录时打开的，还没有保存。请核对后再提交一次。")
_SAID: dict[Why, errors.Text] = {
    "visit": (_("登录已失效，本次填写没有保存"), _("您刚才填写的内容在下面，可以先复制留存，再从邮件中的专用链接重新进入。")),
    "person": (
        _("您现在是以另一人的身份登录的，本次填写没有保存"),
        _("您刚才填写的内容在下面，可以先复制留存，再从您本人邮件中的专用链接重新进入。"),
    ),
    "late": (_("已过截止时间，本次填写没有保存"), _("您刚才填写的内容在下面，可以复制留存。如需延期，请联系评审办公室。")),
    "left": (
        _("这份申报项已改由其他专家评审，本次填写没有保存"),
        _("您刚才填写的内容在下面，可以复制留存。如您仍可评审，请从邮件中的专用链接进入，或联系评审办公室。"),
    ),
}
_STATUS: dict[Why, int] = {"visit": 403, "person": 409, "late": 409, "left": 409}


def page(request: Request, why: Why, marks: Mapping[str, str], content: Content | None = None) -> Response:
    """What was typed, to be copied.

    Args:
        request: Who typed.
        why: What kept it from being saved.
        marks: Titles and texts; names of the form where nobody knows any more whose sheet it was.
        content: The texts beside them; None where the form had none.
    """
    what, remedy = _SAID[why]
    return pages.render(request, "sheet_lost.html", status=_STATUS[why], what=what, remedy=remedy, typed=marks, content=content)


def nameless(content: Content) -> dict[str, str]:
    """The marks by the names of the form: whoever is not signed in is told nothing of a sheet, but gets back what was sent."""
    answers = dict(content.marks) | dict.fromkeys(content.skipped, gettext(_("不适用")))
    return answers | ({gettext(_("一票否决情形")): content.fatal} if content.fatal else {})


def sheet(request: Request, why: Why, form: Form) -> Response:
    """The same for the form of one sheet."""
    content = typed(form)
    return page(request, why, nameless(content), content)


def why_refused(refused: errors.Refused) -> Why | None:
    """Why a form was refused that a page of ours may have sent in good faith; None for any other refusal."""
    if refused.text == errors.NOT_SIGNED_IN:
        return "visit"
    return "person" if refused.text == errors.OTHER_PERSON else None


def is_of_earlier_visit(visit: MaybeVisit, form: Form, refused: errors.Refused) -> bool:
    """Whether a page of this person from an earlier visit sent the form, before the link was opened again."""
    mine = visit is not None and visit.grant is not None and form.text("as") == visit.grant.id
    return mine and refused.status == 403 and refused.text == errors.OLD_FORM


def left_codes(request: Request, visit: MaybeVisit) -> frozenset[str]:
    """Codes of the entries that were in the reviewer's hands and have been given to somebody else."""
    seat = visitors.seat_of(request, visit, "reviewer")
    run = seat.edition.last_of("scoring")
    if run is None:
        raise NotFound("no review is open")
    with visitors.database(request).read() as store:
        held = store.held(seat.edition.id, run.position, seat.person.id)
    return frozenset(one.entry.code for one in held if one.assignment.recused)
