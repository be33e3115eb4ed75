"""`jinbang assign`: files in, a file out, an explanation, and an exit code; no installation."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows import __main__ as jinbang
from flows import offline

PAGE = (Path(__file__).parents[2] / "docs" / "assigning.md").read_text(encoding="utf-8")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def assign(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`assign(instance, "--json")`: exit code, stdout and stderr; the pairs are in pairs.csv of the current folder."""
    monkeypatch.chdir(tmp_path)

    def run(instance: Any, *words: str) -> tuple[int, str, str]:
        content = instance if isinstance(instance, bytes) else json.dumps(instance).encode()
        Path("instance.json").write_bytes(content)
        given = () if "-o" in words else ("-o", "pairs.csv")
        monkeypatch.setattr(sys, "argv", ["jinbang", "assign", "instance.json", *given, *words])
        with pytest.raises(SystemExit) as ended:
            jinbang.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def example(kind: str) -> str:
    """A block of the page that describes the files."""
    found = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def an_instance(**changes: Any) -> dict[str, Any]:
    return {
        "per_entry": 1,
        "entries": ["e1", "e2"],
        "reviewers": [{"id": "a", "unit": None, "min": 0, "max": 1}, {"id": "b", "unit": "u", "min": 0, "max": 1}],
        "pairs": [["e1", "a", 900], ["e1", "b", 100], ["e2", "a", 1000], ["e2", "b", 300]],
    } | changes


def pairs() -> str:
    return Path("pairs.csv").read_text(encoding="utf-8")


def test_the_example_of_the_page_gives_what_the_page_says(assign: Run) -> None:
    assert assign(example("json").encode()) == (3, example("text"), "")
    assert pairs() == example("csv")


def test_a_draw_that_fills_every_seat_ends_with_0(assign: Run) -> None:
    assert assign(an_instance()) == (0, "2 of 2 seats are filled, affinity 1,200, seed 0\n", "")
    assert pairs() == "entry,reviewer\ne1,a\ne2,b\n"


def test_the_same_seed_gives_the_same_file_in_whatever_order_things_come(assign: Run) -> None:
    wide = an_instance(
        entries=[f"e{at}" for at in range(9)],
        reviewers=[{"id": f"r{at}", "max": 2} for at in range(9)],
        pairs=[[f"e{at}", f"r{who}", 500] for at in range(9) for who in range(9)],
    )
    files = []
    for instance, seed in ((wide, 1), (wide | {key: wide[key][::-1] for key in ("entries", "reviewers", "pairs")}, 1), (wide, 2)):
        assert assign(instance, "--seed", str(seed))[0] == 0
        files.append(pairs())
    assert files[0] == files[1] != files[2]


def test_an_explanation_can_be_had_in_chinese_or_as_a_document(assign: Run) -> None:
    short = an_instance(per_entry=2)
    assert assign(short, "--language", "zh_CN")[1].splitlines()[1] == "2 个评审席位无法安排，涉及 1 组互不相关的申报项："
    code, out, err = assign(short, "--json")
    found = json.loads(out)
    assert (code, err, found.pop("shortage")["short"]) == (3, "", 2)
    assert found == {
        "seed": 0, "entries": 2, "reviewers": 2, "seats": 4, "filled": 2, "affinity": 1300, "short": {"e1": 2}, "below_min": {},
    }  # fmt: skip


def test_least_loads_that_cannot_be_met_are_noted(assign: Run) -> None:
    wanted = an_instance(entries=["e1"], pairs=[["e1", "a", 900]])
    wanted["reviewers"][1]["min"] = 1
    assert assign(wanted) == (
        0,
        "1 of 1 seats are filled, affinity 900, seed 0\n",
        "note: below min, as seats and pairs allow no more: b -1\n",
    )


def test_what_is_kept_stays_and_what_is_no_longer_allowed_is_given_up(assign: Run) -> None:
    Path("earlier.csv").write_text("\ufeffentry,reviewer\r\ne2,a\r\ne1,gone\r\n", encoding="utf-8")
    code, _, err = assign(an_instance(), "--keep", "earlier.csv")
    assert (code, err) == (0, "earlier.csv: pairs given up, as the instance no longer allows them: 1, e.g. e1,gone\n")
    assert pairs() == "entry,reviewer\ne1,b\ne2,a\n"


