"""What a nominating unit states of itself: its own first round, its ranked list, the proof of its publicity (rules N1, N3 and N6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from models.declared import Words
from models.edition import SET_ASIDE, Edition, Entry, Nominator
from models.errors import Fault, InputError, NotAllowed
from models.process import AwardClass
from models.stages import SubmissionStage
from models.store import Store
from models.subjects import fields_of
from models.submitting import Fact, Upload
from rules import proofs, quotas, ranking
from rules.cells import CellRefused, read_date
from rules.text import TextRefused, clean, halfwidth
from tasks import own_forms
from tasks.checking import work_calendar
from tasks.installation import database

URL_MAX = 500
"""Characters of the address of a unit's notice."""
RESULT_MAX = 1000
"""Characters of what came of it."""
PUBLICITY_FILE = "publicity"
"""Field of the uploaded picture or copy of a unit's notice."""
_DIGITS = 6
"""Digits of a number of entries; a guard, not a rule."""


@dataclass(frozen=True, slots=True)
class RankedList:
    """A unit's entries of one class, in their order."""

    declared: AwardClass
    entries: tuple[Entry, ...]
    refusal: Words | None
    """What keeps it from being handed in as ranked; None if nothing does, or nothing is ranked here."""


def stage_of(edition: Edition) -> SubmissionStage:
    """The submission of an edition."""
    stage = edition.process.stages[0]
    assert isinstance(stage, SubmissionStage)  # noqa: S101 - a process begins with a submission
    return stage


# -- the first round ------------------------------------------------------------------------------------------------


def shared_classes(edition: Edition, unit: Nominator) -> tuple[AwardClass, ...]:
    """Classes whose quotas are shares of this unit's own first round."""
    declared = edition.process.nominators.get(unit.type)
    if declared is None or declared.share is None:
        return ()
    by = declared.share.by
    asking = (one for one in edition.process.classes if any(field.name == by for field in fields_of(edition.process, one.name)))
    return tuple(one for one in asking if one.name in declared.max)


def state_first_round(edition_id: str, nominator: str, numbers: Mapping[str, str]) -> None:
    """Keep how many entries took part in the unit's own first round: class -> number, as typed.

    Raises:
        NotAllowed: nominations have not begun.
        TooLate: they are over.
        InputError: no whole number (`first_round:<class>`), or fewer than the unit has handed in already.
    """
    with database().write() as store:
        edition, unit = _open(store, edition_id, nominator)
        own, known, faults = _own(store, edition, unit), store.facts(unit.id), []
        for one in shared_classes(edition, unit):
            name, typed = f"{quotas.FIRST_ROUND}:{one.name}", halfwidth(numbers.get(one.name, "")).strip()
            if not (typed.isascii() and typed.isdigit() and len(typed) <= _DIGITS):
                faults.append(Fault(f"{typed[:20]!r} is no whole number", "write 0, 1, 2 …", field=name, column="number"))
                continue
            handed_in = sum(entry.class_name == one.name for entry in own)
            if int(typed) < handed_in:
                faults.append(Fault(f"{handed_in} are handed in already", "write how many took part", field=name, column="fewer"))
                continue
            if name not in known or known[name].value != int(typed):
                _state(store, edition, unit, name, int(typed))
        if faults:
            raise InputError(faults)


# -- the ranked list ------------------------------------------------------------------------------------------------


def lists(store: Store, edition: Edition, unit: Nominator) -> tuple[RankedList, ...]:
    """The unit's entries by class, in their order."""
    own, ranked = _own(store, edition, unit), stage_of(edition).ranked
    found = []
    for one in edition.process.classes:
        entries = _ordered(entry for entry in own if entry.class_name == one.name)
        if entries:
            found.append(RankedList(one, entries, ranking.refusal([entry.rank for entry in entries]) if ranked else None))
    return tuple(found)


def move(edition_id: str, nominator: str, code: str, by: int) -> None:
    """Move an entry up (-1) or down (1) on the unit's list of its class; the list is then numbered from 1 without gaps.

    Raises:
        NotFound: the unit has no such entry.
        NotAllowed: nominations have not begun, or the entry does not stand.
        TooLate: they are over: the list is frozen.
    """
    with database().write() as store:
        edition, unit = _open(store, edition_id, nominator)
        entry = own_forms.own_entry(store, f"{edition_id}/e/{code}", unit.id)
        order = [one.id for one in _ordered(one for one in _own(store, edition, unit) if one.class_name == entry.class_name)]
        if entry.id not in order:
            raise NotAllowed(f"{code} does not stand on the list; it is {entry.state}")
        place = order.index(entry.id)
        order.insert(min(max(place + by, 0), len(order) - 1), order.pop(place))
        store.set_ranks({one: number for number, one in enumerate(order, start=1)})


def put_in_order(edition_id: str, nominator: str, class_name: str, places: Mapping[str, str]) -> None:
    """Keep the places that were typed: code -> place. They must run from 1 without gaps.

    Raises:
        NotAllowed: nominations have not begun.
        TooLate: they are over: the list is frozen.
        InputError: a place is no number (`rank:<code>`), or the places have gaps (`ranks`, in words).
    """
    with database().write() as store:
        edition, unit = _open(store, edition_id, nominator)
        own = [one for one in _own(store, edition, unit) if one.class_name == class_name]
        read, faults = {}, []
        for entry in own:
            typed = halfwidth(places.get(entry.code, "")).strip()
            if typed.isascii() and typed.isdigit() and len(typed) <= _DIGITS:
                read[entry.id] = int(typed)
            else:
                faults.append(Fault(f"{typed[:20]!r} is no place", "write 1, 2, 3 …", field=f"rank:{entry.code}", column="number"))
        if faults:
            raise InputError(faults)
        if (said := ranking.refusal(read.values())) is not None:
            raise InputError([Fault(said.en, field="ranks", zh=said.zh)])
        store.set_ranks(read)


