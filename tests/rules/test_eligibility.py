from __future__ import annotations

from typing import Any

import pytest

from models.declared import Words
from models.errors import JinbangError
from models.process import Process
from rules.eligibility import class_of, group_of, group_title, groups_of, quota_left, reasons
from tests.rules.samples import a_class, a_process, an_entry, artworks, papers, volunteers

FIELDS = [
    {"name": "hours", "title": {"zh": "服务时长", "en": "Hours"}, "kind": "number", "eligible_min": 20},
    {
        "name": "published_on",
        "title": {"zh": "发表日期", "en": "Published"},
        "kind": "date",
        "earliest": "2016-01-01",
        "latest": "2018-12-31",
    },
    {"name": "since", "title": {"zh": "起始年月", "en": "Since"}, "kind": "month", "earliest": "2016-03-15", "latest": "2018-12-15"},
    {"name": "authors", "title": {"zh": "作者", "en": "Authors"}, "kind": "people", "required": True},
    {"name": "scan", "title": {"zh": "证明材料", "en": "Proof"}, "kind": "file", "required": True},
]


def with_fields() -> Process:
    return a_process([a_class("paper", fields=FIELDS)], awards=3)


def why_not(**fields: Any) -> list[tuple[str, str]]:
    found = reasons(an_entry("L1", fields={"authors": [{"name": "李泾川"}]} | fields), with_fields())
    return [(words.zh, words.en) for words in found]


@pytest.mark.parametrize(
    ("value", "group"),
    [
        ("110", "science"),
        ("19099", "science"),
        ("57010", "engineering"),
        ("570.10", "engineering"),
        ("２４０", "agriculture"),
        (630, "cross"),
        ("360.5020", "medicine"),
    ],
)
def test_a_discipline_competes_in_the_group_that_covers_its_first_level(value: Any, group: str) -> None:
    assert group_of({"discipline": value}, "paper", papers()) == group


def test_a_value_competes_by_class_and_group_where_there_are_several_of_both() -> None:
    assert group_of({"age": " 成人 "}, "painting", artworks()) == "painting/adult"
    assert group_of({}, "person", volunteers()) == "person"
    assert group_of({}, "paper", a_process([a_class("paper")], awards=3)) == "paper"


def test_the_group_that_names_more_of_a_code_has_it() -> None:
    sets = [
        {"name": "engineering", "title": {"zh": "工学", "en": "Engineering"}, "values": ["410-620"]},
        {"name": "water", "title": {"zh": "水利", "en": "Water"}, "values": ["57010"]},
    ]
    process = papers(groups={"by": "discipline", "sets": sets})
    assert [group_of({"discipline": code}, "paper", process) for code in ("5701020", "57020", "57010")] == ["water", "engineering", "water"]


@pytest.mark.parametrize("fields", [{"discipline": "710"}, {"discipline": "11"}, {"discipline": "理学"}, {"discipline": None}, {}])
def test_a_value_that_no_group_covers_is_refused_with_the_groups(fields: dict[str, Any]) -> None:
    with pytest.raises(JinbangError, match=r"none of the groups .*cross: 630.* groups\.sets"):
        group_of(fields, "paper", papers())


def test_a_refusal_calls_the_field_by_its_title() -> None:
    field = {"name": "age", "title": {"zh": "组别", "en": "Age group"}}
    process = artworks(a_class("painting", "artwork", fields=[field]), a_class("film", "artwork"))
    with pytest.raises(JinbangError, match=r"^Age group: '中年' belongs to none"):
        group_of({"age": "中年"}, "painting", process)


def test_groups_come_in_declared_order() -> None:
    assert groups_of(papers()) == ("science", "agriculture", "medicine", "engineering", "cross")
    assert groups_of(volunteers()) == ("person", "team")
    assert groups_of(artworks()) == ("painting/adult", "painting/youth", "film/adult", "film/youth")


def test_a_group_is_called_by_its_class_and_its_own_title() -> None:
    assert group_title("painting/youth", artworks()) == Words(zh="绘画·青少年组", en="Painting, Young people")
    assert group_title("medicine", papers()) == Words(zh="医学", en="Medicine")
    assert group_title("team", volunteers()) == Words(zh="志愿服务队", en="Team")


def test_a_group_belongs_to_a_class() -> None:
    assert [class_of("film/adult", artworks()), class_of("cross", papers()), class_of("team", volunteers())] == ["film", "paper", "team"]
    with pytest.raises(JinbangError, match="no group 'sculpture'"):
        class_of("sculpture", artworks())


def test_a_nominator_has_its_quota_per_class_and_no_debts() -> None:
    assert [quota_left("municipal", "team", used, volunteers()) for used in (0, 1, 2, 3)] == [2, 1, 0, 0]
    assert quota_left("municipal", "organisation", 0, volunteers()) == 0
    with pytest.raises(JinbangError, match="'society' is no type of nominator; choose one of municipal"):
        quota_left("society", "team", 0, volunteers())


