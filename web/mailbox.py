"""The caught mails: only where no mail server is set up, and only for this machine or an admin."""

from __future__ import annotations

import re

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from models.errors import NotFound
from notifications.mailbox import Mailbox
from web import errors, guards, pages, visitors
from web.routes import Pages
from web.visitors import MaybeVisit

router = Pages()

_ON_A_PAGE = 50
_LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
_ADDRESS = re.compile(r"https?://[^\s<>\"'（）「」，。；、]+")
_HTML_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'self'; form-action 'none'; frame-ancestors 'self'"
)
_FRAME_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def _mailbox(request: Request, visit: MaybeVisit) -> Mailbox:
    settings = visitors.installed(request).settings
    if not settings.catches_mail:
        raise errors.Refused(404)
    if guards.address_of(request.scope) not in _LOOPBACK and (visit is None or visit.admin is None):
        raise errors.Refused(404)
    return Mailbox(settings.mailbox_dir)


@router.show("/mailbox")
def show_list(request: Request, visit: MaybeVisit) -> Response:
    """The newest mails first."""
    mailbox = _mailbox(request, visit)
    text = request.query_params.get("q", "")[:100]
    asked = text if text.isprintable() else ""
    number = request.query_params.get("page", "1")
    page = int(number) if number.isascii() and number.isdecimal() and 0 < len(number) < 7 else 1
    page = max(1, page)
    count = mailbox.count(query=asked or None)
    mails = mailbox.messages(limit=_ON_A_PAGE, offset=(page - 1) * _ON_A_PAGE, query=asked or None)
    return pages.render(request, "mailbox.html", mails=mails, asked=asked, page=page, count=count, pages=-(-count // _ON_A_PAGE))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise NotFound("no such mail", zh="没有这封邮件")
    return int(text)


@router.show("/mailbox/{mail_id}")
def show_mail(request: Request, visit: MaybeVisit, mail_id: str) -> Response:
    """One mail: its head, its designed form, and its text with clickable links."""
    message = _mailbox(request, visit).get(_number(mail_id))
    response = pages.render(request, "mail.html", mail=message, text=clickable(message.text))
    response.headers["Content-Security-Policy"] = _FRAME_POLICY
    return response


@router.show("/mailbox/{mail_id}/html")
def show_html(request: Request, visit: MaybeVisit, mail_id: str) -> Response:
    """The designed form alone, in a sandbox: its links open in a new window, nothing of it can run."""
    message = _mailbox(request, visit).get(_number(mail_id))
    return HTMLResponse(_with_base(message.html), headers={"Content-Security-Policy": _HTML_POLICY})


@router.show("/mailbox/{mail_id}/files/{position}")
def show_attachment(request: Request, visit: MaybeVisit, mail_id: str, position: str) -> Response:
    """One attachment, as a download."""
    message = _mailbox(request, visit).get(_number(mail_id))
    number = _number(position)
    if number >= len(message.attachments):
        raise NotFound("no such attachment", zh="没有这个附件")
    file = message.attachments[number]
    suffix = re.sub(r"[^A-Za-z0-9.]", "", file.name[file.name.rfind(".") :]) if "." in file.name else ""
    headers = {"Content-Disposition": f'attachment; filename="mail-{mail_id}-{number + 1}{suffix}"', "Content-Security-Policy": "sandbox"}
    return Response(file.content, media_type=file.media_type, headers=headers)


def clickable(text: str) -> Markup:
    """A text with its addresses as links."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = found.group().rstrip(".,;:!?)")
        parts += [escape(text[end : found.start()]), Markup('<a href="{0}">{0}</a>').format(address)]
        end = found.start() + len(address)
    return Markup("").join([*parts, escape(text[end:])])


def _with_base(html: str) -> str:
    base = '<base target="_blank">'
    head = re.search(r"<head[^>]*>", html, re.IGNORECASE)
    return html[: head.end()] + base + html[head.end() :] if head else base + html
