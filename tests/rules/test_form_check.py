"""Rules F1-F5."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import CalendarNotCovered
from models.stages import SubmissionStage
from models.submitting import Check, Correction, Finding, Outcome
from rules import form_check
from rules.calendar import WorkCalendar, to_utc
from rules.form_check import OUTCOMES, accepted_publicity, correction_due, lapsed, last_words, verdict, visible

ZONE = "Asia/Shanghai"
SIGNED = datetime(2026, 6, 8, 2, tzinfo=UTC)


def local(text: str) -> datetime:
    return to_utc(datetime.fromisoformat(text), ZONE)


def a_stage(**more: Any) -> SubmissionStage:
    return SubmissionStage.model_validate({"kind": "submission", "closes": "2026-03-31", "accept_by": "checker"} | more)


def a_check(checker: str, outcome: Outcome, minute: int = 0, *findings: Finding) -> Check:
    at = SIGNED + timedelta(minutes=minute)
    return Check(f"{checker}-{minute}", "e", "e/e/L1", 0, checker, outcome, findings, at)


def a_correction(**more: Any) -> Correction:
    values = {"edition": "e", "entry": "e/e/L1", "turn": 1, "fields": ("abstract",), "findings": (), "opened_at": SIGNED,
              "due_at": local("2026-06-12T00:00")}  # fmt: skip
    return Correction(**{**values, **more})


def test_a_checker_says_one_of_four_things() -> None:
    assert {name: words.zh for name, words in OUTCOMES.items()} == {
        "eligible": "合格",
        "correction": "补正",
        "ineligible": "不合格",
        "not_accepted": "不予受理",
    }


@pytest.mark.parametrize(
    ("mailed", "due"),
    [
        ("2026-06-08T10:00", "2026-06-12T00:00"),  # Monday: Tuesday, Wednesday, Thursday; Friday 00:00 is late
        ("2026-06-08T23:59", "2026-06-12T00:00"),
        ("2026-06-09T00:00", "2026-06-13T00:00"),
        ("2026-06-05T10:00", "2026-06-11T00:00"),  # Friday: over the weekend
        ("2026-06-17T10:00", "2026-06-24T00:00"),  # over the Dragon Boat Festival, Friday 19 June
        ("2026-02-13T10:00", "2026-02-26T00:00"),  # over Spring Festival, with a working Saturday before it
    ],
)
def test_a_correction_is_due_in_three_working_days_from_the_day_of_the_mail(mailed: str, due: str) -> None:
    assert correction_due(local(mailed), 3, zone=ZONE, calendar=WorkCalendar()) == local(due)


def test_a_correction_lapses_at_0_00_of_the_fourth_day() -> None:
    due = local("2026-06-12T00:00")
    assert not lapsed(a_correction(), due - timedelta(seconds=1))
    assert lapsed(a_correction(), due)
    assert not lapsed(a_correction(answered_at=due - timedelta(hours=1)), due + timedelta(days=9))


def test_a_year_without_known_holidays_is_never_guessed() -> None:
    with pytest.raises(CalendarNotCovered):
        correction_due(local("2026-12-30T10:00"), 3, zone=ZONE, calendar=WorkCalendar())


def test_an_entry_is_sent_back_once_unless_more_is_declared() -> None:
    assert [form_check.may_send_back(a_stage(), turn) for turn in (0, 1)] == [True, False]
    assert [form_check.may_send_back(a_stage(max_corrections=2), turn) for turn in (1, 2)] == [True, False]
    assert not form_check.may_send_back(a_stage(max_corrections=0), 0)


def test_a_correction_opens_the_named_fields_only() -> None:
    found = (
        Finding("incomplete", "abstract"),
        Finding("not_proven", "full_text"),
        Finding("incomplete", "abstract"),
        Finding("conditions"),
    )
    assert form_check.fields_to_correct(found) == ("abstract", "full_text")
    assert form_check.locked(a_correction(), ["abstract", "title", "doi"]) == ("title", "doi")


def told(outcome: Outcome, *findings: Finding, turn: int = 0, **stage: Any) -> list[tuple[str, str]]:
    faults = form_check.faults(a_stage(**stage), outcome, findings, turn=turn, fields={"abstract", "title"})
    assert all(fault.zh and fault.remedy for fault in faults)
    return [(fault.field, fault.what) for fault in faults]


def test_every_outcome_but_eligible_names_a_reason() -> None:
    assert told("eligible") == []
    assert told("ineligible", Finding("conditions")) == []
    assert told("not_accepted", Finding("wrong_subject")) == []
    assert told("correction", Finding("incomplete", "abstract")) == []
    assert told("ineligible") == [("findings", "the reason is missing")]
    assert told("eligible", Finding("conditions")) == [("outcome", "an eligible entry has no findings")]


def test_a_reason_is_one_of_those_declared() -> None:
    own = [{"name": "no_seal", "title": {"zh": "未盖章", "en": "No seal"}}]
    assert told("ineligible", Finding("conditions"), reason_codes=own) == [("findings", "'conditions' is no declared reason")]
    assert told("ineligible", Finding("no_seal"), reason_codes=own) == []
    assert [code.title.zh for code in a_stage().reason_codes] == [
        "申报主体不符", "条件未达", "填报不全", "附件不能证明", "未盖章", "已获同类奖",
        "权属争议", "超期发表", "体裁不符", "重复申报", "匿名稿泄露身份",
    ]  # fmt: skip


def test_a_correction_names_a_field_and_is_not_asked_too_often() -> None:
    assert told("correction", Finding("incomplete")) == [("findings", "a field is missing")]
    assert told("correction", Finding("incomplete", "doi")) == [("findings", "'doi' is not a field of the entry")]
    assert told("correction", Finding("incomplete", "abstract"), turn=1) == [
        ("outcome", "the entry has been sent back 1 times; 1 are allowed")
    ]


def test_one_checker_decides_alone_and_may_say_something_else_later() -> None:
    assert verdict([]) is None
    assert verdict([a_check("a", "ineligible")]) == "ineligible"
    assert verdict([a_check("a", "eligible", 5), a_check("a", "ineligible")]) == "eligible"


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([("a", "eligible")], None),
        ([("a", "eligible"), ("b", "eligible")], "eligible"),
        ([("a", "eligible"), ("b", "ineligible")], None),
        ([("a", "eligible"), ("b", "ineligible"), ("b", "eligible")], "eligible"),
        ([("a", "eligible"), ("b", "ineligible"), ("c", "ineligible")], "ineligible"),
        ([("a", "eligible"), ("b", "ineligible"), ("c", "correction")], None),
        ([("a", "eligible"), ("a", "eligible")], None),
        ([("a", "eligible"), ("b", "eligible"), ("c", "correction"), ("d", "correction")], None),
        ([("a", "eligible"), ("b", "eligible"), ("b", "correction")], None),
    ],
)
def test_with_four_eyes_two_must_agree_and_a_third_settles_a_dispute(said: list[tuple[str, Outcome]], outcome: Outcome | None) -> None:
    assert verdict([a_check(who, what, minute) for minute, (who, what) in enumerate(said)], four_eyes=True) == outcome


def test_the_second_checker_sees_the_first_result_only_after_an_own_one() -> None:
    first, second = a_check("a", "eligible"), a_check("b", "ineligible", 1)
    assert visible([first], "b", four_eyes=True) == ()
    assert visible([first], "a", four_eyes=True) == (first,)
    assert visible([first, second], "b", four_eyes=True) == (first, second)
    assert visible([first], "b", four_eyes=False) == (first,)


CHECKS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(sorted(OUTCOMES))), max_size=10)


@given(CHECKS, st.randoms())
def test_a_verdict_depends_on_last_words_alone(said: list[tuple[str, Outcome]], dice: Any) -> None:
    checks = [a_check(who, what, minute) for minute, (who, what) in enumerate(said)]
    mixed = list(checks)
    dice.shuffle(mixed)
    decided = verdict(mixed, four_eyes=True)
    assert decided == verdict(last_words(checks), four_eyes=True)
    votes = [one.outcome for one in last_words(checks)]
    if decided is not None:
        assert votes.count(decided) >= 2
        assert all(votes.count(other) < votes.count(decided) for other in set(votes) - {decided})


def test_accepted_entries_are_public_for_natural_days_from_the_day_after_posting() -> None:
    found = accepted_publicity(local("2026-02-13T10:00"), 7, zone=ZONE)
    assert (found.first_day, found.last_day) == (date(2026, 2, 14), date(2026, 2, 20))
    assert found.ends == local("2026-02-21T00:00")
    assert accepted_publicity(local("2026-02-13T10:00"), 15, zone=ZONE).last_day == date(2026, 2, 28)
    assert accepted_publicity(local("2026-12-28T10:00"), 7, zone=ZONE).last_day == date(2027, 1, 4)  # natural days need no calendar
