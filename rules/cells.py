"""Reading one cell or form value: what was typed becomes what is stored, or a reason why not."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from email_validator import EmailNotValidError, validate_email

from models.errors import JinbangError
from models.process import FormField
from rules.text import TextRefused, clean, clean_name, clean_unit, halfwidth

LONGEST_TEXT = 5_000
"""Characters of a text whose field declares no `max_length`; a guard, not a rule."""
LONGEST_NAME = 100
"""Characters of a person's or unit's name; a guard, not a rule."""
_YEARS = range(1900, 2100)
_FIRST_SERIAL = date(1899, 12, 30)
_STRETCHED = re.compile(r"^[\u3400-\u9fff]\s+[\u3400-\u9fff]$")
_BETWEEN_VALUES = re.compile(r"[、,，;；\n/]+")


class CellRefused(JinbangError):
    """A value cannot be taken; carries what is wrong and the remedy."""

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what, self.remedy = what, remedy
        super().__init__(f"{what} -> {remedy}" if remedy else what)


def read_cell(text: str, field: FormField) -> Any:
    """Give what is stored for a value of a field: a text, or for `people` a list of `{"name", "unit"}`.

    Numbers stay texts, exact as written; dates are ISO: `2020-05-03`, or `2020-05` where no day is known. Empty stays empty.

    Raises:
        CellRefused: the value does not fit the field.

    """
    if field.kind == "people":
        return read_people(text, most=field.max_length)
    longest = field.max_length if field.kind == "text" and field.max_length else LONGEST_TEXT
    value = tidy(text, max_length=longest)
    if not value:
        return ""
    match field.kind:
        case "number":
            return _number(value, field)
        case "date":
            return read_date(value)
        case "month":
            return read_date(value)[: len("2020-05")]
        case "choice":
            return _choice(value, field.choices)
        case "discipline":
            return read_discipline(value)
        case "email":
            return read_email(value)
        case "phone":
            return _pattern(value, r"\+?[0-9()\- ]{5,24}", "a telephone number", "write digits and hyphens only, e.g. 000-0000")
        case "id_number":
            return _pattern(value.upper(), r"[0-9A-Z()\-]{6,20}", "an identity number", "format the column as text")
        case "file":
            return _pattern(value, r"[^/\\\n]{1,200}", "a file name", "write the name alone, without folders", wide=True)
    return clean_name(value) if _STRETCHED.match(value) else value


def tidy(text: str, *, max_length: int) -> str:
    """Give a text without the dirt of spreadsheets: apostrophes in front, invisible marks, white space at the ends.

    Raises:
        CellRefused: control characters, broken characters, or too long.

    """
    try:
        return clean(text.lstrip("'\ufeff "), max_length=max_length, drop_invisible=True)
    except TextRefused as refusal:
        where = f" at character {refusal.position}" if refusal.position else ""
        remedy = "type the text again" if refusal.position else "shorten the text"
        raise CellRefused(f"{refusal.what}{where}", remedy) from None


def read_date(text: str) -> str:
    """Read a date as people write it, as `2020-05-03`; a month alone stays one, as `2020-05`.

    Takes 2020-05-03, 2020/5/3, 2020.5.3, 2020年5月3日, 20200503, 2020.05, 2020年5月, 202005, and the day numbers of
    spreadsheets. `2020.1` is refused: a number cell shows October (2020.10) in the same way as January.

    Raises:
        CellRefused: no date, or an ambiguous one.

    """
    value = re.sub(r"\s", "", halfwidth(text)).replace("。", ".")
    remedy = "write 2020-05-03, or 2020-05 for a month"
    if re.fullmatch(r"\d{4}\.1", value):
        raise CellRefused(f"{value} may be January or October", f"write {value[:4]}-01 or {value[:4]}-10")
    value = re.sub(r"(?<=\d)(\d{2}:\d{2}(:\d{2})?)$", "", value) if ":" in value else value
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})?日?)?", value) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})?", value)
    try:
        if parts:
            found = date(int(parts[1]), int(parts[2]), int(parts[3] or 1))
        elif re.fullmatch(r"[2-7]\d{4}", value):
            found = _FIRST_SERIAL + timedelta(days=int(value))
        else:
            raise ValueError
    except ValueError:
        raise CellRefused(f"{text[:40]!r} is not a date", remedy) from None
    if found.year not in _YEARS:
        raise CellRefused(f"{text[:40]!r} lies in the year {found.year}", remedy)
    return found.isoformat() if not parts or parts[3] else f"{found:%Y-%m}"


def read_people(text: str, *, most: int | None = None) -> list[dict[str, str]]:
    """Read the persons of a list such as 张三（长安示范大学）、李四, in its order.

    Raises:
        CellRefused: a name is empty or too long, several names without a sign between them, or too many people.

    """
    people = []
    for part in _parts(tidy(text, max_length=LONGEST_TEXT)):
        if len(part) > 2 * LONGEST_NAME:
            raise CellRefused(f"{part[:20]!r}… is too long for a name", "put 、 between the names")
        found = re.fullmatch(r"([^（(]*?) ?(?:[（(](.*)[）)])?", part)
        if not found or not found[1]:
            raise CellRefused(f"{part[:40]!r} is not a name", "write 张三（单位）、李四")
        if len(found[1].split()) > 2 and re.fullmatch(r"[\u3400-\u9fff ]{6,}", found[1]):
            raise CellRefused(f"{found[1][:40]!r} looks like several names", "put 、 between the names")
        if len(found[1]) > LONGEST_NAME or len(found[2] or "") > LONGEST_NAME:
            raise CellRefused(f"{part[:20]!r}… is too long for a name", "put 、 between the names")
        people.append({"name": clean_name(found[1]), "unit": clean_unit(found[2] or "")})
    if most is not None and len(people) > most:
        raise CellRefused(f"{len(people)} people; at most {most} are listed", f"keep the first {most}")
    return people


def read_discipline(text: str) -> str:
    """Read a discipline code of 3, 5 or 7 digits (GB/T 13745), which may be followed by its name.

    Raises:
        CellRefused: there is no code.

    """
    found = re.match(r"(\d{3})\.?(\d{2})?\.?(\d{2})?(?!\d)", halfwidth(text).strip())
    if not found:
        raise CellRefused(f"{text[:40]!r} is not a discipline code", "write the code of 3, 5 or 7 digits, e.g. 570 or 57010")
    return "".join(filter(None, found.groups()))


def read_email(text: str) -> str:
    """Read an e-mail address into its normal form; nobody is asked whether it exists.

    Raises:
        CellRefused: no address.

    """
    address = re.sub(r"\s", "", halfwidth(text))
    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        raise CellRefused(f"{text[:80]!r} is not an e-mail address", "write one address such as name@example.org") from None


def read_list(text: str) -> tuple[str, ...]:
    """Read the values of a list such as 110、120, each once, in its order."""
    values = (part.strip() for part in _BETWEEN_VALUES.split(text))
    return tuple(dict.fromkeys(value for value in values if value))


def _parts(text: str) -> list[str]:
    """Split a list of people at the signs that stand outside brackets: a unit's name may hold a comma."""
    parts, depth = [""], 0
    for char in text:
        depth = max(0, depth + (char in "（(") - (char in "）)"))
        if char in "、,，;；\n/" and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [joined for part in parts if (joined := " ".join(part.split()))]


