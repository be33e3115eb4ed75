import datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from config import catalogue, reading, reference
from models import subjects
from models.process import Process
from models.stages import ScoringStage, ShortlistingStage, SignoffStage, VotingStage

ROOT = Path(__file__).parents[2]
NAMES = ("artworks", "innovation", "papers", "volunteers")
SPINE = ["submission", "scoring", "shortlisting", "voting", "notice", "publication"]


@pytest.fixture(scope="module")
def processes() -> dict[str, Process]:
    return catalogue.load_processes()


def test_four_awards_come_along(processes: dict[str, Process]) -> None:
    assert tuple(processes) == NAMES


def test_the_seats_are_as_announced(processes: dict[str, Process]) -> None:
    assert {name: process.total_awards for name, process in processes.items()} == {
        "artworks": 100,
        "innovation": 12,
        "papers": 160,
        "volunteers": 35,
    }
    assert {name: [tier.quota for tier in processes[name].tiers] for name in ("papers", "artworks")} == {
        "papers": [10, 50, 100],
        "artworks": [10, 20, 30, 40],
    }
    assert [one.awards for one in processes["volunteers"].classes] == [10, 10, 15]
    assert [one.awards for one in processes["innovation"].classes] == [10, 2]


def test_the_stages_follow_the_practice(processes: dict[str, Process]) -> None:
    assert {name: [stage.name for stage in process.stages] for name, process in processes.items()} == {
        "artworks": SPINE,
        "innovation": [*SPINE[:4], "clearance", "signoff", *SPINE[4:]],
        "papers": SPINE,
        "volunteers": SPINE,
    }


def test_panels_and_blindness_are_as_announced(processes: dict[str, Process]) -> None:
    scoring = {name: stage for name, process in processes.items() for stage in process.stages if isinstance(stage, ScoringStage)}
    assert {name: (stage.panel, stage.blind, stage.aggregate.method) for name, stage in scoring.items()} == {
        "artworks": (5, "double", "trimmed_mean"),
        "innovation": (7, "single", "trimmed_mean"),
        "papers": (5, "double", "trimmed_mean"),
        "volunteers": (5, "single", "trimmed_mean"),
    }
    assert [int(one.max) for one in scoring["papers"].sheet_of("paper") if not one.informative] == [40, 30, 20, 10]


def test_sheets_carry_what_the_practice_asks_beside_marks(processes: dict[str, Process]) -> None:
    scoring = {name: stage for name, process in processes.items() for stage in process.stages if isinstance(stage, ScoringStage)}
    papers = scoring["papers"]
    assert [one.name for one in papers.criteria if one.informative] == ["familiarity"]
    assert next([str(anchor.mark) for anchor in one.anchors] for one in papers.criteria) == ["38", "34", "30", "24"]
    assert papers.distribution is not None
    assert (str(papers.distribution.above), str(papers.distribution.share)) == ("90", "1/5")
    assert {name: [flaw.title.zh for flaw in stage.fatal] for name, stage in scoring.items() if stage.fatal} == {
        "artworks": ["科学性错误"],
        "papers": ["著作权属存在争议", "匿名稿泄露作者身份"],
    }
    assert [name for name, stage in scoring.items() if stage.advice] == ["innovation"]


def test_shortlists_and_committees_are_as_announced(processes: dict[str, Process]) -> None:
    cuts = {name: stage for name, process in processes.items() for stage in process.stages if isinstance(stage, ShortlistingStage)}
    assert {name: str(stage.ratio or stage.counts) for name, stage in cuts.items()} == {
        "artworks": "1.3",
        "innovation": "{'person': 15, 'team': 4}",
        "papers": "1.2",
        "volunteers": "2.0",
    }
    votes = {name: stage for name, process in processes.items() for stage in process.stages if isinstance(stage, VotingStage)}
    assert {name: (stage.committee, stage.passing) for name, stage in votes.items()} == {
        "artworks": (9, "half_or_more"),
        "innovation": (13, "two_thirds_of_present"),
        "papers": (15, "half_or_more"),
        "volunteers": (9, "more_than_half"),
    }


def test_five_bodies_clear_and_four_departments_sign(processes: dict[str, Process]) -> None:
    stages = [stage for stage in processes["innovation"].stages if isinstance(stage, SignoffStage)]
    assert [(stage.name, len(stage.parties)) for stage in stages] == [("clearance", 5), ("signoff", 4)]


@pytest.mark.parametrize("name", NAMES)
def test_a_clerk_must_fill_at_most_ten_fields_and_is_asked_for_two_dozen(processes: dict[str, Process], name: str) -> None:
    asked = {one.name: subjects.fields_of(processes[name], one.name) for one in processes[name].classes}
    counts = {key: (sum(field.required and not field.when for field in fields), len(fields)) for key, fields in asked.items()}
    assert {key: count for key, count in counts.items() if not (4 <= count[0] <= 10 and 8 <= count[1] <= 24)} == {}


@pytest.mark.parametrize("name", NAMES)
def test_every_date_is_in_the_year_whose_working_days_are_known(processes: dict[str, Process], name: str) -> None:
    first, last = datetime.date(2026, 1, 1), datetime.date(2026, 12, 31)
    moments = [moment for stage in processes[name].stages for moment in (stage.opens, stage.closes) if moment]
    assert all(first <= moment.date() <= last for moment in moments)


@pytest.mark.parametrize("name", NAMES)
def test_a_declaration_survives_the_way_through_json(processes: dict[str, Process], name: str) -> None:
    again = catalogue.process_from_json(catalogue.declaration_json(processes[name]))
    assert again == processes[name]
    assert catalogue.declaration_hash(again) == catalogue.declaration_hash(processes[name])


@pytest.mark.parametrize("name", NAMES)
def test_another_reader_of_yaml_reads_the_same(processes: dict[str, Process], name: str) -> None:
    text = (catalogue.processes_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    assert Process.model_validate(YAML(typ="safe", pure=True).load(text)) == processes[name]


def test_the_example_of_the_reference_runs() -> None:
    process = Process.model_validate(reading.read(reference.EXAMPLE.encode(), "example").document)
    assert (process.name, list(subjects.misfits(process))) == ("young_talents", [])


def test_the_reference_on_disk_is_the_one_that_is_generated() -> None:
    written = (ROOT / "docs" / "processes.md").read_text(encoding="utf-8")
    assert written == reference.reference(), "write it again: python -m config.reference > docs/processes.md"


def test_no_code_knows_the_name_of_an_award() -> None:
    folders = ("flows", "tasks", "rules", "web", "models", "notifications", "config")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if "samples" not in path.parts]
    quoted = [
        f"{path.relative_to(ROOT)}: {mark}{name}{mark}"
        for path in files
        for name in NAMES
        for mark in "'\""
        if f"{mark}{name}{mark}" in path.read_text(encoding="utf-8")
    ]
    assert len(files) > 10
    assert quoted == []
