"""The form of an entry: what it asks, what it refuses, and that reading and typing are each other's reverse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.edition import Entry
from models.errors import Fault, InputError
from models.intake import NewEntry
from models.process import Process
from rules import forms, intake
from tests import builders

TEXT = {"zh": "本人承诺材料真实。", "en": "Everything is true."}
FIELDS: list[dict[str, Any]] = [
    {"name": "group", "title": {"zh": "组别", "en": "Group"}, "kind": "choice", "choices": ["成人组", "青少年组"], "required": True,
     "section": {"zh": "作品", "en": "The work"}},
    {"name": "school", "title": {"zh": "就读学校", "en": "School kind"}, "kind": "choice", "choices": ["小学", "中学"],
     "when": {"group": ["青少年组"]}},
    {"name": "guardian", "title": {"zh": "监护人", "en": "Guardian"}, "required": True, "when": {"school": ["小学"]}},
    {"name": "hours", "title": {"zh": "服务时长", "en": "Hours"}, "kind": "number", "eligible_min": "20"},
    {"name": "made_on", "title": {"zh": "完成日期", "en": "Finished on"}, "kind": "date", "earliest": "2025-01-01", "latest": "2025-12-31"},
    {"name": "summary", "title": {"zh": "简介", "en": "Summary"}, "max_length": 10},
    {"name": "picture", "title": {"zh": "作品照片", "en": "Picture"}, "kind": "file", "required": True,
     "section": {"zh": "附件", "en": "Files"}},
    {"name": "truth", "title": {"zh": "承诺", "en": "Declaration"}, "kind": "declaration", "required": True, "text": TEXT},
]  # fmt: skip


def a_process(fields: list[dict[str, Any]] | None = None, **stage: Any) -> Process:
    works = {"name": "artwork", "title": {"zh": "科普美术", "en": "Science art"}, "subject": "artwork", "counter": "件", "awards": 2}
    return builders.a_process(
        classes=[{**works, "fields": FIELDS if fields is None else fields}],
        nominators={"society": {"title": {"zh": "省级学会", "en": "Societies"}, "max": {"artwork": 3}}},
        stages=[
            {
                **one,
                **(stage if one["kind"] == "submission" else {}),
                **({"counts": {"artwork": 2}} if one["kind"] == "shortlisting" else {}),
            }
            for one in builders.DECLARATION["stages"]
        ],
    )


PROCESS = a_process()
DECLARED = {one.name: one for one in forms.fields(PROCESS, "artwork")}
GOOD: dict[str, Any] = {
    "title": "  海洋 之光 ", "unit": "示例 小学 ( 东校区 )", "email": "ART＠example.org", "rank": "２",
    "authors": [
        {"name": "丙　三", "unit": "示例小学", "title": "教师"},
        {"name": "", "unit": "", "title": ""},
        {"name": "丁四", "unit": "", "title": ""},
    ],
    "statement": "描绘发光生物。", "licence": "同意", "group": "成人组", "hours": "２０",
    "made_on": "2025年5月3日", "summary": "十个字以内的简介",
    "truth": forms.text_digest(DECLARED["truth"]),
}  # fmt: skip


def read(values: dict[str, Any], *, attached: tuple[str, ...] = ("picture",), process: Process = PROCESS) -> NewEntry:
    return forms.read(process, "artwork", values, attached=attached, nominator="N01")


def refused(attached: tuple[str, ...] = ("picture",), **changes: Any) -> dict[str, str]:
    """Field -> the Chinese sentence."""
    with pytest.raises(InputError) as caught:
        read(GOOD | changes, attached=attached)
    return {fault.field: fault.zh for fault in caught.value.faults}


def as_entry(new: NewEntry) -> Entry:
    return Entry("e", "x", "A0001", new.key, new.class_name, "", new.title, new.unit, new.email, "n", new.rank, new.fields)


def test_a_form_in_order_becomes_an_entry_as_a_spreadsheet_would() -> None:
    fields = {
        "authors": [{"name": "丙三", "unit": "示例小学", "title": "教师"}, {"name": "丁四", "unit": ""}], "statement": "描绘发光生物。",
        "licence": "同意", "group": "成人组", "hours": "20", "made_on": "2025-05-03", "summary": "十个字以内的简介",
        "truth": forms.text_digest(DECLARED["truth"]),
    }  # fmt: skip
    key = intake.entry_keys("artwork", "海洋 之光", "示例小学（东校区）", fields)[0]
    assert read(GOOD) == NewEntry(key, "artwork", "海洋 之光", "示例小学（东校区）", "ART@example.org", "N01", 2, fields)


def test_every_fault_is_told_at_once_with_its_field() -> None:
    told = refused(
        (),
        title="",
        email="无",
        authors=[{"name": "", "unit": "某校", "title": ""}],
        group="老年组",
        hours="许多",
        summary="超过了十个字的一段简介",
        truth="",
    )
    assert told == {
        "title": "请填写此项",
        "email": "“无”不是有效的电子邮箱，请填写一个邮箱，如 name@example.org",
        "authors": "第 1 人没有姓名，请填写或删去这一行",
        "group": "“老年组”不在选项中，请选择：成人组、青少年组",
        "hours": "“许多”不是数字，请只写数字，不带单位",
        "summary": "共 11 字，最多 10 字，请删减",
        "picture": "请上传文件",
        "truth": "请阅读并勾选",
    }


def test_length_counts_characters_and_not_bytes() -> None:
    assert read(GOOD | {"summary": "𠮷" * 10}).fields["summary"] == "𠮷" * 10
    assert refused(summary="𠮷" * 11) == {"summary": "共 11 字，最多 10 字，请删减"}
    assert read(GOOD | {"summary": " " + "e\u0301" * 9 + "\r\n "}).fields["summary"] == "é" * 9


def test_what_could_never_be_eligible_is_refused_at_once() -> None:
    assert refused(hours="19.5") == {"hours": "“服务时长”为19.5，要求不少于20"}
    assert refused(made_on="2024.12") == {"made_on": "“完成日期”为2024-12，早于2025-01"}


def test_a_condition_on_a_field_that_is_not_asked_does_not_hold() -> None:
    def names(**values: str) -> set[str]:
        return {one.name for one in forms.asked(PROCESS, "artwork", values)}

    assert {"school", "guardian"} & names(group="成人组", school="小学") == set()
    assert {"school", "guardian"} & names(group="青少年组") == {"school"}
    assert {"school", "guardian"} & names(group="青少年组", school="小学") == {"school", "guardian"}


def test_values_of_fields_that_are_not_asked_stay_out_of_the_entry() -> None:
    assert "guardian" not in read(GOOD | {"school": "小学", "guardian": "戊五"}).fields
    asked = read(GOOD | {"group": "青少年组", "school": "小学", "guardian": "戊五"}).fields
    assert (asked["school"], asked["guardian"]) == ("小学", "戊五")


def test_sections_begin_where_a_field_has_a_heading() -> None:
    found = [(one.title.zh if one.title else "", [field.name for field in one.fields]) for one in forms.sections(DECLARED.values())]
    assert found[0] == ("", ["title", "unit", "email", "rank"])
    assert found[-2:] == [
        ("作品", ["group", "school", "guardian", "hours", "made_on", "summary"]),
        ("附件", ["picture", "truth"]),
    ]


def test_a_ranked_list_leaves_the_place_to_the_list() -> None:
    ranked = a_process(ranked=True)
    assert "rank" not in {one.name for one in forms.fields(ranked, "artwork")}
    assert read(GOOD, process=ranked).rank is None


def test_a_tick_counts_for_its_text_only() -> None:
    changed = [{**one, "text": {"zh": "另一段承诺。", "en": "Something else."}} if one["name"] == "truth" else one for one in FIELDS]
    with pytest.raises(InputError) as caught:
        read(GOOD, process=a_process(changed))
    assert [one.zh for one in caught.value.faults] == ["承诺文字已更新，请重新阅读并勾选"]


def test_a_required_file_that_is_only_named_must_still_arrive() -> None:
    assert refused((), picture="海洋.jpg") == {"picture": "文件“海洋.jpg”尚未上传，请上传"}
    assert read(GOOD | {"picture": "海洋.jpg"}).fields["picture"] == "海洋.jpg"


def test_more_people_than_the_field_takes_are_refused() -> None:
    crowd = [{"name": f"作者{number}", "unit": "", "title": ""} for number in range(6)]
    assert refused(authors=crowd) == {"authors": "共 6 人，最多填写 5 人，请保留前 5 人"}
    assert read(GOOD | {"authors": "甲一（某校）、乙二"}).fields["authors"] == [
        {"name": "甲一", "unit": "某校"},
        {"name": "乙二", "unit": ""},
    ]


def test_reading_what_was_typed_from_an_entry_gives_the_entry() -> None:
    new = read(GOOD)
    assert read(forms.typed(as_entry(new), PROCESS)) == new


def test_a_copy_leaves_out_files_ticks_ranks_foreign_choices_and_days_outside_the_window() -> None:
    fields = {**read(GOOD).fields, "picture": "海洋.jpg", "made_on": "2023-01-01", "group": "老年组"}
    old = NewEntry("k", "artwork", "海洋之光", "示例小学", "art@example.org", "N01", 2, fields)
    kept = forms.copied(as_entry(old), PROCESS)
    assert sorted(kept) == ["authors", "email", "hours", "licence", "statement", "summary", "title", "unit"]


@pytest.mark.parametrize("bad", ["\x00", "\ud800", "\u202e", "\u200b", "\ufffe", "x" * 1_000_000])
def test_a_draft_keeps_no_text_that_a_database_could_not(bad: str) -> None:
    with pytest.raises(InputError) as caught:
        forms.clean_values(PROCESS, "artwork", {"statement": f"甲{bad}", "authors": [{"name": f"乙{bad}"}], "title": "好题目"})
    assert {one.field for one in caught.value.faults} == {"statement", "authors"}
    assert all(one.zh for one in caught.value.faults)


@given(
    st.dictionaries(st.sampled_from([*DECLARED, "nothing"]), st.text() | st.lists(st.dictionaries(st.sampled_from(forms.PARTS), st.text())))
)
def test_whatever_is_typed_is_kept_or_refused_by_field(values: dict[str, Any]) -> None:
    kept: dict[str, Any] = {}
    faults: list[Fault] = []
    try:
        kept = forms.clean_values(PROCESS, "artwork", values)
        assert forms.clean_values(PROCESS, "artwork", kept) == kept
        read(kept)
    except InputError as refusal:
        faults += refusal.faults
    assert set(kept) <= set(DECLARED)
    assert all(one.field in DECLARED and one.zh and one.what for one in faults)
