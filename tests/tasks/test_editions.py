"""What an admin asks of an edition, and how the engine holds it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.errors import LeaseLost, NotAllowed, NotFound
from models.store import Store
from tasks import editions, stages, sweeping
from tests import builders
from tests.tasks.driving import ON_SQLITE, Season


def act(season: Season, what, *more, **values):  # type: ignore[no-untyped-def]
    with season.database.write() as store:
        return what(store, season.id, *more, actor="admin", **values)


def test_while_one_engine_holds_an_edition_another_goes_home(season: Season) -> None:
    lease = season.lease()
    assert season.advance() == "sample-2026: another engine holds it"
    editions.drop(lease)
    assert "submission" in season.advance()


def test_an_engine_that_slept_too_long_writes_nothing(season: Season) -> None:
    season.local("2026-04-01 08:00")
    old = season.lease()
    season.clock.advance(minutes=2)
    new = season.lease()
    before = season.snapshot()
    with pytest.raises(LeaseLost):
        stages.begin_opening.fn(old, 0)
    with pytest.raises(LeaseLost), stages.step(old, 0, "call") as store:
        assert store is None
    assert season.snapshot() == before
    editions.drop(old)
    stages.begin_opening.fn(new, 0)
    assert season.states() == {"submission": "opening"}


def test_who_acts_while_the_engine_gives_back_is_not_forgotten(season: Season) -> None:
    lease = season.lease()
    seen = editions.situation(season.id).seen
    with season.database.write() as store:
        store.append(season.id, "NextStepRequested", actor="admin", stage="submission")
    assert editions.give_back(lease, seen) is False
    assert editions.give_back(lease, editions.situation(season.id).seen) is True
    assert season.lease().epoch == lease.epoch + 1


def test_the_sweeper_wakes_what_is_due_and_nothing_else(season: Season) -> None:
    other = builders.keep(season.database, builders.an_edition(builders.a_process(name="later")))
    assert sweeping.sweep("engine-1") == ()
    season.local("2026-04-01 00:00")
    held = editions.take(other.id, "somebody")
    assert held is not None
    assert sweeping.sweep("engine-1") == (season.id,)
    season.advance()
    assert sweeping.sweep("engine-1") == (f"mail:{season.id}",)
    with season.database.read() as store:
        (engine,) = store.engines()
    assert engine == ("engine-1", season.clock.now, season.clock.now)


@ON_SQLITE
def test_the_next_step_opens_a_planned_stage_and_closes_an_open_one(season: Season) -> None:
    assert act(season, editions.request_next) == "submission is being opened"
    season.advance()
    assert season.states() == {"submission": "open"}
    assert not season.run("submission").requested
    season.hand_in([builders.an_entry("A01")])
    assert act(season, editions.request_next) == "submission is being closed"
    season.advance()
    assert season.states() == {"scoring": "open"}


@ON_SQLITE
def test_the_clock_of_a_rehearsal_moves_to_the_deadline_and_never_back(season: Season) -> None:
    edition = builders.keep(season.database, builders.an_edition(builders.a_process(name="trial"), rehearsal=True))
    trial = Season(season.installed, season.clock, edition)
    trial.put(nominators=[builders.a_nominator()])
    assert act(trial, editions.request_next) == "the clock of this rehearsal now shows 2026-04-01 00:00"
    assert trial.edition.now(trial.clock.now) == trial.run("submission").opens_at
    with trial.database.write() as store:
        editions.move_clock(store, trial.edition, trial.clock.now, actor="admin")
    assert trial.edition.now(trial.clock.now) == trial.run("submission").opens_at
    assert [kind for kind, _ in trial.events()] == ["ClockMoved"]


@ON_SQLITE
def test_a_blocked_stage_has_no_next_step_and_an_unblocked_one_no_retry(season: Season) -> None:
    with pytest.raises(NotAllowed, match="no stage is blocked"):
        act(season, editions.retry)
    season.local("2026-04-01 08:00").advance()
    season.local("2026-06-01 00:00").advance()
    with pytest.raises(NotAllowed, match=r"submission is blocked: .* Settle the cause, then retry"):
        act(season, editions.request_next)


def test_an_extension_moves_deadline_reminders_and_links(season: Season) -> None:
    season.local("2026-04-01 08:00").advance()
    season.local("2026-05-31 12:00").advance()
    later = season.clock.now + timedelta(days=10)
    run = act(season, editions.extend, "submission", later)
    assert run.closes_at == later
    with season.database.read() as store:
        due = {one.kind: one.at for one in store.open_deadlines(season.id, 0)}
        grant = store.grant_of(season.id, "nominator", "sample-2026/n/N01")
    assert due == {"remind:7": later - timedelta(days=7), "remind:1": later - timedelta(days=1), "closes": later}
    assert grant is not None
    assert grant.expires_at == later + timedelta(days=60)
    season.at(later - timedelta(days=7)).advance()
    assert season.addressees("call_reminder") == ["n01", "n01", "n02", "n02"]  # the new deadline is reminded of anew


@ON_SQLITE
def test_what_cannot_be_extended_says_why(season: Season) -> None:
    with pytest.raises(NotFound, match=r"sample-2026 has no stage 'review'; its stages are submission, scoring, shortlisting"):
        act(season, editions.extend, "review", season.clock.now)
    with pytest.raises(NotAllowed, match=r"the new deadline .* is past"):
        act(season, editions.extend, "submission", season.clock.now)
    season.go("scoring")
    with pytest.raises(NotAllowed, match=r"submission cannot be extended \(closed\)"):
        act(season, editions.extend, "submission", season.clock.now + timedelta(days=1))


@ON_SQLITE
def test_the_status_counts_what_is_there(season: Season) -> None:
    season.local("2026-04-01 08:00").advance()
    season.hand_in([builders.an_entry("A01"), builders.an_entry("A02")])
    season.local("2026-06-01 00:00").advance()
    with season.database.read() as store:
        one = editions.status(store, store.edition(season.id))
    assert (dict(one.entries), one.assignments, one.signed, one.silent) == ({"assigned": 2}, 6, 0, len(season.mails("review_invitation")))
    assert one.mails == {"pending": len(season.mails())}
    assert one.current is not None
    assert one.current.name == "scoring"


@ON_SQLITE
def test_stages_move_forward_once(season: Season) -> None:
    season.local("2026-04-01 08:00")
    lease = season.lease()
    for step in (stages.begin_opening, stages.finish_opening, stages.begin_closing, stages.finish_closing):
        step.fn(lease, 0)
        once, version = season.snapshot(), season.edition.version
        for _ in range(2):
            step.fn(lease, 0)
        assert (season.snapshot(), season.edition.version) == (once, version)
    assert [kind for kind, _ in season.events()] == ["StageOpened", "StageClosed"]
    assert season.edition.stages[0].state == "closed"


@ON_SQLITE
def test_mails_of_a_closed_stage_that_have_become_pointless_are_not_sent(season: Season) -> None:
    season.local("2026-04-01 08:00").advance()
    season.local("2026-05-31 12:00").advance()
    season.hand_in([builders.an_entry("A01")])
    season.local("2026-06-01 00:00").advance()
    assert {one.template: one.state for one in season.mails()} == {
        "call_opened": "pending", "call_reminder": "superseded", "entries_received": "pending", "form_result": "pending",
        "review_invitation": "pending",
    }  # fmt: skip


@ON_SQLITE
def test_a_step_is_skipped_when_it_is_done(season: Season) -> None:
    lease, seen = season.lease(), list[Store | None]()
    for _ in range(2):
        with stages.step(lease, 0, "once") as store:
            seen.append(store)
    assert seen[0] is not None
    assert seen[1] is None
    assert stages.is_done(season.id, 0, "once")
