"""Reading the scores of a ranking from a table with the columns entry, reviewer, score: all of it, or every fault named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from models.errors import Fault, InputError
from models.intake import Row, Table
from rules import conflicts
from rules.score_table import Score
from rules.scoring import number_in
from rules.tabular import column_letter, header_text

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "entry": ("entry", "参评项", "申报项", "作品"),
    "reviewer": ("reviewer", "评审专家", "评审", "评委", "专家"),
    "score": ("score", "评分", "分数", "得分"),
}
"""Column -> headers under which it is found; the first is the one to use."""
UNITS: Mapping[str, tuple[str, ...]] = {
    "reviewer_unit": ("reviewer_unit", "评审单位", "专家单位"),
    "entry_unit": ("entry_unit", "参评单位", "申报单位"),
}
"""Columns that may be there besides."""
MOST_FAULTS = 50
"""So many faults are named; who has more has made the same one in every row."""

_SHOWN = 40
_EXPONENT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]{1,2}")
_ABSENT = "leave the row out if the score is missing: a missing score is absent, never 0"


def read_scores(table: Table) -> tuple[Score, ...]:
    """Read all scores, in the order of the rows. Further columns are ignored.

    Numbers are read as marks are (`rules.scoring.number_in`), and with an exponent too, as programs write small ones.

    Raises:
        InputError: a column is missing, a cell is empty, a score is no number, or a pair of entry and reviewer stands twice; up to 50
            faults are named, and how many more there are.
    """
    columns, faults = _columns(table)
    if faults:
        raise InputError(faults)
    scores: list[Score] = []
    first: dict[tuple[str, str], int] = {}
    for row in table.rows:
        found = list(_faults(table, row, columns, first))
        faults += found
        if not found:
            entry, reviewer, text = (row.cells[columns[name]].strip() for name in COLUMNS)
            first[entry, reviewer] = row.number
            value = _number(text)
            scores += [] if value is None else [Score(entry, reviewer, value)]
    if faults:
        more = len(faults) - MOST_FAULTS
        rest = [Fault(f"{more} more faults like these", "correct these first", file=table.file)] if more > 0 else []
        raise InputError(faults[:MOST_FAULTS] + rest)
    return tuple(scores)


def read_own_unit(table: Table) -> frozenset[tuple[str, str]]:
    """Pairs of entry and reviewer who belong to one unit, from the columns `reviewer_unit` and `entry_unit`.

    Nobody where one of the columns is missing; where a unit is not given, nothing is known of the pair.
    """
    found = {name: at for name, headers in (*COLUMNS.items(), *UNITS.items()) if (at := _place(table, headers)) is not None}
    if not UNITS.keys() <= found.keys():
        return frozenset()
    rows = [{name: row.cells[at].strip() for name, at in found.items()} for row in table.rows]
    return frozenset(
        (row["entry"], row["reviewer"])
        for row in rows
        if row["entry_unit"] and conflicts.unit_key(row["entry_unit"]) == conflicts.unit_key(row["reviewer_unit"])
    )


def _place(table: Table, headers: tuple[str, ...]) -> int | None:
    bare = {header_text(header): at for at, header in enumerate(table.headers) if header}
    return next((bare[header_text(one)] for one in headers if header_text(one) in bare), None)


def _columns(table: Table) -> tuple[dict[str, int], list[Fault]]:
    found, faults = dict[str, int](), list[Fault]()
    for name, headers in COLUMNS.items():
        at = _place(table, headers)
        if at is None:
            present = ", ".join(header for header in table.headers if header)
            what, remedy = f"there is no column {name}; found: {present}", f"write the header {name} (or {headers[1]}) over the column"
            faults.append(Fault(what, remedy, table.file, table.sheet, table.header_row, field=name))
        else:
            found[name] = at
    return found, faults


def _faults(table: Table, row: Row, columns: Mapping[str, int], first: Mapping[tuple[str, str], int]) -> Iterator[Fault]:
    cells = {name: row.cells[at].strip() for name, at in columns.items()}

    def fault(name: str, what: str, remedy: str) -> Fault:
        return Fault(what, remedy, table.file, table.sheet, row.number, column_letter(columns[name]), name)

    for name in ("entry", "reviewer"):
        if not cells[name]:
            yield fault(name, f"the {name} is empty", f"name the {name}, or delete the row")
    if not cells["score"]:
        yield fault("score", "the score is empty", _ABSENT)
    elif _number(cells["score"]) is None:
        text = cells["score"]
        yield fault("score", f"{text[:_SHOWN] + ('…' if len(text) > _SHOWN else '')!r} is not a number", f"write such as 85.5; {_ABSENT}")
    if earlier := first.get((cells["entry"], cells["reviewer"])):
        what = f"reviewer {cells['reviewer']} scores entry {cells['entry']} in row {earlier} already"
        yield fault("reviewer", what, "keep the row that holds and delete the other")


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _EXPONENT.fullmatch(text) else number_in(text)
