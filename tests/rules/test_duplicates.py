"""Rule N4."""

from __future__ import annotations

import random
import time
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.edition import Entry
from models.process import Process
from models.submitting import Duplicate
from rules import duplicates
from rules.duplicates import find, in_exclusive, likeness, of_entry
from tests.rules.samples import a_class, a_process, an_entry

NINE_TENTHS = Fraction(9, 10)
PROCESS = a_process(
    [a_class("paper"), a_class("person", "person"), a_class("poster", "artwork"), a_class("painting", "artwork"), a_class("team", "team")],
    awards=3,
)


def a_paper(code: str, title: str, **fields: Any) -> Entry:
    return an_entry(code, "paper", title=title, fields=fields)


def a_person(code: str, name: str, unit: str = "渭北理工大学", **fields: Any) -> Entry:
    return an_entry(code, "person", title=name, unit=unit, fields=fields)


def pairs(*entries: Entry, similarity: Fraction = NINE_TENTHS) -> list[tuple[str, str, str]]:
    return [(one.first, one.second, one.why) for one in find(PROCESS, entries, similarity=similarity)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10.00000/Example.1", "https://doi.org/10.00000/example.1"),
        ("10.00000/example.1", "DOI: 10.00000/EXAMPLE.1"),
        ("１０.00000/example.1", "10.00000/example.1"),
    ],
)
def test_the_same_doi_in_any_spelling_is_the_same_paper(one: str, other: str) -> None:
    assert pairs(a_paper("L1", "秦岭泥石流识别", doi=one), a_paper("L2", "另一个完全不同的题目", doi=other)) == [("id-L1", "id-L2", "doi")]


@pytest.mark.parametrize(
    "other",
    ["黄土高原小流域水土保持研究:以ABC为例", "黄土高原小流域　水土保持研究——以ＡＢＣ为例", "“黄土高原”小流域水土保持研究，以Abc为例。"],
)
def test_width_case_and_punctuation_make_no_other_title(other: str) -> None:
    first = a_paper("L1", "黄土高原小流域水土保持研究：以abc为例")
    assert pairs(first, a_paper("L2", other)) == [("id-L1", "id-L2", "title")]


def test_the_same_title_under_two_doi_is_shown() -> None:
    both = a_paper("L1", "秦岭泥石流识别", doi="10.1/a"), a_paper("L2", "秦岭泥石流识别", doi="10.1/b")
    assert pairs(*both) == [("id-L1", "id-L2", "title")]


def test_a_person_is_a_name_a_unit_and_a_month_of_birth() -> None:
    one = a_person("P1", "李泾川", birth_month="1980-05")
    assert pairs(one, a_person("P2", "李泾川", "渭北理工大学", birth_month="1980-05")) == [("id-P1", "id-P2", "person")]
    assert pairs(one, a_person("P2", "李泾川", "渭北理工大学", birth_month="1957-02")) == []
    assert pairs(one, a_person("P2", "李泾川", "秦巴医科大学", birth_month="1980-05")) == []


def test_a_person_without_a_month_of_birth_or_with_a_unit_written_longer_is_shown_as_similar() -> None:
    one = a_person("P1", "李泾川", birth_month="1980-05")
    assert pairs(one, a_person("P2", "李泾川")) == [("id-P1", "id-P2", "similar")]
    longer = a_person("P2", "李泾川", "渭北理工大学院", birth_month="1980-05")
    assert pairs(one, longer) == [("id-P1", "id-P2", "similar")]
    assert pairs(one, a_person("P2", "李泾川", "渭北理工大学院", birth_month="1957-02")) == []


def test_works_are_compared_across_classes_and_persons_never_with_works() -> None:
    poster = an_entry("A1", "poster", title="村口的喇叭·防疫宣传")
    painting = an_entry("A2", "painting", title="村口的喇叭（防疫宣传）", unit="另一所学校")
    assert pairs(poster, painting, a_person("P1", "村口的喇叭·防疫宣传")) == [("id-A1", "id-A2", "similar")]
    same_unit = an_entry("A3", "painting", title="村口的喇叭（防疫宣传）")
    assert pairs(poster, same_unit) == [("id-A1", "id-A3", "work")]


def test_teams_of_different_units_may_have_the_same_name() -> None:
    one = an_entry("T1", "team", title="先锋科技志愿服务队", unit="长安示范大学")
    assert pairs(one, an_entry("T2", "team", title="先锋科技志愿服务队", unit="泾渭科技馆（示范）")) == []
    assert pairs(one, an_entry("T2", "team", title="先锋科技志愿服务队", unit="长安示范大学 ")) == [("id-T1", "id-T2", "work")]


