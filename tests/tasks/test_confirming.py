"""Confirmations by people outside the nominating unit: who is asked, what an answer does, what is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.edition import Edition, Entry, Grant, Mail
from models.errors import InputError, LinkRefused, NotAllowed, NotFound, TooLate
from models.submitting import Confirmation, Correction
from rules import links as link_rules
from tasks import confirming, links, witnesses
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock

OPEN = builders.NOW.replace(month=5, day=10)
"""In the middle of the submission."""
PERSON = {"name": "李专家", "unit": "丁大学", "email": "li@example.org"}


@pytest.fixture
def edition(installed: Installation, clock: Clock) -> Edition:
    """An edition whose submission is open and asks for consent, the unit's opinion and two opinions of experts."""
    clock.now = OPEN
    process = builders.a_process(**builders.a_stage_change("submission", consent=True, unit_opinion=True, opinions=2))
    kept = builders.keep(installed.database, builders.an_edition(process), at="submission")
    builders.put(
        installed.database, kept.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")],
        entries=[builders.an_entry("A01"), builders.an_entry("A02", nominator="N02")],
    )  # fmt: skip
    with installed.database.write() as store:
        store.set_entry_states({f"{kept.id}/e/{code}": "submitted" for code in ("A01", "A02")})
    return kept


def unit(edition: Edition, code: str = "N01") -> str:
    return f"{edition.id}/n/{code}"


def entry_of(installed: Installation, edition: Edition, code: str = "A01") -> Entry:
    with installed.database.read() as store:
        return store.entry(f"{edition.id}/e/{code}")


def ask_nominee(installed: Installation, edition: Edition) -> Confirmation:
    with installed.database.write() as store:
        assert confirming.ask(store, edition, store.entry(f"{edition.id}/e/A01")) == 1
        return store.confirmations(edition.id)[0]


def grant_of(installed: Installation, witness: Confirmation) -> Grant:
    with installed.database.read() as store:
        found = store.grant_of(witness.edition, "witness", witness.id)
    assert found is not None
    return found


def mails(installed: Installation, edition: Edition, template: str) -> list[Mail]:
    with installed.database.read() as store:
        return [one for one in store.mails(edition.id) if one.template == template]


def lacking(installed: Installation, edition: Edition, code: str = "A01") -> list[tuple[str, int, int]]:
    with installed.database.read() as store:
        found = confirming.missing(store, store.entry(f"{edition.id}/e/{code}"))
    return [(one.kind, one.given, one.needed) for one in found]


def name_expert(edition: Edition, number: int = 1, **changes: Any) -> Confirmation:
    who = {"name": f"专家{number}", "unit": f"{number}大学", "email": f"e{number}@example.org", **changes}
    return witnesses.name_person(edition.id, unit(edition), "A01", "expert", **who)


def test_the_nominee_is_asked_at_the_address_of_the_form_once(installed: Installation, edition: Edition) -> None:
    asked = ask_nominee(installed, edition)
    assert (asked.kind, asked.name, asked.email, asked.state) == ("consent", "甲一", "a01@example.org", "asked")
    with installed.database.write() as store:
        assert confirming.ask(store, edition, store.entry(f"{edition.id}/e/A01")) == 0
    assert [one.to_address for one in mails(installed, edition, "confirmation_request")] == ["a01@example.org"]


def test_a_nominee_at_the_units_own_address_is_not_asked(installed: Installation, edition: Edition) -> None:
    with installed.database.write() as store:
        store.put_entries(edition.id, [builders.an_entry("A01", email="N01@example.org")], {})
        assert confirming.ask(store, edition, store.entry(f"{edition.id}/e/A01")) == 0
    with pytest.raises(InputError) as refused:
        witnesses.name_person(edition.id, unit(edition), "A01", "consent", "甲一", "甲大学", "n01@EXAMPLE.org")
    assert [(one.field, one.column) for one in refused.value.faults] == [("email", "own")]


def test_what_is_missing_counts_answers_not_requests(installed: Installation, edition: Edition) -> None:
    first, second = name_expert(edition), name_expert(edition, 2)
    assert lacking(installed, edition) == [("consent", 0, 1), ("unit", 0, 1), ("expert", 0, 2)]
    confirming.answer(grant_of(installed, first), agree=True, text="创新性突出。", name="专家1")
    assert lacking(installed, edition)[2] == ("expert", 1, 2)
    confirming.answer(grant_of(installed, second), agree=True, text="方法可靠。", name="专家 2")
    assert lacking(installed, edition) == [("consent", 0, 1), ("unit", 0, 1)]
    with installed.database.read() as store:
        sentences = [one.sentence.zh for one in confirming.missing(store, store.entry(f"{edition.id}/e/A01"))]
    assert sentences == ["缺本人同意（尚未填写确认人）", "缺所在单位意见（尚未填写确认人）"]


def test_experts_who_signed_are_known_to_the_draw(installed: Installation, edition: Edition) -> None:
    asked = name_expert(edition)
    with installed.database.read() as store:
        assert confirming.signers(store, edition) == {}
    confirming.answer(grant_of(installed, asked), agree=True, text="创新性突出。", name="专家1")
    with installed.database.read() as store:
        assert confirming.signers(store, edition) == {f"{edition.id}/e/A01": frozenset({"专家1"})}


