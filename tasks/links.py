"""Issue, rebuild, extend and revoke personal links."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from config.settings import Settings
from models.edition import Grant, Holder, Role, StageRun
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


def holder(store: Store, grant: Grant) -> Holder:
    """The person to whom a link belongs.

    Raises:
        NotFound: the person is gone.
    """
    if grant.role == "reviewer":
        return store.reviewer(grant.person)
    if grant.role in ("committee", "party"):
        return store.member(grant.person)
    if grant.role == "witness":
        return store.confirmation(grant.person)
    return store.nominator(grant.person)


def lives_until(run: StageRun, now: datetime, settings: Settings) -> datetime:
    """Until when a link lives that its stage issues or extends now, by the edition's clock."""
    after = {"submission": settings.nominator_link_days, "scoring": getattr(run.declared, "link_days_after", 0)}
    return max(run.cutoff or now, now) + timedelta(days=after.get(run.declared.kind, settings.committee_link_days))


def reissue(
    store: Store, settings: Settings, edition: str, role: Role, person: str, *, actor: str, expires_at: datetime | None = None
) -> str:
    """Replace a person's link by a new one; the old one and its signed-in browsers end at once. Yields the new address.

    Args:
        store: The open transaction.
        settings: For the key and the address of the pages.
        edition: Its id.
        role: The role of the link.
        person: Id of the person.
        actor: Who replaces it.
        expires_at: By the edition's clock; as before if not given.

    Raises:
        NotFound: the person has no link in that role.
    """
    grant = store.grant_of(edition, role, person)
    if grant is None:
        raise NotFound(
            f"{person} has no link as {role} in {edition}; links are issued when the stage opens",
            zh="此人还没有专用链接；链接在相应阶段开始时生成",
        )
    renewed = replace(
        grant, version=grant.version + 1, nonce=secrets.token_hex(16), revoked_at=None, expires_at=expires_at or grant.expires_at
    )
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
        raise NotFound(f"{person} has no link as {role} in {edition}", zh="此人没有专用链接")
    store.revoke_grant(grant.id)
    store.append(edition, "LinkRevoked", actor=actor, role=role, person=person)
