"""Reading spreadsheets that strangers send: in a process of its own, with limits on memory, time and size."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.errors import Fault, InputError
from models.intake import Table
from rules import tabular
from tasks import spreadsheet_worker

_HALVES = re.compile("[\ud800-\udfff]")
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


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a sheet holds, before anybody has looked for a table in it."""

    file: str
    name: str
    """Empty for CSV."""
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """Numbers from 1 with the texts; rows without content are left out."""
    merged: tuple[tabular.Area, ...]
    count: int
    """Rows with content; more than `rows` where reading was cut off."""


def read_table(path: Path, *, limits: ReadLimits = DEFAULT_LIMITS) -> Table:
    """Read the table in the first visible sheet with content of an .xlsx, .xls, .ods or .csv file.

    Raises:
        InputError: the file is missing, empty, damaged, protected, too large, of another type, or has no clear headers.

    """
    return table_in(read_sheet(path, limits=limits), limits=limits)


def read_sheet(path: Path, *, limits: ReadLimits = DEFAULT_LIMITS) -> Sheet:
    """Read the first visible sheet with content.

    Raises:
        InputError: the file is missing, empty, damaged, protected, too large, or of another type.

    """
    _check_type(path, limits)
    found = _run_worker(path, limits)
    if "fault" in found:
        raise _refused(path, found["fault"], found["remedy"], found["zh"])
    rows = tuple((number, tuple(map(_whole, cells))) for number, cells in found["rows"])
    merged = tuple(((top, left), (bottom, right)) for (top, left), (bottom, right) in found["merged"])
    return Sheet(path.name, found["sheet"], rows, merged, found["count"])


def _whole(text: str) -> str:
    """A text that can be kept and shown: halves of surrogate pairs become noncharacters, which no field takes."""
    return text if text.isascii() else _HALVES.sub("\ufffe", text)


def table_in(sheet: Sheet, *, limits: ReadLimits = DEFAULT_LIMITS) -> Table:
    """Find the table of a sheet.

    Raises:
        InputError: too many rows, or no clear headers.

    """
    return tabular.find_table(sheet.file, sheet.name, sheet.rows, merged=sheet.merged, count=sheet.count, most_rows=limits.rows)


def _refused(path: Path, what: str, remedy: str, zh: str) -> InputError:
    return InputError([Fault(what, remedy, file=path.name, zh=zh)])


def _check_type(path: Path, limits: ReadLimits) -> None:
    suffix = path.suffix.lower()
    if suffix not in _FIRST_BYTES:
        what = f"{suffix or 'a file without an ending'} is no known type of spreadsheet"
        raise _refused(path, what, "save it as .xlsx or .csv", "不是表格文件，请另存为 .xlsx 或 .csv 后上传")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        what = f"the file cannot be opened ({error.strerror})"
        raise _refused(path, what, "check its name and folder", "文件无法打开，请核对后重新上传") from None
    if not size:
        raise _refused(path, "the file is empty", "fill in the table and send it again", "文件是空的，请填写后重新上传")
    if size > limits.bytes:
        what = f"the file has {size / 1e6:,.1f} MB; at most {limits.bytes / 1e6:,.1f} MB are read"
        zh = f"文件有 {size / 1e6:,.1f} MB，最多 {limits.bytes / 1e6:,.1f} MB，请删去图片或拆分后上传"
        raise _refused(path, what, "remove pictures, or split it", zh)
    expected = _FIRST_BYTES[suffix]
    if (expected and not start.startswith(expected)) or (not expected and start.startswith((_ZIP, _OLE))):
        what = "a web page" if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") else "something else"
        zh = f"文件名是 {suffix}，内容却不是，请用表格软件打开，另存为 .xlsx 后上传"
        remedy = "open it in the spreadsheet program and save it as .xlsx"
        raise _refused(path, f"the file is named {suffix} but is {what} inside", remedy, zh)


def _run_worker(path: Path, limits: ReadLimits) -> dict[str, Any]:
    # Isolated (-I), and by path: the worker needs nothing of ours, and no folder of the caller may get in its way.
    command = [sys.executable, "-I", str(Path(spreadsheet_worker.__file__).resolve()), str(path.resolve()), json.dumps(asdict(limits))]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=limits.wall_seconds)  # noqa: S603  (no shell, own script)
    except subprocess.TimeoutExpired:
        zh = f"读取超过 {limits.wall_seconds} 秒，请拆分文件，或另存后重新上传"
        raise _refused(path, f"reading took more than {limits.wall_seconds} s", "split the file, or save it anew", zh) from None
    if done.returncode > 0:
        raise RuntimeError(f"the reading process failed on {path.name}: {done.stderr.decode(errors='replace')[-2000:]}")
    if done.returncode < 0:  # ended by the system: out of memory or of computing time
        megabytes = limits.memory // (1024 * 1024)
        raise _refused(
            path,
            f"reading it needs more than {megabytes} MB of memory or {limits.cpu_seconds} s: it holds far more than a table",
            "delete empty rows and columns around the table, and pictures, or copy the table into a new file",
            "文件内容远超一张表格，无法读取；请删去表格周围的空行空列和图片，或把表格复制到新文件中再上传",
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
