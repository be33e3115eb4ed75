"""How fast mails may go, and how long one waits before it is tried again."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

_WINDOW = 60.0
"""Seconds in which a limit counts."""
BACKOFF_MINUTES = (1, 5, 15, 60, 240)
BACKOFF_SPREAD = 0.2


def backoff(attempt: int, mail_id: str, *, minutes: Sequence[float] = BACKOFF_MINUTES, spread: float = BACKOFF_SPREAD) -> timedelta:
    """How long to wait after the `attempt`-th try (from 1) has been deferred.

    The wait differs by up to `spread` from mail to mail, so that a full queue does not come back in one
    moment; for one mail and try it is always the same.
    """
    step = minutes[min(max(attempt, 1), len(minutes)) - 1]
    digest = hashlib.sha256(f"{mail_id}:{attempt}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / (2**64 - 1)
    return timedelta(minutes=step * (1 - spread + 2 * spread * share))


class RateLimiter:
    """At most so many mails in any sixty seconds, in all and per domain of the recipient.

    Args:
        per_minute_global: for all mails together; None or 0 = no limit.
        per_minute_domain: for each domain; None or 0 = no limit.
        clock: seconds that never run backwards.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        per_minute_global: int | None = None,
        per_minute_domain: int | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._limits = (per_minute_global or 0, per_minute_domain or 0)
        self._clock, self._sleep = clock, sleep
        self._all: deque[float] = deque()
        self._domains: dict[str, deque[float]] = {}

    def delay(self, address: str) -> float:
        """Seconds until a mail to this address may go; 0 = now. A sender looks for another mail meanwhile."""
        now, (most, most_domain) = self._clock(), self._limits
        return max(_wait(self._all, most, now), _wait(self._domains.get(_domain(address), deque()), most_domain, now))

    def take(self, address: str) -> bool:
        """Count a mail to this address if it may go now; False, and nothing counted, if it may not."""
        if self.delay(address) > 0:
            return False
        now, (most, most_domain) = self._clock(), self._limits
        if most:
            self._all.append(now)
        if most_domain:
            self._domains.setdefault(_domain(address), deque()).append(now)
            self._forget(now)
        return True

    async def acquire(self, address: str) -> None:
        """Wait until a mail to this address may go, and count it."""
        while not self.take(address):
            await self._sleep(self.delay(address))

    def _forget(self, now: float) -> None:
        stale = [domain for domain, times in self._domains.items() if times[-1] <= now - _WINDOW]
        for domain in stale:
            del self._domains[domain]


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _wait(times: deque[float], most: int, now: float) -> float:
    while times and times[0] <= now - _WINDOW:
        times.popleft()
    if not most or len(times) < most:
        return 0.0
    return times[0] + _WINDOW - now
