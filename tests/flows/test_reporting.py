"""What the command prints about rehearsals, and the links that a visitor of the demo is shown."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from flows import rehearsing, reporting, supervisor
from models.errors import NotAllowed
from tasks.installation import Installation
from tests import builders
from tests.tasks.driving import Season
from tests.tasks.test_conflicts import a_world, told

REPORT: dict[str, Any] = {
    "edition": "papers-trial",
    "state": "published",
    "awards": 12,
    "vacant": 1,
    "entries": 30,
    "eligible": 28,
    "shortlisted": 15,
    "sheets": 139,
    "assignments": 140,
    "precision_at_k": 0.8333,
    "mails": {"queued": 100, "sent": 99, "failed": 1},
    "duration_s": 8.5,
    "engine_s": 6.25,
    "flow_runs": 40,
    "task_runs": 90,
    "seed": 7,
    "result_digest": "ab" * 32,
    "stalls": [{"stage": "signoff", "at": "2026-05-20T00:00:00+00:00", "why": "returned by 财务厅: 核对"}],
}


def test_the_report_of_a_rehearsal_fits_on_one_screen() -> None:
    assert reporting.rehearsal(REPORT).splitlines() == [
        "papers-trial: published, 12 awards, 1 vacant",
        "  30 entries, 28 eligible, 15 shortlisted",
        "  139 of 140 score sheets signed; 83% of the truly best were found",
        "  mails: 100 queued, 99 sent, 1 failed",
        "  8.5 s, of which engine 6.25 s",
        "  40 flow runs, 90 task runs",
        "  would have stalled in signoff: returned by 财务厅: 核对",
        f"  seed 7, digest of the result {'ab' * 32}",
    ]


def test_a_rehearsal_that_stops_in_the_middle_tells_nothing_of_results_yet() -> None:
    stopped = REPORT | {"state": "running", "awards": 0, "vacant": 0, "precision_at_k": 0.0, "result_digest": None, "stalls": []}
    assert reporting.rehearsal(stopped).splitlines() == [
        "papers-trial: running",
        "  30 entries, 28 eligible, 15 shortlisted",
        "  139 of 140 score sheets signed",
        "  mails: 100 queued, 99 sent, 1 failed",
        "  8.5 s, of which engine 6.25 s",
        "  40 flow runs, 90 task runs",
        "  seed 7",
    ]


def test_a_visitor_gets_the_link_of_somebody_who_can_act_now(season: Season) -> None:
    assert reporting.example_links() == []
    season.local("2026-04-01 08:00").advance()
    ((what, link),) = reporting.example_links()
    assert (what, link.startswith("http://localhost:8000/l/k1_")) == ("A nominator's link, sample-2026", True)
    season.hand_in([builders.an_entry("A01")])
    season.local("2026-06-01 00:00").advance()
    with season.database.read() as store:
        first, *others = sorted(store.progress(season.id, 1))
    ((what, first_link),) = reporting.example_links()
    assert what == "A reviewer's link, sample-2026"
    season.give(first.rpartition("/")[2], {"A01": 80})
    ((_, second_link),) = reporting.example_links()
    assert first_link != second_link  # who has signed has nothing left to do
    assert [one["link"] for one in reporting.links(season.id, "reviewer") if one["code"] == others[0].rpartition("/")[2]] == [second_link]
    builders.accept(season.database, season.id, others[0])
    ((_, third_link),) = reporting.example_links()
    assert third_link not in (first_link, second_link)  # who has not answered the invitation is shown first


@pytest.mark.parametrize("as_json", [True, False])
def test_a_rehearsal_beside_running_servers_prints_its_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(supervisor, "rehearse", lambda process, **values: given.update(values, process=process) or REPORT)
    monkeypatch.setattr(sys, "argv", ["rehearse", "papers", "--edition", "trial", "--entries", "30", *(["--json"] if as_json else [])])
    assert rehearsing.main() == 0
    assert (given["process"], given["label"], given["entries"], given["stop_in"]) == ("papers", "trial", 30, None)
    said = capsys.readouterr().out
    assert (json.loads(said) == REPORT) if as_json else said.startswith("papers-trial: published")


def test_a_refused_rehearsal_is_one_message(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(process: str, **_values: Any) -> None:
        raise NotAllowed(f"{process}-trial exists and is published; give another label with --edition")

    monkeypatch.setattr(supervisor, "rehearse", refuse)
    monkeypatch.setattr(sys, "argv", ["rehearse", "papers", "--edition", "trial"])
    assert rehearsing.main() == 1
    assert capsys.readouterr() == ("", "papers-trial exists and is published; give another label with --edition\n")


def test_the_status_counts_conflicts_that_are_avoided_that_wait_and_that_sit(installed: Installation) -> None:
    edition = a_world(installed, conflicts=["same_unit"], soft_conflicts=["project"])
    (status,) = reporting.statuses(edition.id)
    assert status["conflicts"] == {"avoided": 0, "wait": 0, "sit": 0}
    assert "conflicts of interest" not in reporting.lines(status)
    with installed.database.write() as store:
        told(store, "project")
        store.put_reviewers(edition.id, [builders.a_reviewer("R02", unit="甲方大学")])
    (status,) = reporting.statuses(edition.id)
    assert "  conflicts of interest: 3 pairs avoided, 3 wait for a decision, 2 sit already" in reporting.lines(status).splitlines()
