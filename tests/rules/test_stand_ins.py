"""Who could take a seat: the order of the draw, for a few."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from rules.assignment import Need, Panelist, Terms, plan
from rules.stand_ins import StandIn, in_order

ANYBODY = StandIn("R", 600, 0, 2, 9)


def named(*free: StandIn, seed: int = 1, most: int = 10) -> list[str]:
    return [one.reviewer for one in in_order(free, entry="A01", seed=seed, most=most)]


@pytest.mark.parametrize(
    ("first", "second", "more"),
    [
        ({"fit": 1000, "load": 3}, {}, {}),  # an exact fit is worth a load higher by two
        ({"load": 1}, {"shared": 3}, {}),  # keywords never outweigh a load
        ({"shared": 1}, {}, {}),
        ({"fit": 300, "load": 9, "capacity": 99}, {"fit": 0, "load": 0}, {}),  # who does not fit comes last
        ({"fit": 300}, {"fit": 1000, "load": 5}, {"least": 3}),  # a least load goes before fit
        ({"fit": 300, "least": 3}, {"fit": 1000}, {}),  # a least load of one's own too
    ],
)
def test_who_the_draw_would_take_first_is_named_first(first: dict[str, Any], second: dict[str, Any], more: dict[str, Any]) -> None:
    one, other = replace(ANYBODY, reviewer="R2", **more | first), replace(ANYBODY, reviewer="R1", **more | second)
    assert named(one, other) == named(other, one) == ["R2", "R1"]


def test_the_seed_decides_among_equals_whatever_the_order_they_come_in() -> None:
    free = [replace(ANYBODY, reviewer=f"R{number}") for number in range(9)]
    orders = {tuple(named(*free, seed=seed)) for seed in range(5)}
    assert len(orders) > 1
    assert named(*free) == named(*reversed(free))
    assert named(*free, most=4) == named(*free)[:4]


def test_the_first_is_one_whom_the_draw_of_that_seat_takes() -> None:
    """Told by its cost: lots are drawn otherwise."""
    chance = random.Random(5)
    for _ in range(30):
        pool = [Panelist(f"R{n}", f"u{n}", tuple(chance.sample(["110.10", "110.20", "120.10"], 1)), 9) for n in range(6)]
        loads = {one.id: chance.randint(0, 5) for one in pool}
        fits = {one.id: 1000 if one.disciplines == ("110.10",) else 600 if one.disciplines == ("110.20",) else 0 for one in pool}
        drawn = plan([Need("A01", 1, "", "110.10", frozenset())], pool, seed=1, unit_matters=False, taken=loads, terms=Terms(min_load=2))
        first = named(*(StandIn(one.id, fits[one.id], 0, loads[one.id], 9, least=2) for one in pool))[0]
        ((_, who),) = drawn.pairs
        assert (fits[first], loads[first]) == (fits[who], loads[who]) or fits[first] - fits[who] == 200 * (loads[first] - loads[who])
