"""Named points at which a test may kill, fail or stall this process: `JINBANG_FAILPOINTS=scoring.draw.before:kill@2`.

Without that variable a failpoint costs one comparison and does nothing.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter

_ORDERS = dict(order.split(":", 1) for order in filter(None, os.environ.get("JINBANG_FAILPOINTS", "").split(",")))
_TRACE = os.environ.get("JINBANG_FAILPOINT_TRACE")
_SEEN: Counter[str] = Counter()


class InjectedFailure(RuntimeError):
    """Raised by a failpoint that was told to."""


def failpoint(name: str) -> None:
    """Do what the environment orders for this point, if anything.

    Orders: `kill` (SIGKILL, as a power cut would), `raise`, `stall` (30 s); `@n` means the n-th pass, the first if left out.
    """
    if not _ORDERS and not _TRACE:
        return
    _SEEN[name] += 1
    if _TRACE:
        with open(_TRACE, "a", encoding="utf-8") as trace:
            trace.write(f"{name}@{_SEEN[name]}\n")
    order, _, nth = _ORDERS.get(name, "").partition("@")
    if not order or _SEEN[name] != int(nth or 1):
        return
    if order == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif order == "stall":
        time.sleep(30)
    elif order == "raise":
        raise InjectedFailure(name)
