"""Rule N6."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from models.asking import PublicityProof
from models.errors import CalendarNotCovered
from models.submitting import Fact
from rules.calendar import WorkCalendar
from rules.proofs import enough_on, refusal

ZONE = "Asia/Shanghai"
FIVE = PublicityProof(days=5)
LATER = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def said(first: str, last: str, *, proof: PublicityProof = FIVE, now: datetime = LATER, **more: Any) -> tuple[str, str] | None:
    stated = {"from": first, "until": last, "url": "https://example.org/notice", **more}
    found = refusal(proof, stated, now=now, zone=ZONE, calendar=WorkCalendar())
    return found and (found.zh, found.en)


@pytest.mark.parametrize(
    ("first", "days", "last"),
    [
        ("2025-02-17", 5, "2025-02-21"),  # an ordinary week
        ("2024-01-11", 15, "2024-01-31"),  # three weeks without a holiday
        ("2026-02-12", 5, "2026-02-25"),  # over Spring Festival, the working Saturday 14 February included
        ("2026-02-21", 1, "2026-02-24"),  # begins on a day off: the first working day counts
    ],
)
def test_working_days_are_counted_from_the_first_day(first: str, days: int, last: str) -> None:
    found = enough_on(PublicityProof(days=days), date.fromisoformat(first), zone=ZONE, calendar=WorkCalendar())
    assert found == date.fromisoformat(last)


def test_five_working_days_suffice() -> None:
    assert said("2026-01-05", "2026-01-09") is None


def test_a_short_publicity_is_told_with_the_first_day_on_which_it_is_enough() -> None:
    assert said("2026-01-05", "2026-01-08") == (
        "公示2026-01-05至2026-01-08不足5个工作日；自2026-01-05起，最早到2026-01-09期满；请延长公示，2026-01-09之后再提交",
        "The publicity from 2026-01-05 until 2026-01-08 is shorter than 5 working days; from 2026-01-05 on, 2026-01-09 is the first day "
        "on which it is long enough; extend it and hand in after that day",
    )


def test_days_off_do_not_count() -> None:
    short = said("2026-02-12", "2026-02-20")
    assert short is not None
    assert "最早到2026-02-25期满" in short[0]


def test_natural_days_count_every_day() -> None:
    seven = PublicityProof(days=7, unit="day")
    assert said("2026-02-12", "2026-02-18", proof=seven) is None
    short = said("2026-02-12", "2026-02-17", proof=seven)
    assert short is not None
    assert "7个自然日；自2026-02-12起，最早到2026-02-18期满" in short[0]


@pytest.mark.parametrize(
    ("now", "early"), [(datetime(2026, 1, 9, 15, 59, tzinfo=UTC), True), (datetime(2026, 1, 9, 16, 0, tzinfo=UTC), False)]
)
def test_a_publicity_that_still_runs_is_told_with_the_day_after_it(now: datetime, early: bool) -> None:
    found = said("2026-01-05", "2026-01-09", now=now)
    assert found == (
        ("公示到2026-01-09才结束，最早可于2026-01-10提交",
         "The publicity ends on 2026-01-09; 2026-01-10 is the first day on which you can hand in") if early else None
    )  # fmt: skip


@pytest.mark.parametrize("stated", [None, {}, "公示过", Fact("n", "publicity", None)])
def test_a_unit_that_has_said_nothing_is_told_what_is_asked(stated: Any) -> None:
    found = refusal(FIVE, stated, now=LATER, zone=ZONE, calendar=WorkCalendar())
    assert found is not None
    assert found.zh.startswith("须先在本单位公示5个工作日")


@pytest.mark.parametrize(
    ("first", "last"), [("", "2026-01-09"), ("2026-01-09", "2026-01-05"), ("一月", "2026-01-09"), ("2026-01-05", "2026-02-30")]
)
def test_dates_that_are_none_are_told(first: str, last: str) -> None:
    found = said(first, last)
    assert found is not None
    assert "请重新填写" in found[0]


def test_an_address_or_a_picture_proves_it() -> None:
    nothing = said("2026-01-05", "2026-01-09", url="")
    assert nothing is not None
    assert nothing[0] == "缺少公示证明；请填写公示网址，或上传公示照片"
    assert said("2026-01-05", "2026-01-09", url="", upload="u1") is None
    stated = Fact("n", "publicity", {"from": "2026-01-05", "until": "2026-01-09", "url": "https://example.org"})
    assert refusal(FIVE, stated, now=LATER, zone=ZONE, calendar=WorkCalendar()) is None


def test_a_year_without_known_holidays_is_never_guessed() -> None:
    with pytest.raises(CalendarNotCovered):
        said("2027-01-04", "2027-01-08")
