"""Forms and the entries that they become: quota, a second channel, ranks, earlier winners, publicity, composition, the deadline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from models.edition import Entry
from models.errors import InputError, NotAllowed, NotFound, Stale, TooLate
from models.process import Process
from models.submitting import Fact, FormDraft, Laureate, QuotaGrant
from rules import intake
from tasks import editions, handing_in
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock
from tests.tasks.driving import ON_SQLITE, Season

FIELDS: list[dict[str, Any]] = [
    {"name": "group", "title": {"zh": "组别", "en": "Group"}, "kind": "choice", "choices": ["成人组", "青少年组"]},
    {"name": "level", "title": {"zh": "级别", "en": "Level"}, "kind": "choice", "choices": ["处级", "其他"]},
    {"name": "tier", "title": {"zh": "申报等级", "en": "Tier"}, "kind": "choice", "choices": ["一等奖", "二等奖", "三等奖"]},
    {"name": "genre", "title": {"zh": "体裁", "en": "Genre"}, "kind": "choice", "choices": ["作品", "译文"]},
]  # fmt: skip
Make = Callable[..., Season]


@pytest.fixture
def make(installed: Installation, clock: Clock, artifacts: list[dict[str, Any]]) -> Make:
    """An edition of works of art whose submission is open, of a declaration with some changes."""

    def opened(*, most: int = 3, kind: dict[str, Any] | None = None, **stage: Any) -> Season:
        society = {"title": {"zh": "省级学会", "en": "Societies"}, "max": {"artwork": most}, **(kind or {})}
        works = {
            "name": "artwork",
            "title": {"zh": "科普美术", "en": "Art"},
            "subject": "artwork",
            "counter": "件",
            "awards": 1,
            "fields": FIELDS,
        }
        stages = [
            {
                **one,
                **(stage if one["kind"] == "submission" else {}),
                **({"counts": {"artwork": 2}} if one["kind"] == "shortlisting" else {}),
            }
            for one in builders.DECLARATION["stages"]
        ]
        process = builders.a_process(classes=[works], nominators={"society": society}, stages=stages)
        edition = builders.keep(installed.database, builders.an_edition(process))
        season = Season(installed, clock, edition).local("2026-05-10 09:00")
        builders.put(installed.database, edition.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")])
        return season.go("submission")

    return opened


def unit(season: Season, code: str = "N01") -> str:
    return f"{season.id}/n/{code}"


def values(title: str = "海洋之光", **changes: Any) -> dict[str, Any]:
    return {
        "title": title, "unit": "示例小学", "email": "art@example.org", "authors": [{"name": "丙三", "unit": "示例小学", "title": ""}],
        "statement": "描绘发光生物。", "licence": "同意", "group": "成人组", **changes,
    }  # fmt: skip


def written(season: Season, title: str = "海洋之光", *, code: str = "N01", **changes: Any) -> FormDraft:
    draft = handing_in.start(season.id, unit(season, code), "artwork")
    return handing_in.save(draft.id, unit(season, code), values(title, **changes), draft.revision)


def hand_in(season: Season, title: str = "海洋之光", *, code: str = "N01", **changes: Any) -> Entry:
    return handing_in.submit(written(season, title, code=code, **changes).id, unit(season, code))


def refused(season: Season, title: str, *, code: str = "N01", **changes: Any) -> list[str]:
    before = season.snapshot()
    draft = written(season, title, code=code, **changes)
    with pytest.raises(InputError) as caught:
        handing_in.submit(draft.id, unit(season, code))
    assert season.snapshot() == before
    return [fault.zh for fault in caught.value.faults]


def state_fact(season: Season, name: str, value: Any, code: str = "N01") -> None:
    with season.database.write() as store:
        store.put_fact(Fact(unit(season, code), name, value, store.real_now, "admin"))


def test_a_form_becomes_an_entry_with_its_event_and_receipt_in_one_transaction(make: Make) -> None:
    season = make()
    entry = hand_in(season)
    assert (entry.id, entry.code, entry.state, entry.nominator) == (f"{season.id}/e/A0001", "A0001", "submitted", unit(season))
    assert season.events("EntrySubmitted") == [("EntrySubmitted", {"entry": "A0001", "again": False})]
    assert [one.params["titles"] for one in season.mails("entries_received")] == [["海洋之光"]]
    with season.database.read() as store:
        draft = store.draft_of(entry.id)
    assert draft is not None
    assert (draft.state, draft.entry) == ("submitted", entry.id)


def test_a_change_counts_when_it_is_handed_in_and_not_before(make: Make) -> None:
    season = make()
    entry = hand_in(season)
    draft = handing_in.form_of(entry.id, unit(season))
    draft = handing_in.save(draft.id, unit(season), {"title": "海洋之光二"}, draft.revision)
    assert (draft.state, season.entries()[0].title) == ("draft", "海洋之光")
    changed = handing_in.submit(draft.id, unit(season))
    assert (changed.id, changed.code, changed.title) == (entry.id, "A0001", "海洋之光二")
    assert changed.key == intake.entry_keys("artwork", "海洋之光二", "示例小学", {})[0]
    assert [payload["again"] for _, payload in season.events("EntrySubmitted")] == [False, True]


@ON_SQLITE
def test_an_entry_that_came_in_a_table_is_changed_by_a_form(make: Make) -> None:
    season = make()
    season.hand_in([builders.an_entry("W1", class_name="artwork", title="表中的作品")])
    (entry,) = season.entries()
    draft = handing_in.form_of(entry.id, unit(season))
    assert draft.values["title"] == "表中的作品"
    assert draft.values["authors"] == [{"name": "丙三", "unit": "丙小学", "title": ""}]
    draft = handing_in.save(draft.id, unit(season), {"title": "改过的作品"}, draft.revision)
    assert handing_in.submit(draft.id, unit(season)).id == entry.id
    assert handing_in.form_of(entry.id, unit(season)).id == draft.id


def test_a_save_on_an_old_state_is_refused_and_the_same_again_is_not(make: Make) -> None:
    season = make()
    draft = handing_in.start(season.id, unit(season), "artwork")
    first = handing_in.save(draft.id, unit(season), values(), 0)
    assert first.revision == 1
    assert handing_in.save(draft.id, unit(season), values(), 0) == first
    with pytest.raises(Stale):
        handing_in.save(draft.id, unit(season), values("另一版"), 0)
    assert handing_in.save(draft.id, unit(season), values("另一版"), 1).revision == 2


def test_a_quota_is_kept_and_told_with_what_is_left_and_a_withdrawal_frees_it(make: Make) -> None:
    season = make(most=2)
    first = hand_in(season, "作品一")
    hand_in(season, "作品二")
    (told,) = refused(season, "作品三")
    assert told == "“科普美术”的推荐名额为2，已用2，剩余0，不能再提交；请撤回一项，或向评审办公室申请增加名额"
    hand_in(season, "他单位的作品", code="N02")
    handing_in.withdraw(first.id, unit(season))
    third = hand_in(season, "作品三")
    assert (third.code, third.state) == ("A0004", "submitted")
    with pytest.raises(InputError, match="The quota of Art is 2"):
        handing_in.restore(first.id, unit(season))
    assert {one.code: one.state for one in season.entries()}["A0001"] == "withdrawn"


def test_a_grant_and_a_fact_widen_the_quota(make: Make) -> None:
    season = make(most=1, kind={"max_if": {"has_association": {"artwork": 2}}})
    hand_in(season, "作品一")
    refused(season, "作品二")
    state_fact(season, "has_association", True)
    hand_in(season, "作品二")
    refused(season, "作品三")
    with season.database.write() as store:
        store.add_quota_grant(QuotaGrant("g1", season.id, unit(season), "artwork", 1, "成绩突出", "admin", store.real_now))
    hand_in(season, "作品三")


def test_a_share_of_the_units_own_first_round_limits_each_tier(make: Make) -> None:
    share = {"by": "tier", "of": {"一等奖": "0.05", "二等奖": "0.20", "三等奖": "0.50"}}
    season = make(most=40, kind={"share": share})
    assert "尚未填报本单位初评" in refused(season, "作品一", tier="一等奖")[0]
    state_fact(season, "first_round:artwork", 43)
    hand_in(season, "作品一", tier="一等奖")
    hand_in(season, "作品二", tier="一等奖")
    (told,) = refused(season, "作品三", tier="一等奖")
    assert told == "本单位初评43项，“一等奖”最多推荐2项，已用2项；各等级剩余名额：一等奖0、二等奖8、三等奖21"
    hand_in(season, "作品三", tier="二等奖")


def test_a_subject_comes_by_one_channel_unless_the_office_is_to_decide(make: Make) -> None:
    season = make()
    hand_in(season, "海洋之光")
    assert refused(season, "海洋 之光。") == ["贵单位已提交过同一申报项（A0001《海洋之光》），请修改那一项，或删去本表"]
    assert refused(season, "海洋之光", code="N02") == ["该申报项已由示例省N01学会推荐；同一申报项只能由一个渠道推荐，请与该单位协商"]


def test_two_channels_are_both_taken_where_the_office_decides(make: Make) -> None:
    season = make(duplicates="ask")
    first = hand_in(season, "海洋之光")
    second = hand_in(season, "海洋之光", code="N02")
    assert (first.state, second.state, first.key == second.key) == ("submitted", "submitted", False)
    with season.database.read() as store:
        assert [(one.first, one.second, one.why) for one in store.duplicates(season.id)] == [(first.id, second.id, "work")]
    assert handing_in.submit(handing_in.form_of(second.id, unit(season, "N02")).id, unit(season, "N02")).key == second.key


def test_a_withdrawn_subject_may_come_again_and_cannot_then_be_brought_back(make: Make) -> None:
    season = make()
    first = hand_in(season)
    handing_in.withdraw(first.id, unit(season))
    assert handing_in.withdraw(first.id, unit(season)).state == "withdrawn"
    second = hand_in(season)
    assert (second.code, second.state) == ("A0002", "submitted")
    with pytest.raises(InputError, match="handed in the same subject already"):
        handing_in.restore(first.id, unit(season))
    handing_in.withdraw(second.id, unit(season))
    assert handing_in.restore(first.id, unit(season)).state == "submitted"
    assert [kind for kind, _ in season.events("EntryWithdrawn", "EntryRestored")] == ["EntryWithdrawn", "EntryWithdrawn", "EntryRestored"]


def test_a_withdrawn_entry_that_is_imported_again_becomes_a_new_one(make: Make) -> None:
    season = make()
    new = builders.an_entry("W1", class_name="artwork", title="表中的作品")
    season.hand_in([new])
    handing_in.withdraw(season.entries()[0].id, unit(season))
    for _ in range(2):
        season.hand_in([new])
    assert [(one.code, one.state) for one in season.entries()] == [("A0001", "withdrawn"), ("A0002", "submitted")]


def test_ranks_run_without_gaps_whatever_is_withdrawn_and_brought_back(make: Make) -> None:
    season = make(ranked=True)
    first, second, third = (hand_in(season, f"作品{number}") for number in (1, 2, 3))
    assert [first.rank, second.rank, third.rank] == [1, 2, 3]
    handing_in.withdraw(first.id, unit(season))
    assert {one.code: one.rank for one in season.entries()} == {"A0001": None, "A0002": 1, "A0003": 2}
    handing_in.restore(first.id, unit(season))
    assert {one.code: one.rank for one in season.entries()} == {"A0001": 3, "A0002": 1, "A0003": 2}
    draft = handing_in.form_of(second.id, unit(season))
    assert handing_in.submit(draft.id, unit(season)).rank == 1


def test_earlier_winners_and_excluded_genres_cannot_be_handed_in(make: Make) -> None:
    season = make(not_again={}, excluded_genres=["译文"])
    key = intake.entry_keys("artwork", "获奖旧作", "示例小学", {})[0]
    with season.database.write() as store:
        store.put_laureates([Laureate("l1", "sample", "2019", "artwork", key, "获奖旧作", "示例小学", "名单.xlsx")])
    assert refused(season, "获奖旧作") == ["曾在2019届获奖（获奖旧作），按规定不再参评"]
    assert refused(season, "一篇译文", genre="译文") == ["“译文”不属于本次评选的体裁范围，不能提交"]
    hand_in(season, "新作", genre="作品")


def test_a_unit_hands_in_after_its_own_publicity_is_proven(make: Make) -> None:
    season = make(publicity_proof={"days": 5})
    assert refused(season, "作品一")[0].startswith("须先在本单位公示5个工作日")
    state_fact(season, "publicity", {"from": "2026-04-27", "until": "2026-05-08", "url": "https://example.org/gs"})
    hand_in(season, "作品一")


def test_a_limit_on_the_list_keeps_out_whom_it_counts_and_nobody_else(make: Make) -> None:
    rule = {"field": "level", "values": ["处级"], "title": {"zh": "处级干部", "en": "Division heads"}, "max_share": "0.20"}
    season = make(most=20, composition=[rule])
    (told,) = refused(season, "处长甲", level="处级")
    assert told.startswith("名单共1项，“处级干部”1项，不得超过20%（0项）：处长甲")
    for number in range(4):
        hand_in(season, f"一线{number}", level="其他")
    hand_in(season, "处长甲", level="处级")
    (told,) = refused(season, "处长乙", level="处级")
    assert "处长甲、处长乙" in told


def test_the_deadline_is_24_00_and_after_it_nothing_moves(make: Make) -> None:
    season = make()
    entry, draft = hand_in(season, "作品一"), written(season, "作品二")
    season.local("2026-05-31 23:59")
    season.at(season.clock.now.replace(second=59))
    assert handing_in.submit(draft.id, unit(season)).code == "A0002"
    form = handing_in.form_of(entry.id, unit(season))
    season.local("2026-06-01 00:00")
    acts: list[Callable[[], Any]] = [
        lambda: handing_in.start(season.id, unit(season), "artwork"),
        lambda: handing_in.save(form.id, unit(season), {"title": "迟到"}, form.revision),
        lambda: handing_in.submit(form.id, unit(season)),
        lambda: handing_in.form_of(entry.id, unit(season)),
        lambda: handing_in.remove(form.id, unit(season)),
        lambda: handing_in.bring_back(form.id, unit(season)),
        lambda: handing_in.withdraw(entry.id, unit(season)),
        lambda: handing_in.restore(entry.id, unit(season)),
    ]
    before = season.snapshot()
    for act in acts:
        with pytest.raises(TooLate):
            act()
    assert season.snapshot() == before


@ON_SQLITE
def test_before_the_call_nothing_is_begun(make: Make, installed: Installation) -> None:
    season = make()
    process = Process.model_validate({**season.edition.process.model_dump(mode="json", exclude_unset=True), "edition": "2027"})
    planned = builders.keep(installed.database, builders.an_edition(process))
    builders.put(installed.database, planned.id, nominators=[builders.a_nominator("N01")])
    with pytest.raises(NotAllowed, match="has not begun"):
        handing_in.start(planned.id, f"{planned.id}/n/N01", "artwork")


@ON_SQLITE
def test_another_unit_finds_nothing_and_changes_nothing(make: Make) -> None:
    season = make()
    entry, draft = hand_in(season, "作品一"), written(season, "作品二")
    other = unit(season, "N02")
    before = season.snapshot()
    acts: list[Callable[[], Any]] = [
        lambda: handing_in.save(draft.id, other, values(), draft.revision), lambda: handing_in.submit(draft.id, other),
        lambda: handing_in.remove(draft.id, other), lambda: handing_in.bring_back(draft.id, other),
        lambda: handing_in.form_of(entry.id, other), lambda: handing_in.withdraw(entry.id, other),
        lambda: handing_in.restore(entry.id, other),
    ]  # fmt: skip
    for act in acts:
        with pytest.raises(NotFound):
            act()
    assert season.snapshot() == before


@ON_SQLITE
def test_a_removed_form_is_kept_and_comes_back_and_changes_of_an_entry_are_put_away(make: Make) -> None:
    season = make()
    draft = written(season)
    assert handing_in.remove(draft.id, unit(season)).state == "removed"
    with pytest.raises(NotAllowed, match="bring it back"):
        handing_in.submit(draft.id, unit(season))
    assert handing_in.bring_back(draft.id, unit(season)).state == "draft"
    entry = handing_in.submit(draft.id, unit(season))
    form = handing_in.form_of(entry.id, unit(season))
    form = handing_in.save(form.id, unit(season), {"title": "没有交的改动"}, form.revision)
    form = handing_in.remove(form.id, unit(season))
    assert (form.state, form.values["title"], season.entries()[0].title) == ("submitted", "海洋之光", "海洋之光")


@ON_SQLITE
def test_an_archived_or_classified_entry_cannot_be_changed_by_its_unit(make: Make) -> None:
    season = make()
    entry = hand_in(season)
    draft = handing_in.form_of(entry.id, unit(season))
    with season.database.write() as store:
        store.set_entry_states({entry.id: "duplicate"})
    for act in (handing_in.form_of, handing_in.withdraw, handing_in.restore):
        with pytest.raises(NotAllowed):
            act(entry.id, unit(season))
    with pytest.raises(NotAllowed):
        handing_in.save(draft.id, unit(season), {"title": "改"}, draft.revision)


@ON_SQLITE
def test_units_with_drafts_are_reminded_with_their_number(make: Make) -> None:
    season = make()
    hand_in(season, "作品一")
    for number in (2, 3):
        written(season, f"作品{number}")
    hand_in(season, "他单位的作品", code="N02")
    with season.database.write() as store:
        assert editions.remind(store, season.id, actor="admin") == 1
    assert [(one.to_address, one.params["drafts"]) for one in season.mails("call_reminder")] == [("n01@example.org", 2)]


@ON_SQLITE
def test_set_aside_entries_reach_neither_the_form_check_nor_the_draw(make: Make) -> None:
    season = make()
    gone, stays = hand_in(season, "作品一"), hand_in(season, "作品二")
    handing_in.withdraw(gone.id, unit(season))
    season.put(reviewers=[builders.a_reviewer(f"R0{number}") for number in range(1, 7)])
    season.local("2026-06-01 08:00").advance()
    states = {one.id: one.state for one in season.entries()}
    assert states == {gone.id: "withdrawn", stays.id: "assigned"}
    with season.database.read() as store:
        assert {one.entry for one in store.assignments(season.id, 1)} == {stays.id}


@ON_SQLITE
def test_the_office_imports_within_what_was_granted_and_without_what_was_withdrawn(make: Make) -> None:
    season = make(most=1)
    handing_in.withdraw(hand_in(season, "作品一").id, unit(season))
    season.hand_in([builders.an_entry("W2", class_name="artwork", title="作品二")])
    refused(season, "作品三")


@ON_SQLITE
def test_a_copy_of_an_earlier_edition_is_found_by_the_units_name(make: Make) -> None:
    season = make()
    process = season.edition.process.model_copy(update={"edition": "2025"})
    before = builders.keep(season.database, builders.an_edition(process, created_at=datetime.fromisoformat("2025-04-01T00:00:00+00:00")))
    builders.put(
        season.database, before.id, nominators=[builders.a_nominator("Z9", name="示例省Ｎ０１学会", email="z@example.org")],
        entries=[builders.an_entry("W7", class_name="artwork", title="去年的作品", nominator="Z9")],
    )  # fmt: skip
    draft = handing_in.start(season.id, unit(season), "artwork", copy_of=f"{before.id}/e/W7")
    assert draft.values["title"] == "去年的作品"
    with pytest.raises(NotFound):
        handing_in.start(season.id, unit(season, "N02"), "artwork", copy_of=f"{before.id}/e/W7")
