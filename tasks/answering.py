"""What a committee member, or a body that signs, does: agree to the list, strike entries, or return it. One transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from models.edition import Answer, Member, StageRun
from models.errors import Fault, InputError, NotAllowed, NotFound, TooLate
from models.stages import SignoffStage, VotingStage
from models.store import Store
from rules.text import TextRefused, clean
from tasks import ballots
from tasks.installation import database

COMMENT_MAX = 2000
"""Characters of a comment on the list."""


def answer(edition: str, position: int, member: str, verdict: Literal["agree", "return"], struck: Sequence[str], comment: str) -> None:
    """Keep what a member says to the list; until the deadline a later answer replaces it (rules V1, V2, J1).

    Args:
        edition: The edition's id.
        position: Position of the voting or sign-off stage.
        member: The member's id.
        verdict: `agree`, or `return`, which needs a comment.
        struck: Ids of entries to which a committee member does not agree.
        comment: For the review office.

    Raises:
        NotFound: there is no such member in this edition, or no list yet.
        NotAllowed: the stage is not open, or is not this member's.
        TooLate: the deadline and its grace have passed.
        InputError: each fault names its field: `verdict`, `struck` or `comment`.
    """
    with database().write() as store:
        run, now = store.lock_stage(edition, position), store.edition_now(edition)
        _refuse_strangers(run, _member_of(store, edition, member))
        if run.cutoff is not None and now >= run.cutoff:
            raise TooLate(f"answers were taken until {run.cutoff.isoformat()}; nothing was saved. Ask the review office")
        if run.state != "open":
            raise NotAllowed(f"the stage {run.name} is {run.state}; answers are taken only while it is open")
        listed = store.shortlist(edition)
        if listed is None:
            raise NotFound("there is no list to answer to yet")
        entries = {item.entry for item in listed[0].items}
        said = _checked(run, entries, verdict, struck, comment)
        given = Answer(edition, position, member, run.round, verdict, tuple(sorted(set(struck))), said, now)
        before = {one.member: one for one in store.answers(edition, position)}.get(member)
        same = before is not None and (before.round, before.verdict, before.struck, before.comment) == (
            given.round,
            given.verdict,
            given.struck,
            given.comment,
        )
        if same and ballots.versions_seen(store, store.edition(edition), position).get(member) == listed[0].version:
            return  # the same form once more
        store.put_answer(given)
        actor = f"{'committee' if isinstance(run.declared, VotingStage) else 'party'}:{member}"
        store.append(edition, "AnswerGiven", actor=actor, position=position, round=run.round, shortlist=listed[0].version)


def may_answer(run: StageRun, member: Member) -> bool:
    """Whether a stage asks this member."""
    if isinstance(run.declared, VotingStage):
        return member.role == "committee"
    if isinstance(run.declared, SignoffStage):
        return member.role == "party" and member.party in {party.name for party in run.declared.parties}
    return False


def _member_of(store: Store, edition: str, member: str) -> Member:
    found = store.member(member)
    if found.edition != edition:
        raise NotFound("there is no such member in this edition")
    return found


def _refuse_strangers(run: StageRun, member: Member) -> None:
    if not may_answer(run, member):
        raise NotAllowed(f"the stage {run.name} does not ask this person")


def _checked(run: StageRun, entries: set[str], verdict: str, struck: Sequence[str], comment: str) -> str:
    """The comment in its stored form, if the whole answer holds."""
    faults = []
    try:
        said = clean(comment, max_length=COMMENT_MAX)
    except TextRefused as refused:
        said = ""
        faults.append(Fault(str(refused), "correct the comment", field="comment", column="text"))
    if verdict not in ("agree", "return"):
        faults.append(Fault("neither agreed nor returned", "choose one of the two", field="verdict", column="missing"))
    if verdict == "return" and not said and not faults:
        faults.append(Fault("a returned list needs a comment", "say what should be changed", field="comment", column="missing"))
    if struck and (isinstance(run.declared, SignoffStage) or verdict == "return"):
        faults.append(
            Fault(
                "entries can be struck only by a committee member who agrees to the rest",
                "clear the ticks",
                field="struck",
                column="misplaced",
            )
        )
    if set(struck) - entries:
        faults.append(Fault("an entry that was struck is not on the list", "reload the page", field="struck", column="unknown"))
    if faults:
        raise InputError(faults)
    return said
