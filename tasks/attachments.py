"""Take a zip of files that belong to entries, matched by the names that their spreadsheet gives."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from models.edition import SET_ASIDE, Edition, Entry, File
from models.errors import Fault, InputError, NotAllowed
from models.store import Store
from rules import blindness
from tasks import archives, material, virus_scanner
from tasks.file_store import path_of
from tasks.installation import database, settings
from tasks.material import Arrived, Opened

__all__ = ["path_of", "take"]

Wanted = dict[str, tuple[Entry, tuple[int, ...]]]
"""Name of a file -> the entry that names it, and the places of the questions that it answers, from 1."""

_AT_ONCE = 1 << 20


class _DryRun(Exception):
    """Ends the transaction of a dry run, so that nothing of it is kept."""


def take(edition_id: str, archive: Path, *, actor: str, dry_run: bool = False) -> str:
    """Keep the files of a zip under the entries that name them, cleaned of what tells about their makers.

    A `.vtt` file with the name of a film or sound holds its captions. Yields a sentence that says how many files were kept.

    Raises:
        InputError: the zip cannot be read, a file is none that is taken, or nobody can tell whose it is; nothing is kept.
        NotAllowed: the submission is over.
    """
    with database().read() as store:
        edition = store.edition(edition_id)
        wanted = _wanted(edition, [one for one in store.entries(edition_id) if one.state not in SET_ASIDE], archive)
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="arriving-", dir=settings().data_dir) as folder:
        opened = _open(archive, wanted, Path(folder))
        if not dry_run:
            for one in opened:
                material.keep(one)
    count = sum(len(wanted[one.name][1]) for one in opened)
    try:
        with database().write() as store:
            _refuse_late(store, edition_id)
            _put(store, edition, wanted, opened, actor)
            store.append(edition_id, "EntriesImported", actor=actor, file=archive.name, new=0, updated=count)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    named = len({entry.id for entry, _places in wanted.values()})
    return f"{archive.name}: {count} files for {named} entries{' (dry run, nothing is kept)' if dry_run else ''}"


def _put(store: Store, edition: Edition, wanted: Wanted, opened: Iterable[Opened], actor: str) -> None:
    by_entry: dict[str, list[tuple[str, Opened]]] = defaultdict(list)
    entries = {entry.id: entry for entry, _places in wanted.values()}
    for one in opened:
        entry, places = wanted[one.name]
        by_entry[entry.id] += [(blindness.kept_name(entry.code, place, one.kind.suffix), one) for place in places]
        store.put_file_pages(one.pages)
    names = {one.id: one.name for one in store.nominators(edition.id)}
    before = store.files_of_edition(edition.id)
    blind = material.is_blind(edition)
    for entry_id, kept in by_entry.items():
        new = [File(entry_id, name, one.sha256, one.kind.media_type, one.size, one.scan) for name, one in kept]
        answered = {Path(one.name).stem for one in new if one.media_type != material.VTT.media_type}
        store.drop_files(one for one in before.get(entry_id, ()) if Path(one.name).stem in answered)
        store.put_files(new)
        if blind:
            entry = entries[entry_id]
            material.note(store, edition, entry, material.scan(edition, entry, names[entry.nominator], kept), actor=actor)


def _wanted(edition: Edition, entries: Iterable[Entry], archive: Path) -> Wanted:
    wanted: Wanted = {}
    faults = []
    for entry in entries:
        for place, field in enumerate(blindness.file_fields(edition.process, entry.class_name), start=1):
            name = str(entry.fields.get(field.name) or "")
            if not name:
                continue
            owner, places = wanted.get(name, (entry, ()))
            if owner.id != entry.id:
                what = f"{name} is named by {owner.code} and by {entry.code}"
                faults.append(Fault(what, "give every entry a file name of its own", file=archive.name))
                continue
            wanted[name] = (entry, (*places, place))
    if faults:
        raise InputError(faults)
    for name, whose in list(wanted.items()):
        wanted.setdefault(str(Path(name).with_suffix(material.VTT.suffix)), whose)
    return wanted


def _refuse_late(store: Store, edition_id: str) -> None:
    run = store.lock_stage(edition_id, 0)
    if run.state in ("closing", "closed") or (run.cutoff is not None and store.edition_now(edition_id) >= run.cutoff):
        raise NotAllowed(f"{edition_id}: {run.name} is over; extend its deadline before importing files")


def _open(archive: Path, wanted: Mapping[str, object], folder: Path) -> list[Opened]:
    """Unpack what is wanted and open it.

    Raises:
        InputError: anything is wrong with any of them; all faults are named.
    """
    faults: list[Fault] = []
    arrived: dict[str, Arrived] = {}
    try:
        with zipfile.ZipFile(archive) as packed:
            for item in packed.infolist():
                name = Path(archives.name_of(item)).name
                if item.is_dir() or name not in wanted:
                    continue
                if name in arrived:
                    faults.append(Fault(f"{name} is in the archive twice", "keep one of the two"))
                    continue
                taken = _unpack(packed, item, name, folder / str(len(arrived)))
                if isinstance(taken, Fault):
                    faults.append(taken)
                else:
                    arrived[name] = taken
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError) as broken:
        raise InputError([Fault(f"the archive cannot be read: {broken}", "pack it again as a plain .zip", file=archive.name)]) from None
    found = material.open_all(list(arrived.values()))
    faults += [one for one in found if isinstance(one, Fault)]
    if faults:
        raise InputError(replace(one, file=archive.name) for one in faults)
    return [one for one in found if isinstance(one, Opened)]


def _unpack(packed: zipfile.ZipFile, item: zipfile.ZipInfo, name: str, target: Path) -> Arrived | Fault:
    with packed.open(item) as stream:
        head = stream.read(material.HEAD_BYTES)
        kind = material.kind_of(head)
        if kind is None:
            what = f"{name} is no PDF, JPEG, PNG, MP3, M4A, MP4 or WebVTT file"
            return Fault(what, "save documents as PDF, pictures as JPEG, films as MP4 (H.264)")
        most = material.most_bytes(kind)
        too_large = Fault(f"{name} is larger than {most / (1024 * 1024):g} MB", "make it smaller")
        if item.file_size > most:
            return too_large
        left = most - len(head)  # whatever size the archive claims, no more is unpacked
        with target.open("wb") as file:
            file.write(head)
            while left >= 0 and (part := stream.read(_AT_ONCE)):
                file.write(part)
                left -= len(part)
    if left < 0:
        return too_large
    verdict = virus_scanner.examine(target)
    if not verdict.passed:
        return Fault(f"{name} did not pass the virus scanner ({verdict.said})", "remove it, or start the scanner and import again")
    return Arrived(name, target, kind, verdict.scan)
