"""Panels heal themselves: who does not answer, does not begin, or cannot be reached is reminded, then replaced (rules R4 and R8).

One deadline of a stage stands for all its reviewers. When it comes the engine asks `rules.chasing` about each of them, acts on each in
one transaction of its own, and sets the next moment. A process that dies between two finds the first done and goes on with the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from models.edition import Assignment, Deadline, Edition, Lease, StageRun
from models.healing import Cause
from models.reviewing import Invitation
from models.store import Store
from notifications import messages
from rules import chasing
from rules.chasing import Act, Hand
from tasks import panel_sizes, recusing, reply_dates, stages, substitutes, unsigned
from tasks.action import action
from tasks.failpoints import failpoint
from tasks.installation import database
from tasks.reply_dates import DUE, declared

REASONS: dict[Cause, str] = {
    "no_answer": "did not answer by the date in the invitation",
    "silent": "accepted and saved nothing for the declared days",
    "bounced": "the mail server refused the address",
}
"""Why entries left by themselves, for the record."""
_ASKING = ("review_invitation", "review_more")


def come(run: StageRun, deadlines: Iterable[Deadline], now: datetime) -> tuple[Deadline, ...]:
    """The moments at which reviewers of an open scoring stage must be looked after, if they have come."""
    if run.declared.kind != "scoring":
        return ()
    return tuple(one for one in deadlines if one.kind == DUE and one.at <= now)


@action
def settle(lease: Lease, position: int, due: Deadline) -> None:
    """Look after every reviewer about whom something is to be done now, then set the next moment."""
    failpoint("settle_healing.before")
    for reviewer in _waiting(lease, position):
        with stages.held(lease) as store:
            _attend(store, lease.edition, position, reviewer)
            failpoint("settle_healing.uncommitted")
        failpoint("settle_healing.one")
    with stages.held(lease) as store:
        run = store.lock_stage(lease.edition, position, to_change=True)
        edition = store.edition(lease.edition)
        store.finish_deadlines(edition.id, position, kind=DUE)
        moments = [one.at for hand in reply_dates.hands(store, edition, run).values() for one in _ahead(edition, run, hand)]
        if moments and run.state == "open":
            store.set_deadline(edition.id, position, DUE, min(moments))
        if run.state == "open":
            _tell_office(store, edition, run)
    failpoint("settle_healing.after")


def _tell_office(store: Store, edition: Edition, run: StageRun) -> None:
    """Tell the admins of entries that lost a reviewer by themselves and have nobody to step in; once for the same entries."""
    told = [one.payload for one in store.events(edition.id, "ReviewerLapsed") if one.payload["stage"] == run.name]
    wanted = panel_sizes.look(store, run)
    lost = {entry for one in told for entry in one["given_back"]} - unsigned.closed_entries(store, run, wanted)
    sizes = Counter(pair.entry for pair in store.panels_of(run.position, lost) if not pair.recused)
    codes = sorted(one.code for one in store.entries_by_id(lost).values() if one.state == "assigned" and sizes[one.id] < wanted.of(one))
    if codes:
        store.queue_mails(edition.id, [messages.seats_empty(edition, run, admin, codes) for admin in store.admins()])


def _waiting(lease: Lease, position: int) -> list[str]:
    """Reviewers about whom something is to be done now, by id."""
    edition, run = stages.look(lease, position)
    with database().read() as store:
        now, found = store.edition_now(edition.id), reply_dates.hands(store, edition, run)
    return [who for who, hand in found.items() if any(one.at <= now for one in _ahead(edition, run, hand))]


def _ahead(edition: Edition, run: StageRun, hand: Hand) -> tuple[chasing.Moment, ...]:
    return chasing.ahead(hand, declared(run), edition.process.time_zone, cutoff=run.cutoff)


def _attend(store: Store, edition_id: str, position: int, reviewer: str) -> None:
    """Do what is due about one reviewer, by what is stored now: the reviewer may have acted meanwhile."""
    run = store.lock_stage(edition_id, position, to_change=True)
    edition, now = store.edition(edition_id), store.edition_now(edition_id)
    if run.state != "open" or (run.cutoff is not None and now >= run.cutoff):
        return
    hand, _held = reply_dates.hand_of(store, edition, run, reviewer)
    due = next((one.act for one in _ahead(edition, run, hand) if one.at <= now), None)
    if due is None:
        return
    if due in ("remind_to_answer", "remind_to_begin"):
        _remind(store, edition, run, reviewer, hand, due)
    elif due == "no_answer" and store.mail_is_on_its_way(edition.id, reviewer, _ASKING):
        # Nobody can answer what has not arrived: the date moves while the mail server does not take it.
        later = chasing.end_of_day(now, declared(run).warn_days_before, edition.process.time_zone)
        store.put_watch(replace(hand.watch, reply_by=later, reply_warned_at=None))
    else:
        pass_on(store, edition, run, reviewer, _cause(due))


def _cause(act: Act) -> Cause:
    assert act in ("no_answer", "silent", "bounced")  # noqa: S101 - the others are reminders
    return act


def _remind(store: Store, edition: Edition, run: StageRun, reviewer: str, hand: Hand, act: Act) -> None:
    now, stage, zone = store.edition_now(edition.id), declared(run), edition.process.time_zone
    person = store.reviewer(reviewer)
    if act == "remind_to_answer" and hand.watch.reply_by is not None:
        until = chasing.ends_after_warning(hand.watch.reply_by, now, stage.warn_days_before, zone)
        store.put_watch(replace(hand.watch, reply_warned_at=now, reply_by=until))
        mail = messages.reply_reminder(edition, run, person, hand.waiting, until)
    else:
        end = chasing.begin_by(hand, stage, zone) or now
        until = chasing.ends_after_warning(end, now, stage.warn_days_before, zone)
        store.put_watch(replace(hand.watch, silence_warned_at=now))
        mail = messages.begin_reminder(edition, run, person, hand.not_begun, until)
    count = store.queue_mails(edition.id, [mail])
    store.append(edition.id, "RemindersQueued", actor="engine", stage=run.name, count=count, reviewer=reviewer, about=act)


def pass_on(store: Store, edition: Edition, run: StageRun, reviewer: str, cause: Cause) -> int:
    """Give to substitutes what a reviewer has not answered, or has not begun, and tell the reviewer. Yields how many entries left.

    Begun sheets stay. Who keeps nothing may come back by the link; who keeps something gets no more.
    """
    hand, held = reply_dates.hand_of(store, edition, run, reviewer)
    now, person = store.edition_now(edition.id), store.reviewer(reviewer)
    going = {one.assignment for one in held if one.saved_at is None and (cause != "no_answer" or one.cleared_at is None)}
    pairs = [one for one in store.assignments(edition.id, run.position, reviewer=reviewer) if one.id in going]
    for pair in pairs:
        recusing.take_back(store, pair, reason=cause, now=now, actor="engine")
    left = len(held) - len(pairs)
    before = store.invitation(edition.id, run.position, reviewer)
    store.put_invitation(replace(before, limit=left) if left else _lapsed(before, cause, now))
    store.append(
        edition.id, "ReviewerLapsed", actor="engine", stage=run.name, position=run.position, reviewer=reviewer, cause=cause,
        given_back=[pair.entry for pair in pairs], kept=left, reply=hand.watch.bounced_reply if cause == "bounced" else "",
    )  # fmt: skip
    substitutes.replace(store, edition.id, run.position, pairs, why=REASONS[cause])
    if cause != "bounced":
        _tell(store, edition, run, person.id, pairs, cause, left=left)
    return len(pairs)


def _lapsed(before: Invitation, cause: Cause, now: datetime) -> Invitation:
    return replace(before, state="lapsed", reason=cause, limit=None, answered_at=now)


def _tell(store: Store, edition: Edition, run: StageRun, reviewer: str, pairs: list[Assignment], cause: Cause, *, left: int) -> None:
    now, person = store.edition_now(edition.id), store.reviewer(reviewer)
    if left:
        codes = sorted(one.code for one in store.entries_by_id(pair.entry for pair in pairs).values())
        mail = messages.review_less(edition, run, person, codes, f"{cause}:{now.isoformat()}")
    else:
        mail = messages.review_lapsed(edition, run, person, cause, len(pairs), now)
    store.queue_mails(edition.id, [mail])
