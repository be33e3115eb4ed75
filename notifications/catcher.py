"""A mail server that delivers nothing and keeps everything, for rehearsals, demonstrations and tests.

Alone: `python -m notifications.catcher --folder mailbox --port 2525`. It listens on this machine only.
"""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sqlite3
import threading
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.policy import compat32
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from notifications.addresses import one_line
from notifications.mailbox import SCHEMA, Caught, CaughtMessage, Mailbox, mailbox_file

__all__ = ["Catcher", "Caught", "CaughtMessage", "Mailbox"]

_LARGEST = 64 * 1024 * 1024
_HEADERS = BytesHeaderParser(policy=compat32)


class Catcher:
    """The server, in a thread of its own.

    Args:
        folder: where `mailbox.db` lies; made if it is missing.
        host: address to listen on.
        port: 0 = any free one, see `port` after `start`.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        self._folder, self.host, self._asked_port = folder, host, port
        self._controller: _Listener | None = None
        self._keeper: _Keeper | None = None

    @property
    def port(self) -> int:
        """The port on which it listens; RuntimeError before `start`."""
        if self._controller is None:
            raise RuntimeError("the mail catcher has not been started")
        return int(self._controller.port)

    def start(self) -> None:
        """Listen; returns when mails can come. OSError if the port is taken."""
        taken = socket.create_server((self.host, self._asked_port), family=socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        self._keeper = _Keeper(self._folder)
        self._controller = _Listener(self._keeper, taken)
        self._controller.start()

    def stop(self) -> None:
        """Stop listening; what was caught stays."""
        if self._controller is not None and self._keeper is not None:
            self._controller.stop()
            self._keeper.close()
        self._controller = self._keeper = None

    def __enter__(self) -> Catcher:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Keeper:
    """Writes each message in its own transaction before the server says 250."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        file = mailbox_file(folder)
        file.touch(mode=0o600)  # the mails hold personal links
        self._connection = sqlite3.connect(file, isolation_level=None, timeout=30, check_same_thread=False)
        # OFF: a killed process loses nothing, and a power cut may take caught mails with it.
        self._connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {SCHEMA}")

    def close(self) -> None:
        self._connection.close()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by the server for each message."""
        raw = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        headers = _HEADERS.parsebytes(raw.partition(b"\r\n\r\n")[0])
        row = (
            datetime.now(UTC).isoformat(),
            envelope.mail_from or "",
            ", ".join(envelope.rcpt_tos),
            *(_readable(headers.get(name, "")) for name in ("From", "To", "Subject", "Date", "Message-ID")),
            raw,
        )
        self._connection.execute(
            "INSERT INTO caught (received_at, mail_from, rcpt_to, sender, recipient, subject, date, message_id, raw)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        return "250 Kept"


class _Listener(Controller):
    """A controller on a socket that is bound already, so that the port is known and taken at once."""

    def __init__(self, handler: _Keeper, bound: socket.socket) -> None:
        host, port = bound.getsockname()[:2]
        super().__init__(
            handler, hostname=host, port=port, server_hostname="catcher.invalid", ident="mail catcher", data_size_limit=_LARGEST
        )
        self._bound = bound

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._bound)


def _readable(header: str) -> str:
    try:
        return one_line(str(make_header(decode_header(str(header)))))
    except (ValueError, LookupError):
        return one_line(str(header))


def main(arguments: list[str] | None = None) -> int:
    """Catch mails until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m notifications.catcher", description="Keep every mail, deliver none.")
    parser.add_argument("--folder", type=Path, required=True, help="where mailbox.db lies")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2525)
    options = parser.parse_args(arguments)
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    finished = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: finished.set())
    try:
        with Catcher(options.folder, options.host, options.port) as catcher:
            print(f"catching mails on {catcher.host}:{catcher.port}, kept in {mailbox_file(options.folder)}", flush=True)
            finished.wait()
    except OSError as error:
        print(f"cannot catch mails on {options.host}:{options.port}: {error}; choose another --port")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
