"""When silent reviewers are reminded and when their entries go to others: whole days, a reminder first, nothing after the deadline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.healing import Watch
from models.stages import ScoringStage
from rules import chasing
from rules.chasing import Hand, Moment
from tests import builders

ZONE = "Asia/Shanghai"
ASKED = datetime(2026, 6, 2, 1, 0, tzinfo=UTC)
"""2 June, 09:00 in Beijing."""
LATE = datetime(2026, 6, 30, 16, 0, tzinfo=UTC)


def midnight(day: int) -> datetime:
    """24:00 in Beijing of a day of June."""
    return datetime(2026, 6, day, 16, 0, tzinfo=UTC)


def a_stage(**changes: Any) -> ScoringStage:
    stage = builders.a_process(**builders.a_stage_change("scoring", **changes)).stages[1]
    assert isinstance(stage, ScoringStage)
    return stage


def a_hand(**changes: Any) -> Hand:
    watch = Watch("e", 1, "r", **changes.pop("watch", {}))
    values: dict[str, Any] = {"state": "invited", "waiting": 2, "not_begun": 0, "seen": None, "watch": watch}
    return Hand(**values | changes)


def ahead(hand: Hand, cutoff: datetime | None = LATE, **stage: Any) -> list[tuple[datetime, str]]:
    return [(one.at, one.act) for one in chasing.ahead(hand, a_stage(**stage), ZONE, cutoff=cutoff)]


def test_the_last_day_to_answer_is_whole_and_counts_from_the_day_after() -> None:
    stage = a_stage(reply_by_days=5)
    assert chasing.reply_by(ASKED, stage, ZONE, cutoff=LATE) == midnight(7)
    assert chasing.reply_by(ASKED, stage, ZONE, cutoff=midnight(7)) is None
    assert chasing.reply_by(ASKED, a_stage(), ZONE, cutoff=LATE) is None


def test_a_reminder_comes_first_and_then_the_entries_leave() -> None:
    hand = a_hand(watch={"reply_by": midnight(7)})
    assert ahead(hand, reply_by_days=5) == [(midnight(5), "remind_to_answer")]
    assert ahead(hand, reply_by_days=5, warn_days_before=3) == [(midnight(4), "remind_to_answer")]
    reminded = replace(hand, watch=replace(hand.watch, reply_warned_at=midnight(5)))
    assert ahead(reminded, reply_by_days=5) == [(midnight(7), "no_answer")]


def test_a_reminder_that_came_late_moves_the_end() -> None:
    slept = midnight(9) + timedelta(hours=3)
    hand = a_hand(watch={"reply_by": midnight(7), "reply_warned_at": slept})
    assert ahead(hand, reply_by_days=5) == [(midnight(12), "no_answer")]


@pytest.mark.parametrize(
    "changes",
    [
        {"waiting": 0},
        {"watch": {"reply_by": midnight(7), "kept_by": "a@example.org"}},
        {"watch": {"reply_by": midnight(7), "bounced_at": ASKED}},
    ],
    ids=["answered", "kept", "not reached"],
)
def test_nobody_is_chased_who_has_answered_is_kept_or_was_not_reached(changes: dict[str, Any]) -> None:
    assert ahead(a_hand(**{"watch": {"reply_by": midnight(7)}} | changes), reply_by_days=5) == []


def test_who_saves_nothing_is_reminded_and_each_save_begins_the_days_anew() -> None:
    hand = a_hand(state="accepted", waiting=0, not_begun=3, seen=ASKED)
    assert ahead(hand, silent_days=4) == [(midnight(4), "remind_to_begin")]
    reminded = replace(hand, watch=replace(hand.watch, silence_warned_at=midnight(4)))
    assert ahead(reminded, silent_days=4) == [(midnight(6), "silent")]
    saved = replace(reminded, seen=midnight(5), not_begun=2)
    assert ahead(saved, silent_days=4) == [(midnight(8), "remind_to_begin")]
    assert ahead(replace(saved, not_begun=0), silent_days=4) == []


def test_a_refused_address_counts_only_until_the_reviewer_shows_up() -> None:
    hand = a_hand(watch={"bounced_at": ASKED})
    assert ahead(hand, replace_bounced_days=0) == [(ASKED, "bounced")]
    assert ahead(hand, replace_bounced_days=3) == [(ASKED + timedelta(days=3), "bounced")]
    assert ahead(hand) == []
    assert ahead(replace(hand, seen=midnight(3)), replace_bounced_days=3) == []


def test_who_was_reminded_is_chased_until_the_next_sign_of_life() -> None:
    waiting = a_hand(watch={"reply_by": midnight(7)})
    assert not chasing.is_chased(waiting)
    reminded = replace(waiting, watch=replace(waiting.watch, reply_warned_at=midnight(5)))
    assert chasing.is_chased(reminded)
    assert not chasing.is_chased(replace(reminded, waiting=0))
    assert not chasing.is_chased(replace(reminded, watch=replace(reminded.watch, kept_by="a@example.org")))
    idle = a_hand(state="accepted", waiting=0, not_begun=3, seen=ASKED, watch={"silence_warned_at": midnight(4)})
    assert chasing.is_chased(idle)
    assert not chasing.is_chased(replace(idle, seen=midnight(5)))


def test_nothing_goes_to_others_from_the_deadline_on() -> None:
    hand = a_hand(watch={"reply_by": midnight(7), "reply_warned_at": midnight(5)})
    assert ahead(hand, cutoff=midnight(7), reply_by_days=5) == []
    assert chasing.ahead(hand, a_stage(reply_by_days=5), ZONE, cutoff=None) == (Moment(midnight(7), "no_answer"),)
