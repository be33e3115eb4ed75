"""Working days, local times, and how long a notice runs (rules G1 to G3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import chinese_calendar

from models.errors import CalendarNotCovered, JinbangError

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True)
class YearOverride:
    """The working days of one year as an operator typed them in from the official announcement."""

    year: int
    holidays: frozenset[date]
    """Days off, weekends or not."""
    workdays: frozenset[date]
    """Weekend days on which people work."""
    source: str
    """The announcement that says so."""


@dataclass(frozen=True)
class NoticePeriod:
    """From when to when a notice runs."""

    first_day: date
    """The first day that counts, inclusive."""
    last_day: date
    """The last day that counts, inclusive."""
    ends: datetime
    """24:00 local time of the last day, in UTC."""


NO_OVERRIDES: Mapping[int, YearOverride] = MappingProxyType({})


class WorkCalendar:
    """Which days are working days in mainland China: an operator's file first, else the published tables."""

    def __init__(self, overrides: Mapping[int, YearOverride] = NO_OVERRIDES) -> None:
        self._overrides = dict(overrides)

    def is_workday(self, day: date) -> bool:
        """Whether people work on that day, moved weekends included (rule G2).

        Raises:
            CalendarNotCovered: neither a file nor the published tables know the year (rule G3). Guessing would
                give a notice the wrong end.
        """
        override = self._overrides.get(day.year)
        if override is not None:
            return day in override.workdays or (day.weekday() < _SATURDAY and day not in override.holidays)
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            raise CalendarNotCovered(
                f"{day.isoformat()}: the holidays of {day.year} are not known here, so working days cannot be counted; "
                f"add calendar/cn/{day.year}.toml to the data folder, with the days of the official announcement, and retry",
                zh=f"{day.isoformat()}：还没有 {day.year} 年的放假安排，无法计算工作日；"
                f"请按官方通知在数据文件夹中增加 calendar/cn/{day.year}.toml，再重试",
            ) from None


def to_utc(local: datetime, zone: str) -> datetime:
    """The moment, in UTC, at which a wall clock in `zone` shows `local`.

    A time that the clock shows twice is taken as the earlier one.

    Raises:
        JinbangError: nobody knows such a zone.
    """
    if local.tzinfo is not None:
        raise ValueError("the wall-clock time already has a zone")
    return local.replace(tzinfo=_zone(zone)).astimezone(UTC)


def to_local(moment: datetime, zone: str) -> datetime:
    """What a clock in `zone` shows at a moment; the result knows its zone.

    Raises:
        JinbangError: nobody knows such a zone.
    """
    if moment.tzinfo is None:
        raise ValueError("the moment has no zone")
    return moment.astimezone(_zone(zone))


def deadline_text(moment: datetime, zone: str) -> str:
    """A deadline as people say it: 2026-05-26 24:00 for the first moment of the 27th (rule N8)."""
    local = to_local(moment, zone)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"{local - timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


def postmarked_in_time(stamped: date, deadline: datetime, zone: str) -> bool:
    """Whether a letter counts by its postmark: stamped on the last day of a deadline or before, whenever it arrives (rule N8).

    Args:
        stamped: The day on the postmark.
        deadline: The first moment that is too late, aware; 24:00 belongs to the day that it ends.
        zone: Time zone of the days.
    """
    return stamped <= to_local(deadline - timedelta(microseconds=1), zone).date()


def notice_period(
    posted: datetime,
    *,
    days: int,
    unit: Literal["workday", "day"],
    first_day: Literal["next_day", "same_day"],
    zone: str,
    calendar: WorkCalendar,
) -> NoticePeriod:
    """When a notice that is posted at a moment begins to count and ends (rules G1 and G2).

    The first day counts. With working days, counting starts on the first working day that is not before the
    day after posting (or the day of posting), so that `first_day` is always one that counts.

    Args:
        posted: The moment of posting, aware.
        days: How many days, at least 1.
        unit: Working days by the official calendar, or natural days.
        first_day: Whether the day of posting may itself count.
        zone: Time zone of the days.
        calendar: What is a working day.

    Raises:
        CalendarNotCovered: the period reaches into a year whose holidays are not known.
    """
    if days < 1:
        raise ValueError("a notice runs for at least one day")
    day = to_local(posted, zone).date()
    if first_day == "next_day":
        day += _ONE_DAY
    if unit == "day":
        first, last = day, day + timedelta(days=days - 1)
    else:
        first = _this_or_next_workday(day, calendar)
        last = first
        for _ in range(days - 1):
            last = _this_or_next_workday(last + _ONE_DAY, calendar)
    return NoticePeriod(first, last, to_utc(datetime.combine(last + _ONE_DAY, time()), zone))


def _this_or_next_workday(day: date, calendar: WorkCalendar) -> date:
    while not calendar.is_workday(day):
        day += _ONE_DAY
    return day


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise JinbangError(f"{name!r} is no time zone; write one such as Asia/Shanghai in time_zone") from None
