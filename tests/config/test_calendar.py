from datetime import date
from pathlib import Path

import pytest

from config.calendar import load_calendar
from models.errors import CalendarNotCovered, InputError

GOOD = """\
source = "关于2027年部分节假日安排的通知"
holidays = [2027-01-01, 2027-02-05, 2027-02-08]
workdays = [2027-02-14]
"""


def faults_of(folder: Path, content: str | bytes, name: str = "2027.toml") -> list[tuple[str, str]]:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError) as caught:
        load_calendar(folder)
    assert {fault.file for fault in caught.value.faults} == {str(folder / name)}
    assert all(fault.remedy for fault in caught.value.faults)
    return [(fault.field, fault.what) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2027, 1, 1), False),  # a Friday off
        (date(2027, 1, 4), True),
        (date(2027, 1, 2), False),  # a Saturday
        (date(2027, 2, 14), True),  # a Sunday on which people work
        (date(2026, 2, 14), True),  # another year keeps its published table
    ],
)
def test_a_file_states_the_working_days_of_its_year(tmp_path: Path, day: date, works: bool) -> None:
    (tmp_path / "2027.toml").write_text(GOOD, encoding="utf-8")
    assert load_calendar(tmp_path).is_workday(day) is works


@pytest.mark.parametrize("there", [True, False])
def test_without_a_file_no_working_day_of_2027_is_guessed(tmp_path: Path, there: bool) -> None:
    calendar = load_calendar(tmp_path if there else None)
    with pytest.raises(CalendarNotCovered):
        calendar.is_workday(date(2027, 1, 4))


def test_a_folder_that_is_not_there_leaves_the_published_tables(tmp_path: Path) -> None:
    assert load_calendar(tmp_path / "none").is_workday(date(2026, 10, 1)) is False


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    content = 'holidays = [2026-12-31, "2027-01-01", 2027-02-08, 2027-02-08]\nworkdays = [2027-02-10]\nnote = "x"\n'
    assert faults_of(tmp_path, content) == [
        ("note", "unknown key"),
        ("holidays[0]", "2026-12-31 is not in 2027"),
        ("holidays[1]", "'2027-01-01' is not a date"),
        ("holidays[3]", "2027-02-08 stands twice"),
        ("source", "missing"),
        ("workdays", "2027-02-10 is no Saturday or Sunday"),
    ]


def test_a_day_in_both_lists_is_refused(tmp_path: Path) -> None:
    content = 'source = "x"\nholidays = [2027-02-14]\nworkdays = [2027-02-14]\n'
    assert faults_of(tmp_path, content) == [("workdays", "2027-02-14 is also a holiday")]


def test_a_year_without_holidays_is_refused(tmp_path: Path) -> None:
    assert faults_of(tmp_path, 'source = "x"\nholidays = []\nworkdays = []\n') == [("holidays", "no year is without holidays")]


def test_a_time_is_no_date(tmp_path: Path) -> None:
    content = 'source = "x"\nholidays = [2027-01-01T00:00:00]\nworkdays = []\n'
    assert faults_of(tmp_path, content) == [("holidays[0]", "'2027-01-01 00:00:00' is not a date")]


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("next.toml", GOOD, "the file must be named after its year"),
        ("2027.toml", "holidays = [2027-01-01", "this is not TOML"),
        ("2027.toml", b'source = "\xff"', "the file is not UTF-8"),
        ("2027.toml", "#" * 100_001, "the file has more than 100,000 bytes"),
    ],
)
def test_what_is_no_calendar_at_all_is_refused(tmp_path: Path, name: str, content: str | bytes, what: str) -> None:
    ((_, told),) = faults_of(tmp_path, content, name)
    assert told.startswith(what)


def test_a_fault_of_toml_names_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "2027.toml").write_text("source = \"x\"\nholidays = ['a' 'b']\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_calendar(tmp_path)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [(2, "17")]