def test_no_more_people_are_asked_than_are_needed_but_a_refusal_makes_room(installed: Installation, edition: Edition) -> None:
    first = name_expert(edition)
    name_expert(edition, 2)
    with pytest.raises(InputError) as refused:
        name_expert(edition, 3)
    assert refused.value.faults[0].column == "enough"
    confirming.answer(grant_of(installed, first), agree=False, text="与申报人有合作。", name="专家1")
    assert name_expert(edition, 3).id.endswith("/w/3")
    told = mails(installed, edition, "confirmation_refused")
    assert [(one.to_address, one.params["text"]) for one in told] == [("n01@example.org", "与申报人有合作。")]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": ""}, ("name", "missing")),
        ({"unit": " "}, ("unit", "missing")),
        ({"name": "专\u202e家"}, ("name", "text")),
        ({"email": "no address"}, ("email", "email")),
        ({"email": "n01@example.org"}, ("email", "own")),
        ({"email": "E1@example.org"}, ("email", "twice")),
        ({"name": "乙 二"}, ("name", "own_work")),
    ],
)
def test_an_expert_who_cannot_be_asked_is_refused_with_the_field(edition: Edition, changes: dict[str, str], fault: tuple[str, str]) -> None:
    name_expert(edition)
    with pytest.raises(InputError) as refused:
        name_expert(edition, 2, **changes)
    assert [(one.field, one.column) for one in refused.value.faults] == [fault]


def test_a_corrected_address_kills_the_old_link_and_mails_the_new_one(installed: Installation, edition: Edition) -> None:
    asked = name_expert(edition, email="wrong@example.org")
    old = grant_of(installed, asked)
    address = links.address(installed.settings, old)
    corrected = witnesses.correct_person(edition.id, unit(edition), asked.id, "专家1", "1大学", "right@example.org")
    assert (corrected.id, corrected.email) == (asked.id, "right@example.org")
    fresh = grant_of(installed, asked)
    assert links.address(installed.settings, fresh) != address
    with installed.database.read() as store:
        assert store.grant_by_token(link_rules.fingerprint(address.rpartition("/")[2])) is None
    sent = {one.to_address: one.state for one in mails(installed, edition, "confirmation_request")}
    assert sent == {"wrong@example.org": "superseded", "right@example.org": "pending"}  # else the old address would get the new link
    with pytest.raises(LinkRefused):
        confirming.answer(old, agree=True, text="不应收到。", name="专家1")
    confirming.answer(fresh, agree=True, text="同意。", name="专家1")
    with pytest.raises(NotAllowed):
        witnesses.correct_person(edition.id, unit(edition), asked.id, "别人", "1大学", "other@example.org")


def test_a_link_is_sent_again_a_few_times_only(installed: Installation, edition: Edition, clock: Clock) -> None:
    asked = name_expert(edition)
    for _number in range(installed.settings.links_again_per_hour):
        clock.advance(minutes=1)
        witnesses.resend(edition.id, unit(edition), asked.id)
    with pytest.raises(NotAllowed):
        witnesses.resend(edition.id, unit(edition), asked.id)
    assert len(mails(installed, edition, "confirmation_request")) == 1 + installed.settings.links_again_per_hour


def test_another_units_entry_is_not_found(installed: Installation, edition: Edition) -> None:
    asked = name_expert(edition)
    with pytest.raises(NotFound):
        witnesses.name_person(edition.id, unit(edition), "A02", "expert", **PERSON)
    with pytest.raises(NotFound):
        witnesses.resend(edition.id, unit(edition, "N02"), asked.id)
    with pytest.raises(NotFound):
        witnesses.name_person(edition.id, unit(edition), "A01", "king", **PERSON)


def test_a_nominees_no_takes_the_entry_out_and_a_later_yes_brings_it_back(installed: Installation, edition: Edition) -> None:
    asked = ask_nominee(installed, edition)
    confirming.answer(grant_of(installed, asked), agree=False, text="本人不参评。", name="甲一")
    refused = entry_of(installed, edition)
    assert (refused.state, refused.reasons) == ("not_accepted", ("本人不同意申报",))
    assert [one.to_address for one in mails(installed, edition, "confirmation_refused")] == ["n01@example.org"]
    confirming.answer(grant_of(installed, asked), agree=True, text="", name="甲一")
    assert (entry_of(installed, edition).state, entry_of(installed, edition).reasons) == ("submitted", ())
    with installed.database.read() as store:
        given = [one.payload["state"] for one in store.events(edition.id) if one.type == "ConfirmationGiven"]
    assert given == ["refused", "given"]


