"""What a reviewer does: save score sheets, sign them, step back from an entry. Each call is one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from models.edition import Assignment, Edition, Entry, Reviewer, ScoreSheet, StageRun
from models.errors import Fault, InputError, NotAllowed, NotFound, Stale, TooLate
from models.process import decimal_text
from models.reviewing import Written
from models.sheets import Criterion
from models.stages import ScoringStage
from models.store import Store
from notifications import messages
from rules import scoring
from rules.text import TextRefused, clean
from tasks.installation import database

COMMENT_MAX = 2000
"""Characters of a comment on a sheet."""
REASON_MAX = 500
"""Characters of a reason for recusal."""


class Draft(NamedTuple):
    """What a reviewer has written on one sheet."""

    marks: Mapping[str, str | Decimal]
    """Criterion -> mark as typed, or as a number; an empty text means that it is still missing."""
    comment: str
    revision: int
    """Revision of the sheet that the reviewer had before the eyes; 0 = none yet."""
    advice: str = ""
    """The comment for the applicant."""
    skipped: tuple[str, ...] = ()
    """Criteria answered "not applicable"; only optional ones may be."""
    fatal: str = ""
    """Name of a declared fatal flaw, or empty."""


def save_sheets(
    edition: str, position: int, reviewer: str, work: Mapping[str, Draft | tuple[Mapping[str, str | Decimal], str, int]]
) -> dict[str, int]:
    """Save one or many sheets of one reviewer, all or none. Yields entry id -> new revision.

    A form that arrives twice is saved once: the second call finds its own content and yields its revision.

    Args:
        edition: The edition's id.
        position: Position of the scoring stage.
        reviewer: The reviewer's id.
        work: Entry id -> (marks, comment, revision that was read), e.g. a `Draft`.

    Raises:
        NotFound: an entry is not in the reviewer's hands.
        NotAllowed: the stage is not open.
        TooLate: the deadline and its grace have passed.
        InputError: marks or comments are refused; each fault names `<entry id>.<criterion>` and gives the code as its `column`.
        Stale: a sheet was changed elsewhere since it was read, or is signed.
    """
    drafts = {entry: Draft(*one) for entry, one in work.items()}
    with database().write() as store:
        _open_stage(store, edition, position)
        pairs = {entry: store.assignment(position, entry, reviewer) for entry in drafts}
        if any(pair.edition != edition for pair in pairs.values()):
            raise NotFound("this entry is not on the reviewer's list")
        stage = _scoring(store.edition(edition), position)
        written = _read(stage, store.entries_by_id(drafts), drafts)
        revisions, changed = {}, []
        for entry, draft in drafts.items():
            revisions[entry], new = _save(store, pairs[entry], written[entry], draft.revision)
            if new:
                changed.append(entry)
        if changed:
            sheets = {entry: {"revision": revisions[entry], "marks": marks_digest(written[entry].marks)} for entry in sorted(changed)}
            store.append(edition, "SheetSaved", actor=f"reviewer:{reviewer}", position=position, sheets=sheets)
    return revisions


def sign(edition: str, position: int, reviewer: str, name: str) -> int:
    """Lock all sheets in a reviewer's hands under the typed name, and thank. Yields how many were signed now.

    Raises:
        NotAllowed: the stage is not open.
        NotFound: nothing is in the reviewer's hands.
        TooLate: the deadline and its grace have passed.
        InputError: marks are missing (one fault per entry, its id as `field`), or the name is another (`field` is `name`).
    """
    with database().write() as store:
        run, now = _open_stage(store, edition, position)
        whole, person = store.edition(edition), store.reviewer(reviewer)
        pairs = [pair for pair in store.assignments(edition, position, reviewer=reviewer) if not pair.recused]
        if not pairs:
            raise NotFound("nothing is in this reviewer's hands")
        sheets = {sheet.entry: sheet for sheet in store.sheets(edition, position, reviewer=reviewer)}
        entries = store.entries_by_id(pair.entry for pair in pairs)
        _refuse_unfinished(_scoring(whole, position), entries, sheets)
        if "".join(name.split()) != "".join(person.name.split()):
            remedy = "type the name as it stands in the invitation"
            raise InputError([Fault("the typed name is not the reviewer's", remedy, field="name")])
        signed = store.sign_sheets([pair.id for pair in pairs], name=name.strip(), at=now)
        if signed:
            digests = {entry: marks_digest(sheets[entry].marks) for entry in sorted(sheets)}
            store.append(edition, "SheetsSigned", actor=f"reviewer:{reviewer}", position=position, signed=signed, sheets=digests)
            store.queue_mails(edition, [messages.review_thanks(whole, run, person, len(pairs))])
    return signed


def recuse(edition: str, position: int, reviewer: str, entry: str, reason: str) -> None:
    """Take an entry out of a reviewer's hands on the reviewer's own word (rule R3).

    Raises:
        NotFound: the entry is not in the reviewer's hands.
        NotAllowed: the stage is not open, or the sheet is signed.
        TooLate: the deadline and its grace have passed.
        InputError: no reason, or one that no field may hold.
    """
    with database().write() as store:
        _open_stage(store, edition, position)
        pair = store.assignment(position, entry, reviewer)
        if pair.edition != edition:
            raise NotFound("this entry is not on the reviewer's list")
        sheet = store.sheet(pair)
        if sheet is not None and sheet.signed_at is not None:
            raise NotAllowed("the sheet of this entry is signed; ask the review office")
        try:
            cause = clean(reason, max_length=REASON_MAX)
        except TextRefused as refused:
            raise InputError([Fault(str(refused), "correct the reason", field="reason", column="text")]) from None
        if not cause:
            raise InputError([Fault("a recusal needs a reason", "choose or write one", field="reason", column="missing")])
        store.recuse(pair.id)
        store.append(edition, "ReviewerRecused", actor=f"reviewer:{reviewer}", position=position, entry=entry, reason=cause)


def is_complete(criteria: tuple[Criterion, ...], sheet: ScoreSheet | None) -> bool:
    """Whether every criterion that counts has its mark, or is answered "not applicable"."""
    return sheet is not None and not scoring.missing(criteria, sheet.marks, sheet.skipped)


def marks_digest(marks: Mapping[str, Decimal]) -> str:
    """SHA-256 of marks in canonical form: proves later what was saved without telling it now."""
    canonical = json.dumps({name: decimal_text(mark.normalize()) for name, mark in marks.items()}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _open_stage(store: Store, edition: str, position: int) -> tuple[StageRun, datetime]:
    run, now = store.lock_stage(edition, position), store.edition_now(edition)
    # Past the deadline is the truer answer, whether or not the engine has closed the stage by now.
    if run.cutoff is not None and now >= run.cutoff:
        raise TooLate(f"the review ended at {run.cutoff.isoformat()}; nothing was saved. Ask the review office whether it can be extended")
    if run.state != "open" or not isinstance(run.declared, ScoringStage):
        raise NotAllowed(f"the stage {run.name} is {run.state}; sheets can be changed only while it is open")
    return run, now


def _scoring(edition: Edition, position: int) -> ScoringStage:
    stage = edition.stages[position].declared
    if not isinstance(stage, ScoringStage):
        raise NotAllowed(f"stage {position} of {edition.id} is not a scoring stage")
    return stage


def _read(stage: ScoringStage, entries: Mapping[str, Entry], drafts: Mapping[str, Draft]) -> dict[str, Written]:
    faults: list[Fault] = []
    written: dict[str, Written] = {}
    for entry, draft in drafts.items():
        reading = _Reading(entry, stage, draft, faults)
        written[entry] = Written(
            reading.marks(stage.sheet_of(entries[entry].class_name)),
            reading.comment("comment", draft.comment),
            reading.comment("advice", draft.advice),
            tuple(sorted(set(draft.skipped))),
            draft.fatal,
        )
    if faults:
        raise InputError(faults)
    return written


class _Reading(NamedTuple):
    """Reads one draft, and notes what is wrong with it."""

    entry: str
    stage: ScoringStage
    draft: Draft
    faults: list[Fault]

    def marks(self, sheet: tuple[Criterion, ...]) -> dict[str, Decimal]:
        criteria = {criterion.name: criterion for criterion in sheet}
        for unknown in sorted((set(self.draft.marks) | set(self.draft.skipped)) - set(criteria)):
            self._note("there is no such criterion", "reload the page", unknown, "unknown")
        if self.draft.fatal and self.draft.fatal not in {flaw.name for flaw in self.stage.fatal}:
            self._note("there is no such flaw", "reload the page", "fatal", "unknown")
        marks: dict[str, Decimal] = {}
        for name, criterion in criteria.items():
            if name in self.draft.skipped:
                if not criterion.optional:
                    self._note("this criterion cannot be left out", "give it a mark", name, "not_optional")
                continue
            typed = self.draft.marks.get(name, "")
            try:
                if text := decimal_text(typed) if isinstance(typed, Decimal) else typed.strip():
                    marks[name] = scoring.read_mark(text, criterion)
            except scoring.MarkRefused as refused:
                self._note(str(refused), "correct the mark", name, refused.code)
        return marks

    def comment(self, field: str, text: str) -> str:
        try:
            return clean(text, max_length=COMMENT_MAX)
        except TextRefused as refused:
            self._note(str(refused), "correct the comment", field, "text")
            return ""

    def _note(self, what: str, remedy: str, field: str, code: str) -> None:
        self.faults.append(Fault(what, remedy, field=f"{self.entry}.{field}", column=code))


def _save(store: Store, pair: Assignment, written: Written, revision: int) -> tuple[int, bool]:
    """Yields the revision, and whether anything was written."""
    try:
        return store.save_sheet(pair, written, revision=revision), True
    except Stale:
        kept = store.sheet(pair)
        # The same form once more (double click, lost answer): what it asks for is already there.
        if kept is not None and kept.revision == revision + 1 and _content(kept) == written:
            return kept.revision, False
        raise


def _content(sheet: ScoreSheet) -> Written:
    return Written(sheet.marks, sheet.comment, sheet.advice, sheet.skipped, sheet.fatal)


def _refuse_unfinished(stage: ScoringStage, entries: Mapping[str, Entry], sheets: Mapping[str, ScoreSheet]) -> None:
    faults = [
        Fault(f"{entry.code}: marks are missing", "complete the sheet, or step back from the entry", field=entry.id, column="missing")
        for entry in sorted(entries.values(), key=lambda one: one.code)
        if not is_complete(stage.sheet_of(entry.class_name), sheets.get(entry.id))
    ]
    if faults:
        raise InputError(faults)


def name_of(reviewer: Reviewer) -> str:
    """How a reviewer is addressed: name and title."""
    return f"{reviewer.name} {reviewer.title}".strip()
