"""A small edition driven by hand, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.recycling import database_url
from tests.tasks import driving
from tests.tasks.driving import Season

__all__ = ["database_url"]


@pytest.fixture
def artifacts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Flows and tasks are plain functions; the tables that operators would see arrive here."""
    return driving.drive_plainly(monkeypatch)


@pytest.fixture
def season(installed: Installation, clock: Clock, artifacts: list[dict[str, Any]]) -> Season:
    """An edition before its first day, with two nominators, six reviewers, a committee and two signatories."""
    edition = builders.keep(installed.database, builders.an_edition())
    made = Season(installed, clock, edition).local("2026-03-20 09:00")
    people(made)
    with installed.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")
    return made


def people(season: Season) -> None:
    season.put(
        nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")],
        reviewers=[builders.a_reviewer(f"R0{number}") for number in range(1, 7)],
        members=[builders.a_member(code) for code in driving.COMMITTEE]
        + [builders.a_member("P01", role="party", party="personnel"), builders.a_member("P02", role="party", party="science")],
    )
