"""A whole edition on synthetic people: the real engine, the pages' functions, the real mail path, a moved clock.

Everything that a rehearsal has done is in the database, and its people are a function of its seed. So a rehearsal that was
cut off goes on where it stopped when the same command is given again, and ends with the same awards.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect import tags
from prefect.context import AsyncClientContext, SyncClientContext

from flows import selection
from flows.recorded import recorded
from models.edition import Edition
from models.errors import NotAllowed, NotFound
from models.intake import NewEntry
from rules.progress import Close, Finished, Open, Remind, Settle, Wait, next_step
from rules.simulation import Temper
from tasks import editions, opening, people, rehearsing, synthetic_checkers
from tasks.failpoints import failpoint
from tasks.installation import database

log = logging.getLogger("jinbang.rehearsal")

_LOOK_SECONDS = 0.2
SITTINGS = 4
"""How often a synthetic reviewer may sit down: at the invitation and at each of up to three reminders."""

LEFT_TO_VISITORS = 0.5
"""Share of the reviewers who have not come yet where an edition is left open for a visitor."""


@dataclass
class Rehearsal:
    """One rehearsal under way."""

    edition: str
    folder: Path | None
    entries: int | None
    reviewers: int | None
    stop_in: str | None = None
    temper: Temper = field(default_factory=Temper)
    engine_s: float = 0.0
    people_s: float = 0.0
    made: tuple[NewEntry, ...] = ()

    async def run(self) -> None:
        """Drive the edition to its end, or until the stage `stop_in` is open."""
        began = time.perf_counter()
        self.made = people.arrive(self._load(), self.folder, entries=self.entries, reviewers=self.reviewers)
        self.people_s += time.perf_counter() - began
        while not await self._turn():
            failpoint("rehearsal_turn.after")
        with tags(f"edition:{self.edition}"):
            while (pause := rehearsing.mail_waits(self.edition)) is not None:
                await asyncio.sleep(pause)
                await selection.send_mail(self.edition)
        rehearsing.settle_wakes(self.edition)

    def _load(self) -> Edition:
        with database().read() as store:
            return store.edition(self.edition)

    async def _turn(self) -> bool:
        """Let the engine work, then let the people act or the time pass. Yields whether it is over."""
        await self._await_lease()
        began = time.perf_counter()
        with tags(f"edition:{self.edition}"):
            await selection.advance_edition(self.edition)
            if rehearsing.has_mail(self.edition):
                await selection.send_mail(self.edition)
        rehearsing.settle_wakes(self.edition)
        worked = time.perf_counter()
        self.engine_s += worked - began
        over = self._act()
        self.people_s += time.perf_counter() - worked
        return over

    async def _await_lease(self) -> None:
        """Wait for an engine that holds the edition: a run that was cut off holds it until its lease runs out."""
        if pause := rehearsing.held_for(self.edition):
            log.warning("an engine holds %s; this goes on when it is done, or in %.0f s if it was cut off", self.edition, pause)
        while pause := rehearsing.held_for(self.edition):
            await asyncio.sleep(min(pause, _LOOK_SECONDS))

    def _act(self) -> bool:
        situation = editions.situation(self.edition)
        edition, step = situation.edition, next_step(situation)
        match step:
            case Finished():
                return True
            case Open() | Close() | Remind() | Settle():
                return False
            case Wait(run, _, blocked=True):
                rehearsing.settle_block(edition, run)
                return False
            case Wait(run, until):
                if run.state == "open":
                    self._people_act(edition)
                    if self.stop_in in (run.name, run.declared.kind):
                        return True
                    if not isinstance(next_step(editions.situation(self.edition)), Wait):
                        return False  # they have done all that the stage waits for
                rehearsing.pass_time(edition, run, until)
        return False

    def _people_act(self, edition: Edition) -> None:
        run = edition.current
        if run is None:
            return
        ahead = rehearsing.moments_ahead(edition, run)
        if run.declared.kind == "submission" and run.cutoff is not None and editions.situation(self.edition).now >= run.cutoff:
            synthetic_checkers.check(edition, run, self.temper)
        elif run.declared.kind == "submission":
            people.hand_in(edition, self.folder, self.made)
        elif run.declared.kind == "scoring":
            if self.stop_in in (run.name, run.declared.kind):  # half of the people leave their work to the visitor
                people.score(edition, run, replace(self.temper, silent=LEFT_TO_VISITORS), sitting=0, sittings=SITTINGS)
                return
            people.score(edition, run, self.temper, sitting=max(0, SITTINGS - ahead), sittings=SITTINGS)
        elif run.declared.kind in ("voting", "signoff"):
            people.answer(edition, run, self.temper, last_call=ahead <= 1)


@recorded(name="rehearse", flow_run_name="rehearse {process}")
async def rehearse(
    process: str, entries: int | None = None, reviewers: int | None = None, seed: int | None = None, edition: str = "rehearsal"
) -> dict[str, Any]:
    """Run a whole edition on synthetic people, with the edition's own clock moved from deadline to deadline.

    Args:
        process: Name of the process, e.g. papers.
        entries: Number of made-up entries; the sample spreadsheets if left out.
        reviewers: Number of made-up reviewers; in proportion to the entries if left out.
        seed: Of draws and people; derived from the declaration if left out.
        edition: Label of the edition. An unfinished rehearsal of that label goes on.
    """
    return await conduct(process, entries=entries, reviewers=reviewers, seed=seed, label=edition)


async def conduct(
    process: str,
    *,
    entries: int | None = None,
    reviewers: int | None = None,
    seed: int | None = None,
    label: str = "rehearsal",
    stop_in: str | None = None,
) -> dict[str, Any]:
    """Open or resume a rehearsal, drive it, and report.

    Args:
        process: Name of the process.
        entries: See `rehearse`.
        reviewers: See `rehearse`.
        seed: See `rehearse`.
        label: Label of the edition.
        stop_in: Name or kind of a stage in which the edition is left open, for a visitor to act.

    Raises:
        NotAllowed: a finished or live edition of that label exists.
    """
    began = time.perf_counter()
    edition = _open_or_resume(process, label, seed)
    folder = None if entries or reviewers else rehearsing.sample_folder(process)
    work = Rehearsal(edition.id, folder, entries, reviewers, stop_in)
    # One client for all the runs: each flow, and each of its tasks, would make one of its own.
    with SyncClientContext.get_or_create():
        async with AsyncClientContext.get_or_create():
            await work.run()
    took = time.perf_counter() - began
    return await rehearsing.report(edition.id, work.temper, duration_s=took, engine_s=work.engine_s, people_s=work.people_s)


def _open_or_resume(process: str, label: str, seed: int | None) -> Edition:
    with database().read() as store:
        try:
            found = store.edition(f"{process}-{label}")
        except NotFound:
            found = None
    if found is None:
        return opening.open_rehearsal(process, label=label, seed=seed, lead=timedelta(hours=1))
    if not found.rehearsal or (found.current is None and rehearsing.mail_waits(found.id) is None):
        raise NotAllowed(f"{found.id} exists and is {found.state}; give another label with --edition")
    return found
