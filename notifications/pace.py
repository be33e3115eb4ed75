"""How fast mails may go, and how long one waits before it is tried again. Pure: what was sent, and the time, come in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)
"""The time in which a limit counts."""
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


def wait_for(
    address: str, recent: Sequence[tuple[str, datetime]], now: datetime, *, per_minute: int, per_minute_and_domain: int
) -> timedelta:
    """How long a mail to an address must wait, so that no minute holds more than the limits.

    Args:
        address: The recipient.
        recent: Address and moment of what was put on the wire within the last minute, oldest first, by all senders.
        now: The moment.
        per_minute: Mails in all; 0 = no limit.
        per_minute_and_domain: Mails to one domain; 0 = no limit.
    """
    near = [moment for other, moment in recent if _domain(other) == _domain(address)]
    return max(_wait([moment for _, moment in recent], per_minute, now), _wait(near, per_minute_and_domain, now))


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _wait(moments: Sequence[datetime], most: int, now: datetime) -> timedelta:
    inside = [moment for moment in moments if moment > now - WINDOW]
    if not most or len(inside) < most:
        return timedelta()
    return inside[len(inside) - most] + WINDOW - now
