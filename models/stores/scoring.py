"""Panels, score sheets, standings, shortlists, answers, notices and publications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from models import tables as t
from models.edition import Answer, Assignment, Award, Notice, Publication, ScoreSheet, Shortlist, ShortlistItem, Standing
from models.errors import NotFound, Stale
from models.reviewing import Written
from models.stores.base import StoreBase
from models.stores.prepared import Prepared

_PAIRS_ = sa.select(t.ASSIGNMENTS).where(
    t.ASSIGNMENTS.c.edition == sa.bindparam("edition"), t.ASSIGNMENTS.c.position == sa.bindparam("position")
)
_PAIRS, _PAIRS_OF_ONE = Prepared(_PAIRS_), Prepared(_PAIRS_.where(t.ASSIGNMENTS.c.reviewer == sa.bindparam("reviewer")))
_PAIR = Prepared(
    sa.select(t.ASSIGNMENTS).where(
        t.ASSIGNMENTS.c.position == sa.bindparam("position"),
        t.ASSIGNMENTS.c.entry == sa.bindparam("entry"),
        t.ASSIGNMENTS.c.reviewer == sa.bindparam("reviewer"),
        ~t.ASSIGNMENTS.c.recused,
    ),
    make=lambda row: Assignment(**row._asdict()),
    kept=4096,
)
_SHEETS_ = (
    sa.select(t.SHEETS, t.ASSIGNMENTS.c.entry, t.ASSIGNMENTS.c.reviewer)
    .join(t.ASSIGNMENTS, t.ASSIGNMENTS.c.id == t.SHEETS.c.assignment)
    .where(
        t.ASSIGNMENTS.c.edition == sa.bindparam("edition"),
        t.ASSIGNMENTS.c.position == sa.bindparam("position"),
        ~t.ASSIGNMENTS.c.recused,
    )
)
_SIGNED_ = {None: sa.true(), True: t.SHEETS.c.signed_at.is_not(None), False: t.SHEETS.c.signed_at.is_(None)}
_SHEETS = {signed: Prepared(_SHEETS_.where(such)) for signed, such in _SIGNED_.items()}
_SHEETS_OF_ONE = {
    signed: Prepared(_SHEETS_.where(such, t.ASSIGNMENTS.c.reviewer == sa.bindparam("reviewer"))) for signed, such in _SIGNED_.items()
}
_SHEET = Prepared(sa.select(t.SHEETS).where(t.SHEETS.c.assignment == sa.bindparam("assignment")))
_WRITTEN = ("marks", "comment", "advice", "skipped", "fatal", "keyed_by", "revision", "saved_at")
_SAVE = Prepared(
    t.SHEETS.update()
    .where(t.SHEETS.c.assignment == sa.bindparam("which"), t.SHEETS.c.revision == sa.bindparam("read"), t.SHEETS.c.signed_at.is_(None))
    .values({name: sa.bindparam(name) for name in _WRITTEN})
)


class ScoringStore(StoreBase):
    """Reads and writes of what reviewers and committees do, and of what follows from it."""

    # -- panels -----------------------------------------------------------------------------------------------------

    def add_assignments(self, edition: str, position: int, pairs: Iterable[tuple[str, str]], *, number: int) -> int:
        """Keep drawn pairs (entry id, reviewer id) of one round; pairs that exist stay as they are. Yields how many are new."""
        rows = [
            {"id": f"{entry}:{position}:{reviewer.rsplit('/', 1)[-1]}", "edition": edition, "position": position, "entry": entry,
             "reviewer": reviewer, "round": number, "recused": False}
            for entry, reviewer in pairs
        ]  # fmt: skip
        return self._insert_new(t.ASSIGNMENTS, rows)

    def assignments(self, edition: str, position: int, *, reviewer: str | None = None) -> tuple[Assignment, ...]:
        """Assignments of a stage, or those of one reviewer, by entry and reviewer."""
        given = {"edition": edition, "position": position, "reviewer": reviewer}
        rows = (_PAIRS if reviewer is None else _PAIRS_OF_ONE).all(self.connection, given)
        return tuple(sorted((Assignment(**row._asdict()) for row in rows), key=lambda one: (one.entry, one.reviewer)))

    def assignment(self, position: int, entry: str, reviewer: str) -> Assignment:
        """The assignment of one reviewer for one entry.

        Raises:
            NotFound: the entry is not in that reviewer's hands.
        """
        found: Assignment | None = _PAIR.first(self.connection, {"position": position, "entry": entry, "reviewer": reviewer})
        if found is None:
            raise NotFound("this entry is not on the reviewer's list", zh="这一项不在该专家的评审名单中")
        return found

    def recuse(self, assignment: str) -> None:
        """Take an entry out of a reviewer's hands; a draft sheet no longer counts."""
        self._run(t.ASSIGNMENTS.update().where(t.ASSIGNMENTS.c.id == assignment).values(recused=True))

    # -- sheets -----------------------------------------------------------------------------------------------------

    def sheet(self, assignment: Assignment) -> ScoreSheet | None:
        """The sheet of an assignment; None before the first save."""
        row = _SHEET.first(self.connection, {"assignment": assignment.id})
        return None if row is None else sheet_of(row, assignment.entry, assignment.reviewer)

    def sheets(self, edition: str, position: int, *, reviewer: str | None = None, signed: bool | None = None) -> tuple[ScoreSheet, ...]:
        """Sheets of a stage that count (not recused), by entry and reviewer."""
        given = {"edition": edition, "position": position, "reviewer": reviewer}
        rows = (_SHEETS if reviewer is None else _SHEETS_OF_ONE)[signed].all(self.connection, given)
        found = (sheet_of(row, row.entry, row.reviewer) for row in rows)
        return tuple(sorted(found, key=lambda one: (one.entry, one.reviewer)))

    def save_sheet(self, assignment: Assignment, written: Written, *, revision: int, keyed_by: str = "") -> int:
        """Keep what is written if the sheet still has the revision that was read (0 = none yet). Yields the new revision.

        Args:
            assignment: Whose sheet.
            written: The whole content.
            revision: What was read.
            keyed_by: Address of the admin who keys in a sheet that came on paper.

        Raises:
            Stale: somebody saved in between, or the sheet is signed.
        """
        values = {"marks": {name: str(mark) for name, mark in written.marks.items()}, "comment": written.comment,
                  "advice": written.advice, "skipped": list(written.skipped), "fatal": written.fatal, "keyed_by": keyed_by,
                  "revision": revision + 1, "saved_at": self.edition_now(assignment.edition)}  # fmt: skip
        if revision == 0:
            kept = self._insert_new(t.SHEETS, [{"assignment": assignment.id, "signed_at": None, "signed_as": None, **values}])
        else:
            kept = _SAVE.change(self.connection, {"which": assignment.id, "read": revision, **values})
        if not kept:
            raise Stale(
                "this sheet was changed elsewhere, or is signed already; reload it and compare before saving again",
                zh="评分表已在别处更新或已签署，请刷新后核对",
            )
        return revision + 1

    def sign_sheets(self, assignments: Sequence[str], *, name: str, at: datetime, signature: str = "") -> int:
        """Lock sheets with the typed name, and the SVG path of a drawn signature. Yields how many were newly signed."""
        table = t.SHEETS.c
        signed = 0
        for start in range(0, len(assignments), 500):
            signed += self._run(
                t.SHEETS.update()
                .where(table.assignment.in_(assignments[start : start + 500]), table.signed_at.is_(None))
                .values(signed_at=at, signed_as=name, signature=signature)
            )
        return signed

    def progress(self, edition: str, position: int) -> dict[str, tuple[int, int]]:
        """Reviewer id -> (entries in hand, sheets signed), recusals left out."""
        pair = t.ASSIGNMENTS.c
        rows = self._all(
            sa.select(pair.reviewer, sa.func.count().label("held"), sa.func.count(t.SHEETS.c.signed_at).label("signed"))
            .select_from(t.ASSIGNMENTS.outerjoin(t.SHEETS, t.SHEETS.c.assignment == pair.id))
            .where(pair.edition == edition, pair.position == position, ~pair.recused)
            .group_by(pair.reviewer)
        )
        return {row.reviewer: (row.held, row.signed) for row in rows}

    # -- standings and shortlists -----------------------------------------------------------------------------------

    def put_standings(self, edition: str, position: int, standings: Sequence[Standing]) -> None:
        """Keep the computed marks of a scoring stage, in place of earlier ones."""
        table = t.STANDINGS
        self._run(table.delete().where(table.c.edition == edition, table.c.position == position))
        rows = [
            {"edition": edition, "position": position, "entry": one.entry, "group": one.group, "mark": str(one.mark), "valid": one.valid,
             "mean": str(one.mean), "spread": str(one.spread), "flagged": one.flagged, "place": one.place}
            for one in standings
        ]  # fmt: skip
        self._run(table.insert(), rows)

    def standings(self, edition: str, position: int) -> tuple[Standing, ...]:
        """Computed marks by group, place and entry."""
        rows = self._all(sa.select(t.STANDINGS).where(t.STANDINGS.c.edition == edition, t.STANDINGS.c.position == position))
        found = [
            Standing(row.entry, row.group, Decimal(row.mark), row.valid, Decimal(row.mean), Decimal(row.spread), row.flagged, row.place)
            for row in rows
        ]
        return tuple(sorted(found, key=lambda one: (one.group, one.place, one.entry)))

    def add_shortlist(self, shortlist: Shortlist, seats: Mapping[str, int]) -> None:
        """Keep a new version of the shortlist, with the seats that each group has."""
        items = [[one.entry, one.group, one.place, str(one.mark)] for one in shortlist.items]
        self._run(
            t.SHORTLISTS.insert().values(
                edition=shortlist.edition,
                version=shortlist.version,
                created_at=shortlist.created_at,
                digest=shortlist.digest,
                items=items,
                seats=dict(seats),
            )
        )

    def shortlist(self, edition: str) -> tuple[Shortlist, dict[str, int]] | None:
        """The latest shortlist with the seats per group; None before the first."""
        row = self._one(sa.select(t.SHORTLISTS).where(t.SHORTLISTS.c.edition == edition).order_by(t.SHORTLISTS.c.version.desc()).limit(1))
        if row is None:
            return None
        items = tuple(ShortlistItem(entry, group, place, Decimal(mark)) for entry, group, place, mark in row._mapping["items"])
        return Shortlist(row.edition, row.version, row.created_at, row.digest, items), dict(row.seats)

    # -- answers ----------------------------------------------------------------------------------------------------

    def put_answer(self, answer: Answer) -> None:
        """Keep what a member said in this round; a second answer in the same round replaces the first."""
        self._upsert(
            t.ANSWERS,
            {
                "edition": answer.edition,
                "position": answer.position,
                "member": answer.member,
                "round": answer.round,
                "verdict": answer.verdict,
                "struck": list(answer.struck),
                "comment": answer.comment,
                "at": answer.at,
            },
            ["edition", "position", "member", "round"],
        )

    def answers(self, edition: str, position: int) -> tuple[Answer, ...]:
        """The latest answer of each member, by member. A return of an earlier round is void, an agreement stands (rule J1)."""
        table = t.ANSWERS.c
        runs = t.STAGE_RUNS.c
        number = int(self._scalar(sa.select(runs.round).where(runs.edition == edition, runs.position == position)) or 0)
        rows = self._all(sa.select(t.ANSWERS).where(table.edition == edition, table.position == position).order_by(table.round))
        latest = {row.member: row for row in rows}
        valid = [row for row in latest.values() if row.verdict == "agree" or row.round == number]
        return tuple(
            Answer(row.edition, row.position, row.member, row.round, row.verdict, tuple(row.struck), row.comment, row.at)
            for row in sorted(valid, key=lambda row: row.member)
        )

    # -- notices and publications -----------------------------------------------------------------------------------

    def add_notice(self, notice: Notice, vacant: int) -> None:
        """Keep the frozen public list of a notice stage."""
        self._run(
            t.NOTICES.insert().values(
                edition=notice.edition,
                position=notice.position,
                first_day=notice.first_day,
                until=notice.until,
                awards=[_award_row(one) for one in notice.awards],
                vacant=vacant,
            )
        )

    def notice(self, edition: str) -> tuple[Notice, int] | None:
        """The latest notice with the number of vacant seats; None before the first."""
        row = self._one(sa.select(t.NOTICES).where(t.NOTICES.c.edition == edition).order_by(t.NOTICES.c.position.desc()).limit(1))
        if row is None:
            return None
        awards = tuple(Award(*one) for one in row.awards)
        return Notice(row.edition, row.position, row.first_day, row.until, awards), row.vacant

    def add_publication(self, publication: Publication) -> None:
        """Publish one version; it is never changed afterwards."""
        self._run(
            t.PUBLICATIONS.insert().values(
                edition=publication.edition,
                version=publication.version,
                at=publication.at,
                digest=publication.digest,
                document=dict(publication.document),
            )
        )

    def publication(self, edition: str) -> Publication:
        """The latest published version.

        Raises:
            NotFound: nothing has been published.
        """
        table = t.PUBLICATIONS
        row = self._one(sa.select(table).where(table.c.edition == edition).order_by(table.c.version.desc()).limit(1))
        if row is None:
            raise NotFound(f"nothing has been published of {edition}")
        return Publication(**row._asdict())


def _award_row(award: Award) -> list[Any]:
    return [award.entry, award.group, award.tier, award.place]


def sheet_of(row: Any, entry: str, reviewer: str) -> ScoreSheet:
    """The sheet in a row of its table."""
    marks = {name: Decimal(mark) for name, mark in row.marks.items()}
    return ScoreSheet(
        row.assignment, entry, reviewer, marks, row.comment, row.revision, row.saved_at, row.signed_at, row.advice, tuple(row.skipped),
        row.fatal, row.keyed_by, row.signed_as or "", row.signature,
    )  # fmt: skip
