"""A reviewer steps back from an entry: it leaves the reviewer's hands at once, and a reserve is drawn (rules R3 and R4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import get_args

from models.edition import Assignment
from models.errors import Fault, InputError, NotAllowed, NotFound
from models.reviewing import DeclaredConflict, RecusalReason
from models.store import Store
from rules.text import TextRefused, clean
from tasks import reviewing, substitutes
from tasks.installation import database

REASONS: tuple[RecusalReason, ...] = get_args(RecusalReason)
MORE_MAX = 500
"""Characters of what a reviewer may add to a reason."""


def recuse(edition: str, position: int, reviewer: str, entry: str, *, reason: str, more: str = "") -> None:
    """Take an entry out of a reviewer's hands on the reviewer's own word (rule R3).

    Raises:
        NotFound: the entry is not in the reviewer's hands.
        NotAllowed: the stage is not open, the invitation has not been accepted, or the sheet is signed.
        TooLate: the deadline and its grace have passed.
        InputError: no reason or an unknown one (`reason`), or no readable words where they are needed (`more`).
    """
    with database().write() as store:
        _, now = reviewing.open_stage(store, edition, position, alone=True)
        pair = store.assignment(position, entry, reviewer)
        if pair.edition != edition:
            raise NotFound("this entry is not on the reviewer's list")
        reviewing.refuse_unanswered([pair])
        sheet = store.sheet(pair)
        if sheet is not None and sheet.signed_at is not None:
            raise NotAllowed("the sheet of this entry is signed; ask the review office")
        declare(store, {pair: read(reason, more)}, now)
        substitutes.replace(store, edition, position, [pair], why=f"stepped back: {reason}")


def read(reason: str, more: str, *, prefix: str = "") -> tuple[RecusalReason, str]:
    """A reason and the words beside it, as they are stored.

    Raises:
        InputError: no such reason (`reason`), or words that no field may hold, or that are missing (`more`); `prefix`
            stands before both names.
    """
    known: RecusalReason | None = next((one for one in REASONS if one == reason), None)
    if known is None:
        raise InputError([Fault("a recusal needs a reason", "choose one", field=f"{prefix}reason", column="missing")])
    try:
        words = clean(more, max_length=MORE_MAX)
    except TextRefused as refused:
        raise InputError([Fault(str(refused), "correct the words", field=f"{prefix}more", column="text", zh=refused.zh)]) from None
    if known == "other" and not words:
        raise InputError([Fault("this reason needs a word more", "say in a few words why", field=f"{prefix}more", column="missing")])
    return known, words


def declare(store: Store, conflicts: Mapping[Assignment, tuple[RecusalReason, str]], now: datetime) -> None:
    """Keep declared conflicts of one reviewer, and take the entries out of that reviewer's hands."""
    for pair, (reason, more) in conflicts.items():
        actor = f"reviewer:{pair.reviewer}"
        store.add_conflicts([DeclaredConflict(pair.edition, pair.entry, pair.reviewer, reason, more, now)])
        take_back(store, pair, reason=reason, now=now)
        store.append(pair.edition, "ReviewerRecused", actor=actor, position=pair.position, entry=pair.entry, reason=reason)


def take_back(store: Store, pair: Assignment, *, reason: str, now: datetime, actor: str = "") -> None:
    """Take an entry out of a reviewer's hands; a draft is kept as an earlier version and no longer counts.

    Args:
        store: An open transaction.
        pair: What leaves.
        reason: Why, in a word, for the record of the draft.
        now: The edition's time.
        actor: Who takes it; the reviewer if left out.
    """
    sheet = store.sheet(pair)
    if sheet is not None:
        store.keep_version(sheet, actor=actor or f"reviewer:{pair.reviewer}", reason=reason, at=now)
    store.recuse(pair.id)
