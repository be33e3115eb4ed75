"""Panels of a size of their own: set with a reason, in effect for every draw, taken back, kept to one entry, stage and edition."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from models import tables
from models.edition import Lease
from models.errors import InputError, LeaseLost, NotAllowed, NotYet
from models.events import Event
from models.reviewing import DeclaredConflict
from tasks import (
    draw_report,
    drawing,
    late_entries,
    panel_changes,
    panel_sizes,
    panel_state,
    panels_seen,
    recomputing,
    recusing,
    scoring,
    sizes_seen,
    stages,
    unsigned,
)
from tasks.panel_changes import Preview, Wish
from tasks.panel_previews import Resized
from tests import builders
from tests.tasks.driving import ON_SQLITE, Season
from tests.tasks.test_grouping import grouped
from tests.tasks.test_healing import panels, started
from tests.tasks.test_reserves import code_of, entry_id, leave, spare

WHO = "admin:a@example.org"


def wish(season: Season, size: int | None, *keys: str) -> Wish:
    return Wish("size", entries=tuple(code_of(season, key) for key in keys), size=size)


def give(season: Season, size: int | None, *keys: str, reason: str = "交叉学科") -> Preview:
    wanted = wish(season, size, *keys)
    return panel_changes.apply(season.id, wanted, panel_changes.preview(season.id, wanted).digest, actor=WHO, reason=reason)


def sizes(season: Season) -> dict[str, tuple[int, int, int]]:
    """Key -> reviewers there, reviewers wanted, empty seats; as the page of the panels tells."""
    with season.database.read() as store:
        seen = panels_seen.seen(store, store.edition(season.id))
    return {one.entry.key: (len(one.held), one.size, one.empty) for one in seen.panels}


def waiting(season: Season, *keys: str, submission: dict[str, Any] | None = None, **stage: Any) -> Season:
    """Nominations are open, entries are handed in, and nothing is drawn."""
    changes = {"panel": 2, "aggregate": {"min_valid": 1}} | stage
    declared = builders.a_stage_change("scoring", **changes)["stages"]
    declared[0] = declared[0] | (submission or {})
    process = builders.a_process(name="early", stages=declared)
    made = Season(season.installed, season.clock, builders.keep(season.database, builders.an_edition(process)))
    made.local("2026-03-20 09:00").put(
        nominators=[builders.a_nominator()], reviewers=[builders.a_reviewer(f"R0{number}") for number in range(1, 9)]
    )
    made.local("2026-04-01 08:00").advance()
    made.hand_in([builders.an_entry(key) for key in keys or ("A01", "A02")])
    return made


def by_hand(season: Season, *keys: str, name: str = "hand", reviewers: int = 8, **stage: Any) -> Season:
    """The review is open; the first reviewers sit on each panel. No engine has run."""
    declared = {"panel": 2, "aggregate": {"min_valid": 1}} | stage
    process = builders.a_process(name=name, **builders.a_stage_change("scoring", **declared))
    kept = builders.keep(season.database, builders.an_edition(process), at="scoring")
    codes = [f"R0{number}" for number in range(1, reviewers + 1)]
    return Season(season.installed, season.clock, kept).put(
        nominators=[builders.a_nominator()], reviewers=[builders.a_reviewer(code) for code in codes],
        entries=[builders.an_entry(key) for key in keys], pairs=[(key, code) for key in keys for code in codes[: declared["panel"]]],
    )  # fmt: skip


def same(season: Season) -> dict[str, bool]:
    return {one.what.partition(" (")[0]: one.same for one in recomputing.recompute(season.id)}


def test_before_the_first_draw_a_size_is_set_for_it_and_nobody_is_drawn_yet(season: Season) -> None:
    made = waiting(season)
    seen = panel_changes.preview(made.id, wish(made, 4, "A01"))
    code = code_of(made, "A01")
    assert (seen.resized, seen.put, seen.drawn, seen.needs_reason) == ((Resized(code, 2, 4, True, 0, 0),), (), False, True)
    give(made, 4, "A01")
    assert (panels(made), made.mails("review_invitation")) == ({}, [])
    made.local("2026-06-01 08:00").advance()
    assert {key: len(some) for key, some in panels(made).items()} == {"A01": 4, "A02": 2}
    assert sizes(made) == {"A01": (4, 4, 0), "A02": (2, 2, 0)}
    ((_, told),) = made.events("PanelSizeSet")
    assert (told["entries"], told["size"], told["reason"], told["before"]) == (
        [entry_id(made, "A01")], 4, "交叉学科", {entry_id(made, "A01"): 2},
    )  # fmt: skip
    assert same(made)["sizes of single panels"]
    assert all(same(made).values())


def test_during_the_review_the_new_seats_are_filled_in_the_same_act(season: Season) -> None:
    heals = started(season, "A01", "A02")
    before = panels(heals)
    seen = panel_changes.preview(heals.id, wish(heals, 5, "A01"))
    assert ({entry for entry, _ in seen.put}, len(seen.put), seen.off, seen.empty_before, seen.empty) == (
        {code_of(heals, "A01")}, 3, (), 0, 0,
    )  # fmt: skip
    assert panels(heals) == before
    give(heals, 5, "A01")
    assert (sizes(heals), panels(heals)["A02"]) == ({"A01": (5, 5, 0), "A02": (2, 2, 0)}, before["A02"])
    assert set(before["A01"]) < set(panels(heals)["A01"])
    added = {who.lower() for who in set(panels(heals)["A01"]) - set(before["A01"])}
    later = [one for one in heals.mails() if one.state == "pending" and one.template in ("review_invitation", "review_more")]
    assert {one.to_address.partition("@")[0] for one in later} == added
    with heals.database.read() as store:
        found = draw_report.report(store, store.edition(heals.id))
        assert [one.made.kind for one in store.draws(heals.id, 1)] == ["first", "top_up"]
    assert ([one.kind for one in found.rounds], found.wanted, found.own_sizes) == (["", "size"], (2, 5), 1)
    assert {one.cause for one in found.joined} == {"drawn"}
    assert all(same(heals).values())


def test_who_leaves_is_replaced_up_to_the_size_and_not_beyond(season: Season) -> None:
    heals = by_hand(season, "A01", "A02", panel=3)
    give(heals, 4, "A01")
    give(heals, 2, "A02")
    for key, after in (("A01", 4), ("A02", 2)):
        leave(heals, key)
        assert len(panels(heals)[key]) == after
    assert sizes(heals) == {"A01": (4, 4, 0), "A02": (2, 2, 0)}


def test_a_smaller_size_takes_nobody_off(season: Season) -> None:
    heals = by_hand(season, "A01", panel=3)
    before = panels(heals)
    seen = give(heals, 2, "A01")
    assert (seen.resized, seen.off) == ((Resized(code_of(heals, "A01"), 3, 2, True, 3, 3),), ())
    assert (panels(heals), sizes(heals)) == (before, {"A01": (3, 2, 0)})
    assert [one.template for one in heals.mails() if one.state == "pending"] == []


def test_further_reviewers_at_the_deadline_come_up_to_the_size_and_enough_scores_stay_enough(season: Season) -> None:
    made = waiting(season, "A01", "A02", aggregate={"min_valid": 2}, top_up={"rounds": 1, "days": 5})
    give(made, 4, "A01", "A02")
    made.local("2026-06-01 08:00").advance()
    first, second = panels(made)["A01"][:2]
    for who in (first, second):  # A01 has two scores of four: that is enough, as it is with a panel of two
        made.give(who, {"A01": 80})
    made.local("2026-06-21 01:00").advance()
    held = panels(made)
    assert (len(held["A01"]), set(held["A01"])) == (2, {first, second})
    assert len(held["A02"]) == 8  # four seats are wanted in the further round, beside those who may still sign
    assert sizes(made)["A01"] == (2, 4, 0)  # closed: its empty seats need nobody
    with made.database.read() as store:
        run = store.edition(made.id).run_of("scoring")
        assert unsigned.closed_entries(store, run, panel_sizes.look(store, run)) == {entry_id(made, "A01")}
    found = panel_changes.preview(made.id, wish(made, 5, "A01"))  # the office asks for more all the same
    assert (found.empty, len(found.put)) == (0, 3)
    assert panel_changes.preview(made.id, wish(made, None, "A01")).put == ()
    again = give(made, 4, "A01", reason="仍要四位")  # the same size said once more is a later word, and is on record
    assert (again.resized, len(again.put)) == ((Resized(code_of(made, "A01"), 4, 4, True, 2, 4),), 2)
    assert [told["reason"] for _, told in made.events("PanelSizeSet")] == ["交叉学科", "仍要四位"]
    with made.database.read() as store:
        run = store.edition(made.id).run_of("scoring")
        assert unsigned.closed_entries(store, run, panel_sizes.look(store, run)) == frozenset()


def test_back_to_the_declared_size_and_the_record_keeps_who_and_why(season: Season) -> None:
    heals = by_hand(season, "A01", "A02", panel=3)
    give(heals, 2, "A01", "A02", reason="两项都小")
    give(heals, None, "A01", reason="误设")
    assert sizes(heals) == {"A01": (3, 3, 0), "A02": (3, 2, 0)}
    with heals.database.read() as store:
        seen = sizes_seen.seen(store, store.edition(heals.id))
    assert [(one.entry.key, one.own.size, one.declared, one.held) for one in seen.lines] == [("A02", 2, 3, 3)]
    both = tuple(sorted((code_of(heals, "A01"), code_of(heals, "A02"))))
    assert [(one.actor, one.entries, one.size, one.reason) for one in seen.changes] == [
        (WHO, (code_of(heals, "A01"),), None, "误设"),
        (WHO, both, 2, "两项都小"),
    ]
    assert not panel_changes.preview(heals.id, wish(heals, None, "A01")).changes


def test_the_same_act_twice_is_one_and_again_later_is_another(season: Season) -> None:
    heals = by_hand(season, "A01")
    digests = []
    for _ in range(2):
        digests.append(give(heals, 3, "A01").digest)
        give(heals, None, "A01")
    count = len(heals.events("PanelSizeSet"))
    again = panel_changes.apply(heals.id, wish(heals, 3, "A01"), digests[0], actor=WHO, reason="交叉学科")
    assert (again.changes, len(heals.events("PanelSizeSet")), count, len(set(digests))) == (False, 4, 4, 2)


def refused(season: Season, size: int | None, *codes: str) -> list[tuple[str, str]]:
    return [(one.field, one.column) for one in panel_changes.preview(season.id, Wish("size", entries=codes, size=size)).faults]


def test_bounds_are_the_declarations_and_every_wrong_code_is_named(season: Season) -> None:
    heals = by_hand(season, "A01", panel=3, aggregate={"min_valid": 2}, draw={"single_at_most": 5})
    code = code_of(heals, "A01")
    assert [refused(heals, size, code) for size in (1, 2, 5, 6)] == [[("", "bounds")], [], [], [("", "bounds")]]
    assert refused(heals, 4, "X1", code, "X2") == [("X1", "entry"), ("X2", "entry")]
    assert "可规定 2 至 5 位专家，不能是 6 位" in panel_changes.preview(heals.id, wish(heals, 6, "A01")).faults[0].zh
    for size, reason, column in ((6, "为什么", "bounds"), (4, " ", "needed"), (4, "为\x00", "text")):
        with pytest.raises(InputError) as said:
            give(heals, size, "A01", reason=reason)
        assert [one.column for one in said.value.faults] == [column]
    assert heals.events("PanelSizeSet") == []


def test_an_award_may_allow_no_other_size_or_the_largest_that_it_declares_itself(season: Season) -> None:
    fixed = by_hand(season, "A01", name="fixed", draw={"single_at_most": 0})
    assert refused(fixed, 3, code_of(fixed, "A01")) == [("", "fixed")]
    with season.database.read() as store:
        stage = sizes_seen.seen(store, fixed.edition).stage
    assert panel_sizes.allowed(stage) is None
    large = builders.a_process(**builders.a_stage_change("scoring", panel=20, draw={"single_at_most": 5}))
    declared = large.stages[1]
    assert panel_sizes.allowed(declared) == (3, 20)  # type: ignore[arg-type]


def test_a_size_stays_with_its_entry_and_edition(season: Season) -> None:
    one = by_hand(season, "A01", "A02", name="first")
    other = by_hand(season, "A01", "A02", name="second")
    give(one, 4, "A01")
    assert (sizes(one), sizes(other)) == ({"A01": (4, 4, 0), "A02": (2, 2, 0)}, {"A01": (2, 2, 0), "A02": (2, 2, 0)})
    assert other.events("PanelSizeSet") == []


def test_a_group_that_is_merged_changes_nothing_about_a_size_that_was_set(season: Season) -> None:
    made = grouped(
        season, min_group=2, merge={"crossing": "engineering"},
        scoring={"panel": 1, "panel_by_group": {"engineering": 3, "crossing": 2}, "aggregate": {"min_valid": 1}},
    )  # fmt: skip
    seen = give(made, 4, "A06")
    assert [(one.before, one.after) for one in seen.resized] == [(2, 4)]  # by its own group, as nothing is merged yet
    lost = builders.an_entry("A07", fields={**builders.an_entry().fields, "discipline": "?"})  # it belongs to no group
    with made.database.write() as store:
        store.put_entries(made.id, [lost], {"A07": "A07"})
        assert [(one.declared, one.own.size) for one in sizes_seen.seen(store, made.edition).lines] == [(2, 4)]
    assert panel_changes.preview(made.id, Wish("size", entries=("A07",), size=4)).resized[0].before == 1
    with made.database.write() as store:
        store.set_entry_states({f"{made.id}/e/A07": "withdrawn"})
    made.local("2026-06-01 00:00").advance()
    assert {key: size for key, (_, size, _) in sizes(made).items()} == {"A01": 1, "A02": 1, "A03": 1, "A04": 3, "A05": 3, "A06": 4}
    give(made, None, "A06")
    assert sizes(made)["A06"] == (4, 3, 0)
    assert all(same(made).values())


def test_an_entry_that_joins_late_gets_the_size_that_was_set_before(season: Season) -> None:
    made = waiting(season, "A01", "A09")
    give(made, 4, "A09")
    with made.database.write() as store:
        store.set_entry_states({entry_id(made, "A09"): "withdrawn"})
    made.local("2026-06-01 08:00").advance()
    with made.database.write() as store:
        store.set_entry_states({entry_id(made, "A09"): "ineligible"})
    assert late_entries.admit(made.id, code_of(made, "A09"), "异议成立", actor=WHO) == 4
    assert sizes(made) == {"A01": (2, 2, 0), "A09": (4, 4, 0)}
    assert all(same(made).values())


def test_reserves_of_the_entry_take_the_new_seats_first(season: Season) -> None:
    heals = started(season, "A01", "A02", reserve=2)
    there = spare(heals)["A01"]
    seen = give(heals, 5, "A01")
    code = code_of(heals, "A01")
    assert (seen.reserves, len(seen.put), spare(heals)["A01"]) == (frozenset((code, who) for who in there), 3, [])
    ((_, told),) = heals.events("PanelsChanged")
    assert sorted(who[-3:] for _, who in told["reserves"]) == sorted(there)
    assert all(same(heals).values())


def test_what_cannot_be_filled_is_explained_and_the_size_is_set_all_the_same(season: Season) -> None:
    heals = by_hand(season, "A01", reviewers=3)
    seen = give(heals, 6, "A01")
    assert (len(seen.put), seen.empty, seen.gaps[0].en.startswith("3 seats must stay empty")) == (1, 3, True)
    assert sizes(heals) == {"A01": (3, 6, 3)}
    heals.put(reviewers=[builders.a_reviewer("R09")])
    top_up = panel_changes.preview(heals.id, Wish("top_up"))
    assert (len(top_up.put), top_up.empty_before, top_up.empty) == (1, 3, 2)


def test_an_entry_whose_conflicts_leave_nobody_may_be_given_less(season: Season) -> None:
    heals = by_hand(season, "A01", reviewers=3, panel=3)
    left = panels(heals)["A01"][0]
    builders.accept(heals.database, heals.id, f"{heals.id}/r/{left}")
    recusing.recuse(heals.id, 1, f"{heals.id}/r/{left}", entry_id(heals, "A01"), reason="relative")
    assert sizes(heals) == {"A01": (2, 3, 1)}
    give(heals, 2, "A01", reason="其他专家均须回避")
    assert sizes(heals) == {"A01": (2, 2, 0)}


@ON_SQLITE
def test_a_size_that_is_set_while_panels_are_drawn_stops_the_draw(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    made, lease = about_to_open(season, "A01")
    real = drawing.draw

    def meanwhile(*given: Any, **more: Any) -> Any:
        drawn = real(*given, **more)
        monkeypatch.setattr(drawing, "draw", real)
        give(made, 4, "A01")
        return drawn

    monkeypatch.setattr(drawing, "draw", meanwhile)
    with pytest.raises(LeaseLost, match="were changed while others were drawn"):
        scoring.draw_panels.fn(lease, 1)
    scoring.draw_panels.fn(lease, 1)
    assert len(panels(made)["A01"]) == 4


def about_to_open(season: Season, *keys: str) -> tuple[Season, Lease]:
    """Entries are eligible, the stage is opening, and nothing is drawn."""
    made = waiting(season, *keys)
    made.go("scoring")
    with made.database.write() as store:
        store.set_entry_states({one.id: "eligible" for one in made.entries()})
        store.connection.execute(sa.update(tables.STAGE_RUNS).where(tables.STAGE_RUNS.c.position == 1).values(state="opening"))
    return made, made.lease()


def test_who_gets_a_seat_while_the_stage_opens_is_invited_once_whether_before_the_invitations_or_after(season: Season) -> None:
    made, lease = about_to_open(season, "A01")
    scoring.draw_panels.fn(lease, 1)
    give(made, 3, "A01")
    assert made.mails("review_invitation") == []
    scoring.invite_reviewers.fn(lease, 1)
    give(made, 5, "A01")
    stages.finish_opening.fn(lease, 1)
    assert made.addressees("review_invitation") == sorted(who.lower() for who in panels(made)["A01"])
    assert len(panels(made)["A01"]) == 5


def test_nothing_is_asked_about_entries_that_are_sealed(season: Season) -> None:
    made = waiting(season, "A01", submission={"sealed": True})
    with pytest.raises(panel_state.Sealed):
        panel_changes.preview(made.id, wish(made, 4, "A01"))
    with made.database.read() as store:
        assert sizes_seen.seen(store, made.edition).changeable is False
    made.local("2026-06-01 00:01")
    assert panel_changes.preview(made.id, wish(made, 4, "A01")).faults == ()


def test_no_size_is_set_once_the_review_is_over_or_where_there_is_none(season: Season) -> None:
    heals = by_hand(season, "A01")
    heals.go("voting")
    with pytest.raises(NotAllowed, match="closed"):
        panel_changes.preview(heals.id, wish(heals, 3, "A01"))
    stages = [one for one in builders.DECLARATION["stages"] if one["kind"] in ("submission", "publication")]
    bare = builders.keep(season.database, builders.an_edition(builders.a_process(name="bare", stages=stages)), at="submission")
    with pytest.raises(NotYet):
        panel_changes.preview(bare.id, Wish("size", entries=("A01",), size=3))


@ON_SQLITE
def test_a_size_that_was_changed_behind_the_engine_is_found(season: Season) -> None:
    made = waiting(season, "A01", "A02")
    give(made, 3, "A01")
    give(made, 4, "A01")
    made.local("2026-06-01 08:00").advance()
    assert all(same(made).values())

    code, events = code_of(made, "A01"), tables.EVENTS
    asked = "reviewers by the first draw, and 4 were asked for"
    (first, _), (last, told) = ((one.seq, one.payload) for one in _set(made))

    def altered(statement: sa.Executable) -> list[str]:
        with made.database.write() as store:
            for act in ("update", "delete"):
                store.connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS events_no_{act}")
            store.connection.execute(statement)
        return [line for one in recomputing.recompute(made.id) for line in one.differences]

    smaller = sa.update(events).where(events.c.seq == last).values(payload={**told, "size": 3})
    assert altered(smaller) == [f"{code} should have got 3 {asked}"]
    assert altered(sa.delete(events).where(events.c.seq == first)) == [f"{code} should have got 3 {asked}"]
    other = sa.update(events).where(events.c.seq == last).values(payload={**told, "before": {entry_id(made, "A01"): 9}})
    assert altered(other) == []  # what was before the first is not known from elsewhere
    give(made, 5, "A01")
    changed = sa.update(events).where(events.c.seq == last).values(payload={**told, "size": 6})
    assert altered(changed) == [
        f"{code} had 4 reviewers to get when that was changed, and 6 by the records", f"{code} should have got 6 {asked}",
    ]  # fmt: skip
    assert altered(sa.delete(events).where(events.c.type == "PanelSizeSet")) == [f"{code} should have got 2 {asked}"]


def _set(season: Season) -> tuple[Event, ...]:
    with season.database.read() as store:
        return store.events(season.id, "PanelSizeSet")


# -- reserves of the office's draws, and reserves who cannot step in any more --------------------------------------------


def off(season: Season, key: str) -> str:
    """The office takes the first of a panel off."""
    who = panels(season)[key][0]
    taken = Wish("manual", off=((code_of(season, key), who),))
    panel_changes.apply(season.id, taken, panel_changes.preview(season.id, taken).digest, actor=WHO, reason="调整")
    return who


@pytest.mark.parametrize("mode", ["top_up", "repair"])
def test_a_draw_of_the_office_that_fills_seats_calls_the_reserves_first(season: Season, mode: Any) -> None:
    heals = started(season, reserve=2)
    first, second = spare(heals)["A01"]
    with heals.database.write() as store:
        at = store.edition_now(heals.id)
        store.add_conflicts([DeclaredConflict(heals.id, entry_id(heals, "A01"), f"{heals.id}/r/{first}", "relative", "", at)])
    off(heals, "A01")
    seen, code = panel_changes.preview(heals.id, Wish(mode)), code_of(heals, "A01")
    assert (seen.put, seen.reserves, seen.passed) == (((code, second),), {(code, second)}, ((code, first, "conflict"),))
    panel_changes.apply(heals.id, Wish(mode), seen.digest, actor=WHO)
    assert second in panels(heals)["A01"]
    with heals.database.read() as store:
        last = draw_report.report(store, store.edition(heals.id)).joined[-1]
    assert (last.reviewer, last.cause, last.reserve, last.passed) == (second, "drawn", True, ((first, "conflict"),))
    assert all(same(heals).values())


def test_a_redraw_asks_for_the_best_and_not_for_reserves(season: Season) -> None:
    heals = started(season, reserve=2)
    off(heals, "A01")
    seen = panel_changes.preview(heals.id, Wish("resolve"))
    assert (seen.reserves, seen.passed, seen.empty) == (frozenset(), (), 0)


def test_a_reserve_with_a_conflict_that_became_known_is_marked_at_once_and_counts_no_more(season: Season) -> None:
    heals = started(season, reserve=2)
    first, second = spare(heals)["A01"]

    def told() -> tuple[dict[str, str], Any]:
        with heals.database.read() as store:
            edition = store.edition(heals.id)
            seen = {one.entry.key: dict(one.unfit) for one in panels_seen.seen(store, edition).panels}
            return dict(seen["A01"]), draw_report.report(store, edition).spare

    assert told() == ({}, {2: 2})
    with heals.database.write() as store:
        at = store.edition_now(heals.id)
        store.add_conflicts([DeclaredConflict(heals.id, entry_id(heals, "A01"), f"{heals.id}/r/{first}", "relative", "", at)])
    assert told() == ({first: "conflict"}, {1: 1, 2: 1})
    heals.put(reviewers=[builders.a_reviewer(second, unit="A01大学")])
    assert told() == ({first: "conflict", second: "conflict"}, {0: 1, 2: 1})
    assert spare(heals)["A01"] == [first, second]
