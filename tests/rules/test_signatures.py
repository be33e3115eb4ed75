"""Typed and drawn signatures."""

from __future__ import annotations

import pytest

from rules import signatures


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (" 扎西 次仁", "扎西次仁"),
        ("扎西•次仁", "扎西·次仁"),
        ("扎西．次仁", "扎西·次仁"),
        ("扎西・次仁", "扎西·次仁"),
        ("扎西 ‧ 次仁", "扎西·次仁"),
        ("anna lindqvist", "Anna Lindqvist"),
        ("ＡＮＮＡ　Lindqvist", "Anna Lindqvist"),
        ("专家\u200bR02\ufeff", "专家R02"),
        ("Jose\u0301 Silva", "José Silva"),
    ],
)
def test_a_name_is_the_same_however_a_keyboard_writes_it(typed: str, name: str) -> None:
    assert signatures.is_same_name(typed, name)


@pytest.mark.parametrize("typed", ["", " ", "扎西", "扎西次仁", "扎西·次仁·", "扎西·次任", "扎西·次仁\x00", "\ud800"])
def test_another_name_is_none(typed: str) -> None:
    assert not signatures.is_same_name(typed, "扎西·次仁")


def test_what_nobody_sees_is_not_kept_with_a_name() -> None:
    assert signatures.as_signed(" 扎西•次仁\u200b ") == "扎西•次仁"
