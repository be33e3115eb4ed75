"""Every refusal as a page: what happened and what to do, in the reader's language, without a word about our insides."""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from models import errors
from models.edition import Role
from web import audit, language, logs, pages
from web.language import mark as _

_LOG = logging.getLogger("jinbang.web")

Text = tuple[str, str]
"""What happened, and what to do."""

FOREIGN_FORM: Text = (_("这张表单不是从本网站提交的"), _("请从本网站打开页面后重新提交；如果页面打开已久，请先刷新。"))
OLD_FORM: Text = (_("页面已过期"), _("请返回上一页，刷新后重新提交。"))
OTHER_PERSON: Text = (
    _("您现在是以另一人的身份登录的"),
    _("这个页面是用另一条专用链接打开的，本次填写没有保存。请用您本人邮件中的链接重新进入。"),
)
NOT_SIGNED_IN: Text = (_("请通过专用链接进入"), _("请打开最近一封邮件中的专用链接；链接失效时，请向评审办公室索取新链接。"))

SEALED: Text = (_("申报材料在截止前密封"), _("截止前评审办公室只能看到数量。请在申报截止后再打开。"))
NO_EDITION: Text = (_("没有这个届次"), _("请核对地址，或从“全部评选”页面进入。"))
NOT_YET: Text = (_("现在还没有这些内容"), _("相应的阶段开始后才有。各阶段的状态和日期见届次页面。"))
IN_THE_LOG = _("详细原因见服务器日志。")
CODE_NEEDED: Text = (_("请先输入验证码"), _("本阶段要求核对验证码。请打开验证页面，输入发送到您登记邮箱的验证码。"))

_REASONS: dict[Text, str] = {FOREIGN_FORM: "foreign_form", OLD_FORM: "old_form", OTHER_PERSON: "other_person"}
_AUDITED = {403: "not_allowed", 404: "not_found"}

_BY_STATUS: dict[int, Text] = {
    400: (_("无法识别的请求"), _("请返回上一页，刷新后重试。")),
    401: NOT_SIGNED_IN,
    403: (_("您不能进行此操作"), _("您的身份或当前阶段不允许这样做。如有疑问，请联系评审办公室。")),
    404: (_("没有找到这个页面"), _("地址可能有误，或内容已不在此处。")),
    405: (_("不支持这种操作"), _("请返回上一页，通过页面上的按钮操作。")),
    409: (_("暂时不能这样做"), _("情况已有变化，请刷新页面后查看最新状态。")),
    413: (_("提交的内容过大"), _("请缩短内容后重新提交。")),
    422: (_("填写的内容有误"), _("请返回上一页，按提示修改后重新提交。")),
    429: (_("操作过于频繁"), _("请稍等片刻再试。")),
    500: (_("系统暂时出了点问题"), _("刚才的操作可能没有保存。请稍后重试；如果仍然不行，请联系评审办公室。")),
    503: (_("系统正在准备"), _("请稍后重试。")),
}
_FOR_OFFICE: tuple[tuple[type[errors.JinbangError], Text], ...] = ((errors.NoEdition, NO_EDITION), (errors.NotYet, NOT_YET))
"""Refusals that are told to the office in full, so that our own record of them adds nothing; to others there is just no such page."""
_BY_CLASS: tuple[tuple[type[errors.JinbangError], int, Text | None], ...] = (
    (errors.NotFound, 404, None),
    (errors.LinkRefused, 403, NOT_SIGNED_IN),
    (errors.TooLate, 409, (_("已过截止时间"), _("截止时间已过，本次填写没有保存。如需延期，请联系评审办公室。"))),
    (errors.Stale, 409, (_("内容已在别处更新"), _("请刷新页面，核对最新内容后再保存。"))),
    (errors.NotAllowed, 403, None),
    (errors.InputError, 422, None),
    (errors.JinbangError, 409, None),
)


HOMES: dict[Role, str] = {"nominator": "/submit", "reviewer": "/review", "committee": "/ballot", "party": "/signoff", "witness": "/confirm"}
"""Where each role's link leads, and the way back from a refusal."""


