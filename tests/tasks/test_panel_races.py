"""A reviewer works on an entry at the moment at which the office takes it away: one of the two is told, and nothing is lost unseen."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from models.edition import Edition
from models.errors import JinbangError, NotFound
from tasks import panel_changes, reviewing, signing
from tasks.installation import Installation
from tasks.panel_changes import Outdated, Wish
from tests import builders
from tests.tasks.test_inviting import FULL

ID = "sample-2026"
TIMES = 10
"""Races of each kind."""
HEAD_START = 0.02
"""Seconds that the one may be ahead of the other: about as long as either takes."""


def codes(letter: str) -> list[str]:
    return [f"{letter}{number:02}" for number in range(1, TIMES + 1)]


@pytest.fixture
def edition(installed: Installation) -> Edition:
    """As many entries as races, each with a reviewer of its own."""
    changes = builders.a_stage_change("scoring", panel=1, aggregate={"min_valid": 1})
    kept = builders.keep(installed.database, builders.an_edition(builders.a_process(**changes)), at="scoring")
    builders.put(
        installed.database, kept.id, nominators=[builders.a_nominator()], entries=[builders.an_entry(code) for code in codes("A")],
        reviewers=[builders.a_reviewer(code) for code in codes("R")], pairs=list(zip(codes("A"), codes("R"), strict=True)),
    )  # fmt: skip
    return kept


def said(act: Callable[[], Any]) -> Any:
    """What an act yields, or its refusal."""
    try:
        return act()
    except JinbangError as refused:
        return refused


def raced(*acts: Callable[[], Any], ahead: float) -> list[Any]:
    """Do two things at the same moment, the second some seconds later, or earlier. Yields what each said."""
    gate = threading.Barrier(2)

    def one(act: Callable[[], Any], late: float) -> Any:
        gate.wait()
        if late > 0:
            threading.Event().wait(late)
        return said(act)

    with ThreadPoolExecutor(2) as pool:
        return [told.result() for told in (pool.submit(one, acts[0], -ahead), pool.submit(one, acts[1], ahead))]


def taken_away(entry: str, who: str) -> Callable[[], Any]:
    """The office looks now, and takes the entry away when it is told to."""
    wish = Wish("manual", off=((entry, who),))
    seen = panel_changes.preview(ID, wish).digest
    return lambda: panel_changes.apply(ID, wish, seen, actor="admin:a@example.org", reason="调整")


def outcome(installed: Installation, entry: str, who: str, did: Any, office: Any) -> str:
    """Who won, after a look at what is stored: exactly one of them has done what it said."""
    with installed.database.read() as store:
        (pair,) = store.assignments(ID, 1, reviewer=f"{ID}/r/{who}")
        sheet = store.sheet(pair)
    if isinstance(office, Outdated):
        assert (isinstance(did, JinbangError), pair.recused, sheet is not None) == (False, False, True), (entry, did)
        return "reviewer"
    assert (isinstance(office, JinbangError), isinstance(did, NotFound), pair.recused) == (False, True, True), (entry, did, office)
    return "office"


@pytest.mark.parametrize("signs", [False, True], ids=["saves", "signs"])
def test_no_acknowledged_work_stands_on_a_seat_that_was_taken_away(installed: Installation, edition: Edition, *, signs: bool) -> None:
    rng = random.Random(7)
    won = []
    for number, (entry, who) in enumerate(zip(codes("A"), codes("R"), strict=True)):
        reviewer, work = f"{ID}/r/{who}", {f"{ID}/e/{entry}": (FULL, "", 0)}

        def save(reviewer: str = reviewer, work: dict[str, Any] = work) -> Any:
            return reviewing.save_sheets(ID, 1, reviewer, work)

        def sign(reviewer: str = reviewer, who: str = who) -> Any:
            return signing.sign(ID, 1, reviewer, "专家" + who)

        if signs:
            save()
        reviewer_acts, office_acts = sign if signs else save, taken_away(entry, who)
        if number == 0:  # one after the other, to show both ends
            did, office = said(reviewer_acts), said(office_acts)
        elif number == 1:
            office, did = said(office_acts), said(reviewer_acts)
        else:
            did, office = raced(reviewer_acts, office_acts, ahead=rng.uniform(-HEAD_START, HEAD_START))
        won.append(outcome(installed, entry, who, did, office))
    assert (won[0], won[1], set(won)) == ("reviewer", "office", {"reviewer", "office"})
    with installed.database.read() as store:
        assert len(store.events(ID, "PanelsChanged")) == won.count("office")
