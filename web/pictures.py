"""Files of entries: kept by their hash, shown re-encoded, sent under the entry's code."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from PIL import Image, ImageOps
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from models.edition import Edition, Entry, File
from models.errors import NotFound
from models.material import FilePage
from models.stages import PublicationStage
from models.store import Store
from tasks import file_store
from web import visitors
from web.routes import Pages

router = Pages()

_WIDE = 1600
_SMALL = 480
_MOST_PIXELS = 60_000_000
_SUFFIX = {
    "application/pdf": ".pdf", "video/mp4": ".mp4", "audio/mp4": ".m4a", "audio/mpeg": ".mp3", "text/vtt": ".vtt",
    "image/jpeg": ".jpg", "image/png": ".png",
}  # fmt: skip
_CAPTIONS = "text/vtt"
SEALED = {"Content-Security-Policy": "sandbox; default-src 'none'"}
"""Whatever a file holds, a browser that opens it runs nothing of it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A file as a page shows it."""

    name: str
    address: str
    """Its name as the last part of an address."""
    kind: Literal["picture", "pages", "audio", "video", "other"]
    width: int
    height: int
    size: int
    """Bytes."""
    pages: tuple[FilePage, ...] = ()
    captions: str = ""
    """Address of the captions of a film or sound; empty if there are none."""

    @property
    def is_picture(self) -> bool:
        """Whether it is shown as a picture."""
        return self.kind == "picture"


def path_of(request: Request, sha256: str) -> Path | None:
    """Where a file is kept; None if it is not there."""
    return file_store.of(visitors.installed(request).settings).find(sha256)


def shown(request: Request, files: Iterable[File], *, most: int = _WIDE) -> list[Shown]:
    """Files with the width and height that their pictures will have on the page; those that are not kept are left out."""
    files = list(files)
    documents = [file.sha256 for file in files if file.media_type == "application/pdf"]
    pages: dict[str, tuple[FilePage, ...]] = {}
    if documents:
        with visitors.database(request).read() as store:
            pages = store.file_pages(documents)
    captions = {Path(file.name).stem: quote(file.name, safe="") for file in files if file.media_type == _CAPTIONS}
    found = []
    for file in files:
        path = path_of(request, file.sha256)
        if path is None or file.media_type == _CAPTIONS:
            continue
        width, height = _measure(path, most) if file.media_type.startswith("image/") else (0, 0)
        own = pages.get(file.sha256, ())
        said = captions.get(Path(file.name).stem, "")
        found.append(Shown(file.name, quote(file.name, safe=""), _kind(file, width, own), width, height, file.size, own, said))
    return found


def _kind(file: File, width: int, pages: Sequence[FilePage]) -> Literal["picture", "pages", "audio", "video", "other"]:
    match file.media_type.partition("/")[0]:
        case "image" if width:
            return "picture"
        case "audio":
            return "audio"
        case "video":
            return "video"
    return "pages" if pages else "other"


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


def send(request: Request, files: Sequence[File], name: str, *, code: str, documents: bool) -> Response:
    """A picture, re-encoded so that nothing but its pixels travels; any other file as a download, whole or the part asked for.

    Args:
        request: Who asks, and for which part.
        files: Those allowed.
        name: The one asked for.
        code: Of the entry, from which the download gets its name.
        documents: Whether a document itself may be had, not only its pages.

    Raises:
        NotFound: no such file among those allowed.
    """
    file = next((one for one in files if one.name == name), None)
    path = path_of(request, file.sha256) if file else None
    if file is None or path is None or (file.media_type == "application/pdf" and not documents):
        raise NotFound(f"there is no such file of {code}", zh=f"“{code}”没有这个文件")
    if file.media_type.startswith("image/"):
        return _picture(request, file, path, most=_WIDE)
    number = [one.name for one in files].index(name) + 1
    download = f"{code}-{number}{_SUFFIX.get(file.media_type, '.bin')}"
    return FileResponse(path, media_type=file.media_type, filename=download, headers=SEALED)


def _picture(request: Request, file: File, path: Path, *, most: int) -> Response:
    kept = visitors.installed(request).settings.data_dir / "thumbs" / f"{file.sha256}-{most}.jpg"
    if not kept.exists():
        try:
            content = _encode(path, most)
        except (OSError, ValueError, Image.DecompressionBombError):
            raise NotFound("this picture cannot be shown", zh="这张图片无法显示") from None
        kept.parent.mkdir(parents=True, exist_ok=True)
        made = kept.with_suffix(f".{id(request)}.part")
        made.write_bytes(content)
        # Else the answer's date would tell a reviewer when somebody else has looked at this entry.
        given = path.stat().st_mtime_ns
        os.utime(made, ns=(given, given))
        made.replace(kept)
    return FileResponse(kept, media_type="image/jpeg", headers=SEALED)


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


@router.show("/gallery/{edition_id}/{code}/{size}/{name}", slow=True)
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
