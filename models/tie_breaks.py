"""How a declaration says what parts entries with the same printed mark (rules S8 and L2), and what a group has at least and at most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from models.declared import Declared, Misfit, Slug

if TYPE_CHECKING:
    from models.process import Process
    from models.stages import ScoringStage, ShortlistingStage

RECOMMENDED = "recommended"
"""Name of the link, and of the criterion whose highest mark means that a reviewer recommends the entry."""
_PLAIN = ("raw_mean", "spread", RECOMMENDED, "re_review", "committee", "lot")
_LAST = ("committee", "lot")
_KNOWN = "criterion:<name>, top_marks:<total>, raw_mean, spread, recommended, re_review, committee, lot"


def _read_link(text: str) -> str:
    """One link of a chain, in its one spelling."""
    kind, _, rest = text.strip().partition(":")
    if kind in ("criterion", "indicator") and rest.strip():
        return f"criterion:{rest.strip()}"
    if kind == "top_marks":
        try:
            return f"top_marks:{Decimal(rest.strip()) + 0:f}"
        except InvalidOperation:
            raise ValueError(f"{text!r} does not say from which total on a mark is a top mark; write top_marks:90") from None
    if text.strip() in _PLAIN:
        return text.strip()
    raise ValueError(f"{text!r} parts no tie; write one of {_KNOWN}")


TieLink = Annotated[str, AfterValidator(_read_link)]
"""`criterion:<name>` (or `indicator:<name>`), `raw_mean`, `top_marks:<total>`, `spread`, `recommended`, `re_review`, `committee`, `lot`."""
Limits = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]
"""At least and at most, both inclusive."""


class ReReview(Declared):
    """The small further round among entries that share the mark on the cut line (rule L2)."""

    panel: int = Field(default=2, ge=1)
    """Further reviewers for each of the tied entries, drawn by the rules of the scoring stage."""
    days: int = Field(default=5, ge=1)
    """Natural days that they get."""
    marks: Literal["all", "new"] = "all"
    """What orders the tied: the mark of all sheets of an entry together, by the declared rule, or the mean of the new ones alone."""


def criterion_of(link: str) -> str | None:
    """Name of the criterion by which a link parts; None if it parts by something else."""
    return link.partition(":")[2] if link.startswith("criterion:") else None


def least_of(link: str) -> Decimal | None:
    """From which total on `top_marks` counts; None for other links."""
    return Decimal(link.partition(":")[2]) if link.startswith("top_marks:") else None


def chain_of(stage: ShortlistingStage) -> tuple[str, ...]:
    """The whole chain: `ties: re_review` comes first unless the chain names its place, and leaves the rest to the committee."""
    chain = stage.tie_break
    if stage.ties != "re_review":
        return chain
    whole = chain if "re_review" in chain else ("re_review", *chain)
    return whole if whole[-1] in _LAST else (*whole, "committee")


def chain_misfits(stage: ShortlistingStage) -> Iterator[Misfit]:
    """What cannot be right in a chain, whatever the rest of the process says."""
    chain = stage.tie_break
    for position, link in enumerate(chain):
        if link in chain[:position]:
            yield Misfit(f"{link} stands twice; delete one", "tie_break", position)
        if position and chain[position - 1] in _LAST:
            what = f"nothing can be left to part after {chain[position - 1]}; delete {link}, or move it up"
            yield Misfit(what, "tie_break", position)
            break
    if stage.re_review != ReReview() and "re_review" not in chain_of(stage):
        yield Misfit("nothing asks for a re-review; write `ties: re_review`, or drop re_review", "re_review")
    if stage.min_score is not None and (chain or stage.ties == "re_review"):
        yield Misfit("where a mark alone decides nobody is tied; drop tie_break and `ties: re_review`, or cut by places", "min_score")
    if stage.group_bounds:
        yield from _bounds_of_a_list(stage)


def _bounds_of_a_list(stage: ShortlistingStage) -> Iterator[Misfit]:
    yield from bounds_misfits(stage.group_bounds, "group_bounds")
    if stage.min_score is not None:
        yield Misfit("bounds need a number of places; cut by counts, ratio or top_share", "min_score")
    if stage.ties != "exclude_all" and chain_of(stage)[-1:] != ("lot",):
        what = "entries that are still tied would go above an upper bound; write `ties: exclude_all`, or end tie_break with lot"
        yield Misfit(what, "ties")


def bounds_misfits(bounds: Mapping[str, tuple[int, int]], *at: str | int) -> Iterator[Misfit]:
    """Bounds that contradict themselves."""
    for name, (lower, upper) in bounds.items():
        if lower > upper:
            yield Misfit(f"at least {lower} and at most {upper} of {name} cannot both be; swap them", *at, name)


def misfits(process: Process, position: int, stage: ShortlistingStage) -> Iterator[Misfit]:
    """What of a shortlisting does not fit the rest of its process: its chain and its bounds."""
    at = ("stages", position)
    before = [one for one in process.stages[:position] if one.kind == "scoring"]
    if before:
        yield from _links(process, before[-1], stage, at)
    if "re_review" in chain_of(stage) and (position == 0 or process.stages[position - 1].kind != "scoring"):
        what = "a re-review is a further round of the scoring stage right before; move this stage after it, or drop re_review"
        yield Misfit(what, *at, "ties")
    if stage.group_bounds:
        places = {one.name: _places_of(process, stage, one.name) for one in process.classes}
        yield from _fitting_bounds(process, stage.group_bounds, places, *at, "group_bounds")


def _links(process: Process, scored: ScoringStage, stage: ShortlistingStage, at: tuple[str | int, ...]) -> Iterator[Misfit]:
    known = [one.name for one in process.classes if _has_sheet(scored, one.name)]
    sheets = {name: {criterion.name for criterion in scored.sheet_of(name)} for name in known}
    for number, link in enumerate(stage.tie_break):
        name = criterion_of(link) or (RECOMMENDED if link == RECOMMENDED else None)
        if name is not None and (without := [kind for kind, names in sheets.items() if name not in names]):
            common = ", ".join(sorted(set.intersection(*sheets.values()))) or "none"
            what = f"{link} parts nobody: the score sheet of {', '.join(without)} has no criterion {name!r}; criteria of all are {common}"
            yield Misfit(what, *at, "tie_break", number)
        if link == "raw_mean" and scored.aggregate.method == "mean" and scored.normalise == "none":
            yield Misfit("raw_mean parts nobody where the mark is the mean itself; drop it", *at, "tie_break", number)


def _has_sheet(scored: ScoringStage, name: str) -> bool:
    return bool(scored.criteria) or name in scored.criteria_by_class


def _places_of(process: Process, stage: ShortlistingStage, name: str) -> int | None:
    """Places of a class as far as the declaration alone says."""
    if stage.counts:
        return stage.counts.get(name)
    seats = process.class_named(name).awards if len(process.classes) > 1 else process.total_awards
    return None if stage.ratio is None or seats is None else ceil(seats * Fraction(stage.ratio))


def group_misfits(process: Process) -> Iterator[Misfit]:
    """What of the groups does not fit: mergers into nowhere, bounds that the seats cannot keep (rule R7)."""
    groups = process.groups
    if groups is None:
        return
    names, at = [one.name for one in groups.sets], "groups"
    for name, into in groups.merge.items():
        if name not in names or into not in names or name == into:
            wrong = name if name not in names else into
            what = f"{wrong!r} is no other group; the groups are {', '.join(names)}" if name != into else f"{name} cannot go into itself"
            yield Misfit(f"{what}; correct merge", at, "merge", name)
    if bool(groups.merge) != bool(groups.min_group):
        lacking, has = ("merge", "min_group") if groups.min_group else ("min_group", "merge")
        yield Misfit(f"`min_group` and `merge` go together; add {lacking}, or drop {has}", at, has)
    yield from bounds_misfits(groups.bounds, at, "bounds")
    shared: dict[str, int | None] = {one.name: one.awards for one in process.classes}
    if process.awards is not None:
        shared = {"": process.awards}
    yield from _fitting_bounds(process, groups.bounds, shared, at, "bounds")


def _fitting_bounds(
    process: Process, bounds: Mapping[str, tuple[int, int]], places: Mapping[str, int | None], *at: str | int
) -> Iterator[Misfit]:
    """Whether sum of lower bounds <= places <= sum of upper bounds holds wherever the places are known beforehand."""
    names = [one.name for one in process.groups.sets] if process.groups else []
    if bounds and not names:
        yield Misfit("bounds are for groups, and the process declares none; add groups, or drop the bounds", *at)
        return
    if unknown := [name for name in bounds if name not in names]:
        yield Misfit(f"{', '.join(unknown)} is no group; the groups are {', '.join(names)}", *at, unknown[0])
        return
    times = len(process.classes) if "" in places else 1
    for name, count in places.items():
        if count is None or not bounds:
            continue
        where = f" to {name}" if name else ""
        if (least := times * sum(lower for lower, _ in bounds.values())) > count:
            yield Misfit(f"the groups have at least {least} together, but only {count} can be given{where}; lower the lower bounds", *at)
        if set(bounds) == set(names) and (most := times * sum(upper for _, upper in bounds.values())) < count:
            yield Misfit(f"the groups have at most {most} together, but {count} are to be given{where}; raise the upper bounds", *at)


def neighbours(process: Process, groups: Iterable[str]) -> dict[str, str]:
    """Competing group -> where it goes if it is too small; classes are never mixed."""
    if process.groups is None:
        return {}
    found = {}
    for group in groups:
        head, slash, last = group.rpartition("/")
        if last in process.groups.merge:
            found[group] = f"{head}{slash}{process.groups.merge[last]}"
    return found


def bounds_by_group(bounds: Mapping[Slug, tuple[int, int]], groups: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Competing group -> its bounds; a group is declared once for all classes."""
    return {group: bounds[name] for group in groups if (name := group.rpartition("/")[2]) in bounds}
