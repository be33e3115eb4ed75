"""The form check by people: what each entry still needs, what its stage waits for, and the list of accepted entries (rules F1 to F5)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.calendar import load_calendar
from models import subjects
from models.declared import Words
from models.edition import Edition, Entry, StageRun
from models.errors import NotFound
from models.process import FormField, Process
from models.stages import SubmissionStage
from models.store import Store
from models.submitting import Check, Correction, Finding
from rules import calendar, checked_forms
from rules.calendar import WorkCalendar
from rules.checked_forms import Place, Progress
from tasks.installation import settings

_AWAITED: Mapping[Place, str] = {
    "to_check": "wait for a form checker",
    "second": "wait for a second form checker",
    "disputed": "are disputed between form checkers",
    "sent_back": "were sent back to be corrected",
}
OUT = ("withdrawn", "duplicate")
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
        raise NotFound(
            f"{edition.id}: no form checker decides here; the submission says accept_by: rule",
            zh="本届的形式审查由规则自动完成，没有需要人工审查的申报项",
        )
    return run


def takes_paper(run: StageRun) -> bool:
    """Whether the office may still add entries that came by post and count by their postmark (rule N8)."""
    return checked_forms.by_checkers(run) and declared(run).postmark and run.state == "open"


def items(store: Store, run: StageRun) -> tuple[Item, ...]:
    """All entries that are, or were, in the form check, by code."""
    checks: dict[str, list[Check]] = defaultdict(list)
    corrections: dict[str, list[Correction]] = defaultdict(list)
    for check in store.checks(run.edition):
        checks[check.entry].append(check)
    for correction in store.corrections(run.edition):
        corrections[correction.entry].append(correction)
    return tuple(
        _item(run, entry, checks[entry.id], corrections[entry.id]) for entry in store.entries(run.edition) if entry.state not in OUT
    )


def item(store: Store, run: StageRun, code: str) -> Item:
    """One entry in the form check.

    Raises:
        NotFound: there is none of that code.
    """
    entry = next((one for one in store.entries(run.edition) if one.code == code and one.state not in OUT), None)
    if entry is None:
        raise NotFound(f"{run.edition} has no entry {code} in the form check", zh=f"形式审查中没有编号为“{code}”的申报项")
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


def holds(store: Store, edition: Edition, run: StageRun, found: Sequence[Item] | None = None) -> bool:
    """Whether a stage must stay open after its deadline: an entry is undecided, or the accepted ones are not, or still, public.

    Args:
        store: An open transaction.
        edition: The edition.
        run: Its open stage.
        found: What `items` yields, where the caller has it already.
    """
    now = edition.now(store.real_now)
    if not checked_forms.by_checkers(run) or run.cutoff is None or now < run.cutoff:
        return False
    found = items(store, run) if found is None else found
    if any(one.progress.place != "decided" for one in found):
        return True
    if not (declared(run).publicity_days and any(one.progress.outcome == "eligible" for one in found)):
        return False
    ends = publicity_ends(store, run)
    return ends is None or now < ends


def awaited(store: Store, edition: Edition, run: StageRun) -> str:
    """What a stage whose deadline has passed waits for, in a sentence."""
    if not checked_forms.by_checkers(run):
        return f"{run.name} is about to close"
    found = counts(store, run)
    told = [f"{found[place]} {what}" for place, what in _AWAITED.items() if found[place]]
    if told:
        return f"entries: {', '.join(told)}"
    ends = publicity_ends(store, run)
    shown = calendar.deadline_text(ends, edition.process.time_zone) if ends else ""
    return f"the list of accepted entries is public until {shown}" if shown else "the list of accepted entries is about to be posted"


@dataclass(frozen=True, slots=True)
class Posted:
    """The list of accepted entries while it is, or was, public (rule F5)."""

    first_day: str
    """ISO dates, both counted."""
    last_day: str
    until: datetime


def posted(store: Store, run: StageRun) -> Posted | None:
    """When the list of accepted entries was made public; None before. A list from before an extension counts no more."""
    found = [one for one in store.events(run.edition) if one.type == "AcceptedPosted" and (run.cutoff is None or one.at >= run.cutoff)]
    if not found:
        return None
    said = found[-1].payload
    return Posted(said["first_day"], said["last_day"], datetime.fromisoformat(said["until"]))


def publicity_ends(store: Store, run: StageRun) -> datetime | None:
    """Until when the list of accepted entries is public; None before it is posted."""
    found = posted(store, run)
    return found.until if found else None


def accepted(store: Store, edition: Edition) -> tuple[Posted, tuple[Entry, ...]]:
    """The public list of accepted entries, without those that were taken off it, and without classified ones.

    Raises:
        NotFound: no such list is public.
    """
    run = stage_of(edition)
    found = posted(store, run)
    if found is None:
        raise NotFound(f"{edition.id} has posted no list of accepted entries", zh="还没有公布形式审查合格的名单")
    listed = [one.entry for one in items(store, run) if one.progress.outcome == "eligible" and not one.entry.classified]
    return found, tuple(listed)


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


def lines(edition: Edition, run: StageRun, entry: Entry, findings: Collection[Finding]) -> tuple[str, ...]:
    """Findings as reasons of an entry, in the process's first language."""
    return tuple(reason(edition.process, run, entry.class_name, one).zh for one in findings)
