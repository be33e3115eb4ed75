"""What a reviewer answers to the invitation, before anything of the material is shown (rule R8). Each call is one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from models.declared import Words
from models.edition import Assignment
from models.errors import Fault, InputError, NotAllowed, NotFound, Stale
from models.reviewing import DeclaredConflict, Invitation, RecusalReason
from models.stages import ScoringStage
from models.store import Store
from rules import assignment
from rules.text import TextRefused, clean
from rules.units import Units
from tasks import asking_back, recusing, reply_dates, reviewing, substitutes
from tasks.installation import database

TEXT_MAX = 500
"""Characters of a reason or a suggestion."""

USUAL_PLEDGE = Words(
    zh="本人承诺：对评审材料、评审过程和评审结果严格保密，不复制、不留存、不外传；独立、客观、公正评分，"
    "不与申报人、推荐单位私下接触；发现应当回避的情形，及时申请回避。",
    en="I promise to keep the material, the review and its outcome confidential, and to copy, keep and pass on nothing. "
    "I score independently and fairly, have no private contact with applicants or nominators, and step back as soon as I see a conflict.",
)
"""The promise of a stage that declares none of its own."""


def pledge_text(stage: ScoringStage, locale: str) -> str:
    """The promise of confidentiality that a reviewer makes, in the language of the page."""
    return (stage.pledge or USUAL_PLEDGE).get(locale)


def pledge_digest(text: str) -> str:
    """SHA-256 of a promise: which text was promised can be proved later."""
    return hashlib.sha256(text.encode()).hexdigest()


def accept(
    edition: str,
    position: int,
    reviewer: str,
    *,
    pledge: str,
    limit: int | None = None,
    conflicts: Mapping[str, tuple[str, str]] | None = None,
    units: Collection[str] = (),
    suggestion: str = "",
    asked: Collection[str] | None = None,
) -> int:
    """Make the promise, give back what is not free of conflict, and open the rest. Yields how many entries were opened.

    Entries that come later are answered in the same way; what was answered before stays as it is, and the same answer
    twice changes nothing. Whoever declined may accept after all, and then waits for the next draw; whose entries went to others by
    themselves gets open seats at once, if some fit.

    Args:
        edition: The edition's id.
        position: Position of the scoring stage.
        reviewer: The reviewer's id.
        pledge: `pledge_digest` of the text that was read.
        limit: How many entries the reviewer takes at most; None = all.
        conflicts: Entry id -> reason code and words, of entries that wait for an answer.
        units: Units with which there is a conflict; whether an entry of theirs was in hand is not told.
        suggestion: Whom the reviewer suggests.
        asked: Ids of the entries that the reviewer was asked about; one that came since still waits. None = all that wait.

    Raises:
        Stale: the promise has another text now; nothing was kept.
        NotAllowed: the stage is not open.
        TooLate: the deadline and its grace have passed.
        NotFound: an entry is not in the reviewer's hands.
        InputError: `limit`, `units`, `suggestion`, `<entry id>.reason` or `<entry id>.more` cannot be taken.
    """
    with database().write() as store:
        _, now = reviewing.open_stage(store, edition, position, alone=True)
        stage = reviewing.scoring_stage(store.edition(edition), position)
        if pledge not in {pledge_digest(pledge_text(stage, locale)) for locale in ("zh_CN", "en")}:
            raise Stale("the text of the promise has changed; read it again before accepting")
        answer = _Answer(store, edition, position, reviewer, now)
        before = store.invitation(edition, position, reviewer)
        words = _read(suggestion, "suggestion")
        if limit is not None and limit < 1:
            raise InputError([Fault(f"{limit} entries cannot be accepted", "enter 1 or more, or decline", field="limit", column="limit")])
        declared = answer.conflicts(conflicts or {}) | answer.of_units(units)
        answer.leave(declared)
        cleared = answer.open_rest(limit if limit is not None else before.limit, asked)
        if before.state == "accepted" and not cleared and not declared and not answer.given_back:
            return 0
        kept = Invitation(edition, position, reviewer, "accepted", limit or before.limit, "", words or before.suggestion, pledge, now)
        store.put_invitation(kept)
        store.append(
            edition, "InvitationAnswered", actor=f"reviewer:{reviewer}", position=position, state="accepted", pledge=pledge,
            limit=kept.limit, entries=cleared, conflicts={pair.entry: reason for pair, (reason, _) in declared.items()},
            given_back=[pair.entry for pair in answer.given_back],
        )  # fmt: skip
        run = store.edition(edition).stages[position]
        if before.state == "lapsed":
            asking_back.give_back(store, edition, position, reviewer)
        reply_dates.answered(store, store.edition(edition), run)
        answer.draw_substitutes("conflict declared at the invitation", list(declared))
        answer.draw_substitutes(f"takes {kept.limit} at most", answer.given_back)
    return len(cleared)


def decline(edition: str, position: int, reviewer: str, *, reason: str, suggestion: str = "") -> None:
    """Decline to review in this stage; whatever was in hand goes to reserves. The same answer twice changes nothing.

    Raises:
        NotAllowed: the stage is not open, or a sheet is signed.
        TooLate: the deadline and its grace have passed.
        InputError: no reason, or a text that no field may hold (`reason`, `suggestion`).
    """
    with database().write() as store:
        _, now = reviewing.open_stage(store, edition, position, alone=True)
        cause, words = _read(reason, "reason"), _read(suggestion, "suggestion")
        if not cause:
            raise InputError([Fault("declining needs a reason", "say in a few words why", field="reason", column="missing")])
        if store.invitation(edition, position, reviewer).state == "declined":
            return
        if any(sheet.signed_at for sheet in store.sheets(edition, position, reviewer=reviewer)):
            raise NotAllowed("sheets are signed already; ask the review office")
        answer = _Answer(store, edition, position, reviewer, now)
        for pair in answer.held:
            recusing.take_back(store, pair, reason="declined", now=now)
        store.put_invitation(Invitation(edition, position, reviewer, "declined", None, cause, words, "", now))
        store.append(
            edition, "InvitationAnswered", actor=f"reviewer:{reviewer}", position=position, state="declined",
            given_back=[pair.entry for pair in answer.held],
        )  # fmt: skip
        answer.draw_substitutes("declined the invitation", answer.held)


@dataclass
class _Answer:
    """One reviewer's answer, while it is being written."""

    store: Store
    edition: str
    position: int
    reviewer: str
    now: datetime

    def __post_init__(self) -> None:
        pairs = self.store.assignments(self.edition, self.position, reviewer=self.reviewer)
        self.held = [pair for pair in pairs if not pair.recused]
        self.gone = {pair.entry for pair in pairs if pair.recused}
        self.given_back: list[Assignment] = []

    def conflicts(self, named: Mapping[str, tuple[str, str]]) -> dict[Assignment, tuple[RecusalReason, str]]:
        """The entries that wait for an answer and are named; those that left before are passed over."""
        waiting = {pair.entry: pair for pair in self.held if pair.cleared_at is None}
        faults: list[Fault] = []
        found: dict[Assignment, tuple[RecusalReason, str]] = {}
        for entry, (reason, more) in named.items():
            if entry in self.gone:
                continue
            if entry not in waiting:
                raise NotFound("this entry is not among those that wait for an answer")
            try:
                found[waiting[entry]] = recusing.read(reason, more, prefix=f"{entry}.")
            except InputError as refused:
                faults += refused.faults
        if faults:
            raise InputError(faults)
        return found

    def of_units(self, units: Collection[str]) -> dict[Assignment, tuple[RecusalReason, str]]:
        """The unsigned entries in hand of some units; later draws heed the units too."""
        if not units:
            return {}
        known = Units(self.store.unit_names(self.edition))
        keys = {key: unit for unit in units if (key := known.key(unit))}
        of_entry = {entry: known.key(unit) for entry, unit in self.store.entry_units(self.edition).items()}
        if not keys.keys() <= set(of_entry.values()):
            raise InputError([Fault("a unit is not among those of this round", "reload the page", field="units", column="unknown")])
        signed = {sheet.entry for sheet in self.store.sheets(self.edition, self.position, reviewer=self.reviewer) if sheet.signed_at}
        entries = sorted(entry for entry, key in of_entry.items() if key in keys and entry not in signed)
        self.store.add_conflicts(
            DeclaredConflict(self.edition, entry, self.reviewer, "same_unit", keys[of_entry[entry]], self.now) for entry in entries
        )
        wanted = set(entries)
        return {pair: ("same_unit", keys[of_entry[pair.entry]]) for pair in self.held if pair.entry in wanted}

    def leave(self, declared: Mapping[Assignment, tuple[RecusalReason, str]]) -> None:
        recusing.declare(self.store, declared, self.now)
        self.held = [pair for pair in self.held if pair not in declared]

    def open_rest(self, limit: int | None, asked: Collection[str] | None) -> list[str]:
        """Give back what is beyond the limit, and clear what waits and was asked about. Yields the entries that were cleared."""
        waiting = {pair.entry: pair for pair in self.held if pair.cleared_at is None}
        if limit is not None and len(self.held) > limit:
            codes = {one.code: one.id for one in self.store.entries_by_id(waiting).values()}
            whole, person = self.store.edition(self.edition), self.store.reviewer(self.reviewer)
            seed = assignment.seed_for(whole.seed, "limit", person.code)
            stay = limit - (len(self.held) - len(waiting))
            self.given_back = [waiting.pop(codes[code]) for code in assignment.given_back(codes, keep=stay, seed=seed)]
            for pair in self.given_back:
                recusing.take_back(self.store, pair, reason="limit", now=self.now)
        answered = [pair for pair in waiting.values() if asked is None or pair.entry in asked]
        self.store.clear_assignments([pair.id for pair in answered], self.now)
        return sorted(pair.entry for pair in answered)

    def draw_substitutes(self, why: str, lost: Iterable[Assignment]) -> None:
        substitutes.replace(self.store, self.edition, self.position, list(lost), why=why)


def _read(text: str, field: str) -> str:
    try:
        return clean(text, max_length=TEXT_MAX)
    except TextRefused as refused:
        raise InputError([Fault(str(refused), "correct the text", field=field, column="text")]) from None
