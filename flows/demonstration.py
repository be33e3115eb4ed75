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
from tasks.rehearsing import sample_folder


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
AT_ONCE = 2
"""Rehearsals that run side by side."""


def catalogue_size(name: str) -> int:
    """Bytes of a process's sample spreadsheets: the larger ones take longer and are started first."""
    folder = sample_folder(name)
    return sum(one.stat().st_size for one in folder.glob("entries*")) if folder else 0


def left_over(names: list[str]) -> list[Left]:
    """Which process waits in which stage: the declared processes in turn."""
    return [Left(names[place % len(names)], stage, entries, reviewers) for place, (stage, entries, reviewers) in enumerate(STAGES)]


def run(stopping: threading.Event) -> None:
    """Run what is not there yet. Rehearsals are processes of their own, so that the pages stay quick.

    Raises:
        JinbangError: a rehearsal failed; its output says why.
    """
    names = list(catalogue.load_processes(installation.settings().processes))
    with installation.database().read() as store:
        done = {one.id for one in store.editions() if one.current is None}
    largest_first = sorted(names, key=lambda name: -catalogue_size(name))
    jobs = [[name, "--edition", "2026"] for name in largest_first if f"{name}-2026" not in done]
    for left in left_over(names):
        jobs.append(
            [left.process, "--edition", "2026-2", "--entries", str(left.entries), "--reviewers", str(left.reviewers),
             "--stop-in", left.stage]
        )  # fmt: skip
    _run_all(jobs, stopping)


def _run_all(jobs: list[list[str]], stopping: threading.Event) -> None:
    waiting, running = list(jobs), dict[str, subprocess.Popen[str]]()
    while (waiting or running) and not stopping.is_set():
        while waiting and len(running) < AT_ONCE:
            job = waiting.pop(0)
            typer.echo(f"rehearsing {job[0]} ({job[2]})", err=True)
            running[" ".join(job)] = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "flows.rehearsing", *job],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env=os.environ | supervisor.SILENT,
                preexec_fn=supervisor.die_with_parent,
            )
        for name, process in list(running.items()):
            if process.poll() is not None:
                said = process.communicate()[0]
                if process.returncode:
                    raise JinbangError(f"rehearsing {name} failed: {said.strip()[-2000:]}")
                typer.echo(said.strip(), err=True)
                del running[name]
        stopping.wait(0.2)
    for process in running.values():
        process.terminate()
