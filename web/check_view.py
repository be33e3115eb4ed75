"""What a form checker sees of an entry: its fields with what the rules found in each, and what they found in the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.edition import Edition, Entry, File, StageRun
from models.store import Store
from models.submitting import Check, Finding
from rules import blindness, eligibility, form_check, forms
from tasks import checking, confirming, material
from web import form_view, words
from web.forms import Form
from web.language import gettext
from web.language import mark as _

_STOP = "；"
WHOLE = "-"
"""Name of the row for what no field is about."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field on the check-list."""

    name: str
    label: str
    value: str
    required: bool
    found: str
    """What the rules found in it; empty if nothing."""
    ticked: bool
    code: str
    note: str


@dataclass(frozen=True, slots=True)
class Said:
    """What one checker said, in words."""

    checker: str
    outcome: str
    reasons: tuple[str, ...]
    check: Check


@dataclass(frozen=True, slots=True)
class Test:
    """What the rules found in the whole entry."""

    good: bool
    text: str


def rows(edition: Edition, run: StageRun, entry: Entry, files: Sequence[File], ticked: Mapping[str, Finding] | None) -> list[Row]:
    """The check-list: every field that can be corrected, then a row for the whole.

    Args:
        edition: The edition.
        run: Its submission stage.
        entry: The entry.
        files: Its files.
        ticked: What the checker has found so far, by field; None = nobody has looked yet, and what the rules found is ticked.
    """
    values = forms.typed(entry, edition.process)
    asked = {one.name for one in forms.asked(edition.process, entry.class_name, values)}
    attached = attached_fields(edition, entry, files)
    usual = _usual_code(run)
    listed = []
    for field in checking.correctable(edition.process, entry.class_name).values():
        if entry.classified or (field.name not in asked and not values.get(field.name)):
            continue
        value = values.get(field.name, "")
        judged = () if field.kind == "people" or value in ("", []) else eligibility.of_value(field, value)
        missing = value in ("", []) and field.required and not (field.kind == "file" and field.name in attached)
        found = gettext(_("未填写")) if missing else gettext(_("；")).join(words.both(one) for one in judged)
        mine = (ticked or {}).get(field.name)
        # The note goes to the nominator, in the process's first language; that nothing is filled in, the reason says already.
        code, note = (mine.code, mine.note) if mine else (usual, _STOP.join(one.zh for one in judged) if ticked is None else "")
        is_ticked = mine is not None if ticked is not None else bool(found)
        shown = form_view.readable(field, value)
        listed.append(Row(field.name, words.both(field.title), shown, field.required, found, is_ticked, code, note))
    whole = (ticked or {}).get("")
    code, note = (whole.code, whole.note) if whole else ("", "")
    return [*listed, Row(WHOLE, gettext(_("整体")), "", False, "", whole is not None, code, note)]


def attached_fields(edition: Edition, entry: Entry, files: Sequence[File]) -> frozenset[str]:
    """Fields for which a file is there."""
    named = (blindness.field_of(edition.process, entry, one.name) for one in files)
    return frozenset(field.name for field in named if field is not None)


def _usual_code(run: StageRun) -> str:
    codes = [one.name for one in checking.declared(run).reason_codes]
    return "incomplete" if "incomplete" in codes else ""


def tests(store: Store, edition: Edition, run: StageRun, entry: Entry, files: Sequence[File], listed: Sequence[Row]) -> list[Test]:
    """What the rules found by themselves, good and bad; `listed` is the check-list, which shows the rest."""
    reasons = () if entry.classified else eligibility.reasons(entry, edition.process, attached_fields(edition, entry, files))
    found = [Test(False, form_view.capital(words.both(one))) for one in reasons]
    if faulty := [one.label for one in listed if one.found and one.found != gettext(_("未填写"))]:  # what is missing stands there already
        said = gettext(_("以下项目有问题：%(names)s"))
        found.append(Test(False, said % {"names": gettext(_("、")).join(faulty)}))
    found = found or [Test(True, gettext(_("填报内容符合规定条件")))]
    if confirming.needed(run.declared):
        missing = confirming.missing(store, entry)
        found += [Test(False, form_view.capital(words.both(one.sentence))) for one in missing] or [Test(True, gettext(_("各方确认齐全")))]
    found += _duplicates(store, edition, entry) or [Test(True, gettext(_("未发现重复申报")))]
    if material.is_blind(edition) and files:
        traces = material.flagged(store, edition.id).get(entry.id, ())
        found += [Test(False, f"{one.file}: {one.excerpt}") for one in traces] or [Test(True, gettext(_("匿名文件中未发现作者信息")))]
    return found


def _duplicates(store: Store, edition: Edition, entry: Entry) -> list[Test]:
    others = [
        (one.second if one.first == entry.id else one.first, one.likeness)
        for one in store.duplicates(edition.id)
        if one.state == "open" and entry.id in (one.first, one.second)
    ]
    known = store.entries_by_id(other for other, _likeness in others)
    said = gettext(_("疑似与 %(code)s《%(title)s》重复（相似度 %(likeness)s）"))
    return [
        Test(False, said % {"code": known[other].code, "title": known[other].title, "likeness": f"{float(likeness):.0%}"})
        for other, likeness in others
        if other in known
    ]


def said_by(edition: Edition, run: StageRun, entry: Entry, checks: Sequence[Check]) -> list[Said]:
    """What checkers said, in words."""
    return [
        Said(
            one.checker,
            words.both(form_check.OUTCOMES[one.outcome]),
            tuple(words.both(checking.reason(edition.process, run, entry.class_name, found)) for found in one.findings),
            one,
        )
        for one in checks
    ]


def typed(form: Form) -> list[Finding]:
    """The ticked rows of the form."""
    found = []
    for name in form.starting_with("tick."):
        if form.text(f"tick.{name}"):
            found.append(Finding(form.text(f"code.{name}"), "" if name == WHOLE else name, form.text(f"note.{name}")))
    return found
