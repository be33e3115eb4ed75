"""Signing in and out: by a personal link, or by an admin's one-time link. The cookie is a fresh 256-bit secret each time."""

from __future__ import annotations

import secrets
from datetime import timedelta

from models.edition import Grant, Visit
from models.errors import LinkRefused
from models.store import Store
from rules import links
from tasks.installation import database, settings

_SECRET_BYTES = 32
_SIGN_IN_PREFIX = "a1_"
_SEEN_EVERY = timedelta(minutes=1)
_REFUSED = "this link opens nothing; use the link of the latest mail, or ask the review office for a new one"


def enter(token: str) -> tuple[str, Visit]:
    """Sign a browser in by a personal link. Entering again, or in another browser, changes nothing for the first. Yields (cookie, visit).

    Raises:
        LinkRefused: unknown, not yet valid, expired or revoked; never says which.
    """
    if not links.looks_like_token(token):
        raise LinkRefused(_REFUSED)
    with database().write() as store:
        grant = store.grant_by_token(links.fingerprint(token))
        if grant is None or not links.holds(grant, store.edition_now(grant.edition)):
            raise LinkRefused(_REFUSED)
        return _begin(store, grant, None)


def visit_of(cookie: str | None) -> Visit | None:
    """The visit behind a cookie while it holds: neither idle nor too old, its link neither revoked, re-issued nor expired."""
    if not cookie:
        return None
    known_by = links.fingerprint(cookie)
    with database().read() as store:
        visit = store.visit(known_by, idle_since=store.real_now - timedelta(hours=settings().visit_idle_hours))
        unseen = visit is not None and store.seen_before(known_by, store.real_now - _SEEN_EVERY)
    if unseen:
        with database().write() as store:
            store.see_visit(known_by)
    return visit


def leave(visit: Visit) -> None:
    """Sign a browser out."""
    with database().write() as store:
        store.end_visit(visit.id)


def make_sign_in(email: str) -> str | None:
    """A one-time sign-in link for an admin; only its hash is kept. None if there is no such account: tell nobody which it was."""
    token = _SIGN_IN_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    with database().write() as store:
        if store.admin(email) is None:
            return None
        store.add_sign_in(links.fingerprint(token), email, store.real_now + timedelta(minutes=settings().sign_in_minutes))
    return f"{settings().base_url.rstrip('/')}/admin/in/{token}"


def enter_admin(token: str) -> tuple[str, Visit]:
    """Sign an admin's browser in and use the link up. Yields (cookie, visit).

    Raises:
        LinkRefused: unknown, used or expired; never says which.
    """
    with database().write() as store:
        email = store.use_sign_in(links.fingerprint(token))
        if email is None:
            raise LinkRefused(_REFUSED)
        return _begin(store, None, email)


def _begin(store: Store, grant: Grant | None, admin: str | None) -> tuple[str, Visit]:
    cookie = secrets.token_urlsafe(_SECRET_BYTES)
    expires = store.real_now + timedelta(hours=settings().visit_hours)
    visit = Visit(links.fingerprint(cookie), grant, admin, secrets.token_urlsafe(_SECRET_BYTES), expires)
    store.add_visit(visit, grant_version=grant.version if grant else None)
    return cookie, visit
