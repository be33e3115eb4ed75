"""A draw that raises the worst panel first, and then the rest (decision 0021).

After Stelmakh, Shah and Singh, "PeerReview4All" (2019): for each k every panel gets k reviewers of a fit as high as possible for all,
and is completed by the plain draw; the best of these draws settles its worst panels, and the search goes on among the others.
Never fewer seats are filled, and never is the worst panel worse, than by the plain draw: that is one of those compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rules.flow_network import Mask, Numbers
from rules.panel_flow import LEVELS, Limits, Pairs, solve

_ROUNDS = 20
"""So many times the worst panels are settled at most; levels of fit are few, so this is seldom reached."""


def balanced(pairs: Pairs, limits: Limits, *, there: Numbers) -> Mask:
    """Which pairs are drawn.

    Args:
        pairs: What is allowed.
        limits: As for `panel_flow.solve`.
        there: By entry, the sum of fits of who sits there already.
    """
    best = solve(pairs, limits)
    settled = limits.seats == 0
    for _ in range(_ROUNDS):
        values = _values(pairs, best, there)
        if settled.all():
            break
        fixed = best & settled[pairs.entry]
        filled = np.bincount(pairs.entry[best], minlength=len(there))
        for drawn in _raised(pairs, limits, np.where(settled, 0, filled), fixed):
            if _better(_values(pairs, drawn, there), values, int(drawn.sum()), int(best.sum()), ~settled):
                best, values = drawn, _values(pairs, drawn, there)
        settled = settled | (values == values[~settled].min())
    return best


def _values(pairs: Pairs, drawn: Mask, there: Numbers) -> Numbers:
    """By entry, the sum of fits of its panel; an empty seat counts nothing."""
    return there + np.bincount(pairs.entry[drawn], weights=pairs.fit[drawn], minlength=len(there)).astype(np.int64)


def _better(new: Numbers, old: Numbers, filled: int, before: int, among: Mask) -> bool:
    """More in the worst panel; if equal fewer of the worst, then more in all. Never fewer seats."""
    if filled < before:
        return False
    worst = int(old[among].min())
    found = int(new[among].min())
    if found != worst:
        return found > worst
    return (-int((new[among] == found).sum()), int(new[among].sum())) > (-int((old[among] == worst).sum()), int(old[among].sum()))


def _raised(pairs: Pairs, limits: Limits, most: Numbers, fixed: Mask) -> Iterator[Mask]:
    """For each k the draw in which every open panel has k reviewers of the highest fit that all can have.

    Args:
        pairs: What is allowed.
        limits: As for `panel_flow.solve`.
        most: By entry, the seats that can be filled; 0 = its panel is settled.
        fixed: The pairs of settled panels.
    """
    open_ = (most > 0)[pairs.entry]
    left, where, some = limits.without(pairs.where(fixed)), np.nonzero(open_)[0], pairs.where(open_)
    levels = [level for level in LEVELS if (some.fit == level).any()]
    for k in range(1, int(most.max()) + 1):
        wanted = np.minimum(k, most)
        first = _chosen(some, some.fit >= levels[0], replace(left, seats=wanted))
        while first.sum() < wanted.sum() and len(levels) > 1:
            levels = levels[1:]  # more reviewers for all cannot be had at a higher fit than fewer
            first = _chosen(some, some.fit >= levels[0], replace(left, seats=wanted))
        after = left.without(some.where(first))
        rest = _chosen(some, ~first, replace(after, seats=np.where(most > 0, after.seats, 0)))
        drawn = fixed.copy()
        drawn[where[first | rest]] = True
        yield drawn


def _chosen(pairs: Pairs, among: Mask, limits: Limits) -> Mask:
    """The plain draw among some of the pairs, as a mask of all."""
    drawn = np.zeros(len(pairs.entry), dtype=bool)
    drawn[np.nonzero(among)[0]] = solve(pairs.where(among), limits)
    return drawn
