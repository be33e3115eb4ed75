"""What a reviewer sees: the entries in hand with their progress, and the material of one entry as the stage's blinding allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from models import subjects
from models.edition import Assignment, Edition, Entry, File, ScoreSheet, StageRun
from models.errors import NotFound
from models.process import FormField
from models.reviewing import Invitation
from models.sheets import Criterion
from models.stages import ScoringStage
from models.store import Store
from models.stores.hands import Hands, Held
from rules import blindness, eligibility, scoring
from tasks import reviewing
from web import pages, words
from web.language import gettext
from web.language import mark as _

STATES = {
    "new": _("未评"),
    "draft": _("草稿"),
    "complete": _("已评，待签署"),
    "signed": _("已签署"),
}

FILTERS = {"all": _("全部"), "new": _("未评"), "draft": _("草稿"), "done": _("已评")}
"""What the list can be narrowed to."""
FILTER_STATES = {"new": ("new",), "draft": ("draft",), "done": ("complete", "signed")}


class Card(NamedTuple):
    """One entry on the reviewer's list."""

    assignment: Assignment
    entry: Entry
    sheet: ScoreSheet | None
    edition: Edition
    stage: ScoringStage
    missing: int
    """Marks that are still needed before the signature."""

    @property
    def title(self) -> str:
        """The entry's title as the reviewer may see it."""
        return shown_title(self.edition, self.stage, self.entry)

    @property
    def class_title(self) -> str:
        """What the entry's class is called."""
        return words.both(self.edition.process.class_named(self.entry.class_name).title)

    @property
    def group_title(self) -> str:
        """What the group is called in which the entry competes; its class where there is no group."""
        group = self.entry.group
        return words.both(eligibility.group_title(group, self.edition.process)) if group else self.class_title

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """What is scored."""
        return self.stage.sheet_of(self.entry.class_name)

    @property
    def signed(self) -> bool:
        """Whether the sheet is signed."""
        return self.sheet is not None and self.sheet.signed_at is not None

    @property
    def state(self) -> str:
        """A key of `STATES`."""
        if self.sheet is None:
            return "new"
        if self.signed:
            return "signed"
        return "draft" if self.missing else "complete"

    @property
    def state_title(self) -> str:
        """The state in words."""
        return gettext(STATES[self.state])

    @property
    def exact_total(self) -> Fraction | None:
        """Total of the marks so far, of 100, before rounding; None before the first."""
        return scoring.total(self.criteria, self.sheet.marks, self.sheet.skipped) if self.sheet else None

    @property
    def total(self) -> Decimal | None:
        """Total of the marks so far, of 100; None before the first."""
        exact = self.exact_total
        return None if exact is None else scoring.half_up(exact, 2)

    @property
    def begun(self) -> bool:
        """Whether anything but a text is on the sheet."""
        return self.sheet is not None and bool(self.sheet.marks or self.sheet.skipped)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything in one reviewer's hands."""

    edition: Edition
    run: StageRun
    stage: ScoringStage
    now: datetime
    cards: tuple[Card, ...]
    waiting: tuple[Card, ...]
    """Entries about which the reviewer has not answered yet; only their titles are shown, and only to ask."""
    recused: tuple[Entry, ...]
    invitation: Invitation

    @property
    def open(self) -> bool:
        """Whether sheets can be changed now."""
        return self.run.state == "open" and not self.late

    @property
    def late(self) -> bool:
        """Whether the deadline with its grace has passed."""
        return self.run.cutoff is not None and self.now >= self.run.cutoff

    @property
    def done(self) -> int:
        """Entries with all marks."""
        return sum(card.missing == 0 for card in self.cards)

    @property
    def signed(self) -> bool:
        """Whether everything in hand is signed."""
        return bool(self.cards) and all(card.signed for card in self.cards)

    def card(self, code: str) -> Card:
        """The entry of that code.

        Raises:
            NotFound: it is not on the list; whether it exists is nobody's business here.
        """
        for card in self.cards:
            if card.entry.code == code:
                return card
        raise NotFound("this entry is not on the reviewer's list")

    def filtered(self, name: str) -> tuple[Card, ...]:
        """The entries that a filter of the list shows; all for a name that is no filter."""
        states = FILTER_STATES.get(name)
        return tuple(card for card in self.cards if states is None or card.state in states)

    @property
    def resume(self) -> Card | None:
        """Where to go on: the sheet that was saved last if it lacks marks, else the next one that does; None when none is left."""
        begun = [card for card in self.cards if card.sheet is not None]
        if not begun:
            return next((card for card in self.cards if card.missing), None)
        last = max(begun, key=lambda card: (card.sheet.saved_at if card.sheet else self.now, card.entry.code))
        return last if last.missing else self.after(last.entry.code)

    def with_sheet(self, card: Card, sheet: ScoreSheet) -> Desk:
        """The desk with a new sheet on one card."""
        changed = card._replace(sheet=sheet, missing=_missing(card.criteria, sheet))
        return replace(self, cards=tuple(changed if one is card else one for one in self.cards))

    def after(self, code: str) -> Card | None:
        """The next entry with marks missing, going round; None when none is left."""
        codes = [card.entry.code for card in self.cards]
        start = codes.index(code) + 1
        return next((card for card in (*self.cards[start:], *self.cards[: start - 1]) if card.missing), None)

    def beside(self, code: str) -> tuple[Card | None, Card | None]:
        """The entries before and after on the list."""
        position = [card.entry.code for card in self.cards].index(code)
        return (
            self.cards[position - 1] if position else None,
            self.cards[position + 1] if position + 1 < len(self.cards) else None,
        )


