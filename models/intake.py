"""What comes in before it is stored: tables read from files, and the people and entries that they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    number: int
    """As the spreadsheet program shows it, from 1."""
    cells: tuple[str, ...]
    """One text per header: dates as ISO, whole numbers without `.0`, empty where the cell is empty."""


@dataclass(frozen=True, slots=True)
class Table:
    """The table found in a spreadsheet or CSV file: one header row and the rows below it."""

    file: str
    """Name of the file, without its folder."""
    sheet: str
    """Name of the sheet that was read; empty for CSV."""
    header_row: int
    """Row of the headers, as the spreadsheet program shows it."""
    headers: tuple[str, ...]
    """As written; an empty text stands over a column without any content."""
    rows: tuple[Row, ...]
    left_out: tuple[Row, ...] = ()
    """Rows that look like totals or notes, and so were not taken."""


@dataclass(frozen=True, slots=True)
class NewNominator:
    """A nominating unit to be stored."""

    code: str
    name: str
    type: str
    email: str
    contact: str = ""


@dataclass(frozen=True, slots=True)
class NewReviewer:
    """A reviewer to be stored."""

    code: str
    name: str
    unit: str
    email: str
    title: str = ""
    disciplines: tuple[str, ...] = ()
    max_load: int | None = None
    active: bool = True
    keywords: tuple[str, ...] = ()
    """What the person works on, as written; counts where a stage declares `draw: {keywords: …}`."""
    min_load: int | None = None
    """Entries at least, in place of the stage's own number."""


@dataclass(frozen=True, slots=True)
class NewMember:
    """A committee member or a signatory to be stored."""

    code: str
    name: str
    unit: str
    email: str
    role: Literal["committee", "party"] = "committee"
    party: str = ""
    chair: bool = False


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be stored, or to replace what is stored under the same key."""

    key: str
    """The same for the same subject however it is typed, so that a second import updates the first."""
    class_name: str
    title: str
    unit: str
    email: str
    nominator: str
    """Code of the nominator."""
    rank: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Cleaned values that JSON can hold: texts, numbers as texts, ISO dates, people as lists of {"name", "unit"}."""
    classified: bool = False
    """Announced by number only."""
