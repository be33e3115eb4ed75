"""Send what is in the mail outbox: claim, put on the wire, mark. One recipient per message, one message on the wire per sender.

A mail that its cause committed is handed to the server at least once, or shown as failed with the reason. A second copy can
appear only if the process or the connection dies between the server's acceptance and our next commit: at most one per sender,
with the same Message-ID and the same link.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from models.edition import Edition, Grant, Mail, NewMail, Reviewer
from models.errors import JinbangError, NotFound
from models.store import Store
from notifications import kinds, messages, render, smtp
from tasks import bounces, links, packet, score_sheets, typesetting
from tasks.action import action
from tasks.failpoints import failpoint
from tasks.installation import database, settings

log = logging.getLogger("jinbang.mail")

_PRESSES = min(4, os.cpu_count() or 1)
"""Letters that are written at the same time; printing score sheets leaves the interpreter free."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def editions_with_due_mail(edition_id: str | None) -> tuple[str, ...]:
    """Editions with mail to send now, or the one asked for."""
    if edition_id is not None:
        return (edition_id,)
    with database().read() as store:
        return store.editions_with_due_mail()


def _goes_to_catcher(edition: Edition) -> bool:
    """A rehearsal's mail always does, so that no rehearsal ever writes to a real person."""
    return edition.rehearsal or settings().catches_mail


def _server(edition: Edition) -> smtp.SmtpServer:
    if _goes_to_catcher(edition):
        return smtp.SmtpServer("127.0.0.1", settings().catcher_port)
    return smtp.parse_smtp_url(settings().smtp_url)


@action
async def send_batch(edition_id: str) -> dict[str, int]:
    """Send one batch of an edition's due mails. Yields counts by outcome; empty when nothing is due."""
    sender = str(uuid4())
    with database().write() as store:
        until = store.real_now + timedelta(seconds=settings().claim_seconds)
        batch = store.claim_mails(sender, until, limit=settings().mail_batch, edition=edition_id)
        edition = store.edition(edition_id)
        grants = store.grants_of(edition_id, {mail.person for mail in batch if mail.person is not None})
    failpoint("mail_claimed.after")
    if not batch:
        return {}
    letters = _Letters(edition, grants, _packets(batch), _papers(edition, batch))
    # Written ahead on a thread of their own, while the server is waited for; the typesetter even leaves the interpreter free.
    press = ThreadPoolExecutor(_PRESSES, thread_name_prefix="press")
    try:
        ahead = {mail.id: press.submit(letters.write, mail) for mail in batch if letters.can_write(mail)}
        return await _Round(sender, edition, ahead).send(batch)
    finally:
        press.shutdown(wait=False, cancel_futures=True)
        with database().write() as store:
            store.release_claims(sender)


_CARRYING = frozenset({"shortlist_packet", "shortlist_changed", "signoff_request"})


def _packets(batch: Sequence[Mail]) -> dict[str, tuple[kinds.Attachment, ...]]:
    """Edition -> the shortlist as a workbook and as a PDF, if a mail of the batch carries it; without the PDF where there is no font."""
    found = {}
    for one in {mail.edition for mail in batch if mail.template in _CARRYING}:
        # Not in the transaction that claims the mails: a long list takes its time to print, and nobody could write meanwhile.
        with database().read() as store:
            attached = [kinds.Attachment(f"{one}-shortlist.xlsx", XLSX, packet.workbook(store, one))]
            try:
                attached.append(kinds.Attachment(f"{one}-shortlist.pdf", "application/pdf", packet.pdf(store, one)))
            except typesetting.NoFont as refusal:
                log.error("the shortlist of %s goes without its PDF: %s", one, refusal)
        found[one] = tuple(attached)
    return found


def _papers(edition: Edition, batch: Sequence[Mail]) -> dict[str, score_sheets.Paper]:
    """Mail id -> the signed score sheets that it carries; none where they have been opened again meanwhile."""
    found: dict[str, score_sheets.Paper] = {}
    with database().read() as store:
        for mail in batch:
            if mail.template == "review_thanks" and mail.person is not None:
                position = edition.run_of(mail.cause.partition(":")[0]).position
                with contextlib.suppress(NotFound):
                    found[mail.id] = score_sheets.signed(store, edition, position, mail.person)
    return found


