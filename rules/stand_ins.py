"""Who could take a seat, in the order in which the draw would take them (rule R1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rules.assignment import seed_for
from rules.panel_flow import EXACT, LACKING, LOAD_STEP, NO_MATCH, UNFIT


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody who may have a seat and has room for it."""

    reviewer: str
    """Code."""
    fit: int
    """One of `panel_flow.LEVELS`."""
    shared: int
    """Keywords in common with the entry, as far as they count."""
    load: int
    """Entries in hand."""
    capacity: int
    """Entries at most."""
    least: int = 0
    """Entries that the person should have."""


def in_order(free: Iterable[StandIn], *, entry: str, seed: int, most: int) -> tuple[StandIn, ...]:
    """The first of those who could take a seat: the least cost of the draw first, then shared keywords, then chance by the seed.

    Args:
        free: Who may, and has room.
        entry: Code of the entry whose seat it is.
        seed: The edition's seed.
        most: So many are named.
    """

    def cost(one: StandIn) -> int:
        lacks = UNFIT if one.fit == NO_MATCH else 0
        return EXACT - one.fit + lacks + one.load * LOAD_STEP + (LACKING if one.load >= min(one.least, one.capacity) else 0)

    order = sorted(free, key=lambda one: (cost(one), -one.shared, seed_for(seed, "stand-in", entry, one.reviewer), one.reviewer))
    return tuple(order[:most])
