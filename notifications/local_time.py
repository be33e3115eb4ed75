"""Times as people read them, in the zone of the edition: `2026年4月30日 星期四 24:00（北京时间）`."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import dates

_USUAL_ZONE_NAMES = {("Asia/Shanghai", "zh_CN"): "北京时间", ("Asia/Shanghai", "en"): "Beijing time"}
_DAY = {"zh_CN": "y年M月d日 EEEE", "en": "EEEE, d MMMM y"}


@lru_cache(maxsize=512)
def deadline(moment: str, zone: str, locale: str) -> str:
    """The end of a period: midnight belongs to the day that it ends, as 24:00 (rule N8). `moment` is an ISO time with offset."""
    local = datetime.fromisoformat(moment).astimezone(ZoneInfo(zone))
    if local.time() == time():
        return _moment(local.date() - timedelta(days=1), "24:00", zone, locale)
    return _moment(local.date(), f"{local:%H:%M}", zone, locale)


@lru_cache(maxsize=512)
def beginning(moment: str, zone: str, locale: str) -> str:
    """The start of a period: midnight belongs to the day that it begins, as 00:00."""
    local = datetime.fromisoformat(moment).astimezone(ZoneInfo(zone))
    return _moment(local.date(), f"{local:%H:%M}", zone, locale)


@lru_cache(maxsize=512)
def day(text: str, zone: str, locale: str) -> str:
    """The local day of an ISO date or time."""
    local = date.fromisoformat(text) if "T" not in text else datetime.fromisoformat(text).astimezone(ZoneInfo(zone)).date()
    return dates.format_date(local, _DAY[locale], locale=locale)


def _moment(local_day: date, clock: str, zone: str, locale: str) -> str:
    shown, name = dates.format_date(local_day, _DAY[locale], locale=locale), _zone_name(zone, locale)
    return f"{shown} {clock}（{name}）" if locale == "zh_CN" else f"{clock} on {shown} ({name})"


def _zone_name(zone: str, locale: str) -> str:
    return _USUAL_ZONE_NAMES.get((zone, locale)) or dates.get_timezone_name(ZoneInfo(zone), locale=locale)