def _number(text: str, field: FormField) -> str:
    value = re.sub(r"\s", "", halfwidth(text)).replace("。", ".")
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", value):
        value = value.replace(",", "")
    if not re.fullmatch(r"[+-]?\d{1,18}(\.\d{1,18})?", value):
        raise CellRefused(f"{text[:40]!r} is not a number", "write digits only, without a unit")
    number = Decimal(value)
    if field.min is not None and number < field.min:
        raise CellRefused(f"{number:f} is less than {field.min:f}", f"write at least {field.min:f}")
    if field.max is not None and number > field.max:
        raise CellRefused(f"{number:f} is more than {field.max:f}", f"write at most {field.max:f}")
    return f"{number:f}"


def _choice(text: str, choices: tuple[str, ...]) -> str:
    bare = _bare(text)
    for choice in choices:
        if _bare(choice) == bare:
            return choice
    raise CellRefused(f"{text[:40]!r} is not a choice", f"write one of {'、'.join(choices)}")


def _bare(text: str) -> str:
    return re.sub(r"\s", "", halfwidth(text)).casefold()


def _pattern(text: str, pattern: str, what: str, remedy: str, *, wide: bool = False) -> str:
    value = text if wide else halfwidth(text)
    if not re.fullmatch(pattern, value):
        raise CellRefused(f"{text[:40]!r} is not {what}", remedy)
    return value
