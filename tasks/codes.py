"""The mailed code that a browser types after entering by a link, where the stage asks for it (`link_code`).

Eight digits, bound to one visit, kept as a keyed hash. Tries and sends are counted in the database.
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from datetime import timedelta
from typing import Literal

from models.edition import Visit
from models.errors import NotAllowed
from models.store import Store
from rules import links
from tasks import access, limits, mail
from tasks.installation import database, settings

_DIGITS = 8
Sending = Literal["sent", "not_sent"]
Trying = Literal["confirmed", "wrong", "dead"]


def needed(store: Store, visit: Visit) -> bool:
    """Whether a visit must still type a code before it sees anything."""
    return visit.grant is not None and not visit.confirmed and links.needs_code(store.edition(visit.grant.edition), visit.grant.role)


def send(visit: Visit) -> tuple[Sending, int]:
    """Mail a new code to the registered address; an earlier one of this visit is dead. Yields the outcome and the seconds to wait first.

    Raises:
        NotAllowed: this visit needs no code.
    """
    grant, code = visit.grant, f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    with database().write() as store:
        if grant is None or not needed(store, visit):
            raise NotAllowed("this browser needs no code")
        window = timedelta(minutes=settings().code_send_minutes)
        if wait := limits.count_for(store, "code_sent", grant, window, settings().code_sends):
            return "not_sent", wait
        store.put_code(visit.id, _hash(visit, code), store.real_now + timedelta(minutes=settings().code_minutes))
        edition, reviewer = store.edition(grant.edition), store.reviewer(grant.person)
    return ("sent" if mail.send_code(edition, reviewer, code) else "not_sent"), 0


def is_waiting(visit: Visit) -> bool:
    """Whether a code was sent to this visit that can still be typed."""
    with database().read() as store:
        found = store.code_of(visit.id)
        return found is not None and found[0] > store.real_now and found[1] < settings().code_tries


def check(visit: Visit, typed: str) -> tuple[Trying, int]:
    """Try a code, and use it up if it is the right one. Yields the outcome, and how many tries are left."""
    code = "".join(char for char in unicodedata.normalize("NFKC", typed) if not char.isspace() and char != "-")
    with database().write() as store:
        expected = store.try_code(visit.id, most=settings().code_tries)
        if expected is not None and hmac.compare_digest(expected, _hash(visit, code)):
            store.confirm_visit(visit.id)
            return "confirmed", 0
        if visit.grant is not None:
            access.note(store, visit.grant, "POST", "/review/code", "wrong_code" if expected else "dead_code")
        found = store.code_of(visit.id)
        left = max(0, settings().code_tries - found[1]) if expected is not None and found is not None else 0
        return ("wrong" if left else "dead"), left


def _hash(visit: Visit, code: str) -> str:
    return links.keyed(settings().secret_key, "code", visit.id, code)
