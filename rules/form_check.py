"""The form check by people: outcomes, reasons, corrections and their deadline, four eyes, publicity afterwards (rules F1-F5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from models.declared import Words
from models.errors import Fault
from models.stages import SubmissionStage
from models.submitting import Check, Correction, Finding, Outcome
from rules.calendar import NoticePeriod, WorkCalendar, notice_period

OUTCOMES: Mapping[Outcome, Words] = {
    "eligible": Words(zh="合格", en="Eligible"),
    "correction": Words(zh="补正", en="To be corrected"),
    "ineligible": Words(zh="不合格", en="Not eligible"),
    "not_accepted": Words(zh="不予受理", en="Not accepted"),
}
"""What a form checker can say (rule F1)."""
_TWO = 2
"""So many checkers agree where four eyes are asked for."""


def correction_due(mailed: datetime, days: int, *, zone: str, calendar: WorkCalendar) -> datetime:
    """The moment from which a correction is late: 24:00 of the last working day, counted from the day after the mail (rule F1).

    Args:
        mailed: When the mail that asks for it is queued, aware.
        days: Working days, at least 1.
        zone: Time zone of the days.
        calendar: What is a working day.

    Raises:
        CalendarNotCovered: the days reach into a year whose holidays are not known.
    """
    return notice_period(mailed, days=days, unit="workday", first_day="next_day", zone=zone, calendar=calendar).ends


def lapsed(correction: Correction, now: datetime) -> bool:
    """Whether a correction was not made in time, so that the entry is not eligible; at the due moment it is late (rule F1)."""
    return correction.answered_at is None and now >= correction.due_at


def may_send_back(stage: SubmissionStage, turn: int) -> bool:
    """Whether an entry that has been sent back `turn` times may be sent back once more (rule F2)."""
    return turn < stage.max_corrections


def locked(correction: Correction, changed: Iterable[str]) -> tuple[str, ...]:
    """Fields that a correction does not open, among those that somebody wants to change (rule F2)."""
    return tuple(name for name in changed if name not in correction.fields)


def fields_to_correct(found: Iterable[Finding]) -> tuple[str, ...]:
    """The fields that a correction opens, each once (rule F2)."""
    return tuple(dict.fromkeys(one.field for one in found if one.field))


def faults(
    stage: SubmissionStage, outcome: Outcome, findings: Collection[Finding], *, turn: int, fields: Collection[str]
) -> tuple[Fault, ...]:
    """What keeps a form checker's answer from being taken (rules F1-F3).

    `eligible` names nothing; every other outcome names at least one declared reason; `correction` names a field in each
    finding, and is open only while `max_corrections` allows.

    Args:
        stage: The declaration.
        outcome: What the checker chose.
        findings: What the checker found.
        turn: How often the entry was sent back before.
        fields: Names of what can be corrected: the fields and core columns of the entry's class.
    """
    known = {reason.name for reason in stage.reason_codes}
    found = [
        _fault("findings", f"{one.code!r} is no declared reason", "choose one of the list", f"“{one.code}”不在原因清单中，请从清单中选择")
        for one in findings
        if one.code not in known
    ]
    if outcome == "eligible" and findings:
        found.append(
            _fault(
                "outcome",
                "an eligible entry has no findings",
                "remove them, or choose another outcome",
                "选择“合格”时不填写问题，请删去或改选",
            )
        )
    if outcome != "eligible" and not findings:
        found.append(_fault("findings", "the reason is missing", "name at least one", "请至少选择一项原因"))
    if outcome == "correction":
        found += _correction_faults(stage, findings, turn=turn, fields=fields)
    return tuple(found)


def _correction_faults(stage: SubmissionStage, findings: Collection[Finding], *, turn: int, fields: Collection[str]) -> list[Fault]:
    found = []
    if not may_send_back(stage, turn):
        what = f"the entry has been sent back {turn} times; {stage.max_corrections} are allowed"
        zh = f"该项已补正{turn}次，最多{stage.max_corrections}次，请改选其他结论"
        found.append(_fault("outcome", what, "choose another outcome", zh))
    for name in dict.fromkeys(one.field for one in findings if one.field not in fields):
        what, zh = (
            (f"{name!r} is not a field of the entry", f"没有“{name}”这一项") if name else ("a field is missing", "没有指明补正哪一项")
        )
        found.append(_fault("findings", what, "say for every finding which field to correct", f"{zh}，请为每个问题选择要补正的项目"))
    return found


def verdict(checks: Iterable[Check], *, four_eyes: bool = False) -> Outcome | None:
    """What the checks of an entry in one turn come to; None while it is not decided (rules F1 and F4).

    One checker decides alone; of several, the one who spoke last. With four eyes an outcome needs two checkers, and more of
    them than any other outcome has. Two who disagree decide nothing: either one gives a new answer until they agree, or a
    third checker gives one of them the majority.
    """
    counting = last_words(checks)
    if not four_eyes:
        return counting[-1].outcome if counting else None
    ranked = Counter(one.outcome for one in counting).most_common(2)
    if not ranked or ranked[0][1] < _TWO or (len(ranked) > 1 and ranked[1][1] == ranked[0][1]):
        return None
    return ranked[0][0]


def last_words(checks: Iterable[Check]) -> tuple[Check, ...]:
    """What each checker said last, the earliest first (rule F4)."""
    last = {check.checker: check for check in sorted(checks, key=lambda one: (one.at, one.id))}
    return tuple(sorted(last.values(), key=lambda one: (one.at, one.id)))


def visible(checks: Iterable[Check], checker: str, *, four_eyes: bool) -> tuple[Check, ...]:
    """What a checker may see of the checks of a turn: with four eyes, those of others only after an own one (rule F4)."""
    counting = last_words(checks)
    return () if four_eyes and all(one.checker != checker for one in counting) else counting


def accepted_publicity(posted: datetime, days: int, *, zone: str) -> NoticePeriod:
    """How long the list of accepted entries hangs: natural days from the day after posting (rule F5)."""
    return notice_period(posted, days=days, unit="day", first_day="next_day", zone=zone, calendar=WorkCalendar())


def _fault(field: str, what: str, remedy: str, zh: str) -> Fault:
    return Fault(what, remedy, field=field, zh=zh)
