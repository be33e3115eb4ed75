"""The score sheets of one reviewer as one paper: signed, or blank to be filled in by hand."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from models import subjects
from models.declared import Words
from models.edition import Edition, Entry, Reviewer, ScoreSheet, StageRun
from models.errors import NotFound
from models.process import decimal_text
from models.sheets import Criterion
from models.stages import ScoringStage
from models.store import Store
from rules import calendar, digests, scoring, signatures
from tasks import score_sheet_words as words
from tasks import typesetting

PER_PAGE, PER_WIDE_PAGE = 20, 12
"""Entries on one page, upright and across."""
_WIDE = 6
_TITLE = 60
_MARK = 32
"""Characters of the digest that an address of verification holds: 128 bits."""


class Line(NamedTuple):
    """One entry on the paper."""

    entry: Entry
    criteria: tuple[Criterion, ...]
    sheet: ScoreSheet | None


@dataclass(frozen=True)
class Paper:
    """What stands on the paper of one reviewer."""

    edition: Edition
    run: StageRun
    stage: ScoringStage
    person: Reviewer
    lines: tuple[Line, ...]

    @property
    def sheets(self) -> tuple[ScoreSheet, ...]:
        """The signed sheets, by entry code; none on a blank paper."""
        return tuple(line.sheet for line in self.lines if line.sheet is not None)

    @property
    def at(self) -> datetime:
        """When the last of its sheets was signed; when the stage was opened, if it is blank."""
        signed = [sheet.signed_at for sheet in self.sheets if sheet.signed_at is not None]
        return max(signed, default=self.run.opened_at or self.edition.created_at)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that was signed, whatever the language of the print; empty if it is blank."""
        if not self.sheets:
            return ""
        return digests.digest(
            {
                "edition": self.edition.id,
                "declaration": self.edition.declaration_hash,
                "stage": self.run.name,
                "reviewer": [self.person.code, self.person.name, self.person.unit],
                "sheets": [_content(line.entry, line.sheet) for line in self.lines if line.sheet is not None],
            }
        )

    @property
    def mark(self) -> str:
        """The part of the digest by which the paper is verified."""
        return self.digest[:_MARK]


def signed(store: Store, edition: Edition, position: int, reviewer: str) -> Paper:
    """The paper with all signed sheets of a reviewer.

    Raises:
        NotFound: nothing is signed.
    """
    paper = _collect(store, edition, position, reviewer, blank=False)
    if not paper.lines:
        raise NotFound("nothing has been signed yet", zh="还没有签署任何评分表")
    return paper


def matches(store: Store, edition: Edition, position: int, reviewer: str, mark: str) -> bool:
    """Whether a printed paper with this mark shows what is signed now."""
    if not isinstance(edition.stages[position].declared, ScoringStage):
        return False
    paper = _collect(store, edition, position, reviewer, blank=False)
    return bool(paper.lines) and hmac.compare_digest(paper.mark.encode(), mark.encode("utf-8", "replace"))


def blank(store: Store, edition: Edition, position: int, reviewer: str) -> Paper:
    """The paper with empty cells for everything in a reviewer's hands.

    Raises:
        NotFound: nothing is in the reviewer's hands.
    """
    paper = _collect(store, edition, position, reviewer, blank=True)
    if not paper.lines:
        raise NotFound("nothing is in this reviewer's hands", zh="这位专家没有待评审的申报项")
    return paper


def _collect(store: Store, edition: Edition, position: int, reviewer: str, *, blank: bool) -> Paper:
    run = edition.stages[position]
    if not isinstance(run.declared, ScoringStage):
        raise NotFound(f"stage {position} of {edition.id} is no scoring stage")
    stage, person = run.declared, store.reviewer(reviewer)
    if person.edition != edition.id:
        raise NotFound("this reviewer takes part in another edition")
    sheets = {} if blank else {one.entry: one for one in store.sheets(edition.id, position, reviewer=reviewer, signed=True)}
    pairs = [one for one in store.assignments(edition.id, position, reviewer=reviewer) if not one.recused]
    entries = store.entries_by_id(one.entry for one in pairs if blank or one.entry in sheets)
    ordered = sorted(entries.values(), key=lambda one: (one.class_name if stage.criteria_by_class else "", one.code))
    lines = tuple(Line(entry, stage.sheet_of(entry.class_name), sheets.get(entry.id)) for entry in ordered)
    return Paper(edition, run, stage, person, lines)


def _content(entry: Entry, sheet: ScoreSheet) -> dict[str, Any]:
    return {
        "entry": entry.code, "title": entry.title, "marks": {name: decimal_text(mark.normalize()) for name, mark in sheet.marks.items()},
        "skipped": list(sheet.skipped), "fatal": sheet.fatal, "comment": sheet.comment, "advice": sheet.advice,
        "keyed_by": sheet.keyed_by, "signed_as": sheet.signed_as, "signature": sheet.signature,
        "signed_at": sheet.signed_at.isoformat() if sheet.signed_at else "",
    }  # fmt: skip


def address(paper: Paper, base_url: str) -> str:
    """Where a printed paper can be verified."""
    return f"{base_url.rstrip('/')}/verify/{paper.edition.id}/{paper.person.code}/{paper.mark}"


