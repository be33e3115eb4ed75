"""Pages of files, and files that take the place of earlier ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from models import tables as t
from models.edition import File
from models.material import FilePage
from models.stores.base import StoreBase


class MaterialStore(StoreBase):
    """Reads and writes of what reviewers look at."""

    def put_file_pages(self, pages: Iterable[FilePage]) -> None:
        """Keep pages of files; those of a file that is known already stay as they are."""
        self._insert_new(t.FILE_PAGES, [asdict(one) for one in pages])

    def file_pages(self, files: Iterable[str]) -> dict[str, tuple[FilePage, ...]]:
        """Pages by the SHA-256 of their file, in order; files without pages are missing."""
        wanted = sorted(set(files))
        if not wanted:
            return {}
        table = t.FILE_PAGES
        found: dict[str, tuple[FilePage, ...]] = {}
        for row in self._all(sa.select(table).where(table.c.sha256.in_(wanted)).order_by(table.c.sha256, table.c.number)):
            found[row.sha256] = (*found.get(row.sha256, ()), FilePage(**row._asdict()))
        return found

    def material_flags(self, edition: str) -> dict[str, list[dict[str, Any]]]:
        """Entry id -> what the latest scan of its anonymous files found; an empty list if nothing any more."""
        table = t.EVENTS.c
        chosen = sa.select(table.payload).where(table.edition == edition, table.type == "MaterialFlagged").order_by(table.seq)
        return {row.payload["entry"]: row.payload["findings"] for row in self._all(chosen)}

    def drop_files(self, files: Iterable[File]) -> None:
        """Forget that files belong to an entry; what is kept by hash stays, as another entry may have the same."""
        table = t.FILES
        rows = [{"entry_": one.entry, "name_": one.name} for one in files]
        self._run(table.delete().where(table.c.entry == sa.bindparam("entry_"), table.c.name == sa.bindparam("name_")), rows)
