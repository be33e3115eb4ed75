"""Flows that an admin starts: open an edition, sweep."""

from __future__ import annotations

from datetime import date

from flows.recorded import recorded
from models.edition import Edition
from tasks import opening, sweeping


@recorded(name="open-edition")
async def open_edition(process: str, edition: str | None = None, starts: date | None = None) -> str:
    """Open an edition of a declared process.

    Args:
        process: Name of the process, e.g. papers.
        edition: Label of the edition, e.g. 2027; the process file's own if left out.
        starts: First day; all dates of the process file are moved with it. As written if left out.
    """
    made: Edition = opening.open_edition(process, label=edition, starts=starts, actor="prefect")
    return made.id


@recorded(name="sweep")
async def sweep() -> list[str]:
    """Wake every edition that has something to do, and every edition with mail to send."""
    return list(sweeping.sweep("prefect"))
