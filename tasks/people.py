"""Synthetic people act: they use the same functions as the pages do, so a rehearsal meets every refusal that a person would."""

from __future__ import annotations

import math
import tempfile
from collections import defaultdict
from pathlib import Path

from models.edition import Assignment, Edition, Entry, Member, Reviewer, ScoreSheet, StageRun
from models.intake import NewEntry
from models.stages import ScoringStage, SignoffStage, VotingStage
from models.store import Store
from rules import simulation
from rules.simulation import Temper
from tasks import (
    answering,
    answers,
    attachments,
    importing,
    inviting,
    moderating,
    recusing,
    reviewing,
    samples,
    samples_facts,
    samples_papers,
    scoring,
    signing,
    typesetting,
)
from tasks.installation import database, settings

ACTOR = "rehearsal"
_RECUSED_AT_ONCE = 0.5
"""Share of the entries given back that a reviewer gives back with the answer to the invitation, not later."""


def arrive(edition: Edition, folder: Path | None, *, entries: int | None, reviewers: int | None) -> tuple[NewEntry, ...]:
    """Nominators, reviewers and the committee are known before the call: from the sample spreadsheets, or made up.

    Args:
        edition: The rehearsal.
        folder: Folder of sample spreadsheets; None = made-up people.
        entries: Number of made-up entries.
        reviewers: Number of made-up reviewers.

    Yields:
        The made-up entries that will be handed in; none if the spreadsheets hold them.
    """
    if folder is not None:
        kinds: tuple[importing.What, ...] = ("nominators", "reviewers", "committee")
        for what in kinds:
            for path in _files(folder, what):
                importing.take(edition.id, what, path, actor=ACTOR)
        return ()
    panel = next(stage.largest_panel for stage in edition.process.stages if isinstance(stage, ScoringStage))
    entries = entries or settings().rehearsal_entries
    # So many reviewers that each has a usual load, and that conflicts of interest leave every entry enough of them.
    reviewers = reviewers or max(3 * panel, math.ceil(entries * panel / settings().rehearsal_load))
    made = samples.make_people(edition.process, entries=entries, reviewers=reviewers, seed=edition.seed)
    with database().write() as store:
        store.put_nominators(edition.id, made.nominators)
        store.append(edition.id, "NominatorsImported", actor=ACTOR, file="", count=len(made.nominators))
        store.put_reviewers(edition.id, made.reviewers)
        store.append(edition.id, "ReviewersImported", actor=ACTOR, file="", count=len(made.reviewers))
        store.put_members(edition.id, made.members)
        store.append(edition.id, "CommitteeImported", actor=ACTOR, file="", count=len(made.members))
    return tuple(made.entries)


def _files(folder: Path, what: importing.What) -> list[Path]:
    """The spreadsheets of a kind: `entries.xlsx`, or one per class such as `entries-person.xlsx`."""
    tables = (one for one in folder.iterdir() if one.suffix in (".xlsx", ".csv"))
    return sorted(one for one in tables if one.stem == what or one.stem.startswith(f"{what}-"))


def hand_in(edition: Edition, folder: Path | None, made: tuple[NewEntry, ...]) -> None:
    """The nominators hand in their entries, with pictures where there are some. Handing in again changes nothing."""
    with database().read() as store:
        if sum(store.count_entries(edition.id).values()):
            return
    if folder is None:
        with database().write() as store:
            importing.keep_entries(store, edition, made, file="", actor=ACTOR)
        _attach(edition, made)
    else:
        for path in _files(folder, "entries"):
            importing.take(edition.id, "entries", path, actor=ACTOR)
        for archive in sorted(folder.glob("*.zip")):
            attachments.take(edition.id, archive, actor=ACTOR)
    with database().write() as store:
        samples_facts.state(store, edition, actor=ACTOR)


