"""Reserves drawn beforehand: panels stay as they were, nobody is told, and the first who still fits steps in, once."""

from __future__ import annotations

import zlib
from typing import Any

import pytest
import sqlalchemy as sa

from models import deciding_tables
from models.errors import LeaseLost
from models.reviewing import DeclaredConflict, Invitation
from rules.draw_records import canonical
from tasks import (
    draw_report,
    drawing,
    healing_report,
    inviting,
    late_entries,
    panel_changes,
    panels_seen,
    recomputing,
    recusing,
    reserves,
    stand_ins,
)
from tasks.draw_report import Report
from tasks.panel_changes import Wish
from tests import builders
from tests.tasks.driving import ON_SQLITE, Season
from tests.tasks.test_healing import panels, started


def spare(season: Season) -> dict[str, list[str]]:
    """Key of each entry -> codes of its reserves, the first one first."""
    with season.database.read() as store:
        seen = panels_seen.seen(store, store.edition(season.id))
    return {one.entry.key: [who.code for who in one.reserves] for one in seen.panels}


def report(season: Season) -> Report:
    with season.database.read() as store:
        return draw_report.report(store, store.edition(season.id))


def entry_id(season: Season, key: str) -> str:
    return next(one.id for one in season.entries() if one.key == key)


def code_of(season: Season, key: str) -> str:
    return next(one.code for one in season.entries() if one.key == key)


def leave(season: Season, key: str, who: str = "") -> str:
    """Somebody, or the first of the panel, steps back from an entry. Yields who."""
    who = who or panels(season)[key][0]
    builders.accept(season.database, season.id, f"{season.id}/r/{who}")
    recusing.recuse(season.id, 1, f"{season.id}/r/{who}", entry_id(season, key), reason="relative")
    return who


def sentence(season: Season) -> str:
    return str(season.events("SubstitutesDrawn")[-1][1]["reason"])


def test_the_panels_are_those_that_would_be_drawn_without_reserves_and_nobody_is_told(season: Season) -> None:
    with_them = started(season, "A01", "A02", "A03", name="withthem", reserve=2, min_load=1)
    without = started(season, "A01", "A02", "A03", name="without", min_load=1)
    assert panels(with_them) == panels(without)
    there = spare(with_them)
    assert {key: len(some) for key, some in there.items()} == dict.fromkeys(("A01", "A02", "A03"), 2)
    assert all(set(some).isdisjoint(panels(with_them)[key]) for key, some in there.items())
    assert spare(without) == {key: [] for key in there}
    invited = {one.person for one in with_them.mails("review_invitation")}
    assert invited == {f"{with_them.id}/r/{who}" for some in panels(with_them).values() for who in some}
    found = report(with_them)
    assert [(one.kind, one.seats, one.empty) for one in found.rounds] == [("", 6, 0), ("reserve", 6, 0)]
    assert (found.spare, report(without).spare) == ({2: 3}, {})
    assert {one.person.code: one.held for one in found.loads} == {one.person.code: one.held for one in report(without).loads}
    assert [one.what.partition(" (")[2].partition(",")[0] for one in recomputing.recompute(with_them.id)][:2] == ["first", "reserve"]
    assert all(one.same for one in recomputing.recompute(with_them.id))


def test_reserves_share_what_the_panels_leave_of_everybodys_room(season: Season) -> None:
    full = started(season, "A01", "A02", "A03", "A04", reviewers=5, max_load=2, reserve=1)
    room = {one.person.code: one.capacity - one.held for one in report(full).loads}
    waiting = [who for some in spare(full).values() for who in some]
    assert sum(room.values()) == 2 == len(waiting)
    assert all(waiting.count(who) <= room[who] for who in room)
    ((_, told),) = full.events("ReservesDrawn")
    assert (told["seats"], told["empty"], report(full).spare) == (2, 2, {0: 2, 1: 2})


