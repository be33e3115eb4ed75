"""The places on a unit's list: 1, 2, 3 … of each class, none missing and none twice (rule N3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.declared import Words


@dataclass(frozen=True, slots=True)
class Gaps:
    """What keeps a list from being ranked; false if nothing does."""

    missing: tuple[int, ...] = ()
    """Places between 1 and the number of entries that nobody holds."""
    twice: tuple[int, ...] = ()
    """Places that several entries hold."""
    beyond: tuple[int, ...] = ()
    """Places below 1 or above the number of entries."""
    without: int = 0
    """Entries without a place."""

    def __bool__(self) -> bool:
        return bool(self.missing or self.twice or self.beyond or self.without)


def gaps(ranks: Iterable[int | None]) -> Gaps:
    """What keeps the entries of one unit and class from standing at the places 1 … n (rule N3).

    Args:
        ranks: The place of every entry that is to be handed in; None where none was given.
    """
    given = list(ranks)
    counts = Counter(rank for rank in given if rank is not None)
    places = range(1, len(given) + 1)
    return Gaps(
        missing=tuple(place for place in places if place not in counts),
        twice=tuple(sorted(place for place, count in counts.items() if count > 1)),
        beyond=tuple(sorted(place for place in counts if place not in places)),
        without=given.count(None),
    )


def refusal(ranks: Iterable[int | None]) -> Words | None:
    """Why a list cannot be handed in as ranked, in words; None if it can (rule N3)."""
    given = list(ranks)
    found = gaps(given)
    if not found:
        return None
    zh, en = [], []
    if found.without:
        zh.append(f"{found.without}项没有排序")
        en.append(f"{found.without} without a rank")
    if found.twice:
        zh.append(f"第{_listed(found.twice)}位重复")
        en.append(f"rank {_listed(found.twice)} stands twice")
    if found.beyond:
        zh.append(f"第{_listed(found.beyond)}位超出范围")
        en.append(f"rank {_listed(found.beyond)} is out of range")
    if found.missing:
        zh.append(f"缺第{_listed(found.missing)}位")
        en.append(f"rank {_listed(found.missing)} is missing")
    return Words(
        zh=f"推荐排序须为1至{len(given)}，不重不漏：{'，'.join(zh)}；请修改后一并提交",
        en=f"Ranks must run from 1 to {len(given)} without gaps: {', '.join(en)}; correct them and hand in the whole list",
    )


def moved(before: Mapping[str, int | None], after: Mapping[str, int | None]) -> tuple[str, ...]:
    """Entries that would stand at another place than the one handed in; a list that is handed in is frozen (rule N3).

    Args:
        before: Entry -> place, as handed in.
        after: Entry -> place, as it would be; entries that are not named keep theirs.
    """
    return tuple(sorted(entry for entry, rank in after.items() if entry in before and before[entry] != rank))


def _listed(places: Iterable[int]) -> str:
    return ", ".join(map(str, places))
