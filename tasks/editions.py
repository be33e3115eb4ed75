"""Open editions, look at them, and let admins act on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models.declared import Words
from models.edition import Deadline, Edition, Lease, StageRun
from models.errors import JinbangError, NotAllowed, NotFound
from models.process import Process
from models.store import Store
from notifications import messages
from rules import calendar, checked_forms
from rules.progress import Situation, Step, Wait
from tasks import answers, check_deadlines, checking, healing, scoring, shortlisting, stages, submission
from tasks.failpoints import failpoint
from tasks.installation import database, settings

READY: Mapping[str, Callable[[Store, Edition, StageRun], bool]] = {
    "submission": lambda store, edition, run: False,
    "scoring": scoring.all_signed,
    "shortlisting": lambda store, edition, run: shortlisting.released(edition, run),
    "voting": answers.all_answered,
    "signoff": answers.all_answered,
    "notice": lambda store, edition, run: False,
    "publication": lambda store, edition, run: shortlisting.released(edition, run),
}
"""Whether everyone whom an open stage waits for has acted, by stage kind."""


# -- the engine's side ----------------------------------------------------------------------------------------------


def take(edition_id: str, owner: str) -> Lease | None:
    """Become the edition's one writer; None while another engine is."""
    with database().write() as store:
        store.edition(edition_id)
        return store.take_lease(edition_id, owner, stages.lease_end(store))


def give_back(lease: Lease, seen: int) -> bool:
    """End the lease if no event has come to the `seen` ones; False if somebody acted meanwhile and the engine must look again."""
    with database().write() as store:
        store.keep_lease(lease, stages.lease_end(store))
        if store.count_events(lease.edition) > seen:
            return False
        store.give_back(lease)
        return True


def drop(lease: Lease) -> None:
    """End the lease whatever has happened."""
    with database().write() as store:
        store.give_back(lease)


def situation(edition_id: str) -> Situation:
    """The edition at this moment, as the engine's rule needs it."""
    with database().read() as store:
        seen = store.count_events(edition_id)
        edition = store.edition(edition_id)
        now = edition.now(store.real_now)
        run = edition.current
        ready = False
        held = False
        due: tuple[Deadline, ...] = ()
        dues: tuple[Deadline, ...] = ()
        if run is not None and run.state == "open":
            ready = READY[run.declared.kind](store, edition, run)
            deadlines = store.open_deadlines(edition_id, run.position)
            due = tuple(one for one in deadlines if one.kind.startswith("remind:") and one.at <= now)
            held, dues = check_deadlines.look(store, edition, run)
            dues += healing.come(run, deadlines, now)
    return Situation(edition, now, ready, due, seen, held, dues)


def note_failure(lease: Lease, run: StageRun, failure: Exception) -> bool:
    """Count a failed try, and tell the admins when the stage is blocked. Yields whether it is blocked now.

    A refusal of ours blocks the stage at once, since only a person can change it; anything else is tried again, up to the limit.
    """
    ours = isinstance(failure, JinbangError)
    cause = str(failure) if ours else f"{type(failure).__name__}: {failure}"
    with stages.held(lease) as store:
        blocked = store.note_failure(lease, run.position, cause[:2000], limit=1 if ours else settings().stage_attempts)
        edition = store.edition(lease.edition)
        if blocked:
            zh = failure.zh[:2000] if isinstance(failure, JinbangError) else ""
            store.append(edition.id, "StageBlocked", actor="engine", stage=run.name, cause=cause[:2000], zh=zh)
            store.queue_mails(edition.id, [messages.stage_blocked(edition, run, admin, cause[:2000], zh) for admin in store.admins()])
    failpoint("note_failure.after")
    return blocked


# -- opening --------------------------------------------------------------------------------------------------------


