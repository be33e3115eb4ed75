"""Nominators ask that people do not judge their entries; the office, or the rule, grants it (rule R3). Each call is one transaction.

Requests belong to the unit and not to a single entry, as does the limit: they are made on the unit's own paper, hold for all of its
entries, and do not multiply with their number.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from models.edition import Assignment, Edition, Entry, Reviewer, StageRun
from models.errors import Fault, InputError, NotAllowed, NotFound, Stale
from models.relations import BY_RULE, Avoidance, AvoidanceState
from models.stages import ScoringStage
from models.store import Store
from notifications import messages
from rules import relations
from rules.conflicts import name_key, unit_key
from rules.text import TextRefused, clean, clean_name, clean_unit
from rules.units import Units
from tasks import conflicts, own_forms, recusing, reviewing, substitutes
from tasks.installation import database

NAME_MAX = 100
REASON_MAX = 500
"""Characters of a reason."""


class Outdated(Stale):
    """Requests were decided, or made anew, since they were shown; it carries them as they are now."""

    def __init__(self, now: Sequence[Avoidance]) -> None:
        told = ", ".join(f"{one.name}: {one.state} by {one.by or 'nobody'}" for one in now)
        super().__init__(f"requests have changed since they were shown ({told}); look at them again, then decide")
        self.now = tuple(now)


def version(request: Avoidance) -> str:
    """What tells a request as it was shown from what became of it since; the page hands it back with the answer."""
    parts = (request.asked_at.isoformat(), request.reason, request.state, request.by, request.decision, str(request.decided_at))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def stage_of(edition: Edition) -> ScoringStage | None:
    """The scoring stage whose declaration lets nominators ask; None if none does."""
    declared = (run.declared for run in edition.stages)
    return next((one for one in declared if isinstance(one, ScoringStage) and one.avoid_requests), None)


def ask(edition_id: str, nominator: str, *, name: str, unit: str, reason: str) -> Avoidance:
    """Keep a unit's request, while nominations are open; what the rule grants at once is mailed as the office's decision would be.

    Raises:
        NotAllowed: this edition takes no such requests, or nominations have not begun.
        TooLate: nominations are over.
        InputError: `name`, `unit` or `reason` is missing or unreadable, the person was named before, or the limit is reached (`name`).
    """
    with database().write() as store:
        edition = store.edition(edition_id)
        stage = stage_of(edition)
        if stage is None:
            raise NotAllowed(f"{edition_id} takes no requests to avoid reviewers")
        own_forms.may_change(store, edition, to_change=True)
        own = store.avoidances(edition_id, nominator=nominator)
        read = _read(name, unit, reason)
        _refuse_more(stage, own, read["name"], read["unit"])
        now = store.edition_now(edition_id)
        known = (name_key(read["name"]), unit_key(read["unit"]))
        granted = stage.avoid_grants == "automatic"
        made = Avoidance(
            hashlib.sha256("\x1f".join((nominator, *known)).encode()).hexdigest()[:40], edition_id, nominator, **read,
            state="granted" if granted else "asked", asked_at=now, decision="", by=BY_RULE if granted else "",
            decided_at=now if granted else None,
        )  # fmt: skip
        store.put_avoidance(made)
        store.append(edition_id, "AvoidanceAsked", actor=f"nominator:{nominator}", request=made.id, state=made.state, **read)
        if granted:
            run, _stage = conflicts.stage_of(edition)
            _tell(store, edition, run, [made])
        return made


def take_back(edition_id: str, nominator: str, request: str) -> None:
    """Forget a unit's own request, while nominations are open.

    Raises:
        NotFound: the unit has no such request.
        NotAllowed: nominations have not begun.
        TooLate: nominations are over.
    """
    with database().write() as store:
        own_forms.may_change(store, store.edition(edition_id), to_change=True)
        found = store.avoidance(edition_id, request)
        if found.nominator != nominator:
            raise NotFound(f"{edition_id} has no such request", zh="没有这项申请")
        store.remove_avoidance(request)
        store.append(edition_id, "AvoidanceWithdrawn", actor=f"nominator:{nominator}", request=request)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the office says of a request."""

    grant: bool
    reason: str
    seen: str | None = None
    """`version` of the request that was shown; None where nobody was shown one."""


