"""A virus scanner for tests: speaks clamd's INSTREAM, finds the test virus, and can fall silent, hang up or refuse long files."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Literal

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The harmless text that every scanner calls a virus; in two parts, so that no scanner stops at this file."""
Mood = Literal["works", "hangs_up", "silent"]


class Scanner:
    """Answers one connection after the other in a thread of its own."""

    def __init__(self, address: Path | None = None, *, most: int = 1 << 30) -> None:
        self.mood: Mood = "works"
        self.seen: list[bytes] = []
        """What it was sent."""
        self._most = most
        self._socket = socket.socket(socket.AF_UNIX if address else socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind(str(address) if address else ("127.0.0.1", 0))
        self._socket.listen()
        self.setting = f"unix:{address}" if address else f"tcp:127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Be down from now on."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                line, _address = self._socket.accept()
            except OSError:
                return
            with line:
                try:
                    self._answer(line)
                except OSError:
                    continue

    def _answer(self, line: socket.socket) -> None:
        if self.mood == "hangs_up":
            return
        stream = line.makefile("rb")
        with stream:
            command = b""
            while not command.endswith(b"\0"):
                if not (piece := stream.read(1)):
                    return
                command += piece
            if command == b"zVERSION\0":
                line.sendall(b"ClamAV 1.4.3/27700/Tue Jul 15 08:00:00 2025\0")
                return
            assert command == b"zINSTREAM\0"
            content = b""
            while length := int.from_bytes(stream.read(4)):
                content += stream.read(length)
                if len(content) > self._most:
                    line.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                    return
            self.seen.append(content)
            if self.mood == "silent":
                line.recv(1)
                return
            line.sendall(b"stream: Win.Test.EICAR_HDB-1 FOUND\0" if EICAR in content else b"stream: OK\0")
