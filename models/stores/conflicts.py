"""Names of units, relations that lists tell of, decisions about pairs, and whom nominators ask to avoid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import sqlalchemy as sa

from models import deciding_tables as t
from models.errors import NotFound
from models.relations import Avoidance, ConflictDecision, ToldRelation, UnitName
from models.stores.base import StoreBase


class ConflictStore(StoreBase):
    """Reads and writes of what the check for conflicts of interest goes by (rule R3)."""

    def put_unit_names(self, edition: str, names: Iterable[UnitName]) -> None:
        """Keep an edition's table of units in place of an earlier one."""
        table = t.UNIT_NAMES
        self._run(table.delete().where(table.c.edition == edition))
        self._run(table.insert(), [{"edition": edition, **asdict(one)} for one in names])

    def unit_names(self, edition: str) -> tuple[UnitName, ...]:
        """All names of units, by name."""
        table = t.UNIT_NAMES
        rows = self._all(sa.select(table.c.name, table.c.legal, table.c.head).where(table.c.edition == edition))
        return tuple(sorted((UnitName(**row._asdict()) for row in rows), key=lambda one: one.name))

    def put_told_relations(self, told: Iterable[ToldRelation]) -> None:
        """Keep what a list tells; the same again takes the place of what is there."""
        for one in told:
            self._upsert(t.TOLD_RELATIONS, asdict(one), ["id"])

    def remove_told_relations(self, ids: Iterable[str]) -> int:
        """Forget what a list has told. Yields how many are gone."""
        table = t.TOLD_RELATIONS
        return sum(self._run(table.delete().where(table.c.id == one)) for one in ids)

    def told_relations(self, edition: str) -> tuple[ToldRelation, ...]:
        """Everything that lists told, by reviewer."""
        rows = self._all(sa.select(t.TOLD_RELATIONS).where(t.TOLD_RELATIONS.c.edition == edition))
        return tuple(sorted((ToldRelation(**row._asdict()) for row in rows), key=lambda one: (one.reviewer, one.id)))

    def put_conflict_decision(self, decision: ConflictDecision) -> None:
        """Keep a decision in place of an earlier one."""
        self._upsert(t.CONFLICT_DECISIONS, {**asdict(decision), "relations": list(decision.relations)}, ["entry", "reviewer"])

    def conflict_decisions(self, edition: str) -> dict[tuple[str, str], ConflictDecision]:
        """(entry id, reviewer id) -> the decision in force."""
        rows = self._all(sa.select(t.CONFLICT_DECISIONS).where(t.CONFLICT_DECISIONS.c.edition == edition))
        return {(row.entry, row.reviewer): ConflictDecision(**{**row._asdict(), "relations": tuple(row.relations)}) for row in rows}

    def put_avoidance(self, avoidance: Avoidance) -> None:
        """Keep a request, or what was decided about it."""
        self._upsert(t.AVOIDANCES, asdict(avoidance), ["id"])

    def remove_avoidance(self, avoidance_id: str) -> None:
        """Forget a request that was taken back."""
        self._run(t.AVOIDANCES.delete().where(t.AVOIDANCES.c.id == avoidance_id))

    def avoidances(self, edition: str, *, nominator: str | None = None) -> tuple[Avoidance, ...]:
        """All requests of an edition, or of one nominator, the earliest first."""
        query = sa.select(t.AVOIDANCES).where(t.AVOIDANCES.c.edition == edition)
        query = query if nominator is None else query.where(t.AVOIDANCES.c.nominator == nominator)
        return tuple(sorted((Avoidance(**row._asdict()) for row in self._all(query)), key=lambda one: (one.asked_at, one.id)))

    def avoidance(self, edition: str, avoidance_id: str) -> Avoidance:
        """One request.

        Raises:
            NotFound: the edition has none of that id.
        """
        for one in self.avoidances(edition):
            if one.id == avoidance_id:
                return one
        raise NotFound(f"{edition} has no such request", zh="没有这项申请")
