"""Draws of panels with all that they were asked, compressed."""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import Any

import rfc8785
import sqlalchemy as sa

from models import deciding_tables, tables
from models.draws import DrawKind, KeptDraw, NewDraw
from models.stores.base import StoreBase


class DrawStore(StoreBase):
    """Reads and writes of draws."""

    def add_draw(self, draw: NewDraw) -> None:
        """Keep a draw; it is never changed afterwards."""
        question, result = rfc8785.dumps(dict(draw.question)), rfc8785.dumps(dict(draw.result))
        self._run(
            deciding_tables.DRAWS.insert().values(
                edition=draw.edition, position=draw.position, round=draw.round, kind=draw.kind, actor=draw.actor,
                at=self.edition_now(draw.edition), solver=draw.solver, question=zlib.compress(question), result=zlib.compress(result),
                question_digest=hashlib.sha256(question).hexdigest(), result_digest=hashlib.sha256(result).hexdigest(),
            )
        )  # fmt: skip

    def draws(self, edition: str, position: int | None = None) -> tuple[KeptDraw, ...]:
        """All draws of an edition, or of one stage, in the order in which they were made."""
        table = deciding_tables.DRAWS.c
        query = sa.select(deciding_tables.DRAWS).where(table.edition == edition).order_by(table.id)
        rows = self._all(query if position is None else query.where(table.position == position))
        return tuple(_kept(row) for row in rows)

    def drawn_pairs(self, edition: str, position: int, kind: DrawKind) -> tuple[tuple[str, str], ...]:
        """What the draws of a kind came to, without what they were asked: codes of entry and reviewer, in the order that was kept."""
        table = deciding_tables.DRAWS.c
        query = sa.select(table.result).order_by(table.id)
        rows = self._all(query.where(table.edition == edition, table.position == position, table.kind == kind))
        return tuple((str(entry), str(who)) for row in rows for entry, who in _read(row.result).get("pairs", ()))

    def count_draws(self, edition: str) -> int:
        """How many draws of an edition were kept."""
        return int(self._scalar(sa.select(sa.func.count()).where(deciding_tables.DRAWS.c.edition == edition)) or 0)

    def bring_back(self, assignment: str, *, number: int) -> None:
        """Put an entry into a reviewer's hands again after the office had taken it; it waits for a new answer."""
        table = tables.ASSIGNMENTS
        self._run(table.update().where(table.c.id == assignment).values(recused=False, cleared_at=None, round=number))


def _kept(row: Any) -> KeptDraw:
    kind: Any = row.kind
    made = NewDraw(row.edition, row.position, row.round, kind, row.actor, row.solver, _read(row.question), _read(row.result))
    return KeptDraw(row.id, made, row.at, row.question_digest, row.result_digest)


def _read(packed: bytes) -> dict[str, Any]:
    """A document; nothing if it is damaged, which its digest then shows."""
    try:
        found = json.loads(zlib.decompress(packed))
    except (zlib.error, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
