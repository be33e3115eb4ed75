"""One award per way to treat ties on the line of the list, from call to publication: with coarse marks somebody is always tied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models.store import Database
from tasks import installation
from tests import builders
from tests.journeys.test_every_process import Install, assert_every_mail_came_once, walk, walk_plainly

pytestmark = pytest.mark.slow

COARSE = [{**builders.CRITERIA[0], "max": 100, "step": 25}]
POLICIES: dict[str, dict[str, Any]] = {
    "include_all": {"ties": "include_all"},
    "exclude_all": {"ties": "exclude_all"},
    "chain": {"ties": "exclude_all", "tie_break": ["spread", "criterion:originality"]},
    "re_review": {"ties": "re_review", "re_review": {"panel": 2, "days": 3}},
    "re_review_then_lot": {"ties": "re_review", "tie_break": ["spread", "re_review", "lot"]},
    "lot": {"tie_break": ["lot"]},
}


def declare(folder: Path, name: str, cut: dict[str, Any]) -> None:
    """A process file; JSON is YAML."""
    stages = builders.a_stage_change("shortlisting", counts={"paper": 5, "artwork": 2}, **cut)["stages"]
    stages[1] = {**stages[1], "criteria": COARSE, "aggregate": {"min_valid": 2}}
    process = builders.a_declaration(name=name, stages=stages)
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(json.dumps(process, ensure_ascii=False), encoding="utf-8")


@pytest.mark.parametrize("policy", list(POLICIES))
async def test_it_ends_with_published_awards(
    policy: str, install: Install, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    walk_plainly(monkeypatch)
    declare(tmp_path / "processes", policy, POLICIES[policy])
    monkeypatch.setenv("JINBANG_PROCESSES", str(tmp_path / "processes"))
    mailbox = install("" if database.url.startswith("sqlite") else database.url)
    report = await walk(policy, entries=16, reviewers=16)
    assert_every_mail_came_once(mailbox, report)
    with installation.database().read() as store:
        edition = store.edition(f"{policy}-journey")
        ties = [one for one in store.grounds(edition.id)[1].ties if one.line == "list"]
        again = store.events(edition.id, "ReReviewOpened")
        listed = store.shortlist(edition.id)
    assert ties, "nobody was tied, so nothing was tried"
    assert listed is not None
    assert bool(again) == ("re_review" in policy)
    if policy in ("lot", "re_review_then_lot"):
        assert all(not one.left for one in ties)
        papers = [item for item in listed[0].items if item.group == "paper"]
        assert len(papers) == 5
