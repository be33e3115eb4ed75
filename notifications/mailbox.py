"""Reading what the mail catcher has kept; many processes may read while it writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast

from models.errors import NotFound
from notifications.kinds import Attachment

SCHEMA = """
CREATE TABLE IF NOT EXISTS caught (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL, mail_from TEXT NOT NULL, rcpt_to TEXT NOT NULL,
    sender TEXT NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL, date TEXT NOT NULL, message_id TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS caught_rcpt_to ON caught (rcpt_to COLLATE NOCASE);
"""
_LISTED = "id, received_at, mail_from, rcpt_to, sender, recipient, subject, date, message_id"


def mailbox_file(folder: Path) -> Path:
    """The file in which mails are kept."""
    return folder / "mailbox.db"


@dataclass(frozen=True, slots=True)
class Caught:
    """One line of the list of mails."""

    id: int
    received_at: str
    """ISO time."""
    mail_from: str
    """Sender of the envelope."""
    rcpt_to: str
    """Recipient of the envelope; several are parted by commas."""
    sender: str
    """The From header."""
    recipient: str
    """The To header."""
    subject: str
    date: str
    message_id: str


@dataclass(frozen=True, slots=True)
class CaughtMessage:
    """One mail, opened."""

    head: Caught
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    raw: bytes


class Mailbox:
    """The mails in a folder, newest first. A folder in which nothing was caught yet is an empty mailbox."""

    def __init__(self, folder: Path) -> None:
        self._file = mailbox_file(folder)

    def messages(self, limit: int = 50, offset: int = 0, to: str | None = None, query: str | None = None) -> list[Caught]:
        """A page of the list: all, or those to one address, or those whose subject, sender or recipient holds `query`."""
        where, values = _condition(to, query)
        with self._open() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                f"SELECT {_LISTED} FROM caught WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?", [*values, limit, offset]
            )
            return [Caught(*row) for row in rows]

    def count(self, to: str | None = None, query: str | None = None) -> int:
        """How many mails `messages` would list in all."""
        where, values = _condition(to, query)
        with self._open() as connection:
            if connection is None:
                return 0
            return int(connection.execute(f"SELECT count(*) FROM caught WHERE {where}", values).fetchone()[0])

    def get(self, message_id: int) -> CaughtMessage:
        """One mail by its number in the list.

        Raises:
            NotFound: there is no such mail.
        """
        with self._open() as connection:
            row = connection and connection.execute(f"SELECT {_LISTED}, raw FROM caught WHERE id = ?", [message_id]).fetchone()
        if not row:
            raise NotFound(f"there is no mail {message_id} in the mailbox", zh="邮箱中没有这封邮件")
        return _opened(Caught(*row[:-1]), row[-1])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | None]:
        if not self._file.exists():
            yield None
            return
        connection = sqlite3.connect(self._file, timeout=30, isolation_level=None)
        try:
            # A reader may be faster than the catcher that has just made the file.
            made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'caught'").fetchone()
            yield connection if made else None
        finally:
            connection.close()


def _condition(to: str | None, query: str | None) -> tuple[str, list[str]]:
    parts, values = ["1"], []
    if to:
        parts.append("rcpt_to = ? COLLATE NOCASE")
        values.append(to)
    if query:
        parts.append("(instr(lower(subject), lower(?)) OR instr(lower(sender), lower(?)) OR instr(lower(recipient), lower(?)))")
        values += [query] * 3
    return " AND ".join(parts), values


def _opened(head: Caught, raw: bytes) -> CaughtMessage:
    message = message_from_bytes(raw, policy=default)
    text, html = (_body(message, kind) for kind in ("plain", "html"))
    files = tuple(
        Attachment(part.get_filename() or "attachment", part.get_content_type(), cast(bytes, part.get_payload(decode=True) or b""))
        for part in message.iter_attachments()
    )
    return CaughtMessage(head, text, html, files, raw)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError):
        return cast(bytes, part.get_payload(decode=True) or b"").decode("utf-8", "replace").replace("\r\n", "\n")
