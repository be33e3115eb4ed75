"""How far the form check of an entry has come, and what of it each checker may see. What counts is said in `rules.form_check`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from models.edition import EntryState, StageRun
from models.stages import SubmissionStage
from models.submitting import Check, Correction, Finding, Outcome
from rules import form_check

Place = Literal["to_check", "second", "disputed", "sent_back", "decided"]
"""Nobody has spoken; a second checker is awaited; checkers disagree; the nominator is awaited; all is said."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the form check of one entry has come."""

    place: Place
    turn: int
    """How often the entry has been sent back."""
    outcome: Outcome | None = None
    """Where all is said."""
    findings: tuple[Finding, ...] = ()
    """What the checkers who agree found."""
    due_at: datetime | None = None
    """Where the nominator is awaited."""


def by_checkers(run: StageRun) -> bool:
    """Whether people decide which entries of a stage are eligible."""
    return isinstance(run.declared, SubmissionStage) and run.declared.accept_by == "checker"


def is_sealed(run: StageRun, now: datetime) -> bool:
    """Whether nobody but its nominator may see an entry of this stage yet."""
    if not isinstance(run.declared, SubmissionStage) or not run.declared.sealed:
        return False
    return run.state in ("planned", "opening", "open") and run.cutoff is not None and now < run.cutoff


def progress(
    state: EntryState, checks: Sequence[Check], corrections: Sequence[Correction], *, four_eyes: bool, since: datetime | None
) -> Progress:
    """How far the form check of one entry has come.

    Args:
        state: Of the entry.
        checks: All that was ever said of it.
        corrections: All times that it was sent back, by turn.
        four_eyes: Whether two checkers must agree.
        since: When nominations ended; what was said before that counts no more, since the entry could change afterwards.
    """
    turn = len(corrections)
    last = corrections[-1] if corrections else None
    if last is not None and last.lapsed_at is not None:
        return Progress("decided", turn, "ineligible", last.findings)
    if state not in ("submitted", "correction"):
        outcome: Outcome = state if state in ("ineligible", "not_accepted") else "eligible"
        return Progress("decided", turn, outcome, _findings(_of_turn(checks, turn, since), outcome, four_eyes=four_eyes))
    if last is not None and last.answered_at is None:
        return Progress("sent_back", turn, None, last.findings, last.due_at)
    said = _of_turn(checks, turn, since)
    outcome_ = form_check.verdict(said, four_eyes=four_eyes)
    if outcome_ is None:
        speakers = len(form_check.last_words(said))
        return Progress("to_check" if not speakers else "second" if speakers == 1 else "disputed", turn)
    return Progress("decided", turn, outcome_, _findings(said, outcome_, four_eyes=four_eyes))


def seen_by(checker: str, checks: Sequence[Check], done: Progress, *, four_eyes: bool, since: datetime | None) -> tuple[Check, ...]:
    """What a checker may see of what was said: with four eyes, that of others only after an own word, or when all is said (rule F4)."""
    latest = _of_turn(checks, done.turn, since)
    before = [one for one in checks if one not in latest]
    shown = form_check.last_words(latest) if done.place == "decided" else form_check.visible(latest, checker, four_eyes=four_eyes)
    return (*before, *shown)


def own_word(checker: str, checks: Iterable[Check], done: Progress, *, since: datetime | None) -> Check | None:
    """What a checker said last in the present turn; None if nothing yet."""
    return next((one for one in form_check.last_words(_of_turn(checks, done.turn, since)) if one.checker == checker), None)


def _of_turn(checks: Iterable[Check], turn: int, since: datetime | None) -> list[Check]:
    return [one for one in checks if one.turn == turn and (since is None or one.at >= since)]


def _findings(checks: Sequence[Check], outcome: Outcome, *, four_eyes: bool) -> tuple[Finding, ...]:
    """What those found who agree, each thing once."""
    words = form_check.last_words(checks)
    agreeing = [one for one in (words if four_eyes else words[-1:]) if one.outcome == outcome]
    return tuple(dict.fromkeys(found for one in agreeing for found in one.findings))
