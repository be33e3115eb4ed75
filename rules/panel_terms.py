"""What a draw of panels is asked, and what it answers, as plain values (rules R1 and R2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Panelist:
    """A reviewer as the draw sees one."""

    id: str
    unit: str
    disciplines: tuple[str, ...]
    capacity: int
    """Entries at most, those already taken included."""
    keywords: tuple[str, ...] = ()
    """As `rules.keywords.keys_of` gives them."""
    least: int | None = None
    """Entries that this reviewer should get, in place of `Terms.min_load`."""


@dataclass(frozen=True)
class Need:
    """An entry that needs reviewers."""

    entry: str
    seats: int
    """How many more reviewers it needs."""
    unit: str
    """The unit behind the entry."""
    topic: str | None
    """What the reviewers' disciplines must cover; None if anybody can judge."""
    barred: frozenset[str]
    """Ids of reviewers who may not: a conflict of interest, recused, or on the panel already."""
    panel_units: tuple[str, ...] = ()
    """The unit of each who sits there already and stays."""
    kept: frozenset[str] = frozenset()
    """Ids of reviewers who have a seat that is drawn anew; staying is worth something."""
    there: int = 0
    """Sum of fits of those who sit there already and stay."""
    keywords: tuple[str, ...] = ()
    """As `rules.keywords.keys_of` gives them."""


@dataclass(frozen=True)
class Group:
    """Units of which only so many reviewers sit on one panel, e.g. the institutes of one academy."""

    units: tuple[str, ...]
    at_most: int


@dataclass(frozen=True)
class Terms:
    """What all panels of a stage have in common."""

    per_unit: int = 1
    """Reviewers of one unit on a panel at most."""
    groups: tuple[Group, ...] = ()
    """A unit lies in one of them at most."""
    min_load: int = 0
    """Entries that each reviewer should get, as far as seats and topics allow."""
    neighbours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """First-level code of an entry -> first-level codes whose reviewers still fit somewhat."""
    mode: Literal["plain", "balanced"] = "plain"
    """`balanced`: the worst panel is as good as possible, and then the rest."""
    keywords: int = 0
    """So many shared keywords count at most; 0 = none does."""


NO_TERMS = Terms()


@dataclass(frozen=True)
class Plan:
    """The panels drawn."""

    pairs: tuple[tuple[str, str], ...]
    """Entry and reviewer, sorted."""
    short: Mapping[str, int]
    """Entry -> seats that stay empty; only entries with such seats."""
