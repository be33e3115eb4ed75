"""The form check by people: who decides, what is sent back, what happens when its time is over, and when the stage closes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.edition import Deadline
from models.errors import InputError, NotAllowed, NotFound, Stale, TooLate
from models.submitting import Finding
from rules import forms
from rules.checked_forms import Progress
from rules.progress import Settle, Wait, next_step
from rules.simulation import Temper
from tasks import arriving, check_deadlines, checking, correcting, deciding, editions, failpoints, synthetic_checkers, uploads
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.tasks.conftest import people
from tests.tasks.driving import ON_SQLITE, Season
from tests.tasks.sending import FILES

pytestmark = pytest.mark.usefixtures("artifacts")

ANN, BO, CY = "ann@example.org", "bo@example.org", "cy@example.org"
ABSTRACT = Finding("incomplete", "abstract", "缺少结论")
OUT = Finding("conditions", note="不在范围内")
CHANGED = "提出一种自适应识别方法，在三个矿区得到验证，误报率下降一半。"


def a_season(installed: Installation, clock: Clock, **stage: Any) -> Season:
    """An edition with form checkers, three papers handed in, its deadline just past."""
    changes = {"accept_by": "checker"} | stage
    edition = builders.keep(installed.database, builders.an_edition(builders.a_process(**builders.a_stage_change("submission", **changes))))
    made = Season(installed, clock, edition).local("2026-04-01 08:00")
    people(made)
    made.advance()
    made.hand_in([builders.an_entry(f"A0{number}", nominator=f"N0{1 + number % 2}", fields=_fields(number)) for number in (1, 2, 3)])
    made.local("2026-06-01 00:00").advance()
    return made


def _fields(number: int) -> dict[str, Any]:
    return dict(builders.an_entry().fields) | {"doi": f"10.0000/example.{number}"}


@pytest.fixture
def checked(installed: Installation, clock: Clock) -> Season:
    """One checker decides on each entry."""
    return a_season(installed, clock)


def say(season: Season, key: str, outcome: str, *findings: Finding, by: str = ANN, turn: int = 0) -> Progress:
    entry = next(one for one in season.entries() if one.key == key)
    return deciding.decide(season.id, entry.id, by, outcome, findings, turn=turn)


def code(season: Season, key: str) -> str:
    return next(one.code for one in season.entries() if one.key == key)


def places(season: Season) -> dict[str, str]:
    with season.database.read() as store:
        return {one.entry.key: one.progress.place for one in checking.items(store, season.run("submission"))}


def correct(season: Season, key: str, turn: int = 1, **values: Any) -> None:
    entry = next(one for one in season.entries() if one.key == key)
    correcting.correct(season.id, entry.nominator, entry.code, forms.typed(entry, season.edition.process) | values, turn=turn)


def deadlines(season: Season) -> dict[str, datetime]:
    with season.database.read() as store:
        return {one.kind.split(":")[1] if one.kind.startswith("due:") else one.kind: one.at for one in store.open_deadlines(season.id, 0)}


# -- the stage stays open ---------------------------------------------------------------------------------------------


def test_the_stage_stays_open_until_every_entry_is_decided(checked: Season) -> None:
    assert checked.states() == {"submission": "open"}
    assert isinstance(next_step(editions.situation(checked.id)), Wait)
    say(checked, "A01", "eligible")
    say(checked, "A02", "ineligible", OUT)
    checked.advance()
    assert (checked.states(), places(checked)) == ({"submission": "open"}, {"A01": "decided", "A02": "decided", "A03": "to_check"})
    assert set(checked.entry_states().values()) == {"submitted"}  # nobody is told before all is decided
    say(checked, "A03", "not_accepted", Finding("wrong_genre"))
    checked.advance()
    assert checked.states() == {"scoring": "open"}
    assert checked.entry_states() == {"A01": "assigned", "A02": "ineligible", "A03": "not_accepted"}
    assert {one.key: one.reasons for one in checked.entries("ineligible", "not_accepted")} == {
        "A02": ("条件未达：不在范围内",), "A03": ("体裁不符",),
    }  # fmt: skip
    told = {one.to_address: one.params for one in checked.mails("form_result")}
    assert [len(told[f"n0{number}@example.org"]["accepted"]) for number in (1, 2)] == [0, 1]
    assert [one["reasons"] for number in (1, 2) for one in told[f"n0{number}@example.org"]["refused"]] == [
        ["条件未达：不在范围内"], ["体裁不符"],
    ]  # fmt: skip


@ON_SQLITE
def test_nothing_is_decided_while_entries_can_still_change(checked: Season) -> None:
    checked.local("2026-05-31 23:59")
    with pytest.raises(NotAllowed, match="after nominations have ended"):
        say(checked, "A01", "eligible")
    checked.local("2026-06-01 00:00")
    assert say(checked, "A01", "eligible").outcome == "eligible"


@ON_SQLITE
def test_after_an_extension_what_was_said_before_counts_no_more(checked: Season) -> None:
    say(checked, "A01", "eligible")
    with checked.database.write() as store:
        editions.extend(store, checked.id, "submission", datetime(2026, 6, 10, 16, tzinfo=UTC), actor="admin")
    checked.local("2026-06-11 00:00")
    assert places(checked)["A01"] == "to_check"


@ON_SQLITE
def test_a_decision_can_be_changed_until_the_stage_closes(checked: Season) -> None:
    say(checked, "A01", "eligible")
    say(checked, "A01", "ineligible", OUT, by=BO)
    for key in ("A02", "A03"):
        say(checked, key, "eligible")
    checked.advance()
    assert checked.entry_states()["A01"] == "ineligible"
    with pytest.raises(NotAllowed):
        say(checked, "A01", "eligible")


@ON_SQLITE
def test_who_decides_while_the_stage_is_about_to_close_keeps_it_open(checked: Season) -> None:
    for key in ("A01", "A02", "A03"):
        say(checked, key, "eligible")
    lease = checked.lease()
    say(checked, "A02", "correction", ABSTRACT)
    assert check_deadlines.begin_closing.fn(lease, 0) is False
    assert checked.states() == {"submission": "open"}


@ON_SQLITE
@pytest.mark.parametrize(
    ("outcome", "findings", "fields"),
    [
        ("", (), {"outcome"}),
        ("perhaps", (), {"outcome"}),
        ("ineligible", (), {"findings"}),
        ("correction", (Finding("incomplete"),), {"findings"}),
        ("correction", (Finding("incomplete", "nominator"),), {"findings"}),
        ("ineligible", (Finding("nonsense"),), {"findings"}),
        ("ineligible", (Finding("incomplete", "nonsense"),), {"findings"}),
        ("ineligible", (Finding("incomplete", "", "字" * 501),), {"note"}),
        ("ineligible", (Finding("incomplete", "", "\x00"),), {"note"}),
        ("eligible", (ABSTRACT,), {"outcome"}),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused_whole(
    checked: Season, outcome: str, findings: tuple[Finding, ...], fields: set[str]
) -> None:
    with pytest.raises(InputError) as refused:
        say(checked, "A01", outcome, *findings)
    assert {one.field for one in refused.value.faults} == fields
    assert all(one.zh for one in refused.value.faults)
    assert places(checked)["A01"] == "to_check"


@ON_SQLITE
def test_entries_that_were_set_aside_are_in_nobodys_way(checked: Season) -> None:
    with checked.database.write() as store:
        store.set_entry_states({one.id: "duplicate" for one in checked.entries() if one.key == "A03"})
    with pytest.raises(NotFound):
        say(checked, "A03", "eligible")
    say(checked, "A01", "eligible")
    say(checked, "A02", "eligible")
    checked.advance()
    assert checked.entry_states() == {"A01": "assigned", "A02": "assigned", "A03": "duplicate"}


# -- corrections ------------------------------------------------------------------------------------------------------


def test_an_entry_is_sent_back_corrected_and_decided_anew(checked: Season) -> None:
    say(checked, "A01", "correction", ABSTRACT, Finding("incomplete", "title"))
    assert (checked.entry_states()["A01"], places(checked)["A01"]) == ("correction", "sent_back")
    mail = checked.mails("correction_asked")[0]
    assert (mail.to_address, mail.params["due"]) == ("n02@example.org", "2026-06-04T16:00:00+00:00")
    assert [one["zh"] for one in mail.params["reasons"]] == ["填报不全（摘要）：缺少结论", "填报不全（论文题目）"]
    with pytest.raises(NotAllowed, match="was sent back"):
        say(checked, "A01", "eligible", turn=1)
    correct(checked, "A01", abstract=CHANGED, title="新的题目", journal="偷换的期刊", email="other@example.org")
    entry = next(one for one in checked.entries() if one.key == "A01")
    assert (entry.title, entry.fields["abstract"], entry.fields["journal"], entry.email, entry.state) == (
        "新的题目", CHANGED, "示例学报", "a01@example.org", "submitted",
    )  # fmt: skip
    assert entry.fields["grant_no"] == "SECRET-77"
    assert places(checked)["A01"] == "to_check"
    assert {"correction", "last_call"}.isdisjoint(deadlines(checked))
    with pytest.raises(Stale):
        say(checked, "A01", "eligible", turn=0)
    with pytest.raises(InputError, match="has been sent back 1 times"):
        say(checked, "A01", "correction", ABSTRACT, turn=1)
    assert say(checked, "A01", "eligible", turn=1).outcome == "eligible"
    assert [kind for kind, _ in checked.events("CorrectionAsked", "CorrectionAnswered")] == ["CorrectionAsked", "CorrectionAnswered"]


def test_three_working_days_from_the_mail_and_on_day_four_at_midnight_it_is_over(checked: Season) -> None:
    checked.local("2026-06-04 15:00")  # a Thursday: Friday, Monday and Tuesday count
    say(checked, "A01", "correction", ABSTRACT)
    due = datetime.fromisoformat("2026-06-10T00:00+08:00")
    assert (deadlines(checked)["correction"], deadlines(checked)["last_call"]) == (due, due - timedelta(days=1))
    checked.at(due - timedelta(days=1)).advance()
    assert [one.params["last_call"] for one in checked.mails("correction_asked")] == [False, True]
    checked.at(due - timedelta(seconds=1)).advance()
    assert checked.entry_states()["A01"] == "correction"
    checked.at(due).advance()
    assert checked.entry_states()["A01"] == "ineligible"
    assert [one.to_address for one in checked.mails("correction_lapsed")] == ["n02@example.org"]
    (entry,) = checked.entries("ineligible")
    assert entry.reasons == ("逾期未补正", "填报不全（摘要）：缺少结论")
    with pytest.raises(TooLate):
        correct(checked, "A01", abstract=CHANGED)
    before = checked.snapshot()
    checked.advance()
    assert checked.snapshot() == before
    say(checked, "A02", "eligible")
    say(checked, "A03", "eligible")
    checked.advance()
    assert checked.entry_states() == {"A01": "ineligible", "A02": "assigned", "A03": "assigned"}
    assert [len(one.params["refused"]) for one in sorted(checked.mails("form_result"), key=lambda one: one.to_address)] == [0, 1]


def test_the_engine_that_comes_late_or_twice_refuses_an_uncorrected_entry_once(checked: Season) -> None:
    say(checked, "A01", "correction", ABSTRACT)
    checked.local("2026-06-20 00:00")
    step = next_step(editions.situation(checked.id))
    assert isinstance(step, Settle)
    lease = checked.lease()
    check_deadlines.settle.fn(lease, 0, step.due)
    check_deadlines.settle.fn(lease, 0, step.due)
    correction = Deadline(0, checked.id, 0, f"due:correction:{code(checked, 'A01')}", checked.clock.now)
    check_deadlines.settle.fn(lease, 0, correction)
    check_deadlines.settle.fn(lease, 0, correction)
    assert len(checked.events("CorrectionLapsed")) == len(checked.mails("correction_lapsed")) == 1


def test_a_correction_at_the_last_second_stands_though_the_engine_comes_after_it(checked: Season) -> None:
    say(checked, "A01", "correction", ABSTRACT)
    checked.local("2026-06-04 23:59")
    correct(checked, "A01", abstract=CHANGED)
    checked.local("2026-06-05 00:00").advance()
    assert (checked.entry_states()["A01"], checked.mails("correction_lapsed")) == ("submitted", [])


@ON_SQLITE
def test_a_correction_with_faults_keeps_nothing_and_names_only_fields_that_are_open(checked: Season) -> None:
    say(checked, "A01", "correction", ABSTRACT)
    with pytest.raises(InputError) as refused:
        correct(checked, "A01", abstract="", title="", email="nonsense")
    assert [one.field for one in refused.value.faults] == ["abstract"]
    with pytest.raises(InputError):
        correct(checked, "A01", abstract="字" * 501)
    assert checked.entry_states()["A01"] == "correction"
    assert checked.events("CorrectionAnswered") == []


@ON_SQLITE
def test_nobody_corrects_what_belongs_to_another_unit_or_was_never_sent_back(checked: Season) -> None:
    say(checked, "A01", "correction", ABSTRACT)
    for key, unit in (("A01", "N01"), ("A02", "N01"), ("X99", "N01")):
        with pytest.raises(NotFound):
            correcting.correct(checked.id, f"{checked.id}/n/{unit}", code(checked, key) if key != "X99" else key, {}, turn=1)


@ON_SQLITE
def test_the_same_correction_twice_is_told_so(checked: Season) -> None:
    say(checked, "A01", "correction", ABSTRACT)
    correct(checked, "A01", abstract=CHANGED)
    with pytest.raises(NotAllowed, match="handed in already"):
        correct(checked, "A01", abstract=CHANGED)


def test_how_often_an_entry_is_sent_back_is_declared(installed: Installation, clock: Clock) -> None:
    season = a_season(installed, clock, max_corrections=2)
    for turn in (0, 1):
        say(season, "A01", "correction", ABSTRACT, turn=turn)
        correct(season, "A01", turn=turn + 1, abstract=CHANGED)
    with pytest.raises(InputError, match="2 are allowed"):
        say(season, "A01", "correction", ABSTRACT, turn=2)


# -- four eyes --------------------------------------------------------------------------------------------------------


def test_with_four_eyes_two_checkers_must_agree(installed: Installation, clock: Clock) -> None:
    season = a_season(installed, clock, four_eyes=True)
    assert say(season, "A01", "eligible").place == "second"
    assert say(season, "A01", "eligible").place == "second"  # the same person once more is no second one
    assert say(season, "A01", "ineligible", OUT, by=BO).place == "disputed"
    assert season.mails("form_result") == []
    assert say(season, "A01", "ineligible", OUT, by=ANN).outcome == "ineligible"
    assert say(season, "A02", "eligible").place == "second"
    assert say(season, "A02", "not_accepted", OUT, by=BO).place == "disputed"
    assert say(season, "A02", "not_accepted", OUT, by=CY).outcome == "not_accepted"  # a third one decides


def test_with_four_eyes_nothing_is_sent_back_before_two_agree_and_then_all_that_either_found(installed: Installation, clock: Clock) -> None:
    season = a_season(installed, clock, four_eyes=True)
    say(season, "A01", "correction", ABSTRACT)
    assert (season.mails("correction_asked"), season.entry_states()["A01"]) == ([], "submitted")
    say(season, "A01", "correction", Finding("incomplete", "journal"), by=BO)
    (sent,) = season.events("CorrectionAsked")
    assert sent[1]["fields"] == ["abstract", "journal"]
    assert [len(one.params["reasons"]) for one in season.mails("correction_asked")] == [2]


@ON_SQLITE
def test_the_events_do_not_tell_the_first_result(installed: Installation, clock: Clock) -> None:
    season = a_season(installed, clock, four_eyes=True)
    say(season, "A01", "ineligible", OUT)
    say(season, "A01", "ineligible", OUT, by=BO)
    assert ["outcome" in payload for _, payload in season.events("EntryChecked")] == [False, True]


# -- publicity of the accepted entries -------------------------------------------------------------------------------


def test_accepted_entries_are_public_for_the_declared_natural_days(installed: Installation, clock: Clock) -> None:
    season = a_season(installed, clock, publicity_days=7)
    say(season, "A01", "eligible")
    say(season, "A02", "eligible")
    season.local("2026-06-02 10:00").advance()
    assert season.events("AcceptedPosted") == []
    say(season, "A03", "ineligible", OUT)
    season.advance()
    season.advance()
    (posted,) = season.events("AcceptedPosted")
    assert (posted[1]["count"], posted[1]["first_day"], posted[1]["last_day"]) == (2, "2026-06-03", "2026-06-09")
    assert season.states() == {"submission": "open"}
    with pytest.raises(NotAllowed, match="only be taken off"):
        say(season, "A03", "eligible")
    say(season, "A02", "ineligible", OUT)  # somebody has objected
    season.local("2026-06-09 23:59").advance()
    assert season.states() == {"submission": "open"}
    season.local("2026-06-10 00:00").advance()
    assert (season.states(), season.entry_states()) == (
        {"scoring": "open"}, {"A01": "assigned", "A02": "ineligible", "A03": "ineligible"},
    )  # fmt: skip


@ON_SQLITE
def test_where_nothing_is_accepted_nothing_is_posted_and_an_admin_is_told(installed: Installation, clock: Clock) -> None:
    season = a_season(installed, clock, publicity_days=7)
    for key in ("A01", "A02", "A03"):
        say(season, key, "ineligible", OUT)
    season.advance()
    assert (season.events("AcceptedPosted"), season.states()) == ([], {"submission": "blocked"})


# -- the next step ----------------------------------------------------------------------------------------------------


def press(season: Season) -> str:
    with season.database.write() as store:
        return editions.request_next(store, season.id, actor="admin:ann@example.org")


def test_the_next_step_ends_nominations_early_and_then_says_what_is_awaited(checked: Season) -> None:
    checked.local("2026-05-20 12:00")
    assert "nominations for sample-2026 have ended" in press(checked)
    checked.advance()
    assert (checked.states(), checked.run("submission").cutoff) == ({"submission": "open"}, checked.clock.now)
    say(checked, "A01", "eligible")
    say(checked, "A02", "correction", ABSTRACT)
    with pytest.raises(NotAllowed, match="1 wait for a form checker, 1 were sent back to be corrected"):
        press(checked)


@ON_SQLITE
def test_the_clock_of_a_rehearsal_goes_from_moment_to_moment_of_the_form_check(installed: Installation, clock: Clock) -> None:
    process = builders.a_process(name="trial", **builders.a_stage_change("submission", accept_by="checker"))
    edition = builders.keep(installed.database, builders.an_edition(process, rehearsal=True))
    trial = Season(installed, clock, edition).local("2026-04-01 08:00")
    people(trial)
    trial.advance()
    trial.hand_in([builders.an_entry("A01")])
    assert press(trial) == "the clock of this rehearsal now shows 2026-06-01 00:00"
    say(trial, "A01", "correction", ABSTRACT)
    assert press(trial) == "the clock of this rehearsal now shows 2026-06-04 00:00"
    trial.advance()
    assert press(trial) == "the clock of this rehearsal now shows 2026-06-05 00:00"
    trial.advance()
    assert [kind for kind, _ in trial.events("CorrectionLapsed", "StageBlocked")] == ["CorrectionLapsed", "StageBlocked"]


@ON_SQLITE
def test_where_rules_decide_no_form_checker_does(installed: Installation, clock: Clock) -> None:
    season = Season(installed, clock, builders.keep(installed.database, builders.an_edition(), at="submission"))
    with pytest.raises(NotFound, match="accept_by: rule"):
        deciding.decide(season.id, "x", ANN, "eligible", (), turn=0)


# -- files, post, people who do not exist ------------------------------------------------------------------------------


def test_a_file_that_was_sent_back_is_replaced_and_no_other_one(installed: Installation, clock: Clock) -> None:
    season = a_season(installed, clock)
    say(season, "A01", "correction", Finding("not_proven", "full_text"))
    entry = next(one for one in season.entries() if one.key == "A01")
    with season.database.read() as store:
        draft = store.draft_of(entry.id)
        unit = next(one for one in store.nominators(season.id) if one.id == entry.nominator)
    assert draft is not None
    with pytest.raises(TooLate):
        arriving.begin(unit, season.id, draft=draft.id, field="blind_text", name="x.pdf", size=10)
    content = (FILES / "libreoffice.pdf").read_bytes()
    upload = arriving.begin(unit, season.id, draft=draft.id, field="full_text", name="全文.pdf", size=len(content))
    moved, file = arriving.open_at(upload.id, unit.id, 0)
    with file:
        file.write(content)
        arriving.move_on(moved, file)
    with pytest.raises(InputError):  # it is still being examined
        correct(season, "A01")
    assert uploads.examine(upload.id).state == "kept"
    correct(season, "A01")
    with season.database.read() as store:
        (kept,) = store.files(entry.id)
    assert (kept.name, kept.media_type) == (f"{entry.code}-1.pdf", "application/pdf")
    assert season.entry_states()["A01"] == "submitted"


@pytest.mark.parametrize("point", ["settle_correction.before", "settle_correction.uncommitted", "settle_correction.after"])
def test_an_engine_that_dies_while_it_refuses_an_entry_does_so_once_in_the_end(
    checked: Season, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    say(checked, "A01", "correction", ABSTRACT)
    checked.local("2026-06-20 00:00")
    monkeypatch.setattr(failpoints, "_ORDERS", {point: "raise"})
    monkeypatch.setattr(failpoints, "_SEEN", Counter())
    with pytest.raises(failpoints.InjectedFailure):
        checked.advance()
    assert (checked.entry_states()["A01"] == "ineligible") == point.endswith("after")
    checked.advance()
    assert checked.entry_states()["A01"] == "ineligible"
    assert len(checked.events("CorrectionLapsed")) == len(checked.mails("correction_lapsed")) == 1


@ON_SQLITE
def test_the_link_of_whoever_must_correct_lives_long_enough(checked: Season) -> None:
    checked.local("2026-07-29 10:00")  # two days before nominators' links would end
    say(checked, "A01", "correction", ABSTRACT)
    with checked.database.read() as store:
        grant = store.grant_of(checked.id, "nominator", f"{checked.id}/n/N02")
    assert grant is not None
    assert grant.expires_at > deadlines(checked)["correction"]


@ON_SQLITE
def test_what_came_by_post_is_added_while_forms_are_checked_where_postmarks_count(installed: Installation, clock: Clock) -> None:
    season = a_season(installed, clock, postmark=True)
    season.hand_in([builders.an_entry("A04", fields=_fields(4))])
    assert places(season)["A04"] == "to_check"
    with pytest.raises(NotAllowed, match="these are known: 深部煤层微震前兆识别 A01"):
        season.hand_in([builders.an_entry("A01", fields=_fields(1))])
    for key in ("A01", "A02", "A03", "A04"):
        say(season, key, "eligible")
    season.advance()
    with pytest.raises(NotAllowed, match="is over"):
        season.hand_in([builders.an_entry("A05", fields=_fields(5))])


@ON_SQLITE
def test_without_postmarks_nothing_is_added_after_the_deadline(checked: Season) -> None:
    with pytest.raises(NotAllowed, match="is over"):
        checked.hand_in([builders.an_entry("A04", fields=_fields(4))])


@ON_SQLITE
def test_nominators_are_not_called_any_more_while_forms_are_checked(checked: Season) -> None:
    with checked.database.write() as store, pytest.raises(NotAllowed, match="3 wait for a form checker"):
        editions.remind(store, checked.id, actor="admin")
    assert checked.mails("call_reminder") == []


@ON_SQLITE
@pytest.mark.parametrize("stage", [{}, {"four_eyes": True}, {"publicity_days": 7}, {"max_corrections": 0}, {"sealed": True}])
def test_people_who_do_not_exist_bring_the_form_check_to_its_end(installed: Installation, clock: Clock, stage: dict[str, Any]) -> None:
    process = builders.a_process(name="trial", **builders.a_stage_change("submission", accept_by="checker", **stage))
    trial = Season(installed, clock, builders.keep(installed.database, builders.an_edition(process, rehearsal=True)))
    trial.local("2026-04-01 08:00")
    people(trial)
    trial.advance()
    # Rows of the same unit, each a subject of its own; so many that some are sent back and some of those never corrected.
    trial.put(nominators=[builders.a_nominator(f"N{number:02}") for number in range(3, 13)])
    units = [f"N{number:02}" for number in range(1, 13)]
    trial.hand_in([builders.an_entry(f"A{number:02}", nominator=unit, fields=_fields(number)) for number, unit in enumerate(units)])
    temper = Temper(sent_back=0.5, uncorrected=0.5)
    for _turn in range(12):
        run = trial.run("submission")
        if run.state != "open":
            break
        if run.cutoff is not None and trial.edition.now(clock.now) >= run.cutoff:
            synthetic_checkers.check(trial.edition, run, temper)
        trial.advance()
        if trial.run("submission").state == "open" and isinstance(next_step(editions.situation(trial.id)), Wait):
            press(trial)
    assert trial.run("submission").state == "closed"
    states = Counter(trial.entry_states().values())
    lapsed = len(trial.events("CorrectionLapsed"))
    assert (states["assigned"] + states["eligible"], states["ineligible"]) == (12 - lapsed, lapsed)
    assert (len(trial.events("CorrectionAsked")) > lapsed > 0) == (stage.get("max_corrections") != 0)
    assert len(trial.events("AcceptedPosted")) == ("publicity_days" in stage)
