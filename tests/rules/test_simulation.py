"""Synthetic people: functions of the seed and of names, within the rules that bind real people."""

from __future__ import annotations

from decimal import Decimal
from statistics import fmean, pstdev

from hypothesis import given
from hypothesis import strategies as st

from models.edition import Award, Entry
from models.sheets import Criterion
from rules import simulation
from rules.simulation import Temper
from tests import builders

SHEET = tuple(Criterion.model_validate(one) for one in builders.CRITERIA)
PLAIN = Temper(outliers=0, heaping=0)


def an_entry(key: str, group: str = "paper") -> Entry:
    return Entry(f"e/{key}", "sample-2026", key, key, "paper", group, key, "", "", "n", None)


def test_chance_depends_on_the_seed_and_the_names_alone() -> None:
    assert simulation.chance(7, "a", "b") == simulation.chance(7, "a", "b")
    assert (
        len({simulation.chance(7, "a", "b"), simulation.chance(8, "a", "b"), simulation.chance(7, "b", "a"), simulation.chance(7, "ab")})
        == 4
    )


def test_chance_never_reaches_its_ends_and_covers_the_middle() -> None:
    drawn = [simulation.chance(1, str(number)) for number in range(4000)]
    assert all(0 < one < 1 for one in drawn)
    assert abs(fmean(drawn) - 0.5) < 0.02


def test_normal_numbers_have_mean_zero_and_spread_one() -> None:
    drawn = [simulation.normal(1, str(number)) for number in range(4000)]
    assert abs(fmean(drawn)) < 0.06
    assert abs(pstdev(drawn) - 1) < 0.05


@given(st.integers(0, 2**62), st.text(min_size=1), st.text(min_size=1))
def test_marks_keep_to_range_and_step_of_every_criterion(seed: int, entry: str, reviewer: str) -> None:
    marks = simulation.marks(seed, entry, reviewer, SHEET, Temper(outlier_points=120, outliers=0.3, noise_spread=30))
    assert list(marks) == [one.name for one in SHEET]
    for criterion in SHEET:
        assert 0 <= marks[criterion.name] <= criterion.max
        assert marks[criterion.name] % criterion.step == 0


def test_marks_follow_the_hidden_quality() -> None:
    keys = [f"A{number}" for number in range(60)]
    best = sorted(keys, key=lambda key: -simulation.quality(3, key, PLAIN))
    mean = {key: fmean(float(sum(simulation.marks(3, key, f"R{n}", SHEET, PLAIN).values())) for n in range(9)) for key in keys}
    assert fmean(mean[key] for key in best[:10]) > fmean(mean[key] for key in best[-10:]) + 10


def test_a_heaped_total_is_a_multiple_of_five() -> None:
    heaped, whole = Temper(outliers=0, heaping=1), tuple(one.model_copy(update={"step": Decimal(1)}) for one in SHEET)
    assert {sum(simulation.marks(1, f"A{n}", "R1", whole, heaped).values(), Decimal(0)) % 5 for n in range(40)} == {Decimal(0)}


def test_precision_is_the_share_of_awards_to_the_truly_best_of_their_group() -> None:
    entries = [an_entry(f"A{number}") for number in range(10)] + [an_entry(f"B{number}", "artwork") for number in range(10)]
    ranked = sorted(entries[:10], key=lambda one: -simulation.quality(5, one.key, PLAIN))
    awards = [Award(ranked[0].id, "paper", "", 1), Award(ranked[9].id, "paper", "", 2)]
    assert simulation.precision(5, entries, awards, PLAIN) == 0.5
    assert simulation.precision(5, entries, [Award(ranked[1].id, "paper", "", 1)], PLAIN) == 0.0
    assert simulation.precision(5, entries, [], PLAIN) == 0.0


@given(st.integers(0, 2**32), st.text(min_size=1, max_size=5), st.integers(0, 12), st.integers(1, 5))
def test_every_entry_is_scored_in_exactly_one_sitting(seed: int, reviewer: str, count: int, sittings: int) -> None:
    entries = [f"e{number}" for number in range(count)]
    plan = simulation.sittings(seed, reviewer, entries, sittings)
    assert sorted(entry for some in plan.values() for entry in some) == sorted(entries)
    assert all(0 <= number < sittings and some for number, some in plan.items())
