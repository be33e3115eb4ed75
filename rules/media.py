"""Does a file fit what its field asks for: type, size, pages, pixels, duration? Limits of the installation are not meant here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from models.asking import Media
from models.errors import Fault

MEGABYTE = 1_000_000
"""Bytes, as cameras and file managers count them."""
CAPTIONS = "text/vtt"
_TYPES = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "video/mp4": "mp4",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
}
_HAS_CAPTIONS = frozenset(("mp4", "mp3", "m4a"))


def accepted(media: Media) -> tuple[str, ...]:
    """Endings of the files that a field takes, for a browser's choice of files."""
    endings = [ending for one in media.types for ending in ((".jpg", ".jpeg") if one == "jpg" else (f".{one}",))]
    return (*endings, *((".vtt",) if _HAS_CAPTIONS.intersection(media.types) else ()))


def unknown(media: Media) -> Fault:
    """Say what a field takes, of a file that is nothing that is taken anywhere."""
    zh = f"无法接收这种文件：此处只收 {_listed(media, '、')}，请转换后重新上传"
    remedy = "save documents as PDF, pictures as JPEG, films as MP4 (H.264)"
    return Fault(f"this kind of file is not taken; this field takes {_listed(media, ', ')}", remedy, zh=zh)


def _listed(media: Media, between: str) -> str:
    return between.join(one.upper() for one in media.types)


def unfit_as_sent(media: Media, media_type: str, size: int) -> Iterator[Fault]:
    """Yield what is wrong with a file as it came: its type by content, and its size in bytes. Captions go with any film or sound."""
    if media_type == CAPTIONS and _HAS_CAPTIONS.intersection(media.types):
        return
    if _TYPES.get(media_type) not in media.types:
        listed, english = _listed(media, "、"), _listed(media, ", ")
        own = _TYPES.get(media_type, "vtt").upper()
        what = f"the file is {own} inside; this field takes {english}"
        yield Fault(what, "export it as one of these", zh=f"文件内容是 {own}，此处只收 {listed}，请转换后重新上传")
        return
    megabytes = Decimal(size) / MEGABYTE
    if media.min_mb is not None and size < media.min_mb * MEGABYTE:
        least, actual = _exact(media.min_mb), _plain(megabytes, ROUND_DOWN)
        zh = f"文件只有 {actual} MB，不足 {least} MB，请上传原始文件，不要压缩"
        yield Fault(f"the file has {actual} MB; at least {least} MB are asked", "send the original, not a reduced copy", zh=zh)
    if media.max_mb is not None and size > media.max_mb * MEGABYTE:
        most, actual = _exact(media.max_mb), _plain(megabytes, ROUND_UP)
        zh = f"文件有 {actual} MB，超过 {most} MB，请压缩后重新上传"
        yield Fault(f"the file has {actual} MB; at most {most} MB are taken", "make it smaller", zh=zh)


def unfit_inside(media: Media, media_type: str, *, pages: int, facts: Mapping[str, float]) -> Iterator[Fault]:
    """Yield what is wrong with a file after it was opened: pages of a document, `width` and `height` in pixels, `seconds`."""
    kind = _TYPES.get(media_type, "")
    if kind == "pdf" and media.max_pages is not None and pages > media.max_pages:
        zh = f"共 {pages} 页，最多 {media.max_pages} 页，请删减"
        yield Fault(f"the document has {pages} pages; at most {media.max_pages} are taken", "shorten it", zh=zh)
    if kind in ("jpg", "png", "mp4"):
        yield from _pixels(media, facts)
    if kind in _HAS_CAPTIONS and media.max_minutes is not None:
        yield from _duration(media.max_minutes, facts.get("seconds"))


def _pixels(media: Media, facts: Mapping[str, float]) -> Iterator[Fault]:
    longer, shorter = sorted((int(facts.get("width", 0)), int(facts.get("height", 0))), reverse=True)
    least = (media.min_width or 0, media.min_height or 0)
    if longer < least[0] or shorter < least[1]:
        zh_asked = "，".join(f"{side}至少 {pixels} 像素" for side, pixels in zip(("长边", "短边"), least, strict=True) if pixels)
        asked = ", ".join(f"{side} side at least {pixels}" for side, pixels in zip(("longer", "shorter"), least, strict=True) if pixels)
        zh = f"画面为 {longer}×{shorter} 像素，要求{zh_asked}，请上传更清晰的文件"
        yield Fault(f"the picture has {longer} x {shorter} pixels; asked are: {asked}", "send a larger original", zh=zh)


def _duration(most: Decimal, seconds: float | None) -> Iterator[Fault]:
    if seconds is None:
        yield Fault("the file does not say how long it is", "export it again", zh="无法读出时长，请重新导出")
    elif Decimal(seconds) > most * 60:
        length = f"{int(seconds) // 60}:{int(seconds) % 60:02}"
        zh = f"时长 {length}，最长 {_exact(most)} 分钟，请剪辑后重新上传"
        yield Fault(f"it is {length} long; at most {_exact(most)} minutes are taken", "cut it", zh=zh)


def needs_captions(media: Media, media_type: str) -> bool:
    """Whether a film of this field must come with captions."""
    return media.captions and media_type == "video/mp4"


def _exact(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _plain(number: Decimal, rounding: str) -> str:
    """Two places at most; what is just beyond a limit is not rounded onto it."""
    return f"{number.quantize(Decimal('0.01'), rounding):f}".rstrip("0").rstrip(".")
