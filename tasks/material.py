"""What arrives for entries - documents, pictures, films, sound - is told apart by its content, opened apart, and cleaned."""

from __future__ import annotations

import hashlib
import json
import secrets
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from models.edition import Edition, Entry
from models.errors import Fault
from models.material import FilePage
from models.stages import ScoringStage
from models.store import Store
from models.submitting import Scan
from rules import blindness
from rules.blindness import Finding
from tasks import file_store, material_worker
from tasks.installation import settings

HEAD_BYTES = 16
"""So many bytes tell what a file is."""
_FILM_BRANDS = (b"iso", b"mp4", b"avc1", b"M4V", b"dash", b"MSNV")
_PIXELS = 60_000_000
_CHARACTERS = 2_000_000
_CAPTION_BYTES = 1_000_000
_WORKERS = 2
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is by its first bytes."""

    worker: str
    """How the worker calls it."""
    media_type: str
    suffix: str


PDF = Kind("pdf", "application/pdf", ".pdf")
JPEG, PNG = Kind("picture", "image/jpeg", ".jpg"), Kind("picture", "image/png", ".png")
MP3, M4A = Kind("mp3", "audio/mpeg", ".mp3"), Kind("film", "audio/mp4", ".m4a")
MP4, VTT = Kind("film", "video/mp4", ".mp4"), Kind("captions", "text/vtt", ".vtt")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file as it came, in a folder of its own."""

    name: str
    path: Path
    kind: Kind
    scan: Scan = "not_scanned"
    """What the virus scanner said."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file cleaned of what it said about its makers, its pages drawn. Nothing of it is kept yet."""

    name: str
    """As it came."""
    path: Path
    kind: Kind
    sha256: str
    size: int
    pages: tuple[FilePage, ...]
    images: Mapping[str, Path]
    """Pictures of pages by their hash."""
    said: tuple[str, ...]
    """What the file said about itself before it was cleaned, and its captions."""
    facts: Mapping[str, float] = field(default_factory=dict)
    """Of a picture or film `width` and `height` in pixels, of a film or sound `seconds`."""
    scan: Scan = "not_scanned"
    """What the virus scanner said of it as it came."""


def kind_of(head: bytes) -> Kind | None:
    """Tell by its first bytes what a file is; None if it is nothing that is taken."""
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[4:8] == b"ftyp" and head[8:12].startswith((b"M4A", b"M4B")):
        return M4A
    if head[4:8] == b"ftyp" and head[8:12].startswith(_FILM_BRANDS):
        return MP4
    if head.startswith(b"ID3") or (head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE6 == 0xE2):  # MPEG audio, layer 3
        return MP3
    return VTT if head.removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT") else None


def most_bytes(kind: Kind) -> int:
    """Give the size in bytes up to which a kind of file is taken."""
    set_up = settings()
    megabytes = {"pdf": set_up.pdf_megabytes, "picture": set_up.picture_megabytes}.get(kind.worker, set_up.media_megabytes)
    return _CAPTION_BYTES if kind is VTT else int(megabytes * _MEGABYTE)


def open_all(arrived: Sequence[Arrived]) -> list[Opened | Fault]:
    """Open, check and clean files, each in a process that may fail alone; results stand beside their files."""
    halves = [arrived[start::_WORKERS] for start in range(_WORKERS)]
    with ThreadPoolExecutor(_WORKERS) as pool:
        found = dict(
            zip((one.path for half in halves for one in half), (one for some in pool.map(_run, halves) for one in some), strict=True)
        )
    return [found[one.path] for one in arrived]


