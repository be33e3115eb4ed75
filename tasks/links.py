"""Issue, rebuild, extend and revoke personal links."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from config.settings import Settings
from models.edition import Grant, Role
from models.errors import NotFound
from models.store import Store
from rules import links


def issue(
    store: Store, settings: Settings, edition: str, role: Role, people: Iterable[str], *, not_before: datetime, expires_at: datetime
) -> int:
    """Give each person a link in a role, or let the existing one live longer. Yields how many are new."""
    new = []
    for person in people:
        grant = Grant(secrets.token_hex(12), edition, role, person, not_before, expires_at, 1, secrets.token_hex(16))
        new.append((grant, links.fingerprint(links.derive_token(settings.secret_key, grant))))
    added = store.add_grants(new)
    store.extend_grants(edition, role, expires_at)
    return added


def address(settings: Settings, grant: Grant) -> str:
    """The link of a grant, rebuilt; the same each time."""
    return f"{settings.base_url.rstrip('/')}/l/{links.derive_token(settings.secret_key, grant)}"


def reissue(store: Store, settings: Settings, edition: str, role: Role, person: str, *, actor: str) -> str:
    """Replace a person's link by a new one; the old one and its signed-in browsers end at once. Yields the new address.

    Raises:
        NotFound: the person has no link in that role.
    """
    grant = store.grant_of(edition, role, person)
    if grant is None:
        raise NotFound(f"{person} has no link as {role} in {edition}; links are issued when the stage opens")
    renewed = replace(grant, version=grant.version + 1, nonce=secrets.token_hex(16), revoked_at=None)
    store.replace_grant(renewed, links.fingerprint(links.derive_token(settings.secret_key, renewed)))
    store.append(edition, "LinkIssued", actor=actor, role=role, person=person, version=renewed.version)
    return address(settings, renewed)


def revoke(store: Store, edition: str, role: Role, person: str, *, actor: str) -> None:
    """End a person's link now.

    Raises:
        NotFound: the person has no link in that role.
    """
    grant = store.grant_of(edition, role, person)
    if grant is None:
        raise NotFound(f"{person} has no link as {role} in {edition}")
    store.revoke_grant(grant.id)
    store.append(edition, "LinkRevoked", actor=actor, role=role, person=person)
