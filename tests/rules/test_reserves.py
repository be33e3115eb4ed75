"""Reserves: who steps in first, and who is passed over for what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rules import draw_records, reserves
from rules.assignment import Group, Need, Panelist, Terms, plan
from rules.draw_records import Asked
from rules.reserves import Called, Unfit
from tests.rules.test_panel_flow import Case, a_case

A01 = Need("A01", 1, "home", "110.10", frozenset())
R1, R2, R3 = (Panelist(f"R{number}", f"u{number}", ("110.10",), 9) for number in (1, 2, 3))


def asked(*people: Panelist, need: Need = A01, **more: Any) -> Asked:
    return replace(Asked((need,), people, {}, Terms(), 7, True), **more)


def document(case: Case, seed: int = 1) -> dict[str, Any]:
    needs, people, taken, terms = case
    return draw_records.document(needs, people, seed=seed, unit_matters=True, taken=taken, terms=terms)


def test_reserves_are_those_of_any_draw_the_better_fit_first() -> None:
    for number in range(40):
        needs, people, taken, terms = a_case(number)
        found = reserves.drawn(document((needs, people, taken, terms)))
        drawn = plan(needs, people, seed=1, unit_matters=True, taken=taken, terms=terms)
        assert (sorted(found.pairs), found.short) == (sorted(drawn.pairs), drawn.short)
    ranked = [
        replace(R1, disciplines=("110.20",)),
        replace(R2, disciplines=()),
        R3,
        Panelist("R4", "u4", ("110.10",), 9, keywords=("x",)),
    ]
    need = replace(A01, seats=4, keywords=("x",))
    found = reserves.drawn(document(([need], ranked, {}, Terms(keywords=3))))
    assert [who for _, who in found.pairs] == ["R4", "R3", "R1", "R2"]


def test_the_seed_decides_which_of_equal_reserves_comes_first_and_no_order_of_input_does() -> None:
    need, people = replace(A01, seats=3), [R1, R2, R3]
    orders = [reserves.drawn(document(([need], people, {}, Terms()), seed)).pairs for seed in range(9)]
    assert len(set(orders)) > 1
    assert orders == [reserves.drawn(document(([need], people[::-1], {}, Terms()), seed)).pairs for seed in range(9)]


def test_the_first_who_fits_steps_in() -> None:
    assert reserves.call(asked(R1, R2, R3), {"A01": ("R2", "R1")}) == Called((("A01", "R2"),), ())
    assert reserves.call(asked(R1, R2, R3), {}) == Called((), ())
    assert reserves.call(asked(R1, need=replace(A01, seats=2)), {"A01": ("R1",)}) == Called((("A01", "R1"),), ())


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (asked(R1, R2), "gone"),
        (asked(R1, R2, R3, need=replace(A01, barred=frozenset({"R3"}))), "conflict"),
        (asked(R1, R2, replace(R3, unit="Home")), "conflict"),
        (asked(R1, R2, R3, need=replace(A01, panel_units=("u3",))), "unit"),
        (asked(R1, R2, R3, need=replace(A01, panel_units=("u9",)), terms=Terms(groups=(Group(("u3", "u9"), 1),))), "group"),
        (asked(R1, R2, R3, taken={"R3": 9}), "full"),
    ],
)
def test_a_reserve_who_fits_no_more_is_passed_over_and_it_is_told_why(now: Asked, why: Unfit) -> None:
    assert reserves.call(now, {"A01": ("R3", "R2", "R1")}) == Called((("A01", "R2"),), (("A01", "R3", why),))


def test_who_steps_in_takes_room_and_a_place_of_the_unit() -> None:
    needs = (replace(A01, seats=2), replace(A01, entry="A02"))
    people = (replace(R1, capacity=1), replace(R2, unit="u1"), R3)
    found = reserves.call(Asked(needs, people, {}, Terms(), 7, True), {"A01": ("R1", "R2", "R3"), "A02": ("R1", "R2")})
    assert found == Called((("A01", "R1"), ("A01", "R3"), ("A02", "R2")), (("A01", "R2", "unit"), ("A02", "R1", "full")))


def test_no_seat_stays_empty_for_a_reserve_that_a_draw_would_fill() -> None:
    """R1 alone may have A02; as the reserve of A01 R1 would leave it empty, while R2 can have A01."""
    needs = (A01, replace(A01, entry="A02", barred=frozenset({"R2", "R3"})), replace(A01, entry="A03"))
    people = tuple(replace(one, capacity=1) for one in (R1, R2, R3))
    now = Asked(needs, people, {}, Terms(), 7, True)
    assert reserves.call(now, {"A01": ("R1",), "A03": ("R3",)}) == Called((("A03", "R3"),), (("A01", "R1", "seat"),))
    roomy = replace(now, people=(replace(R1, capacity=2), *people[1:]))
    assert reserves.call(roomy, {"A01": ("R1",), "A03": ("R3",)}) == Called((("A01", "R1"), ("A03", "R3")), ())


def test_the_next_reserve_steps_in_for_one_who_is_needed_elsewhere() -> None:
    needs = (A01, replace(A01, entry="A02", barred=frozenset({"R2", "R3"})))
    now = Asked(needs, tuple(replace(one, capacity=1) for one in (R1, R2, R3)), {}, Terms(), 7, True)
    assert reserves.call(now, {"A01": ("R1", "R3", "R2")}) == Called((("A01", "R3"),), (("A01", "R1", "seat"),))
    two = replace(now, needs=(replace(A01, seats=2), needs[1]))
    assert reserves.call(two, {"A01": ("R3", "R1", "R2")}) == Called((("A01", "R2"), ("A01", "R3")), (("A01", "R1", "seat"),))


def test_reserves_fill_as_many_seats_as_a_draw_without_them() -> None:
    for number in range(60):
        needs, people, taken, terms = a_case(number)
        waiting = {one.entry: [who.id for who in people if who.id not in one.barred][:3] for one in needs}
        now = Asked(tuple(needs), tuple(people), taken, terms, number, True)
        called = reserves.call(now, waiting)
        most = plan(needs, people, seed=number, unit_matters=True, taken=taken, terms=terms)
        assert reserves._filled(now, called.pairs) == len(most.pairs)
        assert not {(entry, who) for entry, who, _ in called.passed} & set(called.pairs)


def test_who_could_not_step_in_now_is_named_with_the_reason() -> None:
    now = asked(R1, R2, need=replace(A01, barred=frozenset({"R1"}), panel_units=("u9",)))
    assert reserves.unfit(now, {"A01": ("R1", "R2", "R3"), "A02": ("R1",)}) == {"A01": {"R1": "conflict", "R3": "gone"}}
    assert reserves.unfit(now, {"A01": ("R2",)}) == {}
