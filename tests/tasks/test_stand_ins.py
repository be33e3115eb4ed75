"""Who could take a seat is proposed by the same checks by which a change is looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.edition import Edition
from models.errors import TooLate
from models.reviewing import Invitation
from rules.stand_ins import StandIn
from tasks import panel_changes, stand_ins
from tasks.installation import Installation
from tasks.panel_changes import Wish
from tests import builders
from tests.tasks.test_panel_changes import ID, an_edition, begin


@pytest.fixture
def edition(installed: Installation) -> Edition:
    """A01 to A04, each with R01 and R02."""
    return an_edition(installed)


def free(entry: str = "A01", reviewer: str = "R02") -> list[str]:
    return [one.reviewer for one, _who in stand_ins.propose(ID, entry, reviewer).free]


def test_those_who_may_and_have_room_are_named_with_fit_and_load(edition: Edition) -> None:
    """R05 is of R01's unit, R06 of that of A01; R04 does not fit."""
    found = stand_ins.propose(ID, "A01", "R02")
    assert (found.faults, found.entry and found.entry.code, found.leaver and found.leaver.code, found.fit) == ((), "A01", "R02", 1000)
    assert [one for one, _who in found.free] == [StandIn("R03", 600, 0, 0, 40), StandIn("R04", 0, 0, 0, 3)]
    assert [who.name for _one, who in found.free] == ["专家R03", "专家R04"]
    assert free("A02") == ["R06", "R03", "R04"]
    assert (sorted(free("A02", "R01")[:2]), free("A02", "R01")[2:]) == (["R05", "R06"], ["R03", "R04"])


def test_whoever_is_proposed_can_be_put_there(edition: Edition) -> None:
    for who in free("A02", "R01"):
        seen = panel_changes.preview(ID, Wish("manual", put=(("A02", who),), off=(("A02", "R01"),)))
        assert (seen.faults, {one.kind for one in seen.doubts} <= {"unfit", "worse"}) == ((), True)
        proposal = next(one for one, _who in stand_ins.propose(ID, "A02", "R01").free if one.reviewer == who)
        assert seen.after.total - seen.before.total == proposal.fit - 1000


def test_who_is_full_has_declined_or_stepped_back_is_not_named(installed: Installation, edition: Edition) -> None:
    builders.put(
        installed.database, ID, pairs=[("A02", "R04"), ("A03", "R04"), ("A04", "R04"), ("A01", "R03")],
        reviewers=[builders.a_reviewer("R07"), builders.a_reviewer("R08", disciplines=("440.20",))],
    )  # fmt: skip
    with installed.database.write() as store:
        store.recuse(store.assignment(1, f"{ID}/e/A01", f"{ID}/r/R03").id)
        store.put_invitation(Invitation(ID, 1, f"{ID}/r/R07", "declined", answered_at=builders.NOW))
    assert free() == ["R08"]


def test_an_empty_seat_is_looked_at_without_anybody_leaving(installed: Installation) -> None:
    an_edition(installed, pairs=[("A01", "R01")])
    assert free("A01", "") == ["R02", "R03", "R04"]


def test_a_seat_that_cannot_be_freed_says_why(installed: Installation, edition: Edition) -> None:
    begin(installed, "R01", "A01", sign=True)

    def refused(entry: str, reviewer: str) -> list[str]:
        return [one.column for one in stand_ins.propose(ID, entry, reviewer).faults]

    cases: list[Any] = [("A01", "R01"), ("A01", "R03"), ("X", "Y"), ("X", "")]
    assert [refused(*case) for case in cases] == [["signed"], ["absent"], ["entry", "reviewer"], ["entry"]]
    with installed.database.write() as store:
        store.extend_stage(ID, 1, builders.NOW - timedelta(days=1))
    with pytest.raises(TooLate):
        stand_ins.propose(ID, "A01", "R02")
