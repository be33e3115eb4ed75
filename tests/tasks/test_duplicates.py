"""Entries that may be put forward twice: found on arrival, told to both channels, decided by the office (rule N4)."""

from __future__ import annotations

from typing import Any

import pytest

from models.edition import Edition
from models.errors import InputError, NotAllowed, NotFound
from models.intake import NewEntry, Row, Table
from models.submitting import Duplicate
from tasks import duplicates, importing, submission
from tasks.installation import Installation
from tests import builders
from tests.builders import Clock

OPEN = builders.NOW.replace(month=5, day=10)
ADMIN = "admin@example.org"


def opened(installed: Installation, clock: Clock, name: str = "sample", **stage: Any) -> Edition:
    """An edition whose submission is open, with two units that have had their call."""
    clock.now = OPEN
    process = builders.a_process(name=name, **builders.a_stage_change("submission", **stage))
    kept = builders.keep(installed.database, builders.an_edition(process), at="submission")
    builders.put(installed.database, kept.id, nominators=[builders.a_nominator("N01"), builders.a_nominator("N02")])
    with installed.database.write() as store:
        submission.invite(store, kept, kept.stages[0])
    return kept


@pytest.fixture
def edition(installed: Installation, clock: Clock) -> Edition:
    return opened(installed, clock, duplicates="ask")


def put(installed: Installation, edition: Edition, *entries: NewEntry) -> int:
    """Let entries arrive (their key is their code). Yields how many pairs are new."""
    with installed.database.write() as store:
        store.put_entries(edition.id, entries, {one.key: one.key for one in entries})
        ids = {f"{edition.id}/e/{one.key}" for one in entries}
        return duplicates.note(store, edition, [one for one in store.entries(edition.id) if one.id in ids])


def a_paper(code: str, title: str = "渭河流域氮素迁移的同位素示踪", doi: str = "", nominator: str = "N01") -> NewEntry:
    return builders.an_entry(code, title=title, nominator=nominator, fields={"doi": doi} if doi else {})


def pairs(installed: Installation, edition: Edition) -> list[Duplicate]:
    with installed.database.read() as store:
        return list(store.duplicates(edition.id))


def states(installed: Installation, edition: Edition) -> dict[str, str]:
    with installed.database.read() as store:
        return {one.code: one.state for one in store.entries(edition.id)}


def warnings(installed: Installation, *editions: Edition) -> list[tuple[str, str, str]]:
    with installed.database.read() as store:
        mails = [one for edition in editions for one in store.mails(edition.id) if one.template == "duplicate_warning"]
    return sorted((one.to_address, line["code"], line["other_unit"]) for one in mails for line in one.params["lines"])


def decide(edition: Edition, archive: str = "", reason: str = "同一论文，由第一作者单位推荐") -> Duplicate:
    first, second = f"{edition.id}/e/A01", f"{edition.id}/e/A02"
    return duplicates.decide(edition.id, first, second, archive=archive and f"{edition.id}/e/{archive}", reason=reason, admin=ADMIN)


def a_pair(installed: Installation, edition: Edition) -> None:
    put(installed, edition, a_paper("A01"), a_paper("A02", "渭河流域，氮素迁移的同位素示踪！", nominator="N02"))


def test_both_channels_are_warned_once_when_an_entry_arrives(installed: Installation, edition: Edition) -> None:
    assert put(installed, edition, a_paper("A01")) == 0
    assert put(installed, edition, a_paper("A02", "渭河流域，氮素迁移的同位素示踪！", nominator="N02")) == 1
    assert [(one.why, one.likeness, one.state) for one in pairs(installed, edition)] == [("title", "1", "open")]
    told = [("n01@example.org", "A01", "示例省N02学会"), ("n02@example.org", "A02", "示例省N01学会")]
    assert warnings(installed, edition) == told
    assert put(installed, edition, a_paper("A02", "渭河流域氮素迁移的同位素示踪", nominator="N02")) == 0
    assert warnings(installed, edition) == told
    assert states(installed, edition) == {"A01": "submitted", "A02": "submitted"}  # nothing is decided by itself


