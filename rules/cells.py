"""Reading one cell or form value: what was typed becomes what is stored, or a reason why not."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from email_validator import EmailNotValidError, validate_email

from models.errors import JinbangError
from models.process import FormField
from rules.digests import words_digest
from rules.text import TextRefused, clean, clean_name, clean_unit, halfwidth

LONGEST_TEXT = 5_000
"""Characters of a text whose field declares no `max_length`; a guard, not a rule."""
LONGEST_NAME = 100
"""Characters of a person's or unit's name; a guard, not a rule."""
_YEARS = range(1900, 2100)
_FIRST_SERIAL = date(1899, 12, 30)
_YES = frozenset({"是", "已承诺", "承诺", "同意", "已阅读并同意", "√", "✓", "✔", "☑", "yes", "y", "true", "1"})
_NO = frozenset({"否", "未承诺", "不承诺", "不同意", "×", "x", "✗", "☐", "□", "no", "n", "false", "0"})
"""What stands in a cell for a tick under a declaration, and for none; a list of spellings, as `_bare` gives them."""
_STRETCHED = re.compile(r"^[\u3400-\u9fff]\s+[\u3400-\u9fff]$")
_PHONE = "这不是电话号码，请只写数字和连字符，如 000-0000"
_IDENTITY = "这不是证件号码，请核对；表格中请将该列设为文本格式"
_FILE_NAME = "这不是文件名，请只写文件名，不带文件夹"
_DATE_AS = "请写成 2020-05-03，只知道月份时写成 2020-05"
_BETWEEN_VALUES = re.compile(r"[、,，;；\n/]+")


class CellRefused(JinbangError):
    """A value cannot be taken; carries what is wrong and the remedy."""

    def __init__(self, what: str, remedy: str = "", *, zh: str = "") -> None:
        self.what, self.remedy = what, remedy
        super().__init__(f"{what} -> {remedy}" if remedy else what, zh=zh)


def read_cell(text: str, field: FormField) -> Any:
    """Give what is stored for a value of a field: a text, or for `people` a list of `{"name", "unit"}`.

    Numbers stay texts, exact as written; dates are ISO: `2020-05-03`, or `2020-05` where no day is known; a declaration that
    is agreed to becomes the digest of its text. Empty stays empty.

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
            return _pattern(value, r"\+?[0-9()\- ]{5,24}", "a telephone number", "write digits and hyphens only, e.g. 000-0000", _PHONE)
        case "id_number":
            return _pattern(value.upper(), r"[0-9A-Z()\-]{6,20}", "an identity number", "format the column as text", _IDENTITY)
        case "declaration":
            return _tick(value, field)
        case "file":
            return _pattern(value, r"[^/\\\n]{1,200}", "a file name", "write the name alone, without folders", _FILE_NAME, wide=True)
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
        raise CellRefused(f"{refusal.what}{where}", remedy, zh=refusal.zh) from None


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
        zh = f"“{value}”可能是1月，也可能是10月，请写成 {value[:4]}-01 或 {value[:4]}-10"
        raise CellRefused(f"{value} may be January or October", f"write {value[:4]}-01 or {value[:4]}-10", zh=zh)
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
        raise CellRefused(f"{text[:40]!r} is not a date", remedy, zh=f"“{text[:40]}”不是日期，{_DATE_AS}") from None
    if found.year not in _YEARS:
        raise CellRefused(f"{text[:40]!r} lies in the year {found.year}", remedy, zh=f"年份 {found.year} 有误，{_DATE_AS}")
    return found.isoformat() if not parts or parts[3] else f"{found:%Y-%m}"


