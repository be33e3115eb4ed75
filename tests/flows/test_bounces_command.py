"""`jinbang bounces`: a file, a folder, a Maildir, an mbox or a pipe; what cannot be read is named, and the rest is read all the same."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from config.settings import Settings
from models import tables
from models.errors import UnsafeSetting
from tests.flows.conftest import Command
from tests.notifications.returned import a_report
from tests.notifications.test_delivery_reports import CONTRADICTING
from tests.tasks.driving import Season
from tests.tasks.test_healing import panels, started
from tests.tasks.test_returned_mail import invitation, returned


def test_a_folder_is_read_message_by_message_and_again_without_harm(season: Season, command: Command, tmp_path: Path) -> None:
    heals = started(season)
    gone = panels(heals)["A01"][0]
    folder = tmp_path / "returned"
    folder.mkdir()
    (folder / "a.eml").write_bytes(a_report()[:500])
    (folder / "a2.eml").write_bytes(CONTRADICTING)
    (folder / "b.eml").write_bytes(returned(heals, gone))
    (folder / "notes.txt").write_text("not a mail")
    name = f"{heals.id}: review_invitation to {invitation(heals, gone).to_address}"
    code, out, err = command("bounces", str(folder))
    assert (code, out.splitlines(), err.splitlines()) == (
        3,
        [f"{folder}/b.eml: {name}: returned as undeliverable: 550 5.1.1 no such user",
         "3 messages read, 1 mails marked as undeliverable, 2 messages not readable"],
        [f"{folder}/a.eml: it is a delivery report that names no recipient", f"{folder}/a2.eml: it is put together as no mail is"],
    )  # fmt: skip
    for name in ("a.eml", "a2.eml"):
        (folder / name).unlink()
    code, out, err = command("bounces", str(folder), "--json")
    assert (code, json.loads(out)["counts"], err) == (0, {"known": 1}, "")


def test_of_a_maildir_what_is_still_arriving_is_left_alone(season: Season, command: Command, tmp_path: Path) -> None:
    for part in ("new", "cur", "tmp"):
        (tmp_path / part).mkdir()
        (tmp_path / part / f"1.{part}.host").write_bytes(a_report(number=len(part)))
    code, out, _err = command("bounces", str(tmp_path), "--json")
    assert (code, [Path(one["message"]).parent.name for one in json.loads(out)["messages"]]) == (0, ["cur", "new"])


def test_an_mbox_holds_several(season: Season, command: Command, tmp_path: Path) -> None:
    heals = started(season)
    codes = panels(heals)["A01"]
    box = tmp_path / "mbox"
    box.write_bytes(b"".join(b"From MAILER-DAEMON Mon Jun  1 08:00:00 2026\n" + returned(heals, code) + b"\n" for code in codes))
    code, out, _err = command("bounces", str(box), "--json")
    assert (code, json.loads(out)["counts"]) == (0, {"marked": 2})


def test_a_pipe_is_answered_kindly_unless_the_database_is_away(season: Season, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    heals = started(season)
    gone = panels(heals)["A01"][0]
    for content, said in ((b"", "has no header"), (returned(heals, gone), "returned as undeliverable")):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
        code, out, err = command("bounces", "-")
        assert (code, said in out + err) == (0, True)

    with heals.database.write() as store:
        store.connection.execute(sa.update(tables.MAILS).values(state="sending"))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(returned(heals, gone, number="2"))))
    code, out, _err = command("bounces", "-")
    assert (code, "give the report again" in out) == (75, True)

    def away() -> None:
        raise OperationalError("", {}, Exception("no route to host"))

    monkeypatch.setattr("flows.supervisor.prepare", away)
    code, _out, err = command("bounces", "-")
    assert (code, "no route to host" in err, "hand it over again" in err) == (75, True, True)


def failing(failure: Exception) -> Callable[[], None]:
    def fails() -> None:
        raise failure

    return fails


@pytest.mark.parametrize(("words", "prepare", "said"), [
    ((), lambda: Settings(catcher_port="no number"), "JINBANG_CATCHER_PORT: "),
    ((), failing(UnsafeSetting("the folder of data may be read by everybody")), "may be read by everybody"),
    ((), failing(OSError(28, "No space left on device")), "No space left on device"),
    ((), failing(KeyError("a mistake of ours")), "Traceback"),
    (("--nosuch",), lambda: None, "No such option"),
])  # fmt: skip
def test_whatever_is_set_wrong_or_fails_a_mail_server_keeps_the_report(
    season: Season, command: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], prepare: Callable[[], object], said: str
) -> None:
    monkeypatch.setattr("flows.supervisor.prepare", prepare)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    code, _out, err = command("bounces", "-", *words)
    assert (code, said in err, "hand it over again" in err) == (75, True, True)


def test_a_file_is_read_by_a_person_who_gets_the_usual_codes(season: Season, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.supervisor.prepare", failing(UnsafeSetting("the folder of data may be read by everybody")))
    assert command("bounces", "report.eml") == (1, "", "the folder of data may be read by everybody\n")
    assert command("bounces", "report.eml", "--nosuch")[0] == 2


def test_the_help_names_the_exit_codes(command: Command) -> None:
    code, out, _err = command("bounces", "--help")
    assert (code, "EX_TEMPFAIL" in out) == (0, True)


def test_what_is_not_there_is_said(season: Season, command: Command, tmp_path: Path) -> None:
    code, _out, err = command("bounces", str(tmp_path / "nothing"))
    assert (code, "there is no such file or folder" in err) == (1, True)
    code, _out, err = command("bounces", "x" * 300)
    assert (code, "it cannot be looked into: File name too long" in err) == (1, True)