class _Letters(NamedTuple):
    """Writes the mails of one batch from what was read for them; touches neither the database nor the network."""

    edition: Edition
    grants: dict[str, Grant]
    packets: dict[str, tuple[kinds.Attachment, ...]]
    papers: dict[str, score_sheets.Paper]

    def can_write(self, mail: Mail) -> bool:
        """Whether the mail needs no personal link, or its recipient has one."""
        return mail.role is None or mail.person in self.grants

    def write(self, mail: Mail) -> bytes:
        """The mail as it goes over the wire.

        Raises:
            JinbangError: the mail cannot be written as its template and its row stand.
        """
        link = None
        if mail.person is not None and mail.person in self.grants:
            link = kinds.MAIL_KINDS[mail.template].target(links.address(settings(), self.grants[mail.person]), mail.params)
        attached = list(self.packets.get(mail.edition, ())) if mail.template in _CARRYING else []
        attached += self._signed_paper(mail)
        return render.render(
            mail, link=link, base_url=settings().base_url, sender=settings().mail_from,
            zone=self.edition.process.time_zone, attachments=attached,
        ).as_bytes()  # fmt: skip

    def _signed_paper(self, mail: Mail) -> list[kinds.Attachment]:
        """The signed score sheets as a PDF; nothing where they cannot be printed, since a mail of thanks must not wait for a font."""
        paper = self.papers.get(mail.id)
        if paper is None:
            return []
        try:
            content = score_sheets.pdf(paper, locale=mail.locale, base_url=settings().base_url)
        except typesetting.NoFont as refusal:
            log.error("a mail of thanks goes without its score sheet: %s", refusal)
            return []
        return [kinds.Attachment(f"{self.edition.id}-score-sheet.pdf", "application/pdf", content)]


class _Round:
    """One batch on one connection. Marking a mail and beginning the next are one commit."""

    def __init__(self, sender: str, edition: Edition, letters: dict[str, Future[bytes]]) -> None:
        self.sender = sender
        self.edition = edition
        self.letters = letters
        self.counts: dict[str, int] = {}
        self.finished: tuple[Mail, smtp.Delivery] | None = None

    async def send(self, batch: Sequence[Mail]) -> dict[str, int]:
        waiting = list(batch)
        async with smtp.Postman(_server(self.edition)) as postman:
            while waiting:
                mail, pause = self._next(waiting)
                if pause:
                    self._turn(None)  # what has been handed over is marked before the wait, not after it
                    await asyncio.sleep(pause.total_seconds())
                    continue
                waiting.remove(mail)
                if await self._hand_over(mail, postman) == "stop":
                    log.error("the mail server takes nothing: %s. Nothing is lost; it is tried again later", self._reply())
                    break
        self._turn(None)
        failpoint("mail_batch.after")
        return self.counts

    def _next(self, waiting: Sequence[Mail]) -> tuple[Mail, timedelta]:
        """The first mail that the limits let go now; else the first, and how long to wait."""
        if _goes_to_catcher(self.edition):
            return waiting[0], timedelta()
        with database().read() as store:
            recent, now = store.recent_sends(store.real_now - smtp.WINDOW), store.real_now
        limits = {"per_minute": settings().mails_per_minute, "per_minute_and_domain": settings().mails_per_minute_and_domain}
        waits = [(smtp.wait_for(mail.to_address, recent, now, **limits), place) for place, mail in enumerate(waiting)]
        pause, place = min(waits)
        return waiting[place], pause

    async def _hand_over(self, mail: Mail, postman: smtp.Postman) -> str:
        """Bring one mail as far as it gets. Yields the outcome."""
        if mail.state == "uncertain" and kinds.on_uncertain(mail.template) == "ask":
            return self._mark(mail, smtp.Delivery("uncertain", "interrupted while it was handed over; decide whether to send it again"))
        if mail.id not in self.letters:
            return self._mark(mail, smtp.Delivery("deferred", "waits for the recipient's personal link"))
        try:
            letter = await asyncio.wrap_future(self.letters[mail.id])
        except JinbangError as refusal:
            return self._mark(mail, smtp.Delivery("failed", str(refusal)))
        except Exception as failure:  # one mail that cannot be written must not keep back all others
            log.exception("a mail %s cannot be written", mail.template)
            return self._mark(mail, smtp.Delivery("failed", f"the mail cannot be written: {type(failure).__name__}: {failure}"))
        if not self._turn(mail):
            return "taken over"
        failpoint("mail_begun.after")
        delivery = await self._delivered(postman.deliver(letter, sender=settings().mail_from, recipient=mail.to_address))
        failpoint("mail_delivered.after")
        self.finished = (mail, delivery)
        return delivery.outcome

    async def _delivered(self, delivering: Coroutine[Any, Any, smtp.Delivery]) -> smtp.Delivery:
        """Wait for the server, which may take minutes; meanwhile nobody shall take this sender for dead and send a second copy."""
        task = asyncio.ensure_future(delivering)
        try:
            while not (await asyncio.wait({task}, timeout=settings().claim_seconds / 3))[0]:
                with database().write() as store:
                    store.keep_claims(self.sender, store.real_now + timedelta(seconds=settings().claim_seconds))
            return task.result()
        finally:
            task.cancel()

    def _reply(self) -> str:
        return self.finished[1].reply if self.finished else ""

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

    def _mark(self, mail: Mail, delivery: smtp.Delivery) -> str:
        self._turn(None)
        with database().write() as store:
            self._keep(store, mail, delivery)
        return delivery.outcome

    def _keep(self, store: Store, mail: Mail, delivery: smtp.Delivery) -> None:
        outcome = delivery.outcome
        ask = kinds.on_uncertain(mail.template) == "ask"
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        if outcome == "deferred" or outcome == "stop" or (outcome == "uncertain" and not ask):
            again = store.real_now + smtp.backoff(mail.attempt + 1, mail.id)
            store.mark_mail(mail.id, "deferred", reply=delivery.reply, next_at=again, by=self.sender)
            return
        store.mark_mail(mail.id, outcome, reply=delivery.reply, by=self.sender)
        if outcome == "failed":
            store.append(mail.edition, "MailFailed", actor="engine", template=mail.template, reply=delivery.reply[:200])
            bounces.note(store, mail, delivery.reply)


