"""What happens in a scoring stage: panels, links, reminders, further reviewers, marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction

from models.edition import Edition, Entry, Lease, ScoreSheet, StageRun
from models.errors import NotEnoughReviewers
from models.stages import ScoringStage
from models.store import Store
from notifications import messages
from rules import assignment, scoring
from rules.digests import digest
from tasks import drawing, stages
from tasks.action import action
from tasks.installation import database


def declared(run: StageRun) -> ScoringStage:
    """The declaration of a scoring stage."""
    assert isinstance(run.declared, ScoringStage)  # noqa: S101 - narrows the type; the flows call by kind
    return run.declared


@action
def draw_panels(lease: Lease, position: int) -> None:
    """Draw a panel for each eligible entry, by the stage's rules and the edition's seed.

    Raises:
        NotEnoughReviewers: some entries could never get enough valid scores.
    """
    if stages.is_done(lease.edition, position, "draw:0"):
        return
    edition, run = stages.look(lease, position)
    stage = declared(run)
    with database().read() as store:
        # Classified entries are not reviewed online: the committee deals with them.
        entries = tuple(one for one in store.entries(edition.id, "eligible", "assigned") if not one.classified)
        seats = {entry.id: stage.panel for entry in entries}
        drawn = drawing.draw(store, edition, run, seats, entries, seed=edition.seed)
    short = {entry: empty for entry, empty in drawn.short.items() if stage.panel - empty < stage.aggregate.min_valid}
    if short:
        raise NotEnoughReviewers(_shortage(edition, entries, short, stage))
    with stages.step(lease, position, "draw:0") as store_:
        if store_ is not None:
            drawing.keep(store_, edition, run, drawn, number=0)
            store_.set_entry_states({entry.id: "assigned" for entry in entries})


def _shortage(edition: Edition, entries: Sequence[Entry], short: dict[str, int], stage: ScoringStage) -> str:
    codes = sorted(entry.code for entry in entries if entry.id in short)
    named = ", ".join(codes[:10]) + (f" and {len(codes) - 10} more" if len(codes) > 10 else "")
    return (
        f"{edition.id}: {len(codes)} of {len(entries)} entries would have fewer than {stage.aggregate.min_valid} reviewers ({named}); "
        f"{sum(short.values())} seats are empty. Import more reviewers from other units, raise max_load, or lower panel; then retry"
    )


@action
def invite_reviewers(lease: Lease, position: int) -> None:
    """Give every drawn reviewer a link and mail the invitation."""
    with stages.step(lease, position, "invite") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        run = edition.stages[position]
        loads = Counter(pair.reviewer for pair in store.assignments(edition.id, position))
        people = [one for one in store.reviewers(edition.id) if loads[one.id]]
        drawing.issue_links(store, edition, run, people)
        store.queue_mails(edition.id, [messages.review_invitation(edition, run, one, loads[one.id]) for one in people])


@action
def remind_reviewers(lease: Lease, position: int, days: int, name: str) -> None:
    """Remind reviewers with unsigned sheets."""
    with stages.step(lease, position, name) as store:
        if store is not None:
            edition = store.edition(lease.edition)
            queue_reminders(store, edition, edition.stages[position], days, actor="engine")


def queue_reminders(store: Store, edition: Edition, run: StageRun, days: int, *, actor: str) -> int:
    """Queue a reminder for each reviewer with unsigned sheets. Yields how many."""
    missing = {reviewer: had - signed for reviewer, (had, signed) in store.progress(edition.id, run.position).items() if signed < had}
    people = [one for one in store.reviewers(edition.id) if one.id in missing]
    count = store.queue_mails(edition.id, [messages.review_reminder(edition, run, one, missing[one.id], days) for one in people])
    store.append(edition.id, "RemindersQueued", actor=actor, stage=run.name, count=count)
    return count


def all_signed(store: Store, edition: Edition, run: StageRun) -> bool:
    """Whether every sheet in hand is signed and every entry has enough of them (or could get no more by itself)."""
    progress = store.progress(edition.id, run.position)
    return bool(progress) and all(signed == had for had, signed in progress.values())


def _totals(store: Store, edition: Edition, run: StageRun) -> dict[str, list[scoring.Total]]:
    """Totals of signed and complete sheets by entry; a recused or expired sheet is absent, never 0 (rule S4)."""
    entries = {entry.id: entry for entry in store.entries(edition.id, "assigned", "scored")}
    totals: dict[str, list[scoring.Total]] = {entry: [] for entry in entries}
    for sheet, total in signed_totals(store, edition, run, entries):
        totals[sheet.entry].append(total)
    return totals


def signed_totals(store: Store, edition: Edition, run: StageRun, entries: Mapping[str, Entry]) -> Iterator[tuple[ScoreSheet, Fraction]]:
    """The signed and complete sheets of some entries (id -> entry), each with its total (rule S4)."""
    for sheet in store.sheets(edition.id, run.position, signed=True):
        if sheet.entry not in entries:
            continue
        criteria = declared(run).sheet_of(entries[sheet.entry].class_name)
        total = scoring.total(criteria, sheet.marks, sheet.skipped)
        if total is not None and not scoring.missing(criteria, sheet.marks, sheet.skipped):
            yield sheet, total


@action
def send_out_again(lease: Lease, position: int) -> bool:
    """Draw further reviewers for entries with too few valid scores, and give them some days. Yields whether it did.

    It does so as often as is declared, and once more each time that an admin retries the blocked stage.
    """
    edition, run = stages.look(lease, position)
    stage = declared(run)
    number = run.round + 1
    with database().read() as store:
        if run.state != "open" or run.round >= stage.top_up.rounds + _retries(store, run):
            return False
        entries = store.entries(edition.id, "assigned")
        totals = _totals(store, edition, run)
        lacking = set(scoring.lacking(entries, totals, stage.aggregate))
        if not lacking:
            return False
        seats = {entry: stage.panel - len(totals[entry]) for entry in lacking}
        wanting = [entry for entry in entries if entry.id in lacking]
        drawn = drawing.draw(store, edition, run, seats, wanting, seed=edition.seed + number)
    if not drawn.pairs:
        return False
    with stages.step(lease, position, f"draw:{number}") as store_:
        if store_ is None:
            return False
        drawing.keep(store_, edition, run, drawn, number=number)
        store_.next_round(edition.id, position, number)
        ends = store_.edition_now(edition.id) + timedelta(days=stage.top_up.days)
        store_.extend_stage(edition.id, position, ends)
        store_.append(edition.id, "StageExtended", actor="engine", stage=run.name, closes=ends.isoformat(), lacking=len(lacking))
        _invite_more(store_, store_.edition(edition.id), position, drawn, number)
    return True


def _retries(store: Store, run: StageRun) -> int:
    """How often an admin has retried the stage because entries had too few marks."""
    retried = [one.payload for one in store.events(run.edition) if one.type == "StageRetried"]
    return sum(one["stage"] == run.name and one.get("state") == "closing" for one in retried)


def _invite_more(store: Store, edition: Edition, position: int, drawn: assignment.Plan, number: int) -> None:
    run = edition.stages[position]
    stages.set_deadlines(store, run)
    more = Counter(reviewer for _, reviewer in drawn.pairs)
    people = [one for one in store.reviewers(edition.id) if more[one.id]]
    drawing.issue_links(store, edition, run, people)
    store.queue_mails(edition.id, [messages.review_more(edition, run, one, more[one.id], number) for one in people])


@action
def compute_marks(lease: Lease, position: int) -> None:
    """Compute each entry's mark and place from the signed sheets, by the frozen rule.

    Raises:
        NotEnoughReviewers: entries have fewer valid scores than the declaration asks.
    """
    if stages.is_done(lease.edition, position, "compute_marks"):
        return
    edition, run = stages.look(lease, position)
    stage = declared(run)
    with database().read() as store:
        entries = store.entries(edition.id, "assigned", "scored")
        totals = _totals(store, edition, run)
    if lacking := scoring.lacking(entries, totals, stage.aggregate):
        codes = sorted(entry.code for entry in entries if entry.id in set(lacking))
        named = ", ".join(codes[:10])
        raise NotEnoughReviewers(
            f"{edition.id}: {len(codes)} entries have fewer than {stage.aggregate.min_valid} signed score sheets ({named}); "
            f"extend {run.name} so that their reviewers can sign, or import further reviewers and retry"
        )
    standings = scoring.standings(entries, totals, stage.aggregate, stage.flags)
    with stages.step(lease, position, "compute_marks") as store_:
        if store_ is None:
            return
        store_.put_standings(edition.id, position, standings)
        store_.set_entry_states({one.entry: "scored" for one in standings})
        listed = [[one.entry, one.group, str(one.mark), one.place] for one in standings]
        store_.append(
            edition.id, "MarksComputed", actor="engine", stage=run.name, entries=len(standings),
            flagged=sum(one.flagged for one in standings), digest=digest(listed),
        )  # fmt: skip
