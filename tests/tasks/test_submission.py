"""Submission: calls, reminders to silent nominators only, the form check and what is told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.errors import NotAllowed, StageNotReady
from models.store import Database
from tasks import editions, submission
from tests import builders
from tests.tasks.driving import ON_SQLITE, Season


@pytest.fixture
def called(season: Season) -> Season:
    """The submission is open."""
    season.local("2026-04-01 08:00").advance()
    return season


@ON_SQLITE
def test_nothing_happens_before_the_first_day(season: Season) -> None:
    season.local("2026-03-31 23:59")
    assert season.advance() == "sample-2026: submission is planned, until 2026-03-31T16:00:00+00:00"
    assert (season.mails(), season.events()) == ([], [])
    season.local("2026-04-01 00:00").advance()
    assert season.states() == {"submission": "open"}


def test_every_nominator_is_called_once_with_a_link_and_its_quota(called: Season) -> None:
    assert called.addressees("call_opened") == ["n01", "n02"]
    first = called.mails("call_opened")[0]
    assert [(line["title"]["zh"], line["max"]) for line in first.params["quota"]] == [("学术论文", 5), ("科普美术", 3)]
    with called.database.read() as store:
        grants = store.grants(called.id, "nominator")
    assert sorted(grants) == ["sample-2026/n/N01", "sample-2026/n/N02"]
    cutoff = called.run("submission").cutoff
    assert cutoff is not None
    assert {one.expires_at for one in grants.values()} == {cutoff + timedelta(days=60)}
    called.advance()
    assert called.addressees("call_opened") == ["n01", "n02"]


@ON_SQLITE
def test_a_nominator_who_comes_late_is_called_at_once(called: Season) -> None:
    called.put(nominators=[builders.a_nominator("N03")])
    with called.database.write() as store:
        submission.invite(store, called.edition, called.run("submission"))
    assert called.addressees("call_opened") == ["n01", "n02", "n03"]


@ON_SQLITE
def test_only_silent_nominators_are_reminded(called: Season) -> None:
    called.hand_in([builders.an_entry("A01", nominator="N01")])
    called.local("2026-05-24 23:59").advance()
    assert called.mails("call_reminder") == []
    called.local("2026-05-25 00:00").advance()  # seven days before 24:00 of 31 May
    assert [(one.to_address, one.params["days_left"]) for one in called.mails("call_reminder")] == [("n02@example.org", 7)]
    called.advance()
    assert called.addressees("call_reminder") == ["n02"]
    called.local("2026-05-31 01:00").advance()
    assert called.addressees("call_reminder") == ["n02", "n02"]


@ON_SQLITE
def test_after_a_long_sleep_people_get_one_reminder_not_several(called: Season) -> None:
    called.local("2026-05-31 12:00").advance()
    assert called.addressees("call_reminder") == ["n01", "n02"]
    assert {one.params["days_left"] for one in called.mails("call_reminder")} == {1}
    assert [kind for kind, _ in called.events("RemindersQueued")] == ["RemindersQueued"]


@ON_SQLITE
def test_a_late_reminder_tells_the_days_that_are_left(called: Season) -> None:
    called.local("2026-05-28 09:30").advance()  # the one of seven days before, after half a week without an engine
    assert {one.params["days_left"] for one in called.mails("call_reminder")} == {4}
    called.local("2026-05-31 00:00:07").advance()
    assert [one.params["days_left"] for one in called.mails("call_reminder")] == [4, 4, 1, 1]


@ON_SQLITE
def test_entries_are_taken_until_the_last_second_of_the_deadline(called: Season) -> None:
    called.local("2026-05-31 23:59:59").hand_in([builders.an_entry("A01")])
    with pytest.raises(NotAllowed, match="submission is over; extend its deadline"):
        called.local("2026-06-01 00:00").hand_in([builders.an_entry("A02")])
    assert [one.key for one in called.entries()] == ["A01"]


@ON_SQLITE
def test_the_form_check_decides_by_rule_and_tells_each_nominator_its_own(called: Season) -> None:
    short = {**builders.an_entry().fields, "grant_no": "x"}
    called.hand_in(
        [builders.an_entry("A01"), builders.an_entry("A02", fields=short), builders.an_entry("W01", class_name="artwork", nominator="N02")]
    )
    with called.database.write() as store:  # what the rule finds wrong: here a field that became required after the entries came
        stored = store.edition(called.id)
    assert [one.name for one in stored.process.classes] == ["paper", "artwork"]
    called.local("2026-06-01 00:00").advance()
    assert {one.key: (one.state, one.group) for one in called.entries()} == {
        "A01": ("assigned", "paper"), "A02": ("assigned", "paper"), "W01": ("assigned", "artwork"),
    }  # fmt: skip
    results = {one.to_address[:3]: one.params for one in called.mails("form_result")}
    assert sorted(line["title"] for line in results["n01"]["accepted"]) == ["深部煤层微震前兆识别 A01", "深部煤层微震前兆识别 A02"]
    assert [line["title"] for line in results["n02"]["accepted"]] == ["深部煤层微震前兆识别 W01"]
    assert called.events("EntryChecked") == [("EntryChecked", {"eligible": 3})]


@pytest.fixture
def strict(database: Database, season: Season) -> Season:
    """An edition of a process that asks papers for ten citations."""
    classes = [dict(one) for one in builders.DECLARATION["classes"]]
    classes[0]["fields"] = [
        {"name": "citations", "title": {"zh": "他引次数", "en": "Citations"}, "kind": "number", "required": True, "eligible_min": 10}
    ]
    process = builders.a_process(name="strict", classes=classes)
    edition = builders.keep(database, builders.an_edition(process))
    made = Season(season.installed, season.clock, edition)
    made.put(
        nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")],
        reviewers=[builders.a_reviewer(f"R0{n}") for n in range(1, 7)],
    )
    made.local("2026-04-01 08:00").advance()
    return made


def cited(key: str, citations: str | None, **changes: str) -> builders.NewEntry:
    fields = {**builders.an_entry().fields, **({} if citations is None else {"citations": citations})}
    return builders.an_entry(key, fields=fields, **changes)


def test_reasons_are_told_to_the_nominator_in_words(strict: Season) -> None:
    strict.hand_in([cited("A01", "10"), cited("A02", "9.5"), cited("A03", None, nominator="N02")])
    strict.local("2026-06-01 00:00").advance()
    assert {one.key: (one.state, one.reasons) for one in strict.entries()} == {
        "A01": ("assigned", ()),
        "A02": ("ineligible", ("“他引次数”为9.5，要求不少于10",)),
        "A03": ("ineligible", ("“他引次数”未填写",)),
    }
    results = {one.to_address[:3]: one.params for one in strict.mails("form_result")}
    assert results["n01"]["refused"] == [{"title": "深部煤层微震前兆识别 A02", "reasons": ["“他引次数”为9.5，要求不少于10"]}]
    assert (results["n02"]["accepted"], len(results["n02"]["refused"])) == ([], 1)


def test_with_nobody_eligible_the_stage_is_blocked_at_once_and_goes_on_after_an_extension(strict: Season) -> None:
    with strict.database.write() as store:
        store.put_admin("admin@example.org", "管理员", "admin")
    strict.hand_in([cited("A01", "1")])
    strict.local("2026-06-01 00:00")
    assert "1 entries were put forward and none is eligible; import entries and extend the deadline" in strict.advance()
    assert strict.states() == {"submission": "blocked"}
    assert strict.entry_states() == {"A01": "submitted"}  # nothing of the check was kept
    assert [one.to_address for one in strict.mails("stage_blocked")] == ["admin@example.org"]
    with strict.database.write() as store:
        editions.extend(store, strict.id, "submission", strict.clock.now + timedelta(days=1), actor="admin")
    strict.hand_in([cited("A01", "12")])
    assert strict.states() == {"submission": "open"}
    strict.clock.advance(days=1)
    strict.advance()
    assert strict.entry_states() == {"A01": "assigned"}


@ON_SQLITE
def test_an_edition_without_any_entry_is_not_ready(called: Season) -> None:
    with pytest.raises(StageNotReady, match="0 entries were put forward"):
        submission.check_forms.fn(called.closing("submission"), 0)


@ON_SQLITE
def test_each_step_done_three_times_changes_nothing_after_the_first(season: Season) -> None:
    season.local("2026-04-01 08:00").hand_in([builders.an_entry("A01")])
    lease = season.closing("submission")
    for step, args in ((submission.call_nominators, ()), (submission.remind_nominators, (7, "remind:7:x")), (submission.check_forms, ())):
        step.fn(lease, 0, *args)  # type: ignore[attr-defined]
        once = season.snapshot()
        for _ in range(2):
            step.fn(lease, 0, *args)  # type: ignore[attr-defined]
        assert season.snapshot() == once
