"""Opening an edition: dates move as a whole, what is past or there already is refused, a dry run keeps nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from models.edition import Edition
from models.errors import InputError, NotAllowed, NotFound
from rules import calendar
from tasks import editions, opening
from tasks.installation import Installation
from tests import builders
from tests.tasks.driving import ON_SQLITE

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def shown(edition: Edition) -> dict[str, tuple[str, str]]:
    """Stage -> opening and deadline in local time."""

    def text(moment: datetime | None) -> str:
        return "" if moment is None else f"{calendar.to_local(moment, edition.process.time_zone):%Y-%m-%d %H:%M}"

    return {run.name: (text(run.opens_at), text(run.closes_at)) for run in edition.stages}


def known(installed: Installation) -> tuple[str, ...]:
    with installed.database.read() as store:
        return store.edition_ids()


@ON_SQLITE
def test_dates_are_as_written_and_24_00_is_the_end_of_the_day(installed: Installation) -> None:
    assert shown(opening.planned("papers", label=None, starts=None, now=NOW)) == {
        "submission": ("2026-01-12 00:00", "2026-04-01 00:00"),
        "scoring": ("", "2026-05-01 00:00"),
        "shortlisting": ("", "2026-05-10 00:00"),
        "voting": ("", "2026-05-19 00:00"),
        "notice": ("", ""),
        "publication": ("2026-05-30 00:00", ""),
    }


@ON_SQLITE
def test_all_dates_move_with_the_first_day(installed: Installation) -> None:
    assert shown(opening.planned("papers", label="2027", starts=date(2027, 1, 12), now=NOW)) == {
        "submission": ("2027-01-12 00:00", "2027-04-01 00:00"),
        "scoring": ("", "2027-05-01 00:00"),
        "shortlisting": ("", "2027-05-10 00:00"),
        "voting": ("", "2027-05-19 00:00"),
        "notice": ("", ""),
        "publication": ("2027-05-30 00:00", ""),
    }


def test_a_deadline_that_is_past_is_refused_with_the_remedy() -> None:
    process = builders.a_process()
    with pytest.raises(NotAllowed) as refused:
        editions.plan(process, "0" * 64, now=datetime(2026, 5, 31, 16, tzinfo=UTC))
    assert str(refused.value) == (
        "sample-2026: submission closes 2026-05-31 24:00, which is past. "
        "Give the first day with --starts, or write new dates into the process file"
    )
    assert editions.plan(process, "0" * 64, now=datetime(2026, 5, 31, 15, 59, 59, tzinfo=UTC)).id == "sample-2026"


def test_a_process_that_names_only_a_deadline_moves_by_the_day_of_that_deadline() -> None:
    stages = [{key: value for key, value in stage.items() if key != "opens"} for stage in builders.DECLARATION["stages"]]
    made = editions.plan(builders.a_process(stages=stages), "0" * 64, now=NOW, starts=date(2027, 3, 1))
    assert made.stages[0].opens_at is None
    # 24:00 of a day is the day itself, however it is stored.
    assert shown(made)["submission"] == ("", "2027-03-02 00:00")


def test_an_edition_is_opened_once_wakes_the_engine_and_keeps_its_declaration(installed: Installation) -> None:
    edition = opening.open_edition("papers", label="2027", starts=date(2027, 1, 12), actor="cli")
    with installed.database.read() as store:
        stored = store.edition("papers-2027")
        (event,) = store.events("papers-2027")
        assert store.waiting_wakes() == 1
        assert [(one.kind, one.at) for one in store.open_deadlines("papers-2027", 0)] == [("opens", edition.stages[0].opens_at)]
    assert stored.process == edition.process
    assert (stored.state, stored.seed, stored.rehearsal) == ("running", int(edition.declaration_hash[:8], 16), False)
    assert (event.type, event.actor) == ("EditionOpened", "cli")
    for again in (lambda: opening.open_edition("papers", label="2027", starts=date(2028, 1, 12), actor="cli"),
                  lambda: opening.planned("papers", label="2027", starts=date(2028, 1, 12)),
                  lambda: editions.keep(edition, {}, actor="cli")):  # fmt: skip
        with pytest.raises(NotAllowed, match="papers-2027 is open already; give another label with --edition"):
            again()
    assert known(installed) == ("papers-2027",)


@ON_SQLITE
def test_a_dry_run_keeps_nothing(installed: Installation) -> None:
    assert opening.planned("papers", label="2027", starts=date(2027, 1, 12)).id == "papers-2027"
    assert known(installed) == ()


@ON_SQLITE
@pytest.mark.parametrize("label", ["", "2027/x", "二〇二七", "-2027", "x" * 21, "2027 ", "2027\n"])
def test_a_label_that_would_not_do_in_addresses_is_refused(installed: Installation, label: str) -> None:
    with pytest.raises(InputError, match="is no label -> write 1 to 20 letters, digits and hyphens"):
        opening.open_edition("papers", label=label, starts=date(2027, 1, 12), actor="cli")
    with pytest.raises(InputError):
        opening.open_rehearsal("papers", label=label, seed=1)


@ON_SQLITE
def test_an_unknown_process_is_answered_with_the_known_ones(installed: Installation) -> None:
    with pytest.raises(NotFound, match="no process 'films' is declared; known: artworks, innovation, papers, volunteers"):
        opening.declared("films")


@ON_SQLITE
def test_an_installation_may_have_its_own_processes(installed: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "processes"
    folder.mkdir()
    text = (Path(__file__).parents[2] / "config/processes/papers.yaml").read_text("utf-8")
    (folder / "films.yaml").write_text(text.replace("name: papers", "name: films", 1), "utf-8")
    other = Installation(installed.settings.model_copy(update={"processes": folder}), installed.database)
    monkeypatch.setattr("tasks.installation.installation", lambda: other)
    assert opening.declared("films").name == "films"
    with pytest.raises(NotFound):
        opening.declared("papers")


@ON_SQLITE
def test_a_rehearsal_begins_shortly_before_its_first_date_by_its_own_clock(installed: Installation) -> None:
    edition = opening.open_rehearsal("papers", label="trial-260115101112", seed=5, lead=timedelta(hours=2))
    first = edition.stages[0].opens_at
    assert first is not None
    assert edition.now(edition.created_at) == first - timedelta(hours=2)
    with installed.database.read() as store:
        assert store.edition(edition.id).rehearsal
        assert store.edition(edition.id).seed == 5