def send_sign_in(address: str, link: str) -> None:
    """Mail an admin a sign-in link, at once and past the outbox: no edition caused it, and it must not be stored."""
    new = messages.admin_sign_in(address, minutes=int(settings().sign_in_minutes))
    server = smtp.SmtpServer("127.0.0.1", settings().catcher_port) if settings().catches_mail else smtp.parse_smtp_url(settings().smtp_url)
    delivery = _send_at_once(new, server, link=link, locale=settings().locale, zone=settings().time_zone)
    if delivery.outcome != "sent":
        log.error("the sign-in link for an admin was not sent: %s", delivery.reply)


def send_code(edition: Edition, reviewer: Reviewer, code: str) -> bool:
    """Mail a reviewer a code, at once and past the outbox: it is short-lived, and must not be stored. False if it could not be sent."""
    new = messages.link_code(edition, reviewer, code, math.ceil(settings().code_minutes))
    delivery = _send_at_once(new, _server(edition), link=None, locale=new.locale, zone=edition.process.time_zone, edition=edition.id)
    if delivery.outcome != "sent":
        log.error("%s: a code for a reviewer was not sent: %s", edition.id, delivery.reply)
    return delivery.outcome == "sent"


def _send_at_once(new: NewMail, server: smtp.SmtpServer, *, link: str | None, locale: str, zone: str, edition: str = "") -> smtp.Delivery:
    with database().read() as store:
        now = store.edition_now(edition)
    mail = Mail(
        str(uuid4()), edition, new.template, new.cause, new.to_name, new.to_address, None, None, locale, new.params, now, "pending", 0, ""
    )
    message = render.render(mail, link=link, base_url=settings().base_url, sender=settings().mail_from, zone=zone)

    async def hand_over() -> smtp.Delivery:
        async with smtp.Postman(server) as postman:
            return await postman.deliver(message, sender=settings().mail_from, recipient=new.to_address)

    with ThreadPoolExecutor(1) as aside:  # the caller may be inside an event loop
        return aside.submit(asyncio.run, hand_over()).result()
