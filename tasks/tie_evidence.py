"""What the links of a tie-break chain compare, read from signed sheets (rule S8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from models.edition import Edition, ScoreSheet, StageRun
from models.sheets import Criterion
from models.stages import ALONE, ScoringStage, ShortlistingStage
from models.store import Store
from models.tie_breaks import RECOMMENDED, chain_of, criterion_of, least_of
from rules import scoring, ties
from rules.parting import RE_REVIEW, Evidence
from rules.ties import Measure
from tasks import rounds
from tasks.scoring import declared, totalled


def cut_after(edition: Edition, run: StageRun) -> ShortlistingStage | None:
    """The declaration of the shortlisting right after a scoring stage."""
    following = edition.stages[run.position + 1 : run.position + 2]
    return following[0].declared if following and isinstance(following[0].declared, ShortlistingStage) else None


def gather(store: Store, edition: Edition, run: StageRun, cut: ShortlistingStage, *, may_review_again: bool = False) -> Evidence:
    """What is known to break ties by; where no chain is declared, only what entries are called.

    Args:
        store: An open transaction. Sheets are read from it when, and only of the entries of which, something is compared.
        edition: The edition.
        run: Its scoring stage.
        cut: The declaration of the chain.
        may_review_again: The stage can still be sent out once more.
    """
    codes = store.entry_codes(edition.id)
    if not chain_of(cut):
        return Evidence({}, codes, edition.seed, edition.id, may_review_again)
    return _Stored({}, codes, edition.seed, edition.id, may_review_again, store=store, run=run, cut=cut)


@dataclass(frozen=True)
class _Stored(Evidence):
    """Evidence that is read when it is asked for: most lines run between entries with different marks, and then nothing is."""

    store: Store = field(kw_only=True)
    run: StageRun = field(kw_only=True)
    cut: ShortlistingStage = field(kw_only=True)

    def measure(self, link: str, tied: tuple[str, ...]) -> Measure | None:
        """What is printed of a link for the tied."""
        stage, entries = declared(self.run), self.store.entries_by_id(tied)
        again = rounds.reviewed_again(self.store, self.run, among=tied)
        sheets = list(totalled(self.store.signed_sheets_of(self.run.position, tied), stage, entries))
        return _Sheets(stage, [one for one in sheets if one[0].assignment not in again], sheets, self.cut).measure(link)


class _Sheets:
    """Signed sheets with their totals: those of the marks, and all of them with the re-review."""

    def __init__(
        self, stage: ScoringStage, first: Sequence[tuple[ScoreSheet, Fraction]], every: Sequence[tuple[ScoreSheet, Fraction]],
        cut: ShortlistingStage,
    ) -> None:  # fmt: skip
        self.stage, self.first, self.every, self.cut = stage, first, every, cut
        self.places = stage.aggregate.places
        self.totals = _by_entry(first, lambda _, total: total)

    def measure(self, link: str) -> Measure | None:
        """What a link compares; None for those that compare nothing."""
        criterion, least = criterion_of(link), least_of(link)
        if criterion is not None:
            return ties.mean_of(link, _by_entry(self.first, lambda sheet, _: sheet.marks.get(criterion)), digits=self.places)
        if least is not None:
            return ties.top_scores(self.totals, least=least)
        if link == "raw_mean":
            return ties.mean_of(link, self.totals, digits=self.places)
        if link == "spread":
            return ties.spread(self.totals, digits=self.places)
        if link == RECOMMENDED:
            return self._recommended()
        return self._re_review() if link == RE_REVIEW and len(self.every) > len(self.first) else None

    def _recommended(self) -> Measure:
        # Each sheet is of one class, and criteria of one name may have other marks there.
        highest = {one.max for sheet in self._criteria() for one in sheet if one.name == RECOMMENDED}
        said = _by_entry(self.first, lambda sheet, _: sheet.marks.get(RECOMMENDED))
        return ties.share_recommended({entry: [mark in highest for mark in marks] for entry, marks in said.items()}, digits=self.places)

    def _criteria(self) -> list[Sequence[Criterion]]:
        return [self.stage.criteria, *self.stage.criteria_by_class.values()]

    def _re_review(self) -> Measure:
        """By entries that have a sheet of the further round; others have no value."""
        old = {sheet.assignment for sheet, _ in self.first}
        new = _by_entry([one for one in self.every if one[0].assignment not in old], lambda _, total: total)
        if self.cut.re_review.marks == "new":
            return ties.mean_of(RE_REVIEW, new, digits=self.places)
        together = {entry: totals for entry, totals in _by_entry(self.every, lambda _, total: total).items() if entry in new}
        rule = self.stage.aggregate
        if rule.method not in ALONE or self.stage.normalise != "none":
            # Marks of these methods mean nothing outside the whole panel.
            return ties.mean_of(RE_REVIEW, together, digits=self.places)
        marks = {entry: scoring.aggregate(totals, rule) for entry, totals in together.items()}
        return Measure(RE_REVIEW, {entry: mark for entry, mark in marks.items() if mark is not None})


def _by_entry(
    sheets: Sequence[tuple[ScoreSheet, Fraction]], value: Callable[[ScoreSheet, Fraction], Decimal | Fraction | None]
) -> dict[str, list[Decimal | Fraction]]:
    found: dict[str, list[Decimal | Fraction]] = defaultdict(list)
    for sheet, total in sheets:
        if (one := value(sheet, total)) is not None:
            found[sheet.entry].append(one)
    return found
