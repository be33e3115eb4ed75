"""For the office: whom to look after, what happened by itself, and why (rules R4 and R8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Literal

from models.edition import Edition, Reviewer, StageRun
from models.events import Event
from models.healing import Cause
from models.stages import ScoringStage
from models.store import Store
from rules import chasing
from rules.chasing import Hand, Moment
from tasks import ranking_report, reply_dates, unsigned

What = Literal["no_answer", "silent", "bounced", "returned", "late", "expired"]


@dataclass(frozen=True, slots=True)
class Watched:
    """A reviewer who has something to answer, to begin or to sign, or whose address was refused."""

    person: Reviewer
    hand: Hand
    next: Moment | None
    """What happens next by itself, and when; None if nothing does."""
    complete: tuple[str, ...]
    """Codes of the sheets that lack only the signature."""


@dataclass(frozen=True, slots=True)
class Healed:
    """One thing that happened by itself."""

    at: datetime
    what: What
    who: str
    """Code of the reviewer who left, came back, or did not sign; of the entry that joined late."""
    entries: tuple[str, ...]
    """Codes."""
    came: tuple[tuple[str, str], ...]
    """Code of an entry, and of the reviewer who came for it."""
    why: str
    """The sentence of the record, in English; for a late entry and a refused address the words that were given."""
    reserves: tuple[tuple[str, str], ...] = ()
    """Those of `came` who had been drawn beforehand."""


@dataclass(frozen=True)
class Report:
    """What the office sees."""

    run: StageRun
    stage: ScoringStage
    watched: tuple[Watched, ...]
    """By code of the reviewer."""
    healed: tuple[Healed, ...]
    """The latest first."""


def report(store: Store, edition: Edition) -> Report:
    """Look at the latest scoring stage.

    Raises:
        NotFound: no scoring stage has been opened.
    """
    run, stage = ranking_report.stage_of(edition)
    codes = {one.id: one.code for one in store.entries(edition.id)} | {one.id: one.code for one in store.reviewers(edition.id)}
    healed = tuple(_healed(store, edition, run, codes))
    watched = tuple(_watched(store, edition, run, stage)) if run.state in ("opening", "open") else ()
    return Report(run, stage, watched, tuple(reversed(healed)))


def _watched(store: Store, edition: Edition, run: StageRun, stage: ScoringStage) -> Iterator[Watched]:
    whole = unsigned.complete(store, edition, run)
    hands = reply_dates.hands(store, edition, run)
    for person in store.reviewers(edition.id):
        hand = hands.get(person.id)
        if hand is None:
            continue
        complete, watch = whole.get(person.id, ()), hand.watch
        if hand.waiting or hand.not_begun or complete or watch.bounced_at or watch.kept_by:
            coming = chasing.ahead(hand, stage, edition.process.time_zone, cutoff=run.cutoff)
            yield Watched(person, hand, coming[0] if coming else None, complete)


def _healed(store: Store, edition: Edition, run: StageRun, codes: Mapping[str, str]) -> Iterator[Healed]:
    told = store.events(edition.id, "ReviewerLapsed", "SubstitutesDrawn", "ReviewerReturned", "EntryAdmitted", "SheetsExpired")
    events = [one for one in told if one.payload["stage"] == run.name]
    for event, after in zip_longest(events, events[1:]):
        if event.type == "SubstitutesDrawn":
            continue
        if event.type == "SheetsExpired":
            yield from _expired(event, codes)
        else:
            yield _line(event, after, codes)


def _line(event: Event, after: Event | None, codes: Mapping[str, str]) -> Healed:
    said = event.payload
    if event.type == "ReviewerReturned":
        entries = tuple(sorted(codes.get(one, one) for one in said["entries"]))
        who = codes.get(said["reviewer"], "")
        return Healed(event.at, "returned", who, entries, tuple((one, who) for one in entries), said["reason"])
    if event.type == "EntryAdmitted":
        return Healed(event.at, "late", said["code"], (said["code"],), _pairs(said["pairs"], codes), said["reason"])
    cause: Cause = said["cause"]
    entries = tuple(sorted(codes.get(one, one) for one in said["given_back"]))
    # Who leaves and who comes are written in one transaction, one after the other.
    drawn = after.payload if after is not None and after.type == "SubstitutesDrawn" else None
    came, why = (_pairs(drawn["pairs"], codes), str(drawn["reason"])) if drawn is not None else ((), "")
    reserves = _pairs(drawn.get("reserves", []), codes) if drawn is not None else ()
    return Healed(event.at, cause, codes.get(said["reviewer"], ""), entries, came, said["reply"] or why, reserves)


def _expired(event: Event, codes: Mapping[str, str]) -> Iterator[Healed]:
    lost: dict[str, list[str]] = {}
    for entry, who in event.payload["pairs"]:
        lost.setdefault(codes.get(who, who), []).append(codes.get(entry, entry))
    whole = {codes.get(who, who): some for who, some in event.payload["complete"].items()}
    for who, some in sorted(lost.items()):
        yield Healed(event.at, "expired", who, tuple(sorted(some)), (), ", ".join(whole.get(who, ())))


def _pairs(pairs: list[list[str]], codes: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((codes.get(entry, entry), codes.get(who, who)) for entry, who in pairs))
