"""Every declared process, from call to published award: one file, one journey; adding a file adds its test.

Here the engine's flows run as plain functions, in a few seconds each; with the fault tests those that have all kinds of
stages between them walk on one real Prefect server as well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from flows import rehearsal
from models.store import Database
from notifications.mailbox import mailbox_file
from tasks import installation
from tests.journeys.invariants import violations
from tests.serving import LEAVES_SOCKETS
from tests.tasks.driving import drive_plainly

PROCESSES = Path(__file__).parents[2] / "config" / "processes"
NAMES = sorted(path.stem for path in PROCESSES.glob("*.yaml"))
SIZES = {"papers": (24, 24), "artworks": (24, 24), "innovation": (16, 24), "volunteers": (20, 20)}
"""Made-up entries and reviewers; a process that is not named here gets two dozen of both."""
LATER = ("artworks", "volunteers")
"""Walked with what is slow, so that the ordinary loop stays short: their stages are among those of the other two."""

_ON_SQLITE: dict[str, str] = {}
"""Digest of the result by process, for the walk on the other database."""

Install = Callable[[str], Path]


async def walk(name: str, *, entries: int, reviewers: int) -> dict[str, Any]:
    report = await rehearsal.conduct(name, entries=entries, reviewers=reviewers, seed=7, label="journey")
    with installation.database().read() as store:
        assert violations(store, store.edition(f"{name}-journey")) == []
    assert report["state"] == "published"
    assert report["awards"] > 0
    return report


def walk_plainly(patch: pytest.MonkeyPatch) -> None:
    async def none_recorded(_edition: str) -> tuple[int, int]:
        return 0, 0

    drive_plainly(patch)
    patch.setattr("tasks.rehearsing._runs", none_recorded)
    for one in ("SyncClientContext", "AsyncClientContext"):  # a client would start a Prefect server of its own, and give it 20 s
        patch.setattr(f"flows.rehearsal.{one}.get_or_create", nullcontext)


def caught(mailbox: Path) -> list[tuple[str, str]]:
    """Message-ID and recipient of every mail that left."""
    with sqlite3.connect(mailbox_file(mailbox)) as kept:
        rows = kept.execute("SELECT message_id, rcpt_to FROM caught").fetchall()
    kept.close()
    return rows


def assert_every_mail_came_once(mailbox: Path, report: dict[str, Any]) -> None:
    messages = caught(mailbox)
    assert len(messages) == report["mails"]["sent"] == report["mails"]["queued"] > 0
    assert report["mails"]["failed"] == 0
    assert len({identity for identity, _ in messages}) == len(messages)
    assert all(recipient.endswith("example.org") for _, recipient in messages)


@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.slow) if one in LATER else one for one in NAMES])
async def test_it_ends_with_published_awards_and_every_mail_came_once(name: str, install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    walk_plainly(monkeypatch)
    mailbox = install("")
    entries, reviewers = SIZES.get(name, (24, 24))
    report = await walk(name, entries=entries, reviewers=reviewers)
    assert_every_mail_came_once(mailbox, report)
    _ON_SQLITE[name] = report["result_digest"]


async def test_postgresql_gives_the_same_result(install: Install, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if database.url.startswith("sqlite"):
        pytest.skip("walked above")
    walk_plainly(monkeypatch)
    install(database.url)
    entries, reviewers = SIZES["volunteers"]
    report = await walk("volunteers", entries=entries, reviewers=reviewers)
    assert report["result_digest"] == _ON_SQLITE.get("volunteers", report["result_digest"])


@pytest.mark.faults
@pytest.mark.parametrize("name", [one for one in NAMES if one not in LATER])
@LEAVES_SOCKETS
async def test_it_ends_so_on_a_prefect_server_too(name: str, install: Install, prefect: str) -> None:
    mailbox = install("")
    report = await walk(name, entries=10, reviewers=14)
    assert_every_mail_came_once(mailbox, report)
    assert report["flow_runs"] > 2 * 6  # each stage was opened and closed by a flow
    assert report["task_runs"] > report["flow_runs"]
