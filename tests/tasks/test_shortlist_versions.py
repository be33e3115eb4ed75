"""A list that was sent is not changed: the next version says what is different, and everybody who has the list is told (rule L3)."""

from __future__ import annotations

import pytest

from models.errors import InputError, NotAllowed, Stale
from tasks import packet, packet_facts, shortlist_versions
from tests import builders
from tests.tasks.driving import COMMITTEE, ON_SQLITE, Season
from tests.tasks.test_re_review import KEYS, MARKS, keys_of, listed
from tests.tasks.test_scoring import all_score, opened

WHY = "推荐单位来函撤回该项"


def voting(season: Season) -> Season:
    """A01, A02 and A03 of five papers are on the list, and the committee votes."""
    with season.database.write() as store:
        store.put_reviewers(season.id, [builders.a_reviewer(f"R{number}") for number in range(10, 16)])
    opened(season, *KEYS)
    all_score(season, MARKS | {"A04": 69})
    season.advance()
    from tasks import editions

    with season.database.write() as store:
        editions.request_next(store, season.id, actor="admin:admin@example.org")
    season.advance()
    assert season.states() == {"voting": "open"}
    return season


def change(season: Season, leaving: dict[str, str], reason: str = WHY, *, version: int = 1) -> int:
    ids = {one.key: one.id for one in season.entries()}
    chosen = {ids.get(key, key): how for key, how in leaving.items()}
    return shortlist_versions.change(season.id, chosen, reason, version=version, admin="admin@example.org")


def test_the_next_moves_up_and_the_version_before_stays_as_it_was(season: Season) -> None:
    voting(season)
    assert change(season, {"A02": "withdrawn"}) == 2
    assert listed(season) == ["A01", "A03", "A04"]
    states = season.entry_states()
    assert (states["A02"], states["A04"], states["A05"]) == ("withdrawn", "shortlisted", "not_shortlisted")
    keys = keys_of(season)
    with season.database.read() as store:
        first, second = store.shortlist_versions(season.id)
        found = packet_facts.of(store, season.id)
        old, new = packet.workbook(store, season.id, 1), packet.workbook(store, season.id)
    assert [keys[item.entry] for item in first.items] == ["A01", "A02", "A03"]
    assert (found.grounds.reason, found.grounds.actor, second.version) == (WHY, "admin:admin@example.org", 2)
    assert [keys[item.entry] for item in found.changes.removed] == ["A02"]
    assert [keys[item.entry] for item in found.changes.added] == ["A04"]
    assert old != new
    (_, told) = season.events("ShortlistChanged")[0]
    assert (told["version"], told["entries"], told["reason"], len(told["withdrawn"]), told["ineligible"]) == (2, 3, WHY, 1, [])


def test_everybody_is_told_what_it_means_for_the_answer_that_was_given(season: Season) -> None:
    voting(season)
    season.say("M01").say("M02", struck=["A02"])
    change(season, {"A02": "withdrawn"})
    mails = season.mails("shortlist_changed")
    assert sorted(one.to_address.partition("@")[0] for one in mails) == [code.lower() for code in COMMITTEE]
    means = {one.to_address.partition("@")[0]: one.params["means"] for one in mails}
    # A04 came on the list, so no answer covers all of it.
    assert means == {"m01": "added", "m02": "added", "m03": "none", "m04": "none", "m05": "none"}
    assert all(len(one.params["removed"]) == len(one.params["added"]) == 1 and one.params["reason"] == WHY for one in mails)
    season.say("M01")
    for other in ("M03", "M04"):
        season.say(other)
    season.local("2026-07-11 00:00").advance()
    # M01, M03 and M04 agree to A04; M02 has never seen it: three of four present.
    assert season.entry_states()["A04"] == "shortlisted"
    assert len(season.events("AnswerGiven")) == 5


@ON_SQLITE
def test_an_answer_says_nothing_of_an_entry_that_came_later(season: Season) -> None:
    voting(season)
    for member in COMMITTEE[:4]:
        season.say(member)
    change(season, {"A02": "withdrawn"})
    season.say("M05").advance()
    states = season.entry_states()
    # One of five agrees to A04: the other four have not seen it.
    assert (states["A01"], states["A03"], states["A04"]) == ("shortlisted", "shortlisted", "voted_out")


@ON_SQLITE
def test_where_nobody_can_move_up_the_answers_stand(season: Season) -> None:
    voting(season)
    season.say("M01").say("M02", struck=["A02"])
    change(season, {"A02": "withdrawn", "A03": "ineligible"})
    change(season, {"A04": "ineligible", "A05": "withdrawn"}, version=2)
    last = {one.to_address.partition("@")[0]: one.params["means"] for one in season.mails("shortlist_changed") if one.params["number"] == 3}
    assert last == {"m01": "kept", "m02": "kept", "m03": "none", "m04": "none", "m05": "none"}
    assert listed(season) == ["A01"]


@ON_SQLITE
def test_after_the_vote_entries_leave_and_nobody_moves_up(season: Season) -> None:
    voting(season)
    for member in COMMITTEE:
        season.say(member, struck=["A03"])
    season.advance()
    assert season.states() == {"signoff": "open"}
    change(season, {"A02": "ineligible"})
    assert listed(season) == ["A01", "A03"]
    assert season.entry_states()["A03"] == "voted_out"
    assert sorted(one.to_address.partition("@")[0] for one in season.mails("shortlist_changed")) == ["p01", "p02"]


@ON_SQLITE
def test_bad_input_is_told_at_its_field_and_nothing_is_kept(season: Season) -> None:
    voting(season)
    before = season.snapshot()
    wrong: list[tuple[dict[str, str], str, list[tuple[str, str]]]] = [
        ({}, WHY, [("entries", "missing")]),
        ({"A01": "sold"}, WHY, [("entries", "missing")]),
        ({"A05": "withdrawn"}, WHY, [("entries", "unknown")]),
        ({"A01": "withdrawn"}, "  ", [("reason", "missing")]),
        ({}, "长" * 501, [("entries", "missing"), ("reason", "text")]),
    ]
    for leaving, reason, faults in wrong:
        with pytest.raises(InputError) as refused:
            change(season, leaving, reason)
        assert [(one.field, one.column) for one in refused.value.faults] == faults
    assert season.snapshot() == before


@ON_SQLITE
def test_who_looked_at_an_older_version_looks_again(season: Season) -> None:
    voting(season)
    change(season, {"A02": "withdrawn"})
    with pytest.raises(Stale, match="the list is version 2 by now"):
        change(season, {"A01": "withdrawn"})


@ON_SQLITE
def test_the_list_is_frozen_by_the_notice(season: Season) -> None:
    voting(season)
    for member in COMMITTEE:
        season.say(member)
    season.advance()
    season.say("P01", stage="signoff").say("P02", stage="signoff").advance()
    assert season.states() == {"notice": "open"}
    with pytest.raises(NotAllowed, match="the list is frozen from the public notice on"):
        change(season, {"A02": "withdrawn"})
    with season.database.read() as store:
        assert not shortlist_versions.may_change(store, season.edition)


@ON_SQLITE
def test_before_it_is_sent_a_new_version_is_told_to_nobody(season: Season) -> None:
    opened(season, *KEYS)
    all_score(season, MARKS | {"A04": 69})
    season.advance()
    assert season.states() == {"shortlisting": "open"}
    assert change(season, {"A02": "withdrawn"}) == 2
    assert season.mails("shortlist_changed") == []
    assert listed(season) == ["A01", "A03", "A04"]
