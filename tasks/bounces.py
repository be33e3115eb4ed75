"""Addresses that a mail server has refused for good, and their correction (rule R8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from models.edition import Edition, Mail, Reviewer, StageRun
from models.errors import Fault, InputError, NotFound
from models.stages import ScoringStage
from models.store import Store
from notifications import addresses, messages
from tasks import links, reply_dates
from tasks.installation import database, settings

_OF_THE_REVIEW = (
    "review_invitation", "review_more", "review_less", "reply_reminder", "begin_reminder", "review_reminder", "sheet_reopened",
)  # fmt: skip
"""Mails that are sent again to a corrected address."""


_FOR_GOOD = re.compile(r"5(\d\d|\.\d{1,3}\.\d{1,3})(?!\d)")


def is_for_good(reply: str) -> bool:
    """Whether a server's words begin with a code of a refusal for good: 550, or 5.1.1 in a report that came later."""
    return _FOR_GOOD.match(reply) is not None


def is_address(mail: Mail, reply: str) -> bool:
    """Whether a mail failed because of its address: a server's refusal for good (5xx), or a text that is no address."""
    if is_for_good(reply):
        return True
    try:
        addresses.one_address(mail.to_address)
    except InputError:
        return True
    return False


def note(store: Store, mail: Mail, reply: str, *, taken: datetime | None = None) -> None:
    """Note that a mail to a reviewer was refused for good, if the reviewer still has that address.

    Args:
        store: The transaction in which the mail is marked as failed.
        mail: The mail.
        reply: The server's words, or why the address is none.
        taken: When a server had taken the mail that came back; None if none took it. Who acted since then has the link from elsewhere.
    """
    if mail.role != "reviewer" or mail.person is None or not is_address(mail, reply):
        return
    edition = store.edition(mail.edition)
    run = edition.current
    if run is None or run.state not in ("opening", "open") or not isinstance(run.declared, ScoringStage):
        return
    store.lock_stage(edition.id, run.position, to_change=True)
    hand, _held = reply_dates.hand_of(store, edition, run, mail.person)
    watch = hand.watch
    known = watch.bounced_at is not None and (hand.seen is None or hand.seen <= watch.bounced_at)
    came_since = taken is not None and hand.seen is not None and hand.seen >= taken
    if known or came_since or store.reviewer(mail.person).email != mail.to_address:
        return  # of who came since by a link from elsewhere it begins anew
    unreachable(store, edition, run, mail.person, reply)


def unreachable(store: Store, edition: Edition, run: StageRun, reviewer: str, why: str) -> None:
    """Note that a reviewer's address is none, and let the declared days begin.

    Args:
        store: A transaction in which the stage is locked.
        edition: The edition.
        run: Its scoring stage.
        reviewer: The reviewer's id.
        why: A server's words, or the office's.
    """
    now, days = store.edition_now(edition.id), reply_dates.declared(run).replace_bounced_days
    store.put_watch(replace(store.watch(edition.id, run.position, reviewer), bounced_at=now, bounced_reply=why[:500]))
    if days is not None:
        store.bring_forward(edition.id, run.position, reply_dates.DUE, now + timedelta(days=days))
        store.wake(edition.id)


def correct(edition_id: str, code: str, address: str, *, admin: str) -> int:
    """Correct a reviewer's address. What did not arrive is sent to it, with a new link; nothing more goes to the old one.

    Yields how many mails are sent again. The same address once more changes nothing.

    Raises:
        NotFound: there is no such reviewer.
        InputError: it is no address (`email`).
    """
    try:
        wanted = addresses.one_address(address)
    except InputError:
        fault = Fault(f"{address[:100]!r} is no address", "write it as name@example.org", field="email", column="email")
        raise InputError([fault]) from None
    with database().write() as store:
        edition = store.edition(edition_id)
        person = next((one for one in store.reviewers(edition_id) if one.code == code), None)
        if person is None:
            raise NotFound(f"{edition_id}: there is no reviewer {code}", zh=f"没有编号为“{code}”的专家")
        if person.email == wanted:
            return 0
        store.put_address(person.id, wanted)
        return changed(store, edition, replace(person, email=wanted), actor=f"admin:{admin}")


def changed(store: Store, edition: Edition, person: Reviewer, *, actor: str) -> int:
    """What follows when a reviewer's address was corrected: a new link, and the mails that did not arrive. Yields how many those are."""
    # Whoever has the old address must not have the link that goes to the new one.
    if store.grant_of(edition.id, "reviewer", person.id) is not None:
        links.reissue(store, settings(), edition.id, "reviewer", person.id, actor=actor)
    count = store.send_elsewhere(edition.id, person.id, person.email, _OF_THE_REVIEW)
    run = edition.last_of("scoring")
    if run is not None:
        count += _begin_anew(store, edition, run, person)
    store.append(edition.id, "AddressCorrected", actor=actor, reviewer=person.id, mails=count)
    return count


def compare(store: Store, edition: Edition, before: Mapping[str, str], *, actor: str) -> str:
    """Let what follows from corrected addresses happen after an import of reviewers. Yields the rest of a sentence; empty if none was.

    Args:
        store: The transaction of the import.
        edition: The edition.
        before: Code -> address, as it was.
        actor: Who imports.
    """
    corrected = [one for one in store.reviewers(edition.id) if one.email != before.get(one.code, one.email)]
    again = sum(changed(store, edition, one, actor=actor) for one in corrected)
    return f", {len(corrected)} addresses corrected and {again} mails sent again" if corrected else ""


def _begin_anew(store: Store, edition: Edition, run: StageRun, person: Reviewer) -> int:
    """The days to answer begin anew; who has lost everything meanwhile is told how to come back. Yields how many mails that makes."""
    store.lock_stage(edition.id, run.position, to_change=True)
    watch = store.watch(edition.id, run.position, person.id)
    store.put_watch(replace(watch, bounced_at=None, bounced_reply=""))
    if run.state != "open":
        return 0
    if store.invitation(edition.id, run.position, person.id).state != "lapsed":
        reply_dates.ask(store, edition, run, [person])
        return 0
    lost = [one.payload for one in store.events(edition.id, "ReviewerLapsed") if one.payload["reviewer"] == person.id]
    now = store.edition_now(edition.id)
    count = len(lost[-1]["given_back"]) if lost else 0
    return store.queue_mails(edition.id, [messages.review_lapsed(edition, run, person, "bounced", count, now)])
