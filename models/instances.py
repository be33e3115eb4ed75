"""A draw of panels as one plain file: entries, reviewers, and who may judge what (the format is in docs/assigning.md)."""

from __future__ import annotations

import csv
import io
import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, FailFast, Field, Tag, ValidationError

from models.errors import Fault, InputError

BEST = 1000
"""Affinity of a reviewer who fits perfectly; 0 is one who does not fit, but may judge."""
_MOST = 1_000_000
"""Seats of an entry and entries of a reviewer at most: far above any award, and small enough for exact sums."""
_SHOWN = 20
_DESCRIBED = "the format is described in docs/assigning.md"

_Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$")]
_Count = Annotated[int, Field(ge=0, le=_MOST)]
_Affinity = Annotated[int, Field(ge=0, le=BEST)]
_PerEntry = Annotated[
    Annotated[_Count, Tag("size")] | Annotated[dict[_Id, _Count], Tag("sizes")],
    Discriminator(lambda value: "sizes" if isinstance(value, dict) else "size"),
]


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class PoolMember(_Plain):
    """A reviewer of an instance."""

    id: _Id
    unit: _Id | None = None
    """Of one unit at most `per_unit` sit on a panel; None = alone."""
    min: _Count = 0
    """Entries that the reviewer should get at least, as far as seats allow."""
    max: _Count
    """Entries that the reviewer takes at most."""
    group: _Id | None = None
    """A group of units with a limit per panel, see `Instance.groups`."""


class Instance(_Plain):
    """Who is to be drawn for what."""

    per_entry: _PerEntry
    """Reviewers for every entry, or for each entry by its id."""
    entries: list[_Id]
    reviewers: list[PoolMember]
    pairs: Annotated[list[Annotated[tuple[str, str, _Affinity], FailFast()]], FailFast()]
    """Entry, reviewer, affinity; whoever is not in a pair with an entry may not judge it."""
    per_unit: _Count = 1
    """Of a unit so many may sit on one panel."""
    groups: dict[_Id, _Count] = {}
    """Group -> how many of it may sit on one panel."""
    together: list[tuple[str, str]] = []
    """Entry and unit: here several of the unit may sit on one panel."""

    def sizes(self) -> dict[str, int]:
        """Entry -> how many reviewers it needs."""
        return {one: self.per_entry if isinstance(self.per_entry, int) else self.per_entry[one] for one in self.entries}


def read(content: bytes, name: str) -> Instance:
    """Read an instance from JSON.

    Args:
        content: The file.
        name: What to call it in messages.

    Raises:
        InputError: it is no JSON, has another shape, or contradicts itself; each fault with its place.
    """
    try:
        found = Instance.model_validate_json(content.removeprefix(BOM_UTF8))
    except ValidationError as wrong:
        errors = wrong.errors(include_url=False, include_context=True)
        raise InputError(_shown([_fault(one, name) for one in errors], name)) from None
    if faults := [*_twice_in_an_object(content, name), *_contradictions(found, name)]:
        raise InputError(_shown(faults, name))
    return found


def read_pairs(content: bytes, name: str) -> tuple[tuple[str, str], ...]:
    """Read the pairs of an earlier draw from CSV with the columns `entry,reviewer`.

    Raises:
        InputError: it is no such file; each fault with its line.
    """
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as wrong:
        raise InputError([Fault(f"it is no CSV in UTF-8: {wrong}", "write it as `jinbang assign` does", file=name)]) from None
    if not rows or rows[0] != ["entry", "reviewer"]:
        said = f"the first line is {_short(','.join(rows[0]))}" if rows else "it is empty"
        raise InputError([Fault(said, "begin with the line entry,reviewer", file=name)])
    faults, found = [], dict.fromkeys((row[0], row[1]) for row in rows[1:] if len(row) == 2)
    for at, row in enumerate(rows[1:], start=2):
        if len(row) not in (0, 2):
            faults.append(Fault(f"it has {len(row)} columns", "write entry and reviewer", file=name, row=at))
    if faults:
        raise InputError(_shown(faults, name))
    return tuple(found)


def _shown(faults: list[Fault], name: str) -> list[Fault]:
    rest = len(faults) - _SHOWN
    return faults[:_SHOWN] + ([Fault(f"{rest} further faults", "correct these first", file=name)] if rest > 0 else [])