def test_an_entry_that_fulfils_everything_has_no_reasons_against_it() -> None:
    assert why_not(hours="20", published_on="2016-01-01", since="2016-03") == []
    assert why_not(hours="２０．５", published_on="2018-12-31", since="2018-12") == []
    assert why_not(hours=21) == []


def test_a_number_below_the_least_is_not_eligible() -> None:
    assert why_not(hours="19.5") == [("“服务时长”为19.5，要求不少于20", "Hours is 19.5; at least 20 is required")]
    assert why_not(hours="二十") == [("“服务时长”填写的“二十”不是数字", 'Hours: "二十" is not a number')]


@pytest.mark.parametrize(
    ("fields", "zh", "en"),
    [
        (
            {"published_on": "2015-12-31"},
            "“发表日期”为2015-12-31，早于2016-01-01",
            "Published is 2015-12-31; it must not be before 2016-01-01",
        ),
        (
            {"published_on": "2019-01-01"},
            "“发表日期”为2019-01-01，晚于2018-12-31",
            "Published is 2019-01-01; it must not be after 2018-12-31",
        ),
        ({"published_on": "2019-01"}, "“发表日期”为2019-01，晚于2018-12", "Published is 2019-01; it must not be after 2018-12"),
        ({"since": "2016-02"}, "“起始年月”为2016-02，早于2016-03", "Since is 2016-02; it must not be before 2016-03"),
        ({"published_on": "2017-02-30"}, "“发表日期”填写的“2017-02-30”不是日期", 'Published: "2017-02-30" is not a date'),
        ({"since": "去年"}, "“起始年月”填写的“去年”不是日期", 'Since: "去年" is not a date'),
    ],
)
def test_a_date_outside_the_window_is_not_eligible(fields: dict[str, str], zh: str, en: str) -> None:
    assert why_not(**fields) == [(zh, en)]


@pytest.mark.parametrize("nothing", [None, "", " \u3000", [], ()])
def test_a_required_field_without_a_value_is_not_eligible(nothing: Any) -> None:
    assert why_not(authors=nothing) == [("“作者”未填写", "Authors is missing")]


def test_a_required_file_is_judged_when_the_attached_files_are_known() -> None:
    entry = an_entry("L1", fields={"authors": "李泾川"})
    assert reasons(entry, with_fields(), attached={"scan"}) == ()
    assert reasons(entry, with_fields(), attached=()) == (Words(zh="“证明材料”未填写", en="Proof is missing"),)


def test_every_reason_is_named_in_the_order_of_the_form() -> None:
    assert [zh for zh, _ in why_not(hours=1, published_on="2020-01-01", authors="")] == [
        "“服务时长”为1，要求不少于20",
        "“发表日期”为2020-01-01，晚于2018-12-31",
        "“作者”未填写",
    ]


CONDITIONAL = [
    {"name": "group", "title": {"zh": "组别", "en": "Group"}, "kind": "choice", "choices": ["成人", "青少年"]},
    {"name": "consent", "title": {"zh": "监护人同意", "en": "Consent"}, "required": True, "when": {"group": ["青少年"]}},
    {"name": "age", "title": {"zh": "年龄", "en": "Age"}, "kind": "number", "eligible_min": 6, "when": {"group": ["青少年"]}},
]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"group": "成人"}, []),
        ({}, []),
        ({"group": "成人", "age": "3"}, []),
        ({"group": "青少年"}, ["“监护人同意”未填写"]),
        ({"group": " 青少年 ", "consent": "同意", "age": "3"}, ["“年龄”为3，要求不少于6"]),
        ({"group": "青少年", "consent": "同意", "age": "6"}, []),
    ],
)
def test_a_field_counts_only_where_its_condition_holds(fields: dict[str, Any], why: list[str]) -> None:
    process = a_process([a_class("paper", fields=CONDITIONAL)], awards=3)
    assert [words.zh for words in reasons(an_entry("L1", fields=fields), process)] == why


@pytest.mark.parametrize(("genre", "refused"), [("综述", True), (" 综述　", True), ("研究论文", False), ("", False)])
def test_an_excluded_genre_is_not_eligible(genre: str, refused: bool) -> None:
    field = {"name": "genre", "title": {"zh": "体裁", "en": "Genre"}, "kind": "choice", "choices": ["研究论文", "综述"]}
    stages = [{"kind": "submission", "closes": "2026-03-31", "excluded_genres": ["综述"]}, {"kind": "publication"}]
    process = a_process([a_class("paper", fields=[field])], awards=3, stages=stages)
    found = [words.zh for words in reasons(an_entry("L1", fields={"genre": genre}), process)]
    assert found == (["体裁“综述”不在评选范围"] if refused else [])
