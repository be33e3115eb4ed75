from __future__ import annotations

import pytest

from config.disciplines import load_disciplines
from rules.disciplines import search, title_of

TABLE = load_disciplines()


def found(text: str) -> list[str]:
    return [one.code for one in search(TABLE, text)]


def test_the_table_holds_every_first_level_code_once_and_in_order() -> None:
    assert len(TABLE) == 43
    assert list(TABLE) == sorted(TABLE)
    assert all(len(code) == 3 and code.isdigit() for code in TABLE)
    assert (TABLE["110"].zh, TABLE["413"].zh, TABLE["535"].zh, TABLE["630"].zh) == (
        "数学",
        "信息与系统科学相关工程与技术",
        "产品应用相关工程与技术",
        "管理学",
    )
    assert len({words.zh for words in TABLE.values()}) == len({words.en for words in TABLE.values()}) == 43


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("57", ["570"]),
        ("570", ["570"]),
        ("５７０", ["570"]),
        ("57010", ["57010"]),
        ("570.10", ["57010"]),
        ("5701020", ["5701020"]),
        ("5701", []),
        ("99910", []),
        ("水利", ["570"]),
        (" 中医 ", ["360"]),
        ("570 水利工程", ["570"]),
        ("hydraulic", ["570"]),
        ("Veterinary", ["230"]),
        ("不存在", []),
    ],
)
def test_a_discipline_is_found_by_code_or_name(text: str, codes: list[str]) -> None:
    assert found(text) == codes


def test_an_empty_search_gives_all_and_a_digit_a_chapter() -> None:
    assert len(found("")) == 43
    assert found("2") == ["210", "220", "230", "240"]


def test_a_deeper_code_goes_by_its_first_level() -> None:
    title = title_of(TABLE, "570.10")
    assert title is not None
    assert title.zh == "水利工程"
    assert title_of(TABLE, "999") is None
    assert [one.line("zh_CN") for one in search(TABLE, "57010")] == ["57010 水利工程"]
    assert [one.line("en") for one in search(TABLE, "110")] == ["110 Mathematics"]
