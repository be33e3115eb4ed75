"""Spreadsheets between the page that reads them and the page that keeps their entries: in a private folder, for a day.

What is kept is what was read, never the file that was sent. A table belongs to the unit that sent it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from models.errors import NotFound
from tasks.installation import settings
from tasks.spreadsheets import Sheet

_ID = re.compile(r"[0-9a-f]{32}")
_PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class KeptTable:
    """One spreadsheet of one unit."""

    id: str
    nominator: str
    edition: str
    class_name: str
    at: datetime
    """When it was read, in real time."""
    sheet: Sheet
    columns: Mapping[str, str] = field(default_factory=dict)
    """Header, as it is compared -> field, or an empty text for a column that is not read; only what a person chose."""
    result: Mapping[str, int] | None = None
    """How many entries were new, updated, unchanged and faulty, once it was confirmed."""


def folder() -> Path:
    """The private folder, made at the first use."""
    made = settings().tables_dir
    made.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    return made


def new_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_hex(16)


def keep(kept: KeptTable) -> None:
    """Keep a table in place of what was kept under its id; a reader sees the old one or the new one whole."""
    path = folder() / f"{kept.id}.json"
    made = path.with_suffix(f".{secrets.token_hex(4)}")
    made.touch(mode=0o600)
    made.write_text(json.dumps({**asdict(kept), "at": kept.at.isoformat()}), encoding="ascii")
    os.utime(made, (kept.at.timestamp(), kept.at.timestamp()))  # `forget_old` goes by it
    made.replace(path)


def find(table_id: str, nominator: str) -> KeptTable:
    """A table of this unit.

    Raises:
        NotFound: it has none of that id, or it has been forgotten.
    """
    if _ID.fullmatch(table_id):
        try:
            found = _read(folder() / f"{table_id}.json")
        except OSError:
            found = None
        if found is not None and found.nominator == nominator:
            return found
    raise NotFound("there is no such table; upload it again")


def forget(table_id: str) -> None:
    """Forget a table."""
    (folder() / f"{table_id}.json").unlink(missing_ok=True)


def forget_content(kept: KeptTable) -> KeptTable:
    """The same without what its cells hold."""
    return replace(kept, sheet=replace(kept.sheet, rows=(), merged=()))


def forget_old(now: datetime) -> None:
    """Forget the tables that were read too long ago, and what a crash has left behind."""
    limit = (now - timedelta(hours=settings().table_hours)).timestamp()
    for path in folder().iterdir():
        try:
            if path.is_file() and path.stat().st_mtime < limit:
                path.unlink()
        except FileNotFoundError:
            continue  # another process was quicker


def _read(path: Path) -> KeptTable:
    found = json.loads(path.read_text(encoding="utf-8"))
    sheet = found["sheet"]
    rows = tuple((number, tuple(cells)) for number, cells in sheet["rows"])
    merged = tuple(((top, left), (bottom, right)) for (top, left), (bottom, right) in sheet["merged"])
    found |= {"at": datetime.fromisoformat(found["at"]), "sheet": Sheet(sheet["file"], sheet["name"], rows, merged, sheet["count"])}
    return KeptTable(**found)
