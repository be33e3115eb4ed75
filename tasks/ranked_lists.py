"""The places of a unit's entries on its own list, 1, 2, 3 … of each class, where the declaration asks for them (rule N3)."""

from __future__ import annotations

from collections.abc import Iterable

from models.edition import SET_ASIDE, Edition, Entry, Nominator
from models.stages import SubmissionStage
from models.store import Store


def is_ranked(edition: Edition) -> bool:
    """Whether the units' lists are ranked."""
    declared = edition.process.stages[0]
    return isinstance(declared, SubmissionStage) and declared.ranked


def next_rank(everything: Iterable[Entry], unit: Nominator, class_name: str, *, without: str = "") -> int:
    """The place below all entries of a class that the unit has handed in; `without` is the id of one that is not counted."""
    own = [one for one in everything if one.nominator == unit.id and one.class_name == class_name and one.id != without]
    return 1 + sum(one.state not in SET_ASIDE for one in own)


def close_up(store: Store, edition: Edition, nominator_id: str, class_name: str) -> None:
    """Let a unit's list of a class run from 1 without gaps, in the order that it has; what has no place comes last."""
    own = [one for one in store.entries(edition.id) if (one.nominator, one.class_name) == (nominator_id, class_name)]
    standing = [one for one in own if one.state not in SET_ASIDE]
    ordered = sorted(standing, key=lambda one: (one.rank or len(standing) + 1, one.code))
    store.set_ranks({one.id: place for place, one in enumerate(ordered, start=1)})