def plan(process: Process, declaration_hash: str, *, now: datetime, label: str | None = None, starts: date | None = None,
         rehearsal: bool = False, seed: int | None = None, clock_offset: timedelta = timedelta()) -> Edition:  # fmt: skip
    """An edition as it would be opened: dates in UTC, moved as a whole so that the first stage opens on `starts`.

    Raises:
        NotAllowed: a deadline has passed already.
    """
    label = label or process.edition
    shift = timedelta()
    if starts is not None and (first := _first_day(process)) is not None:
        shift = starts - first
    runs = []
    for position, stage in enumerate(process.stages):
        opens = calendar.to_utc(stage.opens + shift, process.time_zone) if stage.opens else None
        closes = calendar.to_utc(stage.closes + shift, process.time_zone) if stage.closes else None
        runs.append(StageRun(f"{process.name}-{label}", position, stage, "planned", opens, closes, None, None, False, 0, 0, None))
    edition = Edition(
        id=f"{process.name}-{label}", label=label, process=process, declaration_hash=declaration_hash, state="running", version=1,
        rehearsal=rehearsal, seed=seed if seed is not None else int(declaration_hash[:8], 16), clock_offset=clock_offset,
        created_at=now, stages=tuple(runs),
    )  # fmt: skip
    if past := [run for run in runs if run.closes_at is not None and run.closes_at <= edition.now(now)]:
        raise NotAllowed(
            f"{edition.id}: {past[0].name} closes {calendar.deadline_text(past[0].closes_at or now, process.time_zone)}, which is past. "
            f"Give the first day with --starts, or write new dates into the process file"
        )
    return edition


def _first_day(process: Process) -> date | None:
    """The first day that the declaration names; 24:00 belongs to the day that it ends."""
    first = next((stage.opens or stage.closes for stage in process.stages if stage.opens or stage.closes), None)
    return None if first is None else (first if process.stages[0].opens else first - timedelta(microseconds=1)).date()


def keep(edition: Edition, declaration: dict[str, object], *, actor: str) -> None:
    """Open an edition: keep it with its declaration, and wake the engine.

    Raises:
        NotAllowed: an edition of that id exists.
    """
    with database().write() as store:
        if edition.id in store.edition_ids():
            raise NotAllowed(f"{edition.id} is open already; give another label with --edition")
        store.add_edition(edition, declaration)
        store.append(edition.id, "EditionOpened", actor=actor, declaration=edition.declaration_hash, seed=edition.seed)


# -- the admin's side -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EditionStatus:
    """One edition as an admin sees it."""

    edition: Edition
    now: datetime
    current: StageRun | None
    entries: Mapping[str, int]
    """By entry state."""
    assignments: int
    signed: int
    silent: int
    """People whom the open stage waits for."""
    mails: Mapping[str, int]
    """By mail state."""
    because: Words | None
    """Why it stands still; None while it goes on."""


def status(store: Store, edition: Edition) -> EditionStatus:
    """Counts and deadline of one edition."""
    run = edition.current
    scored = edition.last_of("scoring")
    progress = store.progress(edition.id, scored.position) if scored else {}
    silent = 0
    if run is not None and run.state == "open":
        if run.declared.kind == "scoring":
            silent = sum(signed < had for had, signed in progress.values())
        elif run.declared.kind in ("voting", "signoff"):
            silent = len(answers.silent(store, edition, run))
    return EditionStatus(
        edition, edition.now(store.real_now), run, store.count_entries(edition.id), sum(had for had, _ in progress.values()),
        sum(signed for _, signed in progress.values()), silent, store.count_mails(edition.id),
        why_blocked(store, edition),
    )  # fmt: skip


def why_blocked(store: Store, edition: Edition) -> Words | None:
    """Why an edition stands still, in both languages; what only our record tells is in English for all. None while it goes on."""
    run = edition.current
    if run is None or run.blocked is None:
        return None
    told = [one.payload for one in store.events(edition.id, "StageBlocked") if one.payload["stage"] == run.name]
    zh = told[-1].get("zh", "") if told and told[-1]["cause"] == run.blocked else ""
    return Words(zh=zh or run.blocked, en=run.blocked)


