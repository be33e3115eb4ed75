"""Mail that came back later: marked as if refused at once, once, and only by a report that knows our Message-ID."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import sqlalchemy as sa

from models import tables
from models.edition import Mail
from models.errors import InputError, NotAllowed, NotFound
from tasks import bounces, returned_mail
from tests.notifications.returned import a_global_report, a_report
from tests.tasks.driving import ON_SQLITE, Season
from tests.tasks.test_healing import OFFICE, accept, loads, panels, sent, started, state


def invitation(season: Season, code: str) -> Mail:
    return next(one for one in season.mails("review_invitation") if one.person == f"{season.id}/r/{code}")


def returned(season: Season, code: str, **changes: str) -> bytes:
    """A report about the invitation of a reviewer."""
    mail = invitation(season, code)
    return a_report(**{"mail": mail.id, "to": mail.to_address} | changes)  # type: ignore[arg-type]


def test_a_report_leads_to_a_substitute_as_a_refusal_at_hand_over_does(season: Season) -> None:
    heals = started(season, replace_bounced_days=1)
    gone = panels(heals)["A01"][0]
    name = f"{heals.id}: review_invitation to {invitation(heals, gone).to_address}"
    found = returned_mail.take(returned(heals, gone))
    assert (found.what, found.said) == ("marked", f"{name}: returned as undeliverable: 550 5.1.1 no such user")
    assert (invitation(heals, gone).state, invitation(heals, gone).reply) == ("failed", "550 5.1.1 no such user")
    ((_, told),) = heals.events("MailFailed")
    assert (told["template"], told["reply"]) == ("review_invitation", "550 5.1.1 no such user")
    heals.local("2026-06-02 08:01").advance()
    assert (gone in loads(heals), state(heals, gone)) == (False, "lapsed")
    assert [told["reply"] for _, told in heals.events("ReviewerLapsed")] == ["550 5.1.1 no such user"]


def test_the_same_report_twice_changes_nothing_even_when_the_mail_was_sent_again(season: Season) -> None:
    heals = started(season, replace_bounced_days=1)
    gone = panels(heals)["A01"][0]
    report = returned(heals, gone)
    returned_mail.take(report)
    once = heals.snapshot()
    assert returned_mail.take(report).what == "known"
    assert heals.snapshot() == once
    with heals.database.write() as store:
        store.retry_mails(heals.id)
    with heals.database.write() as store:
        store.mark_mail(invitation(heals, gone).id, "sent", reply="250 ok")
    assert returned_mail.take(report).what == "known"
    assert invitation(heals, gone).state == "sent"
    assert returned_mail.take(a_report(invitation(heals, gone).id, invitation(heals, gone).to_address, number=2)).what == "marked"


@pytest.mark.parametrize("again", [False, True])
def test_a_report_about_a_mail_that_has_failed_already_does_not_count_after_it_was_sent_again(season: Season, again: bool) -> None:
    """Read while the mail is marked as failed, or waits to be sent once more."""
    heals = started(season, replace_bounced_days=1)
    gone = panels(heals)["A01"][0]
    returned_mail.take(returned(heals, gone))
    second = a_report(invitation(heals, gone).id, invitation(heals, gone).to_address, number=2)
    if again:
        with heals.database.write() as store:
            store.retry_mails(heals.id)
    state = invitation(heals, gone).state
    assert [returned_mail.take(second).what for _ in range(2)] == ["settled", "known"]
    assert (invitation(heals, gone).state, state) == (state, "deferred" if again else "failed")
    assert [told["reply"] for _, told in heals.events("MailReturned")] == ["550 5.1.1 no such user"]
    with heals.database.write() as store:
        store.mark_mail(invitation(heals, gone).id, "sent", reply="250 ok")
    assert returned_mail.take(second).what == "known"
    assert invitation(heals, gone).state == "sent"
    third = a_report(invitation(heals, gone).id, invitation(heals, gone).to_address, number=3)
    assert returned_mail.take(third).what == "marked"


@ON_SQLITE
def test_a_report_of_a_server_that_writes_addresses_in_unicode_counts_the_same(season: Season) -> None:
    heals = started(season)
    gone = panels(heals)["A01"][0]
    with heals.database.write() as store:
        changed = sa.update(tables.MAILS).where(tables.MAILS.c.id == invitation(heals, gone).id).values(to_address="r@评审.example.org")
        store.connection.execute(changed)
    report = a_global_report(invitation(heals, gone).id, "r@评审.example.org", encoding="base64")
    assert returned_mail.take(report).what == "marked"
    assert invitation(heals, gone).reply == "550 5.1.1 没有这个用户"


@ON_SQLITE
@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"mail": "0b4f2f0e-5a0a-4a0b-9d6e-1f2a3b4c5d6e"}, "unknown"),
        ({"message_id": "<1@example.org>"}, "unknown"),
        ({"passed_on_to": "another@example.org"}, "elsewhere"),
        ({"to": "r99@example.org"}, "elsewhere"),
        ({"status": "4.2.2"}, "temporary"),
        ({"action": "delayed", "status": "4.4.1"}, "temporary"),
    ],
)
def test_a_report_that_does_not_know_our_mail_or_is_not_for_good_unseats_nobody(season: Season, changes: dict[str, str], what: str) -> None:
    heals = started(season, replace_bounced_days=0)
    gone = panels(heals)["A01"][0]
    before = heals.snapshot()
    found = returned_mail.take(returned(heals, gone, **changes))
    assert (found.what, "nothing was changed" in found.said.lower()) == (what, True)
    assert heals.snapshot() == before
    heals.advance()
    assert gone in loads(heals)


@ON_SQLITE
def test_who_has_answered_since_the_mail_left_is_marked_but_not_unseated(season: Season) -> None:
    heals = started(season, replace_bounced_days=0)
    gone = panels(heals)["A01"][0]
    heals.local("2026-06-01 09:00")
    accept(heals, gone)
    assert returned_mail.take(returned(heals, gone)).what == "marked"
    heals.local("2026-06-01 10:00").advance()
    assert gone in loads(heals)
    with heals.database.read() as store:
        assert store.watch(heals.id, 1, f"{heals.id}/r/{gone}").bounced_at is None


@ON_SQLITE
def test_the_status_stands_for_words_without_a_code(season: Season) -> None:
    heals = started(season, replace_bounced_days=0)
    gone = panels(heals)["A01"][0]
    assert returned_mail.take(returned(heals, gone, said="user unknown")).what == "marked"
    assert invitation(heals, gone).reply == "5.1.1 user unknown"
    sent(heals).advance()
    assert gone not in loads(heals)


def test_words_that_no_database_could_keep_are_kept_without_what_cannot_be_kept(season: Season) -> None:
    heals = started(season)
    gone = panels(heals)["A01"][0]
    assert returned_mail.take(returned(heals, gone, said="550 5.1.1 no\x00such user")).what == "marked"
    assert invitation(heals, gone).reply == "550 5.1.1 no such user"


@ON_SQLITE
def test_a_report_that_overtakes_the_note_of_its_mail_is_asked_for_again(season: Season) -> None:
    heals = started(season)
    gone = panels(heals)["A01"][0]
    with heals.database.write() as store:
        store.connection.execute(sa.update(tables.MAILS).where(tables.MAILS.c.id == invitation(heals, gone).id).values(state="sending"))
    before = heals.snapshot()
    assert returned_mail.take(returned(heals, gone)).what == "early"
    assert heals.snapshot() == before
    with heals.database.write() as store:
        store.mark_mail(invitation(heals, gone).id, "sent", reply="250 ok")
    assert returned_mail.take(returned(heals, gone)).what == "marked"


def test_on_the_offices_word_an_address_is_none_until_it_is_corrected(season: Season) -> None:
    heals = started(season, replace_bounced_days=1)
    first, second = panels(heals)["A01"]
    for _ in range(2):
        returned_mail.by_hand(heals.id, first, " 本人来电：已调离 ", admin=OFFICE)
    returned_mail.by_hand(heals.id, second, "信被退回", admin=OFFICE)
    assert [(told["reviewer"], told["reply"]) for _, told in heals.events("MailFailed")] == [
        (f"{heals.id}/r/{first}", "本人来电：已调离"), (f"{heals.id}/r/{second}", "信被退回"),
    ]  # fmt: skip
    assert (invitation(heals, first).state, invitation(heals, first).reply) == ("failed", "本人来电：已调离")
    assert bounces.correct(heals.id, second, "neu@example.org", admin=OFFICE) == 1
    heals.local("2026-06-02 08:01").advance()
    assert (first in loads(heals), second in loads(heals)) == (False, True)


def test_the_offices_word_and_a_report_about_the_same_mail_wait_for_each_other_in_one_order(season: Season) -> None:
    heals = started(season)
    gone = panels(heals)["A01"][0]
    with ThreadPoolExecutor(1) as aside:
        with heals.database.write() as store:
            assert store.mail(invitation(heals, gone).id) is not None  # as a report holds it that is just being read
            word = aside.submit(returned_mail.by_hand, heals.id, gone, "信被退回", admin=OFFICE)
            assert wait([word], timeout=0.3).not_done
            store.lock_stage(heals.id, 1, to_change=True)
        word.result(timeout=10)
    assert invitation(heals, gone).reply == "信被退回"


@ON_SQLITE
def test_the_offices_word_needs_a_reason_a_reviewer_and_an_open_review(season: Season) -> None:
    heals = started(season)
    gone = panels(heals)["A01"][0]
    before = heals.snapshot()
    with pytest.raises(InputError) as refused:
        returned_mail.by_hand(heals.id, gone, " ", admin=OFFICE)
    assert [one.field for one in refused.value.faults] == ["reason"]
    with pytest.raises(NotFound):
        returned_mail.by_hand(heals.id, "R99", "退信", admin=OFFICE)
    assert heals.snapshot() == before
    with pytest.raises(NotAllowed):
        returned_mail.by_hand(heals.go("shortlisting").id, gone, "退信", admin=OFFICE)


@ON_SQLITE
def test_a_damaged_report_and_other_mail_are_named_and_change_nothing(season: Season) -> None:
    heals = started(season)
    before = heals.snapshot()
    assert [returned_mail.take(one).what for one in (returned(heals, panels(heals)["A01"][0])[:400], b"Subject: hello\n\nhi\n")] == [
        "damaged", "other",
    ]  # fmt: skip
    assert heals.snapshot() == before
