"""The office looks at what stands between reviewers and entries, decides where it must, and takes back what should not have been drawn.

Each act is one transaction (rule R3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from models.edition import SET_ASIDE, Assignment, Edition, Entry, Reviewer, StageRun
from models.errors import Fault, InputError, NotAllowed, NotFound, Stale
from models.relations import RELATIONS, ConflictDecision, ToldRelation, Verdict
from models.stages import ScoringStage
from models.store import Store
from notifications import messages
from rules.relations import By
from rules.text import TextRefused, clean
from tasks import known_conflicts, recusing, reviewing, substitutes
from tasks.installation import database
from tasks.known_conflicts import Known

REASON_MAX = 500
"""Characters of the reason for a decision."""
Seat = Literal["", "drawn", "signed"]
CAUSES = ("signer", *RELATIONS, "avoided")
"""What may stand between two, in the order in which it is told."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A reviewer and an entry between whom something stands."""

    entry: Entry
    reviewer: Reviewer
    relations: tuple[str, ...]
    """Of `CAUSES`."""
    soft: tuple[str, ...]
    """Those of them about which the office decides."""
    said: tuple[ToldRelation, ...]
    """Lines of lists that say so; what is not said there follows from the forms."""
    decision: ConflictDecision | None
    waits: bool
    """The office has still to decide; until then the pair is not drawn."""
    barred: bool
    """Forbidden by a hard relation, a request, the reviewer's own word, or a decision."""
    seat: Seat
    """Whether the entry is in the reviewer's hands all the same, and whether the sheet is signed."""

    @property
    def asks(self) -> bool:
        """Whether the office should do something: decide, or take the entry back."""
        return self.waits or (self.barred and bool(self.seat))


def version(pair: Pair) -> str:
    """What tells a pair as it was shown from what is known and decided of it since; the page hands it back with the decision."""
    decided = pair.decision
    parts = [*pair.soft, *(() if decided is None else (decided.verdict, decided.reason, decided.by, decided.at.isoformat()))]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def stage_of(edition: Edition) -> tuple[StageRun, ScoringStage]:
    """The scoring stage that is open or comes next; the last one if all are over.

    Raises:
        NotFound: the process has none.
    """
    scored = [run for run in edition.stages if isinstance(run.declared, ScoringStage)]
    if not scored:
        raise NotFound(f"{edition.id} has no scoring stage", zh="本届没有专家评审")
    run = next((one for one in scored if one.state != "closed"), scored[-1])
    assert isinstance(run.declared, ScoringStage)  # noqa: S101 - narrows the type
    return run, run.declared


def found(store: Store, edition: Edition) -> tuple[Pair, ...]:
    """Every pair between whom something stands, those that ask for an act first, then by entry and reviewer."""
    run, stage = stage_of(edition)
    entries = {one.id: one for one in store.entries(edition.id) if one.state not in (*SET_ASIDE, "ineligible") and not one.classified}
    people = {one.id: one for one in store.reviewers(edition.id) if one.active}
    known = known_conflicts.look(store, edition, stage, tuple(entries.values()), tuple(people.values()))
    seats = _seats(store, edition, run)
    listed = [
        _pair(known, entries[entry], people[reviewer], relations, seats.get((entry, reviewer), ""))
        for (entry, reviewer), relations in _relations(known).items()
        if entry in entries and reviewer in people
    ]
    return tuple(sorted(listed, key=lambda one: (not one.asks, one.entry.code, one.reviewer.code)))


def counts(store: Store, edition: Edition) -> dict[str, int]:
    """How many pairs are `avoided`, `wait` for the office's word, and `sit` although they should not; empty without a scoring stage."""
    if not any(isinstance(run.declared, ScoringStage) for run in edition.stages):
        return {}
    pairs = found(store, edition)
    return {
        "avoided": sum(one.barred and not one.seat for one in pairs),
        "wait": sum(one.waits for one in pairs),
        "sit": sum(one.asks and bool(one.seat) for one in pairs),
    }


def _seats(store: Store, edition: Edition, run: StageRun) -> dict[tuple[str, str], Seat]:
    signed = {(one.entry, one.reviewer) for one in store.sheets(edition.id, run.position, signed=True)}
    held = (one for one in store.assignments(edition.id, run.position) if not one.recused)
    return {(one.entry, one.reviewer): "signed" if (one.entry, one.reviewer) in signed else "drawn" for one in held}


def _relations(known: Known) -> dict[tuple[str, str], tuple[str, ...]]:
    nothing: tuple[str, ...] = ()
    pairs = dict.fromkeys(known.decisions, nothing)
    by: dict[str, By] = {"signer": known.signed, "declared": known.stepped_back, "avoided": known.avoided}
    by.update({str(relation): of for relation, of in known.found.by.items()})
    for cause in CAUSES:
        for entry, some in by.get(cause, {}).items():
            for reviewer in some:
                pairs[entry, reviewer] = (*pairs.get((entry, reviewer), ()), cause)
    return pairs


def _pair(known: Known, entry: Entry, reviewer: Reviewer, relations: tuple[str, ...], seat: Seat) -> Pair:
    both = (entry.id, reviewer.id)
    soft = tuple(one for one in relations if one in known.stage.soft_conflicts)
    decision = known.decisions.get(both)
    said = [known.found.said[one, *both] for one in RELATIONS if (one, *both) in known.found.said]
    hard = len(soft) < len(relations)
    return Pair(
        entry, reviewer, relations, soft, tuple(said), decision, waits=both in known.waiting,
        barred=hard or (decision is not None and decision.verdict == "bar"), seat=seat,
    )  # fmt: skip


# -- acts -----------------------------------------------------------------------------------------------------------


