"""`jinbang rank`: a file of scores becomes a ranking that says how sure it is. Needs no installation; docs/ranking.md."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Fault, InputError

if TYPE_CHECKING:
    from models.intake import Table
    from rules.compared import Beside
    from rules.ranked_scores import Question, Ranked

MOST_SCORES = 500_000
"""Scores in one file; a guard, not a rule."""


class RankMethod(StrEnum):
    """How scores become marks; the names of `rules.methods.METHODS`."""

    MEAN = "mean"
    TRIMMED_MEAN = "trimmed_mean"
    MEDIAN = "median"
    CALIBRATED = "calibrated"
    CALIBRATED_ROBUST = "calibrated_robust"
    CALIBRATED_SCALED = "calibrated_scaled"
    BORDA = "borda"
    RANK_SUM = "rank_sum"


def rank(
    scores: Annotated[
        Path,
        typer.Argument(
            help="Table with the columns entry, reviewer, score; reviewer_unit and entry_unit if known.", exists=True, dir_okay=False
        ),
    ],
    method: Annotated[RankMethod, typer.Option(help="How scores become marks.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the ranking goes; stdout if left out.")] = None,
    k: Annotated[int | None, typer.Option("--k", min=1, help="How many are selected; without it there are no chances and bands.")] = None,
    lower_is_better: Annotated[bool, typer.Option("--lower-is-better", help="The lowest score is the best.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws; the same seed gives the same file.")] = 1,
    draws: Annotated[int, typer.Option(min=100, max=100_000, help="How often qualities are drawn.")] = 2000,
    trim_min: Annotated[int, typer.Option(min=3, help="Scores from which the trimmed mean drops one highest and one lowest.")] = 5,
    places: Annotated[int, typer.Option(min=0, max=6, help="Decimal places of exact marks and of the mean.")] = 2,
    calibrated_places: Annotated[int, typer.Option(min=0, max=6, help="Decimal places of calibrated marks.")] = 4,
    clear: Annotated[float, typer.Option(min=0.5, max=1, help="Chance from which an entry is clearly selected.")] = 0.9,
    compared: Annotated[Path | None, typer.Option(help="Where the ranks by all methods go, side by side.")] = None,
) -> None:
    """Rank the entries of a file of scores, and say how sure the ranking is."""
    from decimal import Decimal

    from models.stages import Aggregate
    from rules.ranked_scores import Question
    from rules.ranked_scores import rank as ranked
    from rules.score_lines import read_own_unit, read_scores
    from rules.tabular import left_out

    question = Question(
        method=method.value,
        rule=Aggregate(trim_min=trim_min, min_valid=1, places=places),
        seats=k,
        lower_is_better=lower_is_better,
        seed=seed,
        draws=draws,
        clear=Decimal(str(clear)),
        places=calibrated_places,
    )
    try:
        _refuse_same(scores, output, compared)
        table = _read(scores)
        question = replace(question, own=read_own_unit(table))
        found = ranked(read_scores(table), question)
        text = ranking_text(found, question)
        _write(output, text)
        if compared is not None:
            _write(compared, compared_text(found.beside))
    except InputError as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(2) from None
    aside = left_out(table)
    for note in (*([aside] if aside else []), *found.notes):
        typer.echo(f"{note.en}\n{note.zh}", err=True)
    if output is not None:
        typer.echo(f"{output}: {len(found.places)} entries, sha256 {hashlib.sha256(text.encode()).hexdigest()}", err=True)


def _refuse_same(scores: Path, output: Path | None, compared: Path | None) -> None:
    """Refuse to write over the scores, or one result over the other.

    Raises:
        InputError: two of the files are one.
    """
    written = [path for path in (output, compared) if path is not None]
    for path in written:
        if path.resolve() == scores.resolve():
            raise InputError([Fault("the ranking would overwrite the scores", "name another file", file=str(path))])
    if len({path.resolve() for path in written}) < len(written):
        raise InputError([Fault("the ranking and the comparison are one file", "name another at --compared", file=str(output))])


def ranking_text(found: Ranked, question: Question) -> str:
    """The ranking as CSV, byte for byte the same on every machine."""
    # The mean stands beside every mark; where it is the mark, once is enough.
    own = [] if question.method == "mean" else [question.method]
    lines: list[list[object]] = [["rank", "entry", "n", "mean", *own, "p_selected", "expected_rank", "zone"]]
    for place in found.places:
        chance = found.chances[place.entry]
        zone = "" if found.bands is None else found.bands.zones[place.entry]
        selected = "" if chance.selected is None else f"{chance.selected:f}"
        marks = [f"{place.mean:f}", *(f"{place.mark:f}" for _ in own)]
        lines.append([place.rank, place.entry, place.valid, *marks, selected, f"{chance.expected_rank:f}", zone])
    return _csv(lines)


def compared_text(beside: tuple[Beside, ...]) -> str:
    """The ranks of all methods side by side as CSV."""
    names = list(beside[0].ranks)
    lines: list[list[object]] = [["entry", *(f"rank_{name}" for name in names), "depends_on_method"]]
    lines += [[one.entry, *(one.ranks[name] for name in names), "yes" if one.depends else "no"] for one in beside]
    return _csv(lines)


def _read(path: Path) -> Table:
    from tasks.spreadsheets import ReadLimits, read_table

    limits = ReadLimits(bytes=100_000_000, inflated=500_000_000, rows=MOST_SCORES, characters=100_000_000, memory=2**31, cpu_seconds=60)
    return read_table(path, limits=limits)


def _write(path: Path | None, text: str) -> None:
    if path is None:
        typer.echo(text.encode(), nl=False)  # bytes, whatever the terminal believes its encoding to be
        return
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        what = f"the file cannot be written ({error.strerror})"
        raise InputError([Fault(what, "name a file in a folder that exists and is yours", file=str(path))]) from None


def _csv(lines: list[list[object]]) -> str:
    from tasks.exporting import csv_for_programs

    return csv_for_programs(lines)
