"""The form of a score sheet: what was typed, what is shown in its fields, and the sentence that belongs to each fault."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from models.errors import Fault
from models.sheets import OTHER_FIELDS, Criterion, Flaw
from tasks import reviewing
from web import errors, form_words, pages, words
from web.forms import Form
from web.language import gettext
from web.language import mark as _
from web.sheets import Card

FAULTS = {
    "not_a_number": _("请填写数字"),
    "out_of_range": _("超出了本项的分值范围"),
    "off_step": _("不符合本项的计分间隔"),
    "not_optional": _("本项必须评分，不能选“不适用”"),
    "text": _("含有无法保存的字符，或内容过长"),
    "missing": _("请填写此项"),
    "unknown": _("评分表已更新，请刷新页面"),
}
_LONGEST_REVISION = 9


@dataclass(frozen=True, slots=True)
class Content:
    """What stands in the fields of one sheet, as texts."""

    marks: Mapping[str, str]
    comment: str = ""
    advice: str = ""
    skipped: tuple[str, ...] = ()
    fatal: str = ""

    def draft(self, revision: int) -> reviewing.Draft:
        """As it is saved."""
        return reviewing.Draft(self.marks, self.comment, revision, self.advice, self.skipped, self.fatal)

    @property
    def empty(self) -> bool:
        """Whether nothing was filled in at all."""
        texts = (*self.marks.values(), self.comment, self.advice, self.fatal)
        return not self.skipped and not any(text.strip() for text in texts)

    def fields(self, criteria: Iterable[Criterion]) -> dict[str, str | bool]:
        """By the names of the form's fields, for an answer to a script."""
        found: dict[str, str | bool] = {}
        for one in criteria:
            found[f"mark.{one.name}"] = self.marks.get(one.name, "")
            if one.optional:
                found[f"skip.{one.name}"] = one.name in self.skipped
        return found | {"comment": self.comment, "advice": self.advice, "fatal": self.fatal}


def typed(form: Form, *, before: str = "") -> Content:
    """What was typed into a sheet; `before` stands in front of the names of its fields where a page shows several sheets."""
    return Content(
        form.starting_with(f"{before}mark."),
        form.text(f"{before}comment"),
        form.text(f"{before}advice"),
        tuple(form.starting_with(f"{before}skip.")),
        form.text(f"{before}fatal"),
    )


def saved(card: Card) -> Content:
    """What the sheet holds."""
    sheet = card.sheet
    if sheet is None:
        return Content({})
    marks = {one.name: pages.total(sheet.marks[one.name]) for one in card.criteria if one.name in sheet.marks}
    return Content(marks, sheet.comment, sheet.advice, sheet.skipped, sheet.fatal)


def revision(form: Form, *, before: str = "") -> int:
    """The revision that the page showed.

    Raises:
        Refused: a page of ours would not have sent it.
    """
    text = form.text(f"{before}revision")
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_REVISION):
        raise errors.Refused(422, errors.OLD_FORM)
    return int(text)


def unreadable(names: Collection[str]) -> dict[str, str]:
    """Sentences for fields whose bytes are no text, by criterion or name of the text field."""
    return {_place(name): gettext(FAULTS["text"]) for name in names}


def sentences(faults: Iterable[Fault], entry: str) -> dict[str, str]:
    """Sentences for what was refused on the sheet of one entry, by criterion or name of the text field."""
    start = f"{entry}."
    return {one.field.removeprefix(start): sentence(one) for one in faults if one.field.startswith(start)}


def sentence(fault: Fault) -> str:
    """What a page says of one fault; of a text, which character or how many of them are too much: nobody finds what cannot be seen."""
    if fault.column == "text" and fault.zh:
        return form_words.sentence(fault)
    return gettext(FAULTS.get(fault.column, FAULTS["text"]))


def field_of(place: str) -> str:
    """Name of the form's field that a criterion or a text belongs to."""
    return place if place in OTHER_FIELDS else f"mark.{place}"


def _place(field: str) -> str:
    for start in ("mark.", "skip."):
        field = field.removeprefix(start)
    return field


def as_lines(card: Card, content: Content, flaws: Iterable[Flaw]) -> str:
    """All that was typed into one sheet as lines of title and text, to be copied."""
    named = {one.name: words.both(one.title) for one in flaws}
    texts = handed_back(card, content) | {
        gettext(_("一票否决情形")): named.get(content.fatal, content.fatal),
        gettext(_("评语")): content.comment,
        gettext(_("给申报人的建议")): content.advice,
    }
    return "\n".join(f"{title}{gettext(_('：'))}{text}" for title, text in texts.items() if text.strip())


def handed_back(card: Card, content: Content) -> dict[str, str]:
    """Titles and texts of what could not be saved, to be copied."""
    texts = {words.both(one.title): content.marks.get(one.name, "") for one in card.criteria}
    for one in card.criteria:
        if one.name in content.skipped:
            texts[words.both(one.title)] = gettext(_("不适用"))
    return texts
