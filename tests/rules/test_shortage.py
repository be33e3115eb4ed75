from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules import shortage_words
from rules.panel_instance import draw
from rules.shortage import Choice, Gap, Shortage, explain, waterfall
from tests.rules.instances import built, random_instance, shuffled


def planted() -> dict[str, Any]:
    """Six entries of a rare field need 12 seats, their only three reviewers have room for 7; six others are well served."""
    rare, usual = [f"q{at}" for at in range(6)], [f"e{at}" for at in range(6)]
    few = [{"id": one, "max": most} for one, most in (("r1", 3), ("r2", 2), ("r3", 2))]
    many = [{"id": f"s{at}", "max": 5} for at in range(5)]
    return {
        "per_entry": 2,
        "entries": rare + usual,
        "reviewers": few + many,
        "pairs": [(entry, one["id"], 500) for entry in rare for one in few]
        + [(entry, one["id"], 500) for entry in usual for one in [*many, few[0]]],
    }


def test_a_planted_shortage_is_found_with_all_its_remedies() -> None:
    choices = tuple(Choice(f"q{at}", 2, 3, 3, 0) for at in range(6))
    raises = {"r1": 1, "r2": 2, "r3": 2}
    found = explain(built(planted()))
    assert found is not None
    gap = found.gaps[0]
    assert (sum(gap.raises.values()), max(gap.raises.values()), gap.raises.keys()) == (5, 2, raises.keys())
    assert found == Shortage(
        5,
        (Gap(tuple(f"q{at}" for at in range(6)), 12, ("r1", "r2", "r3"), 7, 0, 5, choices, gap.raises, 5, 1, 5),),
        (),
        0,
    )


def test_a_full_draw_has_no_shortage() -> None:
    wanted = planted() | {"per_entry": 1}
    assert explain(built(wanted)) is None


def test_two_of_a_unit_are_named_as_what_keeps_a_seat_empty() -> None:
    wanted = {
        "per_entry": 2,
        "entries": ["e1", "e2"],
        "reviewers": [{"id": "a1", "unit": "a", "max": 5}, {"id": "a2", "unit": "a", "max": 5}, {"id": "b", "unit": "b", "max": 5}],
        "pairs": [("e1", "a1", 1), ("e1", "a2", 1), ("e2", "a1", 1), ("e2", "b", 1)],
    }
    assert explain(built(wanted)) == Shortage(
        1, (Gap(("e1",), 2, (), 0, 1, 1, (Choice("e1", 2, 2, 1, 2),), {}, 0, 1, 5),), (("e1", "a"),), 1
    )


def test_shortages_that_have_nothing_to_do_with_each_other_are_told_apart() -> None:
    wanted = {
        "per_entry": {"e1": 3, "e2": 1, "e3": 1, "e4": 1},
        "entries": ["e1", "e2", "e3", "e4"],
        "reviewers": [{"id": "a", "max": 1}, {"id": "b", "max": 1}, {"id": "c", "max": 3}],
        "pairs": [("e1", "a", 1), ("e2", "b", 1), ("e3", "b", 1), ("e4", "c", 1)],
    }
    found = explain(built(wanted))
    assert found is not None
    assert [(gap.entries, gap.reviewers, gap.short, gap.raised, gap.more) for gap in found.gaps] == [
        (("e1",), (), 2, 0, 2),
        (("e2", "e3"), ("b",), 1, 1, 1),
    ]


def test_what_is_kept_is_part_of_the_explanation() -> None:
    wanted = {
        "per_entry": 1,
        "entries": ["e1", "e2"],
        "reviewers": [{"id": "a", "max": 1}, {"id": "b", "max": 1}],
        "pairs": [("e1", "a", 1), ("e1", "b", 1), ("e2", "a", 1)],
    }
    assert explain(built(wanted)) is None
    found = explain(built(wanted), kept=[("e1", "a")])
    assert found is not None
    assert [(gap.entries, gap.reviewers, gap.wanted, gap.room) for gap in found.gaps] == [(("e2",), ("a",), 1, 0)]


def short(wanted: dict[str, Any]) -> int:
    return sum(draw(built(wanted), seed=1).short.values())


