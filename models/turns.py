"""A line before the lock of an SQLite database, so that everybody who wants to write comes to it.

SQLite lets who waits for its lock look again at ever longer intervals. Between the transactions of somebody who writes one after
the other it is free for some microseconds only, and others look in vain until they give up: the engine beside a web process on
the evening of a deadline. Here a place is held from the moment somebody wants the lock until they have it: whoever has just
written finds the place taken and waits, while the lock comes free.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 10.0
"""Seconds after which somebody goes for the lock out of turn: a process that was halted in its place must not halt all others."""
BRIEFLY = 0.1
"""Seconds that somebody waits who found that before, until the place is free again: else each transaction would wait so long."""
LOOKS_AGAIN = 0.002
"""Seconds between two looks whether the place is free; far less than a transaction with its wait for the disk."""


class Turns:
    """The line before one database file, for all threads and processes of this machine. Safe to share between threads."""

    def __init__(self, path: str) -> None:
        """Open nothing yet.

        Args:
            path: The database file; the place is a file beside it that ends in `-turn` and stays empty.
        """
        self._path = f"{os.path.realpath(path)}-turn"  # one line, by whatever link a process comes to the database
        self._among_threads = threading.Lock()
        self._file: int | None = None
        self._passed = False

    @contextmanager
    def next(self) -> Iterator[None]:
        """Hold the place in front of the lock; to be left as soon as the lock is there. It is gone with the process that holds it."""
        patience = BRIEFLY if self._passed else PATIENCE
        until = time.monotonic() + patience
        mine = self._among_threads.acquire(timeout=patience)
        try:
            held = mine and self._take(until)
            try:
                yield
            finally:
                if held and self._file is not None:
                    fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            if mine:
                self._among_threads.release()

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        with self._among_threads:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _take(self, until: float) -> bool:
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDONLY | os.O_CREAT, 0o666)
            while True:
                try:
                    fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._passed = False
                    return True
                except BlockingIOError:
                    if time.monotonic() > until:
                        self._passed = True
                        return False
                    time.sleep(LOOKS_AGAIN)
        except OSError:  # no such file can be had here; SQLite's own waiting must do, and tells what is wrong with the folder
            return False
