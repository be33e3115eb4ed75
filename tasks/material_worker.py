"""Opens files that strangers send, each in a process of its own, which may be killed without harm to anybody else.

Run as a script by `tasks.material`: `material_worker.py JOB`, JOB being a JSON file `{"limits": {...}, "jobs": [{"source",
"target", "kind"}, ...]}`. Prints a JSON list with one object per job: `{"pages", "found", "type", "facts"}` or `{"fault", "remedy", "zh"}`.
Imports nothing else of the engine, to start fast.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
from PIL import Image, ImageChops, ImageOps

if __name__ == "__main__":  # isolated from every other folder, so that nothing of the caller's gets in the way
    sys.path.append(str(Path(__file__).resolve().parent.parent))

from tasks import material_facts, material_tags
from tasks.material_tags import Refused

GREY_TOLERANCE = 12
"""Colour channels that differ by no more than this are the noise of a scanned grey page."""
_ACTIVE = frozenset(("/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/RichMediaExecute"))
_ENCRYPTED = ("it is encrypted", "save it without a password and without restrictions", "文件已加密，请取消密码和权限限制后重新保存")
_TOGETHER = 16
"""So many pictures share a process, unless it fails; then each gets its own."""


def main(job: Path) -> list[dict[str, Any]]:
    """Do every job in a child that may fail alone."""
    order = json.loads(job.read_text(encoding="utf-8"))
    jobs, limits = order["jobs"], order["limits"]
    Image.preinit()
    found: list[dict[str, Any]] = []
    while len(found) < len(jobs):
        some = list(takewhile(lambda one: one["kind"] == "picture", jobs[len(found) : len(found) + _TOGETHER])) or [jobs[len(found)]]
        found += _apart(some, limits) or [(_apart([one], limits) or [_too_much(limits)])[0] for one in some]
    return found


def _too_much(limits: dict[str, int]) -> dict[str, Any]:
    megabytes = limits["memory"] // (1024 * 1024)
    what = f"opening it needs more than {megabytes} MB of memory or {limits['cpu_seconds']} s"
    zh = f"打开文件需要超过 {megabytes} MB 内存或 {limits['cpu_seconds']} 秒，请重新打印为 PDF，或缩小图片"
    return {"fault": what, "remedy": "print it into a new PDF, or save the picture smaller", "zh": zh}


def _apart(jobs: list[dict[str, str]], limits: dict[str, int]) -> list[dict[str, Any]]:
    """Fork, because a fork costs milliseconds and the libraries are loaded only once. Nothing if the child did not live to answer."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(jobs, limits, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        said = answer.read()
    lived = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    found: list[dict[str, Any]] = json.loads(said) if lived else []
    return found


