"""The ranking of an edition's latest scoring stage for the office: what is signed so far, put side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from models.edition import SET_ASIDE, Edition, EntryState, StageRun
from models.errors import NotFound
from models.stages import ScoringStage, ShortlistingStage
from models.store import Store
from rules import assignment, shortlist, side_by_side
from rules.list_places import Question
from rules.scoring import Total
from rules.side_by_side import SideBySide
from tasks import scoring
from tasks.installation import settings

OUT: frozenset[EntryState] = SET_ASIDE | {"submitted", "correction", "ineligible"}
"""States of entries that are not reviewed."""


@dataclass(frozen=True)
class Report:
    """What the office sees."""

    run: StageRun
    stage: ScoringStage
    ranking: SideBySide
    sheets: int
    """Sheets in reviewers' hands."""
    signed: int
    """Those that count already."""

    @property
    def provisional(self) -> bool:
        """Whether marks may still change."""
        return self.run.state != "closed"


def stage_of(edition: Edition) -> tuple[StageRun, ScoringStage]:
    """The scoring stage that was opened last.

    Raises:
        NotFound: none has been opened.
    """
    run = edition.last_of("scoring")
    if run is None or not isinstance(run.declared, ScoringStage):
        raise NotFound(f"{edition.id}: no review has been opened yet")
    return run, run.declared


def report(store: Store, edition: Edition) -> Report:
    """Rank what has been signed in the latest scoring stage. Only signed and complete sheets count (rule S4).

    Raises:
        NotFound: no scoring stage has been opened.
    """
    run, stage = stage_of(edition)
    panels = [one for one in store.assignments(edition.id, run.position) if not one.recused]
    held = {one.entry for one in panels}
    entries = tuple(one for one in store.entries(edition.id) if one.id in held and one.state not in OUT)
    made, limits = store.shortlist(edition.id), settings()
    question = Question(
        process=edition.process,
        rule=stage.aggregate,
        flags=stage.flags,
        cut=_cut_after(edition, run),
        # Once there is a list its seats stand, whoever has left since.
        seats=shortlist.seats(edition.process, Counter(one.group for one in entries)) if made is None else made[1],
        entries=entries,
        seed=assignment.seed_for(edition.seed, "chances", run.name),
        draws=limits.ranking_draws,
        clear=limits.ranking_clear,
    )
    sheets = list(_sheets(store, edition, run, question))
    return Report(run, stage, side_by_side.rank(sheets, question), len(panels), len(sheets))


def _cut_after(edition: Edition, run: StageRun) -> ShortlistingStage | None:
    """The declaration of the next cut, unless another scoring stage comes before it."""
    for one in edition.stages[run.position + 1 :]:
        if isinstance(one.declared, ShortlistingStage):
            return one.declared
        if isinstance(one.declared, ScoringStage):
            return None
    return None


def _sheets(store: Store, edition: Edition, run: StageRun, question: Question) -> Iterator[tuple[str, str, Total]]:
    codes = {one.id: one.code for one in store.reviewers(edition.id)}
    for sheet, total in scoring.signed_totals(store, edition, run, {one.id: one for one in question.entries}):
        yield sheet.entry, codes[sheet.reviewer], total
