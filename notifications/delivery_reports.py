"""Reports of mail servers that a mail could not be delivered, and by which of our mails they are about.

They are written as RFC 3464 says, or as RFC 6533 does where addresses are not ASCII.

Anybody can send such a report. What makes one believable is the Message-ID of our mail in it: it is random, and who has not had the
mail, or carried it, does not know it. An address alone proves nothing.
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from email.policy import compat32

from models.errors import Fault, InputError
from notifications import addresses

_OURS = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.v1@[^<>@\s]+>")
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})")
_REPORTS = ("delivery-status", "global-delivery-status")
_PARTS = re.compile(rb"(?im)^(content-type:\s*)message/((?:global-)?delivery-status|global(?:-headers)?)(?=[\s;]|$)")
_STATED = frozenset({"text/x-delivery-status", "text/x-global-delivery-status"})
"""Parts for programs. They are read as texts: Python's reader knows the older one only, and lets none be encoded, as RFC 6533 does."""
_RETURNED = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "text/x-global", "text/x-global-headers"})
"""Parts in which a server gives back the mail, or its headers."""
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_POINT = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
"""A character of an address as RFC 6533 writes it in ASCII."""
_WORDS = 400
"""Characters of a server's explanation that are kept."""
_UNREADABLE = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What Python's reader of mails raises where headers contradict each other, or parts lie within parts without end."""


def message_id(mail: str, domain: str) -> str:
    """The Message-ID under which one of our mails goes out, in every copy the same."""
    return f"<{mail}.v1@{domain}>"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a report says of one recipient."""

    recipients: tuple[str, ...]
    """Under which addresses the server knows the recipient, as `comparable` writes them: as it was written, and where it led to."""
    action: str
    """`failed`, `delayed`, `delivered`, `relayed` or `expanded`."""
    status: str
    """Such as 5.1.1; empty if there is none."""
    said: str
    """The server's own words, on one line."""

    @property
    def for_good(self) -> bool:
        """Whether trying again is of no use."""
        return self.action == "failed" and self.status.startswith("5.")


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """One report."""

    code: str
    """SHA-256 of what makes it this report, whichever way it came here: its own Message-ID, our mail, and what it says."""
    mail: str | None
    """Id of our mail; None if the report gives back none that could be ours."""
    failures: tuple[Failure, ...]


def comparable(address: str) -> str:
    """An address in lower case with an ASCII domain, so that 例子.公司 and its xn-- form are one; what is no address as it is."""
    try:
        return addresses.one_address(address).lower()
    except InputError:
        return address.lower()


def read(content: bytes) -> DeliveryReport | None:
    """Read a message; None if it is no report about a delivery, such as an answer from a person or from an absence assistant.

    Raises:
        InputError: it is a report, or looks like one, and cannot be read.
    """
    try:
        return _read(content)
    except _UNREADABLE:
        raise InputError([Fault("it is put together as no mail is", "leave it out; no mail server writes such reports")]) from None


def _read(content: bytes) -> DeliveryReport | None:
    message = message_from_bytes(_PARTS.sub(rb"\1text/x-\2", content), policy=compat32)
    if not message.keys():
        raise InputError([Fault("it has no header, so it is no mail", "give the mail as it was received, with all its headers")])
    if message.get_content_type() != "multipart/report" or _parameter(message, "report-type") not in _REPORTS:
        return None
    parts = _inside(message)
    told = _told(parts)
    if not told:
        raise InputError([Fault("it is a delivery report that names no recipient", "it was cut off; take it from the mailbox again")])
    mail = _our_mail(parts)
    what = "\n".join(
        [_text(message, "Message-ID"), mail or "", *(f"{one.recipients} {one.action} {one.status} {one.said}" for one in told)]
    )
    return DeliveryReport(hashlib.sha256(what.encode("utf-8", "replace")).hexdigest(), mail, told)


def _told(parts: list[Message]) -> tuple[Failure, ...]:
    """What is said of each recipient; nothing if the part that says it is missing."""
    for part in parts:
        if part.get_content_type() in _STATED:
            text = _decoded(part).decode("utf-8", "replace").replace("\r\n", "\n").strip()
            blocks = [message_from_string(f"{one}\n\n", policy=compat32) for one in _EMPTY_LINES.split(text)]
            # The first block is about the whole mail, and has no recipient.
            return tuple(_failure(one) for one in blocks if one.get("Final-Recipient") or one.get("Original-Recipient"))
    return ()


def _failure(block: Message) -> Failure:
    named = (_address(_text(block, name)) for name in ("Original-Recipient", "Final-Recipient"))
    status = _STATUS.match(_text(block, "Status"))
    kind, _, words = _text(block, "Diagnostic-Code").partition(";")
    said = words if words else kind
    return Failure(
        tuple(dict.fromkeys(one for one in named if one)),
        _text(block, "Action").lower(),
        status[1] if status else "",
        " ".join(said.split())[:_WORDS],
    )


def _address(field: str) -> str:
    """The address in `rfc822; name@example.org` or `utf-8; 姓名@example.org`."""
    kind, _, text = field.partition(";") if ";" in field else ("", "", field)
    text = _POINT.sub(_point, text) if kind.strip().lower() == "utf-8" else text
    return comparable(text.strip().strip("<>"))


def _point(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if code <= sys.maxunicode and chr(code).isprintable() else found[0]


def _our_mail(parts: list[Message]) -> str | None:
    for part in parts:
        if part.get_content_type() in _RETURNED:
            found = _OURS.fullmatch(_text(_headers(part), "Message-ID"))
            if found:
                return found[1]
    return None


def _inside(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _headers(part: Message) -> Message:
    """The headers of a mail that was given back, whole or without its text."""
    if part.is_multipart():
        return next(iter(_inside(part)), Message())
    return message_from_bytes(_decoded(part), policy=compat32)


def _decoded(part: Message) -> bytes:
    """The content of a part that holds no others."""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _parameter(message: Message, name: str) -> str:
    found = message.get_param(name)
    return found.strip().lower() if isinstance(found, str) else ""


def _text(message: Message, name: str) -> str:
    """A header on one line; empty if there is none. Characters that are no text are shown as such, those that steer a screen left out."""
    text = str(message.get(name, ""))
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