def test_the_first_reserve_steps_in_and_the_record_says_so(season: Season) -> None:
    heals = started(season, reserve=2)
    before, there = panels(heals), spare(heals)
    left = leave(heals, "A01")
    first, second = there["A01"]
    assert set(panels(heals)["A01"]) == {first, *before["A01"]} - {left}
    assert panels(heals)["A02"] == before["A02"]
    assert (spare(heals)["A01"], spare(heals)["A02"]) == ([second], there["A02"])
    code = code_of(heals, "A01")
    assert sentence(heals) == f"{code} left {left} (stepped back: relative); {first} takes {code} as its reserve, drawn beforehand"
    ((_, told),) = heals.events("SubstitutesDrawn")
    assert (told["reserves"], told["pairs"], told["passed"], told["empty"]) == (told["pairs"], told["pairs"], [], 0)
    (one,) = report(heals).joined
    assert (one.entry, one.reviewer, one.cause, one.leaver, one.reserve, one.passed) == (code, first, "conflict", left, True, ())
    mail = next(mail for mail in heals.mails() if mail.state == "pending" and (mail.person or "").endswith(first))
    assert mail.template in ("review_invitation", "review_more")
    assert all(one.same for one in recomputing.recompute(heals.id))


def test_a_reserve_who_fits_no_more_is_passed_over_with_the_reason_and_the_next_one_comes(season: Season) -> None:
    heals = started(season, reserve=3)
    first, second, third = spare(heals)["A01"]
    with heals.database.write() as store:
        at = store.edition_now(heals.id)
        store.add_conflicts([DeclaredConflict(heals.id, entry_id(heals, "A01"), f"{heals.id}/r/{first}", "relative", "", at)])
        store.put_invitation(Invitation(heals.id, 1, f"{heals.id}/r/{second}", "declined", reason="出差", answered_at=at))
    left, code = leave(heals, "A01"), code_of(heals, "A01")
    assert third in panels(heals)["A01"]
    assert sentence(heals) == (
        f"{code} left {left} (stepped back: relative); {first}, a reserve of {code}, is passed over: a conflict of interest is known; "
        f"{second}, a reserve of {code}, is passed over: struck off, declined, or not answering; "
        f"{third} takes {code} as its reserve, drawn beforehand"
    )
    assert report(heals).joined[-1].passed == ((first, "conflict"), (second, "gone"))
    assert spare(heals)["A01"] == [first, second]


def test_when_no_reserve_is_left_somebody_is_drawn_as_before(season: Season) -> None:
    heals = started(season, reserve=1)
    (first,) = spare(heals)["A01"]
    for expected in (True, False):
        leave(heals, "A01", "" if expected else first)
        assert (len(panels(heals)["A01"]), bool(heals.events("SubstitutesDrawn")[-1][1].get("reserves"))) == (2, expected)
    assert "drawn by the seed among those without a conflict" in sentence(heals)
    assert [one.reserve for one in report(heals).joined] == [True, False]
    assert all(one.same for one in recomputing.recompute(heals.id))


def test_what_one_reviewer_leaves_goes_to_the_reserves_of_each_entry(season: Season) -> None:
    heals = started(season, "A01", "A02", "A03", "A04", reviewers=4, reserve=1)
    who = max({who for some in panels(heals).values() for who in some}, key=lambda one: sum(one in some for some in panels(heals).values()))
    lost = [key for key, some in panels(heals).items() if who in some]
    there = spare(heals)
    assert len(lost) > 1
    inviting.decline(heals.id, 1, f"{heals.id}/r/{who}", reason="出差")
    assert {key: there[key][0] in panels(heals)[key] for key in lost} == dict.fromkeys(lost, True)


def test_whoever_does_not_answer_is_replaced_by_a_reserve(season: Season) -> None:
    heals = started(season, reserve=1, reply_by_days=5)
    before, there = panels(heals), spare(heals)
    for day in ("2026-06-05 00:01", "2026-06-07 00:01"):
        heals.local(day).advance()
    assert len(heals.events("ReviewerLapsed")) == len({who for some in before.values() for who in some})
    came = {key: set(panels(heals)[key]) - set(before[key]) for key in before}
    assert {key: there[key][0] in came[key] for key in came} == dict.fromkeys(came, True)
    with heals.database.read() as store:
        healed = healing_report.report(store, store.edition(heals.id)).healed
    assert {one for line in healed for one in line.reserves} == {(code_of(heals, key), there[key][0]) for key in there}
    assert all(one.same for one in recomputing.recompute(heals.id))


def test_at_the_deadline_reserves_come_before_others_too(season: Season) -> None:
    heals = started(season, "A01", reserve=1)
    (first,) = spare(heals)["A01"]
    before = panels(heals)["A01"]
    heals.local("2026-06-21 01:00").advance()
    assert first in set(panels(heals)["A01"]) - set(before)
    told = heals.events("PanelsDrawn")[-1][1]
    assert (told["round"], [who[-3:] for _, who in told["reserves"]]) == (1, [first])
    assert {one.reviewer: one.reserve for one in report(heals).joined if one.cause == "scores"}[first]
    assert all(one.same for one in recomputing.recompute(heals.id))


