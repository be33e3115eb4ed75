"""The sample input: complete, readable, varied, the same for the same seed, and never about anybody real."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections import Counter
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from config import catalogue
from models.edition import Entry, Nominator, Reviewer
from models.errors import InputError
from models.intake import NewEntry
from models.process import Process
from models.stages import ScoringStage
from models.subjects import fields_of
from rules import conflicts, eligibility, intake
from tasks import samples, samples_files
from tasks.samples import SamplePeople, make_people
from tasks.spreadsheets import read_table

PROCESSES = catalogue.load_processes()
SAMPLES = Path(catalogue.__file__).parent / "samples"
SEED = 2026
every_process = pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES.keys())


@pytest.fixture(scope="module")
def papers() -> SamplePeople:
    return samples_files.sample_people(PROCESSES["papers"], seed=SEED)


def as_stored(one: NewEntry) -> Entry:
    return Entry(one.email, "e", "", one.key, one.class_name, "", one.title, one.unit, one.email, one.nominator, one.rank, one.fields)


def not_eligible(process: Process, entries: tuple[NewEntry, ...]) -> Counter[str]:
    return Counter(one.class_name for one in entries if eligibility.reasons(as_stored(one), process))


@every_process
def test_the_sample_files_import_without_faults_and_say_what_was_invented(process: Process) -> None:
    people = samples_files.sample_people(process, seed=SEED)
    files = samples_files.sample_files(SAMPLES, process)
    nominators = intake.read_nominators(read_table(files.nominators), process)
    assert nominators == people.nominators
    assert intake.read_reviewers(read_table(files.reviewers), process) == people.reviewers
    assert intake.read_committee(read_table(files.committee), process) == people.members
    types = {one.code: one.type for one in nominators}
    tables = [read_table(path) for path in files.entries]
    found = [one for table in tables for one in intake.read_entries(table, process, types)]
    assert sorted(found, key=lambda one: one.email) == sorted(people.entries, key=lambda one: one.email)
    assert {header for table in tables for header in intake.unread_headers(table, process)} == {"序号"}


@every_process
def test_importing_the_sample_again_yields_the_same_keys(process: Process) -> None:
    people = samples_files.sample_people(process, seed=SEED)
    known = {one.key: one.title for one in people.entries}
    types = {one.code: one.type for one in people.nominators}
    files = samples_files.sample_files(SAMPLES, process)
    again = [one for path in files.entries for one in intake.read_entries(read_table(path), process, types, known)]
    assert {one.key for one in again} == set(known)


def test_the_files_are_the_same_bytes_for_the_same_seed_and_stay_small(tmp_path: Path) -> None:
    samples_files.write_samples(tmp_path, PROCESSES.values(), SEED)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(SAMPLES): path.read_bytes() for path in SAMPLES.rglob("*") if path.is_file() and path.parent != SAMPLES}
    assert sorted(made) == sorted(kept)
    packed = Path("papers/documents.zip")
    assert [str(name) for name in made if made[name] != kept[name] and name != packed] == []
    assert _texts(made[packed]) == _texts(kept[packed])  # the outlines of letters are those of the fonts of this machine
    assert sum(map(len, kept.values())) < 4_000_000


def _texts(archive: bytes) -> dict[str, list[str]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        documents = {name: pypdfium2.PdfDocument(packed.read(name)) for name in packed.namelist()}
    return {name: ["".join(page.get_textpage().get_text_bounded().split()) for page in one] for name, one in documents.items()}


def test_the_sizes_are_those_of_a_real_year(papers: SamplePeople) -> None:
    assert (len(papers.entries), len(papers.nominators), len(papers.reviewers), len(papers.members)) == (900, 60, 240, 15)
    volunteers = samples_files.sample_people(PROCESSES["volunteers"], seed=SEED)
    assert Counter(one.class_name for one in volunteers.entries) == {"person": 68, "team": 54, "organisation": 40}
    innovation = samples_files.sample_people(PROCESSES["innovation"], seed=SEED)
    assert Counter(one.class_name for one in innovation.entries) == {"person": 46, "team": 11}
    assert [one.party for one in innovation.members if one.role == "party"] == list(PROCESSES["innovation"].parties())
    assert len(samples_files.sample_people(PROCESSES["artworks"], seed=SEED).entries) == 420


def test_a_few_entries_are_not_eligible_by_rule(papers: SamplePeople) -> None:
    assert not_eligible(PROCESSES["papers"], papers.entries) == {"paper": 60}
    volunteers = samples_files.sample_people(PROCESSES["volunteers"], seed=SEED)
    assert not_eligible(PROCESSES["volunteers"], volunteers.entries) == {"person": 4, "team": 3, "organisation": 2}
    artworks = samples_files.sample_people(PROCESSES["artworks"], seed=SEED)
    assert not_eligible(PROCESSES["artworks"], artworks.entries) == {}


@every_process
def test_every_required_answer_is_given_and_every_entry_has_a_group(process: Process) -> None:
    for one in samples_files.sample_people(process, seed=SEED).entries:
        asked = [field for field in fields_of(process, one.class_name) if eligibility.is_asked(field, one.fields)]
        assert {field.name for field in asked if field.required} <= set(one.fields) <= {field.name for field in asked}
        assert eligibility.group_of(one.fields, one.class_name, process) in eligibility.groups_of(process)


@every_process
def test_quotas_hold_and_ranks_have_no_gaps(process: Process) -> None:
    people = samples_files.sample_people(process, seed=SEED)
    types = {one.code: one.type for one in people.nominators}
    ranks: dict[tuple[str, str], list[int]] = {}
    for one in people.entries:
        ranks.setdefault((one.nominator, one.class_name), []).append(one.rank or 0)
    for (code, class_name), given in ranks.items():
        assert len(given) <= process.nominators[types[code]].max[class_name]
        assert sorted(given) == list(range(1, len(given) + 1))


@every_process
def test_addresses_are_unique_and_of_nobody(process: Process) -> None:
    people = samples_files.sample_people(process, seed=SEED)
    addresses = [one.email for group in (people.nominators, people.reviewers, people.members, people.entries) for one in group]
    assert len(set(addresses)) == len(addresses)
    assert all(re.fullmatch(r"[a-z0-9.-]+@example\.org", address) for address in addresses)
    assert all(one.fields["mobile"].startswith("000-") for one in people.entries if "mobile" in one.fields)


@every_process
def test_every_entry_finds_a_panel_in_spite_of_real_conflicts(process: Process) -> None:
    people = samples_files.sample_people(process, seed=SEED)
    entries = [as_stored(one) for one in people.entries]
    reviewers = [Reviewer(one.code, "e", one.code, one.name, one.unit, one.email, one.title, one.disciplines) for one in people.reviewers]
    nominators = [Nominator(one.code, "e", one.code, one.name, one.type, one.email) for one in people.nominators]
    stage = next(stage for stage in process.stages if isinstance(stage, ScoringStage))
    barred = conflicts.bars(entries, reviewers, nominators, stage.conflicts)
    assert any(barred.values())
    for entry in entries:
        value = str(entry.fields[stage.match])[:3] if stage.match else ""
        fit = {one.id for one in reviewers if not stage.match or value in one.disciplines}
        assert len(fit - barred[entry.id]) >= stage.panel + 1


def test_all_forms_of_names_occur(papers: SamplePeople) -> None:
    names = [one.name for one in papers.reviewers]
    assert any(len(name) == 2 for name in names)
    assert any(name[:2] in ("欧阳", "司马", "上官", "诸葛", "令狐", "慕容") for name in names)
    assert any("·" in name for name in names)
    assert any(name.isascii() for name in names)
    assert any(set(name) & set("喆堃珺赟䶮") for name in names)
    assert max(Counter((one.name, one.unit) for one in papers.reviewers).values()) >= 2


def test_namesakes_of_one_unit_are_two_persons() -> None:
    people = samples_files.sample_people(PROCESSES["volunteers"], seed=SEED)
    persons = [one for one in people.entries if one.class_name == "person"]
    assert max(Counter((one.title, one.unit) for one in persons).values()) >= 2
    assert len({one.key for one in people.entries}) == len(people.entries)


def test_papers_are_shared_among_the_fields_as_they_are_in_practice(papers: SamplePeople) -> None:
    groups = Counter(eligibility.group_of(one.fields, one.class_name, PROCESSES["papers"]) for one in papers.entries)
    for group, share in {"engineering": 38, "medicine": 21, "science": 25, "agriculture": 11, "crossing": 5}.items():
        assert abs(groups[group] / 9 - share) < 4


def test_a_large_edition_takes_seconds_and_seeds_differ() -> None:
    started = time.monotonic()
    people = make_people(PROCESSES["papers"], entries=9_000, reviewers=2_400, seed=1)
    assert time.monotonic() - started < 60  # a hang, not a speed: speeds are measured in bench/
    assert (len(people.entries), len({one.key for one in people.entries}), len(people.reviewers)) == (9_000, 9_000, 2_400)
    small = [make_people(PROCESSES["papers"], entries=20, nominators=6, reviewers=12, seed=seed) for seed in (1, 1, 2)]
    assert small[0] == small[1]
    assert {one.title for one in small[0].entries} != {one.title for one in small[2].entries}


def test_more_entries_than_quotas_are_refused_with_the_numbers() -> None:
    with pytest.raises(InputError, match=r"^1 nominators may put forward 30 of Paper, but 31 entries are asked; ask for more nominators"):
        make_people(PROCESSES["papers"], entries=31, nominators=1, reviewers=9, seed=1)


def test_largest_remainders_share_out_everything() -> None:
    assert samples.apportion(160, {"a": 212, "b": 318, "c": 96, "d": 174, "e": 40}) == {"a": 40, "b": 61, "c": 18, "d": 33, "e": 8}


def test_every_work_of_art_has_a_small_picture() -> None:
    people = samples_files.sample_people(PROCESSES["artworks"], seed=SEED)
    pictures = samples_files.sample_files(SAMPLES, PROCESSES["artworks"]).pictures
    assert pictures is not None
    with zipfile.ZipFile(pictures) as packed:
        assert packed.namelist() == [one.fields["media"] for one in people.entries]
        sizes = [member.file_size for member in packed.infolist()]
        with Image.open(io.BytesIO(packed.read(packed.namelist()[0]))) as picture:
            assert (picture.format, picture.size) == ("JPEG", (320, 240))
    assert max(sizes) < 8_000
    assert samples_files.sample_files(SAMPLES, PROCESSES["papers"]).pictures is None


def test_the_first_papers_have_small_anonymous_documents_of_two_pages_and_two_of_them_name_an_author() -> None:
    people = samples_files.sample_people(PROCESSES["papers"], seed=SEED)
    archive = samples_files.sample_files(SAMPLES, PROCESSES["papers"]).documents
    assert archive is not None
    assert archive.stat().st_size < 300_000
    texts = _texts(archive.read_bytes())
    named = {one.fields["blind_text"]: one for one in people.entries if "blind_text" in one.fields}
    assert (list(texts), len(texts)) == (list(named), 12)
    assert {len(pages) for pages in texts.values()} == {2}
    first = {name: "".join(one.fields["authors"][0]["name"].split()) for name, one in named.items()}
    leaks = [name for name, pages in texts.items() if first[name] in "".join(pages)]
    assert leaks == ["P0004.pdf", "P0009.pdf"]
