"""The mail outbox: a mail is there once, and on one sender's wire at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.edition import NewMail
from models.store import Database
from tests import builders
from tests.builders import NOW, Clock

ID = "sample-2026"
MINUTE = timedelta(minutes=1)


def a_mail(to: str = "n01", **changes: Any) -> NewMail:
    values: dict[str, Any] = {
        "template": "call_opened", "cause": "submission:opened", "to_name": "示例省学会 🏅", "role": "nominator", "person": f"{ID}/n/N01",
        "locale": "zh_CN", "params": {"closes": None, "quota": [{"max": 5}], "text": "长" * 20_000},
    }  # fmt: skip
    return NewMail(**{**values, "to_address": f"{to}@example.org", **changes})


@pytest.fixture
def mailing(database: Database) -> Database:
    builders.keep(database, builders.an_edition())
    return database


def queue(database: Database, *mails: NewMail) -> int:
    with database.write() as store:
        return store.queue_mails(ID, mails)


def test_a_mail_is_queued_once_however_often_its_cause_is_told(mailing: Database) -> None:
    assert [queue(mailing, a_mail()), queue(mailing, a_mail()), queue(mailing, a_mail(version=2))] == [1, 0, 1]
    assert queue(mailing, a_mail(), a_mail("n02"), a_mail("n03"), a_mail("n03")) == 2
    assert queue(mailing) == 0
    with mailing.read() as store:
        assert [one.to_address.partition("@")[0] for one in store.mails(ID)] == ["n01", "n01", "n02", "n03"]


def test_new_mail_wakes_the_sender_and_mail_that_is_there_does_not(mailing: Database) -> None:
    queue(mailing, a_mail())
    with mailing.write() as store:
        assert [one.topic for one in store.claim_wakes(NOW + MINUTE, limit=9)] == ["mail"]
    queue(mailing, a_mail())
    with mailing.read() as store:
        assert store.waiting_wakes() == 1  # the claimed one; no second


def test_a_row_comes_back_as_it_was_queued(mailing: Database) -> None:
    queue(mailing, a_mail())
    with mailing.read() as store:
        (kept,) = store.mails(ID)
    given = a_mail()
    assert (kept.to_name, dict(kept.params), kept.role, kept.person) == (given.to_name, dict(given.params), given.role, given.person)
    assert (kept.state, kept.attempt, kept.created_at, kept.reply) == ("pending", 0, NOW, "")


def test_a_mail_is_created_by_the_clock_of_its_edition_and_due_by_the_real_one(database: Database) -> None:
    builders.keep(database, builders.an_edition(rehearsal=True, clock_offset=timedelta(days=100)))
    queue(database, a_mail())
    with database.write() as store:
        (kept,) = store.claim_mails("s", NOW + MINUTE, limit=9)
        assert kept.created_at == NOW + timedelta(days=100)


def test_two_senders_never_have_the_same_mail(mailing: Database) -> None:
    queue(mailing, *(a_mail(f"n{number:02}") for number in range(5)))
    with mailing.write() as store:
        first = store.claim_mails("a", NOW + MINUTE, limit=3)
        second = store.claim_mails("b", NOW + MINUTE, limit=9)
        assert store.claim_mails("c", NOW + MINUTE, limit=9) == ()
    assert [one.to_address for one in (*first, *second)] == [f"n{number:02}@example.org" for number in range(5)]
    assert (len(first), len(second)) == (3, 2)


def test_a_claim_that_runs_out_is_free_and_its_old_sender_may_not_begin(mailing: Database, clock: Clock) -> None:
    queue(mailing, a_mail())
    with mailing.write() as store:
        (mail,) = store.claim_mails("a", NOW + MINUTE, limit=1)
    clock.now = NOW + MINUTE
    with mailing.write() as store:
        assert store.editions_with_due_mail() == (ID,)
        assert [one.state for one in store.claim_mails("b", NOW + 2 * MINUTE, limit=1)] == ["pending"]
        assert not store.begin_sending(mail.id, "a", NOW + 9 * MINUTE)
        assert store.begin_sending(mail.id, "b", NOW + 9 * MINUTE)


def test_what_a_dead_sender_had_on_the_wire_comes_back_as_uncertain(mailing: Database, clock: Clock) -> None:
    queue(mailing, a_mail())
    with mailing.write() as store:
        (mail,) = store.claim_mails("a", NOW + MINUTE, limit=1)
        assert store.begin_sending(mail.id, "a", NOW + MINUTE)
    clock.now = NOW + MINUTE
    with mailing.write() as store:
        (again,) = store.claim_mails("b", NOW + 2 * MINUTE, limit=1)
    assert (again.id, again.state, again.attempt) == (mail.id, "uncertain", 1)


def test_a_deferred_mail_waits_and_a_sent_one_is_done(mailing: Database, clock: Clock) -> None:
    queue(mailing, a_mail("n01"), a_mail("n02"))
    with mailing.write() as store:
        one, other = store.claim_mails("a", NOW + MINUTE, limit=9)
        for mail in (one, other):
            store.begin_sending(mail.id, "a", NOW + MINUTE)
        store.mark_mail(one.id, "sent", reply="250 OK")
        store.mark_mail(other.id, "deferred", reply="451 later " + "x" * 900, next_at=NOW + 5 * MINUTE)
        assert store.count_mails(ID) == {"sent": 1, "deferred": 1}
        assert store.editions_with_due_mail() == ()
        assert len(store.mails(ID, states=["deferred"])[0].reply) == 500
    clock.now = NOW + 5 * MINUTE
    with mailing.write() as store:
        assert [again.id for again in store.claim_mails("b", NOW + 9 * MINUTE, limit=9)] == [other.id]


def test_claims_that_were_not_used_are_given_back(mailing: Database) -> None:
    queue(mailing, a_mail("n01"), a_mail("n02"))
    with mailing.write() as store:
        first, _ = store.claim_mails("a", NOW + MINUTE, limit=9)
        store.begin_sending(first.id, "a", NOW + MINUTE)
        store.release_claims("a")
        assert [one.to_address for one in store.claim_mails("b", NOW + MINUTE, limit=9)] == ["n02@example.org"]


def test_reminders_of_a_closed_stage_are_not_sent_and_nothing_else_is_touched(mailing: Database) -> None:
    causes = ("scoring:reminder:7", "scoring:reminder:2", "scoringXreminder:2", "scoring:more:1")
    queue(mailing, *(a_mail(f"n{number}", cause=cause) for number, cause in enumerate(causes)))
    with mailing.write() as store:
        (taken,) = store.claim_mails("a", NOW + MINUTE, limit=1)
        assert taken.cause == "scoring:reminder:7"  # a sender has it already
        assert store.supersede_mails(ID, "scoring:reminder") == 1
        assert [one.cause for one in store.mails(ID, states=["superseded"])] == ["scoring:reminder:2"]


def test_an_underscore_in_a_stage_name_is_a_letter_like_any_other(mailing: Database) -> None:
    queue(mailing, a_mail(cause="round_1:reminder:7"), a_mail(cause="roundX1:reminder:7"))
    with mailing.write() as store:
        assert store.supersede_mails(ID, "round_1:reminder") == 1
        assert [one.cause for one in store.mails(ID, states=["superseded"])] == ["round_1:reminder:7"]


def test_failed_and_uncertain_mails_go_out_again_when_an_admin_says_so(mailing: Database) -> None:
    queue(mailing, a_mail("n01"), a_mail("n02"), a_mail("n03"))
    with mailing.write() as store:
        batch = store.claim_mails("a", NOW + MINUTE, limit=9)
        for mail, outcome in zip(batch, ("failed", "uncertain", "sent"), strict=True):
            store.begin_sending(mail.id, "a", NOW + MINUTE)
            store.mark_mail(mail.id, outcome, reply="")  # type: ignore[arg-type]
        assert store.retry_mails(ID) == 2
        assert store.retry_mails(ID) == 0
        assert [one.to_address[:3] for one in store.claim_mails("b", NOW + MINUTE, limit=9)] == ["n01", "n02"]
