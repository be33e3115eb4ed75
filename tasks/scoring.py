"""What happens in a scoring stage: panels, links, reminders, further reviewers, marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction

from models.edition import Edition, Entry, Lease, ScoreSheet, StageRun, Standing
from models.errors import LeaseLost, NotEnoughReviewers
from models.ranking import FrozenRule
from models.stages import ScoringStage
from models.store import Store
from notifications import messages
from rules import assignment, frozen_rule, marking, scoring
from rules.digests import digest
from tasks import drawing, panel_sizes, reserves, rounds, shortages, stages, unsigned
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
        LeaseLost: panels were changed while these were drawn; nothing was written.
    """
    if stages.is_done(lease.edition, position, "draw:0"):
        return
    edition, run = stages.look(lease, position)
    stage = declared(run)
    with database().read() as store:
        # Classified entries are not reviewed online: the committee deals with them.
        entries = tuple(one for one in store.entries(edition.id, "eligible", "assigned") if not one.classified)
        # The office may have drawn or set some panels by hand, while the stage was blocked.
        there = store.assignments(edition.id, position)
        panels = [one for one in there if not one.recused]
        held = Counter(one.entry for one in panels)
        sizes = panel_sizes.look(store, run)
        seats = {entry.id: max(0, sizes.of(entry) - held[entry.id]) for entry in entries}
        drawn = drawing.draw(store, edition, run, seats, entries, seed=edition.seed, mode=stage.draw.mode)
        short = [entry for entry in drawn.short if held[entry] + seats[entry] - drawn.short[entry] < stage.aggregate.min_valid]
        if short:
            raise shortages.refusal(store, edition, run, entries, panels, seats, short)
    with stages.step(lease, position, "draw:0") as store_:
        if store_ is not None:
            drawing.refuse_moved(store_, run, there, sizes)
            drawing.keep(store_, edition, run, drawn, number=0)
            store_.set_entry_states({entry.id: "assigned" for entry in entries})


@action
def invite_reviewers(lease: Lease, position: int) -> None:
    """Give every drawn reviewer a link and mail the invitation; in the same moment the rule of the marks is frozen."""
    with stages.step(lease, position, "invite") as store:
        if store is None:
            return
        edition = store.edition(lease.edition)
        run = store.lock_stage(edition.id, position)  # whom the office seats after this moment, it invites itself
        freeze_rule(store, edition, run)
        loads = Counter(pair.reviewer for pair in store.assignments(edition.id, position))
        people = [one for one in store.reviewers(edition.id) if loads[one.id]]
        until = drawing.issue_links(store, edition, run, people)
        store.queue_mails(edition.id, [messages.review_invitation(edition, run, one, loads[one.id], reply_by=until) for one in people])


def freeze_rule(store: Store, edition: Edition, run: StageRun) -> None:
    """Keep everything that turns sheets into selected entries, before the first sheet can be opened."""
    rule = frozen_rule.of(edition, run.position)
    code = digest(rule)
    store.freeze_rule(FrozenRule(edition.id, run.position, code, store.edition_now(edition.id), rule))
    store.append(edition.id, "RuleFrozen", actor="engine", stage=run.name, digest=code)


def refuse_changed_rule(store: Store, edition: Edition, run: StageRun, *, marked: bool = False) -> None:
    """Refuse to compute anything by another rule than the frozen one.

    Args:
        store: An open transaction.
        edition: The edition.
        run: Its scoring stage.
        marked: The marks stand already, and a list is cut from them: how this version would compute them is no matter any more.

    Raises:
        RuleChanged: the declaration, or how this version computes it, is not what was frozen.
    """
    frozen = store.frozen_rule(edition.id, run.position)
    # None: the invitations went out with a version that did not freeze rules yet.
    found = () if frozen is None else frozen_rule.differences(frozen.rule, edition, run.position)
    changed = [one for one in found if not (marked and one.startswith("methods:"))]
    if frozen is not None and changed:
        raise frozen_rule.refusal(f"{edition.id}: the rule of {run.name}", frozen, changed, marked=marked)


@action
def remind_reviewers(lease: Lease, position: int, days: int, name: str) -> None:
    """Remind reviewers with unsigned sheets."""
    with stages.step(lease, position, name) as store:
        if store is not None:
            edition = store.edition(lease.edition)
            queue_reminders(store, edition, edition.stages[position], days, actor="engine")


