"""Spreadsheets between the page that reads them and the page that keeps their entries: in a private folder, for a day.

What is kept is what was read, never the file that was sent. A table belongs to the unit that sent it.
"""

from __future__ import annotations

import hashlib
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

MOST_OF_A_UNIT = 10
"""Tables of one unit that wait to be confirmed; a guard, not a rule."""
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
    path = _path(kept.id, kept.nominator)
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
            found = _read(_path(table_id, nominator))
        except OSError:
            found = None
        if found is not None and found.nominator == nominator:
            return found
    raise NotFound("there is no such table; upload it again")


def forget(table_id: str, nominator: str) -> None:
    """Forget a table of this unit."""
    _path(table_id, nominator).unlink(missing_ok=True)


def forget_most(nominator: str) -> None:
    """Forget all but the latest tables of a unit, so that nobody fills the disk."""
    held = sorted(folder().glob(f"{_owner(nominator)}-*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in held[MOST_OF_A_UNIT - 1 :]:
        path.unlink(missing_ok=True)


def forget_content(kept: KeptTable) -> KeptTable:
    """The same without what its cells hold."""
    return replace(kept, sheet=replace(kept.sheet, rows=(), merged=()))


def forget_old(now: datetime) -> None:
    """Forget the tables that were read too long ago, and what a crash has left behind."""
    if not settings().tables_dir.exists():
        return
    limit = (now - timedelta(hours=settings().table_hours)).timestamp()
    for path in folder().iterdir():
        try:
            if path.is_file() and path.stat().st_mtime < limit:
                path.unlink()
        except FileNotFoundError:
            continue  # another process was quicker


def _path(table_id: str, nominator: str) -> Path:
    return folder() / f"{_owner(nominator)}-{table_id}.json"


def _owner(nominator: str) -> str:
    """A unit in the name of a file: ids hold slashes."""
    return hashlib.sha256(nominator.encode("utf-8", "replace")).hexdigest()[:16]


def _read(path: Path) -> KeptTable:
    found = json.loads(path.read_text(encoding="utf-8"))
    sheet = found["sheet"]
    rows = tuple((number, tuple(cells)) for number, cells in sheet["rows"])
    merged = tuple(((top, left), (bottom, right)) for (top, left), (bottom, right) in sheet["merged"])
    found |= {"at": datetime.fromisoformat(found["at"]), "sheet": Sheet(sheet["file"], sheet["name"], rows, merged, sheet["count"])}
    return KeptTable(**found)