def read_people(text: str, *, most: int | None = None) -> list[dict[str, str]]:
    """Read the persons of a list such as 张三（长安示范大学）、李四, in its order.

    Raises:
        CellRefused: a name is empty or too long, several names without a sign between them, or too many people.

    """
    people = []
    for part in _parts(tidy(text, max_length=LONGEST_TEXT)):
        if len(part) > 2 * LONGEST_NAME:
            raise _long_name(part)
        found = re.fullmatch(r"([^（(]*?) ?(?:[（(](.*)[）)])?", part)
        if not found or not found[1]:
            zh = f"“{part[:40]}”不是姓名，请写成“张三（单位）、李四”"
            raise CellRefused(f"{part[:40]!r} is not a name", "write 张三（单位）、李四", zh=zh)
        if len(found[1].split()) > 2 and re.fullmatch(r"[\u3400-\u9fff ]{6,}", found[1]):
            zh = f"“{found[1][:40]}”像是几个人的姓名，请用“、”分开"
            raise CellRefused(f"{found[1][:40]!r} looks like several names", "put 、 between the names", zh=zh)
        if len(found[1]) > LONGEST_NAME or len(found[2] or "") > LONGEST_NAME:
            raise _long_name(part)
        people.append({"name": clean_name(found[1]), "unit": clean_unit(found[2] or "")})
    if most is not None and len(people) > most:
        zh = f"共 {len(people)} 人，最多填写 {most} 人，请保留前 {most} 人"
        raise CellRefused(f"{len(people)} people; at most {most} are listed", f"keep the first {most}", zh=zh)
    return people


def _long_name(text: str) -> CellRefused:
    zh = f"“{text[:20]}…”作为姓名过长，几个人的姓名请用“、”分开"
    return CellRefused(f"{text[:20]!r}… is too long for a name", "put 、 between the names", zh=zh)


def read_discipline(text: str) -> str:
    """Read a discipline code of 3, 5 or 7 digits (GB/T 13745), which may be followed by its name.

    Raises:
        CellRefused: there is no code.

    """
    found = re.match(r"(\d{3})\.?(\d{2})?\.?(\d{2})?(?!\d)", halfwidth(text).strip())
    if not found:
        zh = f"“{text[:40]}”不是学科代码，请填写 3、5 或 7 位数字，如 570 或 57010"
        raise CellRefused(f"{text[:40]!r} is not a discipline code", "write the code of 3, 5 or 7 digits, e.g. 570 or 57010", zh=zh)
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
        zh = f"“{text[:80]}”不是有效的电子邮箱，请填写一个邮箱，如 name@example.org"
        raise CellRefused(f"{text[:80]!r} is not an e-mail address", "write one address such as name@example.org", zh=zh) from None


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
        zh = f"“{text[:40]}”不是数字，请只写数字，不带单位"
        raise CellRefused(f"{text[:40]!r} is not a number", "write digits only, without a unit", zh=zh)
    number = Decimal(value)
    if field.min is not None and number < field.min:
        zh = f"{number:f} 过小，请填写不小于 {field.min:f} 的数"
        raise CellRefused(f"{number:f} is less than {field.min:f}", f"write at least {field.min:f}", zh=zh)
    if field.max is not None and number > field.max:
        zh = f"{number:f} 过大，请填写不大于 {field.max:f} 的数"
        raise CellRefused(f"{number:f} is more than {field.max:f}", f"write at most {field.max:f}", zh=zh)
    return f"{number:f}"


def _choice(text: str, choices: tuple[str, ...]) -> str:
    bare = _bare(text)
    for choice in choices:
        if _bare(choice) == bare:
            return choice
    listed = "、".join(choices)
    raise CellRefused(f"{text[:40]!r} is not a choice", f"write one of {listed}", zh=f"“{text[:40]}”不在选项中，请选择：{listed}")


def _tick(text: str, field: FormField) -> str:
    """The digest of the text in force where a cell agrees to it; empty where it does not and need not."""
    agreed, bare = words_digest(field.text) if field.text else "", _bare(text)
    if bare in _YES or bare == agreed:
        return agreed
    if bare in _NO and not field.required:
        return ""
    if bare in _NO:
        zh = f"“{field.title.zh}”须承诺后才能申报，请阅读承诺文字后填写“是”"
        raise CellRefused(f"{text[:40]!r} does not agree to what is required", "read the text and write 是", zh=zh)
    zh = f"“{text[:40]}”看不出是否承诺，请填写“是”或“否”"
    raise CellRefused(f"{text[:40]!r} is neither yes nor no", "write yes or no", zh=zh)


def _bare(text: str) -> str:
    return re.sub(r"\s", "", halfwidth(text)).casefold()


def _pattern(text: str, pattern: str, what: str, remedy: str, zh: str, *, wide: bool = False) -> str:
    value = text if wide else halfwidth(text)
    if not re.fullmatch(pattern, value):
        raise CellRefused(f"{text[:40]!r} is not {what}", remedy, zh=zh)
    return value
