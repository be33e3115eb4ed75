"""The demo: four rehearsals on the sample data to published awards, and four editions left in the middle for a visitor to act in."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import typer

from config import catalogue
from flows import supervisor
from models.errors import JinbangError
from tasks import installation, rehearsing


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
_AT_ONCE = 2


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
    missing = [name for name in names if f"{name}-2026" not in done]
    missing.sort(key=_size_of_sample, reverse=True)  # so that the longest does not begin last
    _side_by_side(([name, "--edition", "2026"] for name in missing), stopping)


def to_the_middle(stopping: threading.Event) -> None:
    """Leave an edition in each of several stages, unless it is there, or a visitor has carried it further.

    Raises:
        JinbangError: a rehearsal failed; its output says why.
    """
    with installation.database().read() as store:
        known = {one.id: one for one in store.editions()}
    jobs = []
    for left in left_over(list(catalogue.load_processes(installation.settings().processes))):
        found = known.get(f"{left.process}-2026-2")
        if found is None or found.last_of(left.stage) is None:
            numbers = ["--entries", str(left.entries), "--reviewers", str(left.reviewers)]
            jobs.append([left.process, "--edition", "2026-2", *numbers, "--stop-in", left.stage])
    _side_by_side(jobs, stopping)


def _size_of_sample(name: str) -> int:
    """Bytes of the spreadsheets of a process's sample data; 0 where it has none."""
    folder = rehearsing.sample_folder(name)
    return sum(file.stat().st_size for file in folder.glob("*.xlsx")) if folder else 0


def _side_by_side(jobs: Iterable[list[str]], stopping: threading.Event) -> None:
    """Two at a time: one alone waits for Prefect's server half of its time, three get in each other's way."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda job: _rehearse(job, stopping), jobs))


def _rehearse(job: list[str], stopping: threading.Event) -> None:
    """One rehearsal as a process of its own, so that the pages stay quick."""
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
