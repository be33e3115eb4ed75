"""The working days of years that no published table covers yet, as the operator typed them in (rule G3)."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

from models.errors import Fault, InputError
from rules.calendar import WorkCalendar, YearOverride

_MAX_BYTES = 100_000
_SATURDAY = 5
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_KEYS = ("holidays", "workdays", "source")


def load_calendar(folder: Path | None) -> WorkCalendar:
    """Read the operator's files `<year>.toml`, e.g. `calendar/cn/2027.toml` in the data folder.

    A file states `holidays` (days off), `workdays` (weekend days on which people work) and `source` (the
    announcement that says so). It stands in place of the published table of its year.

    Args:
        folder: Where the files are; with None, or where there is none, the published tables alone apply.

    Raises:
        InputError: with the faults of all files at once.

    """
    if folder is None or not folder.is_dir():
        return WorkCalendar()
    years: dict[int, YearOverride] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            year = _read_year(path)
        except InputError as error:
            faults += error.faults
        else:
            years[year.year] = year
    if faults:
        raise InputError(faults)
    return WorkCalendar(years)


def _read_year(path: Path) -> YearOverride:
    if not re.fullmatch(r"20\d\d", path.stem, re.ASCII):
        raise InputError([Fault("the file must be named after its year", "rename it, e.g. 2027.toml", file=str(path))])
    year = int(path.stem)
    document = _parse(path)
    faults = [
        Fault("unknown key", f"the keys are {', '.join(_KEYS)}", file=str(path), field=str(key)) for key in document if key not in _KEYS
    ]
    holidays = _days(document, "holidays", year, path, faults)
    workdays = _days(document, "workdays", year, path, faults)
    source = document.get("source")
    if not isinstance(source, str) or not source.strip():
        faults.append(Fault("missing", "name the official announcement in quotes", file=str(path), field="source"))
    if not holidays and not faults:
        faults.append(Fault("no year is without holidays", "list every day off", file=str(path), field="holidays"))
    for day in sorted(holidays & workdays):
        faults.append(Fault(f"{day} is also a holiday", "keep it in one of the two lists", file=str(path), field="workdays"))
    for day in sorted(one for one in workdays if one.weekday() < _SATURDAY):
        what = f"{day} is no Saturday or Sunday"
        faults.append(Fault(what, "list only weekend days on which people work", file=str(path), field="workdays"))
    if faults:
        raise InputError(faults)
    return YearOverride(year, holidays, workdays, str(source).strip())


def _parse(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise InputError([Fault(f"the file has more than {_MAX_BYTES:,} bytes", "a year has 366 days at most", file=str(path))])
        return tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise InputError([Fault(f"the file cannot be read ({error.strerror})", "check its permissions", file=str(path))]) from None
    except UnicodeDecodeError:
        raise InputError([Fault("the file is not UTF-8", "save it again with the encoding UTF-8", file=str(path))]) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = _PLACE.search(str(error))
        row, column = (int(place[1]), place[2]) if place else (None, "")
        what = f"this is not TOML: {_PLACE.sub('', str(error)).strip()}"
        raise InputError([Fault(what, "write dates without quotes: [2027-01-01]", file=str(path), row=row, column=column)]) from None


def _days(document: dict[str, Any], key: str, year: int, path: Path, faults: list[Fault]) -> frozenset[date]:
    """Read one list of days; what is wrong with it is added to the faults."""
    listed = document.get(key)
    if not isinstance(listed, list):
        faults.append(Fault("a list of dates belongs here", f"write {key} = [{year}-01-01]", file=str(path), field=key))
        return frozenset()
    days: set[date] = set()
    for position, day in enumerate(listed):
        field = f"{key}[{position}]"
        if not isinstance(day, date) or isinstance(day, datetime):
            faults.append(Fault(f"{str(day)!r} is not a date", f"write {year}-01-01, without quotes", file=str(path), field=field))
        elif day.year != year:
            faults.append(Fault(f"{day} is not in {year}", "move it to the file of its year", file=str(path), field=field))
        elif day in days:
            faults.append(Fault(f"{day} stands twice", "delete one of the two", file=str(path), field=field))
        else:
            days.add(day)
    return frozenset(days)
