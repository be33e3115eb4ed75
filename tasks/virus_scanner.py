"""Asks ClamAV about a file, over its socket. The protocol is twenty lines; why it is our own stands in docs/decisions/0014-files.md."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from models.submitting import Scan
from tasks.installation import settings

_PIECE = 1 << 17
_LONGEST_ANSWER = 4096


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scanner said."""

    scan: Scan
    """`not_scanned` where there is no scanner, or where it did not answer."""
    said: str
    """Name of the virus, or why there is no answer."""
    passed: bool
    """Whether the file may be kept: it is clean, or the installation has no scanner."""


def examine(path: Path) -> Verdict:
    """Let the scanner look at a file. A scanner that is down passes nothing, and raises nothing."""
    address = settings().clamav
    if not address:
        return Verdict("not_scanned", "", passed=True)
    try:
        answer = _ask(address, path, settings().clamav_seconds)
    except OSError as error:
        return Verdict("not_scanned", f"the scanner is down: {error.strerror or type(error).__name__}", passed=False)
    if answer == "OK":
        return Verdict("clean", "", passed=True)
    if answer.endswith(" FOUND"):
        return Verdict("infected", answer.removesuffix(" FOUND"), passed=False)
    return Verdict("not_scanned", f"the scanner refused: {answer or 'it hung up'}", passed=False)


def _ask(address: str, path: Path, seconds: float) -> str:
    """Send a file as INSTREAM wants it: pieces with their length before them, and a length of zero at the end."""
    with _connect(address, seconds) as line, path.open("rb") as file:
        try:
            line.sendall(b"zINSTREAM\0")
            while piece := file.read(_PIECE):
                line.sendall(len(piece).to_bytes(4) + piece)
            line.sendall(bytes(4))
        except (BrokenPipeError, ConnectionResetError):
            pass  # too large for it: it has said so and hung up
        return _heard(line).removeprefix("stream: ").strip()


def greet() -> str:
    """Ask the scanner whether it is there; yields what it calls itself.

    Raises:
        OSError: it is not.
    """
    with _connect(settings().clamav, settings().clamav_seconds) as line:
        line.sendall(b"zVERSION\0")
        return _heard(line)


def _heard(line: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER and (more := line.recv(_LONGEST_ANSWER)):
        answer += more
    return answer.rstrip(b"\0").decode("utf-8", "replace")


def _connect(address: str, seconds: float) -> socket.socket:
    kind, _, place = address.partition(":")
    if kind == "tcp":
        host, _, port = place.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=seconds)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(seconds)
    try:
        line.connect(place)
    except OSError:
        line.close()
        raise
    return line