DESCRIBED = "; the format is described in docs/assigning.md"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", f"Invalid JSON: EOF while parsing a value at line 1 column 0 -> write one JSON document in UTF-8{DESCRIBED}"),
        (b'{"entries": [', f"Invalid JSON: EOF while parsing a list at line 1 column 13 -> write one JSON document in UTF-8{DESCRIBED}"),
        (b"\xff\xfe", f"Invalid JSON: expected value at line 1 column 1 -> write one JSON document in UTF-8{DESCRIBED}"),
        (b"[" * 5000, f"Invalid JSON: recursion limit exceeded at line 1 column 202 -> write one JSON document in UTF-8{DESCRIBED}"),
        (b"[]", "Input should be an object; it is [] -> the format is described in docs/assigning.md"),
        (b"NaN", "Input should be an object; it is nan -> the format is described in docs/assigning.md"),
    ],
)
def test_a_file_that_is_no_instance_is_refused_with_its_place(assign: Run, content: bytes, said: str) -> None:
    assert assign(content) == (2, "", f"instance.json: {said}\n")
    assert not Path("pairs.csv").exists()


A_NUMBER, AN_AFFINITY, AN_ID = "a whole number from 0 to 1,000,000", "a whole number from 0 to 1000", "write a text of 1 to 200 characters"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"per_entry": -1}, f"per_entry: -1 is not {A_NUMBER} -> write {A_NUMBER}"),
        ({"per_entry": 2.5}, f"per_entry: 2.5 is not {A_NUMBER} -> write {A_NUMBER}"),
        ({"per_entry": True}, f"per_entry: True is not {A_NUMBER} -> write {A_NUMBER}"),
        ({"per_entry": {"e1": 1}}, "per_entry: entry 'e2' has no size -> add it"),
        ({"per_entry": {"e1": 1, "e2": 1, "e3": 1}}, "per_entry.e3: there is no entry 'e3' -> correct it, or add it to entries"),
        ({"per_entry": {"e1": 1, "e2": "1"}}, f"per_entry.e2: '1' is not {A_NUMBER} -> write {A_NUMBER}"),
        ({"entries": ["e1", "e2", "e1"]}, "entries: the id 'e1' stands here 2 times -> give everyone an id of their own"),
        ({"entries": ["e1", 2]}, f'entries[1]: 2 is no name or id -> {AN_ID}, e.g. "A017"'),
        ({"entries": ["e1", ""]}, f"entries[1]: '' is no name or id -> {AN_ID}, e.g. \"A017\""),
        ({"entries": ["e1", "e2\n"]}, "entries[1]: 'e2\\n' begins or ends with a space, or holds a control character -> take it out"),
        ({"reviewers": [{"id": "a"}]}, f"reviewers[0].max: it is missing -> add it{DESCRIBED}"),
        ({"quota": 3}, f"quota: there is no such field -> take it out or correct its name{DESCRIBED}"),
        ({"pairs": [["e1", "a", 1001]]}, f"pairs[0][2]: 1001 is not {AN_AFFINITY} -> write {AN_AFFINITY}"),
        ({"pairs": [["e1", "a", float("nan")]]}, f"pairs[0][2]: nan is not {AN_AFFINITY} -> write {AN_AFFINITY}"),
        ({"pairs": [["e1", "a", "9" * 99]]}, f"pairs[0][2]: '{'9' * 56}... is not {AN_AFFINITY} -> write {AN_AFFINITY}"),
        ({"pairs": [["e1", "a"]]}, f"pairs[0][2]: it is missing -> add it{DESCRIBED}"),
        ({"pairs": [["e9", "a", 1]]}, "pairs[0][0]: there is no entry 'e9' -> correct it, or add it to entries"),
        ({"pairs": [["e1", "z", 1]]}, "pairs[0][1]: there is no reviewer 'z' -> correct it, or add it to reviewers"),
        ({"pairs": [["e1", "a", 1], ["e1", "a", 1]]}, "pairs[1]: the pair 'e1', 'a' stands here again -> keep one of the two"),
        ({"together": [["e9", None]]}, 'together[0][1]: None is no name or id -> write a text of 1 to 200 characters, e.g. "A017"'),
        ({"together": [["e9", "u"]]}, "together[0]: there is no entry 'e9' -> correct it, or add it to entries"),
        ({"together": [["e1", "v"]]}, "together[0]: no reviewer belongs to the unit 'v' -> correct it or take the line out"),
    ],
)
def test_an_instance_that_cannot_be_meant_is_refused_with_place_reason_and_remedy(assign: Run, changes: dict[str, Any], said: str) -> None:
    assert assign(an_instance(**changes)) == (2, "", f"instance.json {said}\n")


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (
            [{"id": "a", "min": 3, "max": 2}, {"id": "b", "max": 1}],
            "reviewers[0]: 'a' should get at least 3 entries and takes 2 at most -> lower min or raise max",
        ),
        (
            [{"id": "a", "max": 2, "group": "g"}, {"id": "b", "max": 1}],
            "reviewers[0].group: the group 'g' has no limit -> add it to groups",
        ),
    ],
)
def test_reviewers_that_contradict_themselves_are_refused(assign: Run, people: list[dict[str, Any]], said: str) -> None:
    assert assign(an_instance(reviewers=people)) == (2, "", f"instance.json {said}\n")