def pdf(paper: Paper, *, locale: str, base_url: str) -> bytes:
    """The paper in a language; the same paper gives the same bytes.

    Raises:
        NoFont: no Chinese font is installed.
    """
    said = words.WORDS["zh" if locale.startswith("zh") else "en"]
    wide = max(len(line.criteria) for line in paper.lines) > _WIDE
    printed = {
        "lang": said["lang"], "title": said["title"], "author": paper.person.name, "wide": wide, "award": _award(paper, locale, said),
        "facts": _facts(paper, locale, said), "heads": said["heads"], "statement": said["statement"], "sign": said["sign"],
        "day": said["day"], "legend": said["legend"], "pages": said["pages"], "scan": said["scan"],
        "signed": _signed(paper, said), "signature": _drawing(paper), "digest": paper.digest,
        "qr": typesetting.qr(address(paper, base_url)) if paper.digest else "", "parts": list(_parts(paper, locale, said, wide=wide)),
    }  # fmt: skip
    return typesetting.pdf("score_sheet", printed, at=paper.at)


def _award(paper: Paper, locale: str, said: words.Said) -> str:
    title = paper.edition.process.title.get(locale)
    whole = title if paper.edition.label in title else said["labelled"].format(title=title, label=paper.edition.label)
    return f"{said['rehearsal']} {whole}" if paper.edition.rehearsal else whole


def _facts(paper: Paper, locale: str, said: words.Said) -> list[list[str]]:
    hosts = sorted(paper.edition.process.hosts, key=lambda host: not host.lead)
    return [
        [said["reviewer"], f"{paper.person.name} {paper.person.title}".strip()],
        [said["code"], paper.person.code],
        [said["unit"], paper.person.unit],
        [said["hosts"], said["and_"].join(host.name.get(locale) for host in hosts)],
    ]


def _signed(paper: Paper, said: words.Said) -> list[str]:
    """One line for each time that something was signed."""
    zone = paper.edition.process.time_zone
    seen: dict[str, list[str]] = {}
    for line in paper.lines:
        if line.sheet is None or line.sheet.signed_at is None:
            continue
        at = f"{calendar.to_local(line.sheet.signed_at, zone):%Y-%m-%d %H:%M}"
        day = signatures.paper_day(line.sheet.signed_as)
        text = said["paper"] if day else said["typed"]
        text = text.format(name=line.sheet.signed_as, at=at, day=day, by=line.sheet.keyed_by)
        seen.setdefault(text, []).append(line.entry.code)
    if len(seen) == 1:
        return list(seen)
    return [f"{text}{said['of'].format(codes=_few(codes))}" for text, codes in seen.items()]


def _few(codes: Sequence[str]) -> str:
    return ", ".join(codes) if len(codes) <= 6 else f"{', '.join(codes[:5])} … ({len(codes)})"


def _drawing(paper: Paper) -> str:
    """The last drawn signature as a picture."""
    drawn = [sheet for sheet in paper.sheets if sheet.signature and sheet.signed_at]
    if not drawn:
        return ""
    last = max(drawn, key=lambda sheet: sheet.signed_at or paper.at)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {signatures.WIDTH} {signatures.HEIGHT}"><path d="{last.signature}" '
        'fill="none" stroke="#102a5c" stroke-width="8" stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )  # fmt: skip


def _parts(paper: Paper, locale: str, said: words.Said, *, wide: bool) -> Iterator[dict[str, Any]]:
    """The tables, each for one page."""
    per_page, number = PER_WIDE_PAGE if wide else PER_PAGE, 0
    for criteria, group in groupby(paper.lines, key=lambda line: line.criteria):
        lines = list(group)
        for start in range(0, len(lines), per_page):
            rows = []
            for line in lines[start : start + per_page]:
                number += 1
                rows.append(_row(paper, line, number, locale, said))
            title = paper.edition.process.class_named(lines[0].entry.class_name).title.get(locale) if paper.stage.criteria_by_class else ""
            yield {"title": title, "columns": [_column(one, locale, said) for one in criteria], "rows": rows}


def _column(criterion: Criterion, locale: str, said: words.Said) -> dict[str, str]:
    bounds = f"0–{decimal_text(criterion.max)}"
    if criterion.informative:
        bounds = f"{bounds} {said['informative']}"
    elif criterion.weight is not None:
        bounds = f"{bounds} × {criterion.weight}"
    return {"title": criterion.title.get(locale), "range": bounds}


def _row(paper: Paper, line: Line, number: int, locale: str, said: words.Said) -> dict[str, Any]:
    sheet, title = line.sheet, title_on_paper(paper, line.entry, locale)
    row = {"number": number, "code": line.entry.code, "title": title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"}
    if sheet is None:
        return {**row, "marks": [""] * len(line.criteria), "total": "", "notes": ""}
    total = scoring.total(line.criteria, sheet.marks, sheet.skipped)
    notes = [said["comment"]] * bool(sheet.comment or sheet.advice) + [said["keyed"]] * bool(sheet.keyed_by)
    notes += [flaw.title.get(locale) for flaw in paper.stage.fatal if flaw.name == sheet.fatal]
    return {
        **row,
        "marks": [decimal_text(sheet.marks[one.name]) if one.name in sheet.marks else "—" for one in line.criteria],
        "total": "" if total is None else decimal_text(scoring.half_up(total, 2).normalize()),
        "notes": said["and_"].join(notes),
    }


def title_on_paper(paper: Paper, entry: Entry, locale: str) -> str:
    """The title, or what stands for it where the title is a name and the review is double blind (rule R6)."""
    columns = subjects.core_columns(paper.edition.process, entry.class_name)
    if paper.stage.blind == "double" and next(one for one in columns if one.name == "title").identifying:
        title: Words = paper.edition.process.class_named(entry.class_name).title
        return title.get(locale)
    return entry.title