def request_next(store: Store, edition_id: str, *, actor: str) -> str:
    """Ask for the next step of an edition now. Yields a sentence that says what will happen.

    A rehearsal's clock is moved to the open deadline or opening time; a live stage is closed early where its people allow it.

    Raises:
        NotAllowed: the stage is blocked, or the law of the calendar forbids it.
    """
    edition = store.edition(edition_id)
    run = edition.current
    if run is None or edition.state != "running":
        raise NotAllowed(f"{edition_id} is {edition.state}; there is no next step", zh="这一届已经结束，没有下一步")
    if run.blocked is not None:
        raise NotAllowed(
            f"{edition_id}: {run.name} is blocked: {run.blocked} Settle the cause, then retry", zh="当前阶段受阻，请先排除原因，再重试"
        )
    now = edition.now(store.real_now)
    goal = run.opens_at if run.state == "planned" else (None if run.waits_for_admin else run.cutoff)
    zone = edition.process.time_zone
    shown = calendar.deadline_text(goal, zone) if goal else ""
    if checking.holds(store, edition, run):
        goal = check_deadlines.next_moment(store, edition, run)
    if goal is not None and goal > now:
        if edition.rehearsal:
            move_clock(store, edition, goal, actor=actor)
            return f"the clock of this rehearsal now shows {calendar.to_local(goal, zone):%Y-%m-%d %H:%M}"
        if run.declared.kind == "notice" and run.state != "planned":
            raise NotAllowed(
                f"{edition_id}: {run.name} goes on until {shown}; its period cannot be cut short", zh=f"公示到 {shown} 为止，期限不能缩短"
            )
    if checked_forms.by_checkers(run) and run.state == "open" and run.cutoff is not None and now < run.cutoff:
        return check_deadlines.end_nominations(store, run, actor=actor)
    store.request_close(edition_id, run.position)
    store.append(edition_id, "NextStepRequested", actor=actor, stage=run.name)
    return f"{run.name} is being {'opened' if run.state == 'planned' else 'closed'}"


def move_clock(store: Store, edition: Edition, to: datetime, *, actor: str) -> None:
    """Let a rehearsal's clock show a later time. It never goes back."""
    offset = to - store.real_now
    if offset > edition.clock_offset:
        store.set_clock(edition.id, offset)
        store.append(edition.id, "ClockMoved", actor=actor, to=to.isoformat())


def retry(store: Store, edition_id: str, *, actor: str) -> str:
    """Let the engine try a blocked stage again; where a list was returned, those who returned it are asked anew.

    Raises:
        NotAllowed: nothing is blocked.
    """
    edition = store.edition(edition_id)
    run = edition.current
    if run is None or run.blocked is None:
        raise NotAllowed(f"{edition_id}: no stage is blocked", zh="没有受阻的阶段，不需要重试")
    if not _is_returned(store, run):
        store.unblock(edition_id, run.position)
        if run.declared.kind == "scoring":
            store.reopen_stage(edition_id, run.position)  # so that entries without enough marks can get further reviewers
        store.append(edition_id, "StageRetried", actor=actor, stage=run.name, state=run.state)
        return f"{run.name} is tried again"
    if run.cutoff is not None and edition.now(store.real_now) >= run.cutoff:
        raise NotAllowed(
            f"{edition_id}: the deadline of {run.name} has passed; extend it, and those who returned the list are asked anew",
            zh="期限已过：请延长期限，退回名单的人会重新收到请求",
        )
    store.unblock(edition_id, run.position)
    _ask_anew(store, run, actor=actor)
    return f"{run.name}: those who returned the list are asked anew"


def _is_returned(store: Store, run: StageRun) -> bool:
    if run.declared.kind not in ("voting", "signoff") or stages.is_settled(store, run.edition, run.position):
        return False
    return any(one.verdict == "return" for one in store.answers(run.edition, run.position))


def _ask_anew(store: Store, run: StageRun, *, actor: str) -> None:
    """Begin a further round of a stage whose list came back: its returns are void, its agreements stand (rule J1)."""
    store.next_round(run.edition, run.position, run.round + 1)
    store.reopen_stage(run.edition, run.position)
    edition = store.edition(run.edition)
    again = edition.stages[run.position]
    store.append(edition.id, "AnswersReopened", actor=actor, stage=run.name, round=again.round)
    answers.queue_requests(store, edition, again, answers.silent(store, edition, again))