def queue_reminders(
    store: Store, edition: Edition, run: StageRun, days: int, *, actor: str, only: Mapping[str, int] | None = None
) -> int:  # fmt: skip
    """Queue a reminder for each reviewer with unsigned sheets, or of these `only` (reviewer -> sheets). Yields how many."""
    missing = {reviewer: had - signed for reviewer, (had, signed) in store.progress(edition.id, run.position).items() if signed < had}
    missing = missing if only is None else dict(only)
    people = [one for one in store.reviewers(edition.id) if one.id in missing]
    whole = unsigned.complete(store, edition, run)
    mails = [messages.review_reminder(edition, run, one, missing[one.id], days, complete=whole.get(one.id, ())) for one in people]
    count = store.queue_mails(edition.id, mails)
    store.append(edition.id, "RemindersQueued", actor=actor, stage=run.name, count=count)
    return count


def all_signed(store: Store, edition: Edition, run: StageRun) -> bool:
    """Whether every sheet in hand is signed and every entry has enough of them (or could get no more by itself)."""
    progress = store.progress(edition.id, run.position)
    return bool(progress) and all(signed == had for had, signed in progress.values()) and not _may_come_back(store, edition, run)


def _may_come_back(store: Store, edition: Edition, run: StageRun) -> bool:
    """Whether entries lack scores while somebody could come back whose entries went to others: the stage waits until its deadline."""
    if not any(one.state == "lapsed" for one in store.invitations(edition.id, run.position)):
        return False
    entries = store.entries(edition.id, "assigned")
    return bool(scoring.lacking(entries, _totals(store, edition, run, entries), declared(run).aggregate))


def _totals(store: Store, edition: Edition, run: StageRun, entries: Sequence[Entry]) -> dict[str, list[scoring.Total]]:
    """Totals of signed and complete sheets by entry; a recused or expired sheet is absent, never 0 (rule S4)."""
    totals: dict[str, list[scoring.Total]] = {entry.id: [] for entry in entries}
    for sheet, total in signed_totals(store, edition, run, {entry.id: entry for entry in entries}):
        totals[sheet.entry].append(total)
    return totals


def signed_totals(store: Store, edition: Edition, run: StageRun, entries: Mapping[str, Entry]) -> Iterator[tuple[ScoreSheet, Fraction]]:
    """The signed and complete sheets of some entries (id -> entry), each with its total (rule S4).

    Those of a re-review are left out: they part the tied, and change no mark.
    """
    aside = rounds.reviewed_again(store, run)
    sheets = (one for one in store.sheets(edition.id, run.position, signed=True) if one.assignment not in aside)
    return totalled(sheets, declared(run), entries)


def totalled(sheets: Iterable[ScoreSheet], stage: ScoringStage, entries: Mapping[str, Entry]) -> Iterator[tuple[ScoreSheet, Fraction]]:
    """Those of some signed sheets that are of one of the entries (id -> entry) and complete, each with its total (rule S4)."""
    for sheet in sheets:
        if sheet.entry not in entries:
            continue
        criteria = stage.sheet_of(entries[sheet.entry].class_name)
        total = scoring.total(criteria, sheet.marks, sheet.skipped)
        if total is not None and not scoring.missing(criteria, sheet.marks, sheet.skipped):
            yield sheet, total


@action
def send_out_again(lease: Lease, position: int) -> bool:
    """Draw further reviewers for entries with too few valid scores, and give them some days. Yields whether it did.

    It does so as often as is declared, and once more each time that an admin retries the blocked stage. Unsigned sheets of all other
    entries are closed.

    Raises:
        LeaseLost: panels or sheets were changed, or the stage was extended, while these were drawn; nothing was written.
    """
    edition, run = stages.look(lease, position)
    stage = declared(run)
    number = run.round + 1
    with database().read() as store:
        if run.state != "open" or run.round >= stage.top_up.rounds + _retries(store, run):
            return False
        there, signed = store.assignments(edition.id, position), store.signatures(edition.id, position)
        entries = store.entries(edition.id, "assigned")
        totals = _totals(store, edition, run, entries)
        lacking = set(scoring.lacking(entries, totals, stage.aggregate))
        if not lacking:
            return False
        wanting = [entry for entry in entries if entry.id in lacking]
        sizes = panel_sizes.look(store, run)
        seats = {entry.id: sizes.of(entry) - len(totals[entry.id]) for entry in wanting}
        drawn = reserves.fill(store, edition, run, seats, wanting, seed=edition.seed + number)
    if not drawn.pairs:
        return False
    with stages.step(lease, position, f"draw:{number}") as store_:
        if store_ is None:
            return False
        drawing.refuse_moved(store_, run, there, sizes)
        if store_.signatures(edition.id, position) != signed:
            raise LeaseLost(f"{edition.id}: sheets of {run.name} changed while further reviewers were drawn; nothing was written")
        ends = store_.edition_now(edition.id) + timedelta(days=stage.top_up.days)
        stay = unsigned.close_settled(store_, edition, run, lacking, ends)
        drawing.keep(store_, edition, run, drawn, number=number)
        store_.next_round(edition.id, position, number)
        store_.extend_stage(edition.id, position, ends)
        store_.append(edition.id, "StageExtended", actor="engine", stage=run.name, closes=ends.isoformat(), lacking=len(lacking))
        _invite_more(store_, store_.edition(edition.id), position, drawn, number)
        _tell_longer(store_, store_.edition(edition.id), position, stay)
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
    until = drawing.issue_links(store, edition, run, people)
    store.queue_mails(edition.id, [messages.review_more(edition, run, one, more[one.id], number, reply_by=until) for one in people])


