"""The mail outbox: inserted with its cause, claimed, sent, marked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Row

from models import tables as t
from models.columns import Moment
from models.edition import Mail, NewMail
from models.stores.base import StoreBase
from models.stores.prepared import Prepared

_MAIL = t.MAILS.c
_BEGIN = Prepared(
    t.MAILS.update()
    .where(_MAIL.id == sa.bindparam("mail"), _MAIL.claimed_by == sa.bindparam("sender"))
    .where(sa.or_(*(_MAIL.state == state for state in ("pending", "deferred", "sending"))))
    .values(state="sending", attempt=_MAIL.attempt + 1, claimed_until=sa.bindparam("until"), began_at=sa.bindparam("now"))
)
_SENT = Prepared(
    t.MAILS.update()
    .where(_MAIL.id == sa.bindparam("mail"))
    .values(state="sent", reply=sa.bindparam("words"), sent_at=sa.bindparam("now"), claimed_by=sa.null(), claimed_until=sa.null())
)

Outcome = Literal["sent", "deferred", "uncertain", "failed", "superseded"]


class MailStore(StoreBase):
    """Reads and writes of mails. A row holds names and plain values, never a link."""

    def queue_mails(self, edition: str, mails: Iterable[NewMail]) -> int:
        """Insert mails that are not there yet, and wake the sender. Yields how many are new."""
        now = self.edition_now(edition)
        rows = [
            {"id": str(uuid4()), "edition": edition, "template": one.template, "cause": one.cause, "version": one.version,
             "to_name": one.to_name, "to_address": one.to_address, "role": one.role, "person": one.person, "locale": one.locale,
             "params": dict(one.params), "created_at": now, "state": "pending", "attempt": 0, "next_at": self.real_now, "reply": ""}
            for one in mails
        ]  # fmt: skip
        added = self._insert_new(t.MAILS, rows)
        if added:
            self.wake(edition, "mail")
        return added

    def claim_mails(self, sender: str, until: datetime, *, limit: int, edition: str | None = None) -> tuple[Mail, ...]:
        """Take due mails for one sender, oldest first. What a sender that died had on the wire comes back as `uncertain`."""
        table = t.MAILS.c
        free = sa.or_(table.claimed_until.is_(None), table.claimed_until <= self.real_now)
        query = (
            sa.select(t.MAILS)
            .where(table.state.in_(["pending", "deferred", "sending"]), table.next_at <= self.real_now, free)
            .order_by(table.next_at, table.created_at, table.to_address)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        if edition is not None:
            query = query.where(table.edition == edition)
        rows = self._all(query)
        ids = [row.id for row in rows]
        if ids:
            self._run(t.MAILS.update().where(table.id.in_(ids)).values(claimed_by=sender, claimed_until=until))
        # A row in `sending` was on the wire when its sender died.
        return tuple(_mail(row, state="uncertain" if row.state == "sending" else row.state) for row in rows)

    def recent_sends(self, since: datetime) -> tuple[tuple[str, datetime], ...]:
        """Addresses to which live editions' mail was put on the wire since a moment, and when; by all senders."""
        table = t.MAILS.c
        rows = self._all(
            sa.select(table.to_address, table.began_at)
            .join(t.EDITIONS, t.EDITIONS.c.id == table.edition)
            .where(~t.EDITIONS.c.rehearsal, table.began_at > since)
            .order_by(table.began_at)
        )
        return tuple((row.to_address, row.began_at) for row in rows)

    def begin_sending(self, mail: str, sender: str, until: datetime) -> bool:
        """Note that a mail goes on the wire now. False if another sender has taken it over."""
        return bool(_BEGIN.change(self.connection, {"mail": mail, "sender": sender, "until": until, "now": self.real_now}))

    def mark_mail(self, mail: str, outcome: Outcome, *, reply: str, next_at: datetime | None = None, by: str | None = None) -> None:
        """Note what became of a mail.

        Args:
            mail: The mail's id.
            outcome: Its new state.
            reply: The server's words.
            next_at: When it is due again, for `deferred`.
            by: The sender who says so. If another has taken the mail over meanwhile, only `sent` still counts.
        """
        if outcome == "sent":
            _SENT.change(self.connection, {"mail": mail, "words": reply[:500], "now": self.real_now})
            return
        values: dict[str, Any] = {"state": outcome, "reply": reply[:500], "claimed_by": None, "claimed_until": None}
        if next_at is not None:
            values["next_at"] = next_at
        statement = t.MAILS.update().where(t.MAILS.c.id == mail)
        if by is not None:
            statement = statement.where(t.MAILS.c.claimed_by == by)
        self._run(statement.values(**values))

    def keep_claims(self, sender: str, until: datetime) -> None:
        """Lengthen the claims of a sender who is alive."""
        self._run(t.MAILS.update().where(t.MAILS.c.claimed_by == sender).values(claimed_until=until))

    def release_claims(self, sender: str) -> None:
        """Give back mails that were claimed but not put on the wire."""
        table = t.MAILS.c
        self._run(
            t.MAILS.update()
            .where(table.claimed_by == sender, table.state.in_(["pending", "deferred"]))
            .values(claimed_by=None, claimed_until=None)
        )

    def supersede_mails(self, edition: str, cause_prefix: str) -> int:
        """Do not send what has become pointless, e.g. reminders of a closed stage. Yields how many."""
        table = t.MAILS.c
        return self._run(
            t.MAILS.update()
            .where(table.edition == edition, table.state.in_(["pending", "deferred"]), table.claimed_by.is_(None))
            .where(table.cause.startswith(cause_prefix, autoescape=True))
            .values(state="superseded", reply="the stage has closed")
        )

    def withdraw_mails(self, edition: str, person: str) -> int:
        """Do not send what has not arrived at a person whose address was wrong: it would bring the new link to the old address.

        Mails that were refused or are on their way are withdrawn too, so that no second try takes them up. Yields how many.
        """
        table = t.MAILS.c
        return self._run(
            t.MAILS.update()
            .where(table.edition == edition, table.person == person, table.state.not_in(["sent", "superseded"]))
            .values(state="superseded", reply="the address was corrected", claimed_by=None, claimed_until=None)
        )

    def mail(self, mail: str) -> Mail | None:
        """One mail by its id, kept as it is by others until the transaction ends; None if there is none."""
        row = self._one(sa.select(t.MAILS).where(t.MAILS.c.id == mail).with_for_update())
        return None if row is None else _mail(row, state=row.state)

    def handed_over_at(self, mail: Mail) -> datetime | None:
        """When a server took a mail, by the edition's clock; None if none has."""
        at: datetime | None = self._scalar(sa.select(t.MAILS.c.sent_at).where(t.MAILS.c.id == mail.id))
        return None if at is None else at + (self.edition_now(mail.edition) - self.real_now)

    def count_mails(self, edition: str | None = None) -> dict[str, int]:
        """Number of mails by state."""
        query = sa.select(t.MAILS.c.state, sa.func.count().label("n")).group_by(t.MAILS.c.state)
        if edition is not None:
            query = query.where(t.MAILS.c.edition == edition)
        return {row.state: row.n for row in self._all(query)}

    def editions_with_due_mail(self) -> tuple[str, ...]:
        """Editions that have mail to send now and nobody sending it."""
        table = t.MAILS.c
        free = sa.or_(table.claimed_until.is_(None), table.claimed_until <= self.real_now)
        rows = self._all(
            sa.select(table.edition)
            .where(table.state.in_(["pending", "deferred", "sending"]), table.next_at <= self.real_now, free)
            .distinct()
        )
        return tuple(sorted(row.edition for row in rows))

    def next_free_mail(self, edition: str) -> datetime | None:
        """When the next mail that is due can be taken: now, or when the claim of another sender runs out; None if nothing is due."""
        table = t.MAILS.c
        free_at = sa.func.coalesce(table.claimed_until, sa.literal(self.real_now, Moment))
        due = (table.edition == edition, table.state.in_(["pending", "deferred", "sending"]), table.next_at <= self.real_now)
        return self._scalar(sa.select(sa.type_coerce(sa.func.min(free_at), Moment)).where(*due))  # type: ignore[no-any-return]

    def mails(self, edition: str, *, states: Iterable[str] = ()) -> tuple[Mail, ...]:
        """Mails of an edition, oldest first."""
        query = sa.select(t.MAILS).where(t.MAILS.c.edition == edition)
        if wanted := list(states):
            query = query.where(t.MAILS.c.state.in_(wanted))
        rows = self._all(query.order_by(t.MAILS.c.created_at, t.MAILS.c.to_address, t.MAILS.c.cause))
        return tuple(_mail(row, state=row.state) for row in rows)

    def retry_mails(self, edition: str) -> int:
        """Send failed and uncertain mails once more. Yields how many."""
        table = t.MAILS.c
        changed = self._run(
            t.MAILS.update()
            .where(table.edition == edition, table.state.in_(["failed", "uncertain"]))
            .values(state="deferred", next_at=self.real_now, claimed_by=None, claimed_until=None)
        )
        if changed:
            self.wake(edition, "mail")
        return changed


def _mail(row: Row[Any], *, state: Any) -> Mail:
    values = row._asdict()
    names = (
        "id",
        "edition",
        "template",
        "cause",
        "to_name",
        "to_address",
        "role",
        "person",
        "locale",
        "params",
        "created_at",
        "attempt",
        "reply",
    )
    return Mail(**{name: values[name] for name in names}, state=state)
