"""Made-up anonymous papers for rehearsals, so that reviewers have pages to look at; a few name an author on purpose."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from models.intake import NewEntry
from tasks import samples_words as words
from tasks import typesetting
from tasks.samples_values import DOCUMENTS

FIELD = "blind_text"
LEAKS_ABOVE, LEAKS_BELOW = 4, 9
"""Which documents name an author: one under its title, one in its thanks, as happens in practice."""
_MADE = datetime(2026, 1, 12, tzinfo=UTC)
_HEADS = ("一、引言", "二、方法", "三、结果与讨论")


def write_papers(path: Path, entries: Iterable[NewEntry], seed: int) -> int:
    """Pack a document for every entry that names one; write nothing if none does. Yields how many.

    Raises:
        NoFont: this machine has no font for them.
    """
    named = [entry for entry in entries if entry.fields.get(FIELD)][:DOCUMENTS]
    if not named:
        return 0
    typesetting.fonts()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        for number, entry in enumerate(named, start=1):
            packed.writestr(zipfile.ZipInfo(entry.fields[FIELD], _MADE.timetuple()[:6]), draw_paper(entry, number, seed))
    return len(named)


def draw_paper(entry: NewEntry, number: int, seed: int) -> bytes:
    """Set a PDF of two pages; the same entry, number and seed give the same document."""
    dice = random.Random(f"{seed}:{entry.key}")  # noqa: S311  (invents papers, guards nothing)
    first = entry.fields["authors"][0]
    thanks = [f"致谢：感谢{first['unit'] or entry.unit}{first['name']}在观测中给予的帮助。"] if number == LEAKS_BELOW else []
    values = {
        "title": entry.title,
        "author": first["name"] if number == LEAKS_BELOW else "",
        "byline": f"{first['name']}（{first['unit'] or entry.unit}）" if number == LEAKS_ABOVE else "",
        "abstract": f"摘要：{_paragraph(dice, entry.title)}",
        "parts": [{"head": head, "lines": [_paragraph(dice, entry.title) for _ in range(2)]} for head in _HEADS],
        "bars": [dice.randint(12, 48) for _ in range(6)],
        "caption": "图1　六个示范点的观测值（虚构）",
        "table": [["示范点", "样本数", "均值", "标准差"], *([name, *_figures(dice)] for name in ("甲", "乙", "丙", "丁"))],
        "ending": [_paragraph(dice, entry.title), *thanks],
        "note": "演示文件，内容均为虚构",
    }
    return _packed(typesetting.pdf("sample_paper", values, at=_MADE))


def _packed(content: bytes) -> bytes:
    """The same document in fewer bytes: the samples travel with the program."""
    import pikepdf  # takes a while to load, and only those who make samples need it

    smaller = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(smaller, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return smaller.getvalue()


def _paragraph(dice: random.Random, topic: str) -> str:
    return "".join(dice.sample(words.PAPER_SENTENCES, 4)).format(topic=topic)


def _figures(dice: random.Random) -> list[str]:
    return [str(dice.randint(20, 90)), f"{dice.uniform(1, 9):.2f}", f"{dice.uniform(0.1, 0.9):.2f}"]
