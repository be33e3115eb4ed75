"""Where the line of a shortlist runs, and who is on which side of it (rules L1, L2, S8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from math import ceil

from models.edition import ShortlistItem, Standing
from models.process import Process
from models.shortlists import Then, Tie
from models.stages import ShortlistingStage
from models.tie_breaks import bounds_by_group, chain_of
from rules import apportioning, eligibility
from rules.apportioning import Bounds
from rules.parting import COMMITTEE, Block, Evidence, Parting

LINE = "list"


@dataclass(frozen=True, slots=True)
class Cut:
    """A list, and how the ties on its line were broken."""

    items: tuple[ShortlistItem, ...]
    """In the order of the standings."""
    ties: tuple[Tie, ...] = ()
    waiting: tuple[str, ...] = ()
    """Ids of entries that only a further round of review can part."""


def cut(
    standings: Sequence[Standing], seats: Mapping[str, int], stage: ShortlistingStage, process: Process, evidence: Evidence | None = None
) -> Cut:
    """The entries that go to the committee.

    `ratio` and `top_share` cut every group, `counts` every class, `min_score` asks for a mark; with `group_bounds` the places of a
    class go to the best of its groups within their bounds. Where the line runs between entries with the same printed mark, the chain
    parts them; of those whom it leaves tied all stay in (`include_all`, or to be decided by the committee) or all out (`exclude_all`).

    Args:
        standings: By group, place and code.
        seats: Group -> seats.
        stage: The declaration of the cut.
        process: The whole declaration.
        evidence: What ties are broken by; None = nothing can be parted yet.

    Raises:
        InputError: the places of a class cannot be filled within the bounds of its groups.
    """
    pools: dict[str, list[Standing]] = defaultdict(list)
    for standing in standings:
        pools[pool_of(standing.group, stage, process)].append(standing)
    kept: set[str] = set()
    ties: list[Tie] = []
    waiting: list[str] = []
    for name, pool in pools.items():
        if stage.min_score is not None:
            kept |= {one.entry for one in pool if one.mark >= stage.min_score}
            continue
        found = _Pool(name, pool, places(name, len(pool), seats, stage, process), stage, process, evidence)
        kept |= found.kept
        ties += found.ties
        waiting += found.parting.waiting
    items = tuple(ShortlistItem(one.entry, one.group, one.place, one.mark) for one in standings if one.entry in kept)
    return Cut(items, tuple(ties), tuple(waiting))


def pool_of(group: str, stage: ShortlistingStage, process: Process) -> str:
    """Among whom an entry competes for the list: its class where `counts` cuts or groups have bounds, else its group (rule L1)."""
    return eligibility.class_of(group, process) if stage.counts or stage.group_bounds else group


def places(pool: str, size: int, seats: Mapping[str, int], stage: ShortlistingStage, process: Process) -> int:
    """How many of a pool go to the committee, ties aside (rule L1); all of them where only a mark is asked for.

    Args:
        pool: As `pool_of` names it.
        size: Entries in it.
        seats: Group -> seats.
        stage: The declaration of the cut.
        process: The whole declaration.
    """
    if stage.counts:
        return stage.counts.get(pool, 0)
    if stage.ratio is not None:
        return ceil(sum(number for group, number in seats.items() if pool_of(group, stage, process) == pool) * Fraction(stage.ratio))
    if stage.top_share is not None:
        return ceil(size * stage.top_share)
    return size


def bounds_of(stage: ShortlistingStage, process: Process) -> dict[str, Bounds]:
    """Competing group -> how many places it has at least and at most."""
    declared = bounds_by_group(stage.group_bounds, eligibility.groups_of(process))
    return {group: Bounds(lower, upper) for group, (lower, upper) in declared.items()}


class _Pool:
    """Entries that compete for the same places."""

    def __init__(
        self, name: str, pool: Sequence[Standing], places: int, stage: ShortlistingStage, process: Process, evidence: Evidence | None
    ) -> None:
        self.places, self.stage, self.evidence = places, stage, evidence
        marks = {one.entry: one.mark for one in pool}
        self.groups = {one.entry: one.group if stage.group_bounds else name for one in pool}
        self.bounds = bounds_of(stage, process)
        self.chain = chain_of(stage)
        if self.bounds:
            apportioning.check_places(places, {one.group for one in pool}, self.bounds, pool=name)
        self.parting = Parting(self.chain, evidence, pool=name, marks=marks)
        by_mark = groupby(sorted(pool, key=lambda one: (-one.mark, one.entry)), key=lambda one: one.mark)
        self.kept = self._choose([Block(tuple(one.entry for one in some)) for _, some in by_mark])

    def _choose(self, blocks: list[Block]) -> set[str]:
        while True:
            # Who stands higher has the higher number; what is printed has made the blocks.
            order = {entry: Decimal(-number) for number, block in enumerate(blocks) for entry in block.entries}
            found = apportioning.choose_within(order, self.groups, self.places, self.bounds)
            tied = set(found.tied)
            on_line = [block for block in blocks if tied & set(block.entries)]
            movable = [block for block in on_line if self.parting.can_part(block)]
            if not movable:
                return set(found.entries) | self._left(on_line, tied)
            blocks = [
                part
                for block in blocks
                for part in (self.parting.part(block, line=LINE, among=tied) if block in movable else [block])
            ]  # fmt: skip

    def _left(self, on_line: Sequence[Block], tied: set[str]) -> set[str]:
        """What becomes of those whom nothing parted. Yields those who stay in."""
        left: dict[tuple[str, ...], Then] = {}
        for block in on_line:
            still = Block(tuple(entry for entry in block.entries if entry in tied), block.link, block.record)
            self.parting.stop(still, line=LINE)
            left[still.entries] = self._then(block)
        self.ties = self.parting.ties(left)
        return {entry for entries, then in left.items() if then != "exclude_all" for entry in entries}

    def _then(self, block: Block) -> Then:
        if self.stage.ties == "exclude_all" or (self.stage.group_bounds and self.evidence is None):
            return "exclude_all"
        return "committee" if COMMITTEE in self.chain else "include_all"