def decide(
    edition_id: str, entry_id: str, reviewer_id: str, *, verdict: str, reason: str, admin: str, seen: str | None = None
) -> int:  # fmt: skip
    """Keep what the office says about a pair with soft relations, in place of an earlier decision.

    Barring a pair that sits already takes the entry back and draws a substitute. Yields how many substitutes were drawn.

    Args:
        edition_id: The edition's id.
        entry_id: The entry.
        reviewer_id: The reviewer.
        verdict: `allow` or `bar`.
        reason: Why, for the record.
        admin: Address of the admin.
        seen: `version` of the pair that was shown; None where nobody was shown one.

    Raises:
        NotFound: nothing stands between the two.
        Stale: the pair is no longer what was shown; nothing was kept.
        NotAllowed: a relation forbids the pair without asking; or it is to be barred, and the sheet is signed; or the review is over.
        TooLate: the pair sits, and the deadline and its grace have passed.
        InputError: no `verdict`, or no or no readable `reason`.
    """
    chosen: Verdict | None = next((one for one in get_args(Verdict) if one == verdict), None)
    words = _words(reason, [] if chosen else [Fault("nothing was chosen", "allow or bar", field="verdict", column="missing")])
    assert chosen is not None  # noqa: S101 - `_words` has raised
    with database().write() as store:
        edition, run, pair = _one(store, edition_id, entry_id, reviewer_id)
        if not pair.soft and pair.decision is None:
            raise NotAllowed(f"{pair.entry.code} and {pair.reviewer.code}: {', '.join(pair.relations)} forbids without asking")
        made = ConflictDecision(edition.id, entry_id, reviewer_id, chosen, pair.soft, words, admin, store.edition_now(edition.id))
        if pair.decision is None or made != replace(pair.decision, at=made.at):  # the same form twice is one decision
            if seen not in (None, version(pair)):
                raise Stale(
                    f"what is known of {pair.entry.code} and {pair.reviewer.code} has changed since it was shown; look again, then decide"
                )
            store.put_conflict_decision(made)
            store.append(
                edition.id, "ConflictDecided", actor=f"admin:{admin}", entry=entry_id, reviewer=reviewer_id, verdict=chosen,
                relations=list(pair.soft), reason=words,
            )  # fmt: skip
        if chosen == "bar" and pair.seat:
            return _take(store, edition, run, pair, reason=words, admin=admin)
    return 0


def take_back(edition_id: str, entry_id: str, reviewer_id: str, *, reason: str, admin: str) -> int:
    """Take an entry back from a reviewer who should not have it, and draw a substitute. Yields how many were drawn.

    Raises:
        NotFound: nothing stands between the two.
        NotAllowed: the entry is not in the reviewer's hands, nothing forbids it there, the sheet is signed, or the review is over.
        TooLate: the deadline and its grace have passed.
        InputError: no or no readable `reason`.
    """
    words = _words(reason, [])
    with database().write() as store:
        edition, run, pair = _one(store, edition_id, entry_id, reviewer_id)
        if not pair.seat or not (pair.barred or pair.waits):
            raise NotAllowed(f"{pair.entry.code} is not in the hands of {pair.reviewer.code} against a rule or decision")
        return _take(store, edition, run, pair, reason=words, admin=admin)


def _one(store: Store, edition_id: str, entry_id: str, reviewer_id: str) -> tuple[Edition, StageRun, Pair]:
    """One pair, with the stage kept as it is until the transaction ends."""
    edition = store.edition(edition_id)
    store.lock_stage(edition.id, stage_of(edition)[0].position, to_change=True)
    edition = store.edition(edition_id)
    run, _stage = stage_of(edition)
    if run.state in ("closing", "closed"):
        raise NotAllowed(f"{run.name} is over; what was reviewed stays as it is")
    for pair in found(store, edition):
        if (pair.entry.id, pair.reviewer.id) == (entry_id, reviewer_id):
            return edition, run, pair
    raise NotFound(f"{edition_id}: nothing is known between these two", zh="这两者之间没有已知的利益关系")


def _take(store: Store, edition: Edition, run: StageRun, pair: Pair, *, reason: str, admin: str) -> int:
    if pair.seat == "signed":
        raise NotAllowed(
            f"{pair.reviewer.code} has signed the sheet of {pair.entry.code}; open the sheet again first (page of the reviewer's sheets), "
            f"then take the entry back"
        )
    _, now = reviewing.open_stage(store, edition.id, run.position, alone=True)
    held: Assignment = store.assignment(run.position, pair.entry.id, pair.reviewer.id)
    recusing.take_back(store, held, reason="conflict", now=now, actor=f"admin:{admin}")
    store.append(
        edition.id, "EntryTakenBack", actor=f"admin:{admin}", position=run.position, entry=held.entry, reviewer=held.reviewer,
        relations=list(pair.relations), reason=reason,
    )  # fmt: skip
    tell(store, edition, run, pair.reviewer, [pair.entry.code], now)
    return substitutes.replace(store, edition.id, run.position, [held], why="taken back by the office: conflict of interest")


def tell(store: Store, edition: Edition, run: StageRun, reviewer: Reviewer, codes: Sequence[str], now: datetime) -> None:
    """Tell a reviewer that entries were taken back, and not why: reasons are the office's and the nominators'."""
    store.queue_mails(edition.id, [messages.review_less(edition, run, reviewer, codes, now.isoformat())])


def _words(text: str, faults: list[Fault]) -> str:
    try:
        words = clean(text, max_length=REASON_MAX)
        if not words:
            faults.append(Fault("a decision needs a reason", "write it", field="reason", column="missing"))
    except TextRefused as refused:
        words = ""
        faults.append(Fault(str(refused), "correct the words", field="reason", column="text", zh=refused.zh))
    if faults:
        raise InputError(faults)
    return words
