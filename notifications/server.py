"""The mail server as the settings name it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from models.errors import Fault, InputError

Tls = Literal["none", "starttls", "tls"]
_PORTS: dict[Tls, int] = {"none": 25, "starttls": 587, "tls": 465}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed over."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls = "none"
    """`parse_smtp_url` chooses a safe one; a password never goes unencrypted to another machine."""

    def __post_init__(self) -> None:
        if self.tls == "none" and self.password and self.host not in _LOOPBACK:
            raise _bad_url("it would send the password unencrypted; use tls=starttls")


def parse_smtp_url(url: str) -> SmtpServer:
    """Read `smtp://user:password@host:587?tls=starttls`; special characters in the password are %-encoded.

    Without `tls`, `smtps://` means TLS from the start, and `smtp://` means STARTTLS, or none on this machine.

    Raises:
        InputError: it is no such address, or would send a password unencrypted. The message never shows the password.
    """
    try:
        parts = urlsplit(url.strip())
        host, port, asked = parts.hostname, parts.port, parse_qs(parts.query).get("tls")
    except ValueError:
        raise _bad_url("it cannot be read") from None
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/"):
        raise _bad_url("it must look like smtp://host:port")
    usual = "tls" if parts.scheme == "smtps" else "none" if host in _LOOPBACK else "starttls"
    tls = asked[-1] if asked else usual
    if tls not in _PORTS or (parts.scheme == "smtps" and tls != "tls"):
        raise _bad_url("tls must be none, starttls or tls, and tls with smtps://")
    username, password = (unquote(text) if text else None for text in (parts.username, parts.password))
    return SmtpServer(host, port or _PORTS[tls], username, password, tls)


def _bad_url(what: str) -> InputError:
    remedy = "write smtp://user:password@mail.example.org:587?tls=starttls"
    return InputError([Fault(f"the address of the mail server is not usable: {what}", remedy, field="JINBANG_SMTP_URL")])