def extend(store: Store, edition_id: str, stage: str, closes: datetime, *, actor: str) -> StageRun:
    """Give a stage a new deadline; links live longer with it, and a blocked stage goes on. Who returned its list is asked anew.

    Raises:
        NotFound: no such stage.
        NotAllowed: the stage is closed, or the time is past.
    """
    edition = store.edition(edition_id)
    try:
        run = store.lock_stage(edition_id, edition.run_of(stage).position, to_change=True)
    except KeyError:
        known = ", ".join(one.name for one in edition.stages)
        raise NotFound(f"{edition_id} has no stage {stage!r}; its stages are {known}") from None
    if run.state == "closed" or run.declared.kind == "notice":
        raise NotAllowed(
            f"{edition_id}: {stage} cannot be extended ({'closed' if run.state == 'closed' else 'its period is fixed'})",
            zh="本阶段已经结束，或者期限是固定的，不能延期",
        )
    if run.state == "closing" and stages.is_settled(store, edition_id, run.position):
        raise NotAllowed(
            f"{edition_id}: {stage} cannot be extended; its result stands and it is about to close. If it is blocked, retry",
            zh="本阶段的结果已定，即将结束，不能延期；如果受阻，请重试",
        )
    if closes <= edition.now(store.real_now):
        raise NotAllowed(f"{edition_id}: the new deadline {closes.isoformat()} is past", zh="新的截止时间已经过去")
    returned = run.blocked is not None and _is_returned(store, run)
    store.extend_stage(edition_id, run.position, closes)
    extended = store.edition(edition_id).stages[run.position]
    if extended.state == "open":
        stages.set_deadlines(store, extended)
        _extend_links(store, extended)
        if extended.declared.kind == "submission" and closes != run.closes_at:
            submission.tell_extended(store, edition, extended)
    store.append(edition_id, "StageExtended", actor=actor, stage=stage, closes=closes.isoformat())
    if returned:
        _ask_anew(store, extended, actor=actor)
    return extended


def _extend_links(store: Store, run: StageRun) -> None:
    cutoff = run.cutoff
    if cutoff is None:
        return
    if run.declared.kind == "scoring":
        store.extend_grants(run.edition, "reviewer", cutoff + timedelta(days=scoring.declared(run).link_days_after))
    elif run.declared.kind == "submission":
        for asked in ("nominator", "witness"):
            store.extend_grants(run.edition, asked, cutoff + timedelta(days=settings().nominator_link_days))
    elif run.declared.kind in ("voting", "signoff"):
        role = "committee" if run.declared.kind == "voting" else "party"
        store.extend_grants(run.edition, role, cutoff + timedelta(days=settings().committee_link_days))  # type: ignore[arg-type]


def remind(store: Store, edition_id: str, *, actor: str) -> int:
    """Queue a reminder now for everyone whom the open stage waits for. Yields how many.

    Raises:
        NotAllowed: the open stage waits for nobody who could be reminded.
    """
    edition = store.edition(edition_id)
    run = edition.current
    if run is None or run.state != "open" or run.declared.kind not in ("submission", "scoring", "voting", "signoff"):
        raise NotAllowed(
            f"{edition_id}: nobody can be reminded now" + (f" ({run.name} is {run.state})" if run else ""), zh="现在没有需要提醒的人"
        )
    now = edition.now(store.real_now)
    days = max(0, (run.closes_at - now).days) if run.closes_at else 0
    if run.declared.kind == "scoring":
        return scoring.queue_reminders(store, edition, run, days, actor=actor)
    if run.declared.kind == "submission" and run.cutoff is not None and now >= run.cutoff:
        raise NotAllowed(
            f"{edition_id}: nominations are over, so no nominator can be reminded; {checking.awaited(store, edition, run)}",
            zh="申报已经截止，不再提醒推荐单位；现在等待的是形式审查、补正或公示",
        )
    if run.declared.kind == "submission":
        return submission.queue_reminders(store, edition, run, days, actor=actor)
    return answers.queue_reminders(store, edition, run, days, actor=actor)


def remind_once(lease: Lease, run: StageRun, due: Deadline, remind: Callable[[Lease, int, int, str], None] | None) -> None:
    """Send a reminder that has come, and let those before it rest: after a long sleep people get one, not several."""
    days = int(due.kind.partition(":")[2])
    if remind is not None:
        # A reminder that is late must not promise the days that it was late.
        remind(lease, run.position, min(days, _days_left(run)), f"{due.kind}:{due.at:%Y%m%d%H%M}")
    with stages.held(lease) as store:
        for earlier in store.open_deadlines(run.edition, run.position):
            if earlier.kind.startswith("remind:") and earlier.at <= due.at:
                store.finish_deadlines(run.edition, run.position, kind=earlier.kind)


def _days_left(run: StageRun) -> int:
    """Days to the deadline, begun ones included."""
    with database().read() as store:
        left = (run.closes_at or store.edition_now(run.edition)) - store.edition_now(run.edition)
    return max(0, math.ceil(left / timedelta(days=1)))


def sentence(step: Step) -> str:
    """What the engine waits for, for the log."""
    match step:
        case Wait(run, _, blocked=True):
            return f"{run.name} is blocked: {run.blocked}"
        case Wait(run, until):
            return f"{run.name} is {run.state}" + (f", until {until.isoformat()}" if until else ", until somebody acts")
        case _:
            return "finished"
