"""Personal links, visits (signed-in browsers) and admins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import tables as t
from models.edition import Grant, Role, Visit
from models.stores.base import StoreBase


class LinkStore(StoreBase):
    """Reads and writes of grants. Tokens and cookies are known by their hashes only."""

    def add_grants(self, grants: Iterable[tuple[Grant, str]]) -> int:
        """Keep new grants with the hashes of their tokens; a person's existing grant stays. Yields how many are new."""
        rows = [
            {"id": one.id, "edition": one.edition, "role": one.role, "person": one.person, "not_before": one.not_before,
             "expires_at": one.expires_at, "version": one.version, "nonce": one.nonce, "token_hash": token_hash, "revoked_at": None}
            for one, token_hash in grants
        ]  # fmt: skip
        return self._insert_new(t.GRANTS, rows)

    def grant_by_token(self, token_hash: str) -> Grant | None:
        """The grant behind a token, whatever its state."""
        row = self._one(sa.select(t.GRANTS).where(t.GRANTS.c.token_hash == token_hash))
        return None if row is None else _grant(row)

    def grant_of(self, edition: str, role: Role, person: str) -> Grant | None:
        """The grant of a person in a role."""
        table = t.GRANTS.c
        row = self._one(sa.select(t.GRANTS).where(table.edition == edition, table.role == role, table.person == person))
        return None if row is None else _grant(row)

    def grants(self, edition: str, role: Role | None = None) -> dict[str, Grant]:
        """Grants of an edition by person, of all roles or one."""
        query = sa.select(t.GRANTS).where(t.GRANTS.c.edition == edition)
        if role is not None:
            query = query.where(t.GRANTS.c.role == role)
        return {row.person: _grant(row) for row in self._all(query)}

    def extend_grants(self, edition: str, role: Role, expires_at: datetime) -> None:
        """Let the links of a role live until a later time."""
        table = t.GRANTS.c
        self._run(
            t.GRANTS.update()
            .where(table.edition == edition, table.role == role, table.expires_at < expires_at)
            .values(expires_at=expires_at)
        )

    def replace_grant(self, grant: Grant, token_hash: str) -> None:
        """Give a grant a new version, nonce and token; the old token and its visits die at once."""
        self._run(
            t.GRANTS.update()
            .where(t.GRANTS.c.id == grant.id)
            .values(version=grant.version, nonce=grant.nonce, token_hash=token_hash, expires_at=grant.expires_at, revoked_at=None)
        )

    def revoke_grant(self, grant: str) -> None:
        """End a link now."""
        self._run(t.GRANTS.update().where(t.GRANTS.c.id == grant).values(revoked_at=self.real_now))

    # -- visits -----------------------------------------------------------------------------------------------------

    def add_visit(self, visit: Visit, *, grant_version: int | None) -> None:
        """Keep a signed-in browser."""
        self._run(
            t.VISITS.insert().values(
                id=visit.id,
                grant=visit.grant.id if visit.grant else None,
                grant_version=grant_version,
                admin=visit.admin,
                csrf=visit.csrf,
                created_at=self.real_now,
                seen_at=self.real_now,
                expires_at=visit.expires_at,
            )
        )

    def visit(self, visit_id: str, *, idle_since: datetime) -> Visit | None:
        """A visit that still holds: not expired, not idle, its grant neither revoked, re-issued nor expired."""
        row = self._one(sa.select(t.VISITS).where(t.VISITS.c.id == visit_id))
        if row is None or row.expires_at <= self.real_now or row.seen_at < idle_since:
            return None
        values = row._asdict()
        if values["grant"] is None:
            return Visit(row.id, None, row.admin, row.csrf, row.expires_at)
        found = self._one(sa.select(t.GRANTS).where(t.GRANTS.c.id == values["grant"]))
        if found is None or found.version != row.grant_version or found.revoked_at is not None:
            return None
        grant = _grant(found)
        if not grant.not_before <= self.edition_now(grant.edition) < grant.expires_at:
            return None
        return Visit(row.id, grant, None, row.csrf, row.expires_at)

    def seen_before(self, visit_id: str, moment: datetime) -> bool:
        """Whether a visit was last noted as in use before a moment; spares a write for each page."""
        table = t.VISITS.c
        return self._one(sa.select(table.id).where(table.id == visit_id, table.seen_at < moment)) is not None

    def see_visit(self, visit_id: str) -> None:
        """Note that a visit is in use."""
        self._run(t.VISITS.update().where(t.VISITS.c.id == visit_id).values(seen_at=self.real_now))

    def end_visit(self, visit_id: str) -> None:
        """Sign a browser out."""
        self._run(t.VISITS.delete().where(t.VISITS.c.id == visit_id))

    # -- admins -----------------------------------------------------------------------------------------------------

    def put_admin(self, email: str, name: str, role: str) -> None:
        """Keep an admin's account."""
        self._insert_new(t.ADMINS, [{"email": email, "name": name, "role": role, "created_at": self.real_now}])

    def admin(self, email: str) -> tuple[str, str] | None:
        """Name and role of an admin; None if there is no such account."""
        row = self._one(sa.select(t.ADMINS).where(t.ADMINS.c.email == email))
        return None if row is None else (row.name, row.role)

    def admins(self) -> tuple[str, ...]:
        """Addresses of all admins."""
        return tuple(sorted(row.email for row in self._all(sa.select(t.ADMINS.c.email))))

    def add_sign_in(self, token_hash: str, email: str, expires_at: datetime) -> None:
        """Keep a one-time sign-in link of an admin."""
        self._run(t.SIGN_INS.insert().values(token_hash=token_hash, email=email, expires_at=expires_at, used_at=None))

    def use_sign_in(self, token_hash: str) -> str | None:
        """Use up a sign-in link. Yields the admin's address, or None if it opens nothing."""
        table = t.SIGN_INS.c
        used = self._run(
            t.SIGN_INS.update()
            .where(table.token_hash == token_hash, table.used_at.is_(None), table.expires_at > self.real_now)
            .values(used_at=self.real_now)
        )
        return str(self._scalar(sa.select(table.email).where(table.token_hash == token_hash))) if used else None


def _grant(row: Row[Any]) -> Grant:
    values = row._asdict()
    values.pop("token_hash")
    return Grant(**values)
