"""The reference of process files, written from the classes that check them: `docs/processes.md`."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from config import faults
from config.conflict_reference import conflict_part
from models import asking, declared, draw_rules, process, sheets, stages, subjects, tie_breaks

_INTRODUCTION = """\
# Process files

One award is one YAML file: what is awarded, to what, put forward by whom, in which stages. The file states facts - dates,
counts, weights - and never how things are done. This page is written by `python -m config.reference` from the classes that
check the files, so it cannot disagree with them.

## Adding an award

1. Copy the file in `config/processes/` that is nearest to yours: `papers.yaml` (one class, tiers, disciplines, double blind),
   `volunteers.yaml` (three classes, a score sheet each), `innovation.yaml` (clearance, joint sign-off, recommendation) or
   `artworks.yaml` (six classes, age groups, exhibition). An installation may keep its files in a folder of its own and name
   it in `JINBANG_PROCESSES`.
2. Name the copy after the award and write the same word at `name:`, e.g. `young_talents.yaml` and `name: young_talents`.
3. Change the facts. Every number of awards carries a `source`: the document that says it.
4. Run `jinbang validate FILE`. Every fault is told at once, with line, column, what is wrong, and a remedy.
5. Run `jinbang graph NAME` to see the stages, `jinbang rehearse NAME` to see a whole edition on synthetic people, and
   `jinbang open NAME` to open it. No code knows the name of an award, so nothing else has to change.

An edition keeps the declaration it was opened with; changing the file later changes the next edition only.

The smallest file that runs:

```yaml
"""

EXAMPLE = """\
name: young_talents
title: {zh: 示例省青年科技人才评选, en: Young Talents of Example Province}
edition: "2026"
basis: {document: 示例省科协年度工作要点, approved_by: 示例省科协党组}
hosts: [{name: {zh: 示例省科学技术协会, en: Example Province Association}}]
classes:
  - {name: person, title: {zh: 青年人才, en: Young talent}, subject: person, counter: 名, awards: 10, source: 年度工作要点第三条}
nominators:
  society: {title: {zh: 省级学会, en: Provincial society}, max: {person: 2}}
stages:
  - {kind: submission, opens: 2026-03-01, closes: 2026-03-31}
  - kind: scoring
    closes: 2026-04-20
    panel: 3
    criteria:
      - {name: originality, title: {zh: 创新性, en: Originality}, max: 60}
      - {name: impact, title: {zh: 影响力, en: Impact}, max: 40}
  - {kind: shortlisting, closes: 2026-04-25, ratio: 1.5}
  - {kind: voting, closes: 2026-05-08, committee: 7}
  - {kind: notice, days: 5, objections_to: {zh: 示例省科协人才处，电话 000-0000, en: "Talent Office, telephone 000-0000"}}
  - {kind: publication, opens: 2026-05-25}
"""

_VALUES = """\
```

## How values are written

| value | how | meaning |
|---|---|---|
| name | `first_prize` | lower-case a-z, digits and `_`, beginning with a letter, at most 40 characters |
| two languages | `{zh: 一等奖, en: First prize}` | both are required |
| opening time | `2026-01-12` or `"2026-01-12 09:00"` | a bare date is its first moment, in the process's `time_zone` |
| closing time | `2026-03-31` or `"2026-03-31 24:00"` | a bare date is its end: 24:00 of that day; `2026年3月31日24时` is read too |
| fraction | `2/3` | more than 0, at most 1, exact; thresholds include it |
| number | `1.2` | decimal, exact as written |
| text | `"2026"` | put what looks like a number in quotes |

