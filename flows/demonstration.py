"""The demo: four rehearsals on the sample data to published awards, and four editions left in the middle for a visitor to act in."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass

import typer

from config import catalogue
from flows import supervisor
from models.errors import JinbangError
from tasks import installation


@dataclass(frozen=True, slots=True)
class Left:
    """An edition that is left in the middle."""

    process: str
    stage: str
    """Kind of the stage in which it waits."""
    entries: int
    reviewers: int


STAGES = (("submission", 40, 20), ("shortlisting", 60, 40), ("scoring", 60, 30), ("notice", 60, 30))
"""Kind of stage, made-up entries and reviewers of each edition that is left in the middle."""


def left_over(names: list[str]) -> list[Left]:
    """Which process waits in which stage: the declared processes in turn."""
    return [Left(names[place % len(names)], stage, entries, reviewers) for place, (stage, entries, reviewers) in enumerate(STAGES)]


def to_published(stopping: threading.Event) -> None:
    """Rehearse every declared process on its sample data, unless that has been done before.

    Raises:
        JinbangError: a rehearsal failed; its output says why.
    """
    names = list(catalogue.load_processes(installation.settings().processes))
    with installation.database().read() as store:
        done = {one.id for one in store.editions() if one.current is None}
    for name in names:
        if f"{name}-2026" not in done:
            _rehearse([name, "--edition", "2026"], stopping)


def to_the_middle(stopping: threading.Event) -> None:
    """Leave an edition in each of several stages, unless it is there, or a visitor has carried it further.

    Raises:
        JinbangError: a rehearsal failed; its output says why.
    """
    with installation.database().read() as store:
        known = {one.id: one for one in store.editions()}
    for left in left_over(list(catalogue.load_processes(installation.settings().processes))):
        found = known.get(f"{left.process}-2026-2")
        if found is None or found.last_of(left.stage) is None:
            numbers = ["--entries", str(left.entries), "--reviewers", str(left.reviewers)]
            _rehearse([left.process, "--edition", "2026-2", *numbers, "--stop-in", left.stage], stopping)


def _rehearse(job: list[str], stopping: threading.Event) -> None:
    """One rehearsal as a process of its own, so that the pages stay quick; one after the other, for each keeps two cores busy."""
    if stopping.is_set():
        return
    typer.echo(f"rehearsing {job[0]} ({job[2]})", err=True)
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "flows.rehearsing", *job],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | supervisor.SILENT,
        preexec_fn=supervisor.die_with_parent,
    )
    while process.poll() is None:
        if stopping.wait(0.2):
            process.terminate()
            return
    said = process.communicate()[0].strip()
    if process.returncode:
        raise JinbangError(f"rehearsing {job[0]} failed: {said[-2000:]}")
    typer.echo(said, err=True)
