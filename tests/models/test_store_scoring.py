"""Sheets, standings, lists, answers and people as they are kept and come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from models.edition import Answer, Assignment, Award, File, Notice, Publication, Shortlist, ShortlistItem, Standing
from models.errors import NotFound, Stale
from models.reviewing import Written
from models.store import Database
from tests import builders
from tests.builders import NOW

ID = "sample-2026"
A01, A02 = f"{ID}/e/A01", f"{ID}/e/A02"
R01, R02 = f"{ID}/r/R01", f"{ID}/r/R02"


@pytest.fixture
def seeded(database: Database) -> Database:
    builders.keep(database, builders.an_edition(), at="scoring")
    builders.put(
        database, ID, nominators=[builders.a_nominator()], reviewers=[builders.a_reviewer("R01"), builders.a_reviewer("R02")],
        members=[builders.a_member("M01"), builders.a_member("M02")], entries=[builders.an_entry("A01"), builders.an_entry("A02")],
        pairs=[("A01", "R01"), ("A01", "R02"), ("A02", "R01")], accepted=False,
    )  # fmt: skip
    return database


def pair(entry: str = "A01", reviewer: str = "R01") -> Assignment:
    return Assignment(f"{ID}/e/{entry}:1:{reviewer}", ID, 1, f"{ID}/e/{entry}", f"{ID}/r/{reviewer}")


# -- panels and sheets ---------------------------------------------------------------------------------------------------


def test_a_pair_that_exists_stays_as_it_is(seeded: Database) -> None:
    with seeded.write() as store:
        store.recuse(pair().id)
        assert store.add_assignments(ID, 1, [(A01, R01), (A02, R02)], number=1) == 1
        found = {(one.entry, one.reviewer): (one.round, one.recused) for one in store.assignments(ID, 1)}
    assert found == {(A01, R01): (0, True), (A01, R02): (0, False), (A02, R01): (0, False), (A02, R02): (1, False)}


def test_a_sheet_is_kept_exactly_and_only_over_the_revision_that_was_read(seeded: Database) -> None:
    with seeded.write() as store:
        assert store.save_sheet(pair(), Written({"originality": Decimal("38.50")}, "很好 🏅"), revision=0) == 1
        assert store.save_sheet(pair(), Written({"originality": Decimal("38.5"), "rigour": Decimal("0")}, ""), revision=1) == 2
        for stale in (0, 1, 3):
            with pytest.raises(Stale):
                store.save_sheet(pair(), Written({}, ""), revision=stale)
        kept = store.sheet(pair())
        assert kept is not None
        assert (kept.marks, sum(kept.marks.values()), kept.revision, kept.saved_at) == (
            {"originality": Decimal("38.5"), "rigour": Decimal(0)}, Decimal("38.5"), 2, NOW,
        )  # fmt: skip


def test_a_signed_sheet_is_locked_and_a_recused_one_does_not_count(seeded: Database) -> None:
    with seeded.write() as store:
        for one in (pair(), pair("A02"), pair("A01", "R02")):
            store.save_sheet(one, Written({}), revision=0)
        assert store.sign_sheets([pair().id, pair("A02").id], name="专家", at=NOW) == 2
        assert store.sign_sheets([pair().id], name="专家", at=NOW + timedelta(days=1)) == 0
        with pytest.raises(Stale):
            store.save_sheet(pair(), Written({}, ""), revision=1)
        assert store.progress(ID, 1) == {R01: (2, 2), R02: (1, 0)}
        store.recuse(pair("A02").id)
        assert [one.entry for one in store.sheets(ID, 1, signed=True)] == [A01]
        assert [one.reviewer for one in store.sheets(ID, 1, signed=False)] == [R02]
        assert [one.entry for one in store.sheets(ID, 1, reviewer=R01)] == [A01]
        assert store.progress(ID, 1) == {R01: (1, 1), R02: (1, 0)}
        with pytest.raises(NotFound):
            store.assignment(1, A02, R01)


# -- standings, lists, notices, publications -------------------------------------------------------------------------------


def test_marks_keep_their_printed_places(seeded: Database) -> None:
    standings = [
        Standing(one, "paper", Decimal(mark), 3, Decimal("66.67"), Decimal("0.50"), True, 1)
        for one, mark in ((A01, "80.00"), (A02, "66.67"))
    ]
    with seeded.write() as store:
        store.put_standings(ID, 1, standings)
        store.put_standings(ID, 1, standings[:1])  # a second computation replaces the first
        (kept,) = store.standings(ID, 1)
        assert str(kept.mark) == "80.00"
        assert kept == standings[0]


def test_of_several_lists_the_latest_holds_and_a_version_exists_once(seeded: Database) -> None:
    first = Shortlist(ID, 1, NOW, "d" * 64, (ShortlistItem(A01, "paper", 1, Decimal("80.00")),))
    second = replace(first, version=2, items=())
    with seeded.write() as store:
        assert store.shortlist(ID) is None
        store.add_shortlist(first, {"paper": 2})
        assert store.shortlist(ID) == (first, {"paper": 2})
        store.add_shortlist(second, {"paper": 2})
        assert store.shortlist(ID) == (second, {"paper": 2})
    with pytest.raises(IntegrityError), seeded.write() as store:
        store.add_shortlist(second, {})


def test_a_notice_and_a_publication_come_back_whole(seeded: Database) -> None:
    notice = Notice(ID, 5, "2026-06-11", NOW, (Award(A01, "paper", "first", 1), Award(A02, "paper", "", 2)))
    document = {"title": {"zh": "获奖名单 🏅"}, "groups": [{"awards": [1, None, True, "66.67"]}]}
    with seeded.write() as store:
        with pytest.raises(NotFound, match="nothing has been published"):
            store.publication(ID)
        assert store.notice(ID) is None
        store.add_notice(notice, 3)
        store.add_publication(Publication(ID, 1, NOW, "d" * 64, document))
        assert store.notice(ID) == (notice, 3)
        assert store.publication(ID) == Publication(ID, 1, NOW, "d" * 64, document)


# -- answers (rule J1) -----------------------------------------------------------------------------------------------------


def test_a_return_of_an_earlier_round_is_void_and_an_agreement_stands(seeded: Database) -> None:
    agrees = Answer(ID, 3, f"{ID}/m/M01", 0, "agree", (A01,), "", NOW)
    returns = Answer(ID, 3, f"{ID}/m/M02", 0, "return", (), "单位名称有误", NOW)
    with seeded.write() as store:
        store.put_answer(replace(agrees, struck=()))
        store.put_answer(agrees)  # a second answer of the round replaces the first
        store.put_answer(returns)
        assert store.answers(ID, 3) == (agrees, returns)
        store.next_round(ID, 3, 1)
        assert store.answers(ID, 3) == (agrees,)
        again = replace(returns, round=1, verdict="agree", comment="")
        store.put_answer(again)
        assert store.answers(ID, 3) == (agrees, again)
        assert store.answers(ID, 4) == ()


def test_who_agreed_may_return_a_later_version(seeded: Database) -> None:
    with seeded.write() as store:
        store.put_answer(Answer(ID, 3, f"{ID}/m/M01", 0, "agree", (), "", NOW))
        store.next_round(ID, 3, 1)
        later = Answer(ID, 3, f"{ID}/m/M01", 1, "return", (), "再核", NOW)
        store.put_answer(later)
        assert store.answers(ID, 3) == (later,)
        store.next_round(ID, 3, 2)
        assert store.answers(ID, 3) == ()  # asked anew: the agreement before the return does not come back


# -- people and entries ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["阿卜杜拉·买买提", "𠮷田 👩‍🔬", "O'Neil; DROP TABLE entries --", "%_\\", "长" * 30_000, " 空 格 "])
def test_any_text_comes_back_as_it_was(seeded: Database, text: str) -> None:
    with seeded.write() as store:
        store.put_nominators(ID, [builders.a_nominator("N01", name=text, contact=text)])
        store.put_reviewers(ID, [builders.a_reviewer("R01", unit=text, disciplines=(text, "110"))])
        store.put_members(ID, [builders.a_member("M01", name=text)])
        store.put_entries(ID, [builders.an_entry("A01", title=text, fields={"abstract": text})], {})
        assert store.nominators(ID)[0].name == store.nominators(ID)[0].contact == text
        assert store.reviewer(R01).disciplines == (text, "110")
        assert store.member(f"{ID}/m/M01").name == text
        assert (store.entry(A01).title, store.entry(A01).fields) == (text, {"abstract": text})


def test_the_same_key_updates_an_entry_and_keeps_code_and_state(seeded: Database) -> None:
    with seeded.write() as store:
        before = store.entry(A01)
        assert store.put_entries(ID, [builders.an_entry("A01", title="新题目"), builders.an_entry("A09")], {"A09": "A09"}) == (1, 1)
        after = store.entry(A01)
        assert (after.title, after.code, after.state, after.group) == ("新题目", before.code, "eligible", "paper")
        assert store.count_entries(ID) == {"eligible": 2, "submitted": 1}
        assert store.entry_ids(ID, "eligible") == {one.id for one in store.entries(ID, "eligible")}
        assert store.put_entries(ID, [], {}) == (0, 0)


def test_texts_are_sorted_alike_on_every_database(seeded: Database) -> None:
    codes = ["b", "B", "a", "Z", "中", "1", "_"]
    with seeded.write() as store:
        store.put_nominators(ID, [builders.a_nominator(code) for code in codes])
        assert [one.code for one in store.nominators(ID)] == sorted([*codes, "N01"])


def test_unknown_people_are_not_found(seeded: Database) -> None:
    with seeded.read() as store:
        for ask in (store.reviewer, store.member, store.entry):
            with pytest.raises(NotFound):
                ask("sample-2026/x/1")
        assert store.entries_by_id([A01, "nobody"]).keys() == {A01}
        assert [one.code for one in store.members(ID)] == ["M01", "M02"]


def test_more_than_five_hundred_ids_are_looked_up_in_parts(seeded: Database) -> None:
    with seeded.write() as store:
        new = [builders.an_entry(f"X{number:04}") for number in range(1100)]
        store.put_entries(ID, new, {one.key: one.key for one in new})
        assert len(store.entries_by_id(f"{ID}/e/{one.key}" for one in new)) == 1100


def test_the_same_file_name_again_replaces_the_file(seeded: Database) -> None:
    first = File(A01, "A01.png", "a" * 64, "image/png", 10)
    with seeded.write() as store:
        store.put_files([first, replace(first, name="A01-2.png")])
        store.put_files([replace(first, sha256="b" * 64)])
        assert [(one.name, one.sha256[0]) for one in store.files(A01)] == [("A01-2.png", "a"), ("A01.png", "b")]
        assert store.files_of_edition(ID) == {A01: store.files(A01)}
        assert store.files(A02) == ()
