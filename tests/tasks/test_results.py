"""Notice and publication: the period by the official calendar, the result whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.edition import Award
from models.errors import CalendarNotCovered, NotAllowed, NotFound
from rules.digests import digest
from tasks import editions, failpoints, results, shortlisting
from tests import builders
from tests.tasks.driving import ON_SQLITE, Season
from tests.tasks.test_shortlisting import ranked

YEAR_2027 = """
holidays = [2027-01-01, 2027-01-02, 2027-01-03]
workdays = []
source = "示例通知"
"""


@pytest.fixture
def decided(season: Season) -> Season:
    """Two papers of three have seats; the notice is next."""
    ranked(season, {"A01": "90.00", "A02": "80.00", "A03": "70.00"})
    lease = season.lease()
    shortlisting.cut_list.fn(lease, 2)
    editions.drop(lease)
    season.go("signoff")
    with season.database.write() as store:
        lease = store.take_lease(season.id, "t", store.real_now)  # type: ignore[assignment]
        edition = store.edition(season.id)
        version = store.move_stage(lease, edition.stages[4], "closing", version=edition.version)
        store.move_stage(lease, store.edition(season.id).stages[4], "closed", version=version)
        store.give_back(lease)
    return season


def put_calendar(season: Season) -> Path:
    folder = season.installed.settings.data_dir / "calendar" / "cn"
    folder.mkdir(parents=True)
    (folder / "2027.toml").write_text(YEAR_2027, "utf-8")
    return folder


# -- the notice ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("posted", "first", "ends"),
    [
        ("2026-02-11 10:00", "2026-02-12", "2026-02-25"),  # across the Spring Festival; Saturday the 14th is worked
        ("2026-04-28 23:59", "2026-04-29", "2026-05-08"),
        ("2026-06-10 10:00", "2026-06-11", "2026-06-17"),
    ],
)
@ON_SQLITE
def test_the_period_counts_official_working_days_from_the_day_after_posting(decided: Season, posted: str, first: str, ends: str) -> None:
    decided.local(posted).advance()
    with decided.database.read() as store:
        notice, vacant = store.notice(decided.id)  # type: ignore[misc]
    assert (notice.first_day, vacant) == (first, 1)  # nobody put a work of art forward
    assert decided.run("notice").closes_at == notice.until
    (_, posted_event), *_ = decided.events("NoticePosted")
    assert (posted_event["first_day"], posted_event["last_day"]) == (first, ends)
    assert [(one.to_address[:3], one.params["last_day"]) for one in decided.mails("notice_opened")] == [("n01", ends), ("n02", ends)]


def test_the_list_is_frozen_and_states_follow(decided: Season) -> None:
    decided.local("2026-06-10 10:00").advance()
    with decided.database.read() as store:
        notice, _ = store.notice(decided.id)  # type: ignore[misc]
    assert notice.awards == (Award("sample-2026/e/A01", "paper", "", 1), Award("sample-2026/e/A02", "paper", "", 2))
    assert decided.entry_states() == {"A01": "publicised", "A02": "publicised", "A03": "shortlisted"}


@ON_SQLITE
def test_a_notice_cannot_be_cut_short_or_extended(decided: Season) -> None:
    decided.local("2026-06-10 10:00").advance()
    with decided.database.write() as store:
        with pytest.raises(NotAllowed, match="goes on until 2026-06-17 24:00; its period cannot be cut short"):
            editions.request_next(store, decided.id, actor="admin")
        with pytest.raises(NotAllowed, match="its period is fixed"):
            editions.extend(store, decided.id, "notice", decided.clock.now, actor="admin")
        with pytest.raises(NotAllowed, match="nobody can be reminded now"):
            editions.remind(store, decided.id, actor="admin")
    decided.local("2026-06-17 23:59").advance()
    assert decided.states() == {"notice": "open"}
    decided.local("2026-06-18 00:00").advance()
    assert decided.states() == {"publication": "open"}


def test_a_year_without_calendar_blocks_at_once_names_the_file_and_goes_on_when_it_is_there(decided: Season) -> None:
    decided.local("2026-12-28 10:00")
    said = decided.advance()
    assert "2027-01-01: the holidays of 2027 are not known here" in said
    blocked = decided.run("notice").blocked or ""
    assert "add calendar/cn/2027.toml to the data folder" in blocked
    assert decided.run("notice").attempts == 1
    assert decided.addressees("stage_blocked") == ["admin"]
    with decided.database.read() as store:
        assert store.notice(decided.id) is None
    assert decided.entry_states() == dict.fromkeys(("A01", "A02", "A03"), "shortlisted")
    decided.advance()  # blocked: nothing more is tried
    assert decided.addressees("stage_blocked") == ["admin"]
    put_calendar(decided)
    with decided.database.write() as store:
        assert editions.retry(store, decided.id, actor="admin") == "notice is tried again"
    decided.advance()
    with decided.database.read() as store:
        notice, _ = store.notice(decided.id)  # type: ignore[misc]
    # 29, 30, 31 December, then 4 and 5 January.
    assert notice.until.isoformat() == "2027-01-05T16:00:00+00:00"
    assert decided.states() == {"notice": "open"}


@ON_SQLITE
def test_the_step_itself_refuses_what_it_cannot_count(decided: Season) -> None:
    decided.local("2026-12-31 10:00")
    with pytest.raises(CalendarNotCovered):
        results.post_notice.fn(decided.lease(), 5)


# -- publication -------------------------------------------------------------------------------------------------------------


def published(season: Season) -> Season:
    season.local("2026-06-10 10:00").advance()
    season.local("2026-06-18 00:00").advance()
    with season.database.write() as store:
        editions.request_next(store, season.id, actor="admin")
    season.advance()
    return season


def document(season: Season) -> dict[str, Any]:
    with season.database.read() as store:
        return dict(store.publication(season.id).document)


def test_the_result_waits_for_the_admin_and_is_published_once(decided: Season) -> None:
    decided.local("2026-06-10 10:00").advance()
    decided.local("2026-06-18 00:00").advance()
    assert decided.states() == {"publication": "open"}
    with decided.database.read() as store, pytest.raises(NotFound):
        store.publication(decided.id)
    with decided.database.write() as store:
        editions.request_next(store, decided.id, actor="admin")
    assert decided.advance() == "sample-2026: finished"
    assert decided.edition.state == "published"
    assert decided.entry_states() == {"A01": "awarded", "A02": "awarded", "A03": "not_awarded"}
    assert decided.addressees("result_winner") == ["a01", "a02"]
    assert {one.to_address[:3]: len(one.params["awards"]) for one in decided.mails("result_nominator")} == {"n01": 2, "n02": 0}
    before = decided.snapshot()
    assert decided.advance() == "sample-2026: finished"
    assert decided.snapshot() == before
    with decided.database.write() as store, pytest.raises(NotAllowed, match="is published; there is no next step"):
        editions.request_next(store, decided.id, actor="admin")


@ON_SQLITE
def test_the_document_shows_whitelisted_fields_only_and_its_digest_can_be_recomputed(decided: Season) -> None:
    shown = document(published(decided))
    (group,) = shown["groups"]
    assert group["title"] == {"zh": "学术论文", "en": "Papers"}
    assert [(award["place"], award["title"], award["nominator"]) for award in group["awards"]] == [
        (1, "深部煤层微震前兆识别 A01", "示例省N01学会"), (2, "深部煤层微震前兆识别 A02", "示例省N01学会"),
    ]  # fmt: skip
    assert [field["title"]["zh"] for field in group["awards"][0]["fields"]] == ["作者"]
    assert "SECRET-77" not in str(shown)
    assert "@" not in str(shown)
    assert shown["vacant"] == 1
    bare = {key: value for key, value in shown.items() if key not in ("digest", "published_at")}
    assert shown["digest"] == digest(bare)
    with decided.database.read() as store:
        assert store.publication(decided.id).digest == shown["digest"]


@pytest.mark.parametrize("point", ["publish.before", "publish.uncommitted"])
def test_a_failure_inside_leaves_nothing_and_the_next_try_publishes_all(
    decided: Season, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    decided.local("2026-06-10 10:00").advance()
    decided.local("2026-06-18 00:00").advance()
    with decided.database.write() as store:
        editions.request_next(store, decided.id, actor="admin")
    monkeypatch.setattr(failpoints, "_ORDERS", {point: "raise"})
    monkeypatch.setattr(failpoints, "_SEEN", failpoints.Counter())
    with pytest.raises(failpoints.InjectedFailure):
        decided.advance()
    with decided.database.read() as store, pytest.raises(NotFound):
        store.publication(decided.id)
    assert (decided.edition.state, decided.states()) == ("running", {"publication": "closing"})
    assert decided.entry_states() == {"A01": "publicised", "A02": "publicised", "A03": "shortlisted"}
    assert (decided.mails("result_winner"), decided.events("ResultPublished", "EditionPublished")) == ([], [])
    assert decided.run("publication").attempts == 1
    assert decided.advance() == "sample-2026: finished"
    assert decided.edition.state == "published"


@ON_SQLITE
def test_what_fails_again_and_again_is_blocked_at_the_limit_and_admins_are_told(decided: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "allot", lambda store, edition: 1 / 0)
    decided.local("2026-06-10 10:00")
    for attempt in range(1, 6):
        with pytest.raises(ZeroDivisionError):
            decided.advance()
        assert decided.run("notice").attempts == attempt
    assert decided.run("notice").blocked == "ZeroDivisionError: division by zero"
    assert "blocked" in decided.advance()
    assert decided.addressees("stage_blocked") == ["admin"]
    assert [payload["cause"] for _, payload in decided.events("StageBlocked")] == ["ZeroDivisionError: division by zero"]


@ON_SQLITE
def test_steps_done_three_times_change_nothing_after_the_first(decided: Season) -> None:
    decided.local("2026-06-10 10:00")
    lease = decided.lease()
    results.post_notice.fn(lease, 5)
    once = decided.snapshot()
    for _ in range(2):
        results.post_notice.fn(lease, 5)
    assert decided.snapshot() == once
    editions.drop(lease)
    lease = decided.closing("publication")
    results.publish.fn(lease, 6)
    once = decided.snapshot()
    for _ in range(2):
        results.publish.fn(lease, 6)
    assert decided.snapshot() == once


@ON_SQLITE
def test_a_process_without_notice_is_awarded_from_its_list(season: Season) -> None:
    stages = [stage for stage in builders.DECLARATION["stages"] if stage["kind"] not in ("notice", "signoff", "voting")]
    process = builders.a_process(name="short", stages=stages)
    short = Season(season.installed, season.clock, builders.keep(season.database, builders.an_edition(process)))
    short.put(nominators=[builders.a_nominator()])
    ranked(short, {"A01": "90.00", "A02": "80.00", "A03": "70.00"})
    lease = short.lease()
    shortlisting.cut_list.fn(lease, 2)
    editions.drop(lease)
    results.publish.fn(short.closing("publication"), 3)
    assert short.entry_states() == {"A01": "awarded", "A02": "awarded", "A03": "not_awarded"}
    assert document(short)["vacant"] == 1


@ON_SQLITE
def test_without_a_list_nothing_is_awarded(season: Season) -> None:
    with pytest.raises(NotFound, match="there is no shortlist, so nothing can be awarded"):
        results.publish.fn(season.closing("publication"), 6)