# -- publicity ------------------------------------------------------------------------------------------------------


def publicity_file(store: Store, edition: Edition, unit: Nominator) -> Upload | None:
    """The latest file that shows the unit's notice, whatever became of it."""
    own = (one for one in store.uploads(nominator=unit.id) if one.edition == edition.id)
    return next((one for one in own if one.draft is None and one.field == PUBLICITY_FILE), None)


def state_publicity(edition_id: str, nominator: str, *, first: str, last: str, url: str, result: str) -> Words | None:
    """Keep from when until when the unit's notice hung, where, and what came of it. Yields what is still wrong with it, in words.

    Raises:
        NotAllowed: nominations have not begun, or no publicity is asked.
        TooLate: they are over.
        InputError: `from`, `until`, `url` or `result` cannot be read.
    """
    with database().write() as store:
        edition, unit = _open(store, edition_id, nominator)
        proof = stage_of(edition).publicity_proof
        if proof is None:
            raise NotAllowed(f"{edition_id} asks for no publicity of the units")
        faults: list[Fault] = []
        said: dict[str, Any] = {"from": _day(first, "from", faults), "until": _day(last, "until", faults)}
        said |= {"url": _words(url, "url", URL_MAX, faults), "result": _words(result, "result", RESULT_MAX, faults)}
        if said["url"] and not str(said["url"]).startswith(("http://", "https://")):
            faults.append(Fault("that is no address of a page", "begin it with https://", field="url", column="url"))
        if faults:
            raise InputError(faults)
        kept = publicity_file(store, edition, unit)
        said["upload"] = kept.id if kept is not None and kept.state == "kept" else ""
        _state(store, edition, unit, proofs.FACT, said)
        return publicity_refusal(store, edition, said)


def publicity_refusal(store: Store, edition: Edition, said: Any) -> Words | None:
    """Why the stated publicity does not suffice; None if it does, or if none is asked (rule N6)."""
    proof = stage_of(edition).publicity_proof
    if proof is None:
        return None
    now, zone = store.edition_now(edition.id), edition.process.time_zone
    return proofs.refusal(proof, said, now=now, zone=zone, calendar=work_calendar())


def _day(text: str, field: str, faults: list[Fault]) -> str:
    try:
        day = read_date(clean(text, max_length=40))
        date.fromisoformat(day)
    except (CellRefused, TextRefused, ValueError):
        faults.append(Fault(f"{text[:40]!r} is no date", "write 2026-05-06", field=field, column="date"))
        return ""
    return day


def _words(text: str, field: str, longest: int, faults: list[Fault]) -> str:
    try:
        return clean(text, max_length=longest)
    except TextRefused as refused:
        faults.append(Fault(str(refused), "correct it", field=field, column="text"))
        return ""


# -- for the office -------------------------------------------------------------------------------------------------


def told(edition: Edition, unit: Nominator, facts: Mapping[str, Fact]) -> list[tuple[Words, str]]:
    """What a unit has stated of itself: label and value, for the office."""
    lines = []
    for one in shared_classes(edition, unit):
        name = f"{quotas.FIRST_ROUND}:{one.name}"
        if name in facts:
            label = Words(zh=f"本单位初评：{one.title.zh}", en=f"Own first round: {one.title.en}")
            lines.append((label, f"{facts[name].value} {one.counter}"))
    if stage_of(edition).publicity_proof is not None and proofs.FACT in facts:
        said = facts[proofs.FACT].value
        lines.append((Words(zh="本单位公示", en="Own publicity"), f"{said.get('from')} — {said.get('until')} {said.get('url')}".strip()))
        if said.get("result"):
            lines.append((Words(zh="公示结果", en="Result of the publicity"), str(said["result"])))
    return lines


# -- small helpers --------------------------------------------------------------------------------------------------


def _open(store: Store, edition_id: str, nominator: str) -> tuple[Edition, Nominator]:
    edition = store.edition(edition_id)
    own_forms.may_change(store, edition, to_change=True)
    return edition, own_forms.unit_of(store, edition, nominator)


def _own(store: Store, edition: Edition, unit: Nominator) -> list[Entry]:
    return [one for one in store.entries(edition.id) if one.nominator == unit.id and one.state not in SET_ASIDE]


def _ordered(entries: Collection[Entry] | Any) -> tuple[Entry, ...]:
    listed: Sequence[Entry] = list(entries)
    return tuple(sorted(listed, key=lambda one: (one.rank is None, one.rank or 0, one.code)))


def _state(store: Store, edition: Edition, unit: Nominator, name: str, value: Any) -> None:
    actor = f"nominator:{unit.id}"
    store.put_fact(Fact(unit.id, name, value, store.edition_now(edition.id), actor))
    store.append(edition.id, "FactStated", actor=actor, nominator=unit.id, fact=name, value=value)