def _tell_longer(store: Store, edition: Edition, position: int, stay: Mapping[str, int]) -> None:
    """Remind those who may still sign (reviewer -> sheets) of the new deadline."""
    run = edition.stages[position]
    if stay:
        queue_reminders(store, edition, run, declared(run).top_up.days, actor="engine", only=stay)


@action
def compute_marks(lease: Lease, position: int) -> None:
    """Compute each entry's mark and place from the signed sheets, by the frozen rule.

    Raises:
        NotEnoughReviewers: entries have fewer valid scores than the declaration asks.
        RuleChanged: the rule is not the one that was frozen when the invitations went out.
    """
    if stages.is_done(lease.edition, position, "compute_marks"):
        return
    edition, run = stages.look(lease, position)
    stage = declared(run)
    with database().read() as store:
        refuse_changed_rule(store, edition, run)
        standings = computed(store, edition, run, store.entries(edition.id, "assigned", "scored"))
    with stages.step(lease, position, "compute_marks") as store_:
        if store_ is None:
            return
        store_.put_standings(edition.id, position, standings)
        store_.set_entry_states({one.entry: "scored" for one in standings})
        store_.append(
            edition.id, "MarksComputed", actor="engine", stage=run.name, entries=len(standings), method=stage.aggregate.method,
            normalise=stage.normalise, flagged=sum(one.flagged for one in standings), digest=standings_digest(standings),
        )  # fmt: skip


def computed(store: Store, edition: Edition, run: StageRun, entries: Sequence[Entry]) -> tuple[Standing, ...]:
    """Marks and places of some entries, from the sheets as they are signed now.

    Raises:
        NotEnoughReviewers: entries have fewer valid scores than the declaration asks.
    """
    stage = declared(run)
    sheets = marked_sheets(store, edition, run, entries)
    totals: dict[str, list[scoring.Total]] = {entry.id: [] for entry in entries}
    for one in sheets:
        totals[one.entry].append(one.total)
    if lacking := scoring.lacking(entries, totals, stage.aggregate):
        codes = sorted(entry.code for entry in entries if entry.id in set(lacking))
        named = ", ".join(codes[:10])
        raise NotEnoughReviewers(
            f"{edition.id}: {len(codes)} entries have fewer than {stage.aggregate.min_valid} signed score sheets ({named}); "
            f"extend {run.name} so that their reviewers can sign, or import further reviewers and retry",
            zh=f"{len(codes)} 项已签署的评分表不足 {stage.aggregate.min_valid} 份（{'、'.join(codes[:10])}）；请延长期限让专家签署，"
            "或增加专家后重试",
        )
    marks = marking.stage_marks(entries, sheets, stage)
    return tuple(scoring.standings(entries, totals, stage.aggregate, stage.flags, marks))


def standings_digest(standings: Sequence[Standing]) -> str:
    """The digest under which marks and places are recorded."""
    return digest([[one.entry, one.group, str(one.mark), one.place] for one in standings])


def marked_sheets(store: Store, edition: Edition, run: StageRun, entries: Sequence[Entry]) -> list[marking.Sheet]:
    """The signed and complete sheets of some entries, as marks are computed from them (rule S4)."""
    found = signed_totals(store, edition, run, {entry.id: entry for entry in entries})
    return [marking.Sheet(sheet.entry, sheet.reviewer, total) for sheet, total in found]