def test_whom_the_office_seats_is_no_reserve_any_more(season: Season) -> None:
    heals = started(season, reserve=2)
    first, second = spare(heals)["A01"]
    pair = (code_of(heals, "A01"), first)

    def make(wish: Wish) -> None:
        seen = panel_changes.preview(heals.id, wish).digest
        panel_changes.apply(heals.id, wish, seen, actor="admin:a@example.org", reason="专业对口")

    make(Wish("manual", put=(pair,)))
    assert spare(heals)["A01"] == [second]
    make(Wish("manual", off=(pair,)))
    assert spare(heals)["A01"] == [second]
    leave(heals, "A01")
    assert second in panels(heals)["A01"]
    assert all(one.same for one in recomputing.recompute(heals.id))


def test_whoever_looks_for_a_substitute_sees_who_is_a_reserve(season: Season) -> None:
    heals = started(season, reserve=2)
    found = stand_ins.propose(heals.id, code_of(heals, "A01"), panels(heals)["A01"][0])
    assert list(found.reserves) == spare(heals)["A01"]
    assert set(found.reserves) < {one.reviewer for one, _who in found.free}


def test_an_entry_that_joins_late_gets_reserves_of_its_own(season: Season) -> None:
    heals = started(season, reserve=2)
    builders.put(heals.database, heals.id, entries=[builders.an_entry("A09")])
    with heals.database.write() as store:
        store.set_entry_states({f"{heals.id}/e/A09": "ineligible"})
    late_entries.admit(heals.id, "A09", "异议成立", actor="admin:a@example.org")
    (first, _) = spare(heals)["A09"]
    leave(heals, "A09")
    assert first in panels(heals)["A09"]
    assert all(one.same for one in recomputing.recompute(heals.id))


def test_reserves_are_drawn_once_however_often_the_step_is_taken(season: Season) -> None:
    heals = started(season, reserve=1)
    before = heals.snapshot()
    reserves.draw_reserves.fn(heals.lease(), 1)
    assert heals.snapshot() == before
    assert len(heals.events("ReservesDrawn")) == 1


@ON_SQLITE
def test_panels_that_change_while_reserves_are_drawn_stop_the_draw(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    heals = started(season, reserve=1)
    with heals.database.write() as store:
        store.connection.execute(sa.delete(deciding_tables.DRAWS).where(deciding_tables.DRAWS.c.kind == "reserve"))
        store.connection.execute(sa.text("DELETE FROM steps WHERE name = 'draw_reserves'"))
    real = drawing.question

    def meanwhile(*given: Any, **more: Any) -> Any:
        found = real(*given, **more)
        with heals.database.write() as store:
            store.recuse(store.assignments(heals.id, 1)[0].id)
        return found

    monkeypatch.setattr(drawing, "question", meanwhile)
    with pytest.raises(LeaseLost, match="were changed while others were drawn"):
        reserves.draw_reserves.fn(heals.lease(), 1)
    assert spare(heals)["A01"] == []


def differing(season: Season) -> list[str]:
    return [line for one in recomputing.recompute(season.id) for line in one.differences]


@ON_SQLITE
def test_reserves_in_another_order_or_a_reserve_whom_nobody_drew_are_found(season: Season) -> None:
    heals = started(season, reserve=2)
    leave(heals, "A01")
    assert differing(heals) == []
    with heals.database.write() as store:
        kept = next(one for one in store.draws(heals.id) if one.made.kind == "reserve")
        rows = deciding_tables.DRAWS

        def write(pairs: list[list[str]]) -> None:
            changed = zlib.compress(canonical({**kept.made.result, "pairs": pairs}))
            store.connection.execute(sa.update(rows).where(rows.c.id == kept.id).values(result=changed))

        pairs = [*map(list, kept.made.result["pairs"])]
        write([pairs[1], pairs[0], *pairs[2:]])
    assert differing(heals)[1:] == ["reserves would step in in another order now"]
    with heals.database.write() as store:
        write(pairs[1:])
    first, code = pairs[0][1], code_of(heals, "A01")
    assert f"{first} stepped in at {code} as a reserve, and was not drawn as one" in differing(heals)
