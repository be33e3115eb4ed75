"""The form check by people: what each entry still needs, and what a form checker decides (rules F1 to F4)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from config.calendar import load_calendar
from models import subjects
from models.declared import Words
from models.edition import Edition, Entry, StageRun
from models.errors import Fault, InputError, NotAllowed, NotFound, Stale
from models.process import FormField, Process
from models.stages import SubmissionStage
from models.store import Store
from models.submitting import Check, Correction, Finding, FormDraft, Outcome
from notifications import messages
from rules import calendar, checked_forms, form_check, forms
from rules.calendar import WorkCalendar
from rules.checked_forms import Place, Progress
from rules.text import TextRefused, clean
from tasks.installation import database, settings

NOTE_MAX = 500
"""Characters of a form checker's note on one finding."""
_AWAITED: Mapping[Place, str] = {
    "to_check": "wait for a form checker",
    "second": "wait for a second form checker",
    "disputed": "are disputed between form checkers",
    "sent_back": "were sent back to be corrected",
}
_OUT = ("withdrawn", "duplicate")
"""States of entries that no form checker looks at."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry in the form check."""

    entry: Entry
    progress: Progress
    checks: tuple[Check, ...]
    corrections: tuple[Correction, ...]


def declared(run: StageRun) -> SubmissionStage:
    """The declaration of a submission stage."""
    assert isinstance(run.declared, SubmissionStage)  # noqa: S101 - narrows the type; callers choose by kind
    return run.declared


def stage_of(edition: Edition) -> StageRun:
    """The stage whose forms are checked by people.

    Raises:
        NotFound: the declared rules alone decide in this process.
    """
    run = next((one for one in edition.stages if checked_forms.by_checkers(one)), None)
    if run is None:
        raise NotFound(f"{edition.id}: no form checker decides here; the submission says accept_by: rule")
    return run


def items(store: Store, run: StageRun) -> tuple[Item, ...]:
    """All entries that are, or were, in the form check, by code."""
    checks: dict[str, list[Check]] = defaultdict(list)
    corrections: dict[str, list[Correction]] = defaultdict(list)
    for check in store.checks(run.edition):
        checks[check.entry].append(check)
    for correction in store.corrections(run.edition):
        corrections[correction.entry].append(correction)
    return tuple(
        _item(run, entry, checks[entry.id], corrections[entry.id]) for entry in store.entries(run.edition) if entry.state not in _OUT
    )


def item(store: Store, run: StageRun, code: str) -> Item:
    """One entry in the form check.

    Raises:
        NotFound: there is none of that code.
    """
    entry = next((one for one in store.entries(run.edition) if one.code == code and one.state not in _OUT), None)
    if entry is None:
        raise NotFound(f"{run.edition} has no entry {code} in the form check")
    return item_of(store, run, entry)


def item_of(store: Store, run: StageRun, entry: Entry) -> Item:
    """An entry with all that was said of it."""
    return _item(run, entry, store.checks(run.edition, entry=entry.id), store.corrections(run.edition, entry=entry.id))


def _item(run: StageRun, entry: Entry, checks: Sequence[Check], corrections: Sequence[Correction]) -> Item:
    done = checked_forms.progress(entry.state, checks, corrections, four_eyes=declared(run).four_eyes, since=run.cutoff)
    return Item(entry, done, tuple(checks), tuple(corrections))


def counts(store: Store, run: StageRun) -> Counter[Place]:
    """How many entries are at which place of the form check."""
    return Counter(one.progress.place for one in items(store, run))


def holds(store: Store, edition: Edition, run: StageRun) -> bool:
    """Whether a stage must stay open after its deadline: an entry is undecided, or the accepted ones are not, or still, public."""
    if not checked_forms.by_checkers(run) or run.cutoff is None or edition.now(store.real_now) < run.cutoff:
        return False
    found = items(store, run)
    if any(one.progress.place != "decided" for one in found):
        return True
    if not (declared(run).publicity_days and any(one.progress.outcome == "eligible" for one in found)):
        return False
    ends = publicity_ends(store, run)
    return ends is None or edition.now(store.real_now) < ends


def awaited(store: Store, edition: Edition, run: StageRun) -> str:
    """What a held stage waits for, in a sentence."""
    found = counts(store, run)
    told = [f"{found[place]} {what}" for place, what in _AWAITED.items() if found[place]]
    if told:
        return f"entries: {', '.join(told)}"
    ends = publicity_ends(store, run)
    shown = calendar.deadline_text(ends, edition.process.time_zone) if ends else ""
    return f"the list of accepted entries is public until {shown}" if shown else "the list of accepted entries is about to be posted"


def publicity_ends(store: Store, run: StageRun) -> datetime | None:
    """Until when the list of accepted entries is public; None before it is posted. A list from before an extension counts no more."""
    posted = [one for one in store.events(run.edition) if one.type == "AcceptedPosted" and (run.cutoff is None or one.at >= run.cutoff)]
    return datetime.fromisoformat(posted[-1].payload["until"]) if posted else None


