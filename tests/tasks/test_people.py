"""Synthetic people act through the same functions as the pages, within the same rules, and the same again after a break."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import NotAllowed
from rules.simulation import Temper
from tasks import editions, people, rehearsing
from tests import builders
from tests.tasks.driving import ON_SQLITE, Season

pytestmark = ON_SQLITE
PROMPT = Temper(silent=0, absent=0, recusals=0, struck=0)


@pytest.fixture
def trial(season: Season) -> Season:
    """A rehearsal of the sample process before its first day, with made-up people."""
    return rehearsed(season)


def rehearsed(season: Season, **stage: object) -> Season:
    process = builders.a_process(name="trial", **builders.a_stage_change("scoring", **stage))
    edition = builders.keep(season.database, builders.an_edition(process, rehearsal=True))
    made = Season(season.installed, season.clock, edition)
    made.new = people.arrive(made.edition, None, entries=7, reviewers=None)  # type: ignore[attr-defined]
    return made


def hand_in(trial: Season) -> None:
    people.hand_in(trial.edition, None, trial.new)  # type: ignore[attr-defined]


def test_everybody_arrives_before_the_call(trial: Season) -> None:
    with trial.database.read() as store:
        assert len(store.reviewers(trial.id)) >= 9
        assert len(store.members(trial.id, "committee")) == 5
        assert {one.party for one in store.members(trial.id, "party")} == {"personnel", "science"}
    assert trial.entries() == ()


def test_handing_in_twice_changes_nothing(trial: Season) -> None:
    trial.local("2026-04-01 08:00").advance()
    hand_in(trial)
    once = trial.snapshot()
    hand_in(trial)
    assert trial.snapshot() == once
    assert len(trial.entries()) == 7


def test_a_whole_rehearsal_ends_with_awards_and_every_invariant_holds(trial: Season) -> None:
    drive(trial, PROMPT)
    assert trial.edition.state == "published"
    assert sum(state == "awarded" for state in trial.entry_states().values()) == 3
    assert [payload["stage"] for kind, payload in trial.events("StageBlocked")] == ["signoff"]  # one body returns the list once
    assert trial.events("AnswersReopened") != []


def test_silent_people_are_chased_by_an_extension(trial: Season) -> None:
    drive(trial, replace(PROMPT, silent=0.9, absent=0.6))
    assert trial.edition.state == "published"
    assert {payload["stage"] for kind, payload in trial.events("StageExtended")} == {"scoring", "voting"}


@pytest.mark.slow
def test_who_does_not_answer_or_does_not_begin_is_replaced_where_that_is_declared(season: Season) -> None:
    trial = rehearsed(season, reply_by_days=5, silent_days=6)
    drive(trial, replace(PROMPT, silent=0.3, idle=0.3, declines=0))
    assert trial.edition.state == "published"
    assert {said["cause"] for _, said in trial.events("ReviewerLapsed")} == {"no_answer", "silent"}
    assert trial.mails("reply_reminder") != []
    assert trial.mails("begin_reminder") != []


def test_recusals_are_replaced(trial: Season) -> None:
    drive(trial, replace(PROMPT, recusals=0.2))
    assert trial.edition.state == "published"
    assert trial.events("ReviewerRecused") != []


def test_a_rehearsal_that_nothing_helps_ends_with_a_message(trial: Season) -> None:
    with trial.database.write() as store:
        lease = store.take_lease(trial.id, "t", store.real_now)
        assert lease is not None
        for _ in range(6):
            store.append(trial.id, "StageBlocked", actor="engine", stage="submission", cause="x")
        store.note_failure(lease, 0, "x", limit=1)
        store.give_back(lease)
    with pytest.raises(NotAllowed, match="the rehearsal is stuck in submission: x"):
        rehearsing.settle_block(trial.edition, trial.run("submission"))


def drive(trial: Season, temper: Temper) -> None:
    """The loop of a rehearsal, without its flows."""
    sittings = 4
    for _ in range(200):
        trial.advance()
        with trial.database.write() as store:
            for mail in store.mails(trial.id, states=["pending"]):
                store.mark_mail(mail.id, "sent", reply="250 ok")
        rehearsing.settle_wakes(trial.id)
        edition = trial.edition
        run = edition.current
        if run is None:
            return
        if run.blocked is not None:
            rehearsing.settle_block(edition, run)
            continue
        if run.state == "open":
            ahead = rehearsing.moments_ahead(edition, run)
            if run.declared.kind == "submission":
                hand_in(trial)
            elif run.declared.kind == "scoring":
                people.score(edition, run, temper, sitting=max(0, sittings - ahead), sittings=sittings)
            elif run.declared.kind in ("voting", "signoff"):
                people.answer(edition, run, temper, last_call=ahead <= 1)
            if editions.situation(trial.id).ready:
                continue
        rehearsing.pass_time(edition, run, run.opens_at if run.state == "planned" else run.cutoff)
    raise AssertionError(trial.states())


def test_the_samples_of_a_process_are_found_and_others_have_none(season: Season) -> None:
    folder = rehearsing.sample_folder("papers")
    assert folder is not None
    assert (folder / "entries.xlsx").exists()
    assert rehearsing.sample_folder("films") is None


def test_spreadsheets_of_all_classes_arrive(season: Season, tmp_path: Path) -> None:
    from config import catalogue

    folder = rehearsing.sample_folder("innovation")
    assert folder is not None
    edition = builders.keep(season.database, builders.an_edition(catalogue.load_processes()["innovation"], rehearsal=True))
    assert people.arrive(edition, folder, entries=None, reviewers=None) == ()
    made = Season(season.installed, season.clock, edition).local("2026-01-12 08:00")
    people.hand_in(edition, folder, ())
    once = made.snapshot()
    assert {one.class_name for one in made.entries()} == {"person", "team"}
    people.hand_in(edition, folder, ())
    assert made.snapshot() == once