def test_titles_are_similar_from_the_declared_threshold_on() -> None:
    one, other = a_paper("L1", "旱作苹果园土壤水碳耦合研究甲"), a_paper("L2", "旱作苹果园土壤水碳耦合研究乙")
    assert likeness(one.title, other.title) == Fraction(13, 14)
    assert find(PROCESS, [one, other], similarity=Fraction(13, 14)) == (Duplicate("sample-2026", "id-L1", "id-L2", "similar", "0.9286"),)
    assert find(PROCESS, [one, other], similarity=Fraction(14, 15)) == ()


def test_short_titles_are_similar_only_if_they_are_equal() -> None:
    assert pairs(a_paper("L1", "泾渭"), a_paper("L2", "泾水")) == []
    assert pairs(a_paper("L1", "泾渭"), a_paper("L2", "泾渭。")) == [("id-L1", "id-L2", "title")]
    assert pairs(a_paper("L1", "！！"), a_paper("L2", "旱作苹果园")) == []


def test_a_pair_is_told_once_by_its_strongest_reason_with_the_smaller_id_first() -> None:
    later, earlier = a_paper("L9", "秦岭泥石流识别", doi="10.1/a"), a_paper("L1", "秦岭泥石流识别", doi="10.1/A")
    assert find(PROCESS, [later, earlier], similarity=NINE_TENTHS) == (Duplicate("sample-2026", "id-L1", "id-L9", "doi", "1"),)


def test_one_entry_is_compared_with_the_others_and_not_with_itself() -> None:
    one, other, third = a_paper("L1", "秦岭泥石流识别"), a_paper("L2", "秦岭泥石流识别"), a_paper("L3", "秦岭泥石流识别")
    found = of_entry(PROCESS, one, [one, other, third], similarity=NINE_TENTHS)
    assert [(pair.first, pair.second) for pair in found] == [("id-L1", "id-L2"), ("id-L1", "id-L3")]


def an_exclusive(*names: str) -> Process:
    stages = [{"kind": "submission", "closes": "2026-03-31", "exclusive_with": list(names)}, {"kind": "publication"}]
    return a_process([a_class("person", "person")], awards=3, stages=stages)


def test_a_person_in_another_process_is_barred_only_where_it_is_declared() -> None:
    other = a_process([a_class("hero", "person"), a_class("paper")], awards=3, name="campaign")
    twin = an_entry("H1", "hero", title="李 泾川", fields={"birth_month": "1980-05"})
    running = {"campaign": (other, [twin, an_entry("L1", "paper", title="李泾川")])}
    one = a_person("P1", "李泾川", birth_month="1980-05")
    assert in_exclusive(an_exclusive("campaign"), one, running) == (("campaign", twin),)
    assert in_exclusive(an_exclusive("campaign"), a_person("P2", "李泾川", birth_month="1957-02"), running) == ()
    assert in_exclusive(an_exclusive("campaign"), one, {}) == ()
    assert in_exclusive(an_exclusive(), one, running) == ()


def test_900_entries_take_well_under_a_second() -> None:
    dice = random.Random(7)
    letters = [chr(0x4E00 + number) for number in range(400)]
    entries = [a_paper(f"L{number:04}", "".join(dice.choices(letters, k=28))) for number in range(899)]
    entries.append(a_paper("L9999", entries[17].title[:-1] + "口"))
    began = time.perf_counter()
    found = find(PROCESS, entries, similarity=NINE_TENTHS)
    assert time.perf_counter() - began < 3  # a hang, not a speed; it is a few tenths of a second
    assert [(one.first, one.second, one.why) for one in found] == [("id-L0017", "id-L9999", "similar")]


TITLES = st.lists(st.text(alphabet="泾渭水土aAＡ，。 ", max_size=12), min_size=2, max_size=8)


@given(TITLES, st.fractions("1/2", 1))
def test_exactly_the_pairs_that_are_alike_enough_are_found_in_any_order(titles: list[str], similarity: Fraction) -> None:
    entries = [a_paper(f"L{number}", title) for number, title in enumerate(titles)]
    found = find(PROCESS, entries, similarity=similarity)
    similar = {(one.first, one.second) for one in found if one.why == "similar"}
    for position, one in enumerate(entries):
        for other in entries[position + 1 :]:
            short = min(len(duplicates.normalise_title(title)) for title in (one.title, other.title)) < 4
            equal = duplicates.normalise_title(one.title) == duplicates.normalise_title(other.title)
            expected = not short and not equal and likeness(one.title, other.title) >= similarity
            assert ((one.id, other.id) in similar) == expected
    assert find(PROCESS, entries[::-1], similarity=similarity) == found
