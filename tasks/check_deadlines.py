"""What the engine does for the form check by people: moments that come, the list of accepted entries, the end (rules F1, F5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from models.edition import Deadline, Edition, Lease, StageRun
from models.errors import NotAllowed
from models.store import Store
from notifications import messages
from rules import checked_forms, form_check
from tasks import checking, deciding, stages
from tasks.action import action
from tasks.checking import Item
from tasks.failpoints import failpoint

POSTING = "due:accepted"
"""Everything is decided and the accepted entries must be made public: due by itself, no row tells when."""


def look(store: Store, edition: Edition, run: StageRun) -> tuple[bool, tuple[Deadline, ...]]:
    """Whether an open stage is held after its deadline, and what it must settle by itself now: rows that have come, a list to be posted."""
    now = edition.now(store.real_now)
    if not checked_forms.by_checkers(run):
        return False, ()
    come = [one for one in store.open_deadlines(edition.id, run.position) if one.kind.startswith("due:") and one.at <= now]
    if run.cutoff is None or now < run.cutoff:
        return False, tuple(come)
    found = checking.items(store, run)
    if _must_post(store, run, found):
        come.append(Deadline(0, edition.id, run.position, POSTING, now))
    return checking.holds(store, edition, run, found), tuple(come)


def _must_post(store: Store, run: StageRun, found: Sequence[Item]) -> bool:
    """Whether all is decided and the accepted entries must be made public now."""
    if not checking.declared(run).publicity_days or any(one.progress.place != "decided" for one in found):
        return False
    return any(one.progress.outcome == "eligible" for one in found) and checking.publicity_ends(store, run) is None


@action
def settle(lease: Lease, position: int, due: Deadline) -> None:
    """Do what a moment of the form check asks for, once; the row that tells of it is done with it."""
    kind, _, code = due.kind.removeprefix("due:").partition(":")
    failpoint(f"settle_{kind}.before")
    with stages.held(lease) as store:
        run = store.lock_stage(lease.edition, position, to_change=True)
        edition = store.edition(lease.edition)
        if run.state == "open":
            if kind == "accepted":
                _post(store, edition, run)
            elif kind == "correction":
                _lapse(store, edition, run, code)
            elif kind == "last_call":
                _last_call(store, edition, run, code)
        store.finish_deadlines(edition.id, position, kind=due.kind, until=due.at)
        failpoint(f"settle_{kind}.uncommitted")
    failpoint(f"settle_{kind}.after")


def _lapse(store: Store, edition: Edition, run: StageRun, code: str) -> None:
    """Refuse an entry that was not corrected in time, and tell its nominator."""
    one = checking.item(store, run, code)
    now = edition.now(store.real_now)
    if one.progress.place != "sent_back" or not form_check.lapsed(one.corrections[-1], now):
        return
    correction = replace(one.corrections[-1], lapsed_at=now)
    store.put_correction(correction)
    reasons = ("逾期未补正", *checking.lines(edition, run, one.entry, correction.findings))
    store.decide_form_check([(one.entry.id, "", reasons)])
    store.append(edition.id, "CorrectionLapsed", actor="engine", stage=run.name, entry=one.entry.id, code=code, turn=correction.turn)
    person = next(unit for unit in store.nominators(edition.id) if unit.id == one.entry.nominator)
    store.queue_mails(edition.id, [messages.correction_lapsed(edition, run, person, one.entry, correction)])


def _last_call(store: Store, edition: Edition, run: StageRun, code: str) -> None:
    one = checking.item(store, run, code)
    if one.progress.place == "sent_back":
        deciding.tell_of_correction(store, edition, run, one.entry, one.corrections[-1], last_call=True)


def _post(store: Store, edition: Edition, run: StageRun) -> None:
    """Make the accepted entries public for the declared days."""
    now = edition.now(store.real_now)
    found = checking.items(store, run)
    if run.cutoff is None or now < run.cutoff or not _must_post(store, run, found):
        return
    period = form_check.accepted_publicity(now, checking.declared(run).publicity_days, zone=edition.process.time_zone)
    accepted = [one for one in found if one.progress.outcome == "eligible"]
    store.append(
        edition.id, "AcceptedPosted", actor="engine", stage=run.name, count=len(accepted), first_day=period.first_day.isoformat(),
        last_day=period.last_day.isoformat(), until=period.ends.isoformat(),
    )  # fmt: skip
    store.set_deadline(edition.id, run.position, "due:publicity", period.ends)


def end_nominations(store: Store, run: StageRun, *, actor: str) -> str:
    """Let the deadline be now: nominators can change nothing more, and form checkers begin. The stage stays open for them."""
    ends = store.edition_now(run.edition) - timedelta(minutes=run.declared.grace_minutes)
    store.extend_stage(run.edition, run.position, ends)
    for row in store.open_deadlines(run.edition, run.position):
        if row.kind == "closes" or row.kind.startswith("remind:"):
            store.finish_deadlines(run.edition, run.position, kind=row.kind)
    store.append(run.edition, "NextStepRequested", actor=actor, stage=run.name, closes=ends.isoformat())
    return f"nominations for {run.edition} have ended; {run.name} closes when its entries are checked"


def next_moment(store: Store, edition: Edition, run: StageRun) -> datetime:
    """To when the clock of a rehearsal moves that is held by its form check; a live edition waits for its people.

    Raises:
        NotAllowed: people, or the law of the calendar, must be waited for.
    """
    now = edition.now(store.real_now)
    coming = [one.at for one in store.open_deadlines(edition.id, run.position) if one.kind.startswith("due:") and one.at > now]
    if not edition.rehearsal or not coming:
        raise NotAllowed(
            f"{edition.id}: {run.name} cannot close yet; {checking.awaited(store, edition, run)}",
            zh="形式审查、补正或公示还没有完成，本阶段还不能结束",
        )
    return min(coming)


@action
def begin_closing(lease: Lease, position: int) -> bool:
    """Move a submission stage to closing, unless somebody has acted so that it must stay open. Yields whether it is closing now."""
    failpoint("begin_closing.before")
    with stages.held(lease) as store:
        run = store.lock_stage(lease.edition, position, to_change=True)
        edition = store.edition(lease.edition)
        if run.state == "open":
            if checking.holds(store, edition, run):
                return False
            store.move_stage(lease, run, "closing", version=edition.version)
    failpoint("begin_closing.after")
    return True