def desk_of(store: Store, edition: Edition, reviewer: str, *, for_office: bool = False) -> Desk:
    """What is in a reviewer's hands in the latest scoring stage.

    Args:
        store: An open transaction.
        edition: The edition.
        reviewer: The reviewer's id.
        for_office: Entries that wait for the reviewer's answer are among the cards, too: the office keys in what came on paper.

    Raises:
        NotFound: no scoring stage has been opened.
    """
    run, _stage = _scoring(edition)
    return desk(edition, store.hands(edition.id, run.position, reviewer), for_office=for_office)


def desk(edition: Edition, hands: Hands, *, for_office: bool = False) -> Desk:
    """The same of what has been read already, in the same transaction as the edition."""
    run, stage = _scoring(edition)
    cards = [_card(one, edition, stage) for one in hands.held if not one.assignment.recused]
    return Desk(
        edition=edition,
        run=run,
        stage=stage,
        now=edition.now(hands.at),
        cards=tuple(one for one in cards if for_office or one.assignment.cleared_at),
        waiting=tuple(one for one in cards if not one.assignment.cleared_at),
        recused=tuple(one.entry for one in hands.held if one.entry.id in hands.conflicts),
        invitation=hands.invitation,
    )


def _card(held: Held, edition: Edition, stage: ScoringStage) -> Card:
    return Card(*held, edition, stage, _missing(stage.sheet_of(held.entry.class_name), held.sheet))


def _missing(criteria: tuple[Criterion, ...], sheet: ScoreSheet | None) -> int:
    return len(scoring.missing(criteria, sheet.marks, sheet.skipped) if sheet else scoring.missing(criteria, {}))


def _scoring(edition: Edition) -> tuple[StageRun, ScoringStage]:
    run = edition.last_of("scoring")
    if run is None or not isinstance(run.declared, ScoringStage):
        raise NotFound("no review is open")
    return run, run.declared


def shown_title(edition: Edition, stage: ScoringStage, entry: Entry) -> str:
    """The title, or a number in its place where the title is a name and the review is double blind (rule R6)."""
    column = _column(edition, entry, "title")
    if stage.blind == "double" and column.identifying:
        return f"{words.both(edition.process.class_named(entry.class_name).title)} {entry.code}"
    return entry.title


def material(store: Store, edition: Edition, stage: ScoringStage, entry: Entry) -> list[tuple[str, str]]:
    """Labels and values that the blinding allows, empty ones left out."""
    shown: list[tuple[str, str]] = []
    if stage.blind != "double":
        shown.append((words.both(_column(edition, entry, "unit").title), entry.unit))
        shown.append((gettext(_("推荐单位")), store.nominator(entry.nominator).name))
    answers = store.form_of(entry.id)
    for field in _fields(edition, entry.class_name, stage.blind):
        value = answers.get(field.name)
        if field.kind != "file" and value not in (None, "", []):
            shown.append((words.both(field.title), pages.readable(value)))
    return shown


_FIELDS: dict[tuple[str, str, subjects.Blind], tuple[FormField, ...]] = {}
"""By hash of the declaration, class and blinding: a hash never means anything else, and each opened sheet asks."""


def _fields(edition: Edition, class_name: str, blind: subjects.Blind) -> tuple[FormField, ...]:
    key = (edition.declaration_hash, class_name, blind)
    if key not in _FIELDS:
        _FIELDS[key] = subjects.fields_shown_to_reviewers(edition.process, class_name, blind)
    return _FIELDS[key]


def visible_files(store: Store, edition: Edition, stage: ScoringStage, entry: Entry) -> list[File]:
    """Files that the blinding allows."""
    return blindness.visible(edition.process, entry, store.files(entry.id), stage.blind)


def is_finished(card: Card) -> bool:
    """Whether all marks are given."""
    return reviewing.is_complete(card.criteria, card.sheet)


def _column(edition: Edition, entry: Entry, name: str) -> FormField:
    return next(field for field in subjects.core_columns(edition.process, entry.class_name) if field.name == name)
