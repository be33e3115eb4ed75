"""Take a zip of files that belong to entries, matched by the names that their spreadsheet gives."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from models import subjects
from models.edition import Edition, Entry, File
from models.errors import Fault, InputError, NotAllowed
from models.process import FormField
from models.store import Store
from tasks.installation import database, settings

_PICTURES = {"JPEG": ("image/jpeg", ".jpg"), "PNG": ("image/png", ".png")}


class _DryRun(Exception):
    """Ends the transaction of a dry run, so that nothing of it is kept."""


def take(edition_id: str, archive: Path, *, actor: str, dry_run: bool = False) -> str:
    """Keep the pictures of a zip under the entries that name them. Yields a sentence that says how many.

    Raises:
        InputError: the zip cannot be read, a file is no picture or larger than allowed, or nobody can tell whose it is; nothing is kept.
        NotAllowed: the submission is over.
    """
    with database().read() as store:
        wanted = _wanted(store.edition(edition_id), store.entries(edition_id), archive)
    found = _read(archive, set(wanted))
    files = []
    for name, (content, media_type, suffix) in found.items():
        entry, place = wanted[name]
        number = f"-{place}" if place else ""
        files.append(File(entry.id, f"{entry.code}{number}{suffix}", hashlib.sha256(content).hexdigest(), media_type, len(content)))
        if not dry_run:
            _keep(files[-1].sha256, content)
    try:
        with database().write() as store:
            _refuse_late(store, edition_id)
            store.put_files(files)
            store.append(edition_id, "EntriesImported", actor=actor, file=archive.name, new=0, updated=len(files))
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return f"{archive.name}: {len(files)} pictures for {len(wanted)} entries{' (dry run, nothing is kept)' if dry_run else ''}"


def _wanted(edition: Edition, entries: Iterable[Entry], archive: Path) -> dict[str, tuple[Entry, int]]:
    """Name of a file -> the entry that names it, and which of the entry's files it is, from 0."""
    wanted: dict[str, tuple[Entry, int]] = {}
    faults = []
    for entry in entries:
        named = [str(entry.fields[field.name]) for field in _file_fields(edition, entry) if entry.fields.get(field.name)]
        for place, name in enumerate(dict.fromkeys(named)):
            if name in wanted and wanted[name][0] != entry:
                what = f"{name} is named by {wanted[name][0].code} and by {entry.code}"
                faults.append(Fault(what, "give every entry a file name of its own", file=archive.name))
            wanted[name] = (entry, place)
    if faults:
        raise InputError(faults)
    return wanted


def _file_fields(edition: Edition, entry: Entry) -> list[FormField]:
    return [field for field in subjects.fields_of(edition.process, entry.class_name) if field.kind == "file"]


def _refuse_late(store: Store, edition_id: str) -> None:
    run = store.lock_stage(edition_id, 0)
    if run.state in ("closing", "closed") or (run.cutoff is not None and store.edition_now(edition_id) >= run.cutoff):
        raise NotAllowed(f"{edition_id}: {run.name} is over; extend its deadline before importing pictures")


def _read(archive: Path, wanted: set[str]) -> dict[str, tuple[bytes, str, str]]:
    faults: list[Fault] = []
    found: dict[str, tuple[bytes, str, str]] = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            for item in opened.infolist():
                name = Path(item.filename).name
                if item.is_dir() or name not in wanted:
                    continue
                if name in found:
                    faults.append(Fault(f"{name} is in the archive twice", "keep one of the two", file=archive.name))
                    continue
                taken = _picture(opened, item, name)
                if isinstance(taken, Fault):
                    faults.append(replace(taken, file=archive.name))
                else:
                    found[name] = taken
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError) as broken:
        raise InputError([Fault(f"the archive cannot be read: {broken}", "pack it again as a plain .zip", file=archive.name)]) from None
    if faults:
        raise InputError(faults)
    return found


def _picture(opened: zipfile.ZipFile, item: zipfile.ZipInfo, name: str) -> tuple[bytes, str, str] | Fault:
    most = settings().picture_megabytes
    if item.file_size > most * 1024 * 1024:
        return Fault(f"{name} is larger than {most:g} MB", "make it smaller")
    with opened.open(item) as stream:
        content = stream.read(int(most * 1024 * 1024) + 1)
    kind = _kind(content)
    return Fault(f"{name} is no JPEG or PNG picture", "save it as JPEG") if kind is None else (content, *kind)


def _kind(content: bytes) -> tuple[str, str] | None:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.verify()
            return _PICTURES.get(picture.format or "")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def path_of(sha256: str) -> Path:
    """Where a file is kept, by its hash."""
    return settings().files_dir / sha256[:2] / sha256


def _keep(sha256: str, content: bytes) -> None:
    target = path_of(sha256)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(f".{secrets.token_hex(4)}.part")  # two imports of the same picture do not meet in one file
    with part.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.rename(target)
