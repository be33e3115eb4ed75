"""Take a zip of files that belong to entries, matched by the names that their spreadsheet gives."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from models import subjects
from models.edition import Entry, File
from models.errors import Fault, InputError
from tasks.installation import database, settings

_PICTURES = {"JPEG": ("image/jpeg", ".jpg"), "PNG": ("image/png", ".png")}


def take(edition_id: str, archive: Path, *, actor: str) -> str:
    """Keep the pictures of a zip under the entries that name them. Yields a sentence that says how many.

    Raises:
        InputError: the zip cannot be read, a file is no picture, or is larger than allowed; nothing is kept.
    """
    with database().read() as store:
        edition = store.edition(edition_id)
        wanted: dict[str, Entry] = {}
        for entry in store.entries(edition_id):
            for field in subjects.fields_of(edition.process, entry.class_name):
                if field.kind == "file" and (name := entry.fields.get(field.name)):
                    wanted[str(name)] = entry
    found = _read(archive, set(wanted))
    files = []
    for name, (content, media_type, suffix) in found.items():
        sha256 = hashlib.sha256(content).hexdigest()
        _keep(sha256, content)
        entry = wanted[name]
        files.append(File(entry.id, f"{entry.code}{suffix}", sha256, media_type, len(content)))
    with database().write() as store:
        store.put_files(files)
        store.append(edition_id, "EntriesImported", actor=actor, file=archive.name, new=0, updated=len(files))
    return f"{archive.name}: {len(files)} pictures for {len(wanted)} entries"


def _read(archive: Path, wanted: set[str]) -> dict[str, tuple[bytes, str, str]]:
    faults, found = [], {}
    most = settings().picture_megabytes * 1024 * 1024
    try:
        with zipfile.ZipFile(archive) as opened:
            for item in opened.infolist():
                name = Path(item.filename).name
                if item.is_dir() or name not in wanted:
                    continue
                if item.file_size > most:
                    faults.append(Fault(f"{name} is larger than {settings().picture_megabytes} MB", "make it smaller", file=archive.name))
                    continue
                with opened.open(item) as stream:
                    content = stream.read(int(most) + 1)
                kind = _kind(content)
                if kind is None:
                    faults.append(Fault(f"{name} is no JPEG or PNG picture", "save it as JPEG", file=archive.name))
                    continue
                found[name] = (content, *kind)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as broken:
        raise InputError([Fault(f"the archive cannot be read: {broken}", "pack it again as a plain .zip", file=archive.name)]) from None
    if faults:
        raise InputError(faults)
    return found


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
    part = target.with_suffix(".part")
    with part.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.rename(target)

