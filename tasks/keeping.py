"""The office keeps a reviewer: "I spoke to her". Nothing then goes to somebody else by itself until the deadline (rule R8)."""

from __future__ import annotations

from dataclasses import replace

from models.edition import Edition, Reviewer, StageRun
from models.errors import Fault, InputError, NotAllowed, NotFound
from models.stages import ScoringStage
from models.store import Store
from rules.text import TextRefused, clean
from tasks import reply_dates
from tasks.installation import database

REASON_MAX = 500
"""Characters of a reason."""


def keep(edition_id: str, code: str, reason: str, *, admin: str) -> None:
    """Let nothing of a reviewer go to somebody else by itself. The same again only changes the reason.

    Raises:
        NotFound: there is no such reviewer, or no review has been opened.
        NotAllowed: the review is not open.
        InputError: the reason is missing, or cannot be kept (`reason`).
    """
    words = reason_of(reason, missing=Fault("keeping a reviewer needs a reason", "write what was agreed", field="reason", column="missing"))
    with database().write() as store:
        _edition, run, person = reviewed_by(store, edition_id, code)
        watch = store.watch(edition_id, run.position, person.id)
        if (watch.kept_by, watch.kept_reason) == (admin, words):
            return
        store.put_watch(replace(watch, kept_by=admin, kept_reason=words, kept_at=store.edition_now(edition_id)))
        store.append(
            edition_id, "ReviewerKept", actor=f"admin:{admin}", stage=run.name, position=run.position, reviewer=person.id, reason=words,
            kept=True,
        )  # fmt: skip


def let_go(edition_id: str, code: str, *, admin: str) -> None:
    """Let the declared days count for a reviewer again. Nothing happens if nobody keeps the reviewer.

    Raises:
        NotFound: there is no such reviewer, or no review has been opened.
        NotAllowed: the review is not open.
    """
    with database().write() as store:
        edition, run, person = reviewed_by(store, edition_id, code)
        watch = store.watch(edition_id, run.position, person.id)
        if not watch.kept_by:
            return
        store.put_watch(replace(watch, kept_by="", kept_reason="", kept_at=None))
        reply_dates.look_again(store, run)
        store.append(
            edition.id, "ReviewerKept", actor=f"admin:{admin}", stage=run.name, position=run.position, reviewer=person.id, reason="",
            kept=False,
        )  # fmt: skip


def reason_of(reason: str, *, missing: Fault) -> str:
    """The words of the office as they are kept.

    Raises:
        InputError: they cannot be kept (`reason`), or there are none.
    """
    try:
        words = clean(reason, max_length=REASON_MAX)
    except TextRefused as refused:
        raise InputError([Fault(str(refused), "correct the words", field="reason", column="text", zh=refused.zh)]) from None
    if not words:
        raise InputError([missing])
    return words


def reviewed_by(store: Store, edition_id: str, code: str) -> tuple[Edition, StageRun, Reviewer]:
    """The edition, its open review, locked for this transaction, and one of its reviewers.

    Raises:
        NotFound: there is no such reviewer, or no review has been opened.
        NotAllowed: the review is not open.
    """
    edition = store.edition(edition_id)
    run = edition.last_of("scoring")
    if run is None or not isinstance(run.declared, ScoringStage):
        raise NotFound(f"{edition_id}: no review has been opened yet", zh="评审还没有开始")
    run = store.lock_stage(edition_id, run.position, to_change=True)
    if run.state not in ("opening", "open"):
        raise NotAllowed(f"{run.name} is {run.state}; what is known of its reviewers can be changed until its deadline")
    person = next((one for one in store.reviewers(edition_id) if one.code == code), None)
    if person is None:
        raise NotFound(f"{edition_id}: there is no reviewer {code}", zh=f"没有编号为“{code}”的专家")
    return edition, run, person
