"""Spreadsheets of people and entries: the whole file or nothing of it, and every fault with its place and its remedy."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from models.errors import InputError, NotAllowed
from tasks import importing
from tests.tasks.driving import ON_SQLITE, Season

ENTRY_HEAD = ["类别", "论文题目", "单位", "电子邮箱", "推荐单位编号", "学科代码", "作者", "发表期刊", "发表日期", "摘要"]
NOMINATOR_HEAD = ["编号", "推荐单位名称", "推荐渠道", "邮箱", "联系人"]


def a_row(number: int = 1, **changes: str) -> list[str]:
    values = {
        "类别": "学术论文",
        "论文题目": f"深部煤层微震前兆识别之{number}",
        "单位": "甲大学",
        "电子邮箱": f"a{number}@example.org",
        "推荐单位编号": "N01",
        "学科代码": "440.20",
        "作者": "甲一，乙二",
        "发表期刊": "示例学报",
        "发表日期": "2024-05-01",
        "摘要": "提出一种方法。",
    }
    return list({**values, **changes}.values())


def a_sheet(folder: Path, head: list[str], *rows: list[Any], name: str = "申报.xlsx", sheet: str = "申报表") -> Path:
    book = xlsxwriter.Workbook(str(folder / name))
    page = book.add_worksheet(sheet)
    for number, row in enumerate([head, *rows]):
        page.write_row(number, 0, row)
    book.close()
    return folder / name


def a_csv(folder: Path, head: list[str], *rows: list[Any], encoding: str = "utf-8", name: str = "申报.csv") -> Path:
    path = folder / name
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows([head, *rows])
    return path


@pytest.fixture
def called(season: Season) -> Season:
    season.local("2026-04-01 08:00").advance()
    return season


def faults(season: Season, path: Path, what: importing.What = "entries", **values: Any) -> list[str]:
    """Messages of a refused import, of which nothing was kept."""
    before = season.snapshot()
    with pytest.raises(InputError) as refused:
        importing.take(season.id, what, path, actor="cli", **values)
    assert season.snapshot() == before
    return str(refused.value).splitlines()


def test_entries_are_kept_with_codes_that_reveal_nothing_and_their_nominators_get_a_receipt(called: Season, tmp_path: Path) -> None:
    path = a_sheet(tmp_path, ENTRY_HEAD, *(a_row(number) for number in (1, 2)), a_row(3, 推荐单位编号="N02"))
    assert importing.take(called.id, "entries", path, actor="cli") == "申报.xlsx: 3 new entries, 0 updated"
    entries = called.entries()
    assert sorted(one.code for one in entries) == ["P0001", "P0002", "P0003"]
    assert [one["name"] for one in entries[0].fields["authors"]] == ["甲一", "乙二"]
    assert {one.to_address[:3]: len(one.params["titles"]) for one in called.mails("entries_received")} == {"n01": 2, "n02": 1}
    assert called.events("EntriesImported") == [("EntriesImported", {"file": "申报.xlsx", "new": 3, "updated": 0})]


def test_the_same_file_again_updates_and_sends_no_second_receipt(called: Season, tmp_path: Path) -> None:
    path = a_sheet(tmp_path, ENTRY_HEAD, a_row(1), a_row(2))
    importing.take(called.id, "entries", path, actor="cli")
    codes = {one.title: one.code for one in called.entries()}
    assert importing.take(called.id, "entries", path, actor="cli") == "申报.xlsx: 0 new entries, 2 updated"
    assert {one.title: one.code for one in called.entries()} == codes
    assert len(called.mails("entries_received")) == 1
    importing.take(called.id, "entries", a_sheet(tmp_path, ENTRY_HEAD, a_row(1, 单位="乙大学"), a_row(3)), actor="cli")
    assert {one.title[-1]: (one.unit, one.code) for one in called.entries()} == {
        "1": ("乙大学", codes["深部煤层微震前兆识别之1"]),
        "2": ("甲大学", codes["深部煤层微震前兆识别之2"]),
        "3": ("甲大学", "P0003"),
    }


@ON_SQLITE
def test_every_fault_of_a_file_is_told_with_file_sheet_row_column_and_remedy(called: Season, tmp_path: Path) -> None:
    path = a_sheet(
        tmp_path,
        ENTRY_HEAD,
        a_row(1),
        a_row(2, 发表日期="去年春天"),
        a_row(3, 推荐单位编号="N99"),
        a_row(1),
        a_row(5, 电子邮箱="无"),
        a_row(6, 类别="油画"),
        a_row(7, 作者=""),
    )
    told = faults(called, path)
    places = [line.partition(" ")[0].removeprefix("申报.xlsx:申报表:") for line in told]
    assert places == ["3:I", "4:E", "5:B", "6:D", "7:A", "8:G"]
    assert all(": " in line and " -> " in line for line in told)
    assert faults(called, path, dry_run=True) == told


@ON_SQLITE
def test_a_missing_column_is_named_once(called: Season, tmp_path: Path) -> None:
    head = [name for name in ENTRY_HEAD if name != "发表日期"]
    (told,) = faults(called, a_sheet(tmp_path, head, *([*a_row(number)[:8], a_row(number)[9]] for number in (1, 2, 3))))
    assert "发表日期" in told
    assert " -> " in told


@ON_SQLITE
def test_a_dry_run_says_what_would_be_kept_and_keeps_nothing(called: Season, tmp_path: Path) -> None:
    before = called.snapshot()
    said = importing.take(called.id, "entries", a_sheet(tmp_path, ENTRY_HEAD, a_row(1)), actor="cli", dry_run=True)
    assert said == "申报.xlsx: 1 new entries, 0 updated (dry run, nothing was kept)"
    assert called.snapshot() == before


@ON_SQLITE
def test_a_csv_in_gbk_is_read_as_it_was_meant(called: Season, tmp_path: Path) -> None:
    importing.take(called.id, "entries", a_csv(tmp_path, ENTRY_HEAD, a_row(1, 单位="西安某某大学"), encoding="gbk"), actor="cli")
    assert [one.unit for one in called.entries()] == ["西安某某大学"]


@ON_SQLITE
def test_more_than_twenty_thousand_rows_are_refused_before_anything_is_kept(called: Season, tmp_path: Path) -> None:
    (told,) = faults(called, a_csv(tmp_path, ENTRY_HEAD, *(a_row(number) for number in range(20_001))))
    assert told == "申报.csv: file has 20,001 rows; at most 20,000; split it"


@ON_SQLITE
def test_a_subject_comes_by_one_channel_and_a_quota_holds_across_files(called: Season, tmp_path: Path) -> None:
    importing.take(called.id, "entries", a_sheet(tmp_path, ENTRY_HEAD, *(a_row(number) for number in range(1, 5))), actor="cli")
    (told,) = faults(called, a_sheet(tmp_path, ENTRY_HEAD, a_row(1, 推荐单位编号="N02")))
    assert "'深部煤层微震前兆识别之1' is already put forward by 示例省N01学会 -> settle between the two units" in told
    (told,) = faults(called, a_sheet(tmp_path, ENTRY_HEAD, a_row(1), a_row(5), a_row(6)))
    assert told == "申报.xlsx:申报表: 示例省N01学会 may put forward 1 more of 学术论文, this file brings 2 -> leave out 1 of them"


@ON_SQLITE
def test_after_the_deadline_nothing_is_taken(called: Season, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed, match="submission is over; extend its deadline before importing entries"):
        importing.take(called.local("2026-06-01 00:00").id, "entries", a_sheet(tmp_path, ENTRY_HEAD, a_row(1)), actor="cli")
    assert called.entries() == ()


def test_nominators_who_come_late_are_called_at_once(called: Season, tmp_path: Path) -> None:
    rows = [["N01", "示例省甲学会", "省级学会", "n01@example.org", "白秘书"], ["N07", "示例省丙学会", "省级学会", "n07@example.org", ""]]
    path = a_sheet(tmp_path, NOMINATOR_HEAD, *rows)
    assert importing.take(called.id, "nominators", path, actor="cli") == "申报.xlsx: 2 nominators"
    assert called.addressees("call_opened") == ["n01", "n02", "n07"]
    with called.database.read() as store:
        assert [(one.code, one.name) for one in store.nominators(called.id)] == [
            ("N01", "示例省甲学会"),
            ("N02", "示例省N02学会"),
            ("N07", "示例省丙学会"),
        ]


@ON_SQLITE
def test_before_the_call_nominators_are_kept_and_not_yet_called(season: Season, tmp_path: Path) -> None:
    importing.take(
        season.id, "nominators", a_sheet(tmp_path, NOMINATOR_HEAD, ["N07", "示例省丙学会", "省级学会", "n07@example.org", ""]), actor="cli"
    )
    assert season.mails() == []


@ON_SQLITE
def test_reviewers_and_committee_are_kept_by_code(season: Season, tmp_path: Path) -> None:
    reviewers = a_sheet(
        tmp_path,
        ["专家编号", "姓名", "工作单位", "邮箱", "职称", "最多评审数"],
        ["R01", "阿卜杜拉•买买提", "甲大学", "r1@example.org", "教授", 7],
    )
    said = importing.take(season.id, "reviewers", reviewers, actor="cli")
    assert said == "申报.xlsx: 1 reviewers, 1 addresses corrected and 0 mails sent again"
    committee = a_csv(
        tmp_path,
        ["编号", "姓名", "工作单位", "邮箱", "部门"],
        ["M09", "赵九", "乙大学", "m9@example.org", ""],
        ["P09", "钱十", "人事厅", "p9@example.org", "人事部门"],
    )
    assert importing.take(season.id, "committee", committee, actor="cli") == "申报.csv: 2 committee members and signatories"
    with season.database.read() as store:
        one = store.reviewer(f"{season.id}/r/R01")
        assert (one.name, one.max_load) == ("阿卜杜拉·买买提", 7)
        member, signatory = store.member(f"{season.id}/m/M09"), store.member(f"{season.id}/m/P09")
    assert (member.role, signatory.role, signatory.party) == ("committee", "party", "personnel")
    assert [kind for kind, _ in season.events()] == ["AddressCorrected", "ReviewersImported", "CommitteeImported"]


@ON_SQLITE
def test_rows_taken_for_totals_are_named(season: Season, tmp_path: Path) -> None:
    listed = [["M09", "赵九", "乙大学", "m9@example.org", ""], ["合计", "1", "", "", ""]]
    committee = a_csv(tmp_path, ["编号", "姓名", "工作单位", "邮箱", "部门"], *listed)
    said = importing.take(season.id, "committee", committee, actor="cli")
    assert said.startswith("申报.csv: 1 committee members and signatories; left out as totals or notes: row 3 (合计)")


@ON_SQLITE
@pytest.mark.parametrize("what", ["nominators", "reviewers", "committee"])
def test_one_bad_row_keeps_the_whole_file_out(season: Season, tmp_path: Path, what: importing.What) -> None:
    head = {
        "nominators": NOMINATOR_HEAD,
        "reviewers": ["专家编号", "姓名", "工作单位", "邮箱"],
        "committee": ["编号", "姓名", "工作单位", "邮箱"],
    }[what]
    good = ["X1", "甲甲", "省级学会" if what == "nominators" else "甲大学", "x1@example.org"]
    told = faults(
        season, a_sheet(tmp_path, head, good, ["X2", "乙乙", "省级学会", "不是邮箱"], ["X1", "丙丙", "省级学会", "x3@example.org"]), what
    )
    assert [line.split(":")[2] for line in told] == ["3", "4"]
