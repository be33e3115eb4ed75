"""Reading a list of pairs: which reviewer is to have which entry."""

from __future__ import annotations

from collections.abc import Collection

from models.declared import Words
from models.errors import InputError
from models.intake import Row, Table
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


_UNKNOWN = {
    "entry": (
        "no entry {code!r} is reviewed in this stage", "use the code of an eligible entry",
        "本阶段没有编号为“{code}”的申报项，请核对编号",
    ),
    "reviewer": (
        "there is no reviewer {code!r}", "use the code under which the reviewer was imported",
        "没有编号为“{code}”的专家，请核对编号",
    ),
}  # fmt: skip
"""What is wrong with a code, what to do, and both in Chinese, by column."""


def read_pairs(table: Table, *, entries: Collection[str], reviewers: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Read codes of entries and reviewers, each pair once, in the order of the list.

    Args:
        table: The list.
        entries: Codes of the entries that may be named.
        reviewers: Codes of the reviewers who may be named.

    Raises:
        InputError: a column is missing, or a cell is empty, cannot be read, or holds a code that is not known; every fault at once, each
            with its row and column.
    """
    reading = Reading(table)
    columns = reading.columns(_COLUMNS)
    known = {"entry": entries, "reviewer": reviewers}

    def code(row: Row, field: FormField) -> str:
        text = reading.take(row, columns, field, lambda cell: tidy(cell, max_length=_LONGEST_CODE).strip(), "")
        if text and text not in known[field.name]:
            what, remedy, zh = _UNKNOWN[field.name]
            reading.refuse(row, columns[field.name], field.name, what.format(code=text), remedy, zh=zh.format(code=text))
        return text

    found = [(code(row, _COLUMNS[0]), code(row, _COLUMNS[1])) for row in table.rows]
    if reading.faults:
        raise InputError(sorted(reading.faults, key=lambda fault: fault.row or 0))
    return tuple(dict.fromkeys(found))