def test_an_entry_refused_for_another_reason_is_not_brought_back_by_consent(installed: Installation, edition: Edition) -> None:
    asked = ask_nominee(installed, edition)
    with installed.database.write() as store:
        store.set_outcome(f"{edition.id}/e/A01", "not_accepted", ["超出受理范围"])
    with pytest.raises(NotAllowed):
        confirming.answer(grant_of(installed, asked), agree=True, text="", name="甲一")
    assert entry_of(installed, edition).state == "not_accepted"


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"agree": None, "text": "", "name": "专家1"}, [("agree", "missing")]),
        ({"agree": True, "text": " ", "name": "专家1"}, [("text", "missing")]),
        ({"agree": False, "text": "", "name": "专家1"}, [("text", "missing")]),
        ({"agree": True, "text": "好\x00", "name": "专家1"}, [("text", "text")]),
        ({"agree": True, "text": "好" * 2001, "name": "专家1"}, [("text", "text")]),
        ({"agree": True, "text": "好", "name": ""}, [("name", "missing")]),
        ({"agree": True, "text": "好", "name": "别人"}, [("name", "other")]),
    ],
)
def test_an_answer_that_is_not_whole_names_its_faults(
    installed: Installation, edition: Edition, given: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    asked = name_expert(edition)
    with pytest.raises(InputError) as refused:
        confirming.answer(grant_of(installed, asked), **given)
    assert [(one.field, one.column) for one in refused.value.faults] == faults


def test_anybody_may_sign_for_a_unit(installed: Installation, edition: Edition) -> None:
    asked = witnesses.name_person(edition.id, unit(edition), "A01", "unit", "科研处", "甲大学", "office@example.org")
    answered = confirming.answer(grant_of(installed, asked), agree=True, text="情况属实，同意推荐。", name="王处长")
    assert (answered.state, answered.signed_as) == ("given", "王处长")


def test_an_answer_can_be_changed_until_the_deadline(installed: Installation, edition: Edition, clock: Clock) -> None:
    asked = name_expert(edition)
    grant, cutoff = grant_of(installed, asked), edition.stages[0].cutoff
    assert cutoff is not None
    clock.now = cutoff.replace(microsecond=0) - (builders.NOW.resolution * 1_000_000)
    confirming.answer(grant, agree=True, text="初稿", name="专家1")
    confirming.answer(grant, agree=True, text="定稿", name="专家1")
    clock.now = cutoff
    with pytest.raises(TooLate):
        confirming.answer(grant, agree=False, text="反悔", name="专家1")
    with pytest.raises(TooLate):
        name_expert(edition, 2)
    with installed.database.read() as store:
        assert store.confirmation(asked.id).text == "定稿"


def test_reminders_go_to_those_who_have_not_answered_and_to_their_units(installed: Installation, edition: Edition) -> None:
    name_expert(edition)
    done = name_expert(edition, 2)
    confirming.answer(grant_of(installed, done), agree=True, text="好", name="专家2")
    for expected in (3, 0):
        with installed.database.write() as store:
            assert witnesses.queue_reminders(store, edition, edition.stages[0], 7) == expected
    reminders = [one for one in mails(installed, edition, "confirmation_request") if one.params["days_left"] == 7]
    assert [one.to_address for one in reminders] == ["e1@example.org"]
    lines = {one.to_address: one.params["lines"] for one in mails(installed, edition, "confirmations_missing")}
    assert sorted(lines) == ["n01@example.org", "n02@example.org"]
    assert [lack["zh"] for lack in lines["n01@example.org"][0]["lacks"]] == [
        "缺本人同意（尚未填写确认人）", "缺所在单位意见（尚未填写确认人）", "缺专家署名意见 1/2（专家1尚未答复）",
    ]  # fmt: skip


def test_a_stage_that_asks_for_nothing_lacks_nothing(installed: Installation, clock: Clock) -> None:
    clock.now = OPEN
    kept = builders.keep(installed.database, builders.an_edition(), at="submission")
    builders.put(installed.database, kept.id, nominators=[builders.a_nominator("N01")], entries=[builders.an_entry("A01")])
    with installed.database.write() as store:
        entry = store.entry(f"{kept.id}/e/A01")
        assert (confirming.missing(store, entry), confirming.ask(store, kept, entry)) == ((), 0)


def test_while_an_entry_is_corrected_its_confirmations_can_be_completed(installed: Installation, edition: Edition, clock: Clock) -> None:
    asked, cutoff = name_expert(edition), edition.stages[0].cutoff
    assert cutoff is not None
    clock.now = cutoff
    due = cutoff + timedelta(days=3)
    with installed.database.write() as store:
        store.put_correction(Correction(edition.id, f"{edition.id}/e/A01", 1, ("title",), (), cutoff, due))
        store.set_entry_states({f"{edition.id}/e/A01": "correction"})
    confirming.answer(grant_of(installed, asked), agree=True, text="补上的意见", name="专家1")
    assert name_expert(edition, 2).state == "asked"
    clock.now = due
    with pytest.raises(TooLate):
        confirming.answer(grant_of(installed, asked), agree=False, text="反悔", name="专家1")


def test_many_nominees_are_asked_with_one_look_at_the_units(installed: Installation, edition: Edition) -> None:
    with installed.database.write() as store:
        entries = store.entries(edition.id)
        assert (confirming.ask_all(store, edition, entries), confirming.ask_all(store, edition, entries)) == (2, 0)
        assert {one.email for one in store.confirmations(edition.id)} == {"a01@example.org", "a02@example.org"}
