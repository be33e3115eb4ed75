import copy
import importlib.resources
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from config import catalogue, reading
from models.errors import DeclarationError, Fault
from models.stages import SubmissionStage

GOOD = """\
name: young
title: {zh: 青年人才评选, en: Young Talents}
edition: "2026"
basis: {document: 评选办法, approved_by: 示例省科协}
hosts:
  - name: {zh: 示例省科协, en: Example Association}
awards: 3
source: 评选办法第三条
tiers:
  - {name: first, title: {zh: 一等奖, en: First}, quota: 1}
  - {name: second, title: {zh: 二等奖, en: Second}, quota: 2}
classes:
  - name: paper
    title: {zh: 论文, en: Paper}
    subject: paper
    counter: 篇
groups:
  by: discipline
  sets:
    - {name: science, title: {zh: 理, en: Science}, values: ["110-190"]}
    - {name: medicine, title: {zh: 医, en: Medicine}, values: ["310-360"]}
nominators:
  society: {title: {zh: 学会, en: Society}, max: {paper: 5}}
stages:
  - kind: submission
    opens: 2026-01-12
    closes: "2026-02-10 24:00"
  - kind: scoring
    closes: 2026-03-01
    panel: 5
    criteria:
      - {name: novelty, title: {zh: 新, en: Novelty}, max: 60}
      - {name: rigour, title: {zh: 严, en: Rigour}, max: 40}
    aggregate: {method: trimmed_mean, min_valid: 3}
  - kind: shortlisting
    ratio: 1.5
  - kind: voting
    closes: 2026-04-01
    committee: 9
    quorum: 2/3
  - kind: notice
    days: 5
    objections_to: {zh: 办公室, en: Office}
  - kind: publication
    opens: 2026-05-30
    instrument: commendation_decision
"""

BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
"""Eight aliases of eight aliases of ... : 134 million ones in ten lines."""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(content: str | bytes, name: str = "young.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to_file


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, f"{old!r} stands {GOOD.count(old)} times"
    return GOOD.replace(old, new)


def line_of(text: str, sign: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if sign in line)


def faults_of(path: Path) -> tuple[Fault, ...]:
    with pytest.raises(DeclarationError) as caught:
        catalogue.load_process(path)
    assert str(caught.value) == "\n".join(str(fault) for fault in caught.value.faults)
    assert {fault.file for fault in caught.value.faults} == {str(path)}
    return caught.value.faults


def test_a_right_file_loads(write: Write) -> None:
    process = catalogue.load_process(write(GOOD))
    assert (process.name, process.total_awards, process.committee_size()) == ("young", 3, 9)


def test_a_byte_order_mark_is_no_fault(write: Write) -> None:
    assert catalogue.load_process(write(b"\xef\xbb\xbf" + GOOD.encode())) == catalogue.load_process(write(GOOD))


WRONG = [
    pytest.param("panel: 5", "panl: 5", "stages[1].panl", "unknown key", "did you mean panel?", id="unknown-key"),
    pytest.param("    panel: 5", "    on: 5", "stages[1].on", "unknown key", "write `opens:` or `closes:`", id="on"),
    pytest.param("quota: 1}", "quota: 7}", "tiers", "add up to 9, but 3 awards", "change a quota", id="quota-sum"),
    pytest.param("max: 40}", "max: 41}", "stages[1].criteria", "add up to 101", "add up to 100", id="criteria-not-100"),
    pytest.param("min_valid: 3", "min_valid: 6", "stages[1].aggregate.min_valid", "exceeds the panel of 5", "raise panel", id="min-valid"),
    pytest.param(
        "{method: trimmed_mean, min_valid: 3}",
        "{method: calibrated, min_valid: 3}\n    normalise: rank_in_group",
        "stages[1].normalise",
        "would correct for the same differences between reviewers twice",
        "drop `normalise`, or choose one of mean",
        id="twice-corrected",
    ),
    pytest.param(
        "{method: trimmed_mean, min_valid: 3}\n  - kind: shortlisting\n    ratio: 1.5",
        "{method: borda, min_valid: 3}\n  - kind: shortlisting\n    min_score: 60",
        "stages[2].min_score",
        "the marks of `borda` only say who stands before whom",
        "cut by ratio, counts or top_share",
        id="own-scale",
    ),
    pytest.param(
        "{method: trimmed_mean, min_valid: 3}",
        "{method: trimmed_mean, min_valid: 3}\n    normalise: zscore",
        "stages[1].normalise",
        "not one of the choices",
        "zscore_by_reviewer",
        id="normalise",
    ),
    pytest.param("ratio: 1.5", "counts: {paper: 2}", "stages[2].counts", "keeps 2 but 3 awards are promised", "raise counts", id="short"),
    pytest.param("ratio: 1.5", "ratio: 0.9", "stages[2].ratio", "keeps fewer entries than there are seats", "raise it", id="ratio-below-1"),
    pytest.param("ratio: 1.5", "ratio: 1.5\n    min_score: 60", "stages[2]", "give exactly one of", "", id="two-cuts"),
    pytest.param("kind: voting", "kind: votng", "stages[3].kind", "no kind of stage", "did you mean voting?", id="unknown-kind"),
    pytest.param("  - kind: voting", "  - knd: voting", "stages[3].kind", "missing", "add one of submission, scoring", id="no-kind"),
    pytest.param("    committee: 9\n", "", "stages[3].committee", "missing", "How many members", id="missing-field"),
    pytest.param("subject: paper", "subject: papers", "classes[0].subject", "not one of the choices", "did you mean paper?", id="enum"),
    pytest.param(
        "committee: 9", "committee: 9\n    ballot: named_", "stages[3].ballot", "not one of", "the choices are named", id="choices"
    ),
    pytest.param("committee: 9", "committee: 9\n    ballot: secret", "stages[3].ballot", "not supported yet", "another value", id="later"),
    pytest.param(
        "committee: 9", "committee: 9\n    cascade: true", "stages[3].cascade", "not supported yet", "leave it out", id="later-key"
    ),
    pytest.param(
        "closes: 2026-03-01", "closes: 2026-02-30", "stages[1].closes", "not in the calendar", "write 2026-05-26", id="no-such-day"
    ),
    pytest.param("closes: 2026-03-01", "closes: 12:30", "stages[1].closes", "'12:30' is not a date", "write 2026-05-26", id="clock-time"),
    pytest.param("closes: 2026-03-01", "closes: 20260301", "stages[1].closes", "not a date", "2026-05-26", id="date-as-number"),
    pytest.param("closes: 2026-03-01", "closes: 2026-02-01", "stages[1].closes", "lies before 2026-02-11 00:00", "follow", id="backwards"),
    pytest.param("quorum: 2/3", "quorum: 4/3", "stages[3].quorum", "not a share", "at most 1", id="share-above-1"),
    pytest.param('"2026"', "2026", "edition", "read as a number", 'put it in quotes: "2026"', id="edition-unquoted"),
    pytest.param("title: {zh: 论文, en: Paper}", "title: 论文", "classes[0].title", "two languages", "{zh: …, en: …}", id="one-language"),
    pytest.param("panel: 5", "panel: 010", "stages[1].panel", "'010' cannot be read", "plain number", id="octal"),
    pytest.param("panel: 5", "panel: 0x5", "stages[1].panel", "'0x5' cannot be read", "plain number", id="hexadecimal"),
    pytest.param("panel: 5", "panel: .inf", "stages[1].panel", "'.inf' cannot be read", "plain number", id="infinite"),
    pytest.param("panel: 5", f"panel: {10**30}", "stages[1].panel", "cannot be read", "plain number", id="huge"),
    pytest.param("panel: 5", "panel: five", "stages[1].panel", "a whole number belongs here", "digits only", id="word-for-number"),
    pytest.param("panel: 5", "panel: !!python/name:os.system x", "stages[1].panel", "cannot be read", "delete the tag", id="tag"),
    pytest.param("counter: 篇", r'counter: "\ud800"', "classes[0].counter", "half of a surrogate pair", "delete it", id="surrogate"),
    pytest.param("name: young", "name: yuong", "name", "not the name of the file", "rename the file", id="stem"),
    pytest.param("by: discipline", "by: disciplin", "groups.by", "paper has no field 'disciplin'", "add it", id="groups-by"),
    pytest.param('"310-360"', '"190-360"', "groups.sets[1].values", "190 is in science and in medicine", "keep it in one", id="overlap"),
    pytest.param('"310-360"', '"360-310"', "groups.sets[1].values", "not a first-level code", "110-190", id="range-backwards"),
    pytest.param("max: {paper: 5}", "max: {papers: 5}", "nominators.society.max.papers", "not a class", "classes are paper", id="no-class"),
    pytest.param("  society:", "  省级学会:", "nominators.省级学会", "cannot be a name", "lower-case", id="chinese-key"),
    pytest.param("source: 评选办法第三条\n", "", "awards", "needs a `source`", "name the document", id="no-source"),
    pytest.param("awards: 3", "time_zone: Asia/Xian\nawards: 3", "time_zone", "not a time zone", "Asia/Shanghai", id="zone"),
    pytest.param(
        "basis: {document: 评选办法, approved_by: 示例省科协}\n", "", "basis", "missing", "Why the award may be given", id="no-basis"
    ),
    pytest.param(
        "max: {paper: 5}}",
        "max: {paper: 5}, max_if: {big: {papers: 9}}}",
        "nominators.society.max_if.big.papers",
        "'papers' is not a class",
        "the classes are paper",
        id="max-if-class",
    ),
    pytest.param(
        "max: {paper: 5}}",
        "max: {paper: 5}, share: {by: tier, of: {一等奖: 1/20}}}",
        "nominators.society.share.by",
        "no class of this type has a choice field 'tier'",
        "add it",
        id="share-by",
    ),
    pytest.param(
        "kind: submission",
        "kind: submission\n    correction_days: 0",
        "stages[0].correction_days",
        "greater than or equal to 1",
        "",
        id="correction-days",
    ),
    pytest.param(
        "kind: submission",
        "kind: submission\n    excluded_genres: [综述]",
        "stages[0].excluded_genres",
        "no class has a field `genre`",
        "drop excluded_genres",
        id="genre",
    ),
    pytest.param(
        "kind: submission",
        "kind: submission\n    composition:\n      - {field: cadre, values: [处级], title: {zh: 处, en: D}, max_share: 1/5}",
        "stages[0].composition[0].field",
        "paper has no choice field 'cadre'",
        "add it",
        id="composition",
    ),
    pytest.param(
        "kind: submission",
        "kind: submission\n    exclusive_with: [young]",
        "stages[0].exclusive_with[0]",
        "'young' is this process",
        "name another one",
        id="exclusive",
    ),
    pytest.param("awards: 3", "<<: {awards: 3}", "", "a key must be a plain word", "`<<`", id="merge-key"),
]


@pytest.mark.parametrize(("old", "new", "field", "what", "remedy"), WRONG)
def test_a_wrong_file_is_refused_with_place_and_remedy(write: Write, old: str, new: str, field: str, what: str, remedy: str) -> None:
    told = [fault for fault in faults_of(write(changed(old, new))) if fault.field == field]
    assert len(told) == 1
    assert what in told[0].what
    assert remedy in told[0].remedy or remedy in told[0].what
    assert told[0].row is not None
    assert int(told[0].column) >= 1


@pytest.mark.parametrize(
    ("old", "new", "sign", "column"),
    [
        ("panel: 5", "panl: 5", "panl", 5),
        ("panel: 5", "panel: five", "panel", 12),
        ("quota: 1}", "quota: 7}", "tiers:", 1),
        ("min_valid: 3", "min_valid: 6", "min_valid", 50),
        ("kind: voting", "kind: votng", "votng", 11),
        ("    committee: 9\n", "", "kind: voting", 5),
        ("kind: submission", "kind: submission\n    four_eyes: true", "four_eyes", 16),
        ("max: {paper: 5}}", "max: {paper: 5}, share: {by: tier, of: {一等奖: 1/20}}}", "society:", 72),
        ("closes: 2026-03-01", "closes: 2026-02-01", "2026-02-01", 13),
    ],
)
def test_the_place_is_the_line_and_column_as_an_editor_counts(write: Write, old: str, new: str, sign: str, column: int) -> None:
    text = changed(old, new)
    (fault,) = faults_of(write(text))
    assert (fault.row, fault.column) == (line_of(text, sign), str(column))


def test_all_faults_are_told_at_once_in_the_order_of_the_file(write: Write) -> None:
    text = changed("panel: 5", "panel: many\n    reserve: 99\n    pannel: 3")
    text = text.replace("quorum: 2/3", "quorum: 0").replace("edition:", "editon:").replace("    days: 5\n", "    days: 5\n    days: 6\n")
    assert [(fault.row, fault.field) for fault in faults_of(write(text))] == [
        (1, "edition"),
        (line_of(text, "editon"), "editon"),
        (line_of(text, "panel:"), "stages[1].panel"),
        (line_of(text, "reserve:"), "stages[1].reserve"),
        (line_of(text, "pannel:"), "stages[1].pannel"),
        (line_of(text, "quorum:"), "stages[3].quorum"),
        (line_of(text, "days: 6"), "stages[4].days"),
    ]


def test_all_that_does_not_fit_together_is_told_at_once(write: Write) -> None:
    text = (
        changed("quota: 1}", "quota: 2}").replace("closes: 2026-04-01", "closes: 2026-02-01").replace("max: {paper: 5}", "max: {essay: 5}")
    )
    assert [(fault.row, fault.field) for fault in faults_of(write(text))] == [
        (line_of(text, "tiers:"), "tiers"),
        (line_of(text, "society:"), "nominators.society.max.essay"),
        (line_of(text, "closes: 2026-02-01"), "stages[3].closes"),
    ]


def test_a_key_that_stands_twice_names_both_lines(write: Write) -> None:
    (fault,) = faults_of(write(changed("awards: 3", "awards: 3\nawards: 4")))
    assert str(fault).endswith("young.yaml:8:1 awards: the key stands twice; it was first written in line 7 -> delete one of the two")


@pytest.mark.parametrize(
    ("content", "row", "column", "what"),
    [
        (b"", 1, "1", "the file is empty"),
        (b"# nothing but a comment\n", 1, "1", "the file is empty"),
        (b"- name: young\n", 1, "1", "must hold keys"),
        (b"young\n", 1, "1", "must hold keys"),
        (b"name: young\nbasis:\n\tdocument: a\n", 3, "1", "a tab stands"),
        (b"name: young: old\n", 1, "12", "a second `:`"),
        (b"name: 'young\n", 2, "1", "never closed"),
        (b"stages: [a, b\nname: c\n", 2, "5", "closing bracket is missing"),
        (b"name: *young\n", 1, "7", "an alias"),
        (b"name: a\n---\nname: b\n", 2, "1", "a second document"),
        (b"%YAML 1.1\n---\nname: no\n", 1, "1", "a directive"),
        (b"name: a\x07b\n", 1, "8", "no text may hold"),
        ("# 自然\nname: 青年".encode("gb18030"), 1, "3", "not UTF-8"),
        (b"name: a\ntitle: \xff\n", 2, "8", "not UTF-8"),
        (b"#" * (reading.MAX_BYTES + 1), 1, "1", "more than 1,000,000 bytes"),
        (b"a: 1\n" * 30_000, 1, "1", "too many lines"),
        (b"a: " + b"[" * 700, 1, "1", "nested too deeply"),
        (b"a: &a [*a]\n", 1, "1", "too large or too deep"),
        (BOMB.encode(), 1, "1", "too large or too deep"),
    ],
)
def test_what_is_no_declaration_at_all_is_refused_in_one_sentence(write: Write, content: bytes, row: int, column: str, what: str) -> None:
    (fault,) = faults_of(write(content))
    assert (fault.row, fault.column) == (row, column)
    assert what in fault.what
    assert fault.remedy


def test_an_alias_repeats_a_part(write: Write) -> None:
    text = changed("title: {zh: 一等奖, en: First}", "title: &prize {zh: 奖, en: Prize}").replace(
        "title: {zh: 二等奖, en: Second}", "title: *prize"
    )
    first, second = catalogue.load_process(write(text)).tiers
    assert first.title == second.title


def test_an_anchor_may_be_written_again(write: Write) -> None:
    text = changed("title: {zh: 一等奖, en: First}", "title: &prize {zh: 甲, en: A}")
    text = text.replace("title: {zh: 二等奖, en: Second}", "title: &prize {zh: 乙, en: B}")
    assert [tier.title.zh for tier in catalogue.load_process(write(text)).tiers] == ["甲", "乙"]


def test_words_stay_what_they_look_like(write: Write) -> None:
    text = changed("document: 评选办法", "document: no").replace("approved_by: 示例省科协", "approved_by: 12:30")
    basis = catalogue.load_process(write(text)).basis
    assert (basis.document, basis.approved_by) == ("no", "12:30")


def test_decimals_stay_exact(write: Write) -> None:
    stage = catalogue.load_process(write(changed("ratio: 1.5", "ratio: 1.10"))).stages[2]
    assert (stage.kind, str(getattr(stage, "ratio", None))) == ("shortlisting", "1.10")


def test_a_folder_tells_the_faults_of_all_its_files(write: Write, tmp_path: Path) -> None:
    write(GOOD)
    write(changed("name: young", "name: old").replace("panel: 5", "panel: 2"), "old.yaml")
    write(b"", "blank.yaml")
    write(GOOD, "other.yml")
    write(b"not read", ".hidden.yaml")
    with pytest.raises(DeclarationError) as caught:
        catalogue.load_processes(tmp_path)
    assert [(Path(fault.file).name, fault.field) for fault in caught.value.faults] == [
        ("blank.yaml", ""),
        ("old.yaml", "stages[1].aggregate.min_valid"),
        ("other.yml", ""),
    ]


def test_a_folder_gives_its_processes_by_name(write: Write, tmp_path: Path) -> None:
    write(GOOD)
    write(changed("name: young", "name: old"), "old.yaml")
    assert list(catalogue.load_processes(tmp_path)) == ["old", "young"]


def test_a_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="no such folder"):
        catalogue.load_processes(tmp_path / "none")
    with pytest.raises(DeclarationError, match="holds no process file"):
        catalogue.load_processes(tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="cannot be read"):
        catalogue.load_process(tmp_path / "none.yaml")


