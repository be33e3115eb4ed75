"""The engine's one rule: what an edition does next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.edition import Deadline, Edition, StageRun
from rules.progress import Close, Finished, Open, Remind, Settle, Situation, Step, Wait, next_step
from tests import builders

NOW = datetime(2026, 6, 10, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_situation(
    states: str, *, ready: bool = False, reminders: tuple[Deadline, ...] = (), state: Any = "running", **current: Any
) -> Situation:
    """An edition whose stages have the states named by first letters: c(losed), o(pen), p(lanned), O(pening), C(losing)."""
    names = {"c": "closed", "o": "open", "p": "planned", "O": "opening", "C": "closing"}
    edition = builders.an_edition()
    runs = tuple(
        replace(run, state=names[letter], opens_at=None, closes_at=None)
        for run, letter in zip(edition.stages, states.ljust(7, "p"), strict=True)
    )
    place = next((one for one, run in enumerate(runs) if run.state != "closed"), None)
    if place is not None:
        runs = (*runs[:place], replace(runs[place], **current), *runs[place + 1 :])
    return Situation(replace(edition, stages=runs, state=state), NOW, ready, reminders, 0)


def run_of(situation: Situation) -> StageRun:
    found = situation.edition.current
    assert found is not None
    return found


def a_reminder(number: int, at: datetime) -> Deadline:
    return Deadline(number, "sample-2026", 1, f"remind:{number}", at)


def test_an_edition_without_open_stages_is_finished() -> None:
    assert next_step(a_situation("ccccccc")) == Finished()
    assert next_step(a_situation("co", state="cancelled")) == Finished()


@pytest.mark.parametrize(
    ("opens", "requested", "expected"),
    [(None, False, Open), (NOW, False, Open), (NOW - HOUR, False, Open), (NOW + HOUR, False, Wait), (NOW + HOUR, True, Open)],
)
def test_a_stage_opens_after_the_one_before_and_not_before_its_day(opens: datetime | None, requested: bool, expected: type[Step]) -> None:
    situation = a_situation("cp", opens_at=opens, requested=requested)
    assert next_step(situation) == (Open(run_of(situation)) if expected is Open else Wait(run_of(situation), opens))


def test_what_was_begun_is_finished_whatever_the_calendar_says() -> None:
    opening = a_situation("cO", opens_at=NOW + HOUR)
    assert next_step(opening) == Open(run_of(opening))
    closing = a_situation("cC", closes_at=NOW + HOUR)
    assert next_step(closing) == Close(run_of(closing))


def test_a_blocked_stage_waits_for_a_person_even_past_its_deadline() -> None:
    situation = a_situation("cC", closes_at=NOW - HOUR, blocked="no quorum", requested=True)
    assert next_step(situation) == Wait(run_of(situation), None, blocked=True)


@pytest.mark.parametrize(
    ("late", "closes"), [(timedelta(0), False), (timedelta(minutes=10), True), (timedelta(minutes=9, seconds=59), False)]
)
def test_a_stage_closes_at_its_deadline_with_its_grace(late: timedelta, closes: bool) -> None:
    situation = a_situation("co", closes_at=NOW - late)  # scoring has ten minutes of grace
    cutoff = NOW - late + timedelta(minutes=10)
    assert next_step(situation) == (Close(run_of(situation)) if closes else Wait(run_of(situation), cutoff))


def test_a_stage_closes_early_when_its_people_are_done_or_the_admin_says_so() -> None:
    done = a_situation("co", closes_at=NOW + HOUR, ready=True)
    assert next_step(done) == Close(run_of(done))
    asked = a_situation("co", closes_at=NOW + HOUR, requested=True)
    assert next_step(asked) == Close(run_of(asked))


def test_where_an_admin_confirms_the_deadline_is_a_plan_only() -> None:
    situation = a_situation("cco", closes_at=NOW - HOUR)
    assert next_step(situation) == Wait(run_of(situation), None)


def test_of_several_reminders_that_have_come_only_the_last_is_sent() -> None:
    due = (a_reminder(7, NOW - 3 * HOUR), a_reminder(0, NOW - HOUR), a_reminder(2, NOW - 2 * HOUR))
    situation = a_situation("co", closes_at=NOW + HOUR, reminders=due)
    assert next_step(situation) == Remind(run_of(situation), due[1])


def test_nobody_is_reminded_after_the_deadline() -> None:
    situation = a_situation("co", closes_at=NOW, reminders=(a_reminder(2, NOW + 11 * timedelta(minutes=1)),))
    assert next_step(situation) == Wait(run_of(situation), NOW + timedelta(minutes=10))


@given(
    states=st.sampled_from(["p", "co", "cC", "cco", "cccO", "ccccccc"]),
    offset=st.integers(-5, 5),
    ready=st.booleans(),
    requested=st.booleans(),
    blocked=st.sampled_from([None, "why"]),
)
def test_the_answer_depends_on_what_is_stored_alone(states: str, offset: int, ready: bool, requested: bool, blocked: str | None) -> None:
    moment = NOW + offset * HOUR
    first, second = (
        a_situation(states, ready=ready, requested=requested, blocked=blocked, opens_at=moment, closes_at=moment + HOUR) for _ in range(2)
    )
    assert next_step(first) == next_step(second)
    step = next_step(first)
    if isinstance(step, Wait) and step.until is not None:
        assert step.until > NOW  # a wait that is over already would be a loop


def test_an_edition_knows_its_own_time() -> None:
    edition: Edition = replace(builders.an_edition(), clock_offset=timedelta(days=-3))
    assert edition.now(NOW) == NOW - timedelta(days=3)


def a_due(number: int, at: datetime) -> Deadline:
    return Deadline(number, "sample-2026", 0, f"due:correction:A0{number}", at)


def test_a_stage_whose_people_have_something_to_settle_stays_open_past_its_deadline() -> None:
    for more in ({}, {"ready": True}, {"requested": True}):
        situation = replace(a_situation("o", closes_at=NOW - HOUR, **more), held=True)
        assert next_step(situation) == Wait(run_of(situation), None)
    free = replace(a_situation("o", closes_at=NOW - HOUR), held=False)
    assert next_step(free) == Close(run_of(free))


def test_what_has_come_within_a_stage_is_settled_first_the_earliest_before_the_others() -> None:
    dues = (a_due(2, NOW - HOUR), a_due(1, NOW - HOUR), a_due(3, NOW))
    for held in (True, False):
        situation = replace(a_situation("o", closes_at=NOW - 2 * HOUR, requested=True), held=held, dues=dues)
        assert next_step(situation) == Settle(run_of(situation), dues[1])


def test_a_blocked_or_closing_stage_settles_nothing() -> None:
    blocked = replace(a_situation("o", closes_at=NOW - HOUR, blocked="why"), held=True, dues=(a_due(1, NOW),))
    assert next_step(blocked) == Wait(run_of(blocked), None, blocked=True)
    closing = replace(a_situation("C", closes_at=NOW - HOUR), held=True, dues=(a_due(1, NOW),))
    assert next_step(closing) == Close(run_of(closing))
