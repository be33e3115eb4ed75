"""From an outbox row to a message: the same row, link and attachments give the same bytes, however often it is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import TemplateError

from models.edition import Mail
from models.errors import DeclarationError, Fault, InputError
from notifications import addresses, delivery_reports, texts
from notifications.header_policy import MAIL_POLICY
from notifications.kinds import LOCALES, MAIL_KINDS, PARTS, Attachment
from notifications.texts import check_templates, missing_templates

__all__ = ["Attachment", "check_templates", "missing_templates", "render"]

_THREE_BREAKS = re.compile(r"\n{3,}")
_TRANSFER = {"zh_CN": "base64", "en": "quoted-printable"}
_LANGUAGE = {"zh_CN": "zh-CN", "en": "en"}


def render(mail: Mail, *, link: str | None, base_url: str, sender: str, zone: str, attachments: Sequence[Attachment] = ()) -> EmailMessage:
    """The message for one recipient.

    Args:
        mail: the outbox row.
        link: the recipient's personal link; not used by mails that lead to a public page.
        base_url: address of the installation, without a slash at the end; the link must lie below it.
        sender: `name@example.org` or `Award Office <name@example.org>`.
        zone: name of the time zone in which times are shown.
        attachments: files, such as the shortlist.

    Raises:
        InputError: an address is not exactly one address, or the link is missing or leads elsewhere.
        DeclarationError: the template is unknown, or asks for a value that the row does not hold.
    """
    kind, locale = MAIL_KINDS.get(mail.template), mail.locale
    if kind is None or locale not in LOCALES:
        raise DeclarationError([Fault(f"there is no mail {mail.template!r} in {locale!r}", f"languages: {', '.join(LOCALES)}")])
    address = addresses.sender_address(sender)
    values = {name: _for_locale(value, locale) for name, value in mail.params.items()} | {
        "to_name": addresses.one_line(mail.to_name),
        "link": _link(mail, link, base_url.rstrip("/")),
        "personal": kind.page is None,
        "locale": locale,
        "zone": zone,
        "created": mail.created_at.isoformat(),
        "contact": address.addr_spec,
    }
    try:
        subject, text, html = (texts.fill(mail.template, locale, part, values) for part in PARTS)
    except TemplateError as error:
        raise DeclarationError(
            [Fault(f"mail {mail.id}: {error.message}", file=f"notifications/templates/{mail.template}/{locale}")]
        ) from error

    message = EmailMessage(policy=MAIL_POLICY)
    message["From"] = str(address)
    message["To"] = str(addresses.named_address(mail.to_name, mail.to_address))
    message["Subject"] = addresses.one_line(subject)
    message["Date"] = format_datetime(mail.created_at.astimezone(ZoneInfo(zone)))
    message["Message-ID"] = delivery_reports.message_id(mail.id, address.domain)
    message["Auto-Submitted"] = "auto-generated"
    _write_body(message, mail.id, _tidy(text), html, _TRANSFER[locale], attachments)
    message["Content-Language"] = _LANGUAGE[locale]
    return message


def _write_body(message: EmailMessage, mail_id: str, text: str, html: str, transfer: str, attachments: Sequence[Attachment]) -> None:
    """Text, then HTML, then files, with boundaries that a second rendering repeats."""
    boundary = "=_" + hashlib.sha256(mail_id.encode()).hexdigest()[:24]
    message.set_content(text, cte=transfer)
    message.add_alternative(html, subtype="html", cte=transfer)
    message.set_boundary(boundary + ".a")
    for one in attachments:
        main, _, sub = one.media_type.partition("/")
        name = addresses.one_line(one.name).replace("/", "_")
        message.add_attachment(one.content, maintype=main, subtype=sub or "octet-stream", filename=name)
    if attachments:
        message.set_boundary(boundary + ".m")


def _link(mail: Mail, link: str | None, base_url: str) -> str:
    page = MAIL_KINDS[mail.template].page
    if page is not None:
        return base_url + page.format(edition=mail.edition)
    if link is None:
        raise InputError([Fault(f"mail {mail.id} ({mail.template}) carries a personal link, and none was given", "issue a link first")])
    if not link.startswith(f"{base_url}/") or not link.isascii() or any(char in link for char in " \"'<>&\\") or not link.isprintable():
        raise InputError([Fault(f"the link of mail {mail.id} does not lie below {base_url}", "check JINBANG_BASE_URL")])
    return link


def _for_locale(value: Any, locale: str) -> Any:
    """Plain values only; texts are cleaned, and a text in two languages becomes the one that is asked for."""
    if isinstance(value, str):
        return addresses.plain(value)
    if isinstance(value, Mapping):
        if set(value) == {"zh", "en"}:
            return addresses.plain(value["zh" if locale.startswith("zh") else "en"])
        return {str(name): _for_locale(one, locale) for name, one in value.items()}
    if isinstance(value, Sequence):
        return [_for_locale(one, locale) for one in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    raise DeclarationError(f"a mail's parameters are plain values; {type(value).__name__} is none")


def _tidy(text: str) -> str:
    """One empty line between paragraphs, none at the ends, no spaces at line ends."""
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _THREE_BREAKS.sub("\n\n", lines).strip("\n") + "\n"
