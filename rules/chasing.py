"""When reviewers who do not answer, do not begin, or cannot be reached are reminded, and when their entries go to others (rule R8).

Nobody loses anything for want of an answer or of work without having been reminded the declared days before: a reminder that came
late moves the end with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from models.healing import Watch
from models.reviewing import InvitationState
from models.stages import ScoringStage
from rules.calendar import to_local, to_utc

Act = Literal["remind_to_answer", "no_answer", "remind_to_begin", "silent", "bounced"]
"""A reminder, or the reason for which entries leave."""
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hand:
    """What is known of one reviewer with entries in hand."""

    state: InvitationState
    waiting: int
    """Entries about which the reviewer has not answered."""
    not_begun: int
    """Entries that the reviewer has opened and of which nothing is saved."""
    seen: datetime | None
    """The last sign of life: an answer, or a save."""
    watch: Watch


@dataclass(frozen=True, slots=True)
class Moment:
    """What is to be done, and when."""

    at: datetime
    act: Act


def end_of_day(start: datetime, days: int, zone: str) -> datetime:
    """24:00 of the n-th natural day after the day of a moment, in UTC; the first day that counts is the one after it."""
    day = to_local(start, zone).date() + timedelta(days=days + 1)
    return to_utc(datetime.combine(day, time()), zone)


def reply_by(asked: datetime, stage: ScoringStage, zone: str, *, cutoff: datetime | None) -> datetime | None:
    """Until when who is asked now should answer; None if nothing is declared, or the review has ended by then."""
    if stage.reply_by_days is None:
        return None
    end = end_of_day(asked, stage.reply_by_days, zone)
    return end if cutoff is None or end < cutoff else None


def ends_after_warning(end: datetime, warned: datetime, days: int, zone: str) -> datetime:
    """The end, of which the reviewer was reminded so many days before; later, if the reminder came more than a day late."""
    return end if warned <= end - timedelta(days=days) + _ONE_DAY else end_of_day(warned, days, zone)


def is_chased(hand: Hand) -> bool:
    """Whether a reviewer was reminded, or could not be reached, and has shown no sign of life since."""
    watch = hand.watch
    if watch.kept_by:
        return False
    to_answer = bool(hand.waiting) and (watch.reply_warned_at is not None or watch.bounced_at is not None)
    warned = watch.silence_warned_at
    return to_answer or (bool(hand.not_begun) and warned is not None and (hand.seen is None or hand.seen <= warned))


def ahead(hand: Hand, stage: ScoringStage, zone: str, *, cutoff: datetime | None) -> tuple[Moment, ...]:
    """What is still to be done about one reviewer, the earliest first; nothing of a reviewer whom the office keeps.

    Args:
        hand: The reviewer.
        stage: What is declared.
        zone: Time zone of the days.
        cutoff: From then on nothing goes to anybody else.
    """
    if hand.watch.kept_by:
        return ()
    found = [*_answer(hand, stage, zone), *_work(hand, stage, zone), *_address(hand, stage)]
    return tuple(sorted((one for one in found if cutoff is None or one.at < cutoff), key=lambda one: (one.at, one.act)))


def _answer(hand: Hand, stage: ScoringStage, zone: str) -> Iterator[Moment]:
    watch, days = hand.watch, stage.warn_days_before
    if watch.reply_by is None or not hand.waiting or watch.bounced_at is not None:
        return  # who could not be reached was not asked
    if watch.reply_warned_at is None:
        yield Moment(watch.reply_by - timedelta(days=days), "remind_to_answer")
    else:
        yield Moment(ends_after_warning(watch.reply_by, watch.reply_warned_at, days, zone), "no_answer")


def begin_by(hand: Hand, stage: ScoringStage, zone: str) -> datetime | None:
    """Until when something must be saved; None if nothing is declared, or nothing is left to begin."""
    if stage.silent_days is None or hand.state != "accepted" or not hand.not_begun or hand.seen is None:
        return None
    return end_of_day(hand.seen, stage.silent_days, zone)


def _work(hand: Hand, stage: ScoringStage, zone: str) -> Iterator[Moment]:
    end, watch, days = begin_by(hand, stage, zone), hand.watch, stage.warn_days_before
    if end is None or hand.seen is None:
        return
    if watch.silence_warned_at is None or watch.silence_warned_at < hand.seen:
        yield Moment(end - timedelta(days=days), "remind_to_begin")
    else:
        yield Moment(ends_after_warning(end, watch.silence_warned_at, days, zone), "silent")


def _address(hand: Hand, stage: ScoringStage) -> Iterator[Moment]:
    bounced = hand.watch.bounced_at
    if stage.replace_bounced_days is None or bounced is None or not (hand.waiting or hand.not_begun):
        return
    if hand.seen is None or hand.seen <= bounced:  # who has come since then has the link from elsewhere
        yield Moment(bounced + timedelta(days=stage.replace_bounced_days), "bounced")
