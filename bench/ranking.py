"""How many of the truly best each method finds on synthetic panels, how honest its chances are, and what a large ranking costs.

Panels: whole scores of 0 to 100, noise as large as the differences of quality, leniency as named; every entry is given to five reviewers.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from math import log
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.figures import Figure
from models.stages import Aggregate
from rules import uncertainty
from rules.calibration import calibrate
from rules.methods import CALIBRATED, METHODS, Method, borda_marks, calibrated_marks, calibration_by, exact_marks, rank_sum_marks
from rules.score_table import Score, ScoreTable

EACH, SPREAD = 5, 10.0
LENIENCY = {"none": 0.0, "mild": 0.45, "strong": 1.0}
"""Spread of leniency by that of quality."""
PANELS = {"600/160": (600, 100, 160, 4), "60/10": (60, 15, 10, 200)}
"""Entries, reviewers, winners, and how many panels are drawn."""
MOST_ASKED = 40
"""Panels of one kind whose chances are looked at; drawing them costs more than all methods together."""
MOST_LOST, LEAST_WON, LEAST_HONEST = 0.01, 0.05, 0.03
SIZES = (1250, 2500, 5000, 10_000)
SECONDS, EXPONENT = 30, 1.2

Panel = tuple[list[Score], Mapping[str, float]]


def panel(entries: int, reviewers: int, leniency: float, seed: int) -> Panel:
    """Scores, and entry -> true quality. Loads differ by one at most."""
    dice = np.random.Generator(np.random.PCG64(seed))
    quality, strict = SPREAD * dice.standard_normal(entries), leniency * SPREAD * dice.standard_normal(reviewers)
    scores = []
    for entry, seats in enumerate(_seats(entries, reviewers, dice)):
        for reviewer in seats:
            value = round(float(60 + quality[entry] + strict[reviewer] + SPREAD * dice.standard_normal()))
            scores.append(Score(f"e{entry}", f"r{reviewer}", Decimal(min(100, max(0, value)))))
    return scores, {f"e{entry}": float(quality[entry]) for entry in range(entries)}


def _seats(entries: int, reviewers: int, dice: np.random.Generator) -> npt.NDArray[np.intp]:
    """The reviewers of every entry: rounds through all of them in a new order, two of one entry exchanged."""
    rounds = -(-entries * EACH // reviewers)
    drawn = np.concatenate([dice.permutation(reviewers) for _ in range(rounds)])[: entries * EACH].reshape(entries, EACH)
    for entry in np.flatnonzero([len(set(row)) < EACH for row in drawn.tolist()]):
        while len(set(drawn[entry].tolist())) < EACH:
            other, at, to = int(dice.integers(entries)), int(dice.integers(EACH)), int(dice.integers(EACH))
            if drawn[entry, at] not in drawn[other] and drawn[other, to] not in drawn[entry]:
                drawn[entry, at], drawn[other, to] = drawn[other, to], drawn[entry, at]
    return drawn


def marks(scores: list[Score], table: ScoreTable, method: Method) -> Mapping[str, Decimal]:
    """Marks by one method."""
    if method in CALIBRATED:
        return calibrated_marks(calibration_by(method, scores), 4)
    match method:
        case "borda":
            return borda_marks(scores, 2)
        case "rank_sum":
            return rank_sum_marks(scores, 2)
    return exact_marks(table.exact, Aggregate(method=method, min_valid=1))


def found(marks: Mapping[str, Decimal], quality: Mapping[str, float], winners: int) -> float:
    """Share of the truly best among those selected; ties on the line count by the share of seats left for them."""
    best = set(sorted(quality, key=lambda one: -quality[one])[:winners])
    line = sorted(marks.values(), reverse=True)[winners - 1]
    above, tied = ([one for one, mark in marks.items() if test(mark)] for test in (lambda mark: mark > line, lambda mark: mark == line))
    return (len(best & set(above)) + len(best & set(tied)) * (winners - len(above)) / len(tied)) / winners


def precision(name: str) -> Iterator[Figure]:
    """Precision by method and leniency, with the bars for `calibrated`, and the honesty of its chances."""
    entries, reviewers, winners, runs = PANELS[name]
    off: list[tuple[float, bool]] = []
    for level, leniency in LENIENCY.items():
        shares: dict[str, list[float]] = {method: [] for method in METHODS}
        for run in range(runs):
            scores, quality = panel(entries, reviewers, leniency, 1000 * run + 1)
            table = ScoreTable(scores)
            for method in METHODS:
                shares[method].append(found(marks(scores, table, method), quality, winners))
            off += chances(table, quality, winners) if run < MOST_ASKED else []
        means = {method: sum(some) / runs for method, some in shares.items()}
        gain = means["calibrated"] - means["mean"]
        said = ", ".join(f"{method} {mean:.3f}" for method, mean in means.items())
        bar = {"none": -MOST_LOST, "strong": LEAST_WON}.get(level)
        yield Figure(f"ranking {name}: calibrated less mean, {level} leniency", gain, "", bar, said, at_least=True)
    yield Figure(f"ranking {name}: error of the chances", honesty(off), "", LEAST_HONEST, f"{len(off)} chances in ten bins")


def chances(table: ScoreTable, quality: Mapping[str, float], winners: int) -> list[tuple[float, bool]]:
    """Of every entry its chance, and whether it is truly among the best."""
    best = set(sorted(quality, key=lambda one: -quality[one])[:winners])
    said = uncertainty.chances(calibrate(table), uncertainty.best(winners), draws=500, seed=1, alike=table.alike)
    return [(float(one.selected or 0), entry in best) for entry, one in said.items()]


def honesty(said: list[tuple[float, bool]]) -> float:
    """Expected calibration error: how far chances and outcomes are apart in tenths, weighted by their number."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for chance, outcome in said:
        bins.setdefault(min(9, int(10 * chance)), []).append((chance, outcome))
    return sum(abs(sum(chance - outcome for chance, outcome in some)) for some in bins.values()) / len(said)


