"""An edition whose submission is open, for the pages around nominations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.web.conftest import World

OPEN = builders.NOW.replace(month=5, day=12)
"""In the middle of the submission: 10:00 in Beijing on a Tuesday."""


def open_submission(
    installed: Installation,
    clock: Clock,
    *,
    nominators: dict[str, Any] | None = None,
    paper_fields: Sequence[dict[str, Any]] = (),
    **stage: Any,
) -> World:
    """Two units, three handed-in papers (A01 and A02 of N01, B01 of N02) and an admin; `stage` changes the declared submission."""
    clock.now = OPEN
    changes: dict[str, Any] = builders.a_stage_change("submission", **stage)
    if nominators is not None:
        changes["nominators"] = nominators
    if paper_fields:
        paper, artwork = builders.DECLARATION["classes"]
        changes["classes"] = [{**paper, "fields": [*paper["fields"], *paper_fields]}, artwork]
    process = builders.a_process(**changes)
    edition = builders.keep(installed.database, builders.an_edition(process), at="submission")
    entries = [builders.an_entry("A01"), builders.an_entry("A02"), builders.an_entry("B01", nominator="N02")]
    builders.put(
        installed.database, edition.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")], entries=entries
    )  # fmt: skip
    with installed.database.write() as store:
        store.set_entry_states({f"{edition.id}/e/{one.key}": "submitted" for one in entries})
        store.put_admin("admin@example.org", "管理员", "admin")
    return World(installed, edition)
