"""Small writes around nominations, on both databases."""

from __future__ import annotations

from models.edition import NewMail
from models.store import Database
from tests import builders


def test_mails_to_a_wrong_address_are_withdrawn_whatever_became_of_them_but_for_those_that_arrived(database: Database) -> None:
    edition = builders.keep(database, builders.an_edition())
    states = ("pending", "deferred", "sending", "failed", "uncertain", "sent")
    mails = [
        NewMail("confirmation_request", f"submission:confirm:{one}", "甲", "a@example.org", "witness", "w1", "zh_CN", {}) for one in states
    ]
    with database.write() as store:
        store.queue_mails(
            edition.id, [*mails, NewMail("call_opened", "submission:opened", "乙", "b@example.org", "nominator", "n1", "zh_CN", {})]
        )
        for mail in store.mails(edition.id):
            wanted = mail.cause.rpartition(":")[2]
            if wanted == "sending":
                store.claim_mails("sender", store.real_now, limit=10)
                store.begin_sending(mail.id, "sender", store.real_now)
            elif wanted not in ("pending", "opened"):
                store.mark_mail(mail.id, wanted, reply="")  # type: ignore[arg-type]
    with database.write() as store:
        assert store.withdraw_mails(edition.id, "w1") == 5
        left = {one.cause.rpartition(":")[2]: one.state for one in store.mails(edition.id)}
        assert left == {**dict.fromkeys(states, "superseded"), "sent": "sent", "opened": left["opened"]}
        assert store.retry_mails(edition.id) == 0


def test_an_entry_keeps_why_it_stands_where_it_stands(database: Database) -> None:
    edition = builders.keep(database, builders.an_edition())
    builders.put(database, edition.id, nominators=[builders.a_nominator()], entries=[builders.an_entry("A01"), builders.an_entry("A02")])
    with database.write() as store:
        store.set_outcome(f"{edition.id}/e/A01", "not_accepted", ["本人不同意申报"])
    with database.read() as store:
        assert [(one.code, one.state, one.reasons) for one in store.entries(edition.id)] == [
            ("A01", "not_accepted", ("本人不同意申报",)), ("A02", "eligible", ()),
        ]  # fmt: skip
