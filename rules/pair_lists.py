"""Reading a list of pairs: which reviewer is to have which entry."""

from __future__ import annotations

from models.declared import Words
from models.errors import InputError
from models.intake import Table
from models.process import FormField
from rules.cells import tidy
from rules.columns import Reading

_LONGEST_CODE = 80
_COLUMNS = tuple(
    FormField(name=name, title=Words(zh=zh, en=en), headers=headers, required=True)
    for name, zh, en, headers in (
        ("entry", "申报项编号", "Entry", ("编号", "申报编号", "申报项", "项目编号", "作品编号")),
        ("reviewer", "专家编号", "Reviewer", ("专家", "专家代码", "评审专家编号")),
    )
)
HEADS: tuple[Words, ...] = tuple(one.title for one in _COLUMNS)
"""What the columns are called in a list that is handed out."""


def read_pairs(table: Table) -> tuple[tuple[str, str], ...]:
    """Read codes of entries and reviewers, each pair once, in the order of the list.

    Raises:
        InputError: a column is missing, or a cell is empty or cannot be read; every fault at once.
    """
    reading = Reading(table)
    columns = reading.columns(_COLUMNS)
    found = []
    for row in table.rows:
        entry, reviewer = (
            reading.take(row, columns, field, lambda text: tidy(text, max_length=_LONGEST_CODE).strip(), "") for field in _COLUMNS
        )
        if entry and reviewer:
            found.append((entry, reviewer))
    if reading.faults:
        raise InputError(sorted(reading.faults, key=lambda fault: fault.row or 0))
    return tuple(dict.fromkeys(found))
