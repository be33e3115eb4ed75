"""What a reviewer does: save score sheets. Each call is one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, cast

from models.edition import Assignment, Edition, Reviewer, ScoreSheet, StageRun
from models.errors import Fault, InputError, NotAllowed, NotFound, Stale, TooLate
from models.process import decimal_text
from models.reviewing import Written
from models.sheets import Criterion
from models.stages import ScoringStage
from models.store import Store
from rules import scoring
from rules.text import TextRefused, clean
from tasks import saving

COMMENT_MAX = 2000
"""Characters of a comment on a sheet."""


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
    edition: str, position: int, reviewer: str, work: Mapping[str, Draft | tuple[Mapping[str, str | Decimal], str, int]], *,
    keyed_by: str = "",
) -> dict[str, int]:  # fmt: skip
    """Save one or many sheets of one reviewer, all or none. Yields entry id -> new revision.

    A form that arrives twice is saved once: the second call finds its own content and yields its revision.

    Args:
        edition: The edition's id.
        position: Position of the scoring stage.
        reviewer: The reviewer's id.
        work: Entry id -> (marks, comment, revision that was read), e.g. a `Draft`.
        keyed_by: Address of the admin who keys in sheets that came on paper; empty if the reviewer types.

    Raises:
        NotFound: an entry is not in the reviewer's hands.
        NotAllowed: the stage is not open, or the invitation has not been accepted.
        TooLate: the deadline and its grace have passed.
        InputError: marks or comments are refused; each fault names `<entry id>.<criterion>` and gives the code as its `column`.
        Stale: a sheet was changed elsewhere since it was read, or is signed.
    """
    drafts = {entry: Draft(*one) for entry, one in work.items()}
    return saving.together(lambda store: _save_all(store, edition, position, reviewer, drafts, keyed_by))


def saving_one(edition: str, position: int, reviewer: str, entry: str, draft: Draft) -> Callable[[Store], ScoreSheet]:
    """What saves one sheet as `save_sheets` does, and raises what it raises. It yields the sheet as it is kept."""

    def act(store: Store) -> ScoreSheet:
        _save_all(store, edition, position, reviewer, {entry: draft}, "")
        kept = store.sheet(store.assignment(position, entry, reviewer))
        if kept is None:
            raise NotFound("the sheet is gone", zh="这份评分表已不存在")
        return kept

    return act


def _save_all(store: Store, edition: str, position: int, reviewer: str, drafts: Mapping[str, Draft], keyed_by: str) -> dict[str, int]:
    run, now = open_stage(store, edition, position)
    pairs = {entry: store.assignment(position, entry, reviewer) for entry in drafts}
    if any(pair.edition != edition for pair in pairs.values()):
        raise NotFound("this entry is not on the reviewer's list", zh="这一项不在该专家的评审名单中")
    if keyed_by:
        store.clear_assignments([pair.id for pair in pairs.values()], now)  # who answered on paper has seen the entry
    else:
        refuse_unanswered(pairs.values())
    written = _read(cast(ScoringStage, run.declared), store.classes_of(drafts), drafts)
    revisions, changed = {}, []
    for entry, draft in drafts.items():
        if keyed_by:
            _keep_typed(store, pairs[entry], keyed_by, now)
        revisions[entry], new = _save(store, pairs[entry], written[entry], draft.revision, keyed_by)
        if new:
            changed.append(entry)
    if changed:
        sheets = {
            entry: {"revision": revisions[entry], "marks": marks_digest(written[entry].marks), "rest": rest_digest(written[entry])}
            for entry in sorted(changed)
        }
        actor, more = (f"admin:{keyed_by}", {"reviewer": reviewer}) if keyed_by else (f"reviewer:{reviewer}", {})
        store.append(edition, "SheetSaved", actor=actor, position=position, sheets=sheets, **more)
    return revisions


def refuse_unanswered(pairs: Iterable[Assignment]) -> None:
    """Refuse entries about which the reviewer has not answered yet: before that nothing of them is shown or taken.

    Raises:
        NotAllowed: the invitation, or the question about an entry that came later, waits for its answer.
    """
    if any(pair.cleared_at is None for pair in pairs):
        raise NotAllowed("the invitation to review this entry has not been accepted; answer it first")


def is_complete(criteria: tuple[Criterion, ...], sheet: ScoreSheet | None) -> bool:
    """Whether every criterion that counts has its mark, or is answered "not applicable"."""
    return sheet is not None and not scoring.missing(criteria, sheet.marks, sheet.skipped)


def marks_digest(marks: Mapping[str, Decimal]) -> str:
    """SHA-256 of marks in canonical form: proves later what was saved without telling it now."""
    canonical = json.dumps({name: decimal_text(mark.normalize()) for name, mark in marks.items()}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def rest_digest(sheet: Written | ScoreSheet) -> str:
    """SHA-256 of what stands on a sheet beside the marks, in canonical form; empty if nothing does."""
    rest = [sheet.comment, sheet.advice, sorted(sheet.skipped), sheet.fatal]
    return hashlib.sha256(json.dumps(rest, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest() if any(rest) else ""


def open_stage(store: Store, edition: str, position: int, *, alone: bool = False) -> tuple[StageRun, datetime]:
    """The scoring stage, locked for this transaction, and the edition's time; `alone` keeps out other writers, for who draws.

    Raises:
        TooLate: the deadline and its grace have passed.
        NotAllowed: the stage is not open.
    """
    run, now = store.lock_stage(edition, position, to_change=alone), store.edition_now(edition)
    # Past the deadline is the truer answer, whether or not the engine has closed the stage by now.
    if run.cutoff is not None and now >= run.cutoff:
        raise TooLate(
            f"the review ended at {run.cutoff.isoformat()}; nothing was saved. Ask the review office whether it can be extended",
            zh="评审已经截止，没有保存；如有需要，请先延长期限",
        )
    if run.state != "open" or not isinstance(run.declared, ScoringStage):
        raise NotAllowed(
            f"the stage {run.name} is {run.state}; sheets can be changed only while it is open", zh="评审没有开放，现在不能改动评分表"
        )
    return run, now


def scoring_stage(edition: Edition, position: int) -> ScoringStage:
    """What is declared of the stage.

    Raises:
        NotAllowed: it is no scoring stage.
    """
    stage = edition.stages[position].declared
    if not isinstance(stage, ScoringStage):
        raise NotAllowed(f"stage {position} of {edition.id} is not a scoring stage")
    return stage


def _read(stage: ScoringStage, classes: Mapping[str, str], drafts: Mapping[str, Draft]) -> dict[str, Written]:
    faults: list[Fault] = []
    written: dict[str, Written] = {}
    for entry, draft in drafts.items():
        reading = _Reading(entry, stage, draft, faults)
        written[entry] = Written(
            reading.marks(stage.sheet_of(classes[entry])),
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
            self._note(str(refused), "correct the text", field, "text", zh=refused.zh)
            return ""

    def _note(self, what: str, remedy: str, field: str, code: str, *, zh: str = "") -> None:
        self.faults.append(Fault(what, remedy, field=f"{self.entry}.{field}", column=code, zh=zh))


def _save(store: Store, pair: Assignment, written: Written, revision: int, keyed_by: str) -> tuple[int, bool]:
    """Yields the revision, and whether anything was written."""
    try:
        return store.save_sheet(pair, written, revision=revision, keyed_by=keyed_by), True
    except Stale:
        kept = store.sheet(pair)
        # The same form once more (double click, lost answer): what it asks for is already there.
        if kept is not None and kept.revision == revision + 1 and _content(kept) == written and kept.keyed_by == keyed_by:
            return kept.revision, False
        raise


def _keep_typed(store: Store, pair: Assignment, keyed_by: str, now: datetime) -> None:
    """Keep what the reviewer typed before it gives way to what stands on paper."""
    kept = store.sheet(pair)
    if kept is not None and not kept.keyed_by and kept.signed_at is None:
        store.keep_version(kept, actor=f"admin:{keyed_by}", reason="keyed in from paper", at=now)


def _content(sheet: ScoreSheet) -> Written:
    return Written(sheet.marks, sheet.comment, sheet.advice, sheet.skipped, sheet.fatal)


def name_of(reviewer: Reviewer) -> str:
    """How a reviewer is addressed: name and title."""
    return f"{reviewer.name} {reviewer.title}".strip()
