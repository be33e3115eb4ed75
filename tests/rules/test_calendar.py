from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.edition import StageRun
from models.errors import CalendarNotCovered, JinbangError
from models.stages import SubmissionStage
from rules.calendar import (
    NoticePeriod,
    WorkCalendar,
    YearOverride,
    deadline_text,
    notice_period,
    postmarked_in_time,
    to_local,
    to_utc,
)

SHANGHAI = "Asia/Shanghai"


def period(
    posted: str, days: int, unit: str = "workday", first_day: str = "next_day", calendar: WorkCalendar | None = None
) -> NoticePeriod:
    moment = to_utc(datetime.fromisoformat(posted), SHANGHAI)
    return notice_period(moment, days=days, unit=unit, first_day=first_day, zone=SHANGHAI, calendar=calendar or WorkCalendar())


@pytest.mark.parametrize(
    ("posted", "days", "first", "last"),
    [
        ("2026-02-11T15:00", 5, date(2026, 2, 12), date(2026, 2, 25)),  # across Spring Festival, 14 February worked
        ("2026-04-28T15:00", 5, date(2026, 4, 29), date(2026, 5, 8)),  # across Labour Day, 9 May worked
        ("2026-09-23T15:00", 7, date(2026, 9, 24), date(2026, 10, 10)),  # Mid-autumn and National Day; ends on a Saturday
        ("2025-02-14T15:00", 5, date(2025, 2, 17), date(2025, 2, 21)),  # posted on a Friday
        ("2024-01-10T15:00", 15, date(2024, 1, 11), date(2024, 1, 31)),
    ],
)
def test_working_days_count_from_the_day_after_posting_inclusively(posted: str, days: int, first: date, last: date) -> None:
    ends = to_utc(datetime.combine(last + timedelta(days=1), datetime.min.time()), SHANGHAI)
    assert period(posted, days) == NoticePeriod(first, last, ends)


def test_a_period_ends_at_24_00_local_time() -> None:
    assert period("2026-04-28T15:00", 5).ends == datetime(2026, 5, 8, 16, tzinfo=UTC)


def test_the_local_day_of_posting_decides_not_the_day_in_utc() -> None:
    assert period("2026-06-03T01:00", 1).first_day == date(2026, 6, 4)
    assert period("2026-06-03T23:59", 1).first_day == date(2026, 6, 4)


def test_natural_days_count_weekends() -> None:
    assert period("2026-06-05T09:00", 10, unit="day") == NoticePeriod(
        date(2026, 6, 6), date(2026, 6, 15), datetime(2026, 6, 15, 16, tzinfo=UTC)
    )


def test_the_day_of_posting_may_itself_be_the_first() -> None:
    found = period("2026-06-05T09:00", 2, first_day="same_day")
    assert (found.first_day, found.last_day) == (date(2026, 6, 5), date(2026, 6, 8))


def test_counting_starts_on_the_next_working_day() -> None:
    assert period("2026-06-06T09:00", 1, first_day="same_day").first_day == date(2026, 6, 8)
    assert period("2026-09-30T09:00", 1).first_day == date(2026, 10, 8)


def test_a_year_that_nobody_published_is_refused_with_the_file_to_add() -> None:
    with pytest.raises(CalendarNotCovered, match=r"calendar/cn/2027\.toml"):
        period("2027-03-01T09:00", 5)
    with pytest.raises(CalendarNotCovered, match=r"2027"):
        period("2026-12-30T09:00", 5)


def test_natural_days_need_no_calendar() -> None:
    assert period("2027-03-01T09:00", 5, unit="day").last_day == date(2027, 3, 6)


def test_an_operators_file_covers_a_year() -> None:
    new_year = YearOverride(2027, frozenset({date(2027, 1, 1)}), frozenset({date(2027, 1, 3)}), "示例文件")
    found = period("2026-12-31T09:00", 2, calendar=WorkCalendar({2027: new_year}))
    assert (found.first_day, found.last_day) == (date(2027, 1, 3), date(2027, 1, 4))