def _run(arrived: Sequence[Arrived]) -> list[Opened | Fault]:
    if not arrived:
        return []
    set_up = settings()
    limits = {
        "memory": set_up.material_megabytes * _MEGABYTE,
        "cpu_seconds": set_up.material_seconds,
        "wall_seconds": 4 * set_up.material_seconds,
        "pages": set_up.pdf_pages,
        "page_width": set_up.page_width,
        "pixels": _PIXELS,
        "characters": _CHARACTERS,
    }
    jobs = [{"source": str(one.path), "target": f"{one.path}-clean", "kind": one.kind.worker} for one in arrived]
    order = arrived[0].path.with_name(f"job-{secrets.token_hex(4)}.json")
    order.write_text(json.dumps({"limits": limits, "jobs": jobs}), encoding="utf-8")
    command = [sys.executable, "-I", str(Path(material_worker.__file__).resolve()), str(order)]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  (no shell, own script)
    if done.returncode:
        raise RuntimeError(f"the process that opens files failed: {done.stderr.decode(errors='replace')[-2000:]}")
    answers = json.loads(done.stdout)
    return [_opened(one, Path(job["target"]), answer) for one, job, answer in zip(arrived, jobs, answers, strict=True)]


def _opened(one: Arrived, target: Path, answer: dict[str, object]) -> Opened | Fault:
    if "fault" in answer:
        return Fault(f"{one.name}: {answer['fault']}", str(answer["remedy"]), zh=str(answer["zh"]))
    sha256 = _digest(target)
    kind = next((kind for kind in (JPEG, PNG) if kind.media_type == answer.get("type")), one.kind)
    pages, images = [], {}
    listed: object = answer["pages"]
    assert isinstance(listed, list)  # noqa: S101 - narrows the type; the worker is ours
    for number, page in enumerate(listed, start=1):
        path = Path(page["image"])
        image = _digest(path)
        images[image] = path
        pages.append(FilePage(sha256, number, image, page["width"], page["height"], page["text"]))
    found: object = answer["found"]
    said = tuple(str(text) for text in found.values()) if isinstance(found, dict) else ()
    facts: object = answer.get("facts", {})
    assert isinstance(facts, dict)  # noqa: S101 - narrows the type; the worker is ours
    return Opened(one.name, target, kind, sha256, target.stat().st_size, tuple(pages), images, said, facts, one.scan)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# -- keeping -------------------------------------------------------------------------------------------------------


def keep(opened: Opened) -> None:
    """Move a file and its pages to where files are kept; what is there already stays."""
    for sha256, path in {opened.sha256: opened.path, **opened.images}.items():
        file_store.keep(path, sha256)


# -- the blind scan ------------------------------------------------------------------------------------------------


def is_blind(edition: Edition) -> bool:
    """Whether some round of an edition hides the authors."""
    return any(isinstance(run.declared, ScoringStage) and run.declared.blind == "double" for run in edition.stages)


def scan(edition: Edition, entry: Entry, nominator: str, kept: Iterable[tuple[str, Opened]]) -> tuple[Finding, ...]:
    """Look for an entry's authors in those of its files that reviewers see; `kept` pairs the name under which each is kept with it."""
    known = blindness.traces(edition.process, entry, nominator)
    found: list[Finding] = []
    for name, opened in kept:
        field = blindness.field_of(edition.process, entry, name)
        if field is None or field.identifying or field.private:
            continue
        beside = (Path(opened.name).stem, *opened.said)
        found += blindness.scan(name, known, pages=[page.text for page in opened.pages], beside=beside)
    return tuple(found)


def note(store: Store, edition: Edition, entry: Entry, found: Sequence[Finding], *, actor: str) -> None:
    """Append what the scan found; that nothing was found is only said where something was before."""
    if found or flagged(store, edition.id).get(entry.id):
        listed = [asdict(one) for one in found]
        store.append(edition.id, "MaterialFlagged", actor=actor, entry=entry.id, code=entry.code, findings=listed)


def flagged(store: Store, edition_id: str) -> dict[str, tuple[Finding, ...]]:
    """Entry id -> what the latest scan found in its anonymous files, entries without findings left out."""
    return {entry: tuple(Finding(**one) for one in listed) for entry, listed in store.material_flags(edition_id).items() if listed}
