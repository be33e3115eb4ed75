"""The draw on what is stored: who is free for which entry, and the links of those who were drawn."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any, Literal

from models.draws import DrawKind, NewDraw
from models.edition import Assignment, Edition, Entry, Reviewer, StageRun
from models.errors import LeaseLost
from models.reviewing import Invitation
from models.stages import ScoringStage
from models.store import Store
from rules import assignment, draw_records, keywords
from rules.digests import digest
from rules.reserves import Unfit
from tasks import known_conflicts, links, panel_sizes, reply_dates
from tasks.installation import settings
from tasks.known_conflicts import Known
from tasks.panel_sizes import Sizes

Mode = Literal["plain", "balanced"]


@dataclass(frozen=True)
class Question:
    """What a draw is asked; entries and reviewers go by their codes."""

    needs: tuple[assignment.Need, ...]
    """Entries with open seats."""
    panelists: tuple[assignment.Panelist, ...]
    """Everybody who may be drawn at all."""
    taken: Mapping[str, int]
    """Reviewer -> entries in hand that stay there."""
    terms: assignment.Terms
    """What the stage declares for all its panels."""
    units: Mapping[str, str]
    """Reviewer -> unit as the draw compares it, of everybody."""


@dataclass(frozen=True)
class Drawn(assignment.Plan):
    """A plan by ids, with what it was asked and answered by codes."""

    question: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    reserves: tuple[tuple[str, str], ...] = ()
    """Those of the pairs who were not drawn now: reserves who stepped in (`tasks.reserves`)."""
    passed: tuple[tuple[str, str, Unfit], ...] = ()
    """Entry, and reserve who was passed over, and why."""

    @property
    def told(self) -> dict[str, Any]:
        """What an event says of reserves, if there is anything to say."""
        if not (self.reserves or self.passed):
            return {}
        return {"reserves": [list(one) for one in self.reserves], "passed": [list(one) for one in self.passed]}


def solver() -> str:
    """Name and version of what solves draws."""
    return f"{draw_records.VERSION} ortools {version('ortools')}"


def question(
    store: Store, edition: Edition, run: StageRun, seats: Mapping[str, int], entries: Sequence[Entry],
    movable: Collection[tuple[str, str]] = (), joining: Collection[tuple[str, str]] = (),
) -> Question:  # fmt: skip
    """Who is needed, and who could be drawn.

    Not drawn: who holds or held the entry, who has a conflict of interest that forbids it or waits for a decision, who declined
    to review in this stage, and who has just been reminded to answer or to begin.

    Args:
        store: An open transaction.
        edition: The edition.
        run: Its scoring stage.
        seats: Entry id -> open seats; entries that are left out, or have none, need nobody.
        entries: The entries.
        movable: Pairs in hand, entry id and reviewer id, whose seats are among those to be drawn; they may stay.
        joining: Pairs that come into hand in the same act, and are not stored yet.
    """
    stage = run.declared
    assert isinstance(stage, ScoringStage)  # noqa: S101 - narrows the type; the flows call by kind
    invitations = {one.reviewer: one for one in store.invitations(edition.id, run.position)}
    everybody = store.reviewers(edition.id)
    chased = reply_dates.chased(store, edition, run) - {who for _, who in movable}
    reviewers = [one for one in everybody if one.active and one.id not in chased and not declined(invitations.get(one.id))]
    # The draw goes by codes, which are the same in every edition with the same seed and entries; ids are not.
    codes = {one.id: one.code for one in reviewers}
    known = known_conflicts.look(store, edition, stage, entries, reviewers)
    people = {one.id: one for one in everybody}
    units = {one.id: known.units.head(one.unit) for one in everybody}
    moving: dict[str, set[str]] = defaultdict(set)
    for entry_id, who in movable:
        moving[entry_id].add(who)
    held = [one for one in store.panels_of(run.position, [one.id for one in entries]) if one.reviewer not in moving[one.entry]]
    barred, sitting = _barred(known, held), _sitting(held)
    for entry_id, who in joining:
        barred[entry_id].add(who)
        sitting[entry_id].add(who)
    needs = tuple(
        assignment.Need(
            entry=entry.code,
            seats=seats[entry.id],
            unit=known.units.head(entry.unit),
            topic=topic(entry, stage),
            barred=frozenset(codes[one] for one in barred[entry.id] if one in codes),
            panel_units=tuple(sorted(units[one] for one in sitting[entry.id] if one in units)),
            kept=frozenset(codes[one] for one in moving[entry.id] if one in codes),
            there=sum(fit_of(people[one], entry, stage) for one in sitting[entry.id] if one in people),
            keywords=keywords_of(entry, stage),
        )
        for entry in entries
        if seats.get(entry.id)
    )
    panelists = tuple(
        assignment.Panelist(
            one.code,
            units[one.id],
            one.disciplines,
            capacity(one, stage, invitations.get(one.id)),
            keywords.keys_of(one.keywords) if stage.draw.keywords else (),
            one.min_load,
        )
        for one in reviewers
    )
    moved = Counter(who for _, who in movable)
    moved.subtract(who for _, who in joining)
    loads = {one: load for one, (load, _) in store.progress(edition.id, run.position).items()}
    taken = {codes[one]: loads.get(one, 0) - moved[one] for one in {*loads, *(who for _, who in joining)} if one in codes}
    groups = tuple(assignment.Group(tuple(map(known.units.head, one.units)), one.at_most) for one in stage.draw.groups)
    counted = stage.draw.keywords_at_most if stage.draw.keywords else 0
    terms = assignment.Terms(stage.per_unit, groups, stage.min_load, stage.draw.neighbours, keywords=counted)
    return Question(needs, panelists, taken, terms, {one.code: units[one.id] for one in everybody})


def document(asked: Question, stage: ScoringStage, *, seed: int, mode: Mode = "plain") -> dict[str, Any]:
    """All that a draw depends on, as it is kept."""
    terms = replace(asked.terms, mode=mode)
    own = "same_unit" in stage.conflicts
    return draw_records.document(asked.needs, asked.panelists, seed=seed, unit_matters=own, taken=asked.taken, terms=terms)


def draw(
    store: Store, edition: Edition, run: StageRun, seats: Mapping[str, int], entries: Sequence[Entry], *, seed: int,
    mode: Mode = "plain", joining: Collection[tuple[str, str]] = (),
) -> Drawn:  # fmt: skip
    """Plan seats for entries; see `question` for who is not drawn, and for `joining`."""
    stage = run.declared
    assert isinstance(stage, ScoringStage)  # noqa: S101 - as above
    asked = document(question(store, edition, run, seats, entries, joining=joining), stage, seed=seed, mode=mode)
    return solved(store, edition, entries, asked)


def solved(store: Store, edition: Edition, entries: Sequence[Entry], asked: Mapping[str, Any]) -> Drawn:
    """Draw what a document asks about entries of an edition."""
    drawn = draw_records.solved(asked)
    entry_ids = {one.code: one.id for one in entries}
    reviewer_ids = {one.code: one.id for one in store.reviewers(edition.id)}
    return Drawn(
        pairs=tuple((entry_ids[entry], reviewer_ids[reviewer]) for entry, reviewer in drawn.pairs),
        short={entry_ids[entry]: empty for entry, empty in drawn.short.items()},
        question=asked,
        result=draw_records.result(drawn),
    )


def keep(store: Store, edition: Edition, run: StageRun, drawn: Drawn, *, number: int) -> None:
    """Keep the panels of a round, and how they were drawn."""
    store.add_assignments(edition.id, run.position, drawn.pairs, number=number)
    record(store, edition, run, drawn, kind="further" if number else "first", number=number)
    store.append(
        edition.id, "PanelsDrawn", actor="engine", stage=run.name, round=number, seed=edition.seed + number, seats=len(drawn.pairs),
        empty=sum(drawn.short.values()), digest=digest([list(pair) for pair in drawn.pairs]), **drawn.told,
    )  # fmt: skip


def refuse_moved(store: Store, run: StageRun, there: Sequence[Assignment], sizes: Sizes | None = None) -> None:
    """Keep the stage as it is until the transaction ends, and refuse to keep what was drawn from panels that are no longer so.

    Args:
        store: The transaction in which the draw is kept.
        run: The stage as it was when it was drawn for.
        there: Its assignments at that time.
        sizes: Of its panels at that time, where the draw depended on them.

    Raises:
        LeaseLost: panels or their sizes were changed, or the stage was extended or sent out again, while others were drawn.
    """
    now = store.lock_stage(run.edition, run.position, to_change=True)
    panels = store.assignments(run.edition, run.position)
    moved = _drawn_from(panels) != _drawn_from(there) or (sizes is not None and panel_sizes.look(store, run) != sizes)
    if moved or (now.state, now.round, now.closes_at) != (run.state, run.round, run.closes_at):
        raise LeaseLost(f"{run.edition}: panels of {run.name} were changed while others were drawn; nothing was written")


def _drawn_from(panels: Sequence[Assignment]) -> set[tuple[str, bool]]:
    return {(one.id, one.recused) for one in panels}


def record(store: Store, edition: Edition, run: StageRun, drawn: Drawn, *, kind: DrawKind, number: int, actor: str = "engine") -> None:
    """Keep what a draw was asked and what came of it, so that anybody can solve it again."""
    store.add_draw(NewDraw(edition.id, run.position, number, kind, actor, solver(), drawn.question, drawn.result))


def issue_links(store: Store, edition: Edition, run: StageRun, people: Sequence[Reviewer]) -> datetime | None:
    """Give reviewers links, or let existing ones live as long as the stage does. Yields until when they should answer, if declared."""
    now, stage = store.edition_now(edition.id), run.declared
    assert isinstance(stage, ScoringStage)  # noqa: S101 - as above
    end = (run.cutoff or now) + timedelta(days=stage.link_days_after)
    links.issue(store, settings(), edition.id, "reviewer", [one.id for one in people], not_before=now, expires_at=end)
    return reply_dates.ask(store, edition, run, people)


def _barred(known: Known, held: Sequence[Assignment]) -> dict[str, set[str]]:
    barred: dict[str, set[str]] = defaultdict(set, {entry: set(ids) for entry, ids in known.bars().items()})
    for pair in held:
        barred[pair.entry].add(pair.reviewer)
    return barred


def _sitting(held: Sequence[Assignment]) -> dict[str, set[str]]:
    sitting: dict[str, set[str]] = defaultdict(set)
    for pair in held:
        if not pair.recused:
            sitting[pair.entry].add(pair.reviewer)
    return sitting


def declined(invitation: Invitation | None) -> bool:
    """Whether a reviewer said no to the whole stage, or has lost it for want of an answer, of work, or of an address."""
    return invitation is not None and invitation.state in ("declined", "lapsed")


def capacity(reviewer: Reviewer, stage: ScoringStage, invitation: Invitation | None) -> int:
    """How many entries a reviewer takes: the least of the stage's limit, the one that was imported, and the reviewer's own word."""
    own = invitation.limit if invitation is not None else None
    return min(limit for limit in (stage.max_load, reviewer.max_load, own) if limit is not None)


def least(reviewer: Reviewer, stage: ScoringStage) -> int:
    """How many entries a reviewer should get at least: the number that was imported, else the stage's."""
    return stage.min_load if reviewer.min_load is None else reviewer.min_load


def fit_of(reviewer: Reviewer, entry: Entry, stage: ScoringStage) -> int:
    """How well a reviewer fits an entry, as the draw weighs it."""
    return assignment.fit(topic(entry, stage), reviewer.disciplines, stage.draw.neighbours)


def shared_of(reviewer: Reviewer, entry: Entry, stage: ScoringStage) -> int:
    """How many keywords the two have in common, as far as they count; 0 where none are declared."""
    return keywords.shared(keywords_of(entry, stage), keywords.keys_of(reviewer.keywords), at_most=stage.draw.keywords_at_most)


def keywords_of(entry: Entry, stage: ScoringStage) -> tuple[str, ...]:
    """The keywords of an entry as they are compared; none where the stage declares no field of them."""
    text = str(entry.fields.get(stage.draw.keywords) or "") if stage.draw.keywords else ""
    return keywords.keys_of(keywords.read_keywords(text))


def topic(entry: Entry, stage: ScoringStage) -> str | None:
    """What the disciplines of an entry's reviewers should cover; None if anybody can judge."""
    if stage.match is None:
        return None
    return entry.class_name if stage.match == "class" else str(entry.fields.get(stage.match) or "") or None
