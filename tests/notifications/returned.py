"""Reports of mail servers as they arrive: a notice to people, a part for programs, and the headers of what came back."""

from __future__ import annotations

import base64
import quopri

MAIL = "0b4f2f0e-5a0a-4a0b-9d6e-1f2a3b4c5d6e"


def a_report(
    mail: str = MAIL, to: str = "r01@example.org", *, action: str = "failed", status: str = "5.1.1", said: str = "550 5.1.1 no such user",
    passed_on_to: str = "", gives_back: str = "text/rfc822-headers", number: int = 1, message_id: str = "",
) -> bytes:  # fmt: skip
    """A report about one recipient.

    Args:
        mail: Id of our mail.
        to: The address that it was written to.
        action: `failed`, `delayed` …
        status: Such as 5.1.1.
        said: The server's words.
        passed_on_to: Where the address led to, if it led elsewhere.
        gives_back: The type of the part with the headers of our mail.
        number: Tells reports from each other.
        message_id: Of the mail that is given back, if it is none of ours.
    """
    final = passed_on_to or to
    original = f"Original-Recipient: rfc822;{to}\n" if passed_on_to == "" else ""
    back = message_id or f"<{mail}.v1@example.org>"
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: office@example.org
Subject: Undelivered Mail Returned to Sender
Message-Id: <{number}.returned@mx.example.org>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="=_back"

--=_back
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

您的邮件没有送达。

--=_back
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Mon, 1 Jun 2026 08:00:00 +0800

Final-Recipient: rfc822; {final.upper()}
{original}Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--=_back
Content-Type: {gives_back}

From: office@example.org
To: {to}
Subject: =?utf-8?b?6K+E5a6h6YKA6K+3?=
Message-ID:
 {back}

--=_back--
""".encode()


def a_global_report(
    mail: str = MAIL, to: str = "r01@example.org", *, original: str = "", encoding: str = "8bit", gives_back: str = "message/global-headers"
) -> bytes:
    """A report as RFC 6533 has it: addresses of the type `utf-8`, words in UTF-8, parts that may be encoded.

    Args:
        mail: Id of our mail.
        to: The address that it led to.
        original: The address that it was written to, as the server writes it; the same if left out.
        encoding: Of the part for programs and of what is given back: `8bit`, `base64` or `quoted-printable`.
        gives_back: The type of the part with our mail, or its headers.
    """
    stated = f"""Reporting-MTA: dns; mx.example.org
Arrival-Date: Mon, 1 Jun 2026 08:00:00 +0800

Original-Recipient: utf-8; {original or to}
Final-Recipient: utf-8; {to}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 没有这个用户
"""
    back = f"From: office@example.org\nTo: {to}\nSubject: 评审邀请\nMessage-ID:\n <{mail}.v1@example.org>\n"
    write = {"8bit": bytes, "base64": base64.encodebytes, "quoted-printable": quopri.encodestring}[encoding]
    parts = (("message/global-delivery-status", stated), (gives_back, back + ("\n您好\n" if gives_back == "message/global" else "")))
    head = b"""From: MAILER-DAEMON@mx.example.org
To: office@example.org
Message-Id: <1.returned@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=global-delivery-status; boundary="=_back"

--=_back
Content-Type: text/plain; charset=utf-8

-
"""
    rest = [
        f"--=_back\nContent-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n".encode() + write(text.encode()) + b"\n"
        for kind, text in parts
    ]
    return head + b"".join(rest) + b"--=_back--\n"
