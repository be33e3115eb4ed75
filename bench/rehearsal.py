"""How long the engine needs for a whole edition, and how that grows with the number of entries.

A rehearsal runs the real engine, the real Prefect server, the real mail path to the catcher; its people cost nothing of what
is measured as `engine_s`. Each size is a process of its own with an empty data folder.
"""

from __future__ import annotations

import itertools
import json
import os
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from bench.figures import Figure
from notifications.catcher import Catcher

SIZES = (90, 900, 9000)
ENGINE_SECONDS = 30
"""Bar for the engine's share of an edition of 900 papers."""
GROWTH = 12
"""Ten times the entries may take so many times as long."""
PLAIN_MAILS, EMPTY_TASKS = 300, 100


def rehearse(entries: int) -> dict[str, Any]:
    """The report of one rehearsal of the papers award."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "flows",
            "rehearse",
            "papers",
            "--entries",
            str(entries),
            "--seed",
            "1",
            "--json",
            "--data",
            folder,
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=clean_environment())
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without settings of ours or Prefect's, so that figures are those of a fresh machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JINBANG_", "PREFECT_"))}
    return kept | more


def plain_mails() -> float:
    """Mails a second of a bare loop: one connection to the same catcher, nothing stored, nothing rendered."""
    with tempfile.TemporaryDirectory() as folder:
        catcher = Catcher(Path(folder), port=0)
        catcher.start()
        try:
            message = EmailMessage()
            message["Subject"], message["From"], message["To"] = "评审邀请", "office@example.org", "reviewer@example.org"
            message.set_content("尊敬的专家：请通过专用链接评审。\n" * 40)
            with smtplib.SMTP("127.0.0.1", catcher.port) as connection:
                began = time.perf_counter()
                for _ in range(PLAIN_MAILS):
                    connection.send_message(message)
                return PLAIN_MAILS / (time.perf_counter() - began)
        finally:
            catcher.stop()


def empty_task_ms() -> float:
    """Milliseconds of one Prefect task that does nothing, on a server started as ours is."""
    with tempfile.TemporaryDirectory() as folder:
        environment = clean_environment(JINBANG_DATA_DIR=folder)
        command = [sys.executable, "-m", "bench.empty_tasks", str(EMPTY_TASKS)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(done.stdout.strip().splitlines()[-1])


def figures(*, quick: bool) -> Iterator[Figure]:
    """Run the sizes one after the other; `quick` leaves out the largest."""
    sizes = SIZES[:2] if quick else SIZES
    found = {size: rehearse(size) for size in sizes}
    typical = found[900]
    sent = typical["mails"]["sent"]
    per_task, plain = empty_task_ms(), plain_mails()
    apart = (sent + typical["assignments"]) * per_task / 1000
    yield Figure(
        "engine time, 900 papers", typical["engine_s"], "s", ENGINE_SECONDS,
        f"an empty Prefect task takes {per_task:.0f} ms here: one per mail and per panel seat would take {apart:.0f} s",
    )  # fmt: skip
    yield Figure(
        "mails per engine second, 900 papers", sent / typical["engine_s"], "/s", None, f"a bare loop into the same catcher: {plain:.0f}/s"
    )
    for smaller, larger in itertools.pairwise(sizes):
        ratio = found[larger]["engine_s"] / found[smaller]["engine_s"]
        compared = f"{found[smaller]['engine_s']} s -> {found[larger]['engine_s']} s; in proportion it would be {larger / smaller:.0f}"
        yield Figure(f"engine time, {larger} : {smaller} entries", ratio, "x", GROWTH, compared)
    smallest, largest = found[sizes[0]], found[sizes[-1]]
    yield Figure(
        f"flow runs, {sizes[-1]} entries : {sizes[0]}", largest["flow_runs"] / smallest["flow_runs"], "x", 1.5,
        f"{smallest['flow_runs']} -> {largest['flow_runs']}; per entry it would be {sizes[-1] / sizes[0]:.0f}",
    )  # fmt: skip
    batches = f"{smallest['mails']['sent']} -> {largest['mails']['sent']} mails, 50 to a task"
    yield Figure(
        f"task runs, {sizes[-1]} entries : {sizes[0]}", largest["task_runs"] / smallest["task_runs"], "x", None,
        f"{smallest['task_runs']} -> {largest['task_runs']}; {batches}",
    )  # fmt: skip
    for size in sizes:
        one = found[size]
        people = f"synthetic people took {one['people_s']} s, all together {one['duration_s']} s"
        yield Figure(f"truly best among the awarded, {size} entries", one["precision_at_k"] * 100, "%", None, people)
