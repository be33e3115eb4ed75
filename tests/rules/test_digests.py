"""Digests: equal values, equal digests, on every machine."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.digests import digest

SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8)
VALUES: st.SearchStrategy[Any] = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=8), SCALARS, max_size=3)


def test_a_digest_is_the_sha256_of_the_canonical_json() -> None:
    assert digest({"题": "论文", "a": [1, "88.50"]}) == hashlib.sha256('{"a":[1,"88.50"],"题":"论文"}'.encode()).hexdigest()


@settings(max_examples=30)
@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=4))
def test_the_order_of_keys_is_of_no_matter(value: dict[str, Any]) -> None:
    assert digest(dict(reversed(value.items()))) == digest(value)


@pytest.mark.parametrize(("one", "other"), [([1, 2], [2, 1]), ({"a": 1}, {"a": "1"}), ("", None), ("88.5", "88.50")])
def test_different_values_have_different_digests(one: Any, other: Any) -> None:
    assert digest(one) != digest(other)
