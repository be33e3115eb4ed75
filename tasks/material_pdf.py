"""PDF, opened for `tasks.material_worker` in a process that may be killed: stripped of what it does and of whom it names, and drawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
from PIL import Image, ImageChops

from tasks import material_tags
from tasks.material_tags import Refused, clean

GREY_TOLERANCE = 12
"""Colour channels that differ by no more than this are the noise of a scanned grey page."""
_ACTIVE = frozenset(("/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/RichMediaExecute"))
_ENCRYPTED = ("it is encrypted", "save it without a password and without restrictions", "文件已加密，请取消密码和权限限制后重新保存")


def taken(source: Path, target: Path, limits: dict[str, int]) -> dict[str, Any]:
    """Keep a stripped copy of a PDF and pictures of its pages. Yields its pages and what it said about itself.

    Raises:
        Refused: it is encrypted, damaged, active, too long, or carries other files.
    """
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
            found[str(key).lstrip("/")] = clean(str(value))[:500]
    metadata = document.Root.get("/Metadata")
    if isinstance(metadata, pikepdf.Stream):
        text = metadata.read_bytes().decode("utf-8", "replace").translate(dict.fromkeys(map(ord, '<>"'), " "))
        found["XMP"] = clean(text)[:20_000]
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
            text = clean(page.get_textpage().get_text_bounded())[:left]
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