def cost() -> Iterator[Figure]:
    """The command itself on growing files, with a thousand draws."""
    seconds = {size: command(size) for size in SIZES}
    said = ", ".join(f"{size}: {taken:.1f} s" for size, taken in seconds.items())
    yield Figure(
        f"ranking: {SIZES[-1]} entries x {EACH}, {reviewers_of(SIZES[-1])} reviewers, 1,000 draws", seconds[SIZES[-1]], "s", SECONDS, said
    )
    sizes, taken = np.log(np.array(SIZES)), np.array([log(one) for one in seconds.values()])
    yield Figure("ranking: exponent of the time by the number of entries", float(np.polyfit(sizes, taken, 1)[0]), "", EXPONENT, said)


def reviewers_of(entries: int) -> int:
    """Three in ten."""
    return entries * 3 // 10


def command(entries: int) -> float:
    """Seconds of computing of `jinbang rank` without its start; other programs on the machine do not count."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("entry", "reviewer", "score"), *panel(entries, reviewers_of(entries), 0.45, 1)[0]])
        words = [str(path), "--method", "calibrated", "--k", str(entries // 4), "--draws", "1000", "-o", str(path.with_name("ranking.csv"))]
        started = _computing(["--help"])
        return _computing(words) - started


def _computing(words: list[str]) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-m", "flows", "rank", *words], check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def figures(*, quick: bool) -> list[Figure]:
    """All figures of rankings; `quick` leaves out the growing files."""
    parts: list[Callable[[], Iterator[Figure]]] = [lambda: precision("600/160"), lambda: precision("60/10")]
    return [figure for part in parts + ([] if quick else [cost]) for figure in part()]


if __name__ == "__main__":
    from bench.figures import show

    began = time.perf_counter()
    show(figures(quick="--quick" in sys.argv))
    print(f"{time.perf_counter() - began:.0f} s")
