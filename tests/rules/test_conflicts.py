from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.conflicts import barred, bars, name_key, people_of, unit_key
from tests.rules.samples import a_nominator, a_reviewer, an_entry

ALL = ("self", "same_unit", "nominator")


def relation(reviewer: dict[str, Any], entry: dict[str, Any], conflicts: tuple[str, ...] = ALL) -> str | None:
    """What `barred` says, after `bars` has said the same."""
    who, what, nominator = a_reviewer("1", **reviewer), an_entry("L1", **entry), a_nominator()
    found = barred(who, what, nominator, conflicts)
    assert bars([what], [who, a_reviewer("2")], [nominator], conflicts) == {what.id: frozenset({who.id} if found else ())}
    return found


@pytest.mark.parametrize(
    "people",
    [
        [{"name": "张渭", "unit": "长安示范大学"}, {"name": "李泾川"}],
        ["王谷雨", "张　渭"],
        "王谷雨、张渭",
        "王谷雨,张 渭",
        "王谷雨；张渭",
        "王谷雨/张渭",
        "张渭",
        {"name": "张渭"},
    ],
)
def test_nobody_judges_an_entry_that_names_them(people: Any) -> None:
    assert relation({"name": "张 渭"}, {"fields": {"authors": people}}) == "self"


def test_a_person_does_not_judge_their_own_nomination() -> None:
    assert relation({"name": "李泾川"}, {"title": "李　泾川"}) == "self"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿依努尔·买买提", "阿依努尔•买买提"),
        ("阿依努尔·买买提", "阿依努尔．买买提"),
        ("欧阳　雪", "欧阳雪"),
        ("ＡＮＮＡ Ｌｅｅ", "Anna Lee"),
        ("张\u200b渭", "张渭"),
    ],
)
def test_spelling_hides_no_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_units_are_compared_without_width_spaces_and_case() -> None:
    assert unit_key("汉江 航天动力研究所（示范）") == unit_key("汉江航天动力研究所(示范)")
    assert relation({"unit": "渭北 理工大学"}, {}) == "same_unit"


def test_the_nominating_unit_does_not_judge() -> None:
    assert relation({"unit": "泾渭市科协"}, {}) == "nominator"
    assert relation({"email": "N1@example.org"}, {}) == "nominator"


@pytest.mark.parametrize("entry", [
    {"email": "Wei.Zhang@Example.org"},
    {"email": "ｗｅｉ.zhang@example.org "},
    {"fields": {"email": "wei.zhang@example.org"}},
    {"fields": {"contact": "张先生，139-0000-0000，wei.zhang@example.org。"}},
    {"fields": {"contact": "Zhang Wei <wei.zhang@example.org>"}},
    {"fields": {"team": [{"name": "Zhang Wei", "mail": "邮箱：wei.zhang@example.org"}]}},
])  # fmt: skip
def test_who_has_the_same_address_is_the_same_person_however_the_name_is_written(entry: dict[str, Any]) -> None:
    assert relation({"name": "张渭", "email": "wei.zhang@example.org"}, entry) == "self"
    assert relation({"name": "张渭", "email": "wei.zhang@example.org"}, entry, ("same_unit",)) is None


@pytest.mark.parametrize("entry", [
    {"email": "", "fields": {"contact": "@"}}, {"fields": {"contact": "awei.zhang@example.org"}},
    {"fields": {"contact": "wei.zhang@example.org.cn"}}, {"fields": {"abstract": "字" * 500 + "wei.zhang@example.org"}},
])  # fmt: skip
def test_a_part_of_an_address_is_nobody(entry: dict[str, Any]) -> None:
    assert relation({"name": "张渭", "email": "wei.zhang@example.org"}, entry) is None
    assert relation({"name": "张渭", "email": "@"}, entry) is None


def test_who_signed_an_opinion_is_known_by_the_address_too() -> None:
    entry, signer = an_entry("L1"), a_reviewer("1", name="王谷雨", email="guyu@example.org")
    signers = {"id-L9": ["Wang Guyu", "Guyu@example.org", ""]}
    assert barred(signer, entry, None, (), signers) == "signer"
    assert bars([entry], [signer, a_reviewer("2", email="")], [], (), signers) == {entry.id: frozenset({signer.id})}


def test_only_declared_relations_forbid() -> None:
    close = {"name": "张渭", "unit": "渭北理工大学", "email": "n1@example.org"}
    entry = {"fields": {"authors": "张渭"}}
    assert [relation(close, entry, ALL[n:]) for n in range(4)] == ["self", "same_unit", "nominator", None]


def test_strangers_may_judge() -> None:
    assert relation({}, {"fields": {"authors": "张渭", "count": 3, "abstract": "评审1" * 200}}) is None


def test_what_is_empty_equals_nothing() -> None:
    assert relation({"name": "　", "unit": "", "email": ""}, {"unit": " ", "title": "", "fields": {"authors": "、"}}) is None
    assert barred(a_reviewer("1", unit="", email=""), an_entry("L1"), a_nominator(name="", email=""), ALL) is None
    assert bars([an_entry("L1")], [a_reviewer("1", unit="", email="")], [a_nominator(name="", email="")], ALL) == {"id-L1": frozenset()}


def test_an_entry_without_a_known_nominator_is_judged_by_the_rest() -> None:
    assert barred(a_reviewer("1"), an_entry("L1"), None, ALL) is None
    assert bars([an_entry("L1")], [a_reviewer("1")], [], ALL) == {"id-L1": frozenset()}


def test_everybody_named_counts_as_one_of_the_people() -> None:
    entry = an_entry("L1", title="张渭", fields={"team": [{"name": "李泾川"}, {"unit": "示范"}], "adviser": "王 谷雨", "pages": 12})
    assert people_of(entry) == {"张渭", "李泾川", "王谷雨"}


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("甲乙丙丁"), st.sampled_from(["U1", "U2", "泾渭市科协", ""])), max_size=6),
    st.lists(st.tuples(st.lists(st.sampled_from("甲乙丙丁"), max_size=2), st.sampled_from(["U1", "U2", ""])), max_size=6),
    st.sets(st.sampled_from(ALL)),
)
def test_the_table_for_large_pools_says_what_each_pair_says(people, works, conflicts) -> None:  # type: ignore[no-untyped-def]
    reviewers = [a_reviewer(str(n), name=name, unit=unit) for n, (name, unit) in enumerate(people)]
    entries = [an_entry(f"L{n}", unit=unit, fields={"authors": names}) for n, (names, unit) in enumerate(works)]
    assert bars(entries, reviewers, [a_nominator()], conflicts) == {
        entry.id: frozenset(one.id for one in reviewers if barred(one, entry, a_nominator(), conflicts)) for entry in entries
    }


def test_who_signed_an_opinion_for_one_entry_judges_none() -> None:
    first, other, nominator = an_entry("L1"), an_entry("L2"), a_nominator()
    signer, free = a_reviewer("1", name="王 谷雨"), a_reviewer("2")
    signers = {first.id: ["王谷雨", "赵清明"]}
    assert bars([first, other], [signer, free], [nominator], (), signers) == {
        first.id: frozenset({signer.id}),
        other.id: frozenset({signer.id}),
    }
    assert [barred(signer, entry, nominator, (), signers) for entry in (first, other)] == ["signer", "signer"]
    assert [barred(free, entry, nominator, ALL, signers) for entry in (first, other)] == [None, None]
    assert barred(signer, first, nominator, (), {}) is None
    assert barred(a_reviewer("3", name=""), first, nominator, (), {first.id: [""]}) is None
