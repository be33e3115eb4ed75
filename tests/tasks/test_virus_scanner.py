"""R-48: a scanner that finds something or is down passes nothing; no scanner at all says "not scanned"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from tasks import virus_scanner
from tasks.virus_scanner import Verdict
from tests.tasks.scanning import EICAR, Scanner


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[Scanner]:
    made = Scanner(tmp_path / "clamd.ctl")
    yield made
    made.close()


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    values = {"clamav": ""}
    monkeypatch.setattr("tasks.virus_scanner.settings", lambda: Settings(data_dir=tmp_path, clamav_seconds=0.3, **values))  # type: ignore[arg-type]
    return values


def a_file(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def test_without_a_scanner_a_file_passes_and_is_called_not_scanned(setting: dict[str, str], tmp_path: Path) -> None:
    assert virus_scanner.examine(a_file(tmp_path, EICAR)) == Verdict("not_scanned", "", passed=True)


def test_the_scanner_sees_the_whole_file_and_its_word_counts(scanner: Scanner, setting: dict[str, str], tmp_path: Path) -> None:
    setting["clamav"] = scanner.setting
    content = b"harmless " * 50_000  # several pieces
    assert virus_scanner.examine(a_file(tmp_path, content)) == Verdict("clean", "", passed=True)
    assert virus_scanner.examine(a_file(tmp_path, EICAR)) == Verdict("infected", "Win.Test.EICAR_HDB-1", passed=False)
    assert scanner.seen == [content, EICAR]


def test_the_scanner_says_what_it_is(scanner: Scanner, setting: dict[str, str]) -> None:
    setting["clamav"] = scanner.setting
    assert virus_scanner.greet().startswith("ClamAV 1.4.3/")


def test_a_scanner_is_also_reached_over_the_net(setting: dict[str, str], tmp_path: Path) -> None:
    scanner = Scanner()
    setting["clamav"] = scanner.setting
    assert virus_scanner.examine(a_file(tmp_path, b"x")).scan == "clean"
    scanner.close()
    found = virus_scanner.examine(a_file(tmp_path, b"x"))
    assert (found.scan, found.passed) == ("not_scanned", False)
    assert found.said.startswith("the scanner is down: ")


@pytest.mark.parametrize("mood", ["hangs_up", "silent"])
def test_a_scanner_that_gives_no_answer_passes_nothing(scanner: Scanner, setting: dict[str, str], tmp_path: Path, mood: str) -> None:
    setting["clamav"], scanner.mood = scanner.setting, mood  # type: ignore[assignment]
    found = virus_scanner.examine(a_file(tmp_path, b"harmless"))
    assert (found.scan, found.passed) == ("not_scanned", False)


def test_a_file_longer_than_the_scanner_takes_passes_nothing(setting: dict[str, str], tmp_path: Path) -> None:
    scanner = Scanner(tmp_path / "small.ctl", most=1000)
    setting["clamav"] = scanner.setting
    found = virus_scanner.examine(a_file(tmp_path, b"x" * 5_000_000))
    assert (found.scan, found.passed) == ("not_scanned", False)
    scanner.close()


def test_an_address_that_makes_no_sense_is_refused_at_the_start(tmp_path: Path) -> None:
    for wrong in ("clamd", "unix:relative", "tcp:host", "http://host:1"):
        with pytest.raises(ValueError, match="clamav"):
            Settings(data_dir=tmp_path, clamav=wrong)