def _fault(error: Any, name: str) -> Fault:
    """What pydantic found, as a fault with its place and remedy."""
    kind, given = str(error["type"]), error.get("input")
    field = ""
    for part in error["loc"]:
        if part not in ("size", "sizes", "[key]"):
            field += f"[{part}]" if isinstance(part, int) else f".{part}" if field else str(part)
    if kind == "json_invalid":
        return Fault(str(error["msg"]), f"write one JSON document in UTF-8; {_DESCRIBED}", file=name)
    if kind == "missing":
        return Fault("it is missing", f"add it; {_DESCRIBED}", file=name, field=field)
    if kind == "extra_forbidden":
        return Fault("there is no such field", f"take it out or correct its name; {_DESCRIBED}", file=name, field=field)
    if kind.startswith("int_") or "_than" in kind:
        limits = "from 0 to 1000" if field.startswith("pairs") else f"from 0 to {_MOST:,}"
        return Fault(f"{_short(given)} is not a whole number {limits}", f"write a whole number {limits}", file=name, field=field)
    if kind == "string_pattern_mismatch":
        return Fault(f"{_short(given)} begins or ends with a space, or holds a control character", "take it out", file=name, field=field)
    if kind.startswith("string_"):
        return Fault(f"{_short(given)} is no name or id", 'write a text of 1 to 200 characters, e.g. "A017"', file=name, field=field)
    return Fault(f"{error['msg']}; it is {_short(given)}", _DESCRIBED, file=name, field=field)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _contradictions(found: Instance, name: str) -> Iterator[Fault]:
    yield from _twice("entries", found.entries, name)
    yield from _twice("reviewers", [one.id for one in found.reviewers], name)
    entries, reviewers = set(found.entries), {one.id for one in found.reviewers}
    if isinstance(found.per_entry, dict):
        for one in [one for one in found.entries if one not in found.per_entry]:
            yield Fault(f"entry {one!r} has no size", "add it", file=name, field="per_entry")
        for one in found.per_entry.keys() - entries:
            yield _unknown("entry", one, "entries", name, f"per_entry.{one}")
    yield from _reviewer_faults(found, name)
    units = {one.unit for one in found.reviewers}
    for at, (entry, unit) in enumerate(found.together):
        if entry not in entries:
            yield _unknown("entry", entry, "entries", name, f"together[{at}]")
        if unit not in units:
            yield Fault(f"no reviewer belongs to the unit {unit!r}", "correct it or take the line out", file=name, field=f"together[{at}]")
    seen: dict[str, set[str]] = {one: set() for one in entries}
    for at, (entry, reviewer, _) in enumerate(found.pairs):
        if entry not in entries:
            yield _unknown("entry", entry, "entries", name, f"pairs[{at}][0]")
        elif reviewer not in reviewers:
            yield _unknown("reviewer", reviewer, "reviewers", name, f"pairs[{at}][1]")
        elif reviewer in seen[entry]:
            yield Fault(f"the pair {entry!r}, {reviewer!r} stands here again", "keep one of the two", file=name, field=f"pairs[{at}]")
        else:
            seen[entry].add(reviewer)


def _twice_in_an_object(content: bytes, name: str) -> list[Fault]:
    """Names that stand twice in one object: readers of JSON keep the last and drop the others in silence."""
    faults = []

    def look(parts: list[tuple[str, Any]]) -> None:
        for one, count in Counter(key for key, _ in parts).items():
            if count > 1:
                whose = next((f" of {value!r}" for key, value in parts if key == "id"), "")
                faults.append(Fault(f"the field {one!r}{whose} stands here {count} times", "keep one of them", file=name))

    json.loads(content.removeprefix(BOM_UTF8), object_pairs_hook=look)
    return faults


def _reviewer_faults(found: Instance, name: str) -> Iterator[Fault]:
    group_of: dict[str, str | None] = {}
    for at, one in enumerate(found.reviewers):
        place = f"reviewers[{at}]"
        if one.min > one.max:
            said = f"{one.id!r} should get at least {one.min} entries and takes {one.max} at most"
            yield Fault(said, "lower min or raise max", file=name, field=place)
        if one.group is not None and one.group not in found.groups:
            yield Fault(f"the group {one.group!r} has no limit", "add it to groups", file=name, field=f"{place}.group")
        if one.unit is not None and group_of.setdefault(one.unit, one.group) != one.group:
            said = (
                f"the unit {one.unit!r} stands in two groups, {group_of[one.unit]!r} and {one.group!r}, and a draw is exact only within one"
            )
            yield Fault(said, "give all reviewers of the unit the same group", file=name, field=f"{place}.group")


def _twice(field: str, ids: list[str], name: str) -> Iterator[Fault]:
    for one, count in Counter(ids).items():
        if count > 1:
            yield Fault(f"the id {one!r} stands here {count} times", "give everyone an id of their own", file=name, field=field)


def _unknown(kind: str, one: str, where: str, name: str, field: str) -> Fault:
    return Fault(f"there is no {kind} {_short(one)}", f"correct it, or add it to {where}", file=name, field=field)
