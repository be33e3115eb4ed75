"""What a scoring stage says about the draw of its panels (rules R1 and R2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from models.declared import Declared, Misfit

MOST_RESERVES = 20
"""More reserves of one entry than any panel has members."""
PanelSize = Annotated[int, Field(ge=1)]
_FIRST_LEVEL = re.compile(r"\d{3}")


class UnitGroup(Declared):
    """Units that count together, e.g. the institutes of one academy."""

    units: tuple[str, ...] = Field(min_length=1)
    """Names of units as reviewers give them; a unit stands in one group at most."""
    at_most: int = Field(ge=1)
    """So many reviewers of these units together sit on one panel."""


class DrawRules(Declared):
    """How the panels of a stage are drawn."""

    mode: Literal["plain", "balanced"] = "plain"
    """`plain`: the sum of fits is as high as balanced loads allow. `balanced`: the entry with the worst panel gets as good a one as
    possible, then the next; use it where a few entries stand between disciplines."""
    groups: tuple[UnitGroup, ...] = ()
    """Groups of units that share a limit on each panel."""
    neighbours: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """First-level discipline of an entry -> first-level disciplines whose reviewers fit somewhat, before those who do not fit at all;
    used where `match` names a field."""
    keywords: str | None = None
    """Field of the entry, of kind `text`, with its keywords: of reviewers who fit equally well and carry equal loads those who share more
    of them are drawn (docs/assigning.md); none count if left out."""
    keywords_at_most: int = Field(default=3, ge=1, le=20)
    """So many shared keywords count at most, so that a long list of keywords is no advantage."""
    single_at_most: int = Field(default=15, ge=0)
    """The office may give a single entry a panel of so many reviewers at most, and of `aggregate.min_valid` at least, in place of the
    declared size (rule R2; docs/assigning.md); sizes that the stage declares are always allowed. 0 = sizes are as declared."""


def misfits(rules: DrawRules, *, match: str | None, per_unit: int, min_load: int, max_load: int) -> Iterator[Misfit]:
    """Parts of a draw's declaration that do not fit together."""
    if min_load > max_load:
        yield Misfit(f"min_load {min_load} exceeds max_load {max_load}; lower min_load or raise max_load", "min_load")
    seen: dict[str, int] = {}
    for at, group in enumerate(rules.groups):
        if group.at_most < per_unit:
            what = f"a group takes {group.at_most} reviewers and a single unit of it {per_unit} (per_unit); raise at_most or lower per_unit"
            yield Misfit(what, "draw", "groups", at, "at_most")
        for unit in group.units:
            if seen.setdefault(unit, at) != at:
                what = f"the unit {unit!r} stands in two groups, and a draw is exact only within one; take it out of one of them"
                yield Misfit(what, "draw", "groups", at, "units")
    if rules.neighbours and match is None:
        yield Misfit("neighbours are used where match names a field of the entry; add match or leave neighbours out", "draw", "neighbours")
    for code, near in rules.neighbours.items():
        for one in (code, *near):
            if not _FIRST_LEVEL.fullmatch(one):
                what = f"{one!r} is not a first-level discipline; write its three digits in quotes, e.g. '520'"
                yield Misfit(what, "draw", "neighbours", code)


def size_misfits(panel: int, by: Mapping[str, Mapping[str, int]], *, min_valid: int) -> Iterator[Misfit]:
    """Sizes of panels that do not fit the valid scores that each entry needs.

    Args:
        panel: The usual size.
        by: Field of the declaration -> class or group -> its own size.
        min_valid: Valid scores that each entry needs.
    """
    if min_valid > panel:
        yield Misfit(f"min_valid {min_valid} exceeds the panel of {panel}; raise panel or lower min_valid", "aggregate", "min_valid")
    for field, sizes in by.items():
        for name, size in sizes.items():
            if min_valid > size:
                yield Misfit(f"min_valid {min_valid} exceeds the panel of {size} of {name}; raise it or lower min_valid", field, name)
    if all(by.values()):
        yield Misfit("an entry has one panel, by its class or by its group; drop panel_by_class or panel_by_group", "panel_by_group")
