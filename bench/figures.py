"""One measured figure, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One figure, the bar it must meet, and something to compare it with."""

    what: str
    value: float
    unit: str
    bar: float | None = None
    """The value must not be above this, or not below it if `at_least`; None = shown only."""
    compared: str = ""
    """What the same machine did at the same time without us, or what another way would have cost."""
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """`met` or `MISSED`; empty without a bar."""
        if self.bar is None:
            return ""
        return "met" if (self.value >= self.bar if self.at_least else self.value <= self.bar) else "MISSED"


def show(figures: Iterable[Figure]) -> int:
    """Print the table. Yields how many bars were missed."""
    table = Table(title="Jinbang, benchmarks", title_justify="left")
    for head in ("figure", "value", "bar", "", "compared with"):
        table.add_column(head, overflow="fold")
    rows = list(figures)
    for one in rows:
        bar = "" if one.bar is None else f"{'>=' if one.at_least else '<='} {one.bar:.4g} {one.unit}".rstrip()
        table.add_row(one.what, f"{one.value:.4g} {one.unit}".rstrip(), bar, one.verdict, one.compared)
    console = Console()
    if not console.is_terminal:
        console = Console(width=170)
    console.print(table)
    return sum(one.verdict == "MISSED" for one in rows)
