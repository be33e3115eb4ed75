from __future__ import annotations

import pytest

from rules.calibration import calibrate
from rules.panel_checks import OwnUnit, lone_reviewers, notes, own_unit, own_unit_said, parts
from rules.score_table import ScoreTable
from tests.rules.scored import a_panel, scores


def test_entries_without_a_common_reviewer_are_parts() -> None:
    table = ScoreTable(scores({"a": {"r": 1, "s": 2}, "b": {"s": 3, "t": 1}, "c": {"t": 4}, "x": {"u": 5}, "y": {"u": 1}}))
    assert parts(table) == (("a", "b", "c"), ("x", "y"))


def test_a_long_chain_is_one_part() -> None:
    chain = scores({f"e{n}": {f"r{(n * 37) % 100}": 1, f"r{((n + 1) * 37) % 100}": 2} for n in range(99)})
    assert [len(some) for some in parts(ScoreTable(chain))] == [99]


def test_reviewers_with_one_score_are_named() -> None:
    assert lone_reviewers(ScoreTable(scores({"a": {"r": 1, "s": 2}, "b": {"r": 3, "t": 1}}))) == ("s", "t")


def test_a_favour_for_the_own_unit_is_found_and_its_size_told() -> None:
    some = a_panel(80, 20, 5, noise=4)
    own = [(one.entry, one.reviewer) for one in some[::11]]
    favoured = [one._replace(value=one.value + 6) if (one.entry, one.reviewer) in own else one for one in some]
    found, without = (own_unit(calibrate(ScoreTable(given)), own) for given in (favoured, some))
    assert found is not None
    assert without is not None
    assert found.scores == len(own)
    assert found.points == pytest.approx(6, abs=3 * found.error)
    assert found.points > 4 * found.error
    assert abs(without.points) < 3 * without.error


def test_nothing_is_told_of_the_own_unit_without_such_scores_or_with_such_scores_only() -> None:
    some = a_panel(10, 4, 2)
    found = calibrate(ScoreTable(some))
    assert own_unit(found, [("e0", "nobody")]) is None
    assert own_unit(found, [(one.entry, one.reviewer) for one in some]) is None


def test_notes_say_what_to_know_about_the_panel() -> None:
    some = scores({"a": {"r": 80, "s": 80}, "b": {"r": 70}, "x": {"u": 80}, "y": {"u": 70}})
    assert [note.en for note in notes(calibrate(ScoreTable(some)))] == [
        "The entries fall into 2 parts (2, 2) without a common reviewer; "
        "their order across parts rests on the assumption that all parts are equally good.",
        "There are few scores: where their differences come from is a rough guess, and chances are too sure of themselves.",
        "No leniency detected; the calibrated ranking follows the mean.",
        "Entries have 1 to 2 scores; with few of them a calibrated mark stays closer to the common level.",
        "Reviewers with one score, whose leniency cannot be told (1): s.",
    ]
    assert notes(calibrate(ScoreTable(a_panel(30, 10, 5, leniency=12)))) == ()
    alone = calibrate(ScoreTable(scores({"a": {"r": 80}, "b": {"s": 70}})))
    assert any(note.en.startswith("No entry has two scores") for note in notes(alone))


def test_a_favour_is_called_certain_from_two_standard_errors() -> None:
    assert own_unit_said(OwnUnit(3.0, 1.5, 12)).en == (
        "Scores for entries of the reviewer's own unit (12) are 3.00 points higher than quality and leniency explain, "
        "standard error 1.50; look at them."
    )
    assert own_unit_said(OwnUnit(-4.0, 1.5, 12)).zh == "评审给本单位参评项的评分（12个）比按质量和宽严预计的低4.00分（标准误1.50），请核查"
    assert own_unit_said(OwnUnit(2.9, 1.5, 12)).en == (
        "Scores for entries of the reviewer's own unit (12) show no certain favour: +2.90 points beyond what quality and leniency explain, "
        "standard error 1.50."
    )
