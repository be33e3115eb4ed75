"""The small types of which a declaration is made: words in two languages, local times, fractions, promises for later."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

SLUG = r"^[a-z][a-z0-9_]{0,39}$"
Slug = Annotated[str, Field(pattern=SLUG)]


class Declared(BaseModel):
    """Base of everything a process file may say: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_what_comes_later(cls, value: Any) -> Any:
        """Refuse a field marked `later` when it is set to anything but its default: never ignore it in silence."""
        if not isinstance(value, dict):
            return value
        for name, field in cls.model_fields.items():
            extra = field.json_schema_extra
            if name in value and isinstance(extra, dict) and "later" in extra:
                default = field.get_default(call_default_factory=True)
                asked = tuple(value[name]) if isinstance(default, tuple) and isinstance(value[name], list) else value[name]
                if asked != default:
                    raise NotSupportedYet(name, str(extra["later"]))
        return value


class NotSupportedYet(ValueError):
    """The declaration asks for something that this version knows by name only."""

    def __init__(self, field: str, what: str) -> None:
        self.field = field
        super().__init__(f"{field}: not supported yet ({what}); leave it out")


def later(default: Any, what: str) -> Any:
    """A field that is declared, documented and refused at load time until `what` exists."""
    return Field(default=default, json_schema_extra={"later": what}, description=f"Not supported yet: {what}.")


@dataclass(frozen=True, slots=True)
class Promised:
    """Refuses some of the values of a choice until `what` exists."""

    values: tuple[str, ...]
    what: str

    def __call__(self, value: str) -> str:
        """The value, if it is none of those promised for later."""
        if value in self.values:
            raise ValueError(f"{value!r} is not supported yet ({self.what}); choose another value")
        return value


def not_yet(*values: str, what: str) -> AfterValidator:
    """Refuse some of the values of a choice until `what` exists."""
    return AfterValidator(Promised(values, what))


class Misfit(ValueError):
    """Two parts of a declaration, each right by itself, do not fit together."""

    def __init__(self, what: str, *at: str | int) -> None:
        self.at = at
        """Path to the part to look at, from the value that is being checked: ("nominators", "society")."""
        super().__init__(what)


def refuse(title: str, misfits: Iterable[Misfit]) -> None:
    """Refuse a declaration for all its misfits at once; do nothing if there are none."""
    lines: list[InitErrorDetails] = [
        {"type": PydanticCustomError("misfit", "{what}", {"what": str(misfit)}), "loc": misfit.at, "input": None} for misfit in misfits
    ]
    if lines:
        raise ValidationError.from_exception_data(title, lines)


class Words(Declared):
    """A text in Chinese and in English."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def get(self, locale: str) -> str:
        """The text for a locale such as `zh_CN` or `en`."""
        return self.zh if locale.startswith("zh") else self.en


_WHEN = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?", re.ASCII)
_CHINESE_DAY = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日[ ]?", re.ASCII)
_CHINESE_CLOCK = re.compile(r"[ ](?:中午(?=12))?(\d{1,2})(?:时(?:(\d{1,2})分)?|:(\d\d))$", re.ASCII)


def _plain_time(text: str) -> str:
    """A time as it stands in documents - 2026年5月26日24时, 2026-05-26 中午12:00 - in the form of process files (rule N8).

    Only 中午12 is taken: after 上午, 下午 or 晚上 people mean different hours.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    text = _CHINESE_DAY.sub(lambda day: f"{day[1]}-{int(day[2]):02}-{int(day[3]):02} ", text).strip()
    return _CHINESE_CLOCK.sub(lambda clock: f" {int(clock[1]):02}:{int(clock[2] or clock[3] or 0):02}", text)


def _read_local_time(value: Any) -> datetime:
    """Read `2026-05-26`, `2026-05-26 18:00` or `2026-05-26 24:00` as wall-clock time without a zone."""
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            raise ValueError("write local time without a zone; the process's time_zone applies")
        return value.replace(microsecond=0)
    if isinstance(value, date):
        return datetime.combine(value, time())
    written = _WHEN.fullmatch(_plain_time(value)) if isinstance(value, str) else None
    if written is None:
        raise ValueError(f'{value!r} is not a date or time; write 2026-05-26 or "2026-05-26 18:00", local and without a zone')
    day, clock = written.group(1), written.group(2) or "00:00"
    extra = timedelta(days=1) if clock in ("24:00", "24:00:00") else timedelta()
    try:
        return datetime.combine(date.fromisoformat(day), time() if extra else time.fromisoformat(clock)) + extra
    except (ValueError, OverflowError):
        raise ValueError(f'{value!r} is not in the calendar or on the clock; write 2026-05-26 or "2026-05-26 24:00"') from None


def _read_closing_time(value: Any) -> datetime:
    """As `_read_local_time`, but a bare date means its end: 24:00 of that day (rule N8)."""
    moment = _read_local_time(value)
    bare = (isinstance(value, date) and not isinstance(value, datetime)) or (isinstance(value, str) and ":" not in _plain_time(value))
    try:
        return moment + (timedelta(days=1) if bare else timedelta())
    except OverflowError:
        raise ValueError(f"{value!r} is too far away; write a date such as 2026-05-26") from None


LocalTime = Annotated[datetime, BeforeValidator(_read_local_time)]
"""Wall-clock time in the process's time zone; a bare date is its first moment."""
ClosingTime = Annotated[datetime, BeforeValidator(_read_closing_time)]
"""Wall-clock time in the process's time zone; a bare date is its end, 24:00."""


def _read_share(value: Any) -> Fraction:
    if isinstance(value, float):
        raise ValueError('write a fraction as "2/3" or "0.5" in quotes, so that it stays exact')
    try:
        share = Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise ValueError(f'{value!r} is not a fraction; write "2/3"') from None
    if not 0 < share <= 1:
        raise ValueError(f"{value} is not a share; it must be more than 0 and at most 1")
    return share


Share = Annotated[Fraction, BeforeValidator(_read_share), PlainSerializer(str)]
"""An exact fraction, 0 < share <= 1, never a float."""


def _read_decimal(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        raise ValueError(f"{str(value)!r} is not a number; write it with digits, such as 1.5") from None
    if isinstance(value, bool) or not number.is_finite():
        raise ValueError(f"{value} is not a number; write it with digits, such as 1.5")
    return number


Exact = Annotated[Decimal, BeforeValidator(_read_decimal), PlainSerializer(str)]
"""A decimal number, exact as written."""


def closing_time(text: str) -> datetime:
    """Read a deadline as a process file would give it: a bare date means 24:00 of that day.

    Raises:
        ValueError: it is no date or time.
    """
    return _read_closing_time(text)
