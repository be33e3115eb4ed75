"""`jinbang rank`: a file of scores becomes a ranking, or every fault is named."""

from __future__ import annotations

import csv
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rules.methods import METHODS
from tests.rules.scored import a_panel, scores

ROOT = Path(__file__).parents[2]
Rank = Callable[..., tuple[int, str, str]]

PANEL = a_panel(30, 10, 4)
SMALL = scores({"甲": {"r1": 90, "r2": 80}, "乙": {"r1": 84, "r2": 84, "r3": 85}, "丙": {"r3": "84.3349"}, "丁": {"r2": 60, "r3": 70}})


@pytest.fixture
def rank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rank:
    """Run the command on a file; yields exit code, stdout and stderr. `content` is scores or the bytes of the file."""
    from flows import __main__ as jinbang

    monkeypatch.chdir(tmp_path)

    def run(content: object, *words: str) -> tuple[int, str, str]:
        body = content if isinstance(content, bytes) else text_of(content).encode()  # type: ignore[arg-type]
        Path("scores.csv").write_bytes(body)
        monkeypatch.setattr(sys, "argv", ["jinbang", "rank", "scores.csv", *words])
        with pytest.raises(SystemExit) as ended:
            jinbang.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


def text_of(some: list[tuple[str, str, object]]) -> str:
    return "entry,reviewer,score\n" + "".join(f"{entry},{reviewer},{value}\n" for entry, reviewer, value in some)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_a_ranking_by_the_mean_has_exact_marks_and_shared_ranks(rank: Rank) -> None:
    code, out, _ = rank(SMALL, "--method", "mean")
    assert code == 0
    assert [line.split(",")[:5] for line in out.splitlines()] == [
        ["rank", "entry", "n", "mean", "p_selected"],
        ["1", "甲", "2", "85.00", ""],
        ["2", "丙", "1", "84.33", ""],
        ["2", "乙", "3", "84.33", ""],
        ["4", "丁", "2", "65.00", ""],
    ]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_ranks_everybody(rank: Rank, method: str) -> None:
    code, _, err = rank(PANEL, "--method", method, "--k", "8", "--draws", "300", "-o", "ranking.csv")
    text = Path("ranking.csv").read_text("utf-8")
    found, columns = rows(text), dict.fromkeys(["rank", "entry", "n", "mean", method, "p_selected", "expected_rank", "zone"])
    assert (code, text.splitlines()[0].split(",")) == (0, list(columns))  # each once, also where the mean is the method
    assert sorted(one["entry"] for one in found) == sorted({one.entry for one in PANEL})
    marks = [float(one[method]) for one in found]
    assert marks == sorted(marks, reverse=True)
    assert [int(one["rank"]) for one in found] == [1 + sum(other > mark for other in marks) for mark in marks]
    assert sum(float(one["p_selected"]) for one in found) == pytest.approx(8, abs=0.02)
    assert {one["zone"] for one in found} == {"clear", "discussion", "clear_no"}
    assert re.search(r"^ranking.csv: 30 entries, sha256 [0-9a-f]{64}$", err, re.MULTILINE)


def test_without_a_number_of_seats_chances_and_bands_stay_empty(rank: Rank) -> None:
    found = rows(rank(SMALL, "--method", "calibrated")[1])
    assert {(one["p_selected"], one["zone"]) for one in found} == {("", "")}
    assert all(one["expected_rank"] for one in found)


def test_where_lower_is_better_the_lowest_goes_first_and_marks_keep_their_sign(rank: Rank) -> None:
    found = rows(rank(SMALL, "--method", "trimmed_mean", "--lower-is-better", "--k", "1")[1])
    assert [(one["rank"], one["entry"], one["mean"], one["trimmed_mean"]) for one in found] == [
        ("1", "丁", "65.00", "65.00"),
        ("2", "丙", "84.33", "84.33"),
        ("2", "乙", "84.33", "84.33"),
        ("4", "甲", "85.00", "85.00"),
    ]
    assert float(found[0]["p_selected"]) > 0.5


