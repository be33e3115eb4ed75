"""The commands around nominations: earlier winners, further quotas."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.flows.conftest import Command
from tests.tasks.driving import Season


def a_list(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "往届.csv"
    path.write_text(text, "utf-8")
    return path


def test_a_list_of_winners_is_taken_once(command: Command, tmp_path: Path) -> None:
    words = (
        "laureates",
        str(a_list(tmp_path, "论文题目,第一作者单位\n渭河流域氮素迁移,甲大学\n")),
        "--process",
        "papers",
        "--label",
        "2022",
    )
    assert command(*words, "--dry-run")[:2] == (0, "往届.csv: 1 winners of papers 2022 (dry run, nothing was kept)\n")
    assert command(*words)[:2] == (0, "往届.csv: 1 winners of papers 2022, 1 new\n")
    assert command(*words)[:2] == (0, "往届.csv: 1 winners of papers 2022, 0 new\n")


@pytest.mark.parametrize(
    ("process", "label", "text"), [("films", "2022", "论文题目\n甲\n"), ("papers", "", "论文题目\n甲\n"), ("papers", "2022", "序号\n1\n")]
)
def test_a_list_that_cannot_be_taken_is_refused_in_words(command: Command, tmp_path: Path, process: str, label: str, text: str) -> None:
    code, out, err = command("laureates", str(a_list(tmp_path, text)), "--process", process, "--label", label)
    assert (code, out, "Traceback" in err, bool(err)) == (1, "", False, True)


def test_a_quota_is_granted_with_a_reason(command: Command, season: Season) -> None:
    season.at(datetime(2026, 4, 10, tzinfo=UTC))
    words = ("grant-quota", season.id, "N01", "paper", "2", "--reason", "承办单位")
    assert command(*words)[:2] == (0, f"{season.id}: N01 may put forward 2 more of paper\n")
    assert [one["extra"] for _, one in season.events("QuotaGranted")] == [2]
    code, out, err = command("grant-quota", season.id, "N01", "poem", "2", "--reason", "承办单位")
    assert (code, out, "no class" in err) == (1, "", True)
    assert command("grant-quota", season.id, "N01", "paper", "0", "--reason", "x")[0] == 2
