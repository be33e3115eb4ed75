"""How often somebody may do something, counted in the database: over restarts and over all processes.

Addresses are kept as keyed digests. What is older than a day is forgotten.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Literal

from models.edition import Grant
from models.store import Store
from rules import links
from tasks.installation import database, settings

Counted = Literal["wrong_link", "sign_in"]
"""What is counted per address: a link that opened nothing, a sign-in link asked for."""

_MINUTE = timedelta(minutes=1)


def wait_for(kind: Counted, address: str) -> int:
    """Seconds for which an address has to wait; 0 if it may go on. Counts nothing."""
    with database().read() as store:
        return _seconds(store, kind, _subject(kind, address), _MINUTE, settings().wrong_links_per_minute)


def count(kind: Counted, address: str) -> int:
    """Count one act of an address. Yields the seconds for which it has to wait instead; 0 if it was counted."""
    with database().write() as store:
        subject = _subject(kind, address)
        store.lock_subject(subject)
        wait = _seconds(store, kind, subject, _MINUTE, settings().wrong_links_per_minute)
        if not wait:
            store.count_hit(kind, subject)
        return wait


def count_for(store: Store, kind: str, grant: Grant, window: timedelta, most: int) -> int:
    """Count one act of a person, in the caller's transaction. Yields the seconds to wait instead; 0 if it was counted."""
    store.lock_grant(grant.id)
    wait = _seconds(store, kind, grant.id, window, most)
    if not wait:
        store.count_hit(kind, grant.id)
    return wait


def _seconds(store: Store, kind: str, subject: str, window: timedelta, most: int) -> int:
    hits = store.hits_since(kind, subject, store.real_now - window)
    if len(hits) < most:
        return 0
    # The oldest of the last `most` leaves the window first.
    return max(1, math.ceil((hits[-most] + window - store.real_now).total_seconds()))


def _subject(kind: str, address: str) -> str:
    return links.keyed(settings().secret_key, kind, address)