def _attach(edition: Edition, made: tuple[NewEntry, ...]) -> None:
    """The first papers come with documents, where this machine can print them."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "documents.zip"
        try:
            if samples_papers.write_papers(archive, made, edition.seed):
                attachments.take(edition.id, archive, actor=ACTOR)
        except typesetting.NoFont:
            return  # the rehearsal goes on without; `jinbang doctor` names the missing font


def score(edition: Edition, run: StageRun, temper: Temper, *, sitting: int, sittings: int) -> None:
    """Reviewers sit down for the n-th time: each scores what it is that reviewer's habit to score then, and signs when all is done."""
    _come_back(edition, run)
    while _answer_invitations(edition, run, temper):
        pass  # what somebody gave back waits for the answer of the reserve who was drawn for it
    with database().read() as store:
        reviewers = {one.id: one for one in store.reviewers(edition.id)}
        entries = {one.id: one for one in store.entries(edition.id, "assigned")}
        held: dict[str, list[Assignment]] = defaultdict(list)
        for pair in store.assignments(edition.id, run.position):
            if not pair.recused:
                held[pair.reviewer].append(pair)
        sheets = {(one.reviewer, one.entry): one for one in store.sheets(edition.id, run.position)}
        chased = _chased(store, edition, run)
        warned = {who for who, watch in store.watches(edition.id, run.position).items() if watch.silence_warned_at is not None}
    for reviewer, pairs in sorted(held.items()):
        if (_silent(edition, reviewers[reviewer], temper) or _idle(edition, run, reviewers[reviewer], temper)) and not chased:
            continue
        when = (sittings if reviewer in warned else sitting, sittings)  # who is told that time runs out does all that is left
        _sit(edition, run, reviewers[reviewer], [entries[pair.entry] for pair in pairs], sheets, temper, when)


def _come_back(edition: Edition, run: StageRun) -> None:
    """Whose entries went to others comes back, when the secretary calls: where the stage was given more time."""
    with database().read() as store:
        if not _chased(store, edition, run):
            return
        gone = [one.reviewer for one in store.invitations(edition.id, run.position) if one.state == "lapsed"]
    for reviewer in gone:
        pledge = inviting.pledge_digest(inviting.pledge_text(scoring.declared(run), "zh_CN"))
        inviting.accept(edition.id, run.position, reviewer, pledge=pledge)


def _answer_invitations(edition: Edition, run: StageRun, temper: Temper) -> bool:
    """Who is not silent accepts what waits for an answer, and gives back some of it; a few decline. Yields whether anybody answered."""
    with database().read() as store:
        pairs = [one for one in store.assignments(edition.id, run.position) if not one.recused and one.cleared_at is None]
        if not pairs:
            return False
        reviewers = {one.id: one for one in store.reviewers(edition.id)}
        keys = {one.id: one.key for one in store.entries_by_id(pair.entry for pair in pairs).values()}
        chased = _chased(store, edition, run)
    waiting: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        waiting[pair.reviewer].append(pair.entry)
    answering_now = [one for one in sorted(waiting) if chased or not _silent(edition, reviewers[one], temper)]
    for reviewer in answering_now:
        _answer_invitation(edition, run, reviewers[reviewer], {entry: keys[entry] for entry in waiting[reviewer]}, temper)
    return bool(answering_now)


def _answer_invitation(edition: Edition, run: StageRun, reviewer: Reviewer, waiting: dict[str, str], temper: Temper) -> None:
    def habit(what: str, *names: str) -> float:
        return simulation.chance(edition.seed, what, *names, reviewer.code)

    if habit("decline") < temper.declines and not run.round:
        inviting.decline(edition.id, run.position, reviewer.id, reason="出差在外（演示意见）")
        return
    leaving = [entry for entry, key in waiting.items() if habit("recuse", key) < temper.recusals]
    at_once = [entry for entry in leaving if habit("recuse at once", waiting[entry]) < _RECUSED_AT_ONCE]
    pledge = inviting.pledge_digest(inviting.pledge_text(scoring.declared(run), "zh_CN"))
    conflicts = dict.fromkeys(at_once, ("cooperation", ""))
    inviting.accept(edition.id, run.position, reviewer.id, pledge=pledge, conflicts=conflicts)
    for entry in leaving:
        if entry not in at_once:
            recusing.recuse(edition.id, run.position, reviewer.id, entry, reason="cooperation")


