"""The draw on what is stored: who is free for which entry, and the links of those who were drawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from models.edition import Assignment, Edition, Entry, Reviewer, StageRun
from models.reviewing import Invitation
from models.stages import ScoringStage
from models.store import Store
from rules import assignment
from rules.digests import digest
from tasks import links
from tasks.installation import settings


@dataclass(frozen=True)
class Question:
    """What a draw is asked; entries and reviewers go by their codes."""

    needs: tuple[assignment.Need, ...]
    """Entries with open seats."""
    panelists: tuple[assignment.Panelist, ...]
    """Everybody who may be drawn at all."""
    taken: Mapping[str, int]
    """Reviewer -> entries in hand."""


def question(store: Store, edition: Edition, run: StageRun, seats: Mapping[str, int], entries: Sequence[Entry]) -> Question:
    """Who is needed, and who could be drawn.

    Not drawn: who holds or held the entry, who declared a conflict with it, and who declined to review in this stage.

    Args:
        store: An open transaction.
        edition: The edition.
        run: Its scoring stage.
        seats: Entry id -> open seats; entries that are left out, or have none, need nobody.
        entries: The entries.
    """
    stage = run.declared
    assert isinstance(stage, ScoringStage)  # noqa: S101 - narrows the type; the flows call by kind
    invitations = {one.reviewer: one for one in store.invitations(edition.id, run.position)}
    everybody = store.reviewers(edition.id)
    reviewers = [one for one in everybody if one.active and not declined(invitations.get(one.id))]
    # The draw goes by codes, which are the same in every edition with the same seed and entries; ids are not.
    codes = {one.id: one.code for one in reviewers}
    units = {one.id: one.unit for one in everybody}
    held = store.panels_of(run.position, [one.id for one in entries])
    barred, sitting = _barred(store, edition, stage, reviewers, entries, held), _sitting(held)
    needs = tuple(
        assignment.Need(
            entry=entry.code,
            seats=seats[entry.id],
            unit=entry.unit,
            topic=topic(entry, stage),
            barred=frozenset(codes[one] for one in barred[entry.id] if one in codes),
            panel_units=frozenset(units[one] for one in sitting[entry.id] if one in units),
        )
        for entry in entries
        if seats.get(entry.id)
    )
    panelists = tuple(
        assignment.Panelist(id=one.code, unit=one.unit, disciplines=one.disciplines, capacity=capacity(one, stage, invitations.get(one.id)))
        for one in reviewers
    )
    taken = {codes[one]: load for one, (load, _) in store.progress(edition.id, run.position).items() if one in codes}
    return Question(needs, panelists, taken)


def draw(store: Store, edition: Edition, run: StageRun, seats: dict[str, int], entries: Sequence[Entry], *, seed: int) -> assignment.Plan:
    """Plan seats for entries; see `question` for who is not drawn."""
    stage = run.declared
    assert isinstance(stage, ScoringStage)  # noqa: S101 - as above
    asked = question(store, edition, run, seats, entries)
    drawn = assignment.plan(asked.needs, asked.panelists, seed=seed, unit_matters="same_unit" in stage.conflicts, taken=asked.taken)
    entry_ids = {one.code: one.id for one in entries}
    reviewer_ids = {one.code: one.id for one in store.reviewers(edition.id)}
    return assignment.Plan(
        pairs=tuple((entry_ids[entry], reviewer_ids[reviewer]) for entry, reviewer in drawn.pairs),
        short={entry_ids[entry]: empty for entry, empty in drawn.short.items()},
    )


def keep(store: Store, edition: Edition, run: StageRun, drawn: assignment.Plan, *, number: int) -> None:
    """Keep the panels of a round, and how they were drawn."""
    store.add_assignments(edition.id, run.position, drawn.pairs, number=number)
    store.append(
        edition.id, "PanelsDrawn", actor="engine", stage=run.name, round=number, seed=edition.seed + number, seats=len(drawn.pairs),
        empty=sum(drawn.short.values()), digest=digest([list(pair) for pair in drawn.pairs]),
    )  # fmt: skip


def issue_links(store: Store, edition: Edition, run: StageRun, people: Sequence[Reviewer]) -> None:
    """Give reviewers their links, or let existing ones live as long as the stage does."""
    now, stage = store.edition_now(edition.id), run.declared
    assert isinstance(stage, ScoringStage)  # noqa: S101 - as above
    end = (run.cutoff or now) + timedelta(days=stage.link_days_after)
    links.issue(store, settings(), edition.id, "reviewer", [one.id for one in people], not_before=now, expires_at=end)


def signers(store: Store, edition: Edition) -> dict[str, list[str]]:
    """Entry id -> names of the experts who signed an opinion for it (rule N7)."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in store.confirmations(edition.id):
        if one.kind == "expert" and one.state == "given":
            found[one.entry].append(one.name)
    return found


def _barred(
    store: Store, edition: Edition, stage: ScoringStage, reviewers: Sequence[Reviewer], entries: Sequence[Entry], held: Sequence[Assignment]
) -> dict[str, set[str]]:
    by_rule = assignment.bars(entries, reviewers, store.nominators(edition.id), stage.conflicts, signers(store, edition))
    barred: dict[str, set[str]] = defaultdict(set, {entry: set(ids) for entry, ids in by_rule.items()})
    for pair in held:
        barred[pair.entry].add(pair.reviewer)
    for conflict in store.conflicts(edition.id):
        barred[conflict.entry].add(conflict.reviewer)
    return barred


def _sitting(held: Sequence[Assignment]) -> dict[str, set[str]]:
    sitting: dict[str, set[str]] = defaultdict(set)
    for pair in held:
        if not pair.recused:
            sitting[pair.entry].add(pair.reviewer)
    return sitting


def declined(invitation: Invitation | None) -> bool:
    """Whether a reviewer said no to the whole stage."""
    return invitation is not None and invitation.state == "declined"


def capacity(reviewer: Reviewer, stage: ScoringStage, invitation: Invitation | None) -> int:
    """How many entries a reviewer takes: the least of the stage's limit, the one that was imported, and the reviewer's own word."""
    own = invitation.limit if invitation is not None else None
    return min(limit for limit in (stage.max_load, reviewer.max_load, own) if limit is not None)


def topic(entry: Entry, stage: ScoringStage) -> str | None:
    """What the disciplines of an entry's reviewers should cover; None if anybody can judge."""
    if stage.match is None:
        return None
    return entry.class_name if stage.match == "class" else str(entry.fields.get(stage.match) or "") or None