def with_more(wanted: dict[str, Any], gaps: tuple[Gap, ...], *, fewer: int = 0) -> dict[str, Any]:
    """The instance with as many further reviewers as each gap asks for; in the first so many fewer."""
    people, pairs = list(wanted["reviewers"]), list(wanted["pairs"])
    for number, gap in enumerate(gaps):
        for at in range(gap.more - (fewer if number == 0 else 0)):
            people.append({"id": f"new{number}-{at}", "max": gap.more_load})
            pairs += [(entry, f"new{number}-{at}", 0) for entry in gap.entries]
    return wanted | {"reviewers": people, "pairs": pairs}


@settings(deadline=None, derandomize=True, database=None, max_examples=70)
@given(st.integers(0, 2**32))
def test_every_remedy_does_what_it_says_and_no_smaller_one_would(number: int) -> None:
    wanted = random_instance(number)
    found, empty = explain(built(wanted)), short(wanted)
    if found is None:
        assert empty == 0
        return
    assert found == explain(built(shuffled(wanted, number)))
    assert found.short == sum(gap.short for gap in found.gaps) == empty
    assert all(gap.wanted - gap.room - gap.others == gap.short > 0 for gap in found.gaps)
    raises = {who: more for gap in found.gaps for who, more in gap.raises.items()}
    raised = empty - sum(gap.raised for gap in found.gaps)
    people = wanted["reviewers"]
    assert short(wanted | {"reviewers": [one | {"max": one["max"] + raises.get(one["id"], 0)} for one in people]}) == raised
    assert short(wanted | {"reviewers": [one | {"max": one["max"] + 99} for one in people]}) == raised
    assert short(wanted | {"together": [*wanted["together"], *found.together]}) == empty - found.together_fills
    assert short(with_more(wanted, found.gaps)) == 0
    assert short(with_more(wanted, found.gaps, fewer=1)) > 0


def test_a_waterfall_tells_how_many_each_reason_leaves() -> None:
    pool = [f"r{at}" for at in range(6)]
    assert waterfall(pool, {"same unit": ["r0", "r1"], "recused": ["r1", "elsewhere"], "exhausted": ["r2", "r3", "r4"]}) == (
        ("same unit", 4), ("recused", 4), ("exhausted", 1),
    )  # fmt: skip


def test_an_explanation_is_told_in_both_languages() -> None:
    found = explain(built(planted()))
    assert found is not None
    lines = list(shortage_words.told(found))
    raises = found.gaps[0].raises
    assert [line.zh for line in lines] == [
        "5 个评审席位无法安排，涉及 1 组互不相关的申报项：",
        "1. 6 项共需 12 席，至多安排 7 席，缺 5 席：q0、q1、q2、q3、q4、q5",
        "   3 位专家只能再承担其中 7 席，均已满额：r1、r2、r3",
        *(f"   q{at}：需要 2 位；可评审 3 位，来自 3 个单位，其中未满额 0 位" for at in range(6)),
        "   补救办法（任选其一）：",
        f"   - 提高评审上限，共增加 5 项，可补 5 席中的 5 席：{'、'.join(f'{who} +{more}' for who, more in raises.items())}",
        "   - 增加 1 位可评审这些申报项且分属不同单位的专家，每人至多 5 项，可补齐全部席位",
    ]
    assert [line.en for line in lines][:3] == [
        "5 seats must stay empty, in 1 separate gap:",
        "1. 6 entries, 12 seats: 7 can be filled, 5 cannot: q0, q1, q2, q3, q4, q5",
        "   exhausted by them, with room for 7 in all: r1, r2, r3",
    ]


def test_long_lists_are_shortened_and_counted() -> None:
    wanted = {
        "per_entry": {f"e{at:02}": at for at in range(1, 14)},
        "entries": [f"e{at:02}" for at in range(1, 14)],
        "reviewers": [],
        "pairs": [],
    }
    found = explain(built(wanted))
    assert found is not None
    lines = [line.en for line in shortage_words.told(found)]
    assert (lines[0], lines[-1]) == ("91 seats must stay empty, in 13 separate gaps:", "3 further gaps with 6 empty seats.")
