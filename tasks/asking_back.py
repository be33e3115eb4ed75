"""A reviewer whose entries went to others can still review: open seats that fit are given back, as far as there are any (rule R8)."""

from __future__ import annotations

from dataclasses import replace

from models.edition import Edition, Entry, StageRun
from models.store import Store
from rules import assignment
from rules.panel_flow import NO_MATCH
from tasks import drawing, panel_sizes, reply_dates, rounds, unsigned


def give_back(store: Store, edition_id: str, position: int, reviewer: str) -> tuple[str, ...]:
    """Give a reviewer who has come back open seats, at most as many as were lost. Nobody is moved. Yields the entries' ids.

    Seats are drawn by the rules of every draw, among them those that the reviewer lost and nobody took. They wait for the answer about
    conflicts.

    Args:
        store: The transaction in which the reviewer came back; the invitation is accepted already.
        edition_id: The edition's id.
        position: Position of the scoring stage.
        reviewer: The reviewer's id.
    """
    edition = store.edition(edition_id)
    run = edition.stages[position]
    person = store.reviewer(reviewer)
    mine = {one.entry: one for one in store.assignments(edition_id, position, reviewer=reviewer)}
    lost = _lost(store, run, reviewer)
    entries, seats = _open(store, edition, run)
    entries = tuple(one for one in entries if drawing.fit_of(person, one, reply_dates.declared(run)) != NO_MATCH)
    drawn = None
    if entries and lost and rounds.re_review_of(store, run) is None:
        held = [(one.entry, reviewer) for one in mine.values() if one.recused and one.entry in lost and one.entry in seats]
        drawn = _drawn(store, edition, run, entries, seats, held, person.code, at_most=len(lost))
    pairs = drawn.pairs if drawn is not None else ()
    if drawn is not None and pairs:
        for entry, _ in pairs:
            if entry in mine:
                store.bring_back(mine[entry].id, number=run.round)
        store.add_assignments(edition_id, position, pairs, number=run.round)
        drawing.record(store, edition, run, drawn, kind="substitute", number=run.round)
        reply_dates.ask(store, edition, run, [person])
    codes = sorted(one.code for one in entries if one.id in {entry for entry, _ in pairs})
    store.append(
        edition_id, "ReviewerReturned", actor=f"reviewer:{reviewer}", stage=run.name, position=position, reviewer=reviewer,
        entries=[entry for entry, _ in pairs],
        reason=f"{person.code} came back and takes {', '.join(codes)}: open seats that fit, drawn by the seed"
        if codes
        else f"{person.code} came back; no open seat fits, and the next draw may choose {person.code} again",
    )  # fmt: skip
    return tuple(sorted(entry for entry, _ in pairs))


def _lost(store: Store, run: StageRun, reviewer: str) -> set[str]:
    """Entries that went to others by themselves."""
    events = store.events(run.edition, "ReviewerLapsed")
    mine = [one.payload for one in events if one.payload["position"] == run.position and one.payload["reviewer"] == reviewer]
    return {entry for one in mine for entry in one["given_back"]}


def _open(store: Store, edition: Edition, run: StageRun) -> tuple[tuple[Entry, ...], dict[str, int]]:
    """Entries whose panel is not full and that need more scores, and how many seats each has."""
    wanted = panel_sizes.look(store, run)
    closed = unsigned.closed_entries(store, run, wanted)
    entries = [one for one in store.entries(edition.id, "assigned") if not one.classified and one.id not in closed]
    sizes: dict[str, int] = dict.fromkeys((one.id for one in entries), 0)
    for pair in store.assignments(edition.id, run.position):
        if not pair.recused and pair.entry in sizes:
            sizes[pair.entry] += 1
    seats = {one.id: 1 for one in entries if sizes[one.id] < wanted.of(one)}  # one person sits on one seat
    return tuple(one for one in entries if one.id in seats), seats


def _drawn(
    store: Store, edition: Edition, run: StageRun, entries: tuple[Entry, ...], seats: dict[str, int], held: list[tuple[str, str]],
    code: str, *, at_most: int,
) -> drawing.Drawn:  # fmt: skip
    asked = drawing.question(store, edition, run, seats, entries, held)
    load, _signed = store.progress(edition.id, run.position).get(f"{edition.id}/r/{code}", (0, 0))
    alone = tuple(replace(one, capacity=min(one.capacity, load + at_most)) for one in asked.panelists if one.id == code)
    # `question` takes what moves off the load; these entries had left already.
    only = replace(asked, panelists=alone, taken={code: load})
    seed = assignment.seed_for(edition.seed, "returned", str(run.round), code, str(store.count_draws(edition.id)))
    return drawing.solved(store, edition, entries, drawing.document(only, reply_dates.declared(run), seed=seed))
