"""Names, subjects and addresses as they may stand in a mail: one recipient, no line of their own."""

from __future__ import annotations

import unicodedata
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from functools import lru_cache

from models.errors import Fault, InputError

_INVISIBLE = frozenset("\u00ad\u061c\u115f\u1160\u180e\u3164\ufeff\ufff9\ufffa\ufffb") | {
    chr(code) for code in (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))
}
"""Zero-width and bidirectional characters: they make one name look like another."""
_BREAKS = frozenset("\r\n\t\v\f\x1c\x1d\x1e\x85\u2028\u2029")


def one_line(text: str) -> str:
    """A text without line breaks, control, zero-width and bidirectional characters; runs of spaces become one."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join(_visible(" " if char in _BREAKS else char for char in text).split())


def plain(text: str) -> str:
    """As `one_line`, but line feeds stay: for texts in the body of a mail."""
    if text.isprintable() and not _INVISIBLE.intersection(text):
        return text
    return _visible("\n" if char in "\u2028\u2029\x85" else char for char in text.replace("\r\n", "\n"))


def _visible(chars: object) -> str:
    kept = (char for char in chars if char not in _INVISIBLE)  # type: ignore[attr-defined]
    return "".join(char for char in kept if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs"))


@lru_cache(maxsize=4096)
def one_address(text: str) -> str:
    """The one address that a text holds, with an ASCII domain.

    Raises:
        InputError: it is no address, more than one, or one that a mail server would not take.
    """
    bare = text.strip()
    try:
        if not bare.isprintable() or any(char in _INVISIBLE or char in ' ,;:<>()[]"\\' for char in bare):
            raise ValueError("it holds characters that no address may hold")
        local, at, domain = bare.rpartition("@")
        if not (local and at and domain) or "@" in local:
            raise ValueError("expected one name@domain")
        if not local.isascii():
            raise ValueError("the part before @ must be plain ASCII")
        ascii_domain = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
        return Address(addr_spec=f"{local}@{ascii_domain}").addr_spec
    except (ValueError, IndexError, MessageError) as error:
        remedy = "give exactly one address, such as name@example.org"
        raise InputError([Fault(f"{one_line(text)[:80]!r} is not an e-mail address: {error}", remedy, field="address")]) from None


def named_address(name: str, address: str) -> Address:
    """A display name and an address, as one header value.

    Raises:
        InputError: as `one_address`.
    """
    return Address(display_name=one_line(name)[:120], addr_spec=one_address(address))


@lru_cache(maxsize=32)
def sender_address(sender: str) -> Address:
    """The sender as the settings give it: `name@example.org` or `Award Office <name@example.org>`.

    Raises:
        InputError: as `one_address`.
    """
    if "<" not in sender:
        return named_address("", sender)
    name, address = parseaddr(one_line(sender))
    return named_address(name, address or sender)
