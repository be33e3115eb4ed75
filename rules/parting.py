"""A line runs between entries with the same printed mark: the declared chain parts them, link by link, and each step is kept (S8, L2).

Only who stands on the line is parted, and only until the line runs between two entries. An entry's number decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from models.shortlists import Then, Tie, TieStep
from rules import ties
from rules.ties import Measure, Settled

LOT, COMMITTEE, RE_REVIEW = "lot", "committee", "re_review"


@dataclass(frozen=True)
class Evidence:
    """What the tied may be parted by."""

    measures: Mapping[str, Measure]
    """Link of the chain -> entry id -> what is printed of it."""
    codes: Mapping[str, str]
    """Entry id -> the code that people read; lots are drawn by it."""
    seed: int
    """Published when the review began."""
    award: str
    """Id of the edition."""
    may_review_again: bool = False
    """A further round can still be opened: the link `re_review` then waits for it."""

    def measure(self, link: str, tied: tuple[str, ...]) -> Measure | None:
        """What is printed of a link, at least of those whom it could part; None if it compares nothing."""
        del tied  # who reads what is compared from a store reads no more than that
        return self.measures.get(link)


@dataclass(frozen=True, slots=True)
class Block:
    """Entries that stand at the same place."""

    entries: tuple[str, ...]
    link: int = 0
    """The next link of the chain that can part them."""
    record: int | None = None
    """Number of the tie that they were part of from the start."""


@dataclass
class _Record:
    mark: Decimal
    line: str
    tied: tuple[str, ...]
    steps: list[TieStep] = field(default_factory=list)


class Parting:
    """Parts blocks of tied entries and keeps what was done."""

    def __init__(self, chain: Sequence[str], evidence: Evidence | None, *, pool: str, marks: Mapping[str, Decimal]) -> None:
        """Begin with nothing parted.

        Args:
            chain: Links in their order.
            evidence: None = nothing can be parted yet, as on a page that only foretells.
            pool: Among whom the entries compete; for the record.
            marks: Entry id -> mark as printed.
        """
        self.chain, self.evidence, self.pool, self.marks = chain, evidence, pool, marks
        self.waiting: list[str] = []
        """Entries that only a further round can part."""
        self._records: list[_Record] = []

    def can_part(self, block: Block) -> bool:
        """Whether a link is left for it."""
        if self.evidence is None or len(block.entries) < 2 or block.link >= len(self.chain):
            return False
        link = self.chain[block.link]
        return link != COMMITTEE and not self._waits(link)

    def part(self, block: Block, *, line: str, among: Collection[str] | None = None) -> list[Block]:
        """Apply the next link to a block, or to those of it that stand on the line. Yields the blocks that it becomes."""
        assert self.evidence is not None  # noqa: S101 - see `can_part`
        tied = tuple(entry for entry in block.entries if among is None or entry in among)
        aside = tuple(entry for entry in block.entries if entry not in tied)
        number = self._record_of(block, tied, line)
        step, order = self._step(self.chain[block.link], tied)
        self._records[number].steps.append(step)
        parts = [Block(entries, block.link + 1, number) for entries in order]
        return [Block(aside, block.link, block.record), *parts] if aside else parts

    def stop(self, block: Block, *, line: str) -> None:
        """Note a block that stays tied on the line."""
        number = self._record_of(block, block.entries, line)
        if self.evidence is not None and block.link < len(self.chain) and self._waits(self.chain[block.link]):
            self.waiting += block.entries
        self._records[number].tied = self._records[number].tied or block.entries

    def ties(self, left: Mapping[tuple[str, ...], Then]) -> tuple[Tie, ...]:
        """Every tie with its steps, by mark, the highest first.

        Args:
            left: Entries that stayed tied on the line -> what becomes of them.
        """
        found = []
        for one in self._records:
            still = next((entries for entries in left if set(entries) <= set(one.tied)), ())
            then: Then = left[still] if still else ""
            found.append(Tie(self.pool, one.line, one.mark, self._codes(one.tied), tuple(one.steps), self._codes(still), then))
        return tuple(sorted(found, key=lambda tie: (-tie.mark, tie.line, tie.tied)))

    def _waits(self, link: str) -> bool:
        assert self.evidence is not None  # noqa: S101 - callers have looked
        return link == RE_REVIEW and self.evidence.may_review_again

    def _record_of(self, block: Block, tied: tuple[str, ...], line: str) -> int:
        if block.record is None:
            self._records.append(_Record(self.marks[tied[0]], line, tied))
            return len(self._records) - 1
        return block.record

    def _step(self, link: str, tied: tuple[str, ...]) -> tuple[TieStep, tuple[tuple[str, ...], ...]]:
        assert self.evidence is not None  # noqa: S101 - see `can_part`
        by_code = {self._code(entry): entry for entry in tied}
        together: tuple[tuple[str, ...], ...] = (tuple(sorted(by_code)),)
        if link == LOT:
            settled = ties.draw_lots(Settled(together, ()), seed=self.evidence.seed, award=self.evidence.award)
        else:
            measure = self.evidence.measure(link, tied)
            if measure is None or any(entry not in measure.values for entry in tied):
                return TieStep(link, {}, together), (tied,)
            values = {code: measure.values[entry] for code, entry in by_code.items()}
            settled = ties.settle(by_code, [Measure(link, values, measure.lower_first)])
        step = settled.steps[-1]
        return TieStep(link, step.printed, step.after), tuple(tuple(by_code[code] for code in part) for part in settled.order)

    def _code(self, entry: str) -> str:
        return entry if self.evidence is None else self.evidence.codes[entry]

    def _codes(self, entries: Sequence[str]) -> tuple[str, ...]:
        return tuple(sorted(map(self._code, entries)))