def decide(edition_id: str, answers: Mapping[str, Answer], *, admin: str) -> int:
    """Grant or refuse requests, all or none, and tell their nominators, each in one mail; a request can be decided anew.

    Args:
        edition_id: The edition's id.
        answers: What is said of each request, by its id.
        admin: Address of the admin.

    Yields how many substitutes were drawn for entries that were taken back.

    Raises:
        NotFound: there is no such request.
        Outdated: requests are no longer what was shown; nothing was kept. The same answer by the same admin once more is no fault.
        NotAllowed: the review is over.
        TooLate: an entry would have to be taken back, and the deadline and its grace have passed.
        InputError: no or no readable reason; or a request is to be granted, and a reviewer whom it names has signed a sheet of the
            unit (`signed`). Each fault has the id of its request as `field`, and a code as `column`.
    """
    words = _reasons(answers)
    with database().write() as store:
        edition = store.edition(edition_id)
        run, _stage = conflicts.stage_of(edition)
        store.lock_stage(edition_id, 0, to_change=True)  # or a request that its unit takes back now would come back decided
        store.lock_stage(edition_id, run.position, to_change=True)
        if store.edition(edition_id).stages[run.position].state in ("closing", "closed"):
            raise NotAllowed(f"{run.name} is over; what was reviewed stays as it is")
        before = [store.avoidance(edition_id, request) for request in answers]
        made = {one.id: _answered(one, answers[one.id], words[one.id], admin) for one in before}
        changed = [one for one in before if made[one.id] != one]  # the same form twice is one decision
        if old := [one for one in changed if answers[one.id].seen not in (None, version(one))]:
            raise Outdated(old)
        _refuse_signed(store, edition, [one for one in before if answers[one.id].grant])
        now, told = store.edition_now(edition_id), list[Avoidance]()
        for found in changed:
            new = replace(made[found.id], decided_at=now)
            store.put_avoidance(new)
            store.append(edition_id, "AvoidanceDecided", actor=f"admin:{admin}", request=new.id, state=new.state, reason=new.decision)
            told += [new] if new.state == "refused" or found.state != new.state else []
        _tell(store, edition, run, told)
        # After all is kept, or a substitute for one would be somebody whom another keeps away.
        now_known = store.edition(edition_id)
        return sum(_take_back(store, now_known, one, admin) for one in before if answers[one.id].grant)


def _answered(request: Avoidance, answer: Answer, words: str, admin: str) -> Avoidance:
    """The request with what is said of it; when, is not yet written."""
    state: AvoidanceState = "granted" if answer.grant else "refused"
    return replace(request, state=state, decision=words, by=admin)


def _tell(store: Store, edition: Edition, run: StageRun, decided: Sequence[Avoidance]) -> None:
    """One mail for each unit, however many of its requests were decided."""
    units = {one.id: one for one in store.nominators(edition.id)}
    by_unit: dict[str, list[Avoidance]] = defaultdict(list)
    for one in decided:
        by_unit[one.nominator].append(one)
    mails = [messages.avoidances_decided(edition, run, units[unit], some) for unit, some in sorted(by_unit.items())]
    store.queue_mails(edition.id, mails)


def _reasons(answers: Mapping[str, Answer]) -> dict[str, str]:
    """The reasons as they are kept; all are needed."""
    faults, read = list[Fault](), dict[str, str]()
    for request, answer in answers.items():
        try:
            read |= {request: _texts({"reason": (answer.reason, REASON_MAX)})["reason"]}
        except InputError as refused:
            faults += [replace(one, field=request) for one in refused.faults]
    if faults:
        raise InputError(faults)
    return read


