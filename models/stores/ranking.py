"""Frozen rules, and reasons that divergent reviewers were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from models import deciding_tables as t
from models.ranking import FrozenRule, Reason
from models.stores.base import StoreBase


class RankingStore(StoreBase):
    """Reads and writes of what a ranking rests on besides the sheets."""

    def freeze_rule(self, rule: FrozenRule) -> None:
        """Keep the rule of a scoring stage; it is never changed afterwards."""
        self._run(t.FROZEN_RULES.insert().values(**asdict(rule)))

    def frozen_rule(self, edition: str, position: int) -> FrozenRule | None:
        """The frozen rule of a scoring stage; None before its invitations, and where they went out before rules were frozen."""
        table = t.FROZEN_RULES
        row = self._one(sa.select(table).where(table.c.edition == edition, table.c.position == position))
        return None if row is None else FrozenRule(**row._asdict())

    def ask_reasons(self, asked: Sequence[Reason]) -> tuple[Reason, ...]:
        """Keep that reasons were asked for. Yields those that had not been asked for before."""
        return tuple(one for one in asked if self._insert_new(t.REASONS, [asdict(one)]))

    def reasons(self, edition: str, position: int, *, reviewer: str | None = None) -> tuple[Reason, ...]:
        """Reasons of a scoring stage that were asked for, given or not, by entry and reviewer."""
        table = t.REASONS
        query = sa.select(table).where(table.c.edition == edition, table.c.position == position)
        rows = self._all(query if reviewer is None else query.where(table.c.reviewer == reviewer))
        return tuple(sorted((Reason(**row._asdict()) for row in rows), key=lambda one: (one.entry, one.reviewer)))

    def give_reason(self, reason: Reason, text: str, at: datetime) -> None:
        """Keep what the reviewer wrote, in place of what stood there."""
        table = t.REASONS.c
        self._run(
            t.REASONS.update()
            .where(
                table.edition == reason.edition,
                table.position == reason.position,
                table.entry == reason.entry,
                table.reviewer == reason.reviewer,
            )
            .values(text=text, answered_at=at)
        )
