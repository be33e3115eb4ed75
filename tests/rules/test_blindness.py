"""Traces of authors in what should be anonymous, and who may see which file."""

from __future__ import annotations

from typing import Any

import pytest

from models.edition import Entry, File
from rules import blindness
from rules.blindness import Finding, Trace
from tests import builders

PROCESS = builders.a_process()


def an_entry(class_name: str = "paper", **changes: Any) -> Entry:
    new = builders.an_entry(class_name=class_name)
    values: dict[str, Any] = {
        "id": "e/A01", "edition": "sample-2026", "code": "A01", "key": "A01", "class_name": class_name, "group": "", "title": new.title,
        "unit": "海州理工大学", "email": "a01@example.org", "nominator": "n/N01", "rank": None, "fields": dict(new.fields),
        "state": "submitted", "reasons": (),
    }  # fmt: skip
    return Entry(**{**values, **changes})


def with_people(*people: tuple[str, str]) -> Entry:
    entry = an_entry()
    return an_entry(fields={**entry.fields, "authors": [{"name": name, "unit": unit} for name, unit in people]})


def found(text: str, *people: tuple[str, str], page: int = 1) -> list[tuple[int, str]]:
    known = blindness.traces(PROCESS, with_people(*people), "示例省煤炭学会")
    pages = [""] * (page - 1) + [text]
    return [(one.page, one.kind) for one in blindness.scan("A01-2.pdf", known, pages=pages)]


def test_traces_are_names_units_with_short_forms_the_address_and_the_nominator() -> None:
    entry = with_people(("欧阳明月", "海州理工大学"), ("Li Wei", "北方矿业有限公司"))
    assert set(blindness.traces(PROCESS, entry, "示例省煤炭学会")) == {
        Trace("email", "a01@example.org"), Trace("nominator", "示例省煤炭学会"), Trace("unit", "海州理工大学"), Trace("unit", "海州理工"),
        Trace("name", "欧阳明月"), Trace("name", "Li Wei"), Trace("unit", "北方矿业有限公司"), Trace("unit", "北方矿业"),
        Trace("other", "10.0000/example.1"),
    }  # fmt: skip
    person = an_entry("artwork", fields={**builders.an_entry(class_name="artwork").fields, "advisor": "丁老师、戊老师"})
    names = {one.text for one in blindness.traces(PROCESS, person, "") if one.kind == "name"}
    assert names == {"丙三", "丁老师", "戊老师"}


@pytest.mark.parametrize(
    "text",
    ["作者欧阳明月", "欧 阳 明 月", "欧\n阳　明 月", "（欧阳明月）1"],
)
def test_a_name_is_found_however_the_file_spaces_it(text: str) -> None:
    assert found("x" * 900 + text, ("欧阳明月", "")) == [(1, "name")]


def test_full_width_letters_case_and_ligatures_do_not_hide_a_trace() -> None:
    assert found("联系：Ａ０１＠ＥＸＡＭＰＬＥ．ＯＲＧ") == [(1, "email")]
    assert found("by LI  WEI, Ph.D.", ("Li Wei", "")) == [(1, "name")]


def test_a_unit_is_found_without_its_ending_but_not_by_the_name_of_a_town() -> None:
    assert found("海州理工矿业学院的数据") == [(1, "unit")]
    assert found("海州地区的数据", ("", "海州大学")) == []
    assert found("海州大学的数据", ("", "海州大学")) == [(1, "unit")]


def test_a_name_of_two_characters_counts_only_where_people_sign() -> None:
    assert found("高原", ("高原", "")) == [(1, "name")]
    assert found("x" * blindness.HEAD + "青藏高原的冻土", ("高原", "")) == []
    assert found("青藏高原的冻土", ("高原", ""), page=2) == []
    assert found("海州理工大学 高原", ("高原", ""), page=2) == [(2, "unit"), (2, "name")]


def test_a_short_latin_name_counts_only_as_a_word() -> None:
    assert found("Lithium cells", ("Li", "")) == []
    assert found("Lithium cells (Li)", ("Li", "")) == [(1, "name")]


def test_properties_and_names_of_files_are_page_0_and_count_whole() -> None:
    known = blindness.traces(PROCESS, with_people(("高原", "")), "")
    assert blindness.scan("A01-2.pdf", known, pages=["深部煤层"], beside=["高原-匿名稿"]) == (
        Finding("A01-2.pdf", 0, "name", "高*-匿名稿"),
    )


def test_an_excerpt_masks_every_trace_in_it_and_repeats_are_told_once() -> None:
    known = blindness.traces(PROCESS, with_people(("欧阳明月", ""), ("司马长风", "")), "")
    text = "作者：欧阳明月、司马长风（海州理工大学）" * 3
    listed = blindness.scan("f", known, pages=[text])
    assert [(one.kind, one.excerpt) for one in listed if one.kind == "name"] == [
        ("name", "作者:欧***、司***(海*"),
        ("name", "作者:欧***、司***(海*****)"),
    ]


def test_clean_text_gives_nothing() -> None:
    assert found("针对深部开采中微震信号弱、噪声强的问题，提出一种自适应识别方法。", ("欧阳明月", "海州理工大学")) == []


# -- who sees which file --


def a_file(name: str, media_type: str = "application/pdf") -> File:
    return File("e/A01", name, "a" * 64, media_type, 1)


@pytest.mark.parametrize(("blind", "names"), [("none", ["A01-1.pdf", "A01-2.pdf"]), ("double", ["A01-2.pdf"])])
def test_a_double_blind_review_shows_the_anonymous_text_only(blind: Any, names: list[str]) -> None:
    files = [a_file("A01-1.pdf"), a_file("A01-2.pdf")]
    assert [one.name for one in blindness.visible(PROCESS, an_entry(), files, blind)] == names


def test_where_the_work_is_judged_its_film_and_captions_are_shown() -> None:
    files = [a_file("A01-1.mp4", "video/mp4"), a_file("A01-1.vtt", "text/vtt")]
    assert blindness.visible(PROCESS, an_entry("artwork"), files, "double") == files


def test_a_file_of_which_nobody_knows_what_it_answers_stays_hidden_unless_it_is_a_picture_of_a_work() -> None:
    for name in ("全文.pdf", "A01-9.pdf", "A01-0.pdf", "A02-2.pdf", "A01.pdf"):
        assert blindness.visible(PROCESS, an_entry(), [a_file(name)], "double") == []
        assert blindness.visible(PROCESS, an_entry(), [a_file(name)], "single") == [a_file(name)]
    picture = a_file("作品.png", "image/png")
    assert blindness.visible(PROCESS, an_entry("artwork"), [picture], "double") == [picture]


def test_names_and_places_go_together() -> None:
    fields = blindness.file_fields(PROCESS, "paper")
    assert [one.name for one in fields] == ["full_text", "blind_text"]
    for place, field in enumerate(fields, start=1):
        assert blindness.field_of(PROCESS, an_entry(), blindness.kept_name("A01", place, ".pdf")) == field
