"""Panels heal themselves: reminded first, replaced once, told kindly, nobody else moved; who comes back gets what is open."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import pytest

from models.errors import InputError, NotAllowed, TooLate
from models.healing import Watch
from tasks import bounces, drawing, editions, healing_report, inviting, keeping, late_entries, recomputing, recusing, reply_dates, reviewing
from tasks.installation import Installation
from tasks.mail import send_batch
from tests import builders
from tests.notifications import sinks
from tests.tasks.driving import ON_SQLITE, Season

FULL = {"originality": "35", "rigour": "25", "value": "20"}
USUAL = inviting.pledge_digest(inviting.USUAL_PLEDGE.zh)
OFFICE = "admin@example.org"


def started(season: Season, *keys: str, name: str = "heals", reviewers: int = 8, **stage: Any) -> Season:
    """A season of its own whose review opened on 1 June at 08:00, panels of two."""
    changes = builders.a_stage_change("scoring", **{"panel": 2, "aggregate": {"min_valid": 1}} | stage)
    kept = builders.keep(season.database, builders.an_edition(builders.a_process(name=name, **changes)))
    other = Season(season.installed, season.clock, kept).local("2026-03-20 09:00")
    other.put(
        nominators=[builders.a_nominator()],
        reviewers=[builders.a_reviewer(f"R0{number}") for number in range(1, reviewers + 1)],
        members=[builders.a_member(f"M0{number}") for number in range(1, 6)]
        + [builders.a_member("P01", role="party", party="personnel"), builders.a_member("P02", role="party", party="science")],
    )
    other.local("2026-04-01 08:00").advance()
    other.hand_in([builders.an_entry(key) for key in keys or ("A01", "A02")])
    other.local("2026-06-01 08:00").advance()
    sent(other)
    return other


def sent(season: Season) -> Season:
    """Everything in the outbox has been handed over."""
    with season.database.write() as store:
        for mail in store.mails(season.id, states=("pending",)):
            store.mark_mail(mail.id, "sent", reply="250 ok")
    return season


def panels(season: Season) -> dict[str, list[str]]:
    keys = {one.id: one.key for one in season.entries()}
    found: dict[str, list[str]] = defaultdict(list)
    with season.database.read() as store:
        for one in store.assignments(season.id, 1):
            if not one.recused:
                found[keys[one.entry]].append(one.reviewer[-3:])
    return dict(found)


def loads(season: Season) -> dict[str, set[str]]:
    """Reviewer -> keys of entries in hand."""
    found: dict[str, set[str]] = defaultdict(set)
    for key, codes in panels(season).items():
        for code in codes:
            found[code].add(key)
    return dict(found)


def accept(season: Season, code: str) -> int:
    return inviting.accept(season.id, 1, f"{season.id}/r/{code}", pledge=USUAL)


def state(season: Season, code: str) -> str:
    with season.database.read() as store:
        return store.invitation(season.id, 1, f"{season.id}/r/{code}").state


def others_accept(season: Season, *silent: str) -> None:
    for code in loads(season):
        if code not in silent:
            accept(season, code)


# -- no answer -----------------------------------------------------------------------------------------------------------


def test_an_invitation_without_an_answer_is_reminded_of_then_goes_to_a_substitute(season: Season) -> None:
    heals = started(season, reply_by_days=5)
    silent = panels(heals)["A01"][0]
    had, before = loads(heals)[silent], panels(heals)
    assert {one.params["reply_by"] for one in heals.mails("review_invitation")} == {"2026-06-06T16:00:00+00:00"}
    others_accept(heals, silent)
    heals.local("2026-06-04 23:59").advance()
    assert heals.mails("reply_reminder") == []
    heals.local("2026-06-05 00:01").advance()
    assert heals.addressees("reply_reminder") == [silent.lower()]
    assert panels(heals) == before
    heals.local("2026-06-06 23:59").advance()
    assert panels(heals) == before
    heals.local("2026-06-07 00:01").advance()
    after = panels(heals)
    for key, codes in before.items():
        assert set(after[key]) >= set(codes) - {silent}
        assert len(after[key]) == 2
    assert silent not in loads(heals)
    assert state(heals, silent) == "lapsed"
    ((_, told),) = heals.events("ReviewerLapsed")
    assert (told["cause"], len(told["given_back"]), told["kept"]) == ("no_answer", len(had), 0)
    ((_, drawn),) = heals.events("SubstitutesDrawn")
    assert f"left {silent} (did not answer by the date in the invitation)" in drawn["reason"]
    assert "drawn by the seed among those without a conflict and with room" in drawn["reason"]
    assert heals.addressees("review_lapsed") == [silent.lower()]
    fresh = {who[-3:].lower() for _, who in drawn["pairs"]}
    assert fresh <= set(heals.addressees("review_invitation")) | set(heals.addressees("review_more"))
    once = heals.snapshot()
    heals.advance()
    assert {**heals.snapshot(), "steps": None} == {**once, "steps": None}
    assert all(one.same for one in recomputing.recompute(heals.id))


@ON_SQLITE
def test_without_a_declaration_nobody_is_chased(season: Season) -> None:
    heals = started(season)
    heals.local("2026-06-19 12:00").advance()
    assert [one.template for one in heals.mails() if one.template.endswith("_reminder")] == ["review_reminder"] * len(loads(heals))
    with heals.database.read() as store:
        assert {one.kind for one in store.open_deadlines(heals.id, 1)} == {"closes", "remind:0"}


@ON_SQLITE
def test_an_answer_in_time_ends_the_waiting(season: Season) -> None:
    heals = started(season, reply_by_days=5)
    others_accept(heals)
    before = panels(heals)
    heals.local("2026-06-05 00:01").advance()
    heals.local("2026-06-07 00:01").advance()
    assert (panels(heals), heals.mails("reply_reminder"), heals.events("ReviewerLapsed")) == (before, [], [])


@ON_SQLITE
def test_nothing_lapses_while_the_mail_server_does_not_take_the_invitation(season: Season) -> None:
    heals = started(season, reply_by_days=5)
    before = panels(heals)
    with heals.database.write() as store:
        for mail in store.mails(heals.id, states=("sent",)):
            if mail.template == "review_invitation":
                store.mark_mail(mail.id, "deferred", reply="451 later", next_at=store.real_now)
    for day in ("2026-06-05 00:01", "2026-06-07 00:01", "2026-06-09 00:01"):
        heals.local(day).advance()
    assert (panels(heals), heals.events("ReviewerLapsed")) == (before, [])
    assert heals.states() == {"scoring": "open"}


@ON_SQLITE
def test_after_a_long_sleep_people_are_reminded_before_they_lose_anything(season: Season) -> None:
    heals = started(season, reply_by_days=5)
    before = panels(heals)
    heals.local("2026-06-10 09:00").advance()
    assert panels(heals) == before
    assert {one.params["until"] for one in heals.mails("reply_reminder")} == {"2026-06-12T16:00:00+00:00"}
    sent(heals).local("2026-06-13 00:01").advance()
    assert {state(heals, code) for code in {code for codes in before.values() for code in codes}} == {"lapsed"}


def test_where_nobody_is_free_the_office_is_told_once_of_the_same_entries(season: Season) -> None:
    heals, _silent = lapsed(season, reviewers=2)
    heals.advance()
    codes = sorted(one.code for one in heals.entries())
    assert [(one.to_address, one.params["codes"]) for one in heals.mails("seats_empty")] == [(OFFICE, codes)]
    with heals.database.write() as store:
        reply_dates.look_again(store, heals.run("scoring"))
    heals.advance()
    assert len(heals.mails("seats_empty")) == 1


# -- coming back ---------------------------------------------------------------------------------------------------------


def lapsed(season: Season, **changes: Any) -> tuple[Season, str]:
    """A season in which the first reviewer of A01 did not answer."""
    heals = started(season, reply_by_days=5, **changes)
    silent = panels(heals)["A01"][0]
    others_accept(heals, silent)
    heals.local("2026-06-05 00:01").advance()
    sent(heals).local("2026-06-07 00:01").advance()
    return heals, silent


def test_who_comes_back_gets_open_seats_and_is_asked_about_conflicts_first(season: Season) -> None:
    heals, silent = lapsed(season, reviewers=2)  # nobody is left to step in
    assert {len(codes) for codes in panels(heals).values()} == {1}
    accept(heals, silent)
    assert (state(heals, silent), loads(heals)[silent]) == ("accepted", {"A01", "A02"})
    ((_, told),) = heals.events("ReviewerReturned")
    assert told["reason"] == (
        f"{silent} came back and takes {', '.join(sorted(one.code for one in heals.entries()))}: open seats that fit, drawn by the seed"
    )
    entry = heals.entries()[0].id
    with pytest.raises(NotAllowed, match="invitation"):
        reviewing.save_sheets(heals.id, 1, f"{heals.id}/r/{silent}", {entry: (FULL, "", 0)})
    assert accept(heals, silent) == 2
    reviewing.save_sheets(heals.id, 1, f"{heals.id}/r/{silent}", {entry: (FULL, "", 0)})
    assert all(one.same for one in recomputing.recompute(heals.id))


@ON_SQLITE
def test_who_comes_back_when_all_seats_are_taken_waits_for_the_next_draw(season: Season) -> None:
    heals, silent = lapsed(season)
    before = panels(heals)
    accept(heals, silent)
    assert (panels(heals), state(heals, silent)) == (before, "accepted")
    ((_, told),) = heals.events("ReviewerReturned")
    assert told["reason"] == f"{silent} came back; no open seat fits, and the next draw may choose {silent} again"
    once = heals.events()
    assert accept(heals, silent) == 0
    assert heals.events() == once


@ON_SQLITE
def test_the_review_stays_open_for_who_could_come_back_while_scores_are_lacking(season: Season) -> None:
    heals, silent = lapsed(season, reviewers=2, aggregate={"min_valid": 2})
    (other,) = loads(heals)
    heals.give(other, dict.fromkeys(loads(heals)[other], 80)).advance()
    assert heals.states() == {"scoring": "open"}
    accept(heals, silent)
    heals.give(silent, dict.fromkeys(loads(heals)[silent], 90)).advance()
    assert heals.states() == {"shortlisting": "open"}


def test_who_is_being_reminded_gets_nothing_more_meanwhile(season: Season) -> None:
    heals = started(season, reply_by_days=5, reviewers=3)
    late = panels(heals)["A01"][0]
    others_accept(heals, late)
    heals.local("2026-06-05 00:01").advance()
    with heals.database.read() as store:
        found = drawing.question(store, heals.edition, heals.run("scoring"), {}, heals.entries())
        pairs = [(one.entry, one.reviewer) for one in store.assignments(heals.id, 1)]
        moved = drawing.question(store, heals.edition, heals.run("scoring"), {}, heals.entries(), pairs)
    assert late not in {one.id for one in found.panelists}
    assert late in {one.id for one in moved.panelists}  # what she has is not taken away by a draw that moves others
    accept(heals, late)
    with heals.database.read() as store:
        found = drawing.question(store, heals.edition, heals.run("scoring"), {}, heals.entries())
    assert late in {one.id for one in found.panelists}


# -- silence -------------------------------------------------------------------------------------------------------------


def test_who_saves_nothing_loses_what_is_not_begun_and_keeps_what_is(season: Season) -> None:
    heals = started(season, silent_days=4, reviewers=5)
    silent = max(loads(heals), key=lambda code: len(loads(heals)[code]))
    had = loads(heals)[silent]
    begun = sorted(had)[0]
    ids = {one.key: one.id for one in heals.entries()}
    others_accept(heals)
    for code, keys in loads(heals).items():  # all others begin everything
        mine = [begun] if code == silent else sorted(keys)
        reviewing.save_sheets(heals.id, 1, f"{heals.id}/r/{code}", {ids[key]: (FULL, "好" if code == silent else "", 0) for key in mine})
    heals.local("2026-06-04 00:01").advance()
    going = had - {begun}
    assert heals.addressees("begin_reminder") == ([silent.lower()] if going else [])
    heals.local("2026-06-06 00:01").advance()
    assert loads(heals)[silent] == {begun}
    assert state(heals, silent) == "accepted"
    with heals.database.read() as store:
        (sheet,) = store.sheets(heals.id, 1, reviewer=f"{heals.id}/r/{silent}")
    assert sheet.comment == "好"
    assert [told["cause"] for _, told in heals.events("ReviewerLapsed")] == (["silent"] if going else [])
    assert heals.addressees("review_less") == ([silent.lower()] if going else [])


@ON_SQLITE
def test_who_accepted_and_began_nothing_has_lapsed_and_is_not_drawn_again(season: Season) -> None:
    heals = started(season, silent_days=4)
    silent = panels(heals)["A01"][0]
    accept(heals, silent)
    heals.local("2026-06-04 00:01").advance()
    heals.local("2026-06-06 00:01").advance()
    assert (state(heals, silent), silent in loads(heals)) == ("lapsed", False)
    assert [one.params["why"] for one in heals.mails("review_lapsed")] == ["silent"]
    entry, holder = next((one.id, code) for one in heals.entries() for code in panels(heals)[one.key])
    accept(heals, holder)
    recusing.recuse(heals.id, 1, f"{heals.id}/r/{holder}", entry, reason="cooperation")
    assert silent not in loads(heals)


# -- refused addresses ---------------------------------------------------------------------------------------------------


def refuse(season: Season, code: str, reply: str = "550 5.1.1 no such user") -> None:
    with season.database.write() as store:
        mail = next(one for one in store.mails(season.id) if one.person == f"{season.id}/r/{code}" and one.template == "review_invitation")
        store.mark_mail(mail.id, "failed", reply=reply)
        bounces.note(store, mail, reply)


def test_a_refused_address_goes_to_substitutes_after_the_declared_days(season: Season) -> None:
    heals = started(season, replace_bounced_days=1)
    gone = panels(heals)["A01"][0]
    refuse(heals, gone)
    heals.local("2026-06-02 07:59").advance()
    assert gone in loads(heals)
    heals.local("2026-06-02 08:01").advance()
    assert (gone in loads(heals), state(heals, gone)) == (False, "lapsed")
    ((_, told),) = heals.events("ReviewerLapsed")
    assert (told["cause"], told["reply"]) == ("bounced", "550 5.1.1 no such user")
    assert heals.mails("review_lapsed") == []  # it would not arrive


@ON_SQLITE
def test_what_the_mail_server_refuses_on_the_wire_heals_without_a_hand(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    heals = started(season, replace_bounced_days=0)
    gone = panels(heals)["A01"][0]
    with heals.database.write() as store:
        (mail,) = [one for one in store.mails(heals.id) if one.person == f"{heals.id}/r/{gone}"]
        store.mark_mail(mail.id, "deferred", reply="", next_at=store.real_now)
    with sinks.listening(sinks.Sink(rcpt="550 5.1.1 no such mailbox")) as port:
        settings = heals.installed.settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"})
        monkeypatch.setattr("tasks.installation.installation", lambda: Installation(settings, heals.database))
        assert asyncio.run(send_batch.fn(heals.id)) == {"failed": 1}
    heals.advance()
    assert gone not in loads(heals)
    assert [told["reply"] for _, told in heals.events("ReviewerLapsed")] == ["550 5.1.1 no such mailbox"]


@ON_SQLITE
def test_at_once_means_at_the_next_look(season: Season) -> None:
    heals = started(season, replace_bounced_days=0)
    gone = panels(heals)["A01"][0]
    refuse(heals, gone)
    heals.advance()
    assert gone not in loads(heals)


@ON_SQLITE
@pytest.mark.parametrize("reply", ["451 try later", "the mail cannot be written: ValueError: x"])
def test_only_a_refusal_for_good_is_about_the_address(season: Season, reply: str) -> None:
    heals = started(season, replace_bounced_days=0)
    gone = panels(heals)["A01"][0]
    refuse(heals, gone, reply)
    heals.advance()
    assert gone in loads(heals)


@ON_SQLITE
def test_who_came_by_a_link_from_elsewhere_is_left_alone_until_the_next_refusal(season: Season) -> None:
    heals = started(season, replace_bounced_days=1)
    gone = panels(heals)["A01"][0]
    refuse(heals, gone)
    heals.local("2026-06-01 20:00")
    accept(heals, gone)
    heals.local("2026-06-02 08:01").advance()
    assert gone in loads(heals)
    refuse(heals, gone, "552 mailbox full")
    heals.local("2026-06-03 08:02").advance()
    assert gone not in loads(heals)
    assert [told["reply"] for _, told in heals.events("ReviewerLapsed")] == ["552 mailbox full"]


def test_a_corrected_address_gets_what_did_not_arrive_and_keeps_the_entries(season: Season) -> None:
    heals = started(season, replace_bounced_days=1, reply_by_days=5)
    gone = panels(heals)["A01"][0]
    refuse(heals, gone)
    heals.local("2026-06-01 20:00")
    assert bounces.correct(heals.id, gone, " neu@example.org ", admin=OFFICE) == 1
    assert bounces.correct(heals.id, gone, "neu@example.org", admin=OFFICE) == 0
    invited = [(one.to_address, one.state) for one in heals.mails("review_invitation") if one.person == f"{heals.id}/r/{gone}"]
    assert sorted(invited) == sorted([("neu@example.org", "pending"), (f"{gone.lower()}@example.org", "superseded")])
    sent(heals).local("2026-06-02 08:01").advance()
    assert gone in loads(heals)
    with heals.database.read() as store:
        grant = store.grant_of(heals.id, "reviewer", f"{heals.id}/r/{gone}")
    assert grant is not None
    assert grant.version == 2  # the old address must not have the link


@ON_SQLITE
def test_a_list_imported_again_corrects_addresses_too(season: Season) -> None:
    heals = started(season, replace_bounced_days=1)
    gone = panels(heals)["A01"][0]
    refuse(heals, gone)
    with heals.database.write() as store:
        before = {one.code: one.email for one in store.reviewers(heals.id)}
        store.put_reviewers(heals.id, [builders.a_reviewer(gone, email="neu@example.org")])
        said = bounces.compare(store, heals.edition, before, actor="cli")
    assert said == ", 1 addresses corrected and 1 mails sent again"


@ON_SQLITE
def test_what_is_no_address_is_refused_at_its_field(season: Season) -> None:
    heals = started(season)
    with pytest.raises(InputError) as refused:
        bounces.correct(heals.id, "R01", "r01 at example", admin=OFFICE)
    assert [one.field for one in refused.value.faults] == ["email"]


# -- kept by the office --------------------------------------------------------------------------------------------------


def test_whom_the_office_keeps_nobody_replaces_until_it_lets_go(season: Season) -> None:
    heals = started(season, reply_by_days=5)
    silent = panels(heals)["A01"][0]
    others_accept(heals, silent)
    with pytest.raises(InputError):
        keeping.keep(heals.id, silent, " ", admin=OFFICE)
    keeping.keep(heals.id, silent, "已电话确认，出差回来即评", admin=OFFICE)
    for day in ("2026-06-05 00:01", "2026-06-07 00:01"):
        heals.local(day).advance()
    assert (silent in loads(heals), heals.mails("reply_reminder")) == (True, [])
    keeping.let_go(heals.id, silent, admin=OFFICE)
    heals.advance()
    assert heals.addressees("reply_reminder") == [silent.lower()]
    sent(heals).local("2026-06-10 00:01").advance()
    assert silent not in loads(heals)
    assert [told["kept"] for _, told in heals.events("ReviewerKept")] == [True, False]


# -- sheets without a signature ------------------------------------------------------------------------------------------


def test_sheets_without_a_signature_are_closed_and_their_reviewers_told_once(season: Season) -> None:
    heals = started(season, "A01", top_up={"rounds": 0})
    late, quick = panels(heals)["A01"]
    heals.give(late, {"A01": 70}, sign=False).give(quick, {"A01": 90})
    code = heals.entries()[0].code
    heals.local("2026-06-18 00:01").advance()
    assert [one.params["complete"] for one in heals.mails("review_reminder")] == [[code]]
    sent(heals).local("2026-06-21 00:11").advance()
    assert heals.states() == {"shortlisting": "open"}
    assert [(one.to_address[:3], one.params["codes"], one.params["complete"]) for one in heals.mails("review_closed")] == [
        (late.lower(), [code], [code])
    ]
    ((_, told),) = heals.events("SheetsExpired")
    assert told["complete"] == {f"{heals.id}/r/{late}": [code]}
    with heals.database.read() as store:
        found = healing_report.report(store, heals.edition)
    assert (found.watched, [(one.what, one.who, one.entries, one.why) for one in found.healed]) == ((), [("expired", late, (code,), code)])
    with heals.database.read() as store:
        assert [str(one.mark) for one in store.standings(heals.id, 1)] == ["90.00"]


# -- entries that come late ----------------------------------------------------------------------------------------------


def test_an_entry_admitted_after_the_draw_gets_a_panel_and_nobody_is_moved(season: Season) -> None:
    heals = started(season, reply_by_days=5)
    before = panels(heals)
    builders.put(heals.database, heals.id, entries=[builders.an_entry("A09")])
    with heals.database.write() as store:
        store.set_entry_states({f"{heals.id}/e/A09": "ineligible"})
    assert late_entries.admit(heals.id, "A09", "异议成立，经评审办公室复核恢复资格", actor=f"admin:{OFFICE}") == 2
    after = panels(heals)
    assert len(after.pop("A09")) == 2
    assert after == before
    assert (heals.entry_states()["A09"], heals.entries()[0].group) == ("assigned", "paper")
    ((_, told),) = heals.events("EntryAdmitted")
    assert (told["code"], told["empty"], len(told["pairs"])) == ("A09", 0, 2)
    assert "drawn by the seed among those without a conflict" in told["drawn"]
    new = [one for one in heals.mails() if one.state == "pending" and one.template in ("review_more", "review_invitation")]
    assert sorted(one.person or "" for one in new) == sorted(who for _, who in told["pairs"])
    assert late_entries.admit(heals.id, "A09", "again", actor=f"admin:{OFFICE}") == 0
    assert all(one.same for one in recomputing.recompute(heals.id))


@ON_SQLITE
def test_only_refused_entries_are_admitted_and_only_while_the_review_is_open(season: Season) -> None:
    heals = started(season)
    for code, reason, field in (("X", "r", "code"), ("A01", "", "reason")):
        with pytest.raises(InputError) as refused:
            late_entries.admit(heals.id, code, reason, actor="cli")
        assert [one.field for one in refused.value.faults] == [field]
    heals.local("2026-06-21 00:11")
    with pytest.raises(TooLate):
        late_entries.admit(heals.id, heals.entries()[0].code, "r", actor="cli")


# -- the whole -----------------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_a_longer_review_brings_back_moments_that_its_old_end_cut_off(season: Season) -> None:
    heals = started(season, reply_by_days=15)
    silent = panels(heals)["A01"][0]
    with heals.database.write() as store:
        store.put_watch(Watch(heals.id, 1, f"{heals.id}/r/{silent}", reply_by=builders.NOW.replace(month=7, day=1)))
        editions.extend(store, heals.id, "scoring", builders.NOW.replace(month=7, day=20), actor="admin")
    heals.advance()
    with heals.database.read() as store:
        assert "due:healing" in {one.kind for one in store.open_deadlines(heals.id, 1)}
