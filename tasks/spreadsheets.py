"""Reading spreadsheets that strangers send: in a process of its own, with limits on memory, time and size."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.errors import Fault, InputError
from models.intake import Table
from rules import tabular
from tasks import spreadsheet_worker

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FIRST_BYTES = {".xlsx": (_ZIP, _OLE), ".ods": (_ZIP,), ".xls": (_OLE, b"\x09\x08", b"\x09\x04"), ".csv": ()}


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How much of a file is read before it is refused."""

    bytes: int = 20_000_000
    """Size of the file itself."""
    inflated: int = 50_000_000
    """Bytes that all parts of a workbook may unpack to."""
    rows: int = 20_000
    """Rows below the headers."""
    columns: int = 200
    cell: int = 32_767
    """Characters in one cell: what spreadsheet programs allow."""
    characters: int = 20_000_000
    """Characters in one sheet; a text that many cells share counts each time."""
    memory: int = 512 * 1024 * 1024
    """Bytes of address space of the reading process."""
    cpu_seconds: int = 10
    """Computing time of the reading process."""
    wall_seconds: int = 30
    """Time after which the reading process is ended even if it only waits."""


DEFAULT_LIMITS = ReadLimits()


def read_table(path: Path, *, limits: ReadLimits = DEFAULT_LIMITS) -> Table:
    """Read the table in the first visible sheet with content of an .xlsx, .xls, .ods or .csv file.

    Raises:
        InputError: the file is missing, empty, damaged, protected, too large, of another type, or has no clear headers.

    """
    _check_type(path, limits)
    found = _run_worker(path, limits)
    if "fault" in found:
        raise _refused(path, found["fault"], found["remedy"])
    return tabular.find_table(path.name, found["sheet"], found["rows"], merged=found["merged"], count=found["count"], most_rows=limits.rows)


def _refused(path: Path, what: str, remedy: str) -> InputError:
    return InputError([Fault(what, remedy, file=path.name)])


def _check_type(path: Path, limits: ReadLimits) -> None:
    suffix = path.suffix.lower()
    if suffix not in _FIRST_BYTES:
        raise _refused(path, f"{suffix or 'a file without an ending'} is no known type of spreadsheet", "save it as .xlsx or .csv")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise _refused(path, f"the file cannot be opened ({error.strerror})", "check its name and folder") from None
    if not size:
        raise _refused(path, "the file is empty", "fill in the table and send it again")
    if size > limits.bytes:
        raise _refused(
            path, f"the file has {size / 1e6:,.1f} MB; at most {limits.bytes / 1e6:,.1f} MB are read", "remove pictures, or split it"
        )
    expected = _FIRST_BYTES[suffix]
    if (expected and not start.startswith(expected)) or (not expected and start.startswith((_ZIP, _OLE))):
        what = "a web page" if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") else "something else"
        raise _refused(path, f"the file is named {suffix} but is {what} inside", "open it in the spreadsheet program and save it as .xlsx")


def _run_worker(path: Path, limits: ReadLimits) -> dict[str, Any]:
    # Isolated (-I), and by path: the worker needs nothing of ours, and no folder of the caller may get in its way.
    command = [sys.executable, "-I", str(Path(spreadsheet_worker.__file__).resolve()), str(path.resolve()), json.dumps(asdict(limits))]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=limits.wall_seconds)  # noqa: S603  (no shell, own script)
    except subprocess.TimeoutExpired:
        raise _refused(path, f"reading took more than {limits.wall_seconds} s", "split the file, or save it anew") from None
    if done.returncode > 0:
        raise RuntimeError(f"the reading process failed on {path.name}: {done.stderr.decode(errors='replace')[-2000:]}")
    if done.returncode < 0:  # ended by the system: out of memory or of computing time
        megabytes = limits.memory // (1024 * 1024)
        raise _refused(
            path,
            f"reading it needs more than {megabytes} MB of memory or {limits.cpu_seconds} s: it holds far more than a table",
            "delete empty rows and columns around the table, and pictures, or copy the table into a new file",
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
