"""Draws of panels by `jinbang assign`: how long the solving takes, how long the whole command, and how much memory it holds."""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.rehearsal import clean_environment
from models import instances
from models.instances import Instance
from rules import panel_instance, shortage

PANEL, CANDIDATES, LEAVERS = 5, 50, 15
USUAL, LARGE = (1_000, 300, 100), (10_000, 3_000, 1_000)
"""Entries, reviewers, units."""
SECONDS, REPAIR_SECONDS, LARGE_SECONDS, LARGE_MEGABYTES = 0.5, 0.5, 15, 500
_TIMES = 3


def figures(*, quick: bool) -> list[Figure]:
    """All figures of draws."""
    with tempfile.TemporaryDirectory() as folder:
        found = _of_size(Path(folder), USUAL, SECONDS, None, None)
        found += [_repair(), _shortage()]
        return found if quick else found + _of_size(Path(folder), LARGE, LARGE_SECONDS, LARGE_SECONDS, LARGE_MEGABYTES)


def made(size: tuple[int, int, int], *, tight: float = 1.3, seed: int = 1) -> dict[str, Any]:
    """A random instance: loads from half of the mean to `tight` times the mean, every affinity as likely as the other."""
    entries, reviewers, units = size
    chance, mean = random.Random(seed), PANEL * size[0] / size[1]
    names, ids = [f"e{at:05}" for at in range(entries)], [f"r{at:04}" for at in range(reviewers)]
    loads = {"min": int(mean / 2), "max": round(mean * tight)}
    return {
        "per_entry": PANEL,
        "entries": names,
        "reviewers": [{"id": one, "unit": f"u{chance.randrange(units)}"} | loads for one in ids],
        "pairs": [(one, ids[at], chance.randrange(1001)) for one in names for at in chance.sample(range(reviewers), CANDIDATES)],
    }


def _of_size(folder: Path, size: tuple[int, int, int], solve: float, whole: float | None, megabytes: float | None) -> list[Figure]:
    file, what = folder / "instance.json", f"draw: {size[0]:,} entries, {size[1]:,} reviewers, {PANEL} each"
    file.write_text(json.dumps(made(size)), encoding="utf-8")
    instance = instances.read(file.read_bytes(), "instance")
    solving = _seconds(lambda: panel_instance.draw(instance, seed=1))
    seconds, memory = _command(file, folder / "pairs.csv")
    return [
        Figure(f"{what}, solved", solving, "s", solve, compared=f"{len(instance.pairs):,} pairs"),
        Figure(f"{what}, the whole command", seconds, "s", whole, compared=f"the file has {file.stat().st_size / 1e6:.1f} MB"),
        Figure(f"{what}, memory at its most", memory, "MB", megabytes),
    ]


def _repair() -> Figure:
    wanted = made(USUAL)
    first = panel_instance.draw(Instance.model_validate(wanted), seed=1)
    leavers = {one["id"] for one in wanted["reviewers"][:LEAVERS]}
    wanted["reviewers"], wanted["pairs"] = wanted["reviewers"][LEAVERS:], [one for one in wanted["pairs"] if one[1] not in leavers]
    instance = Instance.model_validate(wanted)
    kept, lost = panel_instance.still_allowed(instance, first.pairs)
    found = panel_instance.draw(instance, seed=1, kept=kept)
    moved = len(set(kept) - set(found.pairs))
    took = _seconds(lambda: panel_instance.draw(instance, seed=1, kept=kept))
    what = f"draw: {LEAVERS} of {USUAL[1]} reviewers leave, repaired"
    compared = f"{len(lost)} seats lost, {sum(found.short.values())} stay empty, {moved} others moved"
    return Figure(what, took, "s", REPAIR_SECONDS, compared=compared)


def _shortage() -> Figure:
    instance = Instance.model_validate(made(USUAL, tight=0.8))
    found = shortage.explain(instance)
    took = _seconds(lambda: shortage.explain(instance))
    return Figure("draw: a shortage explained, with remedies", took, "s", compared=f"{found.short if found else 0} seats short")


def _seconds(act: Callable[[], object]) -> float:
    """The best of a few times, as other work on the machine only ever adds."""
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return min(took)


def _command(file: Path, out: Path) -> tuple[float, float]:
    """Seconds and megabytes of `jinbang assign` in a process of its own."""
    began = time.perf_counter()
    words = [sys.executable, "-m", "flows", "assign", str(file), "-o", str(out)]
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    child = os.posix_spawn(sys.executable, words, clean_environment(), file_actions=silent)
    _, status, used = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"jinbang assign ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - began, used.ru_maxrss / 1024
