"""Until when each reviewer should answer or begin, and the one deadline by which the engine looks at all of them (rule R8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from models.edition import Edition, Reviewer, StageRun
from models.healing import Watch
from models.reviewing import Invitation
from models.stages import ScoringStage
from models.store import Store
from models.stores.healing import InHand
from rules import chasing
from rules.chasing import Hand

DUE = "due:healing"
"""Kind of the deadline at which the engine looks after silent reviewers; one row for all of them."""


def declared(run: StageRun) -> ScoringStage:
    """The declaration of a scoring stage."""
    assert isinstance(run.declared, ScoringStage)  # noqa: S101 - narrows the type; callers have a scoring stage
    return run.declared


def ask(store: Store, edition: Edition, run: StageRun, people: Sequence[Reviewer]) -> datetime | None:
    """Note until when reviewers who are asked now should answer. Yields that moment; None if nothing is declared.

    Who still waits with earlier entries has until the later date for all of them.
    """
    now, stage = store.edition_now(edition.id), declared(run)
    end = chasing.reply_by(now, stage, edition.process.time_zone, cutoff=run.cutoff)
    if stage.reply_by_days is None or not people:
        return None
    for one in people:
        watch = store.watch(edition.id, run.position, one.id)
        store.put_watch(replace(watch, reply_by=end, reply_warned_at=None))
    if end is not None:
        store.bring_forward(edition.id, run.position, DUE, end - timedelta(days=stage.warn_days_before))
    return end


def answered(store: Store, edition: Edition, run: StageRun) -> None:
    """Let the engine look in time at a reviewer who has just accepted: entries that nobody begins go to others."""
    stage, now = declared(run), store.edition_now(edition.id)
    if stage.silent_days is None:
        return
    end = chasing.end_of_day(now, stage.silent_days, edition.process.time_zone) - timedelta(days=stage.warn_days_before)
    if run.cutoff is None or end < run.cutoff:
        store.bring_forward(edition.id, run.position, DUE, end)


def look_again(store: Store, run: StageRun) -> None:
    """Let the engine look at all reviewers now: a moment that the old deadline cut off may come before the new one."""
    if isinstance(run.declared, ScoringStage) and _declares(run.declared):
        store.bring_forward(run.edition, run.position, DUE, store.edition_now(run.edition))


def _declares(stage: ScoringStage) -> bool:
    return any(days is not None for days in (stage.reply_by_days, stage.silent_days, stage.replace_bounced_days))


def hand_of(store: Store, edition: Edition, run: StageRun, reviewer: str) -> tuple[Hand, tuple[InHand, ...]]:
    """What is known of one reviewer, and everything in that reviewer's hands."""
    held = store.in_hand(edition.id, run.position, reviewer=reviewer)
    answer = store.invitation(edition.id, run.position, reviewer)
    watch = store.watch(edition.id, run.position, reviewer)
    return _hand(answer, held, watch), held


def hands(store: Store, edition: Edition, run: StageRun) -> dict[str, Hand]:
    """Reviewer id -> what is known of everybody who has something in hand."""
    held: dict[str, list[InHand]] = defaultdict(list)
    for one in store.in_hand(edition.id, run.position):
        held[one.reviewer].append(one)
    answers = {one.reviewer: one for one in store.invitations(edition.id, run.position)}
    watches = store.watches(edition.id, run.position)
    return {
        who: _hand(
            answers.get(who) or Invitation(edition.id, run.position, who), some,
            watches.get(who) or Watch(edition.id, run.position, who),
        )
        for who, some in sorted(held.items())
    }  # fmt: skip


def chased(store: Store, edition: Edition, run: StageRun) -> frozenset[str]:
    """Reviewers who were reminded to answer or to begin and have not yet: they get nothing more meanwhile."""
    if not _declares(declared(run)):
        return frozenset()
    return frozenset(who for who, hand in hands(store, edition, run).items() if chasing.is_chased(hand))


def _hand(answer: Invitation, held: Sequence[InHand], watch: Watch) -> Hand:
    signs = [answer.answered_at, *(moment for one in held for moment in (one.cleared_at, one.saved_at, one.signed_at))]
    return Hand(
        answer.state,
        waiting=sum(one.cleared_at is None for one in held),
        not_begun=sum(one.cleared_at is not None and one.saved_at is None for one in held),
        seen=max((one for one in signs if one is not None), default=None),
        watch=watch,
    )
