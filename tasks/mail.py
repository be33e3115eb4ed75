"""Send what is in the mail outbox: claim, put on the wire, mark. One recipient per message, one message on the wire per sender.

A mail that its cause committed is handed to the server at least once, or shown as failed with the reason. A second copy can
appear only if the process or the connection dies between the server's acceptance and our next commit: at most one per sender,
with the same Message-ID and the same link.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from uuid import uuid4

from models.edition import Edition, Grant, Mail
from models.errors import JinbangError
from models.store import Store
from notifications import kinds, render, smtp
from tasks import links, packet
from tasks.action import action
from tasks.failpoints import failpoint
from tasks.installation import database, settings

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def editions_with_due_mail(edition_id: str | None) -> tuple[str, ...]:
    """Editions with mail to send now, or the one asked for."""
    if edition_id is not None:
        return (edition_id,)
    with database().read() as store:
        return store.editions_with_due_mail()


def server_for(edition: Edition) -> tuple[smtp.SmtpServer, smtp.RateLimiter]:
    """Where an edition's mail goes: a rehearsal's always to the catcher, so that no rehearsal ever writes to a real person."""
    if edition.rehearsal or settings().catches_mail:
        return smtp.SmtpServer("127.0.0.1", settings().catcher_port), smtp.RateLimiter()
    return smtp.parse_smtp_url(settings().smtp_url), _pace()


@cache
def _pace() -> smtp.RateLimiter:
    """One pace for all batches of this process."""
    return smtp.RateLimiter(settings().mails_per_minute, settings().mails_per_minute_and_domain)


@action
async def send_batch(edition_id: str) -> dict[str, int]:
    """Send one batch of an edition's due mails. Yields counts by outcome; empty when nothing is due."""
    sender = str(uuid4())
    with database().write() as store:
        until = store.real_now + timedelta(seconds=settings().claim_seconds)
        batch = store.claim_mails(sender, until, limit=settings().mail_batch, edition=edition_id)
        edition = store.edition(edition_id)
        grants = store.grants(edition_id) if batch else {}
        packets = _packets(store, batch)
    failpoint("mail_claimed.after")
    if not batch:
        return {}
    try:
        return await _Round(sender, edition, grants, packets).send(batch)
    finally:
        with database().write() as store:
            store.release_claims(sender)


def _packets(store: Store, batch: Sequence[Mail]) -> dict[str, bytes]:
    """The shortlist's workbook, if a mail of the batch carries it."""
    carrying = {"shortlist_packet", "signoff_request"}
    return {one: packet.workbook(store, one) for one in {mail.edition for mail in batch if mail.template in carrying}}


class _Round:
    """One batch on one connection. Marking a mail and beginning the next are one commit."""

    def __init__(self, sender: str, edition: Edition, grants: dict[str, Grant], packets: dict[str, bytes]) -> None:
        self.sender = sender
        self.edition = edition
        self.grants = grants
        self.packets = packets
        self.counts: dict[str, int] = {}
        self.finished: tuple[Mail, smtp.Delivery] | None = None

    async def send(self, batch: Sequence[Mail]) -> dict[str, int]:
        server, limiter = server_for(self.edition)
        async with smtp.Postman(server) as postman:
            for mail in batch:
                if mail.state == "uncertain" and kinds.MAIL_KINDS[mail.template].on_uncertain == "ask":
                    self._turn(None)
                    self._mark(mail, smtp.Delivery("uncertain", "interrupted while it was handed over; decide whether to send it again"))
                    continue
                try:
                    message = self._message(mail)
                except JinbangError as refusal:
                    self._turn(None)
                    self._mark(mail, smtp.Delivery("failed", str(refusal)))
                    continue
                await limiter.acquire(mail.to_address)
                if not self._turn(mail):
                    continue
                failpoint("mail_begun.after")
                delivery = await postman.deliver(message, sender=settings().mail_from, recipient=mail.to_address)
                failpoint("mail_delivered.after")
                self.finished = (mail, delivery)
                if delivery.outcome == "stop":
                    break
        self._turn(None)
        failpoint("mail_batch.after")
        return self.counts

    def _message(self, mail: Mail):  # type: ignore[no-untyped-def]
        link = None
        if mail.person is not None and mail.person in self.grants:
            link = links.address(settings(), self.grants[mail.person])
        attached = []
        if mail.edition in self.packets and mail.template in ("shortlist_packet", "signoff_request"):
            attached.append(kinds.Attachment(f"{self.edition.id}-shortlist.xlsx", XLSX, self.packets[mail.edition]))
        return render.render(
            mail, link=link, base_url=settings().base_url, sender=settings().mail_from,
            zone=self.edition.process.time_zone, attachments=attached,
        )  # fmt: skip

    def _turn(self, mail: Mail | None) -> bool:
        """Mark the mail before, and begin this one, in one commit. False if another sender has taken this one over."""
        if self.finished is None and mail is None:
            return True
        with database().write() as store:
            if self.finished is not None:
                self._keep(store, *self.finished)
                self.finished = None
            if mail is None:
                return True
            until = store.real_now + timedelta(seconds=settings().claim_seconds)
            return store.begin_sending(mail.id, self.sender, until)

    def _mark(self, mail: Mail, delivery: smtp.Delivery) -> None:
        with database().write() as store:
            self._keep(store, mail, delivery)

    def _keep(self, store: Store, mail: Mail, delivery: smtp.Delivery) -> None:
        outcome = delivery.outcome
        ask = kinds.MAIL_KINDS[mail.template].on_uncertain == "ask"
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        if outcome in ("deferred", "stop") or (outcome == "uncertain" and not ask):
            again = store.real_now + smtp.backoff(mail.attempt + 1, mail.id)
            store.mark_mail(mail.id, "deferred", reply=delivery.reply, next_at=again)
            return
        store.mark_mail(mail.id, outcome, reply=delivery.reply)
        if outcome == "failed":
            store.append(mail.edition, "MailFailed", actor="engine", template=mail.template, reply=delivery.reply[:200])
