"""Score sheets are signed, on a page or on paper. Each call is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from models.edition import Entry, ScoreSheet
from models.errors import Fault, InputError, NotFound
from models.stages import ScoringStage
from models.store import Store
from notifications import messages
from rules import calendar, digests, scoring, signatures
from tasks import reviewing
from tasks.installation import database, settings


def state_of(revisions: Mapping[str, int]) -> str:
    """Digest of what stands on a reviewer's sheets: it changes with each save, and with each entry that comes or leaves.

    Args:
        revisions: Entry id -> revision of its sheet; 0 where none has been saved.
    """
    return digests.digest({"sheets": dict(revisions)})[:16]


def sign(edition: str, position: int, reviewer: str, name: str, *, drawn: str = "", seen: str | None = None) -> int:
    """Lock all sheets in a reviewer's hands under the typed name, and thank. Yields how many were signed now.

    Args:
        edition: The edition's id.
        position: Position of the scoring stage.
        reviewer: The reviewer's id.
        name: As typed; white space aside it must be the reviewer's.
        drawn: SVG path of a drawn signature, if one was drawn.
        seen: `state_of` what the reviewer had before the eyes; None if the caller has looked within the same moment.

    Raises:
        NotAllowed: the stage is not open, or an invitation waits for its answer.
        NotFound: nothing is in the reviewer's hands.
        TooLate: the deadline and its grace have passed.
        InputError: marks are missing (one fault per entry, its id as `field`), too many totals are high (`distribution`),
            sheets have changed since they were seen (`seen`), the name is another (`name`), or the drawing is none (`signature`).
    """
    path = signatures.drawn(drawn, max_length=settings().signature_length)
    with database().write() as store:
        held = Held(store, edition, position, reviewer)
        reviewing.refuse_unanswered(held.pairs)
        held.refuse_unready()
        held.refuse_unseen(seen)
        if not signatures.is_same_name(name, held.person.name):
            remedy = "type the name as it stands in the invitation"
            raise InputError([Fault("the typed name is not the reviewer's", remedy, field="name")])
        return held.lock(signatures.as_signed(name), path, actor=f"reviewer:{reviewer}")


def sign_on_paper(edition: str, position: int, reviewer: str, day: date, *, admin: str) -> int:
    """Lock the sheets that an admin has keyed in from signed paper. Yields how many were locked now.

    Args:
        edition: The edition's id.
        position: Position of the scoring stage.
        reviewer: The reviewer's id.
        day: The date on the paper, in the edition's zone.
        admin: Address of the admin.

    Raises:
        NotAllowed: the stage is not open.
        NotFound: nothing is in the reviewer's hands.
        TooLate: the deadline and its grace have passed.
        InputError: as for `sign`; a sheet was not keyed in (its entry's id as `field`), or the date has not come yet (`day`).
    """
    with database().write() as store:
        held = Held(store, edition, position, reviewer)
        held.refuse_unready()
        held.refuse_typed_by_reviewer()
        if day > calendar.to_local(held.now, held.edition.process.time_zone).date():
            raise InputError([Fault(f"{day.isoformat()} has not come yet", "enter the date that stands on the paper", field="day")])
        return held.lock(signatures.on_paper(day), "", actor=f"admin:{admin}", paper=day.isoformat())


class Held:
    """What is in one reviewer's hands, in a stage that is open; locked until the transaction ends."""

    def __init__(self, store: Store, edition: str, position: int, reviewer: str) -> None:
        self.store = store
        # Alone, so that no mark changes between the check and the signature, and of two signatures the second finds the first.
        self.run, self.now = reviewing.open_stage(store, edition, position, alone=True)
        self.edition, self.person = store.edition(edition), store.reviewer(reviewer)
        self.stage = reviewing.scoring_stage(self.edition, position)
        self.pairs = [pair for pair in store.assignments(edition, position, reviewer=reviewer) if not pair.recused]
        if not self.pairs:
            raise NotFound("nothing is in this reviewer's hands")
        self.sheets = {sheet.entry: sheet for sheet in store.sheets(edition, position, reviewer=reviewer)}
        self.entries = store.entries_by_id(pair.entry for pair in self.pairs)

    def refuse_unready(self) -> None:
        """Refuse if marks are missing, or the guard of the distribution is broken (rule S6)."""
        faults = [
            Fault(f"{entry.code}: marks are missing", "complete the sheet, or step back from the entry", field=entry.id, column="missing")
            for entry in sorted(self.entries.values(), key=lambda one: one.code)
            if not reviewing.is_complete(self.stage.sheet_of(entry.class_name), self.sheets.get(entry.id))
        ]
        if faults:
            raise InputError(faults)
        guard = self.stage.distribution
        signed = {entry: sheet for entry, sheet in self.sheets.items() if sheet.signed_at}
        given, locked = (totals(self.stage, self.entries, some) for some in (self.sheets, signed))
        if guard is not None and scoring.over_limit(given, guard, locked=locked):
            what = f"more than {guard.share} of the totals are {guard.above} or more"
            raise InputError([Fault(what, "compare the entries and lower some marks", field="distribution", column="distribution")])

    def refuse_unseen(self, seen: str | None) -> None:
        """Refuse a signature under sheets that another page, or another device, has changed since they were looked at.

        A signature that is sent twice is none: where everything is signed already, nothing can have changed since.
        """
        now = {pair.entry: self.sheets[pair.entry].revision for pair in self.pairs}
        if seen is None or seen == state_of(now) or all(self.sheets[entry].signed_at for entry in now):
            return
        raise InputError([Fault("the sheets have changed since they were checked", "look at them again, then sign", field="seen")])

    def refuse_typed_by_reviewer(self) -> None:
        """Refuse a signature on paper for marks that are not from paper."""
        faults = [
            Fault(f"{self.entries[sheet.entry].code}: the reviewer typed these marks", "key in what stands on the paper", field=sheet.entry,
                  column="typed")
            for sheet in self.sheets.values()
            if sheet.signed_at is None and not sheet.keyed_by
        ]  # fmt: skip
        if faults:
            raise InputError(faults)

    def lock(self, signed_as: str, path: str, *, actor: str, **more: str) -> int:
        """Sign what is not signed yet, tell and thank. Yields how many."""
        fresh = [pair for pair in self.pairs if self.sheets[pair.entry].signed_at is None]
        if not fresh:
            return 0
        store, position, reviewer = self.store, self.run.position, self.person.id
        signed = store.sign_sheets([pair.id for pair in fresh], name=signed_as, at=self.now, signature=path)
        digests = {entry: reviewing.marks_digest(self.sheets[entry].marks) for entry in sorted(self.sheets)}
        store.append(
            self.edition.id, "SheetsSigned", actor=actor, position=position, reviewer=reviewer, signed=signed, sheets=digests, **more
        )  # fmt: skip
        again = sum(map(len, store.versions_of_reviewer(self.edition.id, position, reviewer).values()))
        store.queue_mails(self.edition.id, [messages.review_thanks(self.edition, self.run, self.person, len(self.pairs), again=again)])
        return signed


def totals(stage: ScoringStage, entries: Mapping[str, Entry], sheets: Mapping[str, ScoreSheet]) -> list[scoring.Total]:
    """Exact totals of a reviewer's sheets, by entry id; sheets without any mark left out."""
    found = [
        scoring.total(stage.sheet_of(entries[entry].class_name), sheets[entry].marks, sheets[entry].skipped)
        for entry in sorted(entries)
        if entry in sheets
    ]
    return [one for one in found if one is not None]
