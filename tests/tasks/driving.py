"""An edition whose engine is driven by hand: the real flows and tasks, called as plain functions, without a Prefect server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import uuid4

import pytest
from prefect import Flow

from flows import selection
from models.edition import Edition, Entry, Lease, Mail, StageRun
from models.intake import NewEntry
from tasks import answering, editions, importing, reviewing, signing, stages
from tasks.action import Action
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock


def drive_plainly(patch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Let flows and tasks be plain functions for the time of a test. Yields the list in which artifacts arrive."""
    kept: list[dict[str, Any]] = []

    def call(self: Any, *args: Any, **values: Any) -> Any:
        return self.fn(*args, **values)

    async def keep(**values: Any) -> None:
        kept.append(values)

    patch.setattr(Action, "__call__", call)
    patch.setattr(Flow, "__call__", call)
    patch.setattr("flows.selection.get_run_logger", lambda: logging.getLogger("test"))
    patch.setattr("prefect.artifacts.acreate_table_artifact", keep)
    return kept


class Season:
    """One edition of `builders.a_process`, from call to award."""

    def __init__(self, installed: Installation, clock: Clock, edition: Edition) -> None:
        self.installed, self.database, self.clock, self.id = installed, installed.database, clock, edition.id

    # -- time and engine --

    def at(self, moment: datetime) -> Season:
        """Let the clock show a moment; it may also go back."""
        self.clock.now = moment
        return self

    def local(self, text: str) -> Season:
        """Let the clock show a time in Beijing, such as 2026-04-01 08:00."""
        return self.at(datetime.fromisoformat(f"{text}+08:00"))

    def advance(self) -> str:
        """Run the engine once."""
        return asyncio.run(selection.advance_edition(self.id))

    def lease(self) -> Lease:
        """Become the one writer, for tests that call a single step."""
        taken = editions.take(self.id, str(uuid4()))
        assert taken is not None
        return taken

    def closing(self, stage: str) -> Lease:
        """Become the one writer of an edition whose stage has just begun to close."""
        run = self.go(stage).run(stage)
        lease = self.lease()
        stages.begin_closing.fn(lease, run.position)
        return lease

    def go(self, stage: str) -> Season:
        """Close what comes before a stage and open it, without doing anything."""
        builders.go_to(self.database, self.id, stage)
        return self

    # -- what is stored --

    @property
    def edition(self) -> Edition:
        with self.database.read() as store:
            return store.edition(self.id)

    def run(self, name: str) -> StageRun:
        return self.edition.run_of(name)

    def states(self) -> dict[str, str]:
        """Stage name -> state, without those that are planned or closed."""
        return {one.name: "blocked" if one.blocked else one.state for one in self.edition.stages if one.state not in ("planned", "closed")}

    def entries(self, *states: Any) -> tuple[Entry, ...]:
        with self.database.read() as store:
            return store.entries(self.id, *states)

    def entry_states(self) -> dict[str, str]:
        return {one.key: one.state for one in self.entries()}

    def mails(self, template: str | None = None) -> list[Mail]:
        with self.database.read() as store:
            return [one for one in store.mails(self.id) if template in (None, one.template)]

    def addressees(self, template: str) -> list[str]:
        return sorted(one.to_address.partition("@")[0] for one in self.mails(template))

    def events(self, *types: str) -> list[tuple[str, dict[str, Any]]]:
        with self.database.read() as store:
            return [(one.type, dict(one.payload)) for one in store.events(self.id) if not types or one.type in types]

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of the tables that a step could change twice."""
        from models import tables as t

        shown = (
            t.ENTRIES,
            t.ASSIGNMENTS,
            t.STANDINGS,
            t.SHORTLISTS,
            t.ANSWERS,
            t.NOTICES,
            t.PUBLICATIONS,
            t.MAILS,
            t.GRANTS,
            t.EVENTS,
            t.STEPS,
        )
        with self.database.read() as store:
            return {one.name: sorted(tuple(map(repr, row)) for row in store.connection.execute(one.select())) for one in shown}

    # -- people --

    def put(self, **people: Any) -> Season:
        """See `builders.put`."""
        builders.put(self.database, self.id, **people)
        return self

    def hand_in(self, entries: Iterable[NewEntry]) -> Season:
        """Put entries forward, as a spreadsheet would."""
        with self.database.write() as store:
            importing.keep_entries(store, store.edition(self.id), list(entries), file="", actor="test")
        return self

    def give(self, reviewer: str, marks: dict[str, int | tuple[int, int, int]], *, sign: bool = True, position: int = 1) -> Season:
        """Let a reviewer save totals by entry key, and sign."""
        ids = {one.key: one.id for one in self.entries()}
        work = {}
        for key, total in marks.items():
            parts = total if isinstance(total, tuple) else spread(total)
            work[ids[key]] = (dict(zip(("originality", "rigour", "value"), map(Decimal, parts), strict=True)), "", 0)
        reviewer_id = f"{self.id}/r/{reviewer}"
        builders.accept(self.database, self.id, reviewer_id, position=position)
        reviewing.save_sheets(self.id, position, reviewer_id, work)
        if sign:
            signing.sign(self.id, position, reviewer_id, "专家" + reviewer)
        return self

    def say(
        self,
        member: str,
        verdict: Literal["agree", "return"] = "agree",
        *,
        struck: Iterable[str] = (),
        comment: str = "",
        stage: str = "voting",
    ) -> Season:
        """Let a member or signatory answer; struck entries by key."""
        ids = {one.key: one.id for one in self.entries()}
        position = self.run(stage).position
        answering.answer(self.id, position, f"{self.id}/m/{member}", verdict, [ids[key] for key in struck], comment)
        return self


def spread(total: int) -> tuple[int, int, int]:
    """A total of 0 to 100 over criteria of at most 40, 30 and 30."""
    first = min(40, total)
    second = min(30, total - first)
    return first, second, total - first - second


COMMITTEE = [f"M0{number}" for number in range(1, 6)]
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not depend on the database."""
