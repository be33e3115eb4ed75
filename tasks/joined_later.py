"""Who came to a panel after the first draw, when, and why: reserves for who left, and further reviewers where scores were missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from models.edition import Assignment, Edition, StageRun
from models.events import Event, EventType
from models.store import Store
from rules.reserves import Unfit

Cause = Literal[
    "conflict", "office", "declined", "limit", "scores", "unknown", "chosen", "drawn", "no_answer", "silent", "bounced", "returned", "late",
]  # fmt: skip
BY_ITSELF: tuple[Cause, ...] = ("no_answer", "silent", "bounced", "returned", "late")
"""What happened without anybody's wish: reviewers who were replaced or came back, and entries that joined late."""

_EVENTS: tuple[EventType, ...] = (
    "PanelsDrawn", "PanelsChanged", "SubstitutesDrawn", "ReviewerRecused", "EntryTakenBack", "InvitationAnswered", "ReviewerLapsed",
    "ReviewerReturned", "EntryAdmitted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Joined:
    """A reviewer who came later."""

    at: datetime
    entry: str
    """Code."""
    reviewer: str
    """Code."""
    cause: Cause
    """`scores`: drawn at the deadline, because scores were missing; `chosen` and `drawn`: the office put the reviewer there, or had the
    seat drawn; `returned`: took an open seat after having lost entries; `late`: the entry joined after the draw; else why a reserve was
    needed."""
    leaver: str = ""
    """Code of the reviewer who left; empty if nobody did."""
    reason: str = ""
    """Code of the conflict of interest, if that was the cause."""
    still: bool = True
    """Whether the entry is still in the reviewer's hands."""
    reserve: bool = False
    """Whether the reviewer was drawn beforehand as a reserve of the entry."""
    passed: tuple[tuple[str, Unfit], ...] = ()
    """Reserves of the entry who would have been next, by code, and why they were passed over."""


def joined(store: Store, edition: Edition, run: StageRun, assignments: Sequence[Assignment]) -> tuple[Joined, ...]:
    """All who came later, in the order of the events.

    Args:
        store: An open transaction.
        edition: The edition.
        run: Its scoring stage.
        assignments: All of the stage, with those that left.
    """
    events = store.events(edition.id, *_EVENTS)
    return tuple(_Telling(store, edition, run, assignments).told(events))


class _Telling:
    """Events in order: who left last explains who came next."""

    def __init__(self, store: Store, edition: Edition, run: StageRun, assignments: Sequence[Assignment]) -> None:
        self.run, self.assignments = run, assignments
        self.entries = {one.id: one.code for one in store.entries(edition.id)}
        self.reviewers = {one.id: one.code for one in store.reviewers(edition.id)}
        self.hands = {(one.entry, one.reviewer): not one.recused for one in assignments}
        self.left: dict[str, tuple[Cause, str, str]] = {}
        """Entry id -> why somebody left it last, who, and the code of the conflict."""

    def told(self, events: Sequence[Event]) -> Iterator[Joined]:
        """The lines."""
        here = [one for one in events if self._is_here(one)]
        named = {pair for one in here for pair in _put(one)}
        for event in here:
            if event.type in ("ReviewerRecused", "EntryTakenBack", "InvitationAnswered", "ReviewerLapsed"):
                self._note(event)
            elif event.type == "SubstitutesDrawn":
                for entry, reviewer in _put(event):
                    yield self._line(event, entry, reviewer, *self.left.get(entry, ("unknown", "", "")))
            elif event.type != "PanelsDrawn":
                for entry, reviewer in _put(event):
                    yield self._line(event, entry, reviewer, _cause(event), "", "")
            elif event.payload["round"]:
                for one in self.assignments:
                    if one.round == event.payload["round"] and (one.entry, one.reviewer) not in named:
                        yield self._line(event, one.entry, one.reviewer, "scores", "", "")

    def _is_here(self, event: Event) -> bool:
        """Whether an event is one of this stage."""
        stage = event.payload.get("stage")
        return bool(stage == self.run.name if stage is not None else event.payload["position"] == self.run.position)

    def _note(self, event: Event) -> None:
        who = self.reviewers.get(event.payload.get("reviewer") or event.actor.removeprefix("reviewer:"), "")
        if event.type == "EntryTakenBack":
            self.left[event.payload["entry"]] = ("office", who, "")
            return
        if event.type == "ReviewerLapsed":
            self.left |= dict.fromkeys(event.payload["given_back"], (event.payload["cause"], who, ""))
            return
        if event.type == "ReviewerRecused":
            self.left[event.payload["entry"]] = ("conflict", who, event.payload["reason"])
            return
        cause: Cause = "declined" if event.payload["state"] == "declined" else "limit"
        self.left |= dict.fromkeys(event.payload.get("given_back", ()), (cause, who, ""))

    def _line(self, event: Event, entry: str, reviewer: str, cause: Cause, leaver: str, reason: str) -> Joined:
        still = self.hands.get((entry, reviewer), False)
        reserve = [entry, reviewer] in event.payload.get("reserves", ())
        passed = tuple((self.reviewers.get(who, who), why) for of, who, why in event.payload.get("passed", ()) if of == entry)
        who = self.reviewers.get(reviewer, reviewer)
        return Joined(event.at, self.entries.get(entry, entry), who, cause, leaver, reason, still, reserve, passed)


def _put(event: Event) -> list[tuple[str, str]]:
    """Entry id and reviewer id of those who came by an event."""
    if event.type == "ReviewerReturned":
        return [(entry, event.payload["reviewer"]) for entry in event.payload["entries"]]
    pairs = event.payload.get("put" if event.type == "PanelsChanged" else "pairs", ())
    return [(entry, reviewer) for entry, reviewer in pairs]


def _cause(event: Event) -> Cause:
    if event.type == "PanelsChanged":
        return "chosen" if event.payload["mode"] == "manual" else "drawn"
    return "returned" if event.type == "ReviewerReturned" else "late"
