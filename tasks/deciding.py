"""A form checker decides on an entry; where that sends it back, its nominator is asked at once (rules F1 to F4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from models.edition import Edition, Entry, StageRun
from models.errors import Fault, InputError, NotAllowed, NotFound, Stale
from models.store import Store
from models.submitting import Check, Correction, Finding, FormDraft, Outcome
from notifications import messages
from rules import form_check, forms
from rules.checked_forms import Progress
from rules.text import TextRefused, clean
from tasks import checking
from tasks.installation import database, settings

NOTE_MAX = 500
"""Characters of a form checker's note on one finding."""


def decide(edition: str, entry: str, checker: str, outcome: str, findings: Sequence[Finding], *, turn: int) -> Progress:
    """Keep what a form checker says of an entry; where that settles it, what follows from it happens at once.

    Args:
        edition: The edition's id.
        entry: The entry's id.
        checker: Address of the admin who checks.
        outcome: 合格 `eligible`, 补正 `correction`, 不合格 `ineligible` or 不予受理 `not_accepted` (rule F1).
        findings: Why; at least one unless it is eligible. Those of a correction name the fields that will be open.
        turn: How often the entry had been sent back when the checker looked at it.

    Raises:
        NotFound: there is no such entry, or no form checker decides here.
        NotAllowed: nominations are still open, the stage is closed, or the outcome is not possible any more.
        Stale: the entry was sent back meanwhile.
        InputError: each fault names its field: `outcome`, `findings`, or `note`.
    """
    with database().write() as store:
        return keep(store, edition, entry, checker, outcome, findings, turn=turn)


def keep(store: Store, edition_id: str, entry_id: str, checker: str, outcome: str, findings: Sequence[Finding], *, turn: int) -> Progress:
    """The same in the caller's transaction."""
    edition = store.edition(edition_id)
    run = store.lock_stage(edition_id, checking.stage_of(edition).position, to_change=True)
    now = store.edition_now(edition_id)
    if run.state != "open" or run.cutoff is None or now < run.cutoff:
        raise NotAllowed(
            f"{edition_id}: forms are checked after nominations have ended and before {run.name} has closed",
            zh="形式审查在申报截止之后、本阶段结束之前进行，现在不能审查",
        )
    entry = store.entry(entry_id)
    if entry.edition != edition_id or entry.state in checking.OUT:
        raise NotFound(f"{edition_id} has no such entry in the form check", zh="形式审查中没有这一项")
    before = checking.item_of(store, run, entry)
    if before.progress.turn != turn:
        raise Stale(f"{entry.code} was sent back meanwhile; look at it again", zh="这一项刚刚被退回补正，请重新打开")
    told, said = _checked(edition, run, entry, outcome, findings, turn)
    _refuse_impossible(store, run, before, told)
    check = Check(str(uuid4()), edition_id, entry_id, turn, checker, told, said, _after(before.checks, now))
    store.add_check(check)
    done = checking.item_of(store, run, entry).progress
    payload: dict[str, object] = {"entry": entry_id, "code": entry.code, "turn": turn}
    payload |= {"outcome": done.outcome} if done.outcome else {}  # with four eyes nobody learns of the first result from the events
    store.append(edition_id, "EntryChecked", actor=f"admin:{checker}", stage=run.name, **payload)
    if done.outcome == "correction":
        _send_back(store, edition, run, entry, done)
    return done


def _after(checks: Sequence[Check], now: datetime) -> datetime:
    """Words that fall into the same moment keep their order."""
    return max([now, *(one.at + timedelta(microseconds=1) for one in checks)])


def _refuse_impossible(store: Store, run: StageRun, before: checking.Item, outcome: Outcome) -> None:
    code, place = before.entry.code, before.progress.place
    if place == "sent_back":
        raise NotAllowed(f"{code} was sent back; it can be decided when it is corrected, or when its time is over")
    if before.entry.state != "submitted":
        raise NotAllowed(f"{code} is {before.entry.state}; nothing is left to decide about it")
    if outcome == "correction" and before.entry.classified:
        raise NotAllowed(f"{code} is known by its number only; there is nothing that could be corrected here")
    if outcome in ("eligible", "correction") and place == "decided" and checking.publicity_ends(store, run) is not None:
        raise NotAllowed(f"{code}: the list of accepted entries is public; from now on an entry can only be taken off it")


