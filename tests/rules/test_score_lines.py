from __future__ import annotations

from decimal import Decimal

import pytest

from models.errors import Fault, InputError
from models.intake import Row, Table
from rules.score_lines import MOST_FAULTS, read_scores
from rules.score_table import Score


def a_table(*rows: tuple[str, ...], headers: tuple[str, ...] = ("entry", "reviewer", "score")) -> Table:
    return Table("marks.csv", "", 1, headers, tuple(Row(number, row) for number, row in enumerate(rows, start=2)))


ABSENT = "leave the row out if the score is missing: a missing score is absent, never 0"


def a_fault(row: int, column: str, field: str, what: str, remedy: str) -> Fault:
    return Fault(what, remedy, "marks.csv", "", row, column, field)


def faults(table: Table) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as refused:
        read_scores(table)
    return refused.value.faults


def test_scores_are_read_exactly_whatever_stands_beside_them() -> None:
    table = a_table(
        ("x", "85.5", "A1", "R1"), ("", "９０", "A1", "R2"), ("", "6.1e-05", "A2", "R1"), headers=("备注", "评分", "申报项", "Reviewer")
    )
    assert read_scores(table) == (
        Score("A1", "R1", Decimal("85.5")),
        Score("A1", "R2", Decimal(90)),
        Score("A2", "R1", Decimal("0.000061")),
    )


def test_missing_columns_are_named_together() -> None:
    found = "found: entry, mark"
    assert faults(a_table(("A1", "80"), headers=("entry", "mark"))) == (
        a_fault(1, "", "reviewer", f"there is no column reviewer; {found}", "write the header reviewer (or 评审专家) over the column"),
        a_fault(1, "", "score", f"there is no column score; {found}", "write the header score (or 评分) over the column"),
    )


def test_every_fault_is_named_with_row_column_reason_and_remedy() -> None:
    rows = [("A1", "R1", "80"), ("A1", "R1", "81"), ("A2", "", "x" * 50), ("", "R1", ""), ("A3", "R1", "NaN"), ("A3", "R2", "inf")]
    no_number = f"write such as 85.5; {ABSENT}"
    assert faults(a_table(*rows)) == (
        a_fault(3, "B", "reviewer", "reviewer R1 scores entry A1 in row 2 already", "keep the row that holds and delete the other"),
        a_fault(4, "B", "reviewer", "the reviewer is empty", "name the reviewer, or delete the row"),
        a_fault(4, "C", "score", f"{'x' * 40 + '…'!r} is not a number", no_number),
        a_fault(5, "A", "entry", "the entry is empty", "name the entry, or delete the row"),
        a_fault(5, "C", "score", "the score is empty", ABSENT),
        a_fault(6, "C", "score", "'NaN' is not a number", no_number),
        a_fault(7, "C", "score", "'inf' is not a number", no_number),
    )


def test_after_so_many_faults_the_rest_is_counted() -> None:
    found = faults(a_table(*((f"A{number}", "R1", "good") for number in range(MOST_FAULTS + 7))))
    assert len(found) == MOST_FAULTS + 1
    assert found[-1] == Fault("7 more faults like these", "correct these first", "marks.csv")
