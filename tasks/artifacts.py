"""What operators see of an edition in the Prefect UI: its progress and its shortlist, as tables. Best effort."""

from __future__ import annotations

import logging
import re
from typing import Any

from rules import calendar, eligibility
from tasks import editions
from tasks.installation import database

log = logging.getLogger("jinbang.artifacts")

_NO_KEY = re.compile(r"[^a-z0-9-]+")
"""What Prefect takes in no key of an artifact; process names have underscores."""


async def show_progress(edition_id: str) -> None:
    """One row per stage: state, deadline, what it waits for."""
    with database().read() as store:
        status = editions.status(store, store.edition(edition_id))
    zone = status.edition.process.time_zone
    rows: list[list[Any] | dict[str, Any]] = []
    for run in status.edition.stages:
        closes = calendar.deadline_text(run.closes_at, zone) if run.closes_at else ""
        waiting = status.silent if run is status.current else ""
        rows.append({"stage": run.name, "state": "blocked" if run.blocked else run.state, "closes": closes, "waits for": waiting})
    counts = ", ".join(f"{count} {state}" for state, count in sorted(status.entries.items()))
    await _keep(f"progress-{edition_id}", rows, f"{status.edition.process.title.en}, {status.edition.label}: {counts}")


async def show_shortlist(edition_id: str) -> None:
    """One row per entry of the latest shortlist; codes and titles, no persons."""
    with database().read() as store:
        edition = store.edition(edition_id)
        found = store.shortlist(edition_id)
        if found is None:
            return
        listed, _ = found
        entries = store.entries_by_id(item.entry for item in listed.items)
    rows: list[list[Any] | dict[str, Any]] = [
        {
            "group": eligibility.group_title(item.group, edition.process).zh,
            "place": item.place,
            "code": entries[item.entry].code,
            "title": entries[item.entry].title,
            "mark": str(item.mark),
        }
        for item in listed.items
    ]
    await _keep(f"shortlist-{edition_id}", rows, f"{edition.process.title.en}, {edition.label}: shortlist version {listed.version}")


async def _keep(key: str, rows: list[list[Any] | dict[str, Any]], description: str) -> None:
    """Show a table under a key; a server that refuses or is away holds no edition up."""
    from prefect.artifacts import acreate_table_artifact  # at the first use, as in tasks/action.py

    try:
        await acreate_table_artifact(table=rows, key=_NO_KEY.sub("-", key.lower()), description=description)  # type: ignore[arg-type]
    except Exception:
        log.warning("the table %s is not shown in the Prefect UI", key, exc_info=True)
