"""Voting and sign-off: who is asked, what counts, and what happens to a list that comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.errors import NotFound, StageNotReady
from tasks import answers, editions, shortlisting
from tests import builders
from tests.tasks.driving import COMMITTEE, ON_SQLITE, Season
from tests.tasks.test_shortlisting import ranked


@pytest.fixture
def voting(season: Season) -> Season:
    """The committee has the list of three papers."""
    ranked(season, {"A01": "90.00", "A02": "80.00", "A03": "70.00"}).local("2026-06-22 09:00")
    lease = season.lease()
    shortlisting.cut_list.fn(lease, 2)
    editions.drop(lease)
    with season.database.write() as store:
        editions.request_next(store, season.id, actor="admin")
    season.advance()
    assert season.states() == {"voting": "open"}
    return season


@pytest.fixture
def signing(voting: Season) -> Season:
    """The list has passed the committee; two bodies must sign."""
    for code in COMMITTEE:
        voting.say(code)
    voting.advance()
    assert voting.states() == {"signoff": "open"}
    return voting


def press(season: Season, what: Any, *more: Any) -> Any:
    with season.database.write() as store:
        return what(store, season.id, *more, actor="admin")


# -- the committee -------------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_members_have_one_mail_though_the_list_was_released_before(voting: Season) -> None:
    assert voting.addressees("shortlist_packet") == [code.lower() for code in COMMITTEE]


def test_the_vote_ends_when_everybody_has_answered_and_strikes_what_did_not_pass(voting: Season) -> None:
    for code in COMMITTEE[:3]:
        voting.say(code, struck=["A03"])
    for code in COMMITTEE[3:4]:
        voting.say(code)
    assert "voting is open" in voting.advance()
    voting.say(COMMITTEE[4])
    voting.advance()
    assert voting.entry_states() == {"A01": "shortlisted", "A02": "shortlisted", "A03": "voted_out"}  # 2 of 5 agree to A03
    assert voting.states() == {"signoff": "open"}


@ON_SQLITE
def test_at_the_deadline_the_quorum_decides(voting: Season) -> None:
    for code in COMMITTEE[:4]:
        voting.say(code)
    voting.local("2026-07-11 00:00").advance()
    assert voting.states() == {"signoff": "open"}


@ON_SQLITE
def test_without_a_quorum_the_stage_is_blocked_and_an_extension_opens_it_again(voting: Season) -> None:
    for code in COMMITTEE[:3]:
        voting.say(code)
    voting.local("2026-07-11 00:00").advance()
    assert voting.run("voting").blocked == ("sample-2026: 3 of 5 members answered, the quorum is 4; remind them and extend voting")
    press(voting, editions.extend, "voting", voting.clock.now + timedelta(days=2))
    assert voting.states() == {"voting": "open"}
    assert press(voting, editions.remind) == 2
    voting.say(COMMITTEE[3])
    voting.clock.advance(days=2)
    voting.advance()
    assert voting.states() == {"signoff": "open"}


@ON_SQLITE
def test_only_silent_members_are_reminded(voting: Season) -> None:
    voting.say("M01")
    voting.local("2026-07-09 00:00").advance()
    assert voting.addressees("ballot_reminder") == ["m02", "m03", "m04", "m05"]


def test_a_returned_list_is_blocked_with_the_comments_and_only_those_who_returned_are_asked_anew(voting: Season) -> None:
    for code in COMMITTEE[:2]:
        voting.say(code)
    for code in COMMITTEE[2:]:
        voting.say(code, "return", comment=f"{code}：第2项单位有误")
    voting.advance()
    blocked = voting.run("voting").blocked or ""
    assert blocked.startswith(
        "sample-2026: the committee returned the list (3 of 5): M03：第2项单位有误; M04：第2项单位有误; M05：第2项单位有误"
    )
    assert press(voting, editions.retry) == "voting: those who returned the list are asked anew"
    voting.advance()
    run = voting.run("voting")
    assert (run.state, run.round, run.blocked) == ("open", 1, None)
    assert voting.addressees("shortlist_packet") == ["m01", "m02", "m03", "m03", "m04", "m04", "m05", "m05"]
    for code in COMMITTEE[2:]:
        voting.say(code)
    voting.advance()
    assert voting.states() == {"signoff": "open"}


@ON_SQLITE
def test_a_committee_of_the_wrong_size_is_not_asked(voting: Season) -> None:
    voting.put(members=[builders.a_member("M06")])
    lease = voting.lease()
    with voting.database.write() as store:
        store.connection.exec_driver_sql("DELETE FROM steps WHERE name = 'ask'")
    with pytest.raises(StageNotReady, match="declares a committee of 5, 6 members are known; import the committee and retry"):
        answers.ask.fn(lease, 3)


@ON_SQLITE
def test_a_body_without_signatory_is_named(season: Season) -> None:
    with season.database.write() as store:
        store.put_members(season.id, [builders.a_member("P02", role="committee")])
    with pytest.raises(StageNotReady, match="signoff has no signatory for 科技部门; import them with the committee and retry"):
        answers.ask.fn(season.lease(), 4)


@ON_SQLITE
def test_without_a_list_nobody_votes(season: Season) -> None:
    with pytest.raises(NotFound, match="there is no shortlist to vote on"):
        answers.ask.fn(season.lease(), 3)


# -- the bodies that sign --------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_every_body_is_asked_by_its_name_with_a_link(signing: Season) -> None:
    assert {one.to_address[:3]: one.params["party"]["zh"] for one in signing.mails("signoff_request")} == {
        "p01": "人事部门",
        "p02": "科技部门",
    }
    with signing.database.read() as store:
        assert sorted(store.grants(signing.id, "party")) == ["sample-2026/m/P01", "sample-2026/m/P02"]


@ON_SQLITE
def test_all_bodies_must_agree(signing: Season) -> None:
    signing.say("P01", stage="signoff")
    assert "signoff is open" in signing.advance()
    signing.say("P02", stage="signoff")
    signing.advance()
    assert signing.states() == {"notice": "open"}


@ON_SQLITE
def test_silence_is_no_consent_where_it_was_not_declared(signing: Season) -> None:
    signing.say("P01", stage="signoff")
    signing.local("2026-07-21 00:00").advance()
    assert signing.run("signoff").blocked == "sample-2026: no answer from P02研究院; remind them and extend signoff"


@ON_SQLITE
def test_silence_is_consent_where_it_was_declared(season: Season) -> None:
    process = builders.a_process(name="consent", **builders.a_stage_change("signoff", overdue="agree"))
    other = Season(season.installed, season.clock, builders.keep(season.database, builders.an_edition(process)))
    other.put(
        nominators=[builders.a_nominator()],
        members=[builders.a_member(code, role="party", party=party) for code, party in (("P01", "personnel"), ("P02", "science"))],
    )
    ranked(other, {"A01": "90.00"}).local("2026-07-12 00:00")
    shortlisting.cut_list.fn(lease := other.lease(), 2)
    editions.drop(lease)
    other.go("signoff").local("2026-07-21 00:00").advance()
    assert other.states() == {"notice": "open"}


@ON_SQLITE
def test_one_return_ends_the_waiting_and_a_retry_asks_only_that_body(signing: Season) -> None:
    signing.say("P02", "return", comment="第1项单位名称请核对", stage="signoff")
    signing.advance()  # P01 is not waited for: the list cannot pass
    assert signing.run("signoff").blocked == (
        "sample-2026: returned by P02研究院: 第1项单位名称请核对. Settle it and retry: those who returned the list are asked anew"
    )
    signing.clock.advance(hours=1)
    press(signing, editions.retry)
    assert [(one.to_address[:3], one.params["round"]) for one in signing.mails("signoff_request")] == [
        ("p01", 0), ("p02", 0), ("p01", 1), ("p02", 1),
    ]  # fmt: skip  # P01 has not answered either
    signing.say("P01", stage="signoff")
    signing.say("P02", stage="signoff")
    signing.advance()
    assert signing.states() == {"notice": "open"}


def test_who_agreed_is_not_asked_again(signing: Season) -> None:
    signing.say("P01", stage="signoff")
    signing.say("P02", "return", comment="核对", stage="signoff")
    signing.advance()
    signing.clock.advance(hours=1)
    press(signing, editions.retry)
    assert [one.to_address[:3] for one in signing.mails("signoff_request")] == ["p01", "p02", "p02"]
    assert signing.run("signoff").round == 1
    signing.say("P02", stage="signoff")
    signing.advance()
    assert signing.states() == {"notice": "open"}


@ON_SQLITE
def test_those_who_are_asked_anew_have_time_to_answer(signing: Season) -> None:
    signing.say("P01", stage="signoff")
    signing.local("2026-07-20 23:00").say("P02", "return", comment="核对", stage="signoff")
    signing.advance()
    signing.local("2026-07-22 09:00")  # the admin settles it when the deadline has passed
    try:
        press(signing, editions.retry)
    except Exception as refusal:
        assert "extend" in str(refusal)  # noqa: PT017
        press(signing, editions.extend, "signoff", signing.clock.now + timedelta(days=3))
    signing.advance()
    assert signing.states() == {"signoff": "open"}
    signing.say("P02", stage="signoff")
    signing.advance()
    assert signing.states() == {"notice": "open"}


@ON_SQLITE
def test_steps_done_three_times_change_nothing_after_the_first(signing: Season) -> None:
    signing.say("P01", stage="signoff").say("P02", stage="signoff")
    lease = signing.closing("signoff")
    steps = (
        (answers.ask, 3, ()),
        (answers.count_votes, 3, ()),
        (answers.ask, 4, ()),
        (answers.remind, 4, (2, "remind:2:x")),
        (answers.count_signatures, 4, ()),
    )
    for step, position, more in steps:
        step.fn(lease, position, *more)  # type: ignore[attr-defined]
        once = signing.snapshot()
        for _ in range(2):
            step.fn(lease, position, *more)  # type: ignore[attr-defined]
        assert signing.snapshot() == once