def work_calendar() -> WorkCalendar:
    """The working days that this installation knows."""
    return load_calendar(settings().data_dir / "calendar" / "cn")


# -- what can be named ----------------------------------------------------------------------------------------------


def correctable(process: Process, class_name: str) -> dict[str, FormField]:
    """Fields that a checker can name and a nominator can correct: all but those that say whose entry of which class it is."""
    core = subjects.core_columns(process, class_name)
    asked = (*core, *subjects.fields_of(process, class_name))
    return {one.name: one for one in asked if one.name not in ("class", "nominator", "rank")}


def reason(process: Process, run: StageRun, class_name: str, found: Finding) -> Words:
    """A finding as people read it: code, field and note."""
    title = next((one.title for one in declared(run).reason_codes if one.name == found.code), Words(zh=found.code, en=found.code))
    field = correctable(process, class_name).get(found.field)
    zh = title.zh + (f"（{field.title.zh}）" if field else "") + (f"：{found.note}" if found.note else "")
    en = title.en + (f" ({field.title.en})" if field else "") + (f": {found.note}" if found.note else "")
    return Words(zh=zh, en=en)


# -- deciding -------------------------------------------------------------------------------------------------------


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
    run = store.lock_stage(edition_id, stage_of(edition).position, to_change=True)
    now = store.edition_now(edition_id)
    if run.state != "open" or run.cutoff is None or now < run.cutoff:
        raise NotAllowed(f"{edition_id}: forms are checked after nominations have ended and before {run.name} has closed")
    entry = store.entry(entry_id)
    if entry.edition != edition_id or entry.state in _OUT:
        raise NotFound(f"{edition_id} has no such entry in the form check")
    before = item_of(store, run, entry)
    if before.progress.turn != turn:
        raise Stale(f"{entry.code} was sent back meanwhile; look at it again")
    told, said = _checked(edition, run, entry, outcome, findings, turn)
    _refuse_impossible(store, run, before, told)
    check = Check(str(uuid4()), edition_id, entry_id, turn, checker, told, said, _after(before.checks, now))
    store.add_check(check)
    done = item_of(store, run, entry).progress
    payload: dict[str, object] = {"entry": entry_id, "code": entry.code, "turn": turn}
    payload |= {"outcome": done.outcome} if done.outcome else {}  # with four eyes nobody learns of the first result from the events
    store.append(edition_id, "EntryChecked", actor=f"admin:{checker}", stage=run.name, **payload)
    if done.outcome == "correction":
        _send_back(store, edition, run, entry, done)
    return done


def _after(checks: Sequence[Check], now: datetime) -> datetime:
    """Words that fall into the same moment keep their order."""
    return max([now, *(one.at + timedelta(microseconds=1) for one in checks)])


def _refuse_impossible(store: Store, run: StageRun, before: Item, outcome: Outcome) -> None:
    code, place = before.entry.code, before.progress.place
    if place == "sent_back":
        raise NotAllowed(f"{code} was sent back; it can be decided when it is corrected, or when its time is over")
    if before.entry.state != "submitted":
        raise NotAllowed(f"{code} is {before.entry.state}; nothing is left to decide about it")
    if outcome in ("eligible", "correction") and place == "decided" and publicity_ends(store, run) is not None:
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
    fields = correctable(edition.process, entry.class_name)
    faults += form_check.faults(declared(run), told, findings, turn=turn, fields=fields)
    if told != "correction" and any(one.field and one.field not in fields for one in findings):
        faults.append(Fault("a field is not one of the entry", "choose one of the list", field="findings", zh="请从清单中选择项目"))
    if faults:
        raise InputError(faults)
    return told, tuple(dict.fromkeys(said))


def _send_back(store: Store, edition: Edition, run: StageRun, entry: Entry, done: Progress) -> None:
    """Open the named fields to the nominator until the correction is due, and say so (rules F1, F2)."""
    now, turn = store.edition_now(edition.id), done.turn + 1
    due = form_check.correction_due(now, declared(run).correction_days, zone=edition.process.time_zone, calendar=work_calendar())
    fields = form_check.fields_to_correct(done.findings)
    correction = Correction(edition.id, entry.id, turn, fields, done.findings, now, due)
    store.put_correction(correction)
    store.set_entry_states({entry.id: "correction"})
    _open_form(store, edition, entry)
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
    told = [reason(edition.process, run, entry.class_name, one) for one in correction.findings]
    person = next(one for one in store.nominators(edition.id) if one.id == entry.nominator)
    store.queue_mails(edition.id, [messages.correction_asked(edition, run, person, entry, correction, told, last_call=last_call)])


def lines(edition: Edition, run: StageRun, entry: Entry, findings: Collection[Finding]) -> tuple[str, ...]:
    """Findings as reasons of an entry, in the process's first language."""
    return tuple(reason(edition.process, run, entry.class_name, one).zh for one in findings)
