"""A unit's own publicity before it hands in: how long its notice hung, and what proves it (rule N6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from models.asking import PublicityProof
from models.declared import Words
from models.submitting import Fact
from rules.calendar import WorkCalendar, notice_period, to_local, to_utc

FACT = "publicity"
"""Name of the fact that holds a unit's proof: {"from": iso date, "until": iso date, "url": text, "upload": upload id}."""


def enough_on(proof: PublicityProof, first: date, *, zone: str, calendar: WorkCalendar) -> date:
    """The last day of the shortest publicity that is enough; the first day counts, if it is a working day (rules N6 and G2).

    Raises:
        CalendarNotCovered: it reaches into a year whose holidays are not known.
    """
    posted = to_utc(datetime.combine(first, time()), zone)
    return notice_period(posted, days=proof.days, unit=proof.unit, first_day="same_day", zone=zone, calendar=calendar).last_day


def refusal(proof: PublicityProof, stated: Any, *, now: datetime, zone: str, calendar: WorkCalendar) -> Words | None:
    """Why a unit's publicity does not suffice, with the first day on which it would; None if it does (rule N6).

    It must have hung for the declared days, be over, and be shown by an address or by a picture of the notice.

    Args:
        proof: How long it must hang.
        stated: What the unit says, as the fact `publicity` holds it; None if it has said nothing.
        now: The moment of handing in, aware.
        zone: Time zone of the days.
        calendar: What is a working day.

    Raises:
        CalendarNotCovered: it reaches into a year whose holidays are not known.
    """
    said = stated.value if isinstance(stated, Fact) else stated
    days_zh, days_en = f"{proof.days}个{'工作日' if proof.unit == 'workday' else '自然日'}", f"{proof.days} {_UNITS_EN[proof.unit]}"
    if not isinstance(said, Mapping) or not said:
        return Words(
            zh=f"须先在本单位公示{days_zh}；请填写公示起止日期，并提供公示网址或照片",
            en=f"Your unit must first publish its list for {days_en}; state from when until when, and give an address or a picture",
        )
    first, last = _day(said.get("from")), _day(said.get("until"))
    if first is None or last is None or last < first:
        return Words(
            zh="公示起止日期不完整，或截止日期早于开始日期；请重新填写",
            en="The dates of the publicity are incomplete, or it ends before it begins; state them again",
        )
    enough = enough_on(proof, first, zone=zone, calendar=calendar)
    if last < enough:
        return Words(
            zh=f"公示{first}至{last}不足{days_zh}；自{first}起，最早到{enough}期满；请延长公示，{enough}之后再提交",
            en=f"The publicity from {first} until {last} is shorter than {days_en}; from {first} on, {enough} is the first day "
            "on which it is long enough; extend it and hand in after that day",
        )
    if last >= to_local(now, zone).date():
        return Words(
            zh=f"公示到{last}才结束，最早可于{last + timedelta(days=1)}提交",
            en=f"The publicity ends on {last}; {last + timedelta(days=1)} is the first day on which you can hand in",
        )
    if not (said.get("url") or said.get("upload")):
        return Words(
            zh="缺少公示证明；请填写公示网址，或上传公示照片", en="The proof is missing; give the address or upload a picture of the notice"
        )
    return None


_UNITS_EN = {"workday": "working days", "day": "days"}


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
