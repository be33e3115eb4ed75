"""Keywords as they are written and compared, and how a draw goes by them."""

from __future__ import annotations

from collections import Counter

import pytest

from rules import assignment, draw_records
from rules.assignment import Need, Panelist, Terms, plan
from rules.keywords import keys_of, read_keywords, shared


def test_keywords_are_parted_by_what_people_put_between_them() -> None:
    assert read_keywords("微震监测；岩爆 ; 深部开采、机器学习,AI，ai\n TCP/IP |machine  learning；") == (
        "微震监测", "岩爆", "深部开采", "机器学习", "AI", "TCP/IP", "machine learning",
    )  # fmt: skip
    assert read_keywords(" ；、 ") == ()


def test_width_case_and_blanks_do_not_matter() -> None:
    assert keys_of(["ＡＩ", "ai ", "Machine  Learning", "岩爆", ""]) == ("ai", "machine learning", "岩爆")
    assert shared(keys_of(["ＡＩ", "岩爆", "x"]), keys_of(["ai", "岩爆", "X", "y"]), at_most=9) == 3


def test_a_long_list_is_no_advantage_beyond_what_counts() -> None:
    assert [shared("abcd", "abcx", at_most=most) for most in (1, 3, 9)] == [1, 3, 3]


def need(entry: str, *keywords: str, seats: int = 1, topic: str | None = None) -> Need:
    return Need(entry, seats, "", topic, frozenset(), keywords=keywords)


def test_of_those_who_fit_equally_who_shares_more_keywords_is_drawn() -> None:
    people = [Panelist(f"r{n}", f"u{n}", ("440.20",), 9, ("a", "b", "c")[:n]) for n in range(4)]
    drawn = [
        plan([need("e", "a", "b", "c", topic="440.20")], people, seed=seed, unit_matters=True, terms=Terms(keywords=3)) for seed in range(4)
    ]
    assert {one.pairs for one in drawn} == {(("e", "r3"),)}
    assert len({plan([need("e", "a")], people, seed=seed, unit_matters=True).pairs for seed in range(9)}) > 1  # lots alone


def test_a_keyword_outweighs_neither_fit_nor_balance() -> None:
    people = [Panelist("near", "a", ("440.10",), 9, ("x",)), Panelist("exact", "b", ("440.20",), 9)]
    terms = Terms(keywords=3)
    assert plan([need("e", "x", topic="440.20")], people, seed=1, unit_matters=True, terms=terms).pairs == (("e", "exact"),)
    people = [Panelist("all", "a", (), 9, ("x",)), Panelist("none", "b", (), 9)]
    found = plan([need(f"e{n}", "x") for n in range(4)], people, seed=1, unit_matters=True, terms=terms)
    assert Counter(who for _, who in found.pairs) == {"all": 2, "none": 2}


def test_a_sample_of_a_large_pool_finds_those_with_the_keywords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assignment, "_ALL_PAIRS", 0)
    people = [Panelist(f"r{n:03}", f"u{n}", ("110",), 9, (f"w{n}",)) for n in range(90)]
    needs = [need(f"e{n:02}", f"w{n}", topic="110") for n in range(90)]
    found = plan(needs, people, seed=4, unit_matters=True, terms=Terms(keywords=3))
    assert found.pairs == tuple((f"e{n:02}", f"r{n:03}") for n in range(90))


def test_a_document_with_keywords_is_solved_again_and_one_without_is_as_before() -> None:
    people = [Panelist(f"r{n}", f"u{n}", (), 9, ("x",) if n == 2 else ()) for n in range(4)]
    needs, shape = [need("e", "x")], {"seed": 1, "unit_matters": True, "taken": {}}
    asked = draw_records.document(needs, people, terms=Terms(keywords=2), **shape)  # type: ignore[arg-type]
    assert asked["keywords"] == {"at_most": 2, "needs": {"e": ["x"]}, "panelists": {"r2": ["x"]}}
    assert draw_records.solved(asked).pairs == (("e", "r2"),)
    assert "keywords" not in draw_records.document(needs, people, terms=Terms(), **shape)  # type: ignore[arg-type]