def test_the_trimmed_mean_drops_from_trim_min_scores_on(rank: Rank) -> None:
    some = scores({"a": {"r1": 100, "r2": 100, "r3": 100, "r4": 0, "r5": 0}, "b": {"r1": 100, "r2": 80, "r3": 80, "r4": 0}})
    assert [one["trimmed_mean"] for one in rows(rank(some, "--method", "trimmed_mean")[1])] == ["66.67", "65.00"]
    assert [one["trimmed_mean"] for one in rows(rank(some, "--method", "trimmed_mean", "--trim-min", "4")[1])] == ["80.00", "66.67"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_read_in_the_encodings_that_spreadsheets_write(rank: Rank, encoding: str) -> None:
    code, out, _ = rank(text_of(SMALL).encode(encoding), "--method", "median")
    assert (code, [one["entry"] for one in rows(out)]) == (0, ["甲", "丙", "乙", "丁"])


def test_ranks_by_all_methods_stand_side_by_side(rank: Rank) -> None:
    _, _, err = rank(PANEL, "--method", "borda", "--k", "8", "--compared", "methods.csv", "-o", "ranking.csv")
    found = rows(Path("methods.csv").read_text("utf-8"))
    assert list(found[0]) == ["entry", "rank_mean", "rank_trimmed_mean", "rank_calibrated", "rank_borda", "depends_on_method"]
    depends = [one["entry"] for one in found if one["depends_on_method"] == "yes"]
    assert depends == [one["entry"] for one in found if len({int(value) <= 8 for name, value in one.items() if "rank" in name}) > 1]
    assert f"Selected by one method and not by another ({len(depends)}): {', '.join(depends)}" in err


def test_scores_for_the_own_unit_are_looked_at_where_units_are_given(rank: Rank) -> None:
    def unit(name: str) -> int:
        return int(name[1:]) % 4

    lines = [
        f"{entry},{reviewer},{value + (12 if unit(entry) == unit(reviewer) else 0)},第{unit(entry)}医院,第 {unit(reviewer)} 医院\n"
        for entry, reviewer, value in PANEL
    ]
    content = "entry,reviewer,score,entry_unit,评审单位\n" + "".join(lines)
    _, favoured, err = rank(content.encode(), "--method", "calibrated")
    said = [line for line in err.splitlines() if "own unit" in line]
    assert len(said) == 1
    found = re.fullmatch(
        r"Scores for entries of the reviewer's own unit \((\d+)\) are ([\d.]+) points higher than quality and leniency explain, "
        r"standard error ([\d.]+); look at them\.",
        said[0],
    )
    assert found is not None
    assert float(found[2]) == pytest.approx(12, abs=2 * float(found[3]))
    assert "own unit" not in rank(PANEL, "--method", "calibrated")[2]
    assert "own unit" not in favoured  # what is handed on says nothing of it


def test_where_lower_is_better_it_is_said(rank: Rank) -> None:
    assert "Lower scores are better" in rank(SMALL, "--method", "mean", "--lower-is-better")[2]
    assert "Lower scores are better" not in rank(SMALL, "--method", "mean")[2]


def test_with_one_score_each_nothing_is_said_of_where_differences_come_from(rank: Rank) -> None:
    _, _, err = rank(scores({"a": {"r": 80}, "b": {"s": 70}}), "--method", "mean", "--k", "1")
    assert "Of the differences" not in err
    assert "No entry has two scores" in err


def test_an_entry_whose_name_looks_like_a_total_is_not_lost_in_silence(rank: Rank) -> None:
    code, out, err = rank([("甲", "r", 80), ("合计", "r", 90), ("乙", "s", 70)], "--method", "mean")
    assert (code, [one["entry"] for one in rows(out)]) == (0, ["甲", "乙"])
    assert "left out as totals or notes: row 3 (合计); if one of them is none, add a word to its name" in err
    assert "第 3 行（合计）" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "scores.csv"], "the ranking would overwrite the scores"),
        (["--compared", "./scores.csv"], "the ranking would overwrite the scores"),
        (["-o", "ranking.csv", "--compared", "./ranking.csv"], "the ranking and the comparison are one file"),
    ],
)
def test_nothing_is_written_over_the_scores_or_over_itself(rank: Rank, words: list[str], said: str) -> None:
    code, _, err = rank(SMALL, "--method", "mean", *words)
    assert (code, said in err, Path("ranking.csv").exists(), Path("scores.csv").read_text("utf-8")) == (2, True, False, text_of(SMALL))


