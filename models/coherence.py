"""Whether the parts of a declaration fit together: seats, names, the order and the dates of stages.

Everything that does not fit is told at once, each with the path to the place where it is put right.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from models import tie_breaks
from models.declared import Misfit
from models.stages import ORDINAL, ScoringStage, ShortlistingStage, SubmissionStage

if TYPE_CHECKING:
    from models.process import Process

_NEEDS = {
    "scoring": "submission",
    "shortlisting": "scoring",
    "voting": "shortlisting",
    "signoff": "shortlisting",
    "notice": "shortlisting",
    "publication": "submission",
}
"""The kind of stage that must come somewhere before a stage of another kind."""


def misfits(process: Process) -> Iterator[Misfit]:
    """Yield what does not fit together in a process whose parts are each right by themselves."""
    yield from _seats(process)
    yield from _names(process)
    yield from _quotas(process)
    yield from _answers_in_time(process)
    for position, stage in enumerate(process.stages):
        if isinstance(stage, SubmissionStage):
            yield from _submission(process, position, stage)
        if isinstance(stage, ScoringStage):
            yield from _sheets(process, position, stage)
        if isinstance(stage, ShortlistingStage):
            yield from _shortlist(process, position, stage)
            yield from _scale(process, position, stage)
            yield from tie_breaks.misfits(process, position, stage)
    yield from tie_breaks.group_misfits(process)
    yield from _order(process)
    yield from _instrument(process)
    yield from _dates(process)


def _seats(process: Process) -> Iterator[Misfit]:
    own = [one.name for one in process.classes if one.awards is not None]
    if process.awards is None and len(own) < len(process.classes):
        yield Misfit("give `awards` for the whole process or for every class", "classes")
    if process.awards is not None and own:
        yield Misfit(f"`awards` stand at the process and at {', '.join(own)}; keep one of the two", "awards")
    if not (process.source or all(one.source for one in process.classes)):
        yield Misfit("the number of awards needs a `source`; name the document that says it", "awards" if process.awards else "classes")
    if process.tiers and (total := sum(tier.quota for tier in process.tiers)) != process.total_awards:
        what = f"tier quotas add up to {total}, but {process.total_awards} awards are promised; change a quota or `awards`"
        yield Misfit(what, "tiers")


def _twice(names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Positions of names that stood there before."""
    return ((position, name) for position, name in enumerate(names) if name in names[:position])


def _names(process: Process) -> Iterator[Misfit]:
    lists = {
        "classes": [one.name for one in process.classes],
        "tiers": [tier.name for tier in process.tiers],
        "stages": [stage.name for stage in process.stages],
    }
    for key, names in lists.items():
        for position, name in _twice(names):
            yield Misfit(f"two {key} have the name {name!r}; give each its own `name`", key, position)
    for position, name in _twice([group.name for group in process.groups.sets] if process.groups else []):
        yield Misfit(f"two groups have the name {name!r}; give each its own `name`", "groups", "sets", position)
    leads = [position for position, host in enumerate(process.hosts) if host.lead]
    if len(leads) > 1:
        yield Misfit("two hosts have `lead: true`; keep one", "hosts", leads[1])
    try:
        zoneinfo.ZoneInfo(process.time_zone)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        yield Misfit(f"{process.time_zone!r} is not a time zone; write one such as Asia/Shanghai", "time_zone")


def _quotas(process: Process) -> Iterator[Misfit]:
    known = [one.name for one in process.classes]
    for kind, nominator in process.nominators.items():
        conditional = [(("max_if", fact), most) for fact, most in nominator.max_if.items()]
        for at, most in [(("max",), nominator.max), *conditional]:
            yield from _no_classes(known, most, "nominators", kind, *at)
            for name, count in most.items():
                if name in known and count < 0:
                    yield Misfit(f"{count} is no number of entries; write 0 or more", "nominators", kind, *at, name)


def _no_classes(known: Sequence[str], names: Iterable[str], *at: str | int) -> Iterator[Misfit]:
    """What is named as a class and is none; of a list the whole is shown, of a mapping the key."""
    for name in names:
        if name not in known:
            place = at if isinstance(names, tuple) else (*at, name)
            yield Misfit(f"{name!r} is not a class; the classes are {', '.join(known)}", *place)


def _submission(process: Process, position: int, stage: SubmissionStage) -> Iterator[Misfit]:
    at, classes = ("stages", position), [one.name for one in process.classes]
    codes = [code.name for code in stage.reason_codes]
    for number, name in _twice(codes):
        yield Misfit(f"two reasons have the name {name!r}; give each its own `name`", *at, "reason_codes", number)
    if stage.accept_by == "checker" and not codes:
        yield Misfit("form checkers need reasons to name; list some, or leave reason_codes out for the usual ones", *at, "reason_codes")
    if stage.four_eyes and stage.accept_by == "rule":
        yield Misfit("four eyes need form checkers; write `accept_by: checker` or drop four_eyes", *at, "four_eyes")
    if stage.not_again is not None:
        yield from _no_classes(classes, stage.not_again.classes, *at, "not_again", "classes")
    for number, limit in enumerate(stage.composition):
        yield from _no_classes(classes, limit.classes, *at, "composition", number, "classes")
    for number, name in enumerate(stage.exclusive_with):
        if name == process.name:
            yield Misfit(f"{name!r} is this process; name another one or drop exclusive_with", *at, "exclusive_with", number)
    for number, name in _twice(stage.exclusive_with):
        yield Misfit(f"{name!r} stands twice; delete one", *at, "exclusive_with", number)


