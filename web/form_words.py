"""What the pages of a form say of its fields: what they take, what is wrong, and what stands in them, to be read or copied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from models.errors import Fault
from models.process import FormField, Process, decimal_text
from rules import forms
from web import language, pages, words
from web.language import gettext
from web.language import mark as _

SHORT = 100
"""Characters up to which a text has one line, and needs no count."""
_SHOWN_DIGITS = 4


def mask(text: str) -> str:
    """A number of identity of which only the last digits are shown."""
    shown = text[-_SHOWN_DIGITS:] if len(text) > 2 * _SHOWN_DIGITS else ""
    return "•" * 8 + shown


def hint(field: FormField) -> str:
    """What the field takes, in a few words; empty where there is nothing to say."""
    match field.kind:
        case "text" if field.max_length and field.max_length > SHORT:
            return gettext(_("%(n)s 字以内")) % {"n": field.max_length}
        case "people" if field.max_length:
            return gettext(_("最多 %(n)s 人，按排名先后填写")) % {"n": field.max_length}
        case "date":
            return gettext(_("如 2025-05-03")) + _window(field)
        case "month":
            return gettext(_("如 2025-05")) + _window(field)
        case "number" if field.min is not None and field.max is not None:
            return gettext(_("%(least)s 至 %(most)s")) % {"least": decimal_text(field.min), "most": decimal_text(field.max)}
        case "discipline":
            return gettext(_("输入代码或名称查找，填写代码即可"))
    return ""


def _window(field: FormField) -> str:
    if field.earliest is None and field.latest is None:
        return ""
    first = f"{field.earliest:%Y-%m-%d}" if field.earliest else ""
    last = f"{field.latest:%Y-%m-%d}" if field.latest else ""
    if first and last:
        return gettext(_("，应在 %(first)s 至 %(last)s 之间")) % {"first": first, "last": last}
    return gettext(_("，不早于 %(first)s")) % {"first": first} if first else gettext(_("，不晚于 %(last)s")) % {"last": last}


def sentence(fault: Fault) -> str:
    """What a page says of one fault, in the language of the page."""
    if fault.zh and language.CURRENT.get().startswith("zh"):
        return fault.zh
    return capital(f"{fault.what}; {fault.remedy}" if fault.remedy else fault.what)


def placed(fault: Fault, file: str) -> str:
    """The same with its place in a file before it: the file as its sender calls it, the sheet, the row and the column."""
    place = [file or fault.file]
    if fault.sheet:
        place.append(gettext(_("工作表“%(name)s”")) % {"name": fault.sheet})
    if fault.row and fault.column:
        place.append(gettext(_("第 %(row)s 行 %(column)s 列")) % {"row": fault.row, "column": fault.column})
    elif fault.row:
        place.append(gettext(_("第 %(n)s 行")) % {"n": fault.row})
    return gettext(_("%(place)s：%(what)s")) % {"place": " · ".join(one for one in place if one), "what": sentence(fault)}


def capital(text: str) -> str:
    """An English text as a sentence of its own begins."""
    return text[:1].upper() + text[1:]


def sentences(faults: Iterable[Fault]) -> dict[str, str]:
    """Sentences by field, several of one field one after the other; what concerns the whole stands under an empty name."""
    found: dict[str, str] = {}
    for one in faults:
        said = sentence(one)
        found[one.field] = joined((found[one.field], said)) if one.field in found else said
    return found


def joined(texts: Iterable[str]) -> str:
    """Several sentences as one."""
    return gettext(_("；")).join(texts)


def unreadable(names: Iterable[str]) -> dict[str, str]:
    """Sentences for fields whose bytes were no text."""
    found = {}
    for name in names:
        head, _dot, rest = name.partition(".")
        if head in ("v", "p", "t"):
            found[rest.partition(".")[0]] = gettext(_("含有无法识别的字符，请重新输入"))
    return found


def readable(field: FormField, value: Any) -> str:
    """What stands in a field, to be read or copied; a number of identity is masked."""
    if value in (None, "", []):
        return ""
    if field.kind == "id_number":
        return mask(str(value))
    if field.kind == "declaration":
        return gettext(_("已勾选"))
    if isinstance(value, list | tuple):
        return pages.readable([one for one in value if isinstance(one, Mapping) and any(one.values())])
    return str(value)


def compared(process: Process, class_name: str, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Label and both texts of every field that two versions of a form hold."""
    lines = [
        (words.both(one.title), readable(one, mine.get(one.name)), readable(one, theirs.get(one.name)))
        for one in forms.fields(process, class_name)
        if one.kind != "file"
    ]
    return [line for line in lines if line[1] or line[2]]
