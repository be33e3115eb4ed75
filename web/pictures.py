"""Files of entries: kept by their hash, shown re-encoded, sent under the entry's code."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image, ImageOps
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from models.edition import Edition, Entry, File
from models.errors import NotFound
from models.stages import PublicationStage
from models.store import Store
from web import visitors
from web.routes import Pages

router = Pages()

_WIDE = 1600
_SMALL = 480
_MOST_PIXELS = 60_000_000
_SUFFIX = {"application/pdf": ".pdf", "video/mp4": ".mp4", "image/jpeg": ".jpg", "image/png": ".png"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A file as a page shows it."""

    name: str
    address: str
    """Its name as the last part of an address."""
    is_picture: bool
    width: int
    height: int
    size: int


def path_of(request: Request, sha256: str) -> Path | None:
    """Where a file is kept; None if it is not there."""
    folder = visitors.installed(request).settings.files_dir
    return next((path for path in (folder / sha256[:2] / sha256, folder / sha256) if path.is_file()), None)


def shown(request: Request, files: Iterable[File], *, most: int = _WIDE) -> list[Shown]:
    """Files with the width and height that their pictures will have on the page; those that are not kept are left out."""
    found = []
    for file in files:
        path = path_of(request, file.sha256)
        if path is None:
            continue
        width, height = _measure(path, most) if file.media_type.startswith("image/") else (0, 0)
        found.append(Shown(file.name, quote(file.name, safe=""), width > 0, width, height, file.size))
    return found


def _measure(path: Path, most: int) -> tuple[int, int]:
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            if picture.getexif().get(0x0112, 1) >= 5:  # turned by 90 degrees
                width, height = height, width
    except (OSError, ValueError, Image.DecompressionBombError):
        return 0, 0
    share = min(1.0, most / max(width, height, 1))
    return max(1, round(width * share)), max(1, round(height * share))


def send(request: Request, files: Sequence[File], name: str, *, code: str) -> Response:
    """A picture, re-encoded so that nothing but its pixels travels; any other file as a download.

    Raises:
        NotFound: no such file among those allowed.
    """
    file = next((one for one in files if one.name == name), None)
    path = path_of(request, file.sha256) if file else None
    if file is None or path is None:
        raise NotFound(f"there is no such file of {code}")
    if file.media_type.startswith("image/"):
        return _picture(request, file, path, most=_WIDE)
    number = [one.name for one in files].index(name) + 1
    download = f"{code}-{number}{_SUFFIX.get(file.media_type, '.bin')}"
    headers = {"Content-Security-Policy": "sandbox; default-src 'none'"}
    return FileResponse(path, media_type=file.media_type, filename=download, headers=headers)


def _picture(request: Request, file: File, path: Path, *, most: int) -> Response:
    kept = visitors.installed(request).settings.data_dir / "thumbs" / f"{file.sha256}-{most}.jpg"
    if not kept.exists():
        try:
            content = _encode(path, most)
        except (OSError, ValueError, Image.DecompressionBombError):
            raise NotFound("this picture cannot be shown") from None
        kept.parent.mkdir(parents=True, exist_ok=True)
        made = kept.with_suffix(f".{id(request)}.part")
        made.write_bytes(content)
        made.replace(kept)
    return FileResponse(kept, media_type="image/jpeg", headers={"Content-Security-Policy": "sandbox; default-src 'none'"})


def _encode(path: Path, most: int) -> bytes:
    with Image.open(path) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            raise ValueError("too many pixels")
        picture.draft("RGB", (most, most))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail((most, most))
    target = io.BytesIO()
    upright.save(target, "JPEG", quality=82, progressive=True)
    return target.getvalue()


def exhibits(edition: Edition) -> bool:
    """Whether the edition shows the pictures of its awarded works."""
    return any(isinstance(run.declared, PublicationStage) and run.declared.exhibition for run in edition.stages)


def of_work(store: Store, edition: Edition, code: str) -> tuple[Entry, tuple[File, ...]]:
    """An awarded entry with the pictures that were published of it.

    Raises:
        NotFound: not published, or not exhibited.
    """
    if not exhibits(edition):
        raise NotFound(f"{edition.id} has no gallery")
    published = store.publication(edition.id).document
    for group in published["groups"]:
        for award in group["awards"]:
            if award["code"] == code:
                entry = next(one for one in store.entries(edition.id) if one.code == code)
                return entry, tuple(one for one in store.files(entry.id) if one.name in award["pictures"])
    raise NotFound("this work is not in the gallery")


@router.show("/gallery/{edition_id}/{code}/{size}/{name}")
def show_work(request: Request, edition_id: str, code: str, size: str, name: str) -> Response:
    """A picture of an awarded work, `small` for the wall or `large`."""
    if size not in ("small", "large"):
        raise NotFound("no such size")
    with visitors.database(request).read() as store:
        _entry, files = of_work(store, store.edition(edition_id), code)
    file = next((one for one in files if one.name == name), None)
    path = path_of(request, file.sha256) if file else None
    if file is None or path is None:
        raise NotFound("no such picture")
    response = _picture(request, file, path, most=_SMALL if size == "small" else _WIDE)
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
