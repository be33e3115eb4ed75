"""The `jinbang` command: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from models.store import Database
from notifications import texts
from tasks.installation import Installation
from tests import builders
from tests.flows.conftest import Command
from tests.tasks.driving import Season
from tests.tasks.test_importing import ENTRY_HEAD, a_row, a_sheet

pytestmark = pytest.mark.usefixtures("traced")

ROOT = Path(__file__).parents[2]


def shown(result: tuple[int, str, str]) -> Any:
    code, out, err = result
    assert (code, err) == (0, "")
    return json.loads(out)


# -- exit codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["processes"], 0),
        (["graph", "films"], 1),
        (["status", "films-2026"], 1),
        (["advance", "films-2026"], 1),
        (["retry", "films-2026"], 1),
        (["remind", "films-2026"], 1),
        (["links", "films-2026", "reviewer"], 1),
        (["extend", "films-2026", "scoring", "--closes", "2027-01-01"], 1),
        (["links", "films-2026", "chairman"], 2),
        (["import", "films-2026", "entries", "nowhere.xlsx"], 2),
        (["open", "papers", "--starts", "soon"], 2),
        (["fly"], 2),
        (["status", "--fast"], 2),
    ],
)
def test_exit_codes_are_0_done_1_refused_2_wrong_usage(command: Command, words: list[str], code: int) -> None:
    ended, _, err = command(*words)
    assert ended == code
    assert "Traceback" not in err
    assert bool(err) == bool(code)


def test_a_refusal_is_one_message_and_nothing_on_stdout(command: Command) -> None:
    assert command("graph", "films") == (1, "", "no process 'films' is declared; known: artworks, innovation, papers, volunteers\n")


def in_a_process(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("JINBANG_")}
    return subprocess.run(
        [sys.executable, "-m", "flows", *words], cwd=ROOT, env=given | environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_wrong_setting_is_told_by_its_name(tmp_path: Path) -> None:
    done = in_a_process("status", JINBANG_DATA_DIR=str(tmp_path), JINBANG_MAIL_BATCH="0")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "JINBANG_MAIL_BATCH: Input should be greater than or equal to 1; it is '0'\n"


def test_a_database_that_is_not_there_is_told_without_a_traceback(tmp_path: Path) -> None:
    done = in_a_process("status", JINBANG_DATA_DIR=str(tmp_path), JINBANG_DATABASE_URL="sqlite:////nowhere/at/all.db")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("the database cannot be used: unable to open database file. Check that it runs")


# -- declarations ----------------------------------------------------------------------------------------------------------


def test_all_declared_processes_are_in_order(command: Command) -> None:
    code, out, err = command("validate")
    assert (code, out) == (0, "")
    assert [line.partition(": ")[2] for line in err.splitlines()] == [
        "artworks is in order: 6 stages, 100 awards",
        "innovation is in order: 8 stages, 12 awards",
        "papers is in order: 6 stages, 160 awards",
        "volunteers is in order: 6 stages, 35 awards",
    ]


def test_every_fault_of_a_file_is_told_with_line_and_column(command: Command, tmp_path: Path) -> None:
    text = (ROOT / "config/processes/papers.yaml").read_text("utf-8")
    broken = tmp_path / "films.yaml"
    broken.write_text(
        text.replace("quota: 10}", "quota: 11}", 1).replace("panel: 5 ", "panel: 0 ", 1).replace("kind: voting", "kind: vote", 1), "utf-8"
    )
    code, out, err = command("validate", str(broken))
    assert (code, out) == (1, "")
    lines = text.splitlines()
    rows = {
        name: 1 + next(place for place, line in enumerate(lines) if name in line) for name in ("name: papers", "panel: 5", "kind: voting")
    }
    places = [line.removeprefix(f"{broken}:").split(" ")[0] for line in err.splitlines()]
    assert places == [f"{rows['name: papers']}:7", f"{rows['panel: 5']}:12", f"{rows['kind: voting']}:11"]
    assert all(" -> " in line or "; " in line for line in err.splitlines())


def test_good_and_bad_files_are_told_apart_in_one_run(command: Command, tmp_path: Path) -> None:
    broken = tmp_path / "films.yaml"
    broken.write_text("name: [\n", "utf-8")
    code, _, err = command("validate", str(ROOT / "config/processes/papers.yaml"), str(broken), str(tmp_path / "gone.yaml"))
    assert code == 1
    assert "papers is in order" in err
    assert f"{broken}:" in err
    assert "gone.yaml: the file cannot be read" in err


def test_an_empty_or_missing_folder_of_processes_is_no_success(
    command: Command, installed: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder, said in ((tmp_path / "gone", "there is no such folder"), (tmp_path, "the folder holds no process file")):
        if folder == tmp_path:
            folder = tmp_path / "empty"
            folder.mkdir()
        other = Installation(installed.settings.model_copy(update={"processes": folder}), installed.database)
        monkeypatch.setattr("tasks.installation.installation", lambda other=other: other)
        code, _, err = command("validate")
        assert code == 1
        assert said in err


def test_a_missing_mail_template_is_refused_at_once(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    real = texts.read_template
    monkeypatch.setattr(texts, "read_template", lambda name: None if name == "call_opened/en/body.html.j2" else real(name))
    texts._environment.cache_clear()
    try:
        code, _, err = command("validate")
    finally:
        texts._environment.cache_clear()
    assert code == 1
    assert (
        "notifications/templates/call_opened/en/body.html.j2: the file is missing -> install the program again, or restore the file" in err
    )


def test_processes_are_listed_for_people_and_for_programs(command: Command) -> None:
    _, out, _ = command("processes")
    assert [line.split()[:3] for line in out.splitlines()] == [
        ["artworks", "2026", "100"],
        ["innovation", "2026", "12"],
        ["papers", "2026", "160"],
        ["volunteers", "2026", "35"],
    ]
    assert {one["name"]: one["awards"] for one in shown(command("processes", "--json"))} == {
        "artworks": 100,
        "innovation": 12,
        "papers": 160,
        "volunteers": 35,
    }


def test_the_graph_shows_every_stage_in_order(command: Command) -> None:
    code, out, _ = command("graph", "innovation")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "flowchart TD"
    arrows = [line.strip() for line in lines if "-->" in line]
    assert arrows == [
        "start --> submission",
        "submission --> scoring",
        "scoring --> shortlisting",
        "shortlisting --> voting",
        "voting --> clearance",
        "clearance --> signoff",
        "signoff --> notice",
        "notice --> publication",
        "publication --> done",
    ]
    assert '    done(["12 awards"])' in lines


# -- an edition from the command line ----------------------------------------------------------------------------------------


def test_a_past_process_is_refused_and_a_dry_run_opens_nothing(command: Command, installed: Installation) -> None:
    code, out, err = command("open", "papers", "--starts", "2021-01-12")
    assert (code, out) == (1, "")
    assert err == (
        "papers-2026: submission closes 2021-03-31 24:00, which is past. "
        "Give the first day with --starts, or write new dates into the process file\n"
    )
    code, out, err = command("open", "papers", "--edition", "2030", "--starts", "2030-01-12", "--dry-run")
    assert code == 0
    assert out.splitlines()[0] == "submission       opens 2030-01-12 00:00  closes 2030-03-31 24:00"
    assert out.splitlines()[-1] == "papers-2030: would be opened (dry run)"
    with installed.database.read() as store:
        assert store.edition_ids() == ()


def test_an_edition_is_opened_shown_and_not_opened_twice(command: Command, installed: Installation) -> None:
    assert command("status")[1] == "no edition is open; `jinbang open PROCESS` opens one\n"
    opening = ("open", "papers", "--edition", "2030", "--starts", "2030-01-12")
    code, out, _ = command(*opening)
    assert (code, out.splitlines()[-1]) == (0, "papers-2030 is open; import its nominators, reviewers and committee next")
    code, _, err = command(*opening)
    assert (code, err) == (1, "papers-2030 is open already; give another label with --edition\n")
    (one,) = shown(command("status", "--json"))
    assert (one["edition"], one["state"], one["stage"], one["stage_state"]) == ("papers-2030", "running", "submission", "planned")
    assert shown(command("status", "papers-2030", "--json")) == one
    code, out, _ = command("status", "papers-2030")
    assert out.splitlines()[0] == "papers-2030: running"
    assert out.splitlines()[1] == "  stage submission is planned, closes 2030-03-31 24:00"


def test_a_bad_file_is_one_message_per_fault_and_nothing_is_kept(command: Command, season: Season, tmp_path: Path) -> None:
    season.local("2026-04-01 08:00").advance()
    path = a_sheet(tmp_path, ENTRY_HEAD, a_row(1), a_row(2, 推荐单位编号="N99"), a_row(3, 发表日期="去年"))
    before = season.snapshot()
    results = [command("import", season.id, "entries", str(path), *more) for more in ((), ("--dry-run",))]
    assert results[0] == results[1]
    code, out, err = results[0]
    assert (code, out) == (1, "")
    assert [line.split(" ")[0] for line in err.splitlines()] == ["申报.xlsx:申报表:3:E", "申报.xlsx:申报表:4:I"]
    assert all(" -> " in line for line in err.splitlines())
    assert season.snapshot() == before


def test_a_good_file_is_taken_and_a_dry_run_says_the_same(command: Command, season: Season, tmp_path: Path) -> None:
    season.local("2026-04-01 08:00").advance()
    path = a_sheet(tmp_path, ENTRY_HEAD, a_row(1))
    assert command("import", season.id, "entries", str(path), "--dry-run")[:2] == (
        0,
        "申报.xlsx: 1 new entries, 0 updated (dry run, nothing was kept)\n",
    )
    assert season.entries() == ()
    assert command("import", season.id, "entries", str(path))[:2] == (0, "申报.xlsx: 1 new entries, 0 updated\n")
    assert len(season.entries()) == 1


def test_links_are_printed_for_those_who_have_one(command: Command, season: Season) -> None:
    code, out, err = command("links", season.id, "nominator")
    assert (code, out, err) == (0, "", "sample-2026: nobody has a link as nominator yet; links are issued when the stage opens\n")
    season.local("2026-04-01 08:00").advance()
    rows = [line.split("\t") for line in command("links", season.id, "nominator")[1].splitlines()]
    assert [row[:2] for row in rows] == [["N01", "示例省N01学会"], ["N02", "示例省N02学会"]]
    assert all(row[2].startswith("http://localhost:8000/l/k1_") for row in rows)
    assert [one["link"] for one in shown(command("links", season.id, "nominator", "--json"))] == [row[2] for row in rows]


def test_an_admin_can_do_everything_from_the_command_line(command: Command, season: Season) -> None:
    assert command("advance", season.id)[1] == "submission is being opened\n"
    season.advance()
    assert command("remind", season.id)[1] == "2 reminders are queued\n"
    code, out, _ = command("extend", season.id, "submission", "--closes", "2026-06-15 24:00")
    assert (code, out) == (0, "sample-2026: submission now closes 2026-06-15 24:00 (Asia/Shanghai)\n")
    code, _, err = command("extend", season.id, "submission", "--closes", "morgen")
    assert code == 1
    assert err.startswith("--closes: ")
    season.local("2026-06-16 00:00").advance()
    code, out, _ = command("status", season.id)
    assert "  BLOCKED: sample-2026: 0 entries were put forward and none is eligible" in out
    assert "  `jinbang retry sample-2026` tries again" in out
    assert command("retry", season.id)[1] == "submission is tried again\n"


def test_the_status_of_a_scoring_says_whom_it_waits_for(command: Command, season: Season) -> None:
    season.local("2026-04-01 08:00").advance()
    season.hand_in([builders.an_entry("A01")])
    season.local("2026-06-01 00:00").advance()
    out = command("status", season.id)[1]
    assert "  entries: 1 assigned\n  score sheets: 0 of 3 signed\n  waits for 3 people\n" in out


# -- doctor ------------------------------------------------------------------------------------------------------------------


def test_the_doctor_looks_at_everything(command: Command, season: Season) -> None:
    code, out, _ = command("doctor", "--json")
    found = {one["check"]: one for one in json.loads(out)}
    assert [name for name, one in found.items() if not one["ok"]] in ([], ["working days"])
    assert code == int(not found["working days"]["ok"])
    assert set(found) == {
        "versions",
        "database",
        "schema",
        "secret key",
        "process files",
        "mail templates",
        "working days",
        "mail server",
        "fonts",
        "files",
        "virus scanner",
        "Prefect",
        "engine",
    }
    assert found["Prefect"]["found"] == "`jinbang up` starts its own server on loopback"


def test_the_doctor_names_what_is_wrong_and_what_to_do(
    command: Command, season: Season, database: Database, installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as store:
        store.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
        store.wake(season.id)
    wrong = installed.settings.model_copy(
        update={
            "smtp_url": "http://mail",
            "prefect_api_url": "http://127.0.0.1:1/api",
            "files_url": "nowhere://x",
            "clamav": "tcp:127.0.0.1:1",
        }
    )
    monkeypatch.setattr("tasks.installation.installation", lambda: Installation(wrong, database))
    code, out, _ = command("doctor")
    assert code == 1
    failed = [line for line in out.splitlines() if line.startswith("FAIL")]
    assert [line.removeprefix("FAIL ").partition(":")[0] for line in failed if "working days" not in line] == [
        "schema",
        "mail server",
        "files",
        "virus scanner",
        "Prefect",
        "engine",
    ]
    assert all(" -> " in line for line in failed)
    assert any("1 wake-ups wait and no engine has been seen for five minutes" in line for line in failed)
