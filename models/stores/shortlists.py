"""All versions of a shortlist, and why each is as it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from models import deciding_tables
from models import tables as t
from models.edition import Shortlist, ShortlistItem
from models.errors import NotFound
from models.shortlists import Grounds, tie_of, tie_row
from models.stores.base import StoreBase

_GROUNDS = deciding_tables.SHORTLIST_GROUNDS


class ShortlistStore(StoreBase):
    """Reads of every version; the latest with its seats is read where marks are."""

    def shortlist_versions(self, edition: str) -> tuple[Shortlist, ...]:
        """Every version, the first one first."""
        rows = self._all(sa.select(t.SHORTLISTS).where(t.SHORTLISTS.c.edition == edition).order_by(t.SHORTLISTS.c.version))
        return tuple(_list_of(row) for row in rows)

    def shortlist_version(self, edition: str, version: int) -> tuple[Shortlist, dict[str, int]]:
        """One version with the seats per group.

        Raises:
            NotFound: there is no such version.
        """
        row = self._one(sa.select(t.SHORTLISTS).where(t.SHORTLISTS.c.edition == edition, t.SHORTLISTS.c.version == version))
        if row is None:
            raise NotFound(f"{edition} has no version {version} of its shortlist", zh=f"入围名单没有第 {version} 版")
        return _list_of(row), dict(row.seats)

    def add_grounds(self, edition: str, version: int, grounds: Grounds) -> None:
        """Keep why a version is as it is, in the transaction in which it is made."""
        ties = [tie_row(one) for one in grounds.ties]
        self._run(_GROUNDS.insert().values(edition=edition, version=version, ties=ties, reason=grounds.reason, actor=grounds.actor))

    def grounds(self, edition: str) -> dict[int, Grounds]:
        """Version -> why it is as it is; lists of earlier releases have none."""
        rows = self._all(sa.select(_GROUNDS).where(_GROUNDS.c.edition == edition))
        return {row.version: Grounds(tuple(map(tie_of, row.ties)), row.reason, row.actor) for row in rows}

    def move_entries(self, edition: str, groups: dict[str, str]) -> int:
        """Let entries compete in other groups: group -> the one it went into. Yields how many moved."""
        table = t.ENTRIES
        return sum(
            self._run(table.update().where(table.c.edition == edition, table.c.group == group).values(group=into))
            for group, into in groups.items()
        )


def _list_of(row: Any) -> Shortlist:
    items = tuple(ShortlistItem(entry, group, place, Decimal(mark)) for entry, group, place, mark in row._mapping["items"])
    return Shortlist(row.edition, row.version, row.created_at, row.digest, items)
