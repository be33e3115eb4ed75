"""What a unit's list may consist of: at most, or at least, a share of some kind of people (rule N9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from models.asking import Composition
from models.declared import Words
from models.edition import Entry
from rules.eligibility import plain


@dataclass(frozen=True, slots=True)
class Imbalance:
    """A limit that a list does not keep."""

    rule: Composition
    kind: Literal["too_many", "too_few"]
    counted: tuple[Entry, ...]
    """The entries that count towards the limit, in the order given."""
    total: int
    """All entries on the list that the rule looks at."""
    limit: int
    """The most, or the fewest, that the list may hold."""

    @property
    def names(self) -> tuple[str, ...]:
        """What those who are counted are called."""
        return tuple(entry.title for entry in self.counted)

    def words(self) -> Words:
        """The limit, how far the list is from it, and who is counted."""
        title, share = self.rule.title, self.rule.max_share if self.kind == "too_many" else self.rule.min_share
        assert share is not None  # noqa: S101 - an imbalance comes from the limit that is given
        named_zh, named_en = "、".join(self.names) or "无", ", ".join(self.names) or "none"
        most_zh, most_en = ("不得超过", "at most") if self.kind == "too_many" else ("不得少于", "at least")
        return Words(
            zh=f"名单共{self.total}项，“{title.zh}”{len(self.counted)}项，{most_zh}{_percent(share)}（{self.limit}项）：{named_zh}；请调整名单",
            en=f"The list has {self.total}, of which {len(self.counted)} are {title.en}; {most_en} {_percent(share)} ({self.limit}) "
            f"is required: {named_en}. Change the list",
        )


def imbalances(rules: Iterable[Composition], entries: Sequence[Entry]) -> tuple[Imbalance, ...]:
    """The limits that a list does not keep, in declared order; the shares include the number (rule N9).

    6 of 20 with at most 20 % is two too many: 4 may be counted. At least 50 % of 7 means 4.

    Args:
        rules: The declared limits.
        entries: One whole list: all entries of a unit that are handed in together, or the winners.
    """
    found = []
    for rule in rules:
        listed = [entry for entry in entries if not rule.classes or entry.class_name in rule.classes]
        if len(listed) < rule.from_entries:
            continue
        wanted = {plain(value) for value in rule.values}
        counted = tuple(entry for entry in listed if plain(entry.fields.get(rule.field)) in wanted)
        if rule.max_share is not None and len(counted) > (most := _floor(rule.max_share * len(listed))):
            found.append(Imbalance(rule, "too_many", counted, len(listed), most))
        if rule.min_share is not None and len(counted) < (fewest := -_floor(-rule.min_share * len(listed))):
            found.append(Imbalance(rule, "too_few", counted, len(listed), fewest))
    return tuple(found)


def _floor(part: Fraction) -> int:
    return part.numerator // part.denominator


def _percent(share: Fraction) -> str:
    hundredths = share * 100
    return f"{hundredths}%" if hundredths.denominator == 1 else str(share)
