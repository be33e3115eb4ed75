"""How far the form check of an entry has come, what each checker may see, and what is sealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.submitting import Check, Correction, Finding
from rules import checked_forms
from rules.checked_forms import Progress, own_word, progress, seen_by
from tests import builders

CUTOFF = datetime(2026, 5, 31, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
ABSTRACT, JOURNAL = Finding("incomplete", "abstract"), Finding("incomplete", "journal")


def said(checker: str, outcome: Any, *findings: Finding, hours: int = 1, turn: int = 0) -> Check:
    return Check(f"{checker}{hours}", "sample-2026", "A01", turn, checker, outcome, findings, CUTOFF + hours * HOUR)


def sent_back(turn: int = 1, **changes: Any) -> Correction:
    correction = Correction("sample-2026", "A01", turn, ("abstract",), (ABSTRACT,), CUTOFF + HOUR, CUTOFF + 72 * HOUR)
    return replace(correction, **changes)


def of(*checks: Check, state: Any = "submitted", corrections: tuple[Correction, ...] = (), four_eyes: bool = False) -> Progress:
    return progress(state, checks, corrections, four_eyes=four_eyes, since=CUTOFF)


@pytest.mark.parametrize(
    ("checks", "one", "two"),
    [
        ((), Progress("to_check", 0), Progress("to_check", 0)),
        ((said("a", "eligible"),), Progress("decided", 0, "eligible"), Progress("second", 0)),
        (
            (said("a", "ineligible", ABSTRACT), said("b", "eligible", hours=2)),
            Progress("decided", 0, "eligible"),
            Progress("disputed", 0),
        ),
        (
            (said("a", "correction", ABSTRACT), said("b", "correction", JOURNAL, ABSTRACT, hours=2)),
            Progress("decided", 0, "correction", (JOURNAL, ABSTRACT)),
            Progress("decided", 0, "correction", (ABSTRACT, JOURNAL)),
        ),
        (
            (said("a", "ineligible", ABSTRACT), said("b", "eligible", hours=2), said("a", "eligible", hours=3)),
            Progress("decided", 0, "eligible"),
            Progress("decided", 0, "eligible"),
        ),
    ],
)
def test_what_checkers_said_with_two_eyes_and_with_four(checks: tuple[Check, ...], one: Progress, two: Progress) -> None:
    assert of(*checks) == one
    assert of(*checks, four_eyes=True) == two


def test_an_entry_that_was_sent_back_waits_for_its_nominator_and_then_for_a_checker() -> None:
    asked = said("a", "correction", ABSTRACT)
    assert of(asked, state="correction", corrections=(sent_back(),)) == Progress("sent_back", 1, None, (ABSTRACT,), CUTOFF + 72 * HOUR)
    answered = sent_back(answered_at=CUTOFF + 2 * HOUR)
    assert of(asked, corrections=(answered,)) == Progress("to_check", 1)
    assert of(asked, said("a", "eligible", hours=5, turn=1), corrections=(answered,)) == Progress("decided", 1, "eligible")
    lapsed = sent_back(lapsed_at=CUTOFF + 72 * HOUR)
    assert of(asked, state="ineligible", corrections=(lapsed,)) == Progress("decided", 1, "ineligible", (ABSTRACT,))


def test_what_was_said_before_the_deadline_in_force_counts_no_more() -> None:
    assert of(said("a", "eligible", hours=-1)) == Progress("to_check", 0)
    assert of(said("a", "eligible", hours=0)) == Progress("decided", 0, "eligible")


def test_a_second_checker_sees_the_first_result_after_an_own_one_only() -> None:
    first, second = said("a", "ineligible", ABSTRACT), said("b", "eligible", hours=2)

    def seen(checker: str, *checks: Check) -> tuple[Check, ...]:
        return seen_by(checker, checks, of(*checks, four_eyes=True), four_eyes=True, since=CUTOFF)

    assert (seen("a", first), seen("b", first)) == ((first,), ())
    assert seen("b", first, second) == seen("a", first, second) == (first, second)
    assert seen("c", first, second) == ()
    agreed = said("a", "eligible", hours=3)
    assert set(seen("c", first, second, agreed)) == {second, agreed}  # all is said
    assert seen_by("c", (first,), of(first), four_eyes=False, since=CUTOFF) == (first,)
    assert own_word("a", (first, second, agreed), of(first, second, agreed), since=CUTOFF) == agreed
    assert own_word("c", (first, second), of(first, second), since=CUTOFF) is None


@pytest.mark.parametrize(
    ("sealed", "state", "late", "expected"),
    [
        (True, "open", -1, True), (True, "open", 0, False), (True, "planned", -1, True), (True, "closed", -1, False),
        (False, "open", -1, False),
    ],
)  # fmt: skip
def test_entries_are_sealed_until_the_deadline_where_that_is_declared(sealed: bool, state: Any, late: int, expected: bool) -> None:
    edition = builders.an_edition(builders.a_process(**builders.a_stage_change("submission", sealed=sealed)))
    run = replace(edition.stages[0], state=state)
    assert run.cutoff is not None
    assert checked_forms.is_sealed(run, run.cutoff + timedelta(seconds=late)) is expected
    assert checked_forms.is_sealed(edition.stages[1], run.cutoff - HOUR) is False