A *block* is keys and values, indented below their key and described in a table of its own. Keys stand once; unknown keys
are refused; `on:`, `<<:` and tags are not read. `&name` and `*name` repeat a part that is the same in several places.
A key marked **not yet** belongs to the vocabulary and is refused until it works, so that no declaration is ever obeyed in part.
"""

_PARTS: tuple[tuple[str, type[declared.Declared]], ...] = (
    ("The process", process.Process),
    ("`basis`", process.Basis),
    ("`hosts`", process.Host),
    ("`classes`", process.AwardClass),
    ("`fields` of a class", process.FormField),
    ("`media` of a field", asking.Media),
    ("`tiers`", process.Tier),
    ("`groups`", process.Groups),
    ("`sets` of groups", process.Group),
    ("`nominators`", process.NominatorType),
    ("`share` of nominators", asking.ShareOfRound),
)
_STAGE_PARTS: dict[str, tuple[tuple[str, type[declared.Declared]], ...]] = {
    "submission": (
        ("`reason_codes`", asking.ReasonCode),
        ("`publicity_proof`", asking.PublicityProof),
        ("`not_again`", asking.NotAgain),
        ("`composition`", asking.Composition),
    ),
    "scoring": (
        ("`criteria`", sheets.Criterion),
        ("`anchors` of a criterion", sheets.Anchor),
        ("`fatal`", sheets.Flaw),
        ("`distribution`", sheets.Distribution),
        ("`aggregate`", stages.Aggregate),
        ("`flags`", stages.Flags),
        ("`top_up`", stages.TopUp),
        ("`draw`", draw_rules.DrawRules),
        ("`groups` of a draw", draw_rules.UnitGroup),
    ),
    "shortlisting": (("`re_review`", tie_breaks.ReReview),),
    "signoff": (("`parties`", stages.Party),),
}
_READERS = {
    declared.LocalTime: "opening time",
    declared.ClosingTime: "closing time",
    declared.Share: "fraction",
    declared.Exact: "number",
    declared.Slug: "name",
}
_SIMPLE = {str: "text", int: "whole number", bool: "true or false", dict: "keys and values", Decimal: "number", Fraction: "fraction"}


def reference() -> str:
    """Write the whole page, in Markdown."""
    parts = (*_process_part(), *_stage_part(), *conflict_part(), *_subject_part())
    return "\n".join([_INTRODUCTION + EXAMPLE + _VALUES, *parts]).rstrip() + "\n"


def _process_part() -> Iterator[str]:
    yield "## What is awarded\n"
    for heading, owner in _PARTS:
        yield from _section(f"### {heading}", owner)


def _stage_part() -> Iterator[str]:
    common = set.intersection(*(set(owner.model_fields) for owner in stages.STAGE_CLASSES.values())) - {"kind"}
    yield "## Stages\n"
    yield "The order, repetition and omission of stages is yours, within what makes sense: a submission comes first, a publication"
    yield "last, scoring after submission, shortlisting after scoring, everything else after shortlisting. Every stage has these keys:\n"
    yield from _table({name: field for name, field in stages.NoticeStage.model_fields.items() if name in common})
    for kind, owner in stages.STAGE_CLASSES.items():
        own = {name: field for name, field in owner.model_fields.items() if name not in common or field.is_required()}
        yield f"### `kind: {kind}`\n\n{_first_line(owner)}\n"
        yield from _table({name: field for name, field in own.items() if name != "kind"})
        for heading, part in _STAGE_PARTS.get(kind, ()):
            yield from _section(f"#### {heading}", part)


def _subject_part() -> Iterator[str]:
    yield "## What is asked of every subject\n"
    yield "A class asks for the fields of its `subject` and for its own `fields`; an own field with the name of a common one takes"
    yield "its place. Each is a column of the nominators' spreadsheet, found under its name, its titles or its `headers`.\n"
    for kind, common in subjects.COMMON_FIELDS.items():
        yield f"### `subject: {kind}`\n\n| field | 中文 | kind | notes |\n|---|---|---|---|"
        for field in (*subjects.CORE_COLUMNS[kind], *common):
            marks = [name for name in ("required", "published", "private", "identifying") if getattr(field, name)]
            limit = [f"at most {field.max_length}"] if field.max_length else []
            yield f"| `{field.name}` | {field.title.zh} | {field.kind} | {', '.join([*marks, *limit])} |"
        yield ""


def _section(heading: str, owner: type[declared.Declared]) -> Iterator[str]:
    yield f"{heading}\n\n{_first_line(owner)}\n"
    yield from _table(owner.model_fields)


def _table(fields: dict[str, FieldInfo]) -> Iterator[str]:
    yield "| key | type | default | meaning |\n|---|---|---|---|"
    later = {name: field for name, field in fields.items() if _later(field)}
    for name, field in fields.items():
        if name not in later:
            yield f"| `{name}` | {_type(faults.annotation_of(field))} | {_default(name, field)} | {_meaning(field)} |"
    for name, field in later.items():
        yield f"| `{name}` | **not yet** | | {_later(field)} |"
    yield ""


def _first_line(owner: type[Any]) -> str:
    return " ".join((inspect.getdoc(owner) or "").split("\n\n")[0].split())


def _later(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra["later"]) if isinstance(extra, dict) and "later" in extra else ""


def _meaning(field: FieldInfo) -> str:
    text = " ".join((field.description or "").split())
    waiting = faults.promised_values(faults.annotation_of(field))
    causes = {what: [f"`{value}`" for value, cause in waiting.items() if cause == what] for what in waiting.values()}
    notes = [f"**Not yet**: {', '.join(values)} ({what})." for what, values in causes.items()]
    return " ".join([text, *notes]).strip()


def _default(name: str, field: FieldInfo) -> str:
    if name == "name" and field.default == "":
        return "the kind"
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ((), {}, ""):
        return ""
    if isinstance(value, declared.Declared):
        return "its defaults"
    if isinstance(value, tuple) and isinstance(value[0], asking.ReasonCode):
        return "the usual ones: " + ", ".join(f"`{one.name}`" for one in value)
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(annotation: Any) -> str:
    for known, name in _READERS.items():
        if annotation == known or _reads_like(annotation, known):
            return name
    if any(getattr(one, "pattern", None) == declared.SLUG for one in getattr(annotation, "__metadata__", ())):
        return "name"
    origin, args = get_origin(annotation), [one for one in get_args(annotation) if one is not type(None)]
    if origin is Annotated:
        return _type(args[0])
    if origin is Literal:
        return " · ".join(f"`{one}`" for one in args)
    if origin is tuple:
        return f"list of {_type(args[0])}"
    if origin is dict:
        return f"{_type(args[0])} → {_type(args[1])}"
    if origin in (Union, types.UnionType):
        return "stage" if len(args) > 1 else _type(args[0])
    if annotation is declared.Words:
        return "two languages"
    return _SIMPLE.get(annotation, "opening time" if annotation is datetime else "block")


def _reads_like(annotation: Any, known: Any) -> bool:
    """Whether an annotation begins with the same reader as one of ours; limits may follow."""
    readers = [one for one in getattr(annotation, "__metadata__", ()) if isinstance(one, BeforeValidator)]
    return bool(readers) and readers[0] in getattr(known, "__metadata__", ())


if __name__ == "__main__":
    print(reference(), end="")
