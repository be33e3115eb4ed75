"""The ranking of an edition's latest scoring stage for the office: what is signed so far, put side by side."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from models.edition import SET_ASIDE, Edition, Entry, EntryState, StageRun
from models.errors import NotYet
from models.ranking import FrozenRule, Reason
from models.stages import ScoringStage, ShortlistingStage
from models.store import Store
from rules import assignment, conflicts, frozen_rule, marking, panel_checks, shortlist, side_by_side
from rules import scoring as scoring_rules
from rules.list_places import Question
from rules.panel_checks import OwnUnit
from rules.scoring import Total
from rules.side_by_side import SideBySide
from tasks import reasons, rounds, scoring
from tasks.installation import settings

OUT: frozenset[EntryState] = SET_ASIDE | {"submitted", "correction", "ineligible"}
"""States of entries that are not reviewed."""


@dataclass(frozen=True, slots=True)
class Divergent:
    """An entry whose reviewers are far apart, and what they wrote about it (rule S5)."""

    entry: Entry
    far: tuple[tuple[str, Fraction], ...]
    """Code and total of those whose marks make it so; empty if it is not divergent any more."""
    reasons: tuple[tuple[str, Reason], ...]
    """Code of the reviewer and what was asked, the reason given or not."""

    @property
    def unasked(self) -> int:
        """How many of those far apart have not been asked for a reason."""
        return len({code for code, _ in self.far} - {code for code, _ in self.reasons})


@dataclass(frozen=True)
class Report:
    """What the office sees."""

    run: StageRun
    stage: ScoringStage
    ranking: SideBySide
    sheets: int
    """Sheets in reviewers' hands from which marks are computed."""
    signed: int
    """Those that count already."""
    frozen: FrozenRule | None = None
    """The rule as it was frozen; None before the invitations."""
    changed: tuple[str, ...] = ()
    """What differs from it now; what is shown then is not what the award goes by."""
    own_units: tuple[OwnUnit | None, ...] = ()
    """For each ranking that was calibrated by itself: how much reviewers favour their own unit; None where no pair shares one."""
    divergent: tuple[Divergent, ...] = ()
    """By entry code."""
    asks: bool = False
    """Whether reasons can be asked for and given now."""

    @property
    def provisional(self) -> bool:
        """Whether marks may still change."""
        return self.run.state != "closed"


def stage_of(edition: Edition) -> tuple[StageRun, ScoringStage]:
    """The scoring stage that was opened last.

    Raises:
        NotYet: none has been opened.
    """
    run = edition.last_of("scoring")
    if run is None or not isinstance(run.declared, ScoringStage):
        raise NotYet(f"{edition.id}: no review has been opened yet")
    return run, run.declared


def report(store: Store, edition: Edition) -> Report:
    """Rank what has been signed in the latest scoring stage. Only signed and complete sheets count (rule S4).

    Raises:
        NotFound: no scoring stage has been opened.
    """
    run, stage = stage_of(edition)
    # Sheets of a re-review part the tied and are in no mark, so they are not waited for here either.
    again = rounds.reviewed_again(store, run)
    panels = [one for one in store.assignments(edition.id, run.position) if not one.recused and one.id not in again]
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
        normalise=stage.normalise,
        apart=marking.apart(edition.process, stage),
    )
    sheets = list(_sheets(store, edition, run, question))
    ranking, frozen = side_by_side.rank(sheets, question), store.frozen_rule(edition.id, run.position)
    return Report(
        run=run,
        stage=stage,
        ranking=ranking,
        sheets=len(panels),
        signed=len(sheets),
        frozen=frozen,
        changed=() if frozen is None else frozen_rule.differences(frozen.rule, edition, run.position),
        own_units=_own_units(store, edition, ranking),
        divergent=_divergent(store, edition, run, sheets),
        asks=reasons.is_open(store, edition, run),
    )


def _own_units(store: Store, edition: Edition, ranking: SideBySide) -> tuple[OwnUnit | None, ...]:
    """For each ranking that was calibrated by itself: how much reviewers favour entries of their own unit."""
    units = {one.code: conflicts.unit_key(one.unit) for one in store.reviewers(edition.id) if one.unit}
    found = []
    for part in ranking.each:
        of = defaultdict(set)
        for line in part.lines:
            of[conflicts.unit_key(line.entry.unit)].add(line.entry.id)
        pairs = [(entry, code) for code, unit in units.items() for entry in of.get(unit, ())]
        found.append(None if part.calibration is None else panel_checks.own_unit(part.calibration, pairs))
    return tuple(found)


def _divergent(store: Store, edition: Edition, run: StageRun, sheets: Sequence[tuple[str, str, Total]]) -> tuple[Divergent, ...]:
    """Entries that are divergent, and those that were when a reason was asked for."""
    totals: dict[str, dict[str, Total]] = defaultdict(dict)
    for entry, code, total in sheets:
        totals[entry][code] = total
    _, stage = stage_of(edition)
    far = {entry: some for entry, given in totals.items() if (some := scoring_rules.divergent(given, stage.flags))}
    codes = {one.id: one.code for one in store.reviewers(edition.id)}
    asked: dict[str, list[tuple[str, Reason]]] = defaultdict(list)
    for one in store.reasons(edition.id, run.position):
        asked[one.entry].append((codes[one.reviewer], one))
    entries = store.entries_by_id({*far, *asked}).values()
    found = [
        Divergent(one, tuple((code, Fraction(totals[one.id][code])) for code in far.get(one.id, ())), tuple(asked.get(one.id, ())))
        for one in entries
    ]
    return tuple(sorted(found, key=lambda one: one.entry.code))


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
