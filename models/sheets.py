"""What a score sheet asks: criteria with anchors, fatal flaws, the guard of the distribution."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from pydantic import Field

from models.declared import Declared, Exact, Misfit, Share, Slug, Words

OTHER_FIELDS = ("comment", "advice", "fatal")
"""What a sheet asks besides its criteria; no criterion may have such a name."""


class Anchor(Declared):
    """What one mark means (rule S1); offered as a button beside the number field."""

    mark: Exact
    """The mark that the button gives; a mark of the criterion."""
    text: Words
    """What an entry is like that deserves it."""


class Criterion(Declared):
    """One line of the score sheet."""

    name: Slug
    """Unique within the sheet."""
    title: Words
    """As printed on the sheet."""
    max: Exact
    """The highest mark, inclusive; the lowest is 0."""
    step: Exact = Field(default="1", validate_default=True)
    """Marks are whole multiples of this."""
    help: Words | None = None
    """What to look at; shown beside the criterion."""
    anchors: tuple[Anchor, ...] = ()
    """Marks with their meaning, the best first (rule S1); without them the stage's `chips` are offered."""
    weight: Share | None = None
    """Share of the total, where each criterion has 100 points (rule S1): all criteria of a sheet have one, or none has."""
    informative: bool = False
    """Asked and shown, but outside the total."""
    optional: bool = False
    """A reviewer may answer "not applicable": the total then goes by the other criteria, scaled to 100."""


class Flaw(Declared):
    """A flaw that no mark can express, such as doubtful authorship. A sheet that names one flags its entry for the committee."""

    name: Slug
    """Unique within the stage."""
    title: Words
    """As printed on the sheet."""


class Distribution(Declared):
    """How many high totals one reviewer may give (rule S6): warned of while scoring, refused at signing."""

    above: Exact
    """Totals of this much or more are counted."""
    share: Share
    """They may make up this share of the reviewer's sheets, inclusive."""
    sheets_min: int = Field(default=5, ge=1)
    """A reviewer with fewer sheets is free."""


def misfits(criteria: tuple[Criterion, ...], *at: str) -> Iterator[Misfit]:
    """What is wrong with a sheet as a whole."""
    yield from _total_misfits(criteria, *at)
    names = [criterion.name for criterion in criteria]
    for position, criterion in enumerate(criteria):
        if criterion.name in names[:position]:
            yield Misfit(f"two criteria have the name {criterion.name!r}; rename one", *at, position, "name")
        if criterion.name in OTHER_FIELDS:
            yield Misfit(f"{criterion.name!r} is another field of the score sheet; name the criterion otherwise", *at, position, "name")
        if criterion.max <= 0 or criterion.step <= 0 or criterion.max % criterion.step:
            what = f"max {criterion.max} is not a positive multiple of step {criterion.step}; change one of the two"
            yield Misfit(what, *at, position, "max")
            continue
        for number, anchor in enumerate(criterion.anchors):
            if not 0 <= anchor.mark <= criterion.max or anchor.mark % criterion.step:
                what = f"{anchor.mark} is no mark from 0 to {criterion.max} in steps of {criterion.step}; change the anchor"
                yield Misfit(what, *at, position, "anchors", number, "mark")


def _total_misfits(criteria: tuple[Criterion, ...], *at: str) -> Iterator[Misfit]:
    counted = [criterion for criterion in criteria if not criterion.informative]
    weights = [criterion.weight for criterion in counted if criterion.weight is not None]
    if not weights:
        if (total := sum(criterion.max for criterion in counted)) != 100:
            yield Misfit(f"the highest marks add up to {total}; they must add up to 100 (rule S1)", *at)
        return
    if len(weights) < len(counted):
        yield Misfit("some criteria have a weight and some have none; give all a weight, or none (rule S1)", *at)
    elif (sum_of_weights := sum(weights, Fraction())) != 1:
        yield Misfit(f"the weights add up to {sum_of_weights}; they must add up to 1 (rule S1)", *at)
    elif any(criterion.max != 100 for criterion in counted):
        yield Misfit("with weights, each criterion has 100 points; set max: 100 (rule S1)", *at)
