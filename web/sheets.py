"""What a reviewer sees: the entries in hand with their progress, and the material of one entry as the stage's blinding allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models import subjects
from models.edition import Assignment, Edition, Entry, File, ScoreSheet, StageRun
from models.errors import NotFound
from models.process import FormField
from models.sheets import Criterion
from models.stages import ScoringStage
from models.store import Store
from rules import eligibility, scoring
from tasks import reviewing
from web import pages, words
from web.language import gettext
from web.language import mark as _

STATES = {
    "new": _("未评"),
    "draft": _("未评完"),
    "complete": _("已评，待签署"),
    "signed": _("已签署"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """One entry on the reviewer's list."""

    assignment: Assignment
    entry: Entry
    sheet: ScoreSheet | None
    title: str
    class_title: str
    group_title: str
    criteria: tuple[Criterion, ...]

    @property
    def missing(self) -> int:
        """Marks that are still needed before the signature."""
        return len(scoring.missing(self.criteria, self.sheet.marks if self.sheet else {}, self.sheet.skipped if self.sheet else ()))

    @property
    def state(self) -> str:
        """A key of `STATES`."""
        if self.sheet is None:
            return "new"
        if self.sheet.signed_at is not None:
            return "signed"
        return "draft" if self.missing else "complete"

    @property
    def state_title(self) -> str:
        """The state in words."""
        return gettext(STATES[self.state])

    @property
    def total(self) -> Decimal | None:
        """Total of the marks so far, of 100; None before the first."""
        exact = scoring.total(self.criteria, self.sheet.marks, self.sheet.skipped) if self.sheet else None
        return None if exact is None else scoring.half_up(exact, 2)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything in one reviewer's hands."""

    edition: Edition
    run: StageRun
    stage: ScoringStage
    now: datetime
    cards: tuple[Card, ...]
    recused: tuple[Entry, ...]

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
        return bool(self.cards) and all(card.state == "signed" for card in self.cards)

    def card(self, code: str) -> Card:
        """The entry of that code.

        Raises:
            NotFound: it is not on the list; whether it exists is nobody's business here.
        """
        for card in self.cards:
            if card.entry.code == code:
                return card
        raise NotFound("this entry is not on the reviewer's list")

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


def desk_of(store: Store, edition: Edition, reviewer: str) -> Desk:
    """What is in a reviewer's hands in the latest scoring stage.

    Raises:
        NotFound: no scoring stage has been opened.
    """
    run = edition.last_of("scoring")
    if run is None or not isinstance(run.declared, ScoringStage):
        raise NotFound("no review is open")
    pairs = store.assignments(edition.id, run.position, reviewer=reviewer)
    sheets = {sheet.entry: sheet for sheet in store.sheets(edition.id, run.position, reviewer=reviewer)}
    entries = store.entries_by_id(pair.entry for pair in pairs)
    cards = [_card(edition, run.declared, pair, entries[pair.entry], sheets) for pair in pairs if not pair.recused]
    return Desk(
        edition=edition,
        run=run,
        stage=run.declared,
        now=edition.now(store.real_now),
        cards=tuple(sorted(cards, key=lambda card: card.entry.code)),
        recused=tuple(sorted((entries[pair.entry] for pair in pairs if pair.recused), key=lambda entry: entry.code)),
    )


def _card(edition: Edition, stage: ScoringStage, pair: Assignment, entry: Entry, sheets: Mapping[str, ScoreSheet]) -> Card:
    class_title = words.both(edition.process.class_named(entry.class_name).title)
    group_title = words.both(eligibility.group_title(entry.group, edition.process)) if entry.group else class_title
    return Card(
        pair, entry, sheets.get(entry.id), shown_title(edition, stage, entry), class_title, group_title, stage.sheet_of(entry.class_name)
    )


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
        nominator = next((one.name for one in store.nominators(edition.id) if one.id == entry.nominator), "")
        shown.append((gettext(_("推荐单位")), nominator))
    for field in subjects.fields_shown_to_reviewers(edition.process, entry.class_name, stage.blind):
        value = entry.fields.get(field.name)
        if field.kind != "file" and value not in (None, "", []):
            shown.append((words.both(field.title), pages.readable(value)))
    return shown


def visible_files(store: Store, edition: Edition, stage: ScoringStage, entry: Entry) -> list[File]:
    """Files that the blinding allows: where the work itself is judged, its pictures always are."""
    files = list(store.files(entry.id))
    shown = subjects.fields_shown_to_reviewers(edition.process, entry.class_name, stage.blind)
    if stage.blind != "double":
        hidden = {field.name for field in subjects.fields_of(edition.process, entry.class_name)} - {field.name for field in shown}
        names = {str(name) for field in hidden for name in _listed(entry.fields.get(field))}
        return [one for one in files if one.name not in names | hidden]
    if edition.process.class_named(entry.class_name).subject == "artwork":
        return [one for one in files if one.media_type.startswith("image/")]
    allowed = {field.name for field in shown if field.kind == "file"}
    allowed |= {str(name) for field in shown if field.kind == "file" for name in _listed(entry.fields.get(field.name))}
    return [one for one in files if one.name in allowed]


def sheet_fields(values: Mapping[str, str], card: Card) -> dict[str, str]:
    """What the number fields show: as typed, else as saved."""
    saved = card.sheet.marks if card.sheet else {}
    return {one.name: values.get(one.name, pages.total(saved[one.name]) if one.name in saved else "") for one in card.criteria}


def is_finished(card: Card) -> bool:
    """Whether all marks are given."""
    return reviewing.is_complete(card.criteria, card.sheet)


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _column(edition: Edition, entry: Entry, name: str) -> FormField:
    return next(field for field in subjects.core_columns(edition.process, entry.class_name) if field.name == name)