def test_an_operators_file_goes_before_the_published_table() -> None:
    calendar = WorkCalendar({2026: YearOverride(2026, frozenset({date(2026, 6, 3)}), frozenset({date(2026, 6, 6)}), "示例文件")})
    days = [date(2026, 6, 3), date(2026, 6, 4), date(2026, 6, 6), date(2026, 6, 7)]
    assert [calendar.is_workday(day) for day in days] == [False, True, True, False]


def test_a_notice_of_no_days_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        period("2026-06-05T09:00", 0)


def test_local_and_utc_time_convert_both_ways() -> None:
    moment = datetime(2026, 5, 26, 16, tzinfo=UTC)
    assert to_utc(datetime(2026, 5, 27), SHANGHAI) == moment  # noqa: DTZ001 - wall-clock time is meant
    local = to_local(moment, SHANGHAI)
    assert (local, local.replace(tzinfo=None)) == (moment, datetime(2026, 5, 27))  # noqa: DTZ001


def test_an_hour_that_the_clock_shows_twice_is_the_earlier_one() -> None:
    assert to_utc(datetime(2026, 10, 25, 2, 30), "Europe/Berlin") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # noqa: DTZ001


def test_zones_are_neither_guessed_nor_mixed() -> None:
    with pytest.raises(ValueError, match="already has a zone"):
        to_utc(datetime(2026, 1, 1, tzinfo=UTC), SHANGHAI)
    with pytest.raises(ValueError, match="no zone"):
        to_local(datetime(2026, 1, 1), SHANGHAI)  # noqa: DTZ001
    for unknown in ("Asia/Nowhere", "", "../etc/passwd"):
        with pytest.raises(JinbangError, match="time_zone"):
            to_utc(datetime(2026, 1, 1), unknown)  # noqa: DTZ001


@settings(deadline=None)
@given(st.dates(date(2005, 1, 1), date(2026, 10, 1)), st.integers(1, 20))
def test_a_period_holds_exactly_the_working_days_asked_for(posted: date, days: int) -> None:
    calendar = WorkCalendar()
    found = period(f"{posted.isoformat()}T12:00", days)
    span = [found.first_day + timedelta(days=n) for n in range((found.last_day - found.first_day).days + 1)]
    assert sum(map(calendar.is_workday, span)) == days
    assert calendar.is_workday(found.first_day)
    assert calendar.is_workday(found.last_day)
    assert found.first_day > posted


def test_24_00_accepts_the_last_second_of_the_day_and_refuses_the_first_of_the_next() -> None:
    stage = SubmissionStage.model_validate({"kind": "submission", "closes": "2026-05-26 24:00"})
    closes = to_utc(stage.closes, "Asia/Shanghai")
    run = StageRun("e", 0, stage, "open", None, closes, None, None, False, 0, 0, None)
    last, first = (to_utc(datetime.fromisoformat(text), "Asia/Shanghai") for text in ("2026-05-26T23:59:59", "2026-05-27T00:00:00"))
    assert run.cutoff is not None
    assert (last < run.cutoff, first < run.cutoff) == (True, False)
    assert deadline_text(closes, "Asia/Shanghai") == "2026-05-26 24:00"


@pytest.mark.parametrize(
    ("stamped", "deadline", "in_time"),
    [
        ("2026-05-26", "2026-05-27T00:00", True),  # 26 May 24:00
        ("2026-05-27", "2026-05-27T00:00", False),
        ("2026-05-26", "2026-05-26T12:00", True),  # a postmark knows no hour
        ("2026-05-27", "2026-05-26T12:00", False),
        ("2026-04-01", "2026-05-27T00:00", True),
    ],
)
def test_paper_counts_by_the_day_of_its_postmark(stamped: str, deadline: str, in_time: bool) -> None:
    closes = to_utc(datetime.fromisoformat(deadline), "Asia/Shanghai")
    assert postmarked_in_time(date.fromisoformat(stamped), closes, "Asia/Shanghai") == in_time
