"""The office asks divergent reviewers for a written reason (rule S5); the marks stay as they are. Each call is one transaction.

A reason can be asked for and given from the signature of the sheet until the list goes to the committee: it is the committee that
may want to know, and before a signature there is nothing to explain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.edition import Edition, Entry, ScoreSheet, StageRun
from models.errors import Fault, InputError, NotAllowed, NotFound
from models.ranking import Reason
from models.stages import ScoringStage, ShortlistingStage
from models.store import Store
from notifications import messages
from rules import scoring
from rules.digests import digest
from rules.text import TextRefused, clean
from tasks.installation import database
from tasks.scoring import signed_totals


@dataclass(frozen=True)
class Asked:
    """What a reviewer is asked, with the own sheet and nobody else's."""

    edition: Edition
    run: StageRun
    stage: ScoringStage
    entry: Entry
    sheet: ScoreSheet
    reason: Reason
    open: bool
    """Whether the reason can be written or changed now."""

    @property
    def until(self) -> datetime:
        """By when the office asks for it."""
        return self.reason.asked_at + timedelta(days=self.stage.flags.reason_days)


def is_open(store: Store, edition: Edition, run: StageRun) -> bool:
    """Whether reasons can be asked for and given: the review has begun, and its list has not gone to the committee."""
    if edition.state != "running" or run.state in ("planned", "opening"):
        return False
    cut = _cut_after(edition, run)
    return cut is None or not store.step_done(edition.id, cut.position, "release_list")


def _cut_after(edition: Edition, run: StageRun) -> StageRun | None:
    return next((one for one in edition.stages[run.position :] if isinstance(one.declared, ShortlistingStage)), None)


def link_ends(edition: Edition, run: StageRun, now: datetime) -> datetime:
    """Until when the link of somebody who is asked now lives: while a reason is asked for, and while it can be given, as far as planned.

    Should the list go to the committee later than that, its holder can ask for the link again: see `still_asked`.
    """
    stage, cut = _stage(run), _cut_after(edition, run)
    until = [one.cutoff for one in (run, cut) if one is not None and one.cutoff is not None]
    return max([now + timedelta(days=stage.flags.reason_days), *until]) + timedelta(days=stage.link_days_after)


def still_asked(store: Store, edition: Edition, reviewer: str) -> StageRun | None:
    """The stage of which a reviewer was asked for a reason that can be written or changed now; None if there is none."""
    runs = (one for one in edition.stages if isinstance(one.declared, ScoringStage) and is_open(store, edition, one))
    return next((one for one in runs if store.reasons(edition.id, one.position, reviewer=reviewer)), None)


def ask(edition_id: str, position: int, entry_id: str, *, admin: str) -> int:
    """Ask those whose marks make an entry divergent for a written reason. Yields how many had not been asked before.

    Asked are those whose total is too far from the median, else the highest and the lowest. Each gets a mail with the own link, which
    then lives long enough (`link_ends`); who was asked before gets none.

    Raises:
        NotFound: the entry is not reviewed in this stage.
        NotAllowed: the list has gone to the committee, or the entry is not divergent.
    """
    with database().write() as store:
        edition = store.edition(edition_id)
        run = store.lock_stage(edition_id, position)
        stage, entry, now = _stage(run), store.entry(entry_id), store.edition_now(edition_id)
        if entry.edition != edition_id:
            raise NotFound(f"{edition_id} has no such entry", zh="没有这个申报项")
        _refuse_closed(store, edition, run)
        totals = {sheet.reviewer: total for sheet, total in signed_totals(store, edition, run, {entry.id: entry})}
        far = scoring.divergent(totals, stage.flags)
        if not far:
            raise NotAllowed(f"the signed marks of {entry.code} are not divergent now; there is nobody to ask for a reason")
        fresh = store.ask_reasons([Reason(edition_id, position, entry.id, one, admin, now) for one in far])
        if fresh:
            people = {one.id: one for one in store.reviewers(edition_id)}
            asked = [people[one.reviewer] for one in fresh]
            store.extend_grants_of(edition_id, "reviewer", [one.id for one in asked], link_ends(edition, run, now))
            until = now + timedelta(days=stage.flags.reason_days)
            store.queue_mails(edition_id, [messages.reason_asked(edition, run, one, entry.code, until) for one in asked])
            store.append(
                edition_id, "ReasonAsked", actor=f"admin:{admin}", stage=run.name, entry=entry.id, reviewers=[one.id for one in asked]
            )  # fmt: skip
    return len(fresh)


def asked(store: Store, edition: Edition, position: int, reviewer: str, code: str) -> Asked:
    """What a reviewer is asked about an entry.

    Raises:
        NotFound: no reason was asked of this reviewer for an entry of that code.
    """
    run = edition.stages[position]
    for one in store.reasons(edition.id, position, reviewer=reviewer):
        entry = store.entry(one.entry)
        sheet = store.sheet(store.assignment(position, one.entry, reviewer)) if entry.code == code else None
        if sheet is not None:
            return Asked(edition, run, _stage(run), entry, sheet, one, is_open(store, edition, run))
    raise NotFound("no reason was asked for this entry")


def give(edition_id: str, position: int, reviewer: str, code: str, text: str) -> None:
    """Keep what a reviewer writes; it may be written anew until the list goes to the committee. The same text twice is kept once.

    Raises:
        NotFound: no reason was asked of this reviewer for that entry.
        NotAllowed: the list has gone to the committee.
        InputError: the text is empty (`text`, `missing`), or no field may hold it or it is too long (`text`, `text`).
    """
    with database().write() as store:
        store.lock_stage(edition_id, position)
        edition = store.edition(edition_id)
        found = asked(store, edition, position, reviewer, code)
        _refuse_closed(store, edition, found.run)
        try:
            words = clean(text, max_length=found.stage.flags.reason_max)
        except TextRefused as refused:
            raise InputError([Fault(str(refused), "correct the text", field="text", column="text", zh=refused.zh)]) from None
        if not words:
            raise InputError([Fault("a reason was asked for, and the field is empty", "write one", field="text", column="missing")])
        if words == found.reason.text:
            return
        store.give_reason(found.reason, words, store.edition_now(edition_id))
        # The words themselves stand in their own table: events are shown to more people than the office.
        store.append(
            edition_id, "ReasonGiven", actor=f"reviewer:{reviewer}", stage=found.run.name, entry=found.entry.id, digest=digest(words)
        )  # fmt: skip


def _stage(run: StageRun) -> ScoringStage:
    if not isinstance(run.declared, ScoringStage):
        raise NotFound(f"{run.name} is not a scoring stage")
    return run.declared


def _refuse_closed(store: Store, edition: Edition, run: StageRun) -> None:
    if not is_open(store, edition, run):
        raise NotAllowed(f"the list of {edition.id} has gone to the committee; no reason is asked for or taken any more")