def _checked(
    edition: Edition, run: StageRun, entry: Entry, outcome: str, findings: Sequence[Finding], turn: int
) -> tuple[Outcome, tuple[Finding, ...]]:
    """What the checker said, if it makes sense.

    Raises:
        InputError: every fault at once.
    """
    told = next((one for one in form_check.OUTCOMES if one == outcome), None)
    if told is None:
        raise InputError([Fault("no outcome is chosen", "choose one of the four", field="outcome", zh="请选择审查结论")])
    faults: list[Fault] = []
    said = []
    for found in findings:
        try:
            said.append(Finding(found.code, found.field, clean(found.note, max_length=NOTE_MAX).strip()))
        except TextRefused as refused:
            faults.append(Fault(refused.what, f"write up to {NOTE_MAX} plain characters", field="note", zh=refused.zh))
    fields = checking.correctable(edition.process, entry.class_name)
    faults += form_check.faults(checking.declared(run), told, findings, turn=turn, fields=fields)
    if told != "correction" and any(one.field and one.field not in fields for one in findings):
        faults.append(Fault("a field is not one of the entry", "choose one of the list", field="findings", zh="请从清单中选择项目"))
    if faults:
        raise InputError(faults)
    return told, tuple(dict.fromkeys(said))


def _send_back(store: Store, edition: Edition, run: StageRun, entry: Entry, done: Progress) -> None:
    """Open the named fields to the nominator until the correction is due, and say so (rules F1, F2)."""
    now, turn = store.edition_now(edition.id), done.turn + 1
    days, known = checking.declared(run).correction_days, checking.work_calendar()
    due = form_check.correction_due(now, days, zone=edition.process.time_zone, calendar=known)
    fields = form_check.fields_to_correct(done.findings)
    correction = Correction(edition.id, entry.id, turn, fields, done.findings, now, due)
    store.put_correction(correction)
    store.set_entry_states({entry.id: "correction"})
    _open_form(store, edition, entry)
    store.extend_grants(edition.id, "nominator", due + timedelta(days=settings().nominator_link_days))
    store.set_deadline(edition.id, run.position, f"due:correction:{entry.code}", due)
    if (last_call := due - timedelta(days=1)) > now:
        store.set_deadline(edition.id, run.position, f"due:last_call:{entry.code}", last_call)
    payload = {"entry": entry.id, "code": entry.code, "turn": turn, "due": due.isoformat(), "fields": list(fields)}
    store.append(edition.id, "CorrectionAsked", actor="engine", stage=run.name, **payload)
    tell_of_correction(store, edition, run, entry, correction)


def _open_form(store: Store, edition: Edition, entry: Entry) -> None:
    """Files are sent with a form: make sure that there is one, and that it says what was handed in."""
    now, draft, typed = store.edition_now(edition.id), store.draft_of(entry.id), forms.typed(entry, edition.process)
    if draft is None:
        made = FormDraft(uuid4().hex, edition.id, entry.nominator, entry.class_name, entry.id, typed, 0, "submitted", now, now)
        store.add_draft(made)
    elif draft.state != "submitted":
        store.save_draft(draft, typed, revision=draft.revision, at=now)
        store.move_draft(draft.id, "submitted", at=now)


def tell_of_correction(
    store: Store, edition: Edition, run: StageRun, entry: Entry, correction: Correction, *, last_call: bool = False
) -> None:
    """Mail the nominator what to correct and until when."""
    told = [checking.reason(edition.process, run, entry.class_name, one) for one in correction.findings]
    person = next(one for one in store.nominators(edition.id) if one.id == entry.nominator)
    store.queue_mails(edition.id, [messages.correction_asked(edition, run, person, entry, correction, told, last_call=last_call)])