def _sheets(process: Process, position: int, stage: ScoringStage) -> Iterator[Misfit]:
    classes = {one.name for one in process.classes}
    if stage.criteria_by_class and set(stage.criteria_by_class) != classes:
        what = f"criteria_by_class must name exactly the classes {', '.join(sorted(classes))}"
        yield Misfit(what, "stages", position, "criteria_by_class")
    yield from _no_classes([one.name for one in process.classes], stage.panel_by_class, "stages", position, "panel_by_class")
    groups = [one.name for one in process.groups.sets] if process.groups else []
    for name in stage.panel_by_group:
        if name not in groups:
            known = f"the groups are {', '.join(groups)}" if groups else "the process has no groups; add them, or use panel_by_class"
            yield Misfit(f"{name!r} is not a group; {known}", "stages", position, "panel_by_group", name)


def _answers_in_time(process: Process) -> Iterator[Misfit]:
    """Days to answer or to begin that end after the review can never take effect: somebody would wait for them in vain."""
    before = None
    for position, stage in enumerate(process.stages):
        starts = stage.opens or before
        if isinstance(stage, ScoringStage) and starts is not None:
            lasts = (stage.closes - starts).days
            for name in ("reply_by_days", "silent_days"):
                days = getattr(stage, name)
                if days is not None and days >= lasts:
                    what = f"the review lasts {lasts} days, so {name} {days} never takes effect; lower it or move closes"
                    yield Misfit(what, "stages", position, name)
        before = stage.closes or before


def _shortlist(process: Process, position: int, stage: ShortlistingStage) -> Iterator[Misfit]:
    at = ("stages", position, "counts")
    classes = {one.name: one for one in process.classes}
    for name, count in stage.counts.items():
        if name not in classes:
            yield Misfit(f"{name!r} is not a class; the classes are {', '.join(classes)}", *at, name)
        elif (seats := classes[name].awards) is not None and count < seats:
            what = f"{stage.name} keeps {count} of {name} but {seats} awards are promised; raise counts.{name} or lower awards"
            yield Misfit(what, *at, name)
    if stage.counts and (left := [name for name in classes if name not in stage.counts]):
        yield Misfit(f"counts must name every class; add {', '.join(left)}", *at)
    elif stage.counts and process.awards is not None and (kept := sum(stage.counts.values())) < process.awards:
        yield Misfit(f"{stage.name} keeps {kept} but {process.awards} awards are promised; raise counts or lower awards", *at)


def _scale(process: Process, position: int, stage: ShortlistingStage) -> Iterator[Misfit]:
    """A least mark is meant on the scale of the score sheets; where only the order on a reviewer's list counts, marks have another."""
    scored = next((one for one in reversed(process.stages[:position]) if isinstance(one, ScoringStage)), None)
    if stage.min_score is None or scored is None:
        return
    how = scored.normalise if scored.normalise == "rank_in_group" else scored.aggregate.method
    if how in ORDINAL:
        what = f"min_score {stage.min_score} is a mark of the score sheets, and the marks of `{how}` only say who stands before whom"
        yield Misfit(f"{what}; cut by ratio, counts or top_share", "stages", position, "min_score")


def _order(process: Process) -> Iterator[Misfit]:
    kinds = [stage.kind for stage in process.stages]
    for position, kind in enumerate(kinds):
        before = kinds[:position]
        if kind in _NEEDS and _NEEDS[kind] not in before:
            yield Misfit(f"a {kind} needs a {_NEEDS[kind]} before it; add or move one", "stages", position)
        if kind in ("scoring", "shortlisting", "voting") and "notice" in before:
            yield Misfit(f"a {kind} cannot follow a notice, which freezes the list; move it up", "stages", position)
        if kind == "scoring" and "scoring" in before:
            yield Misfit("a second scoring stage is not supported yet (re-review); keep one", "stages", position)
    if kinds.count("submission") != 1 or kinds[0] != "submission":
        yield Misfit("the first stage, and no other, must be a submission", "stages", 0)
    if kinds[-1] != "publication" or kinds.count("publication") > 1:
        yield Misfit("the last stage, and no other, must be a publication", "stages", len(kinds) - 1)


def _instrument(process: Process) -> Iterator[Misfit]:
    if any(stage.kind == "notice" for stage in process.stages):
        return
    for position, stage in enumerate(process.stages):
        if stage.kind == "publication" and stage.instrument.startswith("commendation"):
            what = f"a {stage.instrument} needs a public notice first; add a notice stage or choose another instrument"
            yield Misfit(what, "stages", position, "instrument")


def _dates(process: Process) -> Iterator[Misfit]:
    clock = None
    for position, stage in enumerate(process.stages):
        for label, moment in (("opens", stage.opens), ("closes", stage.closes)):
            if moment is not None and clock is not None and moment < clock:
                what = f"{moment:%Y-%m-%d %H:%M} lies before {clock:%Y-%m-%d %H:%M}; stages follow one another"
                yield Misfit(what, "stages", position, label)
            clock = moment or clock
