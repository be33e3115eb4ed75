"""Who could take a seat instead of whom: free for it by every check of a change by hand, named before the office decides (rule R1)."""

from __future__ import annotations

from dataclasses import dataclass

from models.edition import Entry, Reviewer
from models.errors import Fault
from rules import stand_ins
from rules.stand_ins import StandIn
from tasks import drawing, panel_checks, reserves
from tasks.installation import database
from tasks.panel_checks import DoubtKind
from tasks.panel_state import Pair, State

MOST = 10
"""So many are proposed."""
_NO_ROOM: frozenset[DoubtKind] = frozenset({"load", "unit", "group"})
"""Doubts with which nobody is proposed; the office may still choose such a person by code."""


@dataclass(frozen=True)
class Proposal:
    """Who could take a seat."""

    faults: tuple[Fault, ...]
    """What forbids to free the seat, as `panel_checks.faults` says it; then all else is empty."""
    entry: Entry | None = None
    leaver: Reviewer | None = None
    """Who has the seat; None if it is empty."""
    fit: int = 0
    """How well the leaver fits."""
    shared: int = 0
    """Keywords that the leaver shares."""
    free: tuple[tuple[StandIn, Reviewer], ...] = ()
    """Who could take it, the best first."""
    reserves: tuple[str, ...] = ()
    """Codes of the entry's reserves who were drawn beforehand, the first one first."""


def propose(edition_id: str, entry: str, reviewer: str = "") -> Proposal:
    """Look for reviewers who could take a seat. Nothing is kept.

    Args:
        edition_id: The edition's id.
        entry: Code of the entry.
        reviewer: Code of who would leave the seat; empty for one seat more.

    Raises:
        NotFound: no such edition, or no review has been opened.
        NotAllowed: the stage is not being reviewed.
        TooLate: the deadline has passed.
    """
    with database().read() as store:
        state = State(store, edition_id)
        state.refuse_if_over()
        pair = (entry, reviewer)
        off = {pair} if reviewer else set[Pair]()
        faults = panel_checks.faults(state, set(), {pair})
        if not reviewer:
            faults = tuple(one for one in faults if one.column == "entry")
        if faults:
            return Proposal(faults)
        free = stand_ins.in_order(
            (_stand_in(state, (entry, who)) for who in state.people if _is_free(state, (entry, who), off)),
            entry=entry, seed=state.edition.seed, most=MOST,
        )  # fmt: skip
        return Proposal(
            (), state.entries[entry], state.people.get(reviewer), state.fit(pair) if off else 0, state.shared(pair) if off else 0,
            tuple((one, state.people[one.reviewer]) for one in free),
            reserves.waiting(store, state.edition, state.run, [state.entries[entry]]).get(entry, ()),
        )  # fmt: skip


def _stand_in(state: State, pair: Pair) -> StandIn:
    who = pair[1]
    least = drawing.least(state.people[who], state.stage)
    return StandIn(who, state.fit(pair), state.shared(pair), state.loads[who], state.capacity(who), least)


def _is_free(state: State, pair: Pair, off: set[Pair]) -> bool:
    if state.loads[pair[1]] >= state.capacity(pair[1]) or panel_checks.faults(state, {pair}, off):
        return False
    return _NO_ROOM.isdisjoint(one.kind for one in panel_checks.doubts(state, {pair}, off))
