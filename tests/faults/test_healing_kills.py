"""An engine that dies while it replaces silent reviewers: each is replaced once, each is mailed once, nobody else is moved."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta

import pytest

from models.draws import NewDraw
from models.edition import Grant
from models.healing import Watch
from models.store import Database
from notifications.mailbox import Mailbox
from tests import builders
from tests.faults import driver
from tests.faults.conftest import Bench

POINTS = ("settle_healing.before", *("settle_healing.uncommitted", "settle_healing.one") * 3, "settle_healing.after")
"""Where it dies, one after the other: before anything, within and after each of three reviewers, and at the end."""
SILENT = ("R01", "R02", "R03")
DUE = datetime.fromisoformat("2026-06-07T00:00:00+08:00")
LEASE = 0.2


RESERVES = [(f"A{number:02}", f"R{code:02}") for number in range(1, 7) for code in ((6, 5) if number < 4 else (4, 5))]
"""Where reserves are drawn beforehand: R06 for three papers and R04 for the others, R05 for whoever of them would be unfit."""


def _an_edition(database: Database, name: str, *, reserve: int) -> None:
    """Three silent reviewers with two papers each whose day to answer has passed, and three with nothing yet."""
    changes = builders.a_stage_change("scoring", panel=1, aggregate={"min_valid": 1}, reply_by_days=5, reserve=reserve)
    builders.keep(database, builders.an_edition(builders.a_process(**changes), id=name, rehearsal=True), at="scoring")
    papers = [f"A{number:02}" for number in range(1, 7)]
    builders.put(
        database, name, nominators=[builders.a_nominator()], entries=[builders.an_entry(one) for one in papers],
        reviewers=[builders.a_reviewer(f"R{number:02}", email=f"r{number:02}.{name}@example.org") for number in range(1, 7)],
        pairs=[(paper, SILENT[place // 2]) for place, paper in enumerate(papers)], accepted=False,
    )  # fmt: skip
    with database.write() as store:
        store.set_entry_states({f"{name}/e/{one}": "assigned" for one in papers})
        if reserve:
            result = {"pairs": [list(one) for one in RESERVES], "short": {}}
            store.add_draw(NewDraw(name, 1, 0, "reserve", "engine", "", {}, result))
        for code in SILENT:
            store.put_watch(Watch(name, 1, f"{name}/r/{code}", reply_by=DUE, reply_warned_at=DUE - timedelta(days=2)))
        # The links were issued with the invitations; which tokens they hold is not the point.
        grants = [Grant(f"{name}{code}", name, "reviewer", f"{name}/r/{code}", DUE, DUE + timedelta(days=30), 1, code) for code in SILENT]
        store.add_grants([(one, f"{name}{one.nonce}") for one in grants])
        store.set_deadline(name, 1, "due:healing", DUE)
        store.set_clock(name, DUE + timedelta(hours=1) - store.real_now)


@pytest.mark.parametrize("reserve", [0, 2], ids=["drawn", "reserves"])
def test_killed_between_the_steps_each_silent_reviewer_is_replaced_and_mailed_once(bench: Bench, reserve: int) -> None:
    name = f"heals{reserve}-{bench.database.engine.name}"
    _an_edition(bench.database, name, reserve=reserve)
    where = {"JINBANG_TEST_EDITION": name, "JINBANG_LEASE_SECONDS": str(LEASE), "JINBANG_CLAIM_SECONDS": "0.2"}
    for point in POINTS:
        assert bench.run(driver.advance_once, orders={point: "kill"}, plain=True, environment=where) == -9, (point, bench.tail())
        time.sleep(LEASE)
    assert bench.run(driver.advance_once, plain=True, environment=where) == 0, bench.tail()
    assert bench.run(driver.send, orders={"mail_claimed.after": "kill"}, plain=True, environment=where) == -9
    time.sleep(LEASE)
    assert bench.run(driver.send, plain=True, environment=where) == 0, bench.tail()
    silent = [f"{name}/r/{code}" for code in SILENT]
    with bench.database.read() as store:
        lapsed = [one.payload["reviewer"] for one in store.events(name, "ReviewerLapsed")]
        held = [one for one in store.assignments(name, 1) if not one.recused]
        drawn = store.events(name, "SubstitutesDrawn")
        states = {one.reviewer: one.state for one in store.invitations(name, 1)}
        mails = store.mails(name)
        assert [one.kind for one in store.open_deadlines(name, 1) if one.at <= store.edition_now(name)] == []
    assert lapsed == silent
    assert states == dict.fromkeys(silent, "lapsed")
    assert Counter(one.entry for one in held) == Counter(f"{name}/e/A{number:02}" for number in range(1, 7))
    assert {one.reviewer for one in held}.isdisjoint(silent)
    if reserve:
        assert sorted((one.entry[-3:], one.reviewer[-3:]) for one in held) == RESERVES[::2]
        assert [one.payload["reserves"] == one.payload["pairs"] for one in drawn] == [True] * len(SILENT)
    assert sorted(one.person or "" for one in mails if one.template == "review_lapsed") == silent
    assert {one.state for one in mails} == {"sent"}
    box = Mailbox(bench.mailbox)
    assert {code: box.count(to=f"{code.lower()}.{name}@example.org") for code in SILENT} == dict.fromkeys(SILENT, 1)