def test_a_declaration_survives_the_way_through_json(write: Write) -> None:
    process = catalogue.load_process(write(GOOD))
    again = catalogue.process_from_json(catalogue.declaration_json(process))
    assert again == process
    assert catalogue.declaration_hash(again) == catalogue.declaration_hash(process)


def test_the_hash_changes_with_a_fact_and_not_with_a_comment(write: Write) -> None:
    original = catalogue.declaration_hash(catalogue.load_process(write(GOOD)))
    assert catalogue.declaration_hash(catalogue.load_process(write("# more\n" + GOOD))) == original
    assert catalogue.declaration_hash(catalogue.load_process(write(changed("committee: 9", "committee: 11")))) != original


def test_a_stored_declaration_that_no_longer_fits_is_refused(write: Write) -> None:
    document = catalogue.declaration_json(catalogue.load_process(write(GOOD)))
    with pytest.raises(DeclarationError, match="stored declaration speed: unknown key"):
        catalogue.process_from_json({**document, "speed": 1})


def test_the_files_that_come_along_are_found_in_the_package() -> None:
    assert catalogue.processes_folder() == Path(str(importlib.resources.files("config"))) / "processes"


STORED = Path(__file__).parent / "stored"


@pytest.mark.parametrize("path", sorted(STORED.glob("*.json")), ids=lambda path: path.stem)
def test_a_declaration_that_an_earlier_version_stored_still_loads(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    before = copy.deepcopy(document)
    process = catalogue.process_from_json(document)
    assert document == before
    again = catalogue.declaration_json(process)
    for key in ("name", "edition", "basis", "awards", "tiers"):
        assert again[key] == before[key]
    assert again["groups"] == {**before["groups"], "bounds": {}, "merge": {}}
    assert [(stage["name"], stage["closes"]) for stage in again["stages"]] == [
        (stage["name"], stage["closes"]) for stage in before["stages"]
    ]
    assert {name: one["max"] for name, one in again["nominators"].items()} == {
        name: one["max"] for name, one in before["nominators"].items()
    }
    first = process.stages[0]
    assert isinstance(first, SubmissionStage)
    assert (first.accept_by, first.correction_days, first.max_corrections, len(first.reason_codes)) == ("rule", 3, 1, 11)


def test_what_an_earlier_version_stored_as_not_supported_yet_does_not_hide_what_is_wrong(write: Write) -> None:
    document = catalogue.declaration_json(catalogue.load_process(write(GOOD)))
    old = {"first_round": None, "declarations": [], "similarity_max": None, "correction_days": 0, "max_corrections": 0, "reason_codes": []}
    document["stages"][0] |= old
    document["nominators"]["society"]["max_if"] = None
    assert catalogue.process_from_json(document) == catalogue.load_process(write(GOOD))
    document["stages"][0]["declarations"] = ["原创承诺"]
    with pytest.raises(DeclarationError, match="declarations: unknown key"):
        catalogue.process_from_json(document)


def test_a_declaration_of_this_version_is_not_taken_for_an_earlier_one(write: Write) -> None:
    text = changed("kind: submission", "kind: submission\n    correction_days: 5\n    max_corrections: 0\n    reason_codes: []")
    process = catalogue.load_process(write(text))
    assert catalogue.process_from_json(catalogue.declaration_json(process)) == process