def _child(jobs: list[dict[str, str]], limits: dict[str, int], writing: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"]))
    signal.alarm(limits["wall_seconds"])
    try:
        said = [_taken(one, limits) for one in jobs]
    except MemoryError:
        os._exit(1)
    with os.fdopen(writing, "wb") as answer:
        answer.write(json.dumps(said).encode())
    os._exit(0)


def _taken(job: dict[str, str], limits: dict[str, int]) -> dict[str, Any]:
    try:
        return _take(job, limits)
    except Refused as refusal:
        return {"fault": refusal.args[0], "remedy": refusal.args[1], "zh": refusal.args[2]}
    except MemoryError:
        raise
    except Exception as error:  # the libraries have many ways to say that a file makes no sense
        what = f"it cannot be opened ({str(error)[:80] or type(error).__name__})"
        return {"fault": what, "remedy": "export it again", "zh": "文件无法打开，请重新导出"}


def _take(job: dict[str, str], limits: dict[str, int]) -> dict[str, Any]:
    source, target = Path(job["source"]), Path(job["target"])
    match job["kind"]:
        case "pdf":
            return _pdf(source, target, limits)
        case "picture":
            return _picture(source, target, limits)
        case "captions":
            return _captions(source, target, limits)
        case "mp3":
            material_tags.strip_mp3(source, target)
            return {"pages": [], "found": {}, "facts": material_facts.of_mp3(target)}
        case _:
            material_tags.strip_boxes(source, target)
    return {"pages": [], "found": {}, "facts": material_facts.of_film(target)}


# -- PDF -----------------------------------------------------------------------------------------------------------


def _pdf(source: Path, target: Path, limits: dict[str, int]) -> dict[str, Any]:
    try:
        with pikepdf.open(source) as document:
            if document.is_encrypted:
                raise Refused(*_ENCRYPTED)
            if len(document.pages) > limits["pages"]:
                count, most = len(document.pages), limits["pages"]
                raise Refused(f"it has {count} pages; at most {most} are taken", "shorten it", f"共 {count} 页，最多 {most} 页，请删减")
            if not document.pages:
                raise Refused("it has no pages", "print it into a new PDF", "文件没有页面，请重新打印为 PDF")
            found = _metadata(document)
            for part in _parts(document):
                _refuse_active(part)
                _strip_part(part)
            del document.docinfo
            document.save(target, deterministic_id=True)
    except pikepdf.PasswordError:
        raise Refused(*_ENCRYPTED) from None
    except (pikepdf.PdfError, ValueError, RecursionError) as error:
        what = f"it is damaged or no PDF ({str(error)[:80]})"
        raise Refused(what, "print it into a new PDF", "文件已损坏或不是 PDF，请重新打印为 PDF") from None
    return {"pages": _render(target, limits), "found": found}


def _metadata(document: pikepdf.Pdf) -> dict[str, str]:
    """What the file says about itself, before it is stripped: the blind scan looks at it too."""
    found = {}
    for key, value in document.docinfo.items():
        if isinstance(value, pikepdf.String) and str(value).strip():
            found[str(key).lstrip("/")] = _clean(str(value))[:500]
    metadata = document.Root.get("/Metadata")
    if isinstance(metadata, pikepdf.Stream):
        text = metadata.read_bytes().decode("utf-8", "replace").translate(dict.fromkeys(map(ord, '<>"'), " "))
        found["XMP"] = _clean(text)[:20_000]
    return found


def _parts(document: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Yield all dictionaries and streams, also those that stand directly inside another."""
    for one in (*document.objects, document.trailer):
        waiting = [one]
        while waiting:
            part = waiting.pop()
            if isinstance(part, pikepdf.Array):
                waiting += [child for child in part if _is_direct(child)]
            elif isinstance(part, pikepdf.Dictionary | pikepdf.Stream):
                yield part
                waiting += [child for _key, child in part.items() if _is_direct(child)]


def _is_direct(part: Any) -> bool:
    return isinstance(part, pikepdf.Array | pikepdf.Dictionary) and part.objgen == (0, 0)


def _refuse_active(part: pikepdf.Object) -> None:
    kind, subtype = str(part.get("/Type", "")), str(part.get("/Subtype", ""))
    if "/EF" in part or "/EmbeddedFiles" in part or kind == "/EmbeddedFile" or subtype == "/FileAttachment":
        zh = "PDF 中嵌入了其他文件，请删除附件，或重新打印为 PDF"
        raise Refused("another file is embedded in it", "remove the attachments, or print it into a new PDF", zh)
    if "/JS" in part or "/XFA" in part or str(part.get("/S", "")) in _ACTIVE or subtype in ("/RichMedia", "/Movie", "/3D"):
        zh = "PDF 中含有脚本或活动内容，请重新打印为 PDF"
        raise Refused("it contains scripts or active content", "print it into a new PDF", zh)


def _strip_part(part: pikepdf.Object) -> None:
    for key in ("/Metadata", "/PieceInfo"):
        if key in part:
            del part[key]
    if "/Rect" in part and str(part.get("/Subtype", "")) != "/Widget":
        for key in ("/T", "/NM", "/M", "/CreationDate"):  # comments bear the name of who wrote them
            if key in part:
                del part[key]
    if isinstance(part, pikepdf.Stream) and str(part.get("/Filter", "")) == "/DCTDecode":
        part.write(material_tags.without_segments(part.read_raw_bytes()), filter=pikepdf.Name.DCTDecode)


def _render(path: Path, limits: dict[str, int]) -> list[dict[str, Any]]:
    """Draw every page beside the target, and read its text."""
    pages: list[dict[str, Any]] = []
    left = limits["characters"]
    with pypdfium2.PdfDocument(path) as document:
        for number in range(len(document)):
            page = document[number]
            wide, high = page.get_size()
            scale = limits["page_width"] / max(wide, high / 3, 1)
            image = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
            text = _clean(page.get_textpage().get_text_bounded())[:left]
            left -= len(text)
            pages.append({**_keep_page(image, path.with_name(f"{path.name}-{number + 1}")), "text": text})
            page.close()
    return pages


def _keep_page(image: Image.Image, place: Path) -> dict[str, Any]:
    """Keep a grey page as PNG of 16 greys, sharp and small, a coloured one as JPEG."""
    red, green, blue = image.split()
    differences = [ImageChops.difference(red, green).getextrema()[1], ImageChops.difference(green, blue).getextrema()[1]]
    if max(int(str(one)) for one in differences) <= GREY_TOLERANCE:
        grey = image.convert("L").point([level * 15 // 255 for level in range(256)])
        grey = Image.frombytes("P", grey.size, grey.tobytes())
        grey.putpalette([level * 17 for level in range(16) for _ in range(3)])
        grey.save(place, "PNG", bits=4)
    else:
        image.save(place, "JPEG", quality=85)
    return {"image": str(place), "width": image.width, "height": image.height}


def _clean(text: str) -> str:
    """Leave out what a database does not take."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


# -- pictures, sound, films, captions ------------------------------------------------------------------------------


def _picture(source: Path, target: Path, limits: dict[str, int]) -> dict[str, Any]:
    try:
        with Image.open(source, formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > limits["pixels"]:
                most = limits["pixels"] // 1_000_000
                raise Refused(f"it has more than {most} million pixels", "make it smaller", f"图片超过 {most * 100} 万像素，请缩小")
            kind = "PNG" if picture.format == "PNG" else "JPEG"
            exif = picture.getexif()
            found = {name: _clean(str(exif[tag]))[:500] for name, tag in (("Artist", 315), ("Copyright", 33432)) if exif.get(tag)}
            plain = picture.format == "JPEG" and exif.get(0x0112, 1) == 1
            colours = picture.info.get("icc_profile")
            clean = picture if plain else ImageOps.exif_transpose(picture)
            clean.load()
            clean.info = {}
            more: dict[str, Any] = {"icc_profile": colours} if colours else {}
            if kind == "JPEG":
                more |= {"quality": "keep"} if plain else {"quality": 95}
            clean.save(target, kind, **more)
    except Refused:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise Refused("it is no JPEG or PNG picture", "save it as JPEG", "文件不是 JPEG 或 PNG 图片，请另存为 JPEG") from None
    facts = {"width": clean.width, "height": clean.height}
    return {"pages": [], "found": found, "type": "image/png" if kind == "PNG" else "image/jpeg", "facts": facts}


def _captions(source: Path, target: Path, limits: dict[str, int]) -> dict[str, Any]:
    try:
        text = source.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("the captions are not in UTF-8", "save them as UTF-8", "字幕不是 UTF-8 编码，请另存为 UTF-8") from None
    if not text.startswith("WEBVTT"):
        raise Refused("the captions are no WebVTT file", "the first line must be WEBVTT", "字幕不是 WebVTT 文件，第一行应为 WEBVTT")
    target.write_text(_clean(text), encoding="utf-8")
    return {"pages": [], "found": {"captions": _clean(text)[: limits["characters"]]}}


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1])), sys.stdout)
