"""What an answer needs, by what was asked."""

from __future__ import annotations

import pytest

from models.errors import InputError
from models.submitting import Confirmation, ConfirmationKind
from rules.confirmations import NAME_MAX, TEXT_MAX, read_answer
from tests import builders


def asked(kind: ConfirmationKind) -> Confirmation:
    return Confirmation("x/e/A01/w/1", "x", "x/e/A01", kind, "赵汉江", "渭北大学", "zhao@example.org", "asked", "", "", builders.NOW)


@pytest.mark.parametrize(
    ("kind", "agree", "text", "name"),
    [
        ("consent", True, "", "赵汉江"),
        ("consent", False, "不参评", "赵 汉江"),
        ("expert", True, "同意", "赵汉江"),
        ("unit", True, "同意", "王处长"),
        ("unit", False, "不同意", "王处长"),
    ],
)
def test_a_whole_answer_is_taken(kind: ConfirmationKind, agree: bool, text: str, name: str) -> None:
    assert read_answer(asked(kind), agree, text, name) == (text, name.replace(" ", ""))


@pytest.mark.parametrize(
    ("kind", "agree", "text", "name", "faults"),
    [
        ("consent", None, "", "", [("agree", "missing"), ("name", "missing")]),
        ("consent", False, " ", "赵汉江", [("text", "missing")]),
        ("expert", True, "", "钱七", [("text", "missing"), ("name", "other")]),
        ("unit", True, "长" * (TEXT_MAX + 1), "名" * (NAME_MAX + 1), [("text", "text"), ("name", "text")]),
        ("unit", True, "同意\ud800", "王\u202e处长", [("text", "text"), ("name", "text")]),
    ],
)
def test_every_fault_is_named_at_once(
    kind: ConfirmationKind, agree: bool | None, text: str, name: str, faults: list[tuple[str, str]]
) -> None:
    with pytest.raises(InputError) as refused:
        read_answer(asked(kind), agree, text, name)
    assert [(one.field, one.column) for one in refused.value.faults] == faults