def test_a_unit_in_two_groups_is_refused(assign: Run) -> None:
    people = [{"id": "a", "unit": "u", "max": 1, "group": "g"}, {"id": "b", "unit": "u", "max": 1}]
    code, _, err = assign(an_instance(reviewers=people, groups={"g": 1}))
    assert (code, err.startswith("instance.json reviewers[1].group: the unit 'u' stands in two groups, 'g' and None")) == (2, True)


def test_a_field_that_stands_twice_is_refused_not_dropped(assign: Run) -> None:
    content = json.dumps(an_instance(per_entry={"e1": 1, "e2": 1})).encode()
    content = content.replace(b'"id": "b",', b'"id": "b", "max": 5,').replace(b'{"e1": 1,', b'{"e1": 1, "e1": 2,')
    assert assign(content) == (
        2,
        "",
        "instance.json: the field 'e1' stands here 2 times -> keep one of them\n"
        "instance.json: the field 'max' of 'b' stands here 2 times -> keep one of them\n",
    )


def test_of_many_faults_the_first_are_told(assign: Run) -> None:
    code, _, err = assign(an_instance(pairs=[[f"x{at}", "a", 1] for at in range(50)]))
    assert (code, len(err.splitlines())) == (2, 21)
    assert err.splitlines()[-1] == "instance.json: 30 further faults -> correct these first"


def test_a_file_larger_than_any_instance_is_refused_unread(assign: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "MOST_MEGABYTES", 0)
    code, _, err = assign(an_instance())
    assert (code, err) == (
        2,
        "instance.json: it has 0 MB, and 0 MB can be drawn at once -> leave out pairs of low affinity, or draw the entries in parts\n",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--keep", "nowhere.csv"], "nowhere.csv: it cannot be read: No such file or directory -> correct the path or its rights\n"),
        (["-o", "no/where.csv"], "no/where.csv: it cannot be written: No such file or directory -> name another file at -o\n"),
        (["-o", "instance.json"], "instance.json: the pairs would overwrite the instance -> name another file at -o\n"),
    ],
)
def test_files_that_cannot_be_read_or_written_are_told(assign: Run, words: list[str], said: str) -> None:
    assert assign(an_instance(), *words) == (2, "", said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ": it is empty -> begin with the line entry,reviewer"),
        ("e1,a\n", ": the first line is 'e1,a' -> begin with the line entry,reviewer"),
        ("entry,reviewer\ne1,a\ne2\n", ":3: it has 1 columns -> write entry and reviewer"),
        ("entry,reviewer\ne1,a\ne1,b\n", "1 more reviewers are kept for entry 'e1' than it needs -> take lines out, or raise per_entry"),
    ],
)
def test_kept_pairs_that_cannot_be_taken_are_refused(assign: Run, content: str, said: str) -> None:
    Path("earlier.csv").write_text(content, encoding="utf-8")
    code, out, err = assign(an_instance(), "--keep", "earlier.csv")
    assert (code, out, err) == (2, "", f"earlier.csv{said}\n" if said.startswith(":") else f"{said}\n")


def test_a_draw_too_large_for_the_solver_is_refused_without_a_traceback(assign: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rules.panel_instance.LOT_BITS", 62)
    code, out, err = assign(an_instance(pairs=[[entry, who, 5] for entry in ("e1", "e2") for who in "ab"]))
    assert (code, out, err) == (1, "", "2 entries among 2 reviewers are too many for one draw (BAD_COST_RANGE); draw them in parts\n")
