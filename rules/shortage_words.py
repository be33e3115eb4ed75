"""A shortage in words, for the office: what is missing, why, and what would help (rules R1 and R2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from models.declared import Words
from rules.shortage import Gap, Shortage

_LISTED = 10
"""So many ids of a list are named; the rest is counted."""
_GAPS = 10
"""So many gaps are told; the rest is counted."""


def told(shortage: Shortage) -> Iterator[Words]:
    """The lines of an explanation, the first being the sum of it."""
    short, gaps = shortage.short, shortage.gaps
    yield Words(
        zh=f"{short} 个评审席位无法安排，涉及 {len(gaps)} 组互不相关的申报项：",
        en=f"{_count(short, 'seat')} must stay empty, in {_count(len(gaps), 'separate gap')}:",
    )
    for number, gap in enumerate(gaps[:_GAPS], start=1):
        yield from _gap(number, gap)
    if rest := gaps[_GAPS:]:
        missing = sum(gap.short for gap in rest)
        yield Words(zh=f"另有 {len(rest)} 组，共缺 {missing} 席。", en=f"{_count(len(rest), 'further gap')} with {missing} empty seats.")
    if shortage.together_fills:
        yield from _together(shortage)


def _gap(number: int, gap: Gap) -> Iterator[Words]:
    entries, filled = len(gap.entries), gap.wanted - gap.short
    yield Words(
        zh=f"{number}. {entries} 项共需 {gap.wanted} 席，至多安排 {filled} 席，缺 {gap.short} 席：{listed(gap.entries, '、')}",
        en=f"{number}. {_count(entries, 'entry')}, {_count(gap.wanted, 'seat')}: {filled} can be filled, {gap.short} cannot: "
        f"{listed(gap.entries, ', ')}",
    )
    yield from _why(gap)
    yield Words(zh="   补救办法（任选其一）：", en="   any one of these helps:")
    if gap.raises:
        raises = [f"{who} +{more}" for who, more in gap.raises.items()]
        yield Words(
            zh=f"   - 提高评审上限，共增加 {gap.raised} 项，可补 {gap.short} 席中的 {gap.raised} 席：{listed(raises, '、')}",
            en=f"   - raise max by {gap.raised} in all, which fills {gap.raised} of {gap.short} seats: {listed(raises, ', ')}",
        )
    yield Words(
        zh=f"   - 增加 {gap.more} 位可评审这些申报项且分属不同单位的专家，每人至多 {gap.more_load} 项，可补齐全部席位",
        en=f"   - add {_count(gap.more, 'reviewer')} of different units who may judge these entries, each up to "
        f"{_count(gap.more_load, 'entry')}, which fills all seats",
    )


def _why(gap: Gap) -> Iterator[Words]:
    if gap.reviewers:
        yield Words(
            zh=f"   {len(gap.reviewers)} 位专家只能再承担其中 {gap.room} 席，均已满额：{listed(gap.reviewers, '、')}",
            en=f"   exhausted by them, with room for {gap.room} in all: {listed(gap.reviewers, ', ')}",
        )
    if gap.others:
        yield Words(
            zh=f"   其余 {gap.others} 席由其他专家承担；受允许的配对、单位和组的限制，不能再多",
            en=f"   others can fill {gap.others}; allowed pairs, units and groups permit no more",
        )
    if len(gap.choices) <= _LISTED:
        for one in gap.choices:
            yield Words(
                zh=f"   {one.entry}：需要 {one.wanted} 位；可评审 {one.allowed} 位，来自 {one.units} 个单位，其中未满额 {one.free} 位",
                en=f"   {one.entry}: needs {one.wanted}; {one.allowed} may judge it, of {_count(one.units, 'unit')}; "
                f"{one.free} of them are not exhausted",
            )


def _together(shortage: Shortage) -> Iterator[Words]:
    places, fills = [f"{entry}/{unit}" for entry, unit in shortage.together], shortage.together_fills
    yield Words(
        zh=f"如允许同一单位多人评审同一项（together），可补 {shortage.short} 席中的 {fills} 席：{listed(places, '、')}",
        en=f"several of one unit on a panel (together) would fill {fills} of {shortage.short} seats: {listed(places, ', ')}",
    )


def listed(ids: Iterable[str], between: str) -> str:
    """The first of some ids, and of how many."""
    names = list(ids)
    text = between.join(names[:_LISTED])
    return text if len(names) <= _LISTED else f"{text}{between}… ({len(names)})"


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"
