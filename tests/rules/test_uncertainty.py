from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from rules import uncertainty
from rules.calibration import calibrate
from rules.score_table import Score, ScoreTable
from rules.uncertainty import Bands, Chance, bands, best, best_of_groups, chances
from tests.rules.scored import a_panel, new_names, renamed, scores, true_quality

PANEL = a_panel(40, 12, 4)


def asked(some: list[Score], seats: int = 10, *, draws: int = 400, seed: int = 1) -> dict[str, Chance]:
    table = ScoreTable(some)
    return chances(calibrate(table), best(seats), draws=draws, seed=seed, alike=table.alike)


def test_chances_add_up_to_the_seats_and_expected_ranks_to_all_ranks() -> None:
    found = asked(PANEL)
    assert sum(one.selected for one in found.values() if one.selected is not None) == pytest.approx(Decimal(10), abs=Decimal("0.02"))
    assert sum(one.expected_rank for one in found.values()) == pytest.approx(Decimal(40 * 41 // 2), abs=Decimal("0.2"))
    assert all(first <= one.expected_rank <= last for one in found.values() for first, last in [one.likely_ranks])


def test_the_same_seed_gives_the_same_chances_whatever_the_order_of_rows_and_the_names() -> None:
    found = asked(PANEL)
    assert asked(PANEL[::-1]) == found
    other = asked(renamed(PANEL))
    assert {entry: other[name] for entry, name in new_names(PANEL).items()} == found
    assert asked(PANEL, seed=2) != found


def test_one_entry_more_than_its_equal_is_never_luck() -> None:
    """The same reviewers, the same scores: the same chance to the last digit."""
    twins = [*PANEL, *(one._replace(entry="twin") for one in PANEL if one.entry == "e3")]
    found = asked(twins)
    assert (found["twin"].selected, found["twin"].expected_rank) == (found["e3"].selected, found["e3"].expected_rank)


def test_draws_have_the_mean_and_the_spread_of_the_posterior() -> None:
    table = ScoreTable(a_panel(15, 6, 3))
    found = calibrate(table)
    quality, leniency, noise = found.components
    same_entry, same_reviewer = table.entry[:, None] == table.entry, table.reviewer[:, None] == table.reviewer
    inverse = np.linalg.inv(noise * np.eye(len(table)) + quality * same_entry + leniency * same_reviewer)
    ones = np.ones(len(table))
    projection = inverse - np.outer(inverse @ ones, ones @ inverse) / (ones @ inverse @ ones)
    of_entry = quality * (np.arange(15)[:, None] == table.entry)
    spread = quality * np.eye(15) - of_entry @ projection @ of_entry.T
    drawn = np.array(list(uncertainty._qualities(found, 4000, 7)))
    assert drawn.mean(axis=0) == pytest.approx(found.quality, abs=0.4)
    assert np.cov(drawn.T) == pytest.approx(spread, abs=0.1 * float(spread.max()))


def test_chances_are_honest() -> None:
    """Of entries with a chance of about a half, about half are among the truly best, and so on for every tenth."""
    sums = np.zeros((10, 3))
    for seed in range(12):
        found = asked(a_panel(60, 20, 4, seed=seed), 15, draws=200)
        truly = sorted(found, key=lambda one: -true_quality(one, seed=seed))[:15]
        for entry, chance in found.items():
            selected = float(chance.selected or 0)
            sums[min(9, int(10 * selected))] += [1, selected, entry in truly]
    assert float(np.abs(sums[:, 1] - sums[:, 2]).sum() / sums[:, 0].sum()) < 0.05


def test_where_all_scores_are_the_same_everybody_has_the_same_chance() -> None:
    found = asked(scores({f"e{n}": {f"r{n % 3}": 80, f"r{3 + n % 2}": 80} for n in range(10)}), 5, draws=2000)
    assert all(abs(one.selected - Decimal("0.5")) < Decimal("0.06") for one in found.values() if one.selected is not None)


def test_a_rule_of_groups_is_followed_in_every_draw() -> None:
    table = ScoreTable(PANEL)
    groups = ["science" if int(entry[1:]) < 20 else "art" for entry in table.entries]
    found = chances(calibrate(table), best_of_groups(groups, {"science": 3, "art": 1}), draws=300, seed=1)
    by_group = {group: sum(found[e].selected or 0 for e, g in zip(table.entries, groups, strict=True) if g == group) for group in groups}
    assert by_group == {"science": pytest.approx(Decimal(3), abs=Decimal("0.01")), "art": pytest.approx(Decimal(1), abs=Decimal("0.01"))}


def test_more_seats_than_entries_select_everybody() -> None:
    assert {one.selected for one in asked(PANEL, 99).values()} == {Decimal("1.000")}


def test_without_a_selection_there_are_expected_ranks_alone() -> None:
    found = chances(calibrate(ScoreTable(PANEL)), None, draws=100, seed=1)
    assert {one.selected for one in found.values()} == {None}


def a_chance(selected: str, rank: str) -> Chance:
    return Chance(Decimal(selected), Decimal(rank), (1, 4))


def test_three_bands_and_the_line_within_the_middle_one() -> None:
    found = {"a": a_chance("0.9", "1"), "b": a_chance("0.899", "2.5"), "c": a_chance("0.101", "2.4"), "d": a_chance("0.1", "4")}
    made = bands(found, 2, clear=Decimal("0.9"))
    assert made == Bands({"a": "clear", "b": "discussion", "c": "discussion", "d": "clear_no"}, ("c", "b"), 1, 2)
    assert made.sentence.en == "With these scores 2 entries cannot be told apart around place 2; 1 of the places is left for them."
    assert made.sentence.zh == "这些评分在第2名前后无法区分2项，其中尚有1个名额，请评委会讨论"


def test_where_one_is_open_nobody_is_told_that_it_cannot_be_told_apart() -> None:
    made = bands({"a": a_chance("1", "1"), "b": a_chance("0.3", "2.4"), "c": a_chance("0", "3")}, 1, clear=Decimal("0.9"))
    assert made.sentence.en == "With these scores it is open whether one entry is among the first 1; 0 of the places are left for it."
    assert made.sentence.zh == "这些评分不能确定第1名前后的1项是否入围，尚有0个名额，请评委会讨论"


def test_where_nothing_is_open_the_sentence_says_so() -> None:
    made = bands({"a": a_chance("1", "1"), "b": a_chance("0", "2")}, 1, clear=Decimal("0.9"))
    assert (made.entries, made.seats) == ((), 0)
    assert made.sentence.en == "These scores tell clearly who is among the first 1."
