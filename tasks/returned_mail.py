"""Mails that came back after a server had taken them: what a delivery report says is marked as a refusal at hand-over would be (rule R8).

Only the Message-ID of our own mail makes a report believed, and only of the address that the mail was written to. The same report
twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.edition import Mail
from models.errors import Fault, InputError
from models.store import Store
from notifications import delivery_reports
from notifications.delivery_reports import DeliveryReport, Failure
from tasks import bounces, keeping
from tasks.installation import database

What = Literal["marked", "known", "settled", "early", "temporary", "elsewhere", "unknown", "other", "damaged"]
"""What a message was: `marked` changed a mail, the others changed none. `settled` is noted, so that the report never counts; `early` will
be news as soon as the mail counts as sent."""
_ASKING = ("review_invitation", "review_more")
_OPEN = ("sent", "uncertain")
"""States of a mail about which a report can be news."""


@dataclass(frozen=True, slots=True)
class Read:
    """What became of one message."""

    what: What
    said: str
    """A sentence for the log: which mail, and why."""


def take(content: bytes) -> Read:
    """Read one message as it was received, and mark the mail that it reports as undeliverable for good."""
    try:
        report = delivery_reports.read(content)
    except InputError as wrong:
        return Read("damaged", wrong.faults[0].what)
    if report is None:
        return Read("other", "it is no delivery report; nothing was changed")
    failures = [one for one in report.failures if one.for_good]
    if not failures:
        told = ", ".join(f"{one.action} {one.status}".strip() for one in report.failures)
        return Read("temporary", f"it reports no failure for good ({told}); nothing was changed")
    if report.mail is None:
        return Read("unknown", "it gives back no Message-ID of ours; an address alone proves nothing, so nothing was changed")
    with database().write() as store:
        return _marked(store, report, report.mail, failures)


def _marked(store: Store, report: DeliveryReport, mail_id: str, failures: list[Failure]) -> Read:
    mail = store.mail(mail_id)
    if mail is None:
        return Read("unknown", f"it is about a mail {mail_id} that this installation has not sent; nothing was changed")
    name = f"{mail.edition}: {mail.template} to {mail.to_address}"
    about = next((one for one in failures if delivery_reports.comparable(mail.to_address) in one.recipients), None)
    if about is None:
        named = ", ".join(sorted({address for one in failures for address in one.recipients})[:3])
        return Read("elsewhere", f"{name}: it is about {named}, to whom the mail was passed on; ask the recipient. Nothing was changed")
    if any(one.payload.get("report") == report.code for one in store.events(mail.edition, "MailFailed", "MailReturned")):
        return Read("known", f"{name}: this report has been taken before; nothing was changed")
    if mail.state == "sending":
        return Read("early", f"{name}: the mail is just being handed over; nothing was changed, give the report again")
    reply = _reply(about)
    if mail.state not in _OPEN:
        # Remembered all the same: once the mail has been sent again, this report is still about the copy before.
        store.append(
            mail.edition, "MailReturned", actor="mail server", template=mail.template, reply=reply[:200], report=report.code
        )  # fmt: skip
        return Read("settled", f"{name}: the mail is {mail.state}, so the report is no news; noted, and the mail was not changed")
    mark(store, mail, reply, actor="mail server", report=report.code)
    return Read("marked", f"{name}: returned as undeliverable: {reply}")


def mark(store: Store, mail: Mail, reply: str, *, actor: str, report: str = "") -> None:
    """Mark a mail as refused for good.

    Args:
        store: The transaction; it holds the mail.
        mail: The mail.
        reply: Why, in a server's words.
        actor: Who says so.
        report: What tells the report from others.
    """
    taken = store.handed_over_at(mail)
    store.mark_mail(mail.id, "failed", reply=reply)
    store.append(mail.edition, "MailFailed", actor=actor, template=mail.template, reply=reply[:200], report=report)
    bounces.note(store, mail, reply, taken=taken)


def by_hand(edition_id: str, code: str, reason: str, *, admin: str) -> None:
    """Note on the office's word that a reviewer's address is none: a report came to somebody, or the telephone said so.

    What asked the reviewer for something counts as not arrived, so that it goes to the corrected address. The same again changes nothing.

    Raises:
        NotFound: there is no such reviewer, or no review has been opened.
        NotAllowed: the review is not open.
        InputError: the reason is missing, or cannot be kept (`reason`).
    """
    missing = Fault("a reason is needed", "write how you know that the address does not exist", field="reason", column="missing")
    words = keeping.reason_of(reason, missing=missing)
    with database().write() as store:
        # Mails first, then the stage: so does whoever reads a report at this moment, and neither waits for the other for ever.
        for mail in store.mails(edition_id, states=_OPEN):
            if mail.person == f"{edition_id}/r/{code}" and mail.template in _ASKING:
                store.mail(mail.id)
        edition, run, person = keeping.reviewed_by(store, edition_id, code)
        watch = store.watch(edition_id, run.position, person.id)
        if watch.bounced_at is not None and watch.bounced_reply == words:
            return
        for mail in store.mails(edition_id, states=_OPEN):
            if mail.person == person.id and mail.to_address == person.email and mail.template in _ASKING:
                store.mark_mail(mail.id, "failed", reply=words)
        store.append(edition_id, "MailFailed", actor=f"admin:{admin}", template="", reply=words[:200], reviewer=person.id)
        bounces.unreachable(store, edition, run, person.id, words)


def _reply(failure: Failure) -> str:
    """The server's words as a server says them at hand-over; the status, where it gives no code of three digits."""
    return failure.said if bounces.is_for_good(failure.said) else f"{failure.status} {failure.said}".strip()
