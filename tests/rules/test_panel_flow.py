"""The engine's draw against another solver, and the order of its aims."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

import highspy
import numpy as np
import pytest

from rules import assignment
from rules.assignment import Group, Need, Panelist, Plan, Terms, fit, plan
from rules.conflicts import unit_key
from rules.panel_flow import EMPTY, EXACT, KEPT, LACKING, LOAD_STEP, NO_MATCH, UNFIT

CODES = ["110.10", "110.20", "120.10", "130.10"]
WORDS = [f"w{n}" for n in range(6)]
Case = tuple[list[Need], list[Panelist], dict[str, int], Terms]


def a_case(number: int, **more: Any) -> Case:
    """A small draw, often with seats that stay empty."""
    chance = random.Random(number)
    people = [
        Panelist(f"r{n}", chance.choice(["a", "b", "c", "d", ""]), tuple(chance.sample(CODES, chance.randint(0, 2))), chance.randint(0, 4))
        for n in range(chance.randint(1, 7))
    ]
    needs = [
        Need(
            f"e{n}", chance.randint(0, 4), "home", chance.choice([*CODES, None]),
            frozenset(one.id for one in people if chance.random() < 0.2), tuple(chance.sample(["a", "b", "z"], chance.randint(0, 1))),
            frozenset(one.id for one in people if chance.random() < 0.2),
        )
        for n in range(chance.randint(1, 6))
    ]  # fmt: skip
    words = random.Random(number + 1_000)
    needs = [replace(one, keywords=tuple(words.sample(WORDS, words.randint(0, 4)))) for one in needs]
    people = [replace(one, keywords=tuple(words.sample(WORDS, words.randint(0, 4)))) for one in people]
    if number % 2:
        loads = random.Random(number + 2_000)
        people = [replace(one, least=loads.choice([None, loads.randint(0, 4)])) for one in people]
    terms = Terms(
        per_unit=chance.randint(1, 2), groups=(Group(("a", "b"), chance.randint(1, 3)),) if chance.random() < 0.5 else (),
        min_load=chance.randint(0, 3), neighbours={"110": ("120",)}, keywords=words.randint(0, 3), **more,
    )  # fmt: skip
    return needs, people, {one.id: chance.randint(0, 2) for one in people}, terms


def drawn(case: Case, seed: int = 1) -> Plan:
    needs, people, taken, terms = case
    return plan(needs, people, seed=seed, unit_matters=True, taken=taken, terms=terms)


def pair_cost(case: Case, need: Need, who: Panelist) -> int:
    level = fit(need.topic, who.disciplines, case[3].neighbours)
    return EXACT - level + (UNFIT if level == NO_MATCH else 0) - (KEPT if who.id in need.kept else 0)


def load_costs(case: Case, who: Panelist) -> list[int]:
    """What each further entry costs, one after the other."""
    least = min(case[3].min_load if who.least is None else who.least, who.capacity)
    return [LOAD_STEP * load + (LACKING if load >= least else 0) for load in range(case[2].get(who.id, 0), who.capacity)]


def cost(case: Case, found: Plan) -> int:
    """Of a plan, counted one by one."""
    needs, people = {one.entry: one for one in case[0]}, {one.id: one for one in case[1]}
    total = sum(pair_cost(case, needs[entry], people[who]) for entry, who in found.pairs) + EMPTY * sum(found.short.values())
    return total + sum(sum(load_costs(case, people[who])[:count]) for who, count in Counter(who for _, who in found.pairs).items())


def shared(case: Case, need: Need, who: Panelist) -> int:
    return min(case[3].keywords, len(set(need.keywords) & set(who.keywords)))


def shared_in_all(case: Case, found: Plan) -> int:
    """Keywords that the drawn have in common with what they judge."""
    needs, people = {one.entry: one for one in case[0]}, {one.id: one for one in case[1]}
    return sum(shared(case, needs[entry], people[who]) for entry, who in found.pairs)


def least_cost(case: Case) -> tuple[int, int]:
    """By HiGHS, from inequalities instead of a network: the least cost, and the most shared keywords that can be had at it."""
    needs, people, _, terms = case
    model, costs, words = highspy.Highs(), list[int](), dict[int, int]()
    for option, value in (("output_flag", False), ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.0)):
        model.setOptionValue(option, value)

    def column(price: int, most: float) -> int:
        model.addCol(float(price), 0.0, most, 0, [], [])
        model.changeColIntegrality(len(costs), highspy.HighsVarType.kInteger)
        costs.append(price)
        return len(costs) - 1

    def row(least: float, most: float, plus: list[int], minus: list[int] = []) -> None:  # noqa: B006 - read only
        both = [*plus, *minus]
        model.addRow(least, most, len(both), np.array(both, dtype=np.int32), np.array([1.0] * len(plus) + [-1.0] * len(minus)))

    of_who: dict[str, list[int]] = defaultdict(list)
    for need in needs:
        here, limits = [column(EMPTY, 99)], dict[str, list[int]]()
        for who in people:
            if who.id in need.barred:
                continue
            here.append(column(pair_cost(case, need, who), 1))
            of_who[who.id].append(here[-1])
            words[here[-1]] = shared(case, need, who)
            for name in filter(None, (unit_key(who.unit), *(f"group{n}" for n, g in enumerate(terms.groups) if who.unit in g.units))):
                limits.setdefault(name, []).append(here[-1])
        row(need.seats, need.seats, here)
        for name, columns in limits.items():
            group = terms.groups[int(name[5:])] if name.startswith("group") else None
            there = sum(unit in group.units if group else unit == name for unit in need.panel_units)
            row(0, max(0, (group.at_most if group else terms.per_unit) - there), columns)
    for who in people:
        row(0, 0, of_who[who.id], [column(price, 1) for price in load_costs(case, who)])

    def solution() -> list[int]:
        model.run()
        assert model.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return [round(value) for value in model.getSolution().col_value]

    first = solution()
    empty = [at for at, price in enumerate(costs) if price == EMPTY]
    rest = [at for at, price in enumerate(costs) if price not in (0, EMPTY)]
    count, total = sum(first[at] for at in empty), sum(costs[at] * first[at] for at in rest)
    row(count, count, empty)
    model.addRow(total, total, len(rest), np.array(rest, dtype=np.int32), np.array([float(costs[at]) for at in rest]))
    for at in range(len(costs)):
        model.changeColCost(at, -float(words.get(at, 0)))
    second = solution()
    return total + EMPTY * count, sum(number * second[at] for at, number in words.items())


@pytest.mark.parametrize("first", range(4))
def test_another_solver_finds_no_cheaper_draw(first: int) -> None:
    """With reviewers and units that sit there already, two of a unit, groups of units, least loads of the stage and of single
    reviewers, kept pairs, keywords, and panels of different sizes."""
    for number in range(first, 160, 4):
        case = a_case(number)
        found = drawn(case)
        assert (cost(case, found), shared_in_all(case, found)) == least_cost(case), number


def test_keywords_change_no_cost_and_decide_where_lots_would() -> None:
    more = 0
    for number in range(80):
        case = a_case(number)
        without = (*case[:3], replace(case[3], keywords=0))
        assert cost(case, drawn(case)) == cost(case, drawn(without)), number
        more += shared_in_all(case, drawn(case)) > shared_in_all(case, drawn(without))
        assert shared_in_all(case, drawn(case)) >= shared_in_all(case, drawn(without)), number
    assert more


def test_the_order_of_input_changes_nothing_in_any_mode() -> None:
    for number in range(40):
        for more in ({}, {"mode": "balanced"}):
            needs, people, taken, terms = a_case(number, **more)
            chance = random.Random(number)
            other = (chance.sample(needs, len(needs)), chance.sample(people, len(people)), taken, terms)
            assert drawn((needs, people, taken, terms)) == drawn(other), number


def worst(case: Case, found: Plan) -> int:
    needs, people = {one.entry: one for one in case[0] if one.seats}, {one.id: one for one in case[1]}
    sums = dict.fromkeys(needs, 0)
    for entry, who in found.pairs:
        sums[entry] += fit(needs[entry].topic, people[who].disciplines, case[3].neighbours)
    return min(sums.values(), default=0)


def test_a_balanced_draw_never_has_a_worse_worst_panel_nor_fewer_seats() -> None:
    better = 0
    for number in range(10, 90):
        plain, fair = drawn(a_case(number)), drawn(a_case(number, mode="balanced"))
        case = a_case(number)
        assert len(fair.pairs) == len(plain.pairs), number
        assert worst(case, fair) >= worst(case, plain), number
        better += worst(case, fair) > worst(case, plain)
    assert better


def test_a_balanced_draw_shares_the_experts_whom_a_plain_one_gives_to_one_entry() -> None:
    """Two of the field for one of two entries: the sum is the same, the worst panel is not."""
    people = [
        Panelist("x1", "a", ("110.10",), 1),
        Panelist("x2", "b", ("110.10",), 1),
        Panelist("y1", "c", (), 1),
        Panelist("y2", "d", (), 1),
    ]
    needs = [Need("e1", 2, "", "110.10", frozenset()), Need("e2", 2, "", "110.10", frozenset())]
    found = plan(needs, people, seed=1, unit_matters=True, terms=Terms(mode="balanced"))
    by_entry = {entry: {who[0] for at, who in found.pairs if at == entry} for entry in ("e1", "e2")}
    assert by_entry == {"e1": {"x", "y"}, "e2": {"x", "y"}}


def test_a_pair_that_is_kept_moves_only_for_more_than_staying_is_worth() -> None:
    people = [Panelist("old", "a", (), 9), Panelist("new", "b", (), 9)]
    for taken, stays in ((19, True), (21, False)):
        need = Need("e1", 1, "", None, frozenset(), kept=frozenset({"old"}))
        found = plan([need], people, seed=1, unit_matters=True, taken={"old": 0, "new": 0})
        assert found.pairs == (("e1", "old"),)
        people = [Panelist("old", "a", (), 99), Panelist("new", "b", (), 99)]
        found = plan([need], people, seed=1, unit_matters=True, taken={"old": taken})
        assert (found.pairs == (("e1", "old"),)) is stays


def test_a_least_load_goes_before_fit_and_not_before_a_topic_that_does_not_fit() -> None:
    people = [Panelist("best", "a", ("110.10",), 9), Panelist("near", "b", ("110.20",), 9), Panelist("none", "c", ("999",), 9)]
    needs = [Need(f"e{n}", 1, "", "110.10", frozenset()) for n in range(3)]
    found = plan(needs, people, seed=1, unit_matters=True, terms=Terms(min_load=2))
    assert Counter(who for _, who in found.pairs) in (Counter(best=2, near=1), Counter(best=1, near=2))


def test_lots_never_outweigh_a_point_of_fit() -> None:
    """A ring of equal exchanges in which one direction is better by one level in one place."""
    people = [Panelist(f"r{n:02}", f"u{n}", (f"{n:03}.10", f"{(n + 1) % 60:03}.10"), 1) for n in range(60)]
    people[0] = Panelist("r00", "u0", ("000.20", "001.10"), 1)
    needs = [
        Need(f"e{n:02}", 1, "", f"{n:03}.10", frozenset(one.id for one in people if int(one.id[1:]) not in (n, (n - 1) % 60)))
        for n in range(60)
    ]
    for seed in range(5):
        found = plan(needs, people, seed=seed, unit_matters=True)
        assert (
            sum(fit(need.topic, people[int(who[1:])].disciplines) for need, (_, who) in zip(needs, found.pairs, strict=True)) == 60 * EXACT
        )


def test_a_declared_neighbour_fits_better_than_nobody_and_worse_than_the_same_discipline() -> None:
    near = {"110": ("120",)}
    assert [assignment.fit("110.10", (code,), near) for code in ("110.10", "110.99", "120.50", "130.10")] == [1000, 600, 300, 0]
    assert assignment.fit("120.10", ("110.10",), near) == 0
