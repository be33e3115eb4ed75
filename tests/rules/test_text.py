"""What a text may contain, and the one form of names and titles."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.text import TextRefused, clean, clean_name, clean_unit, halfwidth, masked_name, normalise_title


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\0b", "a control character (U+0000) at character 2"),
        ("\x1bx", "a control character (U+001B) at character 1"),
        ("ab\x9f", "a control character (U+009F) at character 3"),
        ("张\ud800", "half of a surrogate pair (U+D800) at character 2"),
        ("x\ufffe", "a code that is no character (U+FFFE) at character 2"),
        ("\U0001ffff", "a code that is no character (U+1FFFF) at character 1"),
        ("\ufdd0", "a code that is no character (U+FDD0) at character 1"),
        ("abc\u202e", "a mark that turns the direction of writing (U+202E) at character 4"),
        ("\u2066a", "a mark that turns the direction of writing (U+2066) at character 1"),
        ("张\u200b三", "an invisible character (U+200B) at character 2"),
        ("\ufeff张", "an invisible character (U+FEFF) at character 1"),
        ("x" * 11, "11 characters; at most 10 are allowed"),
        ("x" * 1_000_000, "1,000,000 characters; at most 10 are allowed"),
    ],
)
def test_what_no_field_may_hold_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(TextRefused) as caught:
        clean(text, max_length=10)
    assert str(caught.value) == message


def test_line_ends_tabs_and_composition_are_brought_into_one_form() -> None:
    assert clean(" \u3000a\r\nb\rc\u2028d\te\u0301 \n", max_length=20) == "a\nb\nc\nd\té"


def test_spreadsheet_cells_lose_invisible_marks_instead_of_being_refused() -> None:
    assert clean("\ufeff张\u200b三\u202c", max_length=2, drop_invisible=True) == "张三"
    with pytest.raises(TextRefused, match="control character"):
        clean("\u200b\x00", max_length=9, drop_invisible=True)


def test_rare_characters_of_names_are_kept() -> None:
    assert clean("赟䶮𬎆\ue863", max_length=4) == "赟䶮𬎆\ue863"


def test_a_long_run_of_combining_marks_is_refused_at_once() -> None:
    started = time.monotonic()
    with pytest.raises(TextRefused):
        clean("a" + "\u0301\u0316" * 500_000, max_length=2_000_000)
    assert time.monotonic() - started < 1


@given(st.text(st.characters(codec=None), max_size=60))
def test_a_cleaned_text_is_safe_to_store_and_stays_as_it_is(text: str) -> None:
    try:
        found = clean(text, max_length=40)
    except TextRefused:
        return
    assert len(found) <= 40
    assert found == unicodedata.normalize("NFC", found).strip()
    assert found.encode("utf-8").decode("utf-8") == found
    assert all(char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs") for char in found)
    assert clean(found, max_length=40) == found


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("张\u3000三", "张三"),
        (" 张\xa0 渭\u3000", "张渭"),
        ("阿依努尔•买买提", "阿依努尔·买买提"),
        ("阿依努尔 . 买买提", "阿依努尔·买买提"),
        ("古丽娜．阿不都", "古丽娜·阿不都"),
        ("John  Q.\u3000Example", "John Q. Example"),
        ("Ｊｏｈｎ Ｅｘ", "John Ex"),
        ("Maria 李", "Maria 李"),
        ("", ""),
    ],
)
def test_names_are_stored_without_what_tables_put_in_them(typed: str, name: str) -> None:
    assert clean_name(typed) == name


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("秦明", "秦**"),
        ("欧阳 一", "欧阳**"),
        ("张\u3000三", "张**"),
        ("欧明", "欧**"),
        ("Ann Example", "A**"),
        ("阿依努尔·买买提", "阿**"),
    ],
)
def test_of_a_masked_name_the_family_name_is_left(name: str, masked: str) -> None:
    assert masked_name(name) == masked


def test_units_have_one_kind_of_brackets_and_no_inner_spaces() -> None:
    assert clean_unit(" 云川 理工\u3000大学 ( 示范 ) ") == "云川理工大学（示范）"
    assert clean_unit("Example  University (Test)") == "Example University (Test)"


def test_titles_are_the_same_in_spite_of_case_width_and_punctuation() -> None:
    assert normalise_title("《深部煤层》：ＣＯ2 与 X-ray 研究！") == normalise_title("深部煤层co2与xray研究") == "深部煤层co2与xray研究"
    assert normalise_title("C++") == "c++"


def test_halfwidth_turns_digits_letters_signs_and_spaces() -> None:
    assert halfwidth("２０２０．５Ａ（ｂ）\u3000") == "2020.5A(b) "


@pytest.mark.parametrize(
    ("typed", "said"),
    [("一\u200b二", "第 2 个字符是不能保存的符号（U+200B），请删去后重新输入"), ("长" * 12, "共 12 字，最多 10 字，请删减")],
)
def test_a_refusal_says_in_chinese_what_to_delete(typed: str, said: str) -> None:
    with pytest.raises(TextRefused) as refused:
        clean(typed, max_length=10)
    assert refused.value.zh == said
