"""Entries that share the mark on the cut line are reviewed again before the review closes (rule L2).

The further round is one more sending-out of the scoring stage: reviewers are drawn by its rules, the stage stays open for them, and
all who signed before keep what they signed. It happens once. What was not signed by then counts no more, or the line could still move.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from models.edition import Edition, Entry, Lease, StageRun
from models.errors import LeaseLost
from models.stages import ShortlistingStage
from models.store import Store
from models.tie_breaks import chain_of
from notifications import messages
from rules import assignment, cutting, marking, scoring, shortlist
from rules.cutting import Cut
from rules.parting import RE_REVIEW
from tasks import drawing, recusing, stages, tie_evidence, unsigned
from tasks import scoring as scoring_stage
from tasks.action import action
from tasks.installation import database

STEP = "re_review"


@action
def send_tied(lease: Lease, position: int) -> bool:
    """Draw further reviewers for the entries that nothing before the link `re_review` parts. Yields whether the stage stays open.

    Raises:
        RuleChanged: the rule is not the one that was frozen when the invitations went out.
        LeaseLost: sheets were signed or opened, or entries left, while it was looked at who is tied; nothing was written.
    """
    edition, run = stages.look(lease, position)
    cut = tie_evidence.cut_after(edition, run)
    if run.state != "open" or cut is None or RE_REVIEW not in chain_of(cut):
        return False
    with database().read() as store:
        if store.step_done(edition.id, position, STEP):
            return False
        seen, tied = _decides(store, edition, run), _waiting(store, edition, run, cut)
        if not tied:
            return False
        scoring_stage.refuse_changed_rule(store, edition, run)  # by another rule others would be tied
    with stages.step(lease, position, STEP) as store_:
        if store_ is None:
            return False
        # Whoever signs in this moment waits, and finds the sheet gone or the round open: what is read now decides who is tied.
        run = store_.lock_stage(edition.id, position, to_change=True)
        if _decides(store_, edition, run) != seen:
            raise LeaseLost(f"{edition.id}: sheets of {run.name} changed while it was looked at who is tied; nothing was written")
        return run.state == "open" and _open(store_, edition, run, cut, tied)


def _decides(store: Store, edition: Edition, run: StageRun) -> tuple[object, ...]:
    """Everything that decides who is tied; it is read twice, what is computed from it once."""
    entries = store.entry_ids(edition.id, "assigned", "scored")
    return run.state, run.round, run.closes_at, entries, store.signatures(edition.id, run.position)


def _waiting(store: Store, edition: Edition, run: StageRun, cut: ShortlistingStage) -> tuple[Entry, ...]:
    """The entries that only a further round can part, by code."""
    found = foreseen(store, edition, run, cut)
    return () if found is None else tuple(sorted(store.entries_by_id(found.waiting).values(), key=lambda one: one.code))


def foreseen(store: Store, edition: Edition, run: StageRun, cut: ShortlistingStage) -> Cut | None:
    """The list as it would be cut now; None while entries have too few scores for a mark."""
    stage = scoring_stage.declared(run)
    entries = store.entries(edition.id, "assigned", "scored")
    sheets = scoring_stage.marked_sheets(store, edition, run, entries)
    totals: dict[str, list[scoring.Total]] = {entry.id: [] for entry in entries}
    for one in sheets:
        totals[one.entry].append(one.total)
    if scoring.lacking(entries, totals, stage.aggregate):
        return None
    standings = scoring.standings(entries, totals, stage.aggregate, stage.flags, marking.stage_marks(entries, sheets, stage))
    seats = shortlist.seats(edition.process, Counter(one.group for one in standings))
    evidence = tie_evidence.gather(store, edition, run, cut, may_review_again=True)
    return cutting.cut(standings, seats, cut, edition.process, evidence)


def _open(store: Store, edition: Edition, run: StageRun, cut: ShortlistingStage, tied: tuple[Entry, ...]) -> bool:
    """Open the round for these entries. Yields whether anybody was free for it; if not, the chain goes on without."""
    number = run.round + 1
    seats = {one.id: cut.re_review.panel for one in tied}
    drawn = drawing.draw(store, edition, run, seats, tied, seed=edition.seed + number)
    if not drawn.pairs:
        return False
    signed = {assignment for assignment, _ in store.signatures(edition.id, run.position)}
    pairs = store.assignments(edition.id, run.position)
    expired = [pair for pair in pairs if not pair.recused and pair.id not in signed]
    unsigned.expire(store, edition, run, expired)
    for one in expired:
        recusing.take_back(store, one, reason="expired", now=store.edition_now(edition.id), actor="engine")
    drawing.keep(store, edition, run, drawn, number=number)
    store.next_round(edition.id, run.position, number)
    ends = store.edition_now(edition.id) + timedelta(days=cut.re_review.days)
    store.extend_stage(edition.id, run.position, ends)
    store.append(
        edition.id, "ReReviewOpened", actor="engine", stage=run.name, round=number, entries=[one.code for one in tied],
        closes=ends.isoformat(), marks=cut.re_review.marks, expired=len(expired),
    )  # fmt: skip
    changed = store.edition(edition.id)
    _invite(store, changed, changed.stages[run.position], drawn, number)
    return True


def _invite(store: Store, edition: Edition, run: StageRun, drawn: assignment.Plan, number: int) -> None:
    stages.set_deadlines(store, run)
    more = Counter(reviewer for _, reviewer in drawn.pairs)
    people = [one for one in store.reviewers(edition.id) if more[one.id]]
    until = drawing.issue_links(store, edition, run, people)
    entries = {one.id: [entry for entry, reviewer in drawn.pairs if reviewer == one.id] for one in people}
    # The mail does not say that the entries are tied: who scores them should not know how they stood.
    mails = [messages.review_more(edition, run, one, more[one.id], number, entries=entries[one.id], reply_by=until) for one in people]
    store.queue_mails(edition.id, mails)
