"""The catalogue of awards: every process file of an installation, read, checked, and told apart by its hash."""

from __future__ import annotations

import copy
import importlib.resources
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config import faults, reading
from models import earlier, subjects
from models.errors import DeclarationError, Fault
from models.process import Process
from rules import digests

MAX_FAULTS = 100
"""A file that is no process file at all has one for every line."""


def processes_folder() -> Path:
    """Give the folder of the process files that come along."""
    return Path(str(importlib.resources.files("config"))) / "processes"


def load_processes(folder: Path | None = None) -> dict[str, Process]:
    """Read every process file of a folder, by process name.

    Args:
        folder: The operator's own folder; the files that come along if left out.

    Raises:
        DeclarationError: with the faults of all files at once, or because there is no file.

    """
    folder = processes_folder() if folder is None else folder
    if not folder.is_dir():
        raise DeclarationError([Fault("there is no such folder", "create it, or correct JINBANG_PROCESSES", file=str(folder))])
    files = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and not path.name.startswith("."))
    if not files:
        raise DeclarationError([Fault("the folder holds no process file", "copy one of those that come along", file=str(folder))])
    loaded: dict[str, Process] = {}
    found: list[Fault] = []
    for path in files:
        try:
            process = load_process(path)
        except DeclarationError as error:
            found += error.faults
        else:
            loaded[process.name] = process
    if found:
        raise DeclarationError(found)
    return loaded


def load_process(path: Path) -> Process:
    """Read and check one process file.

    Raises:
        DeclarationError: with every fault of the file: file, line, column, path, what is wrong, and a remedy.

    """
    if path.suffix != ".yaml":
        raise DeclarationError([Fault("a process file ends in .yaml", f"rename it to {path.stem}.yaml", file=str(path))])
    try:
        with path.open("rb") as stream:
            content = stream.read(reading.MAX_BYTES + 1)
    except OSError as error:
        raise DeclarationError(
            [Fault(f"the file cannot be read ({error.strerror})", "check path and permissions", file=str(path))]
        ) from None
    return _read(content, path)


@lru_cache(64)  # by what the file says: a folder is read again and again, and its files hardly ever change
def _read(content: bytes, path: Path) -> Process:
    source = reading.read(content, str(path))
    process, found = _check(source)
    written = source.document.get("name")
    if isinstance(written, str) and written != path.stem:
        found.append(source.fault(("name",), f"{written!r} is not the name of the file", f"write `name: {path.stem}` or rename the file"))
    if process is None or found or source.faults:
        raise DeclarationError(_in_order(found, source.faults))
    return process


def _in_order(found: list[Fault], unreadable: list[Fault]) -> list[Fault]:
    """Put faults in the order of the file; what could not be read is not also told to be wrong."""
    paths = {fault.field for fault in unreadable if "stands twice" not in fault.what}
    told = [*unreadable, *(fault for fault in found if fault.field not in paths)]
    return sorted(told, key=lambda fault: (fault.row or 0, int(fault.column or 0)))[:MAX_FAULTS]


check_file = load_process
"""The same under the name of what `jinbang validate` does with it."""


def _check(source: reading.Source) -> tuple[Process | None, list[Fault]]:
    """Validate a document; keys promised for later are told first and taken out, so that they hide no other fault."""
    document = copy.deepcopy(source.document)
    found: list[Fault] = []
    while True:
        try:
            process = Process.model_validate(document)
        except ValidationError as error:
            told = faults.explain(error, source)
            promised = set(faults.promised(error))
            if not promised:
                return None, found + told
            paths = {reading.path_text(path) for path in promised}
            found += [fault for fault in told if fault.field in paths]
            for path in promised:
                _take_out(document, path)
        else:
            return process, found + faults.explain_misfits(subjects.misfits(process), source)


def _take_out(document: Any, path: reading.Path) -> None:
    for part in path[:-1]:
        document = document[part]
    del document[path[-1]]


def declaration_json(process: Process) -> dict[str, Any]:
    """Give a declaration as plain JSON; decimals, fractions and times are texts."""
    return process.model_dump(mode="json")


def declaration_hash(process: Process) -> str:
    """Give the SHA-256, in hexadecimal, of the canonical JSON (RFC 8785) of a declaration."""
    return digests.digest(declaration_json(process))


def process_from_json(document: dict[str, Any]) -> Process:
    """Read a declaration back from the JSON that an edition keeps, whichever version kept it.

    Raises:
        DeclarationError: the document was written by a version that declared things differently.

    """
    document = earlier.upgraded(document)
    source = reading.Source("stored declaration", document)
    try:
        return Process.model_validate(document)
    except ValidationError as error:
        found = [Fault(fault.what, fault.remedy, file=fault.file, field=fault.field) for fault in faults.explain(error, source)]
        raise DeclarationError(found) from None