class TooMany(Exception):
    """More requests than one address may send."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"wait {seconds} s")


class TooLarge(Exception):
    """A body grew beyond what is read."""


class Refused(Exception):
    """A page of a given status and text instead of the one asked for."""

    def __init__(self, status: int, text: Text | None = None) -> None:
        self.status = status
        self.text = text
        super().__init__(str(status))


class CodeNeeded(Exception):
    """The browser entered by a link, and must type the mailed code before anything else."""


CODE_PAGE = "/review/code"


class Elsewhere(Exception):
    """Another page comes first."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(path)


def page(request: Request, status: int, text: Text | None = None, *, detail: str = "") -> Response:
    """A page that says what happened and what to do."""
    what, remedy = text or _BY_STATUS.get(status) or _BY_STATUS[500 if status >= 500 else 400]
    visit = getattr(request.state, "visit", None)
    home = HOMES[visit.grant.role] if visit is not None and visit.grant is not None else ""
    return pages.render(request, "error.html", status=status, code=status, what=what, remedy=remedy, detail=detail, home=home)


def text_of(status: int) -> Text:
    """What happened and what to do, for a status."""
    return _BY_STATUS.get(status) or _BY_STATUS[500 if status >= 500 else 400]


def told(error: errors.JinbangError) -> str:
    """What a refusal itself says, in the language of the page; to readers of Chinese, if it has no such words, where they are."""
    if language.CURRENT.get() == "en":
        return str(error)
    return error.zh or language.gettext(IN_THE_LOG)


def too_many(request: Request, refused: TooMany) -> Response:
    """The page that asks to wait, with the seconds in its header."""
    response = page(request, 429)
    response.headers["Retry-After"] = str(refused.seconds)
    return response


def status_of(error: errors.JinbangError) -> tuple[int, Text | None]:
    """Status and text for a refusal."""
    return next((status, text) for kind, status, text in _BY_CLASS if isinstance(error, kind))


def reason_of(error: errors.JinbangError | Refused) -> str:
    """What the event of a refused request says; empty if the refusal is no matter of access."""
    if isinstance(error, Refused):
        return _REASONS.get(error.text or ("", "")) or _AUDITED.get(error.status, "")
    return "too_late" if isinstance(error, errors.TooLate) else _AUDITED.get(status_of(error)[0], "")


def install(app: Starlette) -> None:
    """Handle everything that can be raised."""

    async def refused_by_rule(request: Request, error: Exception) -> Response:
        assert isinstance(error, errors.JinbangError)  # noqa: S101 - registered for this class
        status, text = status_of(error)
        _LOG.warning("%s %s refused: %s: %s", request.method, logs.hide(request.url.path), type(error).__name__, error)
        await audit.keep(request, reason_of(error))
        visit = getattr(request.state, "visit", None)
        admin = visit is not None and visit.admin is not None
        whole = next((said for kind, said in _FOR_OFFICE if admin and isinstance(error, kind)), None)
        if whole is not None:
            return page(request, status, whole)
        return page(request, status, text, detail=told(error) if admin else "")

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)  # noqa: S101
        _LOG.warning("%s %s refused with %s", request.method, logs.hide(request.url.path), error.status)
        await audit.keep(request, reason_of(error))
        return page(request, error.status, error.text)

    async def code_needed(request: Request, error: Exception) -> Response:
        return pages.go(CODE_PAGE) if request.method in ("GET", "HEAD") else page(request, 403, CODE_NEEDED)

    async def elsewhere(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Elsewhere)  # noqa: S101
        return pages.go(error.path)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        response = page(request, error.status_code)
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response

    async def many(request: Request, error: Exception) -> Response:
        assert isinstance(error, TooMany)  # noqa: S101
        return too_many(request, error)

    async def large(request: Request, error: Exception) -> Response:
        return page(request, 413)

    async def bug(request: Request, error: Exception) -> Response:
        _LOG.error("%s %s failed", request.method, logs.hide(request.url.path), exc_info=error)
        return page(request, 500)

    app.add_exception_handler(errors.JinbangError, refused_by_rule)
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(Elsewhere, elsewhere)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(CodeNeeded, code_needed)
    app.add_exception_handler(TooMany, many)
    app.add_exception_handler(TooLarge, large)
    app.add_exception_handler(Exception, bug)