def test_a_terminal_that_knows_no_chinese_still_gets_the_whole_file(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text(text_of(SMALL), "utf-8")
    words = [sys.executable, "-m", "flows", "rank", str(tmp_path / "scores.csv"), "--method", "mean"]
    world = os.environ | {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = subprocess.run(words, cwd=ROOT, env=world, capture_output=True, check=True)
    assert [one["entry"] for one in rows(done.stdout.decode())] == ["甲", "丙", "乙", "丁"]


def test_all_faults_are_named_at_once_and_nothing_is_written(rank: Rank) -> None:
    code, out, err = rank(b"entry,reviewer,score\nA,r,80\nA,r,81\nB,r,NaN\nB,s,\n", "--method", "mean", "-o", "ranking.csv")
    absent = "leave the row out if the score is missing: a missing score is absent, never 0"
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "scores.csv:3:B reviewer: reviewer r scores entry A in row 2 already -> keep the row that holds and delete the other",
        f"scores.csv:4:C score: 'NaN' is not a number -> write such as 85.5; {absent}",
        f"scores.csv:5:C score: the score is empty -> {absent}",
    ]
    assert not Path("ranking.csv").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["--method", "mean"]),
        (b"entry,reviewer,score\n", ["--method", "mean"]),
        (b"entry,mark\nA,80\n", ["--method", "mean"]),
        (b"PK\x03\x04", ["--method", "mean"]),
        (b"\xff\xfe\xff", ["--method", "mean"]),
        (b"entry,reviewer,score\nA,r,80\n", ["--method", "guess"]),
        (b"entry,reviewer,score\nA,r,80\n", ["--method", "mean", "--k", "0"]),
        (b"entry,reviewer,score\nA,r,80\n", []),
        (b"entry,reviewer,score\nA,r,80\n", ["--method", "mean", "-o", "no/such/folder.csv"]),
    ],
)
def test_what_cannot_be_ranked_is_refused_in_words(rank: Rank, content: bytes, words: list[str]) -> None:
    code, out, err = rank(content, *words)
    assert (code, out, bool(err), "Traceback" in err) == (2, "", True, False)


@pytest.mark.parametrize("method", ["calibrated_robust", pytest.param("calibrated_scaled", marks=pytest.mark.slow)])
def test_two_processes_elsewhere_in_another_order_write_the_same_bytes(tmp_path: Path, method: str) -> None:
    """Other locale, zone, hashes, kernels and number of threads of the linear algebra; rows shuffled. With decimals of its own too."""
    shuffled = PANEL[:]
    random.Random(3).shuffle(shuffled)
    worlds = [
        (
            PANEL,
            {"TZ": "America/New_York", "LC_ALL": "C", "PYTHONHASHSEED": "1", "OPENBLAS_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Nehalem"},
        ),
        (shuffled, {"TZ": "Asia/Shanghai", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "2"}),
    ]
    written = []
    for number, (some, world) in enumerate(worlds):
        (tmp_path / f"{number}.csv").write_text(text_of(some), "utf-8")
        words = ["rank", str(tmp_path / f"{number}.csv"), "--method", method, "--k", "8", "--draws", "200"]
        command = [sys.executable, "-m", "flows", *words]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | world, capture_output=True, check=True)
        written.append(done.stdout)
    assert written[0] == written[1]
    assert len(written[0]) > 1000


def test_the_example_of_the_documentation_comes_out_as_printed(rank: Rank) -> None:
    page = (ROOT / "docs" / "ranking.md").read_text("utf-8")
    given, printed, said = re.findall(r"^```[a-z]*\n(entry,.*?|rank,.*?|Of the .*?)^```$", page, re.MULTILINE | re.DOTALL)
    words = re.search(r"^jinbang rank scores.csv (.*)$", page, re.MULTILINE)
    assert words is not None
    code, _, err = rank(given.encode(), *words[1].split())
    assert (code, Path("ranking.csv").read_text("utf-8")) == (0, printed)
    assert err.splitlines()[:-1:2] == said.splitlines()
