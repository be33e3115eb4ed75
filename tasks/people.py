"""Synthetic people act: they use the same functions as the pages do, so a rehearsal meets every refusal that a person would."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path

from models.edition import Assignment, Edition, Entry, Member, Reviewer, ScoreSheet, StageRun
from models.intake import NewEntry
from models.stages import ScoringStage, SignoffStage, VotingStage
from models.store import Store
from rules import simulation
from rules.simulation import Temper
from tasks import answering, answers, attachments, importing, reviewing, samples, scoring
from tasks.installation import database, settings

ACTOR = "rehearsal"


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
    panel = next(stage.panel for stage in edition.process.stages if isinstance(stage, ScoringStage))
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
        return
    for path in _files(folder, "entries"):
        importing.take(edition.id, "entries", path, actor=ACTOR)
    for archive in sorted(folder.glob("*.zip")):
        attachments.take(edition.id, archive, actor=ACTOR)


def score(edition: Edition, run: StageRun, temper: Temper, *, sitting: int, sittings: int) -> None:
    """Reviewers sit down for the n-th time: each scores what it is that reviewer's habit to score then, and signs when all is done."""
    with database().read() as store:
        reviewers = {one.id: one for one in store.reviewers(edition.id)}
        entries = {one.id: one for one in store.entries(edition.id, "assigned")}
        held: dict[str, list[Assignment]] = defaultdict(list)
        for pair in store.assignments(edition.id, run.position):
            if not pair.recused:
                held[pair.reviewer].append(pair)
        sheets = {(one.reviewer, one.entry): one for one in store.sheets(edition.id, run.position)}
        chased = _chased(store, edition, run)
    for reviewer, pairs in sorted(held.items()):
        if simulation.chance(edition.seed, "silent", reviewers[reviewer].code) < temper.silent and not chased:
            continue
        _sit(edition, run, reviewers[reviewer], [entries[pair.entry] for pair in pairs], sheets, temper, (sitting, sittings))


def _chased(store: Store, edition: Edition, run: StageRun) -> bool:
    """Whom the secretary has given more time is chased by telephone too, and then answers."""
    return any(one.type == "StageExtended" and one.actor == ACTOR and one.payload["stage"] == run.name for one in store.events(edition.id))


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
    leaving = [
        one for one in entries if mine[one.id] is None and simulation.chance(seed, "recuse", one.key, reviewer.code) < temper.recusals
    ]
    for entry in leaving:
        reviewing.recuse(edition.id, run.position, reviewer.id, entry.id, reason="declared")
    staying = [one for one in entries if one not in leaving]
    plan = simulation.sittings(seed, reviewer.code, [one.id for one in staying], count)
    last = max(plan, default=0)
    due = {entry for number, some in plan.items() if number <= sitting or run.round for entry in some}
    work = {}
    for entry in staying:
        if entry.id in due and mine[entry.id] is None:
            sheet = scoring.declared(run).sheet_of(entry.class_name)
            work[entry.id] = (simulation.marks(seed, entry.key, reviewer.code, sheet, temper), "", 0)
    if work:
        reviewing.save_sheets(edition.id, run.position, reviewer.id, work)
    if staying and (sitting >= last or run.round):
        reviewing.sign(edition.id, run.position, reviewer.id, reviewer.name)


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
