"""Reserves drawn beforehand: with the panel of each entry, and first to step in when somebody leaves it (rule R4; decision 0025).

They are a draw that is kept like every other, and nothing else: whoever has been given the entry since is no reserve of it any more. So
nothing has to be kept in step, and nobody is told of being one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from models.edition import Edition, Entry, Lease, StageRun
from models.store import Store
from rules import assignment, draw_records
from rules import reserves as rule
from rules.digests import digest
from rules.reserves import Unfit
from tasks import drawing, stages
from tasks.action import action
from tasks.drawing import Drawn
from tasks.installation import database
from tasks.reply_dates import declared


@action
def draw_reserves(lease: Lease, position: int) -> None:
    """Draw the reserves of all entries once their panels are seated; nothing where the stage declares none.

    Raises:
        LeaseLost: panels were changed while reserves were drawn; nothing was written.
    """
    edition, run = stages.look(lease, position)
    if not declared(run).reserve or stages.is_done(edition.id, position, "draw_reserves"):
        return
    with database().read() as store:
        there = store.assignments(edition.id, position)
        entries = [one for one in store.entries(edition.id, "assigned") if not one.classified]
        drawn = draw(store, edition, run, entries, seed=assignment.seed_for(edition.seed, "reserve"))
    with stages.step(lease, position, "draw_reserves") as store_:
        if store_ is not None:
            drawing.refuse_moved(store_, run, there)
            keep(store_, edition, run, drawn, actor="engine")


def draw(store: Store, edition: Edition, run: StageRun, entries: Sequence[Entry], *, seed: int) -> Drawn:
    """Draw reserves for entries whose panels are stored: by the rules of every draw, from what the panels leave of everybody's room.

    Least loads do not count: a reserve has nothing to read. The pairs of an entry stand in the order in which they step in.
    """
    stage = declared(run)
    asked = drawing.question(store, edition, run, {one.id: stage.reserve for one in entries}, entries)
    people = tuple(replace(one, least=None) for one in asked.panelists)
    asked = replace(asked, panelists=people, terms=replace(asked.terms, min_load=0))
    document = drawing.document(asked, stage, seed=seed)
    plan = rule.drawn(document)
    ids = {one.code: one.id for one in entries} | {one.code: one.id for one in store.reviewers(edition.id)}
    pairs = tuple((ids[entry], ids[who]) for entry, who in plan.pairs)
    return Drawn(pairs, {ids[entry]: empty for entry, empty in plan.short.items()}, document, draw_records.result(plan))


def keep(store: Store, edition: Edition, run: StageRun, drawn: Drawn, *, actor: str) -> None:
    """Keep reserves, and how they were drawn. Nobody is told."""
    drawing.record(store, edition, run, drawn, kind="reserve", number=run.round, actor=actor)
    store.append(
        edition.id, "ReservesDrawn", actor=actor, stage=run.name, round=run.round, seed=int(drawn.question["seed"]),
        seats=len(drawn.pairs), empty=sum(drawn.short.values()), digest=digest([list(pair) for pair in drawn.pairs]),
    )  # fmt: skip


def waiting(store: Store, edition: Edition, run: StageRun, entries: Sequence[Entry]) -> dict[str, tuple[str, ...]]:
    """Code of each of some entries -> codes of its reserves who have not been given it, in the order in which they step in."""
    found: dict[str, list[str]] = defaultdict(list)
    drawn = store.drawn_pairs(edition.id, run.position, "reserve")
    if not drawn:
        return {}
    ids = {one.code: one.id for one in entries}
    given = {(one.entry, one.reviewer) for one in store.panels_of(run.position, ids.values())}
    for entry, who in drawn:
        if entry in ids and (ids[entry], f"{edition.id}/r/{who}") not in given:
            found[entry].append(who)
    return {entry: tuple(some) for entry, some in found.items()}


def unfit(
    store: Store, edition: Edition, run: StageRun, entries: Sequence[Entry], there: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Unfit]]:  # fmt: skip
    """Code of an entry -> codes of its reserves who could not step in as things are, and why; nobody once the stage is over.

    Args:
        store: An open transaction.
        edition: The edition.
        run: Its scoring stage.
        entries: The entries.
        there: Their reserves, as `waiting` yields them.
    """
    those = [one for one in entries if there.get(one.code)]
    if not those or run.state not in ("opening", "open"):
        return {}
    asked = drawing.question(store, edition, run, {one.id: 1 for one in those}, those)
    return rule.unfit(_as_values(asked, run, 0), there)


def _as_values(asked: drawing.Question, run: StageRun, seed: int) -> draw_records.Asked:
    own = "same_unit" in declared(run).conflicts
    return draw_records.Asked(asked.needs, asked.panelists, asked.taken, asked.terms, seed, own)


def fill(
    store: Store, edition: Edition, run: StageRun, seats: Mapping[str, int], entries: Sequence[Entry], *, seed: int,
    asked: drawing.Question | None = None,
) -> Drawn:  # fmt: skip
    """Plan open seats: reserves who still fit step in first, and the rest is drawn among everybody.

    Args:
        store: An open transaction.
        edition: The edition.
        run: Its scoring stage.
        seats: Entry id -> open seats.
        entries: The entries.
        seed: Of the draw of what reserves leave open.
        asked: What a draw of these seats is asked, if it is known already.
    """
    there = waiting(store, edition, run, [one for one in entries if seats.get(one.id)])
    if not there and asked is None:
        return drawing.draw(store, edition, run, seats, entries, seed=seed)
    asked = asked or drawing.question(store, edition, run, seats, entries)
    if not there:
        return drawing.solved(store, edition, entries, drawing.document(asked, declared(run), seed=seed))
    called = rule.call(_as_values(asked, run, seed), there)
    ids = {one.code: one.id for one in entries} | {one.code: one.id for one in store.reviewers(edition.id)}
    pairs = tuple((ids[entry], ids[who]) for entry, who in called.pairs)
    filled = Counter(entry for entry, _ in pairs)
    rest = {entry: count - filled[entry] for entry, count in seats.items()}
    drawn = drawing.draw(store, edition, run, rest, entries, seed=seed, joining=pairs)
    passed = tuple((ids[entry], ids[who], why) for entry, who, why in called.passed)
    return replace(drawn, pairs=tuple(sorted((*pairs, *drawn.pairs))), reserves=pairs, passed=passed)
