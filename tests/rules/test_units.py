"""Units under several names and with branches: one row may say it, or several; circles and quarrels are told, with their rows."""

from __future__ import annotations

import pytest

from models.errors import InputError
from models.intake import Row, Table
from models.relations import UnitName
from rules.conflicts import barred, bars
from rules.units import Units, read_units
from tests.rules.samples import a_nominator, a_reviewer, an_entry

HEAD = ("单位", "别名", "上级")


def a_table(*rows: tuple[str, str, str]) -> Table:
    return Table("单位.xlsx", "单位", 1, HEAD, tuple(Row(number, cells) for number, cells in enumerate(rows, start=2)))


def known(*rows: tuple[str, str, str]) -> Units:
    return Units(read_units(a_table(*rows)))


def refused(*rows: tuple[str, str, str]) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_units(a_table(*rows))
    return [str(one) for one in caught.value.faults]


def test_an_alias_and_a_branch_lead_to_the_unit_above() -> None:
    names = read_units(a_table(("示例大学", "示大、示例学院", ""), ("示例大学第一附属医院", "示大一附院", "示例大学")))
    assert set(names) == {
        UnitName("示例大学", "示例大学", "示例大学"),
        UnitName("示大", "示例大学", "示例大学"),
        UnitName("示例学院", "示例大学", "示例大学"),
        UnitName("示例大学第一附属医院", "示例大学第一附属医院", "示例大学"),
        UnitName("示大一附院", "示例大学第一附属医院", "示例大学"),
    }


def test_chains_of_aliases_and_branches_are_followed_to_the_end_in_any_order_of_rows() -> None:
    rows = (("乙大学", "甲学院", ""), ("丙大学", "乙大学", ""), ("丙大学", "", "丁集团"), ("甲学院附小", "", "甲学院"))
    for order in (rows, rows[::-1]):
        units = known(*order)
        assert {units.head(one) for one in ("甲学院", "乙大学", "丙大学", "丁集团", "甲学院附小")} == {"丁集团"}
        assert set(units.all_names("甲学院")) == {"甲学院", "乙大学", "丙大学", "丁集团", "甲学院附小"}


def test_names_are_found_whatever_their_width_spaces_and_case() -> None:
    units = known(("示例大学（北区）", "Sample U", ""))
    assert units.same("示例 大学(北区)", "ｓａｍｐｌｅ　u")
    assert not units.same("", "")
    assert (units.head("别处"), Units().head("别处")) == ("别处", "别处")


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        (
            (("乙", "甲", ""), ("甲", "乙", "")),
            ["单位.xlsx:单位:3:B alias: a circle: 乙 alias of 甲 alias of 乙 -> take one of these steps out"],
        ),
        (
            (("甲", "", "乙"), ("乙", "", "丙"), ("丙", "", "甲")),
            ["单位.xlsx:单位:4:C parent: a circle: 丙 below 甲 below 乙 below 丙 -> take one of these steps out"],
        ),
        (
            (("甲", "小甲", ""), ("乙", "小甲", "")),
            [
                "单位.xlsx:单位:3:B alias: 小甲 is an alias of 甲 in row 2 already "
                "-> leave it with one of them, or make 乙 an alias of 甲 too"
            ],
        ),
        (
            (("甲", "小甲", "丙"), ("小甲", "", "丁")),
            ["单位.xlsx:单位:3:C parent: 甲 stands below 丙 in row 2 already -> decide for 丙 or 丁, in both rows"],
        ),
        (
            (("甲", "小甲", "小甲"),),
            [
                "单位.xlsx:单位:2:C parent: 甲 and 小甲 are the same unit; none stands below itself "
                "-> clear the parent, or correct the aliases"
            ],
        ),
        ((("", "小甲", ""),), ["单位.xlsx:单位:2:A unit: Unit (单位) is empty -> fill in the cell"]),
    ],
)
def test_what_does_not_fit_together_is_refused_with_its_row(rows: tuple[tuple[str, str, str], ...], faults: list[str]) -> None:
    assert refused(*rows) == faults


def test_the_same_twice_is_no_quarrel() -> None:
    assert known(("甲", "小甲", "丙"), ("甲", "小甲", "丙")).head("小甲") == "丙"


def test_a_table_of_a_thousand_steps_is_read() -> None:
    units = known(*((f"单位{n}", f"别名{n}", f"单位{n + 1}") for n in range(1_000)))
    assert units.head("别名0") == "单位1000"


def test_a_reviewer_of_a_branch_does_not_judge_the_unit_nor_its_nominations() -> None:
    units = known(("示例大学", "示大", ""), ("附属医院", "", "示大"))
    who, entry, nominator = a_reviewer("1", unit="附属 医院"), an_entry("L1", unit="示大"), a_nominator(name="示例大学")
    for relation in ("same_unit", "nominator"):
        assert barred(who, entry, nominator, (relation,)) is None
        assert barred(who, entry, nominator, (relation,), unit_of=units.key) == relation
        assert bars([entry], [who], [nominator], (relation,), unit_of=units.key) == {entry.id: frozenset({who.id})}