def test_a_table_of_look_alikes_brings_each_channel_one_mail(installed: Installation, edition: Edition) -> None:
    papers = [a_paper(f"A{number:02}", nominator=f"N0{1 + number % 2}") for number in range(30)]
    assert put(installed, edition, *papers) == 30 * 29 // 2
    with installed.database.read() as store:
        mails = [one for one in store.mails(edition.id) if one.template == "duplicate_warning"]
    assert sorted((one.to_address, one.params["entries"], len(one.params["lines"]), one.params["more"]) for one in mails) == [
        ("n01@example.org", 15, 20, 9), ("n02@example.org", 15, 20, 9),
    ]  # fmt: skip
    assert {(line["code"], line["own"]) for line in mails[0].params["lines"]} >= {("A00", False), ("A02", True)}


@pytest.mark.parametrize(
    ("doi", "title", "found"),
    [
        ("https://doi.org/10.1/ABC", "另一个题目", [("doi", "1")]),
        ("", "渭河流域氮素迁移的同位素示踪法", [("similar", "0.9655")]),
        ("", "秦岭金丝猴的声音通讯", []),
    ],
)
def test_what_makes_a_pair(installed: Installation, edition: Edition, doi: str, title: str, found: list[tuple[str, str]]) -> None:
    put(installed, edition, a_paper("A01", doi="10.1/abc"))
    put(installed, edition, a_paper("A02", title, doi, nominator="N02"))
    assert [(one.why, one.likeness) for one in pairs(installed, edition)] == found


def test_withdrawn_and_classified_entries_are_no_pair(installed: Installation, edition: Edition) -> None:
    put(installed, edition, a_paper("A01"))
    with installed.database.write() as store:
        store.set_entry_states({f"{edition.id}/e/A01": "withdrawn"})
    assert put(installed, edition, a_paper("A02", nominator="N02")) == 0
    secret = builders.an_entry("A03", title="涉密项目 No. 1", classified=True, fields={})
    assert put(installed, edition, secret, builders.an_entry("A04", title="涉密项目 No. 2", classified=True, fields={})) == 0


def a_table(unit: str) -> Table:
    headers = ("类别", "论文题目", "第一作者单位", "电子邮箱", "推荐单位编号", "学科代码", "作者", "发表期刊", "发表日期", "摘要")
    cells = ("学术论文", "同一篇论文", "甲大学", "a@example.org", unit, "440", "甲一", "示例学报", "2024-05-01", "摘要")
    return Table("entries.csv", "", 1, headers, (Row(2, cells),))


def bring(installed: Installation, edition: Edition, unit: str) -> str:
    with installed.database.write() as store:
        return importing.keep_table(store, edition, "entries", a_table(unit), actor="cli")


def test_a_spreadsheet_of_the_office_may_bring_a_second_channel_where_the_office_decides(installed: Installation, edition: Edition) -> None:
    said = [bring(installed, edition, unit) for unit in ("N01", "N02", "N02")]
    assert said == ["1 new entries, 0 updated", "1 new entries, 0 updated", "0 new entries, 1 updated"]
    assert [one.why for one in pairs(installed, edition)] == ["title"]


def test_a_second_channel_is_refused_elsewhere_unless_the_first_has_withdrawn(installed: Installation, clock: Clock) -> None:
    edition = opened(installed, clock, "other")
    bring(installed, edition, "N01")
    with pytest.raises(InputError, match="already put forward by"):
        bring(installed, edition, "N02")
    with installed.database.write() as store:
        store.set_entry_states({one.id: "withdrawn" for one in store.entries(edition.id)})
    assert bring(installed, edition, "N02") == "1 new entries, 0 updated"
    assert sorted(states(installed, edition).values()) == ["submitted", "withdrawn"]