def _held(store: Store, edition: Edition, request: Avoidance) -> tuple[StageRun, dict[str, list[Assignment]], dict[str, Entry]]:
    """The review, what of the unit is in the hands of whom the request names, by reviewer, and the unit's entries."""
    run, _stage = conflicts.stage_of(edition)
    own = {one.id: one for one in store.entries(edition.id) if one.nominator == request.nominator}
    held = {
        one.id: [
            pair for pair in store.assignments(edition.id, run.position, reviewer=one.id) if pair.entry in own and not pair.recused
        ]
        for one in sorted(pool(store, edition, request), key=lambda one: one.id)
    }  # fmt: skip
    return run, held, own


def _refuse_signed(store: Store, edition: Edition, requests: Sequence[Avoidance]) -> None:
    faults = []
    for request in requests:
        run, held, own = _held(store, edition, request)
        for person, pairs in held.items():
            signed = {one.entry for one in store.sheets(edition.id, run.position, reviewer=person, signed=True)}
            if stay := sorted(own[one.entry].code for one in pairs if one.entry in signed):
                what = f"the sheets of {', '.join(stay)} are signed"
                faults.append(Fault(what, "open them again first, or refuse the request", field=request.id, column="signed"))
    if faults:
        raise InputError(faults)


def _take_back(store: Store, edition: Edition, request: Avoidance, admin: str) -> int:
    """Take the unit's entries out of the hands of whom the request names."""
    run, taken, own = _held(store, edition, request)
    people = {one.id: one for one in pool(store, edition, request)}
    drawn = 0
    for person, held in taken.items():
        if held:
            _, now = reviewing.open_stage(store, edition.id, run.position, alone=True)
        for one in held:
            recusing.take_back(store, one, reason="avoided", now=now, actor=f"admin:{admin}")
            store.append(
                edition.id, "EntryTakenBack", actor=f"admin:{admin}", position=run.position, entry=one.entry, reviewer=person,
                relations=["avoided"], reason=request.reason,
            )  # fmt: skip
        if held:
            conflicts.tell(store, edition, run, people[person], [own[one.entry].code for one in held], now)
        drawn += substitutes.replace(store, edition.id, run.position, held, why="taken back by the office: a request was granted")
    return drawn


def pool(store: Store, edition: Edition, request: Avoidance) -> tuple[Reviewer, ...]:
    """The reviewers whom a request names, by name and unit."""
    return relations.meant(request, store.reviewers(edition.id), Units(store.unit_names(edition.id)))


def _read(name: str, unit: str, reason: str) -> dict[str, str]:
    read = _texts({"name": (name, NAME_MAX), "unit": (unit, NAME_MAX), "reason": (reason, REASON_MAX)})
    return {**read, "name": clean_name(read["name"]), "unit": clean_unit(read["unit"])}


def _refuse_more(stage: ScoringStage, own: Sequence[Avoidance], name: str, unit: str) -> None:
    if any((name_key(one.name), unit_key(one.unit)) == (name_key(name), unit_key(unit)) for one in own):
        raise InputError([Fault("this person was named already", "name somebody else", field="name", column="twice")])
    if len(own) >= stage.avoid_requests:
        what = f"{len(own)} people are named already, and {stage.avoid_requests} may be"
        raise InputError([Fault(what, "take one back before naming another", field="name", column="limit")])


def _texts(given: dict[str, tuple[str, int]]) -> dict[str, str]:
    """Texts as they are stored; every field is needed."""
    faults, read = [], {}
    for field, (text, most) in given.items():
        try:
            read[field] = clean(text, max_length=most)
            if not read[field]:
                faults.append(Fault(f"{field} is missing", "fill it in", field=field, column="missing"))
        except TextRefused as refused:
            faults.append(Fault(str(refused), "correct the words", field=field, column="text", zh=refused.zh))
    if faults:
        raise InputError(faults)
    return read
