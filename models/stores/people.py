"""Nominators, reviewers, committee members and entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from models import tables as t
from models.edition import Entry, EntryState, File, Member, Nominator, Reviewer
from models.errors import NotFound
from models.intake import NewEntry, NewMember, NewNominator, NewReviewer
from models.stores.base import StoreBase
from models.stores.prepared import Prepared

_REVIEWER = Prepared(sa.select(t.REVIEWERS).where(t.REVIEWERS.c.id == sa.bindparam("reviewer")), make=lambda row: _reviewer(row), kept=4096)
_NOMINATOR = Prepared(
    sa.select(t.NOMINATORS).where(t.NOMINATORS.c.id == sa.bindparam("nominator")), make=lambda row: Nominator(**row._asdict()), kept=4096
)
_ENTRIES = sa.select(t.ENTRIES).where(t.ENTRIES.c.id.in_(sa.bindparam("ids", expanding=True)))
_CLASS = Prepared(sa.select(t.ENTRIES.c.id, t.ENTRIES.c.class_name).where(t.ENTRIES.c.id == sa.bindparam("entry")))
_FILES = Prepared(sa.select(t.FILES).where(t.FILES.c.entry == sa.bindparam("entry")))


class PeopleStore(StoreBase):
    """Reads and writes of those who take part, and of what is put forward."""

    def put_nominators(self, edition: str, new: Iterable[NewNominator]) -> None:
        """Insert nominators, or update those whose code is known."""
        for one in new:
            row = {"id": f"{edition}/n/{one.code}", "edition": edition, "code": one.code, "name": one.name, "type": one.type,
                   "email": one.email, "contact": one.contact}  # fmt: skip
            self._upsert(t.NOMINATORS, row, ["id"])

    def nominators(self, edition: str) -> tuple[Nominator, ...]:
        """All nominators, by code."""
        rows = self._all(sa.select(t.NOMINATORS).where(t.NOMINATORS.c.edition == edition))
        return tuple(sorted((Nominator(**row._asdict()) for row in rows), key=lambda one: one.code))

    def nominator(self, nominator_id: str) -> Nominator:
        """One nominator.

        Raises:
            NotFound: there is none of that id.
        """
        found: Nominator | None = _NOMINATOR.first(self.connection, {"nominator": nominator_id})
        if found is None:
            raise NotFound("there is no such nominator", zh="没有这个推荐单位")
        return found

    def put_reviewers(self, edition: str, new: Iterable[NewReviewer]) -> None:
        """Insert reviewers, or update those whose code is known."""
        for one in new:
            row = {"id": f"{edition}/r/{one.code}", "edition": edition, "code": one.code, "name": one.name, "unit": one.unit,
                   "email": one.email, "title": one.title, "disciplines": list(one.disciplines), "max_load": one.max_load,
                   "active": True, "keywords": list(one.keywords), "min_load": one.min_load}  # fmt: skip
            self._upsert(t.REVIEWERS, row, ["id"])

    def reviewers(self, edition: str) -> tuple[Reviewer, ...]:
        """All reviewers, by code."""
        rows = self._all(sa.select(t.REVIEWERS).where(t.REVIEWERS.c.edition == edition))
        return tuple(sorted(map(_reviewer, rows), key=lambda one: one.code))

    def reviewer(self, reviewer_id: str) -> Reviewer:
        """One reviewer.

        Raises:
            NotFound: there is none of that id.
        """
        found: Reviewer | None = _REVIEWER.first(self.connection, {"reviewer": reviewer_id})
        if found is None:
            raise NotFound("there is no such reviewer", zh="没有这位专家")
        return found

    def put_members(self, edition: str, new: Iterable[NewMember]) -> None:
        """Insert committee members and signatories, or update those whose code is known."""
        for one in new:
            row = {"id": f"{edition}/m/{one.code}", "edition": edition, "code": one.code, "name": one.name, "unit": one.unit,
                   "email": one.email, "role": one.role, "party": one.party, "chair": one.chair}  # fmt: skip
            self._upsert(t.MEMBERS, row, ["id"])

    def members(self, edition: str, role: str | None = None) -> tuple[Member, ...]:
        """Committee members, signatories, or both, by code."""
        query = sa.select(t.MEMBERS).where(t.MEMBERS.c.edition == edition)
        if role is not None:
            query = query.where(t.MEMBERS.c.role == role)
        return tuple(sorted((Member(**row._asdict()) for row in self._all(query)), key=lambda one: one.code))

    def member(self, member_id: str) -> Member:
        """One committee member or signatory.

        Raises:
            NotFound: there is none of that id.
        """
        row = self._one(sa.select(t.MEMBERS).where(t.MEMBERS.c.id == member_id))
        if row is None:
            raise NotFound("there is no such committee member", zh="没有这位评委")
        return Member(**row._asdict())

    # -- entries ----------------------------------------------------------------------------------------------------

    def put_entries(self, edition: str, new: Sequence[NewEntry], codes: Mapping[str, str]) -> tuple[int, int]:
        """Insert entries, or update those whose key is known. Yields (new, updated).

        Args:
            edition: The edition's id.
            new: The entries; their nominator is given by code.
            codes: Code for each new key.
        """
        known = {row.key: row.id for row in self._all(sa.select(t.ENTRIES.c.key, t.ENTRIES.c.id).where(t.ENTRIES.c.edition == edition))}
        inserts, updates = [], []
        for one in new:
            row: dict[str, Any] = {
                "class_name": one.class_name, "title": one.title, "unit": one.unit, "email": one.email,
                "nominator": f"{edition}/n/{one.nominator}", "rank": one.rank, "fields": dict(one.fields),
                "classified": one.classified,
            }  # fmt: skip
            if one.key in known:
                updates.append({"entry_id": known[one.key], **row})
            else:
                code = codes[one.key]
                inserts.append({"id": f"{edition}/e/{code}", "edition": edition, "code": code, "key": one.key, "group": "",
                                "state": "submitted", "reasons": [], **row})  # fmt: skip
        self._run(t.ENTRIES.insert(), inserts)
        changed = ("class_name", "title", "unit", "email", "nominator", "rank", "fields", "classified")
        statement = t.ENTRIES.update().where(t.ENTRIES.c.id == sa.bindparam("entry_id"))
        self._run(statement.values({name: sa.bindparam(name) for name in changed}), updates)
        return len(inserts), len(updates)

    def change_entry(self, entry_id: str, new: NewEntry) -> None:
        """Replace what an entry says, its key included; its code, nominator and state stay."""
        table = t.ENTRIES
        values = {"key": new.key, "class_name": new.class_name, "title": new.title, "unit": new.unit, "email": new.email,
                  "rank": new.rank, "fields": dict(new.fields)}  # fmt: skip
        self._run(table.update().where(table.c.id == entry_id).values(**values))

    def set_ranks(self, ranks: Mapping[str, int | None]) -> None:
        """Give entries their places on their nominators' lists, by id."""
        table = t.ENTRIES
        statement = table.update().where(table.c.id == sa.bindparam("entry_id")).values(rank=sa.bindparam("rank_"))
        self._run(statement, [{"entry_id": entry, "rank_": rank} for entry, rank in ranks.items()])

    def entries(self, edition: str, *states: EntryState) -> tuple[Entry, ...]:
        """All entries, or those in given states, by code."""
        query = sa.select(t.ENTRIES).where(t.ENTRIES.c.edition == edition)
        if states:
            query = query.where(t.ENTRIES.c.state.in_(states))
        return tuple(sorted(map(entry_of, self._all(query)), key=lambda one: one.code))

    def entry(self, entry_id: str) -> Entry:
        """One entry.

        Raises:
            NotFound: there is none of that id.
        """
        row = self._one(sa.select(t.ENTRIES).where(t.ENTRIES.c.id == entry_id))
        if row is None:
            raise NotFound("there is no such entry", zh="没有这个申报项")
        return entry_of(row)

    def entries_by_id(self, ids: Iterable[str]) -> dict[str, Entry]:
        """Entries by their ids; unknown ids are left out."""
        wanted = list(ids)
        found: dict[str, Entry] = {}
        for start in range(0, len(wanted), 500):
            rows = self._all(_ENTRIES, {"ids": wanted[start : start + 500]})
            found |= {row.id: entry_of(row) for row in rows}
        return found

    def entry_codes(self, edition: str) -> dict[str, str]:
        """Entry id -> code, of all entries; without reading what they say."""
        rows = self._all(sa.select(t.ENTRIES.c.id, t.ENTRIES.c.code).where(t.ENTRIES.c.edition == edition))
        return {row.id: row.code for row in rows}

    def entry_ids(self, edition: str, *states: EntryState) -> frozenset[str]:
        """Ids of the entries in given states; without reading what they say."""
        table = t.ENTRIES.c
        return frozenset(row.id for row in self._all(sa.select(table.id).where(table.edition == edition, table.state.in_(states))))

    def classes_of(self, ids: Iterable[str]) -> dict[str, str]:
        """Entry id -> name of its class; unknown ids are left out."""
        found = (_CLASS.first(self.connection, {"entry": one}) for one in ids)
        return {row.id: row.class_name for row in found if row is not None}

    def decide_form_check(self, outcome: Iterable[tuple[str, str, Sequence[str]]]) -> None:
        """Keep the outcome of the form check: (entry id, group, reasons); no reasons means eligible."""
        table = t.ENTRIES
        statement = (
            table.update()
            .where(table.c.id == sa.bindparam("entry_id"))
            .values(group=sa.bindparam("group_"), state=sa.bindparam("state_"), reasons=sa.bindparam("reasons_"))
        )
        rows = [
            {"entry_id": entry, "group_": group, "state_": "ineligible" if reasons else "eligible", "reasons_": list(reasons)}
            for entry, group, reasons in outcome
        ]
        self._run(statement, rows)

    def set_entry_states(self, states: Mapping[str, EntryState]) -> None:
        """Move entries to new states, by id."""
        table = t.ENTRIES
        statement = table.update().where(table.c.id == sa.bindparam("entry_id")).values(state=sa.bindparam("state_"))
        self._run(statement, [{"entry_id": entry, "state_": state} for entry, state in states.items()])

    def count_entries(self, edition: str) -> dict[str, int]:
        """Number of entries by state."""
        table = t.ENTRIES.c
        rows = self._all(sa.select(table.state, sa.func.count().label("n")).where(table.edition == edition).group_by(table.state))
        return {row.state: row.n for row in rows}

    # -- files ------------------------------------------------------------------------------------------------------

    def put_files(self, files: Iterable[File]) -> None:
        """Keep which files belong to which entries; the same name again replaces the file."""
        for one in files:
            self._upsert(
                t.FILES,
                {
                    "entry": one.entry,
                    "name": one.name,
                    "sha256": one.sha256,
                    "media_type": one.media_type,
                    "size": one.size,
                    "scan": one.scan,
                },
                ["entry", "name"],
            )

    def files(self, entry: str) -> tuple[File, ...]:
        """Files of an entry, by name."""
        rows = _FILES.all(self.connection, {"entry": entry})
        return tuple(sorted((File(**row._asdict()) for row in rows), key=lambda one: one.name))

    def files_of_edition(self, edition: str) -> dict[str, tuple[File, ...]]:
        """Files by entry id."""
        rows = self._all(sa.select(t.FILES).join(t.ENTRIES, t.ENTRIES.c.id == t.FILES.c.entry).where(t.ENTRIES.c.edition == edition))
        found: dict[str, tuple[File, ...]] = {}
        for row in sorted(rows, key=lambda row: (row.entry, row.name)):
            found[row.entry] = (*found.get(row.entry, ()), File(**row._asdict()))
        return found


def _reviewer(row: Any) -> Reviewer:
    values = row._asdict()
    return Reviewer(**{**values, "disciplines": tuple(values["disciplines"]), "keywords": tuple(values["keywords"])})


def entry_of(row: Any) -> Entry:
    """The entry in a row of its table."""
    values = row._asdict()
    return Entry(**{**values, "reasons": tuple(values["reasons"])})