def test_one_is_set_aside_with_a_reason_and_can_be_brought_back(installed: Installation, edition: Edition) -> None:
    a_pair(installed, edition)
    decided = decide(edition, "A02")
    assert (decided.state, decided.archived, decided.by) == ("archived", f"{edition.id}/e/A02", ADMIN)
    assert states(installed, edition) == {"A01": "submitted", "A02": "duplicate"}
    decide(edition, "A01")  # the other one after all
    assert states(installed, edition) == {"A01": "duplicate", "A02": "submitted"}
    decide(edition, reason="两篇不同的论文")
    assert states(installed, edition) == {"A01": "submitted", "A02": "submitted"}
    assert [(one.state, one.archived, one.reason) for one in pairs(installed, edition)] == [("kept_both", "", "两篇不同的论文")]
    with installed.database.read() as store:
        kept = [(one.actor, one.payload["archived"], one.payload["back"]) for one in store.events(edition.id, "DuplicateDecided")]
    first, second = f"{edition.id}/e/A01", f"{edition.id}/e/A02"
    assert kept == [(f"admin:{ADMIN}", second, ""), (f"admin:{ADMIN}", first, second), (f"admin:{ADMIN}", "", first)]


def test_an_entry_that_two_pairs_hold_aside_stays_aside(installed: Installation, edition: Edition) -> None:
    a_pair(installed, edition)
    put(installed, edition, a_paper("A03", nominator="N02"))
    first, second, third = (f"{edition.id}/e/{code}" for code in ("A01", "A02", "A03"))
    decide(edition, "A02")
    duplicates.decide(edition.id, second, third, archive=second, reason="重复", admin=ADMIN)
    decide(edition)
    assert states(installed, edition)["A02"] == "duplicate"
    duplicates.decide(edition.id, second, third, reason="不同", admin=ADMIN)
    assert states(installed, edition)["A02"] == "submitted"
    assert first in {one.first for one in pairs(installed, edition)}


@pytest.mark.parametrize(("reason", "column"), [("", "missing"), ("  ", "missing"), ("有\x00", "text"), ("长" * 501, "text")])
def test_a_decision_needs_a_readable_reason(installed: Installation, edition: Edition, reason: str, column: str) -> None:
    a_pair(installed, edition)
    with pytest.raises(InputError) as refused:
        decide(edition, "A02", reason)
    assert [(one.field, one.column) for one in refused.value.faults] == [("reason", column)]
    assert pairs(installed, edition)[0].state == "open"


def test_what_is_no_pair_or_in_review_is_refused(installed: Installation, edition: Edition) -> None:
    a_pair(installed, edition)
    with pytest.raises(InputError):
        duplicates.decide(edition.id, f"{edition.id}/e/A01", f"{edition.id}/e/A02", archive="x", reason="重复", admin=ADMIN)
    with pytest.raises(NotFound):
        duplicates.decide(edition.id, f"{edition.id}/e/A01", f"{edition.id}/e/A09", reason="重复", admin=ADMIN)
    builders.go_to(installed.database, edition.id, "scoring")
    with pytest.raises(NotAllowed):
        decide(edition, "A02")
    assert states(installed, edition)["A02"] == "submitted"


def test_the_same_person_in_an_exclusive_process_is_a_pair_of_its_own_kind(installed: Installation, clock: Clock) -> None:
    other = opened(installed, clock, "other")
    edition = opened(installed, clock, exclusive_with=["other"], duplicates="ask")
    put(installed, other, a_paper("X01", nominator="N02"))
    assert put(installed, edition, a_paper("A01")) == 1
    assert [(one.first, one.second, one.why) for one in pairs(installed, edition)] == [
        (f"{other.id}/e/X01", f"{edition.id}/e/A01", "exclusive")
    ]
    assert warnings(installed, edition, other) == [
        ("n01@example.org", "A01", "示例省N02学会"), ("n02@example.org", "X01", "示例省N01学会"),
    ]  # fmt: skip
    duplicates.decide(
        edition.id, f"{other.id}/e/X01", f"{edition.id}/e/A01", archive=f"{edition.id}/e/A01", reason="已在另一评选", admin=ADMIN
    )
    assert (states(installed, edition), states(installed, other)) == ({"A01": "duplicate"}, {"X01": "submitted"})
