"""Signing in and out: by a personal link, or by an admin's one-time link. The cookie is a fresh 256-bit secret each time."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from models.edition import Edition, Grant, Holder, Reviewer, Visit
from models.errors import LinkRefused, NotAllowed
from models.store import Store
from models.stores.hands import Hands
from notifications import messages
from rules import links
from tasks import limits, reasons
from tasks import links as issued
from tasks.installation import database, settings

_SECRET_BYTES = 32
_SIGN_IN_PREFIX = "a1_"
_SEEN_EVERY = timedelta(minutes=1)
_REFUSED = "this link opens nothing; use the link of the latest mail, or ask the review office for a new one"


def enter(token: str, user_agent: str = "") -> tuple[str, Visit]:
    """Sign a browser in by a personal link. Entering again, or in another browser, changes nothing for the first. Yields (cookie, visit).

    A device that is new while others are known is told to the registered address, once.

    Args:
        token: The last part of the link.
        user_agent: What the browser calls itself.

    Raises:
        LinkRefused: unknown, not yet valid, expired or revoked; never says which.
    """
    if not links.looks_like_token(token):
        raise LinkRefused(_REFUSED)
    with database().write() as store:
        grant = store.grant_by_token(links.fingerprint(token))
        if grant is None or not links.holds(grant, store.edition_now(grant.edition)):
            raise LinkRefused(_REFUSED)
        store.lock_grant(grant.id)
        known, device = store.devices_of(grant.id) - {""}, links.device_of(user_agent)
        if known and device and device not in known:
            _tell_of_device(store, grant, device)
        return _begin(store, grant, None, device)


def _tell_of_device(store: Store, grant: Grant, device: str) -> None:
    edition, person = store.edition(grant.edition), issued.holder(store, grant)
    if store.queue_mails(edition.id, [messages.new_device(edition, person, device, store.edition_now(edition.id))]):
        store.append(edition.id, "DeviceAdded", actor=f"{grant.role}:{grant.person}", device=device[:12])


class Attendance(NamedTuple):
    """Who asks, and where that person sits, from one look at the database."""

    visit: Visit | None
    edition: Edition | None = None
    """The edition of the visit's link; None for an admin."""
    person: Holder | None = None
    """The holder of the link."""
    hands: Hands | None = None
    """What a reviewer has been given in the latest scoring stage; None before there is one."""
    unseen: bool = False
    """Whether the visit has not been marked as seen for a while; see `see`."""


def visit_of(cookie: str | None) -> Visit | None:
    """The visit behind a cookie while it holds: neither idle nor too old, its link neither revoked, re-issued nor expired."""
    return attend(cookie).visit


def see(cookie: str) -> Callable[[Store], None]:
    """What marks the visit behind a cookie as seen now, so that it does not end for idleness."""
    known_by = links.fingerprint(cookie)
    return lambda store: store.see_visit(known_by)


def attend(cookie: str | None) -> Attendance:
    """The visit as `visit_of` finds it, with the edition and the holder of its link, and what a reviewer needs for nearly each page."""
    if not cookie:
        return Attendance(None)
    known_by = links.fingerprint(cookie)
    with database().read() as store:
        visit = store.visit(known_by, idle_since=store.real_now - timedelta(hours=settings().visit_idle_hours))
        if visit is None:
            return Attendance(None)
        return _seated(store, visit)._replace(unseen=store.seen_before(known_by, store.real_now - _SEEN_EVERY))


def _seated(store: Store, visit: Visit) -> Attendance:
    if visit.grant is None:
        return Attendance(visit)
    edition, person = store.edition(visit.grant.edition), issued.holder(store, visit.grant)
    run = edition.last_of("scoring") if visit.grant.role == "reviewer" else None
    return Attendance(visit, edition, person, store.hands(edition.id, run.position, person.id) if run else None)


def leave(visit: Visit) -> None:
    """Sign a browser out."""
    with database().write() as store:
        store.end_visit(visit.id)


def devices(visit: Visit) -> tuple[tuple[str, datetime, datetime], ...]:
    """The browsers that are signed in by the same link now: (visit, begun, last seen), the latest first."""
    if visit.grant is None:
        return ()
    with database().read() as store:
        return store.open_visits(visit.grant, idle_since=store.real_now - timedelta(hours=settings().visit_idle_hours))


def end_others(visit: Visit) -> None:
    """Sign out every other browser of the same link."""
    if visit.grant is not None:
        with database().write() as store:
            store.end_other_visits(visit.grant.id, visit.id)


def replace_own(visit: Visit) -> int:
    """Replace one's own link: the new one is mailed, and every browser is signed out, this one too. Yields the seconds to wait instead.

    Raises:
        NotAllowed: an admin has no link.
    """
    if visit.grant is None:
        raise NotAllowed("an admin has no personal link")
    with database().write() as store:
        if wait := _count_again(store, visit.grant):
            return wait
        _mail_link(store, visit.grant, renewed_until=visit.grant.expires_at)
    return 0


def ask_again(token: str) -> None:
    """Mail the holder of a link that opens nothing a new one, if its stage is still open. Yields nothing: the asker is told nothing.

    A reviewer who was asked for a reason gets one as long as the reason can be given.

    A link that the office revoked stays revoked, and one that was replaced is not known any more. A link that still holds is
    mailed as it is, so that nobody can end somebody's sessions by asking.
    """
    if not links.looks_like_token(token):
        return
    with database().write() as store:
        grant = store.grant_by_token(links.fingerprint(token))
        if grant is None or grant.revoked_at is not None:
            return
        now, holds = store.edition_now(grant.edition), links.holds(grant, store.edition_now(grant.edition))
        until = _renewed_until(store, grant, now)
        if now < grant.not_before or (until is None and not holds) or _count_again(store, grant):
            return
        _mail_link(store, grant, renewed_until=None if holds else until)


def _renewed_until(store: Store, grant: Grant, now: datetime) -> datetime | None:
    """Until when a link lives that is asked for again now; None if nothing waits for its holder."""
    edition = store.edition(grant.edition)
    if run := links.open_stage(edition, grant.role, now):
        return issued.lives_until(run, now, settings())
    explained = reasons.still_asked(store, edition, grant.person) if grant.role == "reviewer" else None
    return reasons.link_ends(edition, explained, now) if explained else None


def _count_again(store: Store, grant: Grant) -> int:
    return limits.count_for(store, "link_again", grant, timedelta(hours=1), settings().links_again_per_hour)


def _mail_link(store: Store, grant: Grant, *, renewed_until: datetime | None) -> None:
    """Mail a link, replaced by one that lives until then, or as it is."""
    edition, person = store.edition(grant.edition), issued.holder(store, grant)
    if isinstance(person, Reviewer) and not person.active:
        return
    if renewed_until is not None:
        actor = f"{grant.role}:{grant.person}"
        issued.reissue(store, settings(), edition.id, grant.role, grant.person, actor=actor, expires_at=renewed_until)
    store.queue_mails(edition.id, [messages.link_again(edition, person, store.edition_now(edition.id))])


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
        return _begin(store, None, email, "")


def _begin(store: Store, grant: Grant | None, admin: str | None, device: str) -> tuple[str, Visit]:
    cookie = secrets.token_urlsafe(_SECRET_BYTES)
    expires = store.real_now + timedelta(hours=settings().visit_hours)
    visit = Visit(links.fingerprint(cookie), grant, admin, secrets.token_urlsafe(_SECRET_BYTES), expires, device)
    store.add_visit(visit, grant_version=grant.version if grant else None)
    return cookie, visit
