"""What forbids a change of panels that is made by hand, and what it costs (rules R1-R3)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from models.errors import Fault
from rules.panel_flow import NO_MATCH
from tasks import panel_sizes
from tasks.panel_state import Pair, State

DoubtKind = Literal["unfit", "worse", "load", "unit", "group", "over", "short", "begun"]
Refusal = Literal["entry", "reviewer", "there", "inactive", "declined", "conflict", "left", "absent", "signed", "fixed", "bounds"]
_SHOWN = 80
"""Characters of a code that nobody knows."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that a change costs; a person may want it all the same, and says why."""

    kind: DoubtKind
    """No fitting discipline; the panel fits less well; more entries than the reviewer's limit; more of a unit or of a group of units
    on a panel than declared; more or fewer reviewers than declared; a draft that no longer counts."""
    entry: str
    """Code; empty for `load`."""
    reviewer: str
    """Code; empty where it concerns the whole panel."""
    number: int = 0
    """How many it would be."""
    limit: int = 0
    """How many are declared."""


def faults(state: State, put: Collection[Pair], off: Collection[Pair]) -> tuple[Fault, ...]:
    """What forbids a change; each fault names the pair as `<entry>,<reviewer>` and gives a `Refusal` as its column."""
    found = [fault for pair in sorted(off) for fault in _of_off(state, pair)]
    return (*found, *(fault for pair in sorted(put) for fault in _of_put(state, pair, off)))


def size_faults(state: State, entries: Collection[str], size: int | None) -> tuple[Fault, ...]:
    """What forbids to set the size of some panels (codes); None as size returns them to the declared one (rule R2)."""
    found = [
        Fault(f"no entry {code[:_SHOWN]!r} is reviewed in this stage", "use the code of an entry", field=code[:_SHOWN], column="entry")
        for code in entries
        if code not in state.entries
    ]
    bounds = panel_sizes.allowed(state.stage)
    if size is not None and bounds is None:
        found.append(
            Fault(
                "this award gives no size to single entries (draw.single_at_most is 0)", "leave the declared size", column="fixed",
                zh="本评选项目不允许为单项另行规定专家人数",
            )
        )  # fmt: skip
    if size is not None and bounds is not None and not bounds[0] <= size <= bounds[1]:
        low, high = bounds
        what, zh = f"a single entry may have {low} to {high} reviewers, not {size}", f"单项可规定 {low} 至 {high} 位专家，不能是 {size} 位"
        found.append(Fault(what, "choose another number", column="bounds", zh=zh))
    return tuple(found)


def _fault(pair: Pair, code: Refusal, what: str, remedy: str, more: str = "") -> Fault:
    return Fault(f"{pair[0]}, {pair[1]}: {what}", remedy, field=",".join(pair), column=code, file=more)


def _unknown(state: State, pair: Pair) -> Iterator[Fault]:
    if pair[0] not in state.entries:
        yield _fault(pair, "entry", f"no entry {pair[0]!r} is reviewed in this stage", "use the code of an eligible entry")
    if pair[1] not in state.people:
        yield _fault(pair, "reviewer", f"there is no reviewer {pair[1]!r}", "use the code under which the reviewer was imported")


def _of_off(state: State, pair: Pair) -> Iterator[Fault]:
    if unknown := tuple(_unknown(state, pair)):
        yield from unknown
    elif pair not in state.held:
        yield _fault(pair, "absent", "the entry is not in this reviewer's hands", "reload the page")
    elif pair in state.signed:
        yield _fault(pair, "signed", "the sheet is signed", "open the sheet again first, if that is right")


def _of_put(state: State, pair: Pair, off: Collection[Pair]) -> Iterator[Fault]:
    if unknown := tuple(_unknown(state, pair)):
        yield from unknown
        return
    there = state.assignments.get(pair)
    if pair in state.held or pair in off:
        yield _fault(pair, "there", "the entry is in this reviewer's hands already", "leave the pair out")
    elif not state.people[pair[1]].active:
        yield _fault(pair, "inactive", "the reviewer is struck off", "choose somebody else")
    elif state.has_declined(pair[1]):
        yield _fault(pair, "declined", "the reviewer has declined to review in this stage", "choose somebody else")
    elif cause := state.conflict(pair):
        yield _fault(pair, "conflict", f"a conflict of interest forbids it ({cause})", "choose somebody else", more=cause)
    elif there is not None and pair not in state.taken_by_office:
        yield _fault(pair, "left", "the reviewer has stepped back from this entry or given it back", "choose somebody else")


def doubts(state: State, put: Collection[Pair], off: Collection[Pair]) -> tuple[Doubt, ...]:
    """What a change that nothing forbids would cost."""
    after = (state.held - set(off)) | set(put)
    panels: dict[str, set[str]] = defaultdict(set)
    for entry, who in after:
        panels[entry].add(who)
    found = [Doubt("begun", entry, who) for entry, who in sorted(set(off) & state.begun)]
    found += [Doubt("unfit", entry, who) for entry, who in sorted(put) if state.fit((entry, who)) == NO_MATCH]
    for entry in sorted({entry for entry, _ in (*put, *off)}):
        found += _of_panel(state, entry, panels[entry], {who for at, who in put if at == entry})
    loads = Counter(who for _, who in after)
    for who in sorted({who for _, who in put}):
        if loads[who] > (most := state.capacity(who)):
            found.append(Doubt("load", "", who, loads[who], most))
    return tuple(found)


def _of_panel(state: State, entry: str, panel: Collection[str], new: Collection[str]) -> Iterator[Doubt]:
    before = {who for at, who in state.held if at == entry}
    size, wanted = len(panel), state.wanted(entry)
    if size > wanted and size > len(before):
        yield Doubt("over", entry, "", size, wanted)
    if size < wanted and size < len(before):
        yield Doubt("short", entry, "", size, wanted)
    old, now = (sum(state.fit((entry, who)) for who in some) for some in (before, panel))
    if size == len(before) and now < old:
        yield Doubt("worse", entry, "", now, old)
    units, groups = Counter(map(state.unit, panel)), Counter(map(state.group, panel))
    for who in sorted(new):
        unit, group = state.unit(who), state.group(who)
        if unit and units[unit] > state.stage.per_unit:
            yield Doubt("unit", entry, who, units[unit], state.stage.per_unit)
        if group is not None and groups[group] > (most := state.stage.draw.groups[group].at_most):
            yield Doubt("group", entry, who, groups[group], most)
