"""Rule N5."""

from __future__ import annotations

from typing import Any

import pytest

from models.asking import NotAgain
from models.edition import Entry
from models.submitting import Laureate
from rules import intake, laureates
from tests.rules.samples import a_class, a_process, an_entry

PROCESS = a_process([a_class("person", "person"), a_class("team", "team"), a_class("paper")], awards=3)
FOR_EVER = NotAgain()


def a_person(name: str = "李泾川", unit: str = "长安示范大学", **fields: Any) -> Entry:
    return an_entry("P1", "person", title=name, unit=unit, fields=fields)


def a_winner(label: str = "2024", name: str = "李泾川", unit: str = "长安示范大学", class_name: str = "person", **fields: Any) -> Laureate:
    subject = PROCESS.class_named(class_name).subject if class_name in ("person", "team", "paper") else "person"
    key = intake.entry_keys(subject, name, unit, fields)[0]
    return Laureate(f"sample/{label}/{key}", "sample", label, class_name, key, name, unit, "往届名单.xlsx")


def barring(entry: Entry, *winners: Laureate, rule: NotAgain = FOR_EVER, current: str = "2026", known: tuple[str, ...] = ()) -> str | None:
    found = laureates.barring(rule, PROCESS, entry, winners, current=current, known=known)
    return found and found.label


def test_an_earlier_winner_is_barred_for_ever() -> None:
    assert barring(a_person(birth_month="1980-05"), a_winner("1998", birth_month="1980-05")) == "1998"
    assert barring(a_person(birth_month="1980-05"), a_winner("1998", birth_month="1957-02")) is None
    assert barring(a_person("王谷雨"), a_winner()) is None


def test_a_list_without_months_of_birth_bars_by_name_and_unit() -> None:
    assert barring(a_person(birth_month="1980-05"), a_winner()) == "2024"
    assert barring(a_person("李　泾川", "长安 示范大学", birth_month="1980-05"), a_winner()) == "2024"
    assert barring(a_person(unit="秦巴医科大学", birth_month="1980-05"), a_winner()) is None


def test_somebody_of_that_name_elsewhere_is_shown_to_the_office_only() -> None:
    entry, winner = a_person(unit="秦巴医科大学"), a_winner()
    assert barring(entry, winner) is None
    assert laureates.namesakes(PROCESS, entry, [winner, a_winner(name="王谷雨")]) == (winner,)


@pytest.mark.parametrize(("editions", "barred"), [(1, None), (2, "2022"), (3, "2022"), (None, "2022")])
def test_so_many_editions_back_are_counted_by_editions_and_not_by_years(editions: int | None, barred: str | None) -> None:
    winners = [a_winner("2022"), a_winner("2024", "王谷雨")]
    assert barring(a_person(), *winners, rule=NotAgain(editions=editions)) == barred


def test_an_edition_without_winners_counts_too() -> None:
    rule = NotAgain(editions=1)
    assert barring(a_person(), a_winner("2024"), rule=rule) == "2024"
    assert barring(a_person(), a_winner("2024"), rule=rule, known=("2025", "2026", "2027")) is None


def test_labels_are_put_in_order_by_their_numbers() -> None:
    assert laureates.counted_labels(NotAgain(editions=2), "14", {"9", "10", "13", "14", "15"}) == {"10", "13"}
    assert laureates.counted_labels(FOR_EVER, "14", {"9"}) is None


def test_the_latest_award_is_told_and_one_s_own_edition_does_not_count() -> None:
    assert barring(a_person(), a_winner("9"), a_winner("13"), a_winner("10"), a_winner("14"), current="14") == "13"
    assert barring(a_person(), a_winner("2026")) is None


def test_only_the_declared_classes_are_barred() -> None:
    persons = NotAgain(classes=("person",))
    team = an_entry("T1", "team", title="先锋队", unit="长安示范大学")
    won = a_winner(name="先锋队", class_name="team")
    assert barring(team, won) == "2024"
    assert barring(team, won, rule=persons) is None
    assert barring(a_person(), a_winner(), rule=persons) == "2024"


def test_a_winner_of_another_kind_of_subject_bars_nobody_but_one_of_a_class_that_is_gone_may_be_anything() -> None:
    assert barring(a_person(), a_winner(class_name="team")) is None
    assert barring(a_person(), a_winner(class_name="volunteer")) == "2024"


def test_a_paper_is_known_by_doi_or_title() -> None:
    paper = an_entry("L1", "paper", title="秦岭泥石流识别：新方法", fields={"doi": "10.1/A"})
    assert barring(paper, a_winner(name="另题", class_name="paper", doi="https://doi.org/10.1/a")) == "2024"
    assert barring(paper, a_winner(name="秦岭泥石流识别 新方法", class_name="paper")) == "2024"


def test_who_won_here_bars_the_next_edition() -> None:
    won = laureates.from_entry(PROCESS, a_person(birth_month="1980-05"), "2025")
    assert (won.process, won.label, won.class_name, won.title, won.source) == ("sample", "2025", "person", "李泾川", "sample-2026")
    assert barring(a_person(birth_month="1980-05"), won) == "2025"
    assert barring(a_person(birth_month="1957-02"), won) is None
