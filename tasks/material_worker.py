"""Opens files that strangers send, each in a process of its own, which may be killed without harm to anybody else.

Run as a script by `tasks.material`: `material_worker.py JOB`, JOB being a JSON file `{"limits": {...}, "jobs": [{"source",
"target", "kind"}, ...]}`. Prints a JSON list with one object per job: `{"pages", "found", "type", "facts"}` or `{"fault", "remedy", "zh"}`.
Imports nothing else of the engine, to start fast.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

if __name__ == "__main__":  # isolated from every other folder, so that nothing of the caller's gets in the way
    sys.path.append(str(Path(__file__).resolve().parent.parent))

from tasks import material_facts, material_tags
from tasks.material_tags import Refused

_TOGETHER = 16
"""So many pictures share a process, unless it fails; then each gets its own."""


def main(job: Path) -> list[dict[str, Any]]:
    """Do every job in a child that may fail alone."""
    order = json.loads(job.read_text(encoding="utf-8"))
    jobs, limits = order["jobs"], order["limits"]
    Image.preinit()
    if any(one["kind"] == "pdf" for one in jobs):
        importlib.import_module("tasks.material_pdf")  # takes longer to load than the rest; once, before the forks
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
            from tasks import material_pdf  # pictures, films and captions do without it

            return material_pdf.taken(source, target, limits)
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


# -- pictures, sound, films, captions ------------------------------------------------------------------------------


def _picture(source: Path, target: Path, limits: dict[str, int]) -> dict[str, Any]:
    try:
        with Image.open(source, formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > limits["pixels"]:
                most = limits["pixels"] // 1_000_000
                raise Refused(f"it has more than {most} million pixels", "make it smaller", f"图片超过 {most * 100} 万像素，请缩小")
            kind = "PNG" if picture.format == "PNG" else "JPEG"
            exif = picture.getexif()
            found = {
                name: material_tags.clean(str(exif[tag]))[:500] for name, tag in (("Artist", 315), ("Copyright", 33432)) if exif.get(tag)
            }
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
    target.write_text(material_tags.clean(text), encoding="utf-8")
    return {"pages": [], "found": {"captions": material_tags.clean(text)[: limits["characters"]]}}


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1])), sys.stdout)
