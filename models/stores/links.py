"""Personal links, visits (signed-in browsers) and admins."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import tables as t
from models.edition import Grant, Role, Visit
from models.stores.base import MICROSECOND, StoreBase
from models.stores.prepared import Prepared

_KEPT = timedelta(days=1)
"""For so long a counted act is remembered; no limit looks further back."""

_GRANT = tuple(column.name for column in t.GRANTS.c if column.name != "token_hash")


class _Found(NamedTuple):
    """A visit with what decides whether it still holds."""

    visit: Visit | None
    """None if its link was re-issued or revoked since."""
    seen_at: datetime
    clock_offset: timedelta


def _found(row: Any) -> _Found:
    values = row._asdict()
    offset = (row.clock_offset or 0) * MICROSECOND
    if row.grant is None:
        return _Found(Visit(row.id, None, row.admin, row.csrf, row.expires_at), row.seen_at, offset)
    grant = Grant(**{name: values[f"its_{name}"] for name in _GRANT})
    if grant.version != row.grant_version or grant.revoked_at is not None:
        return _Found(None, row.seen_at, offset)
    return _Found(Visit(row.id, grant, None, row.csrf, row.expires_at, row.device, row.confirmed_at is not None), row.seen_at, offset)


_VISIT = Prepared(
    sa.select(t.VISITS, *(t.GRANTS.c[name].label(f"its_{name}") for name in _GRANT), t.EDITIONS.c.clock_offset)
    .select_from(t.VISITS)
    .outerjoin(t.GRANTS, t.GRANTS.c.id == t.VISITS.c.grant)
    .outerjoin(t.EDITIONS, t.EDITIONS.c.id == t.GRANTS.c.edition)
    .where(t.VISITS.c.id == sa.bindparam("visit")),
    make=_found,
    kept=4096,
)


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

    def grants_of(self, edition: str, people: Collection[str]) -> dict[str, Grant]:
        """Grants of some people of an edition by person; who has none is left out."""
        table = t.GRANTS.c
        rows = self._all(sa.select(t.GRANTS).where(table.edition == edition, table.person.in_(people)))
        return {row.person: _grant(row) for row in rows}

    def extend_grants(self, edition: str, role: Role, expires_at: datetime) -> None:
        """Let the links of a role live until a later time."""
        table = t.GRANTS.c
        self._run(
            t.GRANTS.update()
            .where(table.edition == edition, table.role == role, table.expires_at < expires_at)
            .values(expires_at=expires_at)
        )

    def extend_grants_of(self, edition: str, role: Role, people: Collection[str], expires_at: datetime) -> None:
        """The same for the links of some people."""
        table = t.GRANTS.c
        self._run(
            t.GRANTS.update()
            .where(table.edition == edition, table.role == role, table.person.in_(people), table.expires_at < expires_at)
            .values(expires_at=expires_at)
        )

    def replace_grant(self, grant: Grant, token_hash: str) -> None:
        """Give a grant a new version, nonce and token; the old token and its visits die at once."""
        self._run(
            t.GRANTS.update()
            .where(t.GRANTS.c.id == grant.id)
            .values(version=grant.version, nonce=grant.nonce, token_hash=token_hash, expires_at=grant.expires_at, revoked_at=None)
        )

    def lock_grant(self, grant: str) -> None:
        """Let other transactions that count this grant's acts wait until this one has ended (SQLite lets one write at a time anyway)."""
        self._one(sa.select(t.GRANTS.c.id).where(t.GRANTS.c.id == grant).with_for_update())

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
                device=visit.device,
            )
        )

    def visit(self, visit_id: str, *, idle_since: datetime) -> Visit | None:
        """A visit that still holds: not expired, not idle, its grant neither revoked, re-issued nor expired."""
        found: _Found | None = _VISIT.first(self.connection, {"visit": visit_id})
        visit = found.visit if found else None
        if found is None or visit is None or visit.expires_at <= self.real_now or found.seen_at < idle_since:
            return None
        self._seen_at[visit_id] = found.seen_at
        if visit.grant is None:
            return visit
        self._offsets[visit.grant.edition] = found.clock_offset
        if not visit.grant.not_before <= self.edition_now(visit.grant.edition) < visit.grant.expires_at:
            return None
        return visit

    def seen_before(self, visit_id: str, moment: datetime) -> bool:
        """Whether a visit was last noted as in use before a moment; spares a write for each page."""
        if visit_id not in self._seen_at:
            self._seen_at[visit_id] = self._scalar(sa.select(t.VISITS.c.seen_at).where(t.VISITS.c.id == visit_id))
        seen_at = self._seen_at[visit_id]
        return seen_at is not None and seen_at < moment

    def see_visit(self, visit_id: str) -> None:
        """Note that a visit is in use."""
        self._run(t.VISITS.update().where(t.VISITS.c.id == visit_id).values(seen_at=self.real_now))

    def end_visit(self, visit_id: str) -> None:
        """Sign a browser out. The row stays: its device remains known."""
        self._run(t.VISITS.update().where(t.VISITS.c.id == visit_id).values(expires_at=self.real_now))

    def devices_of(self, grant: str) -> frozenset[str]:
        """Devices that ever entered by a grant."""
        table = t.VISITS.c
        return frozenset(row.device for row in self._all(sa.select(table.device).where(table.grant == grant).distinct()))

    def open_visits(self, grant: Grant, *, idle_since: datetime) -> tuple[tuple[str, datetime, datetime], ...]:
        """Browsers that are signed in by a grant now: (id, begun, last seen), the latest first."""
        table = t.VISITS.c
        rows = self._all(
            sa.select(table.id, table.created_at, table.seen_at)
            .where(table.grant == grant.id, table.grant_version == grant.version)
            .where(table.expires_at > self.real_now, table.seen_at >= idle_since)
            .order_by(table.created_at.desc(), table.id)
        )
        return tuple((row.id, row.created_at, row.seen_at) for row in rows)

    def end_other_visits(self, grant: str, kept: str) -> int:
        """Sign out all browsers of a grant but one. Yields how many."""
        table = t.VISITS.c
        return self._run(
            t.VISITS.update()
            .where(table.grant == grant, table.id != kept, table.expires_at > self.real_now)
            .values(expires_at=self.real_now)
        )

    # -- mailed codes -----------------------------------------------------------------------------------------------

    def put_code(self, visit: str, code_hash: str, expires_at: datetime) -> None:
        """Keep a visit's code; an earlier one is dead."""
        row = {"visit": visit, "code_hash": code_hash, "expires_at": expires_at, "tries": 0}
        self._upsert(t.LINK_CODES, row, ["visit"])

    def code_of(self, visit: str) -> tuple[datetime, int] | None:
        """Until when a visit's code lives, and how often it was tried; None if there is none."""
        row = self._one(sa.select(t.LINK_CODES).where(t.LINK_CODES.c.visit == visit))
        return None if row is None else (row.expires_at, row.tries)

    def try_code(self, visit: str, *, most: int) -> str | None:
        """Count one try. Yields the keyed hash of the code, or None if it is dead: used, too old, or tried `most` times."""
        table = t.LINK_CODES.c
        counted = self._run(
            t.LINK_CODES.update()
            .where(table.visit == visit, table.expires_at > self.real_now, table.tries < most)
            .values(tries=table.tries + 1)
        )
        return str(self._scalar(sa.select(table.code_hash).where(table.visit == visit))) if counted else None

    def confirm_visit(self, visit: str) -> None:
        """Note that the code was typed, and use it up."""
        self._run(t.LINK_CODES.delete().where(t.LINK_CODES.c.visit == visit))
        self._run(t.VISITS.update().where(t.VISITS.c.id == visit).values(confirmed_at=self.real_now))

    # -- counted acts -----------------------------------------------------------------------------------------------

    def count_hit(self, kind: str, subject: str) -> None:
        """Count one act; what is older than a day is forgotten."""
        self._run(t.HITS.delete().where(t.HITS.c.kind == kind, t.HITS.c.at < self.real_now - _KEPT))
        self._run(t.HITS.insert().values(kind=kind, subject=subject, at=self.real_now))

    def lock_subject(self, subject: str) -> None:
        """Let other transactions that count this subject's acts wait until this one has ended (SQLite lets one write at a time anyway)."""
        if self.connection.dialect.name == "postgresql":
            number = int.from_bytes(hashlib.blake2b(subject.encode(), digest_size=8).digest(), signed=True)
            self.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))

    def hits_since(self, kind: str, subject: str, since: datetime) -> tuple[datetime, ...]:
        """When a subject did something after a moment, in order of time."""
        table = t.HITS.c
        rows = self._all(sa.select(table.at).where(table.kind == kind, table.subject == subject, table.at > since).order_by(table.at))
        return tuple(row.at for row in rows)

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
