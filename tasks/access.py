"""Refused requests of people with a link, kept as events: who tried what, and why it was refused. Never a token, a code or a form."""

from __future__ import annotations

from datetime import timedelta

from models.edition import Grant
from models.store import Store
from tasks import limits
from tasks.installation import database, settings

_LONGEST = 200
_HOUR = timedelta(hours=1)


def refuse(grant: Grant, method: str, path: str, reason: str) -> None:
    """Keep one refusal; `path` without its secrets. At most so many per person and hour, so that nobody can fill the database."""
    if not is_full(grant):
        with database().write() as store:
            note(store, grant, method, path, reason)


def is_full(grant: Grant) -> bool:
    """Whether as many refusals of this hour are kept already as may be."""
    with database().read() as store:
        return len(store.hits_since("refused", grant.id, store.real_now - _HOUR)) >= settings().refusals_kept_per_hour


def note(store: Store, grant: Grant, method: str, path: str, reason: str) -> None:
    """Keep one refusal in the caller's transaction."""
    if limits.count_for(store, "refused", grant, _HOUR, settings().refusals_kept_per_hour) == 0:
        actor = f"{grant.role}:{grant.person}"
        store.append(grant.edition, "AccessRefused", actor=actor, method=method, path=path[:_LONGEST], reason=reason)