def _silent(edition: Edition, reviewer: Reviewer, temper: Temper) -> bool:
    return simulation.chance(edition.seed, "silent", reviewer.code) < temper.silent


def _idle(edition: Edition, run: StageRun, reviewer: Reviewer, temper: Temper) -> bool:
    """Who accepts and then scores nothing, where the stage has a way to go on without."""
    return scoring.declared(run).silent_days is not None and simulation.chance(edition.seed, "idle", reviewer.code) < temper.idle


def _chased(store: Store, edition: Edition, run: StageRun) -> bool:
    """Whom the secretary has given more time is chased by telephone too, and then answers."""
    return any(one.actor == ACTOR and one.payload["stage"] == run.name for one in store.events(edition.id, "StageExtended"))


def _sit(
    edition: Edition,
    run: StageRun,
    reviewer: Reviewer,
    entries: list[Entry],
    sheets: dict[tuple[str, str], ScoreSheet],
    temper: Temper,
    when: tuple[int, int],
) -> None:
    seed, (sitting, count) = edition.seed, when
    mine = {entry.id: sheets.get((reviewer.id, entry.id)) for entry in entries}
    if all(sheet is not None and sheet.signed_at for sheet in mine.values()):
        return
    plan = simulation.sittings(seed, reviewer.code, [one.id for one in entries], count)
    last = max(plan, default=0)
    due = {entry for number, some in plan.items() if number <= sitting or run.round for entry in some}
    work = {}
    for entry in entries:
        if entry.id in due and mine[entry.id] is None:
            sheet = scoring.declared(run).sheet_of(entry.class_name)
            work[entry.id] = (simulation.marks(seed, entry.key, reviewer.code, sheet, temper), "", 0)
    if work:
        reviewing.save_sheets(edition.id, run.position, reviewer.id, work)
    if entries and (sitting >= last or run.round):
        moderating.moderate(edition, run, reviewer.id)
        signing.sign(edition.id, run.position, reviewer.id, reviewer.name)


def answer(edition: Edition, run: StageRun, temper: Temper, *, last_call: bool) -> None:
    """Committee members and signatories answer: most at once, some when reminded, a few never; one body returns the list once."""
    with database().read() as store:
        waiting = answers.silent(store, edition, run)
        entries = store.entries(edition.id, "shortlisted")
        chased = _chased(store, edition, run)
    for member in waiting:
        habit = simulation.chance(edition.seed, "answer", run.name, member.code)
        if isinstance(run.declared, VotingStage):
            if habit < temper.absent and not chased:
                continue
            if habit < 2 * temper.absent and not (last_call or chased):
                continue
            struck = [one.id for one in entries if simulation.chance(edition.seed, "strike", one.key, member.code) < temper.struck]
            answering.answer(edition.id, run.position, member.id, "agree", struck, "")
        elif _returns(edition, run, member):
            answering.answer(edition.id, run.position, member.id, "return", [], "第1项单位名称请核对（演示意见）")
        else:
            answering.answer(edition.id, run.position, member.id, "agree", [], "")


def _returns(edition: Edition, run: StageRun, member: Member) -> bool:
    """In the last sign-off of a process one body, chosen by the seed, returns the list in the first round."""
    if not isinstance(run.declared, SignoffStage) or run.round:
        return False
    if any(isinstance(one.declared, SignoffStage) for one in edition.stages[run.position + 1 :]):
        return False
    parties = [party.name for party in run.declared.parties]
    return len(parties) > 1 and member.party == parties[int(simulation.chance(edition.seed, "returns", run.name) * len(parties))]
